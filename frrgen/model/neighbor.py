"""A BGP neighbor and a peer group: the options of a session, and of each address family on it.

An option that is None, or equal to FRR's default, is not rendered. Times are seconds unless the field says otherwise.
"""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from frrgen.model.since import Since
from frrgen.model.types import (
    SESSION_FAMILIES,
    U16,
    Asn,
    BgpListName,
    Description,
    GroupName,
    Interface,
    MapName,
    Model,
    Name,
    Password,
    PlacedError,
    ProfileName,
    RemoteAs,
    Seconds16,
    ShutdownMessage,
    SourceName,
)

_NEEDED: Final = frozenset({1, 2, 3, 4, 14, 15, 16})
"""Types of path attributes that FRR neither discards nor takes for a withdrawal (10.3, 10.7.1)."""


def _dropped(value: int) -> int:
    if value in _NEEDED:
        raise ValueError(f"FRR refuses to drop path attributes of type {value}")
    return value


def _in_order(values: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(values)))


DroppedType = Annotated[int, Field(ge=1, le=255), AfterValidator(_dropped)]
"""A type of path attributes that FRR can be told to drop."""
_Dropped = Annotated[tuple[DroppedType, ...], AfterValidator(_in_order)]
"""FRR shows the types in ascending order."""


class Timers(Model):
    """`timers KEEPALIVE HOLD`, both 0-65535 s; FRR's defaults are 60 and 180. Hold is 0 or at least 3 (RFC 4271)."""

    keepalive: U16
    """Seconds between KEEPALIVEs, 0-65535, at most `hold`."""
    hold: U16
    """Seconds without a message after which the session ends; 0 (never), or 3-65535."""

    @model_validator(mode="after")
    def _hold(self) -> Self:
        if self.hold in (1, 2):
            raise ValueError("hold is 0 or at least 3 seconds (RFC 4271)")
        if self.keepalive > self.hold:
            raise ValueError("keepalive must not be longer than hold")
        return self


class LocalAs(Model):
    """`local-as ASN [no-prepend [replace-as]]`; never the router's own ASN."""

    asn: Asn
    """The AS number that the neighbor sees instead of the router's own."""
    no_prepend: bool = False
    """Do not add it to the path of routes that come in."""
    replace_as: bool = False
    """Put it in the place of the router's own AS number in routes that go out; needs `no_prepend`."""
    dual_as: Annotated[bool, Since((10, 1))] = False
    """Let the neighbor choose: it may also open with the router's own AS number; needs `replace_as`."""

    @model_validator(mode="after")
    def _replace(self) -> Self:
        if self.replace_as and not self.no_prepend:
            raise ValueError("replace_as needs no_prepend")
        if self.dual_as and not self.replace_as:
            raise ValueError("dual_as needs replace_as")
        return self


class MaximumPrefix(Model):
    """`maximum-prefix LIMIT [THRESHOLD %] [restart MINUTES|warning-only] [force]`."""

    limit: Annotated[int, Field(ge=1, le=4294967295)]
    """Prefixes that the neighbor may announce."""
    threshold: Annotated[int, Field(ge=1, le=100)] = 75
    """Percent of the limit from which on FRR warns in its log."""
    restart: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Minutes until the session is tried again."""
    warning_only: bool = False
    """Warn, and keep the session."""
    force: bool = False
    """Count the prefixes that policy refuses, too."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.warning_only and self.restart is not None:
            raise ValueError("warning_only and restart exclude each other")
        return self


def _limit(value: Any) -> Any:
    return {"limit": value} if isinstance(value, int) else value


_LIMIT: Final = BeforeValidator(_limit, json_schema_input_type=int | MaximumPrefix)
"""A bare number is the limit."""


class RemovePrivateAs(Model):
    """`remove-private-AS [all] [replace-AS]`."""

    all: bool = False
    """Also where the path has public AS numbers."""
    replace: bool = False
    """Put the router's own AS number in the place of private AS numbers."""


class DefaultOriginate(Model):
    """`default-originate [route-map NAME]`."""

    route_map: MapName | None = None
    """The default route is announced while this map lets some route through, and with what it sets."""


class AdvertiseMap(Model):
    """`advertise-map NAME exist-map|non-exist-map CONDITION`."""

    route_map: MapName
    """The map of the routes that are announced on condition."""
    condition: Literal["exist-map", "non-exist-map"]
    """Whether `condition_map` must match a route (`exist-map`) or none (`non-exist-map`)."""
    condition_map: MapName
    """The map that is asked about the routes that are there."""


class ShutdownRtt(Model):
    """`shutdown rtt MILLISECONDS [count N]`."""

    rtt: Annotated[int, Field(ge=1, le=65535)]
    """Milliseconds of round trip beyond which the session is shut down."""
    count: Annotated[int, Field(ge=1, le=255)] = 1
    """How often in a row it must be so long."""


class Bfd(Model):
    """`bfd`, with an optional profile."""

    profile: ProfileName | None = None
    check_control_plane_failure: bool = False
    strict_hold_time: Annotated[int | None, Field(ge=1, le=4294967295), Since((10, 4))] = None
    """Seconds that an established session waits for BFD; `neighbor PEER bfd strict hold-time SECONDS`."""


def _switch(value: Any) -> Any:
    if isinstance(value, bool):
        return value or None
    return {"true": True, "false": None}.get(value.lower(), value) if isinstance(value, str) else value


class NeighborDampening(Model):
    """`neighbor PEER dampening [HALF-LIFE [REUSE SUPPRESS MAX-SUPPRESS]]`; what is left out is FRR's default."""

    half_life: Annotated[int, Field(ge=1, le=45)] | None = None
    """Minutes in which the penalty halves."""
    limits: (
        tuple[
            Annotated[int, Field(ge=1, le=20000)],
            Annotated[int, Field(ge=1, le=20000)],
            Annotated[int, Field(ge=1, le=255)],
        ]
        | None
    ) = None
    """Penalties: used again below, suppressed beyond; and the minutes that a route is suppressed at most."""

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if self.limits is not None and self.half_life is None:
            raise ValueError("limits needs half_life")
        if self.limits is not None and self.limits[1] < self.limits[0]:
            raise ValueError("a route is suppressed beyond what it is used again below: FRR refuses less")
        return self


class NeighborFamily(Model):
    """What a neighbor does in one address family."""

    activate: bool | None = None
    """None: FRR's default, or what the peer group says."""
    route_map_in: MapName | None = None
    route_map_out: MapName | None = None
    prefix_list_in: Name | None = None
    prefix_list_out: Name | None = None
    filter_list_in: BgpListName | None = None
    """An as-path list."""
    filter_list_out: BgpListName | None = None
    distribute_list_in: Name | None = None
    """An access list; it excludes a prefix list in the same direction."""
    distribute_list_out: Name | None = None
    unsuppress_map: MapName | None = None
    advertise_map: AdvertiseMap | None = None
    next_hop_self: Annotated[Literal[True, "force"] | None, BeforeValidator(_switch)] = None
    nexthop_local_unchanged: bool = False
    """ipv6 only."""
    route_reflector_client: bool = False
    route_server_client: bool = False
    soft_reconfiguration_inbound: bool = False
    maximum_prefix: Annotated[MaximumPrefix, _LIMIT] | None = None
    maximum_prefix_out: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    default_originate: DefaultOriginate | None = None
    send_community: tuple[Literal["standard", "extended", "large"], ...] = ("standard", "extended", "large")
    send_community_rpki: Annotated[bool, Since((10,))] = False
    """Send the validation state as an extended community (RFC 8097); `send-community extended rpki`."""
    addpath_tx: Literal["all-paths", "bestpath-per-AS"] | None = None
    addpath_tx_best: Annotated[int | None, Field(ge=1, le=6), Since((10,))] = None
    """Send so many of the best paths; `addpath-tx-best-selected N`. It excludes `addpath_tx`."""
    addpath_rx_limit: Annotated[int | None, Field(ge=1, le=65535), Since((10,))] = None
    """Ask the neighbor for so many paths of a prefix at most; `addpath-rx-paths-limit N`."""
    disable_addpath_rx: bool = False
    dampening: Annotated[NeighborDampening | None, Since((10,))] = None
    allowas_in: Annotated[int, Field(ge=1, le=10)] | Literal["origin"] | None = None
    allowas_in_map: Annotated[MapName | None, Since((10, 4))] = None
    """A map of the routes that `allowas_in` is for; `allowas-in route-map NAME N`, and needs `allowas_in`."""
    as_override: bool = False
    attribute_unchanged: tuple[Literal["as-path", "next-hop", "med"], ...] = ()
    remove_private_as: RemovePrivateAs | None = None
    capability_orf: Literal["send", "receive", "both"] | None = None
    soo: Annotated[str, Field(pattern=r"^[0-9.]{1,15}:[0-9]{1,10}$")] | None = None
    weight: U16 | None = None

    @model_validator(mode="after")
    def _exclusive(self) -> Self:
        if self.prefix_list_in and self.distribute_list_in:
            raise ValueError("prefix_list_in and distribute_list_in exclude each other: FRR refuses the second")
        if self.prefix_list_out and self.distribute_list_out:
            raise ValueError("prefix_list_out and distribute_list_out exclude each other: FRR refuses the second")
        if self.addpath_tx is not None and self.addpath_tx_best is not None:
            raise ValueError("addpath_tx and addpath_tx_best exclude each other")
        if self.allowas_in_map is not None and self.allowas_in is None:
            raise ValueError("allowas_in_map needs allowas_in")
        if self.send_community_rpki and not self.send_community:
            raise ValueError("send_community_rpki needs a kind of send_community: FRR shows none, and forgets it")
        return self


class EvpnNeighbor(Model):
    """What a neighbor does in `address-family l2vpn evpn`; each as in a family of an edge."""

    activate: bool | None = None
    """None: FRR's default, or what the peer group says."""
    route_map_in: MapName | None = None
    route_map_out: MapName | None = None
    next_hop_self: Annotated[Literal[True, "force"] | None, BeforeValidator(_switch)] = None
    route_reflector_client: bool = False
    route_server_client: bool = False
    soft_reconfiguration_inbound: bool = False
    maximum_prefix: Annotated[MaximumPrefix | None, _LIMIT, Since((10,))] = None
    addpath_tx: Annotated[Literal["all-paths", "bestpath-per-AS"] | None, Since((10, 4))] = None
    disable_addpath_rx: Annotated[bool, Since((10, 4))] = False
    allowas_in: Annotated[int, Field(ge=1, le=10)] | Literal["origin"] | None = None
    allowas_in_map: Annotated[MapName | None, Since((10, 4))] = None
    """A map of the routes that `allowas_in` is for."""
    attribute_unchanged: tuple[Literal["as-path", "next-hop", "med"], ...] = ()
    soo: Annotated[str, Field(pattern=r"^[0-9.]{1,15}:[0-9]{1,10}$")] | None = None

    @model_validator(mode="after")
    def _map(self) -> Self:
        if self.allowas_in_map is not None and self.allowas_in is None:
            raise ValueError("allowas_in_map needs allowas_in")
        return self


class NeighborOptions(Model):
    """What a neighbor and a peer group have in common."""

    remote_as: Annotated[RemoteAs | None, Since((10,), ("auto",))] = None
    """Its AS number, or `internal`, `external` or `auto` (FRR 10: either); `neighbor PEER remote-as N`."""
    description: Description | None = None
    password: Password | None = None
    timers: Timers | None = None
    timers_connect: Seconds16 | None = None
    timers_delayopen: Annotated[int, Field(ge=1, le=240)] | None = None
    advertisement_interval: Annotated[int, Field(ge=0, le=600)] | None = None
    bfd: Bfd | None = None
    ebgp_multihop: Annotated[int, Field(ge=2, le=255)] | None = None
    ttl_security_hops: Annotated[int, Field(ge=1, le=254)] | None = None
    disable_connected_check: bool = False
    update_source: SourceName | None = None
    passive: bool = False
    shutdown: bool = False
    shutdown_message: ShutdownMessage | None = None
    """The message to the neighbor with the shutdown (RFC 9003): at most 255 bytes."""
    shutdown_rtt: ShutdownRtt | None = None
    local_as: LocalAs | None = None
    local_role: Literal["provider", "rs-server", "rs-client", "customer", "peer"] | None = None
    local_role_strict: bool = False
    """Refuse a neighbor that says no role; needs `local_role`."""
    tcp_mss: Annotated[int, Field(ge=1, le=65535)] | None = None
    port: U16 | None = None
    solo: bool = False
    capability_dynamic: bool | None = None
    """None: what the instance has by default."""
    capability_extended_nexthop: bool | None = None
    """Always on for a neighbor that is an interface."""
    dont_capability_negotiate: bool = False
    override_capability: bool = False
    strict_capability_match: bool = False
    enforce_first_as: bool | None = None
    """None: FRR's default, off in 8.4 and on from 9.1."""
    graceful_restart: Literal["restart", "helper", "disable"] | None = None
    extended_optional_parameters: bool = False
    sender_as_path_loop_detection: bool = False
    disable_link_bw_encoding_ieee: bool = False
    graceful_shutdown: Annotated[bool, Since((10,))] = False
    """FRR 10; on 8.4 set the community in a route map, or `graceful_shutdown` of the instance."""
    aigp: Annotated[bool, Since((9,))] = False
    """Send and take the accumulated IGP metric (RFC 7311)."""
    oad: Annotated[bool, Since((10,))] = False
    """An external session inside one administrative domain; `oad`."""
    rpki_strict: Annotated[bool, Since((10, 4))] = False
    """Let the session come up only while an RPKI cache is connected; `rpki strict`."""
    capability_link_local: Annotated[bool | None, Since((10, 4))] = None
    """Say that link-local next hops are understood; `capability link-local`. None: what the instance has by default."""
    capability_software_version: Annotated[bool | None, Since((9,))] = None
    """Tell the software's version; `capability software-version`. None: what the instance has by default."""
    capability_software_version_latest: Annotated[bool | None, Since((10, 4))] = None
    """Tell it in the latest encoding; `capability software-version latest-encoding`. None: as the instance."""
    extended_link_bandwidth: Annotated[bool, Since((10,))] = False
    """Send link bandwidth in the extended form; `extended-link-bandwidth`."""
    send_nexthop_characteristics: Annotated[bool, Since((10, 4))] = False
    local_link_id: Annotated[int | None, Field(ge=1, le=4294967295), Since((10, 4))] = None
    remote_link_id: Annotated[int | None, Field(ge=1, le=4294967295), Since((10, 4))] = None
    discarded_attributes: Annotated[_Dropped, Since((9,))] = ()
    """Types of path attributes that are taken off what comes in; `path-attribute discard TYPE...`."""
    withdrawing_attributes: Annotated[_Dropped, Since((9,))] = ()
    """Types of path attributes with which a route counts as withdrawn; `path-attribute treat-as-withdraw TYPE...`."""
    ipv4_unicast: NeighborFamily = NeighborFamily.model_construct()
    """What it does in the address family IPv4 unicast."""
    ipv6_unicast: NeighborFamily = NeighborFamily.model_construct()
    """What it does in the address family IPv6 unicast."""
    l2vpn_evpn: EvpnNeighbor = EvpnNeighbor.model_construct()
    """What it does in the address family L2VPN EVPN."""

    @model_validator(mode="after")
    def _exclusive(self) -> Self:
        if self.ebgp_multihop is not None and self.ttl_security_hops is not None:
            raise ValueError("ebgp_multihop and ttl_security_hops exclude each other: FRR refuses the second")
        if self.shutdown_message is not None and not self.shutdown:
            raise ValueError("shutdown_message needs shutdown: true")
        if self.local_role_strict and self.local_role is None:
            raise ValueError("local_role_strict needs local_role")
        if self.override_capability and self.strict_capability_match:
            raise ValueError("override_capability and strict_capability_match exclude each other: FRR refuses both")
        return self


class PeerGroup(NeighborOptions):
    """`neighbor NAME peer-group`: options that its members share."""

    @model_validator(mode="after")
    def _no_soo(self) -> Self:
        for family in SESSION_FAMILIES:
            if getattr(self, family).soo is not None:
                # it gives every member the same memory, and frees it with each
                raise PlacedError("on a peer group it kills bgpd of FRR 8.4: give it to each neighbor", family, "soo")
        return self


class Neighbor(NeighborOptions):
    """A peer. Its key in `Bgp.neighbors` is its address, or the interface of an unnumbered neighbor."""

    peer_group: GroupName | None = None
    """The peer group whose options it shares; `neighbor PEER peer-group NAME`."""
    interface: Interface | None = None
    """`neighbor ADDRESS interface NAME`, for a link-local address."""
    v6only: bool = False
    """Only for an unnumbered neighbor."""
