"""A prefix as one integer: a million of them cost 32 MB and not 519.

IPv4 is `address << 8 | length`; IPv6 is the same with bit 136 set, so that one table holds both families and a key says
which it belongs to. The length takes a whole octet because then a run of keys becomes NLRI by copying octets (`nlri`).
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from frrgen.speaker.wire.error import BgpError, Code

Prefix = IPv4Network | IPv6Network
IPV6_BIT: Final = 1 << 136
_LITTLE: Final = sys.byteorder == "little"


class Family(Enum):
    """An address family that is spoken: AFI and SAFI (RFC 4760)."""

    IPV4 = (1, 1)
    IPV6 = (2, 1)

    @property
    def afi(self) -> int:
        """The address family identifier."""
        return self.value[0]

    @property
    def safi(self) -> int:
        """The subsequent address family identifier."""
        return self.value[1]

    @property
    def bits(self) -> int:
        """The length of an address."""
        return 32 if self is Family.IPV4 else 128

    def __str__(self) -> str:
        return "ipv4_unicast" if self is Family.IPV4 else "ipv6_unicast"


FAMILY_OF: Final = {family.value: family for family in Family}


class Key:
    """Prefix <-> integer."""

    @staticmethod
    def of(prefix: Prefix) -> int:
        """Return a prefix's key."""
        key = int(prefix.network_address) << 8 | prefix.prefixlen
        return key if prefix.version == 4 else key | IPV6_BIT

    @staticmethod
    def parse(text: str) -> int:
        """Return the key of `A.B.C.D/M` or `X:X::X/M`. Raises ValueError, also if host bits are set."""
        return Key.of(IPv6Network(text) if ":" in text else IPv4Network(text))

    @staticmethod
    def prefix(key: int) -> Prefix:
        """Return a key's prefix."""
        if key & IPV6_BIT:
            return IPv6Network(((key ^ IPV6_BIT) >> 8, key & 0xFF))
        return IPv4Network((key >> 8, key & 0xFF))

    @staticmethod
    def family(key: int) -> Family:
        """Return a key's family."""
        return Family.IPV6 if key & IPV6_BIT else Family.IPV4


def nlri(family: Family, keys: Sequence[int], path_id: int | None = None) -> list[tuple[int, bytes]]:
    """Write keys of one family as NLRI (RFC 4271 section 4.3), each run of one length apart.

    Gives (octets of one prefix, all of them), so that the caller may cut anywhere between two. With `path_id`, each
    prefix is preceded by it (RFC 7911).
    """
    octets, width = _octets(family, keys)
    lengths = set(octets[0::width])
    if len(lengths) == 1:
        return [_run(octets, width, lengths.pop(), path_id)]
    apart: dict[int, list[int]] = {length: [] for length in sorted(lengths)}
    for key in keys:
        apart[key & 0xFF].append(key)
    return [_run(_octets(family, some)[0], width, length, path_id) for length, some in apart.items()]


def _octets(family: Family, keys: Sequence[int]) -> tuple[bytes, int]:
    """Return the keys as little-endian words of the same width: length first, then the address from its end."""
    if family is Family.IPV4:
        words = array("Q", keys)
        if not _LITTLE:
            words.byteswap()
        return words.tobytes(), 8
    return b"".join([key.to_bytes(18, "little") for key in keys]), 18


def _run(octets: bytes, width: int, length: int, path_id: int | None) -> tuple[int, bytes]:
    size = 1 + (length + 7) // 8
    last = 4 if width == 8 else 16
    before = b"" if path_id is None else path_id.to_bytes(4, "big")
    step = len(before) + size
    out = bytearray(len(octets) // width * step)
    for place, octet in enumerate(before):
        if octet:
            out[place::step] = bytes([octet]) * (len(octets) // width)
    out[len(before) :: step] = octets[0::width]
    for place in range(size - 1):
        out[len(before) + 1 + place :: step] = octets[last - place :: width]
    return step, bytes(out)


def read_nlri(family: Family, octets: bytes, *, add_path: bool = False) -> list[int]:
    """Read NLRI into keys. Host bits are cleared, as RFC 4271 says they do not matter.

    Raises BgpError 3/10: NLRI that cannot be read ends the session (RFC 7606 section 5.3).
    """
    keys: list[int] = []
    position, end, bits = 0, len(octets), family.bits
    mark = IPV6_BIT if family is Family.IPV6 else 0
    while position < end:
        if add_path:
            position += 4
            if position >= end:
                raise BgpError(Code.UPDATE, 10, reason="a path identifier without a prefix")
        length = octets[position]
        size = (length + 7) >> 3
        if length > bits:
            raise BgpError(Code.UPDATE, 10, reason=f"a prefix length of {length}")
        position += 1
        if position + size > end:
            raise BgpError(Code.UPDATE, 10, reason="a prefix is cut short")
        address = int.from_bytes(octets[position : position + size], "big") >> (size * 8 - length) << (bits - length)
        keys.append(mark | address << 8 | length)
        position += size
    return keys
