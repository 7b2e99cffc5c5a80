"""One TCP connection: it drives a machine of `fsm.py` by what arrives, by timers, and by what its peer wants."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import Final, Protocol

from frrgen.speaker.plan import PeerSettings
from frrgen.speaker.session.fsm import FSM_ERROR, TABLE, Action, Event, State
from frrgen.speaker.session.lingering import Lingering
from frrgen.speaker.session.sockets import socket_for
from frrgen.speaker.session.timers import Timers, jittered
from frrgen.speaker.wire.capability import Agreed, Capabilities, agree
from frrgen.speaker.wire.error import BgpError, Cease, Code, name
from frrgen.speaker.wire.message import (
    KEEPALIVE,
    Notification,
    Open,
    Splitter,
    Type,
    read_notification,
    read_open,
    read_route_refresh,
)
from frrgen.speaker.wire.packed_prefix import Family
from frrgen.speaker.wire.update import Reader, Update

OPEN_WAIT: Final = 60.0
"""Seconds in which a peer must send OPEN; the RFC suggests four minutes."""
SEND_HOLD: Final = 480.0
"""Seconds at least for which a peer may leave unread what we sent (RFC 9687)."""
_BUFFER: Final = bytearray(1 << 16)
"""All connections read into this one, for what is read is taken at once. A peer that floods gets a turn of 64 KiB, and
then all others get theirs."""


class Owner(Protocol):
    """What a connection tells its peer."""

    settings: PeerSettings

    def capabilities(self) -> Capabilities:
        """Return what we say of ourselves in OPEN."""

    def opened(self, connection: Connection) -> None:
        """Look at a valid OPEN: connections may collide. Raises BgpError."""

    def established(self, connection: Connection) -> None:
        """Begin to announce: the session is up."""

    def ended(self, connection: Connection) -> None:
        """Count a connection that has ended, as `connection.why` says."""

    def updated(self, update: Update) -> None:
        """Count what the peer announces."""

    def refresh(self, family: Family) -> None:
        """Announce a family again."""


class Connection(asyncio.BufferedProtocol):
    """A connection, dialled by us or accepted."""

    def __init__(self, owner: Owner, *, dialled: bool) -> None:
        self.owner = owner
        self.dialled = dialled
        self.state = State.IDLE
        self.why = ""
        """How it ended, for people."""
        self.notified: Notification | None = None
        """The NOTIFICATION that was sent or received."""
        self.received_notification = False
        self.was_established = False
        self.up_at = 0.0
        """When it was established, by the loop's clock."""
        self.after: Connection | None = None
        """The established connection that there was when this one began, if the peer may leave it silently."""
        self.theirs: Open | None = None
        self.agreed: Agreed | None = None
        self.done = asyncio.get_running_loop().create_future()
        self.lingering: Lingering | None = None
        """What is left of it when we had the last word."""
        self.writable = asyncio.Event()
        self.writable.set()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._splitter = Splitter()
        self._reader = Reader()
        self._timers = Timers(self.feed)
        self._dial: asyncio.Task[None] | None = None
        self._cease: Notification | None = None

    # what makes it go

    def start(self) -> None:
        """Dial."""
        self.feed(Event.MANUAL_START)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol. What the peer sends can only be read behind this."""
        if not isinstance(transport, asyncio.Transport) or transport.is_closing() or self.done.done():
            transport.close()
            return
        self._transport = transport
        # octets that the kernel does not take at once make us wait, and starts the timer of RFC 9687
        transport.set_write_buffer_limits(0)
        self._give_up_after(SEND_HOLD)
        if self.dialled:
            self.feed(Event.TCP_CR_ACKED)
            return
        self.feed(Event.MANUAL_START_PASSIVE)
        self.feed(Event.TCP_CONNECTION_CONFIRMED)

    def stop(self, cease: Notification) -> None:
        """End it with a Cease."""
        self._cease = cease
        self.feed(Event.OPEN_COLLISION_DUMP if cease.subcode == Cease.COLLISION else Event.MANUAL_STOP)

    def abandon(self, why: str) -> None:
        """End the connection without a NOTIFICATION: on a restart the peer keeps our routes (RFC 4724)."""
        self.why = why
        self._close(abort=False, ended=True)

    def write(self, octets: bytes) -> None:
        """Send whole messages."""
        if self._transport is not None:
            self._transport.write(octets)

    def feed(self, event: Event, error: BgpError | None = None) -> None:
        """Do what the table says."""
        before = self.state
        row = TABLE[before, event]
        self.state = row.state
        if row.state is State.IDLE and before is not State.IDLE and not self.why:
            self.why = str(error) if error is not None else self._meaning(event, before)
        for action in row.actions:
            self._do(action, event, before, error)

    def _meaning(self, event: Event, before: State) -> str:
        if event in {Event.MANUAL_STOP, Event.OPEN_COLLISION_DUMP} and self._cease is not None:
            return self._cease.meaning
        fixed = {
            Event.HOLD_TIMER_EXPIRES: "the hold timer expired" if before is State.ESTABLISHED else "no answer in time",
            Event.SEND_HOLD_TIMER_EXPIRES: f"{name(Code.SEND_HOLD_TIMER, 0)}: the peer does not read (RFC 9687)",
            Event.TCP_CONNECTION_FAILS: "the connection was closed",
        }
        if event in fixed:
            return fixed[event]
        return f"{event.name} in {before}"

    def _do(self, action: Action, event: Event, before: State, error: BgpError | None) -> None:
        settings = self.owner.settings
        match action:
            case Action.CONNECT:
                self._dial = self._loop.create_task(self._dialling())
            case Action.START_CONNECT_RETRY:
                self._timers.start(Event.CONNECT_RETRY_TIMER_EXPIRES, jittered(settings.connect_retry))
            case Action.STOP_CONNECT_RETRY:
                self._timers.stop(Event.CONNECT_RETRY_TIMER_EXPIRES)
            case Action.SEND_OPEN:
                ours = self.owner.capabilities()
                self.write(Open(settings.local_asn, settings.hold_time, settings.identifier, ours).write())
                self._timers.start(Event.HOLD_TIMER_EXPIRES, OPEN_WAIT)
            case Action.SEND_KEEPALIVE:
                # one that cannot be sent yet is not needed: what is on its way keeps the peer's timer going
                if self.writable.is_set():
                    self.write(KEEPALIVE)
                if self._timers.hold_time:
                    keepalive = min(settings.keepalive, self._timers.hold_time / 3) or self._timers.hold_time / 3
                    # not more than one a second (RFC 4271 section 4.4)
                    self._timers.start(Event.KEEPALIVE_TIMER_EXPIRES, max(1.0, jittered(keepalive)))
            case Action.START_HOLD:
                self._hold()
            case Action.ESTABLISH:
                self.was_established, self.up_at = True, self._loop.time()
                self.owner.established(self)
            case Action.PROCESS:
                pass
            case Action.NOTIFY:
                self._notify(event, before, error)
            case Action.DROP:
                self._close(abort=event is Event.SEND_HOLD_TIMER_EXPIRES, ended=self.state is State.IDLE)

    def _hold(self) -> None:
        """Put off the end of the session: the peer was heard."""
        timers = self._timers
        if not timers.hold_time:
            # a hold time of 0 is for sessions; the KEEPALIVE that makes one is waited for as OPEN was
            if self.state is State.ESTABLISHED:
                timers.stop(Event.HOLD_TIMER_EXPIRES)
            return
        if not timers.holding:
            self._give_up_after(max(SEND_HOLD, 2 * timers.hold_time))
        timers.hold()

    # the socket

    async def _dialling(self) -> None:
        settings = self.owner.settings
        made: socket.socket | None = None
        try:
            made = socket_for(settings)
            made.bind((str(settings.local_address), 0))
            await self._loop.sock_connect(made, (str(settings.address), settings.port))
            await self._loop.create_connection(lambda: self, sock=made)
        except BaseException as bad:
            if made is not None:
                made.close()
            if not isinstance(bad, OSError):
                raise
            # asyncio puts words of its own in the place of the errno's
            self.why = f"cannot connect: {os.strerror(bad.errno) if bad.errno else bad}"
            self._dial = None
            self.feed(Event.TCP_CONNECTION_FAILS)
        else:
            self._dial = None

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        if exc is not None and not self.why:
            self.why = f"the connection broke: {getattr(exc, 'strerror', None) or exc}"
        self._transport = None
        self.feed(Event.TCP_CONNECTION_FAILS)

    def pause_writing(self) -> None:
        """See asyncio.Protocol: the peer reads slowly; how long it may is RFC 9687."""
        self.writable.clear()
        self._timers.start(Event.SEND_HOLD_TIMER_EXPIRES, max(SEND_HOLD, 2 * self._timers.hold_time))

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self.writable.set()
        self._timers.stop(Event.SEND_HOLD_TIMER_EXPIRES)

    def _give_up_after(self, seconds: float) -> None:
        """Have the kernel end a connection whose peer takes nothing of what the kernel itself holds (RFC 9687).

        What we hold has our own timer, which goes off a little earlier.
        """
        made = self._transport.get_extra_info("socket") if self._transport is not None else None
        with contextlib.suppress(OSError):
            if made is not None:
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1250))

    def _close(self, *, abort: bool, ended: bool = True) -> None:
        self._timers.stop_all()
        if self._dial is not None:
            self._dial.cancel()
            self._dial = None
        transport, self._transport = self._transport, None
        if transport is not None:
            spoken = self.notified is not None and not self.received_notification and not transport.is_closing()
            if abort or not (spoken or self.writable.is_set()):
                # what a slow peer does not read is not waited for
                transport.abort()
            elif spoken:
                self.lingering = Lingering(transport)
            else:
                transport.close()
        self.writable.set()
        if ended and not self.done.done():
            self.state = State.IDLE
            self.done.set_result(None)
            self.owner.ended(self)

    # what arrives

    def get_buffer(self, sizehint: int) -> bytearray:
        """See asyncio.BufferedProtocol. What one turn of the loop takes from a peer is limited by it."""
        del sizehint
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """See asyncio.BufferedProtocol."""
        self.received(memoryview(_BUFFER)[:nbytes])

    def received(self, octets: bytes | memoryview) -> None:
        """Take what the peer sent."""
        try:
            for kind, body in self._splitter.feed(octets):
                self._message(kind, body)
                if self.state is State.IDLE:
                    return
        except BgpError as bad:
            self.feed(Event.BGP_HEADER_ERR, bad)

    def _message(self, kind: Type, body: bytes) -> None:
        {
            Type.OPEN: self._on_open,
            Type.UPDATE: self._on_update,
            Type.NOTIFICATION: self._on_notification,
            Type.KEEPALIVE: self._on_keepalive,
            Type.ROUTE_REFRESH: self._on_refresh,
        }[kind](body)

    def _on_keepalive(self, body: bytes) -> None:
        del body
        self.feed(Event.KEEPALIVE_MSG)

    def _on_open(self, body: bytes) -> None:
        if self.state is not State.OPEN_SENT:
            self.feed(Event.BGP_OPEN)
            return
        settings = self.owner.settings
        try:
            theirs = read_open(body)
            _suits(theirs, settings)
            agreed = agree(self.owner.capabilities(), theirs.capabilities)
        except BgpError as bad:
            self.feed(Event.BGP_OPEN_MSG_ERR, bad)
            return
        self.theirs, self.agreed = theirs, agreed
        self._timers.hold_time = min(settings.hold_time, theirs.hold_time)
        self._splitter.extended = agreed.extended_message
        self._reader = Reader(
            asn4=agreed.asn4, ibgp=settings.ibgp, add_path=agreed.add_path_receive, families=agreed.families
        )
        self.owner.opened(self)
        # our own connection may have been the one to give up
        if self.state is State.OPEN_SENT:
            self.feed(Event.BGP_OPEN)

    def _on_update(self, body: bytes) -> None:
        if self.state is not State.ESTABLISHED:
            self.feed(Event.UPDATE_MSG)
            return
        try:
            update = self._reader.read(body)
        except BgpError as bad:
            self.feed(Event.UPDATE_MSG_ERR, bad)
            return
        self.feed(Event.UPDATE_MSG)
        self.owner.updated(update)

    def _on_refresh(self, body: bytes) -> None:
        if self.state is not State.ESTABLISHED:
            self.feed(Event.ROUTE_REFRESH_MSG)
            return
        try:
            family, kind = read_route_refresh(body)
        except BgpError as bad:
            self.feed(Event.UPDATE_MSG_ERR, bad)
            return
        self.feed(Event.ROUTE_REFRESH_MSG)
        if kind == 0 and family is not None and self.agreed is not None and family in self.agreed.families:
            self.owner.refresh(family)

    def _on_notification(self, body: bytes) -> None:
        self.notified, self.received_notification = read_notification(body), True
        self.why = f"the peer says {self.notified.meaning}"
        version = (self.notified.code, self.notified.subcode) == (Code.OPEN, 1)
        self.feed(Event.NOTIF_MSG_VER_ERR if version else Event.NOTIF_MSG)

    def _notify(self, event: Event, before: State, error: BgpError | None) -> None:
        if error is not None:
            notification = Notification(error.code, error.subcode, error.data)
        elif event is Event.HOLD_TIMER_EXPIRES:
            notification = Notification(Code.HOLD_TIMER, 0)
        elif event in {Event.MANUAL_STOP, Event.OPEN_COLLISION_DUMP, Event.AUTOMATIC_STOP}:
            notification = self._cease or Notification.cease(Cease.OTHER_CONFIGURATION_CHANGE)
        else:
            subcode = FSM_ERROR.get(before, 0)
            self.why = f"{name(Code.FSM, subcode)}: {event.name}"
            notification = Notification(Code.FSM, subcode)
        self.notified = notification
        self.write(notification.write())

    def __repr__(self) -> str:
        """Show it in logs."""
        return f"{self.owner.settings.name} ({'dialled' if self.dialled else 'accepted'}, {self.state})"


def _suits(theirs: Open, settings: PeerSettings) -> None:
    """Look whether an OPEN is from whom we expect. Raises BgpError 2/2 or 2/3."""
    if theirs.asn != settings.peer_asn:
        said = theirs.asn.to_bytes(2 if theirs.asn <= 0xFFFF else 4, "big")
        raise BgpError(Code.OPEN, 2, said, f"AS {theirs.asn} and not {settings.peer_asn}")
    if theirs.identifier == settings.identifier and settings.ibgp:
        raise BgpError(Code.OPEN, 3, theirs.identifier.packed, "its identifier is ours")
