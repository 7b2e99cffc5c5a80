"""The formats of CI systems that `check`, `diff`, `verify` and `compare` write."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

from frrgen.cli.ci_formats import NAMES
from frrgen.codes import Severity
from frrgen.errors import Exit, FrrgenError, Where
from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.report.ci.problem import Problem, Result, of_findings

VERSION: Final = 1
"""The version of the JSON envelope; it grows when a key goes or changes its meaning."""


def envelope(routers: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return the JSON of a result: a list of routers, however many there are."""
    return {"version": VERSION, "routers": list(routers), **more}


def write(form: str, result: Result, plans: Sequence[Plan] = ()) -> None:
    """Print a result in a format."""
    text = getattr(importlib.import_module(f"frrgen.report.ci.{form}"), form)
    print(text(result, plans) if form == "markdown" else text(result), end="")


def reported(run: Callable[[argparse.Namespace], Exit]) -> Callable[[argparse.Namespace], Exit]:
    """Make a verb write its errors in the format that is asked for, too."""

    @wraps(run)
    def guarded(args: argparse.Namespace) -> Exit:
        try:
            return run(args)
        except FrrgenError as bad:
            if args.format not in NAMES:
                raise
            write(args.format, Result(args.verb, (), tuple(of_findings(bad.findings))))
            return bad.exit

    return guarded


def of_plan(plan: Plan, where: Where) -> list[Problem]:
    """Return the problems that a plan stands for: changes, and sessions that reset."""
    if plan.empty and not plan.astray:
        return []
    resets = [
        Problem(
            "session-reset",
            Severity.WARNING,
            f"{plan.router}: session {one.neighbor} resets ({', '.join(one.because)})",
            where,
            plan.router,
        )
        for one in plan.sessions
        if one.impact is Impact.RESET
    ]
    return [Problem("changes", Severity.WARNING, plan.summary, where, plan.router), *resets]
