"""The kill matrix: whatever happens to a push, at whichever step, its router ends in the old or the new configuration.

It runs and would start with the same, nothing waits any more, and what was told is so. The table of all that was seen
is written to docs/kill-matrix.md, for each version of FRR that the lab runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from frrgen.errors import DeviceError, RolledBackError, UnknownStateError
from frrgen.model.router import Router
from frrgen.platforms.frr.device import FrrDevice
from frrgen.platforms.frr.push import Transaction, unsaved
from frrgen.transaction.base import State
from frrgen.transaction.waiting import events
from tests.lab import wait_for
from tests.lab.router import LabError
from tests.lab.test_push_ends import BASE, NEW, intended, killed_at, let_time_run_out

STEPS = [State.STAGED, State.CHECKED, State.ARMED, State.APPLIED, State.VERIFIED]
TABLE = Path(__file__).parents[2] / "docs/kill-matrix.md"
SEEN: dict[str, dict[tuple[str, State], str]] = {}


class Faults:
    """What can happen to a router `edge` of a lab while a push is under way."""

    def __init__(self, lab, edge):
        self.lab, self.edge = lab, edge

    def interrupted(self):
        raise KeyboardInterrupt

    def killed(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def cut(self):
        self.lab.end_logins(self.edge.name)

    def silent(self):
        self.lab.end_logins(self.edge.name, signal.SIGSTOP)

    def sshd_killed(self):
        process = self.lab.sshds[self.edge.name].process
        self.lab.end_logins(self.edge.name)
        self.edge.run("sh", "-c", "kill -9 $(pgrep -x sshd)", check=False)
        process.wait()
        self._later(2, self._sshd)

    def _sshd(self):
        config = str(self.edge.folder / "sshd_config")
        program = shutil.which("sshd") or "/usr/sbin/sshd"
        subprocess.Popen(
            self.edge.inside(program, "-D", "-e", "-f", config, network=False),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def bgpd_killed(self):
        self._daemon("bgpd")

    def zebra_killed(self):
        self._daemon("zebra")

    def mgmtd_killed(self):
        self._daemon("mgmtd")

    def _daemon(self, name):
        self.edge.run("sh", "-c", f"kill -9 $(cat /run/frr/{name}.pid)")
        # as watchfrr does it
        self._later(1, lambda: (self.edge._start_daemon(name, []), self.edge.run("vtysh", "-b", check=False)))

    def disk_full(self):
        for folder in ("/var/lib", "/etc/frr"):
            self.edge.run("sh", "-c", f"cat /dev/zero >{folder}/full 2>/dev/null", check=False)

    def clock_jump(self):
        script = '#!/bin/sh\nexec /run/date --date=+1day "$@"\n'
        self.edge.run("sh", "-c", "cp /usr/bin/date /run/date; cat >/run/later; chmod 755 /run/later", stdin=script)
        self.edge.run("mount", "--bind", "/run/later", "/usr/bin/date")

    def reboot(self):
        another = "echo another >/run/boot; mount --bind /run/boot /proc/sys/kernel/random/boot_id"
        self.edge.run("sh", "-c", another)
        self.edge.run("sh", "-c", "kill -9 $(pgrep -f '[f]rr.sh'); kill -9 $(pgrep -x sshd)", check=False)
        saved = self.edge.run("cat", "/etc/frr/frr.conf").stdout
        self.edge.end_daemons()
        for daemon in self.edge.daemons:
            self.edge._start_daemon(daemon, [])
        assert self.edge.run("cat", "/etc/frr/frr.conf").stdout == saved
        self.edge.run("vtysh", "-b", check=False)
        self._sshd()

    def _later(self, seconds, act):
        def run():
            time.sleep(seconds)
            with contextlib.suppress(LabError):
                act()

        threading.Thread(target=run).start()


FAULTS = [name for name in vars(Faults) if not name.startswith("_")]


def push(lab, hold, fault, step):
    """Run a push that is disturbed once; what is told about its end."""
    router = Router(name="r1", ssh={"command_timeout": 8, "connect_timeout": 4})
    one = FrrDevice(router, ssh_config=lab.ssh_config())
    left = [fault]

    def progress(state):
        if state is step and left:
            left.pop()()

    try:
        return str(Transaction(one, intended(NEW), hold=hold, progress=progress).run().state)
    except RolledBackError:
        return "rolled back"
    except UnknownStateError:
        return "unknown"
    except KeyboardInterrupt:
        return "interrupted"
    except DeviceError as bad:
        return f"error {bad.findings[0].code}, nothing was changed"
    finally:
        with contextlib.suppress(Exception):
            one.close()


@pytest.mark.sample("8.4")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_at_whichever_step_the_router_ends_in_the_old_or_the_new(lab, frr, fault, step):
    edge = lab.router("r1")
    if fault == "mgmtd_killed" and "mgmtd" not in edge.daemons:
        pytest.skip("this FRR has no mgmtd")
    if fault == "disk_full":
        for folder in ("/var/lib", "/etc/frr"):
            edge.run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder)
        edge.run("mkdir", "/var/lib/frr")
        edge.run("sh", "-c", "cat >/etc/frr/frr.conf; touch /etc/frr/vtysh.conf", stdin=BASE)
        edge.run("chown", "-R", "frr:frr", "/var/lib/frr", "/etc/frr")
    edge.start(BASE)
    edge.vtysh("write")
    lab.sshd(edge)
    old = edge.running_config()
    if fault == "killed":
        killed_at(lab, NEW, step)
        let_time_run_out(edge)
        told = "nothing: it was killed"
    else:
        told = push(lab, 20, getattr(Faults(lab, edge), fault), step)

    one = FrrDevice(Router(name="r1", ssh={"connect_timeout": 4}), ssh_config=lab.ssh_config())

    def rested():
        with contextlib.suppress(DeviceError):
            one.reconnect()
            now = one.fetch()
            return now if now.pending is None or now.pending.timer == "rebooted" else None

    now = wait_for("rest", rested, 120, every=1)
    runs = "new" if "description new" in now.text else "old"
    saved = "new" if "description new" in (now.startup or "") else "old"
    with contextlib.suppress(DeviceError):
        said = events(one)[-1:]
    one.close()
    SEEN.setdefault(str(frr), {})[fault, step] = f"{runs}, {saved}; {told}"
    assert runs == saved, f"it runs the {runs} and would start with the {saved} configuration; {told}; {said}"
    assert not unsaved(now)
    if runs == "old":
        assert edge.running_config() == old
    expected = {"confirmed": "new", "rolled back": "old", "interrupted": "old"}
    assert runs == expected.get(told, runs)
    assert not (told.startswith("error") and runs == "new")


@pytest.mark.sample("8.4")
def test_the_table_of_all_that_was_seen_is_written_down(frr):
    write_table(f"FRR {frr}", SEEN.get(str(frr), {}), [fault for fault in FAULTS if fault != "mgmtd_killed"])


def write_table(name, seen, needed):
    """Write what was seen, by fault and step, into the chapter of this name, if all that is needed was run."""
    faults = [fault for fault in FAULTS if any(one == fault for one, _ in seen)]
    if len(seen) < len(faults) * len(STEPS) or not set(needed) <= set(faults):
        pytest.skip("not all of it was run")
    lines = [f"## {name}", "", "| | " + " | ".join(STEPS) + " |", "|---" * (len(STEPS) + 1) + "|"]
    lines += [
        f"| {fault.replace('_', ' ')} | " + " | ".join(seen[fault, step] for step in STEPS) + " |" for fault in faults
    ]
    text = TABLE.read_text() if TABLE.exists() else _HEAD
    chapter = "\n".join(lines) + "\n\n"
    text, there = re.subn(rf"## {re.escape(name)}\n.*?(?=## |\Z)", lambda _: chapter, text, flags=re.DOTALL)
    TABLE.write_text((text if there else f"{text.rstrip()}\n\n{chapter}").rstrip() + "\n")


_HEAD = """# The kill matrix

What happens when a push is disturbed? Each row is a fault, each column the step that the push had just come to. A cell
says what the router runs in the end, what it would start with, and what frrgen told.
`tests/lab/test_push_kill_matrix.py`
and, for the box, `tests/lab/test_pfsense_kill_matrix.py` run all of it and write this table (`make test ALL=1`).
"""
