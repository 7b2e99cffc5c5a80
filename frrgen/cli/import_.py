"""`frrgen import`: an existing configuration -> an inventory, and a report of what was not understood."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path

from frrgen.cli.common import complain, count
from frrgen.cli.devices import at, fetch, fetch_box
from frrgen.cli.pfsense_sections import box_findings, read_box
from frrgen.cli.plan import read_text, refuse_foreign
from frrgen.errors import Exit, Finding, InputError, Severity, Where, error, visible
from frrgen.inventory.dump import dump, write
from frrgen.model.router import FRR_OF_PACKAGE, Pfsense
from frrgen.platforms.frr.diff.plan import hide
from frrgen.platforms.frr.parse.parser import Parsed, parse
from frrgen.platforms.pfsense.parse import parse as parse_pfsense
from frrgen.platforms.pfsense.schema import Box
from frrgen.platforms.pfsense.surprises import traps


def run(args: argparse.Namespace) -> Exit:
    """Write or print the inventory; the report goes to stderr."""
    parsed = _pfsense(args) if args.platform == "pfsense" else _frr(args)
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


def _frr(args: argparse.Namespace) -> Parsed:
    place = _place(args)
    if place is not None:
        router = at(place, args.name, "frr")
        running = fetch(router, args.ssh_config)
        return parse(running.text, name=_name(args, _said_name(running.text)), frr_version=running.frr_version or None)
    text = read_text(Path(args.file))
    refuse_foreign((text, Path(args.file)))
    return parse(text, name=_name(args, _said_name(text)))


def _pfsense(args: argparse.Namespace) -> Parsed:
    place = _place(args)
    if place is not None:
        running = fetch_box(at(place, args.name, "pfsense"), args.ssh_config)
        sections, box, findings = running.sections, running.box, list(traps(running.sections))
        said: str | None = box.hostname
    else:
        stored, _ = read_box(Path(args.file))
        sections, box, findings = stored.sections, stored.box, box_findings(stored)
        said = stored.hostname
        if stored.package is None:
            assumed = f"{box.package} with FRR {FRR_OF_PACKAGE[box.package]}"
            message = f"the file names no version of the FRR package: {assumed} is assumed"
            hint = "write pfsense.package and frr_version as System, Package Manager shows them"
            findings.append(Finding("FRR708", Severity.WARNING, message, Where(args.file), hint))
    parsed = parse_pfsense(sections, box, name=_name(args, said)).parsed
    own = parsed.router.pfsense or Pfsense()
    # what is wrong with the box is no failure of the import: `check` weighs it, once it is in the inventory
    complain([replace(one, severity=Severity.WARNING) if one.severity is Severity.ERROR else one for one in findings])
    return Parsed(parsed.router.model_copy(update={"pfsense": _facts(own, box)}), parsed.leftovers)


def _facts(own: Pfsense, box: Box) -> Pfsense:
    """Add what the box says of itself, so that the inventory stands without it."""
    interfaces = {name: addresses for name, addresses in box.interfaces.items() if addresses}
    gateways = {name: address for name, address in box.gateways.items() if address}
    facts = {"package": box.package, "interfaces": interfaces, "gateways": gateways}
    said = {name: getattr(own, name) for name in own.model_fields_set}
    return Pfsense.model_validate({**said, **{name: value for name, value in facts.items() if value}})


def _name(args: argparse.Namespace, said: str | None) -> str:
    name: str = (
        args.name
        or said
        or re.sub(r"[^A-Za-z0-9-]", "-", Path(args.file.removeprefix("ssh:")).stem).strip("-")
        or "router"
    )
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?", name):
        raise InputError(error("FRR108", f"{name!r} cannot be a router's name", hint="name it with --name"))
    return name


def hide_passwords(text: str) -> str:
    """Hide the passwords of YAML that goes to the screen."""
    return re.sub(r"(?m)^(\s*password: )(?!env:|file:).*$", r"\1<hidden>", text)


def _said_name(text: str) -> str | None:
    said = re.search(r"^hostname ([^ \n]+)", text, re.MULTILINE)
    return said[1] if said else None
