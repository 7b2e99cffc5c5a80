"""What a verb found, in the one form that every CI format is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, Where, visible

RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "changes": "A router runs something else than is intended",
        "session-reset": "A change resets a session",
        "disagreement": "Router and cluster do not agree",
        "difference": "Two policies differ",
        "undecided": "What FRR does is not known",
    }
)
"""The names of problems that are no Finding, each with its head."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or differs."""

    rule: str
    """The code of a Finding, or a name of RULES."""
    severity: Severity
    text: str
    where: Where = field(default_factory=Where)
    case: str = ""
    """The router or session that it is about; empty: the inventory."""
    hint: str | None = None

    @property
    def head(self) -> str:
        """The head of its rule."""
        return RULES[self.rule] if self.rule in RULES else Code[self.rule].head

    @property
    def fails(self) -> bool:
        """Whether the verb ends with another code than 0 because of it."""
        return self.severity is Severity.ERROR or self.rule in RULES

    @property
    def message(self) -> str:
        """The text for people on one line, with the hint, and the command that explains the code."""
        hint = f" (hint: {self.hint})" if self.hint else ""
        more = "" if self.rule in RULES else f" [frrgen rule {self.rule}]"
        return visible(self.text, 4000) + visible(hint, 1000) + more

    @property
    def file(self) -> str:
        """The file, as seen from the working directory if it is in there; empty if there is none."""
        path = Path(self.where.file)
        if self.where.file and path.is_absolute() and path.is_relative_to(Path.cwd()):
            return str(path.relative_to(Path.cwd()))
        return self.where.file


@dataclass(frozen=True, slots=True)
class Result:
    """What a verb looked at, and the problems that it found."""

    verb: str
    cases: tuple[str, ...]
    """The routers or sessions that were looked at."""
    problems: tuple[Problem, ...]

    def of(self, case: str) -> Iterator[Problem]:
        """Yield the problems of a case."""
        return (one for one in self.problems if one.case == case)


def of_findings(findings: Iterable[Finding], case: str = "") -> Iterator[Problem]:
    """Yield the problems that findings are; a finding about a router is of the router's case."""
    for one in findings:
        path = one.where.path
        own = path[1] if path[:1] == ("routers",) and len(path) > 1 else ""
        yield Problem(one.code, one.severity, one.message, one.where, case or own, one.hint)
