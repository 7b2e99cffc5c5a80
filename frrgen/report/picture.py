"""NetworkView -> who is connected to whom: routers, clusters, and neighbors that are neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final

from frrgen.errors import visible
from frrgen.report.view import ClusterView, NetworkView, Observed, RouterView, SessionView

MOST_NEIGHBORS: Final = 100
"""Up to so many other neighbors are drawn each by itself; of more, those of an AS together."""
MOST_LABELS: Final = 60
"""Up to so many lines are labelled with their policies; of more, a tooltip has them."""


class NodeKind(StrEnum):
    """What stands in the picture."""

    ROUTER = "router"
    CLUSTER = "cluster"
    NEIGHBOR = "neighbor"


@dataclass(frozen=True)
class PictureNode:
    """A router, a cluster, or another neighbor."""

    id: str
    kind: NodeKind
    lines: tuple[str, ...]
    state: str = ""
    """Of a router that was observed: as `Observed.state`."""


@dataclass
class Edge:
    """All sessions between two nodes."""

    ends: tuple[str, str]
    internal: bool
    policies: dict[str, None] = field(default_factory=dict)
    """What is attached, `edge1 in: route map X`."""
    sessions: int = 0
    down: int = 0
    up: int = 0
    resets: int = 0

    @property
    def state(self) -> str:
        """Name it: `reset`, `down`, `up`, or "" where nobody asked."""
        return "reset" if self.resets else "down" if self.down else "up" if self.up else ""

    @property
    def lines(self) -> tuple[str, ...]:
        """What to write beside it."""
        count = (f"{self.sessions} sessions",) if self.sessions > 1 else ()
        told = {"reset": "will reset", "down": "down"}.get(self.state)
        return (*count, *((told,) if told else ()), *self.policies)


@dataclass(frozen=True)
class Picture:
    """A graph: an edge names its nodes."""

    nodes: tuple[PictureNode, ...]
    edges: tuple[Edge, ...]
    labelled: bool
    """There is room for what the edges have to say."""


def picture(view: NetworkView) -> Picture:
    """Return the graph of a network."""
    return _Drawn(view).picture()


class _Drawn:
    def __init__(self, view: NetworkView) -> None:
        self.view = view
        self.nodes: dict[tuple[str, ...], PictureNode] = {}
        self.edges: dict[tuple[str, str], Edge] = {}
        self.owners = _owners(view)
        self.serving: dict[str, list[ClusterView]] = {}
        for cluster in view.clusters:
            for router in cluster.routers:
                self.serving.setdefault(router, []).append(cluster)
        others = {
            (session.neighbor, session.remote, "" if _is_global(session.neighbor) else router.name)
            for router, session in view.sessions()
            if self._known(router, session) is None
        }
        self.apart = len(others) <= MOST_NEIGHBORS

    def picture(self) -> Picture:
        for router in self.view.routers:
            state = "" if self.view.observed is None else self.view.observed.get(router.name, Observed()).state
            told = {"drift": "differs", "reset": "sessions will reset", "unknown": "not known"}.get(state)
            asn = (f"AS {router.asn}",) if router.asn else ()
            self._node(("router", router.name), NodeKind.ROUTER, (router.name, *asn, *((told,) if told else ())), state)
        for cluster in self.view.clusters:
            nodes = f"{len(cluster.nodes)} node{'s' * (len(cluster.nodes) != 1)}"
            self._node(("cluster", cluster.name), NodeKind.CLUSTER, (cluster.name, f"AS {cluster.asn}", nodes))
        for router, session in self.view.sessions():
            self._session(router, session)
        edges = tuple(self.edges.values())
        return Picture(tuple(self.nodes.values()), edges, len(edges) <= MOST_LABELS)

    def _node(self, key: tuple[str, ...], kind: NodeKind, lines: tuple[str, ...], state: str = "") -> PictureNode:
        if key not in self.nodes:
            self.nodes[key] = PictureNode(
                f"n{len(self.nodes)}", kind, tuple(visible(line, 80) for line in lines), state
            )
        return self.nodes[key]

    def _known(self, router: RouterView, session: SessionView) -> tuple[str, str] | None:
        """Find the cluster or the router that a session leads to."""
        for cluster in self.serving.get(router.name, ()):
            if any(_meant(session.neighbor, address) for _, addresses in cluster.nodes for address in addresses):
                return "cluster", cluster.name
        owner = self.owners.get(session.neighbor)
        return None if owner is None or owner == router.name else ("router", owner)

    def _session(self, router: RouterView, session: SessionView) -> None:
        here = self.nodes["router", router.name]
        known = self._known(router, session)
        there = self.nodes[known] if known is not None else self._other(router, session)
        # neighbors stand before routers, and routers before clusters
        ends = (there.id, here.id) if known is None else (here.id, there.id)
        if (ends[1], ends[0]) in self.edges:
            ends = (ends[1], ends[0])
        edge = self.edges.setdefault(ends, Edge(ends, not session.external))
        # each end of a session between two routers may know it
        edge.sessions += known is None or known[0] != "router" or here.id == ends[0]
        for _, direction, place in session.policies:
            for one in self.view.policies[place].attached:
                edge.policies[f"{router.name} {direction}: {one}"] = None
        self._observed(edge, router, session)

    def _other(self, router: RouterView, session: SessionView) -> PictureNode:
        asn = f"AS {session.remote}" if session.remote.isdigit() else session.remote
        if session.remote == "internal":
            asn = f"AS {router.asn}"
        if not self.apart:
            return self._node(("as", asn), NodeKind.NEIGHBOR, (f"neighbors in {asn}" if asn else "neighbors",))
        own = (session.description,) if session.description else ()
        # an interface, and an address of a link, is another neighbor on each router
        of = () if _is_global(session.neighbor) else (router.name, session.vrf or "")
        return self._node(("other", session.neighbor, asn, *of), NodeKind.NEIGHBOR, (*own, session.neighbor, asn))

    def _observed(self, edge: Edge, router: RouterView, session: SessionView) -> None:
        seen = None if self.view.observed is None else self.view.observed.get(router.name)
        if seen is None:
            return
        if seen.plan is not None:
            edge.resets += any(
                one["impact"] == "reset" and (one["neighbor"], one["vrf"]) == (session.neighbor, session.vrf)
                for one in seen.plan["sessions"]
            )
        if seen.sessions is not None and not session.shutdown:
            up = seen.sessions.get((session.vrf or "", session.neighbor))
            edge.up += up is True
            edge.down += up is False


def _is_global(neighbor: str) -> bool:
    """Tell whether a neighbor's name means the same to every router: an address, but of no single link, or a range."""
    try:
        return not ip_network(neighbor, strict=False).is_link_local
    except ValueError:
        return False


def _owners(view: NetworkView) -> Mapping[str, str]:
    """Return the router of each address that a single router has."""
    found: dict[str, set[str]] = {}
    for router in view.routers:
        for _, address in router.addresses:
            found.setdefault(address, set()).add(router.name)
    return {address: next(iter(names)) for address, names in found.items() if len(names) == 1}


def _meant(neighbor: str, address: str) -> bool:
    """Tell whether a neighbor is a node: by its address, or by a listen range that holds it."""
    if "/" not in neighbor:
        return neighbor == address
    one, range_ = ip_address(address), ip_network(neighbor)
    return one.version == range_.version and one in range_


def told(edge: Edge, nodes: Mapping[str, PictureNode]) -> str:
    """Return an edge in words."""
    ends = " and ".join(nodes[end].lines[0] for end in edge.ends)
    kind = "iBGP" if edge.internal else "eBGP"
    return f"{kind} between {ends}" + "".join(f"; {line}" for line in edge.lines)


def words(node: PictureNode) -> str:
    """Return a node in words."""
    return f"{node.kind} " + ", ".join(node.lines)


def by_id(shown: Picture) -> dict[str, PictureNode]:
    """Return the nodes by their names in the picture."""
    return {node.id: node for node in shown.nodes}


def edge_ids(shown: Picture) -> Iterator[tuple[str, Edge]]:
    """Yield the edges, each with its name in the picture."""
    return ((f"e{number}", edge) for number, edge in enumerate(shown.edges))
