"""Raw lines stand last, and whatever context they lead to, what follows lands where it belongs."""

from __future__ import annotations

import pytest

from frrgen.model.router import Router
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render

VPN = ["neighbor 10.0.0.1 activate", "neighbor 10.0.0.1 route-map M in"]
FREEZE = "dup-addr-detection freeze permanent"
ELSEWHERE = (["log commands"], ["line vty"], ["interface eth7"], ["route-map X permit 10"], ["router bgp 65000 vrf r"])


def wanting(frr, places, lines):
    peer = {"remote_as": 65001, "ipv4_unicast": {"route_map_in": "M"}, "ipv6_unicast": {"route_map_in": "M"}}
    data = {
        "name": "r1",
        "frr_version": frr.version,
        "ownership": "full",
        "vrfs": {"r": {}} if places else {},
        "route_maps": {"M": {"entries": [{"seq": 5, "action": "permit", "match": {"tag": 7}}]}},
        "bgp": {
            "asn": 65000,
            "neighbors": {"10.0.0.1": peer},
            "raw_families": {"ipv4 vpn": VPN},
            "l2vpn_evpn": {"advertise_all_vni": True, "vnis": {100: {"rd": "1:1"}}, "raw": [FREEZE]},
        },
    }
    for place in places:
        part = data
        for step in place:
            part = part[step] if step != "entries" else part[step][0]
        part["raw"] = lines
    return Router.model_validate(data)


PLACES = [("bgp",), ("vrfs", "r"), ("route_maps", "M", "entries")]


@pytest.mark.parametrize("lines", ELSEWHERE, ids=lambda lines: lines[0])
@pytest.mark.parametrize("how", ["rendered", "planned"])
def test_a_raw_line_that_opens_another_context_leads_nothing_else_astray(router_, how, lines):
    wanted = wanting(router_.frr, PLACES, lines)
    empty = parse(router_.running_config(), name="r1")
    if how == "rendered":
        router_.load(render(wanted))
    else:
        router_.apply(make_plan(empty, wanted).batches)
    shown = router_.running_config()
    for line in ("ipv4 unicast", "ipv6 unicast"):
        family = shown.partition(f"address-family {line}")[2].partition("exit-address-family")[0]
        assert "neighbor 10.0.0.1 route-map M in" in family, shown
    assert "match tag 7" in shown.partition("route-map M permit 5")[2].partition("exit")[0]
    vpn = shown.partition("address-family ipv4 vpn")[2].partition("exit-address-family")[0]
    assert all(line in vpn for line in VPN)
    evpn = shown.partition("address-family l2vpn evpn")[2].partition("exit-address-family")[0]
    assert FREEZE in evpn
    assert "rd 1:1" in evpn.partition("vni 100")[2]


def test_families_beyond_the_model_are_brought_and_leave_nothing_to_plan(router_):
    wanted = wanting(router_.frr, [], [])
    router_.apply(make_plan(parse(router_.running_config(), name="r1"), wanted).batches)
    again = make_plan(parse(router_.running_config(), name="r1"), wanted)
    assert (again.commands, again.leftovers) == ((), ())


@pytest.fixture
def router_(router):
    router.restart("")
    return router
