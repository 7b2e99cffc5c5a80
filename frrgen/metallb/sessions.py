"""The sessions of a cluster, as MetalLB has them: a peer for each address of a node and each router."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from pydantic import SecretStr

from frrgen.codes import Code
from frrgen.errors import Finding, Path
from frrgen.model.cluster import Cluster, Node, Peering
from frrgen.model.neighbor import Timers
from frrgen.model.pairs import stand_ins
from frrgen.model.pools import carried
from frrgen.model.router import Router
from frrgen.model.types import Address, is_address
from frrgen.policy.frr.session import Session


@dataclass(frozen=True)
class Peer:
    """A session: what a node needs to open it."""

    router: str
    node: str
    address: Address
    """The router's address, which the node dials."""
    source: Address
    """The node's address, from which it dials."""
    asn: int
    """The AS number of the node."""
    peer_asn: int
    """The AS number that the node expects of the router."""
    router_id: Address | None
    password: SecretStr | None
    timers: Timers | None
    connect: int | None
    """Seconds between attempts to connect."""
    bfd_profile: str | None
    multihop: int | None
    restart_time: int | None
    """Seconds that the router keeps the node's routes while its speaker restarts."""
    device: str | None
    """The VRF of the node that the session is in."""
    families: frozenset[int]
    """The IP versions of the prefixes that go over it."""

    @property
    def ibgp(self) -> bool:
        """Whether both ends are of one AS."""
        return self.asn == self.peer_asn


def sessions(cluster: Cluster, routers: Mapping[str, Router], findings: list[Finding]) -> Iterator[Peer]:
    """Yield the sessions by router, node and address; what is not known of them goes to `findings`."""
    other_boxes = stand_ins(cluster, routers)
    for name, peering in cluster.routers.items():
        router = routers.get(name)
        bgp = None if router is None else router.bgp_of(peering.vrf)
        if router is None or bgp is None or name in other_boxes:
            continue
        path: Path = ("clusters", cluster.name, "routers", name)
        unknown: set[int] = set()
        for node_name, node in cluster.facing(name).nodes.items():
            for source in node.addresses:
                families = frozenset(carried(cluster, node, source))
                if not families:
                    continue
                dialled = _dialled(peering, source.version)
                if dialled is None:
                    unknown.add(source.version)
                    continue
                yield _peer(cluster, peering, router, node_name, node, source, dialled, families)
        for version in sorted(unknown):
            field = "address" if version == 4 else "ipv6_address"
            text = f"it is not known which IPv{version} address of {name} the nodes dial"
            findings.append(Finding.at(Code.FRR603, text, path, f"write `{field}:`"))


def _dialled(peering: Peering, version: int) -> Address | None:
    said = peering.address if version == 4 else peering.ipv6_address
    if said is not None or peering.update_source is None or not is_address(peering.update_source):
        return said
    source = ip_address(peering.update_source)
    return source if source.version == version else None


def _peer(  # noqa: PLR0917
    cluster: Cluster,
    peering: Peering,
    router: Router,
    node_name: str,
    node: Node,
    source: Address,
    dialled: Address,
    families: frozenset[int],
) -> Peer:
    asn = node.asn or cluster.asn
    bgp = router.bgp_of(peering.vrf)
    assert bgp is not None  # noqa: S101 - the caller looked
    try:
        expected = Session(router, str(source), "in", vrf=peering.vrf).router_asn(asn)
    except KeyError:
        expected = bgp.asn
    return Peer(
        router=router.name,
        node=node_name,
        address=dialled,
        source=source,
        asn=asn,
        peer_asn=peering.asn or expected,
        router_id=node.router_id,
        password=peering.password or cluster.password,
        timers=peering.timers or cluster.timers,
        connect=peering.timers_connect or cluster.timers_connect,
        bfd_profile=peering.bfd_profile,
        multihop=peering.ebgp_multihop,
        restart_time=cluster.graceful_restart_time,
        device=node.uplinks[router.name].device if router.name in node.uplinks else None,
        families=families,
    )
