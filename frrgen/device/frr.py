"""A Linux router that runs FRR: everything goes through `vtysh`.

vtysh's exit status says little (on FRR 8.4 it is 0 for a batch that was refused), and two vtysh may write at once: so
we read what it prints, read the configuration back, and keep others out by a lock of our own.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

from frrgen.device.base import Running
from frrgen.device.ssh import Result, Shell
from frrgen.errors import DeviceError, error
from frrgen.model.router import Router
from frrgen.model.types import Prefix

_STATE: Final = 'if [ -w /var/lib ]; then D=/var/lib/frrgen; else D="$HOME/.frrgen"; fi; umask 077; mkdir -p "$D"; '
"""Where we keep backups and the journal on the router: root's in /var/lib, another user's at home."""
_LOCK: Final = "/run/frr"
"""A folder that every vtysh user can open: flock(1) on it keeps other pushes out, whoever runs them."""
_KEPT: Final = 10
_BAD: Final = re.compile(
    r"^%|Unknown command|[Ff]ailed|Failure to communicate|error reading from|processing failure|Ambiguous command|"
    r"Command incomplete|early exit from config file|can't compile|[Ii]nvalid|not allowed|[Cc]annot|[Cc]an't"
)
_NOTE: Final = re.compile(r"does not exist\.?$|^% Configuration applied with notes|Waiting for .*bgp")
_BATCHES: Final = (
    'cd "$1"; shift; for n; do vtysh -f "$n" >one 2>&1; s=$?; cat one >>out; '
    f"LC_ALL=C grep -vE {shlex.quote(_NOTE.pattern)} one | LC_ALL=C grep -qE {shlex.quote(_BAD.pattern)} && break; "
    '[ "$s" = 0 ] || break; done; echo "$s" >rc'
)
"""Runs on the router, told a folder and files in it: vtysh runs each of them, up to the first that goes wrong."""
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
        self._needs = _daemons(router)
        self._rpki = router.rpki is not None

    def fetch(self) -> Running:
        """Read the running configuration. Raises DeviceError, also when a daemon that the router needs is down."""
        # one vtysh for both: starting it takes longer than all that it does
        done = self.shell.run("vtysh -c 'show daemons' -c 'show running-config'")
        daemons, header, text = done.out.partition("Building configuration...")
        if done.status or not header or not _END.search(text):
            raise self._unusable("cannot show its configuration", done)
        up = set(daemons.split())
        if down := sorted(self._needs - up):
            # vtysh leaves out, without a word, what a daemon that is down would show: all of it would seem missing
            raise DeviceError(
                error(
                    "FRR511",
                    f"{self.name}: {', '.join(down)} {'is' if len(down) == 1 else 'are'} not running",
                    hint="enable it in /etc/frr/daemons and start FRR",
                )
            )
        said = _VERSION.search(text)
        version = said[1] if said else ""
        if self._rpki and self.shell.run("vtysh -d bgpd -c 'show modules' | grep -q bgpd_rpki").status:
            # without it FRR takes `match rpki` for another clause, and refuses everything behind `rpki`
            raise DeviceError(
                error(
                    "FRR511",
                    f"{self.name}: bgpd runs without its RPKI module",
                    hint="install frr-rpki-rtrlib and add `-M rpki` to bgpd_options in /etc/frr/daemons",
                )
            )
        twice = version and tuple(int(part) for part in version.split(".")) >= _TWICE
        return Running(text, version, self._each(("mgmtd", "bgpd")) if twice else {})

    def _each(self, daemons: Sequence[str]) -> dict[str, str]:
        return {
            daemon: self._must("show its configuration", f"vtysh -d {daemon} -c 'show running-config'").out
            for daemon in daemons
        }

    def lock(self) -> AbstractContextManager[None]:
        """Keep other pushes out. The lock is the router's kernel's: it falls when the connection does.

        A batch that goes on after its connection was lost holds a second one, which is waited for.
        """
        wait = shlex.quote('flock -w 60 "$(command -v vtysh)" true && echo locked && cat >/dev/null')
        return self.shell.hold(f"flock -n {_LOCK} sh -c {wait} || echo busy", seconds=60)

    def check(self, commands: Sequence[str]) -> None:
        """Have vtysh check the syntax (`vtysh -C`). Raises DeviceError with what it says."""
        script = 'umask 077; f=$(mktemp) && cat >"$f"; vtysh -C -f "$f" 2>&1; s=$?; rm -f "$f"; exit $s'
        done = self.shell.run(script, _file(commands))
        if done.status or complaints(done.out):
            raise DeviceError(
                error("FRR513", f"{self.name}: vtysh refuses the commands, nothing was applied: {_short(done)}")
            )

    def backup(self, running: Running) -> str:
        """Keep the running configuration on the router, 0600; the oldest beyond ten are removed."""
        script = (
            f'{_STATE}f="$D/backup-$(date -u +%Y%m%dT%H%M%S)-$$.conf"; cat >"$f" && sync "$f" && echo "$f"; '
            f'ls -1t "$D"/backup-*.conf | tail -n +{_KEPT + 1} | while read -r old; do rm -f "$old"; done'
        )
        return self._must("keep a backup", script, running.text).out.split("\n", maxsplit=1)[0].strip()

    def apply(self, batches: Sequence[Sequence[str]]) -> list[str]:
        """Apply each batch by a `vtysh -f`, all in a session of their own: it ends its work even if we are cut off.

        To FRR 10 a file is one transaction, whatever stands in it. Behind a batch that went wrong no other is run.
        """
        files = [_file(batch) for batch in batches]
        ends = list(accumulate(file.count("\n") for file in files))
        cut = "".join(
            f'sed -n {first + 1},{last}p "$d/all" >"$d/{number}" && '
            for number, (first, last) in enumerate(pairwise([0, *ends]))
        )
        numbers = " ".join(str(number) for number in range(len(files)))
        script = (
            f'{_STATE}d=$(mktemp -d "$D/batch-XXXXXX") && cat >"$d/all" && {cut}: || {{ rm -rf "$d"; exit 99; }}; '
            f'setsid flock "$(command -v vtysh)" sh -c {shlex.quote(_BATCHES)} - "$d" {numbers} '
            "</dev/null >/dev/null 2>&1 & wait $!; "
            'cat "$d/out"; s=$(cat "$d/rc"); rm -rf "$d"; exit ${s:-98}'
        )
        done = self.shell.run(script, "".join(files))
        if done.status in {98, 99}:
            raise DeviceError(error("FRR510", f"{self.name}: cannot hand over the commands: {_short(done)}"))
        return complaints(done.out + done.err) or ([f"vtysh ended with status {done.status}"] if done.status else [])

    def execute(self, commands: Sequence[str]) -> None:
        """Run commands in exec mode."""
        words = " ".join(f"-c {shlex.quote(command)}" for command in commands)
        done = self.shell.run(f"vtysh {words}")
        if done.status or complaints(done.out):
            raise self._unusable("refuses a command", done)

    def ask_prefix_lists(self, questions: Sequence[tuple[str, Prefix]]) -> list[str]:
        """Ask bgpd what its prefix lists do with prefixes (`debug prefix-list`): permit, deny, or "" for no such list.

        It changes nothing, and it answers from what bgpd works with, not from what its configuration says.
        """
        words = " ".join(f"-c {shlex.quote(f'debug prefix-list {name} match {prefix}')}" for name, prefix in questions)
        done = self.shell.run(f"vtysh -d bgpd {words}")
        answers = [line for line in done.out.splitlines() if " yields " in line or line.startswith("% no prefix list")]
        if len(answers) != len(questions):
            raise self._unusable("does not answer about its prefix lists", done)
        return [line.split(" yields ")[1].split()[0].lower() if " yields " in line else "" for line in answers]

    def show_route_maps(self) -> dict[str, Any]:
        """Give what bgpd itself has of its route maps (`show route-map json`), by their names; it changes nothing."""
        done = self.shell.run("vtysh -d bgpd -c 'show route-map json'")
        try:
            # bgpd calls itself BGP on FRR 8, and bgpd on FRR 10
            (maps,) = json.loads(done.out).values()
        except (ValueError, AttributeError) as bad:
            raise self._unusable("does not show its route maps", done) from bad
        if not isinstance(maps, dict):
            raise self._unusable("does not show its route maps", done)
        return maps

    def save(self) -> None:
        """Save the running configuration (`write`)."""
        done = self.shell.run("vtysh -c 'write' 2>&1")
        if done.status or "[OK]" not in done.out:
            hint = None if self.shell.ssh.sudo else "writing /etc/frr/frr.conf takes root: set ssh.sudo"
            raise DeviceError(
                error("FRR514", f"{self.name}: cannot save the startup configuration: {_short(done)}", hint=hint)
            )

    def record(self, entry: str) -> None:
        """Add a line to the journal."""
        self._must("write its journal", f'{_STATE}cat >>"$D/journal.jsonl"', entry + "\n")

    def reconnect(self) -> None:
        """Log in again."""
        self.shell.connect()

    def close(self) -> None:
        """Log out."""
        self.shell.close()

    def _must(self, what: str, script: str, stdin: str = "") -> Result:
        done = self.shell.run(script, stdin)
        if done.status:
            raise self._unusable(f"cannot {what}", done)
        return done

    def _unusable(self, what: str, done: Result) -> DeviceError:
        return DeviceError(error("FRR510", f"{self.name}: {what}: {_short(done)}", hint=_hint(done)))


def _daemons(router: Router) -> set[str]:
    needed = {"zebra"}
    if router.bgp is not None or any(vrf.bgp is not None for vrf in router.vrfs.values()):
        needed.add("bgpd")
    if router.static_routes or any(vrf.static_routes for vrf in router.vrfs.values()):
        needed.add("staticd")
    if router.bfd_peers or router.bfd_profiles:
        needed.add("bfdd")
    return needed


def _file(commands: Sequence[str]) -> str:
    return "\n".join([*commands, "end", ""])


def _short(done: Result) -> str:
    """Give what a command said, without what could be a password: only the lines that complain."""
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
