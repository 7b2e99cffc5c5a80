"""What is to be announced, what a session holds of it, and the UPDATEs that say it (RFC 4271 section 4.3 and 9.2).

The table is level-triggered: it takes what is wanted, and says which keys changed. Of a session's Adj-RIB-Out only the
difference is kept: what the gate holds back. What was sent is not kept: a session that lags remembers which keys
changed meanwhile, and is told how they stand when it reads again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from frrgen.speaker.attributes import Attributes, AttributeType, NotAnnounceableError, Writer
from frrgen.speaker.capability import Agreed
from frrgen.speaker.key import IPV6_BIT, Family, Key, nlri
from frrgen.speaker.message import HEADER, LONGEST, LONGEST_EXTENDED, Type, message

STEP: Final = 20_000
"""Keys that are worked on at a time: some milliseconds."""
ALIKE: Final = 50_000
"""Keys of the same attributes that are written at a time: so many that the last, short message does not count."""
_PATH_ID: Final = 1
_T = TypeVar("_T")


class Table:
    """All that is to be announced: prefixes (as keys, see `key.py`) with their attributes."""

    def __init__(self) -> None:
        self.routes: dict[int, Attributes] = {}

    def set(self, wanted: Mapping[int, Attributes]) -> Iterator[set[int]]:
        """Take what is wanted from now on; gives the keys that changed, a step at a time."""
        for keys in steps(list(self.routes.keys() - wanted.keys())):
            for key in keys:
                del self.routes[key]
            yield set(keys)
        routes = self.routes
        for items in steps(wanted.items()):
            changed = {key: said for key, said in items if (old := routes.get(key)) is not said and old != said}
            routes.update(changed)
            yield set(changed)

    def change(self, key: int, attributes: Attributes | None) -> bool:
        """Announce one prefix, or withdraw it; tells whether that is a change."""
        if attributes is None:
            return self.routes.pop(key, None) is not None
        if self.routes.get(key) == attributes:
            return False
        self.routes[key] = attributes
        return True


def steps(items: Iterable[_T]) -> Iterator[list[_T]]:
    """Cut what takes long into parts that do not."""
    rest = iter(items)
    while step := list(islice(rest, STEP)):
        yield step


Alike = dict[tuple[int, Family], tuple[Attributes, list[int]]]
"""Keys by their attributes and family. The attributes' identity is the key: to hash them takes longer than all else."""


def alike(routes: Mapping[int, Attributes], keys: Iterable[int], into: Alike | None = None) -> Alike:
    """Bring keys together that are announced with the same attributes; those that are gone are left out."""
    found: Alike = {} if into is None else into
    for key in keys:
        attributes = routes.get(key)
        if attributes is None:
            continue
        name = (id(attributes), Family.IPV6 if key & IPV6_BIT else Family.IPV4)
        group = found.get(name)
        if group is None:
            found[name] = (attributes, [key])
        else:
            group[1].append(key)
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """Why a prefix is held back from a session."""

    reason: str
    """E.g. `route-map IN seq 20`."""


class AdjRibOut:
    """What one session, or sessions with the same policy, are told: the table without what is held back."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.held: dict[int, Held] = {}

    def __contains__(self, key: int) -> bool:
        return key in self.table.routes and key not in self.held

    def __len__(self) -> int:
        return len(self.table.routes) - len(self.held)

    def announced(self) -> list[int]:
        """Give what is announced."""
        if not self.held:
            return list(self.table.routes)
        return [key for key in self.table.routes if key not in self.held]


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
        """Give UPDATEs that announce routes, packed by attributes; each is a whole message."""
        for (_, family), (attributes, keys) in groups.items():
            yield from self.announce_alike(family, attributes, keys)

    def announce_alike(self, family: Family, attributes: Attributes, keys: list[int]) -> Iterator[bytes]:
        """Give UPDATEs that announce prefixes of one family with the same attributes."""
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
        """Give UPDATEs that withdraw prefixes."""
        by_family: dict[Family, list[int]] = {}
        for key in keys:
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

    def _parts(self, family: Family, keys: list[int], taken: int) -> Iterator[bytes]:
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
        """Give the End-of-RIB of each family (RFC 4724 section 2)."""
        for family in sorted(self.families, key=lambda one: one.afi):
            if family is Family.IPV4:
                yield message(Type.UPDATE, b"\0\0\0\0")
            else:
                body = struct.pack("!BBBHB", 0x80, AttributeType.MP_UNREACH_NLRI, 3, family.afi, family.safi)
                yield message(Type.UPDATE, struct.pack("!HH", 0, len(body)) + body)
