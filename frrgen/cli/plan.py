"""`frrgen plan`: the plan between two FRR configuration files, offline."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from frrgen.errors import Exit, Finding, InputError, Severity, error
from frrgen.platforms.frr.diff.plan import Plan, hide, make_plan
from frrgen.platforms.frr.parse.pair import parse_pair
from frrgen.platforms.frr.parse.parser import Parsed, parse
from frrgen.platforms.frr.parse.recognise import foreign


def run(args: argparse.Namespace) -> Exit:
    """Plan and print; there being changes is exit 2."""
    texts = [read_text(path) for path in (args.running, args.intended)]
    refuse_foreign(*zip(texts, (args.running, args.intended), strict=True))
    running, intended = parse_pair(*texts, name=args.intended.stem)
    whole = intended.router.model_copy(update={"ownership": "full"})
    plan = make_plan(running, whole, prune_leftovers=args.prune_leftovers)
    show(plan, args.format)
    if beyond := beyond_model(running, intended):
        print(beyond, file=sys.stderr)
    return Exit.OK if plan.empty else Exit.CHANGES


def beyond_model(running: Parsed, intended: Parsed) -> Finding | None:
    """Warn of lines that are intended and do not run, and that no plan brings for the model does not hold them."""
    there = {(one.context, one.line) for one in running.leftovers}
    left = [one for one in intended.leftovers if (one.context, one.line) not in there]
    if not left:
        return None
    named = "; ".join(f"line {one.number}: {hide(str(one))}" for one in left[:5])
    more = f"; and {len(left) - 5} more" if left[5:] else ""
    return Finding("FRR404", Severity.WARNING, f"intended, and not planned, for the model lacks it: {named}{more}")


def read_text(path: Path) -> str:
    """Read a configuration file. Raises InputError."""
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except OSError as bad:
        raise InputError(error("FRR403", f"{path} cannot be read: {bad.strerror}")) from bad


def refuse_foreign(*texts: tuple[str, Path]) -> None:
    """Refuse texts that are no configurations of FRR, all at once. Raises InputError."""
    if findings := [found for text, path in texts if (found := foreign(text, str(path))) is not None]:
        raise InputError(*findings)


def is_xml(text: str) -> bool:
    """Tell a config.xml, or fragments of one, from a configuration of FRR."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def parse_file(path: Path, *, name: str, frr_version: str | None = None) -> Parsed:
    """Read an frr.conf, or a config.xml of pfSense, as what FRR runs of it. Raises InputError."""
    text = read_text(path)
    if not is_xml(text):
        refuse_foreign((text, path))
        return parse(text, name=name, frr_version=frr_version)
    from frrgen.cli.pfsense_sections import foretold

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
