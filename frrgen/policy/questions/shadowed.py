"""Lines of lists that never decide, for the lines before them cover all that they cover."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from frrgen.policy.sets.paths import path_with
from frrgen.policy.sets.prefix_set import PrefixSet, access_permitted
from frrgen.policy.sets.witness import Literal


def idle_entries(kind: str, lst: Any) -> Iterator[int]:
    """Yield the numbers of such lines. Raises UndecidedError if expressions are too intricate."""
    if kind.endswith("access_lists"):
        yield from _access(lst, 6 if kind.startswith("ipv6") else 4)
    elif kind == "as_path_lists":
        yield from _as_path(lst)
    else:
        yield from _communities(lst)


def _access(lst: Any, version: int) -> Iterator[int]:
    covered = PrefixSet(version)
    for entry in lst.entries:
        own = access_permitted(
            lst.model_copy(update={"entries": (entry.model_copy(update={"action": "permit"}),)}), version
        )
        if own is None:
            return
        if not own - covered:
            yield entry.seq
        covered |= own


def _as_path(lst: Any) -> Iterator[int]:
    before: list[str] = []
    for entry in lst.entries:
        wanted = frozenset({Literal(entry.regex), *(Literal(other, found=False) for other in before)})
        if entry.regex in before or path_with(wanted) is None:
            yield entry.seq
        before.append(entry.regex)


def _communities(lst: Any) -> Iterator[int]:
    """Find lines that ask for all that an earlier one asks for, and expressions that were there already."""
    before: list[frozenset[str]] = []
    for entry in lst.entries:
        own = frozenset({f"regex {entry.regex}"} if entry.regex is not None else map(str, entry.communities))
        if any(other <= own for other in before):
            yield entry.seq
        before.append(own)
