"""Beside routes that the router makes itself (aggregates, default routes) explain is right, or says undecided."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.sets.route import Route
from tests.lab import wait_for
from tests.lab.endpoint import Endpoint

US, FROM, LAST = "10.98.1.2", "10.98.1.1", "10.99.0.0/24"
CONFIG = """
ip prefix-list PARTS seq 5 permit 10.2.1.0/24
ip prefix-list UNHELD seq 5 permit 10.1.2.0/24
ip prefix-list DEFAULT seq 5 permit 0.0.0.0/0
route-map PARTS permit 10
 match ip address prefix-list PARTS
exit
route-map UNHELD permit 10
 match ip address prefix-list UNHELD
 set community 65002:9
exit
route-map COLOUR permit 10
 set community 65002:4
exit
route-map GIVEN permit 10
 match ip address prefix-list UNHELD
exit
route-map MARK permit 10
 match ip address prefix-list DEFAULT
 set community 65002:1
exit
route-map MARK permit 20
exit
router bgp 65002
 no bgp ebgp-requires-policy
{neighbors}
 address-family ipv4 unicast
  aggregate-address 10.1.0.0/16 summary-only
  aggregate-address 10.2.0.0/16 suppress-map PARTS
  aggregate-address 10.3.0.0/16 as-set
  aggregate-address 10.4.0.0/16 route-map COLOUR
  aggregate-address 10.5.0.0/16 matching-MED-only summary-only
  aggregate-address 10.6.0.0/16 origin egp
{families}
 exit-address-family
"""
KINDS = {
    "10.98.1.10": (),
    "10.98.1.11": ("default-originate",),
    "10.98.1.12": ("default-originate route-map GIVEN",),
    "10.98.1.13": ("default-originate", "route-map MARK out"),
    "10.98.1.14": ("unsuppress-map UNHELD",),
    "10.98.1.15": ("route-map MARK out",),
}
PREFIXES = (
    "0.0.0.0/0",
    *(f"10.{block}.{part}.0/24" for block in range(1, 8) for part in (1, 2)),
    "10.1.1.128/25",
    "10.8.0.0/16",
    LAST,
)
ROUTES = tuple(
    Route(ip_network(prefix), as_path=f"65001 {3000 + number}", next_hop=ip_address(FROM), med=50 + number % 2)
    for number, prefix in enumerate(PREFIXES)
)


def test_what_neighbors_hear_beside_aggregates_and_default_routes_is_what_explain_says_or_undecided(lab):
    us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
    lab.link(us, peers, f"{US}/24", f"{FROM}/24")
    peers.address("eth0", *(f"{address}/24" for address in KINDS))
    named = {FROM: 65001, **dict.fromkeys(KINDS, 65003)}
    us.start(
        CONFIG.format(
            neighbors="\n".join(
                f" neighbor {one} remote-as {of}\n neighbor {one} passive" for one, of in named.items()
            ),
            families="\n".join(f"  neighbor {one} {line}" for one, lines in KINDS.items() for line in lines),
        )
    )
    with ThreadPoolExecutor(len(KINDS)) as pool:
        ends = dict(zip(KINDS, pool.map(lambda one: Endpoint(peers, one, US, 65003).dial(), KINDS), strict=True))
    Endpoint(peers, FROM, US, 65001, routes=ROUTES).dial()
    router = parse(us.running_config(), name="us", frr_version=us.frr.version).router
    wrong, undecided = [], {}

    def judge():
        wrong.clear()
        undecided.clear()
        for one, end in ends.items():
            for route in ROUTES:
                verdict = evaluate(router, one, "out", evaluate(router, FROM, "in", route).route)
                if verdict.verdict == "undecided":
                    undecided.setdefault(one, []).append(str(route.prefix))
                    continue
                heard = end.heard.get(route.prefix)
                got = None if heard is None else (heard.as_path, heard.community_string)
                told = (f"65002 {verdict.route.as_path}", verdict.route.community_string)
                if got != (told if verdict.verdict == "permit" else None):
                    wrong.append((one, str(route.prefix), verdict.verdict, told, got))
        return not wrong

    try:
        wait_for("what explain says", judge, 30)
    finally:
        assert wrong == []
    assert undecided["10.98.1.10"] == [
        "10.1.1.0/24",
        "10.1.2.0/24",
        "10.2.1.0/24",
        "10.2.2.0/24",
        "10.5.1.0/24",
        "10.5.2.0/24",
        "10.1.1.128/25",
    ]
