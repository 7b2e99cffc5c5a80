"""A look at a whole network: its view, its findings, and what its routers run. Many routers are read in parts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from frrgen.cli.diff import refuse_file, running_files
from frrgen.cli.fleet import PART, in_parts, own
from frrgen.cli.working import working
from frrgen.codes import Code, Severity
from frrgen.errors import DeviceError, Finding, FrrgenError
from frrgen.intended.inventory import Inventory
from frrgen.inventory.folder import names
from frrgen.model.router import Router
from frrgen.platforms.base import Options, Source, of
from frrgen.report.survey import survey
from frrgen.report.view import NetworkView, Observed


@dataclass(frozen=True)
class Asked:
    """What of a network is looked at."""

    folder: Path
    policies: bool
    findings: bool
    running: Path | None
    live: bool
    ssh_config: Path | None
    parallel: int


@dataclass(frozen=True)
class Looked:
    """What was seen of some routers."""

    view: NetworkView
    findings: tuple[Finding, ...]


def look(args: argparse.Namespace, *, policies: bool, findings: bool) -> Looked:
    """Look at the routers that are named, or at all. Raises InputError if their files cannot be read."""
    asked = Asked(args.inventory, policies, findings, args.running, args.live, args.ssh_config, args.parallel)
    every = names(args.inventory)
    wanted = list(dict.fromkeys(args.routers)) or list(every)
    if asked.running is not None:
        refuse_file(asked.running, len(wanted))
    with working(args, "reading routers", len(wanted)) as step:
        if len(wanted) <= PART:
            return _part(asked, wanted, rest=not args.routers)
        parts = [wanted[at : at + PART] for at in range(0, len(wanted), PART)]
        # a look at policies of the whole needs no more than a look at those of the parts
        work = [partial(_part, asked, part, rest=number == 0 and not args.routers) for number, part in enumerate(parts)]
        view, found = NetworkView(), dict[Finding, None]()
        for part in in_parts(work):
            view.add(part.view)
            found |= dict.fromkeys(part.findings)
            step(len(part.view.routers))
    return Looked(view, tuple(found))


def _part(asked: Asked, wanted: Sequence[str], *, rest: bool) -> Looked:
    inventory = Inventory(asked.folder, wanted, rest=rest) if wanted else Inventory(asked.folder)
    routers = inventory.routers(wanted)
    wrong = any(one.severity is Severity.ERROR for one in inventory.findings)
    generated = [inventory.generated.routers[router.name] for router in routers]
    view = survey(inventory.loaded.network, generated, policies=asked.policies and not wrong)
    if asked.running is not None or asked.live:
        view.observed = _observed(inventory, routers, asked)
    findings: Sequence[Finding] = ()
    if asked.findings:
        findings = own(inventory, wanted, [*inventory.findings, *inventory.audited()])
    return Looked(view, tuple(findings))


def _observed(inventory: Inventory, routers: Sequence[Router], asked: Asked) -> dict[str, Observed]:
    def observe(router: Router) -> Observed:
        try:
            inventory.refuse_errors([router.name], over_box=True)
            file = running_files(asked.running, [router]).get(router.name)
            source = Source(file, asked.ssh_config)
            with inventory.placing():
                plan = of(router).plan(inventory.resolved(router), source, Options())
            return Observed(
                plan.to_json(),
                empty=plan.empty and not plan.astray,
                routes=tuple(f"{router.name} {line}" for effect in plan.routes or () for line in effect.lines()),
                sessions=_up(inventory.with_login(router), source) if asked.live else None,
            )
        except FrrgenError as bad:
            return Observed(error=str(bad))

    with ThreadPoolExecutor(max_workers=asked.parallel) as pool:
        return dict(zip((router.name for router in routers), pool.map(observe, routers), strict=True))


def _up(router: Router, source: Source) -> dict[tuple[str, str], bool]:
    """Ask the router which of its sessions are up."""
    with closing(of(router).keeper(router, source)) as device:
        sessions = device.fetch().sessions
    if sessions is None:
        raise DeviceError(Finding(Code.FRR516, f"{router.name}: bgpd does not show its sessions"))
    found: dict[tuple[str, str], bool] = {}
    for (vrf, _, neighbor), session in sessions.items():
        key = ("" if vrf == "default" else vrf, neighbor)
        found[key] = found.get(key, False) or session.up
    return found
