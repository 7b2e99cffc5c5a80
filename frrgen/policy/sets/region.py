"""Exact sets of routes: a box says of each attribute which values it may have, a region is a union of boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from frrgen.model.types import U32_MAX, Address
from frrgen.policy.sets import interval
from frrgen.policy.sets.communities import ANY, Cube, Other, both
from frrgen.policy.sets.interval import Intervals
from frrgen.policy.sets.paths import path_with
from frrgen.policy.sets.prefix_set import PrefixSet
from frrgen.policy.sets.route import Route
from frrgen.policy.sets.witness import Literal

ABSENT: Final = -1
"""The number that stands for an attribute that is not there."""
NUMBERS: Final[Intervals] = (ABSENT, U32_MAX + 1)
PRESENT: Final[Intervals] = (0, U32_MAX + 1)
_IPV6: Final = 1 << 32
NEXT_HOPS: Final[Intervals] = (0, _IPV6 + (1 << 128))
OWN_HOPS: Final[dict[int, Intervals]] = {4: (0, _IPV6), 6: (_IPV6, NEXT_HOPS[1])}
"""The next hops of each IP version: an IPv4 route may have one of IPv6, too (RFC 8950), and no IPv6 route the other."""
ORIGINS: Final = frozenset({"igp", "egp", "incomplete"})


def next_hop_number(address: Address) -> int:
    """Place the addresses of both families in one line of numbers."""
    return int(address) + (_IPV6 if address.version == 6 else 0)


def next_hop_address(number: int) -> Address:
    """Undo next_hop_number."""
    return IPv4Address(number) if number < _IPV6 else IPv6Address(number - _IPV6)


@dataclass(frozen=True, slots=True)
class RouteBox:
    """What each attribute but the prefix may be, independently."""

    med: Intervals = NUMBERS
    local_preference: Intervals = NUMBERS
    tag: Intervals = PRESENT
    next_hop: Intervals = NEXT_HOPS
    origins: frozenset[str] = ORIGINS
    path: frozenset[Literal] = frozenset()
    communities: Cube = ANY
    large_communities: Cube = ANY

    def meet(self, other: RouteBox) -> RouteBox | None:
        """Intersect; None if no route is left, or rather, if that is plain to see (see `possible`)."""
        if self is EVERYTHING or other is EVERYTHING:
            known = other if self is EVERYTHING else self
            return None if known.path and path_with(known.path) is None else known
        communities = both(self.communities, other.communities)
        large = both(self.large_communities, other.large_communities)
        origins = self.origins & other.origins
        if communities is None or large is None or not origins:
            return None
        med = interval.intersection(self.med, other.med)
        preference = interval.intersection(self.local_preference, other.local_preference)
        tag = interval.intersection(self.tag, other.tag)
        hop = interval.intersection(self.next_hop, other.next_hop)
        if not (med and preference and tag and hop):
            return None
        path = self.path | other.path
        if path and path_with(path) is None:
            return None
        return RouteBox(med, preference, tag, hop, origins, path, communities, large)


EVERYTHING: Final = RouteBox()
_FIELDS: Final = tuple(field.name for field in fields(RouteBox))


def only(name: str, value: Any) -> RouteBox:
    """Ask something of one attribute."""
    return replace(EVERYTHING, **{name: value})


def on_path(cube: Cube) -> RouteBox:
    """Ask something of the AS path: some atoms are literals."""
    return RouteBox(path=frozenset(replace(literal, found=found) for literal, found in cube))


Region = dict[RouteBox, PrefixSet]
"""The routes of each box with one of these prefixes; boxes may overlap only if nobody minds."""


def add(region: Region, box: RouteBox, prefixes: PrefixSet) -> None:
    """Unite with a box."""
    if prefixes:
        known = region.get(box)
        region[box] = prefixes if known is None else known | prefixes


def meet(one: Mapping[RouteBox, PrefixSet], other: Mapping[RouteBox, PrefixSet]) -> Region:
    """Intersect two regions."""
    found: Region = {}
    for box, prefixes in one.items():
        for theirs, their_prefixes in other.items():
            shared = prefixes & their_prefixes
            if shared and (joined := box.meet(theirs)) is not None:
                add(found, joined, shared)
    return found


def within(region: Mapping[RouteBox, PrefixSet], prefixes: PrefixSet) -> Region:
    """Intersect a region with a set of prefixes."""
    return {box: shared for box, had in region.items() if (shared := had & prefixes)}


def without(region: Mapping[RouteBox, PrefixSet], prefixes: PrefixSet) -> Region:
    """Take a set of prefixes out of a region."""
    return {box: left for box, had in region.items() if (left := had - prefixes)}


def narrowed(region: Mapping[RouteBox, PrefixSet], boxes: Iterable[RouteBox]) -> Region:
    """Intersect a region with a union of boxes."""
    found: Region = {}
    wanted = list(boxes)
    for box, prefixes in region.items():
        for other in wanted:
            if (joined := box.meet(other)) is not None:
                add(found, joined, prefixes)
    return found


@dataclass(frozen=True, slots=True)
class Granted:
    """What holds for every route in question, so that nobody needs to be told of it."""

    atoms: frozenset[Any] = frozenset()
    """Of its AS path and its communities."""
    no_hops: Intervals = ()
    """The next hops that it does not have."""

    def __and__(self, other: Granted) -> Granted:
        """Return what holds for the routes of both questions."""
        return Granted(self.atoms & other.atoms, interval.intersection(self.no_hops, other.no_hops))

    def hops_with(self, hop: Address, version: int) -> Intervals:
        """Return the next hops that a route of an IP version may have which a neighbor sends with an address.

        Of a next hop of the other version it is not known which address of its own version stands beside it.
        """
        number = next_hop_number(hop)
        this = (number, number + 1)
        return (
            this
            if hop.version == version
            else interval.union(this, interval.difference(OWN_HOPS[version], self.no_hops))
        )

    def unsaid(self, box: RouteBox) -> RouteBox:
        """Return a box without what is granted."""
        hops = interval.union(box.next_hop, self.no_hops)
        return replace(
            box,
            path=box.path - self.atoms,
            communities=box.communities - self.atoms,
            next_hop=hops if hops == NEXT_HOPS else box.next_hop,
        )


_MOST_JOINED: Final = 200
"""Beyond that many boxes joining them costs more than it tells."""


def simplified(region: Region) -> Region:
    """Return the same routes in fewer boxes: two that differ in one attribute only, of the same prefixes, are one."""
    groups: dict[PrefixSet, list[RouteBox]] = {}
    for box, prefixes in region.items():
        groups.setdefault(prefixes, []).append(box)
    found: Region = {}
    for prefixes, boxes in groups.items():
        for box in _joined(boxes) if len(boxes) <= _MOST_JOINED else boxes:
            add(found, box, prefixes)
    return found


def _joined(boxes: list[RouteBox]) -> list[RouteBox]:
    done: list[RouteBox] = []
    rest = list(boxes)
    while rest:
        one = rest.pop()
        for place, other in enumerate(done):
            if (both_ := _union(one, other)) is not None:
                del done[place]
                rest.append(both_)
                break
        else:
            done.append(one)
    return done


def _union(one: RouteBox, other: RouteBox) -> RouteBox | None:
    """Return the box of what is in either, if there is one."""
    unlike = [name for name in _FIELDS if getattr(one, name) != getattr(other, name)]
    if not unlike:
        return one
    if len(unlike) > 1:
        return None
    (name,) = unlike
    mine, theirs = getattr(one, name), getattr(other, name)
    joined: Any
    if name == "origins":
        joined = mine | theirs
    elif name in {"communities", "large_communities", "path"}:
        # {a, b} and {a, not b} are {a}; {a} holds {a, b}
        apart = mine ^ theirs
        opposite = (
            len(apart) == 2 and len({atom[0] if name != "path" else replace(atom, found=True) for atom in apart}) == 1
        )
        if not opposite and not (mine < theirs or theirs < mine):
            return None
        joined = mine & theirs
    else:
        joined = interval.union(mine, theirs)
    return replace(one, **{name: joined})


def example(box: RouteBox, prefixes: PrefixSet, neighbor: Address | None = None, paths: tuple[str, ...] = ()) -> Route:
    """Return one route of a box: as plain as can be. Raises UndecidedError if no path can be found for it."""
    prefix = prefixes.witness()
    path = path_with(box.path, paths)
    if prefix is None or path is None:
        raise ValueError("an empty set has no example")
    own = interval.intersection(box.next_hop, OWN_HOPS[prefix.version]) or box.next_hop
    wanted = (neighbor, ip_address("192.0.2.1"), ip_address("2001:db8::1"))
    hops = [next_hop_number(one) for one in wanted if one is not None]
    hop = next((one for one in hops if interval.contains(own, one)), own[0])
    return Route(
        prefix,
        as_path=path,
        next_hop=next_hop_address(hop),
        med=_number(box.med),
        local_preference=_number(box.local_preference),
        origin=next(one for one in ("igp", "incomplete", "egp") if one in box.origins),
        communities=frozenset(_values(box.communities)),
        large_communities=frozenset(_values(box.large_communities)),
        tag=box.tag[0],
    )


def _number(numbers: Intervals) -> int | None:
    return None if numbers[0] == ABSENT else numbers[0]


def _values(cube: Cube) -> Iterator[Any]:
    return (atom.example if isinstance(atom, Other) else atom for atom, there in cube if there)
