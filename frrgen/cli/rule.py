"""`frrgen rule`: the page of a finding."""

from __future__ import annotations

import argparse

from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError, did_you_mean
from frrgen.findings import page


def run(args: argparse.Namespace) -> Exit:
    """Print the page of a code, or the list of all codes. Raises InputError."""
    if args.code is None:
        for code in Code:
            print(f"{code}  {code.severity:<7}  {code.head}")
        return Exit.OK
    name = args.code.upper()
    if name not in Code.__members__:
        hint = did_you_mean(name, Code.__members__) or "frrgen rule lists all codes"
        raise InputError(Finding(Code.FRR114, f"there is no code {args.code!r}", hint=hint))
    print(page(Code[name]), end="")
    return Exit.OK
