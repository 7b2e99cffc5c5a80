"""The files of an inventory: which there are, and which of them nothing reads."""

from __future__ import annotations

import difflib
import errno
import os
import re
import stat
from collections.abc import Collection
from pathlib import Path
from typing import IO, Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where, cause

_SUFFIXES: Final = (".yaml", ".yml")
COMMON: Final = tuple(f"network{suffix}" for suffix in _SUFFIXES)


def opened(path: Path) -> IO[bytes]:
    """Open a regular file: a device or a pipe would never end, or never begin. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a regular file")
    return open(handle, "rb")  # noqa: PTH123


def listed(folder: Path) -> list[Path]:
    """Return what is in a folder, in order; nothing if it is none. Raises InputError if it cannot be read."""
    try:
        return sorted(folder.iterdir()) if folder.is_dir() and os.stat(f"{folder}/.") else []  # noqa: PTH116
    except OSError as bad:
        raise InputError(Finding(Code.FRR101, f"cannot be read: {cause(bad)}", Where(str(folder)))) from bad


class Folder:
    """The files of an inventory. What is wrong with them goes into `findings`."""

    def __init__(self, folder: Path, findings: list[Finding]) -> None:
        self.folder = folder
        self.findings = findings

    def common(self) -> Path | None:
        """Find the file of what all routers share."""
        there = [name for name in COMMON if os.path.lexists(self.folder / name)]
        if len(there) > 1:
            text = "network is in two files: network.yaml too"
            self.findings.append(Finding(Code.FRR120, text, Where(str(self.folder / there[1]))))
        return self.folder / there[0] if there and self.is_file(there[0]) else None

    def strangers(self) -> None:
        """Find files that nothing reads: somebody made a mistake."""
        known = {*COMMON, "routers", "clusters", "nodes", "secrets", "README.md", "templates", "schema.json"}
        for path in listed(self.folder):
            if path.name not in known and not path.name.startswith("."):
                near = difflib.get_close_matches(path.name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else "an inventory has network.yaml, routers/ and clusters/"
                self.findings.append(Finding(Code.FRR106, f"nothing reads {path.name}", Where(str(path)), hint))

    def is_file(self, name: str) -> bool:
        """Tell whether there is a file to read: a pipe would be waited for without end."""
        path = self.folder / name
        if not path.is_file():
            self.findings.append(Finding(Code.FRR106, f"{name} is {_kind(path)}, not a file", Where(str(path))))
        return path.is_file()

    def of_kind(self, kind: str) -> list[Path]:
        """Return the files of a kind that can be read, each name once."""
        folder = self.folder / kind
        seen: dict[str, Path] = {}
        for path in listed(folder):
            if path.name.startswith("."):
                continue
            if path.suffix in _SUFFIXES and not self.is_file(f"{kind}/{path.name}"):
                continue
            if path.suffix not in _SUFFIXES:
                self.findings.append(
                    Finding(Code.FRR106, f"nothing reads {kind}/{path.name}", Where(str(path)), "name it NAME.yaml")
                )
            elif path.stem in seen:
                self.findings.append(
                    Finding(Code.FRR120, f"{path.stem} is in two files: {seen[path.stem].name} too", Where(str(path)))
                )
            else:
                seen[path.stem] = path
        return list(seen.values())


def no_inventory(folder: Path) -> Finding | None:
    """Return why a folder is no inventory at all; None if it may be one, whatever is wrong with it."""
    hint = "name it with -i DIR, or make one: frrgen init"
    if not folder.is_dir():
        kind = f"{folder} is {_kind(folder)}, and an inventory is a folder" if os.path.lexists(folder) else ""
        return Finding(Code.FRR100, kind or f"there is no inventory in {folder}", hint=hint)
    there = {path.name for path in listed(folder) if not path.name.startswith(".")}
    if there and there.isdisjoint({*COMMON, "routers", "clusters"}):
        return Finding(Code.FRR100, f"there is no inventory in {folder}: no network.yaml, no routers/", hint=hint)
    return None


def names(folder: Path) -> tuple[str, ...]:
    """Return the names of the routers that have a file in an inventory, in order."""
    return tuple(dict.fromkeys(path.stem for path in listed(folder / "routers") if _is_inventory_file(path)))


def _is_inventory_file(path: Path) -> bool:
    return path.suffix in _SUFFIXES and not path.name.startswith(".") and path.is_file()


def mentions(file: Path, words: Collection[str], *, whole: bool = False) -> bool:
    """Tell whether a file may have one of these words in it: a file with escapes may have any word.

    `whole`: not as a part of a longer word.
    """
    try:
        text = file.read_bytes() if words else b""
    except OSError:
        return True
    if whole:
        return re.search(rb"\\|\b(%s)\b" % b"|".join(re.escape(word.encode()) for word in words), text) is not None
    return b"\\" in text or any(word.encode() in text for word in words)


def named_by_clusters(folder: Path) -> list[str]:
    """Return the routers that the file of some cluster may name."""
    files = [path for path in listed(folder / "clusters") if _is_inventory_file(path)]
    rest, found = set(names(folder)), set[str]()
    for file in files:
        found |= {name for name in rest if mentions(file, (name,))}
        rest -= found
    return sorted(found)


def _kind(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    if path.is_file():
        return "a file"
    return "a link to a missing file" if path.is_symlink() and not path.exists() else "a pipe or a device"
