"""A comparison is what `evaluate` says of each route: each witness differs, and beside the classes found none does."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import product

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from frrgen.model.types import community_value
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Policy
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.compare import compare
from frrgen.policy.sets.route import Route

PEER, ASN = "192.0.2.1", "65002"
VERSIONS = pytest.mark.parametrize("version", ["8.4", "10.7"])
COMMUNITIES = ("65002:1", "65002:2", "no-export", "65002:12")
METRICS = (None, 0, 5, 6)
MATCHES = (
    "ip address prefix-list A",
    "ip address prefix-list B",
    "ip address prefix-list UNDEFINED",
    "community C",
    "community C exact-match",
    "community X",
    "metric 5",
    "source-protocol bgp",
)
SETS = ("metric 5", "metric +1", "local-preference +10", "community 65002:2 additive", "community none")
NUMBERS = (10, 20, 30)


@st.composite
def prefix_lines(draw, name):
    """Few bits of prefixes, lengths that are near each other."""
    lines = []
    for seq in draw(st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True)):
        prefix = ip_network((10 << 24 | draw(st.integers(0, 3)) << 22, draw(st.integers(7, 11))), strict=False)
        ge = draw(st.none() | st.integers(prefix.prefixlen, 12))
        le = draw(st.none() | st.integers(ge or prefix.prefixlen, 13))
        bounds = ("" if ge is None else f" ge {ge}") + ("" if le is None else f" le {le}")
        lines.append(f"ip prefix-list {name} seq {seq} {draw(st.sampled_from(['permit', 'deny']))} {prefix}{bounds}")
    return lines


@st.composite
def entries(draw, number):
    """One entry of the map, with at most two matches."""
    action = draw(st.sampled_from(["permit", "permit", "deny"]))
    lines = [f"route-map M {action} {number}"]
    lines += [f" match {one}" for one in draw(st.lists(st.sampled_from(MATCHES), max_size=2, unique_by=_kind))]
    if action == "permit":
        lines += [f" set {one}" for one in draw(st.lists(st.sampled_from(SETS), max_size=2, unique_by=_kind))]
        lines += draw(st.sampled_from([[], [], [" on-match next"], [" on-match goto 30"] if number < 30 else []]))
    return lines


def _kind(text):
    return text.split()[0]


@st.composite
def policies(draw):
    """The blocks of a policy: each of its lists, each of its entries, and the session."""
    blocks = [draw(prefix_lines("A")), draw(prefix_lines("B"))]
    said = draw(st.lists(st.sampled_from(COMMUNITIES[:3]), min_size=1, max_size=2, unique=True))
    blocks.append([f"bgp community-list standard C seq 5 permit {' '.join(said)}"])
    blocks.append(
        [f"bgp community-list expanded X seq 5 permit {draw(st.sampled_from(['_65002:1_', '65002:1', '^$']))}"]
    )
    blocks += [draw(entries(number)) for number in NUMBERS[: draw(st.integers(1, 3))]]
    session = [f"router bgp 65001\n neighbor {PEER} remote-as {ASN}\n address-family ipv4 unicast"]
    session.append(f"  neighbor {PEER} route-map M in\n  neighbor {PEER} route-map M out")
    if draw(st.booleans()):
        session.append(f"  neighbor {PEER} prefix-list B in")
    return [*blocks, session]


@st.composite
def pairs(draw):
    """Two policies, and a direction; often the other is the one with one block of another."""
    one, other = draw(policies()), draw(policies())
    if draw(st.booleans()):
        at = draw(st.integers(0, min(len(one), len(other)) - 2))
        other = [*one[:at], other[at], *one[at + 1 :]]
    texts = ("\n".join(line for block in blocks for line in block) + "\n" for blocks in (one, other))
    return *texts, draw(st.sampled_from(["in", "out"]))


def compared(pair, version):
    """Read both, and compare them."""
    *texts, direction = pair
    routers = [parse(text, name="r", frr_version=version).router for text in texts]
    return routers, compare(*(Policy(one, Session(one, PEER, direction)) for one in routers), (4,))


def edges(routers):
    """Give prefixes at which a line of a list begins or ends to hold: its own, those beside it, lengths one off."""
    found = set()
    for entry in (entry for one in routers for lst in one.prefix_lists.values() for entry in lst.entries):
        own, size = entry.prefix, entry.prefix.num_addresses
        bounds = {own.prefixlen, entry.ge or own.prefixlen, entry.le or own.prefixlen, 32}
        for base, bound, off in product((0, size, -size, size - 1), bounds, (-1, 0, 1)):
            if 0 <= bound + off <= 32:
                found.add(ip_network((int(own.network_address) + base, bound + off), strict=False))
    return sorted(found)


def near(routers):
    """Give routes at all edges, each with other communities and another metric."""
    rng = random.Random(1)
    for prefix in edges(routers):
        route = Route(prefix, as_path=ASN, next_hop=ip_address(PEER))
        for number in range(3):
            some = rng.sample(COMMUNITIES, rng.randrange(number + 1))
            yield replace(route, communities=frozenset(map(community_value, some)), med=rng.choice(METRICS))


def seen(verdict):
    """Give what is seen of a verdict from outside."""
    return verdict.verdict, verdict.route if verdict.verdict == "permit" else None


@VERSIONS
@settings(max_examples=60)
@given(pair=pairs())
def test_each_witness_differs_as_reported_and_no_route_differs_beside_the_classes(version, pair):
    routers, result = compared(pair, version)
    for one in result.differences:
        verdicts = [evaluate(router, PEER, pair[-1], one.route) for router in routers]
        assert verdicts == [one.a, one.b]
        assert one.route.prefix in one.prefixes
        assert seen(one.a) != seen(one.b)
    assert result.equal == (not result.differences and not result.undecided)
    if result.undecided:
        return
    tried = 0
    for route in near(routers):
        ours, theirs = (evaluate(router, PEER, pair[-1], route) for router in routers)
        assert "undecided" not in {ours.verdict, theirs.verdict}
        if seen(ours) != seen(theirs):
            classes = [one for one in result.differences if route.prefix in one.prefixes]
            assert (ours.verdict, theirs.verdict) in [(one.a.verdict, one.b.verdict) for one in classes], route
        tried += 1
    assert tried > 50


def unlike(result):
    """Tell what kinds of differences there are."""
    return Counter((one.a.verdict, one.b.verdict) for one in result.differences)


KINDS = {
    "equal": lambda pair, result: result.equal and pair[0] != pair[1],
    "newly denied": lambda _, result: unlike(result)["permit", "deny"],
    "newly permitted": lambda _, result: unlike(result)["deny", "permit"],
    "changed": lambda _, result: unlike(result)["permit", "permit"],
    "several classes": lambda _, result: len(result.differences) > 2,
}


@VERSIONS
@pytest.mark.parametrize("kind", KINDS)
def test_the_pairs_that_are_compared_here_are_of_every_kind(version, kind):
    """The test above could not fail if random policies were all alike, or nothing could be said of any."""
    few = settings(max_examples=60, phases=(Phase.generate,))
    assert find(
        pairs(), lambda pair: KINDS[kind](pair, compared(pair, version)[1]), settings=few, random=random.Random(1)
    )
