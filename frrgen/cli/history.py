"""`frrgen history`: what a router's journal says of pushes."""

from __future__ import annotations

import argparse
import json
import sys

from frrgen.cli.waiting import job, routers
from frrgen.errors import Exit, visible
from frrgen.transaction.waiting import events


def run(args: argparse.Namespace) -> Exit:
    """Print the events, oldest first."""
    (router,) = routers(args)
    found = job(router, args, events)()
    if args.format == "json":
        json.dump(found, sys.stdout, indent=2)
        print()
    if args.format == "text" and not found:
        print("no push yet")
    for said in found if args.format == "text" else ():
        words = [said.get(key, "") for key in ("time", "id", "event", "by", "summary", "why")]
        print("  ".join(visible(word) for word in words if word))
    return Exit.OK
