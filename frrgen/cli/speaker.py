"""`frrgen speaker plan|run|status|announce|withdraw`: what a node announces."""

from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Final

from frrgen.cli.speaker_desk import Desk, static
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError
from frrgen.speaker.plan import find_node

if TYPE_CHECKING:
    from frrgen.model.cluster import Pool
    from frrgen.speaker.kubernetes.addresses import Intervals
    from frrgen.speaker.process.sources.base import Source

_FILES: Final = 65536
"""Open files that a speaker asks for."""


def run(args: argparse.Namespace) -> Exit:
    """Do what the second word says."""
    if args.what in {"announce", "withdraw"}:
        from frrgen.cli import speaker_announce

        tell: Callable[[argparse.Namespace], Exit] = getattr(speaker_announce, args.what)
        return tell(args)
    if args.what == "plan":
        from frrgen.cli.speaker_plan import plan

        return plan(args)
    return {"run": _run, "status": _status}[args.what](args)


def _source(args: argparse.Namespace, desk: Desk) -> Source | None:
    if args.source not in {"kubernetes:observe", "kubernetes:allocate"}:
        if args.source is not None and args.source.startswith("kubernetes:"):
            hint = "--source kubernetes:observe or kubernetes:allocate"
            raise InputError(Finding(Code.FRR607, f"{args.source!r} names no source", hint=hint))
        from frrgen.speaker.process.sources.admin import AdminSource

        return AdminSource() if args.source == "admin" else static(args.source)
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
    import asyncio
    import resource

    from frrgen.speaker.log import log_to_stderr
    from frrgen.speaker.process.lock import hold
    from frrgen.speaker.process.privileges import drop_privileges
    from frrgen.speaker.process.speaker import Options, Speaker

    desk = Desk(args)
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
