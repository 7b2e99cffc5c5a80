"""A stand-in for filters that FRR refuses beside each other: between the old one and the new one, no session is open.

`distribute-list` and `prefix-list` of one direction exclude each other. So a route map that says what the new list and
the new map say together is there before the old list goes, and goes when the new list is there. Nothing that both the
old and the new policy let through is lost meanwhile, and nothing that neither lets through comes in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import Neighbor, NeighborFamily, PeerGroup
from frrgen.model.policy import RouteMap
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES

_NAME: Final = "frrgen-is-at-work"
Key = tuple[str, str, str]
"""VRF ("" for none), neighbor or group, and family."""


class StandIn(NamedTuple):
    """The lines of one neighbor or group in one family: `on` before its filters change, `off` behind."""

    on: list[str]
    off: list[str]


class StandIns:
    """Every stand-in that a plan needs."""

    def __init__(self, old: Router, new: Router) -> None:
        self._known = {*old.route_maps, *new.route_maps}
        self.maps: dict[str, RouteMap] = {}
        """The route maps that must be there before `router bgp` is entered, and go at the end."""
        self.lines: dict[Key, StandIn] = {}
        for vrf, before, after in _instances(old, new):
            for family in FAMILIES:
                self._family(vrf, before, after, family)

    def _family(self, vrf: str, old: Bgp, new: Bgp, family: str) -> None:
        for owner, was, one in _owners(old, new):
            before, after = getattr(was, family), getattr(one, family)
            for direction in ("in", "out"):
                match = _replaced(before, after, family, direction)
                if match is None:
                    continue
                found = self.lines.setdefault((vrf, owner, family), StandIn([], []))
                self._say(found, owner, direction, match, getattr(after, f"route_map_{direction}"))
                for peer, own_map in _members(old, owner, family, direction):
                    # its own map hides the group's
                    self._say(found, peer, direction, match, own_map)

    def _say(self, found: StandIn, owner: str, direction: str, match: dict[str, str], own_map: str | None) -> None:
        name = self._map(match, own_map)
        found.on.append(f"neighbor {owner} route-map {name} {direction}")
        if own_map is None:
            found.off.append(f"no neighbor {owner} route-map {name} {direction}")
        else:
            found.off.append(f"neighbor {owner} route-map {own_map} {direction}")

    def _map(self, match: dict[str, str], own_map: str | None) -> str:
        """Return the name of the map that asks the new list, and then the session's own map."""
        entry: dict[str, object] = {"seq": 10, "action": "permit", "match": match}
        if own_map is not None and own_map in self._known:
            entry["call"] = own_map
        elif own_map is not None:
            # FRR denies by a map that is not there, but a call of it permits
            entry["action"] = "deny"
        text = RouteMap.model_validate({"entries": [entry]})
        for name, there in self.maps.items():
            if there == text:
                return name
        name = f"{_NAME}-{len(self.maps) + 1}"
        while name in self._known:
            name += "x"
        self.maps[name] = text
        return name


def _instances(old: Router, new: Router) -> Iterator[tuple[str, Bgp, Bgp]]:
    pairs = [("", old.bgp, new.bgp)]
    pairs += [(name, old.vrfs[name].bgp, vrf.bgp) for name, vrf in new.vrfs.items() if name in old.vrfs]
    for vrf, before, after in pairs:
        if before is not None and after is not None and before.asn == after.asn:
            yield vrf, before, after


def _owners(old: Bgp, new: Bgp) -> Iterator[tuple[str, Neighbor | PeerGroup, Neighbor | PeerGroup]]:
    for name, group in new.peer_groups.items():
        if name in old.peer_groups:
            yield name, old.peer_groups[name], group
    for peer, neighbor in new.neighbors.items():
        if peer in old.neighbors:
            yield peer, old.neighbors[peer], neighbor


def _replaced(old: NeighborFamily, new: NeighborFamily, family: str, direction: str) -> dict[str, str] | None:
    """Return the match clause of the list that takes another kind's place; None where none does."""
    words = "ipv6_address" if family == "ipv6_unicast" else "ip_address"
    for kind, other, clause in (
        ("prefix_list", "distribute_list", f"{words}_prefix_list"),
        ("distribute_list", "prefix_list", words),
    ):
        name = getattr(new, f"{kind}_{direction}")
        if name is not None and getattr(old, f"{other}_{direction}") is not None:
            return {clause: name}
    return None


def _members(old: Bgp, group: str, family: str, direction: str) -> Iterator[tuple[str, str]]:
    """Yield the members of a group that have a map of their own, and take the list from the group."""
    for peer, neighbor in old.neighbors.items():
        own = getattr(neighbor, family)
        lists = (getattr(own, f"{kind}_{direction}") for kind in ("prefix_list", "distribute_list"))
        own_map = getattr(own, f"route_map_{direction}")
        if neighbor.peer_group == group and own_map is not None and not any(lists):
            yield peer, own_map
