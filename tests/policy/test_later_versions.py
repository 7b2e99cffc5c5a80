"""What FRR 10 does otherwise with AS paths, local preference 0, MEDs and routes without large communities, measured."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.sets.route import Route

ROUTE = Route(ip_network("10.0.0.0/24"), as_path="65002 65010 {7,65010}", next_hop=ip_address("192.0.2.9"))
BASE = """\
bgp as-path access-list B seq 5 deny ^65010$
bgp as-path access-list A seq 5 permit _23456_
bgp as-path access-list C seq 5 permit ^7$
router bgp 65001
 no bgp ebgp-requires-policy
 no bgp reject-as-sets
 neighbor 192.0.2.1 remote-as 65002
 neighbor 192.0.2.2 remote-as 65001
 address-family ipv4 unicast
"""
PEERS = {"external": "192.0.2.1", "internal": "192.0.2.2"}


def verdict(lines, version, kind, direction="in", route=ROUTE):
    """Say what a map of one entry does to a route."""
    attached = f"  neighbor {PEERS[kind]} route-map M {direction}\n exit-address-family\nexit\n"
    text = f"{BASE}{attached}route-map M permit 10\n" + "".join(f" {line}\n" for line in lines) + "exit\n"
    return evaluate(parse(text, name="r", frr_version=version).router, PEERS[kind], direction, route)


@pytest.mark.parametrize("version", ["10.3", "10.7.1"])
@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize(
    ("form", "left"),
    [
        ("65010", "65002 {7}"),
        ("65010 65002", "{7}"),
        ("all", ""),
        ("as-path-access-list B", "65002"),
        ("as-path-access-list C", "65002 65010 {65010}"),
        ("as-path-access-list D", ROUTE.as_path),
    ],
)
def test_numbers_are_excluded_over_ebgp_alone(version, direction, form, left):
    """A list of exclusions is this list and each behind it by name, and `deny` is no less than `permit`."""
    lines = [f"set as-path exclude {form}"]
    assert verdict(lines, version, "external", direction).route.as_path == left
    assert verdict(lines, version, "internal", direction).route.as_path == ROUTE.as_path


@pytest.mark.parametrize(("version", "becomes"), [("8.4.4", 4), ("10.3", 4), ("10.7.1", 104)])
def test_a_relative_local_preference_takes_0_for_none_from_10_7_on(version, becomes):
    found = verdict(["set local-preference +4"], version, "internal", route=replace(ROUTE, local_preference=0))
    assert found.route.local_preference == becomes


@pytest.mark.parametrize(("version", "passes"), [("8.4.4", "permit"), ("10.3", "permit"), ("10.7.1", "deny")])
def test_a_learned_med_is_seen_on_its_way_out_until_10_3(version, passes):
    assert verdict(["match metric 3"], version, "external", "out", replace(ROUTE, med=3)).verdict == passes


@pytest.mark.parametrize(("version", "passes"), [("8.4.4", "permit"), ("10.3", "deny"), ("10.7.1", "deny")])
def test_an_expression_finds_nothing_where_there_is_no_large_community_from_10_on(version, passes):
    text = f"bgp large-community-list expanded X seq 5 permit ^$\n{BASE}"
    text += "  neighbor 192.0.2.1 route-map M in\n exit-address-family\nexit\nroute-map M permit 10\n"
    router = parse(f"{text} match large-community X\nexit\n", name="r", frr_version=version).router
    assert evaluate(router, "192.0.2.1", "in", ROUTE).verdict == passes
