"""Example texts of a regular language, for each way in which expressions tell its texts apart.

Texts are built letter by letter while every expression is followed at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from frrgen.policy.sets.automaton import MOST_STATES, State, machine
from frrgen.policy.sets.regex import UndecidedError


@dataclass(frozen=True, slots=True)
class Literal:
    """An expression is found (or not) in a text to which `before` was put in front.

    Of an AS path, the numbers in `gone` are taken out first.
    """

    regex: str
    found: bool = True
    before: str = ""
    gone: frozenset[int] = frozenset()


class _Follower:
    """Follows a literal: what stands in front is read first, and a space only if something comes behind."""

    def __init__(self, literal: Literal) -> None:
        self.machine = machine(literal.regex)
        self.before = literal.before
        self.start = self.machine.run(literal.before)

    def step(self, state: State, letter: str, *, first: bool) -> State:
        if first and self.before:
            state = self.machine.step(state, " ")
        return self.machine.step(state, letter)

    def accepts(self, state: State, *, first: bool) -> bool:
        return self.machine.accepts(state, at_start=first and not self.before)


_PLAIN, _SET, _KEPT = "", "{", ","
"""Outside of an AS_SET; inside an AS_SET that has nothing left yet; inside an AS_SET, behind what is left of it."""


class _Thinned:
    """Follows a literal through an AS path, some of whose numbers it does not see.

    A number is held back as long as it may become one that is gone. A state is that of the machine, whether it has seen
    anything, where the text stands, and the digits that are held back; None: those of this number were passed on.
    """

    def __init__(self, literal: Literal) -> None:
        self.machine = machine(literal.regex)
        self.gone = frozenset(map(str, literal.gone))
        self.begun = frozenset(asn[:end] for asn in self.gone for end in range(len(asn) + 1))
        self.start = (self.machine.run(literal.before), bool(literal.before), _PLAIN, "")

    def step(self, state: Any, letter: str, *, first: bool) -> Any:
        del first
        own, seen, place, held = state
        if letter.isdigit():
            if held is None:
                return self.machine.step(own, letter), seen, place, None
            if held + letter in self.begun:
                return own, seen, place, held + letter
            return self._passed(own, seen, place, held + letter)
        own, seen, place, _ = self._ended(state)
        if letter == "{":
            place = _SET
        elif letter == "}":
            own, place = self.machine.step(own, "}") if place == _KEPT else own, _PLAIN
        return own, seen, place, ""

    def _passed(self, own: State, seen: Any, place: str, digits: str) -> Any:
        lead = "," if place == _KEPT else " " * seen + "{" * (place == _SET)
        return self.machine.run(lead + digits, own), True, place and _KEPT, None

    def _ended(self, state: Any) -> Any:
        """Return the state behind a number."""
        own, seen, place, held = state
        return self._passed(own, seen, place, held) if held and held not in self.gone else state

    def accepts(self, state: Any, *, first: bool) -> bool:
        del first
        own, seen, _, _ = self._ended(state)
        return self.machine.accepts(own, at_start=not seen)


def texts(language: str, literals: Sequence[Literal], alphabet: str) -> Iterator[tuple[str, tuple[bool, ...]]]:
    """Yield the shortest first, one text of the language for each combination of found and not found that there is.

    `language` is an expression of the whole text. Raises UndecidedError if that takes too many states.
    """
    followers = [_Thinned(one) if one.gone else _Follower(one) for one in literals]
    whole = machine(f"^({language})$")
    begin = (whole.start, *(one.start for one in followers))
    queue: deque[tuple[str, tuple[Any, ...]]] = deque([("", begin)])
    seen = {(True, begin)}
    known: set[tuple[bool, ...]] = set()
    while queue:
        text, (own, *states) = queue.popleft()
        first = not text
        if whole.accepts(own, at_start=first):
            vector = tuple(one.accepts(state, first=first) for one, state in zip(followers, states, strict=True))
            if vector not in known:
                known.add(vector)
                yield text, vector
                if len(known) == 1 << len(literals):
                    return
        for letter, to in whole.onward(own, alphabet):
            after = (
                to,
                *(one.step(state, letter, first=first) for one, state in zip(followers, states, strict=True)),
            )
            if (False, after) not in seen:
                if len(seen) > MOST_STATES:
                    raise UndecidedError("the regular expressions are too many, or too intricate, to say for certain")
                seen.add((False, after))
                queue.append((text + letter, after))


def witness(language: str, literals: Sequence[Literal], alphabet: str) -> str | None:
    """Return a shortest text of the language for which every literal holds; None if there is none."""
    wanted = tuple(one.found for one in literals)
    return next((text for text, vector in texts(language, literals, alphabet) if vector == wanted), None)
