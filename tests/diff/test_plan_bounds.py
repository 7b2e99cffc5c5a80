"""Where a plan draws the line: what it shuts, restarts, clears, warns of and refuses, and what it passes over."""

from __future__ import annotations

import pytest

from frrgen.codes import Code
from frrgen.errors import InputError
from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.avoid import restarted
from frrgen.platforms.frr.diff.changes import Change, Op
from frrgen.platforms.frr.diff.faults import faults, refuse_deaths
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.diff.prune import undo
from frrgen.platforms.frr.diff.traps import traps
from frrgen.platforms.frr.diff.unread import only_in, refuse_endangered, refuse_lost
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import parse


def router(text, version="8.4.4"):
    read = parse(text, name="r1", frr_version=version)
    assert not read.leftovers
    return read.router


def plan(old, new, version="8.4.4", *, avoid=False):
    return make_plan(parse(old, name="r1", frr_version=version), router(new, version), avoid=avoid)


def warned(old, new, version="8.4.4"):
    return [*faults(router(old, version), router(new, version))]


# a plan with --avoid


@pytest.mark.parametrize(
    ("command", "session"),
    [
        ("clear bgp 192.0.2.1", ("", "192.0.2.1")),
        ("clear bgp vrf red 192.0.2.1", ("red", "192.0.2.1")),
        ("clear bgp peer-group G", ("", "dynamic neighbors of G")),
        ("clear bgp vrf red peer-group G", ("red", "dynamic neighbors of G")),
        ("clear bgp *", None),
        ("clear bgp vrf red *", None),
        ("clear bgp ipv4 unicast 192.0.2.1 soft in", None),
    ],
)
def test_a_command_that_restarts_a_session_names_it(command, session):
    assert [*restarted([command])] == ([] if session is None else [session])


SESSIONS = """\
router bgp 65000{vrf}
{lines} neighbor G peer-group
 neighbor G remote-as 65001
 neighbor 192.0.2.1 remote-as 65001
 neighbor 192.0.2.2 peer-group G
 neighbor 192.0.2.3 remote-as 65002
 bgp listen range 10.0.0.0/24 peer-group G
exit
"""
MEMBERS = " bgp confederation identifier 64999\n bgp confederation peers {}\n"


@pytest.mark.parametrize("vrf", ["", " vrf red"])
def test_the_sessions_that_join_or_leave_a_confederation_are_shut_while_it_changes(vrf):
    old, new = (SESSIONS.format(vrf=vrf, lines=MEMBERS.format(asns)) for asns in ("65001 65009", "65009"))
    made = plan(old, new, "10.3", avoid=True)
    lines = [line.strip() for line in made.commands]
    for name in ("192.0.2.1", "192.0.2.2", "G"):
        shut, opened = lines.index(f"neighbor {name} shutdown"), lines.index(f"no neighbor {name} shutdown")
        assert shut < lines.index("no bgp confederation peers 65001") < opened, name
        assert f"no neighbor {name} shutdown" in [line.strip() for line in made.reopened]
    assert "neighbor 192.0.2.3 shutdown" not in lines
    resets = {one.neighbor for one in made.sessions if one.impact is Impact.RESET}
    assert resets == {"192.0.2.1", "192.0.2.2", "dynamic neighbors of G"}


@pytest.mark.parametrize("shut", ["192.0.2.1", "G"])
def test_a_session_that_is_shut_already_is_neither_shut_nor_opened(shut):
    old, new = (
        SESSIONS.format(vrf="", lines=MEMBERS.format(asns)).replace("exit", f" neighbor {shut} shutdown\nexit")
        for asns in ("65001 65009", "65009")
    )
    lines = [line.strip() for line in plan(old, new, "10.3", avoid=True).commands]
    assert not [line for line in lines if line.endswith(f" {shut} shutdown")]
    assert ("neighbor 192.0.2.2 shutdown" in lines) == (shut != "G")
    assert ("neighbor 192.0.2.1 shutdown" in lines) == (shut == "G")


def test_a_session_that_shall_be_shut_is_not_opened_behind_the_confederation():
    old, new = (SESSIONS.format(vrf="", lines=MEMBERS.format(asns)) for asns in ("65001 65009", "65009"))
    made = plan(old, new.replace("exit", " neighbor 192.0.2.1 shutdown\nexit"), "10.3", avoid=True)
    lines = [line.strip() for line in made.commands]
    assert "neighbor 192.0.2.1 shutdown" in lines
    assert "no neighbor 192.0.2.1 shutdown" not in lines
    assert "no neighbor 192.0.2.2 shutdown" in lines


@pytest.mark.parametrize(("vrf", "where"), [("", ""), (" vrf red", "vrf red ")])
def test_what_sessions_have_only_behind_a_restart_restarts_them(vrf, where):
    old = SESSIONS.format(vrf=vrf, lines="")
    made = plan(old, old.replace("exit", " neighbor G timers 20 60\nexit"), avoid=True)
    assert set(made.restarts) == {f"clear bgp {where}192.0.2.2", f"clear bgp {where}peer-group G"}
    assert {one.neighbor for one in made.sessions if one.impact is Impact.RESET} == {
        "192.0.2.2",
        "dynamic neighbors of G",
    }


@pytest.mark.parametrize("vrf", ["", " vrf red"])
def test_a_session_that_resets_for_something_else_is_shut_as_well(vrf):
    old, new = (SESSIONS.format(vrf=vrf, lines=MEMBERS.format(asns)) for asns in ("65001 65009", "65009"))
    made = plan(old, new.replace("exit", " neighbor 192.0.2.3 passive\nexit"), "10.3", avoid=True)
    lines = [line.strip() for line in made.commands]
    assert lines.index("neighbor 192.0.2.3 shutdown") < lines.index("no neighbor 192.0.2.3 shutdown")


@pytest.mark.parametrize(("vrf", "where"), [("", ""), (" vrf red", "vrf red ")])
def test_the_restart_of_a_group_for_a_weight_that_goes_resets_its_members(vrf, where):
    new = SESSIONS.format(vrf=vrf, lines="")
    weight = " address-family ipv4 unicast\n  neighbor G weight 10\n exit-address-family\nexit"
    made = plan(new.replace("exit", weight), new, avoid=True)
    assert made.restarts == (f"clear bgp {where}peer-group G",)
    resets = {one.neighbor for one in made.sessions if one.impact is Impact.RESET}
    assert resets == {"192.0.2.2", "dynamic neighbors of G"}


def test_a_session_that_resets_anyway_is_not_restarted():
    old = SESSIONS.format(vrf="", lines="")
    new = old.replace("exit", " neighbor 192.0.2.1 timers 20 60\n neighbor 192.0.2.1 passive\nexit")
    assert plan(old, new, avoid=True).restarts == ()


# versions at which FRR dies, and what does not kill it


@pytest.mark.parametrize(
    ("version", "dies"), [("9.1", False), ("10.0", True), ("10.3", True), ("10.6.1", True), ("10.7", False)]
)
def test_frr_10_0_up_to_10_7_dies_of_a_graceful_shutdown_beside_a_suppressing_aggregate(version, dies):
    text = "router bgp 65000\n{} address-family ipv4 unicast\n  aggregate-address 10.0.0.0/8 summary-only\n"
    old, new = (router(text.format(line), version) for line in ("", " bgp graceful-shutdown\n"))
    refuse_deaths(old, old)
    if dies:
        with pytest.raises(InputError, match="FRR432"):
            refuse_deaths(old, new)
    else:
        refuse_deaths(old, new)


@pytest.mark.parametrize(("vrf", "where"), [("", "(bgp of r1)"), (" vrf red", "(vrf red of r1)")])
def test_the_refusal_of_a_change_that_kills_frr_names_the_instance(vrf, where):
    old, new = (
        router(SESSIONS.format(vrf=vrf, lines=MEMBERS.format(asns)), "10.3") for asns in ("65001 65009", "65009")
    )
    with pytest.raises(InputError, match="FRR432") as caught:
        refuse_deaths(old, new)
    assert where in str(caught.value)
    refuse_deaths(old, new, shut=True)


# warnings


@pytest.mark.parametrize(("count", "words"), [(1, "a1"), (3, "a3"), (4, "more")])
def test_routes_keep_the_aliases_of_their_communities_and_three_are_named(count, words):
    text = "".join(f"bgp community alias 65000:{n} a{n}\n" for n in range(1, count + 1))
    bgp = "router bgp 65000\nexit\n"
    (found,) = warned(bgp, text + bgp)
    named = ", ".join(f"65000:{n}" for n in range(1, min(count, 3) + 1))
    more = " and 1 more" if words == "more" else ""
    assert found.startswith(f"routes with {named}{more} keep the community alias")
    assert warned("", text) == []


@pytest.mark.parametrize(("version", "said"), [("9.1", False), ("10.0", True), ("10.3", True)])
def test_frr_10_goes_on_to_offer_several_paths(version, said):
    text = "router bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n address-family ipv4 unicast\n{}"
    best, every = (f"  neighbor 192.0.2.1 addpath-tx-{word}\n" for word in ("best-selected 2", "all-paths"))
    assert any(
        "several paths (ipv4 unicast)" in one for one in warned(text.format(best), text.format(""), version)
    ) == (said)
    assert warned(text.format(best), text.format(every), version) == []
    assert warned(text.format(""), text.format(best), version) == []
    assert warned(text.format(best), text.format(best), version) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", " bgp listen limit 99\n", True),
        (" bgp listen limit 101\n", "", True),
        ("", " bgp listen limit 100\n", False),
        (" bgp listen limit 99\n", "", False),
    ],
)
@pytest.mark.parametrize("ranges", [(True, True), (False, True), (True, False)])
def test_a_lower_listen_limit_is_a_warning_where_dynamic_neighbors_are_and_stay(old, new, said, ranges):
    texts = [
        f"router bgp 65000\n neighbor G peer-group\n neighbor G remote-as 65001\n{line}"
        + (" bgp listen range 10.0.0.0/24 peer-group G\n" if there else "")
        for line, there in zip((old, new), ranges, strict=True)
    ]
    assert any("keeps out dynamic neighbors" in one for one in warned(*texts)) == (said and all(ranges))


@pytest.mark.parametrize("vrf", ["", " vrf red"])
@pytest.mark.parametrize(("version", "said"), [("8.4.4", True), ("9.1", True), ("10.0", False)])
def test_a_target_of_both_ways_that_goes_may_kill_frr_before_10(version, said, vrf):
    text = f"router bgp 65000{vrf}\n address-family l2vpn evpn\n  advertise-all-vni\n{{}} exit-address-family\nexit\n"
    both = "".join(f"  route-target {way} 65000:7\n" for way in ("import", "export"))
    one_way = "  route-target import 65000:7\n"
    found = [one for one in warned(text.format(both), text.format(one_way), version) if "may die" in one]
    assert bool(found) == said
    assert all(("of vrf red" in one) == bool(vrf) for one in found)
    assert warned(text.format(both), text.format(both), version) == []
    assert warned(text.format(one_way), text.format(""), version) == []


# what the next start loses


@pytest.mark.parametrize(
    ("version", "count", "words"),
    [("8.4.4", 1, "1 route map of"), ("8.4.4", 2, "2 route maps of"), ("9.0", 2, None), ("10.3", 2, None)],
)
def test_maps_that_frr_8_saves_without_their_optimisation_are_counted(version, count, words):
    text = "".join(f"route-map M{n} permit 10\nexit\nno route-map M{n} optimization\n" for n in range(count))
    found = [one for one in traps(router(text, version)) if one.code is Code.FRR245]
    assert [words in one.message for one in found] == [True] * (words is not None)


@pytest.mark.parametrize("version", ["8.4.4", "10.0", "10.3"])
@pytest.mark.parametrize(
    ("count", "words"), [(0, None), (3, "M2 seq 10:"), (4, "M2 seq 10 and 1 more:"), (5, "2 more")]
)
def test_entries_that_frr_10_loses_the_alias_of_are_named_up_to_three(version, count, words):
    text = "".join(f"route-map M{n} permit 10\n match alias a\nexit\n" for n in range(count))
    found = [one for one in traps(router(text, version)) if one.code is Code.FRR246]
    assert [words in one.message for one in found] == [True] * (version != "8.4.4" and words is not None)


# clears


@pytest.mark.parametrize(("vrf", "command"), [("", "clear bgp *"), (" vrf red", "clear bgp vrf red *")])
@pytest.mark.parametrize(("version", "cleared"), [("8.4.4", True), ("9.1", True), ("10.0", False)])
def test_before_frr_10_the_sessions_of_an_instance_that_starts_again_are_cleared(version, cleared, vrf, command):
    text = f"router bgp 65000{vrf}\n{{}} neighbor 192.0.2.1 remote-as 65001\n"
    shut, up = text.format(" bgp shutdown\n"), text.format("")
    assert (command in plan(shut, up, version).after) == cleared
    for old, new in ((up, shut), (shut, shut), (up, up), ("", up)):
        assert command not in plan(old, new, version).after


MAP = "route-map M permit 10\n{} match ip address prefix-list P\nexit\n"
LIST = "ip prefix-list P seq 5 permit 10.{}.0.0/16\n"


TIMER = "bgp route-map delay-timer {}\n"


@pytest.mark.parametrize(
    ("timer", "lines", "cleared"),
    [
        ("", (" set metric 7\n", " set metric 8\n"), False),
        (TIMER.format(1), (" set metric 7\n", " set metric 8\n"), False),
        (TIMER.format(0), (" set metric 7\n", " set metric 8\n"), True),
        (TIMER.format(0), ("", ""), False),
        ("", ("", " on-match next\n"), True),
    ],
)
@pytest.mark.parametrize("vrf", ["", " vrf red"])
@pytest.mark.parametrize("owner", ["192.0.2.1", "G"])
def test_a_map_that_changes_is_applied_by_a_clear_where_frr_does_not_do_so(timer, lines, cleared, vrf, owner):
    users = SESSIONS.format(vrf=vrf, lines="").replace(
        "exit", f" address-family ipv4 unicast\n  neighbor {owner} route-map M in\n exit-address-family\nexit"
    )
    before, after = (timer + LIST.format(1) + MAP.format(line) + users for line in lines)
    command = f"clear bgp{vrf} ipv4 unicast {'peer-group G' if owner == 'G' else owner} soft in"
    assert [one for one in plan(before, after).after if one.startswith("clear")] == [command] * cleared


@pytest.mark.parametrize("vrf", ["", " vrf red"])
def test_another_default_local_preference_is_applied_by_a_clear_of_each_family(vrf):
    old, new = (SESSIONS.format(vrf=vrf, lines=line) for line in ("", " bgp default local-preference 200\n"))
    assert plan(old, new).after == tuple(f"clear bgp{vrf} {family} unicast * soft" for family in ("ipv4", "ipv6"))


@pytest.mark.parametrize(("owner", "who"), [("192.0.2.1", "192.0.2.1"), ("G", "peer-group G")])
def test_a_list_that_changes_is_applied_by_one_clear_of_the_neighbor_or_group_that_names_it(owner, who):
    users = SESSIONS.format(vrf="", lines="").replace(
        "exit", f" address-family ipv4 unicast\n  neighbor {owner} prefix-list P out\n exit-address-family\nexit"
    )
    made = plan(LIST.format(1) + users, LIST.format(2) + users)
    assert [one for one in made.after if one.startswith("clear")] == [f"clear bgp ipv4 unicast {who} soft out"]
    refreshed = {one.neighbor for one in made.sessions if one.impact is Impact.REFRESH}
    assert refreshed == {"192.0.2.1" if owner != "G" else "192.0.2.2"}


# lines that were not read


def left(*context, line, lost=(), why=""):
    return Leftover(context=context, line=line, number=7, lost=lost, why=why)


@pytest.mark.parametrize(
    ("context", "line", "path", "before", "refused"),
    [
        (["router bgp 65000"], "neighbor 192.0.2.1 new", ("bgp", "neighbors", "192.0.2.1"), "", True),
        (["router bgp 65000"], "no neighbor 192.0.2.1 new", ("bgp", "neighbors", "192.0.2.1"), "", True),
        (["router bgp 65000"], "neighbor 192.0.2.1 new", ("bgp", "neighbors", "192.0.2.2"), "", False),
        (["router bgp 65000"], "neighbor 192.0.2.1", ("bgp", "neighbors", "192.0.2.2"), "", False),
        (["router bgp 65000"], "neighbor", ("bgp", "neighbors", "192.0.2.2"), "", True),
        (["router bgp 65000"], "bgp new", ("bgp", "cluster_id"), "", True),
        (["router bgp 65000"], "bgp new", ("route_maps", "M"), "", False),
        (["router bgp 65000"], "bgp new", ("vrfs", "red", "bgp", "cluster_id"), "", False),
        (["router bgp 65000 vrf red"], "bgp new", ("vrfs", "red", "bgp", "cluster_id"), "", True),
        (["router bgp 65000 vrf red"], "bgp new", ("bgp", "cluster_id"), "", False),
        (["router bgp 65000", "address-family ipv6 unicast"], "new", ("bgp", "ipv6_unicast", "networks"), "", True),
        (["router bgp 65000", "address-family ipv6 unicast"], "new", ("bgp", "ipv4_unicast", "networks"), "", False),
        (["route-map M permit 10"], "match new", ("route_maps", "M", "10"), "", True),
        (["route-map M permit 10"], "match new", ("route_maps", "N", "10"), "", False),
        (["vrf red"], "new", ("vrfs", "red", "vni"), "", True),
        (["vrf red"], "new", ("vrfs", "blue", "vni"), "", False),
        (["bfd"], "new", ("bfd_peers", "192.0.2.1"), "", True),
        (["rpki"], "rpki new", ("rpki", "caches"), "", True),
        (["rpki"], "rpki new", ("bfd_peers", "192.0.2.1"), "", False),
        ([], "agentx new", ("agentx",), "agentx", True),
        ([], "no agentx new", ("agentx",), "agentx", True),
        ([], "agentx new", ("route_maps", "M"), "route-map M", False),
        (["frobnicate"], "agentx new", ("agentx",), "agentx", False),
    ],
)
def test_a_line_that_was_not_read_forbids_the_removal_of_what_it_may_say(context, line, path, before, refused):
    unread = [left(*context, line=line)]
    gone = Change(Op.REMOVE, path, before, None, Impact.NONE)
    for op in (Op.ADD, Op.MODIFY):
        refuse_endangered([gone._replace(op=op)], unread, (), "r1.conf")
    refuse_endangered([gone], unread, ("7",), "r1.conf")
    if refused:
        with pytest.raises(InputError, match=r"r1\.conf:7(?s:.*)FRR407|FRR407(?s:.*)r1\.conf:7"):
            refuse_endangered([gone], unread, ("8",), "r1.conf")
    else:
        refuse_endangered([gone], unread, (), "r1.conf")


@pytest.mark.parametrize(("path", "refused"), [(("prefix_lists", "P", "5"), True), (("prefix_lists", "Q"), False)])
def test_a_list_that_was_not_read_is_not_removed(path, refused):
    unread = [left(line="ip prefix-list P seq 5 permit new", lost=("prefix_lists", "P"))]
    gone = [Change(Op.REMOVE, path, "ip prefix-list", None, Impact.NONE)]
    refuse_endangered(gone, unread, ("prefix_lists.P",), "r1.conf")
    if refused:
        with pytest.raises(InputError, match="FRR407"):
            refuse_endangered(gone, unread, (), "r1.conf")
    else:
        refuse_endangered(gone, unread, (), "r1.conf")


@pytest.mark.parametrize(
    ("count", "more"), [(1, ""), (2, ", and 1 more of its lines"), (3, ", and 2 more of its lines")]
)
def test_what_was_not_read_is_refused_with_the_number_of_its_lines(count, more):
    lines = [left(line=f"ip prefix-list P seq {n} new", lost=("prefix_lists", "P")) for n in range(count)]
    with pytest.raises(InputError, match="FRR406") as caught:
        refuse_lost(lines, ())
    assert f"cannot read this line{more}: ip prefix-list P seq 0 new" in str(caught.value)
    refuse_lost(lines, ("prefix_lists.P",))


def test_what_another_text_lacks_alike_is_no_difference_of_the_two():
    here = [left("vrf red", line="new"), left(line="new"), left("vrf red", line="other")]
    there = [left("vrf red", line="new")._replace(number=9), left("vrf blue", line="other")]
    assert only_in(here, there) == here[1:]


# pruning


@pytest.mark.parametrize(
    ("context", "line", "taken"),
    [
        ((), "debug bgp updates", "no debug bgp updates"),
        ((), "no agentx", "agentx"),
        ((), "password x", None),
        ((), "enable password x", None),
        (("line vty",), "exec-timeout 0 0", None),
        (("interface eth0",), "description to the north", "no description"),
        (("interface eth0", "link-params"), "metric 7", None),
        (("router isis X",), "area-password clear x", "no area-password"),
        (("frobnicate",), "new", None),
    ],
)
def test_a_line_is_taken_away_as_frr_takes_it_or_stays(context, line, taken):
    assert undo(context, line) == taken
