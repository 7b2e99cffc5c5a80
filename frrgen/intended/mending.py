"""Mending policy in the inventory's files: lines that decide nothing go, a route map without entries gets its deny.

Nothing is offered that is not proven: every router does the same with every route before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError
from frrgen.intended.inventory import Inventory
from frrgen.inventory.edit import Place, edited
from frrgen.inventory.mend import Mended, tried
from frrgen.policy.questions.unchanged import same_policy

_IDLE: Final = (Code.FRR221, Code.FRR310, Code.FRR311)
"""Of the lines that decide nothing: those that others cover go first, for they may be why another is not needed."""


class _Edit(NamedTuple):
    rank: int
    file: Path
    place: Place
    code: Code


def proven(findings: Iterable[Finding], folder: Path) -> list[Mended]:
    """Return the files in which something can be mended, with all that is proven to change no policy."""
    ranks = {Code.FRR212: 0, **{code: rank for rank, code in enumerate(_IDLE, 1)}}
    wanted = [one for one in findings if one.code in ranks and one.where.line and one.where.column]
    if not wanted:
        return []
    try:
        before = Inventory(folder)
    except InputError:
        return []
    edits = {
        _Edit(ranks[one.code], Path(one.where.file), (one.where.line, one.where.column), one.code)
        for one in wanted
        if one.where.path[:1] == ("routers",) and before.loaded.wrote(one.where.path)
    }
    return _Search(before, folder).mended(sorted(edits))


class _Search:
    def __init__(self, before: Inventory, folder: Path) -> None:
        self.before, self.folder = before, folder
        self.errors = _errors(before)

    def mended(self, edits: Sequence[_Edit]) -> list[Mended]:
        return _files(self._most([], edits)) or []

    def _most(self, taken: list[_Edit], more: Sequence[_Edit]) -> list[_Edit]:
        """Return as many edits as can be proven together: all of them, or those of each half."""
        if not more or self._changes_nothing([*taken, *more]):
            return [*taken, *more]
        if len(more) == 1:
            return taken
        middle = len(more) // 2
        return self._most(self._most(taken, more[:middle]), more[middle:])

    def _changes_nothing(self, edits: Sequence[_Edit]) -> bool:
        files = _files(edits)
        if files is None:
            return False
        with tried(files, self.folder) as copy:
            try:
                after = Inventory(copy)
            except InputError:
                return False
        was, now = self.before, after
        if was.loaded.network.clusters != now.loaded.network.clusters or _errors(now) > self.errors:
            return False
        routers, others = was.generated.routers, now.generated.routers
        return routers.keys() == others.keys() and all(same_policy(routers[name], others[name]) for name in routers)


def _errors(inventory: Inventory) -> int:
    return sum(one.severity is Severity.ERROR for one in inventory.findings)


def _files(edits: Iterable[_Edit]) -> list[Mended] | None:
    """Return the files with these edits; None if one of the edits cannot be made with certainty."""
    by_file: dict[Path, list[_Edit]] = {}
    for one in edits:
        by_file.setdefault(one.file, []).append(one)
    made = []
    for path, own in by_file.items():
        try:
            text = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            return None
        drop = {one.place for one in own if one.code in _IDLE}
        after = edited(text, drop, {one.place for one in own} - drop)
        if after is None:
            return None
        made.append(Mended(path, text, after))
    return made
