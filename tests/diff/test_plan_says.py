"""A plan says what it does: each change with its kind, and each session that resets."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.diff.changes import Op
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

BGP = "router bgp 65000\n"


def plan(old, new, version="8.4.4"):
    head = f"frr version {version}\n"
    return make_plan(parse(head + old, name="r1"), parse(head + new, name="r1").router)


def changes(old, new):
    """Return (kind, path, before, after) of each change."""
    return [(one.op, ".".join(one.path), one.before, one.after) for one in plan(old, new).changes]


def neighbors(count, asn):
    return BGP + "".join(f" neighbor 192.0.2.{n} remote-as {asn}\n" for n in range(1, count + 1))


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 session will reset: 192.0.2.1 (remote-as)."),
        (2, "2 sessions will reset: 192.0.2.1 (remote-as), 192.0.2.2 (remote-as)."),
        (5, "192.0.2.5 (remote-as)."),
        (6, "192.0.2.5 (remote-as), and 1 more."),
    ],
)
def test_the_summary_names_up_to_five_sessions_that_reset(count, words):
    summary = plan(neighbors(count, 65001), neighbors(count, 65002)).summary
    assert summary.startswith(f"Plan: 0 to add, {count} to change, 0 to remove on r1. ")
    assert summary.endswith(words)


def test_the_summary_counts_changes_of_each_kind():
    old = "ip prefix-list P seq 5 permit 10.0.0.0/8\nip prefix-list P seq 10 permit 11.0.0.0/8\n"
    new = "ip prefix-list P seq 5 deny 10.0.0.0/8\nip prefix-list P seq 15 permit 12.0.0.0/8\n"
    new += "ip prefix-list P seq 20 permit 13.0.0.0/8\n"
    assert plan(old, new).summary == "Plan: 2 to add, 1 to change, 1 to remove on r1. No session will reset."
    assert plan(old, old).summary == "Plan: nothing to do on r1."


LIST = "ip prefix-list P "


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("", f"{LIST}seq 5 permit any", (Op.ADD, "prefix_lists.P.5", None, f"{LIST}seq 5 permit any")),
        (
            f"{LIST}seq 5 permit 10.0.0.0/8",
            f"{LIST}seq 5 deny 10.0.0.0/8",
            (Op.MODIFY, "prefix_lists.P.5", f"{LIST}seq 5 permit 10.0.0.0/8", f"{LIST}seq 5 deny 10.0.0.0/8"),
        ),
        (f"{LIST}seq 5 permit any", "", (Op.REMOVE, "prefix_lists.P", "ip prefix-list P", None)),
        (
            f"{LIST}seq 5 permit any\n{LIST}seq 9 deny any",
            f"{LIST}seq 5 permit any",
            (Op.REMOVE, "prefix_lists.P.9", f"{LIST}seq 9 deny any", None),
        ),
        (
            f"{LIST}seq 5 permit any",
            f"{LIST}description new\n{LIST}seq 5 permit any",
            (Op.ADD, "prefix_lists.P.description", None, f"{LIST}description new"),
        ),
        (
            f"{LIST}description old\n{LIST}seq 5 permit any",
            f"{LIST}description new\n{LIST}seq 5 permit any",
            (Op.MODIFY, "prefix_lists.P.description", f"{LIST}description old", f"{LIST}description new"),
        ),
        (
            f"{LIST}description old\n{LIST}seq 5 permit any",
            f"{LIST}seq 5 permit any",
            (Op.REMOVE, "prefix_lists.P.description", f"{LIST}description old", None),
        ),
        ("bfd\n profile P\n exit\nexit", "", (Op.REMOVE, "bfd_profiles.P", "profile P", None)),
        ("", "bfd\n profile P\n exit\nexit", (Op.ADD, "bfd_profiles.P", None, "profile P")),
        ("bfd\n peer 192.0.2.1\n exit\nexit", "", (Op.REMOVE, "bfd_peers.0", "peer 192.0.2.1", None)),
        ("route-map M permit 10", "", (Op.REMOVE, "route_maps.M", "route-map M", None)),
    ],
)
def test_a_change_has_its_kind_and_its_lines(old, new, found):
    assert [(one[0], one[2], one[3]) for one in changes(f"{old}\n", f"{new}\n")] == [(found[0], found[2], found[3])]


def test_an_as_path_list_with_one_expression_twice_is_removed_and_written_again():
    head = "bgp as-path access-list A "
    old = f"{head}seq 5 permit _1_\n{head}seq 10 deny _1_\n"
    made = plan(old, f"{head}seq 5 permit _1_\n{head}seq 15 deny _1_\n")
    assert made.commands == (
        "no bgp as-path access-list A",
        f"{head}seq 5 permit _1_",
        f"{head}seq 15 deny _1_",
    )
    assert made.changes[0].op is Op.REMOVE


@pytest.mark.parametrize("gone", ["old", "new"])
def test_a_listen_range_with_a_group_that_one_side_lacks_is_no_fault(gone):
    group = " neighbor G peer-group\n neighbor G remote-as 65001\n bgp listen range 10.0.0.0/24 peer-group G\n"
    weight = " address-family ipv4 unicast\n  neighbor G weight 10\n"
    sides = {"old": BGP, "new": f"{BGP}{group}"} if gone == "old" else {"old": f"{BGP}{group}{weight}", "new": BGP}
    assert plan(sides["old"], sides["new"]).warnings == ()


def test_a_raw_line_that_runs_is_not_sent_again():
    running = parse("frr version 8.4.4\nfrobnicate all\n", name="r1")
    for raw, sent in ((("frobnicate all",), ()), (("frobnicate some",), ("frobnicate some",))):
        made = make_plan(running, running.router.model_copy(update={"raw": raw}))
        assert made.commands == sent
        assert [(one.op, one.after) for one in made.changes] == [(Op.ADD, line) for line in sent]


@pytest.mark.parametrize(("known", "action"), [(True, "permit"), (False, "deny")])
def test_a_map_that_stands_in_calls_the_session_s_own_map_or_denies_as_frr_does_by_a_missing_map(known, action):
    head = "ip prefix-list P seq 5 permit 10.0.0.0/8\naccess-list D seq 5 permit 10.0.0.0/8\n"
    head += "route-map M permit 10\n" if known else ""
    peer = f"{BGP} neighbor 192.0.2.1 remote-as 65001\n address-family ipv4 unicast\n"
    both = "  neighbor 192.0.2.1 route-map M in\n  neighbor 192.0.2.1 {} in\n"
    commands = plan(head + peer + both.format("distribute-list D"), head + peer + both.format("prefix-list P")).commands
    (entry,) = {
        line for line in commands if line.startswith("route-map") and line.endswith(" 10") and " M " not in line
    }
    assert f" {action} " in entry
    assert ("call M" in commands) == known
    assert "neighbor 192.0.2.1 route-map M in" in commands


def test_deterministic_med_goes_behind_the_neighbors_that_need_it():
    peer = " neighbor 192.0.2.1 remote-as 65001\n"
    family = " address-family ipv4 unicast\n  neighbor 192.0.2.1 addpath-tx-bestpath-per-AS\n"
    commands = plan(f"{BGP} bgp deterministic-med\n{peer}{family}", f"{BGP} bgp always-compare-med\n{peer}").commands
    places = [commands.index(line) for line in ("bgp always-compare-med", "no bgp deterministic-med")]
    undone = commands.index("no neighbor 192.0.2.1 addpath-tx-bestpath-per-AS")
    assert places[0] < undone < places[1]
    other = plan(f"{BGP} bgp always-compare-med\n{peer}", f"{BGP}{peer}  neighbor 192.0.2.1 description new\n").commands
    assert other.index("no bgp always-compare-med") < other.index("neighbor 192.0.2.1 description new")


def test_raw_lines_of_an_instance_are_sent_in_its_context():
    running = parse(f"frr version 8.4.4\n{BGP}", name="r1")
    bgp = running.router.bgp.model_copy(update={"raw": ("bgp frobnicate",)})
    made = make_plan(running, running.router.model_copy(update={"bgp": bgp}))
    assert made.commands[:2] == ("router bgp 65000", "bgp frobnicate")
