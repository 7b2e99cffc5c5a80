"""What each of FRR 10's daemons keeps of a route map, asked of each of them."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.daemons import kept_by
from tests.lab.test_configuration import CLAUSES

MORE = (
    *("match ip address prefix-len 24", "match ipv6 address prefix-len 24", "match ip next-hop prefix-len 24"),
    *("match source-protocol bgp", "match source-instance 5", "match alias A", "match rpki-extcommunity valid"),
    *("match evpn vni 5", "match evpn route-type prefix", "match evpn default-route", "match mac address A"),
    *("match community-limit 5", "match src-peer 192.0.2.1", "match as-path-count 5", "match tag untagged"),
    *("set metric igp", "set metric aigp", "set min-metric 5", "set max-metric 5", "set sr-te color 5"),
    *("set aigp-metric 5", "set aigp-metric igp-metric", "set l3vpn next-hop encapsulation gre"),
    *("set as-path exclude all", "set as-path exclude as-path-access-list A", "set as-path replace any"),
    *("set extcommunity none", "set extcommunity nt 1:1", "set extcommunity color 01:5"),
    *("set extended-comm-list A delete", "set atomic-aggregate", "set evpn gateway-ip ipv4 192.0.2.1"),
    *("set ipv6 next-hop peer-address", "set ipv6 next-hop prefer-global", "set ipv6 next-hop local fe80::1"),
    *("set ipv4 vpn next-hop 192.0.2.1", "description hello"),
)
FORMS = [*(f"{name} {form}" for name, forms in CLAUSES.items() for form in forms), *MORE]


@pytest.mark.frr(since="10", reason="before FRR 10 there is no mgmtd")
def test_each_daemon_keeps_the_clauses_that_a_push_asks_it_for(router):
    router.restart("bgp community alias 1:1 A\n", options={"bgpd": ["-M", "rpki"]})
    maps = [f"route-map M{number} permit 10\n {form}\nexit\n" for number, form in enumerate(FORMS)]
    router.load("".join(maps))
    kept = {}
    for daemon in ("mgmtd", "bgpd"):
        kept[daemon] = {}
        around = None
        for line in router.run("vtysh", "-d", daemon, "-c", "show running-config").stdout.splitlines():
            if line.startswith("route-map M"):
                around = int(line.split()[1].removeprefix("M"))
            elif line.startswith(" ") and around is not None:
                kept[daemon][around] = line.strip()
            else:
                around = None
    known = [number for number in range(len(FORMS)) if number in kept["mgmtd"] or number in kept["bgpd"]]
    # an older FRR has not all of them
    assert len(known) > len(FORMS) - 5
    for number in known:
        found = {daemon: number in kept[daemon] for daemon in kept}
        assert found == {daemon: kept_by(daemon, FORMS[number]) for daemon in kept}, FORMS[number]
