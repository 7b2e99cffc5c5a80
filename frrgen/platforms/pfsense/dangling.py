"""What pfSense's FRR package silently leaves out of a router that names what is not there.

FRR itself takes such lines and refuses with them, or matches nothing; without them it lets more through.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any, Final

from pydantic import BaseModel

from frrgen.errors import Path
from frrgen.model.check import has_policy
from frrgen.model.policy import RouteMapEntry
from frrgen.model.references import Ref, policy_refs
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES
from frrgen.platforms.pfsense.php import among

_FOUND_IN: Final = {
    "prefix_lists": ("prefix_lists", "ipv6_prefix_lists"),
    "ipv6_prefix_lists": ("prefix_lists", "ipv6_prefix_lists"),
    "access_lists": ("access_lists", "ipv6_access_lists"),
    "ipv6_access_lists": ("access_lists", "ipv6_access_lists"),
}
"""The package looks lists up by name, whatever their family."""
_WORDS: Final = frozenset({"local", "unchanged", "peer-address"})
"""What stands in the place of a neighbor's address."""
_WRITTEN_ANYWAY: Final = frozenset({"ip_address", "ipv6_address"})
"""Access lists of an entry are not looked up: their clause goes with the prefix list's that gives its family."""


def omitted(router: Router) -> dict[Path, Ref]:
    """Return what the package leaves out, by its path in the router."""
    return dict(_omitted(router))


def _omitted(router: Router) -> Iterator[tuple[Path, Ref]]:
    refs = [(path, ref) for path, ref in policy_refs(router) if not _without_a_place(path)]
    absent = {path for path, ref in refs if not _known(router, ref)}
    lost = {path[:-1] for path in absent if path[-1].endswith("address_prefix_list")}
    for path, ref in refs:
        if path[:-1] in lost if path[-1] in _WRITTEN_ANYWAY else path in absent:
            yield path, ref


def _without_a_place(path: Path) -> bool:
    """Tell whether the package has no place for a reference at all, which is another mistake."""
    nowhere = {"advertise_map", "allowas_in_map"}
    return path[-1] in nowhere or (path[1] in FAMILIES and path[2] in {"aggregates", "vrf_leaking"})


def _known(router: Router, ref: Ref) -> bool:
    kind, name = ref
    return any(among(name, getattr(router, one)) for one in _FOUND_IN.get(kind, (kind,)))


def as_generated(router: Router) -> Router:
    """Return the router without what the package leaves out: what FRR on the box gets to see."""
    for path in omitted(router):
        router = _without(router, path)
    return _without_strangers(router)


def _without_strangers(router: Router) -> Router:
    """Take away the clauses that name a neighbor or the number of an entry, and the groups, which are not there."""
    router = _without_groups(router)
    numbers = {entry.seq for route_map in router.route_maps.values() for entry in route_map.entries}
    known = {*_WORDS, *(() if router.bgp is None else router.bgp.neighbors)}
    changed = {}
    for name, route_map in router.route_maps.items():
        entries = tuple(_of_neighbors(entry, known, numbers) for entry in route_map.entries)
        if entries != route_map.entries:
            changed[name] = route_map.model_copy(update={"entries": entries})
    return router.model_copy(update={"route_maps": {**router.route_maps, **changed}}) if changed else router


def _without_groups(router: Router) -> Router:
    bgp = router.bgp
    if bgp is None:
        return router
    lost = [peer for peer, one in bgp.neighbors.items() if one.peer_group not in {None, *bgp.peer_groups}]
    alone = {peer: bgp.neighbors[peer].model_copy(update={"peer_group": None}) for peer in lost}
    return router.model_copy(update={"bgp": bgp.model_copy(update={"neighbors": {**bgp.neighbors, **alone}})})


def _of_neighbors(entry: RouteMapEntry, known: Container[str], numbers: Container[int]) -> RouteMapEntry:
    if isinstance(entry.on_match, int) and entry.on_match not in numbers:
        entry = entry.model_copy(update={"on_match": None})
    if entry.match.peer is not None and str(entry.match.peer) not in known:
        entry = entry.model_copy(update={"match": entry.match.model_copy(update={"peer": None})})
    if entry.set.ip_next_hop is not None and str(entry.set.ip_next_hop) not in known:
        entry = entry.model_copy(update={"set": entry.set.model_copy(update={"ip_next_hop": None})})
    return entry


def _without(owner: Any, path: Path) -> Any:
    """Take a reference away: the field itself, or the route map of a part that stays without one.

    Of a redistribution it is the whole line that goes.
    """
    if not path:
        return owner.model_copy(update={"route_map": None}) if hasattr(owner, "route_map") else None
    step, rest = path[0], path[1:]
    if step == "redistribute":
        left = {key: one for key, one in owner.redistribute.items() if key != rest[0]}
        return owner.model_copy(update={step: left})
    if isinstance(owner, BaseModel):
        return owner.model_copy(update={step: _without(getattr(owner, step), rest)})
    if isinstance(owner, tuple):
        return tuple(_without(one, rest) if str(one.seq) == step else one for one in owner)
    return {key: _without(one, rest) if str(key) == step else one for key, one in owner.items()}


def without_line(generated: Router, path: Path) -> str:
    """Return what FRR does without the line that named what is not there."""
    bgp, field = generated.bgp, path[-1]
    if path[0] == "route_maps":
        return "the entry goes on without the call" if field == "call" else "the entry matches without the clause"
    if path[1] not in {"neighbors", "peer_groups"} or bgp is None or field.rpartition("_")[2] not in {"in", "out"}:
        return "FRR goes on without the route map"
    one = getattr(bgp, path[1])[path[2]]
    group = bgp.group_of(one)
    remote = one.remote_as or (group.remote_as if group is not None else None)
    direction = field.rpartition("_")[2]
    if any(has_policy(getattr(part, path[3]), direction) for part in bgp.with_group(one)):
        return "only the other policy of this session decides"
    if remote in {"internal", bgp.asn} or (remote is not None and not bgp.ebgp_requires_policy):
        return f"everything is {'let in' if direction == 'in' else 'announced'}"
    if remote is not None:
        return f"FRR {'accepts' if direction == 'in' else 'announces'} nothing without a policy (RFC 8212)"
    return "its members have no such policy: over iBGP everything passes"
