"""What is to be announced: a sorted map from keys to attributes, in columns.

A million prefixes are 16 MB here, and 74 MB in a dict. Keys stand in blocks of some thousands, sorted, beside a list of
their attributes; where a whole block has the same attributes, which is the rule, it is compared, judged and written as
a whole. The order of keys (see `key.py`) is that of addresses, so a block is a narrow range of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice, pairwise
from typing import Final

from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import IPV6_BIT, Family

BLOCK: Final = 4096
"""Keys that are worked on at a time: a millisecond or two."""
Keys = Sequence[int]


def packed(keys: Sequence[int], family: Family) -> MutableSequence[int]:
    """Return keys of one family as compactly as they can be: those of IPv6 are longer than a machine's word."""
    return array("Q", keys) if family is Family.IPV4 else list(keys)


def in_order(keys: Iterable[int], family: Family) -> MutableSequence[int]:
    """Sort keys. A long sort cannot be interrupted, so it is done in parts: other threads have their turn."""
    rest = iter(keys)
    parts = []
    while part := sorted(islice(rest, BLOCK * 8)):
        parts.append(packed(part, family))
    found = packed((), family)
    if all(one[-1] <= other[0] for one, other in pairwise(parts)):
        for one in parts:
            found.extend(one)
    else:
        found.extend(merge(*parts))
    return found


@dataclass(slots=True)
class KeyBlock:
    """Some keys, ascending, and the attributes of each."""

    keys: MutableSequence[int]
    said: list[Attributes]

    def uniform(self) -> Attributes | None:
        """Return the attributes, if they are the same for all."""
        first = self.said[0]
        return first if self.said.count(first) == len(self.said) else None


class Column:
    """The prefixes of one family."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.blocks: list[KeyBlock] = []
        self._firsts: list[int] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def _find(self, key: int) -> tuple[int, int, bool]:
        """Return the block in which a key is or would be, the place in it, and whether it is there."""
        number = max(bisect_right(self._firsts, key) - 1, 0)
        if number == len(self.blocks):
            return number, 0, False
        keys = self.blocks[number].keys
        place = bisect_left(keys, key)
        return number, place, place < len(keys) and keys[place] == key

    def get(self, key: int) -> Attributes | None:
        """Return what is announced with a prefix."""
        number, place, there = self._find(key)
        return self.blocks[number].said[place] if there else None

    def put(self, key: int, attributes: Attributes) -> Attributes | None:
        """Announce a prefix; gives what was announced with it before."""
        number, place, there = self._find(key)
        if number == len(self.blocks):
            self._insert(number, KeyBlock(packed((key,), self.family), [attributes]))
            return None
        block = self.blocks[number]
        if there:
            before, block.said[place] = block.said[place], attributes
            return before
        block.keys.insert(place, key)
        block.said.insert(place, attributes)
        self._firsts[number] = block.keys[0]
        self._count += 1
        if len(block.keys) > 2 * BLOCK:
            self._insert(number + 1, KeyBlock(block.keys[BLOCK:], block.said[BLOCK:]), counted=True)
            del block.keys[BLOCK:], block.said[BLOCK:]
        return None

    def pop(self, key: int) -> Attributes | None:
        """Withdraw a prefix; gives what was announced with it."""
        number, place, there = self._find(key)
        if not there:
            return None
        block = self.blocks[number]
        before = block.said[place]
        del block.keys[place], block.said[place]
        self._count -= 1
        if block.keys:
            self._firsts[number] = block.keys[0]
        else:
            del self.blocks[number], self._firsts[number]
        return before

    def _insert(self, number: int, block: KeyBlock, *, counted: bool = False) -> None:
        self.blocks.insert(number, block)
        self._firsts.insert(number, block.keys[0])
        self._count += 0 if counted else len(block.keys)

    def fill(self, keys: Keys, said: list[Attributes] | Attributes) -> list[int]:
        """Announce prefixes, ascending; gives those that were announced before. It is quick where nothing was."""
        twice: list[int] = []
        for start in range(0, len(keys), BLOCK):
            some = keys[start : start + BLOCK]
            own = said[start : start + BLOCK] if isinstance(said, list) else [said] * len(some)
            number = bisect_right(self._firsts, some[0]) - 1
            free = number < 0 or self.blocks[number].keys[-1] < some[0]
            behind = self._firsts[number + 1] if number + 1 < len(self._firsts) else None
            if len(some) > BLOCK // 8 and free and (behind is None or some[-1] < behind) and _ascends(some):
                self._insert(number + 1, KeyBlock(packed(some, self.family), own))
                continue
            twice += [key for key, one in zip(some, own, strict=True) if self.put(key, one) is not None]
        return twice

    def around(self, key: int) -> KeyBlock | None:
        """Return the block in which a key is, if it is in any."""
        number = bisect_right(self._firsts, key) - 1
        return self.blocks[number] if number >= 0 else None

    def behind(self, key: int) -> int:
        """Return where the block behind a key begins."""
        number = bisect_right(self._firsts, key)
        return self._firsts[number] if number < len(self._firsts) else 1 << 192

    def walk(self) -> Iterator[KeyBlock]:
        """Return everything in order; what changes behind the place that was reached is seen as it is then."""
        position = -1
        while (block := self.after(position)) is not None:
            position = block.keys[-1]
            yield block

    def after(self, key: int) -> KeyBlock | None:
        """Return the part of a block that comes after a key."""
        number, place, there = self._find(key)
        place += there
        if number < len(self.blocks) and place == len(self.blocks[number].keys):
            number, place = number + 1, 0
        if number >= len(self.blocks):
            return None
        block = self.blocks[number]
        return KeyBlock(block.keys[place:], block.said[place:]) if place else block


def _ascends(keys: Keys) -> bool:
    return len(set(keys)) == len(keys)


Alike = dict[tuple[int, Family], tuple[Attributes, MutableSequence[int]]]
"""Keys by their attributes and family. The attributes' identity is the key: to hash them takes longer than all else."""


def _by_family(keys: Sequence[int]) -> Iterator[tuple[Family, list[int]]]:
    ordered = sorted(keys)
    cut = bisect_left(ordered, IPV6_BIT)
    if cut:
        yield Family.IPV4, ordered[:cut]
    if cut < len(ordered):
        yield Family.IPV6, ordered[cut:]


def _gather(family: Family, block: KeyBlock, keys: list[int], into: Alike) -> None:
    """Find some of a block's keys."""
    if len(keys) == len(block.keys) and (said := block.uniform()) is not None and list(block.keys) == keys:
        gather(into, family, said, keys)
        return
    if len(keys) < BLOCK // 64:
        for key in keys:
            place = bisect_left(block.keys, key)
            if place < len(block.keys) and block.keys[place] == key:
                gather(into, family, block.said[place], (key,))
        return
    known = dict(zip(block.keys, block.said, strict=True))
    gather_each(into, family, ((key, known[key]) for key in keys if key in known))


def gather(into: Alike, family: Family, said: Attributes, keys: Sequence[int]) -> None:
    """Put keys beside others of the same attributes."""
    if not keys:
        return
    group = into.get((id(said), family))
    if group is None:
        into[id(said), family] = (said, packed(keys, family))
    else:
        group[1].extend(keys)


def gather_each(into: Alike, family: Family, said_of: Iterable[tuple[int, Attributes]]) -> None:
    """Put each key beside others of the same attributes."""
    groups: dict[int, tuple[Attributes, list[int]]] = {}
    for key, said in said_of:
        group = groups.get(id(said))
        if group is None:
            groups[id(said)] = (said, [key])
        else:
            group[1].append(key)
    for said, some in groups.values():
        gather(into, family, said, some)


class AnnouncementTable:
    """All that is to be announced, of both families."""

    def __init__(self) -> None:
        self.columns = {family: Column(family) for family in Family}

    def __len__(self) -> int:
        return sum(map(len, self.columns.values()))

    def __contains__(self, key: int) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[int]:
        return (key for column in self.columns.values() for block in column.blocks for key in block.keys)

    def column(self, key: int) -> Column:
        """Return the column that a key belongs to."""
        return self.columns[Family.IPV6 if key & IPV6_BIT else Family.IPV4]

    def get(self, key: int) -> Attributes | None:
        """Return what is announced with a prefix."""
        return self.column(key).get(key)

    def alike(self, keys: Sequence[int]) -> Alike:
        """Bring some of the keys together that are announced with the same attributes; the others are gone."""
        found: Alike = {}
        for family, ordered in _by_family(keys):
            blocks = self.columns[family]
            start = 0
            while start < len(ordered):
                block, end = blocks.around(ordered[start]), bisect_left(ordered, blocks.behind(ordered[start]), start)
                if block is not None:
                    _gather(family, block, ordered[start:end], found)
                start = end
        return found

    def change(self, key: int, attributes: Attributes | None) -> bool:
        """Announce a prefix, or withdraw it; tells whether that is a change."""
        column = self.column(key)
        if attributes is None:
            return column.pop(key) is not None
        return column.put(key, attributes) != attributes

    def become(self, wanted: AnnouncementTable) -> Iterator[list[int]]:
        """Take what is wanted from now on, some thousand keys at a time; gives which of them changed.

        `wanted` is used up. Of the keys of a step, those that are new come last.
        """
        for family, column in self.columns.items():
            other = wanted.columns[family]
            position = -1
            while True:
                ours, theirs = column.after(position), other.after(position)
                if ours is None and theirs is None:
                    break
                position = min(one.keys[-1] for one in (ours, theirs) if one is not None)
                changed = _step(column, _until(ours, position), _until(theirs, position))
                if changed:
                    yield changed


def _until(block: KeyBlock | None, last: int) -> KeyBlock:
    """Return the part of a block up to a key."""
    if block is None:
        return KeyBlock([], [])
    place = bisect_right(block.keys, last)
    return block if place == len(block.keys) else KeyBlock(block.keys[:place], block.said[:place])


def _step(column: Column, ours: KeyBlock, theirs: KeyBlock) -> list[int]:
    """Make one range of a column what it is to be."""
    if not ours.keys:
        column.fill(theirs.keys, theirs.said)
        return list(theirs.keys)
    if ours.keys == theirs.keys and ours.said == theirs.said:
        return []
    before = dict(zip(ours.keys, ours.said, strict=True))
    after = dict(zip(theirs.keys, theirs.said, strict=True))
    gone = [key for key in before if key not in after]
    other = [key for key, one in after.items() if key in before and before[key] is not one and before[key] != one]
    new = [key for key in after if key not in before]
    for key in gone:
        column.pop(key)
    for key in (*other, *new):
        column.put(key, after[key])
    return [*gone, *other, *new]
