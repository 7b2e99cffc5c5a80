"""A push that is disturbed ends as it was or as it should, on real FRR, and says which."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from frrgen.errors import DeviceError, RolledBackError, UnknownStateError
from frrgen.model.router import Check, Router
from frrgen.platforms.frr.device import _SCRIPT, FrrDevice
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.push import Transaction, plan_for
from frrgen.platforms.frr.sessions import Bounds
from frrgen.transaction.base import State
from frrgen.transport.base import Staged, Timer, plain
from tests.lab import wait_for

BASE = "router bgp 65001\n neighbor 10.0.0.1 remote-as 65002\n"
NEW = BASE + " neighbor 10.0.0.1 description new\n"
MANY = "exit\n" + "".join(
    f"ip prefix-list L{n % 20} seq {n} permit 10.{n >> 8}.{n & 255}.0/24\n" for n in range(1, 3000)
)


@pytest.fixture
def edge(lab):
    router = lab.router("r1")
    router.start(BASE)
    router.vtysh("write")
    lab.sshd(router)
    return router


def intended(text):
    return parse(text, name="r1").router


def device(lab):
    return FrrDevice(Router(name="r1"), ssh_config=lab.ssh_config())


def push(lab, text, **options):
    one = device(lab)
    try:
        return Transaction(one, intended(text), **options).run()
    finally:
        one.close()


def at(state, act):
    return lambda now: act() if now is state else None


def startup(edge):
    return (edge.folder / "etc/frr.conf").read_text()


def fetched(lab):
    one = device(lab)
    try:
        return one.fetch()
    finally:
        one.close()


def killed_at(lab, text, state):
    """Run a push in a process of its own that is killed when it has come so far."""
    script = (
        "import os, sys; from pathlib import Path; from tests.lab import test_push_ends as here\n"
        "class Lab:\n    def ssh_config(self): return Path(sys.argv[1])\n"
        f"die = here.at(here.State.{state.name}, lambda: os.kill(os.getpid(), 9))\n"
        "here.push(Lab(), sys.argv[2], progress=die)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(lab.ssh_config()), text], check=False)
    assert done.returncode == -9


def let_time_run_out(edge, armed="/var/lib/frrgen/armed"):
    """Have the timer of a push that is armed, if there is any, undo the push within a second or two."""
    edge.run("sh", "-c", f"[ ! -e {armed} ] || {{ echo 1 >{armed}/next && mv {armed}/next {armed}/again; }}")


def test_the_router_and_we_agree_on_what_is_in_a_configuration(lab, edge):
    edge.load("ip prefix-list A seq 5 permit 10.0.0.0/8\nroute-map M permit 10\n description a / b !\n")
    edge.load("interface lo\n description x\nrouter bgp 65001\n address-family ipv4 unicast\n  network 10.0.0.0/8\n")
    text = fetched(lab).text
    shown = edge.run("sh", "-c", _SCRIPT.partition("verb=$1")[0] + "plain", stdin=text).stdout
    assert shown.encode().splitlines() == list(plain(text))
    assert len(plain(text)) > 8


def test_interrupted_while_the_batch_runs_the_push_waits_for_it_before_it_says_what_runs(lab, edge):
    before, interrupted = edge.running_config(), threading.Event()

    class Hasty(FrrDevice):
        def apply(self):
            frozen, thread = threading.Event(), threading.Thread(target=super().apply)

            def hold_up():
                # the batch cannot end before bgpd answers, and goes on for a while behind the interruption
                with edge.frozen("bgpd"):
                    frozen.set()
                    interrupted.wait(60)
                    time.sleep(1)

            threading.Thread(target=hold_up).start()
            assert frozen.wait(30)
            thread.start()
            wait_for("the batch", lambda: edge.run("flock", "-n", "/usr/bin/vtysh", "true", check=False).returncode)
            interrupted.set()
            raise KeyboardInterrupt

    one = Hasty(Router(name="r1"), ssh_config=lab.ssh_config())
    with pytest.raises(RolledBackError):
        Transaction(one, intended(BASE + MANY)).run()
    one.close()
    assert edge.running_config() == before
    time.sleep(1)
    assert edge.running_config() == before


def test_a_batch_that_has_not_begun_when_the_push_is_undone_never_begins(lab, edge):
    before = edge.running_config()

    class Late(FrrDevice):
        def apply(self):
            with edge_lock(edge):
                threading.Thread(target=contextlib.suppress(DeviceError)(super().apply), daemon=True).start()
                wait_for("what waits for the lock", lambda: edge.run("pgrep", "-f", "frr.sh forth", check=False).stdout)
            raise KeyboardInterrupt

    one = Late(Router(name="r1"), ssh_config=lab.ssh_config())
    with pytest.raises(RolledBackError):
        Transaction(one, intended(NEW)).run()
    time.sleep(1)
    one.close()
    assert edge.running_config() == before


class edge_lock:  # noqa: N801
    """Hold the lock of batches, as a batch would."""

    def __init__(self, edge):
        self.command = edge.inside("flock", "/usr/bin/vtysh", "sh", "-c", "echo held; exec cat")

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"held\n"

    def __exit__(self, *_):
        self.process.communicate()


@pytest.mark.parametrize("state", [State.APPLIED, State.VERIFIED])
def test_a_bgpd_that_dies_before_the_save_is_never_saved_and_comes_back_to_what_ran(lab, edge, state):
    saved, before = startup(edge), edge.running_config()

    def die():
        edge.run("sh", "-c", "kill -9 $(cat /run/frr/bgpd.pid)")

        def revive():
            time.sleep(2)
            edge._start_daemon("bgpd", [])
            edge.run("vtysh", "-b", check=False)

        threading.Thread(target=revive).start()

    with pytest.raises(RolledBackError):
        push(lab, NEW, progress=at(state, die))
    assert startup(edge) == saved
    assert edge.running_config() == before


def test_frrgen_killed_behind_applied_is_undone_by_the_router_alone(lab, edge):
    saved, before = startup(edge), edge.running_config()
    killed_at(lab, NEW, State.APPLIED)
    assert "description new" in edge.running_config()
    pending = fetched(lab).pending
    assert pending is not None
    assert pending.timer is Timer.ON
    with pytest.raises(DeviceError) as caught:
        push(lab, NEW)
    assert caught.value.findings[0].code == "FRR529"
    let_time_run_out(edge)
    wait_for("the way back", lambda: fetched(lab).pending is None, 200)
    assert edge.running_config() == before
    assert startup(edge) == saved
    assert '"rolled back"' in edge.run("cat", "/var/lib/frrgen/journal.jsonl").stdout


def test_what_a_killed_push_has_begun_is_shown_and_finished_where_its_timer_was_killed_too(lab, edge):
    killed_at(lab, NEW, State.APPLIED)
    edge.run("sh", "-c", "kill -9 $(pgrep -f '[f]rr.sh timer')")
    wait_for("the timer's end", lambda: fetched(lab).pending.timer is Timer.OFF)
    plan = plan_for(fetched(lab), intended(NEW))
    assert not plan.empty
    assert not plan.changes
    assert len(plan.unfinished) == 2
    assert push(lab, NEW).state is State.CONFIRMED
    assert "description new" in startup(edge)
    assert plan_for(fetched(lab), intended(NEW)).empty
    assert push(lab, NEW).state is State.UNCHANGED


def test_what_a_killed_push_has_left_to_be_done_is_not_lost_with_a_later_push_that_vtysh_refuses(lab, edge):
    one = device(lab)
    before = one.fetch()
    one.stage(Staged((("router bgp 65001",),), ((),), before, ("clear bgp * soft in",), (), "left"))
    one.arm("{}", 3600)
    one.close()
    edge.run("sh", "-c", "kill -9 $(pgrep -f '[f]rr.sh timer')")
    wait_for("the timer's end", lambda: fetched(lab).pending.timer is Timer.OFF)

    class Refused(FrrDevice):
        def stage(self, staged):
            super().stage(replace(staged, forth=(("frobnicate",),)))

    one = Refused(Router(name="r1"), ssh_config=lab.ssh_config())
    with pytest.raises(DeviceError) as caught:
        Transaction(one, intended(NEW)).run()
    one.close()
    assert caught.value.findings[0].code == "FRR513"
    assert plan_for(fetched(lab), intended(BASE)).after == ("clear bgp * soft in",)
    assert push(lab, BASE).state is State.CONFIRMED
    assert fetched(lab).pending is None


def test_what_runs_and_is_not_saved_is_a_difference_and_is_saved(lab, edge):
    edge.load(NEW)
    assert plan_for(fetched(lab), intended(NEW)).unfinished
    assert push(lab, NEW).state is State.CONFIRMED
    assert "description new" in startup(edge)
    assert push(lab, NEW).state is State.UNCHANGED


def test_a_startup_file_in_another_form_than_frr_s_is_no_difference(lab):
    router = lab.router("r1")
    router.start("!\n! by hand\nrouter bgp 65001\n  neighbor 10.0.0.1 remote-as 65002\n  bgp log-neighbor-changes\n")
    lab.sshd(router)
    assert not plan_for(fetched(lab), intended(BASE)).unfinished


def test_a_silent_line_does_not_keep_us_out_for_our_own_lock_is_taken_over(lab, edge):
    one = device(lab)
    with one.lock():
        other = device(lab)
        with pytest.raises(DeviceError, match="another push is under way"), other.lock():
            pass
        other.close()
        again = device(lab)
        again.id = one.id
        with again.lock():
            pass
        again.close()
    one.close()


def test_a_full_disk_leaves_the_old_startup_file_and_undoes_the_push(lab, edge):
    saved = startup(edge)
    edge.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/etc/frr")
    edge.run("sh", "-c", "cat >/etc/frr/frr.conf; touch /etc/frr/vtysh.conf; chown -R frr:frr /etc/frr", stdin=saved)
    before = edge.running_config()

    def fill():
        edge.run("sh", "-c", "cat /dev/zero >/etc/frr/full", check=False)

    with pytest.raises((RolledBackError, UnknownStateError)) as caught:
        push(lab, NEW, progress=at(State.VERIFIED, fill))
    assert caught.type is RolledBackError, str(caught.value)
    assert edge.run("cat", "/etc/frr/frr.conf").stdout == saved
    assert edge.running_config() == before


@pytest.mark.sample("8.4")
@pytest.mark.parametrize(
    ("check", "met"),
    [
        ({"answers": "127.0.0.1"}, True),
        ({"answers": "203.0.113.9"}, False),
        ({"prefix": "192.0.2.0/24"}, True),
        ({"prefix": "192.0.3.0/24"}, False),
        ({"command": "test -d /etc/frr; true"}, True),
        ({"command": "exit 1"}, False),
    ],
)
def test_the_inventory_s_checks_are_asked_on_the_router(lab, edge, check, met):
    before = edge.running_config()
    network = " no bgp network import-check\n address-family ipv4 unicast\n  network 192.0.2.0/24\n"
    wanted = intended(NEW + network).model_copy(update={"checks": (Check(**check),)})
    one = device(lab)
    push = Transaction(one, wanted, bounds=Bounds(seconds=3))
    if met:
        assert push.run().state is State.CONFIRMED
    else:
        with pytest.raises(RolledBackError, match="check "):
            push.run()
        assert edge.running_config() == before
    one.close()
