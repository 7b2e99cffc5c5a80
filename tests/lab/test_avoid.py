"""`--avoid`: sessions restart, or are shut meanwhile, and the router is what one is that starts with the target."""

from __future__ import annotations

import contextlib
import json
from contextlib import closing
from dataclasses import replace

import pytest

from frrgen.errors import DeviceError
from frrgen.lines.rule import Impact
from frrgen.model.router import Router
from frrgen.platforms.frr.device import FrrDevice
from frrgen.platforms.frr.push import Transaction, plan_for
from frrgen.platforms.frr.render import render
from frrgen.transaction.base import State
from frrgen.transaction.waiting import undo
from frrgen.transport.base import Staged, Timer
from tests.lab import LabError, wait_for
from tests.lab.changes import config
from tests.lab.live import PEERS, Live, model, settled
from tests.lab.negotiated import differing

LATE = (
    "neighbor 10.0.0.11 timers 20 60 / neighbor G override-capability"
    " / neighbor K timers 20 60 / neighbor 2001:db8::21 timers connect 9"
)
WEIGHT = "neighbor K weight 7"
CONFEDERATION = "bgp confederation identifier 64999 / bgp confederation peers 65011"
OTHERS = "bgp confederation identifier 64999 / bgp confederation peers 65012 65031"
WALKS = {
    "what waits for the next session": [config(), config(late=LATE), config()],
    "the weight of dynamic neighbors": [config(v4=WEIGHT), config()],
}
LATER = "next time", "until their sessions restart"


@pytest.mark.parametrize("name", WALKS)
def test_sessions_that_restart_have_what_they_have_of_a_start(lab, frr, name):
    live, twin = Live(lab, "edge"), Live(lab, "twin")
    first, *targets = (model(text, frr.version) for text in WALKS[name])
    live.boot(render(first))
    assert len(live.dial()) == len(PEERS)
    for target in targets:
        assert any(text in one for one in live.plan(target).warnings for text in LATER)
        plan = avoided(live, target)
        assert not any(text in one for one in plan.warnings for text in LATER)
        twin.boot(render(target))
        assert len(twin.dial()) == len(PEERS)
        with contextlib.suppress(LabError):
            wait_for("the same sessions", lambda: not differing(live, twin, PEERS))
        assert differing(live, twin, PEERS) == {}
        assert settled(live, twin, set(PEERS), 20) == []


def test_sessions_are_shut_while_a_confederation_changes_and_nothing_forbidden_comes_through(lab, frr):
    live = Live(lab, "edge")
    live.boot(render(model(config(), frr.version)))
    assert len(live.dial()) == len(PEERS)
    for text in (CONFEDERATION, OTHERS, "!"):
        target = model(config(bgp=text), frr.version)
        plan = avoided(live, target)
        assert any("shutdown" in line for line in plan.batches[0])
        assert live.router.alive("bgpd")


@pytest.mark.sample("10.3")
def test_a_push_that_is_undone_restarts_the_sessions_that_it_has_restarted_and_no_others(lab, frr):
    live = Live(lab, "edge")
    live.boot(render(model(config(), frr.version)))
    assert len(live.dial()) == len(PEERS)
    lab.sshd(live.router)
    before, others = live.router.running_config(), set(PEERS) - {PEERS[0]}
    target = model(config(late="neighbor 10.0.0.11 timers 20 60"), frr.version)
    with closing(FrrDevice(Router(name="edge"), ssh_config=lab.ssh_config())) as device:
        done = Transaction(device, target, confirm_within=300, avoid=True).run()
        assert done.state is State.WAITING
        wait_for("its end", lambda: live.up() == others)
        assert live.dial() == set(PEERS)
        assert hold_time(live) == 60
        assert undo(device).state is State.ROLLED_BACK
    wait_for("its end again", lambda: live.up() == others)
    assert live.router.running_config() == before
    assert live.dial() == set(PEERS)
    assert hold_time(live) == 180


@pytest.mark.sample("8.4")
def test_a_push_that_was_killed_before_it_restarted_sessions_leaves_that_to_the_next_which_names_them(lab, frr):
    live = Live(lab, "edge")
    live.boot(render(model(config(), frr.version)))
    lab.sshd(live.router)
    target = model(config(late="neighbor K timers 20 60"), frr.version)

    with closing(FrrDevice(Router(name="edge"), ssh_config=lab.ssh_config())) as device:
        before = device.fetch()
        plan = plan_for(before, target, avoid=True)
        device.stage(Staged(plan.batches, (), before, plan.after, (), "left", plan.restarts))
        device.arm("{}", 3600)
        device.apply()
    live.router.run("sh", "-c", "kill -9 $(pgrep -f '[f]rr.sh timer')")
    with closing(FrrDevice(Router(name="edge"), ssh_config=lab.ssh_config())) as device:
        wait_for("the timer's end", lambda: device.fetch().pending.timer is Timer.OFF)
        plan = plan_for(device.fetch(), target)
        assert not plan.changes
        assert plan.restarts == ("clear bgp peer-group K",)
        assert [(one.neighbor, one.impact) for one in plan.sessions] == [("dynamic neighbors of K", Impact.RESET)]
        assert "dynamic neighbors of K" in plan.summary
        assert Transaction(device, target).run().state is State.CONFIRMED
        assert plan_for(device.fetch(), target).empty


@pytest.mark.sample("10.3")
def test_a_push_that_ends_between_shutting_sessions_and_opening_them_is_undone_with_every_session_open(lab, frr):
    live = Live(lab, "edge")
    live.boot(render(model(config(), frr.version)))
    lab.sshd(live.router)
    before, target = live.router.running_config(), model(config(bgp=CONFEDERATION), frr.version)
    del target.bgp.neighbors[PEERS[0].address]
    with closing(_Drafted(Router(name="edge"), ssh_config=lab.ssh_config())) as draft, pytest.raises(_DraftedError):
        Transaction(draft, target, avoid=True).run()
    with closing(FrrDevice(Router(name="edge"), ssh_config=lab.ssh_config())) as device:
        device.stage(replace(draft.staged, forth=draft.staged.forth[:1]))
        device.arm("{}", 3600)
        device.apply()
        shut = f"neighbor {PEERS[0].address} shutdown"
        assert shut in live.router.running_config()
        assert shut not in before
        assert undo(device).state is State.ROLLED_BACK
    assert live.router.running_config() == before


@pytest.mark.sample("8.4")
def test_restarts_that_failed_are_left_to_the_next_push(lab, frr):
    live = Live(lab, "edge")
    live.boot(render(model(config(), frr.version)))
    lab.sshd(live.router)
    with closing(FrrDevice(Router(name="edge"), ssh_config=lab.ssh_config())) as device:
        device.stage(Staged((), (), device.fetch(), (), (), "left", ("clear nothing",)))
        device.arm("{}", 3600)
        with pytest.raises(DeviceError):
            device.restart()
        assert device.fetch().pending.after == ("clear nothing",)


class _DraftedError(Exception):
    """A push that only was to be seen."""


class _Drafted(FrrDevice):
    """A router that keeps what it is to do, and does nothing."""

    def stage(self, staged):
        self.staged = staged
        raise _DraftedError


def hold_time(live):
    return json.loads(live.bgpd.ask("show bgp neighbors 10.0.0.11 json"))["10.0.0.11"]["bgpTimerHoldTimeMsecs"] // 1000


def avoided(live, target):
    """Push a plan that avoids, with peers that offer all the time what they must not; the sessions are up behind it."""
    up, plan = live.up(), live.plan(target, avoid=True)
    resets = {one.neighbor for one in plan.sessions if one.impact is Impact.RESET}
    told = live.heard(PEERS)
    live.listen()
    with live.insisting():
        said = live.push(plan)
        wait_for("the sessions to end", lambda: not any(one.named in resets for one in up & live.up()))
    assert list(live.untold(target, plan, said, up)) == []
    assert {one.named for one in up} >= resets
    wait_for("the sessions", lambda: len(live.dial_together()) == len(PEERS), 60)
    forbidden, filtered = ("99.", "0.0.0.0/0"), ("from 10.0.0.11", "from 10.0.0.12", "from 10.0.0.31")
    assert not [one for one in live.seen if one.startswith(forbidden) and one.endswith(filtered)]
    assert not [one for ones in live.leaked(told).values() for one in ones if one.startswith(forbidden)]
    return plan
