"""What is to be announced, from a YAML file: read whole, or not at all.

announcements:
  - prefix: 192.168.10.1/32           # or prefixes: [...], or prefix_file: FILE with a prefix a line
    next_hop: self                    # or an address
    communities: [64512:100]          # absent: what the prefix's pool says; so for med, prepend, ...; []: none
    health: {tcp: "10.0.0.5:80", interval: 5, timeout: 2, rise: 2, fall: 3}    # or http: URL, or command: [...]
"""

from __future__ import annotations

import asyncio
import errno
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from asyncinotify import Event, Inotify, Mask

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where, cause
from frrgen.inventory.validate import validate
from frrgen.inventory.yaml import YamlNode, read
from frrgen.model.types import Model
from frrgen.speaker.plan import NodePlan, PoolRange
from frrgen.speaker.process.sources.announcement import Announcement, attributed, in_runs
from frrgen.speaker.process.sources.base import Numbers, Run, Wanted
from frrgen.speaker.process.sources.prefix_file import read_prefixes
from frrgen.speaker.table.gate import Answers
from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.packed_prefix import Key

_SHOWN = 20
"""The most findings of a kind that are logged one by one."""

_RENAME = "write another file beside it, and rename that"
_FEW: Final = 100
"""Prefixes that are compared with all others one by one."""
_WATCH: Final = 0.5
"""Seconds between two looks at the files."""
_PATIENCE: Final = 4
"""Looks in a row that found the files changed again: then they are read as they are."""


class StaticFile(Model):
    """The file."""

    announcements: tuple[Announcement, ...]
    """May be empty, but must be there: a file that was emptied or cut off by mistake withdraws nothing."""


class Stamp(NamedTuple):
    """What tells that a file is another than before. Times are in nanoseconds."""

    modified: int
    size: int
    inode: int
    status_changed: int


class StaticSource:
    """The file, and the files with prefixes that it names. Those that did not change are not read again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamps: dict[Path, Stamp | None] = {}
        """The files as they were when they were read last."""
        self._seen: dict[Path, Stamp | None] = {}
        self._unsettled = 0
        """Looks in a row that found the files changed."""
        self._files: dict[Path, tuple[Stamp | None, list[Run]]] = {}
        self._pools: list[PoolRange] = []
        self._known: dict[Announcement, tuple[list[Run], Wanted]] = {}
        """What each announcement came to when the files were read last: an equal one is the same object again."""
        self._renames: Inotify | None = None
        self._watched: set[tuple[Path, int]] = set()
        """Folders, with their inodes."""
        self._coming: asyncio.Task[Event] | None = None
        self._renamed: dict[Path, Stamp | None] = {}
        """Files that were renamed to their places, as they were then."""

    async def load(self, plan: NodePlan) -> list[Wanted]:
        """Read for a node. Raises InputError with everything that is wrong."""
        return await asyncio.to_thread(self.read, plan)

    def have_routers(self, answers: Answers) -> None:
        """Ask nobody: the session's own status says what routers drop."""

    async def changes(self) -> None:
        """Wait until the files are others than those that were read, and may be read.

        A file that was renamed to its place is seen at once; what else happens to files, at the next look.
        """
        self._watch()
        while not await asyncio.to_thread(self.changed):
            if await self._replacement(_WATCH):
                return

    async def _replacement(self, seconds: float) -> bool:
        """Wait so long for a new file in the place of a file that was read; tell whether there is one."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._renames is None:
                await asyncio.sleep(left)
                return False
            if self._coming is None:
                # it is never cancelled: what comes in that moment would be lost
                self._coming = asyncio.ensure_future(self._renames.get())
            if await asyncio.wait({self._coming}, timeout=left) == (set(), {self._coming}):
                return False
            path, self._coming = self._coming.result().path, None
            if path in self._stamps:
                self._renamed[path] = _stamp(path)
            now = {path: _stamp(path) for path in self._stamps}
            if now != self._stamps and self._whole(now):
                return True
        return False

    def _whole(self, now: Mapping[Path, Stamp | None]) -> bool:
        """Tell whether what changed since it was read was replaced: nobody is still writing it."""
        return all(
            one == (before := self._stamps[path])
            or (one is not None and one == self._renamed.get(path))
            or _replaced(before, one)
            for path, one in now.items()
        )

    def _watch(self) -> None:
        """Ask the system for renames into the folders; where it has no more of that, the next look sees them."""
        try:
            if self._renames is None:
                self._renames = Inotify()
            for folder in {path.parent for path in self._stamps}:
                # another folder may have the name by now
                if (seen := (folder, folder.stat().st_ino)) not in self._watched:
                    self._renames.add_watch(folder, Mask.MOVED_TO)
                    self._watched.add(seen)
        except OSError:
            # folders may be missing, and a user may have 128 such watchers
            self._end_watch()

    def _end_watch(self) -> None:
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None
        if self._renames is not None:
            self._renames.close()
            self._renames = None
            self._watched.clear()

    def take(self) -> None:
        """Return None: files are read as a whole."""

    def changed(self) -> bool:
        """Tell whether to read the files again. Called twice a second.

        That is so if they are others than those that were read, and were replaced, or are at rest since the last look,
        or changed again and again. What somebody is still writing would be read by half, and the other half withdrawn.
        """
        before, self._seen = self._seen, {path: _stamp(path) for path in self._stamps}
        if self._seen == self._stamps:
            self._unsettled = 0
            return False
        self._unsettled += 1
        if not (self._whole(self._seen) or self._seen == before or self._unsettled > _PATIENCE):
            return False
        self._unsettled = 0
        return True

    def problem(self) -> str:
        """Return a text if the files are being written, else ""."""
        return f"{self.path} is being written" if self._unsettled else ""

    def waiting(self) -> str:
        """Return "": files are there or not."""
        return ""

    def must_be_current(self) -> None:
        """Let a new process read the files."""

    def withheld(self) -> list[dict[str, str]]:
        """Return nothing: what stands in a file is announced."""
        return []

    def served(self) -> list[tuple[str, str]]:
        """Return nothing: there are prefixes, and no Services."""
        return []

    def numbers(self) -> Numbers:
        """Return zeros: there is no cluster."""
        return Numbers()

    def age(self) -> float:
        """Return 0: a file is always there to be asked."""
        return 0.0

    async def stop(self) -> None:
        """Look for changes no more."""
        self._end_watch()

    def read(self, plan: NodePlan) -> list[Wanted]:
        """Read for a node. Raises InputError with everything that is wrong."""
        found = self._read(plan)
        for path, known in self._stamps.items():
            if _stamp(path) != known:
                raise InputError(Finding(Code.FRR403, f"{path} was written while it was read", hint=_RENAME))
        return found

    def _read(self, plan: NodePlan) -> list[Wanted]:
        self._stamps = {self.path: _stamp(self.path)}
        try:
            data = _regular(self.path).read_bytes()
        except (OSError, ValueError) as bad:
            raise InputError(Finding(Code.FRR403, f"{self.path} cannot be read: {_why(bad)}")) from bad
        node = read(data, str(self.path))
        file = validate(StaticFile, node, ())
        pools, known = plan.pools(), dict[Announcement, tuple[list[Run], Wanted]]()
        before = dict(self._known) if pools == self._pools else {}
        shared = {run.said: run.said for _, one in before.values() for run in one.runs}
        findings: list[Finding] = []
        found: list[Wanted] = []
        new: list[Wanted] = []
        for number, one in enumerate(file.announcements):
            try:
                runs = self._prefixes(one, node, number)
            except InputError as bad:
                findings += bad.findings
                continue
            runs_before, wanted = before.pop(one, (None, None))
            if wanted is None or (one.prefix_file is not None and runs is not runs_before):
                wanted = Wanted(tuple(attributed(runs, one, pools, shared)), one.health)
                new.append(wanted)
            known[one] = runs, wanted
            found.append(wanted)
        if not findings and _may_be_twice(found, new):
            findings += _twice(found, node)
        if findings:
            raise InputError(*findings)
        self._pools, self._known = pools, known
        return found

    def _prefixes(self, one: Announcement, node: YamlNode, number: int) -> list[Run]:
        if one.prefix_file is None:
            return in_runs([Key.of(prefix) for prefix in (one.prefixes if one.prefix is None else (one.prefix,))])
        path = self.path.parent / one.prefix_file
        stamp = self._stamps[path] = _stamp(path)
        known = self._files.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            runs = in_runs(read_prefixes(_regular(path)))
        except (OSError, ValueError) as bad:
            raise InputError(Finding(Code.FRR403, f"{path} cannot be read: {_why(bad)}", _where(node, number))) from bad
        self._files[path] = (stamp, runs)
        return runs


def _may_be_twice(wanted: list[Wanted], new: list[Wanted]) -> bool:
    """Tell whether a prefix may be announced twice, if the announcements that are not new have no such prefix.

    Where much is new the answer is yes, and costs nothing.
    """
    if sum(len(run.keys) for one in new for run in one.runs) > _FEW:
        return True
    keys = [key for one in new for run in one.runs for key in run.keys]
    fresh = set(map(id, new))
    others = [run for one in wanted if id(one) not in fresh for run in one.runs]
    return len(set(keys)) < len(keys) or any(key in run for run in others for key in keys)


def _twice(wanted: list[Wanted], node: YamlNode) -> Iterator[Finding]:
    """Return prefixes that are announced twice: their attributes would be ambiguous."""
    table, told = AnnouncementTable(), 0
    for number, one in enumerate(wanted):
        for run in one.runs:
            again = table.columns[run.family].fill(run.keys, run.said)
            for key in again[: _SHOWN - told]:
                other = next(n for n, before in enumerate(wanted) if any(key in part for part in before.runs))
                where = "in the same announcement" if other == number else f"first at {_where(node, other)}"
                text = f"{Key.prefix(key)} is announced twice: {where}"
                yield Finding(Code.FRR604, text, _where(node, number), "each prefix belongs to one announcement")
            told += min(len(again), _SHOWN - told)
            if len(again) > told:
                yield Finding(Code.FRR604, f"{len(again) - told} more are announced twice", _where(node, number))


def _where(node: YamlNode, number: int) -> Where:
    where: Where = node.value["announcements"].value[number].where
    return where


def _regular(path: Path) -> Path:
    """Refuse what would keep the reader waiting: a pipe, a device. Raises OSError, or ValueError for a NUL in it."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no file, but a folder, a pipe or a device")
    return path


def _why(bad: OSError | ValueError) -> str:
    return cause(bad) if isinstance(bad, OSError) else str(bad)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)


def _replaced(before: Stamp | None, now: Stamp | None) -> bool:
    """Tell whether another file was renamed to this name: it was written before its name changed, so it is whole."""
    return before is not None and now is not None and before.inode != now.inode and now.status_changed > now.modified
