"""What is found while a plan is built: its changes, and what each does to sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from frrgen.errors import Path
from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.changes import Change, Delta, Op
from frrgen.platforms.frr.diff.sessions import ConfiguredSession

_RANK: Final = {Impact.NONE: 0, Impact.REFRESH: 1, Impact.RESET: 2}
_NAMED: Final = 3
"""Sessions that a sentence names before it counts."""


Decides = Callable[[str, str], bool]
"""Tells whether a session, by its name, has a field of its own."""


def never(session: str, field: str) -> bool:
    """Return False: no session has anything of its own."""
    del session, field
    return False


class Record:
    """The findings of one plan, in the order in which they were made."""

    def __init__(self, raw_there: set[tuple[tuple[str, ...], str]]) -> None:
        """Take the raw lines that run already, each with its contexts."""
        self._raw_there = raw_there
        self.changes: list[Change] = []
        self.sessions: dict[tuple[str, str], tuple[Impact, list[str]]] = {}
        """By VRF and neighbor: the worst that happens, and why."""
        self.waiting: dict[tuple[str, str], list[str]] = {}
        """By VRF and field: the sessions that have the new value when they start the next time."""
        self.clears: dict[tuple[str, str], None] = {}
        """By VRF, how all sessions must be cleared for a change to be in effect: `soft`, `soft out`."""

    def take(
        self,
        found: Delta,
        *,
        vrf: str = "",
        neighbors: Iterable[str] = (),
        among: Iterable[ConfiguredSession] = (),
        impact: Impact | None = None,
        decides: Decides = never,
    ) -> None:
        """Record changes and what they do to sessions; `impact` where the context knows better than the rule.

        `neighbors` have what changes; of the sessions `among` which it is done to those of the kind that the rule says.
        `decides` tells whether a session (the first argument) has a field of its own, so that it waits for no other.
        """
        for change, statement in found.changes:
            self.changes.append(change if impact is None else change._replace(impact=impact))
            if change.impact is not Impact.NONE:
                because = statement.rule.field.split(".")[-1].replace("_", "-")
                hit = [session.name for session in among if session.is_reset_by(statement)]
                for neighbor in (*neighbors, *hit):
                    if change.impact is Impact.NEXT:
                        if not decides(neighbor, statement.rule.field):
                            self.wait(vrf, statement.rule.field, neighbor)
                        continue
                    self.session(vrf, neighbor, change.impact, because)
            if statement.rule.clear and impact is None:
                self.clears[vrf, statement.rule.clear] = None

    def session(self, vrf: str, neighbor: str, impact: Impact, because: str) -> None:
        """Record what a change does to a session: of several the worst, with every reason for it."""
        before, reasons = self.sessions.get((vrf, neighbor), (impact, []))
        if _RANK[impact] > _RANK[before]:
            reasons = []
        elif _RANK[impact] < _RANK[before]:
            return
        self.sessions[vrf, neighbor] = (impact, [*reasons, because])

    def wait(self, vrf: str, field: str, session: str) -> None:
        """Record that a session has a field's new value when it starts the next time."""
        sessions = self.waiting.setdefault((vrf, field), [])
        if session not in sessions:
            sessions.append(session)

    def late(self) -> Iterator[tuple[str, str]]:
        """Yield a sentence for each field that waits for the next start of sessions, with the VRF."""
        for (vrf, field), waiting in self.waiting.items():
            stay = [one for one in waiting if self.sessions.get((vrf, one), (None,))[0] is not Impact.RESET]
            if stay:
                named = ", ".join(stay[:_NAMED])
                more = f" and {len(stay) - _NAMED} more" if len(stay) > _NAMED else ""
                yield vrf, f"{field} of {named}{more} is in effect when the session starts the next time"

    def change(self, op: Op, path: Path, before: str | None, after: str | None, impact: Impact = Impact.NONE) -> None:
        """Record one change."""
        self.changes.append(Change(op, path, before, after, impact))

    def raw(self, enter: tuple[str, ...], owner: Path, lines: Iterable[str]) -> list[str]:
        """Record and give the raw lines of a context that do not run yet; `owner` is the path of who says them."""
        missing = [line for line in lines if (enter, " ".join(line.split())) not in self._raw_there]
        for line in missing:
            self.change(Op.ADD, (*owner, "raw", line), None, line)
        return missing
