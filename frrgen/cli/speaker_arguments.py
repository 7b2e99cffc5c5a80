"""The arguments of `frrgen speaker`."""

from __future__ import annotations

import argparse
from pathlib import Path

from frrgen.cli.options import everywhere
from frrgen.cli.parser import an_hour, whole


def add(verb: argparse.ArgumentParser) -> None:
    """Add the words behind `frrgen speaker`, with their options."""
    words = verb.add_subparsers(dest="what", required=True, metavar="plan|run|status|announce|withdraw")
    plan = words.add_parser("plan", help="what would be announced to whom, and which line admits or drops it")
    run = words.add_parser("run", help="announce, until SIGTERM; SIGHUP reads the source again, SIGUSR1 restarts")
    status = words.add_parser("status", help="ask a running speaker")
    for one in (plan, run, status):
        everywhere(one, argparse.SUPPRESS)
    for one in (plan, run):
        one.add_argument("--node", metavar="NAME", help="a node of a cluster, NAME or CLUSTER/NAME")
    meant = plan.add_mutually_exclusive_group()
    meant.add_argument("--source", metavar="static:FILE", help="what to announce")
    meant.add_argument(
        "--services",
        type=Path,
        metavar="FILE",
        help="manifests of Services: the addresses and paths that they would get",
    )
    run.add_argument(
        "--source",
        metavar="static:FILE|kubernetes:observe|kubernetes:allocate|admin",
        help="what to announce: a file's prefixes; a cluster's Services, to which allocate gives their addresses, too;"
        " or what `speaker announce` says",
    )
    run.add_argument(
        "--default-class", action="store_true", help="allocate: serve Services without a loadBalancerClass, too"
    )
    run.add_argument("--kubeconfig", type=Path, metavar="FILE", help="how to reach the cluster's API, outside of a pod")
    run.add_argument(
        "--load-balancer-class",
        action="append",
        metavar="CLASS",
        help="announce the Services of this loadBalancerClass only; '-' for those without (repeatable; default: all)",
    )
    run.add_argument(
        "--drain-on",
        action="append",
        default=[],
        metavar="cordon|taint:KEY",
        help="announce GRACEFUL_SHUTDOWN while the node is cordoned, or has the taint (repeatable)",
    )
    run.add_argument(
        "--ignore-exclude-label",
        action="store_true",
        help="announce from nodes with the label node.kubernetes.io/exclude-from-external-load-balancers, too",
    )
    run.add_argument("--admin", type=Path, metavar="SOCKET", help="the Unix socket for `speaker status`")
    run.add_argument("--metrics", metavar="ADDR:PORT", help="serve /metrics, /healthz and /readyz")
    run.add_argument(
        "--gate",
        choices=["enforce", "warn", "off"],
        default="enforce",
        help="what to do with what the router would drop: hold it back (default), say so, nothing",
    )
    run.add_argument("--no-listen", action="store_true", help="dial the routers only, and do not let them dial us")
    run.add_argument(
        "--drain",
        type=an_hour,
        default=3.0,
        metavar="SECONDS",
        help="announce GRACEFUL_SHUTDOWN so long before the end",
    )
    run.add_argument(
        "--on-term",
        choices=["drain", "keep"],
        default="drain",
        help="SIGTERM: withdraw everything (default), or leave: routers keep the routes while a new speaker starts",
    )
    run.add_argument("--log", choices=["text", "json"], default="text", help="how lines of the log are written")
    status.add_argument("--admin", type=Path, metavar="SOCKET", help="as for `speaker run`")
    announce = words.add_parser("announce", help="announce prefixes from a speaker that runs with --source admin")
    withdraw = words.add_parser("withdraw", help="withdraw prefixes that `announce` has announced")
    for one in (announce, withdraw):
        one.add_argument("prefixes", nargs="+", metavar="PREFIX")
        one.add_argument("--admin", type=Path, metavar="SOCKET", help="as for `speaker run`")
    announce.add_argument("--next-hop", metavar="ADDRESS", help="another than the node's own address")
    announce.add_argument("--communities", nargs="*", metavar="COMMUNITY", help="instead of the pool's; none: nothing")
    announce.add_argument("--large-communities", nargs="*", metavar="COMMUNITY", help="instead of the pool's")
    announce.add_argument("--local-preference", type=whole, metavar="N", help="of iBGP sessions")
    announce.add_argument("--med", type=whole, metavar="N")
    announce.add_argument(
        "--prepend", type=whole, metavar="N", help="times that the own AS stands in the path once more"
    )
    for one in (plan, status):
        one.add_argument("--format", choices=["text", "json"], default="text")
