"""What goes out over a session: the whole table, End-of-RIB, and then what changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from frrgen.speaker.session.connection import Connection
from frrgen.speaker.session.counters import Counters
from frrgen.speaker.session.fsm import State
from frrgen.speaker.session.group import Group
from frrgen.speaker.table.rib import ALIKE, Encoder, steps
from frrgen.speaker.table.table import BLOCK, Alike, gather
from frrgen.speaker.wire.capability import Agreed
from frrgen.speaker.wire.message import Refresh, updates_in, write_route_refresh
from frrgen.speaker.wire.packed_prefix import Family

COALESCE: Final = 0.002
"""Seconds between two sets of UPDATEs: a change after a quiet time is sent at once, the next changes are gathered."""
_STEPS: Final = ALIKE // BLOCK


class Outbound:
    """What is to be announced to a router, and what of it has been sent."""

    def __init__(self, group: Group, counters: Counters) -> None:
        self.group = group
        self.counters = counters
        self.draining = False
        """Announce with GRACEFUL_SHUTDOWN (RFC 8326)."""
        self.end_of_rib_sent = asyncio.Event()
        """All was sent, End-of-RIB included."""
        self.encoder: Encoder | None = None
        self._pending: dict[int, bool] = {}
        """Keys that changed, and whether they are announced now; those that changed together are neighbors."""
        self._refreshed: set[Family] = set()
        self._everything = False
        """All is to be sent again."""
        self.quiet = False
        """Nothing is left to send."""
        self._wake = asyncio.Event()

    def begin(self) -> None:
        """Forget what was to be sent over an earlier session."""
        self._pending.clear()
        self._refreshed.clear()
        self._everything = self.quiet = False
        self.end_of_rib_sent.clear()

    def end(self) -> None:
        """Forget the encoder of a session that has ended."""
        self.encoder = None
        self.end_of_rib_sent.clear()

    def changed(self, keys: Mapping[int, bool]) -> None:
        """Queue prefixes that are new or changed (True) or gone (False)."""
        self._pending.update(keys)
        self.quiet = False
        self._wake.set()

    def tell_all(self) -> None:
        """Send everything again."""
        self._everything, self.quiet = True, False
        self._wake.set()

    def refresh(self, family: Family) -> None:
        """Send an address family again, at once: a router whose policy changed waits for it."""
        self._refreshed.add(family)
        self._wake.set()

    async def pump(self, connection: Connection) -> None:
        """Send the whole table, End-of-RIB, and then what changes."""
        agreed = connection.agreed
        if agreed is None:
            return
        encoder = self._encoder(connection, agreed)
        await self._full(connection, encoder, agreed.families)
        await self._send(connection, b"".join(encoder.end_of_rib()))
        self.end_of_rib_sent.set()
        self.quiet, loop = not self._restless(), asyncio.get_running_loop()
        told = loop.time()
        while connection.state is State.ESTABLISHED:
            await self._wake.wait()
            self._wake.clear()
            if (wait := told + COALESCE - loop.time()) > 0 and not self._refreshed:
                await asyncio.sleep(wait)
            while self._restless() and connection.state is State.ESTABLISHED:
                encoder = self._encoder(connection, agreed)
                # a router that is at its maximum-prefix hears of what is gone before it hears of anything else
                if self._pending:
                    await self._tell(connection, encoder)
                elif self._everything:
                    self._everything = False
                    await self._full(connection, encoder, agreed.families)
                else:
                    await self._refresh(connection, encoder, agreed, self._refreshed.pop())
            self.quiet, told = True, loop.time()

    def _restless(self) -> bool:
        return bool(self._pending or self._everything or self._refreshed)

    def _encoder(self, connection: Connection, agreed: Agreed) -> Encoder:
        writer = connection.owner.settings.writer(
            asn4=agreed.asn4, extended_next_hop=agreed.extended_next_hop, graceful_shutdown=self.draining
        )
        if self.encoder is None or self.encoder.writer != writer:
            self.encoder = Encoder(writer, agreed)
        return self.encoder

    async def _full(self, connection: Connection, encoder: Encoder, families: frozenset[Family]) -> None:
        """Announce the whole table. Changes of that time follow afterwards."""
        group = None
        while group is not self.group:
            group, number = self.group, 0
            with group.reading(encoder, families) as written:
                # nobody tells what changes to a group that was left
                while group is self.group and (piece := written.piece(number)) is not None:
                    number += 1
                    await self._send(connection, piece)
                    await asyncio.sleep(0)
            await self._tell(connection, encoder)

    async def _tell(self, connection: Connection, encoder: Encoder) -> None:
        """Announce the keys that changed: all withdrawals first.

        What changes again meanwhile is left for the next time: it may have room only because another one went, and
        the router must hear of that one first.
        """
        keys, self._pending = self._pending, {}
        for step in steps(key for key, there in keys.items() if not there):
            await self._send(connection, b"".join(encoder.withdraw(step)))
            await asyncio.sleep(0)
        groups: Alike = {}
        for number, step in enumerate(steps(key for key, there in keys.items() if there), 1):
            still = [key for key in step if key not in self._pending] if self._pending else step
            for name, (said, some) in self.group.rib.table.alike(still).items():
                gather(groups, name[1], said, some)
            if number % _STEPS == 0:
                await self._send(connection, b"".join(encoder.announce(groups)))
                groups = {}
            await asyncio.sleep(0)
        await self._send(connection, b"".join(encoder.announce(groups)))

    async def _refresh(self, connection: Connection, encoder: Encoder, agreed: Agreed, family: Family) -> None:
        if family not in agreed.families:
            return
        if agreed.enhanced_refresh:
            await self._send(connection, write_route_refresh(family, Refresh.BEGIN))
        await self._full(connection, encoder, frozenset({family}))
        if agreed.enhanced_refresh:
            await self._send(connection, write_route_refresh(family, Refresh.END))

    async def _send(self, connection: Connection, octets: bytes) -> None:
        """Send whole messages, in one go: between two parts of one a KEEPALIVE or NOTIFICATION might come."""
        await connection.writable.wait()
        if octets and connection.state is State.ESTABLISHED:
            connection.write(octets)
            self.counters.octets_sent += len(octets)
            self.counters.updates_sent += updates_in(octets)
