"""FRR 10 dies when a list is edited under a `set as-path exclude as-path-access-list`: the clause goes first."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

CLAUSE = "set as-path exclude as-path-access-list L"
LIST = "bgp as-path access-list L seq 5 permit _65010_\n"
TWO = "bgp as-path access-list L seq 10 permit _65020_\n"
MAP = f"route-map M permit 10\n {CLAUSE}\nexit\n"


def planned(old, new):
    """The batches from one text to another."""
    return make_plan(parse(old, name="r", frr_version="10.3"), parse(new, name="r", frr_version="10.3").router).batches


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LIST, LIST.replace("5010", "5011")),
        (LIST, LIST + LIST.replace("seq 5", "seq 10").replace("5010", "5011")),
        (LIST, ""),
        ("", LIST),
    ],
    ids=["edited", "grown", "removed", "made"],
)
def test_the_clause_is_gone_before_its_list_changes_and_comes_again_behind_it(old, new):
    first, then = planned(old + MAP, new + MAP)
    assert f"no {CLAUSE}" in first
    assert not any("as-path access-list" in line.replace(CLAUSE, "") for line in first)
    assert CLAUSE in then
    assert f"no {CLAUSE}" not in then


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LIST + TWO + MAP, TWO + MAP),
        (LIST + TWO, TWO + MAP),
        (LIST + TWO, LIST + TWO + MAP),
    ],
    ids=["shrunk", "shrunk and named", "named"],
)
def test_a_line_of_the_list_comes_last_before_a_clause_that_names_it(old, new):
    last = planned(old, new)[-1]
    lists = [line for line in last if line.startswith(("bgp as-path", "no bgp as-path"))]
    assert lists[-1] == TWO.strip()
    assert last.index(lists[-1]) < last.index(CLAUSE)


def test_a_clause_that_changes_with_its_list_is_undone_once():
    first, then = planned(LIST + MAP, LIST.replace("5010", "5011") + MAP.replace(CLAUSE, "set as-path exclude all"))
    assert f"no {CLAUSE}" in first
    assert [line for line in then if "exclude" in line] == ["set as-path exclude all"]


def test_nothing_goes_first_where_the_list_stays():
    (only,) = planned(LIST + MAP, LIST + MAP + "route-map N permit 10\nexit\n")
    assert f"no {CLAUSE}" not in only
