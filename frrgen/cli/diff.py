"""`frrgen diff`: intended against running configuration."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from frrgen.cli.at_commit import running_at
from frrgen.cli.ci import envelope, of_plan, reported, write
from frrgen.cli.ci_formats import NAMES
from frrgen.cli.common import complain, worst
from frrgen.cli.devices import plan_of, refuse_avoid
from frrgen.cli.outcomes import finding_as_json
from frrgen.cli.plan import show
from frrgen.cli.reviewed import plan_digest
from frrgen.cli.working import counted, working
from frrgen.codes import Code, Severity
from frrgen.errors import Exit, Finding, FrrgenError, InputError, visible
from frrgen.intended.readable import Readable, readable
from frrgen.model.router import Router
from frrgen.platforms.files import STDIN, write_private
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.report.ci.problem import Problem, Result, of_findings

_SUFFIXES: Final = (".conf", ".config.xml", ".xml")
"""What may stand behind a router's name in a folder of running configurations."""


@reported
def run(args: argparse.Namespace) -> Exit:
    """Compare every router, and print each plan; one that is wrong or cannot be reached does not hide the others."""
    with working(args, "reading the inventory"):
        read = readable(args.inventory, args.routers, over_box=True)
    inventory, routers, wrong = read.inventory, read.routers, read.wrong
    refuse_avoid(args, routers)
    if wrong and args.running is not None and not args.running.is_dir():
        # a file is of the one router that there is
        raise InputError(*(one for bad in wrong.values() for one in bad.findings))
    if args.base is not None:
        with ExitStack() as held:
            with working(args, f"reading the inventory of {visible(args.base)}"):
                files, gone = held.enter_context(running_at(args.base, args.inventory, routers))
            # its own names alone are compared when routers are named
            left = () if args.routers else [name for name in gone if name not in wrong]
            return _compared(read, args, files, left)
    running = running_files(args.running, routers)
    resolved = replace(read, routers=[inventory.resolved(router) for router in routers])
    return _compared(resolved, args, running)


def _compared(read: Readable, args: argparse.Namespace, running: Mapping[str, Path], gone: Sequence[str] = ()) -> Exit:
    """Compare each router with its file, or over SSH without one, and print the plans.

    `gone`: routers that the inventory no longer has.
    """
    inventory, routers = read.inventory, read.routers

    def compare(router: Router) -> Plan | FrrgenError:
        try:
            with inventory.placing():
                return plan_of(router, args, running.get(router.name))
        except FrrgenError as bad:
            return bad

    with (
        working(args, "comparing routers", len(routers)) as step,
        ThreadPoolExecutor(max_workers=args.parallel) as pool,
    ):
        results = [*counted(pool.map(compare, routers), step), *read.wrong.values()]
    names = [*(router.name for router in routers), *read.wrong]
    plans = [found for found in results if isinstance(found, Plan)]
    failed = [found for found in results if isinstance(found, FrrgenError)]
    for bad in failed:
        complain(bad)
    as_json = [
        {**found.to_json(), "digest": plan_digest(found)} if isinstance(found, Plan) else _failed(name, found)
        for name, found in zip(names, results, strict=True)
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
            for name, found in zip(names, results, strict=True)
            for problem in (
                of_plan(found, inventory.place(("routers", name)))
                if isinstance(found, Plan)
                else of_findings(found.findings, name)
            )
        ]
        result = Result("diff", (*names, *gone), (*problems, *left))
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


def refuse_file(said: Path, routers: int) -> None:
    """Refuse one file that is to be the running configuration of several routers. Raises InputError."""
    if str(said) != STDIN and not said.exists():
        raise InputError(Finding(Code.FRR403, f"{said} cannot be read: there is no such file or folder"))
    if not said.is_dir() and routers != 1:
        hint = "for several routers name a folder with a file for each, such as ROUTER.conf"
        raise InputError(Finding(Code.FRR114, "--running with a file goes with exactly one router", hint=hint))


def running_files(said: Path | None, routers: Sequence[Router]) -> dict[str, Path]:
    """Find the file of each router, if there are files. Raises InputError."""
    if said is None:
        return {}
    if not said.is_dir():
        refuse_file(said, len(routers))
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


def _failed(name: str, bad: FrrgenError) -> dict[str, Any]:
    return {"router": name, "findings": [finding_as_json(finding) for finding in bad.findings]}


def _exit(found: Plan | FrrgenError) -> Exit:
    if isinstance(found, FrrgenError):
        return found.exit
    return Exit.OK if found.empty and not found.astray else Exit.CHANGES
