"""Clusters that MetalLB can say, drawn."""

from __future__ import annotations

from ipaddress import ip_network

from hypothesis import strategies as st
from pydantic import SecretStr

from frrgen.model.cluster import Cluster, Network
from frrgen.model.derive import derive

ASN = 64512
ROUTERS = {"home": 64512, "edge1": 65001, "Edge_2": 65002}
thirds = st.sampled_from([{"keepalive": 30, "hold": 90}, {"keepalive": 1, "hold": 3}, {"keepalive": 0, "hold": 0}])
others = st.sampled_from([{"keepalive": 9, "hold": 9}, {"keepalive": 0, "hold": 61}])
communities = st.lists(
    st.sampled_from(["64512:1", "no-export", "graceful-shutdown", "local-AS", "0:0"]), min_size=1, unique=True
)
larges = st.lists(st.sampled_from(["64512:1:2", "4294967295:0:7"]), min_size=1, unique=True)


def maybe(**fields):
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def pools(draw, number: int, version: int, *, old: bool) -> dict:
    """Draw a pool of addresses of its own."""
    length = draw(st.integers(24, 30)) if version == 4 else draw(st.integers(112, 126))
    base = f"10.{number}.0.0" if version == 4 else f"fd00:{number:x}::"
    prefixes = [str(ip_network(f"{base}/{length}"))]
    if draw(st.booleans()):
        second = f"10.{number}.8.0/24" if version == 4 else f"fd00:{number:x}:0:8::/112"
        prefixes.append(second)
        length = max(length, ip_network(second).prefixlen)
    made = {"prefixes": prefixes}
    made |= draw(maybe(auto_assign=st.just(value=False), avoid_buggy_ips=st.just(value=True)))
    if not old:
        named = st.lists(st.sampled_from(["default", "web"]), min_size=1, unique=True)
        labels = [{"match_labels": {"app": "web"}}, {"match_labels": {"a": "true", "b": "1e3"}}]
        labels += [{"match_expressions": [{"key": "tier", "operator": "Exists"}]}]
        labels = st.lists(st.sampled_from(labels), min_size=1, max_size=3)
        made |= draw(maybe(priority=st.integers(1, 100), namespaces=named))
        made |= draw(maybe(namespace_selectors=labels, allocation_selectors=labels))
    if not old:
        asked = {"match_labels": {"zone": "a"}}
        named = {"match_expressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["a", "b"]}]}
        made |= draw(maybe(node_selectors=st.sampled_from([[asked], [named, asked]])))
    if draw(st.integers(0, 3)) == 0:
        nics = st.lists(st.sampled_from(["eth0", "br0.5"]), min_size=1, unique=True)
        return made | {"protocol": "layer2"} | ({} if old else draw(maybe(interfaces=nics)))
    high = draw(st.integers(length, 32 if version == 4 else 128))
    made |= {"lengths" if version == 4 else "ipv6_lengths": (high, high)}
    made |= draw(maybe(communities=communities, local_preference=st.integers(1, 2147483647)))
    return made | ({} if old else draw(maybe(large_communities=larges)))


@st.composite
def clusters(draw, *, old: bool = False, plain: bool = True) -> Cluster:
    """Draw a cluster; `old`: that MetalLB 0.11 can say; `plain`: in the form in which an import writes it."""
    versions = draw(st.sampled_from([(4,)] if old else [(4,), (6,), (4, 6)]))
    routers = draw(st.lists(st.sampled_from(list(ROUTERS)), min_size=1, max_size=3, unique=True))
    names = draw(st.lists(st.sampled_from(["a", "node-1", "Node_2", "n.example"]), min_size=1, unique=True))
    nodes = {}
    for number, name in enumerate(names, 10):
        addresses = [f"192.0.2.{number}" if version == 4 else f"2001:db8::{number:x}" for version in versions]
        nodes[name] = {"addresses": draw(st.permutations(addresses))}
        nodes[name] |= draw(maybe(router_id=st.just(f"198.51.100.{number}")))
        if number > 10 or not plain:
            nodes[name] |= draw(maybe(asn=st.sampled_from([64600, 65001])))
        if number > 10 and len(routers) > 1 and not old and draw(st.integers(0, 3)) == 0:
            second = [f"192.0.3.{number}" if version == 4 else f"2001:db8:3::{number:x}" for version in versions]
            way = st.fixed_dictionaries({"addresses": st.just(second)}, optional={"device": st.just("blue")})
            nodes[name]["uplinks"] = {routers[-1]: draw(way | st.just({"addresses": []}))}
    numbers = range(draw(st.integers(1, 3)))
    made = {f"p{n}": draw(pools(n, draw(st.sampled_from(versions)), old=old)) for n in numbers}
    if not old and len(versions) == 2:
        # sessions of both versions have something to say
        made |= {
            f"b{v}": {"prefixes": [p]} | {k: (x, x)}
            for v, p, k, x in ((4, "10.99.0.0/24", "lengths", 32), (6, "fd99::/112", "ipv6_lengths", 128))
        }
    elif not any(one.get("protocol") is None for one in made.values()):
        p, k, x = ("10.99.0.0/24", "lengths", 32) if 4 in versions else ("fd99::/112", "ipv6_lengths", 128)
        made["b"] = {"prefixes": [p], k: (x, x)}
    if not old and len(routers) > 1 and len(versions) == 2 and not any("uplinks" in one for one in nodes.values()):
        # every router is told of b4 and b6
        for name, one in made.items():
            if name.startswith("p") and "protocol" not in one:
                one.update(draw(maybe(routers=st.just((routers[0],)))))
    peerings = {}
    for number, name in enumerate(routers, 1):
        peerings[name] = {"address": f"192.0.2.{number}"} if 4 in versions else {}
        peerings[name] |= {"ipv6_address": f"2001:db8::{number}"} if 6 in versions else {}
        peerings[name] |= draw(maybe(asn=st.just(65009)))
        if len(routers) > 1 or not plain:
            peerings[name] |= (
                draw(maybe(timers_connect=st.just(number), password=st.just(f"env:P{number}")))
                if (not old)
                else draw(maybe(password=st.just(f"env:P{number}")))
            )
        external = ROUTERS[name] != ASN and not any("asn" in one for one in nodes.values())
        if not old:
            peerings[name] |= draw(maybe(bfd_profile=st.sampled_from(["fast", "slow"])))
            peerings[name] |= draw(maybe(ebgp_multihop=st.just(255))) if external else {}
    data = {"name": "k", "asn": ASN, "nodes": nodes, "pools": made, "routers": peerings}
    data |= draw(maybe(timers=thirds if old else thirds | others))
    if not any("password" in one for one in peerings.values()):
        data |= draw(maybe(password=st.just("env:K")))
    if not old and not any("timers_connect" in one for one in peerings.values()):
        data |= draw(maybe(timers_connect=st.integers(1, 65535)))
    data |= {} if old else draw(maybe(graceful_restart_time=st.just(120)))
    return Cluster.model_validate(data)


def whole(cluster: Cluster) -> Cluster:
    """Make a cluster of one that an FRRConfiguration can say: its pools are announced as wholes, to no node's VRF.

    What a controller does with a pool, and layer 2, is no matter of frr-k8s.
    """
    pools = {}
    for name, pool in cluster.pools.items():
        if pool.protocol == "layer2":
            continue
        kept = {key: getattr(pool, key) for key in ("communities", "large_communities", "local_preference", "routers")}
        made = {"prefixes": pool.prefixes, **{key: value for key, value in kept.items() if value is not None}}
        for version, key in ((4, "lengths"), (6, "ipv6_lengths")):
            if lengths := [one.prefixlen for one in pool.prefixes if one.version == version]:
                made[key] = (min(lengths), max(lengths))
        pools[name] = made
    nodes = cluster.model_dump()["nodes"]
    for node in nodes.values():
        for uplink in node["uplinks"].values():
            uplink.pop("device", None)
    data = {key: getattr(cluster, key) for key in cluster.model_fields_set} | {"pools": pools}
    return Cluster.model_validate(data | {"nodes": nodes})


def derived(cluster: Cluster):
    """Return the routers with what the cluster means for them."""
    routers = {
        name: {
            "name": name,
            "bgp": {"asn": asn},
            "bfd_profiles": {"fast": {"detect_multiplier": 3, "transmit_interval": 50}, "slow": {"passive_mode": True}},
        }
        for name, asn in ROUTERS.items()
    }
    return derive(Network.model_validate({"routers": routers, "clusters": {"k": cluster}})).routers


def same(secret: SecretStr) -> str:
    return secret.get_secret_value()
