"""What both sides can do, as OPEN says it (RFC 5492), and what follows for the session."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from frrgen.speaker.wire.attributes import Role
from frrgen.speaker.wire.error import BgpError, Code
from frrgen.speaker.wire.packed_prefix import FAMILY_OF, Family

MULTIPROTOCOL: Final = 1
ROUTE_REFRESH: Final = 2
EXTENDED_NEXT_HOP: Final = 5
EXTENDED_MESSAGE: Final = 6
ROLE: Final = 9
GRACEFUL_RESTART: Final = 64
ASN4: Final = 65
ADD_PATH: Final = 69
ENHANCED_REFRESH: Final = 70

_ROLES: Final[tuple[Role, ...]] = ("provider", "rs-server", "rs-client", "customer", "peer")
COUNTERPART: Final[dict[Role, Role]] = {
    "provider": "customer",
    "customer": "provider",
    "rs-server": "rs-client",
    "rs-client": "rs-server",
    "peer": "peer",
}
"""The role that the other side must have (RFC 9234 section 4.2)."""


@dataclass(frozen=True, slots=True)
class GracefulRestart:
    """RFC 4724, with the N bit of RFC 8538."""

    seconds: int
    """How long the other side keeps our routes, 0-4095."""
    restarting: bool = False
    notification: bool = True
    families: frozenset[Family] = frozenset()
    """Whose forwarding state outlasts the restart."""
    forgotten: frozenset[Family] = frozenset()
    """Whose routes are kept while the session is down, and dropped when it is up again."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one side says of itself."""

    asn: int | None = None
    """RFC 6793; None: it speaks 2-octet AS numbers."""
    families: frozenset[Family] = frozenset()
    extended_next_hop: bool = False
    """RFC 8950, for IPv4 unicast with an IPv6 next hop."""
    route_refresh: bool = False
    enhanced_refresh: bool = False
    extended_message: bool = False
    graceful_restart: GracefulRestart | None = None
    add_path_send: frozenset[Family] = frozenset()
    add_path_receive: frozenset[Family] = frozenset()
    role: Role | None = None

    def write(self) -> bytes:
        """Write them as the optional parameters of OPEN. Ours never need the long form of RFC 9072."""
        parts = self.values()
        if not parts:
            return b"\0"
        return struct.pack("!BBB", len(parts) + 2, 2, len(parts)) + parts

    def values(self) -> bytes:
        """Write them one behind the other."""
        return b"".join(struct.pack("!BB", code, len(value)) + value for code, value in self._values())

    def _values(self) -> Iterator[tuple[int, bytes]]:
        for family in sorted(self.families, key=lambda one: one.afi):
            yield MULTIPROTOCOL, struct.pack("!HBB", family.afi, 0, family.safi)
        if self.route_refresh:
            yield ROUTE_REFRESH, b""
        if self.extended_next_hop:
            yield EXTENDED_NEXT_HOP, struct.pack("!HHH", 1, 1, 2)
        if self.extended_message:
            yield EXTENDED_MESSAGE, b""
        if self.role is not None:
            yield ROLE, bytes([_ROLES.index(self.role)])
        restart = self.graceful_restart
        if restart is not None:
            flags = (0x8 if restart.restarting else 0) | (0x4 if restart.notification else 0)
            value = struct.pack("!H", flags << 12 | restart.seconds)
            for one in sorted(restart.families | restart.forgotten, key=lambda one: one.afi):
                value += struct.pack("!HBB", one.afi, one.safi, 0x80 if one in restart.families else 0)
            yield GRACEFUL_RESTART, value
        if self.asn is not None:
            yield ASN4, self.asn.to_bytes(4, "big")
        both = self.add_path_send | self.add_path_receive
        if both:
            modes = {one: (one in self.add_path_receive) | (one in self.add_path_send) << 1 for one in both}
            ordered = sorted(both, key=lambda one: one.afi)
            yield ADD_PATH, b"".join(struct.pack("!HBB", one.afi, one.safi, modes[one]) for one in ordered)
        if self.enhanced_refresh:
            yield ENHANCED_REFRESH, b""


def read_capabilities(parameters: bytes) -> Capabilities:
    """Read the optional parameters of OPEN; `parameters` begins with their length. Raises BgpError 2/x."""
    found: dict[int, list[bytes]] = {}
    for kind, value in _parameters(parameters):
        if kind != 2:
            raise BgpError(Code.OPEN, 4, reason=f"optional parameter {kind}")
        for code, said in _pairs(value, 1, "capability"):
            found.setdefault(code, []).append(said)
    # IPv4 unicast is what a side speaks that says nothing (RFC 4760 section 8)
    families = _families(found.get(MULTIPROTOCOL, [])) if MULTIPROTOCOL in found else frozenset({Family.IPV4})
    add_path = _add_path(found.get(ADD_PATH, []))
    return Capabilities(
        asn=_asn(found.get(ASN4, [])),
        families=families,
        extended_next_hop=any((1, 1, 2) in _tuples(value, "!HHH", "RFC 8950") for value in found.get(5, [])),
        route_refresh=ROUTE_REFRESH in found or 128 in found,
        enhanced_refresh=ENHANCED_REFRESH in found,
        extended_message=EXTENDED_MESSAGE in found,
        graceful_restart=_graceful_restart(found.get(GRACEFUL_RESTART, [])),
        add_path_send=frozenset(family for family, mode in add_path.items() if mode & 2),
        add_path_receive=frozenset(family for family, mode in add_path.items() if mode & 1),
        role=_role(found.get(ROLE, [])),
    )


def _parameters(octets: bytes) -> Iterator[tuple[int, bytes]]:
    if not octets:
        raise BgpError(Code.OPEN, 0, reason="no length of the optional parameters")
    # the length beside it does not count then, but is not 0 (RFC 9072 section 2)
    if len(octets) >= 2 and octets[0] and octets[1] == 255:
        if len(octets) < 4 or int.from_bytes(octets[2:4], "big") != len(octets) - 4:
            raise BgpError(Code.OPEN, 0, reason="the extended optional parameters are cut short")
        yield from _pairs(octets[4:], 2, "optional parameter")
        return
    if octets[0] != len(octets) - 1:
        raise BgpError(Code.OPEN, 0, reason="the length of the optional parameters is wrong")
    yield from _pairs(octets[1:], 1, "optional parameter")


def _pairs(octets: bytes, width: int, what: str) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(octets):
        start = place + 1 + width
        size = int.from_bytes(octets[place + 1 : start], "big")
        if start > len(octets) or start + size > len(octets):
            raise BgpError(Code.OPEN, 0, reason=f"an {what} is cut short")
        yield octets[place], octets[start : start + size]
        place = start + size


def _tuples(octets: bytes, form: str, what: str) -> list[tuple[int, ...]]:
    if len(octets) % struct.calcsize(form):
        raise BgpError(Code.OPEN, 0, reason=f"the capability of {what} has {len(octets)} octets")
    return list(struct.iter_unpack(form, octets))


def _families(values: list[bytes]) -> frozenset[Family]:
    if any(len(value) != 4 for value in values):
        raise BgpError(Code.OPEN, 0, reason="a multiprotocol capability has not 4 octets")
    said = [struct.unpack("!HBB", value) for value in values]
    return frozenset(FAMILY_OF[afi, safi] for afi, _, safi in said if (afi, safi) in FAMILY_OF)


def _asn(values: list[bytes]) -> int | None:
    if any(len(value) != 4 for value in values):
        raise BgpError(Code.OPEN, 0, reason="the 4-octet AS capability has not 4 octets")
    return int.from_bytes(values[-1], "big") if values else None


def _add_path(values: list[bytes]) -> dict[Family, int]:
    said = [one for value in values for one in _tuples(value, "!HBB", "ADD-PATH")]
    return {FAMILY_OF[afi, safi]: mode for afi, safi, mode in said if (afi, safi) in FAMILY_OF}


def _graceful_restart(values: list[bytes]) -> GracefulRestart | None:
    if not values:
        return None
    value = values[-1]
    if len(value) < 2:
        raise BgpError(Code.OPEN, 0, reason="the graceful restart capability is cut short")
    head = int.from_bytes(value[:2], "big")
    said = [
        (FAMILY_OF[afi, safi], flags & 0x80)
        for afi, safi, flags in _tuples(value[2:], "!HBB", "graceful restart")
        if (afi, safi) in FAMILY_OF
    ]
    kept = frozenset(family for family, forwarding in said if forwarding)
    forgotten = frozenset(family for family, _ in said) - kept
    return GracefulRestart(head & 0xFFF, bool(head & 0x8000), bool(head & 0x4000), kept, forgotten)


def _role(values: list[bytes]) -> Role | None:
    said = {value for value in values if len(value) == 1 and value[0] < len(_ROLES)}
    if len(said) > 1:
        raise BgpError(Code.OPEN, 11, reason="two different roles")
    return _ROLES[said.pop()[0]] if said else None


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a session may use: what both sides can do."""

    families: frozenset[Family]
    asn4: bool
    extended_next_hop: bool
    route_refresh: bool
    enhanced_refresh: bool
    extended_message: bool
    add_path: frozenset[Family]
    """Families in which our prefixes carry a path identifier."""
    add_path_receive: frozenset[Family]
    """Families in which theirs do."""
    hard_reset: bool
    """RFC 8538: a NOTIFICATION keeps routes unless it is a Hard Reset."""


def agree(ours: Capabilities, theirs: Capabilities) -> Agreed:
    """Return what both sides can do. Raises BgpError 2/11 for roles that do not match, 2/7 without a common family."""
    if ours.role is not None and theirs.role is not None and COUNTERPART[ours.role] != theirs.role:
        raise BgpError(Code.OPEN, 11, reason=f"we are {ours.role} and it is {theirs.role}")
    families = ours.families & theirs.families
    if not families:
        # the data names what is missing, as OPEN would (RFC 5492 section 5)
        missing = Capabilities(families=ours.families).values()
        raise BgpError(Code.OPEN, 7, missing, "no address family in common")
    notified = (
        ours.graceful_restart is not None
        and theirs.graceful_restart is not None
        and ours.graceful_restart.notification
        and theirs.graceful_restart.notification
    )
    return Agreed(
        families=families,
        asn4=ours.asn is not None and theirs.asn is not None,
        extended_next_hop=ours.extended_next_hop and theirs.extended_next_hop,
        route_refresh=ours.route_refresh and theirs.route_refresh,
        enhanced_refresh=ours.enhanced_refresh and theirs.enhanced_refresh,
        extended_message=ours.extended_message and theirs.extended_message,
        add_path=ours.add_path_send & theirs.add_path_receive & families,
        add_path_receive=ours.add_path_receive & theirs.add_path_send & families,
        hard_reset=notified,
    )
