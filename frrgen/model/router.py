"""A router: everything that frrgen may say to one box, and how to reach it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from frrgen.model.bgp import Bgp
from frrgen.model.defaults import Profile, with_defaults
from frrgen.model.lists import AccessList, AsPathList, CommunityList, ExtCommunityList, LargeCommunityList, PrefixList
from frrgen.model.platform import Pfsense, PlatformName, PlatformOptions
from frrgen.model.policy import RouteMap
from frrgen.model.types import (
    BgpListName,
    Community,
    Description,
    FileName,
    Hostname,
    Interface,
    LargeCommunity,
    MapName,
    Model,
    Name,
    Password,
    PeerHost,
    PlacedError,
    ProfileName,
    RawLine,
    VrfName,
    number_text,
)
from frrgen.model.written import WrittenAddress, WrittenIPv4Address, WrittenIPv6Network, WrittenPrefix


class StaticRoute(Model):
    """`ip|ipv6 route PREFIX …`: one next hop of a static route."""

    prefix: WrittenPrefix
    """Where it leads, without host bits."""
    via: WrittenAddress | None = None
    """The address of the next hop."""
    interface: Interface | None = None
    """The interface of the next hop."""
    drop: Literal["blackhole", "reject", "Null0"] | None = None
    """Drop what goes there: silently (`blackhole`, `Null0`) or with an answer (`reject`)."""
    source: WrittenIPv6Network | None = None
    """`from PREFIX`, ipv6 only."""
    onlink: bool = False
    """The next hop is on the interface, whatever its addresses say."""
    tag: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    """A number that route maps can ask for."""
    distance: Annotated[int, Field(ge=1, le=255)] = 1
    """Its distance: the lowest wins."""
    table: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    """The kernel's routing table."""
    label: Annotated[str, Field(pattern=r"^[0-9]{1,7}(/[0-9]{1,7})*$")] | None = None
    """MPLS labels, `16/17`."""
    color: Annotated[int, Field(ge=1, le=4294967295)] | None = None
    """The color of an SR policy."""
    nexthop_vrf: VrfName | None = None
    """The VRF in which the next hop is."""

    @model_validator(mode="after")
    def _next_hop(self) -> Self:
        if (self.via or self.interface) is None and self.drop is None:
            raise ValueError("needs via, interface or drop")
        if self.drop is not None and (self.via or self.interface) is not None:
            raise ValueError("drop excludes via and interface")
        if self.via is not None and self.via.version != self.prefix.version:
            raise ValueError("via and prefix are of different families")
        if self.source is not None and self.prefix.version == 4:
            raise ValueError("source is for ipv6 routes")
        return self


class BfdTimers(Model):
    """What a BFD profile and a BFD peer have in common; intervals in milliseconds. None: FRR's default."""

    detect_multiplier: Annotated[int, Field(ge=2, le=255)] | None = None
    transmit_interval: Annotated[int, Field(ge=10, le=60000)] | None = None
    receive_interval: Annotated[int, Field(ge=10, le=60000)] | None = None
    echo_transmit_interval: Annotated[int, Field(ge=10, le=60000)] | None = None
    echo_receive_interval: Annotated[int, Field(ge=10, le=60000)] | Literal["disabled"] | None = None
    echo_mode: bool = False
    passive_mode: bool = False
    minimum_ttl: Annotated[int, Field(ge=1, le=254)] | None = None
    shutdown: bool = False


class BfdProfile(BfdTimers):
    """`bfd` / `profile NAME`."""


class BfdPeer(BfdTimers):
    """`bfd` / `peer ADDRESS …`."""

    address: WrittenAddress
    """The address of the other end."""
    multihop: bool = False
    """It is more than one hop away; needs `local_address`."""
    local_address: WrittenAddress | None = None
    """The address of this end."""
    interface: Interface | None = None
    """The interface to it."""
    vrf: VrfName | None = None
    """The VRF in which it is."""
    profile: ProfileName | None = None

    @model_validator(mode="after")
    def _multihop(self) -> Self:
        if self.multihop and self.local_address is None:
            raise ValueError("multihop needs local_address")
        if self.multihop and self.interface is not None:
            raise ValueError("multihop excludes interface")
        if self.multihop and (self.echo_mode or self.echo_transmit_interval or self.echo_receive_interval):
            raise ValueError("multihop excludes echo: FRR refuses it")
        if self.minimum_ttl is not None and not self.multihop:
            raise ValueError("minimum_ttl needs multihop: FRR refuses it")
        return self

    def excludes(self, other: Self) -> bool:
        """Tell whether FRR refuses both peers, and with them all of `bfd` (8.4.4, 10.3, 10.7.1).

        Peers one hop away differ by their interface, and a peer without an interface stands alone; peers several hops
        away differ by the local address.
        """
        if (self.address, self.vrf, self.multihop) != (other.address, other.vrf, other.multihop):
            return False
        if self.multihop:
            return self.local_address == other.local_address
        return None in {self.interface, other.interface} or self.interface == other.interface


class RpkiCache(Model):
    """`rpki cache HOST PORT preference N` (FRR 8.4) or `rpki cache tcp HOST PORT preference N` (FRR 10)."""

    host: PeerHost
    """Its address or name."""
    port: Annotated[int, Field(ge=1, le=65535)]
    """Its TCP port."""
    preference: Annotated[int, Field(ge=1, le=255)]
    """Its place among the caches: the lowest is asked first."""
    source: WrittenIPv4Address | None = None
    """The address from which it is asked."""


class Rpki(Model):
    """`rpki`; seconds. Needs bgpd to run with `-M rpki`."""

    polling_period: Annotated[int, Field(ge=1, le=86400)] = 3600
    expire_interval: Annotated[int, Field(ge=600, le=172800)] = 7200
    """FRR refuses to be told less than `polling_period`."""
    retry_interval: Annotated[int, Field(ge=1, le=7200)] = 600
    caches: tuple[RpkiCache, ...] = ()

    @model_validator(mode="after")
    def _expires(self) -> Self:
        fields = type(self).model_fields
        if self.polling_period > self.expire_interval != fields["expire_interval"].default:
            raise ValueError("expire_interval must be at least polling_period: FRR refuses less")
        if len({cache.preference for cache in self.caches}) < len(self.caches):
            raise ValueError("each cache needs a preference of its own: FRR refuses the same preference twice")
        return self


LogLevel = Literal[
    "emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging"
]


class Log(Model):
    """`log syslog|file|stdout [LEVEL]`."""

    syslog: bool = False
    syslog_level: LogLevel | None = None
    """What is not less important goes to syslog."""
    file: Annotated[str, Field(pattern=r"^/[A-Za-z0-9_./-]{1,200}$")] | None = None
    file_level: LogLevel | None = None
    """What is not less important goes to the file."""
    commands: bool = False
    """`log commands`."""
    timestamp_precision: Annotated[int, Field(ge=0, le=6)] | None = None

    @model_validator(mode="after")
    def _levels(self) -> Self:
        if self.syslog_level is not None and not self.syslog:
            raise ValueError("syslog_level needs syslog: true")
        if self.file_level is not None and self.file is None:
            raise ValueError("file_level needs file")
        return self


class Vrf(Model):
    """`vrf NAME`, and its BGP instance."""

    router_id: WrittenIPv4Address | None = None
    static_routes: tuple[StaticRoute, ...] = ()
    bgp: Bgp | None = None
    raw: tuple[RawLine, ...] = ()
    """Lines of `vrf NAME` that the model lacks, sent as they are."""


class Ssh(Model):
    """How frrgen reaches the box."""

    host: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._:%-]{1,255}$")
    """Address or name; None: the router's name, as ~/.ssh/config knows it."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """TCP port; None: as ~/.ssh/config says, or 22."""
    user: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """Who logs in; None: as ~/.ssh/config says."""
    identity_file: FileName | None = None
    """A private key; None: as ~/.ssh/config says, and the agent's."""
    password: Password | None = None
    """A password to log in with: `env:NAME` or `file:PATH`. A key is better."""
    sudo: bool = False
    """Run vtysh as root through `sudo -n`."""
    connect_timeout: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Seconds."""
    command_timeout: Annotated[float, Field(gt=0, le=7200)] = 600.0
    """Seconds."""


class Check(Model):
    """What must be so once a push is applied, or it is undone: one of these."""

    command: str | None = Field(default=None, pattern=r"^[ -~]{1,1000}$")
    """A command of the router's shell that must end with 0; run as the user that pushes."""
    prefix: WrittenPrefix | None = None
    """A prefix that must be in BGP's table."""
    answers: WrittenAddress | None = None
    """An address that must answer a ping from the router."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.command, self.prefix, self.answers)) != 1:
            raise ValueError("a check is a command, a prefix, or answers")
        return self


class Ha(Model):
    """Two pfSense boxes; CARP makes one the master (High Availability)."""

    peer: Hostname
    """The other box, which has a file of its own."""


class Router(Model):
    """One box: `inventory/routers/NAME.yaml`."""

    name: Hostname
    """The name of its file."""
    description: Description | None = None
    """A note for people; no router gets it."""
    platform: PlatformName = "frr"
    """What the box is: FRR on Linux, or pfSense with the FRR package."""
    frr_version: Annotated[str, BeforeValidator(number_text), Field(pattern=r"^[0-9]{1,2}(\.[0-9]{1,3}){0,2}$")] = "8.4"
    """The FRR that it runs, 8.4 to 10; of a pfSense box the package's."""
    ownership: Literal["full", "managed"] = "managed"
    """managed: what runs and the inventory does not name goes only where it is a list, a route map, a BFD peer or
    profile, RPKI, or inside a BGP instance that the inventory names; full: everything that the model could say goes."""
    ssh: Ssh = Ssh.model_construct()
    checks: tuple[Check, ...] = ()
    """What must be so once a push is applied, or it is undone."""
    pfsense: Pfsense | None = None
    ha: Ha | None = None
    """The other box of its pair; written on the box that is pushed to first. None: it stands alone."""

    hostname: Hostname | None = None
    defaults: Profile = "traditional"
    """`frr defaults`: by which profile FRR takes what is not said."""
    log: Log = Log.model_construct()
    service_password_encryption: bool = False
    ip_forwarding: bool | None = None
    ipv6_forwarding: bool | None = None
    router_id: WrittenIPv4Address | None = None
    ip_nht_resolve_via_default: bool | None = None
    """Whether a next hop may be reached by the default route; None: FRR's default, which is on from 9.1."""
    ipv6_nht_resolve_via_default: bool | None = None
    route_map_delay_timer: Annotated[int, Field(ge=0, le=600)] | None = None
    """Seconds that bgpd waits before it applies a changed policy to the routes it has; 0: it never does."""
    community_aliases: dict[BgpListName, Community | LargeCommunity] = {}
    static_routes: tuple[StaticRoute, ...] = ()
    prefix_lists: dict[Name, PrefixList] = {}
    """IPv4: `ip prefix-list NAME`. The first entry by seq that matches decides; at the end is a deny."""
    ipv6_prefix_lists: dict[Name, PrefixList] = {}
    """IPv6: `ipv6 prefix-list NAME`. The first entry by seq that matches decides; at the end is a deny."""
    access_lists: dict[Name, AccessList] = {}
    """IPv4: `access-list NAME`. The first entry that matches decides; at the end is a deny."""
    ipv6_access_lists: dict[Name, AccessList] = {}
    """IPv6: `ipv6 access-list NAME`. The first entry that matches decides; at the end is a deny."""
    as_path_lists: dict[BgpListName, AsPathList] = {}
    community_lists: dict[BgpListName, CommunityList] = {}
    large_community_lists: dict[BgpListName, LargeCommunityList] = {}
    extcommunity_lists: dict[BgpListName, ExtCommunityList] = {}
    route_maps: dict[MapName, RouteMap] = {}
    bfd_profiles: dict[ProfileName, BfdProfile] = {}
    bfd_peers: tuple[BfdPeer, ...] = ()
    rpki: Rpki | None = None
    bgp: Bgp | None = None
    vrfs: dict[VrfName, Vrf] = {}
    raw: tuple[RawLine, ...] = ()
    """Lines at the top level that the model lacks, sent as they are."""

    @model_validator(mode="before")
    @classmethod
    def _package_version(cls, data: Any) -> Any:
        """Take the FRR that the platform brings, where the inventory names no other."""
        if not isinstance(data, dict) or "frr_version" in data:
            return data
        name = data.get("platform")
        version = cls._slot_of(name).frr_version(data.get(str(name)))
        return data if version is None else {**data, "frr_version": version}

    @classmethod
    def _slot_of(cls, name: Any) -> type[PlatformOptions]:
        field = cls.model_fields.get(name) if isinstance(name, str) else None
        kinds = get_args(field.annotation) if field is not None else ()
        return next((kind for kind in kinds if issubclass(kind, PlatformOptions)), PlatformOptions)

    @property
    def slot(self) -> PlatformOptions:
        """What its platform adds: the field of the platform's name, or what holds where there is none."""
        own = getattr(self, self.platform, None)
        return own if isinstance(own, PlatformOptions) else self._slot_of(self.platform)()

    @model_validator(mode="after")
    def _families(self) -> Self:
        for field, version, other in (
            ("prefix_lists", 4, "ipv6_prefix_lists"),
            ("ipv6_prefix_lists", 6, "prefix_lists"),
            ("access_lists", 4, "ipv6_access_lists"),
            ("ipv6_access_lists", 6, "access_lists"),
        ):
            for name, entries in getattr(self, field).items():
                for entry in entries.entries:
                    if entry.prefix is not None and entry.prefix.version != version:
                        raise PlacedError(
                            f"{entry.prefix} is not an IPv{version} prefix: it belongs under {other}",
                            field,
                            name,
                            "entries",
                            str(entry.seq),
                        )
        return self

    @model_validator(mode="after")
    def _evpn(self) -> Self:
        if self.bgp is not None and not self.bgp.l2vpn_evpn.advertise_pip:
            raise PlacedError("FRR has it in a VRF alone", "bgp", "l2vpn_evpn", "advertise_pip")
        holders = [vrf for vrf, bgp in self.instances() if bgp.l2vpn_evpn.advertise_all_vni]
        for vrf in holders[1:]:
            path = ("vrfs", str(vrf), "bgp", "l2vpn_evpn", "advertise_all_vni")
            raise PlacedError("one instance of a router holds its VNIs: FRR refuses the second", *path)
        return self

    @model_validator(mode="after")
    def _bfd(self) -> Self:
        for number, peer in enumerate(self.bfd_peers):
            if any(peer.excludes(other) for other in self.bfd_peers[:number]):
                what = "local_address" if peer.multihop else "interface, and excludes a peer without one"
                raise PlacedError(
                    f"{peer.address} is a peer already: FRR tells peers apart by their {what}",
                    "bfd_peers",
                    number,
                )
        return self

    @model_validator(mode="after")
    def _aliases(self) -> Self:
        names: dict[str, str] = {}
        for name, community in self.community_aliases.items():
            if (first := names.setdefault(community, name)) != name:
                raise PlacedError(
                    f"{community} is {first} already: FRR refuses a second name", "community_aliases", name
                )
        return self

    @model_validator(mode="after")
    def _said_by_default(self) -> Self:
        """Return each option of BGP that was not said the value that FRR gives it, by version and profile."""
        if self.bgp is not None:
            self.__dict__["bgp"] = with_defaults(self.bgp, self.version, self.defaults)
        held = {name: vrf for name, vrf in self.vrfs.items() if vrf.bgp is not None}
        if held:
            self.__dict__["vrfs"] = {**self.vrfs, **{name: self._in_vrf(vrf) for name, vrf in held.items()}}
        return self

    def _in_vrf(self, vrf: Vrf) -> Vrf:
        bgp = vrf.bgp and with_defaults(vrf.bgp, self.version, self.defaults)
        return vrf if bgp is vrf.bgp else vrf.model_copy(update={"bgp": bgp})

    def bgp_of(self, vrf: str | None) -> Bgp | None:
        """Return the BGP instance of a VRF (None: the main instance); None if there is none."""
        if vrf is None:
            return self.bgp
        return self.vrfs[vrf].bgp if vrf in self.vrfs else None

    def instances(self) -> Iterator[tuple[str | None, Bgp]]:
        """Yield the BGP instances, each with its VRF (None: the main instance)."""
        for vrf in (None, *self.vrfs):
            if (bgp := self.bgp_of(vrf)) is not None:
                yield vrf, bgp

    def of_version(self, frr_version: str) -> Self:
        """Return the router as it is with another FRR."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self).model_validate({**said, "frr_version": frr_version})

    @property
    def resolves_via_default(self) -> bool:
        """Whether FRR reaches next hops by the default route unless told otherwise: from 9.1 on, but in datacenters."""
        return self.version >= (9, 1) and self.defaults == "traditional"

    @property
    def version(self) -> tuple[int, ...]:
        """The FRR version as numbers, to compare: (8, 4)."""
        return tuple(int(part) for part in self.frr_version.split("."))
