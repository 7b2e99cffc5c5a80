"""What a node announces of the pools, as sets of routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from frrgen.model.cluster import Cluster, Node, Pool
from frrgen.model.pools import announced_lengths, announced_pools, carried
from frrgen.model.types import Address, community_value, large_community_value
from frrgen.policy.frr.alphabet import Alphabet
from frrgen.policy.sets.prefix_set import PrefixSet, union
from frrgen.policy.sets.region import Granted, Region, RouteBox
from frrgen.policy.sets.witness import Literal


def pool_route_boxes(cluster: Cluster, node: Node, address: Address, asn: int, *, ibgp: bool) -> Iterator[Announced]:
    """Yield what a node may announce of each pool on a session from this address."""
    for name, pool in announced_pools(cluster):
        for version in carried(cluster, node, address):
            prefixes = prefixes_of(pool, version)
            if prefixes:
                yield Announced(name, pool, version, prefixes, address, asn, ibgp)


def pool_prefixes(cluster: Cluster, version: int) -> PrefixSet:
    """Return all that a node of the cluster may announce of a version."""
    return union(version, (prefixes_of(pool, version) for _, pool in announced_pools(cluster)))


def prefixes_of(pool: Pool, version: int) -> PrefixSet:
    """Return what a node may announce of a pool, of an IP version."""
    own = (prefix for prefix in pool.prefixes if prefix.version == version)
    return union(version, (PrefixSet.block(prefix, *announced_lengths(pool, prefix)) for prefix in own))


@dataclass(frozen=True)
class Announced:
    """What a node may announce of one pool on one session."""

    pool_name: str
    pool: Pool
    version: int
    prefixes: PrefixSet
    address: Address
    asn: int
    ibgp: bool

    @property
    def path(self) -> str:
        """The AS path, as the router receives it."""
        count = self.pool.prepend + (0 if self.ibgp else 1)
        return " ".join([str(self.asn)] * count)

    def region(self, alphabet: Alphabet, granted: Granted) -> Region:
        """Return the routes as a set."""
        preference = self.pool.local_preference if self.ibgp else None
        if self.ibgp and preference is None:
            preference = 100
        pool = self.pool
        box = RouteBox(
            med=exactly(pool.med),
            local_preference=exactly(preference),
            tag=(0, 1),
            next_hop=granted.hops_with(self.address, self.version),
            origins=frozenset({"igp"}),
            path=frozenset({Literal(f"^{self.path}$")}),
            communities=alphabet.communities.only(map(community_value, pool.communities or ())),
            large_communities=alphabet.large.only(map(large_community_value, pool.large_communities or ())),
        )
        return {box: self.prefixes}


def exactly(number: int | None) -> tuple[int, int]:
    """Return the interval of one number, or of no number."""
    return (-1, 0) if number is None else (number, number + 1)
