"""A maximum-prefix below what a neighbor brings shuts the session down at once, and the plan says so beforehand."""

from __future__ import annotations

import time

import pytest

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.push import plan_for
from frrgen.platforms.frr.render import render
from frrgen.transport.base import Running, read_sessions
from tests.lab import wait_for
from tests.lab.changes import config
from tests.lab.live import PEERS, Live, model

BRINGS = {"10.0.0.11": 4, "10.0.0.13": 6, "G": 4, "I": 6, "K": 4, "2001:db8::21": 1}
"""What policy lets in of the six IPv4 prefixes (three IPv6) that each neighbor offers, or each member of a group."""
KEPT = "neighbor 10.0.0.14 soft-reconfiguration inbound / neighbor 10.0.0.14 route-map IN in"


def limited(less, more=""):
    """Give a configuration with a limit for each, so much less than what it brings."""
    lines = {"v4": [KEPT], "v6": []}
    for name, count in BRINGS.items():
        if count > less:
            lines["v6" if ":" in name else "v4"].append(f"neighbor {name} maximum-prefix {count - less}{more}")
    return {family: " / ".join(said) or "!" for family, said in lines.items()}


def planned(live, target):
    """Plan with what the router says of its sessions."""
    said = read_sessions(live.bgpd.ask("show bgp vrf all summary json"))
    return plan_for(Running(live.router.running_config(), live.router.frr.version, sessions=said), target, routes=False)


def told(plan):
    return {one.neighbor for one in plan.sessions if one.impact is Impact.RESET}


def pushed(live, target):
    """Push; gives what the plan says that drops, and what has dropped."""
    plan, up = planned(live, target), live.up()
    live.push(plan)
    return plan, {one.named for one in live.dropped(plan, up)}


@pytest.mark.sample("8.4", "10.7")
def test_who_drops_under_a_lower_maximum_prefix_is_who_the_plan_names(lab, frr):
    live = Live(lab, "edge")
    live.boot(render(model(config(**limited(99)), frr.version)))
    assert len(live.dial()) == len(PEERS)
    wait_for("all routes", lambda: len(live.accepted()) > 35)
    time.sleep(1)
    for lines in (limited(0), limited(1, " 80 warning-only")):
        plan, dropped = pushed(live, model(config(**lines), frr.version))
        assert (told(plan), plan.warnings, dropped) == (set(), (), set())
    forced = {**limited(99), "v4": f"{KEPT} / neighbor 10.0.0.14 maximum-prefix 5 force"}
    plan, dropped = pushed(live, model(config(**forced), frr.version))
    # 4 prefixes are let in, and 2 are denied
    assert "those that policy denies among them" in plan.warnings[0]
    assert "unless" in plan.summary
    assert (told(plan), dropped) == (set(), {"10.0.0.14"})
    plan, dropped = pushed(live, model(config(**limited(1)), frr.version))
    named = {one.named for one in PEERS if one.address not in {"10.0.0.12", "10.0.0.14", "2001:db8::21", "10.0.0.81"}}
    assert (told(plan), dropped) == (named, named)
    assert len(plan.warnings) == len(named)
