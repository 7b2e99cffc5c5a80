"""What the steps of building a plan share: both sides, the record of changes, and the phases of the plan."""

from __future__ import annotations

from itertools import chain
from typing import Final

from frrgen.model.references import Ref
from frrgen.model.router import Router
from frrgen.platforms.frr.diff.canonical import canonical
from frrgen.platforms.frr.diff.changes import Commands
from frrgen.platforms.frr.diff.owned import with_unowned
from frrgen.platforms.frr.diff.record import Record
from frrgen.platforms.frr.diff.standin import StandIns
from frrgen.platforms.frr.grammar.layout import (
    raw_lines,
)
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import Parsed

_SHUTTING: Final = ("shutting",)
_SETTLING: Final = ("settling",)
_ENDING: Final = ("ending",)
_BATCHES: Final = (
    _SHUTTING,
    _SETTLING,
    _ENDING,
    ("globals", "bgp_lists", "northbound"),
    ("again", "bgp", "northbound_gone", "bgp_lists_gone", "globals_gone", "opening"),
)
"""The phases, by the batch that they go in: a batch is a file, and what FRR keeps of it together is its transaction."""


class Work:
    """A plan as far as it is built: `build` fills it."""

    def __init__(self, running: Parsed, intended: Router, *, prune_leftovers: bool = False) -> None:
        whole = with_unowned(running.router, intended)
        self.old = canonical(running.router, whole)
        self.profile = running.router.defaults
        self.new = canonical(whole, box=self.profile)
        self.version = intended.version
        self.prune = prune_leftovers
        self.full = intended.ownership == "full"
        wanted = set(raw_lines(self.new))
        there = [self._as_it_will_be(leftover) for leftover in running.leftovers]
        self.record = Record(wanted & {(one.context, one.line) for one in there})
        self.leftovers = [one for one in there if (one.context, one.line) not in wanted]
        self.raw_there = [one for one in there if (one.context, one.line) in wanted]
        around = {enter for one in self.leftovers for enter in one.context if not enter.startswith("route-map ")}
        said = chain(around, (one.line for one in self.leftovers))
        self.leftover_words = {word for line in said for word in line.split()}
        self.after: list[str] = []
        self.changed: set[Ref] = set()
        self.phases = {phase: Commands() for phases in _BATCHES for phase in phases}
        self.reopened = Commands()
        """What opens the sessions that the phase `shutting` shuts, also those that the change takes away."""
        self.standins = StandIns(self.old, self.new)

    @property
    def batches(self) -> list[Commands]:
        """The phases, one behind the other, in as few batches as are safe."""
        batches = [Commands()]
        for phases in _BATCHES:
            for phase in phases:
                batches[-1].extend(self.phases[phase])
            if phases in {_SHUTTING, _SETTLING, _ENDING} or self.phases["again"]:
                batches.append(Commands())
        return [batch for batch in batches if batch]

    def _as_it_will_be(self, leftover: Leftover) -> Leftover:
        """Return a leftover where it stands behind the change: to enter a route map's entry is to say its action."""
        words = leftover.context[0].split(" ") if leftover.context else []
        if words[:1] == ["route-map"] and (route_map := self.new.route_maps.get(words[1])) is not None:
            for entry in route_map.entries:
                if str(entry.seq) == words[3]:
                    return leftover._replace(context=(f"route-map {words[1]} {entry.action} {entry.seq}",))
        return leftover
