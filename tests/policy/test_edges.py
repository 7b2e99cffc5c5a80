"""At each edge of a policy (a length, an address, a number) the engine of sets and the engine of routes agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import combinations

import pytest

from frrgen.errors import FrrgenError
from frrgen.model.types import community_value
from frrgen.policy.frr.alphabet import Alphabet
from frrgen.policy.frr.symbolic import outcomes
from frrgen.policy.questions.compare import compare, tried
from frrgen.policy.sets.route import Route
from tests.policy.test_symbolic import as_seen, made, ways_of

SIDE = ("192.0.2.1", "in")
ROUTER = """\
router bgp 65000
 no bgp ebgp-requires-policy
 neighbor 192.0.2.1 remote-as 65001
 address-family ipv4 unicast
  neighbor 192.0.2.1 route-map M in
 exit-address-family
 address-family ipv6 unicast
  neighbor 192.0.2.1 activate
  neighbor 192.0.2.1 route-map M in
 exit-address-family
exit
"""
V4, V6 = "ip prefix-list L", "ipv6 prefix-list L"
POLICIES = {
    "exact length": (f"{V4} seq 5 permit 10.1.0.0/16", "match ip address prefix-list L"),
    "le": (f"{V4} seq 5 permit 10.1.0.0/16 le 20", "match ip address prefix-list L"),
    "ge": (f"{V4} seq 5 permit 10.1.0.0/16 ge 20", "match ip address prefix-list L"),
    "ge and le": (f"{V4} seq 5 permit 10.1.0.0/16 ge 18 le 20", "match ip address prefix-list L"),
    "deny in front": (
        f"{V4} seq 5 deny 10.1.4.0/22 le 24\n{V4} seq 7 permit 10.1.0.0/16 le 32",
        "match ip address prefix-list L",
    ),
    "IPv6": (f"{V6} seq 5 permit 2001:db8::/32 ge 48 le 64", "match ipv6 address prefix-list L"),
    "IPv6 to hosts": (f"{V6} seq 5 permit 2001:db8::/32 ge 128", "match ipv6 address prefix-list L"),
    "prefix": ("access-list A seq 5 permit 10.1.0.0/16", "match ip address A"),
    "exact prefix": ("access-list A seq 5 permit 10.1.0.0/16 exact-match", "match ip address A"),
    "IPv6 prefix": ("ipv6 access-list A seq 5 permit 2001:db8::/32", "match ipv6 address A"),
    "source": ("access-list A seq 5 permit 10.1.0.0 0.0.255.255", "match ip address A"),
    "host": ("access-list A seq 5 permit host 10.1.0.0", "match ip address A"),
    "all but a source": (
        "access-list A seq 5 deny 10.1.0.0 0.0.255.255\naccess-list A seq 7 permit any",
        "match ip address A",
    ),
    "mask": ("access-list A seq 5 permit ip any host 255.255.0.0", "match ip address A"),
    "any mask": ("access-list A seq 5 permit ip 10.1.0.0 0.0.3.255 any", "match ip address A"),
    "masks": ("access-list A seq 5 permit ip 10.1.0.0 0.0.3.255 255.255.0.0 0.0.255.0", "match ip address A"),
    "next hop of a prefix list": (f"{V4} seq 5 permit 10.1.2.3/32", "match ip next-hop prefix-list L"),
    "next hop in a prefix list": (f"{V4} seq 5 permit 10.1.0.0/16 le 32", "match ip next-hop prefix-list L"),
    "next hop of an access list": ("access-list A seq 5 permit 10.1.0.0 0.0.0.255", "match ip next-hop A"),
    "IPv6 next hop": (f"{V6} seq 5 permit 2001:db8::/64 le 128", "match ipv6 next-hop prefix-list L"),
    "address of the next hop": ("", "match ip next-hop address 10.1.2.3"),
    "address of the IPv6 next hop": ("", "match ipv6 next-hop address 2001:db8::1"),
    "peer": ("", "match peer 192.0.2.1"),
    "another peer": ("", "match peer 192.0.2.2"),
    "expression for blackhole": (
        "bgp community-list expanded C seq 5 permit blackhole",
        "match community C",
    ),
    "expression for all but no-export": (
        "bgp community-list expanded C seq 5 deny no-export\nbgp community-list expanded C seq 6 permit .*",
        "match community C",
    ),
    "no community": ("bgp community-list expanded C seq 5 permit ^$", "match community C"),
    "a community": ("bgp community-list standard C seq 5 permit 65000:1", "match community C"),
    "exactly a community": ("bgp community-list standard C seq 5 permit 65000:1", "match community C exact-match"),
    "metric": ("", "match metric 7"),
    "tag": ("", "match tag 7"),
    "local preference": ("", "match local-preference 7"),
    "origin": ("", "match origin egp"),
    "a metric that grows": ("", "match metric 7\n set metric +4294967290"),
    "a metric that falls": ("", "set metric -7"),
}
"""What each policy is about -> its lists, and what its one entry says."""
NO_HOSTS = {"0.255.255.255", "127.0.0.0", "127.255.255.255", "224.0.0.0", "240.0.0.0", "255.255.254.255"}
"""Where the next hops begin and end for which bgpd refuses a route."""
ADDRESS = r"\d+(?:\.\d+){3}|[0-9a-f:]+::[0-9a-f:]*"


def text(lists: str, entry: str) -> str:
    return f"frr version 8.4.4\n{lists}\nroute-map M permit 5\n {entry}\nexit\n{ROUTER}"


def prefixes(words: str) -> Iterator[str]:
    """Yield prefixes on both sides of each edge that a text names."""
    lengths = {int(found) for found in re.findall(r"(?:/|[gl]e )(\d+)", words)}
    for address in re.findall(ADDRESS, words):
        one = ip_address(address)
        most = one.max_prefixlen
        near = {0, most, *(length + more for length in (*lengths, 16, 22, 24) for more in (-1, 0, 1))}
        for length in sorted(near):
            if 0 <= length <= most:
                own = ip_network((int(one), length), strict=False)
                step = 1 << (most - length)
                for start in (int(own[0]) - step, int(own[0]), int(own[0]) + step):
                    if 0 <= start < 1 << most:
                        yield str(ip_network((start, length)))


def routes(words: str) -> list[Route]:
    """Return routes at the edges of a text: one thing of each route is at an edge."""
    plain = [
        Route(ip_network(prefix), as_path="65001", next_hop=ip_address(hop))
        for prefix, hop in (("10.1.0.0/16", "192.0.2.1"), ("2001:db8::/48", "2001:db8::1"))
    ]
    networks = [ip_network(one) for one in sorted(set(prefixes(words)))]
    found = [replace(plain[one.version == 6], prefix=one) for one in networks]
    for base in plain:
        numbers = {0, 4294967295, *(int(one) + more for one in re.findall(r"\b\d+\b", words) for more in (-1, 0, 1))}
        for number in sorted(one for one in numbers if 0 <= one <= 4294967295):
            found += [replace(base, med=number), replace(base, local_preference=number), replace(base, tag=number)]
        for hop in {*NO_HOSTS, *re.findall(ADDRESS, words), "2001:db8::", "2001:db8:0:1::", "2001:db7:ffff:ffff::"}:
            near = (int(ip_address(hop)) + more for more in (-1, 0, 1, 255, 256))
            found += [replace(base, next_hop=type(ip_address(hop))(one)) for one in near]
        for number in range(4):
            for some in combinations(("65535:666", "no-export", "graceful-shutdown", "65000:1"), number):
                found.append(replace(base, communities=frozenset(map(community_value, some))))
        found += [replace(base, origin=one) for one in ("igp", "egp", "incomplete")]
        found.append(base)
    return [one for one in found if usable(one)]


def usable(route: Route) -> bool:
    """Tell whether a neighbor can send a route: IPv4 routes with IPv6 next hops take a capability, others have none."""
    return route.next_hop.version == route.prefix.version


@pytest.mark.parametrize("name", POLICIES)
def test_a_route_at_an_edge_takes_the_one_way_that_evaluate_takes(name):
    one = made(text(*POLICIES[name]), SIDE)
    alphabet = Alphabet.of(one)
    every = {family: outcomes(one, family, alphabet) for family in (4, 6)}
    verdicts = set()
    for route in routes("\n".join(POLICIES[name])):
        ways = ways_of(every[route.prefix.version], route, alphabet)
        assert [way.verdict for way in ways] == [tried(one, route).verdict], route
        verdicts.add(ways[0].verdict)
    assert "undecided" not in verdicts
    assert "deny" in verdicts
    assert ("permit" in verdicts) is (name != "another peer")


def shifted(words: str) -> Iterator[str]:
    """Yield a text with each of its numbers one higher, but for the numbers that order the lines of a list."""
    for found in re.finditer(r"(?<!seq )(?<!\d)\d+(?!\d)", words):
        yield f"{words[: found.start()]}{int(found[0]) + 1}{words[found.end() :]}"


@pytest.mark.parametrize("name", POLICIES)
def test_what_differs_between_two_edges_is_found_and_what_is_found_differs(name):
    lists, entry = POLICIES[name]
    some = 0
    edges = routes(f"{lists}\n{entry}")
    others = list(shifted(f"{lists}\n{entry}"))
    for other in others:
        try:
            sides = made(text(lists, entry), SIDE), made(text(*other.rsplit("\n", 1)), SIDE)
            result = compare(*sides)
        except FrrgenError:
            continue  # FRR takes no such line
        if result.undecided:
            continue
        some += 1
        for one in result.differences:
            assert as_seen(one.a) != as_seen(one.b)
            assert [tried(side, one.route) for side in sides] == [one.a, one.b]
        for route in edges:
            ours, theirs = (as_seen(tried(side, route)) for side in sides)
            assert ours == theirs or any(route.prefix in one.prefixes for one in result.differences), (other, route)
    assert some or not others
