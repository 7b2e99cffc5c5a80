"""`frrgen rollback`: undo a push that waits, or go back to what ran before an earlier one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from frrgen.cli.devices import refuse_avoid
from frrgen.cli.outcomes import Pushing
from frrgen.cli.waiting import job, routers
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError
from frrgen.model.router import Router
from frrgen.platforms.base import Source, of
from frrgen.transaction.base import Outcome
from frrgen.transaction.waiting import undo
from frrgen.transport.base import Keeper, Running, Timer


def run(args: argparse.Namespace) -> Exit:
    """Undo the push that waits; if none does, or `--to` names one, bring back what ran before, as a push."""
    (router,) = routers(args)
    refuse_avoid(args, [router])
    if not args.yes and not args.dry_run and not sys.stdin.isatty():
        raise InputError(Finding(Code.FRR109, "there is no terminal to ask on", hint="use --yes"))
    with Pushing(args, [router.name]) as pushing:
        status = pushing.outcomes([(router.name, _back(router, args, pushing))])
    # what was asked for is no failure
    return Exit.OK if status is Exit.ROLLED_BACK else status


def _back(router: Router, args: argparse.Namespace, pushing: Pushing) -> Callable[[], Outcome]:
    def waits(device: Keeper[Running]) -> bool:
        pending = device.fetch().pending
        return pending is not None and pending.timer is not Timer.REBOOTED

    def back() -> Outcome:
        if args.to is None and not args.dry_run and job(router, args, waits)():
            return job(router, args, undo)()
        return of(router).restore(
            router,
            Source(None, args.ssh_config),
            args.to or "",
            approve=None if args.yes and not args.dry_run else pushing.approve,
            progress=pushing.progress_of(router.name),
            stop=pushing.stop,
            avoid=args.avoid,
        )

    return back
