"""What MetalLB's objects may hold, as strict as its webhooks, and as MetalLB 0.11 was with its ConfigMap."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_interface
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from frrgen.model.selector import Selector as AnySelector
from frrgen.model.types import Address, Asn, Model, PlacedError, community_value

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")


def duration(text: Any) -> float:
    """Return the seconds of a duration of Go: `90s`, `1m30s`. Raises ValueError."""
    parts = list(_PART.finditer(text)) if isinstance(text, str) else []
    if text != "0" and (not parts or "".join(part.group() for part in parts) != text):
        raise ValueError("a duration is written as 90s or 1m30s")
    return sum(float(part[1]) * _UNITS[part[2]] for part in parts)


def _hold(value: Any) -> int:
    seconds = int(duration(value))  # MetalLB cuts fractions off
    if seconds in {1, 2} or seconds > 65535:
        raise ValueError("a hold time is 0s, or 3s to 65535s")
    return seconds


def _keepalive(value: Any) -> int:
    return int(duration(value))


def _connect(value: Any) -> int:
    seconds = duration(value)
    if seconds != int(seconds) or not 1 <= seconds <= 65535:
        raise ValueError("a connect time is 1s to 65535s, in whole seconds")
    return int(seconds)


def _asn(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch("[1-9][0-9]{0,9}", value):
        raise ValueError("an AS number is written in decimal digits")
    return value


def _pool_address(text: str) -> str:
    first, dash, last = (one.strip() for one in text.partition("-"))
    if not dash:
        if "/" not in text:
            raise ValueError(f"addresses are a prefix or a range FIRST-LAST, not {text!r}")
        ip_interface(text)
        return text
    low, high = ip_address(first), ip_address(last)
    if low.version != high.version or int(low) > int(high):
        raise ValueError(f"the range {text} does not go from an address to a higher address of the same family")
    return text


def addresses(texts: tuple[str, ...]) -> list[str]:
    """Return addresses without host bits in their prefixes, as Go reads them; ranges stay."""
    return [one if "-" in one else str(ip_interface(one).network) for one in texts]


WrittenAsn = Annotated[Asn, BeforeValidator(_asn)]
"""An AS number as an integer of JSON: what the model takes for asdot or a hexadecimal number is another there."""
PoolAddress = Annotated[str, AfterValidator(_pool_address)]
"""A prefix or a range."""
Hold = Annotated[int, BeforeValidator(_hold)]
Keepalive = Annotated[int, BeforeValidator(_keepalive)]
Connect = Annotated[int, BeforeValidator(_connect)]
Milliseconds = Annotated[int, Field(ge=10, le=60000)]


class LabelSelector(AnySelector):
    """A label selector of Kubernetes."""

    model_config = ConfigDict(alias_generator=to_camel)


class Spec(Model):
    """The `spec` of an object."""

    model_config = ConfigDict(alias_generator=to_camel)


class SecretName(Model):
    """Where a password is."""

    name: str | None = None
    namespace: str | None = None


class BgpPeerSpec(Spec):
    """BGPPeer, v1beta2 (and v1beta1, which has less)."""

    my_asn: WrittenAsn = Field(alias="myASN")
    peer_asn: WrittenAsn | None = Field(default=None, alias="peerASN")
    dynamic_asn: Literal["internal", "external"] | None = Field(default=None, alias="dynamicASN")
    local_asn: WrittenAsn | None = Field(default=None, alias="localASN")
    peer_address: Address | None = None
    interface: str | None = None
    source_address: Address | None = None
    peer_port: Annotated[int, Field(ge=1, le=16384)] = 179
    hold_time: Hold | None = None
    keepalive_time: Keepalive | None = None
    connect_time: Connect | None = None
    router_id: Address | None = Field(default=None, alias="routerID")
    node_selectors: tuple[LabelSelector, ...] = ()
    password: str | None = None
    password_secret: SecretName = SecretName()
    bfd_profile: str | None = None
    enable_graceful_restart: bool = False
    ebgp_multi_hop: bool = False
    vrf: str | None = None
    disable_mp: bool = Field(default=False, alias="disableMP")
    dual_stack_address_family: bool = False

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.peer_asn is None) == (self.dynamic_asn is None):
            raise PlacedError("either peerASN or dynamicASN", "peerASN")
        if (self.peer_address is None) == (self.interface is None):
            raise PlacedError("either peerAddress or interface", "peerAddress")
        if self.password and self.password_secret.name:
            raise PlacedError("either password or passwordSecret", "password")
        internal = self.dynamic_asn == "internal" or self.peer_asn == self.my_asn
        if self.ebgp_multi_hop and internal:
            raise PlacedError("an internal session has no ebgpMultiHop", "ebgpMultiHop")
        if self.hold_time is not None and (self.keepalive_time or 0) > self.hold_time:
            raise PlacedError("the keepalive time must not be longer than the hold time", "keepaliveTime")
        return self


class ServiceAllocation(Spec):
    """To which Services a pool gives addresses."""

    priority: Annotated[int, Field(ge=0, le=2147483647)] = 0
    namespaces: tuple[str, ...] = ()
    namespace_selectors: tuple[LabelSelector, ...] = ()
    service_selectors: tuple[LabelSelector, ...] = ()


class IpAddressPoolSpec(Spec):
    """IPAddressPool."""

    addresses: Annotated[tuple[PoolAddress, ...], Field(min_length=1)]
    auto_assign: bool = True
    avoid_buggy_ips: bool = Field(default=False, alias="avoidBuggyIPs")
    service_allocation: ServiceAllocation = ServiceAllocation()


class Preferred(Spec):
    """A node that should rather announce."""

    preference: LabelSelector
    weight: Annotated[int, Field(ge=1, le=100)]


class AdvertisementSpec(Spec):
    """What both kinds of advertisements have."""

    ip_address_pools: tuple[str, ...] = ()
    ip_address_pool_selectors: tuple[LabelSelector, ...] = ()
    node_selectors: tuple[LabelSelector, ...] = ()
    service_selectors: tuple[LabelSelector, ...] = ()


class L2AdvertisementSpec(AdvertisementSpec):
    """L2Advertisement."""

    interfaces: tuple[str, ...] = ()
    preferred_node_selectors: tuple[Preferred, ...] = ()


class BgpAdvertisementSpec(AdvertisementSpec):
    """BGPAdvertisement."""

    aggregation_length: Annotated[int, Field(ge=1, le=32)] = 32
    aggregation_length_v6: Annotated[int, Field(ge=0, le=128)] = Field(default=128, alias="aggregationLengthV6")
    local_pref: Annotated[int, Field(ge=0, le=2147483647)] = 0
    communities: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()


class NamedCommunity(Model):
    """A name for a community."""

    name: str = ""
    value: str = ""


class CommunitySpec(Spec):
    """Community."""

    communities: tuple[NamedCommunity, ...] = ()


class BfdProfileSpec(Spec):
    """BFDProfile."""

    receive_interval: Milliseconds | None = None
    transmit_interval: Milliseconds | None = None
    detect_multiplier: Annotated[int, Field(ge=2, le=255)] | None = None
    echo_interval: Milliseconds | None = None
    echo_mode: bool = False
    passive_mode: bool = False
    minimum_ttl: Annotated[int, Field(ge=1, le=254)] | None = None


class Old(Model):
    """A part of the ConfigMap."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))


class OldSelector(AnySelector):
    """A label selector in the ConfigMap."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))


class OldPeer(Old):
    """An entry of `peers`."""

    my_asn: WrittenAsn
    peer_asn: WrittenAsn
    peer_address: Address
    source_address: Address | None = None
    peer_port: Annotated[int, Field(ge=0, le=65535)] = 179
    hold_time: Hold | None = None
    router_id: Address | None = None
    node_selectors: tuple[OldSelector, ...] = ()
    password: str | None = None


class OldAdvertisement(Old):
    """An entry of `bgp-advertisements`."""

    aggregation_length: Annotated[int, Field(ge=0, le=32)] = 32
    localpref: Annotated[int, Field(ge=0, le=4294967295)] | None = None
    communities: tuple[str, ...] = ()


class OldPool(Old):
    """An entry of `address-pools`."""

    name: Annotated[str, Field(min_length=1)]
    protocol: Literal["bgp", "layer2"]
    addresses: Annotated[tuple[PoolAddress, ...], Field(min_length=1)]
    avoid_buggy_ips: bool = False
    auto_assign: bool = True
    bgp_advertisements: tuple[OldAdvertisement, ...] = ()

    @model_validator(mode="after")
    def _layer2(self) -> Self:
        if self.protocol == "layer2" and self.bgp_advertisements:
            raise PlacedError("a layer2 pool has no bgp-advertisements", "bgp-advertisements")
        return self

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        for text in self.addresses:
            first, _, last = text.partition("-")
            if first.strip() == last.strip():
                raise PlacedError(f"the range {text} does not go up: write {first.strip()}/32", "addresses")
            if self.protocol == "bgp" and ":" in text:
                raise PlacedError(f"{text}: MetalLB 0.11 announces no IPv6 by BGP", "addresses")
        return self


class OldConfig(Old):
    """The configuration of MetalLB 0.11, `data.config` of its ConfigMap."""

    peers: tuple[OldPeer, ...] = ()
    bgp_communities: dict[str, str] = {}
    address_pools: tuple[OldPool, ...] = ()

    @model_validator(mode="after")
    def _communities(self) -> Self:
        for name, text in self.bgp_communities.items():
            if ":" not in text:
                raise PlacedError(f"a community is AA:NN, not {text!r}", "bgp-communities", name)
            community_value(text)
        return self
