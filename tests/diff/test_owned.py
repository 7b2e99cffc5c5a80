"""What `ownership` says of BGP that runs and that the inventory does not name."""

from __future__ import annotations

import pytest

from frrgen.model.router import Router
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse

MAIN = """\
router bgp 65001
 neighbor 192.0.2.1 remote-as 65002
 address-family ipv4 unicast
  neighbor 192.0.2.1 route-map MAIN in
 exit-address-family
exit
"""
OTHER = """\
router bgp 65001 vrf blue
 neighbor 198.51.100.1 remote-as 65003
 neighbor 198.51.100.1 bfd profile FAST
 address-family ipv4 unicast
  neighbor 198.51.100.1 route-map BLUE in
  network 203.0.113.0/24 route-map SENT
 exit-address-family
exit
"""
POLICY = """\
vrf blue
 ip route 203.0.113.0/24 blackhole
exit-vrf
ip prefix-list INNER seq 5 permit 203.0.113.0/24
ip prefix-list STRAY seq 5 permit 203.0.113.0/24
route-map MAIN permit 10
exit
route-map BLUE permit 10
 match ip address prefix-list INNER
 call CALLED
exit
route-map CALLED permit 10
exit
route-map SENT permit 10
exit
route-map STRAY permit 10
exit
bfd
 profile FAST
 exit
 peer 10.0.0.1 vrf blue
 exit
exit
"""
RUNNING = parse(POLICY + MAIN + OTHER, name="r1")


def router(**more):
    return Router.model_validate({"name": "r1", **more})


def named(**more):
    """The main instance as it runs, without the VRF."""
    return RUNNING.router.model_copy(
        update={"vrfs": {}, "bfd_peers": (), "bfd_profiles": {}, "prefix_lists": {}, "route_maps": {}, **more}
    )


def test_everything_in_the_sample_is_understood():
    assert RUNNING.leftovers == ()


def test_managed_leaves_the_bgp_of_a_vrf_that_it_does_not_name_with_all_that_decides_on_its_routes():
    plan = make_plan(RUNNING, named(route_maps={"MAIN": RUNNING.router.route_maps["MAIN"]}))
    assert {change.path for change in plan.changes} == {("prefix_lists", "STRAY"), ("route_maps", "STRAY")}
    assert plan.sessions == ()


def test_managed_leaves_all_bgp_where_the_inventory_names_none():
    plan = make_plan(RUNNING, router())
    assert {change.path for change in plan.changes} == {("prefix_lists", "STRAY"), ("route_maps", "STRAY")}


@pytest.mark.parametrize("vrfs", [{}, {"blue": {"router_id": "10.0.0.9"}}])
def test_full_removes_what_the_inventory_does_not_name(vrfs):
    plan = make_plan(RUNNING, router(ownership="full", vrfs=vrfs))
    assert {"no router bgp 65001", "no router bgp 65001 vrf blue", "no route-map BLUE"} <= set(plan.commands)


def test_managed_leaves_the_bgp_of_a_vrf_that_it_names_for_something_else():
    plan = make_plan(RUNNING, named(vrfs=router(vrfs={"blue": {"router_id": "10.0.0.9"}}).vrfs))
    assert not [line for line in plan.commands if "router bgp" in line]
    assert "no route-map BLUE" not in plan.commands


def test_inside_an_instance_that_the_inventory_names_managed_removes_neighbors_that_it_does_not_name():
    bgp = RUNNING.router.bgp.model_copy(update={"neighbors": {}})
    plan = make_plan(RUNNING, RUNNING.router.model_copy(update={"bgp": bgp}))
    assert [line.strip() for line in plan.commands if line.strip().startswith("no neighbor")] == [
        "no neighbor 192.0.2.1"
    ]


def test_another_as_number_brings_the_bgp_of_a_vrf_that_is_not_named_back():
    """FRR removes the main instance only behind the others."""
    bgp = RUNNING.router.bgp.model_copy(update={"asn": 65009})
    plan = make_plan(RUNNING, named(bgp=bgp, route_maps={"MAIN": RUNNING.router.route_maps["MAIN"]}))
    commands = list(plan.commands)
    gone, back = commands.index("no router bgp 65001 vrf blue"), commands.index("router bgp 65001 vrf blue")
    assert gone < commands.index("no router bgp 65001") < back
    assert "198.51.100.1" in {one.neighbor for one in plan.sessions}


def test_a_list_of_the_same_name_is_what_the_inventory_says_and_the_plan_tells_the_session():
    lists = router(prefix_lists={"INNER": {"entries": [{"seq": 5, "action": "deny", "prefix": "203.0.113.0/24"}]}})
    plan = make_plan(RUNNING, named(prefix_lists=lists.prefix_lists))
    assert "ip prefix-list INNER seq 5 deny 203.0.113.0/24" in plan.commands
    assert ("198.51.100.1", "blue") in {(one.neighbor, one.vrf) for one in plan.sessions}
