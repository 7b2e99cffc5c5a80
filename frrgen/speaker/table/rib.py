"""What a session announces of the table, and the UPDATEs for it (RFC 4271 section 4.3 and 9.2).

Of a session's Adj-RIB-Out only the difference to the table is kept: what the gate holds back. What was sent is not
kept: a session that lags remembers which keys changed meanwhile, and sends their state when the peer reads again.
"""

from __future__ import annotations

import struct
from collections import ChainMap, Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from frrgen.speaker.table.table import BLOCK, Alike, AnnouncementTable, gather, gather_each
from frrgen.speaker.wire.attributes import Attributes, AttributeType, NotAnnounceableError, Writer
from frrgen.speaker.wire.capability import Agreed
from frrgen.speaker.wire.message import HEADER, LONGEST, LONGEST_EXTENDED, Type, message
from frrgen.speaker.wire.packed_prefix import IPV6_BIT, Family, Key, nlri

ALIKE: Final = 50_000
"""Keys of the same attributes that are written at a time: so many that the last, short message does not count."""
_PIECE: Final = 1 << 16
_PATH_ID: Final = 1
_T = TypeVar("_T")


def steps(items: Iterable[_T]) -> Iterator[list[_T]]:
    """Cut what takes long into parts that do not."""
    rest = iter(items)
    while step := list(islice(rest, BLOCK)):
        yield step


@dataclass(frozen=True, slots=True)
class Held:
    """Why the router would not have a prefix."""

    reason: str
    """E.g. `route-map IN seq 20`."""
    limit: bool = False
    """The router would have it, if it were not one too many."""
    unsure: bool = False
    """Beside `limit`: it cannot be told whether the router would have it."""
    closed: bool = False
    """The router is not told of it, whatever its policy is."""


class AdjRibOut:
    """What a session, or sessions with the same policy, announce: the table without what the router would drop."""

    def __init__(self, table: AnnouncementTable, *, enforce: bool = True) -> None:
        self.table = table
        self.enforce = enforce
        """Hold back what the router would drop; or announce it all the same, up to its maximum-prefix."""
        self.families = frozenset(Family)
        """The families of the table that these sessions announce."""
        self.dropped: dict[int, Held] = {}
        """What the router would drop, in the order in which it came."""
        self.reasons: Counter[str] = Counter()
        """How much each reason drops."""
        self.waiting: dict[Family, dict[int, Held]] = {family: {} for family in Family}
        """What is dropped only because it is too much, the oldest first."""
        self.unsure: dict[Family, dict[int, None]] = {family: {} for family in Family}
        """What the router may drop or not, which cannot be told, and has been given room so far; the oldest first."""
        self.most = dict.fromkeys(Family, 0)
        """How much of a family with a maximum-prefix the router was to have at the most so far."""
        self.closed: dict[int, Held] = {}
        """What the router is not told of, whatever its policy is."""
        self._dropped_ipv6 = 0

    @property
    def held(self) -> Mapping[int, Held]:
        """What is held back: in any case what would end the session, or is not for this router."""
        return self.dropped if self.enforce else ChainMap(*self.waiting.values(), self.closed)

    def __contains__(self, key: int) -> bool:
        return key not in self.held and key in self.table and Key.family(key) in self.families

    def __len__(self) -> int:
        return sum(len(self.table.columns[family]) for family in self.families) - len(self.held)

    def advertised(self, families: frozenset[Family]) -> int:
        """Count the keys that a session with only these families has announced."""
        held = self.held
        there = sum(len(self.table.columns[family]) for family in self.families & families)
        return there - (len(held) if families >= self.families else sum(Key.family(key) in families for key in held))

    def wanted(self, families: frozenset[Family] = frozenset(Family)) -> Iterator[int]:
        """Yield the keys of the table that these sessions are to announce."""
        columns = (column for family, column in self.table.columns.items() if family in self.families & families)
        return (key for column in columns for block in column.blocks for key in block.keys)

    def admitted(self, family: Family) -> int:
        """Count what the router would have, of a family."""
        six = self._dropped_ipv6
        return len(self.table.columns[family]) - (six if family is Family.IPV6 else len(self.dropped) - six)

    def drop(self, keys: Sequence[int], why: Held) -> None:
        """Hold back these keys of the table: the router would drop them."""
        self.dropped.update(dict.fromkeys(keys, why))
        self.forget_unsure(keys)
        self.reasons[why.reason] += len(keys)
        self._dropped_ipv6 += sum(1 for key in keys if key & IPV6_BIT)
        if why.closed:
            self.closed.update(dict.fromkeys(keys, why))
        if why.limit:
            for key in keys:
                self.waiting[Key.family(key)][key] = why

    def admit(self, keys: Iterable[int]) -> None:
        """Release these keys: the router takes them, or they are gone."""
        for key in keys:
            held = self.dropped.pop(key, None)
            if held is not None:
                self._dropped_ipv6 -= bool(key & IPV6_BIT)
                self.reasons[held.reason] -= 1
                self.closed.pop(key, None)
                if held.limit:
                    del self.waiting[Key.family(key)][key]

    def forget_unsure(self, keys: Iterable[int]) -> None:
        """Forget that the router's answer for these keys is not known."""
        if any(self.unsure.values()):
            for key in keys:
                self.unsure[Key.family(key)].pop(key, None)

    def pending(self, keys: Sequence[int]) -> list[int]:
        """Return those of the keys that are not announced yet."""
        held = self.held
        found = self.table.alike([key for key in keys if key not in held] if held else keys)
        there = {key for _, some in found.values() for key in some}
        return [] if len(there) == len(keys) else [key for key in keys if key not in there]


class Written:
    """A whole Adj-RIB-Out as UPDATEs. The first session that reads it has it written; the others read what is there.

    What changes in the meantime is left out: the sessions announce it afterwards, in the right order.
    """

    def __init__(self, rib: AdjRibOut, encoder: Encoder, families: Iterable[Family]) -> None:
        self.changed: set[int] = set()
        self._rib = rib
        self._encoder = encoder
        self._pieces: list[bytes] = []
        self._rest: Iterator[bytes] | None = self._write(families)

    def piece(self, number: int) -> bytes | None:
        """Return a piece of whole messages, perhaps an empty one; None behind the last."""
        while self._rest is not None and number >= len(self._pieces):
            try:
                self._pieces.append(next(self._rest))
            except StopIteration:
                self._rest = None
        return self._pieces[number] if number < len(self._pieces) else None

    def _write(self, families: Iterable[Family]) -> Iterator[bytes]:
        groups: Alike = {}
        for family in families:
            for block in self._rib.table.columns[family].walk():
                left_out = [some for some in (self._rib.held, self.changed) if some]
                said = block.uniform()
                if said is not None:
                    keys: Sequence[int] = block.keys
                    for some in left_out:
                        keys = [key for key in keys if key not in some]
                    gather(groups, family, said, keys)
                else:
                    pairs = zip(block.keys, block.said, strict=True)
                    if left_out:
                        there = (pair for pair in pairs if not any(pair[0] in some for some in left_out))
                        gather_each(groups, family, there)
                    else:
                        gather_each(groups, family, pairs)
                full = [name for name, (_, keys) in groups.items() if len(keys) >= ALIKE]
                yield b"".join(octets for name in full for octets in self._say(name, groups))
        piece: list[bytes] = []
        for name in list(groups):
            piece += self._say(name, groups)
            if sum(map(len, piece)) >= _PIECE:
                yield b"".join(piece)
                piece = []
        yield b"".join(piece)

    def _say(self, name: tuple[int, Family], groups: Alike) -> Iterator[bytes]:
        said, keys = groups.pop(name)
        return self._encoder.announce_alike(name[1], said, keys)


class Encoder:
    """Writes the UPDATEs of one session, or of all that agreed on the same."""

    def __init__(self, writer: Writer, agreed: Agreed) -> None:
        self.writer = writer
        self.families = agreed.families
        self.add_path = agreed.add_path
        self.longest = LONGEST_EXTENDED if agreed.extended_message else LONGEST
        self.refused: dict[int, str] = {}
        """Keys that cannot be said on this session, and why."""

    def announce(self, groups: Alike) -> Iterator[bytes]:
        """Return UPDATEs that announce routes, packed by attributes; each is a whole message."""
        for (_, family), (attributes, keys) in groups.items():
            yield from self.announce_alike(family, attributes, keys)

    def announce_alike(self, family: Family, attributes: Attributes, keys: Sequence[int]) -> Iterator[bytes]:
        """Return UPDATEs that announce prefixes of one family with the same attributes."""
        if family not in self.families:
            return
        try:
            written, reach = self.writer.write(family, attributes)
        except NotAnnounceableError as why:
            self.refused.update(dict.fromkeys(keys, str(why)))
            return
        for key in self.refused.keys() & set(keys) if self.refused else ():
            del self.refused[key]
        if not reach:
            head = struct.pack("!HH", 0, len(written)) + written
            for part in self._parts(family, keys, HEADER + len(head)):
                yield message(Type.UPDATE, head + part)
            return
        # MP_REACH_NLRI comes first (RFC 7606 section 5.1), with a length of two octets
        for part in self._parts(family, keys, HEADER + 4 + len(written) + 4 + len(reach)):
            value = reach + part
            attribute = struct.pack("!BBH", 0x90, AttributeType.MP_REACH_NLRI, len(value)) + value
            yield message(Type.UPDATE, struct.pack("!HH", 0, len(attribute) + len(written)) + attribute + written)

    def withdraw(self, keys: Iterable[int]) -> Iterator[bytes]:
        """Return UPDATEs that withdraw prefixes."""
        by_family: dict[Family, list[int]] = {}
        for key in keys:
            self.refused.pop(key, None)
            by_family.setdefault(Key.family(key), []).append(key)
        for family, some in by_family.items():
            if family not in self.families:
                continue
            if family is Family.IPV4:
                for part in self._parts(family, some, HEADER + 4):
                    yield message(Type.UPDATE, struct.pack("!H", len(part)) + part + b"\0\0")
                continue
            for part in self._parts(family, some, HEADER + 4 + 4 + 3):
                value = struct.pack("!HB", family.afi, family.safi) + part
                attribute = struct.pack("!BBH", 0x90, AttributeType.MP_UNREACH_NLRI, len(value)) + value
                yield message(Type.UPDATE, struct.pack("!HH", 0, len(attribute)) + attribute)

    def _parts(self, family: Family, keys: Sequence[int], taken: int) -> Iterator[bytes]:
        """Cut NLRI into parts, as long as a message can hold beside what is taken."""
        room = self.longest - taken
        if room < 4 + 1 + family.bits // 8:
            self.refused.update(dict.fromkeys(keys, "its attributes do not fit into a message"))
            return
        part = b""
        for size, octets in nlri(family, keys, _PATH_ID if family in self.add_path else None):
            place = 0
            while place < len(octets):
                fits = (room - len(part)) // size * size
                if fits:
                    part += octets[place : place + fits]
                    place += fits
                if place < len(octets):
                    yield part
                    part = b""
        if part:
            yield part

    def end_of_rib(self) -> Iterator[bytes]:
        """Return the End-of-RIB of each family (RFC 4724 section 2)."""
        for family in sorted(self.families, key=lambda one: one.afi):
            if family is Family.IPV4:
                yield message(Type.UPDATE, b"\0\0\0\0")
            else:
                body = struct.pack("!BBBHB", 0x80, AttributeType.MP_UNREACH_NLRI, 3, family.afi, family.safi)
                yield message(Type.UPDATE, struct.pack("!HH", 0, len(body)) + body)
