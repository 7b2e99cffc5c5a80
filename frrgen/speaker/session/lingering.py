"""A connection that has said its last word, and waits until the router has read it."""

from __future__ import annotations

import asyncio
from typing import Final

LINGER: Final = 10.0
"""Seconds for which a peer may go on reading what we sent before the end; the NOTIFICATION is the last of it."""
_SINK: Final = bytearray(1 << 16)
"""Where octets go that nobody reads."""


class Lingering(asyncio.BufferedProtocol):
    """A connection on which we have said our last: it waits until the peer has read that, and closes.

    A router that lags behind would lose the NOTIFICATION if we closed first, and keep our routes as if we restarted:
    what it sends would reset the connection, and FRR looks at the end of a connection before what came before it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        self.over = loop.create_future()
        self._transport = transport
        self._limit = loop.call_later(LINGER, self._end)
        transport.set_protocol(self)

    def _end(self) -> None:
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    def get_buffer(self, sizehint: int) -> bytearray:
        """See asyncio.BufferedProtocol. What comes now is dropped."""
        del sizehint
        return _SINK

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.BufferedProtocol."""
        del exc
        self._limit.cancel()
        self.over.set_result(None)
