"""How long a peer is left alone after an attempt that failed: IdleHoldTime (RFC 4271 section 8.1.1), growing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from frrgen.speaker.wire.error import Cease, Code
from frrgen.speaker.wire.message import Notification

LASTED: Final = 10.0
"""Seconds of a session after which what failed before it is forgotten."""
LONGEST: Final = 60.0
LONGEST_REFUSED: Final = 300.0


def is_collision(notification: Notification | None) -> bool:
    """Tell whether a connection ended for another one's sake (RFC 4271 section 6.8)."""
    return notification is not None and (notification.code, notification.subcode) == (Code.CEASE, Cease.COLLISION)


@dataclass
class IdleHold:
    """What is known of the attempts in one direction: those that we began, or those that the peer began."""

    longest: float = LONGEST
    """Seconds between attempts at the most, unless one side said no."""
    refused: bool = False
    """The last attempt ended because one side did not want it: OPEN errors and Cease. To ask again soon is no use."""
    _failures: int = 0

    def ended(self, notification: Notification | None, lasted: float | None) -> None:
        """Count a connection that ended. `lasted`: seconds for which it was established; None: it never was."""
        self.refused = False
        if lasted is not None:
            self._failures = 0 if lasted > LASTED else self._failures + 1
        elif not is_collision(notification):
            self.refused = notification is not None and notification.code in {Code.OPEN, Code.CEASE}
            self._failures += 3 if self.refused else 1

    @property
    def flapping(self) -> bool:
        """It failed more than once in a row."""
        return self._failures > 1

    def seconds(self) -> float:
        """Return how long to wait: 1 s, doubling up to the longest."""
        most = LONGEST_REFUSED if self.refused else max(1.0, min(LONGEST, self.longest))
        return min(most, 2.0 ** min(max(self._failures - 1, 0), 10))
