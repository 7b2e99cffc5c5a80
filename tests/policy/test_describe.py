"""A set of prefixes in words is the set: read again, it is the same; and it is as short as a person would say it."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.policy.describe import described
from frrgen.policy.space import PrefixSet, permitted
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
def test_what_is_said_is_the_set(version, data):
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
def test_the_shorter_of_a_set_and_its_exceptions_is_said(prefixes, text):
    assert described(prefixes) == text


def test_of_a_set_of_very_many_ranges_the_number_is_said():
    text = described(permitted_every_other())
    assert text.startswith("10.0.0.0/24, 10.0.2.0/24")
    assert text.endswith("and 2992 more")


def permitted_every_other():
    from frrgen.policy.space import union

    return union(4, (PrefixSet.block(ip_network(((10 << 24) + (n << 9), 24))) for n in range(3000)))
