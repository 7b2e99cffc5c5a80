"""Facts of a session that no measured case of the fast tests asks about."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from frrgen.model.types import WELL_KNOWN
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.attached import maps_from
from frrgen.policy.frr.evaluate import judge
from frrgen.policy.frr.outbound import behind_policy
from frrgen.policy.frr.session import Session
from frrgen.policy.sets.route import Route

MED = "sends no MED that it learned"


def session(*lines, remote=65001, direction="out", version="8.4"):
    text = "\n".join(
        [
            f"frr version {version}",
            "router bgp 65000",
            " no bgp ebgp-requires-policy",
            f" neighbor 192.0.2.1 remote-as {remote}",
            " address-family ipv4 unicast",
            *(f"  neighbor 192.0.2.1 {line}" for line in lines),
            " exit-address-family",
            "exit",
            "",
        ]
    )
    return Session.find(parse(text, name="r1").router, "192.0.2.1", direction)


def behind(*lines, **more):
    return behind_policy(session(*lines, **more), "ipv4_unicast")


def test_what_goes_out_over_ebgp_gets_an_as_a_next_hop_and_neither_preference_nor_med():
    assert behind() == (
        "puts its own AS in front of the AS path",
        "sends no local preference",
        MED,
        "may set the next hop to an address of its own",
    )
    assert behind(remote=65000) == ()
    assert behind(direction="in") == ()


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("attribute-unchanged as-path", "puts its own AS in front of the AS path"),
        ("attribute-unchanged med", MED),
        ("attribute-unchanged next-hop", "may set the next hop to an address of its own"),
    ],
)
def test_an_attribute_that_is_left_unchanged_is_not_changed_behind_the_policy(line, missing):
    assert set(behind()) - set(behind(line)) == {missing}


def test_a_route_server_client_gets_the_path_and_the_next_hop_as_they_are():
    assert behind("route-server-client") == (
        "sends no local preference",
        f"{MED} of neighbors that are no route-server clients",
    )


def test_communities_that_a_neighbor_does_not_get_are_named():
    assert set(behind("send-community large")) - set(behind()) <= {"removes all communities"}
    without = {"removes all communities", "removes all large communities"}
    assert not without & set(behind())


def test_a_maximum_of_prefixes_and_a_next_hop_of_its_own_are_named_over_ibgp():
    most = "sends no more than 5 prefixes, so this prefix may stay behind"
    assert behind("maximum-prefix-out 5", remote=65000) == (most,)
    assert behind("next-hop-self", remote=65000) == ("may set the next hop to an address of its own",)


@pytest.mark.parametrize(("version", "last"), [("8.4", True), ("9.1", True), ("10.3", False)])
def test_communities_are_deleted_behind_those_that_are_set_before_frr_10_where_the_file_says_so(version, last):
    one = session(version=version)
    assert one.deletes_last(wanted=True) is last
    assert one.deletes_last(wanted=False) is False


def test_a_path_that_remove_private_as_changes_is_a_step_of_the_verdict():
    verdict = judge(session("remove-private-AS all"), Route(ip_network("10.0.0.0/8"), as_path="64512 64513"))
    assert verdict.route.as_path == ""
    assert any("changes the AS path 64512 64513 to an empty path" in step.why for step in verdict.trace)


def test_what_frr_does_behind_the_policy_is_a_step_of_the_verdict():
    shut = Route(ip_network("10.0.0.0/8"), as_path="65001", communities=frozenset({WELL_KNOWN["graceful-shutdown"]}))
    verdict = judge(session(direction="in"), shut)
    assert verdict.route.local_preference == 0
    assert any("graceful shutdown: the local preference becomes 0" in step.why for step in verdict.trace)
    hole = Route(ip_network("10.0.0.0/8"), as_path="65001", communities=frozenset({WELL_KNOWN["blackhole"]}))
    verdict = judge(session(direction="in"), hole)
    assert WELL_KNOWN["no-export"] in verdict.route.communities
    assert any("no-export is added" in step.why for step in verdict.trace)


@pytest.mark.parametrize(("path", "verdict"), [("65001 65002", "permit"), ("{65001} 65002", "deny"), ("", "deny")])
def test_a_path_begins_with_an_as_though_the_as_of_an_external_neighbor_is_not_named(path, verdict):
    one = session("activate", remote="external", direction="in", version="10.3")
    one.assume_first_as = True
    assert judge(one, Route(ip_network("10.0.0.0/8"), as_path=path)).verdict == verdict


def test_ipv4_routes_may_go_out_with_an_ipv6_next_hop_where_a_neighbor_may_send_such_routes():
    assert not session().foreign_hops
    assert not session(direction="in").foreign_hops
    text = "router bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n neighbor 192.0.2.2 remote-as 65002\n"
    plain, extended, changed = (
        parse(f"{text}{more}exit\n", name="r1").router
        for more in (
            "",
            " neighbor 192.0.2.2 capability extended-nexthop\n",
            "exit\nroute-map M permit 5\n set ipv6 next-hop peer-address\n",
        )
    )
    assert not Session.find(plain, "192.0.2.1", "out").foreign_hops
    assert Session.find(extended, "192.0.2.1", "out").foreign_hops
    assert Session.find(changed, "192.0.2.1", "out").foreign_hops


@pytest.mark.parametrize(
    ("gone", "decided"),
    [("exclude 65009", False), ("exclude all", False), ("exclude 65008", True)],
)
def test_it_is_undecided_what_comes_first_where_an_entry_prepends_an_as_that_it_excludes(gone, decided):
    text = f"route-map M permit 5\n set as-path {gone}\n set as-path prepend 65009\nexit\n"
    text += "router bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n address-family ipv4 unicast\n"
    router = parse(f"frr version 10.3\n{text}  neighbor 192.0.2.1 route-map M in\n", name="r1").router
    verdict = judge(Session.find(router, "192.0.2.1", "in"), Route(ip_network("10.0.0.0/8"), as_path="65001")).verdict
    assert (verdict != "undecided") == decided


@pytest.mark.parametrize(("version", "hidden"), [("8.4", False), ("10.3", False), ("10.7", True), ("10.7.1", True)])
def test_clauses_do_not_see_a_learned_med_from_frr_10_7_on(version, hidden):
    one = session(version=version)
    assert one.drops_med(4)
    assert one.hides_med(4) is hidden


def test_the_maps_from_a_map_are_those_that_it_calls_and_those_that_they_call_each_once():
    calls = {"A": "B", "B": "C", "C": "A", "D": "GONE", "E": None}
    text = "".join(
        f"route-map {name} permit 5\n{'' if called is None else f' call {called}'}\nexit\n"
        for name, called in calls.items()
    )
    router = parse(text, name="r1").router
    assert list(maps_from(router, ["A"])) == ["A", "B", "C"]
    assert sorted(maps_from(router, ["D", "E", "B", "GONE"])) == ["A", "B", "C", "D", "E"]
