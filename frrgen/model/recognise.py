"""Routers -> the clusters whose nodes are among their neighbors: `derive`, backwards.

Neighbors of one AS are taken for the nodes of a cluster where the router lets them announce single addresses of some
prefixes, and nothing else: no other neighbor is given that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from frrgen.model.bgp import Bgp
from frrgen.model.cluster import Cluster
from frrgen.model.names import free_name
from frrgen.model.neighbor import Neighbor, NeighborFamily
from frrgen.model.policy import RouteMap
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, Prefix, is_address

_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9-]+")
_SHORTEST: Final = {4: 8, 6: 16}
"""No pool is larger: a list that permits everything is no pool."""


class _Pool(NamedTuple):
    list_name: str
    version: int
    prefixes: tuple[Prefix, ...]
    lengths: tuple[int, int] | None


@dataclass
class _Sessions:
    """What one router has with the nodes."""

    router: Router
    vrf: str | None
    bgp: Bgp
    map_in: str | None
    pools: tuple[_Pool, ...]
    neighbors: dict[str, Neighbor] = field(default_factory=dict)


def recognise(routers: Iterable[Router], taken: Collection[str] = ()) -> list[Cluster]:
    """Return the clusters that routers have sessions with. What they say of the sessions is left to the routers.

    `taken`: names that no cluster gets.
    """
    by_nodes: dict[tuple[int, frozenset[str]], list[_Sessions]] = defaultdict(list)
    for router in routers:
        for vrf, bgp in router.instances():
            for asn, one in _sessions(router, vrf, bgp):
                by_nodes[asn, frozenset(one.neighbors)].append(one)
    found: dict[str, Cluster] = {}
    for (asn, _), sessions in by_nodes.items():
        try:
            cluster = _cluster(asn, sessions, {*found, *taken})
        except ValidationError:
            # pools that overlap, for instance: no cluster has them
            continue
        found[cluster.name] = cluster
    return list(found.values())


def _sessions(router: Router, vrf: str | None, bgp: Bgp) -> Iterator[tuple[int, _Sessions]]:
    """Yield the AS number and the neighbors of each cluster that an instance has sessions with."""
    found: dict[tuple[Any, ...], _Sessions] = {}
    for peer, neighbor in bgp.neighbors.items():
        group = bgp.group_of(neighbor)
        said = neighbor.remote_as if neighbor.remote_as is not None else group and group.remote_as
        asn = bgp.asn if said == "internal" else said
        if not is_address(peer) or not isinstance(asn, int):
            continue
        families = [_family(bgp, neighbor, one) for one in FAMILIES if bgp.activates(one, neighbor, group)]
        maps, lists = ({getattr(one, kind) for one in families} for kind in ("route_map_in", "prefix_list_in"))
        if len(maps) != 1 or len(lists) != 1 or not families:
            continue
        (map_in,), (list_in,) = maps, lists
        pools = _admitted(router, map_in, list_in)
        if pools:
            key = (asn, map_in, list_in, neighbor.peer_group)
            one = found.setdefault(key, _Sessions(router, vrf, bgp, map_in, pools))
            one.neighbors[peer] = neighbor
    yield from ((key[0], one) for key, one in found.items())


def _family(bgp: Bgp, neighbor: Neighbor, family: str) -> NeighborFamily:
    """Return a neighbor's options in an address family, over those of its group."""
    own: NeighborFamily = getattr(neighbor, family)
    group = bgp.group_of(neighbor)
    if group is None:
        return own
    base: NeighborFamily = getattr(group, family)
    changes = {name: getattr(own, name) for name in own.model_fields_set if getattr(own, name) is not None}
    return base.model_copy(update=changes)


def _admitted(router: Router, map_in: str | None, list_in: str | None) -> tuple[_Pool, ...]:
    """Return the pools that a route map and a prefix list let in; none where they let in more, or less clearly."""
    if map_in is None:
        names = [(4, list_in)] if list_in in router.prefix_lists else [(6, list_in)]
    elif map_in in router.route_maps and list_in is None:
        names = list(_lists_of(router.route_maps[map_in]))
    else:
        return ()
    found = [None if name is None else _pool(router, version, name) for version, name in names]
    return () if None in found else tuple(one for one in found if one is not None)


def _lists_of(route_map: RouteMap) -> Iterator[tuple[int, str | None]]:
    """Yield the prefix lists that a route map permits; None for an entry that asks for something else."""
    for entry in route_map.entries:
        plain = not (entry.model_fields_set & {"call", "on_match", "raw"})
        asked = {name: getattr(entry.match, name) for name in entry.match.model_fields_set}
        if entry.action == "deny" and plain and not asked:
            return
        (name, value) = next(iter(asked.items())) if len(asked) == 1 else ("", None)
        version = {"ip_address_prefix_list": 4, "ipv6_address_prefix_list": 6}.get(name, 4)
        known = plain and entry.action == "permit" and name.endswith("_address_prefix_list")
        yield version, value if known else None


def _pool(router: Router, version: int, name: str) -> _Pool | None:
    """Return a prefix list as a pool: it permits parts of prefixes down to the single address."""
    lists = router.prefix_lists if version == 4 else router.ipv6_prefix_lists
    entries = lists[name].entries if name in lists else ()
    most = 32 if version == 4 else 128
    lengths = set()
    for entry in entries:
        prefix = entry.prefix
        if entry.action != "permit" or prefix is None or prefix.prefixlen < _SHORTEST[version]:
            return None
        low = prefix.prefixlen if entry.ge is None else entry.ge
        high = entry.le if entry.le is not None else (most if entry.ge is not None else prefix.prefixlen)
        if high != most:
            return None
        lengths.add(None if low == prefix.prefixlen else (low, high))
    if len(lengths) != 1:
        return None
    return _Pool(name, version, tuple(entry.prefix for entry in entries if entry.prefix is not None), lengths.pop())


def _cluster(asn: int, sessions: Sequence[_Sessions], taken: Collection[str]) -> Cluster:
    """Make the cluster of some sessions. Raises ValidationError if they do not go together."""
    first = sessions[0]
    group = next(iter(first.neighbors.values())).peer_group
    pools: dict[str, dict[str, Any]] = {}
    for one in sessions:
        for pool in one.pools:
            said = pools.setdefault(pool.list_name, {"prefix_list": pool.list_name, "prefixes": pool.prefixes})
            if pool.lengths is not None:
                said["lengths" if pool.version == 4 else "ipv6_lengths"] = pool.lengths
    return Cluster.model_validate(
        {
            "name": _free(group or first.map_in or first.pools[0].list_name, taken),
            "asn": asn,
            "nodes": _nodes(first.neighbors),
            "pools": pools,
            "routers": {one.router.name: _peering(one) for one in sessions},
        }
    )


def _nodes(neighbors: Mapping[str, Neighbor]) -> dict[str, dict[str, list[str]]]:
    """Return the nodes. Neighbors of both IP versions that have the same description are one node."""
    found: dict[str, dict[str, list[str]]] = {}
    for peer, neighbor in neighbors.items():
        label = _word(neighbor.description or "")
        there = found.get(label, {"addresses": []})["addresses"]
        if not label or ip_address(peer).version in {ip_address(one).version for one in there}:
            label = _free(f"node-{peer}", found)
        found.setdefault(label, {"addresses": []})["addresses"].append(peer)
    return found


def _peering(one: _Sessions) -> dict[str, Any]:
    """Return what is particular to a router's sessions."""
    found: dict[str, Any] = {"derive": False} | ({} if one.vrf is None else {"vrf": one.vrf})
    ends = [end for own in one.neighbors.values() for end in one.bgp.with_group(own)]
    for source in {end.update_source for end in ends if end.update_source is not None}:
        if is_address(source):
            found["address" if ip_address(source).version == 4 else "ipv6_address"] = source
    return found


def _word(text: str) -> str:
    """Return a text as the name of a node or of a cluster; empty if nothing of it is left."""
    return _NOT_IN_A_NAME.sub("-", text.casefold()).strip("-")[:60].strip("-")


def _free(text: str, taken: Collection[str]) -> str:
    """Return the nearest name that is not taken."""
    return free_name(_word(text) or "cluster", taken.__contains__)
