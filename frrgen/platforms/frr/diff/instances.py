"""The plan of the BGP instances, and what a changed instance loses beside the statements that change."""

from __future__ import annotations

from itertools import chain

from frrgen.lines.rule import Impact
from frrgen.model.bgp import Bgp
from frrgen.model.references import affected_maps
from frrgen.model.types import FAMILIES
from frrgen.platforms.frr.diff.changes import Op
from frrgen.platforms.frr.diff.instance import Instance
from frrgen.platforms.frr.diff.sessions import sessions
from frrgen.platforms.frr.diff.work import Work
from frrgen.platforms.frr.grammar.bgp import FAMILY
from frrgen.platforms.frr.grammar.layout import (
    ObjectPart,
)


def instances(work: Work) -> None:
    """Plan the BGP instance of the router and those of its VRFs."""
    pairs = {"": (work.old.bgp, work.new.bgp)}
    for name in {**work.new.vrfs, **work.old.vrfs}:
        pairs[name] = (work.old.bgp_of(name), work.new.bgp_of(name))
    old, new = pairs[""]
    main_goes = old is not None and (new is None or new.asn != old.asn)
    gone = [
        (vrf, old)
        for vrf, (old, new) in reversed(pairs.items())
        if old is not None and (new is None or new.asn != old.asn or main_goes)
    ]
    for vrf, old in gone:
        suffix = f" vrf {vrf}" if vrf else ""
        _end_distances(work, suffix, old)
        work.phases["bgp"].add((), [f"no router bgp {old.asn}{suffix}"])
        path = ("vrfs", vrf, "bgp") if vrf else ("bgp",)
        work.record.change(Op.REMOVE, path, f"router bgp {old.asn}{suffix}", None, Impact.RESET)
        for session in sessions(old):
            work.record.session(vrf, session.name, Impact.RESET, "router bgp removed")
    removed = {vrf for vrf, _ in gone}
    for vrf, (old, new) in pairs.items():
        if new is not None:
            before = None if vrf in removed else old
            instance = Instance(
                work.record,
                work.phases["bgp"],
                work.version,
                vrf=vrf,
                old=before,
                new=new,
                standins=work.standins,
            )
            instance.build(work.profile)
            _say_again(work, instance)
            if before is not None:
                _aggregate_again(work, instance)


def _end_distances(work: Work, suffix: str, bgp: Bgp) -> None:
    """Take the distances away first: FRR keeps them without an instance, and gives them to the next."""
    for family in FAMILIES:
        lines = ObjectPart((), FAMILY.written(getattr(bgp, family), canonical=True)).lines
        undone = [line.statement.undo for line in lines if line.path[0] == "distances"]
        enter = (f"router bgp {bgp.asn}{suffix}", f"address-family {family.replace('_', ' ')}")
        work.phases["bgp"].add(enter, undone)


def _aggregate_again(work: Work, instance: Instance) -> None:
    """Have FRR make aggregates again whose route map changes: FRR keeps the old aggregate of a map that now denies.

    The map must be there before, and FRR 10 has it at the end of its batch (8.4.4, 10.3, 10.7.1).
    """
    affected = affected_maps(work.new, work.changed) | affected_maps(work.old, work.changed)
    for family in FAMILIES:
        old, new = (getattr(bgp, family) for bgp in (instance.old, instance.new))
        stale = {
            str(prefix)
            for prefix, one in new.aggregates.items()
            if one.route_map is not None
            and ("route_maps", one.route_map) in affected
            and old.aggregates.get(prefix) == one
        }
        holding = {str(prefix) for prefix, one in new.aggregates.items() if one.summary_only or one.suppress_map}
        lines = ObjectPart((), FAMILY.written(new, canonical=True)).lines
        texts: list[str] = []
        for line in lines:
            if line.path[0] == "aggregates" and line.path[1] in stale:
                # what it holds back would come out, if it went: then the line alone comes again
                texts += (
                    [line.statement.text] if line.path[1] in holding else [line.statement.undo, line.statement.text]
                )
        work.phases["again"].add((*instance.enter, f"address-family {family.replace('_', ' ')}"), texts)


def _say_again(work: Work, instance: Instance) -> None:
    """Send again what the model lacks of a neighbor that is made again: lines of other families go with it."""
    for leftover in chain(work.raw_there, () if work.prune else work.leftovers):
        words = leftover.line.removeprefix("no ").split()
        theirs = leftover.context[:1] == instance.enter and words[:1] == ["neighbor"]
        if theirs and len(words) > 1 and words[1] in instance.anew:
            work.phases["bgp"].add(leftover.context, [leftover.line])
