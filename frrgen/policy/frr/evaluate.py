"""What a router's policy does with one route, by FRR's own rules, step by step.

The rules were measured on FRR 8.4.4 (and, where they differ, 10.7.0). Where a running configuration does not determine
what FRR does, the verdict is `undecided`, with the reason: never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address, ip_network
from typing import Any, Final, Literal, TypeVar

from frrgen.errors import Path
from frrgen.model.policy import RouteMap, RouteMapEntry, Set, SetCommunity, SetLargeCommunity
from frrgen.model.router import Router
from frrgen.model.types import U32_MAX, WELL_KNOWN, Address, Prefix, community_value, large_community_value
from frrgen.policy.frr.lists import (
    access_list,
    as_path_list,
    community_list,
    deleted_communities,
    deleted_large_communities,
    excluded_by,
    large_community_list,
    prefix_list,
)
from frrgen.policy.frr.outbound import (
    MAY_BE_REFLECTED,
    REFLECTED,
    keeps_reflected,
    may_reflect,
    not_reflected,
    rewrites,
    rewritten,
)
from frrgen.policy.frr.partial_entries import ALL_READ, Unread, not_understood, with_unread
from frrgen.policy.frr.refused import (
    PathRule,
    enforces_first_as,
    ignored_prefixes,
    kept_back,
    path_rules,
    refuses_next_hop,
)
from frrgen.policy.frr.session import Direction, Session
from frrgen.policy.frr.trace import Reason, Step, Verdict, by_list, does
from frrgen.policy.frr.undecided import originated, refuse_unmeasured
from frrgen.policy.sets.automaton import found
from frrgen.policy.sets.paths import in_order, without
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.route import Route

_T = TypeVar("_T")
_DEPTH: Final = 10
"""FRR follows `call` no deeper (RMAP_RECURSION_LIMIT)."""
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


FOREIGN_HOP: Final = "an IPv4 route with an IPv6 next hop keeps an IPv4 one, which is not known"
LINK_LOCAL: Final = "a route here does not say which link-local next hop stands beside the global one"
NO_HOP6: Final = IPv6Address("::")
"""What an IPv4 route has for an IPv6 next hop before one is set."""
LOCAL_MED: Final = "from where a relative MED counts depends on whether the route is the router's own"


def evaluate(
    router: Router,
    neighbor: str,
    direction: Direction,
    route: Route,
    *,
    vrf: str | None = None,
    unread: Unread = ALL_READ,
    source: str | None = None,
) -> Verdict:
    """Judge a route. `unread`: route-map entries (name, seq) of which not every line was understood.

    `source` names the neighbor that a route that goes out came from. Raises KeyError if the router has no such
    neighbor.
    """
    came = None if source is None else Session(router, source, "in", vrf=vrf)
    return judge(Session(router, neighbor, direction, vrf=vrf), route, unread=unread, source=came)


def judge(session: Session, route: Route, *, unread: Unread = ALL_READ, source: Session | None = None) -> Verdict:
    """Judge a route by everything that a session does in its direction.

    `source`: the session on which a route that goes out came in; None: not known, or a route of the router itself.
    """
    judging = _Judge(session, unread, source)
    try:
        permitted, result = judging.judge(route)
        permitted = permitted and judging.leads_on(result)
        result = judging.rewritten(result, "behind") if permitted else result
        result = judging.settled(judging.finished(result)) if permitted else result
    except UndecidedError as why:
        return Verdict("undecided", route, tuple(judging.trace), str(why))
    return Verdict("permit" if permitted else "deny", result, tuple(judging.trace))


def evaluate_map(session: Session, name: str, route: Route, *, unread: Unread = ALL_READ) -> Verdict:
    """Judge a route by one route map alone. Raises KeyError if there is none of that name."""
    judging = _Judge(session, unread)
    try:
        permitted, result = judging.apply(name, judging.router.route_maps[name], route, 0)
        result = judging.finished(result) if permitted else result
    except UndecidedError as why:
        return Verdict("undecided", route, tuple(judging.trace), str(why))
    return Verdict("permit" if permitted else "deny", result, tuple(judging.trace))


def _holds(rule: PathRule, route: Route) -> bool:
    return all(found(regex, route.as_path) == there for regex, there in rule.conditions)


@dataclass
class _Judge:
    session: Session
    unread: Unread = field(default_factory=dict)
    source: Session | None = None
    trace: list[Step] = field(default_factory=list)
    beside: Address | None = None
    """The IPv6 next hop that was set on an IPv4 route: clauses do not see it, and an IPv4 one that is set wins."""
    said_hop: bool = False
    said_med: bool = False

    def __post_init__(self) -> None:
        self.router = with_unread(self.session.router, self.unread)
        self.external = self.session.external
        self.version = self.session.version

    def judge(self, route: Route) -> tuple[bool, Route]:
        """Go through everything in FRR's order."""
        family = "ipv4_unicast" if route.prefix.version == 4 else "ipv6_unicast"
        refuse_unmeasured(self.session, family)
        for prefixes, why in originated(self.session, family):
            if route.prefix in prefixes:
                raise UndecidedError(why)
        if self.session.direction == "in":
            as_path = " ".join(part for part in (self.session.prepended_local_as, in_order(route.as_path)) if part)
            route = replace(route, as_path=as_path, weight=self.session.weight(family))
            if not self._sane(route):
                return False, route
        if not self.session.active(family):
            self._say(None, None, self.session.inactive(family), (*self.session.path, family), matched=False)
            return False, route
        if self.session.direction == "out":
            route = self.rewritten(route, "before")
            for community, because in kept_back(self.session):
                if community in route.communities:
                    self._say(None, None, because, self.session.path, matched=False)
                    return False, route
            if self._reflected() and (kept := not_reflected(self.session, self._came_in(), family)):
                self._say(None, None, kept, self.session.path, matched=False)
                return False, route
        for kind in ("distribute_list", "prefix_list", "filter_list"):
            if not self._list_permits(kind, family, route):
                return False, route
        name, path = self.session.attached("route_map", family)
        if name is None:
            allowed, reason, where = self.session.without_map(family)
            self._say(None, None, reason, where, matched=allowed)
            return allowed, route
        route_map = self.router.route_maps.get(name)
        if route_map is None:
            self._say(name, None, f"the route map {name} is not defined: everything is denied", path, matched=False)
            return False, route
        permitted, result = self.apply(name, route_map, route, 0)
        if permitted and result != route and keeps_reflected(self.session):
            if self._reflected():
                self._say(None, None, REFLECTED, self.session.path, matched=True)
                return True, route
            if self.source is None and may_reflect(self.session, family):
                self._say(None, None, MAY_BE_REFLECTED, self.session.path, matched=True)
        return permitted, result

    def _came_in(self) -> Session:
        """Return the session on which the route came in. Raises ValueError where nobody knows."""
        if self.source is None:
            raise ValueError("the source of the route is not known")
        return self.source

    def _reflected(self) -> bool:
        """Tell whether the route came from an iBGP neighbor and goes to an iBGP neighbor."""
        return self.source is not None and not self.source.external and not self.session.external

    def rewritten(self, route: Route, side: Literal["before", "behind"]) -> Route:
        """Return the route as `remove-private-AS` and `as-override` leave it on this side of the route map."""
        family = "ipv4_unicast" if route.prefix.version == 4 else "ipv6_unicast"
        if rewrites(self.session, family) != side:
            return route
        path = rewritten(self.session, family, route.as_path)
        if path == route.as_path:
            return route
        text = f"remove-private-AS or as-override changes the AS path {route.as_path} to {path or 'an empty path'}"
        self._say(None, None, text, self.session.path, matched=True)
        return replace(route, as_path=path)

    def finished(self, route: Route) -> Route:
        """Give an IPv4 route its IPv6 next hop, if the policy set one, and no IPv4 one at any time."""
        return route if self.beside is None or self.said_hop else replace(route, next_hop=self.beside)

    def leads_on(self, route: Route) -> bool:
        """Tell whether what the policy permits leads to another machine."""
        why = refuses_next_hop(self.session, route.next_hop, route.prefix.version)
        if why is not None:
            self._say(None, None, why, self.session.path, matched=False)
        return why is None

    def settled(self, route: Route) -> Route:
        """Do what FRR does to what has passed, whatever the policy said."""
        shut, session = WELL_KNOWN["graceful-shutdown"], self.session
        if session.keeps_blackholes and WELL_KNOWN["blackhole"] in route.communities:
            self._say(None, None, "it has the community blackhole: no-export is added", session.path, matched=True)
            route = replace(route, communities=route.communities | {WELL_KNOWN["no-export"]})
        shuts = session.graceful_shutdown_applies
        if shuts and session.external:
            self._say(None, None, "graceful shutdown: the community is added", session.path, matched=True)
            route = replace(route, communities=route.communities | {shut})
        if (session.adds_well_known and shut in route.communities) or (shuts and not session.external):
            text = "graceful shutdown: the local preference becomes 0"
            self._say(None, None, text, session.path, matched=True)
            route = replace(route, local_preference=0)
        return route

    def _say(self, route_map: str | None, seq: int | None, why: str | Reason, path: Path, *, matched: bool) -> None:
        reason = Reason(why) if isinstance(why, str) else why
        self.trace.append(Step(route_map, seq, matched, (reason,), path))

    def _sane(self, route: Route) -> bool:
        """Do what FRR does before any policy (RFC 4271 section 9.1.2, RFC 7607)."""
        family = "ipv4_unicast" if route.prefix.version == 4 else "ipv6_unicast"
        place = self.session.path
        if enforces_first_as(self.session) and self.session.first_as is None and not self.session.assume_first_as:
            raise UndecidedError(
                "enforce-first-as asks for the neighbor's AS, which `remote_as: external` does not name"
            )
        for rule in path_rules(self.session, family):
            if _holds(rule, route):
                self._say(None, None, rule.why, place, matched=False)
                return False
        for prefixes, why in ignored_prefixes(self.session, route.prefix.version):
            if route.prefix in prefixes:
                self._say(None, None, why, place, matched=False)
                return False
        return True

    def _list_permits(self, kind: str, family: str, route: Route) -> bool:
        name, path = self.session.attached(kind, family)
        if name is None:
            return True
        holder = self.session.holder(kind, route.prefix.version)
        lst = getattr(self.router, holder).get(name)
        words = kind.replace("_", " ")
        if lst is None:
            self._say(None, None, f"the {words} {name} is not defined: everything is denied", path, matched=False)
            return False
        if not lst.entries and kind == "prefix_list":
            self._say(None, None, f"the prefix list {name} has no entries: everything is permitted", path, matched=True)
            return True
        if kind == "filter_list":
            said = as_path_list(lst, route)
        elif kind == "prefix_list":
            said = prefix_list(lst, route.prefix)
        else:
            said = access_list(lst, route.prefix)
        self._say(None, said.seq, by_list(f"{words} {name}", said, holder, name), path, matched=said.permit)
        return said.permit

    # route maps

    def apply(self, name: str, route_map: RouteMap, route: Route, depth: int) -> tuple[bool, Route]:
        """Go through a route map, and through those that it calls."""
        if depth > _DEPTH:
            raise UndecidedError(f"calls are nested deeper than {_DEPTH}")
        entries = list(route_map.entries)
        if self.version >= (9,) and route_map.optimization is False and entries:
            path = ("route_maps", name, str(entries[0].seq))
            self._say(
                name,
                entries[0].seq,
                "never looked at: without its optimiser FRR 9 skips the first",
                path,
                matched=False,
            )
            entries = entries[1:]
        permitted, position = False, 0
        while position < len(entries):
            entry = entries[position]
            path = ("route_maps", name, str(entry.seq))
            if unclear := not_understood(name, entry, self.unread):
                raise UndecidedError(unclear)
            matched, because = self._matches(entry, name, route_map, route)
            self.trace.append(Step(name, entry.seq, matched, because, path, does(entry) if matched else ()))
            if not matched:
                permitted, position = False, position + 1
                continue
            if entry.action == "deny":
                return False, route
            try:
                route = self._set(entry, route)
            except UndecidedError as doubt:
                raise UndecidedError(f"route map {name} seq {entry.seq}: {doubt}") from doubt
            if entry.call is not None:
                called = self.router.route_maps.get(entry.call)
                if called is None:
                    self._say(
                        name, entry.seq, f"call {entry.call}: not defined, so it permits", (*path, "call"), matched=True
                    )
                else:
                    allowed, route = self.apply(entry.call, called, route, depth + 1)
                    if not allowed:
                        text = f"{entry.call} denies it: so does this, and nothing further is looked at"
                        self._say(name, entry.seq, text, (*path, "call"), matched=True)
                        return False, route
            permitted = True
            if entry.on_match is None:
                return True, route
            if entry.on_match == "next":
                position += 1
            else:
                target = entry.on_match
                position = next((n for n, other in enumerate(entries) if other.seq >= target), len(entries))
        if not permitted:
            self._say(name, None, "the end of the map: deny", ("route_maps", name), matched=False)
        return permitted, route

    def _matches(
        self, entry: RouteMapEntry, name: str, route_map: RouteMap, route: Route
    ) -> tuple[bool, tuple[Reason, ...]]:
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
        """Give the next hop that `match ip next-hop` looks at."""
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
            is_ = self._med(route) if self.session.hides_med(route.prefix.version) else route.med or 0
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
                is_ = self.beside or NO_HOP6
        else:
            raise UndecidedError(f"match {clause.replace('_', ' ')} has not been measured")
        words = clause.replace("_", " ")
        return is_ == wanted, f"{words} is {is_}" + ("" if is_ == wanted else f", not {wanted}")

    # set

    def _set(self, entry: RouteMapEntry, route: Route) -> Route:
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
            changes["med"] = _moved(sets.metric, self._med(route) if isinstance(sets.metric, str) else 0)
            self.said_med = True
        for name in ("weight", "tag", "origin"):
            if getattr(sets, name) is not None:
                changes[name] = getattr(sets, name)
        changes["next_hop"] = self._next_hop(entry, route)
        return replace(route, **changes)

    def _med(self, route: Route) -> int:
        """Give the MED from which a relative one counts: that of a neighbor is dropped before an eBGP one is asked."""
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


_UNMEASURED_SETS: Final = ("as_path_replace", "as_path_replace_list", "min_metric", "max_metric")


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
