"""What bgpd does to a route that goes out, beside the policy: `explain` says the same of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network
from itertools import product

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.sets.route import Route
from tests.lab import wait_for
from tests.lab.endpoint import Endpoint

US, FROM = "10.98.1.2", "10.98.1.1"
PATHS = (
    "65001 3356",
    "65001 64512 3356",
    "65001 64512",
    "65001",
    "65001 65003",
    "65001 65003 3356 65003",
    "65001 3000 3356",
    "65001 64511",
    "65001 65534",
    "65001 65535",
    "65001 4199999999",
    "65001 4200000000",
    "65001 4294967294",
    "65001 4294967295",
)
ROUTES = tuple(
    Route(ip_network(f"10.{number}.0.0/16"), as_path=path, next_hop=ip_address(FROM), med=50)
    for number, path in enumerate(PATHS, 1)
)
MAPS = """
bgp as-path access-list PRIVATE seq 5 permit _64512_
bgp as-path access-list NEIGHBOR seq 5 permit _(65003|3000)_
bgp as-path access-list OURS seq 5 permit _65002_
route-map OUT permit 10
 match as-path PRIVATE
 set community 65002:10
exit
route-map OUT permit 20
 match as-path OURS
 set community 65002:20
exit
route-map OUT permit 30
 match as-path NEIGHBOR
 set community 65002:30
 set as-path prepend 64999
exit
route-map OUT permit 40
exit
"""
REWRITES = (
    "remove-private-AS",
    "remove-private-AS all",
    "remove-private-AS replace-AS",
    "remove-private-AS all replace-AS",
    "as-override",
)


def test_the_path_that_a_neighbor_gets_is_the_path_that_explain_foretells(lab):
    """FRR 8.4 rewrites the path before the route map looks at it, FRR 10 behind the route map."""
    assert compared(lab, 65003) == 0


@pytest.mark.sample("10.3")
def test_where_neighbors_of_two_ases_share_an_update_group_explain_knows_of_no_path_that_has_their_ases(lab):
    assert compared(lab, 65003, 3000) > 0


def compared(lab, *asns):
    """Hold what explain foretells to what neighbors of these ASes hear; return the number of undecided routes."""
    us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
    lab.link(us, peers, f"{US}/24", f"{FROM}/24")
    kinds = list(product(asns, REWRITES, (False, True)))
    far = {f"10.98.1.{number}": kind for number, kind in enumerate(kinds, 10)}
    peers.address("eth0", *(f"{address}/24" for address in far))
    named = {FROM: 65001, **{one: asn for one, (asn, _, _) in far.items()}}
    neighbors = "".join(f" neighbor {one} remote-as {of}\n neighbor {one} passive\n" for one, of in named.items())
    family = "".join(
        f"  neighbor {one} {words}\n" + (f"  neighbor {one} route-map OUT out\n" if mapped else "")
        for one, (_, words, mapped) in far.items()
    )
    us.start(
        f"{MAPS}router bgp 65002\n no bgp ebgp-requires-policy\n{neighbors}"
        f" address-family ipv4 unicast\n{family} exit-address-family\n"
    )
    with ThreadPoolExecutor(len(far)) as pool:
        ends = list(pool.map(lambda one: Endpoint(peers, one, US, far[one][0]).dial(), far))
    Endpoint(peers, FROM, US, 65001, routes=ROUTES).dial()
    router = parse(us.running_config(), name="us").router
    undecided = 0
    for (one, kind), end in zip(far.items(), ends, strict=True):
        wait_for(f"what {one} hears", lambda end=end: len(end.heard) == len(ROUTES), 20)
        for route in ROUTES:
            verdict = evaluate(router, one, "out", evaluate(router, FROM, "in", route).route)
            if verdict.verdict == "undecided":
                assert set(route.as_path.split()) & {"65003", "3000"}, (kind, verdict.undecided)
                undecided += 1
                continue
            heard = end.heard[route.prefix]
            told = (f"65002 {verdict.route.as_path}".strip(), verdict.route.community_string)
            assert told == (heard.as_path, heard.community_string), (kind, route.as_path)
    return undecided


SETS = """
route-map OUT permit 10
 match metric 60
 set community 65002:60
 on-match next
exit
route-map OUT deny 20
 match local-preference 333
exit
route-map OUT permit 30
 set local-preference 333
 set metric 77
 set as-path prepend 9 9
 set origin egp
 set large-community 1:2:3
exit
"""


@pytest.mark.parametrize("allowed", [False, True], ids=["", "allow-outbound-policy"])
@pytest.mark.sample("10.3")
def test_a_reflected_route_keeps_what_it_has_unless_outbound_policy_is_allowed(lab, allowed):
    """The route map decides whether the route goes out, and its set clauses count for other routes alone."""
    us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
    lab.link(us, peers, f"{US}/24", f"{FROM}/24")
    sources, nears = ("10.98.1.5", "10.98.1.6"), ("10.98.1.3", "10.98.1.4")
    clients = (sources[0], nears[0])
    peers.address("eth0", *(f"{one}/24" for one in (*sources, *nears)))
    named = {FROM: 65001, **dict.fromkeys((*sources, *nears), 65002)}
    neighbors = "".join(f" neighbor {one} remote-as {of}\n neighbor {one} passive\n" for one, of in named.items())
    us.start(
        f"{SETS}router bgp 65002\n no bgp ebgp-requires-policy\n"
        + (" bgp route-reflector allow-outbound-policy\n" if allowed else "")
        + f"{neighbors} address-family ipv4 unicast\n"
        + "".join(f"  neighbor {one} route-reflector-client\n" for one in clients)
        + "".join(f"  neighbor {one} route-map OUT out\n" for one in nears)
    )
    announced = {FROM: ROUTES[:1]} | {
        source: tuple(
            Route(ip_network(f"10.{9 + number}.{med}.0/24"), "3356", ip_address(source), med, preference)
            for med, preference in ((60, 120), (50, 333), (0, 100))
        )
        for number, source in enumerate(sources)
    }
    ends = {one: Endpoint(peers, one, US, named[one], routes=announced.get(one, ())).dial() for one in named}
    router = parse(us.running_config(), name="us").router
    for near in nears:
        wait_for("the route of the eBGP neighbor", lambda near=near: ROUTES[0].prefix in ends[near].heard, 20)
        verdicts = {
            one.prefix: evaluate(router, near, "out", evaluate(router, came, "in", one).route, source=came)
            for came, routes in announced.items()
            for one in routes
        }
        assert {one.verdict for one in verdicts.values()} == {"permit", "deny"}
        permitted = {prefix: one.route for prefix, one in verdicts.items() if one.verdict == "permit"}
        wait_for("the other routes", lambda near=near, all_=permitted: ends[near].heard.keys() == all_.keys(), 20)
        for prefix, route in permitted.items():
            assert attributes(route) == attributes(ends[near].heard[prefix]), (near, prefix)


def attributes(route):
    """Give what the map may set; a local preference that is absent is the default."""
    preference = 100 if route.local_preference is None else route.local_preference
    communities = (route.community_string, route.large_community_string)
    return preference, route.med or 0, route.as_path, route.origin, *communities


@pytest.mark.sample("10.3")
def test_a_relative_med_counts_from_the_med_that_came_where_it_is_left_unchanged(lab):
    us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
    unchanged = ("attribute-unchanged med", "attribute-unchanged", "attribute-unchanged as-path", "route-map OUT out")
    far = {f"10.98.1.{number}": words for number, words in enumerate(unchanged, 10)}
    lab.link(us, peers, f"{US}/24", f"{FROM}/24")
    peers.address("eth0", *(f"{one}/24" for one in far))
    named = {FROM: 65001, **dict.fromkeys(far, 65003)}
    us.start(
        "route-map OUT permit 10\n set metric +7\nexit\nrouter bgp 65002\n no bgp ebgp-requires-policy\n"
        + "".join(f" neighbor {one} remote-as {of}\n neighbor {one} passive\n" for one, of in named.items())
        + " address-family ipv4 unicast\n"
        + "".join(f"  neighbor {one} route-map OUT out\n  neighbor {one} {words}\n" for one, words in far.items())
    )
    ends = {one: Endpoint(peers, one, US, 65003).dial() for one in far}
    Endpoint(peers, FROM, US, 65001, routes=ROUTES[:1]).dial()
    router = parse(us.running_config(), name="us").router
    for one, end in ends.items():
        wait_for("the route", lambda end=end: ROUTES[0].prefix in end.heard, 20)
        told = evaluate(router, one, "out", evaluate(router, FROM, "in", ROUTES[0]).route, source=FROM)
        assert told.route.med == end.heard[ROUTES[0].prefix].med, far[one]
