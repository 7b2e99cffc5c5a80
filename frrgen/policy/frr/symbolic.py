"""What a policy does with all routes at once: the same rules as `evaluate`, over sets.

The result is a partition: each Outcome holds the routes that take one way through the policy, and what becomes of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from frrgen.model.bgp import Bgp
from frrgen.model.policy import RouteMap, RouteMapEntry
from frrgen.model.router import Router
from frrgen.model.types import FAMILY_OF, U32_MAX, WELL_KNOWN
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.effects import Effects, Number, PathChange
from frrgen.policy.frr.match_clauses import Matches
from frrgen.policy.frr.next_hops import HopRule, refused_as_received, refused_behind_policy, refused_hop
from frrgen.policy.frr.partial_entries import not_understood, with_unread
from frrgen.policy.frr.refused import PathRule, ignored_prefixes, kept_back, path_rules
from frrgen.policy.frr.route_set import LOCAL_MED
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.set_clauses import Sets
from frrgen.policy.frr.undecided import originated, refuse_rewrites, refuse_unmeasured
from frrgen.policy.sets import interval, witness
from frrgen.policy.sets.budget import at
from frrgen.policy.sets.communities import Cube, decided
from frrgen.policy.sets.prefix_set import PrefixSet
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.region import (
    ABSENT,
    EVERYTHING,
    NEXT_HOPS,
    OWN_HOPS,
    Region,
    RouteBox,
    add,
    narrowed,
    on_path,
    only,
    simplified,
    within,
    without,
)

Verdicts = Literal["permit", "deny", "undecided"]
_DEPTH: Final = 10
_MOST_BOXES: Final = 20_000
MOST_WAYS: Final = 400
"""The most results of a policy at one entry that are kept apart."""
_SHUTDOWN: Final = WELL_KNOWN["graceful-shutdown"]


@dataclass(frozen=True, slots=True)
class By:
    """What decided: a route map and entry, or what is attached."""

    why: str
    route_map: str | None = None
    seq: int | None = None

    def __str__(self) -> str:
        if self.route_map is None:
            return self.why
        named = f"route-map {self.route_map}"
        return f"{self.why} {named}" if self.seq is None else f"{named} seq {self.seq}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Routes with one fate."""

    verdict: Verdicts
    by: By
    effects: Effects
    region: Region


def merged(outcomes: Iterable[Outcome]) -> list[tuple[Verdicts, By, Region]]:
    """Unite the outcomes of the same entry, whatever it does to the routes, in as few boxes as can be."""
    found: dict[tuple[Verdicts, By], Region] = {}
    for outcome in outcomes:
        into = found.setdefault((outcome.verdict, outcome.by), {})
        for box, prefixes in outcome.region.items():
            add(into, box, prefixes)
    return [(verdict, by, simplified(region)) for (verdict, by), region in found.items()]


def outcomes(policy: Policy, version: int, alphabet: Alphabet) -> list[Outcome]:
    """Go through a policy with routes of an IP version. Raises UndecidedError if there is too much to tell apart."""
    return _Run(policy, version, alphabet).run()


def idle(policy: Policy, version: int, alphabet: Alphabet) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
    """Return the entries (map, seq) that some route may come to, and those that some route may match.

    A route with an undecided clause goes both ways. Raises UndecidedError as `outcomes` does.
    """
    run = _Run(policy, version, alphabet, both_ways=True)
    run.run()
    return run.reached, run.matched


@dataclass
class _Run:
    policy: Policy
    version: int
    alphabet: Alphabet
    both_ways: bool = False
    """Let routes with an undecided clause match it, and go on as well."""
    found: dict[tuple[Verdicts, By, Effects], Region] = field(default_factory=dict)
    reached: set[tuple[str, int]] = field(default_factory=set)
    matched: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.router: Router = with_unread(self.policy.router, self.policy.unread)
        self.session: Session = self.policy.session
        self.bgp: Bgp = self.session.bgp
        self.family = FAMILY_OF[self.version]
        self.matches = Matches(self.router, self.session, self.version, self.alphabet, self.policy.lists)
        self.sets = Sets(self.router, self.session, self.version, self.alphabet)
        self.begin = Effects()
        if self.policy.route_map is None:
            front, weight = self.session.prepended_local_as, self.session.weight(self.family)
            path = PathChange((int(front),) if front else ())
            self.begin = Effects(path=path, weight=weight if self.session.direction == "in" else None)

    def run(self) -> list[Outcome]:
        region: Region = {EVERYTHING: PrefixSet.everything(self.version)}
        if self.policy.route_map is not None:
            self._map(self.policy.route_map, region)
            return [Outcome(*key, region) for key, region in self.found.items()]
        try:
            refuse_unmeasured(self.session, self.family)
            refuse_rewrites(self.session, self.family)
        except UndecidedError as why:
            return [Outcome("undecided", By(str(why)), Effects(), region)]
        self._session(region)
        return [Outcome(*key, region) for key, region in self.found.items()]

    def _session(self, region: Region) -> None:
        """Go through everything in FRR's order."""
        for own, doubt in originated(self.session, self.family):
            self._leave("undecided", By(doubt), Effects(), within(region, own))
            region = without(region, own)
        if not self.session.active(self.family):
            self._leave("deny", By(self.session.inactive(self.family)), Effects(), region)
            return
        region = self._sane(region) if self.session.direction == "in" else self._not_kept_back(region)
        for kind in ("distribute_list", "prefix_list", "filter_list"):
            region = self._attached_list(kind, region)
        name, _ = self.session.attached("route_map", self.family)
        if name is not None:
            self._map(name, region)
        else:
            allowed, why, _ = self.session.without_map(self.family)
            if allowed:
                self._permit(By(why), self.begin, region)
            else:
                self._leave("deny", By(why), self.begin, region)

    def _permit(self, by: By, effects: Effects, region: Region) -> None:
        """Leave what has passed and leads on, as FRR changes it behind all policy."""
        if self.policy.route_map is not None:
            self._leave("permit", by, effects, region)
            return
        region = self._leading_on(effects, region)
        external, shuts = self.session.external, self.session.graceful_shutdown_applies
        if not self.session.keeps_blackholes:
            if shuts:
                effects = _put(effects, _SHUTDOWN) if external else _last(effects)
            self._leave("permit", by, effects, region)
            return
        for black, changed, part in self._with(WELL_KNOWN["blackhole"], effects, region):
            settled = _put(changed, WELL_KNOWN["no-export"]) if black else changed
            if shuts:
                settled = _put(settled, _SHUTDOWN)
            if not self.session.adds_well_known:
                self._leave("permit", by, settled, part)
                continue
            for is_shut, after, rest in self._with(_SHUTDOWN, settled, part):
                self._leave("permit", by, _last(after) if is_shut else after, rest)

    def _leading_on(self, effects: Effects, region: Region) -> Region:
        """Take away the routes that lead to no other machine."""
        rules = refused_behind_policy(self.session)
        hop = effects.next_hop
        if isinstance(hop, str):
            return region
        if hop is not None:
            if (why := refused_hop(rules, hop)) is None:
                return region
            self._leave("deny", By(why), effects, region)
            return {}
        for rule in rules:
            hops = rule.hops
            if effects.beside is not None:
                # bgpd asks about the IPv6 next hop of an IPv4 route only where the route came with one
                refused = refused_hop((rule,), effects.beside) is not None
                hops = interval.union(interval.intersection(hops, OWN_HOPS[4]), OWN_HOPS[6] if refused else ())
            region = self._without_hops(rule._replace(hops=hops), effects, region)
        return region

    def _without_hops(self, rule: HopRule, effects: Effects, region: Region) -> Region:
        """Take away the routes that came with next hops that bgpd refuses."""
        if not rule.hops:
            return region
        self._leave("deny", By(rule.why), effects, narrowed(region, [only("next_hop", rule.hops)]))
        return narrowed(region, [only("next_hop", interval.difference(NEXT_HOPS, rule.hops))])

    def _with(self, community: int, effects: Effects, region: Region) -> Iterator[tuple[bool, Effects, Region]]:
        """Split by whether a community is there in the end."""
        known = dict(effects.communities).get(community)
        if known is not None:
            yield known, effects, region
            return
        for there in (True, False):
            part = narrowed(region, [RouteBox(communities=frozenset({(community, there)}))])
            if part:
                yield there, effects, part

    def _leave(self, verdict: Verdicts, by: By, effects: Effects, region: Region) -> None:
        if region:
            if effects.beside is not None or effects.said_hop:
                hop = effects.next_hop if effects.beside is None or effects.said_hop else effects.beside
                effects = replace(effects, next_hop=hop, beside=None, said_hop=False)
            into = self.found.setdefault((verdict, by, effects), {})
            for box, prefixes in region.items():
                add(into, box, prefixes)

    # what stands before a route map

    def _sane(self, region: Region) -> Region:
        """Take away what FRR refuses before any policy."""
        for hop_rule in refused_as_received(self.session):
            region = self._without_hops(hop_rule, Effects(), region)
        for rule in path_rules(self.session, self.family):
            wrong, right = self._by_rule(rule)
            self._leave("deny", By(rule.why), Effects(), narrowed(region, map(on_path, wrong)))
            region = narrowed(region, map(on_path, right))
        for prefixes, why in ignored_prefixes(self.session, self.version):
            self._leave("deny", By(why), Effects(), within(region, prefixes))
            region = without(region, prefixes)
        return region

    def _by_rule(self, rule: PathRule) -> tuple[list[Cube], list[Cube]]:
        front = self.session.prepended_local_as
        cube = frozenset((witness.Literal(regex, before=front), there) for regex, there in rule.conditions)
        return decided([([cube], True)])

    def _not_kept_back(self, region: Region) -> Region:
        """Take away what its communities keep from being announced."""
        for community, why in kept_back(self.session):
            self._leave(
                "deny", By(why), Effects(), narrowed(region, [RouteBox(communities=frozenset({(community, True)}))])
            )
            region = narrowed(region, [RouteBox(communities=frozenset({(community, False)}))])
        return region

    def _attached_list(self, kind: str, region: Region) -> Region:
        name, _ = self.session.attached(kind, self.family)
        if name is None:
            return region
        holder = self.session.holder(kind, self.version)
        words = kind.replace("_", " ")
        lst = getattr(self.router, holder).get(name)
        if lst is None:
            self._leave("deny", By(f"the {words} {name} is not defined: everything is denied"), Effects(), region)
            return {}
        if not lst.entries and kind == "prefix_list":
            return region
        by = By(f"{words} {name}")
        try:
            what = "path" if kind == "filter_list" else "prefix"
            yes, no = self.matches.by_list(holder, name, what, self.begin, region)
        except UndecidedError as why:
            self._leave("undecided", By(str(why)), Effects(), region)
            return {}
        self._leave("deny", by, Effects(), no)
        return yes

    # route maps

    def _map(self, name: str, region: Region) -> None:
        if name not in self.router.route_maps:
            self._leave("deny", By(f"the route map {name} is not defined: everything is denied"), Effects(), region)
            return
        for effects, by, passed in self._through(name, self.router.route_maps[name], {self.begin: region}, 0):
            self._permit(by, effects, passed)

    def _through(
        self, name: str, route_map: RouteMap, regions: dict[Effects, Region], depth: int
    ) -> list[tuple[Effects, By, Region]]:
        """Return what a map permits; what it denies is left."""
        if depth > _DEPTH:
            for effects, region in regions.items():
                self._leave("undecided", By(f"calls are nested deeper than {_DEPTH}"), effects, region)
            return []
        entries = list(route_map.entries)
        if self.session.version >= (9,) and route_map.optimization is False:
            entries = entries[1:]
        out: list[tuple[Effects, By, Region]] = []
        # at each place: who comes there, with what done to it, and the entry that has permitted it so far
        waiting: list[dict[tuple[Effects, By | None], Region]] = [{} for _ in range(len(entries) + 1)]
        waiting[0] = {(effects, None): region for effects, region in regions.items()}
        for place, entry in enumerate(entries):
            by = By("", name, entry.seq)
            at(by)
            if len(waiting[place]) > MOST_WAYS:
                raise UndecidedError(
                    f"route map {name} seq {entry.seq}: over {MOST_WAYS} ways lead here, too many to follow"
                )
            for (effects, _), region in waiting[place].items():
                self._bounded(region)
                matched, missed = self._match(entry, name, effects, region)
                self.reached.add((name, entry.seq))
                _unite(waiting[place + 1], (effects, None), missed)
                if not matched:
                    continue
                self.matched.add((name, entry.seq))
                if entry.action == "deny":
                    self._leave("deny", by, effects, matched)
                    continue
                if self.sets.counts_from_dropped(entry, effects):
                    matched = self._learned(matched, effects)
                try:
                    after = self.sets.after(entry, effects)
                except UndecidedError as why:
                    self._leave("undecided", By(f"route map {name} seq {entry.seq}: {why}"), effects, matched)
                    if self.both_ways and (entry.on_match is not None or entry.call is not None):
                        self._anything_from(name)
                    continue
                for changed, passed in self._called(entry, after, matched, depth):
                    if entry.on_match is None:
                        out.append((changed, by, passed))
                        continue
                    target = place + 1
                    if isinstance(entry.on_match, int):
                        wanted = entry.on_match
                        target = next((n for n, other in enumerate(entries) if other.seq >= wanted), len(entries))
                    _unite(waiting[target], (changed, by), passed)
        if len(out) + len(waiting[-1]) > MOST_WAYS:
            raise UndecidedError(f"route map {name}: over {MOST_WAYS} ways lead through it, too many to follow")
        for (effects, passed_by), region in waiting[-1].items():
            if passed_by is None:
                self._leave("deny", By("the end of", name), effects, region)
            else:
                out.append((effects, passed_by, region))
        return out

    def _learned(self, region: Region, effects: Effects) -> Region:
        """Leave what may be the router's own: its MED is kept."""
        own, learned = witness.Literal("^$"), witness.Literal("^$", found=False)
        mine = narrowed(region, [RouteBox(path=frozenset({own}), med=interval.interval(1, U32_MAX + 1))])
        self._leave("undecided", By(LOCAL_MED), effects, mine)
        rest = [RouteBox(path=frozenset({learned})), RouteBox(path=frozenset({own}), med=(ABSENT, 1))]
        return narrowed(region, rest)

    def _bounded(self, region: Region) -> None:
        if len(region) > _MOST_BOXES:
            raise UndecidedError("the policy tells too many cases apart to compare them all")

    def _called(
        self, entry: RouteMapEntry, effects: Effects, region: Region, depth: int
    ) -> Iterator[tuple[Effects, Region]]:
        called = self.router.route_maps.get(entry.call or "")
        if entry.call is None or called is None:
            yield effects, region
            return
        united: dict[Effects, Region] = {}
        for changed, _, passed in self._through(entry.call, called, {effects: region}, depth + 1):
            _unite(united, changed, passed)
        yield from united.items()

    def _match(self, entry: RouteMapEntry, name: str, effects: Effects, region: Region) -> tuple[Region, Region]:
        """Split into what matches and what does not; what is undecided is left."""
        if unclear := not_understood(name, entry, self.policy.unread):
            self._leave("undecided", By(unclear), effects, region)
            self.matched.add((name, entry.seq))
            if self.both_ways:
                self._anything_from(name)
            return {}, {}
        missed: Region = {}
        doubt: UndecidedError | None = None
        for clause, value in vars(entry.match).items():
            if value is None or value is False or not region:
                continue
            try:
                region, no = self.matches.split(clause, value, self.router.route_maps[name], effects, region)
            except UndecidedError as found:
                # a clause that surely does not match settles it, wherever it stands
                doubt = doubt or found
                continue
            for box, prefixes in no.items():
                add(missed, box, prefixes)
        if doubt is not None and region:
            self._leave("undecided", By(f"route map {name} seq {entry.seq}: {doubt}"), effects, region)
            self.matched.add((name, entry.seq))
            if not self.both_ways:
                return {}, missed
            for box, prefixes in region.items():
                add(missed, box, prefixes)
        return region, missed

    def _anything_from(self, name: str) -> None:
        """Take each entry of a map, and of those that it calls, for reached and matched: what comes is not known."""
        for found in self.session.gone_through(name):
            entries = {(found, entry.seq) for entry in self.router.route_maps[found].entries}
            self.reached |= entries
            self.matched |= entries


def _unite(into: dict[Any, Region], key: Any, region: Region) -> None:
    target = into.setdefault(key, {})
    for box, prefixes in region.items():
        add(target, box, prefixes)
    if not target:
        del into[key]


def _put(effects: Effects, community: int) -> Effects:
    """Add a community, whatever came in."""
    return replace(effects, communities=frozenset({**dict(effects.communities), community: True}.items()))


def _last(effects: Effects) -> Effects:
    """Prefer every other way."""
    return replace(effects, local_preference=Number.constant(0))
