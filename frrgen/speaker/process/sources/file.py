"""What is to be announced, from a YAML file: read whole, or not at all.

announcements:
  - prefix: 192.168.10.1/32           # or prefixes: [...], or prefix_file: FILE with a prefix a line
    next_hop: self                    # or an address
    communities: [64512:100]          # without a word: what the prefix's pool says; so for med, prepend, ...; []: none
    health: {tcp: "10.0.0.5:80", interval: 5, timeout: 2, rise: 2, fall: 3}    # or http: URL, or command: [...]
"""

from __future__ import annotations

import asyncio
import errno
import stat
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.validate import validate
from frrgen.inventory.yaml import Node, read
from frrgen.model.types import (
    U32,
    Address,
    AnyCommunities,
    AnyLargeCommunities,
    Model,
    PlacedError,
    Prefix,
    community_value,
    large_community_value,
)
from frrgen.speaker.plan import NodePlan, PoolRange
from frrgen.speaker.process.sources.base import Health, Run, Wanted
from frrgen.speaker.process.sources.prefix_file import read_prefixes
from frrgen.speaker.table.table import Table, in_order, packed
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import IPV6_BIT, Family, Key

_SHOWN = 20
"""Findings of one kind that are told one by one."""

_RENAME = "write another file beside it, and rename that"
_WATCH: Final = 0.5
"""Seconds between two looks at the files."""
_PATIENCE: Final = 4
"""Looks in a row that found the files changed again: then they are read as they are."""


class Announcement(Model):
    """Prefixes that are announced alike."""

    prefix: Prefix | None = None
    prefixes: tuple[Prefix, ...] = ()
    prefix_file: str | None = None
    """A file with a prefix a line, beside this one or with its whole path: for many of them."""
    next_hop: Literal["self"] | Address = "self"
    communities: AnyCommunities | None = None
    """Instead of the pool's; an empty list: none."""
    large_communities: AnyLargeCommunities | None = None
    local_preference: U32 | None = None
    med: U32 | None = None
    prepend: Annotated[int, Field(ge=0, le=10)] | None = None
    health: Health | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if (self.prefix is not None) + bool(self.prefixes) + (self.prefix_file is not None) != 1:
            raise PlacedError("write one of prefix, prefixes and prefix_file")
        return self


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

    async def changes(self) -> None:
        """Wait until the files are others than those that were read, and may be read."""
        while True:
            await asyncio.sleep(_WATCH)
            if await asyncio.to_thread(self.changed):
                return

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
        whole = all(now == self._stamps[path] or _replaced(self._stamps[path], now) for path, now in self._seen.items())
        if not (whole or self._seen == before or self._unsettled > _PATIENCE):
            return False
        self._unsettled = 0
        return True

    def problem(self) -> str:
        """Say that the files are being written, if they are."""
        return f"{self.path} is being written" if self._unsettled else ""

    def waiting(self) -> str:
        """Return "": files are there or not."""
        return ""

    def must_be_current(self) -> None:
        """Let a new process read the files."""

    def withheld(self) -> list[dict[str, str]]:
        """Return nothing: what stands in a file is announced."""
        return []

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
            said = _split(runs, one, pools, shared)
            found.append(Wanted(tuple(said), one.health))
        if not findings:
            findings += _twice(found, node)
        if findings:
            raise InputError(*findings)
        return found

    def _prefixes(self, one: Announcement, node: Node, number: int) -> list[Run]:
        if one.prefix_file is None:
            return _sorted([Key.of(prefix) for prefix in (one.prefixes if one.prefix is None else (one.prefix,))])
        path = self.path.parent / one.prefix_file
        stamp = self._stamps[path] = _stamp(path)
        known = self._files.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            runs = _sorted(read_prefixes(_regular(path)))
        except (OSError, ValueError) as bad:
            raise InputError(Finding(Code.FRR403, f"{path} cannot be read: {_why(bad)}", _where(node, number))) from bad
        self._files[path] = (stamp, runs)
        return runs


def _sorted(keys: Sequence[int]) -> list[Run]:
    runs = []
    for family in Family:
        own = in_order((key for key in keys if bool(key & IPV6_BIT) is (family is Family.IPV6)), family)
        if own:
            runs.append(Run(family, Attributes(), own))
    return runs


def _split(
    runs: Iterable[Run], one: Announcement, pools: list[PoolRange], shared: dict[Attributes, Attributes]
) -> Iterator[Run]:
    """Say what the prefixes are announced with: what the announcement says, and else what their pool says."""
    found: dict[tuple[Family, Attributes], list[Sequence[int]]] = {}

    def say(family: Family, base: Attributes, keys: Sequence[int]) -> None:
        if keys:
            said = _attributes(one, base)
            # equal attributes are one object: routes are compared by identity first
            found.setdefault((family, shared.setdefault(said, said)), []).append(keys)

    for run in runs:
        start = 0
        for pool in pools:
            first, end = bisect_left(run.keys, pool.first, start), bisect_left(run.keys, pool.end, start)
            say(run.family, Attributes(), run.keys[start:first])
            inside = run.keys[first:end]
            fits = [key for key in inside if pool.low <= key & 0xFF <= pool.high]
            if len(fits) == len(inside):
                say(run.family, pool.said, inside)
            else:
                say(run.family, pool.said, fits)
                say(run.family, Attributes(), [key for key in inside if not pool.low <= key & 0xFF <= pool.high])
            start = max(start, end)
        say(run.family, Attributes(), run.keys[start:])
    for (family, said), parts in found.items():
        keys = parts[0] if len(parts) == 1 else in_order((key for part in parts for key in part), family)
        yield Run(family, said, packed(keys, family))


def _attributes(one: Announcement, base: Attributes) -> Attributes:
    changes: dict[str, object] = {
        name: getattr(one, name) for name in ("local_preference", "med", "prepend") if getattr(one, name) is not None
    }
    if one.communities is not None:
        changes["communities"] = tuple(sorted(community_value(text) for text in one.communities))
    if one.large_communities is not None:
        changes["large_communities"] = tuple(sorted(large_community_value(text) for text in one.large_communities))
    if one.next_hop != "self":
        changes["next_hop"] = one.next_hop
    return replace(base, **changes)  # type: ignore[arg-type]


def _twice(wanted: list[Wanted], node: Node) -> Iterator[Finding]:
    """Return prefixes that are announced twice: their attributes would be ambiguous."""
    table, told = Table(), 0
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


def _where(node: Node, number: int) -> Where:
    where: Where = node.value["announcements"].value[number].where
    return where


def _regular(path: Path) -> Path:
    """Refuse what would keep the reader waiting: a pipe, a device. Raises OSError, or ValueError for a NUL in it."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    return path


def _why(bad: OSError | ValueError) -> str:
    return getattr(bad, "strerror", None) or str(bad)


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)


def _replaced(before: Stamp | None, now: Stamp | None) -> bool:
    """Tell whether another file was renamed to this name: it was written before its name changed, so it is whole."""
    return before is not None and now is not None and before.inode != now.inode and now.status_changed > now.modified
