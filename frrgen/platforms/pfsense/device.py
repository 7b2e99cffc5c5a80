"""A pfSense box: everything goes through its own PHP, fed on standard input, which answers by one marked line of JSON.

`exec php` with the text on standard input works the same for admin (whose login shell is a menu), for root, for users
of tcsh and through sudo, and leaves nothing on a command line. The PHP is `templates/pfsense/*.php`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.model.router import Router
from frrgen.platforms.pfsense.answers import (
    Answer,
    Applied,
    Checked,
    Failed,
    Fetched,
    Kept,
    Ran,
    Text,
    Undone,
    Watch,
)
from frrgen.platforms.pfsense.host import HostFacts, series
from frrgen.platforms.pfsense.plan import waits_for
from frrgen.platforms.pfsense.schema import COVERED, Sections
from frrgen.platforms.pfsense.stored import digest, from_php
from frrgen.platforms.templates import template_folder
from frrgen.transport.base import GoneError, Pending, Running, new_id, no_backup, now, owner, read_sessions
from frrgen.transport.ssh import Shell

_PHP: Final = "exec /usr/local/bin/php -q"
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
_BESIDE: Final = {"apply": ("write",), "back": ("write",)}
"""The texts that a verb needs beside `common`."""
_VERSION: Final = re.compile(r"^frr version (\d+(?:\.\d+)*)", re.MULTILINE)
_TOO_LONG: Final = (124, 137)
"""The status of timeout(1) when it has ended what it ran."""
_KINDS: Final = {
    "busy": (Code.FRR512, "wait until it has ended"),
    "conflict": (Code.FRR521, "run the push again to see the plan as it is now"),
    "root": (Code.FRR510, "log in as admin or root, or set ssh.sudo"),
    "refused": (Code.FRR741, None),
    "room": (Code.FRR742, "free some space, then push again"),
    "gone": (Code.FRR528, "frrgen diff shows where the box stands"),
    "write": (Code.FRR743, "Status > System Logs on the box may say why"),
}
"""Why nothing was changed -> our code and a hint."""


_A = TypeVar("_A", bound=Answer)


class NothingChangedError(DeviceError):
    """The box refused, and is as it was."""


@dataclass(frozen=True)
class PfsenseRunning(Running):
    """What a box has: what FRR runs, the package's sections, and the facts that the package looks at beside them."""

    sections: Sections = field(default_factory=dict)
    """All sections of the package, also those that frrgen does not write."""
    box: HostFacts = field(default_factory=HostFacts)
    package: str = ""
    """The whole version of pfSense-pkg-frr, e.g. 2.1.2_1."""
    pfsense: str = ""
    frr_conf: str = ""
    """The file that the package generated last."""
    daemons: frozenset[str] = frozenset()
    """The FRR daemons that run."""
    hasync: bool = False
    """One box of a pair: but FRR's settings are not copied to the other."""
    carp: Mapping[str, str] = field(default_factory=dict)
    """A CARP address (`_vip…`) -> MASTER, BACKUP, INIT, or "" where pfSense does not know."""

    @property
    def would_run(self) -> str:
        """What FRR would run as the CARP master; "" where it runs, or is switched off."""
        return self.frr_conf if waits_for(self.sections, self.carp) else ""

    @cached_property
    def covered(self) -> Sections:
        """The sections that frrgen writes."""
        return {name: self.sections[name] for name in COVERED if name in self.sections}

    @cached_property
    def sections_digest(self) -> str:
        """Name what is in the sections that frrgen writes."""
        return digest(self.covered)

    @cached_property
    def digest(self) -> str:
        """Name what FRR runs, by which daemons, and what is in the sections."""
        parts = (super().digest, self.sections_digest, *sorted(self.daemons - {"watchfrr"}))
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Armed:
    """What a box needs of a push so that it can undo it by itself."""

    digest: str
    """Of the sections of the push."""
    after: tuple[str, ...]
    """Commands in FRR's exec mode, once the change was applied."""
    clear: tuple[str, ...]
    """Commands in FRR's exec mode, once it was undone."""
    summary: str
    seconds: int
    """In which the push must be confirmed."""
    entry: str
    """The line for the journal."""


class PfsenseDevice:
    """A pfSense box, reached over SSH. Implements Keeper."""

    def __init__(self, router: Router, *, ssh_config: Path | None = None) -> None:
        self.name = router.name
        self.shell = Shell(router.name, router.ssh, config=ssh_config)
        self.id = new_id()
        """Names the push on the box; to end one that another frrgen began, its id is put here."""

    def fetch(self) -> PfsenseRunning:
        """Read what the box has. Raises DeviceError, also when it lacks the FRR package."""
        said = self._ask("fetch", {"names": COVERED}, Fetched, load=_CONFIG)
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
        text = _text(said.running)
        found = _VERSION.search(text)
        facts = said.model_dump(include={"hostname", "domain", "interfaces", "devices", "gateways", "lengths"})
        running = PfsenseRunning(
            text=text,
            frr_version=found[1] if found else "",
            sections=from_php(said.sections),
            box=HostFacts(package=package, **facts),
            package=said.package,
            pfsense=said.pfsense,
            frr_conf=_text(said.frr_conf),
            daemons=said.daemons,
            hasync=said.hasync,
            carp=said.carp,
            sessions=read_sessions(_text(said.sessions)),
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
        said = self._ask("check", {"frr_conf": _base64(frr_conf), "seconds": seconds}, Checked)
        lines = [re.sub(r"(password) .*", r"\1 <hidden>", line) for line in _text(said.said).split("\n")]
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
        return self._ask("apply", _to_apply(sections, expected, description, size), Applied, load=_CONFIG)

    @property
    def _patience(self) -> int:
        """The seconds that the box may take for an answer."""
        return max(1, int(self.shell.ssh.command_timeout) - 5)

    def arm(self, before: PfsenseRunning, armed: Armed) -> None:
        """Have the box write the sections of `before`, unless the push is confirmed in time.

        It does so if the sections of then are those of the push, and looks whether FRR runs what it ran `before`. Its
        timer outlives us, the connection and sshd; and the box begins with it when it is started anew.
        """
        to_apply = _to_apply(before.covered, armed.digest, "frrgen: rolled back", 0)
        runs = Running(before.text, before.frr_version).digest
        about = {"id": self.id, "by": owner(), "since": now(), "summary": armed.summary, "after": armed.after}
        folder = template_folder() / "pfsense"
        files = {
            "id": f"{self.id}\n",
            "about": json.dumps(about),
            "back.php": _program("back", "frrgen-back", {**to_apply, "runs": runs, "clear": armed.clear}, _CONFIG),
            "timer.sh": (folder / "timer.sh").read_text(),
            "boot.sh": (folder / "boot.sh").read_text(),
        }
        request = {
            "files": {name: _base64(text) for name, text in files.items()},
            "id": self.id,
            "seconds": armed.seconds,
            "instead": "" if before.pending is None else before.pending.id,
            "entry": _base64(armed.entry + "\n"),
        }
        self._ask("arm", request, Kept)

    def extend(self, seconds: int, verified: str = "") -> None:
        """Have the timer begin anew."""
        self._ask("extend", {"id": self.id, "seconds": seconds, "verified": verified}, Kept)

    def confirm(self, digest: str, entry: str) -> None:
        """End the wait of a push. Raises GoneError if the box has undone it by itself."""
        if self.fetch().digest != digest:
            raise DeviceError(
                Finding(Code.FRR514, f"{self.name} has something else than what was verified: nothing was confirmed")
            )
        self._ask("disarm", {"id": self.id}, Kept)
        self._record(entry)

    def disarm(self, entry: str) -> None:
        """End the wait of a push that was undone; where it waits no more, nothing is done."""
        with contextlib.suppress(GoneError):
            self._ask("disarm", {"id": self.id}, Kept)
            self._record(entry)

    def undo(self, why: str) -> None:
        """Have the timer of the push undo it at once. Raises DeviceError if the box cannot."""
        request = {"id": self.id, "why": re.sub(r'[^ -~]|["\\\\]', "?", why), "seconds": self._patience}
        if not self._ask("undo", request, Undone).undone:
            raise DeviceError(Finding(Code.FRR523, f"{self.name}: cannot go back to what was there before"))

    def history(self) -> str:
        """Return the journal, oldest first."""
        return _text(self._ask("kept", {"name": "journal.jsonl"}, Text).text)

    def kept(self, id_: str) -> str:
        """Return the covered sections before a push, as JSON; "" for the last push."""
        said = self._ask("kept", {"name": f"backup-{id_}.json" if id_ else ""}, Text)
        if not said.there:
            raise no_backup(self.name, id_)
        return _text(said.text)

    def execute(self, commands: Sequence[str]) -> None:
        """Run commands in FRR's exec mode."""
        words = [f"/usr/local/bin/vtysh -c {shlex.quote(command)}" for command in commands]
        for done in self._ask("run", {"commands": words}, Ran).done:
            if done.status or done.said.startswith(b"%"):
                raise DeviceError(Finding(Code.FRR513, f"{self.name}: refuses a command: {_text(done.said)[:300]}"))

    def show(self, commands: Sequence[str]) -> str:
        """Return what bgpd answers to commands that change nothing."""
        words = " ".join(f"-c {shlex.quote(command)}" for command in commands)
        (done,) = self._ask("run", {"commands": [f"/usr/local/bin/vtysh -d bgpd {words}"]}, Ran).done
        return _text(done.said)

    def run_check(self, command: str) -> bool:
        """Run a command in the shell, of which nothing but its status is asked."""
        return all(not done.status for done in self._ask("run", {"commands": [command]}, Ran).done)

    def renew(self) -> None:
        """Log in beside the old login, which keeps the lock."""
        self.shell.connect(beside=True)

    def watch(self) -> Watch:
        """See how far the package has come."""
        return self._ask("watch", {}, Watch)

    def backup(self, running: PfsenseRunning) -> str:
        """Keep the covered sections on the box, for root alone; the oldest beyond ten are removed."""
        text = json.dumps(running.covered, indent=1)
        return self._ask("keep", {"as": f"backup-{self.id}.json", "text": _base64(text)}, Kept).file

    def _record(self, entry: str) -> None:
        # the change itself is done or undone; a full disk must not turn that into a failure
        with contextlib.suppress(DeviceError):
            self._ask("keep", {"as": "journal.jsonl", "text": _base64(entry + "\n")}, Kept)

    def reconnect(self) -> None:
        """Log in again."""
        self.shell.connect()

    def close(self) -> None:
        """Log out."""
        self.shell.close()

    def _ask(self, verb: str, request: Mapping[str, Any], answer: type[_A], *, load: tuple[str, ...] = ()) -> _A:
        mark = f"frrgen-{secrets.token_hex(8)}"
        done = self.shell.run(_PHP, _program(verb, mark, request, load))
        text = next((line for line in done.out.split("\n") if line.startswith(f"{mark} ")), None)
        if text is None:
            said = [line.strip() for line in f"{done.err}\n{done.out}".split("\n") if line.strip()]
            shown = "; ".join(said[-3:])[:300] or f"status {done.status}"
            raise DeviceError(Finding(Code.FRR740, f"{self.name}: no answer from PHP: {shown}", hint=_hint(shown)))
        text = text.removeprefix(mark).strip()
        try:
            if text.startswith('{"ok":true'):
                return answer.model_validate_json(text)
            failed = Failed.model_validate_json(text)
        except ValidationError as bad:
            raise DeviceError(
                Finding(Code.FRR740, f"{self.name}: an unexpected answer to {verb}: {bad.errors()[0]['msg']}")
            ) from bad
        if failed.kind in _KINDS:
            code, hint = _KINDS[failed.kind]
            kind = GoneError if failed.kind == "gone" else NothingChangedError
            raise kind(Finding(code, f"{self.name}: {failed.error}; nothing was changed", hint=hint))
        found = Finding(Code.FRR740, f"{self.name}: PHP failed on the box: {failed.error}", hint=_hint(failed.error))
        raise (NothingChangedError if failed.stage == "begun" else DeviceError)(found)


def _to_apply(sections: Sections, expected: str, description: str, size: int) -> dict[str, Any]:
    return {
        "names": COVERED,
        "sections": {name: sections[name] for name in COVERED if sections.get(name)},
        "digest": expected,
        "description": re.sub(r"[^ -~]", "?", description)[:200],
        "size": size,
    }


def _program(verb: str, mark: str, request: Mapping[str, Any], load: tuple[str, ...]) -> str:
    """Return the whole text for PHP. Its last line starts it: without that line nothing is done."""
    folder = template_folder() / "pfsense"
    names = ("common", *_BESIDE.get(verb, ()), verb)
    parts = [(folder / f"{name}.php").read_text().removeprefix("<?php\n") for name in names]
    loads = "".join(f"require_once('{name}');\n" for name in load)
    asked = _base64(json.dumps(request))
    return f"<?php\n{''.join(parts)}frrgen_begin('{mark}');\n{loads}frrgen_main('{asked}');\n"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode(errors="surrogateescape")).decode()


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _hint(said: str) -> str | None:
    if "not found" in said or "No such file" in said:
        return "is this a pfSense box with the FRR package?"
    if "password is required" in said or "sudo:" in said:
        return "sudo must work without a password for this user (sudo -n): package sudo"
    if "Permission denied" in said:
        return "config.xml takes root: log in as admin or root, or set ssh.sudo"
    return None
