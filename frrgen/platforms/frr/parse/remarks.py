"""The comments of an frr.conf: what a person wrote above a line, and the part of a router that the line is about.

FRR keeps no comments, so a router has none: only a file does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from frrgen.platforms.frr.grammar.policy import LISTS

Place = tuple[str, ...]
_LISTS: Final = {kind.words: kind.field for kind in LISTS}
_LIST: Final = re.compile(rf"(?P<words>{'|'.join(_LISTS)})(?: standard| expanded)? (?P<name>[^ ]+)")
_BGP: Final = re.compile(r"router bgp [^ ]+(?: vrf (?P<vrf>[^ ]+))?")
_OF_NEIGHBOR: Final = re.compile(r"neighbor (?P<peer>[^ ]+)(?P<group> peer-group$)?")
_NO_WORDS: Final = re.compile(r"[^A-Za-z0-9]*|(?:Zebra|Current) configuration.*|.*configuration saved from vty.*")


def remarks(text: str) -> dict[Place, tuple[str, ...]]:
    """Return the comments of an frr.conf, each with the place of its part in a router's file; (): the whole file.

    A comment is `! TEXT` or `# TEXT` in lines of its own. Lines that only part others (`!`, `! -----`) are none.
    """
    found: dict[Place, list[str]] = {}
    pending: list[str] = []
    for place, comment in _lines(text):
        if comment is not None:
            pending.append(comment)
        elif pending:
            found.setdefault(place, []).extend(pending)
            pending = []
    if pending:
        found.setdefault((), []).extend(pending)
    return {place: tuple(lines) for place, lines in found.items()}


def _lines(text: str) -> Iterator[tuple[Place, str | None]]:
    """Yield the place of each line, or the comment that the line is."""
    around: Place = ()
    groups: set[str] = set()
    for raw in text.splitlines():
        line = " ".join(raw.split())
        if line[:1] in {"!", "#"}:
            comment = line.lstrip("!#").strip()
            if not _NO_WORDS.fullmatch(comment):
                yield (), comment
        elif line and raw[:1].isspace() and around:
            peer = _OF_NEIGHBOR.match(line)
            if peer is not None and peer["group"]:
                groups.add(peer["peer"])
            kind = "peer_groups" if peer is not None and peer["peer"] in groups else "neighbors"
            yield around if peer is None else (*around, kind, peer["peer"]), None
        elif line:
            around = _place(line)
            yield around, None


def _place(line: str) -> Place:
    """Return the place of a line at the top level."""
    if (bgp := _BGP.fullmatch(line)) is not None:
        return ("bgp",) if bgp["vrf"] in {None, "default"} else ("vrfs", bgp["vrf"], "bgp")
    if (listed := _LIST.match(line)) is not None:
        return _LISTS[listed["words"]], listed["name"]
    words = line.split(" ")
    if words[0] in {"route-map", "vrf"} and len(words) > 1:
        return {"route-map": "route_maps", "vrf": "vrfs"}[words[0]], words[1]
    return ("static_routes",) if words[:2] in (["ip", "route"], ["ipv6", "route"]) else ()
