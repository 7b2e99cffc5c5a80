"""`frrgen speaker plan|run|status|announce|withdraw`: what a node announces."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from frrgen.cli.common import count
from frrgen.cli.speaker_announce import announce, withdraw
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError
from frrgen.intended.inventory import Inventory
from frrgen.model.pools import announced_lengths, announced_pools
from frrgen.model.router import Router
from frrgen.speaker.plan import NodePlan, PeerSettings, find_node, password_owners, plan_node, pool_attributes
from frrgen.speaker.process.sources.admin import AdminSource
from frrgen.speaker.process.sources.base import Source, Wanted
from frrgen.speaker.process.sources.file import StaticSource
from frrgen.speaker.session.group import Group
from frrgen.speaker.table.gate import Gate, Proofs, gates
from frrgen.speaker.table.rib import AdjRibOut
from frrgen.speaker.table.table import Table
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Key

if TYPE_CHECKING:
    from frrgen.model.cluster import Pool
    from frrgen.policy.frr.trace import Verdict
    from frrgen.speaker.kubernetes.addresses import Intervals
    from frrgen.speaker.kubernetes.manifests import Preview

_FILES: Final = 65536
"""Open files that a speaker asks for."""
_SHOWN: Final = 1000
"""Prefixes of a session that are shown one by one."""


def run(args: argparse.Namespace) -> Exit:
    """Do what the second word says."""
    verbs = {"plan": _plan, "run": _run, "status": _status, "announce": announce, "withdraw": withdraw}
    return verbs[args.what](args)


class _Desk:
    """The inventory as it was last read, to look up what it says and where."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self.inventory = Inventory(args.inventory)
        self.proofs = Proofs()

    def nodes(self) -> list[str]:
        """Return the nodes that are meant: the one that was named, or all."""
        if self._args.node is not None:
            return [self._args.node]
        clusters = self.inventory.loaded.network.clusters.values()
        return [f"{cluster.name}/{name}" for cluster in clusters for name in cluster.nodes]

    def plan(self, node: str | None, *, secrets: bool) -> tuple[NodePlan, dict[str, Router]]:
        """Plan one node. Raises InputError."""
        inventory = self.inventory
        network = inventory.loaded.network
        cluster, node_name = find_node(network, node)
        names = [name for name in cluster.routers if name in inventory.derived.routers]
        inventory.refuse_errors(names)
        found = {name: inventory.derived.routers[name] for name in names}
        if secrets:
            owners = password_owners(cluster, node_name, found)
            found = {name: inventory.resolved(router, owners) for name, router in found.items()}
        return plan_node(network, found, node), found

    def again(self) -> tuple[NodePlan, dict[str, Router]]:
        """Read the inventory again. Raises InputError, and then all stays as it is."""
        before, self.inventory = self.inventory, Inventory(self._args.inventory)
        try:
            return self.plan(self._args.node, secrets=True)
        except InputError:
            self.inventory = before
            raise

    def reasons(self, gate: Gate, key: int, attributes: Attributes) -> list[str]:
        """Return what the router looks at when it judges a prefix, in order, and where that is written."""
        return self.lines(gate, gate.verdict(key, attributes))

    def lines(self, gate: Gate, verdict: Verdict) -> list[str]:
        """Return what the router looked at for a verdict, in order, and where that is written."""
        said = []
        for step in verdict.trace:
            entry = f"{step.route_map} seq {step.seq}: " if step.seq is not None and step.route_map else ""
            places = dict.fromkeys(self._place(gate, path) for path in (step.asked or (step.path,)))
            said.append(f"{entry}{step.why} ({', '.join(places)})")
        return said

    def _place(self, gate: Gate, path: tuple[str, ...]) -> str:
        where = self.inventory.place(("routers", gate.session.router.name, *path))
        return str(where) if where.file else ".".join(path)


class _Answers:
    """What the router looks at for each prefix, as text: sessions that are alike share it."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[object, ...], tuple[str | None, list[str]]] = {}

    def of(self, gate: Gate, key: int, attributes: Attributes) -> tuple[str | None, list[str]]:
        """Return why the router's answer is not known (None: it is known), and what it looks at, in order."""
        asked = gate.asked(key, attributes)
        known = self._known.get(asked)
        if known is None:
            verdict = gate.verdict(key, attributes)
            known = verdict.undecided, self._desk.lines(gate, verdict)
            own = gate.session.path
            # what stands at the neighbor itself stands elsewhere for the next neighbor
            if all(path[: len(own)] != own for step in verdict.trace for path in (step.path, *step.asked)):
                self._known[asked] = known
        return known


def _static(text: str | None) -> StaticSource | None:
    from pathlib import Path

    if text is None:
        return None
    kind, _, path = text.partition(":")
    if kind != "static" or not path:
        raise InputError(Finding(Code.FRR607, f"{text!r} names no source", hint="--source static:FILE"))
    return StaticSource(Path(path))


def _source(args: argparse.Namespace, desk: _Desk) -> Source | None:
    if args.source not in {"kubernetes:observe", "kubernetes:allocate"}:
        if args.source is not None and args.source.startswith("kubernetes:"):
            hint = "--source kubernetes:observe or kubernetes:allocate"
            raise InputError(Finding(Code.FRR607, f"{args.source!r} names no source", hint=hint))
        return AdminSource() if args.source == "admin" else _static(args.source)
    taints = set[str]()
    for text in args.drain_on:
        kind, _, key = text.partition(":")
        if text != "cordon" and (kind != "taint" or not key):
            raise InputError(
                Finding(Code.FRR114, f"{text!r} is no sign of a drain", hint="--drain-on cordon or taint:KEY")
            )
        taints.update({key} if key else ())
    try:
        from frrgen.speaker.process.sources.kubernetes import Allocation, KubernetesSource
    except ModuleNotFoundError as missing:
        text = f"the source {args.source} needs the package {missing.name}"
        raise InputError(Finding(Code.FRR611, text, hint="pip install 'frrgen[kubernetes]'")) from missing
    from frrgen.speaker.kubernetes.addresses import reserved
    from frrgen.speaker.kubernetes.allocate import Rules as AllocationRules
    from frrgen.speaker.kubernetes.announce import Rules

    def known() -> tuple[Mapping[str, Pool], Intervals]:
        inventory = desk.inventory
        network = inventory.loaded.network
        pools = find_node(network, args.node)[0].pools
        return pools, reserved(network, inventory.derived.routers.values(), pools.values())

    classes = args.load_balancer_class
    rules = Rules(
        classes=None if classes is None else frozenset("" if one == "-" else one for one in classes),
        heed_exclude_label=not args.ignore_exclude_label,
        drain_on_cordon="cordon" in args.drain_on,
        drain_on_taints=frozenset(taints),
    )
    allocates = args.source == "kubernetes:allocate"
    allocation = Allocation(known, AllocationRules(args.default_class)) if allocates else None
    return KubernetesSource(rules, args.kubeconfig, allocation)


# plan


def _plan(args: argparse.Namespace) -> Exit:
    desk = _Desk(args)
    previews, answers = _previews(desk, args), _Answers(desk)
    sessions = [session for node in desk.nodes() for session in _planned_node(desk, answers, args, node, previews)]
    if not sessions:
        raise InputError(Finding(Code.FRR602, "there is no node in any cluster"))
    services = [one for cluster, preview in previews.items() for one in _services(cluster, preview)]
    if args.format == "json":
        print(json.dumps({"services": services, "sessions": sessions}, indent=2))
        return Exit.OK
    for one in services:
        got = ", ".join(one["addresses"]) + f" of pool {one['pool']}" if one["addresses"] else "no address"
        why = f": {one['refusal']}" + (f" ({one['detail']})" if one["detail"] else "") if one["refusal"] else ""
        print(f"{one['service']} of cluster {one['cluster']}: {got}{why}")
    for one in sessions:
        who = f"{one['cluster']}/{one['node']} (AS {one['local_asn']})"
        print(f"{who} to {one['router']} {one['peer']} (AS {one['peer_asn']}):")
        for prefix in one["prefixes"]:
            print(f"  {prefix['verdict']:9} {prefix['prefix']}   {prefix['attributes']}")
            for why in prefix["why"]:
                print(f"              {why}")
        if one["count"] > len(one["prefixes"]):
            print(f"  and {one['count'] - len(one['prefixes'])} more")
    return Exit.OK


def _previews(desk: _Desk, args: argparse.Namespace) -> dict[str, Preview]:
    """Allocate for the Services of a file, in the cluster of each node that is meant."""
    if args.services is None:
        return {}
    from frrgen.speaker.kubernetes.manifests import preview, read_manifests

    manifests, network = read_manifests(args.services), desk.inventory.loaded.network
    names = dict.fromkeys(find_node(network, node)[0].name for node in desk.nodes())
    routers = desk.inventory.derived.routers.values()
    return {name: preview(manifests, network, name, routers) for name in names}


def _services(cluster: str, preview: Preview) -> Iterator[dict[str, Any]]:
    for name, outcome in preview.outcomes.items():
        yield {
            "cluster": cluster,
            "service": "/".join(name),
            "addresses": list(map(str, outcome.addresses)),
            "pool": outcome.pool or None,
            "refusal": str(outcome.refusal) if outcome.refusal is not None else None,
            "detail": outcome.detail,
        }


def _planned_node(
    desk: _Desk, answers: _Answers, args: argparse.Namespace, node: str, previews: Mapping[str, Preview]
) -> Iterator[dict[str, Any]]:
    plan, routers = desk.plan(node, secrets=False)
    source = _static(args.source)
    wanted, table = Table(), Table()
    if previews:
        for key, said in previews[plan.cluster.name].announced(plan).items():
            wanted.change(key, said)
    elif source is not None:
        _fill(wanted, source.read(plan))
    else:
        _fill_pools(wanted, plan)
    groups = [Group(AdjRibOut(table), gate) for gate in gates(plan, routers, proofs=desk.proofs)]
    for keys in table.become(wanted):
        for group in groups:
            group.judge(keys)
    for peer, group in zip(plan.peers, groups, strict=True):
        yield {"cluster": plan.cluster.name, "node": plan.node_name, **_planned(answers, peer, group)}


def _fill(table: Table, wanted: Iterable[Wanted]) -> None:
    for one in wanted:
        for part in one.runs:
            table.columns[part.family].fill(part.keys, part.said)


def _fill_pools(table: Table, plan: NodePlan) -> None:
    """Take, without a source, the first prefix of each pool in its shortest and its longest form."""
    for _, pool in announced_pools(plan.cluster):
        for prefix in pool.prefixes:
            for length in announced_lengths(pool, prefix):
                table.change(Key.of(type(prefix)((prefix.network_address, length))), pool_attributes(pool))


def _planned(answers: _Answers, peer: PeerSettings, group: Group) -> dict[str, Any]:
    gate, rib = group.gate, group.rib
    return {
        "router": peer.router,
        "peer": str(peer.address),
        "peer_asn": peer.peer_asn,
        "local_address": str(peer.local_address),
        "local_asn": peer.local_asn,
        "count": sum(len(rib.table.columns[family]) for family in rib.families),
        "dropped": len(rib.dropped),
        "prefixes": [_planned_prefix(answers, gate, rib, key) for key in islice(rib.wanted(), _SHOWN)],
    }


def _planned_prefix(answers: _Answers, gate: Gate, rib: AdjRibOut, key: int) -> dict[str, Any]:
    attributes = rib.table.get(key) or Attributes()
    dropped = rib.dropped.get(key)
    undecided, why = answers.of(gate, key, attributes)
    return {
        "prefix": str(Key.prefix(key)),
        "verdict": "deny" if dropped is not None else "permit" if undecided is None else "undecided",
        "attributes": _shown(attributes, gate),
        "why": [*([dropped.reason] if dropped is not None and dropped.limit else []), *why]
        + ([f"undecided, so it is announced: {undecided}"] if undecided is not None else []),
    }


def _shown(attributes: Attributes, gate: Gate) -> str:
    parts = [f"next hop {attributes.next_hop or 'self'}"]
    if attributes.med is not None:
        parts.append(f"med {attributes.med}")
    if gate.writer.ibgp:
        preference = attributes.local_preference
        parts.append(f"local preference {100 if preference is None else preference}")
    elif attributes.prepend:
        parts.append(f"prepended {count(attributes.prepend, 'time')}")
    if attributes.communities:
        parts.append("communities " + " ".join(f"{one >> 16}:{one & 0xFFFF}" for one in attributes.communities))
    if attributes.large_communities:
        parts.append("large " + " ".join(":".join(map(str, one)) for one in attributes.large_communities))
    return ", ".join(parts)


# run


def _run(args: argparse.Namespace) -> Exit:
    from frrgen.speaker.process.speaker import SIGNALS

    if args.source is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        args.source = "kubernetes:observe"
    if args.source is None:
        # without it the speaker would dial the routers of the inventory that happens to be there
        raise InputError(
            Finding(Code.FRR114, "say what to announce", hint="--source static:FILE, kubernetes:observe or admin")
        )
    # one that comes early is answered late, and does not end what has hardly begun
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        _speak(args)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    return Exit.OK


def _speak(args: argparse.Namespace) -> None:
    from frrgen.speaker.log import log_to_stderr
    from frrgen.speaker.process.lock import hold
    from frrgen.speaker.process.privileges import drop_privileges
    from frrgen.speaker.process.speaker import Options, Speaker

    desk = _Desk(args)
    plan, routers = desk.plan(args.node, secrets=True)
    options = Options(
        source=_source(args, desk),
        admin=args.admin,
        metrics=_address(args.metrics),
        gate=args.gate,
        listen=not args.no_listen,
        on_term=args.on_term,
        drain_seconds=args.drain,
        inventory=desk.again,
        reasons=desk.reasons,
        ready=drop_privileges,
    )
    with closing(hold(plan.cluster.name, plan.node_name)):
        # sessions, and who asks for the status, are files
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < min(hard, _FILES):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, _FILES), hard))
        log_to_stderr(args.log, drop_privileges)
        asyncio.run(Speaker(plan, routers, options).run())


def _address(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise InputError(Finding(Code.FRR114, f"{text!r} is no ADDR:PORT", hint="--metrics 127.0.0.1:9342"))
    return host.strip("[]"), int(port)


# status


def _status(args: argparse.Namespace) -> Exit:
    from frrgen.speaker.process.admin import ask_status, default_socket

    status = ask_status(args.admin or default_socket())
    if args.format == "json":
        print(json.dumps(status, indent=2))
        return Exit.OK
    ready = "ready" if status["ready"] else f"not ready: {status['reason']}"
    print(f"{status['cluster']}/{status['node']}: {ready}, {status['announced']} to announce")
    for one in status["sessions"]:
        error_text = f" ({one['last_error']})" if one["last_error"] and one["state"] != "Established" else ""
        print(f"{one['router']} {one['peer']} AS {one['peer_asn']}: {one['state']}{error_text}")
        for family in one["families_missing"]:
            print(f"  the router does not take {family}")
        print(f"  {'announced' if one['all_told'] else 'to announce'} {_some(one['to_announce'], one['adj_rib_out'])}")
        for word, kind in (
            ("held back", "held_back"),
            ("announced, but the router will drop", "announced_though_dropped"),
            ("cannot be said:", "not_sayable"),
        ):
            for held in one[kind][:20]:
                print(f"  {word} {held['prefix']}: {held['why']}")
            count = {"held_back": one["held"], "announced_though_dropped": one["dropped"] - one["held"]}
            more = count.get(kind, len(one[kind])) - 20
            if more > 0:
                print(f"  {word} {more} more")
        for reason in one["undecided"]:
            print(f"  undecided, and announced: {reason}")
    for one in status["withheld"][:20]:
        detail = f" ({one['detail']})" if one["detail"] else ""
        print(f"not announced: {one['service']} {one['address']}: {one['reason']}{detail}")
    if len(status["withheld"]) > 20:
        print(f"not announced: {len(status['withheld']) - 20} more")
    for one in status["health"]:
        if not one["passing"]:
            print(f"unhealthy, not announced: {', '.join(one['prefixes'])}: {one['detail']}")
    return Exit.OK


def _some(prefixes: list[str], count: int) -> str:
    shown = ", ".join(prefixes[:10])
    return f"{count}: {shown}" + (f" and {count - 10} more" if count > 10 else "") if count else "nothing"
