"""What pfSense's package leaves out of a router that names what is not there."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given, settings

from frrgen.model.router import Router
from frrgen.platforms.base import of
from frrgen.platforms.frr.parse.parser import parse as parse_frr
from frrgen.platforms.pfsense.dangling import as_generated, omitted
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.render import written_with_findings
from frrgen.policy.frr.evaluate import judge
from frrgen.policy.frr.session import Session
from frrgen.policy.sets.route import Route
from tests.boxes import BOX
from tests.examples import examples
from tests.strategies import routers

PEER = "192.0.2.1"


def box(entry=None, **family):
    """A pfSense box with a neighbor of its own AS, and the route map RM of one entry."""
    maps = {} if entry is None else {"RM": {"entries": [{"seq": 10, "action": "permit", **entry}]}}
    neighbor = {"remote_as": 64512, "ipv4_unicast": family}
    bgp = {"asn": 64512, "neighbors": {PEER: neighbor}}
    return Router.model_validate({"name": "box", "platform": "pfsense", "route_maps": maps, "bgp": bgp})


def verdict(router):
    session = Session.find(router, PEER, "in")
    return judge(session, Route(ip_network("8.8.8.0/24"))).verdict


@pytest.mark.parametrize(
    "router",
    [
        box(route_map_in="MISSING"),
        box(prefix_list_in="MISSING"),
        box(filter_list_in="MISSING"),
        box(distribute_list_in="MISSING"),
        box({"match": {"ip_address_prefix_list": "MISSING"}}, route_map_in="RM"),
        box({"match": {"as_path": "MISSING"}}, route_map_in="RM"),
        box({"match": {"community": {"name": "MISSING"}}}, route_map_in="RM"),
        box({"call": "MISSING"}, route_map_in="RM"),
    ],
    ids=lambda router: next(iter(omitted(router)))[-1],
)
def test_what_is_judged_is_what_frr_reads_of_the_packages_file(router):
    written, _ = written_with_findings(router, BOX)
    real = parse_frr(frr_conf(written, BOX), name="box", frr_version=router.frr_version).router
    assert len(omitted(router)) == 1
    assert verdict(as_generated(router)) == verdict(real) == "permit"


@settings(max_examples=examples(50), deadline=None)
@given(routers())
def test_nothing_is_left_out_of_a_router_that_is_no_pfsense_box(router):
    plain = router.model_copy(update={"platform": "frr"})
    assert of(plain).as_run(plain) is plain
