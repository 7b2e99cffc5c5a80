"""`frrgen check --fix`: mend what is certainly wrong, once it was shown."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from frrgen.cli.common import count
from frrgen.codes import Code
from frrgen.errors import Finding, InputError, visible
from frrgen.intended.mending import proven
from frrgen.inventory.mend import mendings, write


def fix(args: argparse.Namespace, findings: Sequence[Finding], *, again: bool = False) -> bool:
    """Show the mendings, ask, and write them; tell whether anything was written. Raises InputError.

    `again`: a part is mended already, and that nothing more can be mended goes without a message.
    """
    found = mendings(findings, args.inventory) or proven(findings, args.inventory)
    if not found:
        if not again:
            print("Nothing can be mended with certainty.", file=sys.stderr)
        return False
    for one in found:
        print("\n".join(visible(line, 1000) for line in one.diff().splitlines()), file=sys.stderr)
    if not args.yes:
        if not sys.stdin.isatty():
            raise InputError(Finding(Code.FRR109, "there is no terminal to ask on", hint="use --fix --yes"))
        print(f"Write this to {count(len(found), 'file')}? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            return False
    write(found)
    print(f"{count(len(found), 'file')} mended.", file=sys.stderr)
    return True
