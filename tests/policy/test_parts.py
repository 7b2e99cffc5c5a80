"""The small parts of the policy engine, each by itself: lists, changes of a path, and the words for a route."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from frrgen.model.lists import AccessList, AsPathList, PrefixList
from frrgen.policy.frr.effects import Number, PathChange, untouched
from frrgen.policy.frr.lists import access_list, as_path_list, prefix_list
from frrgen.policy.questions.describe import attributes
from frrgen.policy.sets import interval
from frrgen.policy.sets.region import ABSENT, ORIGINS, RouteBox
from frrgen.policy.sets.route import Route


def said(ask, model, entry, prefix):
    lst = model.model_validate({"entries": [{"seq": 5, "action": "permit", **entry}]})
    return ask(lst, ip_network(prefix)).permit


@pytest.mark.parametrize(
    ("entry", "prefix", "permit"),
    [
        ({"prefix": "10.0.0.0/8"}, "10.0.0.0/8", True),
        ({"prefix": "10.0.0.0/8"}, "10.1.0.0/16", True),
        ({"prefix": "10.0.0.0/8"}, "11.0.0.0/8", False),
        ({"prefix": "10.0.0.0/8"}, "0.0.0.0/0", False),
        ({"prefix": "10.0.0.0/8", "exact": True}, "10.0.0.0/8", True),
        ({"prefix": "10.0.0.0/8", "exact": True}, "10.0.0.0/9", False),
        ({"prefix": "0.0.0.0/0"}, "10.0.0.0/8", True),
        ({"prefix": "0.0.0.0/0"}, "::/0", False),
        ({"source": "10.0.0.0", "wildcard": "0.0.0.255"}, "10.0.0.0/24", True),
        ({"source": "10.0.0.0", "wildcard": "0.0.0.255"}, "10.0.0.128/25", True),
        ({"source": "10.0.0.0", "wildcard": "0.0.0.255"}, "10.0.1.0/24", False),
        ({"source": "10.0.0.0"}, "10.0.0.0/8", True),
        ({"source": "10.0.0.0"}, "10.0.0.1/32", False),
        ({"source": "10.0.0.0"}, "2001:db8::/32", False),
        ({"source": "any", "destination": "any"}, "10.0.0.0/8", True),
        ({"source": "any", "destination": "255.255.0.0"}, "10.0.0.0/16", True),
        ({"source": "any", "destination": "255.255.0.0"}, "10.0.0.0/17", False),
        ({"source": "10.0.0.0", "destination": "any"}, "10.0.0.0/17", True),
        ({"source": "10.0.0.0", "destination": "any"}, "11.0.0.0/17", False),
        (
            {"source": "any", "destination": "255.255.0.0", "destination_wildcard": "0.0.255.255"},
            "10.0.0.0/24",
            True,
        ),
        (
            {"source": "any", "destination": "255.255.0.0", "destination_wildcard": "0.0.255.255"},
            "10.0.0.0/15",
            False,
        ),
    ],
)
def test_an_access_list(entry, prefix, permit):
    assert said(access_list, AccessList, entry, prefix) == permit


@pytest.mark.parametrize(
    ("entry", "permits"),
    [
        ({}, [8]),
        ({"le": 10}, [8, 9, 10]),
        ({"ge": 30}, [30, 31, 32]),
        ({"ge": 9, "le": 10}, [9, 10]),
        ({"ge": 8, "le": 8}, [8]),
    ],
)
def test_the_lengths_of_a_prefix_list(entry, permits):
    entry = {"prefix": "10.0.0.0/8", **entry}
    prefixes = {n: str(ip_network(f"10.0.0.0/{n}", strict=False)) for n in range(33)}
    lengths = [n for n, prefix in prefixes.items() if said(prefix_list, PrefixList, entry, prefix)]
    assert lengths == permits
    assert not said(prefix_list, PrefixList, entry, "11.0.0.0/8")


def test_the_first_entry_that_matches_decides_and_else_a_list_denies():
    entries = [
        {"seq": 5, "action": "deny", "prefix": "10.0.0.0/8"},
        {"seq": 10, "action": "permit", "prefix": "10.0.0.0/8"},
        {"seq": 15, "action": "permit", "prefix": "11.0.0.0/8"},
    ]
    lst = PrefixList.model_validate({"entries": entries})
    found = [prefix_list(lst, ip_network(prefix)) for prefix in ("10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8")]
    assert [(one.permit, one.seq) for one in found] == [(False, 5), (True, 15), (False, None)]


def test_changes_of_a_path():
    known = PathChange().prepended((1, 2)).prepended((3,))
    assert known.front == (3, 1, 2)
    assert known.prepended_last(2).front == (3, 3, 3, 1, 2)
    assert known.excluded((1,)) == PathChange((3, 2), frozenset({1}))
    assert known.excluded((1,)).excluded((2,)).gone == {1, 2}
    unknown = PathChange().prepended_last(2)
    assert unknown.more == (("last", 2),)
    assert unknown.prepended((7,)).more == (("last", 2), ("prepend", (7,)))
    assert unknown.prepended_last(1).more == (("last", 2), ("last", 1))
    assert unknown.excluded((7,)).more == (("last", 2), ("exclude", (7,)))


TOP = 2**32 - 1


@pytest.mark.parametrize(
    ("steps", "values"),
    [
        (["+5"], {0: 5, 1: 6, TOP: TOP, ABSENT: 105}),
        (["-5"], {0: 0, 5: 0, 6: 1, ABSENT: 95}),
        (["-5", "+5"], {0: 5, 5: 5, 6: 6, ABSENT: 100}),
        (["+5", "-5"], {0: 0, TOP: TOP - 5, TOP - 5: TOP - 5}),
        ([7], {0: 7, TOP: 7, ABSENT: 7}),
        ([7, "+1"], {0: 8, ABSENT: 8}),
        ([], {0: 0, TOP: TOP, ABSENT: 100}),
    ],
)
def test_changes_of_a_number(steps, values):
    function = untouched(100)
    for step in steps:
        function = function.then(step)
    assert {value: function(value) for value in values} == values
    few = [0, 1, 4, 5, 6, 7, 8, 100, 105, TOP - 6, TOP - 5, TOP - 1, TOP]
    fixed, back = function.fixed(), {value: function.before(value) for value in few}
    for value in few:
        assert interval.contains(fixed, value) == (function(value) == value), value
        for wanted in few:
            assert interval.contains(back[wanted], value) == (function(value) == wanted), (value, wanted)
    assert Number.constant(3).before(4) == ()


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (RouteBox(), ""),
        (RouteBox(origins=frozenset({"igp"})), "with origin igp"),
        (RouteBox(origins=frozenset({"igp"}), med=(5, 6)), "with MED 5 and origin igp"),
        (RouteBox(med=(5, 6), local_preference=(7, 8)), "with MED 5 and local preference 7"),
        (
            RouteBox(origins=frozenset({"igp"}), med=(5, 6), local_preference=(7, 8)),
            "with MED 5, local preference 7 and origin igp",
        ),
    ],
)
def test_the_words_for_the_attributes_of_a_route(box, words):
    assert box.origins <= ORIGINS
    assert attributes(box) == words


def test_an_as_path_list_is_asked_entry_by_entry():
    lst = AsPathList.model_validate(
        {"entries": [{"seq": 5, "action": "deny", "regex": "_1_"}, {"seq": 10, "action": "permit", "regex": ".*"}]}
    )
    paths = ["1 2", "12 2"]
    found = [as_path_list(lst, Route(prefix=ip_network("10.0.0.0/8"), as_path=path)) for path in paths]
    assert [(one.permit, one.seq) for one in found] == [(False, 5), (True, 10)]
