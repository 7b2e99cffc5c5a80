"""The BGP process of a router: the instance.

An option that is None, or equal to FRR's default, is not rendered. Times are seconds unless the field says otherwise.
"""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from frrgen.model.evpn import Evpn
from frrgen.model.instance_family import AddressFamily
from frrgen.model.neighbor import Neighbor, NeighborOptions, PeerGroup, Timers
from frrgen.model.since import Since
from frrgen.model.types import (
    FAMILIES,
    U32,
    Asn,
    GroupName,
    Model,
    OtherFamily,
    PeerName,
    PlacedError,
    Prefix,
    RawLine,
)
from frrgen.model.written import WrittenIPv4Address

LONGEST_STALE_TIME: Final = 16777215
"""Seconds: FRR 10 takes no longer `long-lived-graceful-restart stale-time`, for the capability has 24 bits."""
NUMBERED_TABLES: Final = (10, 4)
"""From this version on `redistribute table` wants a number (taken by 10.3, refused by 10.7.1, as seen)."""
TABLES_DIRECT: Final = (10,)
"""From this version on FRR has `redistribute table-direct`, for IPv6 in the main instance alone (10.3, 10.7.1)."""
AS_SETS_REJECTED: Final = (10, 5)
"""From this version on FRR rejects AS_SETs by default (its pull request 19024; off in 8.4.4 and on in
10.7.0, as seen)."""


class GracefulRestart(Model):
    """`bgp graceful-restart …` of the instance; seconds. None: FRR's default."""

    mode: Literal["restart", "disable"] | None = None
    """None: helper only, FRR's default."""
    restart_time: Annotated[int, Field(ge=0, le=4095)] | None = None
    stalepath_time: Annotated[int, Field(ge=1, le=4095)] | None = None
    rib_stale_time: Annotated[int, Field(ge=1, le=3600)] | None = None
    select_defer_time: Annotated[int, Field(ge=0, le=3600)] | None = None
    preserve_fw_state: bool = False
    notification: bool = True
    long_lived_stale_time: Annotated[int, Field(ge=1, le=4294967295)] | None = None


class Bestpath(Model):
    """`bgp bestpath …`, and the two MED switches."""

    as_path_confed: bool = False
    as_path_ignore: bool = False
    multipath_relax: bool = False
    multipath_relax_as_set: bool = False
    """Make an AS_SET of the paths that differ; `bgp bestpath as-path multipath-relax as-set`."""
    compare_routerid: bool = False
    med_confed: bool = False
    med_missing_as_worst: bool = False
    bandwidth: Literal["ignore", "skip-missing", "default-weight-for-missing"] | None = None
    peer_type_multipath_relax: bool = False
    always_compare_med: bool = False
    deterministic_med: bool = False
    aigp: Annotated[bool, Since((9,))] = False
    """Prefer the shorter accumulated IGP metric (RFC 7311)."""
    use_imported_attributes: Annotated[bool, Since((10, 4))] = False
    """To FRR 10.7.1 it is the same switch as `default_capability_software_version_latest`: it sets both."""

    @model_validator(mode="after")
    def _as_set(self) -> Self:
        if self.multipath_relax_as_set and not self.multipath_relax:
            raise ValueError("multipath_relax_as_set needs multipath_relax")
        return self


class Confederation(Model):
    """`bgp confederation identifier|peers`."""

    identifier: Asn | None = None
    peers: tuple[Asn, ...] = ()


class MaxMed(Model):
    """`bgp max-med on-startup SECONDS [MED]` and `administrative [MED]`."""

    on_startup: Annotated[int, Field(ge=5, le=86400)] | None = None
    on_startup_med: U32 | None = None
    """The MED that is announced meanwhile; None: 4294967294."""
    administrative: bool = False
    administrative_med: U32 | None = None
    """The MED that is announced; None: 4294967294."""

    @model_validator(mode="after")
    def _meds(self) -> Self:
        if self.on_startup_med is not None and self.on_startup is None:
            raise ValueError("on_startup_med needs on_startup")
        if self.administrative_med is not None and not self.administrative:
            raise ValueError("administrative_med needs administrative: true")
        return self


class TcpKeepalive(Model):
    """`bgp tcp-keepalive IDLE INTERVAL PROBES`."""

    idle: Annotated[int, Field(ge=1, le=65535)]
    """Seconds of silence before the first probe."""
    interval: Annotated[int, Field(ge=1, le=65535)]
    """Seconds between probes."""
    probes: Annotated[int, Field(ge=1, le=30)]
    """Probes without an answer after which the connection is closed."""


class UpdateDelay(Model):
    """`update-delay MAXIMUM [ESTABLISH-WAIT]`, seconds."""

    maximum: Annotated[int, Field(ge=0, le=3600)]
    """Seconds that bgpd waits at most, after its start, before it announces; 0: it does not wait."""
    establish_wait: Annotated[int, Field(ge=1, le=3600)] | None = None
    """Seconds in which sessions must come up to be waited for, at most `maximum`; None: as `maximum`."""

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.establish_wait is not None and self.establish_wait > self.maximum:
            raise ValueError("establish_wait must be at most maximum: FRR refuses it")
        return self


DefaultFamily = Literal[
    "ipv4-multicast",
    "ipv4-vpn",
    "ipv4-labeled-unicast",
    "ipv4-flowspec",
    "ipv6-multicast",
    "ipv6-vpn",
    "ipv6-labeled-unicast",
    "ipv6-flowspec",
    "l2vpn-evpn",
]


class Bgp(Model):
    """`router bgp ASN [vrf NAME]`."""

    asn: Asn
    """The router's AS number; `router bgp ASN`."""
    router_id: WrittenIPv4Address | None = None
    default_ipv4_unicast: bool = True
    default_ipv6_unicast: bool = False
    """Activate IPv6 unicast for every neighbor that does not say otherwise; `bgp default ipv6-unicast`."""
    default_families: tuple[DefaultFamily, ...] = ()
    """Other address families that every neighbor has unless it says otherwise; `bgp default FAMILY`."""
    default_capability_dynamic: Annotated[bool, Since((10,))] = False
    """What a neighbor has that does not say otherwise; `bgp default dynamic-capability`."""
    default_capability_link_local: Annotated[bool, Since((10, 4))] = False
    """As `default_capability_dynamic`; `bgp default link-local-capability`."""
    default_capability_software_version: Annotated[bool, Since((9,))] = False
    """As `default_capability_dynamic`; `bgp default software-version-capability`."""
    default_capability_software_version_latest: Annotated[bool, Since((10, 4))] = False
    """As `default_capability_dynamic`; `bgp default software-version-capability latest-encoding`.

    To FRR 10.7.1 it is the same switch as `use_imported_attributes` of `bestpath`: to set one sets both.
    """
    ebgp_requires_policy: bool = True
    network_import_check: bool = True
    log_neighbor_changes: bool | None = None
    """None: off (traditional) or on (datacenter)."""
    fast_external_failover: bool = True
    fast_convergence: bool = False
    client_to_client_reflection: bool = True
    suppress_duplicates: bool = True
    hard_administrative_reset: bool = True
    reject_as_sets: bool | None = None
    """None: FRR's default, off before 10.5 and on from there. Any mention of it resets every session."""
    graceful_shutdown: bool = False
    disable_ebgp_connected_route_check: bool = False
    suppress_fib_pending: bool = False
    suppress_fib_pending_delay: Annotated[int | None, Field(ge=1, le=10000), Since((10, 4))] = None
    """Milliseconds; `bgp suppress-fib-pending N`, and needs `suppress_fib_pending`."""
    default_shutdown: bool = False
    show_hostname: bool = False
    show_nexthop_hostname: bool = False
    allow_outbound_policy: bool = False
    """`bgp route-reflector allow-outbound-policy`."""
    allow_martian_nexthop: bool = False
    shutdown: bool = False
    cluster_id: WrittenIPv4Address | None = None
    confederation: Confederation | None = None
    bestpath: Bestpath = Bestpath.model_construct()
    graceful_restart: GracefulRestart = GracefulRestart.model_construct()
    timers: Timers | None = None
    default_local_preference: U32 | None = None
    minimum_holdtime: Annotated[int, Field(ge=1, le=65535)] | None = None
    max_med: MaxMed = MaxMed.model_construct()
    listen_limit: Annotated[int, Field(ge=1, le=65535)] | None = None
    listen_ranges: dict[Prefix, GroupName] = {}
    coalesce_time: U32 | None = None
    """Milliseconds."""
    update_delay: UpdateDelay | None = None
    read_quanta: Annotated[int, Field(ge=1, le=10)] | None = None
    write_quanta: Annotated[int, Field(ge=1, le=64)] | None = None
    conditional_advertisement_timer: Annotated[int, Field(ge=5, le=240)] | None = None
    advertisement_delay: Annotated[int | None, Field(ge=1, le=3600), Since((10, 4))] = None
    """Seconds; `advertisement-delay N`."""
    default_originate_timer: Annotated[int | None, Field(ge=1, le=65535), Since((10,))] = None
    """Seconds between two looks at the map of `default_originate`. FRR takes 0, and forgets it at a restart."""
    subgroup_packet_queue: Annotated[int, Field(ge=20, le=100)] | None = None
    """`bgp default subgroup-pkt-queue-max N`."""
    tcp_keepalive: Annotated[TcpKeepalive | None, Since((9,))] = None
    peer_groups: dict[GroupName, PeerGroup] = {}
    neighbors: dict[PeerName, Neighbor] = {}
    ipv4_unicast: AddressFamily = AddressFamily.model_construct()
    """What the instance announces in the address family IPv4 unicast."""
    ipv6_unicast: AddressFamily = AddressFamily.model_construct()
    """What the instance announces in the address family IPv6 unicast."""
    l2vpn_evpn: Evpn = Evpn.model_construct()
    """What the instance announces in the address family L2VPN EVPN."""
    raw_families: dict[OtherFamily, tuple[RawLine, ...]] = {}
    """Lines of an address family that the model lacks, such as `ipv4 vpn`, sent as they are."""
    raw: tuple[RawLine, ...] = ()
    """Lines of `router bgp` that the model lacks, sent as they are, last of the instance."""

    def group_of(self, one: NeighborOptions) -> PeerGroup | None:
        """Return the peer group of a neighbor; None for no group, a group that is not defined, and a group itself."""
        return self.peer_groups.get(one.peer_group or "") if isinstance(one, Neighbor) else None

    def with_group(self, one: NeighborOptions) -> tuple[NeighborOptions, ...]:
        """Return a neighbor and, behind it, its peer group if there is such a group: what says its options."""
        group = self.group_of(one)
        return (one,) if group is None else (one, group)

    def activates(self, family: str, neighbor: Neighbor, group: PeerGroup | None) -> bool:
        """Tell whether a neighbor is activated in an address family, by itself, its group or the default."""
        for one in (neighbor, group):
            if one is not None and (said := getattr(one, family).activate) is not None:
                return bool(said)
        return self.is_default(family)

    def is_default(self, family: str) -> bool:
        """Tell whether a neighbor has an address family that nobody says anything about."""
        if family in FAMILIES:
            return bool(getattr(self, f"default_{family}"))
        return family.replace("_", "-") in self.default_families

    @model_validator(mode="after")
    def _delay(self) -> Self:
        if self.suppress_fib_pending_delay is not None and not self.suppress_fib_pending:
            raise ValueError("suppress_fib_pending_delay needs suppress_fib_pending: true")
        return self

    @model_validator(mode="after")
    def _contexts(self) -> Self:
        for number, line in enumerate(self.raw):
            if line.startswith("address-family "):
                raise PlacedError("opens an address family: write its lines in raw_families", "raw", number)
        return self

    @model_validator(mode="after")
    def _families(self) -> Self:
        for name, version in (("ipv4_unicast", 4), ("ipv6_unicast", 6)):
            family = getattr(self, name)
            for kind in ("networks", "aggregates", "distances"):
                for prefix in getattr(family, kind):
                    if prefix.version != version:
                        raise PlacedError(f"{prefix} is not an IPv{version} prefix", name, kind, str(prefix))
            for prefix, network in family.networks.items():
                if network.backdoor and version == 6:
                    raise PlacedError("FRR knows backdoor in ipv4_unicast alone", name, "networks", str(prefix))
            for prefix, aggregate in family.aggregates.items():
                if self.reject_as_sets and aggregate.as_set:
                    raise PlacedError(
                        "as_set has no effect with reject_as_sets: FRR drops it", name, "aggregates", str(prefix)
                    )
        return self
