"""What MetalLB says of its sessions and pools -> a cluster of the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr, ValidationError

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.node_list import HOSTNAME
from frrgen.metallb.read import KubernetesNode
from frrgen.metallb.refused import HOPS, RESTART_TIME
from frrgen.model.cluster import Cluster, Pool
from frrgen.model.neighbor import Timers
from frrgen.model.router import BfdProfile
from frrgen.model.selector import Selector as AnySelector
from frrgen.model.types import Address


@dataclass(frozen=True)
class DialledRouter:
    """A router that the nodes dial, as a peer of MetalLB describes the sessions with it."""

    router: str
    address: Address
    asn: int
    peer_asn: int | None
    """None: the AS that the router has (dynamicASN)."""
    source: Address | None
    router_id: Address | None
    password: SecretStr | None
    timers: Timers | None
    connect: int | None
    bfd_profile: str | None
    multihop: bool
    restart: bool
    selectors: tuple[AnySelector, ...]
    """The nodes; none: all."""
    device: str | None
    """The VRF of the nodes that the session is in."""
    where: Where


@dataclass
class ImportedCluster:
    """A cluster, what its manifests say of the routers, and what is doubtful."""

    cluster: Cluster
    peer_asns: Mapping[str, int | None]
    """Router -> the AS number that the nodes expect of it; None: not said."""
    bfd_profiles: Mapping[str, BfdProfile] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unknown_passwords: frozenset[str] = frozenset()
    """The routers whose sessions have a password that the manifests do not hold."""


@dataclass
class _Node:
    asn: int
    router_id: Address | None
    dialling: dict[str, list[Address]] = field(default_factory=dict)
    """By router: from which addresses."""
    devices: dict[str, str] = field(default_factory=dict)

    def said(self, routers: Iterable[str]) -> dict[str, Any]:
        """Return the addresses that face most routers, and the uplinks for the others."""
        ways = {router: tuple(self.dialling.get(router, ())) for router in routers}
        every = list(ways.values())
        usual = max((way for way in every if way), key=every.count)
        uplinks = {
            router: {"addresses": way} | ({"device": self.devices[router]} if router in self.devices else {})
            for router, way in ways.items()
            if way != usual or router in self.devices
        }
        return {"addresses": usual} | ({"uplinks": uplinks} if uplinks else {})


def beyond(text: str, where: Where, hint: str) -> Finding:
    """Return the finding that the model has no place for something."""
    return Finding(Code.FRR622, text, where, hint)


def assemble(
    name: str,
    peers: Sequence[DialledRouter],
    pools: Mapping[str, Pool],
    machines: Mapping[str, KubernetesNode],
    where: Where,
) -> ImportedCluster:
    """Make the cluster. Raises InputError for what the model cannot say."""
    findings: list[Finding] = []
    if not peers:
        hint = "add a BGPPeer; a cluster without BGP is nothing to a router"
        raise InputError(Finding(Code.FRR622, "there is no peer: a cluster has an AS number and sessions", where, hint))
    nodes, known = _nodes(peers, machines, findings)
    if len({one.asn for one in peers}) > 1 and not nodes:
        hint = "add what `kubectl get nodes -o yaml` prints"
        findings.append(beyond("the AS number of each node is not known", peers[0].where, hint))
    routers = _routers(peers, findings)
    if any(one.restart for one in peers) != all(one.restart for one in peers):
        text = "some sessions have graceful restart and some not: a cluster has it everywhere or nowhere"
        findings.append(beyond(text, peers[0].where, "write enableGracefulRestart alike"))
    if findings:
        raise InputError(*findings)
    asn = next(iter(nodes.values())).asn if nodes else peers[0].asn
    data: dict[str, Any] = {"name": name, "asn": asn}
    data["nodes"] = {
        key: {
            **node.said(routers),
            **({} if node.router_id is None else {"router_id": node.router_id}),
            **({} if node.asn == asn else {"asn": node.asn}),
        }
        for key, node in nodes.items()
    }
    for option in ("password", "timers", "timers_connect"):
        values = [one.get(option) for one in routers.values()]
        if values[0] is not None and all(value == values[0] for value in values):
            data[option] = values[0]
            for one in routers.values():
                del one[option]
    data |= {"graceful_restart_time": RESTART_TIME} if peers[0].restart else {}
    data |= {"pools": dict(pools), "routers": routers}
    try:
        cluster = Cluster.model_validate(data)
    except ValidationError as bad:
        raise InputError(invalid(bad, where)) from None
    if not known:
        hint = "add the output of `kubectl get nodes -o yaml` to the files"
        findings.append(Finding(Code.FRR623, f"the manifests do not name the nodes of {name}", where, hint))
    return ImportedCluster(cluster, {one.router: one.peer_asn for one in peers}, findings=findings)


def invalid(bad: ValidationError, where: Where) -> Finding:
    """Return what is wrong with values that MetalLB might take, and the model does not."""
    detail = bad.errors(include_url=False, include_input=False)[0]
    said = detail.get("ctx", {}).get("error")
    place = ".".join(map(str, detail["loc"]))
    return Finding(Code.FRR621, f"{place}: {said or detail['msg']}".removeprefix(": "), where)


def _selected(peer: DialledRouter, machines: Mapping[str, KubernetesNode]) -> list[str] | None:
    """Return the nodes that a peer selects; None if that is not known."""
    names = [one.only(HOSTNAME) for one in peer.selectors]
    if machines:
        chosen = [
            name
            for name, one in machines.items()
            if not peer.selectors or any(selector.matches(one.labels) for selector in peer.selectors)
        ]
        if chosen or not names or None in names:
            return chosen
    if not names or None in names:
        return None
    return list(dict.fromkeys(value for some in names for value in some or ()))


def _nodes(
    peers: Sequence[DialledRouter], machines: Mapping[str, KubernetesNode], findings: list[Finding]
) -> tuple[dict[str, _Node], bool]:
    """Return the nodes, and whether they are known."""
    nodes: dict[str, _Node] = {}
    unknown = [peer for peer in peers if _selected(peer, machines) is None]
    if unknown:
        if len(unknown) < len(peers):
            hint = "add what `kubectl get nodes -o yaml` prints"
            findings.append(beyond("it is not known which nodes this peer selects", unknown[0].where, hint))
        return {}, False
    for peer in peers:
        chosen = _selected(peer, machines) or []
        if peer.source is not None and len(chosen) > 1:
            text = f"{len(chosen)} nodes have one sourceAddress"
            findings.append(beyond(text, peer.where, "write a peer for each node, with nodeSelectors"))
            continue
        for name in chosen:
            source = peer.source or _own(machines.get(name), peer.address.version)
            if source is None:
                text = f"the IPv{peer.address.version} address of node {name} is not known"
                findings.append(beyond(text, peer.where, "write sourceAddress, or add the Node itself"))
                continue
            node = nodes.setdefault(name, _Node(peer.asn, peer.router_id))
            if (node.asn, node.router_id) != (peer.asn, peer.router_id):
                text = f"node {name} has another AS number or router ID for another router"
                findings.append(beyond(text, peer.where, "write myASN and routerID alike for all peers of a node"))
            own = node.dialling.setdefault(peer.router, [])
            if source not in own:
                own.append(source)
            if peer.device is not None:
                node.devices[peer.router] = peer.device
            if peer.source is not None and peer.source.version != peer.address.version:
                text = f"sourceAddress {peer.source} and peerAddress {peer.address} are of different IP versions"
                findings.append(Finding(Code.FRR621, text, peer.where))
    for name, node in nodes.items():
        for router, own in node.dialling.items():
            if len({one.version for one in own}) < len(own):
                text = (
                    f"node {name} dials {router} from several addresses of one IP version: {', '.join(map(str, own))}"
                )
                findings.append(beyond(text, peers[0].where, "write one sourceAddress for a router"))
    return nodes, True


def _own(machine: KubernetesNode | None, version: int) -> Address | None:
    found = (one for one in machine.addresses if one.version == version) if machine is not None else iter(())
    return next(found, None)


def _routers(peers: Iterable[DialledRouter], findings: list[Finding]) -> dict[str, dict[str, Any]]:
    routers: dict[str, dict[str, Any]] = {}
    first: dict[str, DialledRouter] = {}
    for peer in peers:
        said: dict[str, Any] = {
            "password": peer.password,
            "timers": peer.timers,
            "timers_connect": peer.connect,
            "bfd_profile": peer.bfd_profile,
        }
        said["ebgp_multihop"] = HOPS if peer.multihop else None
        own = {key: value for key, value in said.items() if value is not None}
        field_name = "address" if peer.address.version == 4 else "ipv6_address"
        known = routers.setdefault(peer.router, dict(own))
        before = first.setdefault(peer.router, peer)
        differing = [key for key in said if known.get(key) != own.get(key)]
        differing += ["peerASN"] if before.peer_asn != peer.peer_asn else []
        differing += [field_name] if known.setdefault(field_name, peer.address) != peer.address else []
        if differing:
            text = f"the sessions of the nodes with {peer.router} differ: {', '.join(differing)}"
            hint = "write them alike; or give each address a router of its own, by the label frrgen.io/router"
            findings.append(beyond(text, peer.where, hint))
    return routers
