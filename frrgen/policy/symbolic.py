"""What a policy does with all routes at once: the same rules as `evaluate`, over sets.

The result is a partition: each Outcome holds the routes that take one way through the policy, and what becomes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Any, Final, Literal

from frrgen.model.bgp import Bgp
from frrgen.model.policy import (
    CommunityList,
    LargeCommunityList,
    RouteMap,
    RouteMapEntry,
    SetCommunity,
    SetLargeCommunity,
)
from frrgen.model.router import Router
from frrgen.model.types import U32_MAX, WELL_KNOWN, community_value, large_community_value
from frrgen.policy import automaton, interval
from frrgen.policy.atoms import ANY, Atoms, Cube, Other, decided
from frrgen.policy.box import (
    ABSENT,
    EVERYTHING,
    NEXT_HOPS,
    Box,
    Region,
    add,
    narrowed,
    next_hop_number,
    only,
    simplified,
)
from frrgen.policy.effects import Effects, Number, untouched
from frrgen.policy.evaluate import LISTS, LOCAL_MED, MORE_SETS, UNKNOWN, refuse_unordered
from frrgen.policy.lists import deleted_communities, deleted_large_communities
from frrgen.policy.paths import ALPHABET, LANGUAGE
from frrgen.policy.regex import UndecidedError
from frrgen.policy.route import Route
from frrgen.policy.session import Session
from frrgen.policy.space import PrefixSet, access_permitted, permitted
from frrgen.policy.unread import with_unread

Verdicts = Literal["permit", "deny", "undecided"]
_DEPTH: Final = 10
_MOST_BOXES: Final = 20_000
_FAMILY: Final = {4: "ipv4_unicast", 6: "ipv6_unicast"}
_SHUTDOWN: Final = WELL_KNOWN["graceful-shutdown"]
_MULTICAST: Final = PrefixSet.block(IPv4Network("224.0.0.0/4"), 4, 32)


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


@dataclass
class Universe:
    """What all policies that are compared tell apart."""

    communities: Atoms
    large: Atoms

    @staticmethod
    def of(*policies: Policy, values: Iterable[int] = (), large: Iterable[Any] = ()) -> Universe:
        """Collect it, and these communities. Raises UndecidedError if expressions are too intricate."""
        values = set(values)
        regexes: set[str] = set()
        large_values: set[Any] = set(large)
        large_regexes: set[str] = set()
        for policy in policies:
            if policy.route_map is None:
                if policy.session.direction == "out":
                    values.update(community for community, _ in policy.session.kept_back())
                elif policy.session.settles:
                    values.update(WELL_KNOWN[name] for name in ("blackhole", "no-export", "graceful-shutdown"))
            for entry in policy.entries():
                for name in (entry.match.community and entry.match.community.name, entry.set.comm_list_delete):
                    lst = policy.router.community_lists.get(name or "")
                    _collect(lst, values, regexes, community_value)
                for name in (
                    entry.match.large_community and entry.match.large_community.name,
                    entry.set.large_comm_list_delete,
                ):
                    large_list = policy.router.large_community_lists.get(name or "")
                    _collect(large_list, large_values, large_regexes, large_community_value)
                if entry.set.community is not None and entry.set.community.communities != "none":
                    values |= {community_value(text) for text in entry.set.community.communities}
                if entry.set.large_community is not None and entry.set.large_community.communities != "none":
                    large_values |= {large_community_value(text) for text in entry.set.large_community.communities}
        return Universe(Atoms(values, regexes), Atoms(large_values, large_regexes, large=True))


def _collect(
    lst: CommunityList | LargeCommunityList | None, values: set[Any], regexes: set[str], value: Callable[[str], Any]
) -> None:
    for entry in lst.entries if lst is not None else ():
        if entry.regex is not None:
            regexes.add(entry.regex)
        else:
            values |= {value(text) for text in entry.communities or ()}


@dataclass(frozen=True)
class Policy:
    """One policy: what a session does in one direction, or a route map alone."""

    router: Router
    session: Session
    route_map: str | None = None
    """This map alone, as if it were all that is attached."""
    unread: Collection[tuple[str, int]] = ()

    def entries(self) -> Iterator[RouteMapEntry]:
        """Give the entries of every map that may be gone through."""
        return self.session.entries(*([] if self.route_map is None else [self.route_map]))

    def granted(self, version: int) -> frozenset[Any]:
        """Give what holds for every route that is not refused before any policy: of its AS path, its communities."""
        session = self.session
        if self.route_map is not None:
            return frozenset()
        if session.direction == "out":
            return frozenset((community, False) for community, _ in session.kept_back())
        return frozenset(
            automaton.Literal(conditions[0][0], not conditions[0][1], session.in_front)
            for conditions, _ in session.path_rules(_FAMILY[version])
            if len(conditions) == 1
        )

    def outcomes(self, version: int, universe: Universe) -> list[Outcome]:
        """Go through it with all routes of an IP version. Raises UndecidedError if there is too much to tell apart."""
        return _Run(self, version, universe).run()

    def idle(self, version: int, universe: Universe) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
        """Give the entries (map, seq) that some route comes to, and those that some route matches or may match.

        Raises UndecidedError as `outcomes` does.
        """
        run = _Run(self, version, universe)
        run.run()
        return run.reached, run.matched


@dataclass
class _Run:
    policy: Policy
    version: int
    universe: Universe
    found: dict[tuple[Verdicts, By, Effects], Region] = field(default_factory=dict)
    reached: set[tuple[str, int]] = field(default_factory=set)
    matched: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.router: Router = with_unread(self.policy.router, self.policy.unread)
        self.session: Session = self.policy.session
        self.bgp: Bgp = self.session.bgp
        self.family = _FAMILY[self.version]
        self.lists: dict[tuple[str, str], PrefixSet] = {}
        self.begin = Effects()
        if self.policy.route_map is None:
            front, weight = self.session.in_front, self.session.weight(self.family)
            path = (("prepend", (int(front),)),) if front else ()
            self.begin = Effects(path=path, weight=weight or None)

    def run(self) -> list[Outcome]:
        region: Region = {EVERYTHING: PrefixSet.everything(self.version)}
        if self.policy.route_map is not None:
            self._map(self.policy.route_map, region)
            return [Outcome(*key, region) for key, region in self.found.items()]
        try:
            self.session.refuse_unmeasured(self.family)
        except UndecidedError as why:
            return [Outcome("undecided", By(str(why)), Effects(), region)]
        self._session(region)
        return [Outcome(*key, region) for key, region in self.found.items()]

    def _session(self, region: Region) -> None:
        """Go through everything in FRR's order."""
        if doubt := self.session.own_default(self.family):
            default = PrefixSet.block(ip_network("0.0.0.0/0" if self.version == 4 else "::/0"))
            self._leave("undecided", By(doubt), Effects(), _within(region, default))
            region = _within(region, default.complement())
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
        """Leave what has passed, as FRR settles it (`Session.settles`)."""
        if self.policy.route_map is not None or not self.session.settles:
            self._leave("permit", by, effects, region)
            return
        for black, changed, part in self._with(WELL_KNOWN["blackhole"], effects, region):
            settled = _put(changed, WELL_KNOWN["no-export"]) if black else changed
            if self.session.bgp.graceful_shutdown:
                shut = replace(_put(settled, _SHUTDOWN), local_preference=Number.constant(0))
                self._leave("permit", by, shut, part)
                continue
            for shuts, after, rest in self._with(_SHUTDOWN, settled, part):
                shut = replace(after, local_preference=Number.constant(0)) if shuts else after
                self._leave("permit", by, shut, rest)

    def _with(self, community: int, effects: Effects, region: Region) -> Iterator[tuple[bool, Effects, Region]]:
        """Split by whether a community is there in the end."""
        known = dict(effects.communities).get(community)
        if known is not None:
            yield known, effects, region
            return
        for there in (True, False):
            part = narrowed(region, [Box(communities=frozenset({(community, there)}))])
            if part:
                yield there, effects, part

    def _leave(self, verdict: Verdicts, by: By, effects: Effects, region: Region) -> None:
        if region:
            hop = effects.next_hop if effects.beside is None or effects.said_hop else effects.beside
            effects = replace(effects, next_hop=hop, beside=None, said_hop=False)
            into = self.found.setdefault((verdict, by, effects), {})
            for box, prefixes in region.items():
                add(into, box, prefixes)

    # what stands before a route map

    def _sane(self, region: Region) -> Region:
        """Take away what FRR refuses before any policy."""
        for conditions, why in self.session.path_rules(self.family):
            front = self.session.in_front
            cube = frozenset((automaton.Literal(regex, before=front), there) for regex, there in conditions)
            wrong, right = decided([([cube], True)])
            self._leave("deny", By(why), Effects(), narrowed(region, map(_path_box, wrong)))
            region = narrowed(region, map(_path_box, right))
        if self.version == 4:
            why = "multicast addresses are no unicast routes"
            self._leave("deny", By(why), Effects(), _within(region, _MULTICAST))
            region = _within(region, _MULTICAST.complement())
        return region

    def _not_kept_back(self, region: Region) -> Region:
        """Take away what its communities keep from being announced."""
        for community, why in self.session.kept_back():
            self._leave("deny", By(why), Effects(), narrowed(region, [Box(communities=frozenset({(community, True)}))]))
            region = narrowed(region, [Box(communities=frozenset({(community, False)}))])
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
            yes, no = self._by_list(holder, name, "path" if kind == "filter_list" else "prefix", self.begin, region)
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
        """Give what a map permits; what it denies is left."""
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
                if self._from_dropped(entry, effects):
                    matched = self._learned(matched, effects)
                try:
                    after = self._set(entry, effects)
                except UndecidedError as why:
                    self._leave("undecided", By(f"route map {name} seq {entry.seq}: {why}"), effects, matched)
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
        for (effects, passed_by), region in waiting[-1].items():
            if passed_by is None:
                self._leave("deny", By("the end of", name), effects, region)
            else:
                out.append((effects, passed_by, region))
        return out

    def _from_dropped(self, entry: RouteMapEntry, effects: Effects) -> bool:
        """Tell whether an entry moves the MED that came in, where FRR drops that of learned routes."""
        return self.session.drops_med and isinstance(entry.set.metric, str) and effects.med is None

    def _learned(self, region: Region, effects: Effects) -> Region:
        """Leave what may be the router's own: its MED is kept."""
        own, learned = automaton.Literal("^$"), automaton.Literal("^$", found=False)
        mine = narrowed(region, [Box(path=frozenset({own}), med=interval.interval(1, U32_MAX + 1))])
        self._leave("undecided", By(LOCAL_MED), effects, mine)
        rest = [Box(path=frozenset({learned})), Box(path=frozenset({own}), med=(ABSENT, 1))]
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
        where = f"route map {name} seq {entry.seq}"
        if entry.raw or (name, entry.seq) in self.policy.unread:
            self._leave("undecided", By(f"{where} has lines that are not understood"), effects, region)
            self.matched.add((name, entry.seq))
            return {}, {}
        missed: Region = {}
        doubt: UndecidedError | None = None
        for clause in type(entry.match).model_fields:
            value = getattr(entry.match, clause)
            if value is None or value is False or not region:
                continue
            try:
                region, no = self._clause(clause, value, self.router.route_maps[name], effects, region)
            except UndecidedError as found:
                # a clause that surely does not match settles it, wherever it stands
                doubt = doubt or found
                continue
            for box, prefixes in no.items():
                add(missed, box, prefixes)
        if doubt is not None and region:
            self._leave("undecided", By(f"{where}: {doubt}"), effects, region)
            self.matched.add((name, entry.seq))
            return {}, missed
        return region, missed

    def _clause(
        self, clause: str, value: Any, route_map: RouteMap, effects: Effects, region: Region
    ) -> tuple[Region, Region]:
        words = clause.replace("_", " ")
        if clause in UNKNOWN or clause.startswith("ipv6_next_hop"):
            raise UndecidedError(f"match {words} asks for what a route does not say")
        if clause == "probability":
            if value not in {0, 100}:
                raise UndecidedError("match probability is chance")
            return _all(region, matches=value == 100)
        if clause.endswith("prefix_len"):
            return _all(region, matches=True)
        if clause == "source_protocol":
            return _all(region, matches=self.session.source_protocol(value)[0])
        if clause in LISTS:
            holder, what = LISTS[clause]
            lst = getattr(self.router, holder).get(value)
            if lst is None:
                return _all(region, matches=False)
            if not lst.entries:
                if self.session.version < (9,) and not route_map.optimization and "prefix_list" in holder:
                    return _all(region, matches=True)
                raise UndecidedError(f"whether the empty list {value} matches depends on what came first")
            return self._by_list(holder, value, "path" if what == "as_path" else what, effects, region)
        if clause in {"community", "large_community"}:
            return self._by_communities(clause, value, effects, region)
        return self._by_value(clause, value, effects, region)

    def _prefixes(self, holder: str, name: str, version: int) -> PrefixSet:
        key = (holder, name)
        if key not in self.lists:
            lst = getattr(self.router, holder)[name]
            found = permitted(lst, version) if "prefix" in holder else access_permitted(lst, version)
            if found is None:
                raise UndecidedError(f"the access list {name} has a wildcard mask that is no block of addresses")
            self.lists[key] = found
        return self.lists[key]

    def _by_list(self, holder: str, name: str, what: str, effects: Effects, region: Region) -> tuple[Region, Region]:
        if what == "path":
            return self._by_path(name, effects, region)
        version = 6 if holder.startswith("ipv6") else 4
        if version != self.version:
            return _all(region, matches=False)
        if what == "prefix":
            wanted = self._prefixes(holder, name, version)
            return _within(region, wanted), {box: left for box, had in region.items() if (left := had - wanted)}
        if what == "peer":
            peer = self.session.matched_peer()
            here = peer is not None and peer.version == version
            hosts = self._prefixes(holder, name, version).at(32 if version == 4 else 128)
            return _all(region, matches=here and _inside(hosts, int(peer or 0)))
        hosts = self._prefixes(holder, name, version).at(32 if version == 4 else 128)
        shift = 0 if version == 4 else 1 << 32
        addresses = tuple(bound + shift for bound in hosts)
        return self._by_next_hop(addresses, effects, region)

    def _by_next_hop(self, addresses: tuple[int, ...], effects: Effects, region: Region) -> tuple[Region, Region]:
        if effects.next_hop is not None:
            if isinstance(effects.next_hop, str):
                raise UndecidedError("the next hop is the router's own, and not known here")
            return _all(region, matches=_inside(addresses, next_hop_number(effects.next_hop)))
        return _split(region, [Box(next_hop=addresses)], [Box(next_hop=_rest(addresses))])

    def _by_path(self, name: str, effects: Effects, region: Region) -> tuple[Region, Region]:
        before = ""
        for operation, argument in effects.path:
            if operation != "prepend":
                raise UndecidedError(f"the AS path is matched by {name} after parts of it were changed")
            before = " ".join([*map(str, argument), *([before] if before else [])])
        for entry in self.router.as_path_lists[name].entries:
            automaton.refuse_stray(entry.regex, LANGUAGE, ALPHABET)
        lines = [
            ([frozenset({(automaton.Literal(entry.regex, before=before), True)})], entry.action == "permit")
            for entry in self.router.as_path_lists[name].entries
        ]
        yes, no = decided(lines)
        return _split(region, map(_path_box, yes), map(_path_box, no))

    def _by_communities(self, clause: str, wanted: Any, effects: Effects, region: Region) -> tuple[Region, Region]:
        lst = getattr(self.router, f"{clause}_lists").get(wanted.name)
        if lst is None:
            return _all(region, matches=False)
        if not lst.entries:
            raise UndecidedError(f"whether the empty list {wanted.name} matches depends on what came first")
        if wanted.mode == "any":
            raise UndecidedError(f"match {clause.replace('_', ' ')} {wanted.name} any has not been measured")
        large = clause == "large_community"
        atoms = self.universe.large if large else self.universe.communities
        empty = False if not large and self.session.version >= (10,) else None
        lines: list[tuple[list[Cube], bool]] = []
        for entry in lst.entries:
            if entry.regex is not None:
                cubes = atoms.regex_cubes(entry.regex, empty=empty)
            else:
                value = large_community_value if large else community_value
                values = {value(text) for text in entry.communities}
                if values == {0}:
                    cubes = [ANY]
                elif wanted.mode == "exact-match":
                    cubes = [atoms.only(values)]
                else:
                    cubes = [frozenset((one, True) for one in values)]
            lines.append((cubes, entry.action == "permit"))
        made = dict(effects.large_communities if large else effects.communities)
        yes, no = ([back for cube in cubes if (back := _before(cube, made)) is not None] for cubes in decided(lines))
        if large:
            return _split(
                region, (Box(large_communities=one) for one in yes), (Box(large_communities=one) for one in no)
            )
        return _split(region, (Box(communities=one) for one in yes), (Box(communities=one) for one in no))

    def _by_value(self, clause: str, wanted: Any, effects: Effects, region: Region) -> tuple[Region, Region]:
        if clause == "peer":
            return _all(region, matches=(self.session.matched_peer() or "none") == self.session.as_peer(wanted))
        if clause == "origin":
            if effects.origin is not None:
                return _all(region, matches=effects.origin == wanted)
            others = Box().origins - {wanted}
            return _split(region, [Box(origins=frozenset({wanted}))], [Box(origins=others)])
        if clause == "tag":
            if effects.tag is not None:
                return _all(region, matches=effects.tag == wanted)
            this = (wanted, wanted + 1)
            return _split(region, [Box(tag=this)], [Box(tag=_rest(this, Box().tag))])
        if clause == "ip_next_hop_address":
            if self.version == 6:
                return _all(region, matches=False)
            number = next_hop_number(wanted)
            return self._by_next_hop((number, number + 1), effects, region)
        if clause == "metric":
            found = (effects.med or untouched(0)).before(wanted)
            return _split(region, [Box(med=found)], [Box(med=_rest(found, Box().med))])
        if clause == "local_preference":
            found = (effects.local_preference or untouched(self.session.matched_preference)).before(wanted)
            rest = _rest(found, Box().local_preference)
            return _split(region, [only(clause, found)], [Box(local_preference=rest)])
        raise UndecidedError(f"match {clause.replace('_', ' ')} has not been measured")

    # set

    def _set(self, entry: RouteMapEntry, effects: Effects) -> Effects:
        sets = entry.set
        if "rtt" in str(sets.metric):
            raise UndecidedError("set metric rtt depends on the session")
        if sets.as_path_replace is not None:
            raise UndecidedError("set as-path replace has not been measured")
        changes: dict[str, Any] = {name: getattr(sets, name) for name in ("weight", "tag", "origin")}
        changes = {name: value for name, value in changes.items() if value is not None}
        path = list(effects.path)
        if sets.as_path_exclude is not None:
            refuse_unordered(sets)
            if sets.as_path_prepend_last_as is not None:
                raise UndecidedError("one entry excludes and prepends the last AS: FRR does not show which comes first")
            path.append(("exclude", sets.as_path_exclude))
        if sets.as_path_prepend_last_as is not None:
            path.append(("last", sets.as_path_prepend_last_as))
        if sets.as_path_prepend is not None:
            path.append(("prepend", sets.as_path_prepend))
        if sets.metric is not None:
            before = Number.constant(0) if self._from_dropped(entry, effects) else untouched(0)
            changes["med"] = (effects.med or before).then(sets.metric)
        if sets.local_preference is not None:
            base = untouched(self.session.set_preference)
            changes["local_preference"] = (effects.local_preference or base).then(sets.local_preference)
        changes["next_hop"] = self._next_hop(entry, effects)
        changes["beside"] = self.session.beside(entry.set, self.version) or effects.beside
        changes["said_hop"] = effects.said_hop or isinstance(entry.set.ip_next_hop, IPv4Address)
        changes["communities"] = self._communities(entry, effects)
        changes["large_communities"] = self._large(entry, effects)
        more = dict(effects.more)
        for name in MORE_SETS:
            value = getattr(sets, name)
            if value not in (None, False):
                more[name] = str(value)
        return replace(effects, path=tuple(path), more=tuple(sorted(more.items())), **changes)

    def _next_hop(self, entry: RouteMapEntry, effects: Effects) -> Any:
        wanted = self.session.set_next_hop(entry.set, self.version)
        return effects.next_hop if wanted is None else wanted

    def _communities(self, entry: RouteMapEntry, effects: Effects) -> Cube:
        sets, atoms = entry.set, self.universe.communities
        lst = self.router.community_lists.get(sets.comm_list_delete or "")

        def deleted(value: int) -> bool:
            return lst is not None and bool(deleted_communities(lst, Route(_ANYWHERE, communities=frozenset({value}))))

        change = _Change.of(sets.community, community_value, delete_last=sets.comm_list_delete_last)
        return _changed(effects.communities, atoms, _those(atoms, deleted), change)

    def _large(self, entry: RouteMapEntry, effects: Effects) -> Cube:
        sets, atoms = entry.set, self.universe.large
        lst = self.router.large_community_lists.get(sets.large_comm_list_delete or "")

        def deleted(value: tuple[int, int, int]) -> bool:
            return lst is not None and bool(
                deleted_large_communities(lst, Route(_ANYWHERE, large_communities=frozenset({value})))
            )

        change = _Change.of(sets.large_community, large_community_value, delete_last=sets.large_comm_list_delete_last)
        return _changed(effects.large_communities, atoms, _those(atoms, deleted), change)


def _put(effects: Effects, community: int) -> Effects:
    """Add a community, whatever came in."""
    return replace(effects, communities=frozenset({**dict(effects.communities), community: True}.items()))


def _those(atoms: Atoms, which: Callable[[Any], bool]) -> set[Any]:
    return {atom for atom in atoms.all if which(atom.example if isinstance(atom, Other) else atom)}


_ANYWHERE: Final = IPv4Network("0.0.0.0/0")


def _changed(before: Cube, atoms: Atoms, gone: set[Any], change: _Change) -> Cube:
    now = dict(before)
    if not change.delete_last:
        now |= dict.fromkeys(gone, False)
    if change.values is not None:
        if not change.additive:
            now = dict.fromkeys(atoms.all, False)
        now |= dict.fromkeys(change.values, True)
    if change.delete_last:
        now |= dict.fromkeys(gone, False)
    return frozenset(now.items())


@dataclass(frozen=True, slots=True)
class _Change:
    """What an entry sets of communities."""

    values: frozenset[Any] | None
    additive: bool
    delete_last: bool

    @staticmethod
    def of(said: SetCommunity | SetLargeCommunity | None, value: Callable[[str], Any], *, delete_last: bool) -> _Change:
        if said is None:
            return _Change(None, additive=False, delete_last=delete_last)
        values = frozenset() if said.communities == "none" else frozenset(map(value, said.communities))
        return _Change(values, said.additive, delete_last)


def _before(cube: Cube, made: dict[Any, bool]) -> Cube | None:
    """Give what must have been there for a cube to hold now; None if it cannot."""
    if any(made.get(atom, there) != there for atom, there in cube):
        return None
    return frozenset((atom, there) for atom, there in cube if atom not in made)


def _path_box(cube: Cube) -> Box:
    return Box(path=frozenset(replace(literal, found=found) for literal, found in cube))


def _split(region: Region, yes: Iterable[Box], no: Iterable[Box]) -> tuple[Region, Region]:
    return narrowed(region, yes), narrowed(region, no)


def _all(region: Region, *, matches: bool) -> tuple[Region, Region]:
    return (region, {}) if matches else ({}, region)


def _within(region: Region, wanted: PrefixSet) -> Region:
    return {box: shared for box, prefixes in region.items() if (shared := prefixes & wanted)}


def _unite(into: dict[Any, Region], key: Any, region: Region) -> None:
    target = into.setdefault(key, {})
    for box, prefixes in region.items():
        add(target, box, prefixes)
    if not target:
        del into[key]


def _inside(numbers: tuple[int, ...], value: int) -> bool:
    return interval.contains(numbers, value)


def _rest(found: tuple[int, ...], everything: tuple[int, ...] = NEXT_HOPS) -> tuple[int, ...]:
    return interval.difference(everything, found)
