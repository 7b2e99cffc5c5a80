"""`frrgen diff`: intended against running configuration."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from frrgen.cli.at_commit import running_at
from frrgen.cli.ci import envelope, of_plan, reported, write
from frrgen.cli.ci_formats import NAMES
from frrgen.cli.common import complain, worst
from frrgen.cli.devices import plan_of
from frrgen.cli.outcomes import finding_as_json
from frrgen.cli.plan import show
from frrgen.cli.reviewed import plan_digest
from frrgen.codes import Code, Severity
from frrgen.errors import Exit, Finding, FrrgenError, InputError
from frrgen.intended.inventory import Inventory
from frrgen.model.router import Router
from frrgen.platforms.files import write_private
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.report.ci.problem import Problem, Result, of_findings

_SUFFIXES: Final = (".conf", ".config.xml", ".xml")
"""What may stand behind a router's name in a folder of running configurations."""


@reported
def run(args: argparse.Namespace) -> Exit:
    """Compare every router, and print each plan; one that cannot be reached does not hide the others."""
    inventory = Inventory(args.inventory, args.routers)
    routers = inventory.routers(args.routers)
    inventory.refuse_errors((router.name for router in routers), over_box=True)
    if args.base is not None:
        with running_at(args.base, args.inventory, routers) as (files, gone):
            # its own names alone are compared when routers are named
            return _compared(inventory, routers, args, files, () if args.routers else gone)
    running = running_files(args.running, routers)
    return _compared(inventory, [inventory.resolved(router) for router in routers], args, running)


def _compared(
    inventory: Inventory,
    routers: Sequence[Router],
    args: argparse.Namespace,
    running: Mapping[str, Path],
    gone: Sequence[str] = (),
) -> Exit:
    """Compare each router with its file, or over SSH without one, and print the plans.

    `gone`: routers that the inventory no longer has.
    """

    def compare(router: Router) -> Plan | FrrgenError:
        try:
            with inventory.placing():
                return plan_of(router, args, running.get(router.name))
        except FrrgenError as bad:
            return bad

    with ThreadPoolExecutor(max_workers=args.parallel) as pool:
        results = list(pool.map(compare, routers))
    plans = [found for found in results if isinstance(found, Plan)]
    failed = [found for found in results if isinstance(found, FrrgenError)]
    for bad in failed:
        complain(bad)
    as_json = [
        {**found.to_json(), "digest": plan_digest(found)} if isinstance(found, Plan) else _failed(router, found)
        for router, found in zip(routers, results, strict=True)
    ]
    whole = envelope(as_json) if args.base is None else envelope(as_json, removed=list(gone))
    left = [_gone(name) for name in gone]
    if args.output is not None:
        write_private(args.output, json.dumps(whole, indent=2) + "\n")
    if args.format == "json":
        json.dump(whole, sys.stdout, indent=2)
        print()
    elif args.format in NAMES:
        problems = [
            problem
            for router, found in zip(routers, results, strict=True)
            for problem in (
                of_plan(found, inventory.place(("routers", router.name)))
                if isinstance(found, Plan)
                else of_findings(found.findings, router.name)
            )
        ]
        result = Result("diff", (*(router.name for router in routers), *gone), (*problems, *left))
        write(args.format, result, plans)
    else:
        for plan in plans:
            show(plan, args.format)
        for one in left:
            print(one.text)
    return worst([*(_exit(found) for found in results), *(Exit.CHANGES for _ in gone)])


def _gone(name: str) -> Problem:
    text = f"{name} is no longer in the inventory: frrgen leaves what it runs as it is"
    return Problem("changes", Severity.WARNING, text, case=name)


def running_files(said: Path | None, routers: Sequence[Router]) -> dict[str, Path]:
    """Find the file of each router, if there are files. Raises InputError."""
    if said is None:
        return {}
    if not said.is_dir():
        if len(routers) != 1:
            hint = "for several routers name a folder with a file for each, such as ROUTER.conf"
            raise InputError(Finding(Code.FRR114, "--running with a file goes with exactly one router", hint=hint))
        return {routers[0].name: said}
    found = {router.name: [said / f"{router.name}{suffix}" for suffix in _SUFFIXES] for router in routers}
    there = {name: [path for path in paths if path.is_file()] for name, paths in found.items()}
    wrong = [
        Finding(Code.FRR403, f"{said} has no file of {name}", hint=f"name it {name}.conf")
        if not paths
        else Finding(Code.FRR403, f"{said} has two files of {name}: {paths[0].name} and {paths[1].name}")
        for name, paths in there.items()
        if len(paths) != 1
    ]
    if wrong:
        raise InputError(*wrong)
    return {name: path for name, (path,) in there.items()}


def _failed(router: Router, bad: FrrgenError) -> dict[str, Any]:
    return {"router": router.name, "findings": [finding_as_json(finding) for finding in bad.findings]}


def _exit(found: Plan | FrrgenError) -> Exit:
    if isinstance(found, FrrgenError):
        return found.exit
    return Exit.OK if found.empty and not found.astray else Exit.CHANGES
