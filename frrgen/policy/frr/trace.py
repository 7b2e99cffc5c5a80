"""What `evaluate` says of a route: the verdict, and each thing that was looked at on the way to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from frrgen.errors import Path
from frrgen.model.policy import RouteMapEntry
from frrgen.platforms.frr.grammar.layout import ObjectPart
from frrgen.platforms.frr.grammar.policy import SET
from frrgen.policy.frr.lists import ListAnswer
from frrgen.policy.sets.route import Route


class Reason(NamedTuple):
    """Why something matches or not, and which line of a list says so."""

    text: str
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at."""

    route_map: str | None
    seq: int | None
    matched: bool
    because: tuple[Reason, ...]
    path: Path
    """Where it stands in the router's model."""
    does: tuple[str, ...] = ()
    """What an entry that matches does: what it sets, whom it calls, where it goes on or leaves."""

    @property
    def why(self) -> str:
        """Return the reasons, and what followed, in words."""
        return "; ".join([*(one.text for one in self.because), *self.does])

    @property
    def asked(self) -> tuple[Path, ...]:
        """Return the lines of lists, or the lists, that were decisive."""
        return tuple(one.path for one in self.because if one.path is not None)


@dataclass(frozen=True)
class Verdict:
    """What becomes of a route."""

    verdict: Literal["permit", "deny", "undecided"]
    route: Route
    trace: tuple[Step, ...]
    undecided: str | None = None


def by_list(what: str, said: ListAnswer, holder: str, name: str) -> Reason:
    """Return what a list said, and by which of its lines."""
    if said.seq is None:
        return Reason(f"{what}: no entry matches, so it denies", (holder, name))
    text = f"{what}: seq {said.seq} {'permits' if said.permit else 'denies'}"
    return Reason(text, (holder, name, str(said.seq)))


def does(entry: RouteMapEntry) -> tuple[str, ...]:
    """Return what an entry does with a route that it matches."""
    if entry.action == "deny":
        return ("denied",)
    parts = ObjectPart((), SET.written(entry.set, canonical=True)).texts()
    if entry.call is not None:
        parts.append(f"call {entry.call}")
    if entry.on_match is None:
        parts.append("permitted" if entry.call is None else "permitted if that permits")
    else:
        parts.append("on to the next entry" if entry.on_match == "next" else f"on to seq {entry.on_match}")
    return tuple(parts)
