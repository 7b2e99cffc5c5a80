"""Route maps: what a router may learn and announce, and with what attributes.

Entries are ordered by `seq`; the constructors sort them and refuse a number used twice.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from frrgen.model.lists import BY_SEQ
from frrgen.model.since import Since
from frrgen.model.types import (
    U32,
    Action,
    Asn,
    BgpListName,
    Communities,
    Description,
    ExtCommunityValues,
    Interface,
    LargeCommunities,
    LeakedVrf,
    MapName,
    Model,
    Name,
    PeerName,
    RawLine,
    number_text,
)
from frrgen.model.written import WrittenAddress, WrittenIPv4Address, WrittenIPv6Address


class CommunityMatch(Model):
    """`match community NAME [exact-match|any]` (`any` from FRR 10)."""

    name: BgpListName
    """The list."""
    mode: Annotated[Literal["exact-match", "any"] | None, Since((10,), ("any",))] = None
    """exact-match: no other communities; any (FRR 10): one of them is enough; None: all of an entry."""


class ExtCommunityMatch(CommunityMatch):
    """`match extcommunity NAME [exact-match|any]` (both after FRR 10.3)."""

    mode: Annotated[Literal["exact-match", "any"] | None, Since((10, 4))] = None
    """exact-match: no other communities; any: one of them is enough; None: all of an entry."""


_UNTAGGED = Since((10,), ("untagged",))


class Match(Model):
    """The match clauses of a route-map entry: all of them must hold. One of each kind."""

    ip_address: Name | None = None
    """An access list."""
    ip_address_prefix_list: Name | None = None
    ip_address_prefix_len: Annotated[int, Field(ge=0, le=32)] | None = None
    ipv6_address: Name | None = None
    ipv6_address_prefix_list: Name | None = None
    ipv6_address_prefix_len: Annotated[int, Field(ge=0, le=128)] | None = None
    ip_next_hop: Name | None = None
    ip_next_hop_address: WrittenIPv4Address | None = None
    ip_next_hop_prefix_list: Name | None = None
    ip_next_hop_prefix_len: Annotated[int, Field(ge=0, le=32)] | None = None
    ip_next_hop_blackhole: bool = False
    ipv6_next_hop: Name | None = None
    ipv6_next_hop_address: WrittenIPv6Address | None = None
    ipv6_next_hop_prefix_list: Name | None = None
    ipv6_next_hop_blackhole: bool = False
    ip_route_source: Name | None = None
    ip_route_source_prefix_list: Name | None = None
    as_path: BgpListName | None = None
    community: CommunityMatch | None = None
    large_community: CommunityMatch | None = None
    extcommunity: ExtCommunityMatch | None = None
    local_preference: U32 | None = None
    metric: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    """Not 0: on FRR 8.4 `match metric 0` is refused silently, matches all, and `show running-config` kills bgpd."""
    tag: Annotated[Annotated[int, Field(ge=1, le=4294967295)] | Literal["untagged"] | None, _UNTAGGED] = None
    """`untagged`: FRR 10."""
    origin: Literal["egp", "igp", "incomplete"] | None = None
    peer: PeerName | None = None
    """An address, an interface, or `local`."""
    interface: Interface | None = None
    source_protocol: (
        Literal[
            "babel",
            "bgp",
            "connected",
            "eigrp",
            "isis",
            "kernel",
            "local",
            "nhrp",
            "openfabric",
            "ospf",
            "ospf6",
            "rip",
            "ripng",
            "sharp",
            "static",
            "system",
            "table",
            "vnc",
        ]
        | None
    ) = None
    source_vrf: LeakedVrf | None = None
    probability: Annotated[int, Field(ge=0, le=100)] | None = None
    rpki: Literal["valid", "invalid", "notfound"] | None = None
    alias: BgpListName | None = None
    as_path_count: Annotated[int | None, Field(ge=0, le=255), Since((10, 4))] = None
    """At most so many AS numbers in the path."""
    community_limit: Annotated[int | None, Field(ge=0, le=1024), Since((10,)), Since((10, 4), (0,))] = None
    """At most so many communities; 0 is refused by 10.3 and taken by 10.7.1."""
    extcommunity_limit: Annotated[int | None, Field(ge=0, le=1024), Since((10, 4))] = None
    """At most so many extended communities."""
    src_peer: Annotated[PeerName | None, Since((10,))] = None
    """The neighbor that a route came from, where it is announced."""
    rpki_extcommunity: Literal["valid", "invalid", "notfound"] | None = None
    """The validation state that an extended community tells (RFC 8097)."""
    script: Annotated[BgpListName | None, Since((10,))] = None
    """The name of a Lua script that FRR asks."""
    source_instance: Annotated[int, Field(ge=0, le=255)] | None = None
    """The instance of the protocol that a route comes from."""
    vpn_dataplane: Annotated[Literal["mpls", "srv6", "vxlan"] | None, Since((10, 4))] = None
    """How packets to a route of a VPN are wrapped."""


class SetCommunity(Model):
    """`set community A B [additive]`, or `none`."""

    communities: Communities | Literal["none"]
    """The communities that the route gets; `none` takes all away."""
    additive: bool = False
    """Add them to those that are there."""

    @model_validator(mode="after")
    def _additive(self) -> Self:
        if self.additive and self.communities == "none":
            raise ValueError("none cannot be additive")
        return self


class SetLargeCommunity(Model):
    """`set large-community A:B:C [additive]`, or `none`."""

    communities: LargeCommunities | Literal["none"]
    """The large communities that the route gets; `none` takes all away."""
    additive: bool = False
    """Add them to those that are there."""

    @model_validator(mode="after")
    def _additive(self) -> Self:
        if self.additive and self.communities == "none":
            raise ValueError("none cannot be additive")
        return self


class Bandwidth(Model):
    """`set extcommunity bandwidth MBPS|cumulative|num-multipaths [non-transitive]`."""

    value: Annotated[int, Field(ge=1, le=25600)] | Literal["cumulative", "num-multipaths"]
    """Megabits per second, or of what it is made."""
    non_transitive: bool = False
    """It does not leave the AS."""


class Aggregator(Model):
    """`set aggregator as ASN ADDRESS`."""

    asn: Asn
    """The AS of the AGGREGATOR attribute."""
    address: WrittenIPv4Address
    """The router of the AGGREGATOR attribute."""


ColorValues = tuple[Annotated[str, Field(pattern=r"^[01]{2}:[0-9]{1,10}$")], ...]
Delta = Annotated[str, BeforeValidator(number_text), Field(pattern=r"^[+-][0-9]{1,10}$")]


class Set(Model):
    """The set clauses of a route-map entry, in the order in which FRR carries them out here."""

    as_path_prepend: tuple[Asn, ...] | None = None
    as_path_prepend_last_as: Annotated[int, Field(ge=1, le=10)] | None = None
    as_path_exclude: tuple[Asn, ...] | None = None
    as_path_exclude_all: Annotated[bool, Since((9,))] = False
    """Take every AS number out of the path."""
    as_path_exclude_list: Annotated[BgpListName | None, Since((10,))] = None
    """Take the AS numbers out that an as-path list permits; `set as-path exclude as-path-access-list NAME`."""
    as_path_replace: Asn | Literal["any"] | None = None
    as_path_replace_list: Annotated[BgpListName | None, Since((10,))] = None
    """Replace the AS numbers that an as-path list permits; `set as-path replace as-path-access-list NAME`."""
    as_path_replace_with: Annotated[Asn | None, Since((10,))] = None
    """The AS number that takes their place; None: the router's own."""
    comm_list_delete: BgpListName | None = None
    community: SetCommunity | None = None
    comm_list_delete_last: bool = False
    """`set comm-list NAME delete` stands behind `set community`: it then deletes from the result."""
    large_comm_list_delete: BgpListName | None = None
    large_community: SetLargeCommunity | None = None
    large_comm_list_delete_last: bool = False
    """As `comm_list_delete_last`, for large communities."""
    extcommunity_rt: ExtCommunityValues | None = None
    extcommunity_soo: ExtCommunityValues | None = None
    extcommunity_bandwidth: Bandwidth | None = None
    extcommunity_none: bool = False
    extcommunity_nt: Annotated[ExtCommunityValues | None, Since((10,))] = None
    """Node targets."""
    extcommunity_color: Annotated[ColorValues | None, Since((10,))] = None
    """Colors (RFC 9012): two bits, a colon, and the color."""
    extended_comm_list_delete: Annotated[BgpListName | None, Since((10,))] = None
    """Delete the extended communities that a list permits."""
    local_preference: U32 | Delta | None = None
    metric: Annotated[
        U32 | Delta | Literal["rtt", "+rtt", "-rtt", "igp", "aigp"] | None, Since((9,), ("igp", "aigp"))
    ] = None
    """A number, or a step from it; the round trip; from FRR 9 on also `igp` or `aigp`."""
    min_metric: Annotated[U32 | None, Since((10,))] = None
    """The least MED that a relative `metric` may lead to."""
    max_metric: Annotated[U32 | None, Since((10,))] = None
    """The greatest MED that a relative `metric` may lead to."""
    aigp_metric: Annotated[U32 | Literal["igp-metric"] | None, Since((9,))] = None
    """The accumulated IGP metric (RFC 7311)."""
    origin: Literal["egp", "igp", "incomplete"] | None = None
    weight: U32 | None = None
    tag: Annotated[Annotated[int, Field(ge=1, le=4294967295)] | Literal["untagged"] | None, _UNTAGGED] = None
    """`untagged`: FRR 10."""
    distance: Annotated[int, Field(ge=0, le=255)] | None = None
    ip_next_hop: WrittenIPv4Address | Literal["peer-address", "unchanged"] | None = None
    ipv6_next_hop_global: WrittenIPv6Address | None = None
    ipv6_next_hop_local: WrittenIPv6Address | None = None
    ipv6_next_hop_peer_address: bool = False
    ipv6_next_hop_prefer_global: bool = False
    src: WrittenAddress | None = None
    table: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    aggregator: Aggregator | None = None
    atomic_aggregate: bool = False
    originator_id: WrittenIPv4Address | None = None
    label_index: Annotated[int, Field(ge=0, le=1048560)] | None = None
    sr_te_color: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    """The color of the segment routing policy that leads to the next hop."""
    ipv4_vpn_next_hop: WrittenIPv4Address | None = None
    """The next hop in the VPN; `set ipv4 vpn next-hop ADDRESS`."""
    ipv6_vpn_next_hop: WrittenIPv6Address | None = None
    l3vpn_encapsulation: Annotated[Literal["gre", "gretap"] | None, Since((10, 4), ("gretap",))] = None
    """How a VPN reaches the next hop; `set l3vpn next-hop encapsulation gre|gretap`."""

    @model_validator(mode="after")
    def _one_path_clause(self) -> Self:
        if self.as_path_prepend is not None and self.as_path_prepend_last_as is not None:
            raise ValueError("as_path_prepend and as_path_prepend_last_as exclude each other: FRR refuses both")
        excluded = (self.as_path_exclude is not None, self.as_path_exclude_all, self.as_path_exclude_list is not None)
        if sum(excluded) > 1:
            raise ValueError("as_path_exclude, as_path_exclude_all and as_path_exclude_list exclude each other")
        if self.as_path_replace is not None and self.as_path_replace_list is not None:
            raise ValueError("as_path_replace and as_path_replace_list exclude each other")
        if self.as_path_replace_with is not None and self.as_path_replace is None and self.as_path_replace_list is None:
            raise ValueError("as_path_replace_with needs as_path_replace or as_path_replace_list")
        return self

    @model_validator(mode="after")
    def _src(self) -> Self:
        src = self.src
        if src is not None and (src.is_loopback or src.is_multicast or src.is_unspecified or src.is_link_local):
            raise ValueError(
                "src must be an address of the router's own that others can reach: FRR refuses this address"
            )
        return self


class RouteMapEntry(Model):
    """One entry: where `match` holds, permit sets and leaves (or goes on, see `on_match`), and deny refuses."""

    seq: Annotated[int, Field(ge=1, le=65535)]
    """Its number, 1-65535; left out: 10 more than the number before."""
    action: Action
    """What becomes of a route that matches."""
    description: Description | None = None
    match: Match = Match.model_construct()
    set: Set = Set.model_construct()
    call: MapName | None = None
    on_match: Annotated[int, Field(ge=1, le=65535)] | Literal["next"] | None = None
    """`next`, or the seq to go to."""
    raw: tuple[RawLine, ...] = ()
    """Lines of the entry that the model lacks, sent as they are."""

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if isinstance(self.on_match, int) and self.on_match <= self.seq:
            raise ValueError(f"on_match can only go forward, beyond seq {self.seq}")
        if self.on_match is not None and self.action == "deny":
            raise ValueError("on_match has no place in a deny entry: FRR refuses it")
        return self


class RouteMap(Model):
    """`route-map NAME`: the first entry that matches decides; at the end is a deny."""

    optimization: bool | None = None
    """None: off on FRR 8 (its optimiser can admit what a list denies), on from 9 (without it the first entry never
    matches)."""
    entries: Annotated[tuple[RouteMapEntry, ...], BY_SEQ] = ()
    """The entries; a list may stand in the place of the whole map."""


def calls(route_maps: Mapping[str, RouteMap]) -> dict[str, set[str]]:
    """Return the maps that each map calls."""
    return {
        name: {entry.call for entry in route_map.entries if entry.call is not None}
        for name, route_map in route_maps.items()
    }


def call_circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Find maps that call each other in a circle, the first one named again at the end; empty if there are none."""
    done: set[str] = set()
    for start in graph:
        path = [start]
        branches = [iter(sorted(graph[start]))]
        while branches:
            name = next(branches[-1], None)
            if name is None:
                branches.pop()
                done.add(path.pop())
            elif name in path:
                return [*path[path.index(name) :], name]
            elif name in graph and name not in done:
                path.append(name)
                branches.append(iter(sorted(graph[name])))
    return []
