"""The rows of as-path and community lists: the package writes them without numbers, and bgpd numbers them.

A start numbers the rows 5, 10, 15 in the order of the file. frr-reload takes no account of order: it keeps the rows
that are there, puts new ones behind them, and takes old ones away. So the numbers say nothing, and the order may be
wrong. Seen on FRR 8.4.4 (community lists), 10.3 and 10.7.1 (as-path lists, too).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final

from frrgen.model.router import Router
from frrgen.platforms.frr.grammar.policy import LISTS, ListKind
from frrgen.platforms.frr.parse.parser import Parsed

_HEAD: Final = r"(bgp (?:as-path access-list|community-list(?: standard| expanded)?) \S+)"
_WRITTEN: Final = re.compile(rf"^{_HEAD} (seq|permit|deny) ", re.MULTILINE)
_ROW: Final = re.compile(rf"^{_HEAD} seq \d+ (.*)$", re.MULTILINE)
_KINDS: Final = tuple(kind for kind in LISTS if kind.field in {"as_path_lists", "community_lists"})


def without_numbers(frr_conf: str) -> frozenset[str]:
    """Return how the rows of each list begin that a file writes without numbers."""
    written = {(found[1], found[2] == "seq") for found in _WRITTEN.finditer(frr_conf)}
    return frozenset(head for head, numbered in written if not numbered and (head, True) not in written)


def numbered_anew(parsed: Parsed, heads: AbstractSet[str]) -> Parsed:
    """Return the rows of the lists with these heads the numbers that they would have after a start."""
    changes: dict[str, dict[str, Any]] = defaultdict(dict)
    for kind, name, head, lst in _lists(parsed.router):
        if head in heads:
            entries = (entry.model_copy(update={"seq": 5 * at}) for at, entry in enumerate(lst.entries, 1))
            changes[kind.field][name] = lst.model_copy(update={"entries": tuple(entries)})
    merged = {field: {**getattr(parsed.router, field), **lists} for field, lists in changes.items()}
    return parsed._replace(router=parsed.router.model_copy(update=merged)) if merged else parsed


def in_order(running: Parsed, intended: Parsed, heads: AbstractSet[str]) -> str:
    """Return the rows, numbered as a start would number them, of the lists that have others, or in another order.

    Of lists with these heads that are there; "" if all are as intended. A row that is there comes in FRR's own words.
    """
    there = {head: lst for *_, head, lst in _lists(running.router)}
    lines: list[str] = []
    for kind, _, head, lst in _lists(intended.router):
        if head not in heads or head not in there:
            continue
        rows = {_meaning(entry): f"{entry.action} {kind.value(entry)}" for entry in there[head].entries}
        wanted = {_meaning(entry): f"{entry.action} {kind.value(entry)}" for entry in lst.entries}
        if list(rows) != list(wanted):
            lines += [f"{head} seq {5 * at} {rows.get(row, wanted[row])}" for at, row in enumerate(wanted, 1)]
    return "\n".join(lines)


def all_rows(text: str) -> str:
    """Return the rows of all such lists in a configuration that FRR shows."""
    return "\n".join(found[0] for found in _ROW.finditer(text))


def ranked(text: str) -> str:
    """Return a configuration that FRR shows with the rows of each list numbered 5, 10, 15.

    `frrgen_ranked` in rows.php does the same.
    """
    seen: dict[str, int] = defaultdict(int)

    def rank(found: re.Match[str]) -> str:
        seen[found[1]] += 5
        return f"{found[1]} seq {seen[found[1]]} {found[2]}"

    return _ROW.sub(rank, text)


def _lists(router: Router) -> Iterator[tuple[ListKind, str, str, Any]]:
    for kind in _KINDS:
        for name, lst in kind.of(router).items():
            yield kind, name, kind.head(name, lst), lst


def _meaning(entry: Any) -> tuple[Any, ...]:
    return entry.action, entry.regex, frozenset(getattr(entry, "communities", None) or ())
