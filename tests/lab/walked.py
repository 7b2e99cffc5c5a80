"""What a random walk on a real FRR draws: all of the model but few fields."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

_DIES: Final = "bgpd 10.3 dies of some aggregates that hold routes back, when routes inside come or go: see FRR432"
_VRFS: Final = "VRFs that import each other: an instance that was removed comes again (8.4.4, seed 6)"
_MAPS: Final = "bgpd 10.7.1 dies in lyd_free_meta_siblings behind some chains, which nobody has reduced yet"
_ROUTES: Final = "a static route of a table, or of another VRF, is left to plan (8.4.4)"
NOT_YET: Final = {
    "StaticRoute.label": "the kernel of the lab has no MPLS: FRR refuses the route",
    "StaticRoute.color": _ROUTES,
    "StaticRoute.nexthop_vrf": _ROUTES,
    "StaticRoute.onlink": _ROUTES,
    "StaticRoute.source": _ROUTES,
    "StaticRoute.table": _ROUTES,
    "Bgp.default_families": "neighbors then show families that the model lacks: what is left over",
    "Aggregate.summary_only": _DIES,
    "Aggregate.suppress_map": _DIES,
    "AddressFamily.vrf_leaking": _VRFS,
    "Bgp.confederation": "FRR does otherwise on a running router: the plan says so",
    "Router.ip_forwarding": "the kernel's, which keeps it when FRR starts anew",
    "Router.ipv6_forwarding": "the kernel's, which keeps it when FRR starts anew",
    "Router.vrfs": _VRFS,
    "RouteMapEntry.call": "bgpd 8.4 dies of `no call` behind some chains of plans, which nobody has reduced yet",
    "PeerGroup.graceful_restart": "FRR 8.4 loses a group's mode behind some lines of its members",
    "EvpnNeighbor.attribute_unchanged": "bgpd sets and clears next-hop in it behind next-hop-self and its undoing",
    "NeighborFamily.dampening": _MAPS,
    "Set.as_path_exclude_list": _MAPS,
    "Set.as_path_replace": _MAPS,
    "Set.as_path_replace_list": _MAPS,
    "Set.as_path_replace_with": _MAPS,
    "Set.extcommunity_none": _MAPS,
    "Set.ipv4_vpn_next_hop": _MAPS,
    "Set.ipv6_vpn_next_hop": _MAPS,
    "Set.l3vpn_encapsulation": _MAPS,
}
"""Fields that tests/strategies.py draws and a walk on FRR does not, and why."""


def walked(value: Any) -> Any:
    """Return a model without the fields that no walk draws."""
    if isinstance(value, BaseModel):
        kind = type(value)
        kept = [name for name in value.model_fields_set if f"{kind.__name__}.{name}" not in NOT_YET]
        return kind.model_validate({name: walked(getattr(value, name)) for name in kept})
    if isinstance(value, dict):
        return {key: walked(one) for key, one in value.items()}
    if isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
        return tuple(walked(one) for one in value)
    return value
