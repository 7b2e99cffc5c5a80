"""What bgpd says of its own route maps (`show route-map`), against what its running configuration says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from frrgen.model.policy import calls
from frrgen.model.router import Router

_MAP = re.compile(r"route-map: (\S+) Invoked: \d+ Optimization: (enabled|disabled) ")
_ENTRY = re.compile(r" (permit|deny), sequence (\d+) ")


@dataclass(frozen=True, slots=True)
class Shown:
    """A route map as bgpd has it."""

    optimised: bool
    entries: tuple[tuple[int, str], ...]
    """(number, action)"""


def shown_maps(text: str) -> dict[str, Shown]:
    """Read the answer of bgpd; what other daemons say before is passed over."""
    _, _, text = text.rpartition("BGP:\n")
    found: dict[str, Shown] = {}
    name = ""
    for line in text.splitlines():
        if (match := _MAP.match(line)) is not None:
            name = match[1]
            found[name] = Shown(match[2] == "enabled", ())
        elif name and (match := _ENTRY.match(line)) is not None:
            known = found[name]
            found[name] = Shown(known.optimised, (*known.entries, (int(match[2]), match[1])))
    return found


def contradictions(router: Router, shown: dict[str, Shown]) -> Iterator[tuple[str, str]]:
    """Give (map, what is wrong) where bgpd has something else than its running configuration says."""
    callers = {called: name for name, theirs in calls(router.route_maps).items() for called in theirs}
    for name, one in shown.items():
        if name not in router.route_maps and not one.entries:
            by = f", and {callers[name]}, which calls it, denies what comes to that call" if name in callers else ""
            yield name, f"bgpd keeps an empty map {name} that it does not show{by}: `no route-map {name}` takes it away"
    for name, route_map in router.route_maps.items():
        said = tuple((entry.seq, entry.action) for entry in route_map.entries)
        have = shown.get(name)
        if have is None:
            yield name, f"bgpd itself has no map {name}"
        elif have.entries != said:
            yield (
                name,
                f"bgpd itself has {len(have.entries)} other entries of {name} than its configuration's {len(said)}",
            )
        elif route_map.optimization is not None and have.optimised != route_map.optimization:
            state = "on" if have.optimised else "off"
            yield name, f"the optimiser of {name} is {state} in bgpd itself, and its configuration says otherwise"
