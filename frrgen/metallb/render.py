"""A cluster -> MetalLB's custom resources, or the ConfigMap of MetalLB 0.11."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import yaml
from pydantic import SecretStr

from frrgen.inventory.node_list import HOSTNAME
from frrgen.metallb.sessions import Peer
from frrgen.model.cluster import Cluster, Pool
from frrgen.model.neighbor import Timers
from frrgen.model.pools import announced_lengths, announced_pools
from frrgen.model.router import BfdProfile, Router
from frrgen.model.selector import Selector
from frrgen.model.types import community_value

Object = dict[str, Any]
Secret = Callable[[SecretStr], str]
"""Returns what to write for a password."""
NAMESPACE: Final = "metallb-system"
CLUSTER: Final = "frrgen.io/cluster"
"""The label with the name of the cluster."""
ROUTER: Final = "frrgen.io/router"
"""The label of a BGPPeer with the name of the router."""
ROUTERS: Final = "frrgen.io/routers"
"""The annotation of a ConfigMap with the names of the routers: ADDRESS=NAME, divided by commas."""
POOLS: Final = "frrgen.io/pools"
"""The annotation of an FRRConfiguration with the names of the pools: NAME=PREFIX PREFIX, divided by commas."""
NODE: Final = "frrgen.io/node"
"""The label of a BGPPeer with the name of the node."""
_API: Final = "metallb.io/v1beta1"


def metallb(cluster: Cluster, peers: Iterable[Peer], routers: Mapping[str, Router], secret: Secret) -> list[Object]:
    """Return MetalLB's objects: passwords, BFD profiles, peers, pools, communities, advertisements."""
    peers = list(peers)
    made: list[Object] = []
    passwords: dict[str, str] = {}
    for peer in peers:
        if peer.password is not None and peer.router not in passwords:
            name = f"{cluster.name}-{peer.router}"
            passwords[peer.router] = object_name(name, [one["metadata"]["name"] for one in made])
            made.append(_password(cluster, passwords[peer.router], secret(peer.password)))
    for name, profile in bfd_profiles(peers, routers):
        made.append(_object(cluster, "BFDProfile", name, bfd_fields(profile)))
    names: list[str] = []
    for peer in peers:
        version = "-v6" if peer.source.version == 6 else ""
        names.append(object_name(f"{peer.router}-{peer.node}{version}", names))
        made.append(_bgp_peer(cluster, names[-1], peer, passwords.get(peer.router)))
    made += [_object(cluster, "IPAddressPool", name, _pool(pool)) for name, pool in cluster.pools.items()]
    if named := _named_communities(cluster):
        made.append(_object(cluster, "Community", object_name(cluster.name, ()), {"communities": named}))
    for name, pool in cluster.pools.items():
        kind = "BGPAdvertisement" if pool.protocol == "bgp" else "L2Advertisement"
        spec = {"ipAddressPools": [name], **advertisement(pool), **_selection(pool)}
        if pool.routers:
            spec["peers"] = [one for one, peer in zip(names, peers, strict=True) if peer.router in pool.routers]
        made.append(_object(cluster, kind, name, spec))
    return made


def configmap(cluster: Cluster, peers: Iterable[Peer], secret: Secret) -> list[Object]:
    """Return the ConfigMap of MetalLB 0.11."""
    peers = list(peers)
    config: Object = {"peers": [_old_peer(peer, secret) for peer in peers]}
    named = {one["name"]: one["value"] for one in _named_communities(cluster)}
    config |= {"bgp-communities": named} if named else {}
    config["address-pools"] = [_old_pool(name, pool) for name, pool in cluster.pools.items()]
    metadata: Object = {"namespace": NAMESPACE, "name": "config", "labels": {CLUSTER: cluster.name}}
    metadata["annotations"] = {ROUTERS: router_names(peers)}
    text = yaml_text(config)
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"config": text}}]


def router_names(peers: Iterable[Peer]) -> str:
    """Return the annotation that names the routers."""
    routers = {str(peer.address): peer.router for peer in peers}
    return ",".join(f"{address}={name}" for address, name in routers.items())


def notes(cluster: Cluster, peers: Iterable[Peer], *, old: bool) -> Iterator[str]:
    """Yield what the routers alone have, or what the manifests narrow: nothing that a session needs."""
    for name, pool in announced_pools(cluster):
        for prefix in pool.prefixes:
            low, high = announced_lengths(pool, prefix)
            if low != high:
                yield f"pool {name}: of {prefix} MetalLB announces /{high} alone; the routers admit /{low} to /{high}"
    peers = list(peers)
    if old and any(peer.connect is not None for peer in peers):
        yield "timers_connect is the routers' alone"
    if any(peer.ibgp or old for peer in peers if peer.multihop is not None):
        yield "ebgp_multihop is the routers' alone"
    for name, node in cluster.nodes.items():
        for address in node.every_address():
            if not any(peer.source == address for peer in peers):
                yield f"node {name} opens no session from {address}"


def documents(objects: Sequence[Object], comments: Iterable[str]) -> str:
    """Write objects as YAML, a document each, below comments."""
    head = "".join(f"# {line}\n" for line in comments)
    return head + "".join(f"---\n{yaml_text(one)}" for one in objects)


_NUMBER: Final = re.compile(r"[0-9].*:[0-9:]*|[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|[yYnN]")


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a block, and quotes what a reader of YAML 1.1 could take for a number."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if _NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def yaml_text(data: Object) -> str:
    """Write one document."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


def object_name(text: str, taken: Iterable[str]) -> str:
    """Return the nearest name that an object of Kubernetes may have (RFC 1123), and that is not taken."""
    made = re.sub(r"[^a-z0-9.-]|\.(?=[^a-z0-9])|(?<=[^a-z0-9])\.", "-", text.lower()).strip(".-")[:240]
    taken, number, name = set(taken), 1, made
    while name in taken:
        number += 1
        name = f"{made}-{number}"
    return name


def seconds(number: int) -> str:
    """Write a duration of Go."""
    return f"{number}s"


def timer_fields(timers: Timers | None) -> Object:
    """Return the hold time and the keepalive time; with a hold time of 0 there are no keepalives."""
    if timers is None:
        return {}
    found = {"holdTime": seconds(timers.hold)}
    return found | ({"keepaliveTime": seconds(timers.keepalive)} if timers.hold else {})


def bfd_profiles(peers: Iterable[Peer], routers: Mapping[str, Router]) -> Iterator[tuple[str, BfdProfile]]:
    """Yield the BFD profiles of the sessions, as the first router has them that knows the name."""
    wanted = {peer.bfd_profile: None for peer in peers if peer.bfd_profile is not None}
    for name in wanted:
        known = (router.bfd_profiles[name] for router in routers.values() if name in router.bfd_profiles)
        yield name, next(known, BfdProfile())


def _object(cluster: Cluster, kind: str, name: str, spec: Object, labels: Mapping[str, str] = {}) -> Object:
    version = "metallb.io/v1beta2" if kind == "BGPPeer" else _API
    metadata = {"namespace": NAMESPACE, "name": name, "labels": {CLUSTER: cluster.name, **labels}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _password(cluster: Cluster, name: str, text: str) -> Object:
    metadata = {"namespace": NAMESPACE, "name": name, "labels": {CLUSTER: cluster.name}}
    kind = "kubernetes.io/basic-auth"
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "stringData": {"password": text}}


def bfd_fields(profile: BfdProfile) -> Object:
    """Return the fields of a BFD profile."""
    fields = {
        "receiveInterval": profile.receive_interval,
        "transmitInterval": profile.transmit_interval,
        "detectMultiplier": profile.detect_multiplier,
        "echoInterval": profile.echo_transmit_interval,
        "echoMode": profile.echo_mode or None,
        "passiveMode": profile.passive_mode or None,
        "minimumTtl": profile.minimum_ttl,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _bgp_peer(cluster: Cluster, name: str, peer: Peer, password: str | None) -> Object:
    spec: Object = {"myASN": peer.asn, "peerASN": peer.peer_asn, "peerAddress": str(peer.address)}
    spec["sourceAddress"] = str(peer.source)
    spec |= {} if peer.router_id is None else {"routerID": str(peer.router_id)}
    spec |= timer_fields(peer.timers)
    spec |= {} if peer.connect is None else {"connectTime": seconds(peer.connect)}
    spec |= {} if password is None else {"passwordSecret": {"name": password, "namespace": NAMESPACE}}
    spec |= {} if peer.bfd_profile is None else {"bfdProfile": peer.bfd_profile}
    spec |= {"ebgpMultiHop": True} if peer.multihop is not None and not peer.ibgp else {}
    spec |= {} if peer.restart_time is None else {"enableGracefulRestart": True}
    spec |= {} if peer.device is None else {"vrf": peer.device}
    spec |= {} if peer.families == {peer.source.version} else {"dualStackAddressFamily": True}
    spec["nodeSelectors"] = [{"matchLabels": {HOSTNAME: peer.node}}]
    return _object(cluster, "BGPPeer", name, spec, {ROUTER: peer.router, NODE: peer.node})


def _selection(pool: Pool) -> Object:
    """Return the selectors of nodes and Services."""
    found: Object = {}
    for key, selectors in (("nodeSelectors", pool.node_selectors), ("serviceSelectors", pool.service_selectors)):
        found |= {key: [_selector(one) for one in selectors]} if selectors else {}
    return found


def _selector(selector: Selector) -> Object:
    asked = [one.model_dump(exclude_defaults=True, mode="json") for one in selector.match_expressions]
    found: Object = {"matchLabels": dict(selector.match_labels)} if selector.match_labels else {}
    return found | ({"matchExpressions": asked} if asked else {})


def _pool(pool: Pool) -> Object:
    spec: Object = {"addresses": [str(one) for one in pool.prefixes]}
    spec |= {} if pool.auto_assign else {"autoAssign": False}
    spec |= {"avoidBuggyIPs": True} if pool.avoid_buggy_ips else {}
    allocation: Object = {"priority": pool.priority} if pool.priority else {}
    allocation |= {"namespaces": list(pool.namespaces)} if pool.namespaces else {}
    chosen = {"namespaceSelectors": pool.namespace_selectors, "serviceSelectors": pool.allocation_selectors}
    allocation |= {key: [_selector(one) for one in selectors] for key, selectors in chosen.items() if selectors}
    return spec | ({"serviceAllocation": allocation} if allocation else {})


def lengths(pool: Pool) -> Object:
    """Return the aggregation lengths of a pool, one for each IP version that it has."""
    found: Object = {}
    for version, key in ((4, "aggregationLength"), (6, "aggregationLengthV6")):
        highs = [announced_lengths(pool, one)[1] for one in pool.prefixes if one.version == version]
        found |= {key: highs[0]} if highs else {}
    return found


def advertisement(pool: Pool) -> Object:
    """Return the attributes of a pool's announcements; of a layer-2 pool its interfaces."""
    if pool.protocol == "layer2":
        return {"interfaces": list(pool.interfaces)} if pool.interfaces else {}
    spec = lengths(pool)
    spec |= {} if pool.local_preference is None else {"localPref": pool.local_preference}
    told = [*(pool.communities or ()), *(f"large:{one}" for one in pool.large_communities or ())]
    return spec | ({"communities": told} if told else {})


def _named_communities(cluster: Cluster) -> list[Object]:
    """Return the well-known communities names, for MetalLB knows none: `no-export` -> 65535:65281."""
    told = (one for _, pool in announced_pools(cluster) for one in pool.communities or ())
    names = dict.fromkeys(one for one in told if ":" not in one)
    values = {name: community_value(name) for name in names}
    return [{"name": name, "value": f"{value >> 16}:{value & 0xFFFF}"} for name, value in values.items()]


def _old_peer(peer: Peer, secret: Secret) -> Object:
    found: Object = {"my-asn": peer.asn, "peer-asn": peer.peer_asn, "peer-address": str(peer.address)}
    found["source-address"] = str(peer.source)
    found |= {} if peer.timers is None else {"hold-time": seconds(peer.timers.hold)}
    found |= {} if peer.router_id is None else {"router-id": str(peer.router_id)}
    found |= {} if peer.password is None else {"password": secret(peer.password)}
    return found | {"node-selectors": [{"match-labels": {HOSTNAME: peer.node}}]}


def _old_pool(name: str, pool: Pool) -> Object:
    found: Object = {"name": name, "protocol": pool.protocol, "addresses": [str(one) for one in pool.prefixes]}
    found |= {} if pool.auto_assign else {"auto-assign": False}
    found |= {"avoid-buggy-ips": True} if pool.avoid_buggy_ips else {}
    if pool.protocol == "bgp":
        said = advertisement(pool)
        said.pop("aggregationLengthV6", None)
        keys = {"aggregationLength": "aggregation-length", "localPref": "localpref"}
        found["bgp-advertisements"] = [{keys.get(key, key): value for key, value in said.items()}]
    return found
