"""`frrgen push`: apply the intended configuration to routers, and undo it where that goes wrong."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable

from frrgen.cli.common import Inventory, complain, worst
from frrgen.cli.devices import push_to
from frrgen.errors import Exit, InputError, error, visible
from frrgen.model.router import Router
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.push.base import Outcome, State
from frrgen.push.fleet import each
from frrgen.report.console import show_plan
from frrgen.report.progress import Progress


def run(args: argparse.Namespace) -> Exit:
    """Push to the routers side by side; without --yes each plan is shown and asked about."""
    if not args.routers:
        raise InputError(error("FRR108", "name the routers to push to", hint="frrgen push ROUTER…"))
    inventory = Inventory(args.inventory)
    routers = inventory.routers(args.routers)
    inventory.refuse_errors((router.name for router in routers), over_box=True)
    resolved = [inventory.resolved(router) for router in routers]
    if not args.yes and not args.dry_run and not sys.stdin.isatty():
        raise InputError(
            error("FRR109", "there is nobody to ask", hint="look at the plan with --dry-run, then use --yes")
        )
    asking = threading.Lock()

    def approve(plan: Plan) -> bool:
        with asking:
            progress.pause()
            show_plan(plan)
            if args.dry_run or plan.empty:
                return False
            answer = input(f"Apply this to {plan.router}? [y/N] ")
            return answer.strip().lower() in {"y", "yes"}

    with Progress([router.name for router in routers]) as progress:
        jobs = [
            (router.name, _job(inventory, router, args, None if args.yes and not args.dry_run else approve, progress))
            for router in resolved
        ]
        outcomes = [_told(outcome, progress) for outcome in each(jobs, workers=args.parallel)]
    if args.dry_run:
        plans = [outcome.plan for outcome in outcomes if outcome.plan is not None]
        changes = [Exit.CHANGES if not plan.empty else Exit.OK for plan in plans]
        return worst([*changes, *(outcome.exit for outcome in outcomes)])
    return worst(outcome.exit for outcome in outcomes)


def _job(
    inventory: Inventory,
    router: Router,
    args: argparse.Namespace,
    approve: Callable[[Plan], bool] | None,
    progress: Progress,
) -> Callable[[], Outcome]:
    def push() -> Outcome:
        with inventory.placing():
            return push_to(router, args, approve, lambda state: progress.tell(router.name, state))

    return push


def _told(outcome: Outcome, progress: Progress) -> Outcome:
    progress.pause()
    if outcome.findings:
        complain(outcome.findings)
    for note in outcome.notes:
        print(f"{outcome.router} said: {visible(note)}", file=sys.stderr)
    if outcome.state is State.CONFIRMED and outcome.plan is not None:
        print(f"{outcome.router}: done. {outcome.plan.summary}")
    elif outcome.exit is Exit.OK and outcome.plan is not None:
        print(f"{outcome.router}: {'nothing to do' if outcome.plan.empty else 'nothing was done'}.")
    return outcome
