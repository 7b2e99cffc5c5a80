"""A neighbor in one direction: its options, its own or those of its group, and the policy that is attached to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from ipaddress import ip_address
from typing import Any, Final, Literal

from frrgen.errors import Path
from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import Neighbor, PeerGroup
from frrgen.model.policy import RouteMapEntry
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, Address, Model
from frrgen.policy.frr import options
from frrgen.policy.frr.addresses import Same, has_foreign_hops, own_sources
from frrgen.policy.frr.dynamic import as_dynamic, dynamic_neighbor

Direction = Literal["in", "out"]
_WHOEVER: Final = frozenset(
    {
        "ip_address",
        "ip_address_prefix_list",
        "ip_address_prefix_len",
        "ipv6_address",
        "ipv6_address_prefix_list",
        "ipv6_address_prefix_len",
        "as_path",
        "community",
        "large_community",
        "extcommunity",
        "local_preference",
        "metric",
        "tag",
        "origin",
        "source_protocol",
    }
)
"""Match clauses whose answer depends on the route alone. Each other clause may ask who the neighbor is, or announces
itself as the next hop: of a clause that is new here no proof is shared."""


class Attached:
    """A neighbor in one direction, as it is configured."""

    def __init__(self, router: Router, neighbor: str, direction: Direction, *, vrf: str | None = None) -> None:
        """Find the neighbor, by name or by the listen range that holds it. Raises KeyError if there is none."""
        self.vrf = vrf
        bgp = router.bgp_of(vrf)
        if bgp is None:
            raise KeyError(neighbor)
        self.router = router
        self.bgp: Bgp = bgp
        self.name = neighbor
        self.direction: Direction = direction
        self.bgp_path: Path = ("bgp",) if vrf is None else ("vrfs", vrf, "bgp")
        self.path: Path = (*self.bgp_path, "neighbors", neighbor)
        self.neighbor: Neighbor = (
            bgp.neighbors[neighbor] if neighbor in bgp.neighbors else dynamic_neighbor(bgp, neighbor)
        )
        self.group: PeerGroup | None = bgp.group_of(self.neighbor)
        if neighbor not in bgp.neighbors:
            self.group = as_dynamic(self.group, router, bgp)
        self.remote = self.neighbor.remote_as or (self.group.remote_as if self.group is not None else None)
        self.external = self.remote not in ("internal", bgp.asn)
        self.first_as: int | None = self.remote if isinstance(self.remote, int) else None
        """The neighbor's AS, with which the path of its routes begins; None: `remote_as external` does not name it."""
        self.assume_first_as = False
        """Take each path for a path that begins with the neighbor's AS, where that AS is not known."""
        self.version = router.version
        self.nobody = self.origin = False

    @cached_property
    def foreign_hops(self) -> bool:
        """Whether IPv4 routes here may have an IPv6 next hop (RFC 8950)."""
        if self.direction == "out":
            return has_foreign_hops(Same(self.router))
        return self.peer_address() is None or bool(self.option("capability_extended_nexthop"))

    @cached_property
    def own_addresses(self) -> frozenset[Address]:
        """The router's addresses in the VRF, as far as they are known: others may be told of."""
        return own_sources(Same(self.bgp))

    def peer_address(self) -> Address | None:
        """Return the neighbor's address; None if it is an interface, or not known."""
        return None if self.nobody else self._address

    @cached_property
    def _address(self) -> Address | None:
        try:
            return ip_address(self.name)
        except ValueError:
            return None

    def option(self, name: str) -> Any:
        """Return an option of the neighbor, or of its group."""
        return _said(name, self.neighbor, self.group)

    def family_option(self, family: str, name: str) -> Any:
        """Return an option of an address family, of the neighbor or its group."""
        group = None if self.group is None else getattr(self.group, family)
        return _said(name, getattr(self.neighbor, family), group)

    def attached(self, kind: str, family: str) -> tuple[str | None, Path]:
        """Find what is attached (route_map, prefix_list, …), on the neighbor or on its group, and where that stands."""
        return self._placed(family, f"{kind}_{self.direction}")

    def where(self, family: str, name: str) -> Path:
        """Return the path of an option of an address family: of the neighbor, or of its group if that says it."""
        return self._placed(family, name)[1]

    def _placed(self, family: str, name: str) -> tuple[Any, Path]:
        owners: list[tuple[Any, Path]] = [(self.neighbor, self.path)]
        if self.group is not None:
            owners.append((self.group, (*self.bgp_path, "peer_groups", self.neighbor.peer_group or "")))
        for one, path in owners:
            value = getattr(getattr(one, family), name)
            if value is not None:
                return value, (*path, family, name)
        return None, (*self.path, family)

    def maps(self) -> list[str]:
        """Return the names of the route maps that are attached, of both families."""
        found = (self.attached("route_map", family)[0] for family in ("ipv4_unicast", "ipv6_unicast"))
        return [name for name in found if name is not None]

    def active(self, family: str) -> bool:
        """Tell whether an address family is activated."""
        return self.bgp.activates(family, self.neighbor, self.group)

    @property
    def decisive(self) -> tuple[Any, ...]:
        """Return all of the session, beside lists and maps, that decides on routes: sessions alike in it are alike."""
        return self.remote, *self.decisive_of_any_as

    @property
    def decisive_of_any_as(self) -> tuple[Any, ...]:
        """Return all of the session, beside lists, maps and the neighbor's AS number, that decides on routes."""
        owners = [one for one in (self.neighbor, self.group) if one is not None]
        parts = [getattr(one, family) for one in owners for family in FAMILIES]
        bgp = self.bgp
        own: tuple[Any, ...] = (bgp.asn, bgp.ebgp_requires_policy, bgp.default_ipv4_unicast, bgp.default_ipv6_unicast)
        deciding = [self.option(name) for name in options.NEIGHBOR_DECIDING]
        own += (
            bgp.graceful_shutdown,
            bgp.confederation,
            bgp.default_local_preference,
            bgp.reject_as_sets,
            bgp.allow_martian_nexthop,
            self.own_addresses,
        )
        own += tuple(tuple(getattr(bgp, family).aggregates.items()) for family in FAMILIES)
        who = self.name if self.asks_who() else None
        return self.direction, self.external, who, self.foreign_hops, *deciding, *own, *parts

    def asks_who(self) -> bool:
        """Tell whether the maps ask who the neighbor is: then no two sessions are alike."""
        return any(
            not entry.match.model_fields_set <= _WHOEVER
            or entry.set.ip_next_hop == "peer-address"
            or entry.set.ipv6_next_hop_peer_address
            for entry in self.entries()
        )

    def gone_through(self, *names: str) -> Iterator[str]:
        """Return the maps that may be gone through, from these on, or from those attached: each once."""
        return maps_from(self.router, names or self.maps())

    def entries(self, *names: str) -> Iterator[RouteMapEntry]:
        """Yield the entries of every map that may be gone through, from these maps on, or from those attached."""
        for name in self.gone_through(*names):
            yield from self.router.route_maps[name].entries

    def has_policy(self, family: str) -> bool:
        """Tell whether anything is attached that counts as a policy (RFC 8212)."""
        kinds = ("distribute_list", "prefix_list", "filter_list", "route_map")
        return any(self.attached(kind, family)[0] for kind in kinds)


def _said(name: str, own: Model, group: Model | None) -> Any:
    """Return what the neighbor says, or if it says nothing, its group."""
    value = getattr(own, name)
    if group is None or value != _default(type(own), name):
        return value
    return getattr(group, name, value)


@cache
def _default(model: type[Model], name: str) -> Any:
    return model.model_fields[name].default


def maps_from(router: Router, names: Iterable[str]) -> Iterator[str]:
    """Yield these route maps and those that they call, each once."""
    rest = list(names)
    seen: set[str] = set()
    while rest:
        name = rest.pop()
        if name in seen or name not in router.route_maps:
            continue
        seen.add(name)
        yield name
        rest += [entry.call for entry in router.route_maps[name].entries if entry.call is not None]
