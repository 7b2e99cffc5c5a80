"""A Cluster -> the explicit parts of each router it peers with: the one place where both ends of a session are made.

What a router's own file says wins, field by field for neighbors and peer groups, and as a whole for a list or a route
map of the same name. Everything else is left as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from frrgen.codes import Code
from frrgen.errors import Finding, Path, Where
from frrgen.model.admission import Admission, list_name, of_version
from frrgen.model.bgp import Bgp
from frrgen.model.cluster import Cluster, Network, Node, Peering
from frrgen.model.neighbor import Bfd, MaximumPrefix, Neighbor, NeighborFamily, PeerGroup
from frrgen.model.pools import announced_lengths, announced_pools, carried
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, Address, is_address

_T = TypeVar("_T", bound=BaseModel)
MOST_PREFIXES: Final = 100_000
"""A limit beyond this protects nobody: so many is what a large pool, announced address by address, may need."""
LISTEN_LIMIT: Final = 100
"""FRR's default of `bgp listen limit`, and what is taken for the sessions of a cluster that names no nodes."""
_MOST_LISTENED: Final = 65535
"""The greatest `bgp listen limit`."""


@dataclass(frozen=True)
class Derived:
    """The routers with everything written out, and where the derived parts come from."""

    routers: dict[str, Router]
    origins: dict[str, dict[Path, Path]] = field(default_factory=dict)
    """By router: a path in the router's model -> the path in the network that it comes from."""
    findings: tuple[Finding, ...] = ()


def derive(network: Network) -> Derived:
    """Write out what the clusters mean for the routers."""
    routers = dict(network.routers)
    origins: dict[str, dict[Path, Path]] = {name: {} for name in routers}
    findings: list[Finding] = []
    for cluster in network.clusters.values():
        for name, peering in cluster.routers.items():
            where = Where(path=("clusters", cluster.name, "routers", name))
            router = routers.get(name)
            if router is None:
                findings.append(
                    Finding(Code.FRR201, f"there is no router {name!r}", where, f"write routers/{name}.yaml")
                )
                continue
            bgp = router.bgp_of(peering.vrf)
            if bgp is None:
                place = f"vrf {peering.vrf} of {name}" if peering.vrf else name
                findings.append(Finding(Code.FRR202, f"{place} has no bgp for the cluster to peer with", where))
                continue
            if not peering.derive:
                continue
            if peering.listen_range and not router.slot.listens:
                findings.append(
                    Finding(
                        Code.FRR720,
                        f"{name} takes no neighbors by listen range: {router.platform} has no place for them",
                        Where(path=(*where.path, "listen_range")),
                        f"remove listen_range: each node{'' if cluster.nodes else ' that is named'} is a neighbor; "
                        f"or write `{router.platform}: {{raw: true}}`",
                    )
                )
                continue
            sessions = sessions_by_range(network, name, peering.vrf)
            part = _Part(cluster.facing(name), peering, router, bgp, origins[name], sessions)
            if part.listens_for_both():
                findings.append(
                    Finding(
                        Code.FRR205,
                        f"nodes of AS {bgp.asn}, the router's own, and of other ASes cannot share a listen range",
                        Where(path=(*where.path, "listen_range")),
                        "remove listen_range: each node then becomes a neighbor",
                    )
                )
                continue
            routers[name] = part.router_with()
    return Derived(routers, origins, tuple(findings))


def dialled(network: Network, router: str, vrf: str | None) -> frozenset[Address]:
    """Return a router's own addresses in a VRF, as far as the nodes of clusters dial them."""
    peerings = (cluster.routers[router] for cluster in network.clusters.values() if router in cluster.routers)
    found = (one for peering in peerings if peering.vrf == vrf for one in (peering.address, peering.ipv6_address))
    return frozenset(one for one in found if one is not None)


def sessions_by_range(network: Network, router: str, vrf: str | None) -> int:
    """Return how many sessions may come by the listen ranges that the clusters of a router need; 0 without a range.

    FRR counts sessions, not nodes, and has a single limit for all ranges of an instance (`bgp listen limit`).
    """
    count = 0
    for cluster in network.clusters.values():
        peering = cluster.routers.get(router)
        if peering is None or peering.vrf != vrf or not peering.listen_range:
            continue
        nodes = cluster.facing(router).nodes.values()
        addresses = [one for node in nodes for one in node.addresses]
        inside = sum(any(one.version == r.version and one in r for r in peering.listen_range) for one in addresses)
        count += max(1, inside) if addresses else LISTEN_LIMIT
    return count


class _Part:
    """What one cluster means for one router."""

    def __init__(  # noqa: PLR0917
        self,
        cluster: Cluster,
        peering: Peering,
        router: Router,
        bgp: Bgp,
        origins: dict[Path, Path],
        sessions: int,
    ) -> None:
        self.cluster = cluster
        self.peering = peering
        self.router = router
        self.bgp = bgp
        self.origins = origins
        self.source: Path = ("clusters", cluster.name)
        self.bgp_path: Path = ("bgp",) if peering.vrf is None else ("vrfs", peering.vrf, "bgp")
        self.sessions = sessions
        self.group_name = peering.peer_group or cluster.name
        asns = [node.asn or cluster.asn for node in cluster.nodes.values()] or [cluster.asn]
        self.asns = {ibgp: {asn for asn in asns if (asn == bgp.asn) is ibgp} for ibgp in (True, False)}
        """The AS numbers of the internal nodes, and of the external nodes."""
        self.map_in = peering.route_map_in or f"{cluster.name}-in"
        self.map_out = peering.route_map_out or f"{cluster.name}-out"
        self.admission = Admission(cluster, narrow_bounds=router.slot.narrow_bounds, external=bool(self.asns[False]))

    def listens_for_both(self) -> bool:
        """Tell whether internal and external nodes would come by one listen range, which belongs to one group."""
        return bool(self.peering.listen_range) and all(self.asns.values())

    def _group_of(self, *, ibgp: bool) -> str:
        """Return the name of the group of the internal nodes, or of the external nodes.

        FRR takes no internal and external members into one group: the kind that the cluster's own ASN is of has the
        group's plain name, and the other kind a group beside it.
        """
        if ibgp == (self.cluster.asn == self.bgp.asn) or not all(self.asns.values()):
            return self.group_name
        return f"{self.group_name}-{'internal' if ibgp else 'external'}"

    def router_with(self) -> Router:
        changes: dict[str, Any] = {}
        for version, field_name in ((4, "prefix_lists"), (6, "ipv6_prefix_lists")):
            lists = dict(self.admission.prefix_lists(version))
            if lists:
                changes[field_name] = self._beside(field_name, lists)
        maps = {self.map_in: self.admission.inbound(), self.map_out: self.admission.outbound()}
        changes["route_maps"] = self._beside("route_maps", maps)
        bgp = self._bgp()
        if self.peering.vrf is None:
            changes["bgp"] = bgp
        else:
            vrf = self.router.vrfs[self.peering.vrf].model_copy(update={"bgp": bgp})
            changes["vrfs"] = {**self.router.vrfs, self.peering.vrf: vrf}
        return self.router.model_copy(update=changes)

    def _beside(self, field_name: str, derived: dict[str, Any]) -> dict[str, Any]:
        """Put derived lists or maps beside the router's own, which win."""
        own = getattr(self.router, field_name)
        # of pools that share a list, the first stands for it
        pools = {
            of_version(list_name(self.cluster, name), pool.prefixes, version): ("pools", name)
            for name, pool in reversed(list(announced_pools(self.cluster)))
            for version in (4, 6)
        }
        for name in derived.keys() - own.keys():
            self.origins[field_name, name] = (*self.source, *pools.get(name, ()))
        return {**derived, **own}

    # bgp

    def _bgp(self) -> Bgp:
        bgp, peering = self.bgp, self.peering
        changes: dict[str, Any] = {}
        groups = {self._group_of(ibgp=ibgp): self._group(asns) for ibgp, asns in self.asns.items() if asns}
        own = bgp.peer_groups
        changes["peer_groups"] = {**own, **{name: _overridden(one, own.get(name)) for name, one in groups.items()}}
        for name in groups:
            self.origins[(*self.bgp_path, "peer_groups", name)] = self.source
        if peering.listen_range:
            ranges = dict.fromkeys(peering.listen_range, self.group_name)
            changes["listen_ranges"] = {**ranges, **bgp.listen_ranges}
            for prefix in ranges.keys() - bgp.listen_ranges.keys():
                self.origins[(*self.bgp_path, "listen_ranges", str(prefix))] = self.source
            if bgp.listen_limit is None:
                changes["listen_limit"] = min(self.sessions, _MOST_LISTENED)
                self.origins[(*self.bgp_path, "listen_limit")] = self.source
        else:
            neighbors = self._own_neighbors(changes)
            for address, neighbor, node in self._neighbors():
                neighbors[address] = _overridden(neighbor, bgp.neighbors.get(address))
                self.origins[(*self.bgp_path, "neighbors", address)] = (*self.source, "nodes", node)
            changes["neighbors"] = neighbors
        return bgp.model_copy(update=changes)

    def _own_neighbors(self, changes: dict[str, Any]) -> dict[str, Neighbor]:
        """Return the router's own neighbors; where IPv4 is not to be active by default, they say that they have it.

        Where a neighbor has no options by family, one that carries no IPv4 is kept out of it by the instance alone
        (`no bgp default ipv4-unicast`), unless the router's file says otherwise.
        """
        bgp = self.bgp
        neighbors = dict(bgp.neighbors)
        if self.router.slot.by_family or "default_ipv4_unicast" in bgp.model_fields_set:
            return neighbors
        dialling = [(node, one) for node in self.cluster.nodes.values() for one in node.addresses]
        if all(4 in self._versions(node, one) for node, one in dialling if self._versions(node, one)):
            return neighbors
        changes["default_ipv4_unicast"] = False
        self.origins[(*self.bgp_path, "default_ipv4_unicast")] = self.source
        for peer, neighbor in neighbors.items():
            if all(one.ipv4_unicast.activate is None for one in bgp.with_group(neighbor)):
                family = neighbor.ipv4_unicast.model_copy(update={"activate": True})
                neighbors[peer] = neighbor.model_copy(update={"ipv4_unicast": family})
        return neighbors

    def _versions(self, node: Node, address: Address) -> set[int]:
        """Return the IP versions in which a session from this address is active; none if it says nothing."""
        said = set(carried(self.cluster, node, address))
        return said | {address.version} if said and not self.router.slot.by_family else said

    def _group(self, asns: set[int]) -> PeerGroup:
        cluster, peering = self.cluster, self.peering
        options: dict[str, Any] = {
            "description": f"cluster {cluster.name}",
            "password": peering.password or cluster.password,
            "timers": peering.timers or cluster.timers,
            "timers_connect": peering.timers_connect or cluster.timers_connect,
            "bfd": None if peering.bfd_profile is None else Bfd(profile=peering.bfd_profile),
            "ebgp_multihop": peering.ebgp_multihop,
            "ttl_security_hops": peering.ttl_security_hops,
        }
        if self.router.slot.by_family:
            options["update_source"] = peering.update_source
        if len(asns) == 1:
            options["remote_as"] = next(iter(asns))
        elif peering.listen_range:
            options["remote_as"] = "external"
        if peering.listen_range and any(map(self._over_ipv6, cluster.nodes.values())):
            options["capability_extended_nexthop"] = True
        for family in FAMILIES:
            options[family] = self._family(family)
        return PeerGroup.model_validate({name: value for name, value in options.items() if value is not None})

    def _family(self, family: str) -> NeighborFamily:
        version = 4 if family == "ipv4_unicast" else 6
        if not self.router.slot.by_family:
            # both families are closed by the same maps; each neighbor says for itself where it is active
            return self._closed(max(1, *map(self._prefix_count, (4, 6))), activate=None)
        count = self._prefix_count(version)
        if not count:
            if version == 4 and self.peering.listen_range and self.bgp.default_ipv4_unicast:
                # until FRR 10.7 a dynamic neighbor has IPv4 unicast whatever its group says, and the group's policy
                # only where the group is activated: so it is, with the maps, which let no IPv4 prefix through
                return NeighborFamily(activate=True, route_map_in=self.map_in, route_map_out=self.map_out)
            return NeighborFamily(activate=False) if version == 4 else NeighborFamily()
        return self._closed(count, activate=True)

    def _closed(self, count: int, *, activate: bool | None) -> NeighborFamily:
        """Return a family with the cluster's policy, and a limit of so many prefixes."""
        limit = self.peering.maximum_prefix or min(count, MOST_PREFIXES)
        return NeighborFamily(
            activate=activate,
            route_map_in=self.map_in,
            route_map_out=self.map_out,
            maximum_prefix=MaximumPrefix(limit=limit),
        )

    def _prefix_count(self, version: int) -> int:
        """Count the prefixes that a node may announce: every part of every pool, in every length."""
        return sum(
            2 ** (length - prefix.prefixlen)
            for _, pool in announced_pools(self.cluster)
            for prefix in pool.prefixes
            if prefix.version == version
            for length in range(announced_lengths(pool, prefix)[0], announced_lengths(pool, prefix)[1] + 1)
        )

    def _over_ipv6(self, node: Node) -> bool:
        """Tell whether a node says IPv4 prefixes over IPv6, with next hops of IPv6 (RFC 8950)."""
        return any(one.version == 6 and 4 in carried(self.cluster, node, one) for one in node.addresses)

    def _neighbors(self) -> Iterator[tuple[str, Neighbor, str]]:
        for name, node in self.cluster.nodes.items():
            for address in node.addresses:
                versions = self._versions(node, address)
                if not versions and not self.router.slot.by_family:
                    # its session would be active in its own family, where there is nothing to say
                    continue
                asn = node.asn or self.cluster.asn
                ibgp = asn == self.bgp.asn
                group = self._group_of(ibgp=ibgp)
                options: dict[str, Any] = {"peer_group": group, "description": f"{self.cluster.name} {name}"}
                if len(self.asns[ibgp]) > 1:
                    options["remote_as"] = asn
                if self._over_ipv6(node):
                    options["capability_extended_nexthop"] = True
                if not self.router.slot.by_family:
                    options |= {f"ipv{version}_unicast": {"activate": True} for version in versions}
                    if _source_for(self.peering.update_source, address):
                        options["update_source"] = self.peering.update_source
                yield str(address), Neighbor.model_validate(options), name


def _source_for(source: str | None, address: Address) -> bool:
    """Tell whether sessions with an address may come from this source: an interface, or an address of its version."""
    return source is not None and (not is_address(source) or ip_address(source).version == address.version)


def _overridden(derived: _T, own: BaseModel | None) -> _T:
    """Return the derived object with the fields that its file sets."""
    if own is None:
        return derived
    changes: dict[str, Any] = {}
    for name in own.model_fields_set:
        value, base = getattr(own, name), getattr(derived, name)
        if isinstance(value, NeighborFamily) and isinstance(base, NeighborFamily):
            value = base.model_copy(update={inner: getattr(value, inner) for inner in value.model_fields_set})
        changes[name] = value
    return derived.model_copy(update=changes)
