"""What MetalLB cannot say of a cluster: an error each, with the nearest thing that it can say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, Path
from frrgen.metallb.render import bfd_profiles
from frrgen.metallb.sessions import Peer
from frrgen.model.cluster import Cluster, Peering, Pool
from frrgen.model.pools import announced_lengths
from frrgen.model.router import Router
from frrgen.model.types import Prefix

RESTART_TIME: Final = 120
"""Seconds of FRR's own `bgp graceful-restart restart-time`, which is what MetalLB's switch turns on."""
HOPS: Final = 255
"""The hops of MetalLB's ebgpMultiHop."""
_INT32: Final = 2147483647
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
"""The name of an object of Kubernetes (RFC 1123)."""


def refused(cluster: Cluster, peers: Iterable[Peer], routers: Mapping[str, Router], flavour: str) -> Iterator[Finding]:
    """Yield what a flavour cannot say."""
    peers = list(peers)
    path: Path = ("clusters", cluster.name)
    for name, pool in cluster.pools.items():
        yield from _pool(name, pool, flavour, (*path, "pools", name))
    if cluster.graceful_restart_time is not None:
        if flavour == "configmap":
            yield _cannot("graceful restart", "leave it out: graceful_restart_time is for later versions", path)
        elif cluster.graceful_restart_time != RESTART_TIME:
            text = f"a restart time of {cluster.graceful_restart_time} s: it is FRR's {RESTART_TIME} s"
            yield _cannot(text, f"write `graceful_restart_time: {RESTART_TIME}`", (*path, "graceful_restart_time"))
    for name, peering in cluster.routers.items():
        own = [one for one in peers if one.router == name]
        yield from _peering(peering, own, flavour, (*path, "routers", name))
    for name, profile in bfd_profiles(peers, routers) if flavour != "configmap" else ():
        for field in ("shutdown", "echo_receive_interval"):
            if getattr(profile, field):
                place: Path = ("routers", next(iter(cluster.routers)), "bfd_profiles", name, field)
                yield _cannot(f"{field} of a BFD profile", f"remove {field}, or name another profile", place)
    for name in dict.fromkeys(one.node for one in peers):
        own = [one for one in peers if one.node == name]
        for bound in own if flavour != "metallb" else ():
            if bound.device is not None:
                place = (*path, "nodes", name, "uplinks", bound.router, "device")
                yield _cannot("a VRF of the nodes in this flavour", "use `--flavour metallb`", place)
        if any(one.router_id is not None and one.router_id.version == 6 for one in own):
            yield _cannot("a router_id of IPv6", "write an IPv4 address", (*path, "nodes", name, "router_id"))
        if flavour == "configmap" and any(one.families != {4} or one.source.version != 4 for one in own):
            hint = "leave the IPv6 pools and addresses out, or use `--flavour metallb`"
            yield _cannot("IPv6 over BGP", hint, (*path, "nodes", name, "addresses"))


def _cannot(what: str, hint: str, path: Path) -> Finding:
    return Finding.at(Code.FRR620, f"MetalLB cannot say {what}", path, hint)


def _pool(name: str, pool: Pool, flavour: str, path: Path) -> Iterator[Finding]:
    if flavour == "metallb":
        yield from _name(name, "a pool", path)
    if pool.reserved and flavour != "frr-k8s":
        left = ", ".join(_without(pool.prefixes, pool.reserved))
        yield _cannot("that addresses of a pool are reserved", f"write `prefixes: [{left}]`", (*path, "reserved"))
    if pool.med is not None:
        hint = "let the router set it: `set: {med: N}` in the entry of its inbound route map"
        yield _cannot("a MED", hint, (*path, "med"))
    if pool.prepend:
        hint = "let the router prepend: `set: {as_path_prepend: [ASN]}` in the entry of its inbound route map"
        yield _cannot("a longer AS path", hint, (*path, "prepend"))
    if pool.local_preference is not None and pool.local_preference > _INT32 and flavour != "configmap":
        hint = f"write `local_preference: {_INT32}` or less"
        yield _cannot(f"a local preference above {_INT32}", hint, (*path, "local_preference"))
    if pool.local_preference == 0 and flavour == "metallb":
        yield _cannot(
            "a local preference of 0, for it means none", "write `local_preference: 1`", (*path, "local_preference")
        )
    if pool.protocol == "layer2":
        for field in ("communities", "large_communities", "local_preference"):
            if getattr(pool, field) is not None:
                yield _cannot(f"{field} of a layer-2 pool", f"remove {field}", (*path, field))
    if pool.lengths == (0, 0):
        yield _cannot("an aggregation length of 0", "write `lengths: [1, 1]`", (*path, "lengths"))
    if flavour != "metallb":
        for field in ("node_selectors", "routers", "service_selectors"):
            if getattr(pool, field) and (field, flavour) != ("routers", "frr-k8s"):
                yield _cannot(f"the {field} of a pool in this flavour", "use `--flavour metallb`", (*path, field))
    if flavour == "metallb" and pool.protocol == "layer2" and pool.routers:
        yield _cannot("routers of a layer-2 pool", "remove routers", (*path, "routers"))
    if pool.service_selectors and any(_announced_shorter(pool, one) for one in pool.prefixes):
        hint = "announce addresses: `lengths: [32, 32]`, `ipv6_lengths: [128, 128]`"
        yield _cannot("service_selectors of a pool that is not announced address by address", hint, path)
    if flavour == "configmap":
        if pool.large_communities is not None:
            yield _cannot("large communities", "write communities, AA:NN", (*path, "large_communities"))
        if pool.interfaces:
            yield _cannot(
                "the interfaces of a pool", "leave interfaces out: every interface answers", (*path, "interfaces")
            )
        for field in ("priority", "namespaces", "namespace_selectors", "allocation_selectors"):
            if getattr(pool, field):
                hint = "write `auto_assign: false`: Services then ask for the pool by its name"
                yield _cannot(f"the {field} of a pool", hint, (*path, field))
        if pool.protocol == "bgp" and any(prefix.version == 6 for prefix in pool.prefixes):
            yield _cannot("IPv6 over BGP", "use `--flavour metallb`", (*path, "prefixes"))
    if flavour == "frr-k8s":
        for prefix in pool.prefixes if pool.protocol == "bgp" else ():
            low, _ = announced_lengths(pool, prefix)
            if low != prefix.prefixlen:
                field = "lengths" if prefix.version == 4 else "ipv6_lengths"
                text = f"prefixes of Services in an FRRConfiguration, and {prefix} is not announced as a whole"
                hint = f"`--flavour metallb` announces addresses; or let {field} begin with {prefix.prefixlen}"
                yield _cannot(text, hint, (*path, field))


def _announced_shorter(pool: Pool, prefix: Prefix) -> bool:
    return pool.protocol == "bgp" and announced_lengths(pool, prefix)[1] < prefix.max_prefixlen


def _peering(peering: Peering, peers: list[Peer], flavour: str, path: Path) -> Iterator[Finding]:
    if peering.ttl_security_hops is not None:
        hint = "remove it: a password keeps strangers out"
        yield _cannot("TTL security", hint, (*path, "ttl_security_hops"))
    if not peers:
        return
    external = any(not one.ibgp for one in peers)
    if flavour != "configmap" and external and peering.ebgp_multihop not in {None, HOPS}:
        text = f"ebgp_multihop {peering.ebgp_multihop}: its switch means {HOPS} hops"
        yield _cannot(text, f"write `ebgp_multihop: {HOPS}`", (*path, "ebgp_multihop"))
    if peering.bfd_profile is not None:
        if flavour == "configmap":
            yield _cannot("BFD", "use `--flavour metallb`, for MetalLB 0.13 and later", (*path, "bfd_profile"))
        else:
            yield from _name(peering.bfd_profile, "a BFD profile", (*path, "bfd_profile"))
    timers = peers[0].timers
    if timers is not None and flavour == "configmap" and timers.keepalive != timers.hold // 3:
        text = f"a keepalive time of {timers.keepalive} s: it is a third of the hold time"
        yield _cannot(text, f"write `timers: {{keepalive: {timers.hold // 3}, hold: {timers.hold}}}`", path)


def _name(name: str, what: str, path: Path) -> Iterator[Finding]:
    if _NAME.fullmatch(name) is None:
        nearest = re.sub(r"[^a-z0-9.-]", "-", name.lower()).strip(".-")[:253]
        hint = f"name it {nearest}" if nearest else "name it with small letters, digits, '-' and '.'"
        yield _cannot(f"{name!r} as the name of {what}", hint, path)


def _without(prefixes: Iterable[Prefix], reserved: Iterable[Prefix]) -> list[str]:
    from netaddr import IPSet

    left = IPSet(map(str, prefixes)) - IPSet(map(str, reserved))
    return [str(one) for one in left.iter_cidrs()]
