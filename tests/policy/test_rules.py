"""Which measured case, or which test on real FRR, shows which rule: no rule is without one, and no case without a rule.

A case is an id of the measured data, which `tests/lab/test_policy_cases.py` repeats on each FRR; a test is one of
`tests/lab/test_policy*.py`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.policy.cases import CASES

RULES = {
    # prefix lists
    "a prefix list of a neighbor that is not defined denies everything": "P01",
    "a prefix list of a neighbor that has no entry permits everything": "P02",
    "without ge and le a line is of exactly its length": "P03",
    "le alone: from the length of the prefix on": "P04",
    "ge alone: up to the longest": "P05 P13",
    "ge and le: between them": "P06",
    "ge, le and the length may be equal, and a host route may have le 32": "P07 P08 P10 P22",
    "ge beyond le is refused": "P09",
    "ge 0 and le 0 are as if they were not said": "P12 P12b",
    "any is every prefix, the default route among them": "P11",
    "host bits of a prefix are cut off": "P14",
    "the first line in the order of numbers decides, whatever is longest": "P15 P16 P23",
    "the end of a list denies": "P03 P19",
    "a line with a number that is there takes its place": "P17",
    "a line that is there already under another number is left out": "P18",
    "a line with a length beyond 32 or the number 0 is refused, the others stay": "P20 P21",
    # attachment
    "nothing is attached and nothing is required: everything": "P00",
    "a route map of a neighbor that is not defined denies everything": "N01",
    "a filter list or distribute list of a neighbor that is not defined denies everything": "N02 N03",
    "a prefix list and a route map of a neighbor must both permit": "N04",
    "over eBGP a policy is required unless it is switched off": "N05",
    "any list counts as that policy": "N06 N08",
    "a route map counts as that policy even if it is not defined": "N07",
    "of a prefix list and a distribute list on one neighbor the second is refused": "N09",
    "an access list covers longer prefixes unless it says exact-match": "N10 N11",
    "an extended access list takes the destination for the mask": "E1",
    "a wildcard decides by the first address, whatever the length": "E2",
    "a filter list judges the AS path before the map": "A7",
    "the weight of a neighbor counts until a map sets another": "W1",
    # matches
    "an entry without a match matches everything": "R01 R02",
    "an entry without a number is refused": "C21",
    "a list that is not defined does not match": "R03 R04 R12 R13 R14 C11",
    "an empty prefix list matches nothing, or everything without the optimiser": "R05 R05b R05c R05d",
    "the end of a map denies": "R06",
    "a line that denies is no match: the next entry is asked": "R07",
    "matches of different kinds must all hold": "R08",
    "of two matches of a kind the second counts": "R09 C23 C24",
    "a list of the other IP version does not match, and of both versions nothing does": "R10 R10b R11 R11b R11d R21",
    "over eBGP a local preference that is absent is 0": "R15 R15b",
    "over iBGP the local preference that comes is matched": "R15c",
    "match metric 0 is refused without a word, and shown it ends bgpd": (
        "C10 test_match_metric_0_kills_bgpd_when_its_configuration_is_shown"
    ),
    "match prefix-len is dropped without a word": "R17 C4 C5",
    "FRR 8 drops match source-protocol without a word": "C7",
    "a line that FRR does not take leaves the entry with what else it says": "C12 C15",
    "words may be cut short": "C14",
    "match rpki without its module is another clause": "C13",
    "chance is 0 or 100 percent": "C9 C9b",
    "peer, next hop, route source, tag and interface are matched as they are": "R19 R20 R22 C6 C8 C17",
    # the course through a map
    "continue with a number is goto, without one FRR 8 ignores it": "C1 C2 C3 F09",
    "another action for an entry that is there keeps its clauses": "C20",
    "on-match next, and nothing later matches: denied": "F01 F18",
    "on-match next in the last entry permits": "F02 F19",
    "on-match next, and a later entry denies: denied": "F03",
    "sets stay, and later entries match what was set": "F04 F17",
    "goto a number that is not there goes to the next higher": "F05",
    "goto past the end permits": "F06",
    "goto an entry that does not match denies": "F07",
    "goto back, on-match in an entry that denies and a call of itself are refused": (
        "F08 F10 F16 test_a_refused_line_takes_no_other_with_it_when_each_is_typed"
    ),
    "an entry that denies calls nothing": "F11",
    "behind a call that permits the exit policy counts": "F12 F14",
    "a call that denies is final": "F15",
    "a call of a map that never was permits": "F13 F20",
    "a call of a map that was emptied entry by entry denies, and nothing shows it": (
        "test_a_called_map_that_was_emptied_entry_by_entry_denies_though_the_running_configuration_lacks_it"
    ),
    # sets
    "a relative metric stops at both ends": "S1 S2",
    "a relative local preference counts from 0 over eBGP in FRR 8": "S3 S4",
    "a relative local preference counts from what came over iBGP": "S6",
    "of two sets of a kind the last counts": "C25",
    "a metric of 0 may be set": "S5",
    "a next hop is set, and an IPv4 one outdoes an IPv6 one": "H2 H3 H4 H5",
    # communities
    "all values of a line must be there": "M1 M2 G1",
    "lines are asked in their order, the first decides": "M3 M5",
    "exact-match: no others": "M4 G2",
    "internet matches everything in FRR 8": "M6",
    "a line of a community list without values is refused": "M7",
    "an expression sees the whole sorted text, well-known ones by name": "M8 M9 M10 M13 M14 M15 M17 G3",
    "FRR 8 matches an empty text if there are no communities": "M11 M12",
    "communities are set, added once and taken away": "M16 M18 G4",
    "a list takes away what its lines permit, one by one": "M19 M21 M22 G5",
    "the order of taking away and setting is that of the lines": "M20 M20b",
    "blackhole gets no-export and graceful-shutdown preference 0, over eBGP alone, behind the policy": "B1 B2 B3",
    # AS paths
    "an expression of an AS path is over characters, with sets in braces": "A1 A4 A6 A10",
    "a repeated group finds more than it says, as in glibc": "A16",
    "AS numbers are taken out and put in front, and later entries see it": "A9 A14 A15",
    "our own AS in the path is refused, as often as is not allowed": "A2 A3 A5 A11",
    "AS 0 in the path is refused; empty paths, another first AS and sets are not, unasked": "A11 A13",
    "another first AS and an empty path are refused where the neighbor enforces the first AS": "A12",
    "a local AS stands in front unless that is switched off, and is refused in what comes": "A17 A18 A19 A20",
    "an AS_SET that is rejected ends the session": "test_an_as_set_ends_the_session_if_as_sets_are_rejected",
    # before and beside policy
    "multicast and link-local prefixes are ignored, by their first address": "I1 I2",
    "a next hop that is no host ends the session": "test_a_next_hop_that_is_no_host_resets_the_session",
    "a map saves no route from that, and allow-martian-nexthop does, in every version": (
        "test_the_next_hops_that_bgpd_refuses_are_those_that_explain_and_the_proofs_refuse"
    ),
    "peer-address is the neighbor's address for routes of its version, and nothing for others": (
        "test_the_next_hops_that_bgpd_refuses_are_those_that_explain_and_the_proofs_refuse"
    ),
    "a next hop that nothing leads to is let in and is not valid": (
        "test_a_next_hop_that_nothing_leads_to_is_let_in_and_not_valid"
    ),
    "a next hop that is set and is no host is refused, which depends on the version": "X11a X11b X11c X11d",
    "a next hop that is the router itself is refused": (
        "test_a_route_to_the_router_itself_is_refused_and_the_session_stays"
    ),
    "a graceful shutdown is told to everybody behind their policy": (
        "test_a_graceful_shutdown_is_told_to_everybody_behind_their_policy"
    ),
    "an aggregate withholds what is inside of it": (
        "test_what_is_inside_of_an_aggregate_is_withheld_and_explain_does_not_call_it_announced"
    ),
    "outbound an absent local preference is the default one within the AS, and 0 at its border": (
        "test_outbound_a_preference_that_is_absent_is_the_default_one_within_the_as_and_0_at_its_border"
    ),
    "remove-private-AS and as-override change the path before the map in FRR 8, and behind the map from FRR 10 on": (
        "test_the_path_that_a_neighbor_gets_is_the_path_that_explain_foretells"
        " test_where_neighbors_of_two_ases_share_an_update_group_explain_knows_of_no_path_that_has_their_ases"
    ),
    "a reflected route keeps what it has": (
        "test_a_reflected_route_keeps_what_it_has_unless_outbound_policy_is_allowed"
    ),
    "a relative MED counts from what came where attribute-unchanged keeps that, and else from 0 over eBGP": (
        "test_a_relative_med_counts_from_the_med_that_came_where_it_is_left_unchanged"
    ),
    # what versions tell apart
    "FRR 8 has internet for every route, beside other values as well; from FRR 10 on 0:0 is a community": (
        "M6 X04 X05 X06 CX1 CX2 CX3"
    ),
    "the text of 0:0 is internet in FRR 8 and 0:0 from FRR 10 on; other names are alike": "X07 V-W1",
    "from FRR 10 on communities are deleted before they are set, in whatever order the lines stand": "M20b CX4",
    "a relative local preference counts from 0 over eBGP until FRR 10.3, and from 100 in 10.7": "X08 V-L1 V-L2",
    "a relative local preference counts from what came over iBGP in every version": "V-L3",
    "an absent local preference over eBGP is matched as 0 in every version": "V-L4",
    "from FRR 10 on blackhole gets no-export over iBGP as well": "V-B1 B2",
    "an AS_SET that is rejected is dropped alone from FRR 10 on": "V-S1",
    "the first AS is asked before local-as is put in front, and an AS_SET in front is none": "X01 V-E1",
    "the first AS is enforced of remote-as external as well": "X02",
    "the first AS is enforced unasked from FRR 9.1 on": "V-E2 V-E3",
    "prefixes that begin with an IPv4-mapped address are ignored from FRR 10 on": "V-I3 I2",
    "a map that sets a next hop of no host lets the route in on FRR 8, and loses it from FRR 10 on": "V-N1",
    "an IPv6 next hop that is unspecified, loopback or multicast loses the route": (
        "X10 V-N2 N3-__ N3-__1 N3-ff02__1 N3-ff0e__1 N3-2001_db8_98__1 N3-2001_db8_77__1"
    ),
    "allow-martian-nexthop lets such a route in from FRR 10 on": (
        "N4-__ N4-__1 N4-ff02__1 N4-ff0e__1 N4-2001_db8_98__1 N4-2001_db8_77__1"
    ),
    "match source-protocol never matches what comes in from FRR 9 on": "C7",
    "an expression matches no route without communities from FRR 10 on": "M11 M12",
    "without its optimiser a map skips its first entry from FRR 9 on": "R05b R05d R11d",
    # changes of a policy in use
    "FRR 8 admits what a list denies that was edited under its optimiser": (
        "test_the_optimiser_of_frr_8_admits_what_an_edited_list_denies_until_the_list_is_named_again"
    ),
    "what a map asks is asked again after the delay, by a route refresh": (
        "test_what_a_map_asks_is_asked_again_without_being_told_to"
        " test_a_list_of_a_map_is_asked_again_after_the_delay_by_a_route_refresh"
    ),
    "or of what bgpd has kept, and then the peer is not asked": (
        "test_what_bgpd_has_kept_of_a_peer_it_asks_again_itself"
    ),
    "a peer that ignores the refresh leaves stale routes": (
        "test_a_peer_that_ignores_the_refresh_leaves_stale_routes_behind"
    ),
    "what is attached to the neighbor is asked again only when told to": (
        "test_what_is_attached_to_the_neighbor_itself_is_asked_again_only_when_told_to"
    ),
    "a map that goes in use denies everything": "test_a_map_that_goes_while_it_is_attached_denies_everything",
    "another map on the neighbor counts at once": "test_another_map_on_the_neighbor_counts_at_once",
    "FRR 8 denies everything at boot while the policy stands behind router bgp": (
        "test_a_policy_behind_router_bgp_denies_everything_at_boot_until_a_refresh_which_a_deaf_peer_never_answers"
    ),
    "a delay of 0 turns asking again off": "test_a_delay_of_0_turns_asking_again_off",
    "what goes and comes back within the delay moves no route": (
        "test_what_goes_and_comes_back_within_the_delay_moves_no_route"
        " test_what_comes_back_after_the_delay_has_moved_its_routes"
    ),
    # what a live router can be asked
    "bgpd answers for a prefix and a list": "test_the_oracle_on_a_live_router_says_what_we_say",
    "bgpd shows which of its routes a list or a map permits": (
        "test_bgpd_shows_which_of_its_routes_a_list_or_a_map_permits"
    ),
    "bgpd names the empty maps that it hides": "test_verify_live_asks_bgpd_itself",
    "a refused line of a file is told by its text, not by the return code": (
        "test_a_refused_line_of_a_file_is_told_by_its_text_and_not_by_the_return_code"
    ),
}
"""A rule of FRR in a sentence, and what shows it on real FRR."""
UNSEEN = {
    "a filter list of a neighbor is asked again at once": "FRR 10",
    "a policy behind router bgp counts from the start": "FRR 10",
}
"""Rules that were measured once on FRR 10.7.0, by hand, and have no test of the lab yet."""
LAB = Path(__file__).parents[1] / "lab"
IDS = {case["id"] for case in CASES}


def lab_tests():
    """Name the tests of policies on real FRR."""
    trees = [ast.parse(file.read_text()) for file in LAB.glob("test_policy*.py")]
    names = (node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef))
    return {name for name in names if name.startswith("test_")}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_a_case_on_real_frr(rule):
    shown = RULES[rule].split()
    assert shown
    assert set(shown) <= IDS | lab_tests()


def test_a_measured_case_shows_a_rule():
    assert {one for shown in RULES.values() for one in shown.split()} >= IDS


def test_a_rule_that_was_not_seen_is_of_a_version_that_the_lab_does_not_have():
    assert not UNSEEN.keys() & RULES.keys()
    assert all(reason.startswith(("FRR 9", "FRR 10")) for reason in UNSEEN.values())
