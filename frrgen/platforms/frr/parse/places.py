"""Where in an frr.conf a part of the router's model stands, found when somebody asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from frrgen.platforms.frr.grammar.policy import LISTS

_WORDS = {kind.field: kind.words for kind in LISTS}
_ATTACHED = re.compile(r"(route_map|prefix_list|filter_list|distribute_list)_(in|out)")


class Places:
    """The lines of one text."""

    def __init__(self, text: str) -> None:
        """Keep the text; nothing is read yet."""
        self.text = text

    def line(self, path: Sequence[str]) -> int:
        """Return the number of the line that says what is at a path, or what is nearest to it; 0: none does."""
        for pattern in _patterns([step for step in path if step != "entries"]):
            found = re.search(rf"^[ \t]*{pattern}", self.text, re.MULTILINE)
            if found is not None:
                return self.text.count("\n", 0, found.start()) + 1
        return 0


def _patterns(path: list[str]) -> Iterator[str]:
    """Yield the most exact first, what begins the line that is looked for."""
    if path[:1] == ["vrfs"]:
        path = path[2:]
    kind, name, *more = [*path, "", ""]
    name = re.escape(name)
    if kind == "route_maps":
        yield rf"route-map {name} (?:permit|deny) {re.escape(more[0])}[ \t]*$"
        yield rf"route-map {name} "
    elif kind in _WORDS:
        words = rf"{_WORDS[kind]}(?: standard| expanded)? {name}"
        yield rf"{words} seq {re.escape(more[0])} "
        yield rf"{words} "
    elif kind == "bgp" and name in {"neighbors", "peer_groups"}:
        peer = re.escape(more[0])
        if len(more) > 2 and (attached := _ATTACHED.fullmatch(more[2])):
            yield rf"neighbor {peer} {attached[1].replace('_', '-')} \S+ {attached[2]}[ \t]*$"
        yield rf"neighbor {peer} (?:remote-as|peer-group|interface)"
        yield rf"neighbor {peer} "
    elif kind == "bgp":
        yield "router bgp "
