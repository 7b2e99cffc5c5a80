"""What a router admits of a cluster, and announces to it: prefix lists and route maps."""

from collections.abc import Iterable, Iterator

from frrgen.model.cluster import Cluster
from frrgen.model.lists import PrefixList, PrefixListEntry
from frrgen.model.policy import Match, RouteMap, RouteMapEntry, Set
from frrgen.model.pools import announced_lengths, announced_pools
from frrgen.model.types import Prefix


class Admission:
    """The lists and maps of a cluster at a router."""

    def __init__(self, cluster: Cluster, *, narrow_bounds: bool, external: bool) -> None:
        """Take a cluster; whether a `le` may be less than two beyond `ge`; and whether external nodes exist."""
        self.cluster = cluster
        self.narrow_bounds = narrow_bounds
        self.external = external
        self.exports_name = f"{cluster.name}-exports"

    def prefix_lists(self, version: int) -> Iterator[tuple[str, PrefixList]]:
        """Yield the lists of an IP version: one for each announced pool, and one of the exports."""
        for name, pool in announced_pools(self.cluster):
            entries: list[PrefixListEntry] = []
            for prefix in pool.prefixes:
                if prefix.version == version:
                    entries += self._entries(5 * len(entries) + 5, prefix, announced_lengths(pool, prefix))
            if entries:
                named = of_version(list_name(self.cluster, name), pool.prefixes, version)
                yield named, PrefixList(entries=tuple(entries))
        exports = [prefix for prefix in self.cluster.exports if prefix.version == version]
        if exports:
            entries = [
                _entry(5 * n, prefix, (prefix.prefixlen, prefix.prefixlen)) for n, prefix in enumerate(exports, 1)
            ]
            name = of_version(self.exports_name, self.cluster.exports, version)
            yield name, PrefixList(entries=tuple(entries))

    def _entries(self, seq: int, prefix: Prefix, lengths: tuple[int, int]) -> Iterator[PrefixListEntry]:
        """Yield what permits the parts of a prefix in these lengths, in entries that the platform can say."""
        low, high = lengths
        only = _entry(seq, prefix, lengths)
        if only.le is None or self.narrow_bounds or low + 2 <= high:
            yield only
        elif low == prefix.prefixlen and high > 1:
            yield only.model_copy(update={"ge": None})
        else:
            yield PrefixListEntry(seq=seq, action="deny", prefix=prefix, ge=high + 1)
            yield PrefixListEntry(seq=seq + 5, action="permit", prefix=prefix, ge=max(low, 1))

    def inbound(self) -> RouteMap:
        """Return the map that admits the pools, in the lengths in which they are announced."""
        entries: list[RouteMapEntry] = []
        for name, pool in announced_pools(self.cluster):
            for match in _matches(list_name(self.cluster, name), pool.prefixes):
                # an internal node announces the preference itself
                told = pool.local_preference is None or not self.external
                sets = Set() if told else Set(local_preference=pool.local_preference)
                entries.append(
                    RouteMapEntry(
                        seq=10 * len(entries) + 10,
                        action="permit",
                        description=f"pool {name} of {self.cluster.name}",
                        match=match,
                        set=sets,
                    )
                )
        return RouteMap(entries=(*entries, RouteMapEntry(seq=10 * len(entries) + 10, action="deny")))

    def outbound(self) -> RouteMap:
        """Return the map that announces the exports, and nothing else."""
        entries: list[RouteMapEntry] = []
        for match in _matches(self.exports_name, self.cluster.exports):
            entries.append(RouteMapEntry(seq=10 * len(entries) + 10, action="permit", match=match))
        return RouteMap(entries=(*entries, RouteMapEntry(seq=10 * len(entries) + 10, action="deny")))


def list_name(cluster: Cluster, pool_name: str) -> str:
    """Return the name of a pool's prefix list, of IPv4 alone or IPv6 alone."""
    return cluster.pools[pool_name].prefix_list or f"{cluster.name}-{pool_name}"


def of_version(name: str, prefixes: Iterable[Prefix], version: int) -> str:
    """Return the name of a list for an IP version: two lists get two names.

    FRR would let them share a name, but pfSense's package finds lists by name alone.
    """
    mixed = len({prefix.version for prefix in prefixes}) > 1
    return f"{name}-v6" if mixed and version == 6 else name


def _matches(name: str, prefixes: tuple[Prefix, ...]) -> Iterator[Match]:
    versions = {prefix.version for prefix in prefixes}
    if 4 in versions:
        yield Match(ip_address_prefix_list=of_version(name, prefixes, 4))
    if 6 in versions:
        yield Match(ipv6_address_prefix_list=of_version(name, prefixes, 6))


def _entry(seq: int, prefix: Prefix, lengths: tuple[int, int]) -> PrefixListEntry:
    low, high = lengths
    bounds = {} if low == high == prefix.prefixlen else {"ge": low, "le": high}
    if not low:
        bounds.pop("ge", None)
    elif bounds and low + 1 >= high == prefix.max_prefixlen:
        # means the same, and pfSense's page does not save a `le` less than two beyond `ge`
        del bounds["le"]
    return PrefixListEntry.model_validate({"seq": seq, "action": "permit", "prefix": prefix, **bounds})
