"""Which route-map entries of a parsed configuration cannot be judged, for not every line of them was understood."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from frrgen.model.policy import RouteMap, RouteMapEntry
from frrgen.model.router import Router
from frrgen.parse.frr import Leftover


def unread_entries(leftovers: Iterable[Leftover]) -> frozenset[tuple[str, int]]:
    """Give the name of the map and the number of the entry of each leftover that stands in one."""
    found = set()
    for leftover in leftovers:
        match = re.fullmatch(
            r"route-map ([^ ]+) (?:permit|deny) ([0-9]+)", leftover.context[0] if leftover.context else ""
        )
        # a refused `call` of a map by itself changes nothing: FRR refuses it, too
        if match is not None and leftover.line != f"call {match[1]}":
            found.add((match[1], int(match[2])))
    return frozenset(found)


def with_unread(router: Router, unread: Collection[tuple[str, int]]) -> Router:
    """Give the router with an entry for each of which no line was understood: FRR has one, whatever it does."""
    maps = dict(router.route_maps)
    for name, seq in sorted(unread):
        route_map = maps.get(name, RouteMap())
        if all(entry.seq != seq for entry in route_map.entries):
            entries = (*route_map.entries, RouteMapEntry(seq=seq, action="permit"))
            in_order = tuple(sorted(entries, key=lambda entry: entry.seq))
            maps[name] = route_map.model_copy(update={"entries": in_order})
    return router.model_copy(update={"route_maps": maps}) if unread else router
