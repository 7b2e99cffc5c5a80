"""Nothing is sent that the router would drop: its own policy, asked before each announcement.

Each set of attributes is proven once over all prefixes (`policy.symbolic`); a prefix is then only looked up in a set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from frrgen.model.bgp import FAMILIES
from frrgen.model.references import Ref, entry_refs
from frrgen.model.types import Address
from frrgen.policy import interval
from frrgen.policy.automaton import Literal as PathIs
from frrgen.policy.box import EVERYTHING, Box, Region, meet, next_hop_number
from frrgen.policy.evaluate import Verdict, judge
from frrgen.policy.regex import UndecidedError
from frrgen.policy.route import Route
from frrgen.policy.session import Session
from frrgen.policy.space import PrefixSet, union
from frrgen.policy.symbolic import Policy, Universe
from frrgen.speaker.attributes import Attributes, NotAnnounceableError, Writer
from frrgen.speaker.key import IPV6_BIT, Family, Key
from frrgen.speaker.rib import AdjRibOut, Held, alike

Mode = Literal["enforce", "warn", "off"]


@dataclass(frozen=True)
class Ruling:
    """What the router does with all prefixes that are announced with one set of attributes."""

    denied: tuple[tuple[PrefixSet, str], ...]
    """Sets of prefixes, and what denies them."""
    undecided: tuple[tuple[PrefixSet, str], ...]

    def reason(self, family: Family, key: int) -> str | None:
        """Tell what denies a prefix; None: nothing."""
        return next((by for prefixes, by in self.denied if _in(prefixes, family, key)), None)


class Gate:
    """The inbound policy of one router's session, asked by the node that would announce."""

    def __init__(self, session: Session, writer: Writer, mode: Mode = "enforce") -> None:
        self.session = session
        self.writer = writer
        self.mode = mode
        self.warnings: dict[int, Held] = {}
        """What the router would drop and is sent nevertheless, in the mode `warn`."""
        self.undecided: dict[str, None] = {}
        self._rulings: dict[tuple[Attributes, Family], Ruling] = {}

    def key(self) -> tuple[object, ...]:
        """Name all that decides: sessions with equal keys may share an Adj-RIB-Out."""
        router = self.session.router
        policy = Policy(router, self.session)
        reached: dict[Ref, None] = {("route_maps", name): None for name in self.session.maps()}
        for entry in policy.entries():
            reached.update(dict.fromkeys(entry_refs(entry)))
        for family, kind in ((family, kind) for family in FAMILIES for kind in ("prefix_list", "distribute_list")):
            name, _ = self.session.attached(kind, family)
            if name is not None:
                reached[self.session.holder(kind, 4 if family == FAMILIES[0] else 6), name] = None
        name, _ = self.session.attached("filter_list", FAMILIES[0])
        if name is not None:
            reached["as_path_lists", name] = None
        parts = [(*ref, repr(getattr(router, ref[0]).get(ref[1]))) for ref in sorted(reached)]
        return (self.mode, self.writer, self.session.decisive, router.version, *parts)

    def ruling(self, family: Family, attributes: Attributes) -> Ruling:
        """Judge all prefixes that are announced with these attributes, once."""
        known = self._rulings.get((attributes, family))
        if known is None:
            known = self._rulings[attributes, family] = self._judge(family, attributes)
            if len(self._rulings) > 10_000:
                self._rulings.pop(next(iter(self._rulings)))
        return known

    def _judge(self, family: Family, attributes: Attributes) -> Ruling:
        version = 4 if family is Family.IPV4 else 6
        everything = PrefixSet.everything(version)
        try:
            hop = self.writer.next_hop(family, attributes)
        except NotAnnounceableError as why:
            return Ruling(((everything, str(why)),), ())
        policy = Policy(self.session.router, self.session)
        try:
            universe = Universe.of(policy, values=attributes.communities, large=attributes.large_communities)
            region = self._region(attributes, hop, everything, universe)
            outcomes = policy.outcomes(version, universe)
        except UndecidedError as why:
            return Ruling((), ((everything, str(why)),))
        found: dict[str, list[tuple[PrefixSet, str]]] = {"deny": [], "undecided": [], "permit": []}
        for outcome in outcomes:
            shared = meet(region, outcome.region)
            if shared:
                found[outcome.verdict].append((union(version, shared.values()), str(outcome.by)))
        return Ruling(tuple(found["deny"]), tuple(found["undecided"]))

    def _path(self, attributes: Attributes) -> str:
        count = 0 if self.writer.ibgp else 1 + attributes.prepend
        return " ".join([str(self.writer.local_asn)] * count)

    def _preference(self, attributes: Attributes) -> int | None:
        if not self.writer.ibgp:
            return None
        return 100 if attributes.local_preference is None else attributes.local_preference

    def _region(self, attributes: Attributes, hop: Address, prefixes: PrefixSet, universe: Universe) -> Region:
        box = Box(
            med=_only(attributes.med),
            local_preference=_only(self._preference(attributes)),
            tag=(0, 1),
            next_hop=_only(next_hop_number(hop)) if hop.version == prefixes.version else EVERYTHING.next_hop,
            origins=frozenset({attributes.origin.name.lower()}),
            path=frozenset({PathIs(f"^{self._path(attributes)}$")}),
            communities=universe.communities.only(attributes.communities),
            large_communities=universe.large.only(attributes.large_communities),
        )
        return {box: prefixes}

    def verdict(self, key: int, attributes: Attributes) -> Verdict:
        """Judge one prefix step by step, for a person who asks why."""
        prefix = Key.prefix(key)
        try:
            hop: Address | None = self.writer.next_hop(Key.family(key), attributes)
        except NotAnnounceableError:
            hop = None
        route = Route(
            prefix,
            as_path=self._path(attributes),
            next_hop=hop,
            med=attributes.med,
            local_preference=self._preference(attributes),
            origin=attributes.origin.name.lower(),
            communities=frozenset(attributes.communities),
            large_communities=frozenset(attributes.large_communities),
        )
        return judge(self.session, route)

    def judge(self, rib: AdjRibOut, keys: Iterable[int]) -> None:
        """Look at these keys of a table again: what the router would drop is held back."""
        if self.mode == "off":
            return
        routes = rib.table.routes
        keys = list(keys)
        for key in keys if rib.held or self.warnings else ():
            rib.held.pop(key, None)
            self.warnings.pop(key, None)
        for (_, family), (attributes, some) in alike(routes, keys).items():
            ruling = self.ruling(family, attributes)
            self.undecided.update(dict.fromkeys(by for _, by in ruling.undecided))
            refused = {key: Held(by) for prefixes, by in ruling.denied for key in _within(prefixes, family, some)}
            (rib.held if self.mode == "enforce" else self.warnings).update(refused)

    def limit(self, rib: AdjRibOut) -> set[int]:
        """Hold back what goes beyond the router's maximum-prefix; gives the keys whose state changed.

        The numerically last ones are held back, so that every start holds back the same.
        """
        if self.mode != "enforce":
            return set()
        changed: set[int] = set()
        for family, name in ((Family.IPV4, FAMILIES[0]), (Family.IPV6, FAMILIES[1])):
            limit = self.session.family_option(name, "maximum_prefix")
            if limit is None or (not rib.held and len(rib) <= limit.limit):
                continue
            why = Held(f"maximum-prefix {limit.limit}")
            limited = {key for key, held in rib.held.items() if held == why and Key.family(key) is family}
            if not limited and len(rib) <= limit.limit:
                continue
            there = sorted({key for key in rib.announced() if Key.family(key) is family} | limited)
            beyond = set(there[limit.limit :])
            for key in limited - beyond:
                del rib.held[key]
            rib.held.update(dict.fromkeys(beyond - limited, why))
            changed |= limited ^ beyond
        return changed


def _only(number: int | None) -> tuple[int, int]:
    return (-1, 0) if number is None else (number, number + 1)


def _in(prefixes: PrefixSet, family: Family, key: int) -> bool:
    return any(True for _ in _within(prefixes, family, [key]))


def _within(prefixes: PrefixSet, family: Family, keys: list[int]) -> Iterator[int]:
    """Give the keys that are in a set, by whole runs where it can."""
    if not prefixes:
        return
    mark = IPV6_BIT if family is Family.IPV6 else 0
    by_length: dict[int, list[int]] = {}
    for key in keys:
        by_length.setdefault(key & 0xFF, []).append(key)
    for length, some in by_length.items():
        bounds = next((bounds for low, high, bounds in prefixes.runs if low <= length <= high), interval.EMPTY)
        first, last = (min(some) ^ mark) >> 8, (max(some) ^ mark) >> 8
        touched = [(start, end) for start, end in interval.ranges(bounds) if start <= last and first < end]
        if not touched:
            continue
        if len(touched) == 1 and touched[0][0] <= first and last < touched[0][1]:
            yield from some
        else:
            yield from (key for key in some if interval.contains(bounds, (key ^ mark) >> 8))
