"""Sets of prefixes and of routes in few words: the shorter of what is in a set and what is not.

A set is shown as ranges of prefixes, `10.0.0.0/8 le 24`, each perhaps `except` others, which are shown in the same way;
of routes with what is asked of their attributes: `10.0.0.0/8 le 24 with MED 5 and without community 64512:1`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from frrgen.model.types import community_text
from frrgen.policy.sets import interval
from frrgen.policy.sets.communities import Cube, Other
from frrgen.policy.sets.interval import Intervals
from frrgen.policy.sets.prefix_set import Block, PrefixSet, union
from frrgen.policy.sets.region import (
    ABSENT,
    NEXT_HOPS,
    NUMBERS,
    ORIGINS,
    PRESENT,
    Granted,
    Region,
    RouteBox,
    add,
    next_hop_address,
    simplified,
)
from frrgen.policy.sets.witness import Literal

_SHOWN: Final = 8
"""So many ranges are named; of more, their number."""
_MOST: Final = 2_000
"""A set of more ranges is shown as it is: a shorter text costs more than it helps."""
_DEPTH: Final = 3
"""Exceptions of exceptions are the most that a person follows."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A range, without what follows `except`."""

    block: Block
    besides: tuple[_Told, ...] = ()

    @property
    def cost(self) -> int:
        return 1 + sum(one.cost for one in self.besides)

    def __str__(self) -> str:
        block = self.block
        width = block.prefix.max_prefixlen
        everything = (block.prefix.prefixlen, block.low, block.high) == (0, 0, width)
        text = f"every IPv{block.prefix.version} prefix" if everything else str(block)
        return f"{text} (except {_listed(list(self.besides))})" if self.besides else text


def described(prefixes: PrefixSet) -> str:
    """Return which prefixes are in a set."""
    blocks = list(islice(prefixes.blocks(), _MOST + 1))
    if not blocks:
        return "nothing"
    if len(blocks) > _MOST:
        rest = sum(1 for _ in prefixes.blocks()) - _SHOWN
        return ", ".join(map(str, blocks[:_SHOWN])) + f" and {rest} more"
    return _listed(_told(prefixes, blocks, _DEPTH))


def _listed(told: list[_Told]) -> str:
    more = len(told) - _SHOWN
    return ", ".join(map(str, told[:_SHOWN])) + (f" and {more} more" if more > 0 else "")


def _told(prefixes: PrefixSet, blocks: list[Block], depth: int) -> list[_Told]:
    """Tell a set: block by block, or as one range and its exceptions, or each of its parts for itself."""
    plain = [_Told(block) for block in blocks]
    if len(plain) < 3 or not depth:
        return plain
    ways = [plain]
    if (whole := _around(prefixes, blocks, depth)) is not None:
        ways.append([whole])
    parts = list(_parts(blocks))
    if len(parts) > 1:
        apart: list[_Told] = []
        for part in parts:
            apart += _told(union(prefixes.version, (_set(block) for block in part)), part, depth)
        ways.append(apart)
    return min(ways, key=lambda way: sum(one.cost for one in way))


def _around(prefixes: PrefixSet, blocks: list[Block], depth: int) -> _Told | None:
    """Tell a set as the smallest range around it, and what of that is not in it."""
    outer = blocks[0].prefix
    last = max((block.prefix for block in blocks), key=lambda prefix: int(prefix.broadcast_address))
    first = min((block.prefix for block in blocks), key=lambda prefix: int(prefix.network_address))
    apart = int(first.network_address) ^ int(last.broadcast_address)
    length = min(outer.max_prefixlen - apart.bit_length(), *(block.prefix.prefixlen for block in blocks))
    outer = first.supernet(new_prefix=length)
    around = Block(outer, min(block.low for block in blocks), max(block.high for block in blocks))
    besides = _set(around) - prefixes
    inner = list(islice(besides.blocks(), len(blocks) + 1))
    if len(inner) > len(blocks):
        # it may still be few if told better, but then of much the same kind
        inner = list(islice(besides.blocks(), _MOST + 1))
        if len(inner) > _MOST:
            return None
    return _Told(around, tuple(_told(besides, inner, depth - 1)))


def _parts(blocks: list[Block]) -> Iterator[list[Block]]:
    """Yield the blocks inside of each widest prefix together."""
    ordered = sorted(blocks, key=lambda block: (int(block.prefix.network_address), block.prefix.prefixlen))
    part: list[Block] = []
    end = -1
    for block in ordered:
        if part and int(block.prefix.network_address) > end:
            yield part
            part = []
        part.append(block)
        end = max(end, int(block.prefix.broadcast_address))
    yield part


def _set(block: Block) -> PrefixSet:
    return PrefixSet.block(block.prefix, block.low, block.high)


# routes

NOTHING: Final = Granted()
_CASES: Final = 4
"""The most kinds of routes that are shown; of more, their number."""


def told(region: Region, granted: Granted = NOTHING) -> str:
    """Return which routes are in a region; `granted`: what holds for each and need not be said (`Policy.granted`)."""
    shorter: Region = {}
    for box, prefixes in region.items():
        add(shorter, granted.unsaid(box), prefixes)
    cases = [
        (described(prefixes), attributes(box))
        for box, prefixes in sorted(simplified(shorter).items(), key=lambda item: len(attributes(item[0])))
    ]
    shown = [" ".join(part for part in case if part) for case in cases[:_CASES]]
    more = len(cases) - len(shown)
    return "; ".join(shown) + (f"; and {more} more case{'s' * (more > 1)}" if more else "")


def attributes(box: RouteBox) -> str:
    """Return what a box asks of a route's attributes: `with …`, `without …`, or nothing."""
    having: list[str] = []
    lacking: list[str] = []
    for name, word, all_ in (
        ("med", "MED", NUMBERS),
        ("local_preference", "local preference", NUMBERS),
        ("tag", "tag", PRESENT),
    ):
        numbers = getattr(box, name)
        if numbers == (ABSENT, 0):
            lacking.append(word)
        elif numbers == PRESENT and all_ == NUMBERS:
            having.append(f"a {word}")
        elif numbers != all_:
            having.append(f"{word} {_numbers(numbers)}")
    if box.next_hop != NEXT_HOPS:
        hops = [
            str(next_hop_address(start)) + ("" if end == start + 1 else f"-{next_hop_address(end - 1)}")
            for start, end in interval.ranges(box.next_hop)
        ]
        having.append(f"next hop {_joined(hops, 'or')}")
    if box.origins != ORIGINS:
        having.append(f"origin {_joined(sorted(box.origins), 'or')}")
    if box.path:
        having.append(f"an AS path that {_path(box.path)}")
    for cube, one, many in (
        (box.communities, "community", "communities"),
        (box.large_communities, "large community", "large communities"),
    ):
        _communities(cube, (one, many), having, lacking)
    parts = [f"with {_joined(having, 'and')}"] if having else []
    parts += [f"without {_joined(lacking, 'or')}"] if lacking else []
    return (", and " if len(having) > 1 else " and ").join(parts)


def _joined(words: Sequence[str], last: str, most: int = 6) -> str:
    """Join with commas and a last word: `a, b and c`."""
    shown = list(words[:most])
    if len(words) > most:
        shown.append(f"{len(words) - most} more")
    return f" {last} ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)


def _path(literals: Iterable[Literal]) -> str:
    ordered = sorted(literals, key=lambda literal: literal.regex)
    shown = {
        there: [
            one.regex
            + (f" (behind {one.before}, which is put in front)" if one.before else "")
            + (f" (without {', '.join(map(str, sorted(one.gone)))})" if one.gone else "")
            for one in ordered
            if one.found is there
        ]
        for there in (True, False)
    }
    yes, no = shown[True], shown[False]
    if not no:
        return f"matches {_joined(yes, 'and')}"
    if not yes:
        return f"does not match {no[0]}" if len(no) == 1 else f"matches neither {_joined(no, 'nor')}"
    return f"matches {_joined(yes, 'and')} but {'not' if len(no) == 1 else 'neither'} {_joined(no, 'nor')}"


def _communities(cube: Cube, names: tuple[str, str], having: list[str], lacking: list[str]) -> None:
    one, many = names
    for there, into, last in ((True, having, "and"), (False, lacking, "or")):
        named = sorted(_text(atom) for atom, is_ in cube if is_ is there and not isinstance(atom, Other))
        if named:
            into.append(f"{many if there and named[1:] else one} {_joined(named, last)}")
    if any(there for atom, there in cube if isinstance(atom, Other)):
        having.append(f"another {one}")
    elif any(isinstance(atom, Other) for atom, _ in cube):
        lacking.append(f"any other {one}" if len(cube) > 1 else f"any {one}")


def _text(value: Any) -> str:
    return community_text(value) if isinstance(value, int) else ":".join(map(str, value))


def _numbers(numbers: Intervals) -> str:
    shown = []
    for start, end in interval.ranges(numbers):
        first = start
        if start == ABSENT:
            shown.append("absent")
            first = 0
        if first < end:
            shown.append(str(first) if end == first + 1 else f"{first}-{end - 1}")
    return _joined(shown, "or")
