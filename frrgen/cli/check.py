"""`frrgen check`: every Finding of the inventory."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Sequence
from typing import Any

from frrgen.cli.ci import envelope, write
from frrgen.cli.ci_formats import NAMES
from frrgen.cli.common import count
from frrgen.cli.fleet import PART, check_fleet
from frrgen.cli.told import tell
from frrgen.cli.working import working
from frrgen.codes import Severity
from frrgen.errors import Exit, Finding, InputError
from frrgen.intended.inventory import Inventory
from frrgen.inventory.folder import names
from frrgen.report.ci.problem import Result, of_findings


def run(args: argparse.Namespace) -> Exit:
    """Print the findings; an error among them is exit 1."""
    try:
        wanted, shown = _mended(args) if args.fix else _found(args)
    except InputError as bad:
        if args.format == "text":
            raise
        wanted, shown = set(), bad.findings
    if args.format in NAMES:
        write(args.format, Result("check", tuple(sorted(wanted)), tuple(of_findings(shown))))
        return Exit.ERROR if any(one.severity is Severity.ERROR for one in shown) else Exit.OK
    errors = sum(one.severity is Severity.ERROR for one in shown)
    warnings = sum(one.severity is Severity.WARNING for one in shown)
    if args.format == "json":
        print(json.dumps(_envelope(wanted, shown, errors=errors, warnings=warnings), indent=2))
    else:
        tell(shown, sys.stdout)
        if not args.quiet:
            print(f"{count(len(wanted), 'router')} checked: {count(errors, 'error')}, {count(warnings, 'warning')}.")
    return Exit.ERROR if errors else Exit.OK


def _mended(args: argparse.Namespace, *, again: bool = False) -> tuple[set[str], Sequence[Finding]]:
    """Find, mend what can be mended with certainty, and find again: errors hide what else there is.

    Raises InputError.
    """
    from frrgen.cli.fix import fix

    try:
        found = _found(args)
    except InputError as bad:
        if fix(args, bad.findings, again=again):
            return _mended(args, again=True)
        raise
    return _mended(args, again=True) if fix(args, found[1], again=again) else found


def _found(args: argparse.Namespace) -> tuple[set[str], Sequence[Finding]]:
    every = names(args.inventory)
    if not args.routers and len(every) > PART:
        with working(args, "checking routers", len(every)) as step:
            return set(every), check_fleet(args.inventory, every, args.jobs, step)
    with working(args, "checking"):
        return _found_of(args)


def _found_of(args: argparse.Namespace) -> tuple[set[str], Sequence[Finding]]:
    inventory = Inventory(args.inventory, args.routers)
    wanted = {router.name for router in inventory.routers(args.routers)}
    return wanted, [
        one
        for one in (*inventory.findings, *inventory.audited())
        if not args.routers or one.where.path[:1] != ("routers",) or one.where.path[1] in wanted
    ]


def _envelope(wanted: Collection[str], shown: Sequence[Finding], **counts: int) -> dict[str, Any]:
    """Return the findings by router, and those that are about no single router."""
    by_router: dict[str, list[dict[str, Any]]] = {name: [] for name in sorted(wanted)}
    others: list[dict[str, Any]] = []
    for one in shown:
        path = one.where.path
        own = by_router.setdefault(path[1], []) if path[:1] == ("routers",) and len(path) > 1 else others
        own.append(_json(one))
    routers = [{"router": name, "findings": found} for name, found in by_router.items()]
    return envelope(routers, findings=others, **counts)


def _json(finding: Finding) -> dict[str, Any]:
    where = finding.where
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "path": list(where.path),
        "hint": finding.hint,
    }
