"""What must go before something like it comes: clauses, calls of route maps, and peers of BFD."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.diff.test_unwatched import bgp, plan

SESSION = bgp("neighbor 192.0.2.1 remote-as 65001", family=["neighbor 192.0.2.1 route-map M in"])


def commands(old, new, version="8.4.4"):
    return [line.strip() for line in plan(old, new, version).commands]


def entry(*lines):
    return "\n".join(["route-map M permit 5", *(f" {line}" for line in lines), "exit", SESSION])


LOST = {
    ("set metric 7", "set metric +7"): None,
    ("set metric +7", "set metric 7"): "no set metric",
    ("set metric rtt", "set metric 7"): "no set metric",
    ("set metric +7", "set metric rtt"): "no set metric",
    ("set metric +7", "set metric -7"): "no set metric",
    ("set metric +7", "set metric +8"): None,
    ("set community 65000:1", "set community none"): "no set community",
    ("set community none", "set community 65000:1"): None,
    ("set large-community 65000:1:1", "set large-community none"): "no set large-community",
    ("set as-path prepend 65009", "set as-path prepend last-as 2"): "no set as-path prepend",
    ("set as-path prepend last-as 2", "set as-path prepend 65009"): "no set as-path prepend",
    ("set as-path prepend 65009", "set as-path prepend 65008"): None,
    ("match peer 192.0.2.1", "match peer 192.0.2.2"): "no match peer",
    ("match metric 7", "match metric 8"): None,
}
"""A clause, and the clause in its place -> what must be sent before."""


@pytest.mark.parametrize(("old", "new"), LOST)
def test_a_clause_that_frr_would_lose_is_taken_away_before_the_clause_in_its_place(old, new):
    sent = commands(entry(old), entry(new))
    undone = LOST[old, new]
    assert new in sent
    assert [line for line in sent if line.startswith("no ")] == ([] if undone is None else [undone])
    if undone is not None:
        assert sent.index(undone) < sent.index(new)


@pytest.mark.parametrize(("one", "other"), permutations("ABC", 2))
def test_a_call_ends_before_the_call_back_begins(one, other):
    def maps(caller, called):
        texts = [f"route-map {name} permit 5\n{' call ' + called if name == caller else ''}\nexit\n" for name in "ABC"]
        return "".join(texts) + SESSION.replace("route-map M", f"route-map {caller}")

    sent = commands(maps(one, other), maps(other, one))
    assert sent.index("no call") < sent.index(f"call {one}")
    assert "no call" not in commands(maps(one, other), maps(one, next(iter({*"ABC"} - {one, other}))))


@pytest.mark.parametrize(
    ("old", "new", "early"),
    [
        ("peer 192.0.2.1", "peer 192.0.2.1 local-address 192.0.2.9", True),
        ("peer 192.0.2.1 local-address 192.0.2.9", "peer 192.0.2.1", True),
        ("peer 192.0.2.1", "peer 192.0.2.2", False),
    ],
)
def test_a_peer_of_bfd_goes_before_a_peer_of_the_same_address_comes(old, new, early):
    sent = commands(*(f"bfd\n {peer}\n exit\nexit\n{SESSION}" for peer in (old, new)))
    assert (sent.index(f"no {old}") < sent.index(new)) == early


@pytest.mark.parametrize(("version", "default"), [("8.4.4", False), ("10.3", False), ("10.7.1", True)])
def test_a_refusal_of_as_sets_is_a_difference_where_it_is_not_the_default_of_the_version(version, default):
    words = {True: "bgp reject-as-sets", False: "no bgp reject-as-sets"}
    for value, word in words.items():
        assert plan(bgp(), bgp(word), version).empty == (value == default), word
        assert plan(bgp(word), bgp(), version).empty == (value == default), word


@pytest.mark.parametrize(
    ("family", "line"),
    [("l2vpn evpn", "neighbor 192.0.2.1 attribute-unchanged next-hop"), ("ipv4 unicast", None)],
)
def test_the_unchanged_next_hop_of_evpn_is_sent_where_a_change_touched_it(family, line):
    def text(*lines):
        inside = [f" address-family {family}", "  neighbor 192.0.2.1 activate", *lines, " exit-address-family"]
        return "\n".join(["router bgp 65000", " neighbor 192.0.2.1 remote-as 65001", *inside, "exit", ""])

    sent = commands(text("  neighbor 192.0.2.1 next-hop-self"), text())
    assert [one for one in sent if "attribute-unchanged" in one] == ([] if line is None else [line])
    assert not [one for one in commands(text(), text("  neighbor 192.0.2.1 next-hop-self")) if "unchanged" in one]
