"""`frrgen status`: whether a router is at rest, or a push waits on it, and whether it would start with what it runs.

Of a cluster it tells what became of its prefixes: `drift`.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

from frrgen.cli import drift
from frrgen.cli.common import complain, worst
from frrgen.cli.outcomes import finding_as_json
from frrgen.cli.waiting import job, routers
from frrgen.errors import Exit, FrrgenError
from frrgen.model.router import Router
from frrgen.platforms.base import of
from frrgen.transaction.waiting import events
from frrgen.transport.base import Keeper, Running


def run(args: argparse.Namespace) -> Exit:
    """Ask the routers; exit 2 if a push waits on one, or one would not start with what it runs."""
    if (inventory := drift.clusters_meant(args)) is not None:
        return drift.run(args, inventory)
    named = routers(args)

    def ask(router: Router) -> dict[str, Any] | FrrgenError:
        try:
            return job(router, args, partial(_status, router))()
        except FrrgenError as bad:
            return bad

    with ThreadPoolExecutor(max_workers=args.parallel) as pool:
        found = dict(zip((router.name for router in named), pool.map(ask, named), strict=True))
    if args.format == "json":
        json.dump([_as_json(name, said) for name, said in found.items()], sys.stdout, indent=2)
        print()
    else:
        for name, said in found.items():
            _tell(name, said)
    return worst(_exit(said) for said in found.values())


def _status(router: Router, device: Keeper[Running]) -> dict[str, Any]:
    now = device.fetch()
    last = events(device)[-1:]
    return {
        "pending": None if now.pending is None else {**asdict(now.pending), "text": str(now.pending)},
        "unsaved": list(of(router).unsaved(now)),
        "standby": bool(now.would_run),
        "sessions": sum(session.up for session in now.sessions.values()),
        "last": last[0] if last else None,
    }


def _tell(name: str, said: dict[str, Any] | FrrgenError) -> None:
    if isinstance(said, FrrgenError):
        complain(said)
        return
    if said["pending"]:
        print(f"{name}: {said['pending']['text']}")
    if said["unsaved"]:
        print(f"{name}: the startup configuration differs from the running one: {len(said['unsaved'])} lines differ")
    if said["standby"]:
        print(f"{name}: FRR does not run here while another box is the CARP master")
    elif not said["pending"] and not said["unsaved"]:
        print(f"{name}: at rest: the startup configuration is the running one, and no push waits")
    if last := said["last"]:
        print(f"  last: {last.get('event', '')} {last.get('time', '')} by {last.get('by', '')} {last.get('id', '')}")


def _as_json(name: str, said: dict[str, Any] | FrrgenError) -> dict[str, Any]:
    if isinstance(said, FrrgenError):
        return {"router": name, "findings": [finding_as_json(finding) for finding in said.findings]}
    return {"router": name, **said}


def _exit(said: dict[str, Any] | FrrgenError) -> Exit:
    if isinstance(said, FrrgenError):
        return said.exit
    return Exit.CHANGES if said["pending"] or said["unsaved"] else Exit.OK
