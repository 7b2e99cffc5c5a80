"""The kill matrix of the pfSense box: whatever happens to a push, the box ends with the old or the new sections.

FRR runs what they say, nothing waits any more, and what was told is so.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest

from frrgen.errors import DeviceError, RolledBackError, UnknownStateError
from frrgen.model.router import Router
from frrgen.platforms.pfsense.device import PfsenseDevice
from frrgen.platforms.pfsense.push import PfsensePush, not_run
from frrgen.transaction.base import State
from frrgen.transaction.waiting import events
from tests.lab import wait_for
from tests.lab.conftest import ALL
from tests.lab.pfsense import ADMIN, Pfsense, lacking
from tests.lab.test_pfsense import ARTICLE, HELLO
from tests.lab.test_push_ends import let_time_run_out
from tests.lab.test_push_kill_matrix import STEPS, Faults, write_table

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
]
SEEN: dict[tuple[str, State], str] = {}


class FaultsOfBox(Faults):
    """What can happen to a box while a push is under way. Its watchfrr does not run: a daemon that died stays dead."""

    def _daemon(self, name):
        self.edge.run("sh", "-c", f"kill -9 $(cat /run/frr/{name}.pid)")

    def disk_full(self):
        self.edge.run("sh", "-c", "cat /dev/zero >/cf/conf/filler 2>/dev/null", check=False)
        self.edge.run("sh", "-c", "cat /dev/zero >/var/db/filler 2>/dev/null", check=False)

    def reboot(self):
        self.edge.reboot()
        self._sshd()


FAULTS = [name for name in vars(Faults) if not name.startswith("_") and name != "mgmtd_killed"]
CELLS = [(fault, step) for fault in FAULTS for step in STEPS]
SAMPLE = [(fault, State.APPLIED) for fault in ("killed", "silent", "reboot")]


def device(lab, **ssh):
    ssh = {"user": ADMIN, "connect_timeout": 4, "command_timeout": 20, **ssh}
    return PfsenseDevice(Router(name="pf", ssh=ssh), ssh_config=lab.ssh_config())


def push(lab, fault, step, hold=30):
    """Run a push that is disturbed once; give what is told about its end."""
    left = [fault]

    def progress(state):
        if state is step and left:
            left.pop()()

    try:
        with contextlib.closing(device(lab)) as one:
            return str(PfsensePush(one, HELLO, hold=hold, progress=progress).run().state)
    except RolledBackError:
        return "rolled back"
    except UnknownStateError:
        return "unknown"
    except KeyboardInterrupt:
        return "interrupted"
    except DeviceError as bad:
        return f"error {bad.findings[0].code}, nothing was changed"


def killed_at(lab, step):
    script = (
        "import sys; from pathlib import Path; from tests.lab import test_pfsense_kill_matrix as here\n"
        "class Lab:\n    def ssh_config(self): return Path(sys.argv[1])\n"
        f"here.push(Lab(), here.FaultsOfBox(None, None).killed, here.State.{step.name}, hold=900)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(lab.ssh_config())], check=False).returncode == -9


@pytest.mark.parametrize(("fault", "step"), CELLS if ALL else SAMPLE)
def test_whatever_happens_at_whichever_step_the_box_ends_with_the_old_or_the_new_sections(lab, fault, step):
    box = lab.add(Pfsense("pf", lab.folder / "pf", frr=lab.frr))
    box.start(ARTICLE)
    lab.sshd(box)
    before = box.running_config()
    if fault == "killed":
        killed_at(lab, step)
        let_time_run_out(box, "/var/db/frrgen/armed")
        told = "nothing: it was killed"
    else:
        told = push(lab, getattr(FaultsOfBox(lab, box), fault), step)
    box.run("rm", "-f", "/cf/conf/filler", "/var/db/filler")

    one = device(lab)

    def rested():
        with contextlib.suppress(DeviceError):
            one.reconnect()
            now = one.fetch()
            return now if now.pending is None else None

    now = wait_for("rest", rested, 120, every=1)
    history = events(one)[-1:]
    one.close()
    runs = "new" if "description hello" in now.text else "old"
    saved = "new" if now.sections["frrbgpneighbors"][0]["descr"] == "hello" else "old"
    SEEN[fault, step] = f"{runs}, {saved}; {told}"
    assert runs == saved, f"it runs the {runs} and has the {saved} sections; {told}; {history}"
    assert not not_run("pf", now)
    if runs == "old":
        assert box.running_config() == before
    expected = {"confirmed": "new", "rolled back": "old", "interrupted": "old"}
    assert runs == expected.get(told, runs)
    assert not (told.startswith("error") and runs == "new")
    assert told != "unknown"


def test_the_table_of_the_box_is_written_down():
    write_table("pfSense (the stand-in, FRR 10.3)", SEEN, FAULTS)
