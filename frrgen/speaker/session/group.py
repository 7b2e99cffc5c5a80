"""Sessions that announce the same share what is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from frrgen.speaker.table.gate import Gate
from frrgen.speaker.table.rib import AdjRibOut, Encoder, Written
from frrgen.speaker.wire.packed_prefix import Family


class Group:
    """Sessions with the same announcements: one Adj-RIB-Out, and what it looks like on the wire, written once."""

    def __init__(self, rib: AdjRibOut, gate: Gate) -> None:
        self.rib = rib
        self.gate = gate
        rib.enforce = gate.mode == "enforce"
        rib.families = frozenset(Family) - gate.elsewhere
        self._written: dict[Any, Written] = {}
        self._reading: list[Written] = []

    @contextlib.contextmanager
    def reading(self, encoder: Encoder, families: frozenset[Family]) -> Iterator[Written]:
        """Return all that is announced now; what changes while it is read is left out of it."""
        key = (encoder.writer, encoder.add_path, encoder.longest, families)
        written = self._written.get(key)
        if written is None:
            written = self._written[key] = Written(self.rib, encoder, sorted(families, key=lambda one: one.afi))
        self._reading.append(written)
        try:
            yield written
        finally:
            self._reading.remove(written)

    def may_be_kept(self, family: Family) -> bool:
        """Tell whether routers may keep our routes over a restart (RFC 4724).

        They count it, and what is sent behind it, until End-of-RIB: both must be within the maximum-prefix. What
        a process before this one has told is not known, and taken to be no more than what this one does.
        """
        limit = self.gate.limit(family)
        return limit is None or self.gate.fits(family) or 2 * self.rib.most[family] <= limit

    def judge(self, keys: Sequence[int]) -> dict[int, bool]:
        """Return the keys whose state changes with these keys of the table, and whether they are announced."""
        moved = [*keys, *self.gate.judge(self.rib, keys)]
        for written in self._reading:
            written.changed.update(moved)
        self._written.clear()
        return dict.fromkeys(moved, True) | dict.fromkeys(self.rib.pending(moved), False)
