"""An announcement as a person or a program writes it: prefixes, and what is announced with them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from frrgen.model.types import (
    U32,
    Address,
    AnyCommunities,
    AnyLargeCommunities,
    Model,
    PlacedError,
    Prefix,
    community_value,
    large_community_value,
)
from frrgen.speaker.plan import PoolRange
from frrgen.speaker.process.sources.base import Health, Run
from frrgen.speaker.table.table import in_order, packed
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import IPV6_BIT, Family


class Announcement(Model):
    """Prefixes that are announced alike."""

    prefix: Prefix | None = None
    prefixes: tuple[Prefix, ...] = ()
    prefix_file: str | None = None
    """A file with a prefix a line, beside this one or with its whole path: for many of them."""
    next_hop: Literal["self"] | Address = "self"
    communities: AnyCommunities | None = None
    """Instead of the pool's; an empty list: none."""
    large_communities: AnyLargeCommunities | None = None
    local_preference: U32 | None = None
    med: U32 | None = None
    prepend: Annotated[int, Field(ge=0, le=10)] | None = None
    health: Health | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if (self.prefix is not None) + bool(self.prefixes) + (self.prefix_file is not None) != 1:
            raise PlacedError("write one of prefix, prefixes and prefix_file")
        return self


def in_runs(keys: Sequence[int]) -> list[Run]:
    """Return prefixes in order, by family."""
    if isinstance(keys, array):
        # a key of IPv6 is longer than a machine's word
        return [Run(Family.IPV4, Attributes(), in_order(keys, Family.IPV4))] if keys else []
    runs = []
    for family in Family:
        own = in_order((key for key in keys if bool(key & IPV6_BIT) is (family is Family.IPV6)), family)
        if own:
            runs.append(Run(family, Attributes(), own))
    return runs


def attributed(
    runs: Iterable[Run], one: Announcement, pools: list[PoolRange], shared: dict[Attributes, Attributes]
) -> Iterator[Run]:
    """Yield the prefixes with their attributes: those of the announcement, and else those of their pool."""
    found: dict[tuple[Family, Attributes], list[Sequence[int]]] = {}

    def say(family: Family, base: Attributes, keys: Sequence[int]) -> None:
        if keys:
            said = _attributes(one, base)
            # equal attributes are one object: routes are compared by identity first
            found.setdefault((family, shared.setdefault(said, said)), []).append(keys)

    for run in runs:
        start = 0
        for pool in pools:
            first, end = bisect_left(run.keys, pool.first, start), bisect_left(run.keys, pool.end, start)
            say(run.family, Attributes(), run.keys[start:first])
            inside = run.keys[first:end]
            fits = [key for key in inside if pool.low <= key & 0xFF <= pool.high]
            if len(fits) == len(inside):
                say(run.family, pool.said, inside)
            else:
                say(run.family, pool.said, fits)
                say(run.family, Attributes(), [key for key in inside if not pool.low <= key & 0xFF <= pool.high])
            start = max(start, end)
        say(run.family, Attributes(), run.keys[start:])
    for (family, said), parts in found.items():
        keys = parts[0] if len(parts) == 1 else in_order((key for part in parts for key in part), family)
        yield Run(family, said, packed(keys, family))


def _attributes(one: Announcement, base: Attributes) -> Attributes:
    changes: dict[str, object] = {
        name: getattr(one, name) for name in ("local_preference", "med", "prepend") if getattr(one, name) is not None
    }
    if one.communities is not None:
        changes["communities"] = tuple(sorted(community_value(text) for text in one.communities))
    if one.large_communities is not None:
        changes["large_communities"] = tuple(sorted(large_community_value(text) for text in one.large_communities))
    if one.next_hop != "self":
        changes["next_hop"] = one.next_hop
    return replace(base, **changes)  # type: ignore[arg-type]
