"""Mending what is certainly wrong, in the files themselves: comments and layout stay as they are."""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, cause
from frrgen.inventory.files import load
from frrgen.inventory.write import replace_file

_FORM: Final = frozenset({Code.FRR102, Code.FRR103, Code.FRR104, Code.FRR105})
"""What is wrong with a file's form, a key that is given twice among it."""


@dataclass(frozen=True)
class Mended:
    """A file, and its text before and after."""

    path: Path
    before: str
    after: str

    def diff(self) -> str:
        """Return the change as a unified diff."""
        name = str(self.path)
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), name, name, n=1
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def mendings(findings: Iterable[Finding], folder: Path) -> list[Mended]:
    """Return the files of an inventory that can be mended: each misspelt word with one known word near it.

    A mending that would give a key twice is left out.
    """
    by_file: dict[Path, set[tuple[int, int, str, str]]] = {}
    for one in findings:
        if one.mending is not None and one.where.line and one.where.column:
            place = (one.where.line, one.where.column, *one.mending)
            by_file.setdefault(Path(one.where.file), set()).add(place)
    made = {path: found for path, places in by_file.items() if (found := _mended(path, places)) is not None}
    return [one for path, one in made.items() if not _says_twice(one, folder)]


def write(mended: Iterable[Mended]) -> None:
    """Write the files, each as a whole or not at all, with the mode that it has. Raises InputError."""
    for one in mended:
        target = one.path.resolve()
        try:
            if target.read_bytes().decode() != one.before:
                raise InputError(Finding(Code.FRR402, f"{one.path} has changed; nothing was written to it"))
            replace_file(target, one.after.encode(), keep_mode=True)
        except OSError as bad:
            raise InputError(Finding(Code.FRR402, f"{one.path} cannot be written: {cause(bad, one.path)}")) from bad


def _mended(path: Path, places: Iterable[tuple[int, int, str, str]]) -> Mended | None:
    """Put the right words in the places of the wrong ones; None if none of them is there."""
    try:
        before = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None
    lines = before.split("\n")
    # from behind, so that columns before stay what they are
    for line, column, wrong, right in sorted(places, reverse=True):
        text = lines[line - 1] if line <= len(lines) else ""
        start = column - 1 + (text[column - 1 : column] in {'"', "'"})
        if text[start : start + len(wrong)] == wrong:
            lines[line - 1] = text[:start] + right + text[start + len(wrong) :]
    after = "\n".join(lines)
    return None if after == before else Mended(path, before, after)


def _says_twice(one: Mended, folder: Path) -> bool:
    """Tell whether the mended file would give a key twice, or would not be YAML: it is tried on a copy."""
    with tried([one], folder) as copy:
        target = copy / one.path.relative_to(folder)
        return any(found.where.file == str(target) for found in _of_form(copy))


@contextmanager
def tried(mended: Iterable[Mended], folder: Path) -> Iterator[Path]:
    """Yield a copy of an inventory, without its secrets, in which files are mended."""
    with tempfile.TemporaryDirectory(prefix="frrgen-fix-") as name:
        copy = Path(name, "inventory")
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("secrets", ".git"))
        for one in mended:
            (copy / one.path.relative_to(folder)).write_bytes(one.after.encode())
        yield copy


def _of_form(folder: Path) -> Iterator[Finding]:
    try:
        load(folder)
    except InputError as bad:
        yield from (one for one in bad.findings if one.code in _FORM)
