"""`frrgen status CLUSTER`: what became of the prefixes that the nodes sent, on each router."""

from __future__ import annotations

import argparse
import json
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from frrgen.cli.ci import envelope
from frrgen.cli.common import complain, count, worst
from frrgen.codes import Code
from frrgen.drift import sent
from frrgen.drift.compare import OnRouter, Row, SessionRow, Stage, compare
from frrgen.drift.seen import Seen, ask
from frrgen.errors import DeviceError, Exit, Finding, FrrgenError, InputError, cause
from frrgen.intended.inventory import Inventory
from frrgen.inventory.folder import names as router_names
from frrgen.model.router import Router
from frrgen.platforms.base import Source, of
from frrgen.platforms.files import STDIN, read_text
from frrgen.platforms.frr.parse.parser import parse
from frrgen.report.console import live, under_title
from frrgen.speaker.plan import NodePlan, plan_node
from frrgen.transport.base import Keeper, Running

_Told = tuple[str, dict[str, sent.NodeStatus], dict[str, OnRouter | FrrgenError]]
"""The name of a cluster, what its nodes sent, and what each router has."""

_SHOWN = 20
"""Prefixes of one kind that the text names."""
_LOCAL = Path("/run/frrgen-speaker.sock")


def run(args: argparse.Namespace, inventory: Inventory) -> Exit:
    """Follow the prefixes of clusters. Raises InputError."""
    with closing(_Logins(inventory, args.ssh_config)) as logins:
        told = _told(inventory, args, logins)
        if args.watch is not None:
            _watch(told, lambda: _told(inventory, args, logins), args.watch)
    exits = [_exit(one) for _, _, found in told for one in found.values()]
    exits += [Exit.CHANGES for _, nodes, _ in told for node in nodes.values() if _mistakes(node)]
    if args.format == "json":
        routers = [_json(cluster, name, one) for cluster, _, found in told for name, one in found.items()]
        withheld = [
            {"cluster": cluster, "node": node.name, **vars(one), "wanted": one.wanted}
            for cluster, nodes, _ in told
            for node in nodes.values()
            for one in node.withheld
        ]
        print(json.dumps(envelope(routers, withheld=withheld, drift=worst(exits) is not Exit.OK), indent=2))
        return worst(exits)
    for _, _, found in told:
        for one in found.values():
            if isinstance(one, FrrgenError):
                complain(one)
    for line in _lines(told):
        print(line)
    return worst(exits)


def _told(inventory: Inventory, args: argparse.Namespace, logins: _Logins) -> list[_Told]:
    return [(cluster, *_of_cluster(inventory, cluster, args, logins)) for cluster in args.routers]


def _watch(told: list[_Told], again: Callable[[], list[_Told]], seconds: int) -> None:
    """Show the text again and again, until Ctrl-C. A file that cannot be read now may be readable a look later."""
    lines = _with_errors(told)
    with live(lambda lines: print("\n".join(lines)), under_title) as screen:
        while True:
            screen(lines, time.strftime("%H:%M:%S"))
            time.sleep(seconds)
            try:
                lines = _with_errors(again())
            except FrrgenError as bad:
                lines = [str(finding) for finding in bad.findings]


class _Logins:
    """The logins of routers, which last from one look to the next."""

    def __init__(self, inventory: Inventory, ssh_config: Path | None) -> None:
        self._inventory, self._source = inventory, Source(None, ssh_config)
        self._open: dict[str, Keeper[Running]] = {}

    def to(self, router: Router) -> Keeper[Running]:
        """Return the login of a router. Raises DeviceError, InputError."""
        if router.name not in self._open:
            resolved = self._inventory.resolved(router)
            self._open[router.name] = of(resolved).keeper(resolved, self._source)
        return self._open[router.name]

    def end(self, name: str) -> None:
        """Log out of a router."""
        if (device := self._open.pop(name, None)) is not None:
            device.close()

    def close(self) -> None:
        """Log out of all routers."""
        for name in tuple(self._open):
            self.end(name)


def _of_cluster(
    inventory: Inventory, name: str, args: argparse.Namespace, logins: _Logins
) -> tuple[dict[str, sent.NodeStatus], dict[str, OnRouter | FrrgenError]]:
    cluster = inventory.loaded.network.clusters[name]
    if not cluster.nodes:
        raise InputError(Finding(Code.FRR602, f"cluster {name} names no node"))
    inventory.refuse_errors(cluster.routers)
    routers = inventory.generated.routers
    plans = {node: plan_node(inventory.loaded.network, routers, f"{name}/{node}") for node in cluster.nodes}
    nodes = sent.merged([one for said in args.sent or [str(_LOCAL)] for one in _read(said, plans, args.sent)])
    wanted = dict.fromkeys(peer.router for plan in plans.values() for peer in plan.peers)

    def look(router: str) -> OnRouter | FrrgenError:
        try:
            return compare(router, plans, nodes, _seen(inventory.derived.routers[router], plans, nodes, logins))
        except FrrgenError as bad:
            logins.end(router)
            return bad

    with ThreadPoolExecutor(max_workers=args.parallel) as pool:
        return nodes, dict(zip(wanted, pool.map(look, wanted), strict=True))


def _read(said: str, plans: Mapping[str, NodePlan], asked: Sequence[str] | None) -> list[sent.NodeStatus]:
    """Read `FILE`, `NODE=FILE`, `NODE@ROUTER=FILE`, or ask a speaker's socket. Raises InputError."""
    name, equals, file = said.partition("=")
    if Path(said).exists() or not equals:
        name, file = "", said
    try:
        if file != STDIN and stat.S_ISSOCK(Path(file).stat().st_mode):
            from frrgen.speaker.process.admin import ask_status

            try:
                answer = ask_status(Path(file))
            except DeviceError as bad:
                # whose socket it is nobody tells: what that node sent stays unknown
                complain(bad)
                return []
            return sent.read(json.dumps(answer), file, plans, said=name)
        text = read_text(Path(file)) if file == STDIN else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        reason = cause(bad, Path(file)) if isinstance(bad, OSError) else "it is no text"
        if asked:
            raise InputError(Finding(Code.FRR403, f"{file} cannot be read: {reason}")) from bad
        hint = "--sent FILE…, of each node what `frrgen speaker status --format json` prints"
        raise InputError(Finding(Code.FRR114, "say what the nodes sent: no speaker runs here", hint=hint)) from bad
    return sent.read(text, file, plans, said=name)


def _seen(router: Router, plans: Mapping[str, NodePlan], nodes: Mapping[str, sent.NodeStatus], logins: _Logins) -> Seen:
    """Ask a router. Raises DeviceError, InputError."""
    peers = [peer for plan in plans.values() for peer in plan.peers if peer.router == router.name]
    prefixes = {
        prefix
        for name, plan in plans.items()
        if name in nodes
        for peer in plan.peers
        if peer.router == router.name and (said := nodes[name].on(peer)) is not None
        for prefix in (*said.prefixes, *said.held)
    }
    device = logins.to(router)
    running = device.fetch()
    parsed = parse(running.text, name=router.name, frr_version=running.frr_version or router.frr_version)
    if running.would_run:
        return Seen(parsed.router, standby=True)
    return ask(device, parsed.router, peers, prefixes)


def _exit(found: OnRouter | FrrgenError) -> Exit:
    if isinstance(found, FrrgenError):
        return found.exit
    return Exit.CHANGES if found.drifts else Exit.OK


def _mistakes(node: sent.NodeStatus) -> bool:
    return any(not one.wanted for one in node.withheld)


# text


def _lines(told: Sequence[_Told]) -> Iterator[str]:
    for cluster, nodes, found in told:
        for name, one in found.items():
            if not isinstance(one, FrrgenError):
                yield from _lines_of(cluster, name, one)
        yield from _withheld(nodes)


def _with_errors(told: Sequence[_Told]) -> list[str]:
    errors = [one for _, _, found in told for one in found.values() if isinstance(one, FrrgenError)]
    return [*(str(finding) for bad in errors for finding in bad.findings), *_lines(told)]


def _lines_of(cluster: str, name: str, found: OnRouter) -> Iterator[str]:
    if found.standby:
        yield f"{cluster} and {name}: FRR does not run here while another box is the CARP master"
        return
    whole = [row for row in found.rows if not row.hidden]
    sessions, prefixes = count(len(found.sessions), "session"), count(len(found.rows), "prefix", "prefixes")
    yield f"{cluster} and {name}: {sessions}, {len(whole)} of {prefixes} by every node in the kernel"
    for one in found.sessions:
        if one.problem:
            yield f"  {one.node} {one.peer.local_address}: {one.problem}"
    hidden = [row for row in found.rows if row.hidden]
    for row in hidden[:_SHOWN]:
        services = f" ({', '.join(row.services[:3])})" if row.services else ""
        installed = row.reached[Stage.INSTALLED]
        yield f"  {row.prefix}{services}: " + (f"in the kernel by {', '.join(installed)}" if installed else "hidden")
        for why, lines, who in _together(row):
            yield f"    {who}: {why}"
            for line in lines:
                yield f"      {line}"
    if len(hidden) > _SHOWN:
        yield f"  and {len(hidden) - _SHOWN} more"


def _together(row: Row) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Tell each reason once, with the nodes that it holds for."""
    apart: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for one in row.hidden:
        apart.setdefault((one.why, f"not {one.stage}", one.lines), []).append(one.node)
    for (why, stage, lines), nodes in apart.items():
        shown = ", ".join(nodes[:5]) + (f" and {len(nodes) - 5} more" if len(nodes) > 5 else "")
        yield f"{stage}: {why}", lines, shown


def _withheld(nodes: Mapping[str, sent.NodeStatus]) -> Iterator[str]:
    apart: dict[sent.Withheld, list[str]] = {}
    for node in nodes.values():
        for one in node.withheld:
            apart.setdefault(one, []).append(node.name)
    for one, names in list(apart.items())[:_SHOWN]:
        detail = f" ({one.detail})" if one.detail else ""
        print_as = f"{one.service} {one.address}".strip()
        yield f"not announced by {', '.join(names[:5])}: {print_as}: {one.reason}{detail}"
    if len(apart) > _SHOWN:
        yield f"not announced: {len(apart) - _SHOWN} more"


# JSON


def _json(cluster: str, name: str, found: OnRouter | FrrgenError) -> dict[str, Any]:
    if isinstance(found, FrrgenError):
        from frrgen.cli.outcomes import finding_as_json

        return {"router": name, "cluster": cluster, "findings": [finding_as_json(one) for one in found.findings]}
    return {
        "router": name,
        "cluster": cluster,
        "standby": found.standby,
        "drift": found.drifts,
        "sessions": [_session(one) for one in found.sessions],
        "prefixes": [
            {
                "prefix": str(row.prefix),
                "vrf": row.vrf,
                "services": list(row.services),
                "reached": {str(stage): some for stage, some in row.reached.items()},
                "hidden": [
                    {
                        "node": one.node,
                        "stage": str(one.stage),
                        "why": one.why,
                        "lines": list(one.lines),
                        "wanted": one.wanted,
                    }
                    for one in row.hidden
                ],
            }
            for row in found.rows
        ],
    }


def _session(one: SessionRow) -> dict[str, Any]:
    return {
        "node": one.node,
        "local_address": str(one.peer.local_address),
        "peer": str(one.peer.address),
        "state": one.state or None,
        "problem": one.problem,
    }


def clusters_meant(args: argparse.Namespace) -> Inventory | None:
    """Return the inventory if the names of `frrgen status` are of clusters. Raises InputError for some of each."""
    names = args.routers
    if not names:
        if args.sent:
            raise InputError(Finding(Code.FRR114, "--sent is for a cluster: name it"))
        return None
    if not args.sent and set(names) <= set(router_names(args.inventory)):
        # the file of a router that is not named need not be right
        return None
    inventory = Inventory(args.inventory)
    known = inventory.loaded.network.clusters
    clusters = [name for name in names if name in known and name not in inventory.loaded.names]
    if not clusters:
        if args.sent:
            raise InputError(Finding(Code.FRR305, f"there is no cluster {names[0]!r}"))
        return None
    if others := [name for name in names if name not in clusters]:
        raise InputError(Finding(Code.FRR114, f"{clusters[0]} is a cluster, {others[0]} is none: ask about one kind"))
    return inventory
