"""`frrgen import`: an existing configuration -> an inventory, and a report of what was not understood."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path

from frrgen.cli.common import complain, count
from frrgen.cli.devices import at
from frrgen.cli.plan import router_name
from frrgen.errors import Exit, InputError, Severity, error, visible
from frrgen.inventory.dump import dump, write
from frrgen.platforms.base import Source, platform
from frrgen.platforms.frr.diff.plan import hide
from frrgen.platforms.frr.parse.parser import Parsed


def run(args: argparse.Namespace) -> Exit:
    """Write or print the inventory; the report goes to stderr."""
    parsed = _parsed(args)
    router = parsed.router
    if args.output is None:
        print(hide_passwords(dump(router)), end="")
    else:
        for path in write(router, args.output):
            print(path)
    held = sum(len(getattr(router, kind)) for kind in ("route_maps", "prefix_lists", "ipv6_prefix_lists"))
    sessions = len(router.bgp.neighbors) if router.bgp is not None else 0
    understood = (
        f"{count(sessions, 'neighbor')}, {count(held, 'prefix list or route map', 'prefix lists and route maps')}"
    )
    print(f"{router.name}: {understood} understood.", file=sys.stderr)
    if parsed.leftovers:
        print(
            f"Not understood, and left alone on the router ({count(len(parsed.leftovers), 'line')}):", file=sys.stderr
        )
        for leftover in parsed.leftovers:
            number = f"line {leftover.number}: " if leftover.number else ""
            print(f"  {number}{visible(hide(str(leftover)))}", file=sys.stderr)
    else:
        print("Everything was understood.", file=sys.stderr)
    return Exit.OK


def _place(args: argparse.Namespace) -> str | None:
    """Give where to log in; None for a file."""
    said: str = args.file
    return said.removeprefix("ssh:") if said.startswith("ssh:") else None


def _parsed(args: argparse.Namespace) -> Parsed:
    place = _place(args)
    source = Source(None if place is not None else Path(args.file), args.ssh_config)
    router = None if place is None else at(place, args.name, args.platform)
    found = platform(args.platform).import_(source, router)
    parsed = found.parse(_name(args, found.hostname))
    # what is wrong with the router is no failure of the import: `check` weighs it, once it is in the inventory
    complain(
        [replace(one, severity=Severity.WARNING) if one.severity is Severity.ERROR else one for one in found.findings]
    )
    return parsed


def _name(args: argparse.Namespace, said: str | None) -> str:
    name: str = args.name or said or router_name(Path(args.file.removeprefix("ssh:")).stem)
    if router_name(name) != name:
        raise InputError(error("FRR108", f"{name!r} cannot be a router's name", hint="name it with --name"))
    return name


def hide_passwords(text: str) -> str:
    """Hide the passwords of YAML that goes to the screen."""
    return re.sub(r"(?m)^(\s*password: )(?!env:|file:).*$", r"\1<hidden>", text)
