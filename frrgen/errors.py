"""What can be wrong, and where: every error knows a code, a place and, when it is certain, a hint.

`Finding` is a value (a linter collects many of them); `FrrgenError` is the exception that carries one
or more of them to the command line, which prints them all at once and never a traceback.
"""

from __future__ import annotations

import errno
import pathlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple, Self

from frrgen.codes import Code, Severity

Path = tuple[str, ...]
"""A path inside the network, e.g. ("routers", "edge1", "bgp", "asn")."""


class Exit(IntEnum):
    """The exit codes of every verb. Over several routers an error outranks a difference."""

    OK = 0
    """Nothing to do, or done."""
    ERROR = 1
    """An error, or the change was declined; nothing was changed."""
    CHANGES = 2
    """There are changes (`diff`, `plan`, `compare`, `verify`)."""
    ROLLED_BACK = 3
    """A push failed and the router is as it was."""
    UNKNOWN = 4
    """A push failed and the state of the router is not known: a person must look."""
    UNDECIDED = 5
    """What FRR does with a route is not known (`explain`)."""
    INTERRUPTED = 130
    """Ctrl-C, before anything was changed."""


class Where(NamedTuple):
    """A place in the input. `line` and `column` count from 1; 0 means not known."""

    file: str = ""
    line: int = 0
    column: int = 0
    path: Path = ()

    def __str__(self) -> str:
        if not self.file:
            return ".".join(self.path)
        return ":".join([visible(self.file, 400), *(str(n) for n in (self.line, self.column) if n)])


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or doubtful."""

    code: Code
    message: str
    where: Where = field(default_factory=Where)
    hint: str | None = None
    weighed: Severity | None = None
    """Another severity than the code's own."""
    mending: tuple[str, str] | None = None
    """The word at its place, and the word that certainly belongs there instead."""

    @classmethod
    def at(cls, code: Code, message: str, path: Path, hint: str | None = None) -> Self:
        """Return the finding at a path inside the network."""
        return cls(code, message, Where(path=path), hint)

    @property
    def severity(self) -> Severity:
        """How much it matters here."""
        return self.weighed or self.code.severity

    def __str__(self) -> str:
        lines = [f"{self.severity}[{self.code}]: {visible(self.message, 4000)}"]
        if self.where.file:
            lines.append(f"  --> {self.where}")
        if self.where.path:
            lines.append(f"   |  {'.'.join(visible(step, 80) for step in self.where.path)}")
        if self.hint:
            lines.append(f"   = hint: {self.hint}")
        return "\n".join(lines)


def visible(text: str, most: int = 200) -> str:
    """Show text of whatever origin on one line, not for ever, and without what a terminal would take for an order."""
    plain = text if text.isprintable() else "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
    return plain if len(plain) <= most else plain[: most - 3] + "..."


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the hint that suggests the nearest of the known words; None if none is near."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7 if len(word) > 3 else 0.6)
    return f"did you mean {visible(near[0], 80)!r}?" if near else None


def there_are(known: Iterable[str], word: str = "", most: int = 10) -> str:
    """Return the hint that suggests the nearest word, lists so many of them, and counts the others."""
    names = list(known)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    near = did_you_mean(word, names)
    return f"{near} " * (near is not None) + f"there are: {', '.join(names[:most]) or 'none'}{more}"


_WHY: Final[Mapping[int, str]] = {
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "it is a folder, and a file is wanted",
    errno.ENOTDIR: "a part of its path is no folder",
    errno.EEXIST: "something else has its name already",
    errno.EACCES: "permission denied",
    errno.EPERM: "the system does not permit it",
    errno.ELOOP: "it is a link that leads back to itself",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the disk is read-only",
    errno.ECONNREFUSED: "connection refused: nothing listens there",
    errno.EHOSTUNREACH: "no route to host",
    errno.ENETUNREACH: "the network is unreachable",
}


def cause(bad: OSError, path: pathlib.Path | None = None) -> str:
    """Return in plain words what the system refused. `path`: the file; then the part that is no folder is named."""
    if path is not None and bad.errno in {errno.ENOTDIR, errno.EEXIST}:
        stands = next((one for one in path.parents if one.exists() and not one.is_dir()), None)
        if stands is not None:
            return f"{stands} is a file, and not a folder"
    known = _WHY.get(bad.errno) if bad.errno is not None else None
    return known or bad.strerror or str(bad).strip() or type(bad).__name__


class FrrgenError(Exception):
    """An error that a user can act on. `exit` is what the process should end with."""

    exit: Exit = Exit.ERROR

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("\n".join(str(finding) for finding in findings))


class InputError(FrrgenError):
    """What the user wrote (inventory, options, files) cannot be used. All errors at once."""


class DeviceError(FrrgenError):
    """A router could not be reached, or did not answer as a router does. Nothing was changed."""


class RolledBackError(FrrgenError):
    """A push failed, and the router is as it was before."""

    exit = Exit.ROLLED_BACK


class UnknownStateError(FrrgenError):
    """A push failed, and what the router now runs is not known."""

    exit = Exit.UNKNOWN
