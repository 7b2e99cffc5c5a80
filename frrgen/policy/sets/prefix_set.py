"""Exact sets of prefixes of one family: which (address, length) pairs a list permits, and what two lists differ in.

A prefix of length L is the range of addresses that it covers, so the prefixes of one length are a set of aligned
ranges; lengths with the same ranges, as `le` and `ge` make them, share one. The form is canonical: equal sets are equal
values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from itertools import pairwise
from typing import Any, Final

from frrgen.model.lists import AccessList, PrefixList, PrefixListEntry
from frrgen.model.types import Prefix
from frrgen.policy.sets import interval
from frrgen.policy.sets.interval import EMPTY, Intervals

_WIDTHS: Final = {4: 32, 6: 128}
_ALL4: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Block:
    """The prefixes inside `prefix` whose length is from `low` to `high`."""

    prefix: Prefix
    low: int
    high: int

    def __str__(self) -> str:
        if self.low == self.high == self.prefix.prefixlen:
            return str(self.prefix)
        low = f" ge {self.low}" if self.low > self.prefix.prefixlen else ""
        return f"{self.prefix}{low} le {self.high}"


@dataclass(frozen=True, slots=True)
class PrefixSet:
    """A set of prefixes of one IP version."""

    version: int
    runs: tuple[tuple[int, int, Intervals], ...] = ()
    """(shortest length, longest length, covered addresses), ascending; neighbors differ; none is empty."""

    @staticmethod
    def everything(version: int) -> PrefixSet:
        """Every prefix of a version."""
        return PrefixSet(version, ((0, _WIDTHS[version], (0, 1 << _WIDTHS[version])),))

    @staticmethod
    def block(prefix: Prefix, low: int | None = None, high: int | None = None) -> PrefixSet:
        """Return the prefixes inside one, of a length from low to high; without them, the prefix alone."""
        low = prefix.prefixlen if low is None else max(low, prefix.prefixlen)
        high = low if high is None else high
        return PrefixSet(prefix.version, ((low, high, _span(prefix)),) if low <= high else ())

    def __bool__(self) -> bool:
        """Tell whether there is a prefix in it."""
        return bool(self.runs)

    def __or__(self, other: PrefixSet) -> PrefixSet:
        return self._combined(other, interval.union)

    def __and__(self, other: PrefixSet) -> PrefixSet:
        return self._combined(other, interval.intersection)

    def __sub__(self, other: PrefixSet) -> PrefixSet:
        return self._combined(other, interval.difference)

    def complement(self) -> PrefixSet:
        """Return every prefix that is not in it."""
        return PrefixSet.everything(self.version) - self

    def __contains__(self, prefix: Prefix) -> bool:
        for low, high, covered in self.runs:
            if low <= prefix.prefixlen <= high:
                return interval.contains(covered, int(prefix.network_address))
        return False

    def witness(self) -> Prefix | None:
        """Return the shortest prefix in it, the lowest of these; None if it is empty."""
        if not self.runs:
            return None
        low, _, covered = self.runs[0]
        return _network(self.version, covered[0], low)

    def count(self) -> int:
        """Count the prefixes."""
        return sum(
            sum((end - start) >> (_WIDTHS[self.version] - length) for start, end in interval.ranges(covered))
            for low, high, covered in self.runs
            for length in range(low, high + 1)
        )

    def blocks(self) -> Iterator[Block]:
        """Yield it as lines of a prefix list, the widest first: their union is the set, and no two overlap."""
        open_: dict[tuple[int, int], tuple[int, int]] = {}
        for low, high, covered in self.runs:
            now = {part: (low, high) for start, end in interval.ranges(covered) for part in _parts(start, end)}
            for part, (first, last) in list(open_.items()):
                if part in now and last == low - 1:
                    now[part] = (first, high)
                else:
                    yield self._block(part, first, last)
            open_ = now
        for part, (first, last) in open_.items():
            yield self._block(part, first, last)

    def _block(self, part: tuple[int, int], low: int, high: int) -> Block:
        start, size = part
        return Block(_network(self.version, start, _WIDTHS[self.version] - (size.bit_length() - 1)), low, high)

    def _combined(self, other: PrefixSet, what: Callable[[Intervals, Intervals], Intervals]) -> PrefixSet:
        return _of_runs(self.version, ((low, high, what(*both)) for low, high, both in _aligned(self, other)))

    def at(self, length: int) -> Intervals:
        """Return the addresses that the prefixes of a length cover."""
        return next((covered for low, high, covered in self.runs if low <= length <= high), EMPTY)


def _aligned(*sets: PrefixSet) -> Iterator[tuple[int, int, list[Intervals]]]:
    """Yield each stretch of lengths in which no set changes, with what each of them covers there."""
    cuts = sorted({cut for one in sets for low, high, _ in one.runs for cut in (low, high + 1)})
    rest = [list(reversed(one.runs)) for one in sets]
    for low, end in pairwise(cuts):
        covered = []
        for runs in rest:
            while runs and runs[-1][1] < low:
                runs.pop()
            covered.append(runs[-1][2] if runs and runs[-1][0] <= low else EMPTY)
        yield low, end - 1, covered


def _of_runs(version: int, runs: Iterable[tuple[int, int, Intervals]]) -> PrefixSet:
    joined: list[tuple[int, int, Intervals]] = []
    for low, high, covered in runs:
        if not covered:
            continue
        if joined and joined[-1][1] == low - 1 and joined[-1][2] == covered:
            joined[-1] = (joined[-1][0], high, covered)
        else:
            joined.append((low, high, covered))
    return PrefixSet(version, tuple(joined))


def union(version: int, sets: Iterable[PrefixSet]) -> PrefixSet:
    """Unite many sets at once."""
    return _of_runs(
        version,
        (
            (low, high, interval.of_ranges(pair for one in covered for pair in interval.ranges(one)))
            for low, high, covered in _aligned(*sets)
        ),
    )


def bounds(entry: PrefixListEntry) -> tuple[int, int]:
    """Return the shortest and longest length of a line (no ge and le: exact; only ge: up to the longest)."""
    own = entry.prefix
    low = own.prefixlen if entry.ge is None else entry.ge
    high = (own.max_prefixlen if entry.ge is not None else low) if entry.le is None else entry.le
    return low, high


def permitted(lst: PrefixList, version: int) -> PrefixSet:
    """Return what a prefix list permits of a version: of the lines that cover a prefix, the first decides."""
    return first_match(
        version,
        [
            (*bounds(entry), *_span(entry.prefix), entry.action == "permit")
            for entry in lst.entries
            if entry.prefix.version == version
        ],
    )


def idle_lines(lst: PrefixList) -> tuple[list[int], list[int]]:
    """Find the lines (seq) that never decide, for earlier ones do; and those without which the rest says the same."""
    decisive: set[int] = set()
    needed: set[int] = set()
    of_version: dict[int, list[tuple[int, int, int, int, bool, int]]] = {4: [], 6: []}
    for entry in lst.entries:
        line = (*bounds(entry), *_span(entry.prefix), entry.action == "permit", entry.seq)
        of_version[entry.prefix.version].append(line)
    for lines in of_version.values():
        for blocks in _stretches(lines).values():
            _decide(sorted(blocks), decisive, needed)
    shadowed = [entry.seq for entry in lst.entries if entry.seq not in decisive]
    redundant = [entry.seq for entry in lst.entries if entry.seq in decisive and entry.seq not in needed]
    return shadowed, redundant


def _stretches(lines: Sequence[tuple[int, int, int, int, bool, int]]) -> dict[int, list[tuple[int, int, int, bool]]]:
    """Return the lines (start, -end, rank, permit) of each stretch of lengths in which the same ones count."""
    cuts = sorted({cut for line in lines for cut in (line[0], line[1] + 1)})
    place = {cut: number for number, cut in enumerate(cuts)}
    at: dict[int, list[tuple[int, int, int, bool]]] = {cut: [] for cut in cuts}
    for low, high, start, end, permit, rank in lines:
        for cut in cuts[place[low] : place[high + 1]]:
            at[cut].append((start, -end, rank, permit))
    return at


def _decide(blocks: list[tuple[int, int, int, bool]], decisive: set[int], needed: set[int]) -> None:
    """Walk along nested blocks: note who decides, and whether the next one would say otherwise (at last, deny)."""
    stack: list[tuple[int, tuple[tuple[int, bool], ...]]] = []
    place = 0

    def note(until: int) -> None:
        if until > place and stack:
            best, *others = stack[-1][1]
            decisive.add(best[0])
            # a deny at the end is how people write what holds anyway: that is no fault
            if not others or others[0][1] != best[1]:
                needed.add(best[0])

    for start, minus_end, rank, permit in blocks:
        while stack and stack[-1][0] <= start:
            note(stack[-1][0])
            place = max(place, stack.pop()[0])
        note(start)
        place = start
        known = stack[-1][1] if stack else ()
        stack.append((-minus_end, tuple(sorted((*known, (rank, permit)))[:2])))
    while stack:
        note(stack[-1][0])
        place = max(place, stack.pop()[0])


def first_match(version: int, lines: Sequence[tuple[int, int, int, int, bool]]) -> PrefixSet:
    """Return what ordered lines (shortest, longest length, first address, end, permit) permit; CIDR blocks only.

    Time: about n log n for each stretch of lengths with the same lines.
    """
    at = _stretches([(*line, rank) for rank, line in enumerate(lines)])
    return _of_runs(version, ((low, end - 1, _swept(sorted(at[low]))) for low, end in pairwise(at)))


def _swept(blocks: list[tuple[int, int, int, bool]]) -> Intervals:
    """Walk along nested blocks (start, -end, rank, permit): at each address the lowest rank that covers it decides."""
    found: list[int] = []
    stack: list[tuple[int, int, bool]] = []
    place = 0

    def emit(until: int) -> None:
        if stack and stack[-1][2] and until > place:
            if found and found[-1] == place:
                found[-1] = until
            else:
                found.extend((place, until))

    for start, minus_end, rank, permit in blocks:
        while stack and stack[-1][0] <= start:
            emit(stack[-1][0])
            place = max(place, stack.pop()[0])
        emit(start)
        place = start
        decides = min(stack[-1][1:], (rank, permit)) if stack else (rank, permit)
        stack.append((-minus_end, *decides))
    while stack:
        emit(stack[-1][0])
        place = max(place, stack.pop()[0])
    return tuple(found)


def access_permitted(lst: AccessList, version: int) -> PrefixSet | None:
    """Return what an access list permits; None where a wildcard mask has no exact form here."""
    lines: list[tuple[int, int, int, int, bool]] = []
    for entry in lst.entries:
        permit = entry.action == "permit"
        if entry.prefix is not None:
            if entry.prefix.version == version:
                longest = entry.prefix.prefixlen if entry.exact else _WIDTHS[version]
                lines.append((entry.prefix.prefixlen, longest, *_span(entry.prefix), permit))
            continue
        if version != 4:
            continue
        source = _wild(entry.source, entry.wildcard)
        if source is None:
            return None
        for low, high, start, end in _begins_in(*source):
            if entry.destination is None:
                lines.append((low, high, start, end, permit))
                continue
            lines += [
                (length, length, start, end, permit)
                for length in range(low, high + 1)
                if _masked(entry.destination, entry.destination_wildcard, _ALL4 ^ (_ALL4 >> length))
            ]
    return first_match(version, lines)


class Permitted:
    """What lists permit: of each list it is found out once."""

    def __init__(self) -> None:
        # a list is known by its identity, which holds as long as it is kept here
        self._known: dict[tuple[int, int], tuple[PrefixList | AccessList, PrefixSet | None]] = {}

    def of(self, lst: PrefixList | AccessList, version: int) -> PrefixSet | None:
        """Return what a list permits of a version; None where a wildcard mask has no exact form."""
        key = (id(lst), version)
        if key not in self._known:
            found = permitted(lst, version) if isinstance(lst, PrefixList) else access_permitted(lst, version)
            self._known[key] = (lst, found)
        return self._known[key][1]


def _begins_in(start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the prefixes whose first address is in an aligned block: (shortest, longest length, addresses covered)."""
    own = 32 - ((end - start).bit_length() - 1)
    yield own, 32, start, end
    # shorter ones begin there, too, as long as their length leaves the block's first address as it is
    for length in range(own - 1, -1, -1):
        size = 1 << (32 - length)
        if start % size:
            return
        yield length, length, start, start + size


def _wild(source: Any, wildcard: IPv4Address | None) -> tuple[int, int] | None:
    """Return the addresses of a source; None where the wildcard's ones are not all at its end."""
    if source == "any":
        return 0, 1 << 32
    free = 0 if wildcard is None else int(wildcard)
    if free & (free + 1):
        return None
    start = int(source) & ~free
    return start, start + free + 1


def _masked(wanted: Any, wildcard: IPv4Address | None, mask: int) -> bool:
    if wanted == "any":
        return True
    cared = _ALL4 ^ (0 if wildcard is None else int(wildcard))
    return bool(mask & cared == int(wanted) & cared)


def _span(prefix: Prefix) -> tuple[int, int]:
    start = int(prefix.network_address)
    return start, start + (1 << (prefix.max_prefixlen - prefix.prefixlen))


def _network(version: int, start: int, length: int) -> Prefix:
    return IPv4Network((start, length)) if version == 4 else IPv6Network((start, length))


def _parts(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a range into aligned blocks (start, size)."""
    while start < end:
        size = start & -start if start else 1 << (end - start).bit_length()
        while start + size > end:
            size >>= 1
        yield start, size
        start += size
