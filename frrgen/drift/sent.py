"""What the nodes of a cluster say that they sent: status of our speaker, MetalLB's metrics, FRR's advertised routes."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.model.types import Address, Prefix
from frrgen.speaker.plan import NodePlan, PeerSettings
from frrgen.speaker.wire.packed_prefix import Key

_OF_PODS: Final = frozenset(
    {
        "noIPAllocated",
        "ipModeProxy",
        "nodeNetworkUnavailable",
        "nodeLabeledExcludeBalancers",
        "nodeDrained",
        "noEndpoints",
        "noLocalEndpoints",
        "notOwner",
        "noMatchingAdvertisement",
    }
)
"""Reasons of the speaker that an operator wants; every other reason is a mistake."""


@dataclass(frozen=True)
class SentSession:
    """What a node sent on one session."""

    prefixes: frozenset[Prefix]
    state: str = "Established"
    held: Mapping[Prefix, str] = field(default_factory=dict)
    """What the node does not send, and why."""
    whole: bool = True
    """Whether all that was sent is named."""


@dataclass(frozen=True)
class Withheld:
    """An address of a Service that a node sends to nobody."""

    service: str
    address: str
    reason: str
    detail: str = ""

    @property
    def wanted(self) -> bool:
        """Whether the state of pods and nodes is the reason, and no mistake."""
        return self.reason in _OF_PODS


@dataclass
class NodeStatus:
    """What one node says."""

    name: str
    source: str
    """The file, or the socket."""
    sessions: dict[tuple[str, Address | None], SentSession] = field(default_factory=dict)
    """By router, and the address that the node dials; None: every session with the router."""
    withheld: tuple[Withheld, ...] = ()
    services: dict[Address, str] = field(default_factory=dict)
    """The Services, `namespace/name`, by the addresses that the node announces."""

    def on(self, peer: PeerSettings) -> SentSession | None:
        """Return what the node sent on a session; None: it does not say."""
        found = self.sessions.get((peer.router, peer.address))
        return found if found is not None else self.sessions.get((peer.router, None))


def _wrong(source: str, text: str, hint: str | None = None) -> InputError:
    return InputError(Finding(Code.FRR613, text, Where(source), hint))


def read(text: str, source: str, plans: Mapping[str, NodePlan], *, said: str = "") -> list[NodeStatus]:
    """Read one file, or the answer of a socket. `said`: `NODE` or `NODE@ROUTER`, where the text does not name them.

    Raises InputError for text of another kind, and for nodes that the cluster lacks.
    """
    node, _, router = said.partition("@")
    if text.lstrip().startswith("{"):
        try:
            data = json.loads(text)
        except ValueError as bad:
            raise _wrong(source, f"it is no JSON: {bad}") from None
        if "sessions" in data and "node" in data:
            return [_status(data, source, plans)]
        if "advertisedRoutes" in data:
            return [_advertised(data, source, plans, node, router)]
    elif "metallb_" in text:
        return _metrics(text, source, plans, node)
    hint = "`frrgen speaker status --format json`, MetalLB's /metrics, or FRR's `show bgp … advertised-routes json`"
    raise _wrong(source, "it does not tell what a node sent", hint)


def _plan(plans: Mapping[str, NodePlan], name: str, source: str) -> NodePlan:
    if name not in plans:
        hint = f"there are: {', '.join(plans)}" + ("" if name else "; write NODE=FILE")
        raise _wrong(source, f"the cluster has no node {name!r}" if name else "it does not name its node", hint)
    return plans[name]


def _status(data: Mapping[str, Any], source: str, plans: Mapping[str, NodePlan]) -> NodeStatus:
    plan = _plan(plans, data["node"], source)
    if data.get("cluster") != plan.cluster.name:
        raise _wrong(source, f"it is of cluster {data.get('cluster')!r}")
    found = NodeStatus(plan.node_name, source)
    try:
        for one in data["sessions"]:
            prefixes = frozenset(map(ip_network, one["to_announce"]))
            held = {
                ip_network(some["prefix"]): some["why"] for kind in ("held_back", "not_sayable") for some in one[kind]
            }
            told = one["state"] == "Established" and one["all_told"]
            state = "Established" if told else one["last_error"] or one["state"]
            if one["state"] == "Established" and not told:
                state = "not everything is sent yet"
            whole = len(prefixes) == one["adj_rib_out"]
            found.sessions[one["router"], ip_address(one["peer"])] = SentSession(prefixes, state, held, whole)
        found.withheld = tuple(Withheld(**one) for one in data["withheld"])
        found.services = {ip_address(one["address"]): one["service"] for one in data.get("services", ())}
    except (KeyError, TypeError, ValueError) as bad:
        raise _wrong(source, f"it is no status of a speaker: {bad!r}") from None
    return found


def _advertised(
    data: Mapping[str, Any], source: str, plans: Mapping[str, NodePlan], node: str, router: str
) -> NodeStatus:
    plan = _plan(plans, node, source)
    routers = list(dict.fromkeys(peer.router for peer in plan.peers))
    if not router and len(routers) == 1:
        router = routers[0]
    if router not in routers:
        raise _wrong(source, "it does not name its router", f"write NODE@ROUTER=FILE; there are: {', '.join(routers)}")
    try:
        prefixes = frozenset(map(ip_network, data["advertisedRoutes"]))
    except ValueError as bad:
        raise _wrong(source, str(bad)) from None
    return NodeStatus(node, source, {(router, None): SentSession(prefixes)})


def _metrics(text: str, source: str, plans: Mapping[str, NodePlan], node: str) -> list[NodeStatus]:
    """Read MetalLB's metrics: the Services by node, and the sessions that are up."""
    from prometheus_client.parser import text_string_to_metric_families

    found: dict[str, dict[Address, str]] = {}
    up: dict[str, bool] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = sample.labels
                if sample.name == "metallb_bgp_session_up":
                    up[labels["peer"]] = sample.value == 1
                elif sample.name == "metallb_speaker_announced" and labels["protocol"] == "bgp" and sample.value:
                    found.setdefault(labels["node"], {})[ip_address(labels["ip"])] = labels["service"]
    except (KeyError, ValueError) as bad:
        raise _wrong(source, f"the metrics cannot be read: {bad!r}") from None
    if not found:
        found[_plan(plans, node, source).node_name] = {}
    return [_of_metrics(_plan(plans, name, source), source, services, up) for name, services in found.items()]


def _of_metrics(plan: NodePlan, source: str, services: dict[Address, str], up: Mapping[str, bool]) -> NodeStatus:
    found = NodeStatus(plan.node_name, source, services=services)
    for peer in plan.peers:
        prefixes = frozenset(one for one in _prefixes(plan, services) if _carries(peer, one))
        host = f"[{peer.address}]" if peer.address.version == 6 else str(peer.address)
        names = (f"{host}:{peer.port}", str(peer.address))
        is_up = next((up[name] for name in names if name in up), None)
        if is_up is not None:
            state = "Established" if is_up else "MetalLB says that the session is down"
            found.sessions[peer.router, peer.address] = SentSession(prefixes, state)
    return found


def _prefixes(plan: NodePlan, addresses: Iterable[Address]) -> Iterator[Prefix]:
    """Return the prefix of its pool's longest length around each address."""
    pools = plan.pools()
    starts = [one.first for one in pools]
    for address in addresses:
        key = Key.of(ip_network(address))
        place = bisect_right(starts, key) - 1
        if place >= 0 and key < pools[place].end:
            yield ip_network((address, pools[place].high), strict=False)


def _carries(peer: PeerSettings, prefix: Prefix) -> bool:
    return Key.family(Key.of(prefix)) in peer.families


def merged(nodes: Sequence[NodeStatus]) -> dict[str, NodeStatus]:
    """Put together what several files say of one node."""
    found: dict[str, NodeStatus] = {}
    for one in nodes:
        known = found.setdefault(one.name, NodeStatus(one.name, one.source))
        for key, session in one.sessions.items():
            before = known.sessions.get(key)
            both = session if before is None else SentSession(before.prefixes | session.prefixes, session.state)
            known.sessions[key] = both
        known.withheld += one.withheld
        known.services |= one.services
    return found
