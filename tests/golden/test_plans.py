"""A plan changes only when somebody means it to."""

from __future__ import annotations

from tests.golden.plans import GOLDEN, written


def test_the_plans_are_those_that_were_written_down():
    there = GOLDEN.read_text().split("## ")
    made = written().split("## ")
    assert len(made) > 500
    differing = [now for now in made if now not in set(there)]
    assert differing == [], "python -m tests.golden.plans, then look at what git shows"
    assert len(there) == len(made)
