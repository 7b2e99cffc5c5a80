"""The FRRs of the lab: this machine's, and those of other Debian releases.

`FRRGEN_TEST_FRR` chooses some, by the beginning of a version or by the name of a release: `8.4,10.3`, `forky`, or
`system`.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from tests.lab.debian import UnavailableError, Unpacked, unpacked

MEASURED: Final = {"bookworm": "8.4.4", "trixie": "10.3", "forky": "10.7.1"}
"""By Debian release: the FRR of it that our tests, goldens and tables were made on."""
PACKAGES: Final = ("frr", "frr-pythontools", "frr-rpki-rtrlib")
PROGRAMS: Final = Path("/usr/lib/frr")


def numbers(version: str) -> tuple[int, ...]:
    """Read a version, to compare: `10.3` is (10, 3)."""
    return tuple(int(part) for part in version.split("."))


@dataclass(frozen=True)
class Frr:
    """One FRR. `release` is Debian's; `place` a folder that it was unpacked into before, or empty."""

    release: str
    system: bool = False
    place: str = ""

    def __str__(self) -> str:
        return self.measured or self.release

    @property
    def measured(self) -> str:
        """The version that our data is of, whatever the archive has now; empty where there is none."""
        return MEASURED.get(self.release, "")

    @cached_property
    def unpacked(self) -> Unpacked | None:
        """Where it was unpacked; None if it is installed. Fetches it if need be; UnavailableError if it cannot."""
        if self.place:
            return Unpacked(Path(self.place))
        return None if self.system else unpacked(self.release, "frr", *PACKAGES)

    def _path(self, program: str) -> Path:
        return Path(f"{self.unpacked.root if self.unpacked else ''}{PROGRAMS}/{program}")

    @cached_property
    def version(self) -> str:
        """The version that its bgpd tells."""
        program = str(PROGRAMS / "bgpd")
        command = self.unpacked.command(program) if self.unpacked else [program]
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
        found = re.search(r"version (\d+(?:\.\d+)*)", done.stdout)
        if found is None:
            raise UnavailableError(f"{self}: bgpd does not run: {done.stdout}{done.stderr}")
        return found[1]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version, to compare: (10, 3)."""
        return numbers(self.version)

    @property
    def newer(self) -> bool:
        """Tell whether it is newer than what was measured of its release."""
        return bool(self.measured) and self.numbers > numbers(self.measured)

    @property
    def daemons(self) -> tuple[str, ...]:
        """The daemons of a router, in the order in which they start: mgmtd first, where there is one."""
        return (*self.first, "zebra", "staticd", "bgpd", "bfdd")

    @property
    def first(self) -> tuple[str, ...]:
        """mgmtd, which holds the configuration of the others from FRR 10 on; empty before."""
        return ("mgmtd",) if self._path("mgmtd").exists() else ()

    def of(self, daemons: tuple[str, ...]) -> tuple[str, ...]:
        """Add what these daemons need: from FRR 10 on, bgpd accepts no session without zebra."""
        return tuple(dict.fromkeys((*self.first, "zebra", *daemons))) if daemons and self.first else daemons


def _system() -> Frr:
    """Give this machine's own."""
    place = os.environ.get("FRRGEN_TEST_FRR_ROOT", "")
    if place:
        there = Frr("", place=place)
        release = next((one for one, version in MEASURED.items() if version.startswith(there.version)), "")
        return Frr(release or there.version, place=place)
    said = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    found = re.search(r"(?m)^VERSION_CODENAME=\W?(\w+)", said)
    name = found[1] if found else ""
    return Frr(name if name in MEASURED else "system", system=True)


SYSTEM: Final = _system()
"""This machine's own. `FRRGEN_TEST_FRR_ROOT` names a folder of which it is read instead."""
_DEBIANS: Final = tuple(SYSTEM if release == SYSTEM.release else Frr(release) for release in MEASURED)
EVERY: Final = (SYSTEM,) if SYSTEM.place else tuple(dict.fromkeys((*_DEBIANS, SYSTEM)))
"""Every FRR of the lab, the oldest first; this machine's own is one of Debian's, if this is Debian."""


def chosen() -> tuple[Frr, ...]:
    """Give what `FRRGEN_TEST_FRR` chooses; all of them if it says nothing."""
    words = [word.strip() for word in os.environ.get("FRRGEN_TEST_FRR", "").split(",") if word.strip()]
    return tuple(one for one in EVERY if not words or any(_is(one, word) for word in words))


def _is(one: Frr, word: str) -> bool:
    if word == "system":
        return one == SYSTEM
    return word == one.release or f"{one.measured}.".startswith(f"{word}.")
