"""What is said of all routes at once holds for each one; and a difference has a route that shows it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from frrgen.model.types import community_value
from frrgen.parse.frr import parse
from frrgen.policy import interval
from frrgen.policy.atoms import Other
from frrgen.policy.box import next_hop_number
from frrgen.policy.compare import compare, tried
from frrgen.policy.paths import holds
from frrgen.policy.regex import found
from frrgen.policy.session import Session
from frrgen.policy.symbolic import Policy, Universe
from tests.lab.test_policy import COMMUNITIES, ROUTES, SENDER, policy


def made(text, version="8.4"):
    router = parse(text, name="r", frr_version=version).router
    return Policy(router, Session(router, SENDER, "in"))


def holds_box(box, route, atoms):
    """Ask a box about a route, plainly."""
    number = -1 if route.med is None else route.med
    preference = -1 if route.local_preference is None else route.local_preference
    return (
        interval.contains(box.med, number)
        and interval.contains(box.local_preference, preference)
        and interval.contains(box.tag, route.tag)
        and interval.contains(box.next_hop, next_hop_number(route.next_hop))
        and route.origin in box.origins
        and all(holds(literal, route.as_path) for literal in box.path)
        and all(there_is(atom, route, atoms) == there for atom, there in box.communities)
    )


def there_is(atom, route, atoms):
    if not isinstance(atom, Other):
        return atom in route.communities
    rest = route.communities - atoms.named
    return any(
        tuple(found(regex, replace(route, communities=frozenset({value})).community_string) for regex in atoms.regexes)
        == atom.vector
        for value in rest
    )


def routes(rng):
    for route in ROUTES:
        more = frozenset(
            community_value(text) for text in rng.sample([*COMMUNITIES, "65002:22", "7:7"], rng.randrange(3))
        )
        yield replace(
            route,
            communities=route.communities | more,
            med=rng.choice([None, 0, 3, 5, 10, 4294967295]),
            local_preference=rng.choice([None, 7, 11]),
            origin=rng.choice(["igp", "incomplete"]),
        )


@pytest.mark.parametrize("version", ["8.4", "10.1"])
@pytest.mark.parametrize("number", range(60))
def test_each_route_takes_exactly_one_way_and_it_is_the_one_that_evaluate_takes(number, version):
    rng = random.Random(number)
    one = made(policy(rng), version)
    universe = Universe.of(one)
    outcomes = one.outcomes(4, universe)
    for route in routes(rng):
        ways = [
            outcome
            for outcome in outcomes
            if any(
                route.prefix in prefixes and holds_box(box, route, universe.communities)
                for box, prefixes in outcome.region.items()
            )
        ]
        assert len(ways) == 1, (route, [str(way.by) for way in ways])
        if "after parts of it were changed" in str(ways[0].by):
            # of one route it can be told, of all at once not
            assert ways[0].verdict == "undecided"
            continue
        assert ways[0].verdict == tried(one, route).verdict, (route, str(ways[0].by))


@pytest.mark.parametrize("number", range(60))
def test_a_policy_equals_itself(number):
    one = made(policy(random.Random(number)))
    result = compare(one, one)
    assert not result.differences


@pytest.mark.parametrize("number", range(60))
def test_what_differs_for_a_route_is_found_and_what_is_found_differs(number):
    """No route that is tried may differ outside of the classes that were found."""
    rng = random.Random(1000 + number)
    text = policy(rng)
    lines = text.splitlines()
    changed = [
        line
        for line in lines
        if rng.random() > 0.04 or line.startswith(("router", "route-map", " neighbor", "exit", "  neighbor"))
    ]
    a, b = made(text), made("\n".join([*changed, ""]))
    result = compare(a, b, (4,))
    for one in result.differences:
        assert (one.a.verdict, one.a.route if one.a.verdict == "permit" else None) != (
            one.b.verdict,
            one.b.route if one.b.verdict == "permit" else None,
        )
    for route in routes(rng):
        ours, theirs = tried(a, route), tried(b, route)
        if "undecided" in {ours.verdict, theirs.verdict}:
            continue
        same = ours.verdict == theirs.verdict and (ours.verdict == "deny" or ours.route == theirs.route)
        if not same:
            assert result.undecided or any(route.prefix in one.prefixes for one in result.differences), route
