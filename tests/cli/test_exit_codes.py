"""The exit code over several routers is that of the router that is worst off."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest

from frrgen.cli.common import worst
from frrgen.errors import Exit

WORST_FIRST = [Exit.UNKNOWN, Exit.ROLLED_BACK, Exit.INTERRUPTED, Exit.ERROR, Exit.UNDECIDED, Exit.CHANGES, Exit.OK]


def test_every_exit_code_has_its_place():
    assert set(WORST_FIRST) == set(Exit)
    assert worst([]) is Exit.OK


@pytest.mark.parametrize("pair", [*combinations(WORST_FIRST, 2)], ids=lambda pair: f"{pair[0].name} {pair[1].name}")
def test_of_two_routers_the_worse_decides_in_whichever_order(pair):
    assert {worst(order) for order in permutations(pair)} == {pair[0]}


def test_one_router_alone_decides():
    assert [worst([one]) for one in WORST_FIRST] == WORST_FIRST
    assert worst(reversed(WORST_FIRST)) is Exit.UNKNOWN
