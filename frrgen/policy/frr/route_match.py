"""Whether one route matches the match clauses of an entry, by FRR's own rules."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network
from typing import Any, Final

from frrgen.model.policy import RouteMap, RouteMapEntry
from frrgen.model.router import Router
from frrgen.model.types import Address, Prefix
from frrgen.policy.frr.lists import access_list, as_path_list, community_list, large_community_list, prefix_list
from frrgen.policy.frr.route_set import Setting
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.trace import Reason, by_list
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.route import Route

FOREIGN_HOP: Final = "an IPv4 route with an IPv6 next hop keeps an IPv4 next hop, which is not known"
LINK_LOCAL: Final = "a route here does not say which link-local next hop stands beside the global next hop"
NO_HOP6: Final = IPv6Address("::")
"""What an IPv4 route has for an IPv6 next hop before one is set."""
LISTS: Final = {
    "ip_address": ("access_lists", "prefix"),
    "ip_address_prefix_list": ("prefix_lists", "prefix"),
    "ipv6_address": ("ipv6_access_lists", "prefix"),
    "ipv6_address_prefix_list": ("ipv6_prefix_lists", "prefix"),
    "ip_next_hop": ("access_lists", "next_hop"),
    "ip_next_hop_prefix_list": ("prefix_lists", "next_hop"),
    "ipv6_next_hop": ("ipv6_access_lists", "next_hop"),
    "ipv6_next_hop_prefix_list": ("ipv6_prefix_lists", "next_hop"),
    "ip_route_source": ("access_lists", "peer"),
    "ip_route_source_prefix_list": ("prefix_lists", "peer"),
    "as_path": ("as_path_lists", "as_path"),
}


@dataclass
class Matching:
    """The match clauses that a route meets on its way through a policy."""

    session: Session
    router: Router
    setting: Setting

    @property
    def version(self) -> tuple[int, ...]:
        """Return the version of the router's FRR."""
        return self.session.version

    def matches(
        self, entry: RouteMapEntry, name: str, route_map: RouteMap, route: Route
    ) -> tuple[bool, tuple[Reason, ...]]:
        """Tell whether a route matches an entry, and why. Raises UndecidedError if a route does not say."""
        reasons: list[Reason] = []
        doubt: UndecidedError | None = None
        for clause in type(entry.match).model_fields:
            value = getattr(entry.match, clause)
            if value is None or value is False:
                continue
            try:
                matched, why = self._clause(clause, value, route_map, route)
            except UndecidedError as found:
                # a clause that surely does not match settles it, wherever it stands
                doubt = doubt or found
                continue
            reason = Reason(why) if isinstance(why, str) else why
            if not matched:
                return False, (reason,)
            reasons.append(reason)
        if doubt is not None:
            raise UndecidedError(f"route map {name} seq {entry.seq}: {doubt}")
        return True, tuple(reasons) or (Reason("it has no match clause: every route"),)

    def _clause(self, clause: str, value: Any, route_map: RouteMap, route: Route) -> tuple[bool, str | Reason]:
        if clause == "rpki" and route.rpki is not None:
            return route.rpki == value, f"rpki {value}: the route is {route.rpki}"
        if (settled := self.session.settled(clause, value)) is not None:
            return settled
        if clause in LISTS:
            empty_is_all = self.version < (9,) and not route_map.optimization
            return self._by_list(clause, value, route, empty_is_all=empty_is_all)
        if clause in {"community", "large_community"}:
            return self._by_communities(clause, value, route)
        return self._by_value(clause, value, route)

    def _by_list(self, clause: str, wanted: str, route: Route, *, empty_is_all: bool) -> tuple[bool, str | Reason]:
        holder, what = LISTS[clause]
        words = clause.replace("_", " ")
        lst = getattr(self.router, holder).get(wanted)
        if lst is None:
            return False, f"{words} {wanted}: not defined, so it does not match"
        if not lst.entries:
            if empty_is_all and "prefix_list" in holder:
                return True, f"{words} {wanted}: no entries, so it matches everything"
            raise UndecidedError(f"whether the empty list {wanted} matches depends on what came first")
        if what == "as_path":
            said = as_path_list(lst, route)
            return said.permit, by_list(f"{words} {wanted}", said, holder, wanted)
        version = 6 if holder.startswith("ipv6") else 4
        if route.prefix.version != version:
            return False, f"{words} {wanted}: not a route of this family"
        subject = self._subject(what, route)
        if subject is None or subject.version != version:
            return False, f"{words} {wanted}: there is no such address"
        said = access_list(lst, subject) if "access" in holder else prefix_list(lst, subject)
        return said.permit, by_list(f"{words} {wanted}", said, holder, wanted)

    def _subject(self, what: str, route: Route) -> Prefix | None:
        if what == "prefix":
            return route.prefix
        address = self._hop(route) if what == "next_hop" else self.session.matched_peer()
        if address is None:
            return None
        return ip_network(f"{address}/{address.max_prefixlen}")

    def _hop(self, route: Route) -> Address:
        """Return the next hop that `match ip next-hop` looks at."""
        if route.next_hop is None:
            raise UndecidedError("the route's next hop is not known: give one")
        if route.next_hop.version != route.prefix.version:
            raise UndecidedError(FOREIGN_HOP)
        return route.next_hop

    def _by_communities(self, clause: str, wanted: Any, route: Route) -> tuple[bool, str | Reason]:
        large = clause == "large_community"
        lst = getattr(self.router, f"{clause}_lists").get(wanted.name)
        words = clause.replace("_", " ")
        if lst is None:
            return False, f"{words} {wanted.name}: not defined, so it does not match"
        if not lst.entries:
            raise UndecidedError(f"whether the empty list {wanted.name} matches depends on what came first")
        if wanted.mode == "any":
            raise UndecidedError(f"match {words} {wanted.name} any has not been measured")
        exact = wanted.mode == "exact-match"
        if large:
            said = large_community_list(lst, route, self.version, exact=exact)
        else:
            said = community_list(lst, route, self.version, exact=exact)
        return said.permit, by_list(f"{words} {wanted.name}", said, f"{clause}_lists", wanted.name)

    def _by_value(self, clause: str, wanted: Any, route: Route) -> tuple[bool, str]:
        is_: Any
        if clause == "local_preference":
            is_ = self.session.matched_preference if route.local_preference is None else route.local_preference
        elif clause == "metric":
            is_ = self.setting.med(route) if self.session.hides_med(route.prefix.version) else route.med or 0
        elif wanted == "untagged":
            raise UndecidedError("match tag untagged has not been measured")
        elif clause in {"tag", "origin"}:
            is_ = getattr(route, clause)
        elif clause == "peer":
            is_ = self.session.matched_peer() or "none"
            wanted = self.session.as_peer(wanted)
        elif clause == "ip_next_hop_address" and route.prefix.version == 6:
            is_ = "of IPv6"
        elif clause == "ip_next_hop_address":
            is_ = self._hop(route)
        elif clause == "ipv6_next_hop_address":
            if wanted.is_link_local:
                raise UndecidedError(LINK_LOCAL)
            is_ = self._hop(route)
            if route.prefix.version == 4:
                is_ = self.setting.beside or NO_HOP6
        else:
            raise UndecidedError(f"match {clause.replace('_', ' ')} has not been measured")
        words = clause.replace("_", " ")
        return is_ == wanted, f"{words} is {is_}" + ("" if is_ == wanted else f", not {wanted}")
