"""The sessions that an instance may have: its neighbors, and those that come by listen range, whom it does not name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from frrgen.lines.rule import Statement
from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import Neighbor, NeighborOptions, PeerGroup


class ConfiguredSession(NamedTuple):
    """A session, or all dynamic ones of a group."""

    name: str
    """How a plan names it: by the neighbor, or as the dynamic neighbors of a group."""
    remote_as: int | str | None
    """The neighbor's AS number, `internal` or `external`, of its own or of its group."""
    internal: bool

    def is_reset_by(self, statement: Statement) -> bool:
        """Tell whether a change of this line, which resets sessions of a kind, resets this one."""
        kind = statement.rule.resets
        if kind == "named":
            return str(self.remote_as) == statement.slot[-1]
        return not kind or (kind == "internal") == self.internal


def dynamic(group: str) -> str:
    """Name the dynamic neighbors of a group."""
    return f"dynamic neighbors of {group}"


def dialled(session: str) -> str:
    """Return the neighbor, or the group of the dynamic neighbors, that a session's name stands for."""
    return session.removeprefix(dynamic(""))


def is_shut(bgp: Bgp, one: NeighborOptions) -> bool:
    """Tell whether a neighbor or a group is shut, by itself or by the neighbor's group."""
    return any(each.shutdown for each in bgp.with_group(one))


def said_by(bgp: Bgp, session: str) -> Sequence[NeighborOptions]:
    """Return what says the options of a session, by the name of the session: the neighbor and its group."""
    neighbor = bgp.neighbors.get(session)
    if neighbor is None:
        return [group for name, group in bgp.peer_groups.items() if dynamic(name) == session]
    return bgp.with_group(neighbor)


def sessions(bgp: Bgp) -> Iterator[ConfiguredSession]:
    """Yield the sessions of an instance."""
    for peer, neighbor in bgp.neighbors.items():
        group = bgp.group_of(neighbor)
        yield _session(peer, neighbor, group, bgp)
    for name in dict.fromkeys(bgp.listen_ranges.values()):
        if name in bgp.peer_groups:
            yield _session(dynamic(name), bgp.peer_groups[name], None, bgp)


def _session(name: str, one: Neighbor | PeerGroup, group: PeerGroup | None, bgp: Bgp) -> ConfiguredSession:
    remote_as = one.remote_as if group is None or group.remote_as is None else group.remote_as
    return ConfiguredSession(name, remote_as, remote_as in {"internal", bgp.asn})
