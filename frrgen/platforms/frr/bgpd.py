"""What bgpd says of its own lists and maps: what it works with, not what its configuration says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from frrgen.model.types import Prefix
from frrgen.transport.base import Keeper, Running, unusable


def ask_prefix_lists(name: str, device: Keeper[Running], questions: Sequence[tuple[str, Prefix]]) -> list[str]:
    """Return what the prefix lists of a router do with prefixes: permit, deny, or "" for no such list.

    FRR command: `debug prefix-list`, which changes nothing. Raises DeviceError.
    """
    if not questions:
        return []
    said = device.show([f"debug prefix-list {one} match {prefix}" for one, prefix in questions])
    answers = [line for line in said.splitlines() if " yields " in line or line.startswith("% no prefix list")]
    if len(answers) != len(questions):
        raise unusable(name, "does not answer about its prefix lists", said)
    return [line.split(" yields ")[1].split()[0].lower() if " yields " in line else "" for line in answers]


def show_route_maps(name: str, device: Keeper[Running]) -> dict[str, Any]:
    """Return the route maps of a router's bgpd (`show route-map json`), by their names. Raises DeviceError."""
    said = device.show(["show route-map json"])
    try:
        # bgpd calls itself BGP on FRR 8, and bgpd on FRR 10
        (maps,) = json.loads(said).values()
    except (ValueError, AttributeError) as bad:
        raise unusable(name, "does not show its route maps", said) from bad
    if not isinstance(maps, dict):
        raise unusable(name, "does not show its route maps", said)
    return maps
