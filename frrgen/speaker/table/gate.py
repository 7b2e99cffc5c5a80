"""Nothing is sent that the router would drop: its own policy, asked before each announcement.

The policy is gone through once, with all routes there can be (`policy.symbolic`); what a set of attributes meets on the
way is then a few sets of prefixes, and to judge a prefix is to look it up.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from typing import Any, Final, Literal

from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, Address
from frrgen.policy.frr.addresses import Same
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.evaluate import judge
from frrgen.policy.frr.next_hops import refused_as_received, refused_behind_policy, refused_hop
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.symbolic import Outcome, outcomes
from frrgen.policy.frr.trace import Verdict
from frrgen.policy.sets import interval
from frrgen.policy.sets.communities import Atoms, Cube
from frrgen.policy.sets.prefix_set import PrefixSet, union
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.region import RouteBox, next_hop_number
from frrgen.policy.sets.route import Route
from frrgen.policy.sets.witness import Literal as PathIs
from frrgen.speaker.plan import NodePlan, PoolRange
from frrgen.speaker.table.rib import AdjRibOut, Held
from frrgen.speaker.wire.attributes import Attributes, NotAnnounceableError, Writer
from frrgen.speaker.wire.packed_prefix import IPV6_BIT, Family, Key

Mode = Literal["enforce", "warn", "off"]
Answers = Callable[[int, Attributes], Mapping[str, str | None]]
"""Returns why each router drops a prefix that is announced with these attributes; "" where it takes the prefix, and
None where nobody can tell."""
_RULINGS: Final = 10_000
"""Rulings that are kept of a gate, and of a proof."""


@dataclass(frozen=True)
class Ruling:
    """What the router does with all prefixes that are announced with one set of attributes."""

    denied: tuple[tuple[PrefixSet, str], ...]
    """Sets of prefixes, and what denies them."""
    undecided: tuple[tuple[PrefixSet, str], ...]

    def reason(self, family: Family, key: int) -> str | None:
        """Tell what denies a prefix; None: nothing."""
        return _of(self.denied, family, key)

    def doubt(self, family: Family, key: int) -> str | None:
        """Tell why nobody can tell what becomes of a prefix; None: that is known."""
        return _of(self.undecided, family, key)


def _of(sets: Iterable[tuple[PrefixSet, str]], family: Family, key: int) -> str | None:
    return next((by for prefixes, by in sets if any(True for _ in _within(prefixes, family, [key]))), None)


class Proof:
    """What a policy does with all routes of an IP version, and the rulings that follow."""

    def __init__(self, alphabet: Alphabet, outcomes: Sequence[Outcome]) -> None:
        self.alphabet = alphabet
        self.outcomes = outcomes
        self.rulings: dict[tuple[object, ...], Ruling] = {}
        """By all that decides of a route beside its prefix."""

    @cached_property
    def _bounds(self) -> list[int]:
        """Where the next hops that the policy tells apart begin and end, ascending."""
        return sorted({bound for one in self.outcomes for box in one.region for bound in box.next_hop})

    def alike(self, hop: Address) -> int:
        """Return one number for all next hops that the policy does not tell apart."""
        return bisect_right(self._bounds, next_hop_number(hop))

    def ruling(self, box: RouteBox, version: int) -> Ruling:
        """Judge all prefixes that are announced with these attributes. Raises UndecidedError."""
        found: dict[str, list[tuple[PrefixSet, str]]] = {"deny": [], "undecided": [], "permit": []}
        for outcome in self.outcomes:
            shared = [prefixes for theirs, prefixes in outcome.region.items() if box.meet(theirs) is not None]
            if shared:
                found[outcome.verdict].append((union(version, shared), str(outcome.by)))
        return Ruling(tuple(found["deny"]), tuple(found["undecided"]))


Decides = tuple[object, ...]
"""All that decides about the routes of a session."""


class Proofs:
    """What policies do with all routes: sessions that are alike in all that decides share it."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, Decides], Proof | UndecidedError] = {}
        """By IP version and all that decides; or why nobody can tell."""
        self._decides: dict[tuple[object, ...], Decides] = {}
        self._asks_who: dict[tuple[object, ...], bool] = {}

    def asks_who(self, session: Session, alike: tuple[object, ...]) -> bool:
        """Tell whether the maps of a session ask who the neighbor is; `alike` is what `configured` gives."""
        if alike not in self._asks_who:
            self._asks_who[alike] = session.asks_who()
        return self._asks_who[alike]

    def decides(self, session: Session, alike: tuple[object, ...]) -> Decides:
        """Return all that decides about a session's routes: one value for the sessions of a router that are alike.

        `alike` is what `configured` gives.
        """
        who = (*alike, session.name) if self.asks_who(session, alike) else alike
        if who not in self._decides:
            self._decides[who] = session.first_as, repr(Policy(session.router, session).decides())
        return self._decides[who]


def configured(session: Session) -> tuple[object, ...]:
    """Return the whole configuration of a session, beside the name of the neighbor."""
    neighbor = session.neighbor.model_copy(update={"description": None}).model_dump_json()
    dynamic = session.name not in session.bgp.neighbors
    version = None if (address := session.peer_address()) is None else address.version
    return Same(session.router), session.bgp_path, session.first_as, session.foreign_hops, neighbor, dynamic, version


class Gate:
    """The inbound policy of one router's session, asked by the node that would announce."""

    def __init__(
        self,
        session: Session,
        writer: Writer,
        mode: Mode = "enforce",
        families: frozenset[Family] = frozenset(Family),
        elsewhere: frozenset[Family] = frozenset(),
        *,
        closed: Sequence[PoolRange] = (),
        proofs: Proofs | None = None,
    ) -> None:
        self.session = session
        self.writer = writer
        self.mode = mode
        self.families = families
        """What the session carries."""
        self.elsewhere = elsewhere
        """What other sessions of the node carry, and this one does not: nobody expects it here."""
        self.closed = closed
        """The pools that the router is not told of."""
        self.undecided: dict[str, None] = {}
        self._proofs = Proofs() if proofs is None else proofs
        self._rulings: dict[tuple[Attributes, Family], Ruling] = {}
        self._fits: dict[Family, bool] = {}

    @cached_property
    def key(self) -> tuple[object, ...]:
        """All that decides: sessions with equal keys may share an Adj-RIB-Out."""
        return self.mode, self.writer, self.families, self.elsewhere, tuple(self.closed), self._decides

    @cached_property
    def _decides(self) -> Decides:
        """All that decides about routes: sessions with equal values share their proofs."""
        return self._proofs.decides(self.session, self._configured)

    def ruling(self, family: Family, attributes: Attributes) -> Ruling:
        """Judge all prefixes that are announced with these attributes, once."""
        known = self._rulings.get((attributes, family))
        if known is None:
            known = self._rulings[attributes, family] = self._judge(family, attributes)
            if len(self._rulings) > _RULINGS:
                self._rulings.pop(next(iter(self._rulings)))
        return known

    def prove(self) -> None:
        """Go through the policy with all routes of both families, once; what comes after is looking up."""
        for version in (4, 6):
            with contextlib.suppress(UndecidedError):
                self._proof(version)
        for family in Family:
            self.fits(family)
        _ = self.key

    def _proof(self, version: int) -> Proof:
        """Return the proof. Raises UndecidedError if the policy has too many cases."""
        known = self._proofs.found.get((version, self._decides))
        if known is None:
            policy = Policy(self.session.router, self.session)
            try:
                alphabet = Alphabet.of(policy)
                known = Proof(alphabet, outcomes(policy, version, alphabet))
            except UndecidedError as why:
                known = why
            self._proofs.found[version, self._decides] = known
        if isinstance(known, UndecidedError):
            raise known
        return known

    def _judge(self, family: Family, attributes: Attributes) -> Ruling:
        version = 4 if family is Family.IPV4 else 6
        everything = PrefixSet.everything(version)
        if family not in self.families:
            return Ruling(((everything, f"no session of this node carries {family}"),), ())
        try:
            hop = self.writer.next_hop(family, attributes)
        except NotAnnounceableError as why:
            return Ruling(((everything, str(why)),), ())
        try:
            proof = self._proof(version)
            # all that `_box` looks at
            asked = (attributes, self.writer.local_asn, self.writer.ibgp, proof.alike(hop))
            known = proof.rulings.get(asked)
            if known is None:
                known = proof.ruling(self._box(attributes, hop, version, proof.alphabet), version)
                if len(proof.rulings) >= _RULINGS:
                    proof.rulings.pop(next(iter(proof.rulings)))
                proof.rulings[asked] = known
        except UndecidedError as why:
            return Ruling((), ((everything, str(why)),))
        return known

    def _path(self, attributes: Attributes) -> str:
        count = 0 if self.writer.ibgp else 1 + attributes.prepend
        return " ".join([str(self.writer.local_asn)] * count)

    def _preference(self, attributes: Attributes) -> int | None:
        if not self.writer.ibgp:
            return None
        return 100 if attributes.local_preference is None else attributes.local_preference

    def _box(self, attributes: Attributes, hop: Address, version: int, alphabet: Alphabet) -> RouteBox:
        return RouteBox(
            med=_only(attributes.med),
            local_preference=_only(self._preference(attributes)),
            tag=(0, 1),
            next_hop=Policy(self.session.router, self.session).granted(version).hops_with(hop, version),
            origins=frozenset({attributes.origin.name.lower()}),
            path=frozenset({PathIs(f"^{self._path(attributes)}$")}),
            communities=_atoms(alphabet.communities, attributes.communities),
            large_communities=_atoms(alphabet.large, attributes.large_communities),
        )

    def is_closed(self, key: int) -> bool:
        """Tell whether the router is not told of a prefix, for its pool is for others."""
        return any(pool.first <= key < pool.end for pool in self.closed)

    def _hop(self, key: int, attributes: Attributes) -> Address | None:
        try:
            return self.writer.next_hop(Key.family(key), attributes)
        except NotAnnounceableError:
            return None

    @cached_property
    def _configured(self) -> tuple[object, ...]:
        return configured(self.session)

    def asked(self, key: int, attributes: Attributes) -> tuple[object, ...]:
        """Return all that decides a verdict's steps: of gates with equal values they differ in the neighbor's path."""
        hop = self._hop(key, attributes)
        refused = refused_hop(refused_as_received(self.session) + refused_behind_policy(self.session), hop)
        version = None if hop is None else hop.version
        who = (self.session.name, hop) if self._proofs.asks_who(self.session, self._configured) else None
        writer = self.writer.local_asn, self.writer.ibgp
        return self._configured, writer, who, version, refused, key, attributes

    def verdict(self, key: int, attributes: Attributes) -> Verdict:
        """Judge one prefix step by step, for a person who asks why."""
        route = Route(
            Key.prefix(key),
            as_path=self._path(attributes),
            next_hop=self._hop(key, attributes),
            med=attributes.med,
            local_preference=self._preference(attributes),
            origin=attributes.origin.name.lower(),
            communities=frozenset(attributes.communities),
            large_communities=frozenset(attributes.large_communities),
        )
        return judge(self.session, route)

    def steps(self, key: int, attributes: Attributes) -> list[str]:
        """Return what the router looks at when it judges a prefix, in order."""
        return [
            f"{f'{step.route_map} seq {step.seq}: ' if step.seq is not None and step.route_map else ''}{step.why}"
            for step in self.verdict(key, attributes).trace
        ]

    def judge(self, rib: AdjRibOut, keys: Sequence[int]) -> set[int]:
        """Look at keys of a table again: what would the router drop? The last of them are the newest.

        Gives the keys that became another for it: others than these, where its maximum-prefix has room again.
        """
        self.rule(rib, keys)
        return self.keep_within(rib, keys)

    def rule(self, rib: AdjRibOut, keys: Sequence[int]) -> None:
        """Look at keys of a table again, without the router's maximum-prefix."""
        if rib.dropped:
            rib.admit(keys)
        for pool in self.closed:
            why = Held(f"pool {pool.name} is not for {self.session.router.name}", closed=True)
            rib.drop([key for key in keys if pool.first <= key < pool.end and key in rib.table], why)
        if self.mode == "off":
            return
        rib.forget_unsure(keys)
        for (_, family), (attributes, some) in rib.table.alike(keys).items():
            if family in self.elsewhere:
                continue
            ruling = self.ruling(family, attributes)
            self.undecided.update(dict.fromkeys(by for _, by in ruling.undecided))
            for prefixes, by in ruling.denied:
                dropped = [key for key in _within(prefixes, family, some) if key not in rib.dropped]
                rib.drop(dropped, Held(by))
            for prefixes, _ in ruling.undecided:
                unsure = (key for key in _within(prefixes, family, some) if key not in rib.dropped)
                rib.unsure[family].update(dict.fromkeys(unsure))

    def limit(self, family: Family) -> int | None:
        """Return how many prefixes the router takes before it ends the session; None: any number."""
        found = self.session.family_option(FAMILIES[0] if family is Family.IPV4 else FAMILIES[1], "maximum_prefix")
        return None if found is None or found.warning_only else found.limit

    def fits(self, family: Family) -> bool:
        """Tell whether all that the router admits of a family, whatever is announced, is within its maximum-prefix."""
        limit = None if self.mode == "off" else self.limit(family)
        if limit is None:
            return True
        if family not in self._fits:
            version = 4 if family is Family.IPV4 else 6
            try:
                outcomes = [one for one in self._proof(version).outcomes if one.verdict != "deny"]
                admitted = union(version, [prefixes for one in outcomes for prefixes in one.region.values()])
                self._fits[family] = admitted.count() <= limit
            except UndecidedError:
                self._fits[family] = False
        return self._fits[family]

    def keep_within(self, rib: AdjRibOut, keys: Sequence[int]) -> set[int]:
        """Hold back what goes beyond the router's maximum-prefix, until there is room.

        First goes what the router may drop anyway, for all that can be told: it never takes the room of what the router
        has for certain. Then go the last of these keys. Returns the other keys whose state is another now.
        """
        moved: set[int] = set()
        if self.mode == "off":
            return moved
        for family in Family:
            limit = self.limit(family)
            if limit is None:
                continue
            why = Held(f"maximum-prefix {limit} of the router is reached", limit=True)
            room = limit - rib.admitted(family)
            if room < 0 and rib.unsure[family]:
                beyond = list(islice(reversed(rib.unsure[family]), -room))
                rib.drop(beyond[::-1], replace(why, unsure=True))
                moved.update(beyond)
                room += len(beyond)
            if room < 0:
                there = (key for key in reversed(keys) if Key.family(key) is family)
                beyond = list(islice((key for key in there if key not in rib.dropped and key in rib.table), -room))
                rib.drop(beyond[::-1], why)
            elif room:
                moved.update(self._released(rib, family, room))
            rib.most[family] = max(rib.most[family], rib.admitted(family))
        return moved

    @staticmethod
    def _released(rib: AdjRibOut, family: Family, room: int) -> list[int]:
        """Let in what waits, the oldest first, and what the router has for certain before all else."""
        waiting = rib.waiting[family]
        certain = (key for key, held in waiting.items() if not held.unsure)
        unsure = (key for key, held in waiting.items() if held.unsure)
        released = list(islice(chain(certain, unsure), room))
        doubtful = [key for key in released if waiting[key].unsure]
        rib.admit(released)
        rib.unsure[family].update(dict.fromkeys(doubtful))
        return released


def gates(
    plan: NodePlan, routers: Mapping[str, Router], mode: Mode = "enforce", proofs: Proofs | None = None
) -> Iterator[Gate]:
    """Return the gate of each session of a node. `proofs` of other nodes of this inventory are used, and added to."""
    proofs = Proofs() if proofs is None else proofs
    pools = plan.pools()
    carried = frozenset[Family]().union(*(peer.families for peer in plan.peers))
    for peer in plan.peers:
        session = Session(routers[peer.router], str(peer.local_address), "in", vrf=peer.vrf)
        extended = peer.address.version == 6 and bool(session.option("capability_extended_nexthop"))
        session.first_as = peer.local_asn
        writer = peer.writer(extended_next_hop=extended)
        closed = [pool for pool in pools if pool.routers and peer.router not in pool.routers]
        yield Gate(session, writer, mode, peer.families, carried - peer.families, closed=closed, proofs=proofs)


def _atoms(atoms: Atoms, values: Iterable[Any]) -> Cube:
    """Return the cube of some communities: each as itself where the policy names it, else as its class."""
    named = [value for value in values if value in atoms.named]
    looks = {tuple(atoms.has(value, regex) for regex in atoms.regexes) for value in values if value not in atoms.named}
    return atoms.only([*named, *(other for other in atoms.others if other.vector in looks)])


def _only(number: int | None) -> tuple[int, int]:
    return (-1, 0) if number is None else (number, number + 1)


def _within(prefixes: PrefixSet, family: Family, keys: Sequence[int]) -> Iterator[int]:
    """Return the keys that are in a set; where all of a length are in one range, without looking at each."""
    mark = IPV6_BIT if family is Family.IPV6 else 0
    lengths = {key & 0xFF for key in keys}
    first, last = (min(keys) ^ mark) >> 8, (max(keys) ^ mark) >> 8
    inside: dict[int, tuple[int, ...]] = {}
    for length in lengths:
        bounds = prefixes.at(length)
        place = bisect_right(bounds, first)
        if place == bisect_left(bounds, last + 1, place):
            # no bound between the first and the last: all are inside, or all are outside
            bounds = interval.EMPTY if place % 2 == 0 else (0, 1 << family.bits)
        inside[length] = bounds
    if not any(inside.values()):
        return iter(())
    if len(inside) == 1 and inside[keys[0] & 0xFF] == (0, 1 << family.bits):
        return iter(keys)
    return (key for key in keys if interval.contains(inside[key & 0xFF], (key ^ mark) >> 8))
