"""Do two policies do the same with every route? A proof, or a route for each way in which they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from frrgen.policy import interval
from frrgen.policy.box import (
    EVERYTHING,
    NEXT_HOPS,
    NUMBERS,
    ORIGINS,
    PRESENT,
    Box,
    Region,
    add,
    example,
    meet,
    narrowed,
    next_hop_number,
    only,
    simplified,
)
from frrgen.policy.describe import attributes, told
from frrgen.policy.effects import Effects, Number
from frrgen.policy.evaluate import evaluate_map, judge
from frrgen.policy.regex import UndecidedError
from frrgen.policy.route import Route
from frrgen.policy.space import PrefixSet, union
from frrgen.policy.symbolic import Outcome, outcomes
from frrgen.policy.trace import Verdict
from frrgen.policy.universe import Policy, Universe


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
    """Judge one route."""
    if policy.route_map is not None:
        return evaluate_map(policy.session, policy.route_map, route, unread=policy.unread)
    return judge(policy.session, route, unread=policy.unread)


def compare(a: Policy, b: Policy, versions: tuple[int, ...] = (4, 6)) -> Comparison:
    """Compare over all routes of these IP versions."""
    differences: list[Difference] = []
    undecided: dict[str, None] = {}
    try:
        universe = Universe.of(a, b)
        for version in versions:
            differences += _differences(a, b, version, universe, undecided)
    except UndecidedError as why:
        undecided[str(why)] = None
    return Comparison(tuple(differences), tuple(undecided))


def _differences(
    a: Policy, b: Policy, version: int, universe: Universe, undecided: dict[str, None]
) -> Iterator[Difference]:
    ours, theirs = outcomes(a, version, universe), outcomes(b, version, universe)
    for outcome in (*ours, *theirs):
        if outcome.verdict == "undecided":
            undecided[str(outcome.by)] = None
    pairs: dict[tuple[str, ...], list[tuple[Outcome, Outcome, Region]]] = {}
    for one in ours:
        for other in theirs:
            if "undecided" in (one.verdict, other.verdict) or one.verdict == other.verdict == "deny":
                continue
            if one.verdict == other.verdict and one.effects == other.effects:
                continue
            shared = meet(one.region, other.region)
            if not shared:
                continue
            if one.verdict == other.verdict:
                more = _more(one.effects, other.effects)
                if more:
                    undecided[f"{one.by} and {other.by} set {more} differently, which is not compared"] = None
                shared = _unlike(shared, one.effects, other.effects, universe)
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
        shown = _example(a, b, region) or next(
            (found for *_, shared in classes if (found := _example(a, b, shared))), None
        )
        if shown is None:
            undecided[f"whether {by_a} and {by_b} leave the same AS path"] = None
        else:
            granted = a.granted(version) & b.granted(version)
            yield Difference(*shown, by_a, by_b, union(version, region.values()), told(region, granted))


def _example(a: Policy, b: Policy, region: Region) -> tuple[Route, Verdict, Verdict] | None:
    """Find a route of the class that shows the difference: the symbolic answer is tried, not trusted."""
    paths = tuple(str(policy.session.remote) for policy in (a, b) if isinstance(policy.session.remote, int))
    for box, prefixes in sorted(region.items(), key=lambda item: len(attributes(item[0]))):
        route = example(box, prefixes, a.session.peer_address(), paths)
        verdicts = tried(a, route), tried(b, route)
        if _shown(verdicts[0]) != _shown(verdicts[1]):
            return route, *verdicts
    return None


def _shown(verdict: Verdict) -> tuple[str, Route | None]:
    return verdict.verdict, verdict.route if verdict.verdict == "permit" else None


def _more(one: Effects, other: Effects) -> str:
    names = dict(set(one.more) ^ set(other.more))
    return ", ".join(sorted(name.replace("_", " ") for name in names))


def _unlike(region: Region, one: Effects, other: Effects, universe: Universe) -> Region:
    """Keep the routes of which two changes make different ones."""
    boxes = [*_numbers(one, other), *_values(one, other)]
    for name, atoms in (("communities", universe.communities), ("large_communities", universe.large)):
        ours, theirs = dict(getattr(one, name)), dict(getattr(other, name))
        for atom in atoms.all:
            # what both leave, or both make the same, is the same
            if ours.get(atom) != theirs.get(atom):
                said = ours.get(atom) if theirs.get(atom) is None else theirs.get(atom)
                clash = None not in (ours.get(atom), theirs.get(atom))
                boxes.append(EVERYTHING if clash else only(name, frozenset({(atom, not said)})))
    if one.path != other.path:
        boxes.append(EVERYTHING)
    return narrowed(region, boxes)


def _numbers(one: Effects, other: Effects) -> Iterator[Box]:
    for name in ("med", "local_preference"):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours != theirs:
            yield only(name, interval.difference(NUMBERS, _alike(ours, theirs)))


def _alike(one: Number | None, other: Number | None) -> interval.Intervals:
    """Give the numbers of which both make the same."""
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


def _values(one: Effects, other: Effects) -> Iterator[Box]:
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
