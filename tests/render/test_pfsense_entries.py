"""Each key of an entry of a route map, with each word: the model says what FRR gets to see, or leaves the key over."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.parse.parser import parse as parse_frr
from frrgen.platforms.pfsense.dangling import as_generated
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.parse import parse
from frrgen.platforms.pfsense.render import box_of, sections
from frrgen.platforms.pfsense.schema import SCHEMA, blank
from tests.diff.test_pfsense_doors import home

WORDS = ("none", "", "x", "NOPE", "1", "k8s-p", "192.168.1.10", "10.0.0.1", "fd00::1", "64512:1")
ACTIONS = {
    "nexthop_action": ("nexthop_acl", "nexthop_pl", "nexthop_peer"),
    "metric_action": ("metric_value",),
    "localpref_action": ("localpref_value",),
    "aspath_action": ("aspath_match", "aspath_value"),
    "community_action": ("community_match", "community_set"),
    "tag_action": ("tag_value",),
}
FIELDS = {one.key: one for one in SCHEMA["frrglobalroutemaps"].fields}
KEYS = [key for key in FIELDS if key not in {"name", "seq", "action", "descr"}]


def said(router):
    """Return what the entry says, without its description."""
    (entry,) = router.route_maps["T"].entries
    return entry.model_copy(update={"description": None})


def alone():
    for key in KEYS:
        for word in dict.fromkeys([*FIELDS[key].values, *WORDS]):
            yield {key: word}


def beside():
    for action, keys in ACTIONS.items():
        for key in keys:
            for first in FIELDS[action].values:
                for word in dict.fromkeys([*FIELDS[key].values, *WORDS]):
                    yield {action: first, key: word}


@pytest.mark.parametrize("keys", [alone, beside])
def test_an_entry_of_a_box_says_what_frr_gets_to_see_or_is_left_over(keys):
    router = home()
    box = box_of(router)
    base = sections(router, box)
    wrong, tried = [], 0
    for one in keys():
        entry = blank("frrglobalroutemaps") | {"name": "T", "seq": "7", "action": "deny", **one}
        there = {**base, "frrglobalroutemaps": [*base["frrglobalroutemaps"], entry]}
        read = parse(there, box, name="home")
        seen = parse_frr(frr_conf(there, box), name="home", frr_version=router.frr_version)
        left = any(leftover.context == ("frrglobalroutemaps T 7",) for leftover in read.parsed.leftovers)
        tried += 1
        if not left and said(as_generated(read.parsed.router)) != said(seen.router):
            wrong.append(one)
    assert wrong == []
    assert tried > 100
