"""The path attributes that are announced with a prefix, and how they are written (RFC 4271 section 5)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Literal

from frrgen.speaker.wire.packed_prefix import Family

Address = IPv4Address | IPv6Address
Role = Literal["provider", "rs-server", "rs-client", "customer", "peer"]
AS_TRANS: Final = 23456
GRACEFUL_SHUTDOWN: Final = 0xFFFF0000
"""The community of RFC 8326."""


class Origin(IntEnum):
    """ORIGIN (RFC 4271 section 5.1.1)."""

    IGP = 0
    EGP = 1
    INCOMPLETE = 2


class AttributeType(IntEnum):
    """The path attributes that we write or judge."""

    ORIGIN = 1
    AS_PATH = 2
    NEXT_HOP = 3
    MULTI_EXIT_DISC = 4
    LOCAL_PREF = 5
    ATOMIC_AGGREGATE = 6
    AGGREGATOR = 7
    COMMUNITIES = 8
    ORIGINATOR_ID = 9
    CLUSTER_LIST = 10
    MP_REACH_NLRI = 14
    MP_UNREACH_NLRI = 15
    EXTENDED_COMMUNITIES = 16
    AS4_PATH = 17
    AS4_AGGREGATOR = 18
    IPV6_EXTENDED_COMMUNITIES = 25
    AIGP = 26
    LARGE_COMMUNITIES = 32
    ONLY_TO_CUSTOMER = 35
    PREFIX_SID = 40


class Flag(IntFlag):
    """The flags of an attribute (RFC 4271 section 4.3)."""

    OPTIONAL = 0x80
    TRANSITIVE = 0x40
    PARTIAL = 0x20
    EXTENDED_LENGTH = 0x10


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is announced with a prefix. Routes that share one object are sent in the same UPDATEs.

    Equal sets of attributes should be one and the same object (`Attributes` is hashable: keep them in a dict):
    a difference of a million routes is found by identity first.
    """

    next_hop: Address | None = None
    """None: our own address on the session. An IPv6 next hop for an IPv4 prefix needs RFC 8950."""
    origin: Origin = Origin.IGP
    prepend: int = 0
    """How often our AS number stands in AS_PATH beyond the one time it must; eBGP only."""
    med: int | None = None
    """MULTI_EXIT_DISC, 32 bits."""
    local_preference: int | None = None
    """LOCAL_PREF, 32 bits; sent on iBGP only, where None means 100."""
    communities: tuple[int, ...] = ()
    """Values of RFC 1997, 32 bits each."""
    large_communities: tuple[tuple[int, int, int], ...] = ()
    """RFC 8092."""
    extended_communities: tuple[int, ...] = ()
    """Values of RFC 4360, 64 bits each."""


class NotAnnounceableError(ValueError):
    """These attributes cannot be said on this session; the text says why."""


@dataclass(frozen=True, slots=True)
class Writer:
    """How one session writes attributes: what both sides agreed on, and who we are."""

    local_asn: int
    peer_asn: int
    next_hop_ipv4: IPv4Address | None
    """What `self` means for a next hop; None: nothing, and routes that need it are refused."""
    next_hop_ipv6: IPv6Address | None
    asn4: bool = True
    """RFC 6793: both sides speak 4-octet AS numbers."""
    extended_next_hop: bool = False
    """RFC 8950: IPv4 routes may have an IPv6 next hop."""
    role: Role | None = None
    """Our role (RFC 9234)."""
    graceful_shutdown: bool = False
    """Every route carries GRACEFUL_SHUTDOWN, and on iBGP the preference 0 (RFC 8326)."""

    @property
    def ibgp(self) -> bool:
        """Both sides are of one AS."""
        return self.local_asn == self.peer_asn

    def next_hop(self, family: Family, attributes: Attributes) -> Address:
        """Return the next hop that a route of this family is announced with. Raises NotAnnounceableError."""
        hop = self._next_hop(family, attributes)
        # some routers end the session for such a one
        if hop.is_loopback or hop.is_multicast or hop.is_unspecified or hop.is_reserved:
            raise NotAnnounceableError(f"{hop} cannot be a next hop")
        return hop

    def _next_hop(self, family: Family, attributes: Attributes) -> Address:
        chosen: Address | None = attributes.next_hop
        if family is Family.IPV6:
            chosen = chosen or self.next_hop_ipv6
            if isinstance(chosen, IPv6Address):
                return chosen
            reason = "an IPv4 address" if chosen else "no IPv6 address of ours on this session"
            raise NotAnnounceableError(f"an IPv6 route needs an IPv6 next hop, and there is {reason}")
        chosen = chosen or self.next_hop_ipv4
        if isinstance(chosen, IPv4Address):
            return chosen
        if not self.extended_next_hop:
            why = "the peer does not take IPv6 next hops for IPv4 routes (RFC 8950)"
            raise NotAnnounceableError(f"there is no IPv4 next hop, and {why}")
        chosen = chosen or self.next_hop_ipv6
        if chosen is None:
            raise NotAnnounceableError("there is no address of ours to be the next hop")
        return chosen

    def write(self, family: Family, attributes: Attributes) -> tuple[bytes, bytes]:
        """Write the attributes of routes of one family.

        Gives them and, where the routes go into MP_REACH_NLRI, the beginning of that attribute's value up to the
        NLRI; else nothing. Raises NotAnnounceableError.
        """
        hop = self.next_hop(family, attributes)
        parts = [_attribute(AttributeType.ORIGIN, bytes([attributes.origin])), *self._as_path(attributes)]
        reach = b""
        if family is Family.IPV4 and isinstance(hop, IPv4Address):
            parts.append(_attribute(AttributeType.NEXT_HOP, hop.packed))
        else:
            reach = struct.pack("!HBB", family.afi, family.safi, len(hop.packed)) + hop.packed + b"\0"
        if attributes.med is not None:
            parts.append(_attribute(AttributeType.MULTI_EXIT_DISC, attributes.med.to_bytes(4, "big"), Flag.OPTIONAL))
        if self.ibgp:
            preference = 100 if attributes.local_preference is None else attributes.local_preference
            preference = 0 if self.graceful_shutdown else preference
            parts.append(_attribute(AttributeType.LOCAL_PREF, preference.to_bytes(4, "big")))
        parts.extend(self._communities(attributes))
        if self.role in {"provider", "peer", "rs-server"}:
            both = Flag.OPTIONAL | Flag.TRANSITIVE
            parts.append(_attribute(AttributeType.ONLY_TO_CUSTOMER, self.local_asn.to_bytes(4, "big"), both))
        return b"".join(parts), reach

    def _as_path(self, attributes: Attributes) -> list[bytes]:
        if self.ibgp:
            return [_attribute(AttributeType.AS_PATH, b"")]
        path = [self.local_asn] * (1 + attributes.prepend)
        if self.asn4:
            return [_attribute(AttributeType.AS_PATH, _sequence(path, "I"))]
        old = [asn if asn <= 0xFFFF else AS_TRANS for asn in path]
        parts = [_attribute(AttributeType.AS_PATH, _sequence(old, "H"))]
        if old != path:
            both = Flag.OPTIONAL | Flag.TRANSITIVE
            parts.append(_attribute(AttributeType.AS4_PATH, _sequence(path, "I"), both))
        return parts

    def _communities(self, attributes: Attributes) -> list[bytes]:
        communities = set(attributes.communities)
        if self.graceful_shutdown:
            communities.add(GRACEFUL_SHUTDOWN)
        both = Flag.OPTIONAL | Flag.TRANSITIVE
        values = {
            AttributeType.COMMUNITIES: b"".join(value.to_bytes(4, "big") for value in sorted(communities)),
            AttributeType.EXTENDED_COMMUNITIES: b"".join(
                value.to_bytes(8, "big") for value in sorted(set(attributes.extended_communities))
            ),
            AttributeType.LARGE_COMMUNITIES: b"".join(
                struct.pack("!III", *value) for value in sorted(set(attributes.large_communities))
            ),
        }
        return [_attribute(kind, value, both) for kind, value in values.items() if value]


def _sequence(path: list[int], letter: str) -> bytes:
    """Write an AS_SEQUENCE; 255 numbers are the most a segment holds (RFC 4271 section 4.3)."""
    parts = [path[start : start + 255] for start in range(0, len(path), 255)]
    return b"".join(struct.pack(f"!BB{len(part)}{letter}", 2, len(part), *part) for part in parts)


def _attribute(kind: int, value: bytes, flags: int = Flag.TRANSITIVE) -> bytes:
    if len(value) > 255:
        return struct.pack("!BBH", flags | Flag.EXTENDED_LENGTH, kind, len(value)) + value
    return struct.pack("!BBB", flags, kind, len(value)) + value
