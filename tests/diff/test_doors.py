"""A line that is left alone on a router with FRR opens no door in silence."""

from __future__ import annotations

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

INTENDED = "route-map A deny 5\nroute-map A permit 10\n"


def test_a_line_that_stays_in_an_entry_that_is_intended_is_told_of():
    running = parse("route-map A deny 5\n match odd thing\nroute-map A permit 10\n", name="r")
    plan = make_plan(running, parse(INTENDED, name="r").router)
    assert plan.empty
    (warning,) = plan.warnings
    assert warning.startswith("what route map A seq 5 lets through is not known: it keeps ")
    assert "match odd thing" in warning


def test_an_entry_that_is_not_intended_goes_with_what_it_has():
    running = parse("route-map A permit 1\n match odd thing\n" + INTENDED, name="r")
    plan = make_plan(running, parse(INTENDED, name="r").router)
    assert "no route-map A permit 1" in plan.commands
    assert plan.warnings == ()


def test_a_line_that_the_inventory_sends_raw_is_no_leftover():
    intended = parse(INTENDED, name="r").router
    entries = intended.route_maps["A"].entries
    raw = entries[0].model_copy(update={"raw": ("match odd thing",)})
    maps = {"A": intended.route_maps["A"].model_copy(update={"entries": (raw, *entries[1:])})}
    running = parse("route-map A deny 5\n match odd thing\nroute-map A permit 10\n", name="r")
    assert make_plan(running, intended.model_copy(update={"route_maps": maps})).warnings == ()
