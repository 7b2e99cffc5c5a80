"""The plan of route maps: new maps, changed entries, and what FRR must be made to look at again."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from frrgen.lines.rule import Impact
from frrgen.model.policy import RouteMap
from frrgen.platforms.frr.diff.changes import Op, delta
from frrgen.platforms.frr.diff.overwrite import (
    Placed,
    end_clauses,
    end_exclusions,
    excluding,
    refresh_cached_prefix_lists,
    remove_calls_first,
    tied_anew,
)
from frrgen.platforms.frr.diff.work import Work
from frrgen.platforms.frr.grammar.layout import (
    entry_block,
    optimization,
    route_map_blocks,
)


def route_maps(work: Work) -> None:
    """Plan the route maps: calls and clauses that FRR cannot write over are ended first."""
    old, new = work.old.route_maps, work.new.route_maps
    phase, gone = work.phases["northbound"], work.phases["northbound_gone"]
    for enter, lines in remove_calls_first(work.old, work.new):
        work.phases["ending"].add(enter, lines)
    excluded = end_exclusions(work.old, work.new)
    undone = end_clauses(work.old, work.new) | excluded
    for enter, lines in undone.values():
        work.phases["ending"].add(enter, lines)
    for name, route_map in new.items():
        before = old.get(name)
        if before is None:
            _new_map(work, name, route_map)
            continue
        if before.entries != route_map.entries:
            work.changed.add(("route_maps", name))
            _map_entries(work, undone, name, before, route_map)
        was, wanted = optimization(before, work.old.version), optimization(route_map, work.version)
        if was != wanted:
            texts = [f"{'' if on else 'no '}route-map {name} optimization" for on in (was, wanted)]
            work.record.change(Op.MODIFY, ("route_maps", name, "optimization"), texts[0], texts[1])
            phase.add((), texts[1:])
    _exclude_again(work, excluded)
    for name in old:
        if name not in new and name not in work.leftover_words:
            work.changed.add(("route_maps", name))
            gone.add((), [f"no route-map {name}"])
            work.record.change(Op.REMOVE, ("route_maps", name), f"route-map {name}", None)


def _exclude_again(work: Work, ended: Collection[tuple[str, int]]) -> None:
    """Write again what stays of the exclusions that were ended."""
    work.phases["bgp_lists"].add((), tied_anew(work.old, work.new, ended))
    for name, seq in ended:
        (lst,) = (one.set.as_path_exclude_list for one in work.old.route_maps[name].entries if one.seq == seq)
        for entry in work.new.route_maps[name].entries if name in work.new.route_maps else ():
            if entry.seq == seq and lst is not None and entry.set.as_path_exclude_list == lst:
                enter = (f"route-map {name} {entry.action} {seq}",)
                work.phases["northbound"].add(enter, [excluding(lst)])


def _new_map(work: Work, name: str, route_map: RouteMap) -> None:
    work.changed.add(("route_maps", name))
    for block in route_map_blocks(name, route_map, work.version, canonical=True):
        if block.enter:
            work.record.change(Op.ADD, block.path, None, block.enter[0])
        found = delta((), block.lines, work.version)
        work.record.take(found)
        work.phases["northbound"].add(block.enter, found.then, always=bool(block.enter))
        work.phases["northbound"].add_raw(block.enter, work.record.raw(block.enter, block.path, block.raw))


def _map_entries(
    work: Work, ended: Mapping[tuple[str, int], Placed], name: str, before: RouteMap, route_map: RouteMap
) -> None:
    old = {entry.seq: entry for entry in before.entries}
    new = {entry.seq: entry for entry in route_map.entries}
    phase = work.phases["northbound"]
    for seq, entry in new.items():
        there = old.get(seq)
        if there is entry or there == entry:
            continue
        block = entry_block(name, entry, canonical=True)
        was = [] if there is None else entry_block(name, there, canonical=True).lines
        found = delta(was, block.lines, work.version)
        work.record.take(found, impact=Impact.REFRESH)
        action = there is None or there.action != entry.action
        if there is None:
            work.record.change(Op.ADD, block.path, None, block.enter[0])
        elif action:
            head = f"route-map {name} {there.action} {seq}"
            work.record.change(Op.MODIFY, (*block.path, "action"), head, block.enter[0], Impact.REFRESH)
        if there is not None and any(
            change.op is Op.REMOVE and statement.rule.stays for change, statement in found.changes
        ):
            kept = [one.line for one in work.leftovers if one.context == tuple(block.enter)]
            phase.add((), [f"no route-map {name} {there.action} {seq}"])
            phase.add(block.enter, [*(line.statement.text for line in block.lines), *kept], always=True)
            continue
        _, undone = ended.get((name, seq), ((), []))
        first, last = ([line for line in lines if line not in undone] for lines in (found.first, found.last))
        phase.add(block.enter, [*first, *found.then, *last], always=action)
        phase.add_raw(block.enter, work.record.raw(block.enter, block.path, block.raw))
    for seq, entry in old.items():
        if seq not in new:
            head = f"route-map {name} {entry.action} {seq}"
            phase.add((), [f"no {head}"])
            work.record.change(Op.REMOVE, ("route_maps", name, str(seq)), head, None, Impact.REFRESH)


def refresh_lists_in_maps(work: Work) -> None:
    """Have optimised maps look at changed prefix lists again."""
    instead, again = refresh_cached_prefix_lists(work.old, work.new, work.changed)
    for phase, part in (("northbound", instead), ("again", again)):
        for enter, lines in part:
            work.phases[phase].add(enter, lines)


def stand_ins(work: Work) -> None:
    """Make the maps that stand in for others during the change, and remove them at its end."""
    for name, route_map in work.standins.maps.items():
        for block in route_map_blocks(name, route_map, work.version, canonical=True):
            lines = [line.statement.text for line in block.lines]
            work.phases["northbound"].add(block.enter, lines, always=bool(block.enter))
        work.phases["northbound_gone"].add((), [f"no route-map {name}"])
