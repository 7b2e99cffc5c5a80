"""Building a plan: the differences of each context, put into an order in which no step leaves a hole.

The order: what is new is made before it is referred to; what is edited is edited in place; what is no longer referred
to goes last. Lists and route maps that FRR takes as one transaction stand together, before and behind `router bgp`:
on either side one block, for the cost of a transaction is that of everything loaded.
"""

from __future__ import annotations

from frrgen.platforms.frr.diff.changes import Op
from frrgen.platforms.frr.diff.clears import clears
from frrgen.platforms.frr.diff.instances import instances
from frrgen.platforms.frr.diff.lists import lists
from frrgen.platforms.frr.diff.overwrite import settle_removed_maps
from frrgen.platforms.frr.diff.prune import undo
from frrgen.platforms.frr.diff.route_maps import refresh_lists_in_maps, route_maps, stand_ins
from frrgen.platforms.frr.diff.top import bfd, globals_and_vrfs, rpki
from frrgen.platforms.frr.diff.work import Work


def build(work: Work) -> None:
    """Find every change, and put its commands into their phases."""
    globals_and_vrfs(work)
    lists(work)
    route_maps(work)
    work.phases["settling"].add((), settle_removed_maps(work.old, work.new))
    refresh_lists_in_maps(work)
    stand_ins(work)
    bfd(work)
    rpki(work)
    instances(work)
    clears(work)
    _prune(work)


def _prune(work: Work) -> None:
    if not work.prune:
        return
    gone = {line for batch in work.batches for line in batch.lines()}
    kept = []
    for leftover in work.leftovers:
        around = leftover.context[0] if leftover.context else ""
        if not gone.isdisjoint((f"no {around}", f"no {around.partition(' permit ')[0].partition(' deny ')[0]}")):
            # it goes with its context, and entering the context would make it again
            continue
        line = undo(leftover.context, leftover.line)
        if line is None:
            kept.append(leftover)
            continue
        work.phases["globals_gone"].add(leftover.context, [line])
        work.record.change(Op.REMOVE, ("leftovers", str(leftover.number)), leftover.line, None)
    work.leftovers = kept
