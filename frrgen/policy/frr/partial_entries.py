"""Which route-map entries of a parsed configuration cannot be judged, for not every line of them was understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from frrgen.model.policy import RouteMap, RouteMapEntry
from frrgen.model.router import Router
from frrgen.platforms.frr.parse.fates import Leftover

Unread = Mapping[tuple[str, int], tuple[str, ...]]
"""The name of a map and the number of an entry -> its lines that were not understood, with their numbers."""
ALL_READ: Final[Unread] = MappingProxyType({})


def unread_entries(leftovers: Iterable[Leftover]) -> Unread:
    """Return the entries of route maps in which leftovers stand."""
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    for leftover in leftovers:
        match = re.fullmatch(
            r"route-map ([^ ]+) (?:permit|deny) ([0-9]{1,5})", leftover.context[0] if leftover.context else ""
        )
        # a refused `call` of a map by itself changes nothing: FRR refuses it, too
        # FRR refuses an entry with a number beyond these
        if match is not None and 0 < int(match[2]) < 65536 and leftover.line != f"call {match[1]}":
            entry = (match[1], int(match[2]))
            number = f"line {leftover.number}: " if leftover.number else ""
            found[entry] = (*found.get(entry, ()), f"{number}{leftover.line}")
    return found


def not_understood(name: str, entry: RouteMapEntry, unread: Unread) -> str:
    """Return which lines of an entry make it undecided; empty if each is understood."""
    lines = (*entry.raw, *unread.get((name, entry.seq), ()))
    if not lines:
        return ""
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    shown = ", ".join(f"`{line[:80]}`" for line in lines[:_SHOWN])
    return f"route map {name} seq {entry.seq} has what is not understood: {shown}{more}"


_SHOWN: Final = 3


def with_unread(router: Router, unread: Unread) -> Router:
    """Return the router with each entry that was not understood at all: FRR has that entry, with unknown effect."""
    maps = dict(router.route_maps)
    for name, seq in sorted(unread):
        route_map = maps.get(name, RouteMap())
        if all(entry.seq != seq for entry in route_map.entries):
            entries = (*route_map.entries, RouteMapEntry(seq=seq, action="permit"))
            in_order = tuple(sorted(entries, key=lambda entry: entry.seq))
            maps[name] = route_map.model_copy(update={"entries": in_order})
    return router.model_copy(update={"route_maps": maps}) if unread else router
