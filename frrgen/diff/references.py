"""Who uses what: from lists through route maps to the neighbors whose routes they decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from frrgen.grammar.layout import FAMILIES
from frrgen.model.bgp import Bgp
from frrgen.model.policy import Match, RouteMapEntry, Set
from frrgen.model.router import Router

Ref = tuple[str, str]
"""The field of Router that holds the list or map, and its name."""

_MATCH: Final = {
    "ip_address": "access_lists",
    "ip_address_prefix_list": "prefix_lists",
    "ipv6_address": "ipv6_access_lists",
    "ipv6_address_prefix_list": "ipv6_prefix_lists",
    "ip_next_hop": "access_lists",
    "ip_next_hop_prefix_list": "prefix_lists",
    "ipv6_next_hop": "ipv6_access_lists",
    "ipv6_next_hop_prefix_list": "ipv6_prefix_lists",
    "ip_route_source": "access_lists",
    "ip_route_source_prefix_list": "prefix_lists",
    "as_path": "as_path_lists",
    "alias": "community_aliases",
}
_MATCH_NAMED: Final = {
    "community": "community_lists",
    "large_community": "large_community_lists",
    "extcommunity": "extcommunity_lists",
}
_SET: Final = {"comm_list_delete": "community_lists", "large_comm_list_delete": "large_community_lists"}
_DIRECT: Final = {"prefix_list": "prefix_lists", "filter_list": "as_path_lists", "distribute_list": "access_lists"}


class Use(NamedTuple):
    """A session that uses a list or map directly."""

    neighbor: str
    family: str
    direction: str
    """in or out"""
    ref: Ref
    inherited: bool
    """It is the peer group that says so."""


def entry_refs(entry: RouteMapEntry) -> Iterator[Ref]:
    """Give what a route-map entry refers to."""
    yield from match_refs(entry.match)
    yield from set_refs(entry.set)
    if entry.call is not None:
        yield "route_maps", entry.call


def match_refs(match: Match) -> Iterator[Ref]:
    """Give the lists that match clauses name."""
    for field in match.model_fields_set & _MATCH.keys():
        if (name := getattr(match, field)) is not None:
            yield _MATCH[field], name
    for field in match.model_fields_set & _MATCH_NAMED.keys():
        if (named := getattr(match, field)) is not None:
            yield _MATCH_NAMED[field], named.name


def set_refs(sets: Set) -> Iterator[Ref]:
    """Give the lists that set clauses name."""
    for field in sets.model_fields_set & _SET.keys():
        if (name := getattr(sets, field)) is not None:
            yield _SET[field], name


def uses(bgp: Bgp) -> Iterator[Use]:
    """Give what the neighbors and groups of an instance use directly; a member uses what its group uses."""
    for peer, one in (*bgp.peer_groups.items(), *bgp.neighbors.items()):
        group = bgp.peer_groups.get(getattr(one, "peer_group", None) or "")
        for family in FAMILIES:
            for owner in (one, group):
                if owner is None:
                    continue
                part, inherited = getattr(owner, family), owner is not one
                v6 = "ipv6_" if family == "ipv6_unicast" else ""
                for direction in ("in", "out"):
                    if name := getattr(part, f"route_map_{direction}"):
                        yield Use(peer, family, direction, ("route_maps", name), inherited)
                    for field, kind in _DIRECT.items():
                        if name := getattr(part, f"{field}_{direction}"):
                            yield Use(
                                peer,
                                family,
                                direction,
                                (kind if field == "filter_list" else v6 + kind, name),
                                inherited,
                            )
                if part.unsuppress_map:
                    yield Use(peer, family, "out", ("route_maps", part.unsuppress_map), inherited)
                if part.default_originate is not None and part.default_originate.route_map:
                    yield Use(peer, family, "out", ("route_maps", part.default_originate.route_map), inherited)
                if part.advertise_map is not None:
                    yield Use(peer, family, "out", ("route_maps", part.advertise_map.route_map), inherited)
                    yield Use(peer, family, "out", ("route_maps", part.advertise_map.condition_map), inherited)


def affected_maps(router: Router, changed: set[Ref]) -> set[Ref]:
    """Give what changes its meaning when these lists and maps change: themselves, and the maps that use them."""
    found = set(changed)
    users: dict[Ref, set[Ref]] = {}
    for name, route_map in router.route_maps.items():
        for entry in route_map.entries:
            for ref in entry_refs(entry):
                users.setdefault(ref, set()).add(("route_maps", name))
    todo = list(changed)
    while todo:
        for user in users.get(todo.pop(), ()):
            if user not in found:
                found.add(user)
                todo.append(user)
    return found
