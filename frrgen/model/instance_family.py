"""An address family of the BGP instance: what it announces, aggregates, redistributes and leaks."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from frrgen.model.since import Since
from frrgen.model.types import (
    U32,
    LeakedVrf,
    MapName,
    Model,
    Name,
    PlacedError,
    Prefix,
    RawLine,
)
from frrgen.model.written import WrittenAddress


class Dampening(Model):
    """`bgp dampening HALF-LIFE REUSE SUPPRESS MAX-SUPPRESS`: minutes, penalties, minutes."""

    half_life: Annotated[int, Field(ge=1, le=45)] = 15
    """Minutes in which the penalty halves."""
    reuse: Annotated[int, Field(ge=1, le=20000)] = 750
    """The penalty below which the route is used again."""
    suppress: Annotated[int, Field(ge=1, le=50000)] = 2000
    """The penalty beyond which the route is suppressed."""
    max_suppress: Annotated[int, Field(ge=1, le=255)] = 60
    """Minutes that a route is suppressed at most."""


class NetworkStatement(Model):
    """`network PREFIX [route-map NAME] [label-index N] [backdoor]`."""

    route_map: MapName | None = None
    """A map that sets attributes of the prefix, or refuses it."""
    label_index: Annotated[int, Field(ge=0, le=1048560)] | None = None
    """The index of its label in segment routing."""
    backdoor: bool = False
    """ipv4 only: prefer a route of an IGP to a route that BGP learns."""

    @field_validator("label_index")
    @classmethod
    def _none(cls, value: int | None) -> int | None:
        """Return what FRR keeps: it takes the index 0 for none."""
        return value or None


class Aggregate(Model):
    """`aggregate-address PREFIX …`."""

    as_set: bool = False
    """Make an AS_SET of the paths of the parts."""
    summary_only: bool = False
    """Do not announce the parts."""
    route_map: MapName | None = None
    """A map that sets attributes of the aggregate."""
    origin: Literal["egp", "igp", "incomplete"] | None = None
    """The origin of the aggregate."""
    matching_med_only: bool = False
    """Take only parts of equal MED together."""
    suppress_map: MapName | None = None
    """A map of the parts that are not announced."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.summary_only and self.suppress_map is not None:
            raise ValueError("summary_only and suppress_map exclude each other: FRR refuses the line")
        return self


class Redistribute(Model):
    """`redistribute PROTOCOL [metric N] [route-map NAME]`."""

    metric: U32 | None = None
    """The MED that the routes get."""
    route_map: MapName | None = None
    """A map that selects the routes, and sets their attributes."""


Protocol = Annotated[
    str,
    Field(
        pattern=r"^(kernel|connected|static|local|rip|ripng|ospf|ospf6|isis|eigrp|babel|nhrp|openfabric|sharp|vnc"
        r"|vnc-direct|ospf [0-9]{1,5}|table-direct [0-9]{1,5}|table( [0-9]{1,5})?)$"
    ),
]


class Distance(Model):
    """`distance N PREFIX [ACCESS-LIST]`: FRR has it once for all instances, whichever says it."""

    distance: Annotated[int, Field(ge=1, le=255)]
    """Distance of routes from neighbors whose address is in the prefix."""
    access_list: Name | None = None
    """An access list of the routes that it is for; None: all of them."""


class DistanceBgp(Model):
    """`distance bgp EXTERNAL INTERNAL LOCAL`, each 1-255; FRR's defaults are 20, 200, 200."""

    external: Annotated[int, Field(ge=1, le=255)]
    """Distance of routes from external neighbors."""
    internal: Annotated[int, Field(ge=1, le=255)]
    """Distance of routes from internal neighbors."""
    local: Annotated[int, Field(ge=1, le=255)]
    """Distance of aggregates and networks."""


class VrfLeaking(Model):
    """`import vrf`, `rd|rt|label vpn …`, `import|export vpn`."""

    import_vrf: tuple[LeakedVrf, ...] = ()
    import_vrf_route_map: MapName | None = None
    rd_export: Annotated[str, Field(pattern=r"^[0-9.]{1,15}:[0-9]{1,10}$")] | None = None
    rt_import: tuple[Annotated[str, Field(pattern=r"^[0-9.]{1,15}:[0-9]{1,10}$")], ...] = ()
    rt_export: tuple[Annotated[str, Field(pattern=r"^[0-9.]{1,15}:[0-9]{1,10}$")], ...] = ()
    label_export: Annotated[int, Field(ge=0, le=1048575)] | Literal["auto"] | None = None
    label_per_nexthop: Annotated[bool, Since((10,))] = False
    """A label for each next hop, not one for all of the VRF; `label vpn export allocation-mode per-nexthop`."""
    nexthop_export: WrittenAddress | None = None
    """The next hop of what goes into the VPN."""
    route_map_import: MapName | None = None
    """A map of what comes from the VPN; `route-map vpn import NAME`."""
    route_map_export: MapName | None = None
    """A map of what goes into the VPN; `route-map vpn export NAME`."""
    redirect_import: tuple[Annotated[str, Field(pattern=r"^[0-9.]{1,15}:[0-9]{1,10}$")], ...] = ()
    """Route targets to which flowspec redirects; `rt redirect import TARGET...`."""
    import_vpn: bool = False
    export_vpn: bool = False

    @model_validator(mode="after")
    def _either(self) -> Self:
        said = self.model_dump(exclude_defaults=True).keys() - {"import_vrf", "import_vrf_route_map"}
        if (self.import_vrf or self.import_vrf_route_map is not None) and said:
            raise PlacedError("FRR takes import_vrf, or the values for a VPN, and not both", min(said))
        return self


class AddressFamily(Model):
    """`address-family ipv4|ipv6 unicast` of the instance."""

    networks: dict[Prefix, NetworkStatement] = {}
    aggregates: dict[Prefix, Aggregate] = {}
    redistribute: dict[Protocol, Redistribute] = {}
    distance_bgp: DistanceBgp | None = None
    distances: dict[Prefix, Distance] = {}
    """By a prefix of the neighbors' addresses."""
    maximum_paths: Annotated[int, Field(ge=1, le=256)] | None = None
    maximum_paths_ibgp: Annotated[int, Field(ge=1, le=256)] | None = None
    maximum_paths_ibgp_equal_cluster_length: bool = False
    """Only of equal cluster length; `maximum-paths ibgp N equal-cluster-length`."""
    table_map: MapName | None = None
    dampening: Dampening | None = None
    nexthop_prefer_global: Annotated[bool, Since((10, 4))] = False
    """ipv6 only: prefer the global next hop to the link-local next hop; `nexthop prefer-global`."""
    vrf_leaking: VrfLeaking = VrfLeaking.model_construct()
    raw: tuple[RawLine, ...] = ()
    """Lines of this address family that the model lacks, sent as they are."""

    @model_validator(mode="after")
    def _equal(self) -> Self:
        if self.maximum_paths_ibgp_equal_cluster_length and self.maximum_paths_ibgp is None:
            raise ValueError("maximum_paths_ibgp_equal_cluster_length needs maximum_paths_ibgp")
        return self
