"""`frrgen graph`: the network as a picture."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from frrgen.cli.common import complain
from frrgen.cli.looked import look
from frrgen.cli.working import working
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError, cause, visible
from frrgen.inventory.write import replace_file
from frrgen.report.dot import dot, program, titled
from frrgen.report.mermaid import MOST_EDGES, mermaid
from frrgen.report.picture import Picture, picture


def run(args: argparse.Namespace) -> Exit:
    """Draw it; exit 1 if a router could not be asked."""
    looked = look(args, policies=False, findings=False)
    shown = picture(looked.view)
    if args.format == "mermaid":
        if len(shown.edges) > MOST_EDGES:
            text = f"the picture has {len(shown.edges)} lines, and Mermaid draws {MOST_EDGES} unless told otherwise"
            complain([Finding(Code.FRR410, text, hint="name some routers, or take --format svg")])
        text = mermaid(shown)
    elif args.format == "dot":
        text = dot(shown)
    else:
        with working(args, "laying out the picture"):
            text = titled(laid_out(shown), shown, title=title(shown)) + "\n"
    write_out(text, args.output)
    failed = [one.error for one in (looked.view.observed or {}).values() if one.plan is None]
    for one in failed:
        print(one, file=sys.stderr)
    return Exit.ERROR if failed else Exit.OK


def title(shown: Picture) -> str:
    """Return what the picture shows."""
    kinds = [node.kind for node in shown.nodes]
    return "; ".join(f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) != 1)}" for kind in dict.fromkeys(kinds))


def laid_out(shown: Picture) -> str:
    """Return graphviz's SVG. Raises InputError if graphviz is not there, or fails."""
    name = program(shown)
    try:
        done = subprocess.run([name, "-Tsvg"], input=dot(shown), capture_output=True, encoding="utf-8", check=False)
    except OSError as bad:
        hint = "apt install graphviz, or take --format mermaid"
        reason = "it is not installed" if isinstance(bad, FileNotFoundError) else cause(bad)
        raise InputError(Finding(Code.FRR409, f"graphviz's {name} cannot be run: {reason}", hint=hint)) from bad
    if done.returncode or not done.stdout:
        said = visible(done.stderr.strip()) or f"it ended with {done.returncode}"
        raise InputError(Finding(Code.FRR409, f"graphviz's {name} failed: {said}"))
    return done.stdout


def write_out(text: str, output: Path | None) -> None:
    """Write to a file, as a whole or not at all, or to standard output. Raises InputError."""
    if output is None or str(output) == "-":
        sys.stdout.write(text)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        replace_file(output, text.encode())
    except OSError as bad:
        raise InputError(Finding(Code.FRR402, f"{output} cannot be written: {cause(bad, output)}")) from bad
