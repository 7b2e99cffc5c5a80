"""What a router's policy does with one route, by FRR's own rules, step by step.

The rules were measured on FRR 8.4.4 (and, where they differ, 10.7.0). Where a running configuration does not determine
what FRR does, the verdict is `undecided`, with the reason: never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from frrgen.errors import Path
from frrgen.model.policy import RouteMap
from frrgen.model.router import Router
from frrgen.model.types import FAMILY_OF, WELL_KNOWN
from frrgen.policy.frr.attached import Direction
from frrgen.policy.frr.lists import (
    access_list,
    as_path_list,
    prefix_list,
)
from frrgen.policy.frr.next_hops import refused_as_received, refused_behind_policy, refused_hop
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
)
from frrgen.policy.frr.route_match import Matching
from frrgen.policy.frr.route_set import Setting
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.trace import Reason, Step, Verdict, by_list, does
from frrgen.policy.frr.undecided import originated, refuse_unmeasured
from frrgen.policy.sets.automaton import found
from frrgen.policy.sets.paths import in_order
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.route import Route

_DEPTH: Final = 10
"""FRR follows `call` no deeper (RMAP_RECURSION_LIMIT)."""


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
    """Judge a route. `unread`: route-map entries (name, seq) with a line that was not understood.

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
        result = judging.settled(judging.setting.finished(result)) if permitted else result
    except UndecidedError as why:
        return Verdict("undecided", route, tuple(judging.trace), str(why))
    return Verdict("permit" if permitted else "deny", result, tuple(judging.trace))


def evaluate_map(session: Session, name: str, route: Route, *, unread: Unread = ALL_READ) -> Verdict:
    """Judge a route by one route map alone. Raises KeyError if there is none of that name."""
    judging = _Judge(session, unread)
    try:
        permitted, result = judging.apply(name, judging.router.route_maps[name], route, 0)
        result = judging.setting.finished(result) if permitted else result
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

    def __post_init__(self) -> None:
        self.router = with_unread(self.session.router, self.unread)
        self.external = self.session.external
        self.version = self.session.version
        self.setting = Setting(self.session, self.router)
        self.matching = Matching(self.session, self.router, self.setting)

    def judge(self, route: Route) -> tuple[bool, Route]:
        """Go through everything in FRR's order."""
        family = FAMILY_OF[route.prefix.version]
        refuse_unmeasured(self.session, family)
        for prefixes, why in originated(self.session, family):
            if route.prefix in prefixes:
                raise UndecidedError(why)
        if not self.session.active(family):
            self._say(None, None, self.session.inactive(family), (*self.session.path, family), matched=False)
            return False, route
        if self.session.direction == "in":
            as_path = " ".join(part for part in (self.session.prepended_local_as, in_order(route.as_path)) if part)
            route = replace(route, as_path=as_path, weight=self.session.weight(family))
            if not self._sane(route):
                return False, route
        if self.session.direction == "out":
            route = self.rewritten(route, "before")
            for community, because in kept_back(self.session):
                if community in route.communities:
                    self._say(None, None, because, self.session.path, matched=False)
                    return False, route
            if self._reflected is not None and (kept := not_reflected(self.session, self._reflected, family)):
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
        if not permitted or result == route:
            return permitted, result
        if self._reflected is not None:
            if keeps_reflected(self.session):
                self._say(None, None, REFLECTED, self.session.path, matched=True)
                return True, route
        elif self.source is None and may_reflect(self.session, family):
            self._say(None, None, MAY_BE_REFLECTED, self.session.path, matched=True)
        return permitted, result

    @property
    def _reflected(self) -> Session | None:
        """Return the iBGP session on which a route that goes to an iBGP neighbor came in; None: it came otherwise."""
        inside = self.source is not None and not self.source.external and not self.session.external
        return self.source if inside else None

    def rewritten(self, route: Route, side: Literal["before", "behind"]) -> Route:
        """Return the route as `remove-private-AS` and `as-override` leave it on this side of the route map."""
        family = FAMILY_OF[route.prefix.version]
        if rewrites(self.session, family) != side:
            return route
        path = rewritten(self.session, family, route.as_path)
        if path == route.as_path:
            return route
        text = f"remove-private-AS or as-override changes the AS path {route.as_path} to {path or 'an empty path'}"
        self._say(None, None, text, self.session.path, matched=True)
        return replace(route, as_path=path)

    def leads_on(self, route: Route) -> bool:
        """Tell whether what the policy permits leads to another machine."""
        hop = route.next_hop
        if hop is not None and hop.version != route.prefix.version:
            # bgpd asks about the IPv6 next hop of an IPv4 route only where the route came with one
            hop = self.setting.finished(route).next_hop
        why = refused_hop(refused_behind_policy(self.session), hop)
        if why is not None:
            self._say(None, None, why, self.session.path, matched=False)
        return why is None

    def settled(self, route: Route) -> Route:
        """Do what FRR does to every route that has passed, behind any policy."""
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
        family = FAMILY_OF[route.prefix.version]
        place = self.session.path
        if why := refused_hop(refused_as_received(self.session), route.next_hop):
            self._say(None, None, why, place, matched=False)
            return False
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
            matched, because = self.matching.matches(entry, name, route_map, route)
            self.trace.append(Step(name, entry.seq, matched, because, path, does(entry) if matched else ()))
            if not matched:
                permitted, position = False, position + 1
                continue
            if entry.action == "deny":
                return False, route
            try:
                route = self.setting.changed(entry, route)
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
