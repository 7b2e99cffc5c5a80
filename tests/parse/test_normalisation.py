"""What was sent and what FRR 8.4.4 then showed are the same to us: 466 commands, measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.platforms.frr.diff.changes import Commands
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

BASE = """\
router bgp 65001
 no bgp default ipv4-unicast
 neighbor PG peer-group
 neighbor PG remote-as 65003
 neighbor 10.0.0.1 remote-as 65002
 neighbor 10.0.0.2 remote-as 65001
 neighbor 2001:db8::1 remote-as 65002
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
 exit-address-family
exit
"""
ODD = {
    "neighbor 10.0.0.9 ebgp-multihop 2": "FRR forgets it on an iBGP neighbor; check says so",
    "rpki cache 192.0.2.9 3323 preference 1": "the case before it in the measurement is still there",
    "detect-multiplier 5": "the measurement lists a profile's line inside of the profile",
}
TEXT = (Path(__file__).parent / "frr-normalisation-8.4.4.jsonl").read_text()
CASES = [case for case in map(json.loads, TEXT.splitlines()) if "in" in case]
TAKEN = [
    case
    for case in CASES
    if not case["rc"]
    and case["added"]
    and not case["removed"]
    and not case["msg"].strip().startswith("%")
    and case["in"][-1] not in ODD
]


def shown(lines):
    """Write what was shown, given as `context / line`, as a configuration."""
    commands = Commands()
    for line in lines:
        *context, last = line.split(" / ")
        commands.add(tuple(context), [last])
    return "\n".join(commands.lines())


def both(case):
    sent = parse(f"{BASE}{chr(10).join(case['in'])}\nend\n")
    return sent, parse(f"{BASE}{shown(case['added'])}\nend\n")


def test_there_are_cases():
    assert len(TAKEN) > 350


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: case["case"])
def test_sent_and_shown_are_the_same(case):
    sent, back = both(case)
    assert bool(sent.leftovers) == bool(back.leftovers), (sent.leftovers, back.leftovers)
    if not sent.leftovers:
        plan = make_plan(back, sent.router.model_copy(update={"ownership": "full"}))
        assert plan.commands == ()


def test_hardly_anything_of_them_is_left_over():
    assert sum(bool(both(case)[0].leftovers) for case in TAKEN) <= 16


WORDS = sorted({word for case in CASES for line in (*case["in"], *case["added"]) for word in line.split()})
lines = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=7).map(" ".join)


@given(st.lists(st.one_of(lines, st.sampled_from([line for case in CASES for line in case["in"]])), max_size=12))
def test_no_text_whatever_makes_the_parser_raise(text):
    parse("\n".join(text))
