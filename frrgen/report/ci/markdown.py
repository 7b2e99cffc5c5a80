"""A comment for a pull request: never longer than the platform takes, and never cut without a count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from frrgen.codes import Severity
from frrgen.errors import visible
from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.report.ci.problem import Problem, Result
from frrgen.report.console import plan_lines

MOST: Final = 65_536
"""Octets of a comment on GitHub. GitLab takes more."""
_RESERVE: Final = 200
"""Octets for the line that counts what was cut, and for closing what is open."""


@dataclass(frozen=True)
class _Part:
    """Lines that belong together: the end is written however many lines of the body there is room for."""

    head: Sequence[str]
    body: Sequence[str]
    end: Sequence[str] = ()


def markdown(result: Result, plans: Sequence[Plan] = ()) -> str:
    """Return the comment: the count, sessions at risk, routes, problems, and each router's changes, folded."""
    return _fitted([*_parts(result, plans)])


def _parts(result: Result, plans: Sequence[Plan]) -> Iterator[_Part]:
    yield _Part([f"<!-- frrgen {result.verb} -->", f"### frrgen {result.verb}: {_summary(result, plans)}", ""], [])
    changed = [plan for plan in plans if not plan.empty]
    resets = [
        f"- {_code(plan.router)}: session {_code(one.neighbor)} resets ({visible(', '.join(one.because))})"
        for plan in changed
        for one in plan.sessions
        if one.impact is Impact.RESET
    ]
    if changed:
        yield _Part(["**Sessions at risk**", ""], resets or list({one.no_reset: None for one in changed}), [""])
    effects = [
        f"- {_code(plan.router)} {_escaped(line)}"
        for plan in changed
        for effect in plan.routes or ()
        for line in effect.lines()
    ]
    if effects:
        yield _Part(["**Routes gained and lost**", ""], effects, [""])
    told = {plan.router for plan in changed}
    problems = [one for one in result.problems if one.case not in told or one.rule not in {"changes", "session-reset"}]
    if problems:
        head = ["**Findings**", "", "| | rule | place | |", "|---|---|---|---|"]
        yield _Part(head, [_row(one) for one in problems], [""])
    for plan in changed:
        lines = [line for line, _ in plan_lines(plan)]
        fence = "`" * max([3, *(len(found) + 1 for line in lines for found in re.findall("`+", line))])
        head = [f"<details><summary>{_escaped(plan.summary)}</summary>", "", f"{fence}diff"]
        yield _Part(head, [_diff(line) for line in lines], [fence, "", "</details>", ""])


def _summary(result: Result, plans: Sequence[Plan]) -> str:
    if plans:
        changed = sum(not plan.empty for plan in plans)
        errors = sum(one.severity is Severity.ERROR for one in result.problems)
        failed = f", {errors} errors" if errors else ""
        return f"{changed} of {len(result.cases)} routers change{failed}"
    counts = [(sum(one.severity is kind for one in result.problems), kind) for kind in Severity]
    told = ", ".join(f"{number} {kind}{'s' * (number != 1)}" for number, kind in counts if number)
    return f"{len(result.cases)} looked at, {told or 'nothing found'}"


def _row(problem: Problem) -> str:
    place = _code(str(problem.where)) if problem.where.file else ""
    return f"| {problem.severity} | {problem.rule} | {place} | {_escaped(problem.message)} |"


def _diff(line: str) -> str:
    """Put the sign of a line first, for the colours."""
    text = visible(line, 1000)
    bare = text.lstrip()
    return f"{bare[0]} {text}" if bare[:2] in {"+ ", "- "} and not text.startswith(bare[:2]) else text


def _code(text: str) -> str:
    """Show text as code: no markup in it counts, and nobody is mentioned."""
    shown = visible(text).replace("|", "\\|")
    ticks = "`" * (max((len(found) for found in re.findall("`+", shown)), default=0) + 1)
    pad = " " if "`" in shown else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _escaped(text: str) -> str:
    """Show text of whatever origin as text: without markup, links, or mentions of people."""
    plain = visible(text, 2000).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|~#])", r"\\\1", plain).replace("@", "@\u200b").replace("://", ":\u200b//")


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode(errors="replace")) + 1 for line in lines)


def _fitted(parts: Sequence[_Part]) -> str:
    """Write as much as there is room for, and say how much is left out."""
    room = MOST - _RESERVE
    written: list[str] = []
    for number, part in enumerate(parts):
        frame = _size(part.head) + _size(part.end)
        if _size(written) + frame + _size(part.body) <= room:
            written += [*part.head, *part.body, *part.end]
            continue
        body: list[str] = []
        left = room - _size(written) - frame
        for line in part.body:
            left -= _size([line])
            if left < 0:
                break
            body.append(line)
        written += [*part.head, *body, *part.end] if body else []
        lines = sum(len(one.body) for one in parts[number:]) - len(body)
        written.append(f"**Cut: {lines} more lines do not fit into a comment; the log of the job has them all.**")
        break
    return "\n".join(written).rstrip("\n") + "\n"
