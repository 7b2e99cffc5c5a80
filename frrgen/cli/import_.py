"""`frrgen import`: an existing configuration -> an inventory, and a report of what was not understood."""

from __future__ import annotations

import argparse
import re
import sys

from frrgen.cli.plan import read_text
from frrgen.diff.plan import hide
from frrgen.errors import Exit, InputError, error
from frrgen.inventory.dump import dump, write
from frrgen.parse.frr import parse


def run(args: argparse.Namespace) -> Exit:
    """Write or print the inventory; the report goes to stderr."""
    text = read_text(args.file)
    name = args.name or _said_name(text) or re.sub(r"[^A-Za-z0-9-]", "-", args.file.stem).strip("-") or "router"
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?", name):
        raise InputError(error("FRR108", f"{name!r} cannot be a router's name", hint="name it with --name"))
    parsed = parse(text, name=name)
    router = parsed.router
    if args.output is None:
        print(hide_passwords(dump(router)), end="")
    else:
        for path in write(router, args.output):
            print(path)
    held = sum(len(getattr(router, kind)) for kind in ("route_maps", "prefix_lists", "ipv6_prefix_lists"))
    sessions = len(router.bgp.neighbors) if router.bgp is not None else 0
    print(f"{name}: {sessions} neighbors, {held} prefix lists and route maps understood.", file=sys.stderr)
    if parsed.leftovers:
        print(f"Not understood, and left alone on the router ({len(parsed.leftovers)} lines):", file=sys.stderr)
        for leftover in parsed.leftovers:
            print(f"  line {leftover.number}: {hide(str(leftover))}", file=sys.stderr)
    else:
        print("Everything was understood.", file=sys.stderr)
    return Exit.OK


def hide_passwords(text: str) -> str:
    """Hide the passwords of YAML that goes to the screen."""
    return re.sub(r"(?m)^(\s*password: )(?!env:|file:).*$", r"\1<hidden>", text)


def _said_name(text: str) -> str | None:
    said = re.search(r"^hostname ([^ \n]+)", text, re.MULTILINE)
    return said[1] if said else None
