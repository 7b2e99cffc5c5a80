"""A Linux router that runs FRR: everything goes through `vtysh`.

vtysh's exit status says little (on FRR 8.4 it is 0 for a batch that was refused), and two vtysh may write at once: so
we read what it prints, read the configuration back, and keep others out by a lock of our own.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import resources
from pathlib import Path
from typing import Final

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.model.router import Router
from frrgen.transport.base import (
    GoneError,
    Pending,
    Running,
    Staged,
    Timer,
    new_id,
    no_backup,
    now,
    owner,
    read_sessions,
)
from frrgen.transport.ssh import Result, Shell

_SCRIPT: Final = (resources.files(__package__) / "frr.sh").read_text()
"""What is done on the router. It is handed over with each command, and stays there with a push that is armed."""
_GONE: Final = 81
_MOVED: Final = 82
_UNSAVED: Final = 83
_DAMAGED: Final = 84
_BUSY: Final = 85
_STUCK: Final = 87
_BROKEN: Final = 90
_PATIENCE: Final = 60
"""Seconds to wait for a batch that is still being applied."""
_BAD: Final = re.compile(
    r"^%|Unknown command|Internal CLI error|[Ff]ailed|Failure to communicate|error reading from|processing failure|"
    r"Ambiguous command|Command incomplete|early exit from config file|can't compile|"
    r"[Ii]nvalid|not allowed|[Cc]annot|[Cc]an't"
)
_NOTE: Final = re.compile(
    r"does not exist\.?$|^% Configuration applied with notes|Waiting for .*bgp|^% Echo mode works correctly"
)
_VERSION: Final = re.compile(r"^frr version (\d+(?:\.\d+)*)", re.MULTILINE)
_END: Final = re.compile(r"\nend\s*\Z")
_TWICE: Final = (10,)
"""From this version on, lists and route maps live in mgmtd and in bgpd."""


def complaints(output: str) -> list[str]:
    """Find what vtysh says went wrong; its notes are none."""
    lines = [line.strip() for line in output.split("\n")]
    return [line for line in lines if _BAD.search(line) and not _NOTE.search(line)]


class FrrDevice:
    """A router that runs FRR, reached over SSH. Implements Device."""

    def __init__(self, router: Router, *, ssh_config: Path | None = None) -> None:
        self.name = router.name
        self.shell = Shell(router.name, router.ssh, config=ssh_config)
        self.id = new_id()
        """Names the push on the router; to end one that another frrgen began, its id is put here."""
        self._needs = _daemons(router)
        self._rpki = router.rpki is not None

    def fetch(self) -> Running:
        """Read the running configuration. Raises DeviceError, also when a daemon that the router needs is down."""
        # one call for all: starting vtysh takes longer than all that it does
        mark = _mark()
        done = self._sh("look", mark, str(_PATIENCE), "startup", seconds=self.shell.ssh.command_timeout)
        if done.status == _BUSY:
            raise DeviceError(
                Finding(Code.FRR512, f"{self.name}: a batch is still being applied", hint="wait until it has ended")
            )
        shown, *parts = done.out.split(f"\n{mark} ")
        said = {name: text for name, _, text in (part.partition("\n") for part in parts)}
        daemons, header, text = shown.partition("Building configuration...")
        if done.status or not header or not _END.search(text) or "end" not in said:
            raise self._unusable("cannot show its configuration", done)
        up = set(daemons.split())
        if down := sorted(self._needs - up):
            # vtysh silently leaves out what a daemon that is down would show: all of it would seem missing
            raise DeviceError(
                Finding(
                    Code.FRR511,
                    f"{self.name}: {', '.join(down)} {'is' if len(down) == 1 else 'are'} not running",
                    hint="enable it in /etc/frr/daemons and start FRR",
                )
            )
        found = _VERSION.search(text)
        version = found[1] if found else ""
        if self._rpki and self.shell.run("vtysh -d bgpd -c 'show modules' | grep -q bgpd_rpki").status:
            # without it FRR takes `match rpki` for another clause, and refuses everything behind `rpki`
            raise DeviceError(
                Finding(
                    Code.FRR511,
                    f"{self.name}: bgpd runs without its RPKI module",
                    hint="install frr-rpki-rtrlib and add `-M rpki` to bgpd_options in /etc/frr/daemons",
                )
            )
        twice = version and tuple(int(part) for part in version.split(".")) >= _TWICE
        return Running(
            text,
            version,
            self._each(("mgmtd", "bgpd")) if twice else {},
            daemons=frozenset(up),
            startup=said["startup"] if "whole" in said else None,
            pending=_pending(said["pending"]),
            sessions=read_sessions(said["sessions"]) if "bgpd" in up else {},
        )

    def _each(self, daemons: Sequence[str]) -> dict[str, str]:
        return {
            daemon: self._must("show its configuration", f"vtysh -d {daemon} -c 'show running-config'").out
            for daemon in daemons
        }

    def lock(self) -> AbstractContextManager[None]:
        """Keep other pushes out. The lock is the router's kernel's: it falls when the connection does.

        A batch that goes on after its connection was lost holds a second one, which is waited for.
        """
        return self.shell.hold(_command("lock", self.id, owner()), seconds=_PATIENCE)

    def stage(self, staged: Staged) -> None:
        """Lay the push ready, and have vtysh check the syntax (`vtysh -C`). Raises DeviceError with what it says."""
        files = {
            "frr.sh": _SCRIPT,
            "id": f"{self.id}\n",
            "about": json.dumps({"id": self.id, "by": owner(), "since": now(), "summary": staged.summary}) + "\n",
            "before.conf": staged.before.text,
            "daemons": " ".join(sorted(staged.before.daemons)) + "\n",
            "after": _lines(staged.after),
            "clear": _lines(staged.clear),
            "restart": _lines(staged.restarts),
            "said": "",
            "bad": f"{_BAD.pattern}\n",
            "note": f"{_NOTE.pattern}\n",
            **_files("forth", staged.forth),
            **_files("back", staged.back),
        }
        done = self._send("stage", files)
        if done.status == _BROKEN:
            raise self._unusable("cannot lay the push ready", done)
        if done.status or complaints(done.out):
            self._sh("unstage")
            raise DeviceError(
                Finding(Code.FRR513, f"{self.name}: vtysh refuses the commands, nothing was applied: {_short(done)}")
            )

    def arm(self, entry: str, seconds: int, instead: str = "") -> str:
        """Start the timer on the router; gives the place of the backup that it keeps."""
        done = self._sh("arm", self.id, str(seconds), instead, stdin=entry + "\n")
        if done.status:
            raise self._unusable("cannot arm the push", done)
        return done.out.strip()

    def extend(self, seconds: int, verified: str = "") -> None:
        """Start the timer again."""
        self._armed("have the timer wait", self._sh("extend", self.id, str(seconds), verified))

    def apply(self) -> list[str]:
        """Apply each batch by a `vtysh -f`, all in a session of their own: it ends its work even if we are cut off.

        To FRR 10 a file is one transaction, whatever stands in it. Behind a batch that went wrong no other is run.
        """
        done = self._sh("apply", self.id)
        if done.status == _GONE:
            raise self._gone()
        return complaints(done.out) or ([f"vtysh ended with status {done.status}"] if done.status else [])

    def apply_back(self, batches: Sequence[Sequence[str]]) -> None:
        """Apply other batches of the push."""
        self._armed("go back", self._send("more", _files("back", batches), self.id))

    def restart(self) -> None:
        """Run the clears that were staged for the end, which end sessions."""
        self._armed("restart sessions", self._sh("restart", self.id))

    def settle(self) -> None:
        """Wait for the batch that is being applied, and have none begin."""
        self._armed("wait for the batch", self._sh("settle", self.id, str(int(self.shell.ssh.command_timeout))))

    def confirm(self, digest: str, entry: str) -> None:
        """Have the router save (`write`) and read the file back. Raises DeviceError if it is another."""
        done = self._sh("confirm", self.id, digest, stdin=entry + "\n")
        what = {
            _MOVED: "runs something else than what was verified: nothing was saved",
            _UNSAVED: "cannot save its startup configuration, which is as it was",
            _DAMAGED: "CANNOT SAVE ITS STARTUP CONFIGURATION, AND CANNOT BRING BACK THE OLD FILE",
        }
        if done.status in what:
            root = done.status != _UNSAVED or self.shell.ssh.sudo
            hint = None if root else "writing /etc/frr/frr.conf takes root: set ssh.sudo"
            said = f": {_short(done)}" if done.err.strip() else ""
            raise DeviceError(Finding(Code.FRR514, f"{self.name} {what[done.status]}{said}", hint=hint))
        self._armed("confirm the push", done)

    def undo(self, why: str) -> None:
        """Have the router go back by the batch that was staged, and look. Raises DeviceError if it cannot."""
        done = self._sh("undo", self.id, why)
        if done.status == _STUCK:
            raise DeviceError(Finding(Code.FRR523, f"{self.name}: cannot restore the configuration of before"))
        self._armed("go back", done)

    def history(self) -> str:
        """Return the journal, oldest first."""
        return self._must("show its journal", _command("history")).out

    def kept(self, id_: str) -> str:
        """Return a backup that a push has made on the router."""
        done = self._sh("kept", id_)
        if done.status:
            raise no_backup(self.name, id_)
        return done.out

    def execute(self, commands: Sequence[str]) -> None:
        """Run commands in exec mode."""
        words = " ".join(f"-c {shlex.quote(command)}" for command in commands)
        done = self.shell.run(f"vtysh {words}")
        if done.status or complaints(done.out):
            raise self._unusable("refuses a command", done)

    def show(self, commands: Sequence[str], *, daemon: str = "bgpd") -> str:
        """Return what a daemon answers to commands that change nothing."""
        words = " ".join(f"-c {shlex.quote(command)}" for command in commands)
        return self.shell.run(f"vtysh -d {daemon} {words}").out

    def run_check(self, command: str) -> bool:
        """Run a command in the shell, and tell whether its status is 0."""
        return self.shell.run(f"{{ {command}\n}} >/dev/null 2>&1 </dev/null").status == 0

    def renew(self) -> None:
        """Log in beside the old login, which keeps the lock."""
        self.shell.connect(beside=True)

    def reconnect(self) -> None:
        """Log in again."""
        self.shell.connect()

    def close(self) -> None:
        """Log out."""
        self.shell.close()

    def _sh(self, verb: str, *args: str, stdin: str = "", seconds: float | None = None) -> Result:
        return self.shell.run(_command(verb, *args), stdin, seconds=seconds)

    def _send(self, verb: str, files: Mapping[str, str], *args: str) -> Result:
        mark = _mark()
        size = sum(len(text.encode(errors="surrogateescape")) for text in files.values())
        return self._sh(verb, *args, mark, str(size), stdin="".join(f"{mark} {name}\n{files[name]}" for name in files))

    def _armed(self, what: str, done: Result) -> None:
        if done.status == _GONE:
            raise self._gone()
        if done.status:
            raise self._unusable(f"cannot {what}", done)

    def _gone(self) -> GoneError:
        return GoneError(Finding(Code.FRR528, f"{self.name}: the push is not armed any more"))

    def _must(self, what: str, script: str) -> Result:
        done = self.shell.run(script)
        if done.status:
            raise self._unusable(f"cannot {what}", done)
        return done

    def _unusable(self, what: str, done: Result) -> DeviceError:
        return DeviceError(Finding(Code.FRR510, f"{self.name}: {what}: {_short(done)}", hint=_hint(done)))


def _daemons(router: Router) -> set[str]:
    needed = {"zebra"}
    if router.bgp is not None or any(vrf.bgp is not None for vrf in router.vrfs.values()):
        needed.add("bgpd")
    if router.static_routes or any(vrf.static_routes for vrf in router.vrfs.values()):
        needed.add("staticd")
    if router.bfd_peers or router.bfd_profiles:
        needed.add("bfdd")
    return needed


def _command(verb: str, *args: str) -> str:
    return " ".join(["sh -c", shlex.quote(_SCRIPT), "frrgen", verb, *map(shlex.quote, args)])


def _mark() -> str:
    return f"frrgen-{secrets.token_hex(8)}"


def _pending(text: str) -> Pending | None:
    head, _, rest = text.partition("\n")
    if not head.strip():
        return None
    timer, seconds, *verified = head.split()
    about, *after = rest.splitlines()
    return Pending(
        timer=Timer(timer),
        seconds=int(seconds),
        verified=verified[0] if verified else "",
        after=tuple(filter(None, after)),
        **json.loads(about),
    )


def _files(name: str, batches: Sequence[Sequence[str]]) -> dict[str, str]:
    return {f"{name}.{number:03}": _lines([*batch, "end"]) for number, batch in enumerate(batches) if batch}


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _short(done: Result) -> str:
    """Return what a command said, without what could be a password: only the lines that complain."""
    said = f"{done.out}\n{done.err}"
    lines = complaints(said) or [line for line in done.err.split("\n") if line.strip()][-3:]
    shown = "; ".join(re.sub(r"(password) .*", r"\1 <hidden>", line.strip()) for line in lines[:5])
    return (shown or f"status {done.status}")[:600]


def _hint(done: Result) -> str | None:
    said = f"{done.out}{done.err}"
    if "vtysh: not found" in said or "vtysh: command not found" in said:
        return "FRR is not installed there, or vtysh is not on the user's PATH"
    if "password is required" in said or "sudo:" in said:
        return "sudo must work without a password for this user (sudo -n)"
    if "failed to connect to any daemons" in said or "Permission denied" in said:
        return "the user must be in group frrvty, or set ssh.sudo; or FRR is not running"
    return None
