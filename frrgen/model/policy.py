"""Lists and route maps: what a router may learn and announce.

Entries are ordered by `seq`; the constructors sort them and refuse a number used twice.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import pairwise
from typing import Annotated, Literal, Protocol, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from frrgen.model.types import (
    U32,
    Action,
    Address,
    Asn,
    AsPathRegex,
    BgpListName,
    Communities,
    Description,
    ExtCommunities,
    ExtCommunityValues,
    Interface,
    LargeCommunities,
    LeakedVrf,
    MapName,
    Model,
    Name,
    PeerName,
    RawLine,
    Regex,
    Seq,
    Since,
)


class _Numbered(Protocol):
    @property
    def seq(self) -> int: ...


_T = TypeVar("_T", bound=_Numbered)


def _by_seq(entries: Sequence[_T]) -> tuple[_T, ...]:
    ordered = tuple(sorted(entries, key=lambda entry: entry.seq))
    for one, other in pairwise(ordered):
        if one.seq == other.seq:
            raise ValueError(f"seq {one.seq} is used twice")
    return ordered


_BY_SEQ = AfterValidator(_by_seq)


class PrefixListEntry(Model):
    """One line of a prefix list: len <= ge <= le <= 32 or 128 (FRR refuses anything else).

    `any` is the same as `0.0.0.0/0 le 32`, or `::/0 le 128`; without ge and le the length is exact.
    """

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the one before."""
    action: Action
    """Whether what matches is let through."""
    prefix: IPv4Network | IPv6Network
    """The prefix, without host bits."""
    ge: Annotated[int, Field(ge=1, le=128)] | None = None
    """Not 0: FRR takes `ge 0` for "no ge", which is the exact length and not everything."""
    le: Annotated[int, Field(ge=1, le=128)] | None = None
    """The longest length that matches, at most 32 or 128."""

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        length, longest = self.prefix.prefixlen, self.prefix.max_prefixlen
        low = length if self.ge is None else self.ge
        high = (longest if self.ge is not None else low) if self.le is None else self.le
        if not length <= low <= high <= longest:
            raise ValueError(f"must hold: {length} (the prefix length) <= ge <= le <= {longest}")
        return self


class PrefixList(Model):
    """`ip|ipv6 prefix-list NAME`: the first entry by seq that matches decides; at the end is a deny."""

    description: Description | None = None
    """One line of at most 200 bytes."""
    entries: Annotated[tuple[PrefixListEntry, ...], _BY_SEQ] = ()
    """The entries, or texts as `permit 192.0.2.0/24 le 32`."""


class AccessListEntry(Model):
    """One line of an access list: a prefix (and longer ones, unless `exact`), or a source address with wildcard.

    `any` is prefix 0.0.0.0/0 or ::/0 without `exact`. With `destination` it is the extended form `ip SRC DST`.
    """

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the one before."""
    action: Action
    """Whether what matches is let through."""
    prefix: IPv4Network | IPv6Network | None = None
    """A prefix, which longer ones match, too."""
    exact: bool = False
    """Only the prefix itself; `exact-match`."""
    source: IPv4Address | Literal["any"] | None = None
    """A source address, with `wildcard`, or `any` beside a destination."""
    wildcard: IPv4Address | None = None
    """The bits of `source` that do not matter."""
    destination: IPv4Address | Literal["any"] | None = None
    """A destination address (for routes: the mask), or `any`."""
    destination_wildcard: IPv4Address | None = None
    """The bits of `destination` that do not matter."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.prefix is None) == (self.source is None):
            raise ValueError("needs exactly one of prefix and source")
        if self.prefix is not None and (self.wildcard or self.destination or self.destination_wildcard):
            raise ValueError("wildcard and destination go with source, not with prefix")
        if self.exact and self.prefix is None:
            raise ValueError("exact goes with prefix")
        if self.source == "any" and self.destination is None:
            raise ValueError("source any needs a destination; for everything write prefix 0.0.0.0/0")
        return self


class AccessList(Model):
    """`access-list NAME` or `ipv6 access-list NAME`: the first entry that matches decides; at the end is a deny."""

    remark: Description | None = None
    """One line of at most 200 bytes."""
    entries: Annotated[tuple[AccessListEntry, ...], _BY_SEQ] = ()
    """The entries, or texts as `permit 192.0.2.0/24`."""


class AsPathListEntry(Model):
    """One line of an as-path list: a regular expression over the text of the AS path."""

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the one before."""
    action: Action
    """Whether what matches is let through."""
    regex: AsPathRegex
    """A regular expression; `_` stands for a blank, the beginning or the end."""


class AsPathList(Model):
    """`bgp as-path access-list NAME`."""

    entries: Annotated[tuple[AsPathListEntry, ...], _BY_SEQ] = ()
    """The entries, or texts as `permit ^65001_`."""


class CommunityListEntry(Model):
    """One line of a standard list (all `communities` must be there) or of an expanded one (`regex`)."""

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the one before."""
    action: Action
    """Whether what matches is let through."""
    communities: Communities | None = None
    """Communities that must all be there: AA:NN, or names as `no-export`."""
    regex: Regex | None = None
    """A regular expression over the text of the communities."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.communities is None) == (self.regex is None):
            raise ValueError("needs exactly one of communities and regex")
        return self


class LargeCommunityListEntry(Model):
    """One line of a large-community list (RFC 8092)."""

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the one before."""
    action: Action
    """Whether what matches is let through."""
    communities: LargeCommunities | None = None
    """Large communities that must all be there: AA:BB:CC."""
    regex: Regex | None = None
    """A regular expression over the text of the large communities."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.communities is None) == (self.regex is None):
            raise ValueError("needs exactly one of communities and regex")
        return self


class ExtCommunityListEntry(Model):
    """One line of an extcommunity list (RFC 4360)."""

    seq: Seq
    """Its number, 1-4294967295; left out: 5 more than the one before."""
    action: Action
    """Whether what matches is let through."""
    communities: ExtCommunities | None = None
    """Extended communities that must all be there: `rt ASN:NN`, `soo ASN:NN`."""
    regex: Regex | None = None
    """A regular expression over the text of the extended communities."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.communities is None) == (self.regex is None):
            raise ValueError("needs exactly one of communities and regex")
        return self


Kind = Literal["standard", "expanded"]


def _same_kind(
    kind: Kind, entries: Sequence[CommunityListEntry | LargeCommunityListEntry | ExtCommunityListEntry]
) -> None:
    wanted = "communities" if kind == "standard" else "regex"
    for entry in entries:
        if (entry.regex is None) != (kind == "standard"):
            raise ValueError(f"seq {entry.seq}: in a list of kind {kind} an entry has {wanted}")


class CommunityList(Model):
    """`bgp community-list standard|expanded NAME`. A name is of one kind only."""

    kind: Kind = "standard"
    """standard: entries name communities; expanded: they are regular expressions."""
    entries: Annotated[tuple[CommunityListEntry, ...], _BY_SEQ] = ()
    """The entries, or texts as `permit 65000:10 no-export`."""

    @model_validator(mode="after")
    def _kind(self) -> Self:
        _same_kind(self.kind, self.entries)
        return self


class LargeCommunityList(Model):
    """`bgp large-community-list standard|expanded NAME`."""

    kind: Kind = "standard"
    """standard: entries name communities; expanded: they are regular expressions."""
    entries: Annotated[tuple[LargeCommunityListEntry, ...], _BY_SEQ] = ()
    """The entries, or texts as `permit 65000:1:1`."""

    @model_validator(mode="after")
    def _kind(self) -> Self:
        _same_kind(self.kind, self.entries)
        return self


class ExtCommunityList(Model):
    """`bgp extcommunity-list standard|expanded NAME`."""

    kind: Kind = "standard"
    """standard: entries name communities; expanded: they are regular expressions."""
    entries: Annotated[tuple[ExtCommunityListEntry, ...], _BY_SEQ] = ()
    """The entries, or texts as `permit rt 65000:1`."""

    @model_validator(mode="after")
    def _kind(self) -> Self:
        _same_kind(self.kind, self.entries)
        return self


class CommunityMatch(Model):
    """`match community NAME [exact-match|any]` (`any` from FRR 10)."""

    name: BgpListName
    """The list."""
    mode: Literal["exact-match", "any"] | None = None
    """exact-match: no other communities; any (FRR 10): one of them is enough; None: all of an entry."""


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
    ip_next_hop_address: IPv4Address | None = None
    ip_next_hop_prefix_list: Name | None = None
    ip_next_hop_prefix_len: Annotated[int, Field(ge=0, le=32)] | None = None
    ip_next_hop_blackhole: bool = False
    ipv6_next_hop: Name | None = None
    ipv6_next_hop_address: IPv6Address | None = None
    ipv6_next_hop_prefix_list: Name | None = None
    ipv6_next_hop_blackhole: bool = False
    ip_route_source: Name | None = None
    ip_route_source_prefix_list: Name | None = None
    as_path: BgpListName | None = None
    community: CommunityMatch | None = None
    large_community: CommunityMatch | None = None
    extcommunity: CommunityMatch | None = None
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
    as_path_count: Annotated[int | None, Field(ge=0, le=1028), Since((10, 4))] = None
    """At most so many AS numbers in the path."""
    community_limit: Annotated[int | None, Field(ge=0, le=65535), Since((10,))] = None
    """At most so many communities."""
    extcommunity_limit: Annotated[int | None, Field(ge=0, le=65535), Since((10, 4))] = None
    """At most so many extended communities."""
    src_peer: Annotated[PeerName | None, Since((10,))] = None
    """The neighbor that a route came from, where it is announced."""
    rpki_extcommunity: Literal["valid", "invalid", "notfound"] | None = None
    """The validation state that an extended community tells (RFC 8097)."""


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
    """The AS that is said to have aggregated."""
    address: IPv4Address
    """The router that is said to have aggregated."""


ColorValues = tuple[Annotated[str, Field(pattern=r"^[01]{2}:[0-9]{1,10}$")], ...]
Delta = Annotated[str, Field(pattern=r"^[+-][0-9]{1,10}$")]


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
    ip_next_hop: IPv4Address | Literal["peer-address", "unchanged"] | None = None
    ipv6_next_hop_global: IPv6Address | None = None
    ipv6_next_hop_local: IPv6Address | None = None
    ipv6_next_hop_peer_address: bool = False
    ipv6_next_hop_prefer_global: bool = False
    src: Address | None = None
    table: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    aggregator: Aggregator | None = None
    atomic_aggregate: bool = False
    originator_id: IPv4Address | None = None
    label_index: Annotated[int, Field(ge=0, le=1048560)] | None = None

    @model_validator(mode="after")
    def _one_path_clause(self) -> Self:
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
            raise ValueError("src must be an address of the router's own that others can reach: FRR refuses this one")
        return self


class RouteMapEntry(Model):
    """One entry: where `match` holds, permit sets and leaves (or goes on, see `on_match`), and deny refuses."""

    seq: Annotated[int, Field(ge=1, le=65535)]
    """Its number, 1-65535; left out: 10 more than the one before."""
    action: Action
    """What becomes of a route that matches."""
    description: Description | None = None
    match: Match = Match()
    set: Set = Set()
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
    entries: Annotated[tuple[RouteMapEntry, ...], _BY_SEQ] = ()
    """The entries; a list may stand in the place of the whole map."""


def calls(route_maps: Mapping[str, RouteMap]) -> dict[str, set[str]]:
    """Give the maps that each map calls."""
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
