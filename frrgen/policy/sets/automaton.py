"""Regular expressions in FRR's dialect (POSIX extended, `_` a delimiter or an end) as automata.

Only the states that some text reaches are ever made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from frrgen.policy.sets.regex import BRACKET_CLASSES, UndecidedError, compiled

_DELIMITERS: Final = ",{}() "
_ANY, _START, _END = "any", "start", "end"
MOST_STATES: Final = 50_000
"""Beyond that, a question is not answered: it costs seconds."""
_MOST_REPEATS: Final = 1_000
_LETTERS: Final = frozenset(chr(code) for code in range(32, 127))
State = frozenset[int]
FOUND: Final[State] = frozenset({-1})


@dataclass(slots=True)
class _Node:
    """A state: where it leads without a letter (always, at the start or at the end of the text), and with one."""

    free: list[tuple[str, int]]
    letters: frozenset[str] = frozenset()
    target: int = -1


class Machine:
    """Follows one expression through a text."""

    def __init__(self, regex: str, *, loose: bool = False) -> None:
        """Read an expression. Raises UndecidedError for what is not of the dialect.

        `loose`: inside of what `+` or `{…}` repeats, delimiters and ends may be anywhere (see `refuse_stray`).
        """
        compiled(regex)
        self._loose, self._free = loose, 0
        self.nodes: list[_Node] = []
        self._steps: dict[tuple[State, str], State] = {}
        self._ends: dict[tuple[State, bool], bool] = {}
        self._onward: dict[tuple[State, str], tuple[tuple[str, State], ...]] = {}
        self._text, self._at = regex, 0
        first, last = self._alternatives()
        if self._at != len(regex):
            raise UndecidedError(f"the regular expression {regex!r} has a bracket too many")
        self._first, self._last = first, last
        self.start: State = self._closed({first}, at_start=True, at_end=False)

    # reading

    def _new(self) -> int:
        self.nodes.append(_Node([]))
        return len(self.nodes) - 1

    def _link(self, source: int, target: int, when: str = _ANY) -> None:
        self.nodes[source].free.append((when, target))

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _alternatives(self) -> tuple[int, int]:
        first, last = self._new(), self._new()
        while True:
            start, end = self._sequence()
            self._link(first, start)
            self._link(end, last)
            if self._peek() != "|":
                return first, last
            self._at += 1

    def _sequence(self) -> tuple[int, int]:
        first = last = self._new()
        while self._peek() not in ("", "|", ")"):
            start, end = self._repeated()
            self._link(last, start)
            last = end
        return first, last

    def _repeated(self) -> tuple[int, int]:
        begin = self._at
        part = self._atom()
        after_atom = self._at
        while (sign := self._peek()) and sign in "*+?{":
            if sign == "{" or (sign == "+" and self._loose):
                low, high = self._bounds() if sign == "{" else (1, None)
                after = self._at + (sign == "+")
                part = self._copies(begin, after_atom, low, high, original=sign == "+")
                self._at = after
            else:
                self._at += 1
                part = self._starred(part, sign)
        return part

    def _starred(self, part: tuple[int, int], sign: str) -> tuple[int, int]:
        first, last = self._new(), self._new()
        self._link(first, part[0])
        self._link(part[1], last)
        if sign in "*?":
            self._link(first, last)
        if sign in "*+":
            self._link(part[1], part[0])
        return first, last

    def _bounds(self) -> tuple[int, int | None]:
        end = self._text.find("}", self._at)
        words = self._text[self._at + 1 : end].split(",")
        self._at = end + 1
        try:
            low = int(words[0] or 0)
            high = low if len(words) == 1 else int(words[1]) if words[1] else None
        except ValueError as bad:
            raise UndecidedError(f"the regular expression {self._text!r} has a brace that counts nothing") from bad
        if max(low, high or 0) > _MOST_REPEATS:
            raise UndecidedError(f"the regular expression {self._text!r} repeats too often")
        return low, high

    def _copies(self, begin: int, end: int, low: int, high: int | None, *, original: bool) -> tuple[int, int]:
        """Repeat what stands from begin to end; `original`: the first is not a copy to glibc."""

        def once() -> tuple[int, int]:
            nonlocal original
            self._at = begin
            free = self._loose and not original
            self._free += free
            made = self._atom()
            self._free -= free
            original = False
            if self._at != end:
                raise UndecidedError(f"the regular expression {self._text!r} repeats a repetition")
            return made

        first = last = self._new()
        for _ in range(low):
            start, stop = once()
            self._link(last, start)
            last = stop
        if high is None:
            start, stop = self._starred(once(), "*")
            self._link(last, start)
            return first, stop
        out = self._new()
        self._link(last, out)
        for _ in range(high - low):
            start, stop = once()
            self._link(last, start)
            self._link(stop, out)
            last = stop
        return first, out

    def _atom(self) -> tuple[int, int]:
        sign = self._peek()
        self._at += 1
        if sign == "(":
            part = self._alternatives()
            if self._peek() != ")":
                raise UndecidedError(f"the regular expression {self._text!r} has an open bracket")
            self._at += 1
            return part
        first, last = self._new(), self._new()
        if sign in "^$_" and self._free:
            self._link(first, last)
            if sign == "_":
                self._letters(first, frozenset(_DELIMITERS), last)
        elif sign == "^":
            self._link(first, last, _START)
        elif sign == "$":
            self._link(first, last, _END)
        elif sign == "_":
            self._link(first, last, _START)
            self._link(first, last, _END)
            self._letters(first, frozenset(_DELIMITERS), last)
        elif sign == ".":
            self._letters(first, _LETTERS, last)
        elif sign == "[":
            self._letters(first, self._bracket(), last)
        elif sign == "\\":
            self._letters(first, frozenset(self._peek()), last)
            self._at += 1
        else:
            self._letters(first, frozenset(sign), last)
        return first, last

    def _letters(self, source: int, letters: frozenset[str], target: int) -> None:
        self.nodes[source].letters = letters
        self.nodes[source].target = target

    def _bracket(self) -> frozenset[str]:
        negative = self._peek() == "^"
        self._at += negative
        letters: set[str] = set()
        first = True
        while first or self._peek() != "]":
            first = False
            if self._text.startswith("[:", self._at):
                end = self._text.index(":]", self._at) + 2
                letters |= _expanded(BRACKET_CLASSES[self._text[self._at : end]])
                self._at = end
                continue
            one = self._peek()
            self._at += 1
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                letters |= _expanded(f"{one}-{self._text[self._at + 1]}")
                self._at += 2
            else:
                letters.add(one)
        self._at += 1
        return _LETTERS - letters if negative else frozenset(letters)

    # following

    def _closed(self, states: set[int], *, at_start: bool, at_end: bool) -> State:
        seen, rest = set(states), list(states)
        while rest:
            for when, target in self.nodes[rest.pop()].free:
                if target not in seen and (when == _ANY or (when == _START and at_start) or (when == _END and at_end)):
                    seen.add(target)
                    rest.append(target)
        return FOUND if self._last in seen else frozenset(seen)

    def step(self, state: State, letter: str) -> State:
        """Go on by one letter; an expression may begin to match at any."""
        if state == FOUND:
            return state
        key = (state, letter)
        if key not in self._steps:
            to = {self.nodes[one].target for one in state if letter in self.nodes[one].letters}
            self._steps[key] = self._closed(to | {self._first}, at_start=False, at_end=False)
        return self._steps[key]

    def run(self, text: str, state: State | None = None) -> State:
        """Go on by a text."""
        state = self.start if state is None else state
        for letter in text:
            state = self.step(state, letter)
        return state

    def accepts(self, state: State, *, at_start: bool = False) -> bool:
        """Tell whether the expression is found if the text ends here."""
        if state == FOUND:
            return True
        key = (state, at_start)
        if key not in self._ends:
            self._ends[key] = self._closed(set(state), at_start=at_start, at_end=True) == FOUND
        return self._ends[key]

    def onward(self, state: State, alphabet: str) -> tuple[tuple[str, State], ...]:
        """Return the letters, and the states behind them, behind which an anchored expression may still match."""
        key = (state, alphabet)
        if key not in self._onward:
            steps = ((letter, self.step(state, letter)) for letter in alphabet)
            self._onward[key] = tuple((letter, to) for letter, to in steps if self._alive(to))
        return self._onward[key]

    def _alive(self, state: State) -> bool:
        """Tell whether an anchored expression may still match: more is left of it than its beginning."""
        return state == FOUND or any(self.nodes[one].letters for one in state) or self.accepts(state)


def _expanded(text: str) -> set[str]:
    letters: set[str] = set()
    place = 0
    while place < len(text):
        if text[place + 1 : place + 2] == "-":
            letters |= {chr(code) for code in range(ord(text[place]), ord(text[place + 2]) + 1)}
            place += 3
        else:
            letters.add(text[place])
            place += 1
    return letters


@lru_cache(maxsize=4096)
def machine(regex: str) -> Machine:
    """Return the machine of an expression, made once."""
    return Machine(regex)


def found(regex: str, text: str) -> bool:
    """Tell whether the expression is found in the text, in time that grows with the text alone.

    Python's own `re` would try every way to repeat what is repeated within a repetition.
    """
    one = machine(regex)
    return one.accepts(one.run(text), at_start=not text)


_STRAY: Final = re.compile(r"[)_^$][+{]")


@lru_cache(maxsize=4096)
def _loose(regex: str) -> Machine:
    return Machine(regex, loose=True)


def surely_found(regex: str, text: str) -> bool:
    """Tell whether the expression is found, if glibc is sure to say the same. Raises UndecidedError."""
    if found(regex, text):
        return True
    if _STRAY.search(regex) and (it := _loose(regex)).accepts(it.run(text), at_start=not text):
        raise UndecidedError(_strays(regex))
    return False


@lru_cache(maxsize=4096)
def refuse_stray(regex: str, language: str, alphabet: str) -> None:
    """Raise UndecidedError if glibc may find an expression in a text of the language in which it is not.

    FRR asks glibc's regcomp, which overlooks `^`, `$` and `_` in copies of what `+` and `{…}` repeat: it finds
    `^(_1)+$` in `11`. Where that makes no difference, `^65002(_65002)+$` in AS paths, the answer is certain.
    """
    if not _STRAY.search(regex):
        return
    strict, loose, whole = machine(regex), _loose(regex), machine(f"^({language})$")
    begin = (whole.start, strict.start, loose.start)
    rest, seen = [(*begin, True)], {(*begin, True)}
    while rest:
        own, one, other, first = rest.pop()
        if whole.accepts(own, at_start=first) and (
            loose.accepts(other, at_start=first) and not strict.accepts(one, at_start=first)
        ):
            raise UndecidedError(_strays(regex))
        for letter, to in whole.onward(own, alphabet):
            new = (to, strict.step(one, letter), loose.step(other, letter), False)
            if new not in seen:
                if len(seen) > MOST_STATES:
                    raise UndecidedError(_strays(regex))
                seen.add(new)
                rest.append(new)


def _strays(regex: str) -> str:
    return (
        f"the regular expression {regex!r} repeats a delimiter with '+' or braces, and glibc loses delimiters there:"
        " write '*', or write it out"
    )
