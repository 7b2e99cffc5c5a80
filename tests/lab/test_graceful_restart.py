"""Which change of a graceful-restart mode resets which session: each of them, of a neighbor and a group.

Twelve sessions stand beside each other, one for each change, so one push measures them all.
"""

from __future__ import annotations

import contextlib
import itertools
import time

import pytest

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from tests.lab import LabError, wait_for
from tests.lab.endpoint import Endpoint
from tests.lab.live import model

MODES = (None, "helper", "restart", "disable")
CHANGES = list(itertools.permutations(MODES, 2))
EDGE = "10.0.0.1"


def line(who, mode):
    words = {None: "!", "restart": "graceful-restart"}.get(mode, f"graceful-restart-{mode}")
    return words if mode is None else f"neighbor {who} {words}"


def config(modes, *, group):
    """A router with a neighbor for each mode, which says it itself or has it of a group of its own."""
    lines = ["router bgp 65000", " bgp router-id 10.0.0.1", " no bgp ebgp-requires-policy"]
    for number, mode in enumerate(modes):
        peer = f"10.0.0.{11 + number}"
        if group:
            lines += [f" neighbor G{number} peer-group", f" neighbor G{number} remote-as 65001"]
            lines += [f" {line(f'G{number}', mode)}", f" neighbor {peer} peer-group G{number}"]
        else:
            lines += [f" neighbor {peer} remote-as 65001", f" {line(peer, mode)}"]
    return "\n".join([*lines, "exit", ""])


@pytest.fixture
def edge(lab):
    router, world = lab.router("edge"), lab.router("peers", daemons=())
    lab.link(router, world, f"{EDGE}/24", "10.0.0.9/24")
    addresses = [f"10.0.0.{11 + number}" for number in range(len(CHANGES))]
    world.address("eth0", *(f"{one}/24" for one in addresses))
    ends = {one: Endpoint(world, one, EDGE, 65001) for one in addresses}
    router.start("")
    return router, ends


def pushed(edge, before, after):
    """Push from one configuration to the other: the sessions that dropped, and those of which the plan says so."""
    router, every = edge
    for end in every.values():
        end.close()
        end.up.clear()
    version = router.frr.version
    old, new = model(before, version), model(after, version)
    router.restart(render(old))
    ends = {peer: end for peer, end in every.items() if peer in old.bgp.neighbors}
    for _ in range(2):
        for end in ends.values():
            if not end.up.is_set():
                end.close()
                end.dial(20)
        time.sleep(0.5)
    plan = make_plan(parse(router.running_config(), name="edge", frr_version=version), new)
    router.apply(plan.batches)
    told = {one.neighbor for one in plan.sessions if one.impact is Impact.RESET}
    with contextlib.suppress(LabError):
        wait_for("who drops", lambda: not any(end.up.is_set() for peer, end in ends.items() if peer in told), 20)
    time.sleep(1.5)
    return {peer for peer, end in ends.items() if not end.up.is_set()}, told


@pytest.mark.sample("10.3")
@pytest.mark.parametrize("group", [False, True], ids=["neighbor", "group"])
def test_a_change_of_a_mode_resets_what_the_plan_says(edge, group):
    before, after = (config(modes, group=group) for modes in zip(*CHANGES, strict=True))
    dropped, told = pushed(edge, before, after)
    named = {f"10.0.0.{11 + number}": change for number, change in enumerate(CHANGES)}
    assert ([named[one] for one in sorted(dropped - told)], [named[one] for one in sorted(told - dropped)]) == ([], [])
