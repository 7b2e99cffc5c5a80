"""Addresses and next hops of a router, found once for all of its sessions."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import Generic, TypeVar

from frrgen.model.bgp import Bgp
from frrgen.model.router import Router
from frrgen.model.types import Address, is_address

_T = TypeVar("_T")


class Same(Generic[_T]):
    """A part of the model as the key of a cache: the same object, for to ask whether it is an equal one takes long."""

    def __init__(self, it: _T) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it


@lru_cache(maxsize=64)
def has_foreign_hops(of: Same[Router]) -> bool:
    """Tell whether some IPv4 route of a router may have an IPv6 next hop (RFC 8950)."""
    router = of.it
    sets = [entry.set for one in router.route_maps.values() for entry in one.entries]
    if any(one.ipv6_next_hop_global or one.ipv6_next_hop_peer_address for one in sets):
        return True
    return any(
        any(not is_address(name) for name in bgp.neighbors)
        or any(one.capability_extended_nexthop for one in (*bgp.neighbors.values(), *bgp.peer_groups.values()))
        for _, bgp in router.instances()
    )


@lru_cache(maxsize=64)
def own_sources(of: Same[Bgp]) -> frozenset[Address]:
    """Return the addresses from which a router speaks."""
    said = {one.update_source for one in (*of.it.neighbors.values(), *of.it.peer_groups.values())}
    return frozenset(ip_address(one) for one in said if one is not None and is_address(one))
