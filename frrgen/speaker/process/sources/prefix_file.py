"""A file with a prefix a line: a million of them in a second."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from socket import AF_INET, inet_pton
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.speaker.wire.packed_prefix import Key

_LINES: Final = 4096
_SHOWN: Final = 20
_END: Final = "end each line with a newline"
_HOST_BITS: Final = {str(length): (length, (1 << (32 - length)) - 1) for length in range(33)}


def read_prefixes(path: Path) -> Sequence[int]:
    """Return the keys of a file's prefixes; what is behind `#`, and empty lines, are left out.

    Raises OSError, and InputError with the first wrong lines.
    """
    short, long, findings, number = array("Q"), list[int](), list[Finding](), 1
    last = "\n"
    with path.open(encoding="utf-8", errors="replace") as file:
        while lines := list(islice(file, _LINES)):
            try:
                short.extend([_ipv4(line) for line in lines])
            except (ValueError, OSError, KeyError):
                findings += _one_by_one(Where(str(path), number, 1), lines, short, long)
                if len(findings) >= _SHOWN:
                    raise InputError(*findings[:_SHOWN]) from None
            number, last = number + len(lines), lines[-1]
    if not last.endswith("\n"):
        where = Where(str(path), number - 1, len(last) + 1)
        findings.append(Finding(Code.FRR608, "the last line has no end: the file may have been cut off", where, _END))
    if findings:
        raise InputError(*findings)
    return [*short, *long] if long else short


def _ipv4(line: str) -> int:
    """Read `A.B.C.D/M` alone on a line. Raises ValueError, OSError or KeyError: then it is looked at closely."""
    address, _, length = line.rstrip("\n").partition("/")
    bits, host = _HOST_BITS[length]
    number = int.from_bytes(inet_pton(AF_INET, address), "big")
    if number & host:
        raise ValueError(line)
    return number << 8 | bits


def _one_by_one(first: Where, lines: list[str], short: array[int], long: list[int]) -> Iterator[Finding]:
    """Read lines of any form; gives what is wrong with them."""
    for number, line in enumerate(lines, first.line):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            key = Key.parse(text)
        except ValueError as bad:
            yield Finding(Code.FRR608, f"not a prefix: {bad}", Where(first.file, number, 1))
        else:
            (long if ":" in text else short).append(key)
