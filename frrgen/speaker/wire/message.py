"""Messages and their octets (RFC 4271 section 4); any octets that are wrong raise BgpError."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Final

from frrgen.speaker.wire.attributes import AS_TRANS
from frrgen.speaker.wire.capability import Capabilities, read_capabilities
from frrgen.speaker.wire.error import BgpError, Cease, Code, name
from frrgen.speaker.wire.packed_prefix import FAMILY_OF, Family

MARKER: Final = b"\xff" * 16
HEADER: Final = 19
LONGEST: Final = 4096
LONGEST_EXTENDED: Final = 65535
"""RFC 8654."""


class Type(IntEnum):
    """The types of messages."""

    OPEN = 1
    UPDATE = 2
    NOTIFICATION = 3
    KEEPALIVE = 4
    ROUTE_REFRESH = 5


_SHORTEST: Final = {Type.OPEN: 29, Type.UPDATE: 23, Type.NOTIFICATION: 21, Type.KEEPALIVE: 19, Type.ROUTE_REFRESH: 23}


def message(kind: Type, body: bytes = b"") -> bytes:
    """Put the header before a body."""
    return MARKER + struct.pack("!HB", HEADER + len(body), kind) + body


KEEPALIVE: Final = message(Type.KEEPALIVE)


class Splitter:
    """Cuts what arrives into messages. It holds one message that is not whole yet, never more."""

    def __init__(self) -> None:
        self.extended = False
        """RFC 8654 was agreed on."""
        self._rest = bytearray()

    def feed(self, octets: bytes | memoryview) -> Iterator[tuple[Type, bytes]]:
        """Yield each whole message. Raises BgpError 1/x, after which the stream cannot be read."""
        self._rest += octets
        place = 0
        try:
            while len(self._rest) - place >= HEADER:
                kind, length = self._header(place)
                if len(self._rest) - place < length:
                    break
                body = bytes(self._rest[place + HEADER : place + length])
                place += length
                yield kind, body
        finally:
            del self._rest[:place]

    def _header(self, place: int) -> tuple[Type, int]:
        if self._rest[place : place + 16] != MARKER:
            raise BgpError(Code.HEADER, 1)
        length, number = struct.unpack_from("!HB", self._rest, place + 16)
        said = struct.pack("!H", length)
        if not length >= HEADER:
            raise BgpError(Code.HEADER, 2, said, f"a length of {length}")
        try:
            kind = Type(number)
        except ValueError:
            raise BgpError(Code.HEADER, 3, bytes([number]), f"type {number}") from None
        plain = kind in {Type.OPEN, Type.KEEPALIVE}
        longest = LONGEST_EXTENDED if self.extended and not plain else LONGEST
        if not _SHORTEST[kind] <= length <= longest or (kind is Type.KEEPALIVE and length != HEADER):
            raise BgpError(Code.HEADER, 2, said, f"{kind.name} of {length} octets")
        return kind, length


@dataclass(frozen=True, slots=True)
class Open:
    """OPEN (RFC 4271 section 4.2)."""

    asn: int
    hold_time: int
    """Seconds; 0 or 3-65535."""
    identifier: IPv4Address
    capabilities: Capabilities

    def write(self) -> bytes:
        """Write the message."""
        old = self.asn if self.asn <= 0xFFFF else AS_TRANS
        head = struct.pack("!BHH4s", 4, old, self.hold_time, self.identifier.packed)
        return message(Type.OPEN, head + self.capabilities.write())


def read_open(body: bytes) -> Open:
    """Read an OPEN. Raises BgpError 2/x (RFC 4271 section 6.2)."""
    version, old, hold_time, identifier = struct.unpack_from("!BHH4s", body)
    if version != 4:
        raise BgpError(Code.OPEN, 1, struct.pack("!H", 4), f"version {version}")
    capabilities = read_capabilities(body[9:])
    asn = old if capabilities.asn is None else capabilities.asn
    # an AS number of 0 is nobody's (RFC 7607)
    if asn == 0 or (capabilities.asn is not None and old not in {asn, AS_TRANS}):
        raise BgpError(Code.OPEN, 2, reason=f"AS {asn} with {old} in the old field")
    if hold_time in {1, 2}:
        raise BgpError(Code.OPEN, 6, reason=f"a hold time of {hold_time}")
    if not any(identifier):
        raise BgpError(Code.OPEN, 3, reason="an identifier of 0")
    return Open(asn, hold_time, IPv4Address(identifier), capabilities)


@dataclass(frozen=True, slots=True)
class Notification:
    """NOTIFICATION (RFC 4271 section 4.5), its text (RFC 9003) and the one inside a Hard Reset (RFC 8538)."""

    code: int
    subcode: int
    data: bytes = b""

    @staticmethod
    def cease(subcode: Cease, text: str = "", *, hard: bool = False) -> Notification:
        """Make a Cease; the text is cut to 255 octets of UTF-8. `hard`: routes must not be kept."""
        said = text.encode()[:255].decode(errors="ignore").encode()
        told = subcode in {Cease.ADMINISTRATIVE_SHUTDOWN, Cease.ADMINISTRATIVE_RESET}
        data = bytes([len(said)]) + said if told and said else b""
        if hard:
            return Notification(Code.CEASE, Cease.HARD_RESET, bytes([Code.CEASE, subcode]) + data)
        return Notification(Code.CEASE, subcode, data)

    def write(self) -> bytes:
        """Write the message."""
        return message(Type.NOTIFICATION, bytes([self.code, self.subcode]) + self.data[: LONGEST - HEADER - 2])

    @property
    def meaning(self) -> str:
        """Return its meaning, in a form that is safe to print."""
        data, meant = self.data, name(self.code, self.subcode)
        code, subcode = self.code, self.subcode
        if (code, subcode) == (Code.CEASE, Cease.HARD_RESET) and len(data) >= 2:
            code, subcode, data = data[0], data[1], data[2:]
            meant = f"{meant} ({name(code, subcode)})"
        if (code, subcode) in {(6, 2), (6, 4)} and data:
            # a wrong length is tolerated: it is a text for people
            text = data[1 : 1 + data[0]].decode(errors="replace")
            meant += ": " * bool(text) + "".join(
                one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text
            )
        return meant


def read_notification(body: bytes) -> Notification:
    """Read a NOTIFICATION."""
    return Notification(body[0], body[1], body[2:])


class Refresh(IntEnum):
    """Kinds of ROUTE-REFRESH (RFC 7313)."""

    REQUEST = 0
    BEGIN = 1
    END = 2


def updates_in(octets: bytes) -> int:
    """Count the UPDATEs among whole messages."""
    found = place = 0
    while place < len(octets):
        found += octets[place + 18] == Type.UPDATE
        place += int.from_bytes(octets[place + 16 : place + 18], "big")
    return found


def write_route_refresh(family: Family, kind: Refresh) -> bytes:
    """Write a ROUTE-REFRESH."""
    return message(Type.ROUTE_REFRESH, struct.pack("!HBB", family.afi, kind, family.safi))


def read_route_refresh(body: bytes) -> tuple[Family | None, int]:
    """Read a ROUTE-REFRESH: None for a family that we do not speak. Raises BgpError 7/1."""
    afi, kind, safi = struct.unpack_from("!HBB", body)
    if kind in {Refresh.BEGIN, Refresh.END} and len(body) != 4:
        # the data is the whole message (RFC 7313 section 5)
        raise BgpError(Code.ROUTE_REFRESH, 1, message(Type.ROUTE_REFRESH, body), f"{len(body)} octets")
    return FAMILY_OF.get((afi, safi)), kind
