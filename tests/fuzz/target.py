"""What must hold whatever a peer sends, as one function of octets: for hypothesis, and for a fuzzer (`__main__.py`).

The first octet of an input says how far the session is and how the rest is wrapped, the second what both sides agreed
on, the third in what pieces it arrives. The rest goes through a whole connection: splitter, decoders, state machine.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from frrgen.speaker.session.connection import Connection
from frrgen.speaker.session.fsm import State
from frrgen.speaker.table.rib import Encoder
from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.attributes import Attributes, AttributeType
from frrgen.speaker.wire.capability import Agreed, Capabilities, GracefulRestart, agree
from frrgen.speaker.wire.message import (
    KEEPALIVE,
    LONGEST_EXTENDED,
    MARKER,
    Notification,
    Open,
    Refresh,
    Splitter,
    Type,
    message,
    write_route_refresh,
)
from frrgen.speaker.wire.packed_prefix import Family, Key
from frrgen.speaker.wire.update import Update
from tests.speaker.talking import SETTINGS

MALFORMED = Path(__file__).parents[1] / "speaker/data/bgp-malformed.jsonl"
BOTH = frozenset(Family)
ALL = Capabilities(
    families=BOTH,
    extended_next_hop=True,
    route_refresh=True,
    enhanced_refresh=True,
    extended_message=True,
    graceful_restart=GracefulRestart(120, families=BOTH),
    add_path_send=BOTH,
    add_path_receive=BOTH,
)
GOOD = bytes.fromhex("4001010040020602010000fde94003040a000001")
MANY = 10_000
"""Octets at most of what is put inside a message, so that its lengths can be said."""


def _raw(octets: bytes) -> bytes:
    return octets


def _as(kind: Type) -> Callable[[bytes], bytes]:
    return lambda octets: message(kind, octets[: LONGEST_EXTENDED - 19])


def _capabilities(octets: bytes) -> bytes:
    some = octets[:4000]
    head = bytes.fromhex("04fdea005a0a000001")
    return message(Type.OPEN, head + struct.pack("!BBHBH", 255, 255, len(some) + 3, 2, len(some)) + some)


def _capability(octets: bytes) -> bytes:
    return _capabilities(octets[:1] + bytes([len(octets[1:256])]) + octets[1:256])


def _attributes(octets: bytes) -> bytes:
    some = octets[:MANY]
    return message(Type.UPDATE, b"\0\0" + struct.pack("!H", len(some)) + some + b"\x08\x0a")


def _attribute(octets: bytes) -> bytes:
    value = octets[2:MANY]
    return _attributes(GOOD + struct.pack("!BBH", octets[0] | 0x10, octets[1], len(value)) + value if value else GOOD)


WRAPPED: tuple[tuple[bool, Callable[[bytes], bytes]], ...] = (
    (False, _raw),
    (True, _raw),
    (True, _as(Type.UPDATE)),
    (False, _as(Type.OPEN)),
    (True, _as(Type.NOTIFICATION)),
    (True, _as(Type.ROUTE_REFRESH)),
    (False, _capabilities),
    (False, _capability),
    (True, _attributes),
    (True, _attribute),
)
"""By the first octet: whether a session is established before, and what the rest is a part of."""


class Wire(asyncio.Transport):
    """Takes what is written. It is no peer: what a peer says is the input."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed, "nothing is written behind the end"
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    abort = close

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """The last was said: the peer reads it at once, and closes."""
        self.closed = True
        protocol.connection_lost(None)

    def is_closing(self) -> bool:
        return self.closed

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


class Owner:
    """Counts what it is told."""

    def __init__(self, ours: Capabilities, *, ibgp: bool) -> None:
        self.settings = replace(SETTINGS, peer_asn=SETTINGS.local_asn if ibgp else SETTINGS.peer_asn)
        self.ours = ours
        self.ends = 0
        self.ups = 0
        self.refreshed: list[Family] = []

    def capabilities(self) -> Capabilities:
        return self.ours

    def opened(self, connection: Connection) -> None:
        assert connection.state is State.OPEN_SENT

    def established(self, connection: Connection) -> None:
        self.ups += 1

    def ended(self, connection: Connection) -> None:
        assert connection.why
        self.ends += 1

    def updated(self, update: Update) -> None:
        assert not (update.treated_as_withdraw and update.announced)
        for found in (update.announced, update.withdrawn):
            for family, keys in found.items():
                # every key is a prefix: without host bits, of its family
                assert all(Key.of(Key.prefix(key)) == key and Key.family(key) is family for key in keys[:50])

    def refresh(self, family: Family) -> None:
        self.refreshed.append(family)


def one_input(data: bytes) -> None:
    """Let one input happen; an AssertionError, or any other, is a finding."""
    _LOOP.run_until_complete(_one_input(data))


_LOOP = asyncio.new_event_loop()


async def _one_input(data: bytes) -> None:
    if len(data) < 3:
        return
    mode, agreed, step, octets = data[0] % len(WRAPPED), data[1], data[2] or 1 << 16, data[3:]
    ibgp = bool(agreed & 1)
    ours = replace(ALL if agreed & 2 else Capabilities(families=BOTH), asn=SETTINGS.local_asn if agreed & 4 else None)
    owner = Owner(ours, ibgp=ibgp)
    theirs = replace(ours, asn=owner.settings.peer_asn if agreed & 4 else None)
    wire, connection = Wire(), Connection(owner, dialled=False)
    connection.connection_made(wire)
    assert connection.state is State.OPEN_SENT
    established, wrap = WRAPPED[mode]
    if established:
        connection.received(Open(owner.settings.peer_asn, 90, IPv4Address("192.0.2.9"), theirs).write() + KEEPALIVE)
        assert connection.state is State.ESTABLISHED
    octets = wrap(octets)
    for start in range(0, len(octets), step):
        connection.received(octets[start : start + step])
        assert len(connection._splitter._rest) < LONGEST_EXTENDED
        if connection.state is State.IDLE:
            break
    _judge(connection, owner, wire)


def _judge(connection: Connection, owner: Owner, wire: Wire) -> None:
    splitter = Splitter()
    splitter.extended = True
    said = list(splitter.feed(wire.written))
    assert not splitter._rest, "only whole messages are written"
    notifications = [body for kind, body in said if kind is Type.NOTIFICATION]
    ended = connection.state is State.IDLE
    assert owner.ends == ended == wire.closed == connection.done.done()
    # a session with a hold time of 0 lasts without any (RFC 4271 section 4.2)
    timeless = connection.state is State.ESTABLISHED and not connection._timers.hold_time
    waits = not ended and not timeless
    assert connection._timers.waiting == waits, "a connection that is open has a timer, and one that ended has none"
    assert len(notifications) <= ended
    if ended:
        assert notifications or connection.received_notification
        assert connection.why.isprintable()
        assert connection.notified is not None
        assert connection.notified.meaning.isprintable()
    else:
        connection.abandon("the input is over")
        assert not connection._timers.waiting


def seeds() -> Iterator[bytes]:
    """Give inputs to begin with: what our encoder writes, and messages that other speakers stumbled over."""
    one = Attributes(
        med=1,
        prepend=2,
        communities=(1, 65001 << 16),
        large_communities=((1, 2, 3),),
        extended_communities=(2,),
        next_hop=IPv4Address("192.0.2.1"),
    )
    six = Attributes(next_hop=IPv6Address("2001:db8::1"))
    table, routes = AnnouncementTable(), [Key.parse(text) for text in ("10.0.0.0/8", "10.1.0.0/25", "2001:db8::/48")]
    for key, said in zip(routes, (one, one, six), strict=True):
        table.change(key, said)
    local = replace(SETTINGS, role="provider")
    for agreed in range(8):
        encoder = Encoder(local.writer(asn4=bool(agreed & 4)), _agreed(add_path=bool(agreed & 2)))
        messages = [*encoder.announce(table.alike(routes)), *encoder.withdraw(routes), *encoder.end_of_rib()]
        for octets in messages:
            yield bytes([1, agreed, 0]) + octets
            yield bytes([1, agreed, 7]) + octets
            yield bytes([2, agreed, 0]) + octets[19:]
            yield bytes([8, agreed, 0]) + octets[23:]
        for kind in AttributeType:
            yield bytes([9, agreed, 0, 0xC0, kind]) + bytes(4)
        opened = Open(65002, 90, IPv4Address("192.0.2.9"), replace(ALL, asn=65002, role="customer")).write()
        yield bytes([0, agreed, 0]) + opened + KEEPALIVE
        yield bytes([3, agreed, 0]) + opened[19:]
        yield bytes([6, agreed, 0]) + replace(ALL, asn=65002, role="customer").values()
        for code in (1, 2, 3, 5, 6, 9, 64, 65, 69, 70, 71):
            yield bytes([7, agreed, 0, code]) + bytes(4)
        yield bytes([3, agreed, 0]) + opened[19:28] + b"\xff\xff\0\x02\0\x01"
        yield bytes([4, agreed, 0]) + Notification(6, 2, b"\5hello").write()[19:]
        yield bytes([4, agreed, 0]) + b"\6\x09\6\2\5hello"
        yield bytes([5, agreed, 0]) + write_route_refresh(Family.IPV6, Refresh.BEGIN)[19:]
    found = 0
    for line in MALFORMED.read_text().splitlines():
        case = json.loads(line)
        octets = bytes.fromhex(case["hex"])
        yield bytes([case["phase"] == "established", 4, 0]) + octets
        if octets[:16] == MARKER and octets[18] == Type.UPDATE:
            yield bytes([2, 4, 0]) + octets[19:]
        found += 1
    assert found == 40


def _agreed(*, add_path: bool) -> Agreed:
    theirs = replace(ALL, asn=65002, add_path_receive=BOTH if add_path else frozenset())
    return agree(replace(ALL, asn=65001), theirs)
