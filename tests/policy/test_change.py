"""What a change does to the routes of a session is said exactly, and only of sessions that it touches."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.questions.change import route_effects

BEFORE = """\
frr version 8.4.4
ip prefix-list K8S seq 5 permit 192.168.10.0/24 le 32
route-map IN permit 10
 match ip address prefix-list K8S
route-map OTHER permit 10
router bgp 64512
 neighbor K peer-group
 neighbor K remote-as 64513
 neighbor 192.0.2.9 peer-group K
 neighbor 192.0.2.10 peer-group K
 neighbor 192.0.2.11 remote-as 64514
 address-family ipv4 unicast
  neighbor K route-map IN in
  neighbor 192.0.2.11 route-map OTHER in
  neighbor 192.0.2.11 route-map OTHER out
"""


def said(after, before=BEFORE):
    effects = route_effects(parse(before, name="edge1"), parse(after, name="edge1").router)
    return [line for effect in effects for line in effect.lines()]


def test_no_change_is_no_effect():
    assert said(BEFORE) == []


def test_a_list_with_one_more_line_accepts_what_that_line_permits_on_each_member_of_the_group():
    after = BEFORE.replace(
        "route-map IN permit 10\n", "ip prefix-list K8S seq 10 permit 10.0.0.0/8 le 32\nroute-map IN permit 10\n", 1
    )
    assert said(after) == [
        f"will newly accept 10.0.0.0/8 le 32 from {peer}, e.g. 10.0.0.0/8" for peer in ("192.0.2.9", "192.0.2.10")
    ]


def test_a_narrower_list_rejects_what_it_leaves_out():
    assert said(BEFORE.replace("le 32", "ge 25 le 32")) == [
        f"will newly reject 192.168.10.0/24 from {peer}, e.g. 192.168.10.0/24" for peer in ("192.0.2.9", "192.0.2.10")
    ]


def test_another_attribute_is_a_change_of_the_routes():
    after = BEFORE.replace(" match ip address prefix-list K8S\n", " match ip address prefix-list K8S\n set weight 7\n")
    assert said(after) == [
        f"will change 192.168.10.0/24 le 32 from {peer}, e.g. 192.168.10.0/24" for peer in ("192.0.2.9", "192.0.2.10")
    ]


def test_a_policy_taken_away_from_an_ebgp_session_ends_all_announcements():
    (line,) = said(BEFORE.replace("  neighbor 192.0.2.11 route-map OTHER out\n", ""))
    assert line == "will newly withhold every IPv4 prefix to 192.0.2.11, e.g. 0.0.0.0/0"


def test_a_new_neighbor_is_compared_with_silence():
    after = BEFORE.replace(" address-family", " neighbor 192.0.2.12 peer-group K\n address-family")
    assert said(after) == ["will newly accept 192.168.10.0/24 le 32 from 192.0.2.12, e.g. 192.168.10.0/24"]


def test_of_routes_that_are_asked_for_more_than_a_prefix_it_is_said_that_not_all_are_meant():
    after = BEFORE.replace(
        " match ip address prefix-list K8S\n", " match ip address prefix-list K8S\n match metric 5\n"
    )
    assert said(after) == [
        f"will newly reject 192.168.10.0/24 le 32 (for some attributes) from {peer}, e.g. 192.168.10.0/24"
        for peer in ("192.0.2.9", "192.0.2.10")
    ]


def test_what_cannot_be_decided_is_said_and_not_guessed():
    after = BEFORE.replace("route-map OTHER permit 10\n", "route-map OTHER permit 10\n match probability 50\n", 1)
    assert [line for line in said(after) if line.startswith("undecided")]


@pytest.mark.parametrize("name", ["description X", "advertisement-interval 3"])
def test_what_decides_nothing_about_routes_is_not_compared(name):
    assert said(BEFORE.replace(" address-family", f" neighbor 192.0.2.11 {name}\n address-family")) == []


def test_whether_next_hops_of_no_machine_are_let_in_is_a_change_of_routes():
    before = BEFORE.replace("8.4.4", "10.3").replace(
        " prefix-list K8S\n", " prefix-list K8S\n set ip next-hop 127.0.0.1\n"
    )
    after = before.replace("router bgp 64512\n", "router bgp 64512\n bgp allow-martian-nexthop\n")
    found = [line.rpartition(", e.g.")[0] for line in said(after, before)]
    some = "(for some attributes) from"
    assert [line for line in found if "192.168" in line] == [
        f"will newly accept 192.168.10.0/24 le 32 {some} {one}" for one in ("192.0.2.9", "192.0.2.10")
    ]
    # and where everything is let in, so are the routes that come with such a next hop
    everything = "every IPv4 prefix (except 224.0.0.0/3, 224.0.0.0/4 le 32)"
    assert found[2:] == [f"will newly accept {everything} {some} 192.0.2.11"]


def test_neighbors_that_come_by_a_listen_range_are_told_as_the_range():
    before = BEFORE.replace(" address-family", " bgp listen range 198.51.100.0/24 peer-group K\n address-family", 1)
    after = before.replace("le 32", "ge 25 le 32")
    names = ("192.0.2.9", "192.0.2.10", "listen range 198.51.100.0/24")
    assert said(after, before) == [
        f"will newly reject 192.168.10.0/24 from {one}, e.g. 192.168.10.0/24" for one in names
    ]
    assert said(before) == [
        "will newly accept 192.168.10.0/24 le 32 from listen range 198.51.100.0/24, e.g. 192.168.10.0/24"
    ]


def test_ipv6_routes_of_a_session_are_named_behind_its_ipv4_routes():
    family = " address-family ipv6 unicast\n  neighbor 192.0.2.11 activate\n"
    before = BEFORE + family + "  neighbor 192.0.2.11 route-map OTHER in\n"
    maps = "ipv6 prefix-list SIX seq 5 permit 2001:db8::/32\nip prefix-list FOUR seq 5 permit 10.0.0.0/8\n"
    maps += "route-map OTHER deny 5\n match ipv6 address prefix-list SIX\n"
    maps += "route-map OTHER deny 6\n match ip address prefix-list FOUR\n"
    first, *_ = said(before.replace("route-map OTHER permit 10\n", f"{maps}route-map OTHER permit 10\n"), before)
    assert first == "will newly reject 10.0.0.0/8; 2001:db8::/32 from 192.0.2.11, e.g. 10.0.0.0/8"
