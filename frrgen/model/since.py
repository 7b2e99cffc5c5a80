"""With which version of FRR a field of the model came."""

from typing import NamedTuple


class Since(NamedTuple):
    """Says with which version of FRR a field came, or some values of it."""

    version: tuple[int, ...]
    """The first one that has it, as far as it is known: what was seen on 10.3 counts as 10.0."""
    values: tuple[object, ...] = ()
    """The values that came with it; empty: the field itself."""
