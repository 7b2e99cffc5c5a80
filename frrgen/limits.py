"""How much frrgen reads of anything that others wrote: files, and the answers of routers."""

from __future__ import annotations

import os
from typing import BinaryIO, Final

VARIABLE: Final = "FRRGEN_MAX_MIB"
"""The variable of the environment that says another bound, in MiB."""
_DEFAULT: Final = 32
"""MiB. A frr.conf of 500,000 lines has 20, and takes 1 GB of memory to be read."""


def most_bytes() -> int:
    """Return how many bytes a text may have."""
    said = os.environ.get(VARIABLE, "")
    mib = int(said) if said.isascii() and said.isdigit() and len(said) < 7 else _DEFAULT
    return max(mib, 1) << 20


def too_large(what: str) -> tuple[str, str]:
    """Return the sentence that says of a text that it is too large, and the hint."""
    mib = most_bytes() >> 20
    return f"{what} has more than {mib} MiB", f"if it is meant to be so large: {VARIABLE}={mib * 8}"


def read(file: BinaryIO) -> bytes | None:
    """Read an open file to its end; None if it has more than `most_bytes`."""
    found = file.read(most_bytes() + 1)
    return None if len(found) > most_bytes() else found
