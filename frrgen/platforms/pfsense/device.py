"""A pfSense box, as a push sees it: everything goes through its own PHP."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.model.router import Router
from frrgen.platforms.pfsense.answers import (
    Answer,
    Applied,
    Checked,
    Fetched,
    Kept,
    Ran,
    Text,
    Undone,
    Watch,
)
from frrgen.platforms.pfsense.ask import ask, program, to_base64, to_text
from frrgen.platforms.pfsense.host import HostFacts, series
from frrgen.platforms.pfsense.rows import all_rows, ranked
from frrgen.platforms.pfsense.running import Armed, PfsenseRunning
from frrgen.platforms.pfsense.schema import COVERED, Sections
from frrgen.platforms.pfsense.stored import from_php
from frrgen.platforms.templates import template_folder
from frrgen.transport.base import GoneError, Pending, Running, new_id, no_backup, now, owner, read_sessions
from frrgen.transport.ssh import Shell

_CONFIG: Final = ("functions.inc", "/usr/local/pkg/frr.inc")
"""What the verbs that read or write config.xml need of the box."""
_LOCK: Final = """exec /usr/local/bin/php -r '
$push = fopen("/var/run/frrgen-push.lock", "c+");
if ($push === false) { echo "closed\\n"; exit; }
if (flock($push, LOCK_EX | LOCK_NB) === false) {
	$said = explode(" ", trim(stream_get_contents($push)), 3) + array("", "", "");
	if ($said[0] !== "{id}") { echo "busy {$said[2]}\\n"; exit; }
	exec("kill -9 " . (int) $said[1]);
	for ($tries = 0; flock($push, LOCK_EX | LOCK_NB) === false; $tries++) {
		if ($tries > 100) { echo "busy\\n"; exit; }
		usleep(100000);
	}
}
ftruncate($push, 0);
rewind($push);
fwrite($push, "{id} " . getmypid() . " {owner}, since " . gmdate("c") . "\\n");
fflush($push);
$write = fopen("/tmp/frrgen.lock", "c");
for ($tries = 0; flock($write, LOCK_EX | LOCK_NB) === false; $tries++) {
	if ($tries > 600) { echo "busy\\n"; exit; }
	usleep(100000);
}
fclose($write);
echo "locked\\n";
fgets(STDIN);
'
"""
"""Holds the push's lock while the connection stands; one of our own, left by a connection that went silent, is taken
over. What a cut push is still writing, under the other lock, is waited for."""
_VERSION: Final = re.compile(r"^(?:frr|zebra) version (\d+(?:\.\d+)*)", re.MULTILINE)
_TOO_LONG: Final = (124, 137)
"""The status of timeout(1) when it has ended what it ran."""


class PfsenseDevice:
    """A pfSense box, reached over SSH. Implements Keeper."""

    def __init__(self, router: Router, *, ssh_config: Path | None = None) -> None:
        self.name = router.name
        self.shell = Shell(router.name, router.ssh, config=ssh_config)
        self.id = new_id()
        """Names the push on the box; to end one that another frrgen began, its id is put here."""

    def fetch(self) -> PfsenseRunning:
        """Read what the box has. Raises DeviceError, also when it lacks the FRR package."""
        said = ask(self.shell, "fetch", {"names": COVERED}, Fetched, load=_CONFIG)
        if not said.package:
            raise DeviceError(
                Finding(
                    Code.FRR744,
                    f"{self.name}: the FRR package is not installed",
                    hint="System > Package Manager > Available Packages > FRR",
                )
            )
        package = series(said.package)
        if package is None:
            raise DeviceError(
                Finding(
                    Code.FRR707,
                    f"{self.name}: its FRR package, {said.package}, writes a file for each daemon: update it",
                )
            )
        text = to_text(said.running)
        found = _VERSION.search(text or said.frr)
        facts = said.model_dump(include={"hostname", "domain", "interfaces", "devices", "gateways", "lengths"})
        running = PfsenseRunning(
            text=text,
            frr_version=found[1] if found else "",
            sections=from_php(said.sections),
            box=HostFacts(package=package, **facts),
            package=said.package,
            pfsense=said.pfsense,
            frr_conf=to_text(said.frr_conf),
            daemons=said.daemons,
            hasync=said.hasync,
            carp=said.carp,
            sessions=read_sessions(to_text(said.sessions)) if "bgpd" in said.daemons else {},
            pending=None if said.pending is None else Pending(**said.pending.model_dump()),
        )
        if running.sections_digest != said.digest:
            raise DeviceError(Finding(Code.FRR740, f"{self.name}: frrgen cannot read its sections"))
        return running

    def lock(self) -> AbstractContextManager[None]:
        """Keep other pushes out. The lock is the box's kernel's: it falls when the connection does."""
        text = _LOCK.replace("{id}", self.id).replace("{owner}", re.sub(r"[^A-Za-z0-9@._-]", "?", owner()))
        return self.shell.hold("exec /bin/sh -s", text, seconds=70)

    def check(self, frr_conf: str, *, reload: bool) -> None:
        """Have vtysh, and before a `reload` frr-reload, check the file that the package would generate.

        Raises DeviceError with what they say.
        """
        seconds = max(1, int(self.shell.ssh.command_timeout / 3)) if reload else 0
        said = ask(self.shell, "check", {"frr_conf": to_base64(frr_conf), "seconds": seconds}, Checked)
        lines = [re.sub(r"(password) .*", r"\1 <hidden>", line) for line in to_text(said.said).split("\n")]
        shown = re.sub(r"\x1b\[\d*m", "", "; ".join(line.strip() for line in lines if line.strip()))[:600]
        if said.status:
            raise DeviceError(
                Finding(Code.FRR513, f"{self.name}: vtysh refuses the configuration, nothing was written: {shown}")
            )
        if said.tested in _TOO_LONG:
            shown = f"no answer within {seconds} s"
        if said.tested:
            what = "frr-reload does not get through the configuration, nothing was written"
            hint = "raise ssh.command_timeout" if said.tested in _TOO_LONG else None
            raise DeviceError(
                Finding(Code.FRR750, f"{self.name}: {what}: {shown or f'status {said.tested}'}", hint=hint)
            )

    def apply(self, sections: Sections, expected: str, description: str, *, size: int = 0) -> Applied:
        """Write the covered sections if they still have the `expected` digest, and have the package load them.

        `size`: bytes of the file to be generated. Raises NothingChangedError, and DeviceError when it is not known
        what was done. Goes on if we are cut off.
        """
        return ask(self.shell, "apply", _to_apply(sections, expected, description, size), Applied, load=_CONFIG)

    @property
    def _patience(self) -> int:
        """The seconds that the box may take for an answer."""
        return max(1, int(self.shell.ssh.command_timeout) - 5)

    def arm(self, before: PfsenseRunning, armed: Armed) -> None:
        """Have the box write the sections of `before`, unless the push is confirmed in time.

        It does so if the sections of then are those of the push, and looks whether FRR runs what it ran `before`. Its
        timer outlives us, the connection and sshd; and the box begins with it at its next start.
        """
        to_apply = _to_apply(before.covered, armed.digest, "frrgen: rolled back", 0)
        runs = Running(ranked(before.text), before.frr_version).digest
        rows = to_base64(all_rows(before.text))
        waited = bool(before.would_run) and not before.text
        back = {**to_apply, "runs": runs, "rows": rows, "clear": armed.clear, "waited": waited}
        about = {"id": self.id, "by": owner(), "since": now(), "summary": armed.summary, "after": armed.after}
        folder = template_folder() / "pfsense"
        files = {
            "id": f"{self.id}\n",
            "about": json.dumps(about),
            "back.php": program("back", "frrgen-back", back, _CONFIG),
            "timer.sh": (folder / "timer.sh").read_text(),
            "boot.sh": (folder / "boot.sh").read_text(),
        }
        request = {
            "files": {name: to_base64(text) for name, text in files.items()},
            "id": self.id,
            "seconds": armed.seconds,
            "instead": "" if before.pending is None else before.pending.id,
            "entry": to_base64(armed.entry + "\n"),
        }
        ask(self.shell, "arm", request, Kept)

    def extend(self, seconds: int, verified: str = "") -> None:
        """Start the timer again."""
        ask(self.shell, "extend", {"id": self.id, "seconds": seconds, "verified": verified}, Kept)

    def confirm(self, digest: str, entry: str) -> None:
        """End the wait of a push. Raises GoneError if the box has undone it by itself."""
        now = self.fetch()
        if now.digest != digest:
            why = "; FRR waits, for another box is the CARP master" if now.would_run else ""
            text = f"{self.name} has something else than what was verified{why}: nothing was confirmed"
            raise DeviceError(Finding(Code.FRR514, text))
        ask(self.shell, "disarm", {"id": self.id}, Kept)
        self._record(entry)

    def disarm(self, entry: str) -> None:
        """End the wait of a push that was undone; where it waits no more, nothing is done."""
        with contextlib.suppress(GoneError):
            ask(self.shell, "disarm", {"id": self.id}, Kept)
            self._record(entry)

    def undo(self, why: str) -> None:
        """Have the timer of the push undo it at once. Raises DeviceError if the box cannot."""
        request = {"id": self.id, "why": re.sub(r'[^ -~]|["\\\\]', "?", why), "seconds": self._patience}
        if not ask(self.shell, "undo", request, Undone).undone:
            raise DeviceError(Finding(Code.FRR523, f"{self.name}: cannot go back to what was there before"))

    def put_in_order(self, rows: str) -> None:
        """Have FRR hold these rows of as-path and community lists, in this order; lists that are not there stay so."""
        ask(self.shell, "order", {"rows": to_base64(rows)}, Answer)

    def history(self) -> str:
        """Return the journal, oldest first."""
        return to_text(ask(self.shell, "kept", {"name": "journal.jsonl"}, Text).text)

    def kept(self, id_: str) -> str:
        """Return the covered sections before a push, as JSON; "" for the last push."""
        said = ask(self.shell, "kept", {"name": f"backup-{id_}.json" if id_ else ""}, Text)
        if not said.there:
            raise no_backup(self.name, id_)
        return to_text(said.text)

    def execute(self, commands: Sequence[str]) -> None:
        """Run commands in FRR's exec mode."""
        words = [f"/usr/local/bin/vtysh -c {shlex.quote(command)}" for command in commands]
        for done in ask(self.shell, "run", {"commands": words}, Ran).done:
            if done.status or done.said.startswith(b"%"):
                raise DeviceError(Finding(Code.FRR513, f"{self.name}: refuses a command: {to_text(done.said)[:300]}"))

    def show(self, commands: Sequence[str], *, daemon: str = "bgpd") -> str:
        """Return what a daemon answers to commands that change nothing."""
        words = " ".join(f"-c {shlex.quote(command)}" for command in commands)
        (done,) = ask(self.shell, "run", {"commands": [f"/usr/local/bin/vtysh -d {daemon} {words}"]}, Ran).done
        return to_text(done.said)

    def run_check(self, command: str) -> bool:
        """Run a command in the shell, and tell whether its status is 0."""
        return all(not done.status for done in ask(self.shell, "run", {"commands": [command]}, Ran).done)

    def renew(self) -> None:
        """Log in beside the old login, which keeps the lock."""
        self.shell.connect(beside=True)

    def watch(self) -> Watch:
        """See how far the package has come."""
        return ask(self.shell, "watch", {}, Watch)

    def backup(self, running: PfsenseRunning) -> str:
        """Keep the covered sections on the box, for root alone; the oldest beyond ten are removed."""
        text = json.dumps(running.covered, indent=1)
        return ask(self.shell, "keep", {"as": f"backup-{self.id}.json", "text": to_base64(text)}, Kept).file

    def _record(self, entry: str) -> None:
        # the change itself is done or undone; a full disk must not turn that into a failure
        with contextlib.suppress(DeviceError):
            ask(self.shell, "keep", {"as": "journal.jsonl", "text": to_base64(entry + "\n")}, Kept)

    def reconnect(self) -> None:
        """Log in again."""
        self.shell.connect()

    def close(self) -> None:
        """Log out."""
        self.shell.close()


def _to_apply(sections: Sections, expected: str, description: str, size: int) -> dict[str, Any]:
    return {
        "names": COVERED,
        "sections": {name: sections[name] for name in COVERED if sections.get(name)},
        "digest": expected,
        "description": re.sub(r"[^ -~]", "?", description)[:200],
        "size": size,
    }
