"""Policies, the routes that were sent to a real FRR that had them, and what each version accepted."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address, ip_network
from pathlib import Path

from frrgen.model.types import community_value, large_community_value
from frrgen.policy.sets.route import Route

FOLDER = Path(__file__).parent
FILES = ("frr-policy-cases-8.4.4.jsonl", "frr-policy-cases-more-8.4.4.jsonl", "frr-policy-cases-versions.jsonl")


def _lines(name):
    return [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]


CASES = [case for name in FILES for case in _lines(name)]
"""A hundred that came with the specification, what was measured since, and what versions tell apart."""
LATER = {
    version: {case["id"]: case["accepted"] for case in _lines(f"frr-policy-cases-{version}.jsonl")}
    for version in ("10.3", "10.7.1")
    if (FOLDER / f"frr-policy-cases-{version}.jsonl").exists()
}
"""By version and case: what was accepted. `tests.lab.cases` writes it."""
PEER = "10.98.1.1"
TOGETHER = {"F08": "{}", "F10": "{}", "F16": "{}"}
"""A refused line takes with it all that vtysh has put into the same transaction; the data was read line by line."""


def sent(one):
    """A route as it was sent."""
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
    """Read `{10.0.0.0/8{metric: 1, comm: 1:1 2:2}, …}`, or data."""
    if isinstance(text, dict):
        return text
    found = {}
    for prefix, rest in re.findall(r"([0-9a-f.:]+/\d+)((?:\{(?:[^{}]|\{[^{}]*\})*\})?)", text):
        attributes = dict(re.findall(r"(metric|weight|locPrf|comm|large|path|nh): ((?:[^,{}]|\{[^{}]*\})*)", rest))
        for name in attributes.keys() & {"comm", "path", "large"}:
            attributes[name] = attributes[name].replace("None", "").replace("Local", "").strip()
        found[prefix] = attributes
    return found


def measured(case, version):
    """What an FRR that loads the policy from its startup file accepts; metric and weight are 0 if nothing is said."""
    found = LATER.get(version, {}).get(case["id"])
    if found is None:
        found = accepted(TOGETHER.get(case["id"], case["accepted"]))
    return {prefix: {"metric": "0", "weight": "0", **said} for prefix, said in found.items()}
