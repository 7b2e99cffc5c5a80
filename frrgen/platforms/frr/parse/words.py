"""The words of FRR's commands, context by context: which context has a command, and what its abbreviations mean.

FRR takes a word by any beginning that only one of the words at its place has, and a line that a context does not have
goes to the context around it. `words.txt` was measured: it is what `list` of vtysh shows on the versions that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

_VERSIONS: Final = ((8, 4), (10, 3), (10, 7))
"""The versions whose commands were measured."""
MEASURED: Final = _VERSIONS[-1]
"""The newest FRR whose commands are known."""
_Tree = dict[str, Any]
_TOKEN: Final = re.compile(r"[()]|[^\s()]+")
_NUMBER: Final = re.compile(r"[0-9]+|[0-9]+\.[0-9]+")
_ADDRESS: Final = re.compile(r"[0-9]+(\.[0-9]+){0,3}(/[0-9]+)?|[0-9a-fA-F:]*:[0-9a-fA-F:.]*(/[0-9]+)?")
_KINDS: Final = {"#": _NUMBER, "@": _ADDRESS, "*": re.compile(".*", re.DOTALL)}


@cache
def _contexts() -> list[tuple[list[re.Pattern[str]], _Tree]]:
    text = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^\[(.*)\]\n", text)[1:]
    return [
        ([re.compile(enter) for enter in name.split(" > ") if enter], _tree(iter(_TOKEN.findall(words))))
        for name, words in zip(parts[::2], parts[1::2], strict=True)
    ]


def _tree(tokens: Iterator[str]) -> _Tree:
    tree: _Tree = {}
    last: list[str] = []
    for part in tokens:
        if part == ")":
            break
        if part == "(":
            inner = _tree(tokens)
            tree.update(dict.fromkeys(last, inner))
        else:
            last = part.split("|")
            tree.update((word, {}) for word in last)
    return tree


@lru_cache(maxsize=1 << 12)
def _number(context: tuple[str, ...]) -> int | None:
    """Return which of the measured contexts this is."""
    for number, (enters, _) in enumerate(_contexts()):
        if len(enters) == len(context) and all(map(re.Pattern.fullmatch, enters, context)):
            return number
    return None


def _commands(context: tuple[str, ...]) -> _Tree | None:
    number = _number(context)
    return None if number is None else _contexts()[number][1]


def is_measured(context: Sequence[str]) -> bool:
    """Tell whether the commands of a context are known."""
    return _commands(tuple(context)) is not None


def in_full(context: Sequence[str], line: str, version: tuple[int, ...]) -> str | None:
    """Return a line with each word of FRR's in full; None if the context of this FRR has no such command."""
    tree = _commands(tuple(context))
    if tree is None:
        return None
    words = line.split(" ")
    negated = words[:1] if words[0] == "no" and len(words) > 1 else []
    found = _completions(tree, tuple(words[len(negated) :]), version, free=True)
    return " ".join([*negated, *found.pop()]) if len(found) == 1 else None


def lacks(context: Sequence[str], line: str, version: tuple[int, ...]) -> bool:
    """Tell whether the context of this FRR surely has no such command, and that of a later one has it.

    Between two versions that were measured nobody knows since when a command is there.
    """
    number = _number(tuple(context))
    words = tuple(line.removeprefix("no ").split(" "))
    if number is None or _newer(number).isdisjoint(words):
        return False
    return _came_behind(number, words, next((one for one in _VERSIONS if one >= version[:2]), MEASURED))


@lru_cache(maxsize=1 << 12)
def _came_behind(number: int, words: tuple[str, ...], version: tuple[int, ...]) -> bool:
    """Tell whether a measured context has a command of these words only behind a version."""
    _, tree = _contexts()[number]
    return _has(tree, words, MEASURED) and not _has(tree, words, version)


@cache
def _newer(number: int) -> frozenset[str]:
    """Return the words of a measured context's commands that not every version has."""
    found: set[str] = set()
    trees = [_contexts()[number][1]]
    while trees:
        tree = trees.pop()
        found.update(key.partition("^")[0] for key in tree if "^" in key)
        trees += tree.values()
    return frozenset(found)


def _has(tree: _Tree, words: tuple[str, ...], version: tuple[int, ...]) -> bool:
    """Tell whether a version has a command of these words; it is not known behind the place where it is cut off."""
    if not words or not tree:
        return True
    for key in tree:
        one, _, since = key.partition("^")
        fits = _KINDS[one].fullmatch(words[0]) is not None if one in _KINDS else one.startswith(words[0])
        if fits and (not since or version >= _numbers(since)) and _has(tree[key], words[1:], version):
            return True
    return False


def _completions(tree: _Tree, words: tuple[str, ...], version: tuple[int, ...], *, free: bool) -> set[tuple[str, ...]]:
    """Return the lines in full that the words may be: FRR looks at the whole line to know what a beginning stands for.

    `free`: whether the words may go on where the command is cut off. They may not behind a beginning, because nothing
    tells whether it is the command whose word was begun.
    """
    if not words:
        return {()}
    if not tree:
        return {words} if free else set()
    cut_off: set[tuple[str, ...]] = set()
    for kind in _words(tree, words[0], version):
        found = {
            (full, *rest)
            for key, full in kind
            for rest in _completions(tree[key], words[1:], version, free=key[0] == "*" or (free and full == words[0]))
        }
        if found and len(words) > 1 and all(key[0] in _KINDS and not tree[key] for key, _ in kind):
            # a name that ends the command, as far as it is known: a word that was begun may go on
            cut_off = cut_off or found
        elif found:
            return found
    return cut_off


def _words(tree: _Tree, word: str, version: tuple[int, ...]) -> Iterator[list[tuple[str, str]]]:
    """Find a word among those that may stand here: itself, what it stands for, and what it begins."""
    ones = [(key, *key.partition("^")[::2]) for key in tree]
    yield [(key, one) for key, one, _ in ones if one == word and one not in _KINDS]
    yield [(key, word) for key, one, _ in ones if one in _KINDS and _KINDS[one].fullmatch(word)][:1]
    yield [
        (key, one)
        for key, one, since in ones
        if one.startswith(word) and one not in _KINDS and (not since or version >= _numbers(since))
    ]


@cache
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
