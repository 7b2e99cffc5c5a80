"""Files with configuration: read whatever their bytes are, and written for their owner alone."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Final

from frrgen import limits
from frrgen.codes import Code
from frrgen.errors import Finding, InputError, cause
from frrgen.inventory.write import replace_file

STDIN: Final = "-"
"""The name of standard input, where a file is named."""


def read_text(path: Path) -> str:
    """Return a configuration file's text, of standard input for `-`. Raises InputError.

    Bytes that are not UTF-8 become lone surrogates.
    """
    try:
        found = _standard_input() if str(path) == STDIN else _bytes(path)
    except OSError as bad:
        raise InputError(Finding(Code.FRR403, f"{path} cannot be read: {cause(bad, path)}")) from bad
    if found is None:
        text, hint = limits.too_large(str(path))
        raise InputError(Finding(Code.FRR408, text, hint=hint))
    return found.decode(errors="surrogateescape")


def _bytes(path: Path) -> bytes | None:
    with path.open("rb") as file:
        return limits.read(file)


@cache
def _standard_input() -> bytes | None:
    """Return what standard input holds, also when it is asked for again."""
    return limits.read(sys.stdin.buffer)


def write_private(path: Path, text: str) -> None:
    """Write a file that holds passwords: as a whole or not at all, 0600. Raises InputError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text.encode(errors="surrogateescape"))
    except OSError as bad:
        raise InputError(Finding(Code.FRR402, f"{path} cannot be written: {cause(bad, path)}")) from bad


def is_xml(text: str) -> bool:
    """Tell whether a text is XML, such as a config.xml or fragments of it."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")
