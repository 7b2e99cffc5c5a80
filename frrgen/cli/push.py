"""`frrgen push`: apply the intended configuration to routers, and undo it where that goes wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from frrgen.cli.devices import push_to
from frrgen.cli.outcomes import Pushing
from frrgen.cli.reviewed import Reviewed
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError
from frrgen.intended.inventory import Inventory
from frrgen.model.router import Router
from frrgen.platforms.base import of
from frrgen.transaction.base import Approve, Outcome


def run(args: argparse.Namespace) -> Exit:
    """Push to the routers side by side; without --yes each plan is shown and asked about."""
    if not args.routers:
        raise InputError(Finding(Code.FRR114, "name the routers to push to", hint="frrgen push ROUTER…"))
    reviewed = Reviewed.read(args.routers)
    inventory = Inventory(args.inventory, reviewed.routers if reviewed else args.routers)
    named = [router.name for router in inventory.routers(reviewed.routers if reviewed else args.routers)]
    after = inventory.with_other_boxes(named)
    if reviewed:
        after = {name: first if first in named else None for name, first in after.items() if name in named}
    routers = inventory.routers(list(after))
    inventory.refuse_errors((router.name for router in routers), over_box=True)
    if (args.raw or args.clear_raw) and not any(of(router).raw for router in routers):
        raise InputError(Finding(Code.FRR114, "--raw and --clear-raw are for pfSense boxes, and none is named"))
    resolved = [inventory.resolved(router) for router in routers]
    if not args.yes and not args.dry_run and not reviewed and not sys.stdin.isatty():
        raise InputError(
            Finding(
                Code.FRR109, "there is no terminal to ask on", hint="look at the plan with --dry-run, then use --yes"
            )
        )
    with Pushing(args, [router.name for router in routers]) as pushing:
        approve: Approve | None = None if args.yes and not args.dry_run else pushing.approve
        if reviewed:
            # a plan that was reviewed is not asked about; a dry run shows it, and applies nothing
            approve = (
                (lambda plan: reviewed.approve(plan) and pushing.approve(plan)) if args.dry_run else reviewed.approve
            )
        paired = {one for second, first in after.items() if first is not None for one in (first, second)}
        jobs = {
            router.name: _job(inventory, router, args, approve, pushing, paired=router.name in paired)
            for router in resolved
        }
        turns = {} if args.dry_run else {second: first for second, first in after.items() if first is not None}
        return pushing.outcomes(list(jobs.items()), after=turns)


def _job(
    inventory: Inventory,
    router: Router,
    args: argparse.Namespace,
    approve: Approve | None,
    pushing: Pushing,
    *,
    paired: bool,
) -> Callable[[], Outcome]:

    def push() -> Outcome:
        with inventory.placing():
            return push_to(router, args, approve, pushing.progress_of(router.name), pushing.stop, paired=paired)

    return push
