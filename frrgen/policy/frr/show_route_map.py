"""What bgpd says of its own route maps (`show route-map json`), against what its running configuration says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.model.policy import calls
from frrgen.model.router import Router


@dataclass(frozen=True, slots=True)
class Shown:
    """A route map as bgpd has it."""

    optimised: bool
    entries: tuple[tuple[int, str], ...]
    """(number, action)"""


def shown_maps(answer: Mapping[str, Any]) -> dict[str, Shown]:
    """Read the maps of bgpd's answer, by their names. Raises DeviceError if they are not what bgpd shows."""
    try:
        return {
            name: Shown(
                not one["disabledOptimization"], tuple((rule["sequenceNumber"], rule["type"]) for rule in one["rules"])
            )
            for name, one in answer.items()
        }
    except (KeyError, TypeError) as bad:
        raise DeviceError(Finding(Code.FRR516, f"bgpd shows its route maps in another form: {bad!r}")) from bad


def contradictions(router: Router, shown: dict[str, Shown]) -> Iterator[tuple[str, str]]:
    """Yield (map, what is wrong) where bgpd has something else than its running configuration says."""
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
