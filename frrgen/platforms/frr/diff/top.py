"""The plan of what stands outside of `router bgp`, lists and route maps: globals, VRFs, BFD and RPKI."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from frrgen.model.router import Rpki
from frrgen.platforms.frr.diff.changes import Delta, Op, delta
from frrgen.platforms.frr.diff.work import Work
from frrgen.platforms.frr.grammar.layout import (
    ContextBlock,
    Line,
    bfd_blocks,
    global_blocks,
    rpki_blocks,
    vrf_blocks,
)
from frrgen.platforms.frr.grammar.top import BFD_DEFAULTS, EXPIRES, read_static_route


def globals_and_vrfs(work: Work) -> None:
    """Plan the global statements and those of VRFs."""
    old, new = (
        {
            block.enter: block
            for block in chain(global_blocks(router, canonical=True), vrf_blocks(router, canonical=True))
        }
        for router in (work.old, work.new)
    )
    for enter, block in new.items():
        there = old[enter].lines if enter in old else []
        found = delta(_owned(work, there, block), block.lines, work.version)
        work.record.take(found)
        _free_prefixes(found)
        _free_aliases(found)
        if enter not in old and not found:
            if work.version < (10,) and not block.raw:
                # FRR 8.4 does not show a VRF without statements
                continue
            work.record.change(Op.ADD, block.path, None, enter[0])
            work.phases["globals"].add(enter, [], always=True)
        work.phases["globals"].add(enter, [*found.first, *found.then])
        work.phases["globals"].add_raw(enter, work.record.raw(enter, block.path, block.raw))
        work.phases["globals_gone"].add(enter, found.last)
    for enter, block in old.items():
        if enter not in new and work.full:
            work.record.change(Op.REMOVE, block.path, enter[0], None)
            work.phases["globals_gone"].add((), [f"no {enter[0]}"])


def _owned(work: Work, lines: list[Line], new: ContextBlock) -> list[Line]:
    """Leave alone what frrgen does not own: without `ownership: full` only what the model speaks of."""
    spoken = {line.path for line in new.lines}
    routed = {line.statement.text.split(" ")[2] for line in new.lines if line.statement.slot[0] == "static_routes"}
    aliases = "community_aliases"
    never = {"defaults", "ip_forwarding", "ipv6_forwarding"}
    return [
        line
        for line in lines
        if line.path in spoken
        or (line.statement.slot[0] == "static_routes" and line.statement.text.split(" ")[2] in routed)
        or (work.full and line.statement.slot[0] not in never)
        or (line.statement.slot[0] == aliases and line.statement.slot[1] not in work.leftover_words)
    ]


def bfd(work: Work) -> None:
    """Plan the profiles and peers of BFD."""
    old, new = ({block.enter: block for block in bfd_blocks(router, canonical=True)} for router in (work.old, work.new))
    # to FRR a peer is also what has its address alone: it goes before one of the same address comes
    coming = {enter[1].split(" ")[1] for enter in new.keys() - old.keys() if enter[1].startswith("peer ")}
    early = {enter for enter in old.keys() - new.keys() if enter[1].split(" ")[1] in coming}
    for enter in old:
        if enter in early:
            work.phases["northbound"].add(enter[:1], [f"no {enter[1]}"])
    for enter, block in new.items():
        there = old.get(enter)
        was = [] if there is None else _overwritten(there.lines, BFD_DEFAULTS)
        found = delta(was, _overwritten(block.lines, BFD_DEFAULTS), work.version)
        work.record.take(found)
        if there is None:
            work.record.change(Op.ADD, block.path, None, enter[1])
        work.phases["northbound"].add(enter, [*found.first, *found.then, *found.last], always=there is None)
    for enter, block in old.items():
        if enter not in new:
            work.record.change(Op.REMOVE, block.path, enter[1], None)
            work.phases["northbound_gone"].add(enter[:1], [] if enter in early else [f"no {enter[1]}"])


def rpki(work: Work) -> None:
    """Plan the RPKI caches."""
    old, new = (
        _overwritten(next((block.lines for block in rpki_blocks(router, canonical=True)), []), EXPIRES)
        for router in (work.old, work.new)
    )
    found = delta(old, new, work.version)
    work.record.take(found)
    # FRR refuses a second cache of one preference, and to be told of an expiry before the next poll
    polled, expires = (work.old.rpki or Rpki()).polling_period, (work.new.rpki or Rpki()).expire_interval
    first = "expire_interval" if expires >= polled else "polling_period"
    there = {line.statement.text for line in old}
    then = [line for line in found.then if line not in there]
    coming = {line.rpartition(" ")[2] for line in then if line.startswith("rpki cache ")}
    gone = [*found.first, *found.last]
    early = [line for line in gone if line.startswith("no rpki cache ") and line.rpartition(" ")[2] in coming]
    rest = [line for line in (*then, *gone) if line not in early]
    work.phases["globals"].add(("rpki",), [*early, *sorted(rest, key=lambda line: first not in line)])


def _overwritten(lines: list[Line], defaults: Mapping[str, str]) -> list[Line]:
    """Undo by their default what FRR has no right `no` for."""
    return [
        Line(line.owner, line.statement._replace(undo=defaults.get(line.statement.slot[0], line.statement.undo)))
        for line in lines
    ]


def _free_prefixes(found: Delta) -> None:
    """Take a static route away first where FRR refuses it beside a new one: a blackhole beside a gateway."""
    coming = {(routed[0], not routed[1]) for line in found.then if (routed := _routed(line))}
    early = [line for line in found.last if line.startswith("no ip") and _routed(line[3:]) in coming]
    found.first.extend(early)
    found.last[:] = [line for line in found.last if line not in early]


def _free_aliases(found: Delta) -> None:
    """Take an alias away first whose community gets another one: FRR refuses two aliases of one community."""
    head = "bgp community alias "
    coming = {line.split(" ")[3] for line in found.then if line.startswith(head)}
    early = [line for line in found.last if line.startswith(f"no {head}") and line.split(" ")[4] in coming]
    found.first.extend(early)
    found.last[:] = [line for line in found.last if line not in early]


def _routed(line: str) -> tuple[tuple[object, ...], bool] | None:
    """Return what a static route leads to, with its table and distance, and whether it drops; None if it is none."""
    data = read_static_route(line)
    if data is None:
        return None
    return (data["prefix"], data["source"], data.get("table"), data.get("distance")), data.get("drop") is not None
