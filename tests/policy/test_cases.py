"""A hundred policies and what a real FRR 8.4.4 did with the routes it was sent, measured: we say the same."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from frrgen.model.types import community_value
from frrgen.parse.frr import parse
from frrgen.policy.evaluate import evaluate
from frrgen.policy.route import Route
from frrgen.policy.unread import unread_entries

CASES = [json.loads(line) for line in (Path(__file__).parent / "frr-policy-cases-8.4.4.jsonl").read_text().splitlines()]
PEER = "10.98.1.1"
UNDECIDED = {
    "R05": "whether an empty list matches depends on what came first",
    "R05c": "whether an empty list matches depends on what came first",
    "C8": "match interface asks for what a route does not say",
    "C15": "FRR refuses a line of it; what is judged is what FRR shows",
    "C14": "the parser does not read abbreviations, and says so",
    "C13": "without its module FRR takes `match rpki` for another clause",
}


def sent(one):
    path = " ".join(str(asn) for asn in one.get("as_path", ()))
    if "as_path_raw_hex" in one:
        path = "65001 {65010,65011}"
    return Route(
        ip_network(one["prefix"]),
        as_path=path,
        next_hop=ip_address(one["next_hop"]) if "next_hop" in one else ip_address(PEER),
        med=one.get("med"),
        communities=frozenset(community_value(text) for text in one.get("communities", ())),
    )


def accepted(text):
    """Read `{10.0.0.0/8{metric: 1, comm: 1:1 2:2}, …}`."""
    found = {}
    for prefix, rest in re.findall(r"([0-9a-f.:]+/\d+)((?:\{(?:[^{}]|\{[^{}]*\})*\})?)", text):
        attributes = dict(re.findall(r"(metric|weight|lp|locprf|comm|path|nh): ((?:[^,{}]|\{[^{}]*\})+)", rest))
        found[prefix] = attributes
    return found


def test_there_are_a_hundred_cases():
    assert len(CASES) == 100


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
        text = str(route.prefix)
        assert verdict.verdict == ("permit" if text in expected else "deny"), (text, verdict.trace)
        if text not in expected:
            continue
        attributes = expected[text]
        assert int(attributes.get("metric", 0)) == (verdict.route.med or 0)
        assert int(attributes.get("weight", 0)) == verdict.route.weight
        if "comm" in attributes:
            shown = attributes["comm"].replace("None", "").strip()
            assert verdict.route.community_string == shown
        if "path" in attributes:
            assert verdict.route.as_path == attributes["path"].strip().replace("Local", "")


def test_every_undecided_case_is_there():
    assert UNDECIDED.keys() <= {case["id"] for case in CASES}
