"""What a match clause asks of a set of routes: those that match, and those that do not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from frrgen.model.policy import RouteMap
from frrgen.model.router import Router
from frrgen.model.types import community_value, large_community_value
from frrgen.policy.frr.alphabet import Alphabet
from frrgen.policy.frr.effects import Effects, untouched
from frrgen.policy.frr.lists import every_route
from frrgen.policy.frr.route_match import FOREIGN_HOP, LINK_LOCAL, LISTS, NO_HOP6
from frrgen.policy.frr.session import Session
from frrgen.policy.sets import interval
from frrgen.policy.sets.automaton import refuse_stray
from frrgen.policy.sets.communities import ANY, Cube, decided
from frrgen.policy.sets.paths import ALPHABET, LANGUAGE
from frrgen.policy.sets.prefix_set import Permitted, PrefixSet
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.region import (
    OWN_HOPS,
    Region,
    RouteBox,
    narrowed,
    next_hop_number,
    on_path,
    only,
    within,
    without,
)
from frrgen.policy.sets.witness import Literal


class Matches:
    """The clauses of one policy, asked about routes of one IP version to which effects were done."""

    def __init__(
        self, router: Router, session: Session, version: int, alphabet: Alphabet, lists: Permitted | None = None
    ) -> None:
        self.router, self.session, self.version, self.alphabet = router, session, version, alphabet
        self._lists = Permitted() if lists is None else lists

    def split(
        self, clause: str, value: Any, route_map: RouteMap, effects: Effects, region: Region
    ) -> tuple[Region, Region]:
        """Split by a clause: (what matches, what does not). Raises UndecidedError."""
        if (settled := self.session.settled(clause, value)) is not None:
            return _all(region, matches=settled[0])
        if clause in LISTS:
            holder, what = LISTS[clause]
            lst = getattr(self.router, holder).get(value)
            if lst is None:
                return _all(region, matches=False)
            if not lst.entries:
                if self.session.version < (9,) and not route_map.optimization and "prefix_list" in holder:
                    return _all(region, matches=True)
                raise UndecidedError(f"whether the empty list {value} matches depends on what came first")
            return self.by_list(holder, value, "path" if what == "as_path" else what, effects, region)
        if clause in {"community", "large_community"}:
            return self._by_communities(clause, value, effects, region)
        return self._by_value(clause, value, effects, region)

    def _prefixes(self, holder: str, name: str, version: int) -> PrefixSet:
        found = self._lists.of(getattr(self.router, holder)[name], version)
        if found is None:
            raise UndecidedError(f"the access list {name} has a wildcard mask that is no block of addresses")
        return found

    def by_list(self, holder: str, name: str, what: str, effects: Effects, region: Region) -> tuple[Region, Region]:
        """Split by a list that is there and has entries; `what` it is asked about: prefix, next_hop, peer or path."""
        if what == "path":
            return self._by_path(name, effects, region)
        version = 6 if holder.startswith("ipv6") else 4
        if version != self.version:
            return _all(region, matches=False)
        if what == "prefix":
            wanted = self._prefixes(holder, name, version)
            return within(region, wanted), without(region, wanted)
        if what == "peer":
            peer = self.session.matched_peer()
            here = peer is not None and peer.version == version
            hosts = self._prefixes(holder, name, version).at(32 if version == 4 else 128)
            return _all(region, matches=here and interval.contains(hosts, int(peer or 0)))
        hosts = self._prefixes(holder, name, version).at(32 if version == 4 else 128)
        shift = 0 if version == 4 else 1 << 32
        addresses = tuple(bound + shift for bound in hosts)
        return self._by_next_hop(addresses, effects, region)

    def _by_next_hop(self, addresses: tuple[int, ...], effects: Effects, region: Region) -> tuple[Region, Region]:
        if effects.next_hop is not None:
            if isinstance(effects.next_hop, str):
                raise UndecidedError("the next hop is the router's own, and not known here")
            return _all(region, matches=interval.contains(addresses, next_hop_number(effects.next_hop)))
        if self.version == 4 and self.session.foreign_hops:
            raise UndecidedError(FOREIGN_HOP)
        return _split(
            region, [RouteBox(next_hop=addresses)], [RouteBox(next_hop=_rest(addresses, OWN_HOPS[self.version]))]
        )

    def _by_path(self, name: str, effects: Effects, region: Region) -> tuple[Region, Region]:
        change = effects.path
        if change.more:
            raise UndecidedError(f"the AS path is matched by {name} behind `prepend last-as` or `exclude all`")
        before = " ".join(map(str, change.front))
        for entry in self.router.as_path_lists[name].entries:
            refuse_stray(entry.regex, LANGUAGE, ALPHABET)
        entries = self.router.as_path_lists[name].entries
        literals = [Literal(entry.regex, before=before, gone=change.gone) for entry in entries]
        yes, no = decided(
            ([frozenset({(literal, True)})], entry.action == "permit")
            for literal, entry in zip(literals, entries, strict=True)
        )
        return _split(region, map(on_path, yes), map(on_path, no))

    def _by_communities(self, clause: str, wanted: Any, effects: Effects, region: Region) -> tuple[Region, Region]:
        lst = getattr(self.router, f"{clause}_lists").get(wanted.name)
        if lst is None:
            return _all(region, matches=False)
        if not lst.entries:
            raise UndecidedError(f"whether the empty list {wanted.name} matches depends on what came first")
        if wanted.mode == "any":
            raise UndecidedError(f"match {clause.replace('_', ' ')} {wanted.name} any has not been measured")
        large = clause == "large_community"
        atoms = self.alphabet.large if large else self.alphabet.communities
        empty = False if self.session.version >= (10,) else None
        lines: list[tuple[list[Cube], bool]] = []
        for entry in lst.entries:
            if entry.regex is not None:
                cubes = atoms.regex_cubes(entry.regex, empty=empty)
            else:
                value = large_community_value if large else community_value
                values: set[Any] = {value(text) for text in entry.communities}
                if not large and every_route(values, self.session.version):
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
                region,
                (RouteBox(large_communities=one) for one in yes),
                (RouteBox(large_communities=one) for one in no),
            )
        return _split(region, (RouteBox(communities=one) for one in yes), (RouteBox(communities=one) for one in no))

    def _by_value(self, clause: str, wanted: Any, effects: Effects, region: Region) -> tuple[Region, Region]:
        if clause == "peer":
            return _all(region, matches=(self.session.matched_peer() or "none") == self.session.as_peer(wanted))
        if clause == "origin":
            if effects.origin is not None:
                return _all(region, matches=effects.origin == wanted)
            others = RouteBox().origins - {wanted}
            return _split(region, [RouteBox(origins=frozenset({wanted}))], [RouteBox(origins=others)])
        if wanted == "untagged":
            raise UndecidedError("match tag untagged has not been measured")
        if clause == "tag":
            if effects.tag is not None:
                return _all(region, matches=effects.tag == wanted)
            this = (wanted, wanted + 1)
            return _split(region, [RouteBox(tag=this)], [RouteBox(tag=_rest(this, RouteBox().tag))])
        if clause == "ip_next_hop_address":
            if self.version == 6:
                return _all(region, matches=False)
            number = next_hop_number(wanted)
            return self._by_next_hop((number, number + 1), effects, region)
        if clause == "ipv6_next_hop_address":
            if wanted.is_link_local:
                raise UndecidedError(LINK_LOCAL)
            if self.version == 4:
                if effects.beside is None and self.session.foreign_hops:
                    raise UndecidedError(FOREIGN_HOP)
                return _all(region, matches=wanted == (effects.beside or NO_HOP6))
            number = next_hop_number(wanted)
            return self._by_next_hop((number, number + 1), effects, region)
        if clause == "metric":
            if self.session.hides_med(self.version) and effects.med is None:
                raise UndecidedError("whether `match metric` sees the MED depends on whether the route is learned")
            found = (effects.med or untouched(0)).before(wanted)
            return _split(region, [RouteBox(med=found)], [RouteBox(med=_rest(found, RouteBox().med))])
        if clause == "local_preference":
            found = (effects.local_preference or untouched(self.session.matched_preference)).before(wanted)
            rest = _rest(found, RouteBox().local_preference)
            return _split(region, [only(clause, found)], [RouteBox(local_preference=rest)])
        raise UndecidedError(f"match {clause.replace('_', ' ')} has not been measured")


def _before(cube: Cube, made: dict[Any, bool]) -> Cube | None:
    """Return what must have been there for a cube to hold now; None if it cannot."""
    if any(made.get(atom, there) != there for atom, there in cube):
        return None
    return frozenset((atom, there) for atom, there in cube if atom not in made)


def _split(region: Region, yes: Iterable[RouteBox], no: Iterable[RouteBox]) -> tuple[Region, Region]:
    return narrowed(region, yes), narrowed(region, no)


def _all(region: Region, *, matches: bool) -> tuple[Region, Region]:
    return (region, {}) if matches else ({}, region)


def _rest(found: tuple[int, ...], everything: tuple[int, ...]) -> tuple[int, ...]:
    return interval.difference(everything, found)
