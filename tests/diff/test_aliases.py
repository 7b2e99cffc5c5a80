"""FRR has one alias for a community and one community for an alias: what is there goes before another comes."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

HEAD = "bgp community alias "


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [("65000:1 one", "65000:2 one", "65000:1 one"), ("65000:1 one", "65000:1 two", "65000:1 one")],
    ids=["the alias gets another community", "the community gets another alias"],
)
def test_an_alias_goes_before_what_it_stands_in_the_way_of(old, new, gone):
    running = parse(f"{HEAD}{old}\n{HEAD}65000:9 nine\n")
    commands = make_plan(running, parse(f"{HEAD}{new}\n").router.model_copy(update={"ownership": "full"})).commands
    assert commands == (f"no {HEAD}{gone}", f"{HEAD}{new}", f"no {HEAD}65000:9 nine")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("65000:1 one", "65000:2 one", "65000:1, 65000:2"),
        ("65000:1 one", "65000:1 two", "65000:1"),
        ("65000:1 one", f"65000:1 one\n{HEAD}65000:2 two", "65000:2"),
        ("65000:1 one", "65000:1 one", ""),
    ],
)
def test_routes_keep_the_alias_that_they_came_with_and_the_plan_says_so(old, new, named):
    before, after = (parse(f"{HEAD}{aliases}\nrouter bgp 65000\nexit\n") for aliases in (old, new))
    said = [text for text in make_plan(before, after.router).warnings if "keep the community alias" in text]
    assert [text.startswith(f"routes with {named} keep") for text in said] == [True] * bool(named)
