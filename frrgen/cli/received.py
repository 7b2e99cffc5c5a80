"""What neighbors sent, before the policy: FRR counts it where it keeps it (`soft-reconfiguration inbound`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, Final

from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import NeighborOptions
from frrgen.model.router import Router
from frrgen.model.types import is_address
from frrgen.transport.base import UP, Keeper, Peer, Running

_FAMILIES: Final = {"ipv4Unicast": "ipv4_unicast", "ipv6Unicast": "ipv6_unicast"}
_WORD: Final = re.compile(r"[0-9A-Za-z.:_-]+")
"""Names that can stand in a command as they are."""


def keeps(router: Router, peer: Peer) -> bool:
    """Tell whether a router keeps what a neighbor sends, by its own options or those of its group."""
    field, bgp = _FAMILIES.get(peer.family), router.bgp_of(None if peer.vrf == "default" else peer.vrf)
    if field is None or bgp is None:
        return False
    return any(getattr(one, field).soft_reconfiguration_inbound for one in _options(bgp, peer.neighbor))


def _options(bgp: Bgp, neighbor: str) -> Iterator[NeighborOptions]:
    if neighbor in bgp.neighbors:
        yield from bgp.with_group(bgp.neighbors[neighbor])
    elif is_address(neighbor):
        address = ip_address(neighbor)
        group = next((name for range_, name in bgp.listen_ranges.items() if address in range_), None)
        if group in bgp.peer_groups:
            yield bgp.peer_groups[group]


def with_received(device: Keeper[Running], router: Router, peers: Sequence[Peer]) -> list[Peer]:
    """Return the sessions with the number of prefixes that each neighbor sent, where the router knows it.

    `router`: what runs. FRR walks its whole table for each such session (`prefix-counts`).
    """
    asked = [
        one
        for one in peers
        if one.state == UP and _WORD.fullmatch(one.vrf) and _WORD.fullmatch(one.neighbor) and keeps(router, one)
    ]
    found = {one: _counted(device, one) for one in asked}
    return [replace(one, received=found.get(one)) for one in peers]


def _counted(device: Keeper[Running], peer: Peer) -> int | None:
    family = _FAMILIES[peer.family].replace("_", " ")
    text = device.show([f"show bgp vrf {peer.vrf} {family} neighbors {peer.neighbor} prefix-counts json"])
    try:
        said: Any = json.loads(text[text.find("{") :])
        return int(said["ribTableWalkCounters"]["Adj-in"])
    except (ValueError, KeyError, TypeError):
        return None
