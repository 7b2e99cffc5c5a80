"""Which route-map entries of a parsed configuration cannot be judged, for not every line of them was understood."""

from __future__ import annotations

import re
from collections.abc import Iterable

from frrgen.parse.frr import Leftover


def unread_entries(leftovers: Iterable[Leftover]) -> frozenset[tuple[str, int]]:
    """Give the name of the map and the number of the entry of each leftover that stands in one."""
    found = set()
    for leftover in leftovers:
        match = re.fullmatch(
            r"route-map ([^ ]+) (?:permit|deny) ([0-9]+)", leftover.context[0] if leftover.context else ""
        )
        # a refused `call` of a map by itself changes nothing: FRR refuses it, too
        if match is not None and leftover.line != f"call {match[1]}":
            found.add((match[1], int(match[2])))
    return frozenset(found)
