"""How long a client of the API server waits after an attempt that failed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

_LONGEST_ASKED: Final = 300.0
"""Seconds that a server may put us off (Retry-After)."""


@dataclass
class Backoff:
    """The failures in a row of one kind of request. A success ends the row."""

    failures: int = 0

    def succeeded(self) -> None:
        """End the row of failures."""
        self.failures = 0

    def failed(self, first: float, longest: float, asked: float | None = None) -> float:
        """Count a failure. Return the seconds to wait: `first`, doubled by each failure in a row, up to `longest`.

        The wait is shortened by chance, by up to a half, so that clients do not come back all at once. `asked` are the
        seconds of the server's Retry-After; they are added.
        """
        self.failures += 1
        most = min(longest, first * 2.0 ** min(self.failures - 1, 20))
        wait = most * random.uniform(0.5, 1.0)  # noqa: S311
        return wait if asked is None else min(asked, _LONGEST_ASKED) + wait
