"""All routes at once: what is said of a set holds for every route in it, and `compare` overlooks nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import islice

import pytest

from frrgen.model.types import community_value, large_community_value
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.symbolic import outcomes
from frrgen.policy.questions.compare import compare, tried
from frrgen.policy.sets import interval
from frrgen.policy.sets.automaton import found
from frrgen.policy.sets.communities import Other
from frrgen.policy.sets.paths import holds
from frrgen.policy.sets.region import next_hop_number
from tests.lab.policies import COMMUNITIES, FAR, INNER, LARGE, NEAR, OUTER, offered, policy

SIDES = ((OUTER, "in"), (INNER, "in"), (FAR, "out"), (NEAR, "out"))
ROUTES = (*offered(60, 7, internal=False), *offered(40, 7, internal=True))


def made(text, side, version="8.4"):
    router = parse(text, name="r", frr_version=version).router
    return Policy(router, Session(router, *side))


def holds_box(box, route, alphabet):
    """Ask a box about a route, plainly."""
    number = -1 if route.med is None else route.med
    preference = -1 if route.local_preference is None else route.local_preference
    plain = replace(route, communities=frozenset(), large_communities=frozenset())
    return (
        interval.contains(box.med, number)
        and interval.contains(box.local_preference, preference)
        and interval.contains(box.tag, route.tag)
        and interval.contains(box.next_hop, next_hop_number(route.next_hop))
        and route.origin in box.origins
        and all(holds(literal, route.as_path) for literal in box.path)
        and all(
            there_is(
                atom,
                route.communities,
                lambda one: replace(plain, communities=one).community_string,
                alphabet.communities,
            )
            == there
            for atom, there in box.communities
        )
        and all(
            there_is(
                atom,
                route.large_communities,
                lambda one: replace(plain, large_communities=one).large_community_string,
                alphabet.large,
            )
            == there
            for atom, there in box.large_communities
        )
    )


def there_is(atom, values, text, atoms):
    if not isinstance(atom, Other):
        return atom in values
    return any(
        tuple(found(regex, text(frozenset({value}))) for regex in atoms.regexes) == atom.vector
        for value in values - atoms.named
    )


def routes(rng, version=None):
    for route in ROUTES:
        if version not in {None, route.prefix.version}:
            continue
        more = frozenset(map(community_value, rng.sample([*COMMUNITIES, "65002:22", "7:7"], rng.randrange(3))))
        large = frozenset(map(large_community_value, rng.sample([*LARGE, "7:7:7", "65002:1:7"], rng.randrange(3))))
        yield replace(
            route,
            communities=route.communities | more,
            large_communities=route.large_communities | large,
            med=rng.choice([None, 0, 3, 5, 10, 4294967295]),
            local_preference=rng.choice([None, 7, 11, 100]),
            origin=rng.choice(["igp", "egp", "incomplete"]),
        )


def ways_of(every, route, alphabet):
    """Return the outcomes whose regions hold a route."""
    return [
        way
        for way in every
        if any(route.prefix in prefixes and holds_box(box, route, alphabet) for box, prefixes in way.region.items())
    ]


def as_seen(verdict):
    return verdict.verdict, verdict.route if verdict.verdict == "permit" else None


@pytest.mark.parametrize("version", ["8.4", "9.1", "10.1"])
@pytest.mark.parametrize("number", range(16))
def test_each_route_takes_exactly_one_way_and_it_is_the_one_that_evaluate_takes(number, version):
    rng = random.Random(number)
    one = made(policy(rng, list(ROUTES)), SIDES[number % 4], version)
    alphabet = Alphabet.of(one)
    for family in (4, 6):
        every = outcomes(one, family, alphabet)
        for route in routes(rng, family):
            ways = ways_of(every, route, alphabet)
            assert len(ways) == 1, (route, [str(way.by) for way in ways])
            # of one route more can be told than of all at once
            assert ways[0].verdict in {"undecided", tried(one, route).verdict}, (route, str(ways[0].by))


@pytest.mark.parametrize("number", range(16))
def test_a_policy_equals_itself(number):
    one = made(policy(random.Random(number), list(ROUTES)), SIDES[number % 4])
    assert not compare(one, one).differences


def edited(rng, text):
    """Change a few lines of lists and entries."""
    kept = ("router", "route-map", " neighbor", "exit", "  neighbor", " address-family", " exit", " no bgp")
    lines = []
    for line in text.splitlines():
        if line.startswith(kept) or rng.random() > 0.05:
            lines.append(line)
        elif " permit " in line or " deny " in line:
            lines.append(line.replace(" permit ", " ? ").replace(" deny ", " permit ").replace(" ? ", " deny "))
    return "\n".join([*lines, ""])


@pytest.mark.parametrize("number", range(32))
def test_what_differs_for_a_route_is_found_and_what_is_found_differs(number):
    """No route that is tried may differ outside of the classes that were found; so `equal` is never said wrongly."""
    rng = random.Random(1000 + number)
    text = policy(rng, list(ROUTES))
    side = SIDES[number % 4]
    a, b = made(text, side), made(edited(rng, text), side)
    result = compare(a, b)
    for one in result.differences:
        assert as_seen(one.a) != as_seen(one.b)
        assert tried(a, one.route) == one.a
        assert tried(b, one.route) == one.b
    for route in islice(routes(rng), 100):
        ours, theirs = tried(a, route), tried(b, route)
        if "undecided" not in {ours.verdict, theirs.verdict} and as_seen(ours) != as_seen(theirs):
            assert result.undecided or any(route.prefix in one.prefixes for one in result.differences), route


def test_the_policies_that_are_compared_here_are_often_equal_and_often_not():
    """The tests above could not fail if random policies were all alike."""
    verdicts = []
    for number in range(24):
        rng = random.Random(number)
        text = policy(rng, list(ROUTES))
        result = compare(made(text, SIDES[number % 4]), made(edited(rng, text), SIDES[number % 4]))
        verdicts.append((result.equal, bool(result.differences)))
    assert {(True, False), (False, True)} <= set(verdicts)
