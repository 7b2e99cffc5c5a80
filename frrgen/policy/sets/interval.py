"""Exact sets of whole numbers: the basis of every exact answer about addresses and numbers.

A set is a tuple of bounds (start, end, start, end, …), ends excluded, ascending, with a gap between two ranges: so
equal sets are equal tuples.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

Intervals = tuple[int, ...]
EMPTY: Intervals = ()


def interval(start: int, end: int) -> Intervals:
    """Make the set of start, start + 1, …, end - 1."""
    return (start, end) if start < end else EMPTY


def ranges(one: Intervals) -> Iterator[tuple[int, int]]:
    """Return each range as (start, end), the end excluded."""
    return zip(one[::2], one[1::2], strict=True)


def of_ranges(pairs: Iterable[tuple[int, int]]) -> Intervals:
    """Unite ranges (start, end), the end excluded, in any order."""
    bounds: list[int] = []
    for start, end in sorted(pairs):
        if bounds and start <= bounds[-1]:
            bounds[-1] = max(bounds[-1], end)
        elif start < end:
            bounds += [start, end]
    return tuple(bounds)


def union(one: Intervals, other: Intervals) -> Intervals:
    """Return what is in either."""
    if not one or not other or one is other:
        return one or other
    return of_ranges([*ranges(one), *ranges(other)])


def intersection(one: Intervals, other: Intervals) -> Intervals:
    """Return what is in both."""
    return _combined(one, other, both=True)


def difference(one: Intervals, other: Intervals) -> Intervals:
    """Return what is in the one and not in the other."""
    return _combined(one, other, both=False)


def _combined(one: Intervals, other: Intervals, *, both: bool) -> Intervals:
    """Walk along the bounds of both; to subtract is to intersect with the complement."""
    if one is other or one == other:
        return one if both else EMPTY
    if not one or not other:
        return EMPTY if both else one
    if both:
        for wide, narrow in ((one, other), (other, one)):
            if len(wide) == 2 and wide[0] <= narrow[0] and narrow[-1] <= wide[1]:
                return narrow
    bounds: list[int] = []
    # behind an odd number of bounds a place is inside
    mine, theirs, outside = 0, 0, 0 if both else 1
    inside = False
    while mine < len(one):
        if theirs == len(other) or one[mine] <= other[theirs]:
            place = one[mine]
            mine += 1
            if theirs < len(other) and other[theirs] == place:
                theirs += 1
        else:
            place = other[theirs]
            theirs += 1
        now = mine % 2 == 1 and theirs % 2 != outside
        if now != inside:
            bounds.append(place)
            inside = now
    return tuple(bounds)


def contains(one: Intervals, value: int) -> bool:
    """Tell whether a number is in the set."""
    return bisect_right(one, value) % 2 == 1
