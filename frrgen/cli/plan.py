"""`frrgen plan`: the plan between two FRR configuration files, offline."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from frrgen.diff.plan import Plan, make_plan
from frrgen.errors import Exit, InputError, error
from frrgen.parse.frr import Parsed, parse
from frrgen.parse.pair import parse_pair


def run(args: argparse.Namespace) -> Exit:
    """Plan and print; there being changes is exit 2."""
    running, intended = parse_pair(read_text(args.running), read_text(args.intended), name=args.intended.stem)
    whole = intended.router.model_copy(update={"ownership": "full"})
    plan = make_plan(running, whole, prune_leftovers=args.prune_leftovers)
    show(plan, args.format)
    return Exit.OK if plan.empty else Exit.CHANGES


def read_text(path: Path) -> str:
    """Read a configuration file. Raises InputError."""
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except OSError as bad:
        raise InputError(error("FRR403", f"{path} cannot be read: {bad.strerror}")) from bad


def parse_file(path: Path, *, name: str, frr_version: str | None = None) -> Parsed:
    """Read an frr.conf, or a config.xml of pfSense, as what FRR runs of it. Raises InputError."""
    text = read_text(path)
    if not text.lstrip("\ufeff \t\r\n").startswith("<"):
        return parse(text, name=name, frr_version=frr_version)
    from frrgen.cli.box import foretold

    conf, version = foretold(path)
    return parse(conf, name=name, frr_version=frr_version or version)


def show(plan: Plan, form: str) -> None:
    """Print one plan in the form asked for."""
    if form == "json":
        json.dump(plan.to_json(), sys.stdout, indent=2)
        print()
    elif form == "commands":
        print("\n".join(plan.shown_commands), end="\n" if plan.commands else "")
    else:
        from frrgen.report.console import show_plan

        show_plan(plan)
