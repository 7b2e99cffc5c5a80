"""Return what is wrong or doubtful about clusters: addresses that cannot work, pools that nobody can announce."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, Path, Where
from frrgen.model.cluster import Cluster, Network, Peering, Pool
from frrgen.model.derive import Derived
from frrgen.model.pairs import stand_ins
from frrgen.model.pools import announced_pools, carried, pool_versions
from frrgen.model.types import Address, Prefix, is_address

_FAMILY: Final = {4: "IPv4", 6: "IPv6"}
_USUAL_LENGTH: Final = {4: 24, 6: 64}
"""The prefix length that the nodes' network most likely has, where no listen range tells."""


def check_clusters(network: Network, derived: Derived) -> Iterator[Finding]:
    """Yield the findings of all clusters; a place is a path in the network."""
    for cluster in network.clusters.values():
        yield from _nodes(cluster)
        yield from _identifiers(cluster)
        yield from _routers(cluster, derived)
        yield from _pools(cluster, derived)


def unannounced(cluster: Cluster) -> Iterator[tuple[str, Path]]:
    """Yield what no node can announce, and each node that can announce nothing: a sentence and its place.

    IPv6 prefixes need an IPv6 address of the node for their next hop, unless the source of the announcement names
    another next hop; IPv4 prefixes need no IPv4 address (RFC 8950).
    """
    path: Path = ("clusters", cluster.name)
    versions = pool_versions(cluster)
    able = {
        name: versions & ({4, 6} if any(one.version == 6 for one in node.every_address()) else {4})
        for name, node in cluster.nodes.items()
    }
    if not able or not versions:
        return
    reached = set().union(*able.values())
    for name, pool in announced_pools(cluster):
        for version in sorted({prefix.version for prefix in pool.prefixes} - reached):
            text = f"no node can announce the {_FAMILY[version]} prefixes of pool {name}: no node has an IPv6 next hop"
            yield text, (*path, "pools", name, "prefixes")
    if reached:
        for name, own in able.items():
            if not own:
                text = f"node {name} can announce no pool: the pools are IPv6, and the node has no IPv6 next hop"
                yield text, (*path, "nodes", name, "addresses")


def _nodes(cluster: Cluster) -> Iterator[Finding]:
    for name, node in cluster.nodes.items():
        place: Path = ("clusters", cluster.name, "nodes", name, "addresses")
        ways = [(place, node.addresses)]
        ways += [((*place[:-1], "uplinks", router), one.addresses) for router, one in node.uplinks.items()]
        for way, addresses in ways:
            for version, count in Counter(one.version for one in addresses).items():
                if count > 1:
                    text = (
                        f"node {name} has {count} {_FAMILY[version]} addresses: a node dials a router from one of them"
                    )
                    hint = "say under `uplinks:` which address dials which router, or remove the address"
                    yield Finding.at(Code.FRR215, text, way, hint)
        for address in node.every_address():
            if why := unusable(address):
                text = f"{address} is {why}: no session comes from another machine with it"
                yield _unusable(address, text, Code.FRR217, place)
    for text, path in unannounced(cluster):
        yield Finding.at(Code.FRR206, text, path, "give the node an IPv6 address")


def unusable(address: Address) -> str | None:
    """Return why no BGP session between two machines can have this address; None if a session can."""
    for why in ("loopback", "link_local", "multicast", "unspecified"):
        if getattr(address, f"is_{why}"):
            return f"{'an' if why[0] in 'aeiou' else 'a'} {why.replace('_', '-')} address"
    return "the broadcast address" if address == IPv4Address("255.255.255.255") else None


def _unusable(address: Address, text: str, code: Code, path: Path) -> Finding:
    """Return the finding: a warning of a loopback address, for a node may be the router itself."""
    return Finding(code, text, Where(path=path), weighed=Severity.WARNING if address.is_loopback else None)


def _identifiers(cluster: Cluster) -> Iterator[Finding]:
    """Find nodes with the same BGP identifier: a router refuses the second session (RFC 4271 section 6.8)."""
    first: dict[Address, str] = {}
    for name, node in cluster.nodes.items():
        own = node.router_id or next((one for one in node.addresses if one.version == 4), None)
        if own is None:
            continue
        other = first.setdefault(own, name)
        if other != name and node.router_id is not None:
            place = ("clusters", cluster.name, "nodes", name, "router_id")
            yield Finding.at(Code.FRR216, f"{own} is the BGP identifier of node {other}, too", place)


def _routers(cluster: Cluster, derived: Derived) -> Iterator[Finding]:
    owners: dict[Address, str] = {}
    nodes = {address: name for name, node in cluster.nodes.items() for address in node.every_address()}
    other_boxes = stand_ins(cluster, derived.routers)
    for name, peering in cluster.routers.items():
        place: Path = ("clusters", cluster.name, "routers", name)
        for field, address in _dialled(peering):
            here = (*place, field)
            other = owners.setdefault(address, name)
            if other != name and name not in other_boxes:
                text = f"the nodes would dial {address} for {other} and for {name}: their sessions end each other"
                yield Finding.at(Code.FRR209, text, here, "give each router the address that it has of its own")
            if address in nodes:
                yield Finding.at(Code.FRR208, f"{address} is the address of node {nodes[address]}, not of {name}", here)
            elif why := unusable(address):
                yield _unusable(address, f"{address} is {why}: no other machine can dial it", Code.FRR208, here)
            version = 4 if field == "address" else 6
            if address.version != version:
                other_field = "ipv6_address" if version == 4 else "address"
                text = f"{address} is an {_FAMILY[address.version]} address"
                yield Finding.at(Code.FRR208, text, here, f"write it as {other_field}")
        yield from _unknown(cluster, name, peering, derived)


def _dialled(peering: Peering) -> Iterator[tuple[str, Address]]:
    for field in ("address", "ipv6_address"):
        address = getattr(peering, field)
        if address is not None:
            yield field, address


def _unknown(cluster: Cluster, name: str, peering: Peering, derived: Derived) -> Iterator[Finding]:
    """Find routers whose address the nodes do not know, though a node could dial it."""
    router = derived.routers.get(name)
    bgp = None if router is None else router.bgp_of(peering.vrf)
    if bgp is None:
        return
    source = peering.update_source
    known = {ip_address(source).version} if source is not None and is_address(source) else set()
    # an address in the wrong field is another mistake
    known |= {version for field, one in _dialled(peering) for version in (4 if field == "address" else 6, one.version)}
    if not known:
        # a cluster that says no address at all leaves the dialling to the router
        return
    for version in (4, 6):
        speaks = [
            node_name
            for node_name, node in cluster.facing(name).nodes.items()
            for address in node.addresses
            if address.version == version and carried(cluster, node, address)
        ]
        if speaks and version not in known:
            field = "address" if version == 4 else "ipv6_address"
            text = f"it is not known at which {_FAMILY[version]} address node {speaks[0]} dials {name}"
            yield Finding.at(Code.FRR219, text, ("clusters", cluster.name, "routers", name), f"write {field}")


def _pools(cluster: Cluster, derived: Derived) -> Iterator[Finding]:
    taken: dict[Address, str] = {}
    for name, peering in cluster.routers.items():
        taken |= dict.fromkeys(_own_addresses(derived, name, peering), f"the address of router {name}")
    taken |= {
        one: f"the address of node {name}" for name, node in cluster.nodes.items() for one in node.every_address()
    }
    networks = dict(reversed(list(_node_networks(cluster))))
    for name, pool in cluster.pools.items():
        place: Path = ("clusters", cluster.name, "pools", name, "prefixes")
        for prefix in pool.prefixes:
            held = [(one, owner) for one, owner in taken.items() if one.version == prefix.version and one in prefix]
            if held:
                address, owner = held[0]
                more = f" (and {len(held) - 1} more)" if len(held) > 1 else ""
                text = f"{prefix} of pool {name} holds {address}, {owner}{more}: a service could take it over"
                yield Finding.at(Code.FRR207, text, place, "give the pool addresses that no machine has")
                continue
            near = (one for one in networks if one.version == prefix.version and one.overlaps(prefix))
            if pool.protocol == "bgp" and (network := next(near, None)):
                text = f"{prefix} of pool {name} overlaps {networks[network]}"
                yield Finding.at(Code.FRR222, text, place, "give the pool addresses outside the nodes' network")
        yield from _lengths(cluster, name, pool)


def _node_networks(cluster: Cluster) -> Iterator[tuple[Prefix, str]]:
    """Yield the networks of the nodes with words for each: the listen ranges, and what is usual around other nodes."""
    ranges = [(one, name) for name, peering in cluster.routers.items() for one in peering.listen_range]
    for around, router in ranges:
        yield around, f"{around}, where the nodes of {router} come from"
    for name, node in cluster.nodes.items():
        for address in node.every_address():
            if unusable(address) or any(address in around for around, _ in ranges):
                continue
            usual = ip_network((address, _USUAL_LENGTH[address.version]), strict=False)
            yield usual, f"{usual}, which is likely the network of node {name} ({address})"


def _own_addresses(derived: Derived, name: str, peering: Peering) -> Iterator[Address]:
    yield from (address for _, address in _dialled(peering))
    router = derived.routers.get(name)
    bgp = None if router is None else router.bgp_of(peering.vrf)
    for one in () if bgp is None else (*bgp.neighbors.values(), *bgp.peer_groups.values()):
        if one.update_source is not None and is_address(one.update_source):
            yield ip_address(one.update_source)


def _lengths(cluster: Cluster, name: str, pool: Pool) -> Iterator[Finding]:
    for version, field in ((4, "lengths"), (6, "ipv6_lengths")):
        bounds: tuple[int, int] | None = getattr(pool, field)
        own: list[Prefix] = [prefix for prefix in pool.prefixes if prefix.version == version]
        if bounds is not None and not own:
            other = "ipv6_lengths" if version == 4 else "lengths"
            text = f"{field} is for {_FAMILY[version]} prefixes, and pool {name} has none: it limits nothing"
            yield Finding.at(Code.FRR218, text, ("clusters", cluster.name, "pools", name, field), f"write {other}")
