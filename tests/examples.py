"""How many examples a property draws: all of them in `make test`, a fifth in `make check` (FRRGEN_QUICK)."""

import os
from collections.abc import Sequence
from typing import TypeVar

Example = TypeVar("Example")

QUICK = bool(os.environ.get("FRRGEN_QUICK"))


def examples(number: int) -> int:
    """Return the number of examples that this run draws of so many."""
    return max(5, number // 5) if QUICK else number


def part(every: Sequence[Example]) -> Sequence[Example]:
    """Return the examples that this run tries of a list: all of them, or each fifth."""
    return every[::5] if QUICK else every
