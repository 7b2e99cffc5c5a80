"""Do two policies do the same with every route? A proof, or a route for each way in which they differ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any, Final

from frrgen.model.types import FAMILY_OF, Address
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.effects import Effects, Number, PathChange
from frrgen.policy.frr.evaluate import evaluate_map, judge
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.symbolic import Outcome, outcomes
from frrgen.policy.frr.trace import Verdict
from frrgen.policy.frr.undecided import outbound_rewrites
from frrgen.policy.questions.describe import attributes, told
from frrgen.policy.sets import interval
from frrgen.policy.sets.budget import Bounded, SpentError, at
from frrgen.policy.sets.prefix_set import PrefixSet, union
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.region import (
    EVERYTHING,
    NEXT_HOPS,
    NUMBERS,
    ORIGINS,
    PRESENT,
    Region,
    RouteBox,
    add,
    example,
    meet,
    narrowed,
    next_hop_number,
    only,
    simplified,
)
from frrgen.policy.sets.route import Route
from frrgen.policy.sets.witness import Literal

_FAR: Final = "64496"
"""An AS path that is not empty, for what changes paths."""


@dataclass(frozen=True)
class Difference:
    """A class of routes with which the two do different things, by the same entries."""

    route: Route
    """One of them, on which both verdicts were tried."""
    a: Verdict
    b: Verdict
    a_by: str
    b_by: str
    prefixes: PrefixSet
    space: str
    """The whole class, for people."""


@dataclass(frozen=True)
class Comparison:
    """What is known of two policies. They are equal if nothing differs and nothing is undecided."""

    differences: tuple[Difference, ...]
    undecided: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Tell whether it is proven that they do the same with every route."""
        return not self.differences and not self.undecided


def tried(policy: Policy, route: Route) -> Verdict:
    """Judge one route; it comes from the AS that its path begins with, where the neighbor's AS is not known."""
    session = copy(policy.session)
    session.assume_first_as = True
    if policy.route_map is not None:
        return evaluate_map(session, policy.route_map, route, unread=policy.unread)
    return judge(session, route, unread=policy.unread)


def compare_wherever(a: Policy, b: Policy, bounded: Bounded = nullcontext) -> Comparison:
    """Compare over all routes; a route map alone on a session like the other's, or wherever the two are attached.

    The proof of each of these places is `bounded`.
    """
    sessions = [one.session.place for one in (a, b) if one.route_map is None]
    maps = [one for one in (a, b) if one.route_map is not None]
    attached = [place for one in maps for place in Session.places(one.router)[one.route_map or ""]]
    found = [_within(bounded, a.at(place), b.at(place)) for place in dict.fromkeys(sessions[:1] or attached)]
    differences = {
        (one.a_by, one.b_by, one.a.verdict, one.b.verdict, one.space): one for each in found for one in each.differences
    }
    undecided = dict.fromkeys(reason for each in found for reason in each.undecided)
    return Comparison(tuple(differences.values()), tuple(undecided))


def _within(bounded: Bounded, a: Policy, b: Policy) -> Comparison:
    try:
        with bounded():
            return compare(a, b)
    except SpentError as why:
        return Comparison((), (str(why),))


def compare(a: Policy, b: Policy, versions: tuple[int, ...] = (4, 6)) -> Comparison:
    """Compare over all routes of these IP versions.

    Where there is too much to tell apart, policies that are alike in all that decides are equal all the same.
    """
    differences: list[Difference] = []
    undecided: dict[str, None] = {}
    own = a.session.own_addresses | b.session.own_addresses
    a, b = _with_addresses(a, own), _with_addresses(b, own)
    try:
        alphabet = Alphabet.of(a, b)
        for version in versions:
            differences += _differences(a, b, version, alphabet, undecided)
            undecided |= dict.fromkeys(_shaped_unlike(a, b, version))
    except UndecidedError as why:
        if a.decides() != b.decides():
            undecided[str(why)] = None
    return Comparison(tuple(differences), tuple(undecided))


def _with_addresses(policy: Policy, own: frozenset[Address]) -> Policy:
    """Return a policy of a router with these addresses: which addresses are known of it is no part of its policy."""
    session = copy(policy.session)
    session.own_addresses = own
    return replace(policy, session=session)


def _differences(
    a: Policy, b: Policy, version: int, alphabet: Alphabet, undecided: dict[str, None]
) -> Iterator[Difference]:
    ours, theirs = outcomes(a, version, alphabet), outcomes(b, version, alphabet)
    for outcome in (*ours, *theirs):
        if outcome.verdict == "undecided":
            undecided[str(outcome.by)] = None
    pairs: dict[tuple[str, ...], list[tuple[Outcome, Outcome, Region]]] = {}
    # the outcomes of a policy have no route in common: those of one region meet each other, and no others
    same = {frozenset(other.region.items()): other for other in theirs}
    for one in ours:
        at(one.by)
        there = same.get(frozenset(one.region.items()))
        for other in theirs if there is None else (there,):
            if "undecided" in (one.verdict, other.verdict) or one.verdict == other.verdict == "deny":
                continue
            if one.verdict == other.verdict and one.effects == other.effects:
                continue
            shared = meet(one.region, other.region)
            if not shared:
                continue
            if one.verdict == other.verdict:
                if doubt := _paths_alike(one, other):
                    undecided[doubt] = None
                more = _more(one.effects, other.effects)
                if more:
                    undecided[f"{one.by} and {other.by} set {more} differently, which is not compared"] = None
                shared = _unlike(shared, one.effects, other.effects, alphabet)
            if shared:
                pairs.setdefault((one.verdict, str(one.by), other.verdict, str(other.by)), []).append(
                    (one, other, shared)
                )
    for (_, by_a, _, by_b), classes in pairs.items():
        # what the same entries decide is one difference, whatever else becomes of these routes
        region: Region = {}
        for *_, shared in classes:
            for box, prefixes in shared.items():
                add(region, box, prefixes)
        region = simplified(region)
        wanted = classes[0][0].verdict, classes[0][1].verdict
        shown = _example(a, b, region, wanted) or next(
            (found for *_, shared in classes if (found := _example(a, b, shared, wanted))), None
        )
        if shown is None:
            undecided[f"whether {by_a} and {by_b} make the same of each route"] = None
        else:
            granted = a.granted(version) & b.granted(version)
            yield Difference(*shown, by_a, by_b, union(version, region.values()), told(region, granted))


def _shaped_unlike(a: Policy, b: Policy, version: int) -> Iterator[str]:
    """Return which options that change what goes out, behind all policy, are not the same."""
    if a.session.direction != b.session.direction or a.route_map is not None or b.route_map is not None:
        return
    family = FAMILY_OF[version]
    if a.session.active(family) and b.session.active(family):
        ours, theirs = outbound_rewrites(a.session, family), outbound_rewrites(b.session, family)
        for name in ours:
            if ours[name] != theirs[name]:
                yield f"{name} of {family} is not the same at both: what that does to routes is not compared"


def _example(a: Policy, b: Policy, region: Region, wanted: tuple[str, str]) -> tuple[Route, Verdict, Verdict] | None:
    """Find a route of the class that shows the difference: the symbolic answer is tried, not trusted."""
    paths = tuple(str(policy.session.remote) for policy in (a, b) if isinstance(policy.session.remote, int))
    plainest = sorted(region.items(), key=lambda item: len(attributes(item[0])))
    for path, weight, (box, prefixes) in product(((), (_FAR,)), (0, 1), plainest):
        route = replace(example(box, prefixes, a.session.peer_address(), (*paths, *path)), weight=weight)
        verdicts = tried(a, route), tried(b, route)
        if (verdicts[0].verdict, verdicts[1].verdict) == wanted and _shown(verdicts[0]) != _shown(verdicts[1]):
            return route, *verdicts
    return None


def _shown(verdict: Verdict) -> tuple[str, Route | None]:
    return verdict.verdict, verdict.route if verdict.verdict == "permit" else None


def _more(one: Effects, other: Effects) -> str:
    names = dict(set(one.more) ^ set(other.more))
    return ", ".join(sorted(name.replace("_", " ") for name in names))


def _unlike(region: Region, one: Effects, other: Effects, alphabet: Alphabet) -> Region:
    """Keep the routes that two changes turn into different routes."""
    boxes = [*_numbers(one, other), *_values(one, other)]
    for name, atoms in (("communities", alphabet.communities), ("large_communities", alphabet.large)):
        ours, theirs = dict(getattr(one, name)), dict(getattr(other, name))
        for atom in atoms.all:
            # what both leave, or both make the same, is the same
            if ours.get(atom) != theirs.get(atom):
                said = ours.get(atom) if theirs.get(atom) is None else theirs.get(atom)
                clash = None not in (ours.get(atom), theirs.get(atom))
                boxes.append(EVERYTHING if clash else only(name, frozenset({(atom, not said)})))
    boxes += _paths(one.path, other.path)
    return narrowed(region, boxes)


def _paths(one: PathChange, other: PathChange) -> Iterator[RouteBox]:
    """Return the AS paths that two changes surely turn into different paths, and those where that is not known."""
    if one == other:
        return
    only_once = one.gone ^ other.gone
    if one.more or other.more or not only_once:
        yield EVERYTHING
    elif one.front == other.front:
        for asn in sorted(only_once):
            yield only("path", frozenset({Literal(f"_{asn}_")}))
    else:
        yield only("path", frozenset(Literal(f"_{asn}_", found=False) for asn in only_once))


def _paths_alike(one: Outcome, other: Outcome) -> str:
    """Return the paths where it is not known whether two changes make the same of them."""
    ours, theirs = one.effects.path, other.effects.path
    only_once = ours.gone ^ theirs.gone
    if ours != theirs and (ours.more or theirs.more or (only_once and ours.front != theirs.front)):
        return f"whether {one.by} and {other.by} leave the same AS path of some"
    return ""


def _numbers(one: Effects, other: Effects) -> Iterator[RouteBox]:
    for name in ("med", "local_preference"):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours != theirs:
            yield only(name, interval.difference(NUMBERS, _alike(ours, theirs)))


def _alike(one: Number | None, other: Number | None) -> interval.Intervals:
    """Return the numbers that both turn into the same."""
    if one is None or other is None:
        changed = one or other
        return PRESENT if changed is None else changed.fixed()
    cuts = {-1, 0, PRESENT[1]}
    for each in (one, other):
        cuts |= {bound - each.delta + more for bound in (each.low, each.high) for more in (0, 1)}
    places = sorted(cut for cut in cuts if -1 <= cut <= PRESENT[1])
    found = []
    for start, end in pairwise(places):
        # between two cuts both are constant or both a shift, or one is each: then they cross at most once
        if one(start) == other(start) and one(end - 1) == other(end - 1):
            found.append((start, end))
        else:
            found += [(at, at + 1) for at in _crossing(one, other, start, end)]
    return interval.of_ranges(found)


def _crossing(one: Number, other: Number, start: int, end: int) -> Iterator[int]:
    for flat, moved in ((one, other), (other, one)):
        at = flat(start) - moved.delta
        if start <= at < end and one(at) == other(at):
            yield at


def _values(one: Effects, other: Effects) -> Iterator[RouteBox]:
    if one.weight != other.weight:
        yield EVERYTHING
    for name, field in (("origin", "origins"), ("tag", "tag"), ("next_hop", "next_hop")):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours == theirs:
            continue
        said: Any = ours if theirs is None else theirs
        if None not in (ours, theirs) or (isinstance(said, str) and name == "next_hop"):
            yield EVERYTHING
        elif name == "origin":
            yield only(field, ORIGINS - {said})
        else:
            number = next_hop_number(said) if name == "next_hop" else said
            everything = NEXT_HOPS if name == "next_hop" else PRESENT
            yield only(field, interval.difference(everything, (number, number + 1)))
