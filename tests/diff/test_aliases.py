"""FRR has one alias for a community and one community for an alias: what is there goes before another comes."""

from __future__ import annotations

import pytest

from frrgen.codes import Code, Severity
from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.platforms.frr.diff.plan import make_plan, with_trap
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.platform import FrrPlatform

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


ENTRY = f"{HEAD}65000:1 one\nroute-map R permit 10\n match alias one\nexit\n"


def found(text, version):
    router = parse(text, name="r1", frr_version=version).router
    network = Network.model_validate({"routers": {"r1": router}})
    return [one for one in check(network, derive(network), lambda _: FrrPlatform()) if one.code != Code.FRR240]


@pytest.mark.parametrize("version", ["8.4", "10.3", "10.7"])
def test_check_refuses_a_match_on_an_alias_that_is_not_there(version):
    [one] = [one for one in found(ENTRY.replace("65000:1 one", "65000:1 two"), version) if one.code is Code.FRR210]
    assert one.severity is Severity.ERROR
    assert one.message.startswith("the community alias 'one' is not defined: FRR refuses the clause")


@pytest.mark.parametrize(("version", "lasts"), [("8.4", True), ("10.3", False), ("10.7", False)])
def test_check_and_plan_tell_that_match_alias_does_not_last_with_frr_10(version, lasts):
    assert [one.severity for one in found(ENTRY, version) if one.code is Code.FRR246] == [Severity.WARNING] * (
        not lasts
    )
    router = parse(ENTRY, name="r1", frr_version=version).router
    plan = with_trap(make_plan(parse("", name="r1"), router), router)
    assert any("loses `match alias` of R seq 10" in text for text in plan.warnings) is not lasts
