"""`frrgen status`: the sessions of routers, whether a push waits on them, and whether they run what is intended.

Of a cluster it tells what became of its prefixes: `drift`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from typing import Any

from frrgen.cli import drift
from frrgen.cli.ci import envelope
from frrgen.cli.common import complain, worst
from frrgen.cli.outcomes import finding_as_json
from frrgen.cli.received import with_received
from frrgen.cli.working import working
from frrgen.codes import Code
from frrgen.errors import DeviceError, Exit, Finding, FrrgenError, InputError
from frrgen.intended.inventory import Inventory
from frrgen.intended.readable import read_files
from frrgen.model.router import Router
from frrgen.platforms.base import Options, Source, of
from frrgen.platforms.frr.parse.parser import parse
from frrgen.report.console import live
from frrgen.report.sessions import show, table
from frrgen.transaction.waiting import events
from frrgen.transport.base import UP, Keeper, Peer, Running, read_peers

Said = dict[str, Any] | FrrgenError


def run(args: argparse.Namespace) -> Exit:
    """Ask the routers; exit 2 if a push waits on one, or one would not start with what it runs."""
    if (clusters := drift.clusters_meant(args)) is not None:
        return drift.run(args, clusters)
    inventory, routers, wrong = _known(args)
    asked = [_Asked(inventory, router, args) for router in routers]
    try:
        if args.watch is not None:
            for bad in wrong.values():
                complain(bad)
            _watch(asked, args)
        with working(args, "asking routers", len(asked)) as step:
            found = {**_all(asked, args.parallel, step), **wrong}
    finally:
        for one in asked:
            one.close()
    if args.format == "json":
        json.dump(envelope([_as_json(name, said) for name, said in found.items()]), sys.stdout, indent=2)
        print()
    else:
        _tell(found)
    return worst(_exit(said) for said in found.values())


def _known(args: argparse.Namespace) -> tuple[Inventory, list[Router], dict[str, InputError]]:
    """Return the inventory, the routers to ask, and the errors of unreadable files by router. Raises InputError.

    A router with other errors is asked, too: the answer then tells no difference from the inventory.
    """
    if args.routers:
        inventory, wrong = Inventory(args.inventory, args.routers), dict[str, InputError]()
    else:
        inventory, wrong = read_files(args.inventory)
    return inventory, [one for one in inventory.routers(args.routers) if one.name not in wrong], wrong


def _watch(asked: Sequence[_Asked], args: argparse.Namespace) -> None:
    """Show the table again and again, until Ctrl-C."""
    with live(show, table) as screen:
        while True:
            screen(_sessions(_all(asked, args.parallel)), time.strftime("%H:%M:%S"))
            time.sleep(args.watch)


def _all(asked: Sequence[_Asked], parallel: int, step: Any = None) -> dict[str, Said]:
    found: dict[str, Said] = {}
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        for one, said in zip(asked, pool.map(_Asked.ask, asked), strict=True):
            found[one.name] = said
            if step is not None:
                step(1)
    return found


class _Asked:
    """A router that is asked, perhaps again and again, over one login."""

    def __init__(self, inventory: Inventory, router: Router, args: argparse.Namespace) -> None:
        self.name = router.name
        self._inventory, self._router = inventory, router
        self._source = Source(None, args.ssh_config)
        self._device: Keeper[Running] | None = None
        self._seen: tuple[str, dict[str, Any]] | None = None
        """The digest of what ran, and how it differed."""
        self._runs: tuple[str, Router] | None = None
        """The digest of what ran, and the router that it makes."""

    def ask(self) -> Said:
        """Return what the router says; the error if it cannot be asked."""
        try:
            return self._status()
        except FrrgenError as bad:
            self.close()
            return bad

    def close(self) -> None:
        """Log out."""
        if self._device is not None:
            with closing(self._device):
                self._device = None

    def _status(self) -> dict[str, Any]:
        if self._device is None:
            # passwords of neighbors are not asked for
            router = self._inventory.with_login(self._router)
            self._device = of(router).keeper(router, self._source)
        now = self._device.fetch()
        last = events(self._device)[-1:]
        peers = [] if now.would_run or now.sessions == {} else self._peers(self._device, now)
        return {
            "pending": None if now.pending is None else {**asdict(now.pending), "text": str(now.pending)},
            "unsaved": list(of(self._router).unsaved(now)),
            "standby": bool(now.would_run),
            "sessions": [{**asdict(one), "up": one.state == UP} for one in peers],
            "drift": None if now.pending is not None else self._drift(now.digest),
            "last": last[0] if last else None,
        }

    def _peers(self, device: Keeper[Running], now: Running) -> list[Peer]:
        if self._runs is None or self._runs[0] != now.digest:
            self._runs = now.digest, parse(now.text, name=self.name).router
        try:
            peers = read_peers(device.show(["show bgp vrf all summary json"]))
            return with_received(device, self._runs[1], peers)
        except ValueError as bad:
            raise DeviceError(Finding(Code.FRR516, f"{self.name}: bgpd runs, and {bad}")) from bad

    def _drift(self, digest: str) -> dict[str, Any]:
        """Compare with what is intended, if something else runs than when it was compared last."""
        if self._seen is None or self._seen[0] != digest:
            self._seen = digest, self._compared()
        return self._seen[1]

    def _compared(self) -> dict[str, Any]:
        try:
            self._inventory.refuse_errors([self.name], over_box=True)
            with self._inventory.placing():
                plan = of(self._router).plan(self._inventory.resolved(self._router), self._source, Options())
        except FrrgenError as bad:
            return {"differs": None, "summary": bad.findings[0].message}
        return {"differs": not plan.empty or plan.astray, "summary": plan.summary}


def _sessions(found: Mapping[str, Said]) -> list[tuple[str, Peer]]:
    fields = Peer.__dataclass_fields__
    return [
        (name, Peer(**{field: one[field] for field in fields}))
        for name, said in found.items()
        if not isinstance(said, FrrgenError)
        for one in said["sessions"]
    ]


def _tell(found: Mapping[str, Said]) -> None:
    if sessions := _sessions(found):
        show(sessions)
    for name, said in found.items():
        if isinstance(said, FrrgenError):
            complain(said)
        else:
            _tell_one(name, said)


def _tell_one(name: str, said: dict[str, Any]) -> None:
    if said["pending"]:
        print(f"{name}: {said['pending']['text']}")
    if said["unsaved"]:
        print(f"{name}: {len(said['unsaved'])} lines of the startup configuration differ from what runs")
    if said["standby"]:
        print(f"{name}: FRR does not run here while another box is the CARP master")
    elif not said["pending"] and not said["unsaved"]:
        print(f"{name}: at rest: the startup configuration is the running configuration, and no push waits")
    compared = said["drift"]
    if compared is not None and compared["differs"] is not False:
        words = "differs from the inventory" if compared["differs"] else "whether it differs is not known"
        print(f"{name}: {words}: {compared['summary']}")
    if last := said["last"]:
        print(f"  last: {last.get('event', '')} {last.get('time', '')} by {last.get('by', '')} {last.get('id', '')}")


def _as_json(name: str, said: Said) -> dict[str, Any]:
    if isinstance(said, FrrgenError):
        return {"router": name, "findings": [finding_as_json(finding) for finding in said.findings]}
    return {"router": name, **said}


def _exit(said: Said) -> Exit:
    if isinstance(said, FrrgenError):
        return said.exit
    return Exit.CHANGES if said["pending"] or said["unsaved"] else Exit.OK
