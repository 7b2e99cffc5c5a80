"""Communities as a finite domain: each value that a policy names, and the classes of all others.

Two values that no list and no expression tells apart are one: so a set of communities is, for a policy, which of the
atoms are in it. An expanded list's expression is asked about the whole sorted text (FRR's way); where it is found
exactly if it is found in one community alone, that is exact. Where not, the clause is undecided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from frrgen.model.types import WELL_KNOWN, community_text, community_value, large_community_value
from frrgen.policy.sets.automaton import MOST_STATES, found, machine, refuse_stray
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.witness import Literal, texts

_WHOLE: Final = re.compile(r"\^[0-9]+(:[0-9]+){1,2}\$")
Cube = frozenset[tuple[Any, bool]]
"""Which atoms must be there and which not; the others may be there."""
ANY: Final[Cube] = frozenset()

_U16: Final = "(0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_U32: Final = "(0|[1-9][0-9]{0,9})"
_LETTERS: Final = "0123456789:-" + "".join(sorted(set("".join(WELL_KNOWN)) - set("-0123456789")))
_NAMES: Final = "|".join(WELL_KNOWN)


@dataclass(frozen=True, slots=True)
class Other:
    """All values that nobody names and for which the same expressions are found; `example` is one of them."""

    vector: tuple[bool, ...]
    example: Any


class Atoms:
    """The atoms of what some policies say of (large) communities."""

    def __init__(
        self, named: Iterable[Any], regexes: Iterable[str], *, large: bool = False, internet: str = "internet"
    ) -> None:
        """Find the classes; `internet` is the text of community 0:0. Raises UndecidedError if there are too many."""
        self.large = large
        self._internet = internet
        self._text: Callable[[Any], str] = _large_text if large else self._community_text
        self._value: Callable[[str], Any] = large_community_value if large else community_value
        self.regexes = tuple(sorted(set(regexes)))
        self.named = frozenset(named) | {self._value(regex[1:-1]) for regex in self.regexes if _WHOLE.fullmatch(regex)}
        self.others = tuple(self._classes())
        self.all: tuple[Any, ...] = (*sorted(self.named), *self.others)

    def _community_text(self, value: int) -> str:
        return community_text(value) if value else self._internet

    def _classes(self) -> Iterable[Other]:
        names = [self._text(value) for value in self.named]
        if not self.large:
            plain = (value for value in WELL_KNOWN.values() if value or self._internet == "internet")
            names += [f"{value >> 16}:{value & 0xFFFF}" for value in plain]
            names += [] if self._internet == "internet" else ["internet"]
        literals = [Literal(regex) for regex in self.regexes]
        if names:
            literals.append(Literal(f"^({'|'.join(names)})$", found=False))
        for text, vector in texts(_token(large=self.large), literals, _letters(large=self.large)):
            if names and vector[-1]:
                continue
            yield Other(vector[: len(self.regexes)], self._value(text))

    def separable(self, regex: str) -> bool | None:
        """Tell whether it is found in the empty text; None if otherwise more than one community decides."""
        return _separable(regex, self.large)

    def has(self, atom: Any, regex: str) -> bool:
        """Tell whether an expression is found in an atom alone."""
        if isinstance(atom, Other):
            return atom.vector[self.regexes.index(regex)]
        return found(regex, self._text(atom))

    def only(self, values: Iterable[Any]) -> Cube:
        """Return the cube of exactly these values."""
        wanted = frozenset(values)
        return frozenset((atom, atom in wanted) for atom in self.all)

    def regex_cubes(self, regex: str, *, empty: bool | None = None) -> list[Cube]:
        """Return disjoint cubes in which an expression is found; `empty`: what FRR says of no community at all.

        Raises UndecidedError if it asks about more than one community at once.
        """
        if _WHOLE.fullmatch(regex):
            value = self._value(regex[1:-1])
            return [self.only([value])] if self._text(value) == regex[1:-1] else []
        token = _token(large=self.large)
        refuse_stray(regex, f"(({token})( ({token}))*)?", _letters(large=self.large) + " ")
        at_empty = self.separable(regex)
        if at_empty is None:
            raise UndecidedError(f"the regular expression {regex!r} asks about several communities at once")
        cubes: list[Cube] = []
        before: list[Any] = []
        for atom in self.all:
            if self.has(atom, regex):
                cubes.append(frozenset([*((other, False) for other in before), (atom, True)]))
                before.append(atom)
        if at_empty if empty is None else empty:
            cubes.append(self.only(()))
        return _apart(cubes)


@lru_cache(maxsize=256)
def atoms(named: frozenset[Any], regexes: frozenset[str], *, large: bool = False, internet: str = "internet") -> Atoms:
    """Return the atoms of some policies: in a fleet most policies name the same communities. Raises UndecidedError."""
    return Atoms(named, regexes, large=large, internet=internet)


def _apart(cubes: list[Cube]) -> list[Cube]:
    apart: list[Cube] = []
    for cube in cubes:
        rest = [cube]
        for other in apart:
            rest = [piece for one in rest for piece in without(one, other)]
        apart += rest
    return apart


def both(one: Cube, other: Cube) -> Cube | None:
    """Intersect; None if that is empty."""
    if not one or not other:
        return one or other
    joined = one | other
    return None if len({atom for atom, _ in joined}) < len(joined) else joined


def without(one: Cube, other: Cube) -> list[Cube]:
    """Return disjoint cubes of what is in the one and not in the other."""
    if both(one, other) is None:
        return [one]
    pieces, done = [], one
    for atom, there in other - one:
        pieces.append(done | {(atom, not there)})
        done = done | {(atom, there)}
    return pieces


def decided(lines: Iterable[tuple[list[Cube], bool]]) -> tuple[list[Cube], list[Cube]]:
    """Split everything by ordered lines (cubes, permit), the first that matches decides: (permitted, denied)."""
    said: dict[bool, list[Cube]] = {True: [], False: []}
    rest: list[Cube] = [ANY]
    for cubes, permit in lines:
        for cube in cubes:
            said[permit] += [hit for one in rest if (hit := both(one, cube)) is not None]
            rest = [piece for one in rest for piece in without(one, cube)]
    said[False] += rest
    return said[True], said[False]


@lru_cache(maxsize=4096)
def _separable(regex: str, large: bool) -> bool | None:  # noqa: FBT001
    """Walk through all texts of communities at once, the whole and the current community beside each other."""
    one = machine(regex)
    token = _token(large=large)
    whole = machine(f"^(({token})( ({token}))*)$")
    begin = (whole.start, one.start, one.start, True, False)
    rest, seen = [begin], {begin}
    while rest:
        own, text, part, first, hit = rest.pop()
        if whole.accepts(own) and one.accepts(text) != (hit or one.accepts(part, at_start=first)):
            return None
        for letter, to in whole.onward(own, _letters(large=large) + " "):
            after = one.step(text, letter)
            if letter == " ":
                new = (to, after, one.start, True, hit or one.accepts(part, at_start=first))
            else:
                new = (to, after, one.step(part, letter), False, hit)
            if new not in seen:
                if len(seen) > MOST_STATES:
                    return None
                seen.add(new)
                rest.append(new)
    return found(regex, "")


def _token(*, large: bool) -> str:
    return f"{_U32}:{_U32}:{_U32}" if large else f"{_U16}:{_U16}|{_NAMES}"


def _letters(*, large: bool) -> str:
    return "0123456789:" if large else _LETTERS


def _large_text(value: tuple[int, int, int]) -> str:
    return ":".join(map(str, value))
