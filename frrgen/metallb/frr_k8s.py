"""A cluster -> the FRRConfigurations of frr-k8s: the node's end of each session, with the pools announced as wholes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from frrgen.inventory.node_list import HOSTNAME
from frrgen.metallb.render import (
    CLUSTER,
    POOLS,
    ROUTERS,
    Object,
    Secret,
    advertisement,
    bfd_fields,
    bfd_profiles,
    object_name,
    router_names,
    seconds,
    timer_fields,
)
from frrgen.metallb.sessions import Peer
from frrgen.model.cluster import Cluster
from frrgen.model.pools import announced_pools
from frrgen.model.router import Router
from frrgen.model.types import community_value

_NAMESPACE = "frr-k8s-system"


def frr_k8s(cluster: Cluster, peers: Iterable[Peer], routers: Mapping[str, Router], secret: Secret) -> list[Object]:
    """Return an FRRConfiguration for each node."""
    peers = list(peers)
    names: list[str] = []
    made = []
    for node in dict.fromkeys(peer.node for peer in peers):
        own = [peer for peer in peers if peer.node == node]
        names.append(object_name(f"{cluster.name}-{node}", names))
        metadata: Object = {"namespace": _NAMESPACE, "name": names[-1], "labels": {CLUSTER: cluster.name}}
        pools = ",".join(f"{name}={' '.join(map(str, pool.prefixes))}" for name, pool in announced_pools(cluster))
        metadata["annotations"] = {ROUTERS: router_names(own)} | ({POOLS: pools} if pools else {})
        router: Object = {"asn": own[0].asn}
        router |= {} if own[0].router_id is None else {"id": str(own[0].router_id)}
        router["neighbors"] = [_neighbor(cluster, peer, secret) for peer in own]
        router["prefixes"] = _prefixes(cluster, {version for peer in own for version in peer.families})
        bgp: Object = {"routers": [router]}
        profiles = [{"name": name, **bfd_fields(profile)} for name, profile in bfd_profiles(own, routers)]
        bgp |= {"bfdProfiles": profiles} if profiles else {}
        spec = {"bgp": bgp, "nodeSelector": {"matchLabels": {HOSTNAME: node}}}
        version = "frrk8s.metallb.io/v1beta1"
        made.append({"apiVersion": version, "kind": "FRRConfiguration", "metadata": metadata, "spec": spec})
    return made


def _prefixes(cluster: Cluster, versions: Iterable[int]) -> list[str]:
    pools = announced_pools(cluster)
    return [str(prefix) for _, pool in pools for prefix in pool.prefixes if prefix.version in versions]


def _neighbor(cluster: Cluster, peer: Peer, secret: Secret) -> Object:
    found: Object = {"address": str(peer.address), "asn": peer.peer_asn, "sourceaddress": str(peer.source)}
    found |= {} if peer.password is None else {"password": secret(peer.password)}
    found |= timer_fields(peer.timers)
    found |= {} if peer.connect is None else {"connectTime": seconds(peer.connect)}
    found |= {} if peer.bfd_profile is None else {"bfdProfile": peer.bfd_profile}
    found |= {"ebgpMultiHop": True} if peer.multihop is not None and not peer.ibgp else {}
    found |= {} if peer.restart_time is None else {"enableGracefulRestart": True}
    found |= {} if peer.families == {peer.source.version} else {"dualStackAddressFamily": True}
    return found | {"toAdvertise": _advertised(cluster, peer)}


def _advertised(cluster: Cluster, peer: Peer) -> Object:
    """Return what a neighbor gets: the prefixes, and the attributes by prefix."""
    communities: dict[str, list[str]] = {}
    preferences: dict[int, list[str]] = {}
    heard = [pool for _, pool in announced_pools(cluster) if pool.goes_to(peer.router)]
    allowed = [str(one) for pool in heard for one in pool.prefixes if one.version in peer.families]
    for pool in heard:
        prefixes = [str(one) for one in pool.prefixes if one.version in peer.families]
        for text in advertisement(pool).get("communities", ()) if prefixes else ():
            value = text if ":" in text else f"{community_value(text) >> 16}:{community_value(text) & 0xFFFF}"
            communities.setdefault(value, []).extend(prefixes)
        if prefixes and pool.local_preference is not None:
            preferences.setdefault(pool.local_preference, []).extend(prefixes)
    found: Object = {"allowed": {"mode": "filtered", "prefixes": allowed}}
    if communities:
        found["withCommunity"] = [{"community": one, "prefixes": some} for one, some in communities.items()]
    if preferences:
        found["withLocalPref"] = [{"localPref": one, "prefixes": some} for one, some in preferences.items()]
    return found
