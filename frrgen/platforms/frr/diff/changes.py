"""What differs between two routers, as the lines that would make the one into the other.

Everything works on statements: in one context, the statement in a slot is what the configuration says about one thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from frrgen.errors import Path
from frrgen.lines.rule import Impact, Statement
from frrgen.platforms.frr.grammar.layout import Line, leave


class Op(StrEnum):
    """What is done to a thing."""

    ADD = "add"
    MODIFY = "modify"
    REMOVE = "remove"


class Change(NamedTuple):
    """One difference. `before` and `after` are configuration lines."""

    op: Op
    path: Path
    before: str | None
    after: str | None
    impact: Impact


class Delta(NamedTuple):
    """The lines for one context: `first` undo what FRR would not overwrite, `last` undo what is gone."""

    first: list[str]
    then: list[str]
    last: list[str]
    changes: list[tuple[Change, Statement]]

    def __bool__(self) -> bool:
        return bool(self.changes)


def delta(running: Iterable[Line], intended: Iterable[Line], version: tuple[int, ...]) -> Delta:
    """Compare the statements of one context."""
    running, intended = list(running), list(intended)
    old = {line.path: line.statement for line in running}
    new = {line.path: line.statement for line in intended}
    fields = {(line.owner, line.statement.rule.field) for line in intended}
    found = Delta([], [], [], [])
    parents: list[str] = []
    for path, statement in new.items():
        before = old.get(path)
        if before is None:
            found.then.append(statement.text)
            found.changes.append((Change(Op.ADD, path, None, statement.text, _impact(statement, version)), statement))
            if statement.rule.negative and statement.rule.takes:
                found.then.extend(_taken(statement, new.values(), found.then))
        elif before.text != statement.text:
            if _stays(before, statement):
                found.first.append(before.undo)
            found.then.append(statement.text)
            impact = _impact(statement, version, new=False)
            change = Change(Op.MODIFY, path, before.text, statement.text, impact)
            found.changes.append((change, statement))
    for line in running:
        path, statement = line.path, line.statement
        if path not in new:
            in_the_way = any((line.owner, field) in fields for field in statement.rule.excludes)
            if (line.owner, statement.rule.takes) in fields:
                # a line without a field of its own, such as a static route, goes before another of its kind comes
                in_the_way = True
                found.then.extend(_taken(statement, new.values(), found.then))
            if in_the_way and not statement.rule.presence:
                found.first.append(statement.undo)
            else:
                (parents if in_the_way else found.last).append(statement.undo)
            change = Change(Op.REMOVE, path, statement.text, None, _impact(statement, version, new=False))
            found.changes.append((change, statement))
    # what was written first goes last: FRR turns `bfd` on again when `bfd profile P` is undone behind it
    found.first.extend(parents)
    found.last.reverse()
    return found


def _taken(by: Statement, statements: Iterable[Statement], said: list[str]) -> list[str]:
    """Return the lines that go with a line, and are not sent yet."""
    return [one.text for one in statements if one.rule.field == by.rule.takes and one.text not in said]


def _stays(before: Statement, statement: Statement) -> bool:
    """Tell whether FRR would keep something of a line that another is written over."""
    stuck = before.rule.stuck
    return (
        before.rule.undo_first
        or statement.rule.undo_first
        or (stuck != "" and any(f" {stuck} " in one.text for one in (before, statement)))
    )


def _impact(statement: Statement, version: tuple[int, ...], *, new: bool = True) -> Impact:
    return Impact.NONE if statement.rule.once and not new else statement.rule.impact_on(version)


class Commands:
    """Lines to be sent, in their contexts; consecutive ones of a context share its enter and leave lines."""

    def __init__(self) -> None:
        self._parts: list[tuple[tuple[str, ...], list[str]]] = []
        self._raw: set[int] = set()
        """Which of the parts are raw lines, by number."""

    def add(self, enter: tuple[str, ...], lines: Iterable[str], *, always: bool = False) -> None:
        """Put lines at the end. `always`: entering the context is itself what is wanted."""
        lines = list(lines)
        if not lines and not always:
            return
        if self._parts and self._parts[-1][0] == enter and not always and len(self._parts) - 1 not in self._raw:
            self._parts[-1][1].extend(lines)
        else:
            self._parts.append((enter, lines))

    def add_raw(self, enter: tuple[str, ...], lines: Iterable[str]) -> None:
        """Put raw lines at the end: they may lead anywhere, so what follows enters its context again."""
        if found := list(lines):
            self._raw.add(len(self._parts))
            self._parts.append((enter, found))

    def __bool__(self) -> bool:
        return bool(self._parts)

    def extend(self, other: Commands) -> None:
        """Put all of another's lines at the end."""
        self._raw |= {len(self._parts) + number for number in other._raw}
        self._parts.extend(other._parts)

    def lines(self) -> Iterator[str]:
        """Yield every line. No `exit` stands between route-map entries: on FRR 8.4 each costs a commit."""
        stack: list[str] = []
        for number, (enter, lines) in enumerate(self._parts):
            shared = 0
            while shared < min(len(stack), len(enter)) and stack[shared] == enter[shared]:
                shared += 1
            while len(stack) > shared:
                left = stack.pop()
                if not left.startswith("route-map "):
                    yield leave(left)
            for line in enter[shared:]:
                yield line
                stack.append(line)
            yield from lines
            if number in self._raw and stack:
                # from anywhere FRR climbs up to the line that enters from the top
                yield stack[0]
                del stack[1:]
        while stack:
            yield leave(stack.pop())
