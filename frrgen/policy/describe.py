"""Sets of prefixes in few words: the shorter of what is in a set and what is not.

A set is told as ranges of prefixes, `10.0.0.0/8 le 24`, each perhaps `except` others, which are told in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from frrgen.policy.space import Block, PrefixSet, union

_SHOWN: Final = 8
"""So many ranges are named; of more, their number."""
_MOST: Final = 2_000
"""A set of more ranges is told as it is: a better way costs more than it tells."""
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
    """Say which prefixes are in a set."""
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
    """Give the blocks inside of each widest prefix together."""
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
