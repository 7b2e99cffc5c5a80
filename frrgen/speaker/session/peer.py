"""One session with a router: it dials and is dialled, one connection wins, and what is to be announced is sent."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Mapping
from typing import Final

from frrgen.speaker.log import LOG
from frrgen.speaker.plan import PeerSettings
from frrgen.speaker.session.backoff import IdleHold, is_collision
from frrgen.speaker.session.connection import Connection
from frrgen.speaker.session.counters import Counters
from frrgen.speaker.session.fsm import State
from frrgen.speaker.session.group import Group
from frrgen.speaker.session.lingering import LINGER
from frrgen.speaker.session.outbound import Outbound
from frrgen.speaker.wire.capability import Capabilities, GracefulRestart
from frrgen.speaker.wire.error import Cease
from frrgen.speaker.wire.message import Notification
from frrgen.speaker.wire.packed_prefix import Family
from frrgen.speaker.wire.update import Update

PATIENCE: Final = 10.0
"""Seconds after which the log says that the router does not answer; then twice as many, and so on."""
PATIENCE_MOST: Final = 600.0
_CHECK: Final = 0.02
_SETTLED: Final = 10.0
"""Seconds of a session after which no connection can still have begun beside it."""
_ORDER: Final = (State.IDLE, State.ACTIVE, State.CONNECT, State.OPEN_SENT, State.OPEN_CONFIRM, State.ESTABLISHED)


class Peer:
    """A session. `start` it, tell it of changes, `stop` it."""

    def __init__(self, settings: PeerSettings, group: Group, *, restarted: bool = False) -> None:
        self.settings = settings
        self.counters = Counters()
        self.outbound = Outbound(group, self.counters)
        self.session: Connection | None = None
        """The connection on which the session is established."""
        self._restarted = restarted
        self._connections: set[Connection] = set()
        self._idle = {ours: IdleHold(settings.connect_retry) for ours in (True, False)}
        self._not_before = dict.fromkeys(self._idle, 0.0)
        """When a connection may be made again: by us (True), by the peer (False)."""
        self._again = asyncio.Event()
        self._told = ""
        self._patience = PATIENCE
        self._stopped = False
        self._dialling: asyncio.Task[None] | None = None
        self._pumping: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """How far the session is: as far as the farthest of its connections."""
        return max((one.state for one in self._connections), key=_ORDER.index, default=State.IDLE)

    @property
    def group(self) -> Group:
        """The sessions to which the same is announced."""
        return self.outbound.group

    @property
    def families(self) -> frozenset[Family]:
        """What the session carries; as long as there is none, what we would have it carry."""
        agreed = self.session.agreed if self.session is not None else None
        return self.settings.families if agreed is None else agreed.families

    @property
    def announced(self) -> int:
        """Count the prefixes that are announced to the router: those of the session's families that it can carry."""
        return self.group.rib.advertised(self.families) - len(self.refused)

    @property
    def refused(self) -> Mapping[int, str]:
        """Keys that the session cannot carry -> why."""
        encoder = self.outbound.encoder
        return {} if encoder is None else encoder.refused

    @property
    def all_told(self) -> bool:
        """The router has been sent all that is announced."""
        return self.outbound.end_of_rib_sent.is_set() and self.outbound.quiet

    # Owner

    def capabilities(self) -> Capabilities:
        """Return our OPEN settings."""
        settings = self.settings
        restart = None
        if settings.restart_time:
            kept = frozenset(filter(self.group.may_be_kept, settings.families))
            restart = GracefulRestart(
                settings.restart_time, self._restarted, families=kept, forgotten=settings.families - kept
            )
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
                    other.abandon("the peer restarts gracefully (RFC 4724 section 5)")
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
        self.session, connection.after = connection, None
        self.counters.established += 1
        self.counters.up_since = time.time()
        self.counters.last_error = self._told = ""
        self._patience = PATIENCE
        self.outbound.begin()
        LOG.info("%s: established", self.settings.name, extra=self._fields("up"))
        if missing := self.settings.families - self.families:
            names = ", ".join(sorted(map(str, missing)))
            LOG.warning("%s: the router does not take %s", self.settings.name, names, extra=self._fields("families"))
        self._pumping = asyncio.get_running_loop().create_task(self.outbound.pump(connection))
        self._pumping.add_done_callback(self._failed)

    def ended(self, connection: Connection) -> None:
        """Forget a connection that has ended, and wait before the next."""
        self._connections.discard(connection)
        if connection.was_established or not is_collision(connection.notified):
            self.counters.last_error = connection.why
        self._count(connection)
        if self.session is connection:
            self.session = None
            # a restart is over once the peer has heard of it
            self._restarted = False
            self.outbound.end()
            if self._pumping is not None:
                self._pumping.cancel()
            LOG.warning("%s: down: %s", self.settings.name, connection.why, extra=self._fields("down", connection.why))
        elif not self._stopped and self._told != connection.why:
            self._told = connection.why
            LOG.info(
                "%s: not established: %s",
                self.settings.name,
                connection.why,
                extra=self._fields("failed", connection.why),
            )

    def _fields(self, event: str, why: str = "") -> dict[str, str]:
        """Return the fields of a JSON log line beside the text."""
        fields = {"event": event, "router": self.settings.router, "peer": str(self.settings.address)}
        return {**fields, "why": why} if why else fields

    def updated(self, update: Update) -> None:
        """Count, and drop."""
        self.counters.prefixes_received += sum(map(len, update.announced.values()))
        if update.treated_as_withdraw or update.discarded:
            self.counters.updates_malformed += 1

    def refresh(self, family: Family) -> None:
        """Announce a family again, at once: a router whose policy changed waits for it."""
        self.counters.refreshes += 1
        self.outbound.refresh(family)

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
        session = self.session
        # one that restarts gracefully and comes again has lost the session that we still see, unless both have dialled
        # at the same time and only one connection was quicker
        if session is not None and session.theirs is not None and now - session.up_at > _SETTLED:
            connection.after = session if session.theirs.capabilities.graceful_restart is not None else None
        self._connections.add(connection)
        return connection

    def changed(self, keys: Mapping[int, bool]) -> None:
        """Announce prefixes that are new or changed (True), withdraw those that are gone (False)."""
        if self.session is not None:
            self.outbound.changed(keys)

    def _tell_all(self) -> None:
        if self.session is not None:
            self.outbound.tell_all()

    def retry(self) -> None:
        """Try again at once, if there is no session: whatever was in the way may be mended."""
        if self.session is None:
            for connection in list(self._connections):
                # the router may never answer: it was asked with what was said before
                if connection.state is State.CONNECT:
                    connection.abandon("begun again")
            self._idle = {ours: IdleHold(self.settings.connect_retry) for ours in (True, False)}
            self._not_before = dict.fromkeys(self._idle, 0.0)
            self._again.set()

    def drain(self) -> None:
        """Announce everything again, with GRACEFUL_SHUTDOWN (RFC 8326)."""
        self.outbound.draining = True
        self._tell_all()

    def move(self, group: Group) -> None:
        """Join another group of sessions: only the difference is announced."""
        before, self.outbound.group = self.group, group
        if before.gate.writer != group.gate.writer:
            self._tell_all()
        if before is not group:
            self.changed({key: key in group.rib for key in before.rib.held.keys() ^ group.rib.held.keys()})

    async def advertised(self) -> None:
        """Wait until the router was told everything, as far as it reads."""
        while self.session is not None and not (self.outbound.quiet and self.session.writable.is_set()):  # noqa: ASYNC110
            await asyncio.sleep(_CHECK)

    async def stop(self, text: str, *, deconfigured: bool = False) -> None:
        """End the session with a Cease and a text (RFC 9003); Hard Reset where the peer would keep routes."""
        self._stopped = True
        why = Cease.PEER_DECONFIGURED if deconfigured else Cease.ADMINISTRATIVE_SHUTDOWN
        connections = list(self._connections)
        for connection in connections:
            hard = connection.agreed is not None and connection.agreed.hard_reset
            connection.stop(Notification.cease(why, text, hard=hard))
        await self._end()
        lingering = [one.lingering.over for one in connections if one.lingering is not None]
        if lingering:
            await asyncio.wait(lingering, timeout=LINGER + 1)

    async def abandon(self) -> None:
        """End without a NOTIFICATION."""
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
        """Restart the session if a task ended by a mistake of ours, so that no change is lost."""
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
                await self._answered(connection)
            else:
                await self.session.done
            # it may have been put off meanwhile
            while self.session is None and (wait := self._not_before[True] - loop.time()) > 0:
                self._again.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._again.wait()

    async def _answered(self, connection: Connection) -> None:
        """Wait for a connection's end. Log, ever more rarely, that the router does not answer."""
        while not connection.done.done():
            await asyncio.wait([connection.done], timeout=self._patience)
            if connection.state is State.CONNECT and self.session is None:
                self._patience = min(2 * self._patience, PATIENCE_MOST)
                why = f"no answer from {self.settings.address}: address, filter or password?"
                self.counters.last_error = why
                LOG.warning("%s: not established: %s", self.settings.name, why, extra=self._fields("failed", why))

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
            # a peer whose session ended may come again at once, for that is how it restarts; but not for ever
            waits = ours or lasted is None or idle.flapping
            self._not_before[ours] = loop.time() + delay if waits else 0.0
            if ours:
                self.counters.retry_at = time.time() + delay
