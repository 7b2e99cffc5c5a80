"""A set of prefixes in words is the set: read again, it is the same; and it is as short as a person would say it."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.model.types import community_value
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.symbolic import outcomes
from frrgen.policy.questions.compare import compare
from frrgen.policy.questions.describe import described, told
from frrgen.policy.sets.prefix_set import PrefixSet, permitted
from frrgen.policy.sets.region import PRESENT, RouteBox
from frrgen.policy.sets.witness import Literal
from tests.policy.test_space import both, lists

RANGE = re.compile(
    r"(?:every IPv(?P<all>[46]) prefix|(?P<prefix>[0-9a-f.:]+/\d+)(?: ge (?P<ge>\d+))?(?: le (?P<le>\d+))?)"
)


def block(text, low=None, high=None):
    return PrefixSet.block(ip_network(text), low, high)


def read(text, version):
    """Read what `described` writes."""
    found, place = PrefixSet(version), 0
    while place < len(text):
        match = RANGE.match(text, place)
        assert match, text[place:]
        place = match.end()
        if match["all"]:
            one = PrefixSet.everything(version)
        else:
            own = ip_network(match["prefix"])
            le = int(match["le"] or own.prefixlen)
            one = PrefixSet.block(own, int(match["ge"] or own.prefixlen), le)
        if text.startswith(" (except ", place):
            start, depth = place + len(" (except "), 1
            place = start
            while depth:
                depth += {"(": 1, ")": -1}.get(text[place], 0)
                place += 1
            one -= read(text[start : place - 1], version)
        found |= one
        place += len(", ") if text.startswith(", ", place) else 0
    return found


@both
@given(data=st.data())
def test_the_words_for_a_set_mean_the_set(version, data):
    found = permitted(data.draw(lists(version)), version)
    text = described(found)
    if text == "nothing":
        assert not found
    elif " more" not in text:
        assert read(text, version) == found


@pytest.mark.parametrize(
    ("prefixes", "text"),
    [
        (PrefixSet.everything(4) - block("10.0.0.0/8", 8, 32), "every IPv4 prefix (except 10.0.0.0/8 le 32)"),
        (PrefixSet.everything(6) - block("2001:db8::/32", 32, 128), "every IPv6 prefix (except 2001:db8::/32 le 128)"),
        (block("10.0.0.0/8", 25, 32), "10.0.0.0/8 ge 25 le 32"),
        (
            (block("10.0.0.0/8", 8, 24) - block("10.1.0.0/16", 16, 24)) | block("192.168.0.0/16", 16, 24),
            "10.0.0.0/8 le 24 (except 10.1.0.0/16 le 24), 192.168.0.0/16 le 24",
        ),
        (
            (PrefixSet.everything(4) - block("10.0.0.0/8", 8, 32)) | block("10.1.0.0/16", 16, 20),
            "every IPv4 prefix (except 10.0.0.0/8 le 32 (except 10.1.0.0/16 le 20))",
        ),
        (PrefixSet.everything(4) - block("0.0.0.0/0"), "0.0.0.0/0 ge 1 le 32"),
        (PrefixSet(4), "nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_set_or_its_exceptions_are_named_whichever_is_shorter(prefixes, text):
    assert described(prefixes) == text


def test_a_set_of_very_many_ranges_is_described_by_their_number():
    text = described(permitted_every_other())
    assert text.startswith("10.0.0.0/24, 10.0.2.0/24")
    assert text.endswith("and 2992 more")


def permitted_every_other():
    from frrgen.policy.sets.prefix_set import union

    return union(4, (PrefixSet.block(ip_network(((10 << 24) + (n << 9), 24))) for n in range(3000)))


def cube(*said):
    return frozenset((community_value(text), there) for text, there in said)


def paths(*said):
    return frozenset(Literal(text.lstrip("!"), not text.startswith("!")) for text in said)


@pytest.mark.parametrize(
    ("box", "text"),
    [
        (RouteBox(), "10.0.0.0/8 le 32"),
        (RouteBox(med=(5, 6)), "10.0.0.0/8 le 32 with MED 5"),
        (RouteBox(med=(-1, 0)), "10.0.0.0/8 le 32 without MED"),
        (RouteBox(med=PRESENT), "10.0.0.0/8 le 32 with a MED"),
        (RouteBox(med=(-1, 5, 7, 10)), "10.0.0.0/8 le 32 with MED absent, 0-4 or 7-9"),
        (
            RouteBox(
                local_preference=(100, 101), origins=frozenset({"igp", "egp"}), communities=cube(("64512:1", True))
            ),
            "10.0.0.0/8 le 32 with local preference 100, origin egp or igp and community 64512:1",
        ),
        (
            RouteBox(med=(5, 6), communities=cube(("no-export", False), ("local-AS", False), ("64512:1", False))),
            "10.0.0.0/8 le 32 with MED 5 and without community 64512:1, local-AS or no-export",
        ),
        (
            RouteBox(communities=cube(("64512:1", True), ("64512:2", True), ("64512:3", True))),
            "10.0.0.0/8 le 32 with communities 64512:1, 64512:2 and 64512:3",
        ),
        (RouteBox(path=paths("_1_")), "10.0.0.0/8 le 32 with an AS path that matches _1_"),
        (RouteBox(path=paths("!_1_")), "10.0.0.0/8 le 32 with an AS path that does not match _1_"),
        (RouteBox(path=paths("!_1_", "!_2_")), "10.0.0.0/8 le 32 with an AS path that matches neither _1_ nor _2_"),
        (
            RouteBox(path=paths("^1_", "!_2_", "!_3_")),
            "10.0.0.0/8 le 32 with an AS path that matches ^1_ but neither _2_ nor _3_",
        ),
    ],
)
def test_what_is_asked_of_a_route_is_a_sentence(box, text):
    assert told({box: PrefixSet.block(ip_network("10.0.0.0/8"), 8, 32)}) == text


def test_a_condition_that_every_route_meets_is_left_out():
    """FRR refuses AS 0 and its own AS before any policy, and announces nothing that is not to be announced."""
    text = (
        "route-map ALL permit 10\n match metric 5\nrouter bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n"
        " address-family ipv4 unicast\n  neighbor 192.0.2.1 route-map ALL in\n  neighbor 192.0.2.1 route-map ALL out\n"
    )
    router = parse(text, name="r").router
    other = parse(text.replace("metric 5", "metric 6"), name="r").router
    heard = "every IPv4 prefix (except 224.0.0.0/3, 224.0.0.0/4 le 32)"
    for direction, space in (("in", heard), ("out", "every IPv4 prefix")):
        mine, theirs = (Policy(one, Session(one, "192.0.2.1", direction)) for one in (router, other))
        found = compare(mine, theirs, (4,)).differences
        assert {one.space for one in found} == {f"{space} with MED 5", f"{space} with MED 6"}
    inbound = Policy(router, Session(router, "192.0.2.1", "in"))
    (refused,) = (one for one in outcomes(inbound, 4, Alphabet.of(inbound)) if "our own" in str(one.by))
    assert told(refused.region, inbound.granted(4)) == "every IPv4 prefix with an AS path that matches _65001_"
