"""Which sessions of a parsed configuration cannot be judged, for not every line about them was understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from frrgen.errors import Path
from frrgen.model.router import Router
from frrgen.platforms.frr.grammar.layout import raw_lines
from frrgen.platforms.frr.parse.fates import Leftover

UnreadSessions = Mapping[tuple[str | None, str], tuple[str, ...]]
"""A VRF (None: the main instance) and a neighbor or peer group -> its lines that were not understood."""
_INSTANCE: Final = re.compile(r"router bgp [0-9.]+(?: (?:vrf|view) (?P<vrf>[^ ]+))?(?: .+)?")
_OF_A_SESSION: Final = re.compile(r"(?:no )?neighbor (?P<name>[^ ]+) .+")
_SAID: Final = 3
"""The words of a line that name a neighbor and an option."""
_NARROWS: Final = re.compile(r"no neighbor [^ ]+ activate")
"""What only takes a family away."""


def unread_sessions(leftovers: Iterable[Leftover]) -> UnreadSessions:
    """Return the neighbors and peer groups that leftovers name.

    Such a line may turn on a family that the model lacks, with no policy in front of it.
    """
    return _unread((one.context, one.line) for one in leftovers)


def unread_raw(router: Router) -> UnreadSessions:
    """Return the neighbors and peer groups that raw lines of an instance name."""
    return _unread((context, line) for context, line in raw_lines(router))


def _unread(lines: Iterable[tuple[Path, str]]) -> UnreadSessions:
    found: dict[tuple[str | None, str], tuple[str, ...]] = {}
    for context, line in lines:
        instance = _INSTANCE.fullmatch(context[0]) if context else None
        session = _OF_A_SESSION.fullmatch(line)
        if instance is not None and session is not None and _NARROWS.fullmatch(line) is None:
            key = (instance["vrf"], session["name"])
            # what comes behind the option's name may be a secret
            words = line.removeprefix("no ").split(" ")
            shown = line if len(words) <= _SAID else f"{' '.join(line.split(' ')[: -len(words) + _SAID])} …"
            found[key] = (*found.get(key, ()), " / ".join([*context[1:], shown]))
    return found


def lines_of(unread: UnreadSessions, vrf: str | None, name: str, group: str | None) -> tuple[str, ...]:
    """Return the lines about a neighbor that were not understood, and those about its peer group."""
    return (*unread.get((vrf, name), ()), *(() if group is None else unread.get((vrf, group), ())))
