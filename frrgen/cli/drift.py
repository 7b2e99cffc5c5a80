"""`frrgen status CLUSTER`: what became of the prefixes that the nodes sent, on each router."""

from __future__ import annotations

import argparse
import json
import stat
from collections.abc import Iterator, Mapping, Sequence
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
from frrgen.speaker.plan import NodePlan, plan_node

_SHOWN = 20
"""Prefixes of one kind that the text names."""
_LOCAL = Path("/run/frrgen-speaker.sock")


def run(args: argparse.Namespace, inventory: Inventory) -> Exit:
    """Follow the prefixes of clusters. Raises InputError."""
    told = [(cluster, *_of_cluster(inventory, cluster, args)) for cluster in args.routers]
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
    for cluster, nodes, found in told:
        for name, one in found.items():
            if isinstance(one, FrrgenError):
                complain(one)
            else:
                _tell(cluster, name, one)
        for line in _withheld(nodes):
            print(line)
    return worst(exits)


def _of_cluster(
    inventory: Inventory, name: str, args: argparse.Namespace
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
            return compare(
                router, plans, nodes, _seen(inventory, inventory.derived.routers[router], plans, nodes, args)
            )
        except FrrgenError as bad:
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


def _seen(
    inventory: Inventory,
    router: Router,
    plans: Mapping[str, NodePlan],
    nodes: Mapping[str, sent.NodeStatus],
    args: argparse.Namespace,
) -> Seen:
    """Ask a router. Raises DeviceError, InputError."""
    resolved = inventory.resolved(router)
    peers = [peer for plan in plans.values() for peer in plan.peers if peer.router == router.name]
    prefixes = {
        prefix
        for name, plan in plans.items()
        if name in nodes
        for peer in plan.peers
        if peer.router == router.name and (said := nodes[name].on(peer)) is not None
        for prefix in (*said.prefixes, *said.held)
    }
    with closing(of(resolved).keeper(resolved, Source(None, args.ssh_config))) as device:
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


def _tell(cluster: str, name: str, found: OnRouter) -> None:
    if found.standby:
        print(f"{cluster} and {name}: FRR does not run here while another box is the CARP master")
        return
    whole = [row for row in found.rows if not row.hidden]
    sessions, prefixes = count(len(found.sessions), "session"), count(len(found.rows), "prefix", "prefixes")
    print(f"{cluster} and {name}: {sessions}, {len(whole)} of {prefixes} by every node in the kernel")
    for one in found.sessions:
        if one.problem:
            print(f"  {one.node} {one.peer.local_address}: {one.problem}")
    hidden = [row for row in found.rows if row.hidden]
    for row in hidden[:_SHOWN]:
        services = f" ({', '.join(row.services[:3])})" if row.services else ""
        installed = row.reached[Stage.INSTALLED]
        print(f"  {row.prefix}{services}: " + (f"in the kernel by {', '.join(installed)}" if installed else "hidden"))
        for why, lines, who in _together(row):
            print(f"    {who}: {why}")
            for line in lines:
                print(f"      {line}")
    if len(hidden) > _SHOWN:
        print(f"  and {len(hidden) - _SHOWN} more")


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
