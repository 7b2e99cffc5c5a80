"""`frrgen compare`: whether two policies do the same with every route."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from frrgen.cli.ci import envelope, reported, write
from frrgen.cli.ci_formats import NAMES
from frrgen.cli.common import Inventory, session_of, warn_unread
from frrgen.cli.plan import parse_file
from frrgen.cli.refused import STDIN
from frrgen.cli.route_options import attributes, checked_version
from frrgen.codes import Code, Severity
from frrgen.errors import Exit, Finding, InputError, there_are
from frrgen.model.router import Router
from frrgen.platforms.base import of
from frrgen.policy.frr.alphabet import Policy
from frrgen.policy.frr.attached import Direction
from frrgen.policy.frr.partial_entries import ALL_READ, Unread, unread_entries
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.trace import Verdict
from frrgen.policy.questions.compare import Comparison, compare_wherever
from frrgen.policy.sets.route import Route
from frrgen.report.ci.problem import Problem, Result


@reported
def run(args: argparse.Namespace) -> Exit:
    """Compare: 0 is a proof that they are equal, 2 a difference or a doubt."""
    sources = Sources(args.inventory, checked_version(args.frr_version))
    result = compare_wherever(sources.policy(args.a), sources.policy(args.b))
    if args.format == "json":
        print(json.dumps(_json(args, result), indent=2))
    elif args.format in NAMES:
        write(args.format, Result("compare", (f"{args.a} and {args.b}",), tuple(_problems(args, result))))
    else:
        _show(args, result)
    return Exit.OK if result.equal else Exit.CHANGES


class Sources:
    """Finds what A and B name."""

    def __init__(self, folder: Path, version: str | None) -> None:
        self.folder, self.version = folder, version
        self.inventory: Inventory | None = None

    def policy(self, text: str) -> Policy:
        """Read ROUTER:ROUTE-MAP, ROUTER:NEIGHBOR:in|out, or FILE instead of ROUTER. Raises InputError."""
        direction: Direction | None = None
        rest, _, last = text.rpartition(":")
        if last == "in":
            direction = "in"
        elif last == "out":
            direction = "out"
        owner, found, name = (rest if direction else text).partition(":")
        if not found or not name:
            hint = "write ROUTER:ROUTE-MAP, ROUTER:NEIGHBOR:in, ROUTER:NEIGHBOR:out, or a file instead of ROUTER"
            raise InputError(Finding(Code.FRR303, f"{text!r} names no policy", hint=hint))
        router, unread, inventory = self._router(owner)
        if direction is not None:
            return Policy(router, session_of(router, name, direction, inventory), unread=unread)
        if name not in router.route_maps:
            hint = there_are(router.route_maps, name)
            raise InputError(Finding(Code.FRR304, f"{owner} has no route map {name!r}", hint=hint))
        session = Session.of_nobody(router, Session.places(router)[name][0])
        return Policy(router, session, name, unread)

    def _router(self, owner: str) -> tuple[Router, Unread, Inventory | None]:
        path = Path(owner)
        if owner == STDIN or path.is_file() or "/" in owner:
            parsed = parse_file(path, name="router", frr_version=self.version)
            warn_unread(path, parsed.leftovers)
            return parsed.router, unread_entries(parsed.leftovers), None
        if self.inventory is None:
            self.inventory = Inventory(self.folder)
        router = self.inventory.routers([owner])[0]
        router = of(router).as_run(router)
        if self.version is not None:
            router = router.of_version(self.version)
        return router, ALL_READ, self.inventory


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
