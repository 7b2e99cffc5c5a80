"""From the inventory to what one node's speaker does: its sessions, and what may be announced with which attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.node_list import HOSTNAME
from frrgen.model.cluster import Cluster, Network, Node, Peering, Pool
from frrgen.model.pairs import stand_ins
from frrgen.model.pools import announced_lengths, announced_pools, carried
from frrgen.model.router import Router
from frrgen.model.selector import Selector, selected
from frrgen.model.types import Address, community_value, large_community_value
from frrgen.policy.frr.session import Session
from frrgen.speaker.wire.attributes import Attributes, Role, Writer
from frrgen.speaker.wire.capability import COUNTERPART
from frrgen.speaker.wire.packed_prefix import Family, Key

HOLD_TIME = 90
RESTART_TIME = 120
CONNECT_RETRY = 120


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """One session, as the node speaks it. Times are in seconds."""

    router: str
    vrf: str | None
    address: Address
    local_address: Address
    local_asn: int
    peer_asn: int
    identifier: IPv4Address
    families: frozenset[Family]
    port: int = 179
    hold_time: int = HOLD_TIME
    keepalive: float = HOLD_TIME / 3
    connect_retry: float = CONNECT_RETRY
    multihop: int | None = None
    """The TTL of our packets to an external peer that is not on the link."""
    ttl_security: int | None = None
    """RFC 5082: how many hops away the peer may be."""
    password: str | None = None
    """TCP MD5 (RFC 2385)."""
    restart_time: int = RESTART_TIME
    """0: without graceful restart."""
    add_path: bool = True
    role: Role | None = None
    """Our role (RFC 9234), where the router has one for us; eBGP only."""
    device: str | None = None
    """The VRF device or interface that the session is bound to."""

    def __repr__(self) -> str:
        """Show it without the password."""
        return f"PeerSettings({self.name})"

    @property
    def name(self) -> str:
        """The router and its address."""
        return f"{self.router} {self.address}"

    @property
    def ibgp(self) -> bool:
        """Both sides are of one AS."""
        return self.local_asn == self.peer_asn

    def writer(self, *, asn4: bool = True, extended_next_hop: bool = False, graceful_shutdown: bool = False) -> Writer:
        """Return the writer of attributes for this session."""
        local = self.local_address
        return Writer(
            local_asn=self.local_asn,
            peer_asn=self.peer_asn,
            next_hop_ipv4=local if isinstance(local, IPv4Address) else None,
            next_hop_ipv6=local if isinstance(local, IPv6Address) else None,
            asn4=asn4,
            extended_next_hop=extended_next_hop,
            role=self.role,
            graceful_shutdown=graceful_shutdown,
        )


@dataclass(frozen=True, slots=True)
class PoolRange:
    """Keys that are part of a pool, from the first to before the end, in the lengths in which it is announced."""

    first: int
    end: int
    low: int
    high: int
    said: Attributes
    """What they are announced with."""
    name: str = ""
    mine: bool = True
    """Whether the node is one of those that announce the pool."""
    routers: tuple[str, ...] = ()
    """The only routers that hear of the pool; none: every router."""
    service_selectors: tuple[Selector, ...] = ()
    """By which the Services are chosen that are announced; none: every Service."""


@dataclass(frozen=True)
class NodePlan:
    """What the speaker of one node does."""

    cluster: Cluster
    node_name: str
    node: Node
    peers: tuple[PeerSettings, ...]

    def pools(self) -> list[PoolRange]:
        """Return the pools' prefixes, ascending; they do not overlap."""
        found = []
        labels = {HOSTNAME: self.node_name, **self.node.labels}
        for name, pool in announced_pools(self.cluster):
            said, mine = pool_attributes(pool), selected(pool.node_selectors, labels)
            for prefix in pool.prefixes:
                low, high = announced_lengths(pool, prefix)
                first = Key.of(prefix) & ~0xFF
                end = first + (1 << (prefix.max_prefixlen - prefix.prefixlen + 8))
                own = PoolRange(first, end, low, high, said, name, mine, pool.routers, pool.service_selectors)
                found.append(own)
        return sorted(found, key=lambda one: one.first)


def pool_attributes(pool: Pool) -> Attributes:
    """Return the attributes of a pool's prefixes."""
    return Attributes(
        prepend=pool.prepend,
        med=pool.med,
        local_preference=pool.local_preference,
        communities=tuple(sorted(community_value(text) for text in pool.communities or ())),
        large_communities=tuple(sorted(large_community_value(text) for text in pool.large_communities or ())),
    )


def plan_node(network: Network, routers: Mapping[str, Router], node_name: str | None) -> NodePlan:
    """Plan one node; without a name, the only one. `routers`: all derived, passwords resolved. Raises InputError."""
    cluster, name = find_node(network, node_name)
    node = cluster.nodes[name]
    findings: list[Finding] = []
    peers = list(_peers(cluster, name, routers, findings))
    if findings:
        raise InputError(*findings)
    if not peers:
        where = Where(path=("clusters", cluster.name, "routers"))
        raise InputError(Finding(Code.FRR601, f"node {name!r} has no router to speak to", where))
    return NodePlan(cluster, name, node, tuple(peers))


def find_node(network: Network, node_name: str | None) -> tuple[Cluster, str]:
    """Return a node by NAME or CLUSTER/NAME; without a name, the only node. Raises InputError."""
    within, _, name = (node_name or "").rpartition("/")
    found = [
        (cluster, name)
        for cluster in network.clusters.values()
        if name in cluster.nodes and within in {"", cluster.name}
    ]
    if len(found) == 1:
        return found[0]
    known = [(cluster, name) for cluster in network.clusters.values() for name in cluster.nodes]
    if node_name is None and len(known) == 1:
        return known[0]
    names = ", ".join(f"{cluster.name}/{name}" for cluster, name in (found or known)[:10])
    if not found:
        what = f"there is no node {node_name!r}" if node_name else "there is no node in any cluster"
        raise InputError(Finding(Code.FRR602, what, hint=f"there are: {names or 'none'}"))
    raise InputError(Finding(Code.FRR602, "say which node", hint=f"--node, one of: {names}"))


def _peers(
    cluster: Cluster, name: str, routers: Mapping[str, Router], findings: list[Finding]
) -> Iterator[PeerSettings]:
    node = cluster.nodes[name]
    other_boxes = stand_ins(cluster, routers)
    for router_name, peering in cluster.routers.items():
        router = routers.get(router_name)
        bgp = None if router is None else router.bgp_of(peering.vrf)
        if router is None or bgp is None or router_name in other_boxes:
            continue
        uplink = node.uplinks.get(router_name)
        seen = node.facing(router_name)
        for address, session in _sessions(cluster, seen, router, peering):
            dialled = _dialled(peering, session, address)
            where = Where(path=("clusters", cluster.name, "routers", router_name))
            if dialled is None:
                version = "address" if address.version == 4 else "ipv6_address"
                text = f"it is not known at which address to dial {router_name} from {address}"
                findings.append(Finding(Code.FRR603, text, where, f"write `{version}:`"))
                continue
            timers = peering.timers or cluster.timers
            password = session.option("password")
            local_asn = node.asn or cluster.asn
            peer_asn = peering.asn or session.router_asn(local_asn)
            role: Role | None = session.option("local_role")
            yield PeerSettings(
                router=router_name,
                vrf=peering.vrf,
                address=dialled,
                local_address=address,
                local_asn=local_asn,
                peer_asn=peer_asn,
                identifier=_identifier(name, node),
                families=frozenset(
                    Family.IPV4 if version == 4 else Family.IPV6 for version in carried(cluster, seen, address)
                ),
                hold_time=HOLD_TIME if timers is None else timers.hold,
                keepalive=HOLD_TIME / 3 if timers is None else timers.keepalive,
                connect_retry=peering.timers_connect or cluster.timers_connect or CONNECT_RETRY,
                multihop=session.option("ebgp_multihop"),
                ttl_security=session.option("ttl_security_hops"),
                password=None if password is None else password.get_secret_value(),
                restart_time=RESTART_TIME if cluster.graceful_restart_time is None else cluster.graceful_restart_time,
                role=None if role is None or local_asn == peer_asn else COUNTERPART[role],
                device=None if uplink is None else uplink.device,
            )


def _sessions(cluster: Cluster, node: Node, router: Router, peering: Peering) -> Iterator[tuple[Address, Session]]:
    """Return the sessions that a node, as the router sees it, has with the router and that carry a pool."""
    for address in node.addresses:
        # without a family in common a session never comes up (RFC 5492 section 5)
        if carried(cluster, node, address):
            with suppress(KeyError):
                yield address, Session(router, str(address), "in", vrf=peering.vrf)


def password_owners(cluster: Cluster, node_name: str, routers: Mapping[str, Router]) -> set[tuple[str, ...]]:
    """Return the paths of the neighbors and peer groups whose passwords a node's sessions use."""
    found = set[tuple[str, ...]]()
    for name, peering in cluster.routers.items():
        if name not in routers:
            continue
        for _, session in _sessions(cluster, cluster.nodes[node_name].facing(name), routers[name], peering):
            if session.neighbor.password is not None:
                found.add(("routers", name, *session.path))
            elif session.neighbor.peer_group is not None:
                found.add(("routers", name, *session.bgp_path, "peer_groups", session.neighbor.peer_group))
    return found


def _dialled(peering: Peering, session: Session, address: Address) -> Address | None:
    said = peering.address if address.version == 4 else peering.ipv6_address
    if said is not None:
        return said
    try:
        source = ip_address(session.option("update_source") or "")
    except ValueError:
        return None
    return source if source.version == address.version else None


def _identifier(name: str, node: Node) -> IPv4Address:
    """Choose the BGP identifier: said, the node's IPv4 address, or made of its name, the same at each start."""
    if isinstance(node.router_id, IPv4Address):
        return node.router_id
    for address in node.every_address():
        if isinstance(address, IPv4Address):
            return address
    made = 0x811C9DC5
    for octet in name.encode():
        made = (made ^ octet) * 0x01000193 & 0xFFFFFFFF
    # some routers want an address that a host can have: from 1.0.0.0 to 223.255.255.255
    return IPv4Address((1 << 24) + made % (223 << 24))
