"""What `compare` calls equal or different: options, places and paths that once slipped through."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Policy
from frrgen.policy.frr.evaluate import evaluate, judge
from frrgen.policy.frr.session import Place, Session
from frrgen.policy.questions.compare import compare, compare_wherever, tried
from frrgen.policy.sets.route import Route

MAPS = """
bgp as-path access-list P seq 5 permit ^65010$
route-map PEER deny 10
 match peer 192.0.2.9
route-map PEER permit 20
route-map ALL permit 20
route-map STATIC permit 10
 match source-protocol static
route-map NOTHING deny 10
route-map EXCLUDE permit 10
 set as-path exclude 65020
route-map TWICE permit 10
 set as-path prepend 65001
 on-match next
route-map TWICE permit 20
 set as-path prepend 65002
route-map ONCE permit 10
 set as-path prepend 65002 65001
route-map LAST permit 10
 set as-path prepend last-as 2
route-map BEHIND permit 10
 set as-path exclude 65020
 on-match next
route-map BEHIND permit 20
 match as-path P
"""
SESSIONS = """
router bgp 65001
 neighbor 192.0.2.9 remote-as 65003
 neighbor 192.0.2.10 remote-as 65003
 neighbor 192.0.2.11 remote-as 65001
 address-family ipv4 unicast
  neighbor 192.0.2.9 route-map ALL out
  neighbor 192.0.2.10 route-map ALL out
"""


def alone(name, more="", version="8.4"):
    router = parse(MAPS + more, name="r", frr_version=version).router
    return Policy(router, Session.of_nobody(router, Session.places(router)[name][0]), name)


def out(neighbor, more=""):
    router = parse(MAPS + SESSIONS + more, name="r", frr_version="8.4").router
    return Policy(router, Session(router, neighbor, "out"))


def test_a_route_map_alone_is_not_proven_for_one_neighbor():
    result = compare_wherever(alone("PEER"), alone("ALL"))
    assert not result.equal
    assert "which neighbor" in result.undecided[0]


def test_where_a_protocol_is_redistributed_its_name_may_match():
    redistributed = "router bgp 65001\n address-family ipv4 unicast\n  redistribute static route-map STATIC\n"
    assert compare_wherever(alone("STATIC", "", "10.1"), alone("NOTHING", "", "10.1")).equal
    assert compare_wherever(alone("STATIC", redistributed, "10.1"), alone("NOTHING", redistributed, "10.1")).undecided


@pytest.mark.parametrize(
    "option",
    [
        "no neighbor 192.0.2.10 send-community",
        "neighbor 192.0.2.10 remove-private-AS all",
        "neighbor 192.0.2.10 next-hop-self",
    ],
)
def test_what_changes_routes_behind_a_policy_keeps_it_from_being_equal(option):
    assert compare_wherever(out("192.0.2.9"), out("192.0.2.10")).equal
    assert compare_wherever(out("192.0.2.9"), out("192.0.2.10", f"  {option}\n")).undecided


def test_paths_that_are_made_in_one_step_or_two_are_the_same():
    assert compare_wherever(alone("TWICE"), alone("ONCE")).equal


@pytest.mark.parametrize("name", ["EXCLUDE", "LAST"])
def test_what_a_map_does_to_a_path_has_a_witness(name):
    a, b = alone(name), alone("ALL")
    found = compare_wherever(a, b).differences
    assert found
    for one in found:
        assert tried(a, one.route).route.as_path != tried(b, one.route).route.as_path


@pytest.mark.parametrize(
    ("path", "verdict"),
    [("65010", "permit"), ("65020 65010 65020", "permit"), ("{65020} 65010", "permit"), ("65010 {65020,7}", "deny")],
)
def test_a_path_is_matched_behind_what_was_taken_out_of_it(path, verdict):
    a, b = alone("BEHIND"), alone("NOTHING")
    route = Route(ip_network("10.0.0.0/8"), as_path=path, next_hop=ip_address("192.0.2.1"))
    assert tried(a, route).verdict == verdict
    (one, _) = compare_wherever(a, b).differences
    assert one.a.verdict == "permit"
    assert "without 65020" in one.space


def judged(text, neighbor, direction, version="8.4", **more):
    router = parse(
        SESSIONS.replace("router bgp 65001\n", f"router bgp 65001\n {text}\n") + MAPS, name="r", frr_version=version
    ).router
    route = Route(ip_network("10.1.0.0/16"), next_hop=ip_address("192.0.2.1"), **more)
    return judge(Session(router, neighbor, direction), route)


def test_a_graceful_shutdown_is_announced_behind_the_policy_of_neighbors():
    said = judged("bgp graceful-shutdown", "192.0.2.9", "out").route
    assert said.community_string == "graceful-shutdown"
    within = judged("bgp graceful-shutdown", "192.0.2.11", "out").route
    assert (within.local_preference, within.community_string) == (0, "")


def test_what_an_aggregate_holds_back_is_not_called_announced():
    held = "address-family ipv4 unicast\n  aggregate-address 10.0.0.0/8 summary-only\n exit-address-family"
    assert judged(held, "192.0.2.9", "out").verdict == "undecided"


@pytest.mark.parametrize(("version", "verdict"), [("8.4", "permit"), ("10.1", "permit"), ("10.5", "deny")])
def test_an_as_set_is_refused_by_itself_from_the_version_on_that_does_so_and_never_undecided(version, verdict):
    text = "router bgp 65001\n no bgp ebgp-requires-policy\n neighbor 192.0.2.9 remote-as 65002\n"
    router = parse(text, frr_version=version).router
    one = Session(router, "192.0.2.9", "in")
    route = Route(ip_network("10.0.0.0/8"), as_path="65002 {65003,65004}", next_hop=ip_address("192.0.2.9"))
    assert evaluate(router, "192.0.2.9", "in", route).verdict == verdict
    assert compare(Policy(router, one), Policy(router, one)).equal


def test_an_as_set_is_refused_where_the_configuration_says_so():
    said = judged("no bgp ebgp-requires-policy\n bgp reject-as-sets", "192.0.2.9", "in", as_path="65003 {7,8}")
    assert said.verdict == "deny"


def tagging(count, last="1:99"):
    """A policy that marks each route for each of its communities, whichever it has."""
    lines = []
    for number in range(count):
        mark = last if number == count - 1 else f"1:{number}"
        lines += [
            f"bgp community-list standard C{number} seq 5 permit 65001:{number}",
            f"route-map M permit {number + 1}",
            f" match community C{number}",
            f" set community {mark} additive",
            " on-match next",
        ]
    router = parse("\n".join(lines), name="r").router
    return Policy(router, Session.of_nobody(router, Place("in", external=True)), "M")


def test_a_policy_with_too_many_ways_is_equal_to_itself_and_to_another_it_is_undecided():
    """Each entry doubles the ways: forty would be as many as a million millions."""
    assert compare(tagging(40), tagging(40)).equal
    result = compare(tagging(40), tagging(40, "1:98"))
    assert (result.differences, result.equal) == ((), False)
    assert "route map M seq" in result.undecided[0]
    assert compare(tagging(5), tagging(5, "1:98")).differences
