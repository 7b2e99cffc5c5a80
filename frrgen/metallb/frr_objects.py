"""What an FRRConfiguration of frr-k8s may hold, as strict as its definition and its webhook."""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from frrgen.metallb.objects import BfdProfileSpec, Connect, Hold, Keepalive, LabelSelector, SecretName, Spec, WrittenAsn
from frrgen.model.types import Address, PlacedError, Prefix


def _prefix(value: Any) -> str:
    if not isinstance(value, str) or "/" not in value:
        raise ValueError("a prefix is ADDRESS/LENGTH")
    return str(ip_interface(value).network)


Cidr = Annotated[Prefix, BeforeValidator(_prefix)]
"""A prefix; bits of the host are dropped, as Go drops them."""


class Raw(Spec):
    """Lines of FRR's own configuration."""

    priority: int = 0
    raw_config: str = ""


class NamedBfdProfile(BfdProfileSpec):
    """A BFD profile, with its name."""

    name: str


class Received(Spec):
    """A part of the prefixes that the nodes take from a router."""

    prefix: Cidr
    ge: Annotated[int, Field(ge=1, le=128)] | None = None
    le: Annotated[int, Field(ge=1, le=128)] | None = None


class AllowedIn(Spec):
    """The prefixes that the nodes take from a router."""

    mode: Literal["all", "filtered"] = "filtered"
    prefixes: tuple[Received, ...] = ()


class ToReceive(Spec):
    """What the nodes take from a router."""

    allowed: AllowedIn = AllowedIn()


class AllowedOut(Spec):
    """The prefixes that the nodes announce to a router: all of the instance, or those that are named."""

    mode: Literal["all", "filtered"] = "filtered"
    prefixes: tuple[Cidr, ...] = ()


class WithCommunity(Spec):
    """A community of some prefixes."""

    community: str
    prefixes: tuple[Cidr, ...] = ()


class WithLocalPref(Spec):
    """The local preference of some prefixes."""

    local_pref: Annotated[int, Field(ge=0, le=2147483647)]
    prefixes: tuple[Cidr, ...] = ()


class NextHop(Spec):
    """The next hop of the announcements."""

    ipv4: Address | None = None
    ipv6: Address | None = None


class ToAdvertise(Spec):
    """What the nodes announce to a router."""

    allowed: AllowedOut = AllowedOut()
    with_community: tuple[WithCommunity, ...] = ()
    with_local_pref: tuple[WithLocalPref, ...] = ()
    next_hop: NextHop = NextHop()


class NeighborSpec(Spec):
    """A session of the nodes with a router."""

    asn: WrittenAsn | None = None
    dynamic_asn: Literal["internal", "external"] | None = Field(default=None, alias="dynamicASN")
    local_asn: WrittenAsn | None = Field(default=None, alias="localASN")
    address: Address | None = None
    interface: str | None = None
    source_address: Address | None = Field(default=None, alias="sourceaddress")
    port: Annotated[int, Field(ge=0, le=16384)] = 179
    hold_time: Hold | None = None
    keepalive_time: Keepalive | None = None
    connect_time: Connect | None = None
    password: str | None = None
    password_secret: SecretName = SecretName()
    bfd_profile: str | None = None
    enable_graceful_restart: bool = False
    ebgp_multi_hop: bool = False
    disable_mp: bool = Field(default=False, alias="disableMP")
    dual_stack_address_family: bool = False
    address_families: tuple[str, ...] = ("unicast",)
    to_advertise: ToAdvertise = ToAdvertise()
    to_receive: ToReceive = ToReceive()

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.asn is None) == (self.dynamic_asn is None):
            raise PlacedError("either asn or dynamicASN", "asn")
        if (self.address is None) == (self.interface is None):
            raise PlacedError("either address or interface", "address")
        if self.password and self.password_secret.name:
            raise PlacedError("either password or passwordSecret", "password")
        if self.hold_time is not None and (self.keepalive_time or 0) > self.hold_time:
            raise PlacedError("the keepalive time must not be longer than the hold time", "keepaliveTime")
        return self


class InstanceSpec(Spec):
    """A BGP instance of the nodes: `router bgp`."""

    asn: WrittenAsn
    id: Address | None = None
    vrf: str | None = None
    neighbors: tuple[NeighborSpec, ...] = ()
    prefixes: tuple[Cidr, ...] = ()
    imports: tuple[dict[str, Any], ...] = ()
    evpn: dict[str, Any] | None = None


class BgpSpec(Spec):
    """The BGP instances, and their BFD profiles."""

    routers: tuple[InstanceSpec, ...] = ()
    bfd_profiles: tuple[NamedBfdProfile, ...] = ()


class FrrConfigurationSpec(Spec):
    """FRRConfiguration, v1beta1."""

    bgp: BgpSpec = BgpSpec()
    node_selector: LabelSelector = LabelSelector()
    raw: Raw = Raw()
