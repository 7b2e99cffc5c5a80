"""The time and the memory that a proof may take: beyond them the answer is undecided, and names the entry.

A timer looks at each tenth of a second of work, so no shape of a policy escapes. Python delivers signals to the main
thread alone: elsewhere a proof has the engine's own bounds, and no budget.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

from frrgen.policy.sets.budget import SpentError, at, place

_EVERY: Final = 0.1
_AGAIN: Final = 1.0
"""Seconds of work after which a spent budget ends a proof once more."""
_STATM: Final = Path("/proc/self/statm")


class Budget(NamedTuple):
    """What one proof may use."""

    seconds: float = 60
    megabytes: int = 300
    """Beyond what the process holds before; where `/proc` is missing, memory has no bound."""

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Run a proof within the budget. Raises SpentError inside of the block."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        end, most = time.monotonic() + self.seconds, _resident() + self.megabytes
        at("the lists")
        inside = True

        def look(number: int, frame: FrameType | None) -> None:
            del number, frame
            late = time.monotonic() >= end
            if inside and (late or _resident() > most):
                # Python drops what is raised while it deletes an object: if so, the next look raises again
                signal.setitimer(signal.ITIMER_PROF, _AGAIN, _AGAIN)
                spent = f"{self.seconds:g} seconds" if late else f"{self.megabytes} MB"
                raise SpentError(f"the budget of {spent} is spent at {place()} (--budget)")

        before = signal.signal(signal.SIGPROF, look)
        signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
        try:
            try:
                yield
            finally:
                inside = False
        finally:
            inside = False
            signal.setitimer(signal.ITIMER_PROF, 0)
            # a signal that still waits would end the process: to ignore signals is to drop them
            signal.signal(signal.SIGPROF, signal.SIG_IGN)
            signal.signal(signal.SIGPROF, before)


def _resident() -> float:
    """Return the megabytes that the process holds; 0 where that is not told."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0
