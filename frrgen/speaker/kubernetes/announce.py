"""What a node announces of a cluster's Services, and for each address that it does not announce, why."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from frrgen.model.selector import selected
from frrgen.speaker.kubernetes.annotations import attributes
from frrgen.speaker.kubernetes.objects import ClusterNode, Endpoint, EndpointSlice, Ingress, Service
from frrgen.speaker.plan import PoolRange
from frrgen.speaker.wire.attributes import GRACEFUL_SHUTDOWN, Address, Attributes
from frrgen.speaker.wire.packed_prefix import IPV6_BIT

EXCLUDE: Final = "node.kubernetes.io/exclude-from-external-load-balancers"
"""The label of a node, with any value, on which load balancers leave it out."""
DRAIN: Final = "frrgen.io/drain"
"""The annotation of a node that is being emptied: `withdraw`, or any other value for GRACEFUL_SHUTDOWN."""
Name = tuple[str, str]
"""Namespace and name."""


class Reason(StrEnum):
    """Why an address is not announced. MetalLB's words where MetalLB has the rule."""

    NOT_LOAD_BALANCER = "notLoadBalancer"
    OTHER_CLASS = "otherClass"
    NO_IP = "noIPAllocated"
    INVALID_IP = "invalidIP"
    PROXY = "ipModeProxy"
    NOT_IN_POOL = "ipNotAllowed"
    NOT_OWNER = "notOwner"
    NO_ADVERTISEMENT = "noMatchingAdvertisement"
    INVALID_ANNOTATION = "invalidAnnotation"
    NETWORK_UNAVAILABLE = "nodeNetworkUnavailable"
    EXCLUDED = "nodeLabeledExcludeBalancers"
    DRAINED = "nodeDrained"
    NO_LOCAL_ENDPOINTS = "noLocalEndpoints"
    NO_ENDPOINTS = "noEndpoints"


class Drain(StrEnum):
    """How a node that is being emptied announces."""

    NO = "no"
    GRACEFUL_SHUTDOWN = "gracefulShutdown"
    """With the community of RFC 8326, so that routers prefer other nodes."""
    WITHDRAW = "withdraw"


@dataclass(frozen=True)
class Rules:
    """What a user chooses."""

    classes: frozenset[str] | None = None
    """The values of `loadBalancerClass` that are announced, "" for a Service without; None: every Service."""
    heed_exclude_label: bool = True
    drain_on_cordon: bool = False
    drain_on_taints: frozenset[str] = frozenset()
    """Keys of taints that a node has while it is being emptied."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one address of a Service on this node."""

    service: Name
    address: str
    reason: Reason | None = None
    """None: it is announced."""
    detail: str = ""
    key: int = 0
    """The announced prefix, as `wire.packed_prefix` writes it."""
    said: Attributes = field(default_factory=Attributes)

    @property
    def draining(self) -> bool:
        """The routers learn to prefer other nodes."""
        return GRACEFUL_SHUTDOWN in self.said.communities


class Announcements:
    """The Services of a cluster as one node sees them. Each change is worked on by itself, never the whole."""

    def __init__(self, node: str, rules: Rules) -> None:
        self.rules = rules
        self.node = ClusterNode.unknown(node)
        self.verdicts: dict[Name, tuple[Verdict, ...]] = {}
        self._name = node
        self._pools: Sequence[PoolRange] = ()
        self._starts: list[int] = []
        self._services: dict[Name, Service] = {}
        self._slices: dict[Name, EndpointSlice] = {}
        self._slices_of: dict[Name, set[Name]] = {}
        self._wanted: dict[int, dict[tuple[bool, Name, str], Attributes]] = {}
        """Prefix -> who wants it announced, and how."""
        self._shared: dict[Attributes, Attributes] = {}
        self._again: set[Name] = set()

    # what happens

    def have_pools(self, pools: Sequence[PoolRange]) -> None:
        """Take other pools; ascending, as `NodePlan.pools` returns them."""
        if pools != self._pools:
            self._pools, self._starts = pools, [pool.first for pool in pools]
            self._again.update(self._services)

    def service(self, name: Name, service: Service | None) -> None:
        """Take a Service as it is now; None: it is gone."""
        if service is None:
            self._services.pop(name, None)
        else:
            self._services[name] = service
        self._again.add(name)

    def endpoint_slice(self, name: Name, found: EndpointSlice | None) -> None:
        """Take an EndpointSlice as it is now; None: it is gone."""
        before = self._slices.pop(name, None)
        if before is not None and before.service is not None:
            self._slices_of.get(before.service, set()).discard(name)
            self._again.add(before.service)
        if found is not None and found.service is not None:
            self._slices[name] = found
            self._slices_of.setdefault(found.service, set()).add(name)
            self._again.add(found.service)

    def cluster_node(self, name: Name, node: ClusterNode | None) -> None:
        """Take a Node as it is now; None: it is gone. Other nodes than ours decide nothing."""
        if name[1] != self._name:
            return
        node = node or ClusterNode.unknown(self._name)
        before, self.node = self._node_state(), node
        if self._node_state() != before:
            self._again.update(self._services)

    # what follows from it

    def waiting(self) -> frozenset[Name]:
        """Return the Services that `settle` will judge again."""
        return frozenset(self._again)

    def settle(self) -> dict[int, Attributes | None]:
        """Judge again what changed. Return the prefixes that are announced otherwise now; None: withdrawn."""
        again, self._again = self._again, set()
        touched = {key for name in again for key in self._judge_again(name)}
        return {key: self._said(key) for key in sorted(touched)}

    def names(self) -> list[Name]:
        """Return every Service that is known."""
        return list(self._services)

    def known(self, name: Name) -> Service | None:
        """Return a Service as it is; None: there is none."""
        return self._services.get(name)

    def announced(self) -> dict[int, Attributes]:
        """Return all that is announced, as of the last `settle`."""
        return {key: said for key in sorted(self._wanted) if (said := self._said(key)) is not None}

    def _judge_again(self, name: Name) -> Iterator[int]:
        """Replace the verdicts on a Service. Return the prefixes that they touched or touch."""
        for verdict in self.verdicts.pop(name, ()):
            if verdict.reason is None:
                wishes = self._wanted[verdict.key]
                wishes.pop(_rank(verdict), None)
                if not wishes:
                    del self._wanted[verdict.key]
                yield verdict.key
        service = self._services.get(name)
        if service is None:
            return
        verdicts = tuple(self._judge(service))
        if verdicts:
            self.verdicts[name] = verdicts
        for verdict in verdicts:
            if verdict.reason is None:
                # equal attributes are one object: routes are compared by identity first
                said = self._shared.setdefault(verdict.said, verdict.said)
                self._wanted.setdefault(verdict.key, {})[_rank(verdict)] = said
                yield verdict.key

    def _said(self, key: int) -> Attributes | None:
        """Return what a prefix is announced with: of several Services' wishes, the first not draining, by name."""
        wishes = self._wanted.get(key)
        return wishes[min(wishes)] if wishes else None

    def _judge(self, service: Service) -> Iterator[Verdict]:
        if service.spec.type != "LoadBalancer":
            return
        classes = self.rules.classes
        if classes is not None and (service.spec.load_balancer_class or "") not in classes:
            yield Verdict(service.name, "", Reason.OTHER_CLASS, service.spec.load_balancer_class or "none")
            return
        ingress = service.status.load_balancer.ingress
        if not ingress:
            yield Verdict(service.name, "", Reason.NO_IP)
        for one in ingress:
            yield self._judge_address(service, one)

    def _judge_address(self, service: Service, ingress: Ingress) -> Verdict:
        verdict = Verdict(service.name, ingress.ip)
        try:
            address = ip_address(ingress.ip)
        except ValueError:
            return replace(verdict, reason=Reason.INVALID_IP)
        if ingress.ip_mode == "Proxy":
            return replace(verdict, reason=Reason.PROXY)
        pool = self._pool(address)
        if pool is None:
            return replace(verdict, reason=Reason.NOT_IN_POOL)
        if not selected(pool.service_selectors, service.metadata.labels):
            detail = f"pool {pool.name} is for other Services"
            return replace(verdict, reason=Reason.NO_ADVERTISEMENT, detail=detail)
        try:
            said = attributes(service.metadata.annotations, pool.said)
        except ValueError as bad:
            return replace(verdict, reason=Reason.INVALID_ANNOTATION, detail=str(bad))
        # what routers do with the route of another node is asked, too
        verdict = replace(verdict, key=_prefix(address, pool.high), said=said)
        if not pool.mine:
            return replace(verdict, reason=Reason.NOT_OWNER, detail=f"pool {pool.name} is for other nodes")
        drain, reason, detail = self._node_state()
        if reason is None:
            reason, detail, last = self._endpoints(service, address)
            drain = Drain.GRACEFUL_SHUTDOWN if last else drain
        if drain is Drain.GRACEFUL_SHUTDOWN:
            communities = tuple(sorted({*said.communities, GRACEFUL_SHUTDOWN}))
            said = replace(said, communities=communities, local_preference=0)
        return replace(verdict, reason=reason, detail=detail, said=said)

    def _pool(self, address: Address) -> PoolRange | None:
        key = _prefix(address, address.max_prefixlen)
        place = bisect_right(self._starts, key) - 1
        return self._pools[place] if place >= 0 and key < self._pools[place].end else None

    def _node_state(self) -> tuple[Drain, Reason | None, str]:
        """Return how this node announces, and if not at all, why."""
        node, rules = self.node, self.rules
        if any(one.type == "NetworkUnavailable" and one.status == "True" for one in node.status.conditions):
            return Drain.NO, Reason.NETWORK_UNAVAILABLE, ""
        if rules.heed_exclude_label and EXCLUDE in node.metadata.labels:
            return Drain.NO, Reason.EXCLUDED, ""
        said = node.metadata.annotations.get(DRAIN)
        if said == Drain.WITHDRAW:
            return Drain.WITHDRAW, Reason.DRAINED, f"{DRAIN}: {said}"
        tainted = any(taint.key in rules.drain_on_taints for taint in node.spec.taints)
        if said is not None or tainted or (rules.drain_on_cordon and node.spec.unschedulable):
            return Drain.GRACEFUL_SHUTDOWN, None, ""
        return Drain.NO, None, ""

    def _endpoints(self, service: Service, address: Address) -> tuple[Reason | None, str, bool]:
        """Look for pods that answer. Return why not to announce, and whether the last pods here are being ended.

        Packets for an address reach pods of its own family only.
        """
        family = f"IPv{address.version}"
        slices = (self._slices[name] for name in self._slices_of.get(service.name, ()))
        endpoints = [one for found in slices if found.address_type == family for one in found.endpoints]
        if service.spec.external_traffic_policy != "Local":
            return (None, "", False) if _any_serves(endpoints) else (Reason.NO_ENDPOINTS, "", False)
        here = [one for one in endpoints if one.node_name == self._name]
        if not _any_serves(here):
            return Reason.NO_LOCAL_ENDPOINTS, "", False
        last = not any(one.ready for one in here) and any(one.ready for one in endpoints)
        return None, "", last


def _any_serves(endpoints: Iterable[Endpoint]) -> bool:
    return any(one.serves for one in endpoints)


def _rank(verdict: Verdict) -> tuple[bool, Name, str]:
    return verdict.draining, verdict.service, verdict.address


def _prefix(address: Address, length: int) -> int:
    """Return the key of the prefix of a length that an address is in."""
    host = address.max_prefixlen - length
    key = (int(address) >> host << host) << 8 | length
    return key if address.version == 4 else key | IPV6_BIT


def reasons(verdicts: Mapping[Name, Sequence[Verdict]]) -> Iterator[Verdict]:
    """Return what is not announced, by name; without the Services of other classes."""
    for _, some in sorted(verdicts.items()):
        yield from (one for one in some if one.reason not in {None, Reason.OTHER_CLASS})
