"""What is to be announced, from a YAML file: read whole, or not at all.

announcements:
  - prefix: 192.168.10.1/32           # or prefixes: [...], or prefix_file: FILE with a prefix a line
    next_hop: self                    # or an address
    communities: [64512:100]          # absent: what the prefix's pool says; so for med, prepend, ...; []: none
    health: {tcp: "10.0.0.5:80", interval: 5, timeout: 2, rise: 2, fall: 3}    # or http: URL, or command: [...]
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from asyncinotify import Inotify, Mask

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where, cause
from frrgen.inventory.validate import validate
from frrgen.inventory.yaml import YamlNode, read
from frrgen.model.types import Model
from frrgen.speaker.plan import NodePlan
from frrgen.speaker.process.sources.announcement import Announcement, attributed, in_runs
from frrgen.speaker.process.sources.base import Drops, Numbers, Run, Wanted
from frrgen.speaker.process.sources.prefix_file import read_prefixes
from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Key

_SHOWN = 20
"""The most findings of a kind that are logged one by one."""

_RENAME = "write another file beside it, and rename that"
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

    async def load(self, plan: NodePlan) -> list[Wanted]:
        """Read for a node. Raises InputError with everything that is wrong."""
        return await asyncio.to_thread(self.read, plan)

    def have_routers(self, drops: Drops) -> None:
        """Ask nobody: the session's own status says what routers drop."""

    async def changes(self) -> None:
        """Wait until the files are others than those that were read, and may be read.

        A file that was renamed to its place is seen at once; what else happens to files, at the next look.
        """
        with contextlib.ExitStack() as watching:
            renames = self._renames(watching)
            while not await asyncio.to_thread(self.changed):
                if await self._replacement(renames, _WATCH):
                    return

    async def _replacement(self, renames: Inotify | None, seconds: float) -> bool:
        """Wait so long for a new file in the place of a file that was read; tell whether there is one."""
        if renames is None:
            await asyncio.sleep(seconds)
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await renames.get()
                    now = {path: _stamp(path) for path in self._stamps}
                    if now != self._stamps and self._whole(now):
                        return True
        return False

    def _whole(self, now: Mapping[Path, Stamp | None]) -> bool:
        """Tell whether what changed since it was read was replaced: nobody is still writing it."""
        return all(one == self._stamps[path] or _replaced(self._stamps[path], one) for path, one in now.items())

    def _renames(self, watching: contextlib.ExitStack) -> Inotify | None:
        """Return what tells of files renamed into the folders; None where the system has no more of those."""
        try:
            renames = watching.enter_context(Inotify())
            for folder in {path.parent for path in self._stamps}:
                renames.add_watch(folder, Mask.MOVED_TO)
        except OSError:
            # folders may be missing, and a user may have 128 such watchers: then the next look sees it
            return None
        return renames

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
        """Look for changes no more: nothing has to be ended."""

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
        pools, shared = plan.pools(), dict[Attributes, Attributes]()
        findings: list[Finding] = []
        found = []
        for number, one in enumerate(file.announcements):
            try:
                runs = self._prefixes(one, node, number)
            except InputError as bad:
                findings += bad.findings
                continue
            said = attributed(runs, one, pools, shared)
            found.append(Wanted(tuple(said), one.health))
        if not findings:
            findings += _twice(found, node)
        if findings:
            raise InputError(*findings)
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
