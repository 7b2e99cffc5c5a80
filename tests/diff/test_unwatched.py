"""Lines of a plan that no other fast test asks about; the lab has seen each on real FRR."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import pairwise

import pytest

from frrgen.errors import InputError
from frrgen.model.lists import AccessListEntry
from frrgen.platforms.frr.diff.changes import Commands
from frrgen.platforms.frr.diff.overwrite import leaves_rest
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.grammar.policy import LISTS
from frrgen.platforms.frr.parse.parser import parse


def plan(running, intended, version="8.4.4", **more):
    here, there = (parse(f"frr version {version}\n{text}", name="r1") for text in (running, intended))
    assert not there.leftovers
    return make_plan(here, there.router.model_copy(update=more))


def bgp(*lines, family=()):
    inside = [" address-family ipv4 unicast", *(f"  {line}" for line in family), " exit-address-family"]
    return "\n".join(["router bgp 65000", *(f" {line}" for line in lines), *inside, "exit", ""])


@pytest.mark.parametrize(("version", "default"), [("8.4.4", False), ("9.1", True), ("10.3", True)])
def test_enforce_first_as_is_a_difference_exactly_where_it_is_not_the_versions_default(version, default):
    neighbor = "neighbor 192.0.2.1 remote-as 65001"
    words = {True: "neighbor 192.0.2.1 enforce-first-as", False: "no neighbor 192.0.2.1 enforce-first-as"}
    for value, word in words.items():
        empty = value == default
        assert plan(bgp(neighbor), bgp(neighbor, word), version).empty == empty
        assert plan(bgp(neighbor, word), bgp(neighbor), version).empty == empty


@pytest.mark.parametrize(("old", "new", "warned"), [(None, 1, True), (1, 2, True), (2, 1, False), (2, None, False)])
def test_a_plan_warns_of_sessions_that_a_higher_minimum_hold_time_would_refuse(old, new, warned):
    texts = (bgp(*([] if value is None else [f"bgp minimum-holdtime {value}"])) for value in (old, new))
    assert any("shorter hold time" in text for text in plan(*texts).warnings) == warned


@pytest.mark.parametrize(
    ("family", "word", "clauses"),
    [
        ("ipv4", "ip", ("match ip address prefix-list P", "match ip address D")),
        ("ipv6", "ipv6", ("match ipv6 address prefix-list P", "match ipv6 address D")),
    ],
)
def test_between_lists_of_two_kinds_a_route_map_with_the_new_list_stands_in(family, word, clauses):
    access = (
        "access-list D seq 5 permit 10.0.0.0/8" if word == "ip" else "ipv6 access-list D seq 5 permit 2001:db8::/32"
    )
    prefix = f"{word} prefix-list P seq 5 permit {'10.0.0.0/8' if word == 'ip' else '2001:db8::/32'}"

    def text(line):
        return (
            f"{access}\n{prefix}\nrouter bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n"
            f" address-family {family} unicast\n  neighbor 192.0.2.1 activate\n  neighbor 192.0.2.1 {line} in\n"
        )

    kinds = ("prefix-list P", "distribute-list D")
    for (new, old), clause in zip((kinds, kinds[::-1]), clauses, strict=True):
        assert clause in [line.strip() for line in plan(text(old), text(new)).commands]


def test_behind_a_raw_line_each_line_enters_its_context_again():
    enter = ("router bgp 65000",)
    made = Commands()
    made.add(enter, ["one", "two"])
    made.add(enter, ["three"])
    made.add_raw(enter, ["raw"])
    made.add(enter, ["four"])
    made.add(enter, ["five"])
    lines = list(made.lines())
    assert lines.count("router bgp 65000") == 2
    assert [before for before, now in pairwise(lines) if now == "four"] == ["router bgp 65000"]
    assert [before for before, now in pairwise(lines) if now == "five"] == ["four"]


@pytest.mark.parametrize(
    ("there", "entry", "rest"),
    [
        ({"source": "any", "destination": "192.0.2.1"}, {"source": "any", "destination": "192.0.2.2"}, False),
        ({"source": "192.0.2.1"}, {"source": "192.0.2.2"}, False),
        ({"source": "any", "destination": "192.0.2.1"}, {"source": "192.0.2.9", "destination": "192.0.2.1"}, True),
        ({"source": "192.0.2.1"}, {"source": "192.0.2.1", "destination": "any"}, True),
        ({"source": "192.0.2.0", "wildcard": "0.0.0.255"}, {"source": "192.0.2.1"}, True),
        ({"prefix": "10.0.0.0/8", "exact": True}, {"prefix": "10.1.0.0/16", "exact": True}, True),
        ({"prefix": "10.0.0.0/8"}, {"prefix": "10.1.0.0/16"}, False),
    ],
)
def test_an_access_list_entry_leaves_a_part_of_itself_behind_where_the_new_entry_lacks_the_part(there, entry, rest):
    kind = next(one for one in LISTS if one.field == "access_lists")
    old, new = (AccessListEntry.model_validate({"seq": 5, "action": "permit", **one}) for one in (there, entry))
    assert leaves_rest(kind, old, new) == rest


def test_a_role_of_a_members_own_is_sent_again_on_frr_10_when_the_role_of_its_group_changes():
    def text(role):
        return bgp("neighbor G peer-group", f"neighbor G local-role {role}", *member)

    member = [
        "neighbor 192.0.2.1 remote-as 65001",
        "neighbor 192.0.2.1 peer-group G",
        "neighbor 192.0.2.1 local-role peer",
    ]
    own = "neighbor 192.0.2.1 local-role peer"
    assert own in [line.strip() for line in plan(text("provider"), text("customer"), "10.3").commands]
    assert own not in [line.strip() for line in plan(text("provider"), text("provider"), "10.3").commands]


@pytest.mark.parametrize(("version", "empty"), [("8.4.4", True), ("10.3", True), ("10.7.1", False)])
def test_an_import_map_without_imported_vrfs_is_a_vpn_import_map_before_frr_10_7(version, empty):
    texts = (bgp(family=[line]) for line in ("import vrf route-map M", "route-map vpn import M"))
    maps = "route-map M permit 10\nexit\n"
    assert plan(*(maps + text for text in texts), version).empty == empty


@pytest.mark.parametrize("default", [True, False])
def test_a_family_that_is_active_by_default_is_no_difference_from_one_that_is_activated(default):
    head = [] if default else ["no bgp default ipv4-unicast"]
    neighbor = "neighbor 192.0.2.1 remote-as 65001"
    silent, on, off = (
        bgp(*head, neighbor, family=family)
        for family in ([], ["neighbor 192.0.2.1 activate"], ["no neighbor 192.0.2.1 activate"])
    )
    assert plan(silent, on if default else off).empty
    assert not plan(silent, off if default else on).empty
    assert plan(on if default else off, silent).empty
    assert not plan(off if default else on, silent).empty


def test_maps_that_call_each_other_are_followed_once():
    calls = "route-map A permit 10\n call B\nexit\nroute-map B permit 10\n call A\nexit\n"
    neighbor = ["neighbor 192.0.2.1 remote-as 65001"]
    text = bgp(*neighbor, family=["neighbor 192.0.2.1 route-map A in"])
    assert not plan(calls + text, bgp("bgp router-id 192.0.2.9", *neighbor)).empty


@pytest.mark.parametrize(
    ("polling", "expire", "first"),
    [((600, 900), (700, 1000), "expire"), ((900, 600), (1000, 700), "polling"), ((900, 600), (1000, 900), "expire")],
)
def test_an_rpki_expiry_never_stands_before_the_next_poll_on_the_way(polling, expire, first):
    def text(poll, end):
        return f"rpki\n rpki polling_period {poll}\n rpki expire_interval {end}\nexit\n"

    lines = [line.strip() for line in plan(*map(text, polling, expire)).commands]
    places = {
        word: next(n for n, line in enumerate(lines) if line.startswith(f"rpki {word}"))
        for word in ("expire", "polling")
    }
    assert min(places, key=places.get) == first
    state = {"polling": polling[0], "expire": expire[0]}
    for line in lines:
        for word in state:
            if line.startswith(f"rpki {word}"):
                state[word] = int(line.split()[-1])
                assert state["expire"] >= state["polling"], lines


@pytest.mark.parametrize(
    ("old", "new", "undone"),
    [
        ("match peer 192.0.2.1", "match peer 192.0.2.2", True),
        ("match peer 192.0.2.1", "match peer local", True),
        ("match peer 192.0.2.1", "match metric 7", False),
    ],
)
def test_a_peer_that_is_matched_is_removed_before_another_peer_is(old, new, undone):
    texts = (f"route-map M permit 10\n {line}\nexit\n" for line in (old, new))
    lines = [line.strip() for batch in plan(*texts).batches[:1] for line in batch]
    assert ("no match peer" in lines and new not in lines) == undone


@pytest.mark.parametrize(("word", "dies"), [(" summary-only", True), (" suppress-map M", True), ("", False)])
def test_graceful_shutdown_does_not_change_beside_a_suppressing_aggregate_on_frr_10_3(word, dies):
    maps = "route-map M permit 10\nexit\n"
    family = ["network 10.1.0.0/16", f"aggregate-address 10.0.0.0/8{word}"]
    texts = maps + bgp(family=family), maps + bgp("bgp graceful-shutdown", family=family)
    with pytest.raises(InputError, match="FRR432") if dies else nullcontext():
        assert not plan(*texts, "10.3").empty


ALIKE = ("route-map M in", "route-map M out", "addpath-tx-all-paths", "disable-addpath-rx")
ALIKE_BESIDE = ("ebgp-multihop 3", "ttl-security hops 3", "graceful-restart")


@pytest.mark.parametrize("line", [*ALIKE, *ALIKE_BESIDE])
def test_an_option_that_a_member_and_its_group_have_alike_is_no_difference_beside_the_group_alone(line):
    def text(*owners):
        lines = [f"neighbor {owner} {line}" for owner in owners]
        inside = line in ALIKE
        head = ["neighbor G peer-group", "neighbor G remote-as 65001", "neighbor 192.0.2.1 peer-group G"]
        return f"route-map M permit 10\nexit\n{bgp(*head, *([] if inside else lines), family=lines if inside else [])}"

    assert plan(text("G", "192.0.2.1"), text("G")).empty
    assert plan(text("G"), text("G", "192.0.2.1")).empty
    assert not plan(text("G"), text()).empty
    assert not plan(text(), text("192.0.2.1")).empty
