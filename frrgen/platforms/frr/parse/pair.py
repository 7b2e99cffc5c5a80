"""Two FRR configurations whose difference alone matters: lines of both are passed over.

If a hundred of 50,000 list lines differ, or ten of a thousand route maps, only those are read. What
is done with every line is done by sets and slices: a function call a line would take longer than all the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from frrgen.platforms.frr.grammar.policy import LISTS
from frrgen.platforms.frr.parse.parser import Parsed, parse_lines, said_version

_LIST_STARTS: Final = tuple(f"{kind.words} " for kind in LISTS)
_WHOLE: Final = "bgp as-path access-list "
"""Lists that are read as a whole: which of their entries can be removed depends on all of them."""
_MAP_STARTS: Final = ("route-map ", "no route-map ")
_CLAUSE: Final = (" ", "\t", "!", "match ", "set ", "call ", "on-match ", "continue ", "description ", "no match ")


def parse_pair(
    running: str, intended: str, *, name: str = "router", frr_version: str | None = None
) -> tuple[Parsed, Parsed]:
    """Read two texts, so that they differ in just what they differed in before.

    Of each list one common line is kept, so that neither side takes it for a new or a removed one. Of the route maps
    that are the same on both sides those are kept that use something that is not.
    """
    if frr_version is None:
        frr_version = said_version(running) or said_version(intended)
    texts = [running.split("\n"), intended.split("\n")]
    ours, theirs = (set(lines) for lines in texts)
    differing = ours ^ theirs
    passed = _passed_lists(ours & theirs, differing)
    sides = [[one for one in enumerate(lines, 1) if one[1] not in passed] for lines in texts]
    first, second = (
        parse_lines(lines, name=name, frr_version=frr_version) for lines in _without_same_maps(sides, differing)
    )
    return first, second


def _passed_lists(common: set[str], differing: set[str]) -> set[str]:
    """Find the lines of lists that need not be read: none, where an entry's number is missing or given twice."""
    lines = [line for line in common if line.startswith(_LIST_STARTS) and not line.startswith(_WHOLE)]
    others = [line for line in differing if line.startswith(_LIST_STARTS) and not line.startswith(_WHOLE)]
    entries = [line for line in lines if " seq " in line]
    if any(" seq " not in line and (" permit " in line or " deny " in line) for line in (*lines, *others)):
        return set()
    numbers = _numbers(entries)
    known = set(numbers)
    if len(known) < len(numbers) or not known.isdisjoint(_numbers(others)):
        return set()
    # the last by name, for no order stands behind a set
    kept = {line.partition(" seq ")[0]: line for line in sorted(entries)}
    return set(entries).difference(kept.values())


def _numbers(entries: Iterable[str]) -> list[str]:
    """Return the beginning of each entry, up to its number."""
    return [line[: line.find(" ", line.find(" seq ") + 5)] for line in entries]


def _without_same_maps(sides: list[list[tuple[int, str]]], differing: set[str]) -> Iterator[list[tuple[int, str]]]:
    """Leave out the route maps that need not be read."""
    lines = [[line for _, line in side] for side in sides]
    found = [_maps(one) for one in lines]
    mine, yours = (
        {name: [line for part in parts for line in one[part]] for name, parts in maps.items()}
        for one, maps in zip(lines, found, strict=True)
    )
    same = {name: text for name, text in mine.items() if yours.get(name) == text}
    changed = (mine.keys() | yours.keys()) - same.keys()
    changed |= set(_list_names(differing))
    words = {name: set(" ".join(text).split()) for name, text in same.items()}
    while needed := {name for name in words if not words[name].isdisjoint(changed)}:
        changed |= needed
        for name in needed:
            del words[name]
    for side, maps in zip(sides, found, strict=True):
        last = 0
        kept: list[tuple[int, str]] = []
        for part in sorted((part for name in words for part in maps[name]), key=lambda part: part.start):
            kept += side[last : part.start]
            last = part.stop
        yield kept + side[last:]


def _list_names(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        plain = line.removeprefix("no ")
        for start in _LIST_STARTS:
            if plain.startswith(start):
                yield from plain[len(start) :].split()[:2]


def _maps(lines: list[str]) -> dict[str, list[slice]]:
    """Find where the entries of each route map stand."""
    starts = [number for number, line in enumerate(lines) if line.startswith(_MAP_STARTS)]
    clauses = {line for line in set(lines) if not line or line.startswith(_CLAUSE)}
    found: dict[str, list[slice]] = {}
    for start, following in pairwise([*starts, len(lines)]):
        inside = lines[start + 1 : following]
        if "exit" in inside:
            del inside[inside.index("exit") :]
        size = len(inside)
        if not clauses.issuperset(inside):
            size = next(number for number, line in enumerate(inside) if line not in clauses)
        end = start + 1 + size
        if end < following and lines[end] == "exit":
            end += 1
        found.setdefault(lines[start].removeprefix("no ").split(" ")[1], []).append(slice(start, end))
    return found
