"""Contexts that the model lacks: every line of them is left over, under its whole path, and means nothing else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.parse.words import in_full
from frrgen.platforms.frr.render import render
from tests.examples import examples
from tests.strategies import routers

FAMILIES = [
    *(
        f"{ip} {kind}"
        for ip in ("ipv4", "ipv6")
        for kind in ("multicast", "vpn", "labeled-unicast", "flowspec", "encap")
    ),
]
LINES = [
    "neighbor 192.0.2.7 activate",
    "no neighbor 192.0.2.7 activate",
    "neighbor 192.0.2.7 route-map EV in",
    "neighbor 192.0.2.7 remote-as 65009",
    "neighbor NEW peer-group",
    "network 203.0.113.0/24",
    "maximum-paths 7",
    "redistribute connected",
    "bgp router-id 192.0.2.99",
    "advertise-all-vni",
    "local-install eth0",
    "vni 10",
]
ROUTER = """router bgp 65000
 neighbor 192.0.2.7 remote-as 65001
 neighbor 192.0.2.7 description before
 !
{block} !
 address-family ipv6 unicast
  neighbor 192.0.2.7 activate
 exit-address-family
exit
"""


def said(text):
    parsed = parse(text, name="r1")
    return parsed.router, [str(one) for one in parsed.leftovers]


@pytest.mark.parametrize("ending", [" exit-address-family\n", " exit\n", ""])
@pytest.mark.parametrize("inner", ["", " "])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_line_of_another_address_family_stays_in_it_and_the_next_family_is_read(family, inner, ending):
    block = f" address-family {family}\n{inner} neighbor 192.0.2.7 route-map EV in\n{ending}"
    router, left = said(ROUTER.format(block=block))
    assert left == [f"router bgp 65000 / address-family {family} / neighbor 192.0.2.7 route-map EV in"]
    assert router == said(ROUTER.format(block=""))[0]
    assert router.bgp.neighbors["192.0.2.7"].ipv6_unicast is not None
    assert router.bgp.neighbors["192.0.2.7"].ipv4_unicast.route_map_in is None


@settings(
    suppress_health_check=list(HealthCheck),
    deadline=None,
    max_examples=examples(60),
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(routers(), st.data())
def test_another_address_family_anywhere_in_a_router_changes_nothing_but_the_leftovers(router, data):
    text = render(router)
    lines = text.split("\n")
    places = []
    inside = family = False
    for number, line in enumerate(lines):
        inside = line.startswith("router bgp ") or (inside and line.startswith((" ", "!")))
        family = line.startswith(" address-family") or (family and line != " exit-address-family")
        if inside and not family:
            places.append(number + 1)
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    known = [name for bgp in (router.bgp,) if bgp for name in bgp.neighbors]
    extra = [f"neighbor {name} route-map EV in" for name in known]
    other = data.draw(st.sampled_from([family for family in FAMILIES if "encap" not in family]))
    # what a family of FRR's does not have goes to the instance around it
    known = [
        line
        for line in [*LINES, *extra]
        if in_full(("router bgp 65001", f"address-family {other}"), line, (8, 4)) is not None
    ]
    block = data.draw(st.lists(st.sampled_from(known), min_size=1))
    blocks = [f" address-family {other}", *(f"  {line}" for line in block if line != "vni 10"), " exit-address-family"]
    changed = parse("\n".join([*lines[:place], *blocks, *lines[place:]]), name="r1")
    plain = parse(text, name="r1")
    assert changed.router == plain.router
    assert [one.line for one in changed.leftovers] == [line for line in block if line != "vni 10"]
    assert {one.context[1] for one in changed.leftovers} <= {f"address-family {other}"}


def test_a_plan_keeps_a_route_map_that_only_another_address_family_names():
    text = ROUTER.format(block=" address-family ipv4 vpn\n  neighbor 192.0.2.7 route-map EV in\n exit-address-family\n")
    running = parse(f"route-map EV permit 10\nexit\n{text}", name="r1")
    intended = parse(ROUTER.format(block=""), name="r1").router.model_copy(update={"ownership": "full"})
    assert make_plan(running, intended).commands == ()


NESTED = """key chain K
 key 1
  key-string hunter2
 exit
 key 2
  cryptographic-algorithm md5
 exit
exit
!
mpls ldp
 router-id 1.1.1.1
 neighbor 192.0.2.7 password hunter2
 !
 address-family ipv4
  discovery transport-address 1.1.1.1
  !
  interface eth0
   discovery hello holdtime 5
  exit
  !
 exit-address-family
 !
exit
!
frobnicate new
 gadget a
  ip route 10.0.0.0/8 192.0.2.1
 exit
 router-id 9.9.9.9
exit
!
ip router-id 192.0.2.8
line vty
 exec-timeout 0 0
exit
!
end
"""
NESTED_LEFT = [
    "key chain K / key 1 / key-string hunter2",
    "key chain K / key 2 / cryptographic-algorithm md5",
    "mpls ldp / router-id 1.1.1.1",
    "mpls ldp / neighbor 192.0.2.7 password hunter2",
    "mpls ldp / address-family ipv4 / discovery transport-address 1.1.1.1",
    "mpls ldp / address-family ipv4 / interface eth0 / discovery hello holdtime 5",
    "frobnicate new / gadget a / ip route 10.0.0.0/8 192.0.2.1",
    "frobnicate new / router-id 9.9.9.9",
    "line vty / exec-timeout 0 0",
]


def test_a_leftover_keeps_the_whole_path_that_it_stands_in():
    router, left = said(NESTED)
    assert left == NESTED_LEFT
    assert str(router.router_id) == "192.0.2.8"
    assert router.static_routes == ()


def test_without_indentation_the_words_of_frr_say_where_a_known_context_ends():
    flat = NESTED[: NESTED.index("frobnicate")] + NESTED[NESTED.index("ip router-id") :]
    router, left = said("\n".join(line.strip() for line in flat.split("\n")))
    assert left == [one for one in NESTED_LEFT if not one.startswith("frob")]
    assert str(router.router_id) == "192.0.2.8"


def test_a_context_that_is_not_left_ends_where_something_of_the_top_level_begins():
    router, left = said(
        "interface eth0\nip ospf cost 5\nip route 10.0.0.0/8 192.0.2.1\nrouter bgp 65000\nbgp shutdown\n"
    )
    assert left == ["interface eth0 / ip ospf cost 5"]
    assert len(router.static_routes) == 1
    assert router.bgp.shutdown


def test_the_ipv4_family_without_its_kind_is_the_unicast_one():
    text = "router bgp 65000\n neighbor 192.0.2.1 remote-as 1\n address-family {}\n  neighbor 192.0.2.1 weight 5\n"
    assert said(text.format("ipv4")) == said(text.format("ipv4 unicast"))
    assert said(text.format("ipv6")) == said(text.format("ipv6 unicast"))
    assert said(text.format("ipv6"))[0].bgp.neighbors["192.0.2.1"].ipv6_unicast.weight == 5
