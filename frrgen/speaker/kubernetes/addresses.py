"""The addresses that no Service may have, and the lowest free one of a pool."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from frrgen.model.cluster import Network, Pool
from frrgen.model.router import Router
from frrgen.model.types import Address, Prefix, is_address


class Intervals:
    """A set of addresses, as intervals; `first` and `last` belong to each."""

    def __init__(self, found: Iterable[tuple[int, int, int]]) -> None:
        """Take (version, first, last), in any order."""
        self._firsts: dict[int, list[int]] = {4: [], 6: []}
        self._lasts: dict[int, list[int]] = {4: [], 6: []}
        for version, first, last in sorted(found):
            firsts, lasts = self._firsts[version], self._lasts[version]
            if lasts and first <= lasts[-1] + 1:
                lasts[-1] = max(lasts[-1], last)
            else:
                firsts.append(first)
                lasts.append(last)

    def end(self, version: int, number: int) -> int | None:
        """Return the last address of the interval that an address is in; None: it is in none."""
        place = bisect_right(self._firsts[version], number) - 1
        return self._lasts[version][place] if place >= 0 and number <= self._lasts[version][place] else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Intervals) and (self._firsts, self._lasts) == (other._firsts, other._lasts)

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, address: Address) -> bool:
        return self.end(address.version, int(address)) is not None


def reserved(network: Network, routers: Iterable[Router], pools: Iterable[Pool]) -> Intervals:
    """Return what the model knows to be somebody's: of nodes, routers, their neighbors and gateways, and reserved."""
    own = {*_of_clusters(network)}
    for router in routers:
        own.update(_of_router(router))
    found: list[tuple[int, int, int]] = [(one.version, int(one), int(one)) for one in own]
    found += [_span(prefix) for pool in pools for prefix in pool.reserved]
    return Intervals(found)


def _span(prefix: Prefix) -> tuple[int, int, int]:
    return prefix.version, int(prefix.network_address), int(prefix.broadcast_address)


def _of_clusters(network: Network) -> Iterator[Address]:
    for cluster in network.clusters.values():
        for node in cluster.nodes.values():
            yield from node.every_address()
        for peering in cluster.routers.values():
            yield from (one for one in (peering.address, peering.ipv6_address) if one is not None)
            if peering.update_source is not None and is_address(peering.update_source):
                yield ip_address(peering.update_source)


def _of_router(router: Router) -> Iterator[Address]:
    for bgp in (router.bgp, *(vrf.bgp for vrf in router.vrfs.values())):
        if bgp is None:
            continue
        for peer, neighbor in bgp.neighbors.items():
            if is_address(peer):
                yield ip_address(peer)
            if neighbor.update_source is not None and is_address(neighbor.update_source):
                yield ip_address(neighbor.update_source)
    if router.pfsense is not None:
        for addresses in router.pfsense.interfaces.values():
            yield from addresses
        yield from router.pfsense.gateways.values()


def sizes(pool: Pool) -> dict[int, int]:
    """Return how many addresses a pool has, by IP version; without those of `avoid_buggy_ips`."""
    found = {4: 0, 6: 0}
    for version, first, last in map(_span, pool.prefixes):
        found[version] += last - first + 1
        if pool.avoid_buggy_ips and version == 4:
            found[version] -= last // 256 - (first - 1) // 256 + (last + 1) // 256 - first // 256
    return found


class Free:
    """The addresses of a pool that can be given, the lowest first."""

    def __init__(self, pool: Pool, blocked: Intervals) -> None:
        self._blocked = blocked
        self._avoid_buggy_ips = pool.avoid_buggy_ips
        self._prefixes = {
            version: sorted(_span(prefix)[1:] for prefix in pool.prefixes if prefix.version == version)
            for version in (4, 6)
        }
        self._at = {version: [first for first, _ in spans] for version, spans in self._prefixes.items()}

    @property
    def versions(self) -> tuple[int, ...]:
        """The IP versions of the pool."""
        return tuple(version for version, spans in self._prefixes.items() if spans)

    def has(self, address: Address) -> bool:
        """Tell whether an address is in the pool, and can be given."""
        number = int(address)
        inside = any(first <= number <= last for first, last in self._prefixes[address.version])
        return inside and address not in self._blocked and not self._buggy(address.version, number)

    def _buggy(self, version: int, number: int) -> bool:
        return self._avoid_buggy_ips and version == 4 and number & 0xFF in {0, 0xFF}

    def lowest(self, version: int, taken: set[tuple[int, int]]) -> int | None:
        """Return the lowest address that can be given and is not taken; None: there is none.

        What is taken stays taken while this object lives: the search goes on where it ended.
        """
        at = self._at[version]
        for number, (_, last) in enumerate(self._prefixes[version]):
            while at[number] <= last:
                one = at[number]
                if (end := self._blocked.end(version, one)) is not None:
                    at[number] = end + 1
                elif (version, one) in taken or self._buggy(version, one):
                    at[number] += 1
                else:
                    return one
        return None
