"""`frrgen import`: an existing configuration -> an inventory, and a report of what was not understood."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

from frrgen.cli.common import complain, count
from frrgen.cli.devices import at
from frrgen.cli.plan import router_name
from frrgen.codes import Code, Severity
from frrgen.errors import Exit, Finding, FrrgenError, InputError, visible
from frrgen.inventory.adopt import adopt, adopt_all, changed_by_inventory, write
from frrgen.inventory.dump import dump
from frrgen.model.router import Router
from frrgen.platforms.base import Source, platform
from frrgen.platforms.frr.diff.plan import hide
from frrgen.platforms.frr.parse.parser import Parsed

_MANIFESTS: Final = frozenset({"metallb"})
"""No platforms of routers: their manifests are imported as a cluster."""


def run(args: argparse.Namespace) -> Exit:
    """Write or print the inventory; the report goes to stderr."""
    if args.platform in _MANIFESTS:
        from frrgen.cli.metallb import import_

        return import_(args)
    if args.router:
        raise InputError(Finding(Code.FRR114, "--router goes with import metallb"))
    if args.name is not None and len(args.files) > 1:
        raise InputError(Finding(Code.FRR114, "--name goes with exactly one file"))
    if args.output is None and len(args.files) > 1:
        raise InputError(Finding(Code.FRR114, "several files become an inventory", hint="name its folder with -o DIR"))
    found, bad = [], []
    for file in args.files:
        try:
            found.append(_parsed(file, args))
        except FrrgenError as wrong:
            bad.append(wrong)
    names = Counter(parsed.router.name for parsed in found)
    twice = [f"{count(number, 'file')} are of a router {name!r}" for name, number in names.items() if number > 1]
    if bad or twice:
        hint = "import each file alone, with --name"
        raise InputError(
            *(finding for wrong in bad for finding in wrong.findings),
            *(Finding(Code.FRR120, one, hint=hint) for one in twice),
        )
    if args.output is None:
        _show(found[0].router)
    else:
        adopted = adopt_all((parsed.router for parsed in found), args.output)
        for path in write(adopted, args.output):
            print(path)
        complain(changed_by_inventory(adopted, args.output))
    for parsed in found:
        _report(parsed, quiet=args.quiet)
    return Exit.OK


def _show(router: Router) -> None:
    """Print the router's file. A password is a reference there, and stderr tells which file to write it to."""
    adopted = adopt(router)
    print(dump(adopted.router), end="")
    if adopted.secrets:
        files = ", ".join(map(str, adopted.secrets))
        print(f"Not shown: {count(len(adopted.secrets), 'password')}, for {files} (or: -o DIR).", file=sys.stderr)


def _report(parsed: Parsed, *, quiet: bool) -> None:
    """Tell on stderr what was understood, and each line that was not; `quiet`: only these."""
    if quiet and not parsed.leftovers:
        return
    router = parsed.router
    held = sum(len(getattr(router, kind)) for kind in ("route_maps", "prefix_lists", "ipv6_prefix_lists"))
    sessions = len(router.bgp.neighbors) if router.bgp is not None else 0
    understood = (
        f"{count(sessions, 'neighbor')}, {count(held, 'prefix list or route map', 'prefix lists and route maps')}"
    )
    print(f"{router.name}: {understood} understood.", file=sys.stderr)
    if parsed.leftovers:
        print(f"Not read, and left unchanged on the router ({count(len(parsed.leftovers), 'line')}):", file=sys.stderr)
        for leftover in parsed.leftovers:
            number = f"line {leftover.number}: " if leftover.number else ""
            print(f"  {number}{visible(hide(str(leftover)))}", file=sys.stderr)
    else:
        print("Everything was understood.", file=sys.stderr)


def _parsed(file: str, args: argparse.Namespace) -> Parsed:
    """Read a file, or a router (`ssh:PLACE`). Raises DeviceError, InputError."""
    place = file.removeprefix("ssh:") if file.startswith("ssh:") else None
    source = Source(None if place is not None else Path(file), args.ssh_config)
    router = None if place is None else at(place, args.name, args.platform)
    found = platform(args.platform).import_(source, router)
    parsed = found.parse(_name(file, args.name or found.hostname))
    # what is wrong with the router is no failure of the import: `check` weighs it, once it is in the inventory
    complain(
        [replace(one, weighed=Severity.WARNING) if one.severity is Severity.ERROR else one for one in found.findings]
    )
    return parsed


def _name(file: str, said: str | None) -> str:
    name = said or router_name(Path(file.removeprefix("ssh:")).stem)
    if router_name(name) != name:
        raise InputError(Finding(Code.FRR117, f"{name!r} cannot be a router's name", hint="name it with --name"))
    return name
