"""One session with a router: it dials and is dialled, one connection wins, and what is to be announced is sent."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from frrgen.speaker.capability import Agreed, Capabilities, GracefulRestart
from frrgen.speaker.connection import Connection
from frrgen.speaker.error import Cease
from frrgen.speaker.fsm import State
from frrgen.speaker.gate import Gate
from frrgen.speaker.idle import IdleHold, is_collision
from frrgen.speaker.key import Family, Key
from frrgen.speaker.message import Notification, Refresh, write_route_refresh
from frrgen.speaker.plan import PeerSettings
from frrgen.speaker.rib import ALIKE, AdjRibOut, Alike, Encoder, alike, steps
from frrgen.speaker.update import Update

LOG: Final = logging.getLogger("frrgen.speaker")
COALESCE: Final = 0.001
"""Seconds in which changes are gathered into one set of UPDATEs."""
_CHUNK: Final = 1 << 18
_ORDER: Final = (State.IDLE, State.ACTIVE, State.CONNECT, State.OPEN_SENT, State.OPEN_CONFIRM, State.ESTABLISHED)


@dataclass
class Counters:
    """What a session has seen."""

    established: int = 0
    updates_sent: int = 0
    octets_sent: int = 0
    prefixes_received: int = 0
    """Announced to us, and dropped: we learn nothing."""
    updates_malformed: int = 0
    refreshes: int = 0
    last_error: str = ""
    up_since: float = 0.0
    retry_at: float = 0.0


@dataclass
class Group:
    """Sessions that are told the same: one Adj-RIB-Out, and what it looks like on the wire, written once."""

    rib: AdjRibOut
    gate: Gate
    version: int = 0
    written: dict[Any, tuple[int, list[bytes]]] = field(default_factory=dict)

    async def full(self, encoder: Encoder, agreed: Agreed) -> AsyncIterator[bytes]:
        """Give the whole table as large pieces of whole messages, from what was written before if that still holds."""
        key = (encoder.writer, agreed.families, agreed.add_path, encoder.longest)
        known = self.written.get(key)
        if known is not None and known[0] == self.version:
            for piece in known[1]:
                yield piece
            return
        version, pieces = self.version, []
        groups: Alike = {}
        for step in steps(self.rib.announced()):
            alike(self.rib.table.routes, step, groups)
            await asyncio.sleep(0)
        for (_, family), (attributes, keys) in groups.items():
            for start in range(0, len(keys), ALIKE):
                piece = b"".join(encoder.announce_alike(family, attributes, keys[start : start + ALIKE]))
                pieces.append(piece)
                yield piece
                await asyncio.sleep(0)
        if version == self.version and len(self.written) < 4:
            self.written[key] = (version, pieces)

    def changed(self) -> None:
        """Forget what was written."""
        self.version += 1
        self.written.clear()


class Peer:
    """A session. `start` it, tell it of changes, `stop` it."""

    def __init__(self, settings: PeerSettings, group: Group, *, restarted: bool = False) -> None:
        self.settings = settings
        self.group = group
        self.counters = Counters()
        self.draining = False
        self.session: Connection | None = None
        """The connection on which the session is established."""
        self._restarted = restarted
        self._connections: set[Connection] = set()
        self._pending: set[int] = set()
        self._refreshed: set[Family] = set()
        self._wake = asyncio.Event()
        self._idle = {ours: IdleHold(settings.connect_retry) for ours in (True, False)}
        self._not_before = dict.fromkeys(self._idle, 0.0)
        """When a connection may be made again: by us (True), by the peer (False)."""
        self._told = ""
        self._stopped = False
        self._dialling: asyncio.Task[None] | None = None
        self._pumping: asyncio.Task[None] | None = None
        self.synced = asyncio.Event()
        """All was sent, End-of-RIB included."""
        self.encoder: Encoder | None = None

    @property
    def state(self) -> State:
        """How far the session is: as far as the farthest of its connections."""
        return max((one.state for one in self._connections), key=_ORDER.index, default=State.IDLE)

    # Owner

    def capabilities(self) -> Capabilities:
        """Give what we say of ourselves."""
        settings = self.settings
        restart = None
        if settings.restart_time:
            restart = GracefulRestart(settings.restart_time, self._restarted, families=settings.families)
        return Capabilities(
            asn=settings.local_asn,
            families=settings.families,
            extended_next_hop=settings.address.version == 6 and Family.IPV4 in settings.families,
            route_refresh=True,
            enhanced_refresh=True,
            extended_message=True,
            graceful_restart=restart,
            add_path_send=settings.families if settings.add_path else frozenset(),
            role=settings.role,
        )

    def opened(self, connection: Connection) -> None:
        """Resolve a collision (RFC 4271 section 6.8; RFC 6286 for equal identifiers)."""
        theirs = connection.theirs
        if theirs is None:
            return
        collision = Notification.cease(Cease.COLLISION)
        for other in list(self._connections - {connection}):
            if other.state is State.ESTABLISHED:
                if connection.after is other:
                    other.abandon("the peer began anew, which restarts gracefully (RFC 4724 section 5)")
                    continue
                connection.stop(collision)
                return
            if other.state is not State.OPEN_CONFIRM:
                continue
            ours = (int(self.settings.identifier), self.settings.local_asn)
            we_win = ours > (int(theirs.identifier), theirs.asn)
            loser = connection if connection.dialled != we_win else other
            loser.stop(collision)
            if loser is connection:
                return

    def established(self, connection: Connection) -> None:
        """Begin to announce."""
        for other in list(self._connections - {connection}):
            other.stop(Notification.cease(Cease.COLLISION))
        self.session = connection
        self.counters.established += 1
        self.counters.up_since = time.time()
        self.counters.last_error = self._told = ""
        self._pending.clear()
        self._refreshed.clear()
        self.synced.clear()
        LOG.info("%s: established", self.settings.name)
        self._pumping = asyncio.get_running_loop().create_task(self._pump(connection))
        self._pumping.add_done_callback(self._failed)

    def ended(self, connection: Connection) -> None:
        """Know that a connection is no more."""
        self._connections.discard(connection)
        if connection.was_established or not is_collision(connection.notified):
            self.counters.last_error = connection.why
        self._count(connection)
        if self.session is connection:
            self.session = None
            self.encoder = None
            # a restart is over once the peer has heard of it
            self._restarted = False
            self.synced.clear()
            if self._pumping is not None:
                self._pumping.cancel()
            LOG.warning("%s: down: %s", self.settings.name, connection.why)
        elif not self._stopped and self._told != connection.why:
            self._told = connection.why
            LOG.info("%s: not established: %s", self.settings.name, connection.why)

    def updated(self, update: Update) -> None:
        """Count, and drop."""
        self.counters.prefixes_received += sum(map(len, update.announced.values()))
        if update.treated_as_withdraw or update.discarded:
            self.counters.updates_malformed += 1

    def refresh(self, family: Family) -> None:
        """Announce a family again, at once: a router whose policy changed waits for it."""
        self.counters.refreshes += 1
        self._refreshed.add(family)
        self._wake.set()

    # life

    def start(self) -> None:
        """Begin to dial."""
        self._dialling = asyncio.get_running_loop().create_task(self._dial())
        self._dialling.add_done_callback(self._failed)

    def incoming(self) -> Connection | None:
        """Make a connection of one that the router began; None: not now."""
        now = asyncio.get_running_loop().time()
        early = any(now < self._not_before[ours] for ours, idle in self._idle.items() if idle.refused or not ours)
        if self._stopped or early or sum(not one.dialled for one in self._connections) >= 2:
            return None
        connection = Connection(self, dialled=False)
        theirs = self.session.theirs if self.session is not None else None
        # one that restarts gracefully and comes again has lost the session that we still see
        if theirs is not None and theirs.capabilities.graceful_restart is not None:
            connection.after = self.session
        self._connections.add(connection)
        return connection

    def changed(self, keys: Iterable[int]) -> None:
        """Know which prefixes are another, new or gone."""
        if self.session is not None:
            self._pending.update(keys)
            self._wake.set()

    async def stop(self, text: str) -> None:
        """End the session with a Cease and a text (RFC 9003); Hard Reset where the peer would keep routes."""
        self._stopped = True
        for connection in list(self._connections):
            hard = connection.agreed is not None and connection.agreed.hard_reset
            connection.stop(Notification.cease(Cease.ADMINISTRATIVE_SHUTDOWN, text, hard=hard))
        await self._end()

    async def abandon(self) -> None:
        """End without a word."""
        self._stopped = True
        for connection in list(self._connections):
            connection.abandon("a restart of ours")
        await self._end()

    async def _end(self) -> None:
        tasks = [task for task in (self._dialling, self._pumping) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # what was written is handed to the kernel in the loop's next turns
        for _ in range(3):
            await asyncio.sleep(0)

    def _failed(self, task: asyncio.Task[None]) -> None:
        """Know that a task ended by a mistake of ours: the session begins anew, so that nothing stays untold."""
        if task.cancelled() or task.exception() is None:
            return
        LOG.error("%s: a mistake of the speaker", self.settings.name, exc_info=task.exception())
        for connection in list(self._connections):
            connection.stop(Notification.cease(Cease.OUT_OF_RESOURCES))
        if task is self._dialling and not self._stopped:
            asyncio.get_running_loop().call_later(self.settings.connect_retry, self.start)

    async def _dial(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopped:
            if self.session is None:
                connection = Connection(self, dialled=True)
                self._connections.add(connection)
                connection.start()
                await connection.done
            else:
                await self.session.done
            # it may have been put off meanwhile
            while self.session is None and (wait := self._not_before[True] - loop.time()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait)

    def _count(self, connection: Connection) -> None:
        """Leave the peer alone for a while, the longer the more often it failed."""
        loop = asyncio.get_running_loop()
        lasted = loop.time() - connection.up_at if connection.was_established else None
        for ours, idle in self._idle.items():
            if lasted is None and ours != connection.dialled:
                continue
            idle.ended(connection.notified, lasted)
            if lasted is None and is_collision(connection.notified) and not ours:
                continue
            delay = idle.seconds() * random.uniform(0.75, 1.0)  # noqa: S311
            # a peer whose session ended may come again at once: that is how it restarts
            self._not_before[ours] = loop.time() + delay if ours or lasted is None else 0.0
            if ours:
                self.counters.retry_at = time.time() + delay

    # what is announced

    async def _pump(self, connection: Connection) -> None:
        """Send the whole table, End-of-RIB, and then what changes."""
        agreed = connection.agreed
        if agreed is None:
            return
        encoder = self._encoder(agreed)
        async for piece in self.group.full(encoder, agreed):
            await self._send(connection, piece)
        await self._send(connection, b"".join(encoder.end_of_rib()))
        self.synced.set()
        while connection.state is State.ESTABLISHED:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(COALESCE)
            encoder = self._encoder(agreed)
            for family in [one for one in self._refreshed if one in agreed.families]:
                self._refreshed.discard(family)
                await self._refresh(connection, encoder, agreed, family)
            keys, self._pending = self._pending, set()
            await self._tell(connection, encoder, keys)

    def _encoder(self, agreed: Agreed) -> Encoder:
        writer = self.settings.writer(
            asn4=agreed.asn4, extended_next_hop=agreed.extended_next_hop, graceful_shutdown=self.draining
        )
        if self.encoder is None or self.encoder.writer != writer:
            self.encoder = Encoder(writer, agreed)
        return self.encoder

    async def _tell(self, connection: Connection, encoder: Encoder, keys: set[int]) -> None:
        rib = self.group.rib
        # what goes makes room first: the router counts up to its maximum-prefix
        for step in steps(keys):
            await self._send(connection, b"".join(encoder.withdraw([key for key in step if key not in rib])))
        for step in steps(keys):
            there = alike(rib.table.routes, [key for key in step if key in rib])
            await self._send(connection, b"".join(encoder.announce(there)))

    async def _refresh(self, connection: Connection, encoder: Encoder, agreed: Agreed, family: Family) -> None:
        if agreed.enhanced_refresh:
            await self._send(connection, write_route_refresh(family, Refresh.BEGIN))
        if agreed.families == {family}:
            async for piece in self.group.full(encoder, agreed):
                await self._send(connection, piece)
        else:
            rib = self.group.rib
            for step in steps([key for key in rib.announced() if Key.family(key) is family]):
                await self._send(connection, b"".join(encoder.announce(alike(rib.table.routes, step))))
        if agreed.enhanced_refresh:
            await self._send(connection, write_route_refresh(family, Refresh.END))

    async def _send(self, connection: Connection, octets: bytes) -> None:
        for start in range(0, len(octets), _CHUNK):
            await connection.writable.wait()
            if connection.state is not State.ESTABLISHED:
                return
            piece = octets[start : start + _CHUNK]
            connection.write(piece)
            self.counters.octets_sent += len(piece)
