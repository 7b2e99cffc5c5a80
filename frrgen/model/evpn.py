"""What an instance does in `address-family l2vpn evpn` (RFC 7432), but for its neighbors: `EvpnNeighbor` has them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from frrgen.model.types import MapName, Model, PlacedError, RawLine

RouteTarget = Annotated[str, Field(pattern=r"^[0-9.]{1,15}:[0-9]{1,10}$")]
"""`ASN:NN` or `ADDRESS:NN`, as a route distinguisher, too."""


class AdvertiseUnicast(Model):
    """`advertise ipv4|ipv6 unicast [gateway-ip] [route-map NAME]`."""

    gateway_ip: bool = False
    """Announce the next hop as the gateway of the prefix (RFC 9136)."""
    route_map: MapName | None = None
    """A map of the routes that go into EVPN."""


class Vni(Model):
    """`vni N`: what differs from FRR's own choice for a VNI."""

    rd: RouteTarget | None = None
    """The route distinguisher; None: the router-id and a number of FRR's."""
    route_targets_import: tuple[RouteTarget, ...] = ()
    """None: FRR makes one of the AS and the VNI."""
    route_targets_export: tuple[RouteTarget, ...] = ()
    """None: FRR makes one of the AS and the VNI."""
    advertise_default_gw: bool = False
    advertise_svi_ip: bool = False
    raw: tuple[RawLine, ...] = ()
    """Lines of this VNI that the model lacks, sent as they are."""


class Evpn(Model):
    """`address-family l2vpn evpn` of the instance."""

    advertise_all_vni: bool = False
    """Announce every VNI of the router. One instance of a router has it: the instance that holds the VNIs."""
    advertise_default_gw: bool = False
    """Announce the router's own addresses as those of a gateway; needs `advertise_all_vni`."""
    advertise_svi_ip: bool = False
    """Announce the router's own addresses in each VNI; needs `advertise_all_vni`."""
    advertise_pip: bool = True
    """Announce with the router's own address, not with the anycast address; off: `no advertise-pip`."""
    enable_resolve_overlay_index: bool = False
    """Resolve the gateway of a received prefix through routes of EVPN; needs `advertise_all_vni`."""
    autort_rfc8365: bool = False
    """Make route targets as RFC 8365 says; `autort rfc8365-compatible`."""
    flooding: bool = True
    """Replicate broadcasts to every other end; off: `flooding disable`."""
    advertise: dict[Literal["ipv4", "ipv6"], AdvertiseUnicast] = {}
    """The families whose routes are announced as prefixes of EVPN (type 5)."""
    default_originate: tuple[Literal["ipv4", "ipv6"], ...] = ()
    """The families whose default route is announced as a prefix of EVPN."""
    rd: RouteTarget | None = None
    """The route distinguisher of the VRF's prefixes."""
    route_targets_import: tuple[RouteTarget, ...] = ()
    route_targets_export: tuple[RouteTarget, ...] = ()
    vnis: dict[Annotated[int, Field(ge=1, le=16777215)], Vni] = {}
    """By number: what differs from FRR's own choice. They need `advertise_all_vni`."""
    raw: tuple[RawLine, ...] = ()
    """Lines of this address family that the model lacks, sent as they are."""

    @model_validator(mode="after")
    def _holds(self) -> Self:
        needing = ("advertise_default_gw", "advertise_svi_ip", "enable_resolve_overlay_index", "vnis")
        for name in () if self.advertise_all_vni else needing:
            if getattr(self, name):
                raise PlacedError("needs advertise_all_vni: FRR refuses it in any other instance", name)
        return self
