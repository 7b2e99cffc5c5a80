"""`frrgen compare`: whether two policies do the same with every route."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from frrgen.cli.ci import envelope, reported, write
from frrgen.cli.ci_formats import NAMES
from frrgen.cli.common import complain
from frrgen.cli.working import working
from frrgen.codes import Severity
from frrgen.errors import Exit
from frrgen.intended.policies import Policies
from frrgen.intended.route import attributes, checked_version
from frrgen.policy.frr.trace import Verdict
from frrgen.policy.questions.compare import Comparison, compare_wherever
from frrgen.policy.sets.route import Route
from frrgen.report.ci.problem import Problem, Result


@reported
def run(args: argparse.Namespace) -> Exit:
    """Compare: 0 is a proof that they are equal, 2 a difference or a doubt."""
    policies = Policies(args.inventory, checked_version(args.frr_version))
    with working(args, "reading"):
        a, b = policies.named(args.a), policies.named(args.b)
    complain(policies.unread)
    with working(args, "comparing every route"):
        result = compare_wherever(a, b, args.budget.bounded)
    if args.format == "json":
        print(json.dumps(_json(args, result), indent=2))
    elif args.format in NAMES:
        write(args.format, Result("compare", (f"{args.a} and {args.b}",), tuple(_problems(args, result))))
    else:
        _show(args, result)
    return Exit.OK if result.equal else Exit.CHANGES


def _problems(args: argparse.Namespace, result: Comparison) -> Iterator[Problem]:
    case = f"{args.a} and {args.b}"
    for one in result.differences:
        verdicts = f"{args.a}: {one.a.verdict} by {one.a_by}; {args.b}: {one.b.verdict} by {one.b_by}"
        text = f"they differ for {one.space}, e.g. {one.route.prefix}. {verdicts}"
        yield Problem("difference", Severity.WARNING, text, case=case)
    for reason in result.undecided:
        yield Problem("undecided", Severity.WARNING, reason, case=case)


def _json(args: argparse.Namespace, result: Comparison) -> dict[str, Any]:
    policies = [{"router": one.partition(":")[0], "policy": one} for one in (args.a, args.b)]
    return envelope(
        policies,
        equal=result.equal,
        differences=[
            {
                "route": one.route.to_json(),
                "a": _side(one.a, one.a_by),
                "b": _side(one.b, one.b_by),
                "space": one.space,
            }
            for one in result.differences
        ],
        undecided=list(result.undecided),
    )


def _side(verdict: Verdict, by: str) -> dict[str, Any]:
    return {"verdict": verdict.verdict, "route": verdict.route.to_json(), "by": by}


def _show(args: argparse.Namespace, result: Comparison) -> None:
    if result.equal:
        print(f"{args.a} and {args.b} do the same with every route.")
    for one in result.differences:
        print(f"They differ for {one.space}")
        shown = ", ".join(f"{name} {value}" for name, value in attributes(one.route).items())
        print(f"  e.g. {one.route.prefix} ({shown})")
        for name, verdict, by in ((args.a, one.a, one.a_by), (args.b, one.b, one.b_by)):
            became = _changed(one.route, verdict.route) if verdict.verdict == "permit" else ""
            print(f"    {name}: {verdict.verdict} by {by}{became}")
    for reason in result.undecided:
        print(f"undecided: {reason}")


def _changed(before: Route, after: Route) -> str:
    was, now = attributes(before), attributes(after)
    changed = [f"{name} {now.get(name, 'none')}" for name in {**was, **now} if was.get(name) != now.get(name)]
    return f", with {', '.join(changed)}" if changed else ", as it came"
