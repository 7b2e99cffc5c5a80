"""`frrgen plan`: the plan between two FRR configuration files, offline."""

from __future__ import annotations

import argparse
import json
import re
import sys

from frrgen.codes import Code
from frrgen.errors import Exit, Finding, visible
from frrgen.platforms.files import read_text
from frrgen.platforms.frr.diff.plan import Plan, hide, make_plan, with_trap
from frrgen.platforms.frr.diff.unread import only_in, refuse_endangered, refuse_lost
from frrgen.platforms.frr.parse.pair import parse_pair
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.platforms.frr.parse.recognise import refuse_foreign


def run(args: argparse.Namespace) -> Exit:
    """Plan and print; there being changes is exit 2."""
    texts = [read_text(path) for path in (args.running, args.intended)]
    refuse_foreign(*zip(texts, (args.running, args.intended), strict=True))
    running, intended = parse_pair(*texts, name=router_name(args.intended.stem))
    unread = only_in(intended.leftovers, running.leftovers)
    refuse_lost(only_in(running.leftovers, intended.leftovers), args.allow_unread, str(args.running))
    refuse_lost(unread, args.allow_unread, str(args.intended))
    whole = intended.router.model_copy(update={"ownership": "full"})
    plan = with_trap(make_plan(running, whole, prune_leftovers=args.prune_leftovers, avoid=args.avoid), whole)
    refuse_endangered(plan.changes, unread, args.allow_unread, str(args.intended))
    show(plan, args.format)
    if beyond := beyond_model(running, intended):
        print(beyond, file=sys.stderr)
    return Exit.OK if plan.empty else Exit.CHANGES


def beyond_model(running: Parsed, intended: Parsed) -> Finding | None:
    """Warn of lines that are intended and do not run, and that no plan brings for the model does not hold them."""
    left = only_in(intended.leftovers, running.leftovers)
    if not left:
        return None
    named = "; ".join(f"line {one.number}: {hide(str(one))}" for one in left[:5])
    more = f"; and {len(left) - 5} more" if left[5:] else ""
    return Finding(Code.FRR404, f"not in the plan, since the model lacks it: {named}{more}")


def router_name(text: str) -> str:
    """Make the name of a router of the name of a file or host, whatever is in it."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:63].strip("-._") or "router"


def show(plan: Plan, form: str) -> None:
    """Print one plan in the form asked for."""
    if form == "json":
        json.dump(plan.to_json(), sys.stdout, indent=2)
        print()
    elif form == "commands":
        for line in plan.shown_commands:
            print(
                line
                if line.isprintable()
                else f"! not to be copied, for it holds what cannot be shown: {visible(line)}"
            )
    else:
        from frrgen.report.console import show_plan

        show_plan(plan)
