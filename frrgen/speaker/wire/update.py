"""UPDATE as it is received: what can still be understood of it, by RFC 7606. We learn nothing; but we stay up."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from frrgen.speaker.wire.attributes import AttributeType as Kind
from frrgen.speaker.wire.attributes import Flag
from frrgen.speaker.wire.error import BgpError, Code
from frrgen.speaker.wire.packed_prefix import FAMILY_OF, Family, read_nlri

WELL_KNOWN: Final = frozenset({Kind.ORIGIN, Kind.AS_PATH, Kind.NEXT_HOP, Kind.LOCAL_PREF, Kind.ATOMIC_AGGREGATE})
_OPTIONAL: Final = frozenset(
    {Kind.MULTI_EXIT_DISC, Kind.ORIGINATOR_ID, Kind.CLUSTER_LIST, Kind.MP_REACH_NLRI, Kind.MP_UNREACH_NLRI, Kind.AIGP}
)
"""Optional and not transitive; the other optional ones are transitive."""
_IGNORED: Final = frozenset(
    {Kind.ATOMIC_AGGREGATE, Kind.AGGREGATOR, Kind.AS4_PATH, Kind.AS4_AGGREGATOR, Kind.AIGP, Kind.PREFIX_SID}
)
"""Malformed, they are discarded and the route stays (RFC 7606 section 7, RFC 6793, 7311, 8669).

Their flags are another thing: those withdraw the route where the attribute's own RFC says nothing of them (RFC 7606
section 3), as only that of AIGP does.
"""
_KINDS: Final = {kind.value: kind for kind in Kind}
_INTERNAL: Final = frozenset({Kind.LOCAL_PREF, Kind.ORIGINATOR_ID, Kind.CLUSTER_LIST})
"""From an external peer they mean nothing, and are left out (RFC 7606 section 7.5, 7.9, 7.10)."""


@dataclass(slots=True)
class Update:
    """What an UPDATE said."""

    announced: dict[Family, list[int]] = field(default_factory=dict)
    withdrawn: dict[Family, list[int]] = field(default_factory=dict)
    end_of_rib: Family | None = None
    treated_as_withdraw: str | None = None
    """Why what was announced counts as withdrawn; it is in `withdrawn` then."""
    discarded: list[str] = field(default_factory=list)
    """Attributes that were left out, and why."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How one session reads UPDATEs: what both sides agreed on."""

    asn4: bool = True
    ibgp: bool = False
    add_path: frozenset[Family] = frozenset()
    families: frozenset[Family] = frozenset(Family)
    """Others in MP_REACH_NLRI and MP_UNREACH_NLRI are passed over, however they look (RFC 4760 section 7)."""

    def read(self, body: bytes) -> Update:
        """Read the body of an UPDATE. Raises BgpError 3/x only where RFC 7606 leaves no other way."""
        withdrawn_length = int.from_bytes(body[:2], "big")
        start = 4 + withdrawn_length
        if start > len(body):
            raise BgpError(Code.UPDATE, 1, reason="the withdrawn routes overrun the message")
        end = start + int.from_bytes(body[start - 2 : start], "big")
        if end > len(body):
            raise BgpError(Code.UPDATE, 1, reason="the attributes overrun the message")
        found = Update()
        v4 = Family.IPV4
        if withdrawn_length:
            found.withdrawn[v4] = read_nlri(v4, body[2 : 2 + withdrawn_length], add_path=v4 in self.add_path)
        if len(body) == 4:
            found.end_of_rib = v4
            return found
        faults: list[str] = []
        seen = self._attributes(body[start:end], found, faults)
        if end < len(body):
            keys = read_nlri(v4, body[end:], add_path=v4 in self.add_path)
            found.announced.setdefault(v4, []).extend(keys)
            faults += [f"no {kind.name}" for kind in (Kind.NEXT_HOP,) if kind not in seen]
        if found.announced:
            faults += [f"no {kind.name}" for kind in (Kind.ORIGIN, Kind.AS_PATH) if kind not in seen]
            if self.ibgp and Kind.LOCAL_PREF not in seen:
                faults.append("no LOCAL_PREF")
        if faults and found.announced:
            found.treated_as_withdraw = "; ".join(faults[:5])
            for family, keys in found.announced.items():
                found.withdrawn.setdefault(family, []).extend(keys)
            found.announced = {}
        elif faults:
            found.discarded += faults
        alone = not withdrawn_length and len(body) == end and seen.keys() == {Kind.MP_UNREACH_NLRI}
        if alone and len(seen[Kind.MP_UNREACH_NLRI]) == 3:
            found.end_of_rib = FAMILY_OF.get(struct.unpack("!HB", seen[Kind.MP_UNREACH_NLRI]))
        return found

    def _attributes(self, octets: bytes, found: Update, faults: list[str]) -> dict[int, bytes]:
        seen: dict[int, bytes] = {}
        again: set[int] = set()
        for flags, number, value in _split(octets, faults):
            if number in seen:
                if number in {Kind.MP_REACH_NLRI, Kind.MP_UNREACH_NLRI}:
                    raise BgpError(Code.UPDATE, 1, reason="MP_REACH_NLRI or MP_UNREACH_NLRI twice")
                again.add(number)
                continue
            seen[number] = value
            if number == Kind.MP_REACH_NLRI:
                self._reach(value, found, faults)
            elif number == Kind.MP_UNREACH_NLRI:
                self._unreach(value, found)
            meaningless = number in _INTERNAL and not self.ibgp
            if (fault := _flags_fault(flags, number)) is not None:
                (found.discarded if number == Kind.AIGP or meaningless else faults).append(fault)
            elif (fault := self._fault(number, value)) is not None:
                (found.discarded if number in _IGNORED or meaningless else faults).append(fault)
        found.discarded += [f"attribute {number} again" for number in sorted(again)]
        return seen

    def _fault(self, number: int, value: bytes) -> str | None:
        kind = _KINDS.get(number)
        if kind is None:
            return None
        check = _CHECKS.get(kind)
        good = check(value) if check is not None else True
        if kind in {Kind.AS_PATH, Kind.AS4_PATH}:
            good = _path(value, 4 if self.asn4 or kind is Kind.AS4_PATH else 2)
        elif kind is Kind.AGGREGATOR:
            good = _aggregator(value, 4 if self.asn4 else 2)
        return None if good else f"malformed {kind.name}"

    def _reach(self, value: bytes, found: Update, faults: list[str]) -> None:
        if len(value) < 5:
            raise BgpError(Code.UPDATE, 9, reason=f"MP_REACH_NLRI of {len(value)} octets")
        afi, safi, size = struct.unpack_from("!HBB", value)
        start = 4 + size + 1
        if start > len(value):
            raise BgpError(Code.UPDATE, 9, reason="the next hop of MP_REACH_NLRI overruns it")
        family = FAMILY_OF.get((afi, safi))
        if family is None or family not in self.families:
            return
        if size not in ({16, 32} if family is Family.IPV6 else {4, 16, 32}):
            raise BgpError(Code.UPDATE, 9, reason=f"a next hop of {size} octets in MP_REACH_NLRI")
        if not (_next_hop if size == 4 else _next_hop_ipv6)(value[4 : 4 + min(size, 16)]):
            faults.append("an invalid next hop in MP_REACH_NLRI")
        found.announced.setdefault(family, []).extend(
            read_nlri(family, value[start:], add_path=family in self.add_path)
        )

    def _unreach(self, value: bytes, found: Update) -> None:
        if len(value) < 3:
            raise BgpError(Code.UPDATE, 9, reason=f"MP_UNREACH_NLRI of {len(value)} octets")
        family = FAMILY_OF.get(struct.unpack_from("!HB", value))
        if family in self.families and len(value) > 3:
            found.withdrawn.setdefault(family, []).extend(
                read_nlri(family, value[3:], add_path=family in self.add_path)
            )


def _flags_fault(flags: int, number: int) -> str | None:
    """Tell what is wrong with the flags of an attribute. Raises BgpError 3/2 for an unknown well-known attribute."""
    kind = _KINDS.get(number)
    if kind is None:
        if not flags & Flag.OPTIONAL:
            raise BgpError(Code.UPDATE, 2, bytes([flags, number]), f"attribute {number}")
        return None
    wanted = Flag.TRANSITIVE if kind in WELL_KNOWN else Flag.OPTIONAL
    if kind not in WELL_KNOWN and kind not in _OPTIONAL:
        wanted |= Flag.TRANSITIVE
    return f"{kind.name} with flags {flags:#04x}" if flags & (Flag.OPTIONAL | Flag.TRANSITIVE) != wanted else None


def _split(octets: bytes, faults: list[str]) -> Iterator[tuple[int, int, bytes]]:
    """Yield flags, number and value of each attribute. An attribute that is cut short is a fault, and the last one."""
    place = 0
    while place < len(octets):
        flags = octets[place]
        head = 4 if flags & Flag.EXTENDED_LENGTH else 3
        if place + head > len(octets):
            faults.append("an attribute's header is cut short")
            return
        size = int.from_bytes(octets[place + 2 : place + head], "big")
        if place + head + size > len(octets):
            if octets[place + 1] in {Kind.MP_REACH_NLRI, Kind.MP_UNREACH_NLRI}:
                # whose routes it is cannot be told
                raise BgpError(Code.UPDATE, 5, reason="MP_REACH_NLRI or MP_UNREACH_NLRI overruns the attributes")
            faults.append(f"attribute {octets[place + 1]} overruns the others")
            return
        yield flags, octets[place + 1], octets[place + head : place + head + size]
        place += head + size


def _aggregator(value: bytes, width: int) -> bool:
    # AS 0 is nobody's (RFC 7607)
    return len(value) == width + 4 and any(value[:width])


def _path(value: bytes, width: int) -> bool:
    place = 0
    while place < len(value):
        if place + 2 > len(value) or value[place] not in {1, 2, 3, 4} or not value[place + 1]:
            return False
        end = place + 2 + value[place + 1] * width
        if end > len(value):
            return False
        asns = value[place + 2 : end]
        # AS 0 is nobody's (RFC 7607)
        if any(not any(asns[at : at + width]) for at in range(0, len(asns), width)):
            return False
        place = end
    return True


def _next_hop(value: bytes) -> bool:
    return len(value) == 4 and value[0] not in {0, 127} and value[0] < 224


def _next_hop_ipv6(value: bytes) -> bool:
    return any(value) and value != b"\0" * 15 + b"\1" and value[0] != 0xFF


_CHECKS: Final[dict[Kind, Callable[[bytes], bool]]] = {
    Kind.ORIGIN: lambda value: len(value) == 1 and value[0] <= 2,
    Kind.NEXT_HOP: _next_hop,
    Kind.MULTI_EXIT_DISC: lambda value: len(value) == 4,
    Kind.LOCAL_PREF: lambda value: len(value) == 4,
    Kind.ATOMIC_AGGREGATE: lambda value: not value,
    Kind.COMMUNITIES: lambda value: bool(value) and not len(value) % 4,
    Kind.ORIGINATOR_ID: lambda value: len(value) == 4,
    Kind.CLUSTER_LIST: lambda value: bool(value) and not len(value) % 4,
    Kind.EXTENDED_COMMUNITIES: lambda value: bool(value) and not len(value) % 8,
    Kind.AS4_AGGREGATOR: lambda value: _aggregator(value, 4),
    Kind.IPV6_EXTENDED_COMMUNITIES: lambda value: bool(value) and not len(value) % 20,
    Kind.LARGE_COMMUNITIES: lambda value: bool(value) and not len(value) % 12,
    Kind.ONLY_TO_CUSTOMER: lambda value: len(value) == 4,
    Kind.PREFIX_SID: lambda value: len(value) >= 3,
    Kind.AIGP: lambda value: len(value) >= 3,
}
