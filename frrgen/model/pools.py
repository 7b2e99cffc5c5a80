"""What the nodes of a cluster announce of its pools."""

from collections.abc import Iterator

from frrgen.model.cluster import Cluster, Node, Pool
from frrgen.model.types import Address, Prefix


def announced_lengths(pool: Pool, prefix: Prefix) -> tuple[int, int]:
    """Return the shortest and the longest prefix length in which a part of the pool may be announced."""
    said = pool.lengths if prefix.version == 4 else pool.ipv6_lengths
    low, high = said or (prefix.prefixlen, prefix.max_prefixlen)
    return max(low, prefix.prefixlen), high


def announced_pools(cluster: Cluster) -> Iterator[tuple[str, Pool]]:
    """Return the pools that are announced by BGP."""
    return ((name, pool) for name, pool in cluster.pools.items() if pool.protocol == "bgp")


def carried(cluster: Cluster, node: Node, address: Address) -> list[int]:
    """Return the IP versions of the prefixes that a node announces from an address.

    They are the address's own version and each version that the node has no address of: IPv4 prefixes go out with an
    IPv6 next hop (RFC 8950), and IPv6 prefixes with the next hop that the source of the announcement names. A version
    that no pool has is left out; a cluster without pools will have pools of both.
    """
    versions = pool_versions(cluster) or {4, 6}
    others = {4, 6} - {one.version for one in node.addresses}
    return sorted(versions & ({address.version} | others))


def pool_versions(cluster: Cluster) -> set[int]:
    """Return the IP versions of the prefixes that are announced by BGP."""
    return {prefix.version for _, pool in announced_pools(cluster) for prefix in pool.prefixes}
