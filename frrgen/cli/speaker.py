"""`frrgen speaker plan|run|status`: what a node announces."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from frrgen.cli.common import Inventory
from frrgen.errors import Exit, InputError, error
from frrgen.model.derive import announced_lengths, announced_pools
from frrgen.model.router import Router
from frrgen.policy.session import Session
from frrgen.speaker.admin import ask_status
from frrgen.speaker.attributes import Attributes
from frrgen.speaker.gate import Gate
from frrgen.speaker.key import Key
from frrgen.speaker.plan import NodePlan, PeerSettings, find_node, plan_node, pool_attributes
from frrgen.speaker.source import Wanted, read_static
from frrgen.speaker.speaker import Options, Speaker, reasons


def run(args: argparse.Namespace) -> Exit:
    """Do what the second word says."""
    return {"plan": _plan, "run": _run, "status": _status}[args.what](args)


def _node(args: argparse.Namespace, *, secrets: bool) -> tuple[NodePlan, dict[str, Router]]:
    inventory = Inventory(args.inventory)
    network = inventory.loaded.network
    cluster, _ = find_node(network, args.node)
    names = [name for name in cluster.routers if name in inventory.derived.routers]
    inventory.refuse_errors(names)
    found = {name: inventory.derived.routers[name] for name in names}
    if secrets:
        found = {name: inventory.resolved(router) for name, router in found.items()}
    return plan_node(network, found, args.node), found


def _source(text: str | None) -> Path | None:
    if text is None:
        return None
    kind, _, path = text.partition(":")
    if kind != "static" or not path:
        raise InputError(error("FRR607", f"{text!r} names no source", hint="--source static:FILE"))
    return Path(path)


# plan


def _plan(args: argparse.Namespace) -> Exit:
    plan, routers = _node(args, secrets=False)
    source = _source(args.source)
    wanted = read_static(source, plan) if source is not None else _pools(plan)
    sessions = [_planned(peer, routers, wanted) for peer in plan.peers]
    if args.format == "json":
        print(json.dumps({"node": plan.node_name, "sessions": sessions}, indent=2))
        return Exit.OK
    for session in sessions:
        print(f"{plan.node_name} (AS {session['local_asn']}) to {session['router']} {session['peer']}:")
        for one in session["prefixes"]:
            print(f"  {one['verdict']:6} {one['prefix']}   {one['attributes']}")
            for why in one["why"]:
                print(f"           {why}")
    return Exit.OK


def _pools(plan: NodePlan) -> list[Wanted]:
    """Give, without a source, the first prefix of each pool in its shortest and its longest form."""
    found = []
    for _, pool in announced_pools(plan.cluster):
        keys: dict[int, None] = {}
        for prefix in pool.prefixes:
            for length in announced_lengths(pool, prefix):
                keys[Key.of(type(prefix)((prefix.network_address, length)))] = None
        found.append(Wanted(tuple(keys), (pool_attributes(pool),) * len(keys), None))
    return found


def _planned(peer: PeerSettings, routers: dict[str, Router], wanted: list[Wanted]) -> dict[str, Any]:
    session = Session(routers[peer.router], str(peer.local_address), "in", vrf=peer.vrf)
    gate = Gate(session, peer.writer(extended_next_hop=peer.address.version == 6))
    prefixes = []
    for one in wanted:
        for key, attributes in zip(one.keys, one.attributes, strict=True):
            if Key.family(key) not in peer.families:
                continue
            denied = gate.ruling(Key.family(key), attributes).reason(Key.family(key), key)
            prefixes.append(
                {
                    "prefix": str(Key.prefix(key)),
                    "verdict": "permit" if denied is None else "deny",
                    "attributes": _shown(attributes, gate, key),
                    "why": reasons(gate, key, attributes),
                }
            )
    return {
        "router": peer.router,
        "peer": str(peer.address),
        "peer_asn": peer.peer_asn,
        "local_address": str(peer.local_address),
        "local_asn": peer.local_asn,
        "prefixes": prefixes,
    }


def _shown(attributes: Attributes, gate: Gate, key: int) -> str:
    route = gate.verdict(key, attributes)
    first = route.trace and route.route.to_json()
    hop = attributes.next_hop or (first or {}).get("next_hop")
    parts = [f"next hop {hop or 'self'}"]
    if attributes.med is not None:
        parts.append(f"med {attributes.med}")
    if attributes.local_preference is not None and gate.writer.ibgp:
        parts.append(f"local preference {attributes.local_preference}")
    if attributes.prepend and not gate.writer.ibgp:
        parts.append(f"prepended {attributes.prepend} times")
    if attributes.communities:
        parts.append("communities " + " ".join(f"{one >> 16}:{one & 0xFFFF}" for one in attributes.communities))
    return ", ".join(parts)


# run


def _run(args: argparse.Namespace) -> Exit:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    plan, routers = _node(args, secrets=True)
    options = Options(
        source=_source(args.source),
        admin=args.admin,
        metrics=_address(args.metrics),
        gate=args.gate,
        listen=not args.no_listen,
        drain_seconds=args.drain,
    )

    async def speak() -> None:
        await Speaker(plan, routers, options).run()

    asyncio.run(speak())
    return Exit.OK


def _address(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise InputError(error("FRR607", f"{text!r} is no ADDR:PORT", hint="--metrics 127.0.0.1:9342"))
    return host.strip("[]"), int(port)


# status


def _status(args: argparse.Namespace) -> Exit:
    status = ask_status(args.admin)
    if args.format == "json":
        print(json.dumps(status, indent=2))
        return Exit.OK
    ready = "ready" if status["ready"] else f"not ready: {status['reason']}"
    print(f"{status['node']}: {ready}, {status['announced']} to announce")
    for one in status["sessions"]:
        error_text = f" ({one['last_error']})" if one["last_error"] and one["state"] != "Established" else ""
        print(f"{one['router']} {one['peer']} AS {one['peer_asn']}: {one['state']}{error_text}")
        print(f"  announced {one['adj_rib_out']}: {', '.join(one['announced'][:10])}")
        for held in (*one["held_back"][:20], *one["not_sayable"][:20]):
            print(f"  held back {held['prefix']}: {held['why']}")
        for reason in one["undecided"]:
            print(f"  undecided, and announced: {reason}")
    for one in status["health"]:
        if not one["passing"]:
            print(f"unhealthy, not announced: {', '.join(one['prefixes'])}: {one['detail']}")
    return Exit.OK
