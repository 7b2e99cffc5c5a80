"""A maximum-prefix below what a neighbor brings: FRR shuts the session down at once (8.4.4, 10.3, 10.7.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import NamedTuple

from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import MaximumPrefix, Neighbor, NeighborFamily, PeerGroup
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, Prefix
from frrgen.platforms.frr.diff.sessions import dynamic

Accepted = Mapping[tuple[str, str, str], int]
"""VRF ("" for the default one), address family and address of an established session -> prefixes that policy let in."""


class Limit(NamedTuple):
    """A session that a new maximum-prefix may shut down."""

    vrf: str
    session: str
    family: str
    limit: MaximumPrefix
    brings: int | None
    """The prefixes that it brings, more than the limit; None: not known, or not all of them are."""

    def __str__(self) -> str:
        where = f"{self.session} ({self.family.replace('_', ' ')}{f', vrf {self.vrf}' if self.vrf else ''})"
        most = f"more than {self.limit.limit} prefixes"
        why = f"if it brings {most}" if self.brings is None else f"for it brings {self.brings} prefixes"
        counted = ", those that policy denies among them," if self.limit.force and self.brings is None else ""
        until = "until it is cleared" if self.limit.restart is None else f"for {self.limit.restart} min"
        return f"maximum_prefix shuts {where} down {until}{counted} {why}"


def limits(old: Router, new: Router, accepted: Accepted | None) -> Iterator[Limit]:
    """Yield the sessions that a lower limit shuts down, or may shut down.

    `accepted` is what established sessions bring now; None: it was not asked.
    """
    for vrf, after in new.instances():
        if (before := old.bgp_of(vrf)) is None:
            continue
        for session, addresses, was, now in _sessions(before, after, vrf or "", accepted):
            for family in FAMILIES:
                limit = _limit(after, now, family)
                if limit is None or limit.warning_only or not _tighter(_limit(before, was, family), limit):
                    continue
                brings = [(accepted or {}).get((vrf or "", family, address)) for address in addresses]
                most = max((one for one in brings if one is not None), default=None)
                if accepted is None or (most is not None and most <= limit.limit and limit.force):
                    yield Limit(vrf or "", session, family, limit, None)
                elif most is not None and most > limit.limit:
                    yield Limit(vrf or "", session, family, limit, most)


_Pair = tuple[str, Iterable[str], Neighbor | PeerGroup, Neighbor | PeerGroup]


def _sessions(old: Bgp, new: Bgp, vrf: str, accepted: Accepted | None) -> Iterator[_Pair]:
    """Yield each session that stays: its name in a plan, its addresses, and both configurations."""
    for peer, neighbor in new.neighbors.items():
        if peer in old.neighbors:
            yield peer, (peer,), old.neighbors[peer], neighbor
    for name in dict.fromkeys(new.listen_ranges.values()):
        if name in old.listen_ranges.values() and name in old.peer_groups and name in new.peer_groups:
            ranges = [prefix for prefix, group in new.listen_ranges.items() if group == name]
            addresses = {
                peer
                for where, _, peer in accepted or ()
                if where == vrf and peer not in new.neighbors and any(_is_in(peer, prefix) for prefix in ranges)
            }
            yield dynamic(name), sorted(addresses), old.peer_groups[name], new.peer_groups[name]


def _is_in(peer: str, prefix: Prefix) -> bool:
    try:
        return ip_address(peer) in prefix
    except ValueError:  # the interface of an unnumbered neighbor
        return False


def _limit(bgp: Bgp, one: Neighbor | PeerGroup, family: str) -> MaximumPrefix | None:
    """Return the limit of a neighbor, its own or that of its group."""
    parts: list[NeighborFamily] = [getattr(each, family) for each in bgp.with_group(one)]
    return next((part.maximum_prefix for part in parts if part.maximum_prefix is not None), None)


def _tighter(was: MaximumPrefix | None, now: MaximumPrefix) -> bool:
    """Tell whether a session that was up under the one limit may be over the other."""
    return was is None or was.warning_only or now.limit < was.limit or (now.force and not was.force)
