"""A hundred policies and what a real FRR 8.4.4 did with the routes it was sent, measured: we say the same."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.frr.partial_entries import unread_entries
from tests.policy.cases import CASES, LATER, PEER, accepted, measured, sent

UNDECIDED = {
    "X02": "the neighbor's AS is not named, and enforce-first-as asks for it",
    "R05": "whether an empty list matches depends on what came first",
    "R05c": "whether an empty list matches depends on what came first",
    "C8": "match interface asks for what a route does not say",
    "C15": "FRR refuses a line of it; what is judged is what FRR shows",
    "C14": "the parser does not read abbreviations, and says so",
    "A16": "glibc finds what is not there",
    "C10": "FRR refuses the line, and so do we: what is judged is what FRR shows",
    "C12": "whether there is such an alias a route does not say",
    "F08": "FRR refuses the line, and so do we",
    "F10": "FRR refuses the line, and so do we",
    "C13": "without its module FRR takes `match rpki` for another clause",
}


def test_there_are_a_hundred_cases_and_more_of_ours():
    assert len(CASES) > 140
    assert len({case["id"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_we_say_what_frr_did(case):
    router, leftovers = parse(case["config"], name="d", frr_version="8.4.4")
    expected = accepted(case["accepted"])
    for one in case["sent"]:
        route = sent(one)
        verdict = evaluate(router, PEER, "in", route, unread=unread_entries(leftovers))
        if case["id"] in UNDECIDED:
            assert verdict.verdict == "undecided"
            assert verdict.undecided
            continue
        text = one["prefix"]
        assert verdict.verdict == ("permit" if text in expected else "deny"), (text, verdict.trace)
        if text not in expected:
            continue
        for name, value in {"metric": "0", "weight": "0", **expected[text]}.items():
            assert as_shown(verdict.route)[name] == value, (text, name)


def as_shown(route):
    return {
        "metric": str(route.med or 0),
        "weight": str(route.weight),
        "locPrf": str(100 if route.local_preference is None else route.local_preference),
        "comm": route.community_string,
        "large": route.large_community_string,
        "path": route.as_path,
        "nh": str(route.next_hop),
    }


REFUSED = {
    "F16": "FRR refuses the call, and with it all that stands in the same transaction",
}
"""Cases whose configuration an FRR that boots from it does not take."""


@pytest.mark.parametrize("version", LATER)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_we_say_what_a_later_frr_did(case, version):
    router, leftovers = parse(case["config"], name="d", frr_version=version)
    expected = measured(case, version)
    if case["id"] in REFUSED:
        assert expected == {}
        return
    for one in case["sent"]:
        verdict = evaluate(router, PEER, "in", sent(one), unread=unread_entries(leftovers))
        if verdict.verdict == "undecided":
            assert case["id"] in UNDECIDED
            continue
        text = one["prefix"]
        if (case["id"], version, text) == ("I1", "10.7.1", "10.98.1.2/32"):
            # the router's own address, which the configuration does not tell: bgpd ignores it from 10.7 on
            assert text not in expected
            continue
        assert verdict.verdict == ("permit" if text in expected else "deny"), (text, verdict.trace)
        shown = as_shown(verdict.route)
        shown["comm"] = shown["comm"].replace("internet", "0:0")
        for name, value in expected.get(text, {}).items():
            assert shown[name] == value, (text, name)


def test_every_undecided_case_is_there():
    assert UNDECIDED.keys() <= {case["id"] for case in CASES}
