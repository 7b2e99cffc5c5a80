"""What several verbs do: print findings, count, choose an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from frrgen.cli.told import tell
from frrgen.errors import Exit, Finding, FrrgenError


def complain(bad: FrrgenError | Sequence[Finding]) -> None:
    """Print findings on stderr."""
    findings = bad.findings if isinstance(bad, FrrgenError) else bad
    tell(findings, sys.stderr)


def count(number: int, one: str, more: str = "") -> str:
    """Write how many there are: `1 router`, `2 routers`."""
    return f"{number} {one if number == 1 else more or f'{one}s'}"


def worst(exits: Iterable[Exit]) -> Exit:
    """Return the worst exit code: unknown, then rolled back, interrupted, an error, undecided, changes."""
    order = (Exit.UNKNOWN, Exit.ROLLED_BACK, Exit.INTERRUPTED, Exit.ERROR, Exit.UNDECIDED, Exit.CHANGES)
    found = set(exits)
    return next((one for one in order if one in found), Exit.OK)
