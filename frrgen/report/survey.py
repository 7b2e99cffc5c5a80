"""Inventory -> NetworkView: each router's sessions, and what their policies let through."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import ip_address, ip_network
from itertools import islice
from typing import Any, Final

from frrgen.model.bgp import Bgp
from frrgen.model.cluster import Cluster, Network
from frrgen.model.derive import dialled
from frrgen.model.references import NOUNS, Ref
from frrgen.model.router import Router
from frrgen.model.types import FAMILY_OF, Prefix, is_address
from frrgen.policy.frr.alphabet import Policy
from frrgen.policy.frr.attached import Direction
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.summary import Summary, summary
from frrgen.policy.sets.prefix_set import PrefixSet
from frrgen.report.view import ClusterView, NetworkView, PolicyView, RouterView, SessionView

MOST: Final = 1_000
"""The most lines of a set that are shown; of more, their number."""
_TRIED: Final = 1_000
"""So many addresses of a listen range are looked at for one that no neighbor has."""
_DIRECTIONS: Final[tuple[Direction, ...]] = ("in", "out")
_KINDS: Final = ("distribute_list", "prefix_list", "filter_list", "route_map")
NOT_ASKED: Final = Summary((), PrefixSet(4), (), ())


def survey(network: Network, routers: Collection[Router], *, policies: bool = True) -> NetworkView:
    """Return the view of some routers and of the clusters they serve. `routers`: as FRR gets to see them.

    `policies`: say what they let through, too, which costs some ten milliseconds for each that is unlike all others.
    """
    view = NetworkView()
    seen = _Policies(view.policies, deep=policies)
    view.routers = [_router(network, router, seen) for router in routers]
    names = {router.name for router in routers}
    view.clusters = [
        _cluster(name, cluster) for name, cluster in network.clusters.items() if names & cluster.routers.keys()
    ]
    return view


def _cluster(name: str, cluster: Cluster) -> ClusterView:
    return ClusterView(
        name,
        cluster.asn,
        tuple((node, tuple(map(str, one.addresses))) for node, one in cluster.nodes.items()),
        tuple((pool, tuple(map(str, one.prefixes))) for pool, one in cluster.pools.items()),
        tuple(cluster.routers),
    )


def _router(network: Network, router: Router, seen: _Policies) -> RouterView:
    seen.written = {}
    sessions = tuple(
        _session(router, vrf, neighbor, bgp, seen)
        for vrf, bgp in router.instances()
        for neighbor in (*bgp.neighbors, *map(str, bgp.listen_ranges))
    )
    return RouterView(
        router.name,
        router.description or "",
        router.platform,
        router.frr_version,
        None if router.bgp is None else router.bgp.asn,
        next((str(one) for one in _router_ids(router)), None),
        tuple(dict.fromkeys(_addresses(network, router))),
        sessions,
    )


def _router_ids(router: Router) -> Iterator[Any]:
    return (one for one in (router.bgp and router.bgp.router_id, router.router_id) if one)


def _addresses(network: Network, router: Router) -> Iterator[tuple[str | None, str]]:
    """Yield what the inventory knows for a router's own addresses."""
    for one in _router_ids(router):
        yield None, str(one)
    for vrf, bgp in router.instances():
        for one in dialled(network, router.name, vrf):
            yield vrf, str(one)
        for owner in (*bgp.neighbors.values(), *bgp.peer_groups.values()):
            if owner.update_source is not None and is_address(str(owner.update_source)):
                yield vrf, str(ip_address(str(owner.update_source)))
    if router.ssh.host is not None and is_address(router.ssh.host):
        yield None, str(ip_address(router.ssh.host))


def _session(router: Router, vrf: str | None, name: str, bgp: Bgp, seen: _Policies) -> SessionView:
    asked = name if name in bgp.neighbors else _stranger(ip_network(name), bgp)
    session = Session(router, asked, "in", vrf=vrf)
    found = [
        one for direction in _DIRECTIONS for one in seen.of(Policy(router, Session(router, asked, direction, vrf=vrf)))
    ]
    return SessionView(
        vrf,
        name,
        session.option("description") or "",
        str(session.remote or ""),
        session.external,
        session.neighbor.peer_group,
        bool(session.option("shutdown")),
        tuple(found),
    )


def _stranger(prefix: Prefix, bgp: Bgp) -> str:
    """Return an address of a listen range that no neighbor has; the first one, if all of many have."""
    addresses = [str(one) for one in islice(prefix.hosts(), _TRIED)] or [str(prefix.network_address)]
    return next((one for one in addresses if one not in bgp.neighbors), addresses[0])


class _Policies:
    """The policies that were seen; those that are alike are kept once."""

    def __init__(self, views: list[PolicyView], *, deep: bool) -> None:
        self._views = views
        self._deep = deep
        self.written: dict[Ref, str] = {}
        """The lists and maps of the router that is surveyed, as text."""
        self._known: dict[str, tuple[tuple[str, str, int], ...]] = {}

    def of(self, policy: Policy) -> tuple[tuple[str, str, int], ...]:
        """Return the family, the direction and the place of a session's policy, for each family that is active."""
        families = {version: _attached(policy.session, version) for version in FAMILY_OF}
        key = repr((families, policy.session.direction, policy.decides(self.written) if self._deep else ()))
        key += repr([policy.session.active(family) for family in FAMILY_OF.values()])
        if key not in self._known:
            self._known[key] = tuple(self._added(policy, families))
        return self._known[key]

    def _added(self, policy: Policy, families: dict[int, tuple[str, ...]]) -> Iterator[tuple[str, str, int]]:
        for version, attached in families.items():
            family = FAMILY_OF[version]
            if policy.session.active(family):
                self._views.append(_view(attached, summary(policy, version) if self._deep else NOT_ASKED))
                yield family.replace("_", " "), policy.session.direction, len(self._views) - 1


def _attached(session: Session, version: int) -> tuple[str, ...]:
    found = []
    for kind in _KINDS:
        name, _ = session.attached(kind, FAMILY_OF[version])
        if name is not None:
            found.append(f"{NOUNS['route_maps' if kind == 'route_map' else session.holder(kind, version)]} {name}")
    return tuple(found)


def _view(attached: tuple[str, ...], found: Summary) -> PolicyView:
    blocks = found.admitted.blocks()
    shown = tuple(map(str, islice(blocks, MOST)))
    return PolicyView(
        attached,
        tuple((way.by, way.routes, way.does, way.cases) for way in found.ways),
        shown,
        sum(1 for _ in blocks),
        found.refused_by,
        found.undecided,
    )
