"""Names that nobody has yet."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count


def free_name(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """Return the wanted name, or the first of NAME-2, NAME-3 … that is not taken."""
    names = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
    return next(name for name in names if not is_taken(name))
