"""Findings as they are printed. On a terminal a code links to its page, and the end says where to read on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import IO, Final

from frrgen.codes import Code
from frrgen.errors import Finding
from frrgen.findings import page_file

_MOST: Final = 5
_TOLD: Final[dict[Code, None]] = {}
"""The codes that were printed on a terminal, in order."""


def tell(findings: Iterable[Finding], stream: IO[str] | None) -> None:
    """Print findings."""
    terminal = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    for one in findings:
        if terminal:
            _TOLD[one.code] = None
        print(_linked(one) if terminal else one, file=stream)


def read_on(*, quiet: bool = False) -> None:
    """Print once, behind all else, how to read the pages of the codes that were printed on a terminal."""
    codes = list(_TOLD)
    _TOLD.clear()
    if codes and not quiet:
        more = f" (and of {len(codes) - _MOST} more codes)" if len(codes) > _MOST else ""
        verbs = "; ".join(f"frrgen rule {code}" for code in codes[:_MOST])
        print(f"What to do: {verbs}{more}", file=sys.stderr)


def _linked(finding: Finding) -> str:
    """Make the code a hyperlink (OSC 8) to its page, which terminals that know none leave out."""
    text, file = str(finding), page_file(finding.code)
    if file is None:
        return text
    code = str(finding.code)
    return text.replace(code, f"\x1b]8;;{file.as_uri()}\x1b\\{code}\x1b]8;;\x1b\\", 1)
