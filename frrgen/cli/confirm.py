"""`frrgen confirm`: save what a push has applied, before its router undoes it."""

from __future__ import annotations

import argparse

from frrgen.cli.outcomes import Pushing
from frrgen.cli.waiting import job, routers
from frrgen.errors import Exit
from frrgen.transaction.waiting import confirm


def run(args: argparse.Namespace) -> Exit:
    """Confirm the pushes that wait on the routers, also those that another user began."""
    named = routers(args)
    with Pushing(args, [router.name for router in named]) as pushing:
        return pushing.outcomes([(router.name, job(router, args, confirm)) for router in named])
