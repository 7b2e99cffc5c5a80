"""Who uses what: from lists through route maps to the neighbors whose routes they decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from frrgen.errors import Path
from frrgen.model.bgp import Bgp
from frrgen.model.evpn import Evpn
from frrgen.model.instance_family import AddressFamily
from frrgen.model.neighbor import EvpnNeighbor, NeighborFamily
from frrgen.model.policy import Match, RouteMapEntry, Set
from frrgen.model.router import Router
from frrgen.model.types import SESSION_FAMILIES

Ref = tuple[str, str]
"""The field of Router that holds the list or map, and its name."""

NOUNS: Final = {
    "route_maps": "route map",
    "prefix_lists": "prefix list",
    "ipv6_prefix_lists": "IPv6 prefix list",
    "access_lists": "access list",
    "ipv6_access_lists": "IPv6 access list",
    "as_path_lists": "as-path list",
    "community_lists": "community list",
    "large_community_lists": "large-community list",
    "extcommunity_lists": "extcommunity list",
    "community_aliases": "community alias",
    "bfd_profiles": "BFD profile",
}
"""What a list or a map of each field of Router is called."""
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
_SET: Final = {
    "as_path_exclude_list": "as_path_lists",
    "as_path_replace_list": "as_path_lists",
    "comm_list_delete": "community_lists",
    "extended_comm_list_delete": "extcommunity_lists",
    "large_comm_list_delete": "large_community_lists",
}
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
    """Yield what a route-map entry refers to."""
    yield from (ref for _, ref in match_refs(entry.match))
    yield from (ref for _, ref in set_refs(entry.set))
    if entry.call is not None:
        yield "route_maps", entry.call


def match_refs(match: Match) -> Iterator[tuple[str, Ref]]:
    """Yield the lists that match clauses name, each with its field."""
    for field in sorted(match.model_fields_set & _MATCH.keys()):
        if (name := getattr(match, field)) is not None:
            yield field, (_MATCH[field], name)
    for field in sorted(match.model_fields_set & _MATCH_NAMED.keys()):
        if (named := getattr(match, field)) is not None:
            yield field, (_MATCH_NAMED[field], named.name)


def set_refs(sets: Set) -> Iterator[tuple[str, Ref]]:
    """Yield the lists that set clauses name, each with its field."""
    for field in sorted(sets.model_fields_set & _SET.keys()):
        if (name := getattr(sets, field)) is not None:
            yield field, (_SET[field], name)


def direct_refs(part: NeighborFamily | EvpnNeighbor, family: str) -> Iterator[tuple[str, Ref]]:
    """Yield the lists and maps that a neighbor names in a family, each with its field."""
    v6 = "ipv6_" if family == "ipv6_unicast" else ""
    for field in sorted(part.model_fields_set):
        value = getattr(part, field)
        if value is None:
            continue
        kind, _, direction = field.rpartition("_")
        if field in {"allowas_in_map", "unsuppress_map"} or kind == "route_map":
            yield field, ("route_maps", value)
        elif field == "advertise_map":
            yield field, ("route_maps", value.route_map)
            yield field, ("route_maps", value.condition_map)
        elif field == "default_originate":
            if value.route_map is not None:
                yield field, ("route_maps", value.route_map)
        elif kind in _DIRECT and direction in {"in", "out"}:
            yield field, ((_DIRECT[kind] if kind == "filter_list" else v6 + _DIRECT[kind]), value)


def instance_refs(part: AddressFamily | Evpn) -> Iterator[tuple[tuple[str, ...], Ref]]:
    """Yield the route maps and lists that an address family of an instance names, each with its path."""
    if isinstance(part, Evpn):
        for family, unicast in part.advertise.items():
            if unicast.route_map is not None:
                yield ("advertise", family), ("route_maps", unicast.route_map)
        return
    named: list[tuple[tuple[str, ...], str | None]] = [
        (("table_map",), part.table_map),
    ]
    named += [
        (("vrf_leaking", field), getattr(part.vrf_leaking, field))
        for field in ("import_vrf_route_map", "route_map_import", "route_map_export")
    ]
    named += [(("networks", str(key)), one.route_map) for key, one in part.networks.items()]
    named += [(("redistribute", key), one.route_map) for key, one in part.redistribute.items()]
    for key, one in part.aggregates.items():
        named += [(("aggregates", str(key), field), getattr(one, field)) for field in ("route_map", "suppress_map")]
    yield from ((path, ("route_maps", name)) for path, name in named if name is not None)
    for prefix, distance in part.distances.items():
        if distance.access_list is not None:
            holder = "ipv6_access_lists" if prefix.version == 6 else "access_lists"
            yield ("distances", str(prefix)), (holder, distance.access_list)


def policy_refs(router: Router) -> Iterator[tuple[Path, Ref]]:
    """Yield what route maps match and call, and what the main instance and its neighbors name, each with its path."""
    for name, route_map in router.route_maps.items():
        for entry in route_map.entries:
            path = ("route_maps", name, "entries", str(entry.seq))
            yield from (((*path, "match", field), ref) for field, ref in match_refs(entry.match))
            if entry.call is not None:
                yield (*path, "call"), ("route_maps", entry.call)
    if router.bgp is None:
        return
    for kind in ("peer_groups", "neighbors"):
        for peer, one in getattr(router.bgp, kind).items():
            for family in SESSION_FAMILIES:
                for field, ref in direct_refs(getattr(one, family), family):
                    yield ("bgp", kind, peer, family, field), ref
    for family in SESSION_FAMILIES:
        for steps, ref in instance_refs(getattr(router.bgp, family)):
            yield ("bgp", family, *steps), ref


def uses(bgp: Bgp) -> Iterator[Use]:
    """Yield what the neighbors and groups of an instance use directly; a member uses what its group uses."""
    for peer, one in (*bgp.peer_groups.items(), *bgp.neighbors.items()):
        owners = bgp.with_group(one)
        for family in SESSION_FAMILIES:
            for owner in owners:
                for field, ref in direct_refs(getattr(owner, family), family):
                    direction = "in" if field.endswith("_in") or field == "allowas_in_map" else "out"
                    yield Use(peer, family, direction, ref, owner is not one)


def affected_maps(router: Router, changed: set[Ref]) -> set[Ref]:
    """Return what changes its meaning when these lists and maps change: themselves, and the maps that use them."""
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
