"""The timers of one connection (RFC 4271 section 8.1.3): each feeds its event to the state machine when it ends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from frrgen.speaker.session.fsm import Event


class Timers:
    """The timers of a connection, by the events that they feed."""

    def __init__(self, feed: Callable[[Event], None]) -> None:
        self.hold_time = 0.0
        """Seconds without a message after which the session ends; 0: never."""
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._running: dict[Event, asyncio.TimerHandle] = {}
        self._hold_until = 0.0

    @property
    def holding(self) -> bool:
        """Tell whether the negotiated hold time counts by now."""
        return bool(self._hold_until)

    @property
    def waiting(self) -> bool:
        """Tell whether a timer runs."""
        return bool(self._running)

    def start(self, event: Event, seconds: float) -> None:
        """Start a timer, or start it again."""
        self.stop(event)
        self._running[event] = self._loop.call_later(seconds, self._feed, event)

    def stop(self, event: Event) -> None:
        """End a timer, if it runs."""
        timer = self._running.pop(event, None)
        if timer is not None:
            timer.cancel()

    def stop_all(self) -> None:
        """End every timer."""
        for event in list(self._running):
            self.stop(event)

    def hold(self) -> None:
        """Put off the end of the session by the hold time.

        The timer itself stays: it is looked at when it ends, not moved with each message.
        """
        first = not self._hold_until
        self._hold_until = self._loop.time() + self.hold_time
        if first:
            self.stop(Event.HOLD_TIMER_EXPIRES)
            self._running[Event.HOLD_TIMER_EXPIRES] = self._loop.call_later(self.hold_time, self._held)

    def _held(self) -> None:
        left = self._hold_until - self._loop.time()
        if left > 0:
            self._running[Event.HOLD_TIMER_EXPIRES] = self._loop.call_later(left, self._held)
        else:
            self._feed(Event.HOLD_TIMER_EXPIRES)


def jittered(seconds: float) -> float:
    """Return the seconds less up to a quarter of them (RFC 4271 section 10)."""
    return seconds * random.uniform(0.75, 1.0)  # noqa: S311
