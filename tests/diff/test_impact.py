"""What a plan says of a session is what was measured on an established one."""

from __future__ import annotations

from pathlib import Path

import pytest

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

BASE = """\
router bgp 65001
 neighbor 10.0.0.1 remote-as 65002
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
  {}
 exit-address-family
 {}
exit
"""
ROWS = [
    line.split("|")
    for line in (Path(__file__).parent / "frr-impact-8.4.4.psv").read_text().splitlines()
    if not line.startswith(("#", "name|"))
]
ODD = {
    "local-as": "refused: it was the router's own",
    "port 179": "resets when set though it is the default; a plan never sets it",
}


def measured():
    """The options that are a neighbor's line as they are written in the table."""
    for name, status, on_set, *_ in ROWS:
        line = f"neighbor 10.0.0.1 {name}"
        for text in (BASE.format(line, "!"), BASE.format("!", line)):
            parsed = parse(text)
            before = parse(BASE.format("!", "!"))
            if status == "0" and not parsed.leftovers and parsed.router != before.router and name not in ODD:
                yield name, before, parsed.router, on_set == "RESET"
                break


CASES = list(measured())


def test_there_are_cases():
    assert len(CASES) >= 30


@pytest.mark.parametrize(("name", "before", "router", "resets"), CASES, ids=[case[0] for case in CASES])
def test_a_plan_resets_a_session_exactly_when_frr_does(name, before, router, resets):
    plan = make_plan(before, router)
    assert any(session.impact is Impact.RESET for session in plan.sessions) == resets
