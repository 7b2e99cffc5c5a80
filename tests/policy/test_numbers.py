"""What happens to a MED or a preference that is set, raised or lowered: held for every number near each end."""

from __future__ import annotations

from itertools import product

import pytest

from frrgen.model.types import U32_MAX
from frrgen.policy.frr.effects import Number
from frrgen.policy.questions.compare import _alike
from frrgen.policy.sets import interval
from frrgen.policy.sets.region import ABSENT

STEPS = (0, 4, U32_MAX, "+2", "+3", "-2", f"+{U32_MAX - 5}", f"-{U32_MAX - 5}")
KEPT = Number(0, 0, U32_MAX, 0)
CHAINS = [KEPT.then(one) for one in STEPS] + [KEPT.then(one).then(two) for one, two in product(STEPS[3:], repeat=2)]
ENDS = [ABSENT, *range(16), *range(U32_MAX - 15, U32_MAX + 1)]


def step(value, wanted):
    return wanted if isinstance(wanted, int) else max(0, min(U32_MAX, value + int(wanted)))


@pytest.mark.parametrize(("one", "two"), [*product(STEPS, repeat=2)])
def test_two_steps_do_to_each_number_what_a_step_after_a_step_does(one, two):
    both = KEPT.then(one).then(two)
    assert [both(value) for value in ENDS] == [step(step(max(value, 0), one), two) for value in ENDS]


@pytest.mark.parametrize("chain", CHAINS, ids=str)
def test_the_numbers_that_become_a_number_and_those_that_stay_are_exactly_these(chain):
    for wanted in ENDS[1:]:
        before = chain.before(wanted)
        assert [value for value in ENDS if interval.contains(before, value)] == [
            value for value in ENDS if chain(value) == wanted
        ]
    kept = chain.fixed()
    assert [value for value in ENDS[1:] if interval.contains(kept, value)] == [
        value for value in ENDS[1:] if chain(value) == value
    ]


@pytest.mark.parametrize("one", CHAINS, ids=str)
def test_the_numbers_of_which_two_changes_make_the_same_are_exactly_these(one):
    for other in CHAINS:
        alike = _alike(one, other)
        for value in ENDS:
            assert interval.contains(alike, value) == (one(value) == other(value)), (one, other, value)
