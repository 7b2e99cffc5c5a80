"""What a policy has done to a route so far: each attribute as a function of what came in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from frrgen.model.types import U32_MAX, Address
from frrgen.policy.sets import interval
from frrgen.policy.sets.communities import Cube
from frrgen.policy.sets.interval import Intervals
from frrgen.policy.sets.region import ABSENT

Kept = None
"""An attribute is as it came in."""


@dataclass(frozen=True, slots=True)
class Number:
    """x becomes x + delta, but not less than `low` nor more than `high`; an absent x counts as `base`.

    FRR stops at 0 and at 2^32-1 after each step; steps after each other are of the same form again.
    """

    delta: int
    low: int
    high: int
    base: int

    @staticmethod
    def constant(value: int) -> Number:
        """Set it."""
        return Number(0, value, value, 0)

    def then(self, wanted: int | str) -> Number:
        """Set it, or move it by a signed number, after what was done before."""
        if isinstance(wanted, int):
            return Number.constant(wanted)
        step = int(wanted)
        low, high = (max(0, min(U32_MAX, bound + step)) for bound in (self.low, self.high))
        return Number(self.delta + step, low, high, self.base)

    def __call__(self, value: int) -> int:
        """Return what becomes of a number."""
        value = self.base if value == ABSENT else value
        return min(self.high, max(self.low, value + self.delta))

    def before(self, wanted: int) -> Intervals:
        """Return the numbers that become the wanted one."""
        if not self.low <= wanted <= self.high:
            return ()
        start = 0 if wanted == self.low else wanted - self.delta
        end = U32_MAX + 1 if wanted == self.high else wanted - self.delta + 1
        found = interval.interval(max(0, start), min(U32_MAX + 1, end))
        return interval.union(found, (ABSENT, 0)) if self(ABSENT) == wanted else found

    def fixed(self) -> Intervals:
        """Return the numbers that stay as they are."""
        if self.delta == 0:
            return interval.interval(self.low, self.high + 1)
        return interval.of_ranges(
            (bound, bound + 1) for bound in (self.low, self.high) if bound >= 0 and self(bound) == bound
        )


def untouched(base: int) -> Number:
    """Return the function that keeps a number, and makes an absent one `base`."""
    return Number(0, 0, U32_MAX, base)


@dataclass(frozen=True, slots=True)
class PathChange:
    """An AS path becomes `front`, and behind it what came in without the ASes of `gone`; then `more` is done to it."""

    front: tuple[int, ...] = ()
    gone: frozenset[int] = frozenset()
    more: tuple[tuple[str, Any], ...] = ()
    """What `front` and `gone` cannot say: ("last", times) where no front is known, "all" gone, and what came after."""

    def prepended(self, asns: tuple[int, ...]) -> PathChange:
        """Put ASes in front."""
        if self.more:
            return replace(self, more=(*self.more, ("prepend", asns)))
        return replace(self, front=(*asns, *self.front))

    def prepended_last(self, times: int) -> PathChange:
        """Put the first AS in front of itself."""
        if self.more or not self.front:
            return replace(self, more=(*self.more, ("last", times)))
        return replace(self, front=(*self.front[:1] * times, *self.front))

    def excluded(self, asns: tuple[int, ...]) -> PathChange:
        """Take ASes out."""
        if self.more:
            return replace(self, more=(*self.more, ("exclude", asns)))
        return PathChange(tuple(asn for asn in self.front if asn not in asns), self.gone | set(asns))

    def emptied(self) -> PathChange:
        """Take every AS out."""
        return PathChange(more=(("all", ()),))


NOTHING_SET: Final[Cube] = frozenset()


@dataclass(frozen=True, slots=True)
class Effects:
    """The changes of each attribute; None: as it came in."""

    med: Number | None = None
    local_preference: Number | None = None
    weight: int | None = None
    tag: int | None = None
    origin: str | None = None
    next_hop: Address | str | None = None
    beside: Address | None = None
    """The IPv6 next hop that was set on an IPv4 route; clauses do not see it."""
    said_hop: bool = False
    """Whether an IPv4 address was set as the next hop, which outdoes `beside`."""
    path: PathChange = PathChange()
    communities: Cube = NOTHING_SET
    """Atoms that are now there, or not, whatever came in."""
    large_communities: Cube = NOTHING_SET
    more: tuple[tuple[str, str], ...] = ()
    """What was set beside that which a route of ours has, e.g. an extended community, as it is written."""
