"""GitHub's annotations: workflow commands that a job prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from frrgen.codes import Severity
from frrgen.errors import visible
from frrgen.report.ci.problem import Problem, Result

_MOST: Final = 10
"""GitHub drops what a step says beyond so many annotations of a kind."""
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def github(result: Result) -> str:
    """Return the annotations; of a kind with more than GitHub shows, the last one counts the others, which follow."""
    lines = [line for severity in Severity for line in _kind(result, severity)]
    return "".join(f"{line}\n" for line in lines)


def _kind(result: Result, severity: Severity) -> Iterator[str]:
    problems = [one for one in result.problems if one.severity is severity]
    # what fails is shown before what does not
    problems.sort(key=lambda one: not one.fails)
    shown: Sequence[Problem] = problems if len(problems) <= _MOST else problems[: _MOST - 1]
    command = _COMMANDS[severity]
    for one in shown:
        yield f"::{command} {_place(one)}title={_property(f'{one.rule}: {one.head}')}::{_data(one.message)}"
    if left := problems[len(shown) :]:
        text = f"GitHub shows {_MOST} annotations of a kind: {len(left)} more are in the log of this step"
        yield f"::{command} title=frrgen {result.verb}::{_data(text)}"
        for one in left:
            place = f"{one.where}: " if one.where.file else ""
            # text of whatever origin must not be a command
            yield f"  {place}{severity}[{one.rule}]: {one.message}"


def _place(problem: Problem) -> str:
    if not problem.file:
        return ""
    numbers = {"line": problem.where.line, "col": problem.where.column}
    return f"file={_property(visible(problem.file, 1000))}," + "".join(
        f"{key}={value}," for key, value in numbers.items() if value
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
