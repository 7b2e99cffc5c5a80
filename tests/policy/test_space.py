"""Sets of prefixes are exact: every question about them has the answer that going through the list would give."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.model.lists import PrefixList, PrefixListEntry
from frrgen.policy.frr.lists import prefix_list
from frrgen.policy.sets.prefix_set import PrefixSet, idle_lines, permitted, union

NETWORKS = {4: IPv4Network, 6: IPv6Network}
BITS = {4: 32, 6: 128}


@st.composite
def prefixes(draw, version=4):
    """Few bits, so that they often meet."""
    length = draw(st.integers(0, 6) | st.integers(0, BITS[version]))
    number = draw(st.integers(0, 63)) << BITS[version] - 6
    return NETWORKS[version]((number, length), strict=False)


@st.composite
def lists(draw, version=4):
    entries = []
    for seq in range(1, draw(st.integers(1, 6))):
        prefix = draw(prefixes(version))
        least = max(prefix.prefixlen, 1)
        ge = draw(st.none() | st.integers(least, BITS[version]))
        le = draw(st.none() | st.integers(ge or least, BITS[version]))
        action = draw(st.sampled_from(["permit", "deny"]))
        entries.append(PrefixListEntry(seq=seq, action=action, prefix=prefix, ge=ge, le=le))
    return PrefixList(entries=tuple(entries))


def both(made):
    return pytest.mark.parametrize("version", [4, 6])(made)


@both
@given(data=st.data())
def test_a_set_holds_what_its_list_permits_and_the_algebra_is_that_of_sets(version, data):
    one, other = data.draw(lists(version)), data.draw(lists(version))
    a, b = permitted(one, version), permitted(other, version)
    for _ in range(10):
        prefix = data.draw(prefixes(version))
        in_a, in_b = prefix_list(one, prefix).permit, prefix_list(other, prefix).permit
        assert (prefix in a) == in_a or not one.entries
        in_a, in_b = prefix in a, prefix in b
        assert (prefix in (a | b)) == (in_a or in_b)
        assert (prefix in (a & b)) == (in_a and in_b)
        assert (prefix in (a - b)) == (in_a and not in_b)
        assert (prefix in a.complement()) != in_a


@both
@given(data=st.data())
def test_equal_sets_are_equal_whatever_made_them(version, data):
    a, b = permitted(data.draw(lists(version)), version), permitted(data.draw(lists(version)), version)
    assert (a | b) - b == a - b
    assert a.complement().complement() == a
    assert union(version, [PrefixSet.block(one.prefix, one.low, one.high) for one in a.blocks()]) == a


@both
@given(data=st.data())
def test_a_witness_is_in_the_set_and_only_the_empty_set_has_none(version, data):
    made = permitted(data.draw(lists(version)), version)
    assert (made.witness() is None) == (not made)
    assert not made or made.witness() in made
    assert bool(made) == (made.count() > 0)


@given(lists())
def test_a_line_is_idle_just_if_the_list_does_the_same_without_it(lst):
    """But for a deny: at the end of a list people write it though it holds anyway."""
    shadowed, redundant = idle_lines(lst)
    whole = permitted(lst, 4)
    for entry in lst.entries:
        rest = PrefixList(entries=tuple(one for one in lst.entries if one is not entry))
        # FRR permits everything by a list without entries
        without = permitted(rest, 4) if rest.entries else PrefixSet.everything(4).complement()
        if entry.seq in {*shadowed, *redundant} or entry.action == "permit":
            assert (entry.seq in {*shadowed, *redundant}) == (without == whole), entry


def test_0_0_0_0_0_ge_0_is_the_default_route_alone():
    """FRR stores 0 as `not given`; another model of FRR takes it for everything."""
    lst = PrefixList(entries=(PrefixListEntry(seq=5, action="permit", prefix=IPv4Network("0.0.0.0/0"), ge=None),))
    assert permitted(lst, 4).count() == 1
