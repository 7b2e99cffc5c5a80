"""What is compared: a policy, and all that policies tell apart in communities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from frrgen.model.lists import CommunityList, LargeCommunityList
from frrgen.model.policy import RouteMapEntry
from frrgen.model.references import Ref, entry_refs
from frrgen.model.router import Router
from frrgen.model.types import FAMILY_OF, WELL_KNOWN, community_value, large_community_value
from frrgen.policy.frr.lists import internet_text
from frrgen.policy.frr.next_hops import refused_as_received, refused_behind_policy
from frrgen.policy.frr.partial_entries import Unread
from frrgen.policy.frr.refused import kept_back, path_rules
from frrgen.policy.frr.session import Place, Session
from frrgen.policy.sets.automaton import found
from frrgen.policy.sets.communities import Atoms, atoms
from frrgen.policy.sets.interval import of_ranges, ranges
from frrgen.policy.sets.prefix_set import Permitted
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.region import Granted
from frrgen.policy.sets.witness import Literal


@dataclass(frozen=True)
class Policy:
    """One policy: what a session does in one direction, or a route map alone."""

    router: Router
    session: Session
    route_map: str | None = None
    """This map alone, as if it were all that is attached."""
    unread: Unread = field(default_factory=dict)
    lists: Permitted = field(default_factory=Permitted, compare=False)
    """What the lists permit, as far as it is known: policies of one router may share it."""

    def at(self, place: Place) -> Policy:
        """Return a route map alone as it is at a place; a session is where it is."""
        if self.route_map is None:
            return self
        session = Session.of_nobody(self.router, place)
        return replace(self, router=session.router, session=session)

    def entries(self) -> Iterator[RouteMapEntry]:
        """Return the entries of every map that may be gone through."""
        return self.session.entries(*self._begin())

    def _begin(self) -> list[str]:
        return [] if self.route_map is None else [self.route_map]

    def decides(self, written: dict[Ref, str] | None = None) -> tuple[Any, ...]:
        """Return all that decides what becomes of a route: policies that are alike in it do the same with each.

        `written`: keeps the lists and maps of the router as text, for its other policies.
        """
        written = {} if written is None else written
        session = self.session
        reached: dict[Ref, None] = {("route_maps", name): None for name in session.gone_through(*self._begin())}
        for entry in self.entries():
            reached.update(dict.fromkeys(entry_refs(entry)))
        if self.route_map is None:
            for version, family in FAMILY_OF.items():
                for kind in ("prefix_list", "distribute_list", "filter_list"):
                    name, _ = session.attached(kind, family)
                    if name is not None:
                        reached[session.holder(kind, version), name] = None
        for holder, name in reached.keys() - written.keys():
            written[holder, name] = repr(getattr(self.router, holder).get(name))
        parts = [(*ref, written[ref]) for ref in sorted(reached)]
        return self.route_map, session.place, session.origin, session.decisive, session.version, self.unread, parts

    def granted(self, version: int) -> Granted:
        """Return what holds for every route that bgpd does not refuse beside the policy."""
        session = self.session
        if self.route_map is not None:
            return Granted()
        if session.direction == "out":
            return Granted(frozenset((community, False) for community, _ in kept_back(session)))
        atoms = frozenset(
            Literal(rule.conditions[0][0], not rule.conditions[0][1], session.prepended_local_as)
            for rule in path_rules(session, FAMILY_OF[version])
            if len(rule.conditions) == 1
        )
        rules = (*refused_as_received(session), *refused_behind_policy(session))
        return Granted(atoms, of_ranges(hop for rule in rules for hop in ranges(rule.hops)))


@dataclass
class Alphabet:
    """What all policies that are compared tell apart."""

    communities: Atoms
    large: Atoms

    @staticmethod
    def of(*policies: Policy, values: Iterable[int] = (), large: Iterable[Any] = ()) -> Alphabet:
        """Collect it, and these communities. Raises UndecidedError if expressions are too intricate."""
        values = set(values)
        regexes: set[str] = set()
        large_values: set[Any] = set(large)
        large_regexes: set[str] = set()
        for policy in policies:
            if policy.route_map is None:
                if policy.session.direction == "out":
                    values.update(community for community, _ in kept_back(policy.session))
                    if policy.session.graceful_shutdown_applies:
                        values.add(WELL_KNOWN["graceful-shutdown"])
                elif policy.session.keeps_blackholes:
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
        internet = {internet_text(policy.session.version) for policy in policies} or {"internet"}
        if len(internet) > 1 and any(len({found(regex, text) for text in internet}) > 1 for regex in regexes):
            raise UndecidedError(
                "an expression tells 0:0 from internet, and the two versions of FRR show another of them"
            )
        return Alphabet(
            atoms(frozenset(values), frozenset(regexes), internet=min(internet)),
            atoms(frozenset(large_values), frozenset(large_regexes), large=True),
        )


def _collect(
    lst: CommunityList | LargeCommunityList | None, values: set[Any], regexes: set[str], value: Callable[[str], Any]
) -> None:
    for entry in lst.entries if lst is not None else ():
        if entry.regex is not None:
            regexes.add(entry.regex)
        else:
            values |= {value(text) for text in entry.communities or ()}
