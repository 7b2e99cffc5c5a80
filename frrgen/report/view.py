"""A network as people look at it: plain data, from which pages and pictures are drawn. It holds no password."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class PolicyView:
    """What a session's policy does with the routes of one address family, in one direction."""

    attached: tuple[str, ...]
    """The lists and the map that decide, as `route map NAME`."""
    ways: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...]
    """Entry, routes, what becomes of them, what becomes of some of them instead."""
    prefixes: tuple[str, ...]
    """The exact set: each prefix with a route that passes, as lines of a prefix list that do not overlap."""
    left_out: int
    """How many more lines the set has."""
    refused_by: tuple[str, ...]
    undecided: tuple[tuple[str, str], ...]
    """Why it is not known what becomes of some routes, and which prefixes they have."""


@dataclass(frozen=True)
class SessionView:
    """A session of a router, or all sessions that a listen range may bring."""

    vrf: str | None
    neighbor: str
    description: str
    remote: str
    """The neighbor's AS number, `internal` or `external`."""
    external: bool
    group: str | None
    shutdown: bool
    policies: tuple[tuple[str, str, int], ...]
    """Family, direction, and the place of the policy in `NetworkView.policies`."""


@dataclass(frozen=True)
class RouterView:
    """A router and its sessions."""

    name: str
    description: str
    platform: str
    frr_version: str
    asn: int | None
    router_id: str | None
    addresses: tuple[tuple[str | None, str], ...]
    """Its own addresses as far as the inventory tells, each with its VRF."""
    sessions: tuple[SessionView, ...]


@dataclass(frozen=True)
class ClusterView:
    """A cluster."""

    name: str
    asn: int
    nodes: tuple[tuple[str, tuple[str, ...]], ...]
    """The name of each node, and its addresses."""
    pools: tuple[tuple[str, tuple[str, ...]], ...]
    """The name of each pool, and its prefixes."""
    routers: tuple[str, ...]


@dataclass(frozen=True)
class Observed:
    """What a router runs beside what is intended."""

    plan: dict[str, Any] | None = None
    """The plan as `diff --format json` writes it; None: it could not be asked."""
    empty: bool = False
    """There is nothing to do."""
    routes: tuple[str, ...] = ()
    """What becomes of routes, in words."""
    error: str = ""
    sessions: dict[tuple[str, str], bool] | None = None
    """VRF ("" for none) and neighbor: whether the session is up; None: not asked."""

    @property
    def state(self) -> str:
        """Name it: `same`, `drift`, `reset` (a session will reset) or `unknown`."""
        if self.plan is None:
            return "unknown"
        if any(one["impact"] == "reset" for one in self.plan["sessions"]):
            return "reset"
        return "same" if self.empty else "drift"


@dataclass
class NetworkView:
    """The whole of it. Policies that are alike are there once."""

    routers: list[RouterView] = field(default_factory=list)
    clusters: list[ClusterView] = field(default_factory=list)
    policies: list[PolicyView] = field(default_factory=list)
    observed: dict[str, Observed] | None = None
    """What runs, by router; None: nobody was asked."""

    def add(self, other: NetworkView) -> None:
        """Take in the view of other routers."""
        places: dict[PolicyView, int] = {policy: number for number, policy in enumerate(self.policies)}
        moved = [places.setdefault(policy, len(places)) for policy in other.policies]
        self.policies = list(places)
        for router in other.routers:
            sessions = tuple(
                replace(
                    session,
                    policies=tuple((family, direction, moved[place]) for family, direction, place in session.policies),
                )
                for session in router.sessions
            )
            self.routers.append(replace(router, sessions=sessions))
        names = {cluster.name for cluster in self.clusters}
        self.clusters += [cluster for cluster in other.clusters if cluster.name not in names]
        if other.observed is not None:
            self.observed = {**(self.observed or {}), **other.observed}

    def sessions(self) -> Iterator[tuple[RouterView, SessionView]]:
        """Yield every session with its router."""
        return ((router, session) for router in self.routers for session in router.sessions)
