"""A hundred policies and what a real FRR 8.4.4 did with the routes it was sent, measured: we say the same."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from frrgen.model.types import community_value, large_community_value
from frrgen.parse.frr import parse
from frrgen.policy.evaluate import evaluate
from frrgen.policy.route import Route
from frrgen.policy.unread import unread_entries

FILES = ("frr-policy-cases-8.4.4.jsonl", "frr-policy-cases-more-8.4.4.jsonl")
CASES = [json.loads(line) for name in FILES for line in (Path(__file__).parent / name).read_text().splitlines()]
"""A hundred that came with the specification, and what was measured since."""
PEER = "10.98.1.1"
UNDECIDED = {
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


def sent(one):
    path = " ".join(str(asn) for asn in one.get("as_path", ()))
    prefix = ip_network(one["prefix"])
    hop = one.get("next_hop", PEER if prefix.version == 4 else "2001:db8:98::1")
    if "as_path_raw_hex" in one:
        path = "65001 {65010,65011}"
    return Route(
        prefix,
        as_path=path,
        next_hop=ip_address(hop),
        med=one.get("med"),
        local_preference=one.get("local_preference"),
        large_communities=frozenset(large_community_value(text) for text in one.get("large_communities", ())),
        communities=frozenset(community_value(text) for text in one.get("communities", ())),
    )


def accepted(text):
    """Read `{10.0.0.0/8{metric: 1, comm: 1:1 2:2}, …}`."""
    found = {}
    for prefix, rest in re.findall(r"([0-9a-f.:]+/\d+)((?:\{(?:[^{}]|\{[^{}]*\})*\})?)", text):
        attributes = dict(re.findall(r"(metric|weight|locPrf|comm|large|path|nh): ((?:[^,{}]|\{[^{}]*\})*)", rest))
        for name in attributes.keys() & {"comm", "path", "large"}:
            attributes[name] = attributes[name].replace("None", "").replace("Local", "").strip()
        found[prefix] = attributes
    return found


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


def test_every_undecided_case_is_there():
    assert UNDECIDED.keys() <= {case["id"] for case in CASES}
