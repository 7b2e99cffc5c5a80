"""A line that is left alone on a router with FRR opens no door in silence."""

from __future__ import annotations

import pytest

from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

INTENDED = "route-map A deny 5\nroute-map A permit 10\n"


def test_a_line_that_stays_in_an_entry_that_is_intended_is_reported():
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


SESSION = """\
router bgp 65001
 neighbor G peer-group
 neighbor G remote-as 65001
 neighbor 10.98.1.1 peer-group G
 address-family ipv4 unicast
  neighbor G route-map A in
 exit-address-family
exit
"""
FAMILIES = ("ipv6 labeled-unicast", "ipv4 vpn", "ipv4 flowspec", "ipv4 multicast")


@pytest.mark.parametrize("name", ["G", "10.98.1.1"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_of_a_session_that_the_model_lacks_is_reported(family, name):
    more = f"router bgp 65001\n address-family {family}\n  neighbor {name} activate\n exit-address-family\nexit\n"
    intended = parse(INTENDED + SESSION, name="r").router
    plan = make_plan(parse(INTENDED + SESSION + more, name="r"), intended)
    assert plan.empty
    (warning,) = plan.warnings
    assert warning.startswith("what these sessions admit beside is not known")
    assert f"{name}: address-family {family} / neighbor {name} activate" in warning


def test_a_line_of_a_session_is_reported_without_what_may_be_a_secret():
    running = parse(INTENDED + SESSION.replace("exit\n", " neighbor G odd hunter2\nexit\n"), name="r")
    (warning,) = make_plan(running, parse(INTENDED + SESSION, name="r").router).warnings
    assert "G: neighbor G odd …" in warning


def test_a_line_of_a_session_that_is_not_intended_or_takes_a_family_away_opens_nothing():
    more = "router bgp 65001\n address-family ipv4 vpn\n  no neighbor G activate\n  neighbor 10.98.1.9 activate\n"
    running = parse(INTENDED + SESSION + more, name="r")
    assert make_plan(running, parse(INTENDED + SESSION, name="r").router).warnings == ()
