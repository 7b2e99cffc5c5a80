"""Standard output and standard error of a run: they may be closed, full, or read by nobody."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Any, TextIO

from frrgen.codes import Code
from frrgen.errors import Finding


class _Stream(io.FileIO):
    """A stream that throws away what nobody reads any more, as behind `| head`: the verb goes on to its exit code."""

    def write(self, octets: Any, /) -> int:
        try:
            return super().write(octets)
        except BrokenPipeError:
            _to_nowhere(self.fileno())
            return super().write(octets)


def outlive_readers() -> None:
    """Let the run go on when a reader of its output goes away. Streams that a test put in their place stay."""
    if sys.stdout is sys.__stdout__ and sys.stdout is not None:
        sys.stdout = _outliving(sys.stdout)
    if sys.stderr is sys.__stderr__ and sys.stderr is not None:
        sys.stderr = _outliving(sys.stderr)


def _outliving(stream: TextIO) -> TextIO:
    stream.flush()
    raw = _Stream(stream.fileno(), "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), stream.encoding, stream.errors, line_buffering=getattr(stream, "line_buffering", False)
    )


def unwritable(why: str) -> Finding:
    """Return the Finding for a standard output that takes nothing."""
    return Finding(Code.FRR402, f"standard output cannot be written: {why}")


def output_fault(fault: Exception) -> str | None:
    """Return why nothing more can be printed, as on a full disk; None if the fault has another cause."""
    if not isinstance(fault, OSError):
        return None
    try:
        # what has no room now had none before; output that works shows an empty line
        print(flush=True)
    except OSError as still:
        # or Python would complain at its end of what still waits to be printed
        with contextlib.suppress(OSError):
            _to_nowhere(sys.stdout.fileno())
        return str(still.strerror)
    return None


def _to_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
