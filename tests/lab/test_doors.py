"""What a router with FRR has beyond the inventory opens no door in silence: it goes, or the plan and verify tell of it.

`FRRGEN_DOORS=200` tries so many, `FRRGEN_SEED` draws them.
"""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.platforms.frr.diff.plan import make_plan, with_routes
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from frrgen.policy.questions.verify import verify
from frrgen.policy.sets.route import Route
from tests.lab import Lab, wait_for
from tests.lab.endpoint import Endpoint
from tests.lab.test_clusters import accepted

NUMBER, SEED = int(os.environ.get("FRRGEN_DOORS", "4")), int(os.environ.get("FRRGEN_SEED", "1"))
EDGE, NODE = "10.98.0.254", "10.98.1.1"
POOL = "10.101.0.0/24"
OFFERED = ("10.101.0.1/32", "10.101.0.128/25", "10.101.1.0/24", "203.0.113.7/32", "0.0.0.0/0")
WANTED = set(OFFERED[:2])
CLAUSES = (
    *("match evpn route-type macip", "match evpn vni 5", "match evpn default-route", "match mac address OPEN"),
    *("set metric-type type-1", "set forwarding-address ::1", "set evpn gateway-ip ipv4 192.0.2.1"),
    "match as-path OPEN exact",
)
"""Clauses that the model does not hold. Some versions refuse some of them."""
HELD = ("on-match next", "on-match goto 60000", "call OPEN", "match ip address prefix-list OPEN", "set weight 5")
OPEN = """\
route-map OPEN permit 10
ip prefix-list OPEN seq 5 permit any
mac access-list OPEN seq 5 permit any
bgp as-path access-list OPEN seq 5 permit .*
"""
ROWS = (
    "ip prefix-list k8s-p seq 1 permit any",
    "ip prefix-list k8s-p seq 4294967295 permit any",
    "ip prefix-list k8s-p seq 2 permit 0.0.0.0/0 le 32",
    "ip prefix-list k8s-p description odd",
    "ipv6 prefix-list k8s-p seq 1 permit any",
)
ATTACHED = (
    f"neighbor {NODE} route-map OPEN in",
    f"neighbor {NODE} prefix-list OPEN in",
    "neighbor k8s route-map OPEN in",
    "no neighbor k8s route-map k8s-in in",
    f"neighbor {NODE} soft-reconfiguration inbound",
    "neighbor k8s maximum-prefix-out 5",
)
ENTRIES = (("permit", 10), ("deny", 20))
"""Those of the derived map."""


def door(draw):
    """Return lines that may let more in than the inventory says."""
    kind = draw.choice(["front", "between", "behind", "inside", "row", "attached"])
    if kind == "row":
        return draw.choice(ROWS)
    if kind == "attached":
        return f"router bgp 65001\naddress-family ipv4 unicast\n{draw.choice(ATTACHED)}\nexit-address-family\nexit"
    action, seq = draw.choice(ENTRIES)
    if kind != "inside":
        action, seq = draw.choice(["permit", "permit", "deny"]), {"front": 1, "between": 15, "behind": 30}[kind]
    clauses = [draw.choice(CLAUSES)] * (draw.random() < 0.8) + [draw.choice(HELD)] * (draw.random() < 0.4)
    return "\n".join([f"route-map k8s-in {action} {seq}", *clauses, "exit"])


def network_of(version):
    return Network.model_validate(
        {
            "routers": {"edge": {"name": "edge", "frr_version": version, "bgp": {"asn": 65001, "router_id": EDGE}}},
            "clusters": {
                "k8s": {
                    "name": "k8s",
                    "asn": 65001,
                    "nodes": {"n1": {"addresses": [NODE]}},
                    "pools": {"p": {"prefixes": [POOL]}},
                    "routers": {"edge": {"address": EDGE}},
                    "timers_connect": 1,
                }
            },
        }
    )


@pytest.mark.sample("10.3")
def test_what_is_left_alone_lets_nothing_in_that_the_plan_and_verify_do_not_tell(frr):
    network = network_of(frr.version)
    derived = derive(network)
    intended = derived.routers["edge"]
    wrong, opened, went = [], 0, 0
    with Lab(frr=frr) as lab:
        edge, node = lab.router("edge"), lab.router("node", daemons=())
        lab.link(edge, node, f"{EDGE}/16", f"{NODE}/16")
        edge.start(OPEN + render(intended))
        routes = tuple(Route(ip_network(one), next_hop=ip_address(NODE), local_preference=100) for one in OFFERED)
        end = Endpoint(node, NODE, EDGE, 65001, identifier=NODE, routes=routes).dial()

        def plan_for(**how):
            running = parse(edge.running_config(), name="edge", frr_version=frr.version)
            return running, with_routes(make_plan(running, intended, **how), running, intended)

        wait_for("the routes", lambda: accepted(edge, NODE) == WANTED, 20)
        for number in range(NUMBER):
            draw = random.Random(f"{SEED} {number}")
            lines = [door(draw) for _ in range(draw.randint(1, 2))]
            edge.load("\n".join([*lines, "end", ""]))
            edge.apply(plan_for()[1].batches)
            running, plan = plan_for()
            if not plan.empty:
                wrong.append(f"{lines}: still to do: {plan.commands}")
            edge.vtysh(f"clear bgp {NODE} soft in")
            time.sleep(0.4)
            more = accepted(edge, NODE) - WANTED
            now = replace(derived, routers={"edge": running.router})
            left = {"edge": running.leftovers}
            problems = [one for found in verify(network, now, ["k8s"], left) for one in found.problems]
            opened += bool(more)
            went += not problems
            if more and not (problems and (plan.warnings or plan.beyond)):
                wrong.append(f"{lines}: lets in {sorted(more)}: {[one.text for one in problems]} {plan.warnings}")
            print(
                number, lines, sorted(more), [one.text for one in problems][:2], plan.warnings, len(wrong), flush=True
            )
            edge.apply(plan_for(prune_leftovers=True)[1].batches)
            edge.load(OPEN)
        assert not end.ended
    assert wrong == []
    assert went
