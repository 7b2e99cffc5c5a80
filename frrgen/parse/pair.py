"""Two FRR configurations of which only the difference matters: what both say alike is passed over.

Of 50,000 list lines of which a hundred differ, or of a thousand route maps of which ten do, only those are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from frrgen.grammar.policy import LISTS
from frrgen.parse.frr import Parsed, parse, said_version

_LIST_STARTS: Final = tuple(f"{kind.words} " for kind in LISTS)
_CLAUSE: Final = (" ", "\t", "exit", "match ", "set ", "call ", "on-match ", "continue ", "description ", "no match ")


def parse_pair(
    running: str, intended: str, *, name: str = "router", frr_version: str | None = None
) -> tuple[Parsed, Parsed]:
    """Read two texts, so that they differ in just what they differed in before.

    Of each list one common line is kept, so that neither side takes it for a new or a removed one. Of the route maps
    that are the same on both sides those are kept that use something that is not.
    """
    if frr_version is None:
        frr_version = said_version(running) or said_version(intended)
    ours, theirs = running.split("\n"), intended.split("\n")
    passed = _passed_lists(ours, theirs)
    dropped = _passed_maps(ours, theirs)
    texts = (
        "\n".join(["" if line in passed or number in gone else line for number, line in enumerate(lines)])
        for lines, gone in zip((ours, theirs), dropped, strict=True)
    )
    first, second = (parse(text, name=name, frr_version=frr_version) for text in texts)
    return first, second


def _passed_lists(ours: list[str], theirs: list[str]) -> set[str]:
    common = {line for line in set(ours).intersection(theirs) if line.startswith(_LIST_STARTS) and " seq " in line}
    # a number that a text gives twice, to different values, is for the parser to sort out
    numbers = {_numbered(line) for lines in (ours, theirs) for line in lines if line not in common}
    kept = {line.partition(" seq ")[0]: line for line in common}
    return {line for line in common if _numbered(line) not in numbers}.difference(kept.values())


def _numbered(line: str) -> str:
    head, _, rest = line.partition(" seq ")
    return f"{head} {rest.partition(' ')[0]}"


def _passed_maps(ours: list[str], theirs: list[str]) -> tuple[set[int], set[int]]:
    """Find the lines, by number, of the route maps that need not be read."""
    mine, yours = _maps(ours), _maps(theirs)
    same: dict[str, set[str]] = {}
    for name in mine.keys() & yours.keys():
        text = [ours[number] for number in mine[name]]
        if text == [theirs[number] for number in yours[name]]:
            same[name] = set(" ".join(text).split())
    changed = (mine.keys() | yours.keys()) - same.keys()
    changed |= set(_list_names(set(ours).symmetric_difference(theirs)))
    todo = True
    while todo:
        needed = {name for name, words in same.items() if not words.isdisjoint(changed)}
        todo = bool(needed)
        changed |= needed
        for name in needed:
            del same[name]
    return {number for name in same for number in mine[name]}, {number for name in same for number in yours[name]}


def _list_names(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        plain = line.removeprefix("no ")
        for start in _LIST_STARTS:
            if plain.startswith(start):
                yield from re.findall(r"[^ ]+", plain[len(start) :])[:2]


def _maps(lines: list[str]) -> dict[str, list[int]]:
    """Find the numbers of the lines of each route map."""
    found: dict[str, list[int]] = {}
    name = ""
    for number, line in enumerate(lines):
        if line.startswith(("route-map ", "no route-map ")):
            name = line.removeprefix("no ").split(" ")[1]
            found.setdefault(name, []).append(number)
        elif name and line.startswith(_CLAUSE):
            found[name].append(number)
            if line.startswith("exit"):
                name = ""
        elif line and line[0] != "!":
            name = ""
    return found
