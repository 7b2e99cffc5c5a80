"""When two routers are proven to do the same though their lists are written otherwise, and when they are not."""

from __future__ import annotations

import pytest

from frrgen.model.policy import RouteMap
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.questions.unchanged import same_policy

SESSION = """\
router bgp 65000
 neighbor 192.0.2.1 remote-as 65001
 address-family ipv4 unicast
  neighbor 192.0.2.1 route-map M in
 exit-address-family
exit
"""
LISTS = """\
ip prefix-list P seq 5 permit 10.0.0.0/8
ip prefix-list P seq 6 permit 10.0.0.0/8
ip prefix-list P seq 7 permit 172.16.0.0/12
ipv6 prefix-list P seq 5 permit 2001:db8::/32
ipv6 prefix-list P seq 6 permit 2001:db8::/32
access-list A seq 5 permit 10.0.0.0/8
access-list A seq 6 permit 10.0.0.0/8
access-list W seq 5 permit 10.0.0.0 0.255.0.255
access-list W seq 6 permit 10.0.0.0 0.255.0.255
bgp community-list standard C seq 5 permit 65000:1
bgp community-list standard C seq 6 deny 65000:1
bgp community-list standard C seq 7 permit 65000:2
bgp as-path access-list S seq 5 permit _65001_
bgp as-path access-list S seq 6 permit _65001_
route-map M permit 5
 match ip address prefix-list P
exit
"""


def router(text=LISTS, session=SESSION):
    return parse(f"frr version 8.4.4\n{text}{session}", name="r1").router


def edited(old, new=""):
    assert old in LISTS
    return router(LISTS.replace(old, new))


def test_the_same_router_does_the_same():
    assert same_policy(router(), router())


@pytest.mark.parametrize(
    "line",
    [
        "ip prefix-list P seq 6 permit 10.0.0.0/8\n",
        "ip prefix-list P seq 5 permit 10.0.0.0/8\n",
        "ipv6 prefix-list P seq 6 permit 2001:db8::/32\n",
        "access-list A seq 6 permit 10.0.0.0/8\n",
        "bgp community-list standard C seq 6 deny 65000:1\n",
        "bgp as-path access-list S seq 6 permit _65001_\n",
    ],
)
def test_a_line_that_a_line_before_it_decides_may_go(line):
    assert same_policy(router(), edited(line))


@pytest.mark.parametrize(
    "line",
    [
        "ip prefix-list P seq 7 permit 172.16.0.0/12\n",
        "bgp community-list standard C seq 5 permit 65000:1\n",
        "bgp community-list standard C seq 7 permit 65000:2\n",
        "access-list W seq 6 permit 10.0.0.0 0.255.0.255\n",  # a mask of no block has no exact set
    ],
)
def test_a_line_that_decides_alone_or_cannot_be_compared_is_no_proof(line):
    assert not same_policy(router(), edited(line))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seq 7 permit 172.16.0.0/12", "seq 7 deny 172.16.0.0/12"),
        ("seq 7 permit 172.16.0.0/12", "seq 7 permit 172.16.0.0/13"),
        ("seq 7 permit 172.16.0.0/12", "seq 7 permit 172.16.0.0/12\nip prefix-list P seq 8 permit 10.0.0.0/8"),
        ("seq 6 permit _65001_", "seq 6 permit _65002_"),
        ("access-list A seq 5 permit 10.0.0.0/8\naccess-list A seq 6 permit 10.0.0.0/8\n", ""),
        ("route-map M permit 5", "route-map M deny 5"),
    ],
)
def test_a_line_that_is_new_or_other_or_a_list_that_is_gone_is_no_proof(old, new):
    assert not same_policy(router(), edited(old, new))


def test_another_number_of_a_line_changes_nothing():
    assert same_policy(router(), edited("seq 7 permit 172.16.0.0/12", "seq 9 permit 172.16.0.0/12"))


def test_a_router_that_differs_elsewhere_is_not_compared():
    assert not same_policy(router(), router(session=SESSION.replace("router bgp 65000", "router bgp 65009")))
    assert not same_policy(
        router(), edited("seq 6 permit _65001_", "seq 6 permit _65001_\nip route 10.0.0.0/8 blackhole")
    )


def both(session):
    """Return a router with a map that has no entries, which FRR does not hold, and a router where it denies."""
    denies = parse(f"frr version 8.4.4\nroute-map N deny 5\nexit\n{session}", name="r1").router
    return denies.model_copy(update={"route_maps": {"N": RouteMap(entries=())}}), denies


def test_a_map_without_entries_on_a_session_does_what_a_deny_does():
    assert same_policy(*both(SESSION.replace("route-map M in", "route-map N in")))
    assert not same_policy(*reversed(both(SESSION.replace("route-map M in", "route-map N in"))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  neighbor 192.0.2.1 route-map M in\n", "  redistribute static route-map N\n"),
        ("neighbor 192.0.2.1 route-map M in", "neighbor 192.0.2.1 default-originate route-map N"),
    ],
)
def test_a_map_without_entries_that_decides_beyond_sessions_is_no_proof(old, new):
    assert not same_policy(*both(SESSION.replace(old, new)))
