"""A pfSense box: everything goes through its own PHP, fed on standard input, which answers by one marked line of JSON.

`exec php` with the text on standard input works the same for admin (whose login shell is a menu), for root, for users
of tcsh and through sudo, and leaves nothing on a command line. The PHP is `templates/pfsense/*.php`.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import Base64Bytes, BaseModel, ConfigDict, ValidationError

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.model.router import Router
from frrgen.platforms.pfsense.schema import COVERED, RAW_KEYS, Box, Sections, digest, from_php, series
from frrgen.platforms.templates import template_folder
from frrgen.transport.base import Running, new_id
from frrgen.transport.ssh import Shell

_PHP: Final = "exec /usr/local/bin/php -q"
_CONFIG: Final = ("functions.inc", "/usr/local/pkg/frr.inc")
"""What the verbs that read or write config.xml need of the box."""
_LOCK: Final = """exec /usr/local/bin/php -r '
$push = fopen("/var/run/frrgen-push.lock", "c");
if ($push === false) { echo "closed\\n"; exit; }
if (flock($push, LOCK_EX | LOCK_NB) === false) { echo "busy\\n"; exit; }
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
"""Holds the push's lock while the connection stands. What a cut push is still writing, under the other lock, is waited
for."""
_VERSION: Final = re.compile(r"^frr version (\d+(?:\.\d+)*)", re.MULTILINE)
_TOO_LONG: Final = (124, 137)
"""The status of timeout(1) when it has ended what it ran."""
_KINDS: Final = {
    "busy": (Code.FRR512, "wait until it has ended"),
    "conflict": (Code.FRR521, "run the push again to see the plan as it is now"),
    "root": (Code.FRR510, "log in as admin or root, or set ssh.sudo"),
    "refused": (Code.FRR741, None),
    "room": (Code.FRR742, "free some, then push again"),
    "gone": (Code.FRR528, "frrgen diff shows where the box stands"),
    "write": (Code.FRR743, "Status > System Logs on the box may say why"),
}
"""Why nothing was changed -> our code and a hint."""


class _Answer(BaseModel):
    """What a verb answers. It comes from the network: its shape is checked."""

    model_config = ConfigDict(frozen=True, strict=True)


class _Failed(_Answer):
    kind: str
    error: str
    stage: str


class _Fetched(_Answer):
    pfsense: str
    package: str
    hostname: str
    domain: str
    interfaces: dict[str, tuple[str, ...]]
    devices: dict[str, str]
    gateways: dict[str, str]
    lengths: dict[str, int]
    hasync: bool
    sections: dict[str, Any]
    digest: str
    frr_conf: Base64Bytes
    running: Base64Bytes
    daemons: frozenset[str]
    established: frozenset[str]


class _Checked(_Answer):
    status: int
    """Of vtysh."""
    tested: int
    """The status of frr-reload; 0: nothing is against the file."""
    said: Base64Bytes


class _Kept(_Answer):
    file: str


class Applied(_Answer):
    """What came of writing sections."""

    frr_conf: str
    """SHA-256 of the file that the package generated."""
    complaint: str
    """What went wrong although the sections are there."""
    backup: str
    """The box's own copy of config.xml as it was; "" if the sections were there already."""


class Watch(_Answer):
    """How far the package has come."""

    frr_conf: str
    """SHA-256 of the file that the package generated last."""
    busy: tuple[str, ...]
    """The processes that are reloading or restarting FRR."""
    established: frozenset[str]


_A = TypeVar("_A", bound=_Answer)


class NothingChangedError(DeviceError):
    """The box refused, and is as it was."""


@dataclass(frozen=True)
class PfsenseRunning(Running):
    """What a box has: what FRR runs, the package's sections, and the facts that the package looks at beside them."""

    sections: Sections = field(default_factory=dict)
    """All sections of the package, also those that frrgen does not write."""
    box: Box = field(default_factory=Box)
    package: str = ""
    """The whole version of pfSense-pkg-frr, e.g. 2.1.2_1."""
    pfsense: str = ""
    frr_conf: str = ""
    """The file that the package generated last."""
    daemons: frozenset[str] = frozenset()
    """The FRR daemons that run."""
    established: frozenset[str] = frozenset()
    """The neighbors whose sessions are up."""
    hasync: bool = False
    """One box of a pair: but FRR's settings are not copied to the other."""

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
        """Name what FRR runs and what is in the sections."""
        return f"{Running(self.text, self.frr_version).digest[:32]}{self.sections_digest[:32]}"


def raw_keys(sections: Sections) -> tuple[str, ...]:
    """Name the keys of the raw configuration that replace what the package would make of the sections."""
    return tuple(key for config in sections.get("frrglobalraw", [])[:1] for key in RAW_KEYS if config.get(key))


class PfsenseDevice:
    """A pfSense box, reached over SSH. Implements Login."""

    def __init__(self, router: Router, *, ssh_config: Path | None = None) -> None:
        self.name = router.name
        self.shell = Shell(router.name, router.ssh, config=ssh_config)
        self.id = new_id()
        """Names the push on the box."""

    def fetch(self) -> PfsenseRunning:
        """Read what the box has. Raises DeviceError, also when it lacks the FRR package."""
        said = self._ask("fetch", {"names": COVERED}, _Fetched, load=_CONFIG)
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
            box=Box(package=package, **facts),
            package=said.package,
            pfsense=said.pfsense,
            frr_conf=_text(said.frr_conf),
            daemons=said.daemons,
            established=said.established,
            hasync=said.hasync,
        )
        if running.sections_digest != said.digest:
            raise DeviceError(
                Finding(Code.FRR740, f"{self.name}: its sections were not understood as the box has them")
            )
        return running

    def lock(self) -> AbstractContextManager[None]:
        """Keep other pushes out. The lock is the box's kernel's: it falls when the connection does."""
        return self.shell.hold("exec /bin/sh -s", _LOCK, seconds=70)

    def check(self, frr_conf: str, *, reload: bool) -> None:
        """Have vtysh, and before a `reload` frr-reload, check the file that the package would generate.

        Raises DeviceError with what they say.
        """
        seconds = max(1, int(self.shell.ssh.command_timeout / 3)) if reload else 0
        said = self._ask("check", {"frr_conf": _base64(frr_conf), "seconds": seconds}, _Checked)
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

    def arm(self, sections: Sections, expected: str, seconds: int) -> None:
        """Have the box write the `sections` after so many seconds, if those of then have the `expected` digest.

        Unless it is disarmed. It outlives us, the connection and sshd, but no reboot.
        """
        back = _program("apply", "frrgen-back", _to_apply(sections, expected, "frrgen: rolled back", 0), _CONFIG)
        files = {
            "id": f"{self.id}\n",
            "back.php": back,
            "timer.sh": (template_folder() / "pfsense/timer.sh").read_text(),
        }
        request = {
            "files": {name: _base64(text) for name, text in files.items()},
            "id": self.id,
            "seconds": str(seconds),
        }
        self._ask("arm", request, _Kept)

    def disarm(self) -> None:
        """End the wait of a push. Raises NothingChangedError if the box has undone it by itself."""
        self._ask("disarm", {"id": self.id}, _Kept)

    def watch(self) -> Watch:
        """See how far the package has come."""
        return self._ask("watch", {}, Watch)

    def backup(self, running: PfsenseRunning) -> str:
        """Keep the covered sections on the box, for root alone; the oldest beyond ten are removed."""
        text = json.dumps(running.covered, indent=1)
        return self._ask("keep", {"as": "backup", "text": _base64(text)}, _Kept).file

    def record(self, entry: str) -> None:
        """Add a line to the journal of pushes."""
        self._ask("keep", {"as": "journal", "text": _base64(entry + "\n")}, _Kept)

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
            failed = _Failed.model_validate_json(text)
        except ValidationError as bad:
            raise DeviceError(
                Finding(Code.FRR740, f"{self.name}: an answer of another shape to {verb}: {bad.errors()[0]['msg']}")
            ) from bad
        if failed.kind in _KINDS:
            code, hint = _KINDS[failed.kind]
            raise NothingChangedError(Finding(code, f"{self.name}: {failed.error}; nothing was changed", hint=hint))
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
    """Give the whole text for PHP. Its last line starts it: without that line nothing is done."""
    folder = template_folder() / "pfsense"
    parts = [(folder / name).read_text().removeprefix("<?php\n") for name in ("common.php", f"{verb}.php")]
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
