"""`frrgen push`: apply the intended configuration to routers, and undo it where that goes wrong."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from frrgen.cli.devices import push_to, refuse_avoid
from frrgen.cli.outcomes import Pushing
from frrgen.cli.reviewed import Reviewed
from frrgen.codes import Code
from frrgen.errors import DeviceError, Exit, Finding, FrrgenError, InputError
from frrgen.intended.inventory import Inventory
from frrgen.inventory.folder import names as router_names
from frrgen.model.router import Router
from frrgen.platforms.base import of
from frrgen.transaction.base import Approve, Outcome, State
from frrgen.transaction.fleet import for_one_box


def run(args: argparse.Namespace) -> Exit:
    """Push to the routers side by side; without --yes each plan is shown and asked about."""
    if not args.routers:
        raise InputError(Finding(Code.FRR114, "name the routers to push to", hint="frrgen push ROUTER…"))
    reviewed = Reviewed.read(args.routers)
    if not reviewed:
        _refuse_files(args)
    inventory = Inventory(args.inventory, reviewed.routers if reviewed else args.routers)
    named = [router.name for router in inventory.routers(reviewed.routers if reviewed else args.routers)]
    after = dict.fromkeys(named) if args.alone else inventory.with_other_boxes(named)
    if reviewed:
        after = {name: first if first in named else None for name, first in after.items() if name in named}
    routers = inventory.routers(list(after))
    # a plan that was reviewed says itself what it avoids
    args.avoid = args.avoid or (reviewed is not None and reviewed.avoids)
    refuse_avoid(args, routers)
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
        turns = {second: first for second, first in after.items() if first is not None}
        paired = {*turns.keys(), *turns.values()}
        behind = {first: other for other in resolved if (first := turns.get(other.name)) is not None}
        if args.dry_run:
            turns, behind = {}, {}
        jobs = {
            router.name: _job(
                inventory,
                router,
                args,
                approve,
                pushing,
                paired=router.name in paired,
                behind=behind.get(router.name),
            )
            for router in resolved
        }
        return pushing.outcomes(list(jobs.items()), after=turns)


def _refuse_files(args: argparse.Namespace) -> None:
    """Raise InputError for the name of a file that is no router: a plan ends in `.json`, or is written with a `/`."""
    known = set(router_names(args.inventory))
    for word in args.routers:
        if known and word not in known and Path(word).is_file():
            hint = f"if the file is a plan: frrgen push {shlex.quote(f'./{word}')}"
            raise InputError(Finding(Code.FRR108, f"there is no router {word!r}", hint=hint))


def _job(
    inventory: Inventory,
    router: Router,
    args: argparse.Namespace,
    approve: Approve | None,
    pushing: Pushing,
    *,
    paired: bool,
    behind: Router | None,
) -> Callable[[], Outcome]:
    """Return the job of a router. `behind`: the box of its pair that comes behind it, and must be able to follow."""

    def push() -> Outcome:
        with inventory.placing():
            if behind is not None:
                _refuse_half(router.name, behind, args, pushing)
            return push_to(router, args, approve, pushing.progress_of(router.name), pushing.stop, paired=paired)

    return push


class _ReadyError(Exception):
    """A router has passed every check that comes before a change, and is left as it is."""


def _refuse_half(name: str, other: Router, args: argparse.Namespace, pushing: Pushing) -> None:
    """Raise DeviceError if the other box of a pair refuses the push: the two boxes would differ behind it."""

    def leave(state: State) -> None:
        if state is State.CHECKED:
            raise _ReadyError

    try:
        push_to(other, args, None, leave, pushing.stop, paired=True)
    except _ReadyError:
        return
    except FrrgenError as bad:
        text = f"{name}: not started: {other.name}, the other box of its pair, cannot be pushed to; nothing was changed"
        raise DeviceError(*bad.findings, Finding(Code.FRR527, text, hint=for_one_box(name))) from bad
