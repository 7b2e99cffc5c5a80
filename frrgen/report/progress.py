"""How far each push has come: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from frrgen.report.console import console
from frrgen.transaction.base import State

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """Tells on stderr what state each router is in. May be used from several threads."""

    def __init__(self, routers: Sequence[str], *, quiet: bool = False) -> None:
        """Take the names of the routers; `quiet`: say nothing."""
        self._quiet = quiet
        self._states = dict.fromkeys(routers, "waiting")
        self._lock = threading.Lock()
        self._console = console(sys.stderr)
        self._status: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, bad: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pause()

    def tell(self, router: str, state: State) -> None:
        """Show that a router has come to a state."""
        if self._quiet:
            return
        with self._lock:
            self._states[router] = str(state)
            if self._console is None:
                print(f"{router}: {state}", file=sys.stderr, flush=True)
                return
            text = "  ".join(f"{name}: {now}" for name, now in list(self._states.items())[:8])
            if self._status is None:
                self._status = self._console.status(text)
                self._status.start()
            else:
                self._status.update(text)

    def pause(self) -> None:
        """Clear the live line, so that something else can be written."""
        with self._lock:
            if self._status is not None:
                self._status.stop()
                self._status = None
