"""`frrgen check`: every Finding of the inventory."""

from __future__ import annotations

import argparse

from frrgen.cli.common import Inventory, count
from frrgen.errors import Exit, Severity


def run(args: argparse.Namespace) -> Exit:
    """Print the findings; an error among them is exit 1."""
    inventory = Inventory(args.inventory)
    wanted = {router.name for router in inventory.routers(args.routers)}
    shown = [
        one
        for one in (*inventory.findings, *inventory.audited())
        if not args.routers or one.where.path[:1] != ("routers",) or one.where.path[1] in wanted
    ]
    for finding in shown:
        print(finding)
    errors = sum(one.severity is Severity.ERROR for one in shown)
    warnings = sum(one.severity is Severity.WARNING for one in shown)
    print(f"{count(len(wanted), 'router')} checked: {count(errors, 'error')}, {count(warnings, 'warning')}.")
    return Exit.ERROR if errors else Exit.OK
