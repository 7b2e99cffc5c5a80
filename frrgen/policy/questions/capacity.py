"""Tell whether a router has room for all nodes of a cluster: sessions by its listen ranges, and paths of a prefix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frrgen.errors import Path
from frrgen.model.cluster import Cluster, Network, Peering
from frrgen.model.derive import LISTEN_LIMIT, sessions_by_range
from frrgen.model.pools import pool_versions
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES
from frrgen.policy.questions.problem import Problem

_PATHS: Final = 64
"""The least number of paths that FRR uses by default, of eBGP and of iBGP: what it was built for (Debian: 256)."""


def listened(network: Network, peering: Peering, router: Router) -> Iterator[Problem]:
    """Find a limit by which some nodes cannot come: FRR counts the sessions of all listen ranges together."""
    bgp = router.bgp_of(peering.vrf)
    wanted = sessions_by_range(network, router.name, peering.vrf)
    if bgp is None or not bgp.listen_ranges:
        return
    limit = LISTEN_LIMIT if bgp.listen_limit is None else bgp.listen_limit
    if limit < wanted:
        place: Path = ("routers", router.name, *(("bgp",) if peering.vrf is None else ("vrfs", peering.vrf, "bgp")))
        yield Problem("limit", f"listen_limit {limit} does not suffice for the {wanted} sessions of the nodes", place)


def multipath(cluster: Cluster, peering: Peering, router: Router) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Tell whether the router can use all nodes that announce a prefix."""
    bgp = router.bgp_of(peering.vrf)
    if bgp is None or len(cluster.nodes) < 2:
        return (), ()
    place: Path = ("routers", router.name, *(("bgp",) if peering.vrf is None else ("vrfs", peering.vrf, "bgp")))
    asns = {node.asn or cluster.asn for node in cluster.nodes.values()}
    external = bgp.asn not in asns
    proof: list[str] = []
    problems: list[Problem] = []
    versions = pool_versions(cluster)
    for version, family in ((4, FAMILIES[0]), (6, FAMILIES[1])):
        if version not in versions:
            continue
        name = "maximum_paths" if external else "maximum_paths_ibgp"
        paths = getattr(getattr(bgp, family), name)
        paths = paths or _PATHS
        if paths < len(cluster.nodes):
            text = f"{family}: {name} is {paths}, so not all of {len(cluster.nodes)} nodes carry traffic"
            problems.append(Problem("multipath", text, (*place, family)))
        else:
            proof.append(f"{family}: up to {paths} nodes carry the traffic of a prefix together")
    if external and len(asns) > 1 and not bgp.bestpath.multipath_relax:
        text = "the nodes have different ASNs, and without bestpath.multipath_relax only one carries traffic"
        problems.append(Problem("multipath", text, place))
    return tuple(proof), tuple(problems)
