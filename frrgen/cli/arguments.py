"""The verbs and their arguments."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path

from frrgen import __version__
from frrgen.cli import speaker_arguments
from frrgen.cli.exits import epilog
from frrgen.cli.options import (
    avoid_option,
    budget_option,
    device_options,
    everywhere,
    looked_options,
    plan_format_options,
    prune_options,
    report_format_options,
    routers_options,
    templates_options,
    unread_options,
)
from frrgen.cli.parser import Parser, percent, positive, version
from frrgen.errors import Exit
from frrgen.platforms.registry import PLATFORMS


def parser() -> argparse.ArgumentParser:
    """Make the parser of the whole command line."""
    top = Parser(
        prog="frrgen",
        description="FRR and pfSense BGP as code.",
        epilog=epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"frrgen {__version__}")
    everywhere(top, None)
    top.add_argument("--profile", action="store_true", help="show where the time of the run went, for a report")
    verbs = top.add_subparsers(title="verbs", dest="verb", required=True, metavar="VERB")

    def verb(name: str, module: str, help_: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name,
            help=help_,
            description=help_[0].upper() + help_[1:] + ".",
            epilog=epilog(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=_runner(module))
        everywhere(made, argparse.SUPPRESS)
        return made

    init = verb("init", "init", "write a commented, working example network into DIR")
    init.add_argument("dir", nargs="?", type=Path, default=Path(), metavar="DIR")

    check = verb("check", "check", "check the inventory and show every finding")
    routers_options(check, "*")
    check.add_argument("--fix", action="store_true", help="mend what is certainly wrong, once it was shown")
    check.add_argument("--yes", action="store_true", help="--fix: do not ask")
    report_format_options(check)
    check.add_argument(
        "--jobs", type=positive, metavar="N", help="check on so many processes; by default on every core"
    )

    render = verb("render", "render", "show the frr.conf of routers, or MetalLB's objects for a cluster")
    render.add_argument(
        "routers",
        nargs="*",
        metavar="ROUTER|CLUSTER",
        help="names of routers, or for metallb of clusters; default: all",
    )
    render.add_argument("--out", type=Path, metavar="DIR", help="write DIR/ROUTER.conf instead, readable by you alone")
    render.add_argument("--explain", action="store_true", help="show where each line comes from")
    render.add_argument(
        "--target",
        choices=[*PLATFORMS, "metallb"],
        help="frr: the frr.conf, of a pfSense box the one its package would make; pfsense: sections of config.xml; "
        "metallb: manifests for a cluster; default: the router's platform",
    )
    render.add_argument(
        "--flavour",
        choices=["metallb", "frr-k8s", "configmap"],
        help="metallb: custom resources of MetalLB 0.13 and later (default), or FRRConfiguration; "
        "configmap: as MetalLB 0.11 takes it",
    )
    render.add_argument(
        "--merge", type=Path, metavar="CONFIG.xml", help="write a whole config.xml, with only FRR's sections replaced"
    )
    templates_options(render)

    diff = verb("diff", "diff", "compare intended with running configuration")
    routers_options(diff, "*")
    diff.add_argument(
        "--running",
        type=Path,
        metavar="FILE|DIR",
        help="a running configuration in a file, - for standard input; or those of many routers in a folder, named as "
        "render --out names them; default: over SSH",
    )
    diff.add_argument("-o", "--output", type=Path, metavar="plan.json", help="write the plan as JSON, too")
    diff.add_argument(
        "--base",
        metavar="GITREF",
        help="compare with what the inventory said at this commit, branch or tag, without any router",
    )
    report_format_options(diff, "commands")
    device_options(diff)
    prune_options(diff)
    unread_options(diff)
    avoid_option(diff)

    push = verb("push", "push", "apply the intended configuration, and undo it if that goes wrong")
    push.add_argument(
        "routers", nargs="*", metavar="ROUTER|plan.json", help="names of routers, or plans written by diff -o"
    )
    push.add_argument("--yes", action="store_true", help="do not ask")
    push.add_argument("--dry-run", action="store_true", help="show the plan and stop")
    push.add_argument(
        "--clear-raw", action="store_true", help="pfSense: give up a raw configuration, which replaces all else"
    )
    push.add_argument(
        "--raw", action="store_true", help="pfSense: let `pfsense: {raw: true}` replace what the package's pages say"
    )
    push.add_argument(
        "--alone", action="store_true", help="push to the named box of a pair alone, while the other is away"
    )
    push.add_argument(
        "--confirm-within",
        type=positive,
        metavar="SECONDS",
        help="do not save: the router undoes it unless `frrgen confirm` comes in time",
    )
    push.add_argument(
        "--allow-loss",
        type=percent,
        default=50.0,
        metavar="PERCENT",
        help="undo it if a session brings so many per cent fewer prefixes than before; default 50",
    )
    push.add_argument("--allow-down", action="store_true", help="sessions that were up may stay down")
    push.add_argument("--format", choices=["text", "json"], default="text")
    device_options(push)
    prune_options(push)
    unread_options(push)
    avoid_option(push)

    confirm = verb("confirm", "confirm", "save what a push has applied, before its router undoes it")
    routers_options(confirm, "+")
    device_options(confirm)
    confirm.add_argument("--format", choices=["text", "json"], default="text")
    confirm.set_defaults(dry_run=False)

    back = verb("rollback", "rollback", "undo a push that waits, or go back to what ran before an earlier push")
    back.add_argument("routers", metavar="ROUTER")
    back.add_argument("--to", metavar="ID", help="what ran before this push; see history")
    back.add_argument("--yes", action="store_true", help="do not ask")
    back.add_argument("--dry-run", action="store_true", help="show the plan and stop")
    back.add_argument("--format", choices=["text", "json"], default="text")
    device_options(back)
    avoid_option(back)

    history = verb("history", "history", "show what a router's journal says of pushes")
    history.add_argument("routers", metavar="ROUTER")
    history.add_argument("--format", choices=["text", "json"], default="text")
    device_options(history)

    status = verb(
        "status",
        "status",
        "show sessions, pushes that wait, and what differs from the inventory; or follow a cluster's routes",
    )
    status.add_argument(
        "routers", nargs="*", metavar="ROUTER|CLUSTER", help="names of routers, or of clusters; default: all routers"
    )
    status.add_argument(
        "--sent",
        action="extend",
        nargs="+",
        metavar="[NODE[@ROUTER]=]FILE",
        help="of a cluster: what the nodes sent, from `frrgen speaker status --format json`, MetalLB's /metrics or"
        " FRR's `show bgp … advertised-routes json`; or a speaker's socket; default: that of this machine",
    )
    status.add_argument(
        "--watch",
        type=positive,
        nargs="?",
        const=5,
        metavar="SECONDS",
        help="ask again and again, every 5 seconds, until Ctrl-C",
    )
    status.add_argument("--format", choices=["text", "json"], default="text")
    device_options(status)

    plan = verb("plan", "plan", "plan a change from two FRR configuration files, offline")
    plan.add_argument("running", type=Path, metavar="RUNNING.conf")
    plan.add_argument("intended", type=Path, metavar="INTENDED.conf")
    plan_format_options(plan)
    prune_options(plan)
    unread_options(plan)
    avoid_option(plan)

    later = verb("upgrade-check", "upgrade_check", "find what a later FRR reads otherwise, before a router is upgraded")
    later.add_argument(
        "sources", nargs="+", metavar="ROUTER|FILE.conf", help="routers, as they run and start, or files"
    )
    later.add_argument("--to", type=version, required=True, metavar="VERSION", help="the FRR to come, such as 10.3")
    later.add_argument("--ssh-config", type=Path, metavar="FILE", help="instead of ~/.ssh/config")

    explain = verb("explain", "explain", "show what a router's policy does with a route, step by step")
    explain.add_argument("router", metavar="ROUTER")
    explain.add_argument("neighbor", metavar="NEIGHBOR", help="its address, or interface")
    explain.add_argument("direction", choices=["in", "out"], metavar="in|out")
    explain.add_argument("prefix", metavar="PREFIX")
    unread_options(explain)
    explain.add_argument(
        "--community", action="extend", nargs="+", default=[], metavar="C", help="AA:NN or a well-known name"
    )
    explain.add_argument("--large-community", action="extend", nargs="+", default=[], metavar="C", help="AA:BB:CC")
    path = explain.add_mutually_exclusive_group()
    path.add_argument("--as-path", metavar="PATH", help='as FRR shows it: "65001 65002"')
    path.add_argument("--from-asn", metavar="N", help="a path of this AS alone; default: the neighbor's")
    explain.add_argument("--next-hop", metavar="A", help="default: the neighbor")
    explain.add_argument("--med", metavar="N")
    explain.add_argument("--local-pref", metavar="N")
    explain.add_argument("--origin", choices=["igp", "egp", "incomplete"], default="igp")
    explain.add_argument("--tag", metavar="N")
    explain.add_argument(
        "--rpki",
        choices=["valid", "invalid", "notfound"],
        help="what the router's RPKI caches say of the route; default: not known, and `match rpki` is undecided",
    )
    explain.add_argument(
        "--running", type=Path, metavar="FILE", help="take the policy from an frr.conf, or a config.xml of pfSense"
    )
    explain.add_argument(
        "--from",
        dest="source",
        metavar="NEIGHBOR",
        help="out: the neighbor that the route came from; a route reflector treats routes of iBGP neighbors otherwise",
    )
    explain.add_argument("--frr-version", metavar="V", help="judge as this version of FRR does, e.g. 8.4 or 10.1")
    explain.add_argument("--format", choices=["text", "json"], default="text")

    compare = verb(
        "compare", "compare", "prove that two policies do the same with every route, or show where they differ"
    )
    for name in ("a", "b"):
        compare.add_argument(
            name,
            metavar=name.upper(),
            help="ROUTER:ROUTE-MAP, ROUTER:NEIGHBOR:in|out, or an frr.conf or config.xml instead of ROUTER",
        )
    compare.add_argument("--frr-version", metavar="V", help="judge as this version of FRR does, e.g. 8.4 or 10.1")
    budget_option(compare)
    report_format_options(compare)

    verify = verb(
        "verify", "verify", "prove that both ends of each session of a cluster agree, or show where they do not"
    )
    verify.add_argument("clusters", nargs="*", metavar="CLUSTER", help="names of clusters, default: all")
    verify.add_argument("--live", action="store_true", help="verify what the routers run, and ask their bgpd, by SSH")
    verify.add_argument("--ssh-config", type=Path, metavar="FILE", help="instead of ~/.ssh/config")
    budget_option(verify)
    report_format_options(verify)

    graph = verb("graph", "graph", "draw the network: routers, clusters, sessions, policies, and what differs")
    looked_options(graph)
    graph.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")
    graph.add_argument(
        "--format",
        choices=["svg", "mermaid", "dot"],
        default="svg",
        help="svg: a picture, made by graphviz; mermaid: for Markdown; dot: what graphviz reads",
    )

    report = verb("report", "report", "write one web page about the network: sessions, policies, findings, plans")
    looked_options(report)
    report.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("report.html"),
        metavar="FILE",
        help="default: report.html; - for standard output",
    )
    report.set_defaults(format="html")

    imports = verb("import", "import_", "make an inventory of an existing configuration")
    kinds = [*PLATFORMS, "metallb"]
    imports.add_argument("platform", choices=kinds, metavar="|".join(kinds))
    imports.add_argument(
        "files",
        nargs="+",
        metavar="FILE|ssh:[USER@]HOST[:PORT]",
        help="an frr.conf, what `show running-config` prints, a config.xml of pfSense; or where to log in and read it; "
        "metallb: manifests, and what `kubectl get -o yaml` prints of objects, Nodes and Secrets",
    )
    imports.add_argument("--ssh-config", type=Path, metavar="FILE", help="instead of ~/.ssh/config")
    imports.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="an inventory's folder, new or there already; default: show the YAML",
    )
    imports.add_argument(
        "--plain",
        action="store_true",
        help="of several routers: each file says all; no defaults, groups and clusters are made of what they have",
    )
    imports.add_argument(
        "--name", metavar="ROUTER|CLUSTER", help="default: the file's hostname line, or its name; metallb: cluster"
    )
    imports.add_argument(
        "--router",
        action="append",
        default=[],
        metavar="ADDRESS=NAME",
        help="metallb: the router that has an address which the nodes dial (repeatable)",
    )

    speaker_arguments.add(
        verb("speaker", "speaker", "announce a cluster's prefixes from a node, as the routers will admit them")
    )

    completion = verb("completion", "completion", "print what a shell reads for completion of names and options")
    completion.add_argument("shell", choices=["bash", "zsh", "fish"], metavar="bash|zsh|fish")

    rule = verb("rule", "rule", "show the page of a finding: what it means, why it matters, what to do")
    rule.add_argument("code", nargs="?", metavar="CODE", help="default: the list of all codes")

    schema = verb("schema", "schema", "print the JSON Schema of the inventory for editors, or of a verb's JSON")
    schema.add_argument(
        "of",
        nargs="?",
        choices=["inventory", "check", "diff", "verify", "compare", "status"],
        default="inventory",
        metavar="VERB",
    )
    return top


def _runner(module: str) -> Callable[[argparse.Namespace], Exit]:
    """Import a verb's module only when it is asked for: start-up time counts."""

    def run(args: argparse.Namespace) -> Exit:
        found: Exit = importlib.import_module(f"frrgen.cli.{module}").run(args)
        return found

    return run
