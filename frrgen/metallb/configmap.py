"""The ConfigMap of MetalLB 0.11 -> a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.validate import validate
from frrgen.inventory.yaml import YamlNode, read_all
from frrgen.metallb.assemble import DialledRouter, ImportedCluster, assemble, beyond
from frrgen.metallb.objects import (
    OldAdvertisement,
    OldConfig,
    OldPool,
)
from frrgen.metallb.parts import Names, named_routers, pool, router_name, timers
from frrgen.metallb.read import KubernetesNode, Manifest, without_nulls
from frrgen.model.cluster import Pool


def config_of(one: Manifest) -> YamlNode | None:
    """Return the text of the configuration in a ConfigMap; None if there is none."""
    data = one.part("data").value
    found: YamlNode | None = data.get("config") if isinstance(data, dict) else None
    return found


def cluster_of(one: Manifest, name: str, names: Names, nodes: Mapping[str, KubernetesNode]) -> ImportedCluster:
    """Read the ConfigMap, as strictly as MetalLB 0.11 did."""
    config = config_of(one) or YamlNode({}, one.where)
    text = config.value
    if not isinstance(text, str):
        raise InputError(Finding(Code.FRR621, "data.config is a text: write `config: |`", config.where))
    documents = read_all(text.encode(errors="surrogateescape"), config.where.file, config.where.line)
    root = without_nulls(documents[0]) if documents else YamlNode({}, config.where)
    if len(documents) > 1:
        raise InputError(Finding(Code.FRR621, "data.config is a single document", documents[1].where))
    if not isinstance(root.value, dict):
        raise InputError(Finding(Code.FRR621, "data.config is a mapping of peers and pools", config.where))
    read = validate(OldConfig, root, ("ConfigMap", one.name, "config"))
    named = named_routers(one, names)
    findings: list[Finding] = []
    place = _places(root)
    if any(peer in read.peers[:number] for number, peer in enumerate(read.peers)):
        findings.append(Finding(Code.FRR621, "a peer stands twice", root.value["peers"].where))
    peers = [
        DialledRouter(
            router=router_name(named.get(peer.peer_address) or f"router-{peer.peer_address}".replace(":", "-")),
            address=peer.peer_address,
            asn=peer.my_asn,
            peer_asn=peer.peer_asn,
            source=peer.source_address,
            router_id=peer.router_id,
            password=SecretStr(peer.password) if peer.password else None,
            timers=timers(peer.hold_time, None),
            connect=None,
            bfd_profile=None,
            multihop=False,
            restart=False,
            selectors=peer.node_selectors,
            device=None,
            where=place("peers", number),
        )
        for number, peer in enumerate(read.peers)
    ]
    for number, peer in enumerate(read.peers):
        if peer.peer_port not in {0, 179}:
            text = f"the model cannot say the port {peer.peer_port} of a router"
            findings.append(beyond(text, place("peers", number), "let the router listen at 179"))
    pools: dict[str, Pool] = {}
    for number, own in enumerate(read.address_pools):
        where = place("address-pools", number)
        if own.name in pools:
            findings.append(Finding(Code.FRR621, f"the pool {own.name} stands twice", where))
        try:
            pools[own.name] = _old_pool(own, read.bgp_communities, where)
        except InputError as bad:
            findings += bad.findings
    if findings:
        raise InputError(*findings)
    return assemble(name, peers, pools, nodes, one.where)


def _places(root: YamlNode) -> Callable[[str, int], Where]:
    def place(key: str, number: int) -> Where:
        where: Where = root.value[key].value[number].where
        return where

    return place


def _old_pool(own: OldPool, communities: Mapping[str, str], where: Where) -> Pool:
    # of a BGP pool without advertisements each address is announced
    ads = own.bgp_advertisements or ((OldAdvertisement(),) if own.protocol == "bgp" else ())
    data = {"auto_assign": own.auto_assign, "avoid_buggy_ips": own.avoid_buggy_ips}
    said = [(where, ad.communities, ad.localpref) for ad in ads]
    return pool(own.addresses, data, said, [(ad.aggregation_length, 128) for ad in ads], communities, where)
