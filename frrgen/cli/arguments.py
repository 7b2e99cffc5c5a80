"""The verbs and their arguments."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path

from frrgen import __version__
from frrgen.cli.ci_formats import NAMES as CI_FORMATS
from frrgen.cli.exits import epilog
from frrgen.cli.parser import Parser, an_hour, percent, positive, version
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
    _everywhere(top, None)
    top.add_argument("--profile", action="store_true", help="show where the time of the run went, for a report")
    verbs = top.add_subparsers(title="verbs", required=True, metavar="VERB")

    def verb(name: str, module: str, help_: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(
            name,
            help=help_,
            description=help_[0].upper() + help_[1:] + ".",
            epilog=epilog(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=_runner(module), verb=name)
        _everywhere(made, argparse.SUPPRESS)
        return made

    init = verb("init", "init", "write a commented, working example network into DIR")
    init.add_argument("dir", nargs="?", type=Path, default=Path(), metavar="DIR")

    check = verb("check", "check", "check the inventory and show every finding")
    _routers(check, "*")
    check.add_argument("--fix", action="store_true", help="mend what is certainly misspelt, once it was shown")
    check.add_argument("--yes", action="store_true", help="--fix: do not ask")
    _report_format(check)
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
    _templates(render)

    diff = verb("diff", "diff", "compare intended with running configuration")
    _routers(diff, "*")
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
    _report_format(diff, "commands")
    _device(diff)
    _prune(diff)
    _unread(diff)

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
    _device(push)
    _prune(push)
    _unread(push)

    confirm = verb("confirm", "confirm", "save what a push has applied, before its router undoes it")
    _routers(confirm, "+")
    _device(confirm)
    confirm.add_argument("--format", choices=["text", "json"], default="text")
    confirm.set_defaults(dry_run=False)

    back = verb("rollback", "rollback", "undo a push that waits, or go back to what ran before an earlier one")
    back.add_argument("routers", metavar="ROUTER")
    back.add_argument("--to", metavar="ID", help="what ran before this push; see history")
    back.add_argument("--yes", action="store_true", help="do not ask")
    back.add_argument("--dry-run", action="store_true", help="show the plan and stop")
    back.add_argument("--format", choices=["text", "json"], default="text")
    _device(back)

    history = verb("history", "history", "show what a router's journal says of pushes")
    history.add_argument("routers", metavar="ROUTER")
    history.add_argument("--format", choices=["text", "json"], default="text")
    _device(history)

    status = verb("status", "status", "show whether a push waits on routers, and whether they have saved what they run")
    _routers(status, "*")
    status.add_argument("--format", choices=["text", "json"], default="text")
    _device(status)

    plan = verb("plan", "plan", "plan a change from two FRR configuration files, offline")
    plan.add_argument("running", type=Path, metavar="RUNNING.conf")
    plan.add_argument("intended", type=Path, metavar="INTENDED.conf")
    _format(plan)
    _prune(plan)
    _unread(plan)

    later = verb("upgrade-check", "upgrade_check", "find what a later FRR reads otherwise, before a router is upgraded")
    later.add_argument(
        "sources", nargs="+", metavar="ROUTER|FILE.conf", help="routers, as they run and start, or files"
    )
    later.add_argument("--to", type=version, required=True, metavar="VERSION", help="the FRR to come, such as 10.3")
    later.add_argument("--ssh-config", type=Path, metavar="FILE", help="instead of ~/.ssh/config")

    explain = verb("explain", "explain", "show what a router's policy does with a route, step by step")
    explain.add_argument("router", metavar="ROUTER")
    explain.add_argument("neighbor", metavar="NEIGHBOR", help="its address, or interface")
    explain.add_argument("direction", choices=["in", "out"])
    explain.add_argument("prefix", metavar="PREFIX")
    _unread(explain)
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
    _report_format(compare)

    verify = verb(
        "verify", "verify", "prove that both ends of each session of a cluster agree, or show where they do not"
    )
    verify.add_argument("clusters", nargs="*", metavar="CLUSTER", help="names of clusters, default: all")
    verify.add_argument("--live", action="store_true", help="verify what the routers run, and ask their bgpd, by SSH")
    verify.add_argument("--ssh-config", type=Path, metavar="FILE", help="instead of ~/.ssh/config")
    _report_format(verify)

    imports = verb("import", "import_", "make an inventory of an existing configuration")
    imports.add_argument("platform", choices=[*PLATFORMS, "metallb"])
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
        "--name", metavar="ROUTER|CLUSTER", help="default: the file's hostname line, or its name; metallb: cluster"
    )
    imports.add_argument(
        "--router",
        action="append",
        default=[],
        metavar="ADDRESS=NAME",
        help="metallb: the router that has an address which the nodes dial (repeatable)",
    )

    _speaker(verb("speaker", "speaker", "announce a cluster's prefixes from a node, as the routers will admit them"))

    completion = verb("completion", "completion", "print what a shell reads for completion of names and options")
    completion.add_argument("shell", choices=["bash", "zsh", "fish"])

    rule = verb("rule", "rule", "show the page of a finding: what it means, why it matters, what to do")
    rule.add_argument("code", nargs="?", metavar="CODE", help="default: the list of all codes")

    schema = verb("schema", "schema", "print the JSON Schema of the inventory for editors, or of a verb's JSON")
    schema.add_argument(
        "of",
        nargs="?",
        choices=["inventory", "check", "diff", "verify", "compare"],
        default="inventory",
        metavar="VERB",
    )
    return top


def _speaker(verb: argparse.ArgumentParser) -> None:
    words = verb.add_subparsers(dest="what", required=True, metavar="plan|run|status|announce|withdraw")
    plan = words.add_parser("plan", help="what would be announced to whom, and which line admits or drops it")
    run = words.add_parser("run", help="announce, until SIGTERM; SIGHUP reads the source again, SIGUSR1 restarts")
    status = words.add_parser("status", help="ask a running speaker")
    for one in (plan, run, status):
        _everywhere(one, argparse.SUPPRESS)
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
    announce.add_argument("--local-preference", type=int, metavar="N", help="of iBGP sessions")
    announce.add_argument("--med", type=int, metavar="N")
    announce.add_argument("--prepend", type=int, metavar="N", help="times that the own AS stands in the path once more")
    for one in (plan, status):
        one.add_argument("--format", choices=["text", "json"], default="text")


def _everywhere(words: argparse.ArgumentParser, default: str | None) -> None:
    """Add the options that stand before a verb or behind it; behind it there is no default, which would win."""
    help_ = "default: $FRRGEN_INVENTORY, else the nearest inventory of this folder and those above"
    words.add_argument("-i", "--inventory", type=Path, default=default, metavar="DIR", help=help_)
    switch: str | bool = default or False
    words.add_argument("-q", "--quiet", action="store_true", default=switch, help="no progress and no summaries")
    words.add_argument("-v", "--verbose", action="store_true", default=switch, help="say what is read and dialled")


def _runner(module: str) -> Callable[[argparse.Namespace], Exit]:
    """Import a verb's module only when it is asked for: start-up time counts."""

    def run(args: argparse.Namespace) -> Exit:
        found: Exit = importlib.import_module(f"frrgen.cli.{module}").run(args)
        return found

    return run


def _routers(verb: argparse.ArgumentParser, number: str) -> None:
    verb.add_argument(
        "routers", nargs=number, metavar="ROUTER", help="names of routers" + (", default: all" * (number == "*"))
    )


def _format(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--format", choices=["text", "json", "commands"], default="text")


def _report_format(verb: argparse.ArgumentParser, *more: str) -> None:
    forms = ["text", "json", *more, *CI_FORMATS]
    help_ = "github: annotations; gitlab: code quality; markdown: a comment for a pull request"
    verb.add_argument("--format", choices=forms, default="text", help=help_)


def _templates(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--templates", type=Path, metavar="DIR", help="templates that extend or replace ours")


def _device(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--ssh-config", type=Path, metavar="FILE", help="instead of ~/.ssh/config")
    verb.add_argument("--parallel", type=positive, default=16, metavar="N", help="routers at a time, default 16")


def _unread(verb: argparse.ArgumentParser) -> None:
    help_ = "go on although this was not understood: as the error names it, or the number of a line"
    verb.add_argument("--allow-unread", action="append", default=[], metavar="WHAT", help=help_)


def _prune(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--prune-leftovers", action="store_true", help="also remove running lines that the model lacks")
