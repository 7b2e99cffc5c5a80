"""What the set clauses of an entry do to one route, by FRR's own rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from frrgen.model.policy import RouteMapEntry, Set, SetCommunity, SetLargeCommunity
from frrgen.model.router import Router
from frrgen.model.types import U32_MAX, Address, community_value, large_community_value
from frrgen.policy.frr.lists import deleted_communities, deleted_large_communities, excluded_by
from frrgen.policy.frr.session import Session
from frrgen.policy.sets.paths import without
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.route import Route

_T = TypeVar("_T")
MORE_SETS: Final = (
    "extcommunity_rt",
    "extcommunity_soo",
    "extcommunity_bandwidth",
    "extcommunity_none",
    "extcommunity_nt",
    "extcommunity_color",
    "extended_comm_list_delete",
    "aigp_metric",
    "distance",
    "ipv6_next_hop_local",
    "ipv6_next_hop_peer_address",
    "ipv6_next_hop_prefer_global",
    "src",
    "table",
    "aggregator",
    "atomic_aggregate",
    "originator_id",
    "label_index",
)
"""Set clauses for what a Route does not hold."""
LOCAL_MED: Final = "from where a relative MED counts depends on whether the route is the router's own"
_VPN_SETS: Final = ("sr_te_color", "ipv4_vpn_next_hop", "ipv6_vpn_next_hop", "l3vpn_encapsulation")
_UNMEASURED_SETS: Final = ("as_path_replace", "as_path_replace_list", "min_metric", "max_metric", *_VPN_SETS)


@dataclass
class Setting:
    """The set clauses that a route meets on its way through a policy, and what FRR remembers of them."""

    session: Session
    router: Router
    beside: Address | None = None
    """The IPv6 next hop that was set on an IPv4 route: clauses do not see it, and an IPv4 one that is set wins."""
    said_hop: bool = False
    said_med: bool = False

    @property
    def version(self) -> tuple[int, ...]:
        """Return the version of the router's FRR."""
        return self.session.version

    def finished(self, route: Route) -> Route:
        """Return an IPv4 route its IPv6 next hop, if the policy set one, and no IPv4 one at any time."""
        return route if self.beside is None or self.said_hop else replace(route, next_hop=self.beside)

    def changed(self, entry: RouteMapEntry, route: Route) -> Route:
        """Return the route as an entry sets it. Raises UndecidedError for what has not been measured."""
        sets = entry.set
        refuse_unmeasured_sets(sets)
        changes: dict[str, Any] = {}
        path = self._path(entry, route)
        if path != route.as_path:
            changes["as_path"] = path
        changes["communities"] = self._communities(entry, route)
        changes["large_communities"] = self._large(entry, route)
        if sets.local_preference is not None:
            base = self.session.moved_preference(route.local_preference)
            changes["local_preference"] = _moved(sets.local_preference, base)
        if sets.metric is not None:
            changes["med"] = _moved(sets.metric, self.med(route) if isinstance(sets.metric, str) else 0)
            self.said_med = True
        for name in ("weight", "tag", "origin"):
            if getattr(sets, name) is not None:
                changes[name] = getattr(sets, name)
        changes["next_hop"] = self._next_hop(entry, route)
        return replace(route, **changes)

    def med(self, route: Route) -> int:
        """Return the MED from which a relative MED counts: a learned MED is dropped before an eBGP neighbor's map."""
        if self.session.drops_med(route.prefix.version) and not self.said_med and route.med:
            if not route.as_path:
                raise UndecidedError(LOCAL_MED)
            return 0
        return route.med or 0

    def _path(self, entry: RouteMapEntry, route: Route) -> str:
        sets, words = entry.set, route.as_path.split()
        if self.session.rewrites_paths:
            refuse_unordered(sets, words)
            words = self._excluded(sets, words)
        if sets.as_path_prepend_last_as is not None and words and not words[0].startswith("{"):
            words = [words[0]] * sets.as_path_prepend_last_as + words
        if sets.as_path_prepend is not None:
            words = [str(asn) for asn in sets.as_path_prepend] + words
        return " ".join(words)

    def _excluded(self, sets: Set, words: list[str]) -> list[str]:
        if sets.as_path_exclude_all:
            return []
        gone: Collection[int] = sets.as_path_exclude or ()
        if sets.as_path_exclude_list is not None:
            numbers = {number for word in words for number in word.strip("{}").split(",")}
            gone = [int(number) for number in numbers if excluded_by(self.router, sets.as_path_exclude_list, number)]
        return without(words, gone)

    def _communities(self, entry: RouteMapEntry, route: Route) -> frozenset[int]:
        sets = entry.set
        lst = self.router.community_lists.get(sets.comm_list_delete or "")

        def kept(values: frozenset[int]) -> frozenset[int]:
            asked = replace(route, communities=values)
            return values if lst is None else values - deleted_communities(lst, asked, self.version)

        last = self.session.deletes_last(sets.comm_list_delete_last)
        return _changed(route.communities, sets.community, community_value, kept, last=last)

    def _large(self, entry: RouteMapEntry, route: Route) -> frozenset[tuple[int, int, int]]:
        sets = entry.set
        lst = self.router.large_community_lists.get(sets.large_comm_list_delete or "")

        def kept(values: frozenset[tuple[int, int, int]]) -> frozenset[tuple[int, int, int]]:
            asked = replace(route, large_communities=values)
            return values if lst is None else values - deleted_large_communities(lst, asked)

        last = self.session.deletes_last(sets.large_comm_list_delete_last)
        return _changed(route.large_communities, sets.large_community, large_community_value, kept, last=last)

    def _next_hop(self, entry: RouteMapEntry, route: Route) -> Address | None:
        version = route.prefix.version
        self.beside = self.session.beside(entry.set, version) or self.beside
        wanted = self.session.set_next_hop(entry.set, version)
        if wanted is None:
            return route.next_hop
        # `peer-address` does not outdo an IPv6 next hop, an address does
        self.said_hop |= entry.set.ip_next_hop != "peer-address"
        return None if isinstance(wanted, str) else wanted


def refuse_unmeasured_sets(sets: Set) -> None:
    """Raise UndecidedError for set clauses that change what later clauses ask about, in a way that is not measured."""
    for name in _UNMEASURED_SETS:
        if getattr(sets, name) not in (None, False):
            raise UndecidedError(f"set {name.replace('_', ' ')} has not been measured")
    if "rtt" in str(sets.metric):
        raise UndecidedError("set metric rtt depends on the session")
    if sets.metric in ("igp", "aigp"):
        raise UndecidedError(f"set metric {sets.metric} depends on the way to the next hop")
    if sets.tag == "untagged":
        raise UndecidedError("set tag untagged has not been measured")


def refuse_unordered(sets: Set, words: Sequence[str] = ()) -> None:
    """Raise UndecidedError where it matters whether FRR prepends or excludes first: it does not show that."""
    gone = {str(asn) for asn in sets.as_path_exclude or ()}
    put = {str(asn) for asn in sets.as_path_prepend or ()}
    if sets.as_path_prepend_last_as is not None:
        put |= set(words[:1])
    some = sets.as_path_exclude_all or sets.as_path_exclude_list is not None
    if gone & put or (some and put):
        raise UndecidedError("one entry prepends and excludes the same AS: FRR does not show which comes first")


def _moved(wanted: int | str, base: int) -> int:
    """Set a number, or move it by a signed one; FRR stops at 0 and at 2^32-1."""
    if isinstance(wanted, int):
        return wanted
    return max(0, min(U32_MAX, base + int(wanted)))


def _changed(
    values: frozenset[_T],
    sets: SetCommunity | SetLargeCommunity | None,
    read: Callable[[str], _T],
    kept: Callable[[frozenset[_T]], frozenset[_T]],
    *,
    last: bool,
) -> frozenset[_T]:
    """Return the communities that an entry leaves; `kept` leaves those that it does not delete, `last` or first."""
    if not last:
        values = kept(values)
    if sets is not None:
        new = frozenset() if sets.communities == "none" else frozenset(map(read, sets.communities))
        values = values | new if sets.additive else new
    return kept(values) if last else values
