"""Programs of another Debian release, unpacked beside the system's: nothing is installed, and nothing changes here.

They need a newer, or an older, libc than this machine's. So each is run by the loader of its own release.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

SITE: Final = "http://deb.debian.org/debian/"
"""Where packages come from on a machine that is no Debian."""
_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"


class UnavailableError(Exception):
    """Packages of a release could not be fetched."""


def cache() -> Path:
    """Give the folder of what was unpacked: `FRRGEN_CACHE`, else `frrgen` in the user's cache."""
    said = os.environ.get("FRRGEN_CACHE")
    if said:
        return Path(said).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "frrgen"


@dataclass(frozen=True)
class Unpacked:
    """A folder that packages, and all that they depend on, were unpacked into."""

    root: Path

    @cached_property
    def loader(self) -> Path:
        """The program that starts programs: `ld-linux-*.so.*`. It stands beside the libc."""
        # up to Debian 12 in lib/, later in usr/lib/; the link in lib64/ may be absolute
        found = sorted(self.root.glob("lib/*/ld-linux*.so.*")) or sorted(self.root.glob("usr/lib/*/ld-linux*.so.*"))
        if not found:
            raise UnavailableError(f"{self.root} has no loader")
        return found[0]

    @cached_property
    def libraries(self) -> Path:
        """The folder of shared libraries, `usr/lib/x86_64-linux-gnu` on this kind of machine."""
        return self.root / "usr/lib" / self.loader.parent.name

    def command(self, program: str, seen_at: Path | None = None) -> list[str]:
        """Give the command line of a program, `/usr/sbin/bird`; its arguments follow.

        `seen_at` is where the folder is for who runs it, if that is another place.
        """
        root = seen_at or self.root
        folders = (self.loader.parent, self.libraries, self.libraries / "frr")
        path = ":".join(str(root / folder.relative_to(self.root)) for folder in dict.fromkeys(folders))
        loader = root / self.loader.relative_to(self.root)
        return [str(loader), "--library-path", path, "--argv0", program, str(root / program.lstrip("/"))]

    def wrapper(self, program: str, seen_at: Path | None = None) -> str:
        """Write a shell script that becomes the program."""
        return f'#!/bin/sh\nexec {shlex.join(self.command(program, seen_at))} "$@"\n'


def unpacked(suite: str, name: str, *packages: str) -> Unpacked:
    """Fetch and unpack packages of a suite, `trixie`, once for all processes; `name` is the folder in the cache.

    UnavailableError if apt cannot get them.
    """
    root = cache() / suite / name
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            work = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=root.parent))
            try:
                _fetch(suite, work, packages)
                (work / "root").chmod(0o755)
                # whoever finds the folder finds all of it
                (work / "root").rename(root)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    return Unpacked(root)


def _fetch(suite: str, work: Path, packages: tuple[str, ...]) -> None:
    for part in ("lists/partial", "cache/archives/partial", "root"):
        (work / part).mkdir(parents=True)
    # nothing is installed in an empty status file: apt fetches all that the packages depend on
    (work / "status").touch()
    signed = f"[signed-by={_KEYRING}] " if Path(_KEYRING).exists() else ""
    (work / "sources.list").write_text(f"deb {signed}{_site()} {suite} main\n")
    said = {
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": work,
        "Dir::State::Lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "3",
        "Acquire::Languages": "none",
        # a mirror that lags behind is good enough; what it has is signed all the same
        "Acquire::Check-Valid-Until": "false",
        "Debug::NoLocking": "1",
    }
    apt = ["apt-get", "-q", *(word for name, value in said.items() for word in ("-o", f"{name}={value}"))]
    _run(*apt, "update", "--error-on=any")
    _run(*apt, "install", "-y", "--no-install-recommends", "--download-only", *packages)
    for package in sorted((work / "cache/archives").glob("*.deb")):
        _run("dpkg", "-x", str(package), str(work / "root"))


def _site() -> str:
    """Give the archive that this machine's own packages come from: a mirror may be all that it reaches."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)", "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [line.split()[0] for line in done.stdout.splitlines() if line.endswith(" Debian")]
    return found[0] if found else SITE


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as bad:
        raise UnavailableError(str(bad)) from bad
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise UnavailableError(said[-1] if said else f"{command[0]} ended with {done.returncode}")
