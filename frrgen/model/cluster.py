"""A cluster: the one object from which both ends of its sessions come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from frrgen.codes import Code
from frrgen.model.neighbor import Timers
from frrgen.model.router import Router
from frrgen.model.selector import Selector
from frrgen.model.types import (
    U32,
    Address,
    Asn,
    Communities,
    FileName,
    GroupName,
    Hostname,
    Interface,
    LargeCommunities,
    Model,
    Name,
    Password,
    PlacedError,
    Prefix,
    Seconds16,
    SourceName,
)
from frrgen.model.written import WrittenAddress, WrittenPrefix


class Uplink(Model):
    """How a node reaches one router."""

    addresses: tuple[WrittenAddress, ...]
    """From which it dials this router: at most one of each family; none: it has no session with it."""
    device: Interface | None = None
    """The VRF device or interface of the node that its sessions are bound to (SO_BINDTODEVICE)."""


class Node(Model):
    """A node of a cluster that speaks BGP to the routers."""

    addresses: tuple[WrittenAddress, ...] = Field(min_length=1)
    """From which it dials the routers: at most one of each family."""
    router_id: WrittenAddress | None = None
    """Its BGP identifier; None: its IPv4 address."""
    asn: Asn | None = None
    """Where it differs from the cluster's."""
    labels: dict[str, str] = {}
    """Its labels in Kubernetes, by which pools select nodes."""
    uplinks: dict[Hostname, Uplink] = {}
    """Name of a router -> how the node reaches it, where that is another way than by `addresses`."""

    def every_address(self) -> Iterator[Address]:
        """Return its addresses, for whichever router."""
        yield from dict.fromkeys((*self.addresses, *(one for each in self.uplinks.values() for one in each.addresses)))

    def facing(self, router: str) -> Node:
        """Return the node as one router sees it: with the addresses that dial that router."""
        uplink = self.uplinks.get(router)
        return self if uplink is None else self.model_copy(update={"addresses": uplink.addresses})


def _with_ranges(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Write ranges of addresses out as the fewest prefixes; each error keeps the place of its entry."""
    if not isinstance(value, list | tuple):
        return handler(value)
    written = [_written_out(one) for one in value]
    first = handler(tuple(some[0] for some in written))
    return tuple(ip_network(one) for some, head in zip(written, first, strict=True) for one in (head, *some[1:]))


def _written_out(entry: Any) -> list[Any]:
    """Return the prefixes of a range `FIRST-LAST`; the entry itself, to be read or refused, if it is none."""
    from netaddr import AddrFormatError, IPRange

    if not isinstance(entry, str) or "-" not in entry:
        return [entry]
    first, _, last = entry.partition("-")
    try:
        return [str(one) for one in IPRange(first.strip(), last.strip()).cidrs()]
    except (AddrFormatError, ValueError):
        return [entry]


class Pool(Model):
    """Addresses for services, and how they are announced."""

    prefixes: Annotated[tuple[WrittenPrefix, ...], Field(min_length=1), WrapValidator(_with_ranges)]
    """The addresses: prefixes, or ranges as MetalLB writes them (`192.0.2.10-192.0.2.20`). No two pools of a cluster
    overlap."""
    protocol: Literal["bgp", "layer2"] = "bgp"
    """layer2 pools are announced to no router."""
    interfaces: tuple[Interface, ...] = ()
    """layer2: the nodes' interfaces that answer for the addresses; empty: all."""
    lengths: tuple[int, int] | None = None
    """Shortest and longest announced prefix length for IPv4; None: the pool's own length to 32."""
    ipv6_lengths: tuple[int, int] | None = None
    """The same for IPv6; None: the pool's own length to 128."""
    communities: Communities | None = None
    """Communities that the announcements carry: AA:NN, or names as `no-export`."""
    large_communities: LargeCommunities | None = None
    """Large communities that the announcements carry: AA:BB:CC."""
    local_preference: U32 | None = None
    """iBGP only."""
    med: U32 | None = None
    """The MED of the announcements."""
    prepend: Annotated[int, Field(ge=0, le=10)] = 0
    """How often the cluster's AS number is added to the path."""
    prefix_list: Name | None = None
    """The name of the routers' prefix list for this pool; None: CLUSTER-POOL. Beside IPv4 prefixes, IPv6 prefixes have
    the list NAME-v6."""

    node_selectors: tuple[Selector, ...] = ()
    """Only nodes that one of these selects announce the pool; empty: every node."""
    routers: tuple[Hostname, ...] = ()
    """Only these routers hear of the pool, and admit it; empty: every router of the cluster."""
    service_selectors: tuple[Selector, ...] = ()
    """Only Services that one of these selects by their labels are announced; empty: every Service."""

    auto_assign: bool = True
    """False: a Service gets an address of this pool only if it asks for the pool or the address."""
    avoid_buggy_ips: bool = False
    """Give no IPv4 address that ends in .0 or .255."""
    reserved: Annotated[tuple[WrittenPrefix, ...], WrapValidator(_with_ranges)] = ()
    """Addresses of the pool that no Service gets: prefixes or ranges, such as those that DHCP gives."""
    priority: Annotated[int, Field(ge=0, le=2147483647)] = 0
    """Of several pools the lowest number gives first; 0: last."""
    namespaces: tuple[Name, ...] = ()
    """Only Services of these namespaces, and of those that `namespace_selectors` select, get an address of this pool;
    both empty: those of every namespace."""
    namespace_selectors: tuple[Selector, ...] = ()
    """The same for namespaces that one of these selects by their labels."""
    allocation_selectors: tuple[Selector, ...] = ()
    """Only Services that one of these selects by their labels get an address of this pool; empty: every Service."""

    def goes_to(self, router: str) -> bool:
        """Tell whether the pool goes to a router."""
        return not self.routers or router in self.routers

    @model_validator(mode="after")
    def _layer2(self) -> Self:
        if self.interfaces and self.protocol != "layer2":
            raise PlacedError("interfaces are for layer2 pools", "interfaces")
        return self

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        for version, field, most in ((4, "lengths", 32), (6, "ipv6_lengths", 128)):
            bounds: tuple[int, int] | None = getattr(self, field)
            if bounds is None:
                continue
            low, high = bounds
            if not 0 <= low <= most or not 0 <= high <= most:
                raise PlacedError(f"a prefix length is a number from 0 to {most}", field)
            if low > high:
                raise PlacedError(f"the shortest length comes first: [{high}, {low}]", field)
            for prefix in self.prefixes:
                if prefix.version == version and high < prefix.prefixlen:
                    raise PlacedError(f"no part of {prefix} is as short as /{high}: nothing would be announced", field)
        return self


class NodeList(Model):
    """Where the nodes of a cluster are listed."""

    file: FileName
    """A file with what `kubectl get nodes -o yaml` prints, by its path in the inventory: `nodes/NAME.yaml`."""
    selector: Selector = Selector.model_construct()
    """Only nodes with these labels speak to the routers."""


class Peering(Model):
    """What one router and the cluster agree on. What is None comes from the cluster."""

    vrf: Name | None = None
    """The VRF of the router in which the sessions are."""
    asn: Asn | None = None
    """The AS number that the nodes expect of the router; None: the number that it has."""
    derive: bool = True
    """False: the router's own file says all of it. Nothing is derived from the cluster, and `verify` compares."""
    address: WrittenAddress | None = None
    """The router's address that the nodes dial; None: found from the router's update_source, or must be given."""
    ipv6_address: WrittenAddress | None = None
    """The router's IPv6 address that the nodes dial; None: found as for `address`."""
    update_source: SourceName | None = None
    """The router's address or interface of the sessions; `neighbor PEER update-source VALUE`."""
    password: Password | None = None
    """The password of the sessions (TCP MD5): `env:NAME` or `file:PATH`."""
    timers: Timers | None = None
    timers_connect: Seconds16 | None = None
    """Seconds between attempts to connect."""
    bfd_profile: Name | None = None
    """The BFD profile of the sessions; None: no BFD."""
    ebgp_multihop: Annotated[int, Field(ge=2, le=255)] | None = None
    """Hops to an external node; `neighbor PEER ebgp-multihop N`."""
    ttl_security_hops: Annotated[int, Field(ge=1, le=254)] | None = None
    """Refuse packets from farther away (RFC 5082); excludes `ebgp_multihop`."""
    listen_range: tuple[WrittenPrefix, ...] = ()
    """Accept the nodes by range instead of naming each."""
    peer_group: GroupName | None = None
    """None: the cluster's name."""
    route_map_in: Name | None = None
    """The name of the derived inbound route map; None: CLUSTER-in."""
    route_map_out: Name | None = None
    """The name of the derived outbound route map; None: CLUSTER-out."""
    maximum_prefix: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    """None: from the pools' size."""


class Cluster(Model):
    """`inventory/clusters/NAME.yaml`."""

    name: Hostname
    """The name of its file."""
    asn: Asn
    """The AS number of the nodes."""
    nodes: dict[Hostname, Node] = {}
    nodes_from: NodeList | None = None
    """A list with more nodes, with their addresses (InternalIP) and labels. What `nodes` says of a node wins."""
    pools: dict[Name, Pool] = {}
    routers: dict[Hostname, Peering] = {}
    """Name of a router -> what is particular to its sessions; `{}` if nothing is."""
    password: Password | None = None
    """The password of all sessions (TCP MD5): `env:NAME` or `file:PATH`."""
    timers: Timers | None = None
    timers_connect: Seconds16 | None = None
    """Seconds between attempts to connect."""
    graceful_restart_time: Annotated[int, Field(ge=0, le=4095)] | None = None
    """Seconds the routers keep the speaker's routes while it restarts."""
    exports: tuple[WrittenPrefix, ...] = ()
    """Prefixes that routers announce to the cluster; none by default, the speaker never learns."""

    def facing(self, router: str) -> Cluster:
        """Return the cluster as one router sees it: the pools, nodes and addresses that it gets to know."""
        pools = {name: pool for name, pool in self.pools.items() if pool.goes_to(router)}
        if len(pools) == len(self.pools) and not any(router in node.uplinks for node in self.nodes.values()):
            return self
        nodes = {name: node.facing(router) for name, node in self.nodes.items()}
        there = {name: node for name, node in nodes.items() if node.addresses}
        return self.model_copy(update={"nodes": there, "pools": pools})

    @model_validator(mode="after")
    def _uplinks(self) -> Self:
        for name, pool in self.pools.items():
            if unknown := next((one for one in pool.routers if one not in self.routers), None):
                raise PlacedError(f"the cluster has no router {unknown!r}", "pools", name, "routers")
        for name, node in self.nodes.items():
            if unknown := next((one for one in node.uplinks if one not in self.routers), None):
                raise PlacedError(f"the cluster has no router {unknown!r}", "nodes", name, "uplinks", unknown)
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _pools(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        made = handler(data)
        seen: list[tuple[str, Prefix]] = []
        for name, pool in made.pools.items():
            for number, prefix in enumerate(pool.prefixes):
                for other, theirs in seen:
                    if prefix.version == theirs.version and prefix.overlaps(theirs):
                        path: tuple[str | int, ...] = ("pools", name, "prefixes", *_entry(data, name, number))
                        raise PlacedError(f"{prefix} overlaps {theirs} of pool {other}", *path)
                seen.append((name, prefix))
        return made


def _entry(data: Any, pool: str, number: int) -> tuple[int, ...]:
    """Return the index of the written entry that a pool's prefix comes from: a range is several prefixes.

    Without written entries it is empty.
    """
    try:
        written = list(data["pools"][pool]["prefixes"])
    except (KeyError, TypeError):
        return ()
    owners = [index for index, one in enumerate(written) for _ in _written_out(one)]
    return tuple(owners[number : number + 1])


def _known(code: str) -> Code:
    found = next((one for one in Code if one == code), None)
    if found is None:
        raise ValueError(f"there is no finding {code!r}: the pages of docs/findings are all of them")
    return found


KnownCode = Annotated[str, AfterValidator(_known)]
"""The code of a finding, `FRR240`."""


class FindingPolicy(Model):
    """How much one Finding code matters here, and why."""

    severity: Literal["error", "warning", "info", "off"]
    """What it counts as here; `off` says nothing of it."""
    reason: str = Field(min_length=1)
    """Why, for the next reader."""
    only: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Only what is found there, by its path as the finding shows it: `routers.r1`, `groups.lab`,
    `routers.r1.bgp.neighbors.192.0.2.1`; empty: everywhere."""

    def is_about(self, path: Sequence[str]) -> bool:
        """Tell whether it counts for a finding at this path."""
        place = f"{'.'.join(path)}."
        return not self.only or any(place.startswith(f"{one}.") for one in self.only)


class Network(Model):
    """Everything: the routers and the clusters."""

    routers: dict[Hostname, Router] = {}
    clusters: dict[Hostname, Cluster] = {}
    findings: dict[KnownCode, FindingPolicy] = {}
