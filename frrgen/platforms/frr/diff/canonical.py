"""The form in which two routers that FRR treats alike are equal: with what FRR implies, without what it hides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel

from frrgen.model.bgp import AS_SETS_REJECTED, Bgp
from frrgen.model.defaults import Profile, default_timers, saying_defaults
from frrgen.model.instance_family import AddressFamily
from frrgen.model.neighbor import Neighbor, NeighborFamily, PeerGroup
from frrgen.model.policy import RouteMapEntry, Set
from frrgen.model.router import Log, Router, Vrf
from frrgen.model.types import FAMILIES, SESSION_FAMILIES, Model
from frrgen.platforms.frr.grammar.layout import is_unnumbered

_T = TypeVar("_T", bound=BaseModel)
_GREATEST_MED = 4294967294
"""What `bgp max-med` announces unless told otherwise, and does not show."""
_UNCHANGED = ("as-path", "next-hop", "med")
_FOLDED = ("ebgp_multihop", "ttl_security_hops", "graceful_restart")
"""What a member and its group have alike, FRR shows for the group alone, or for both, as it pleases.

Measured by hand for every option of a neighbor on 8.4.4, 10.3 and 10.7.1.
"""
_FOLDED_IN_FAMILY = ("addpath_tx", "route_map_in", "route_map_out", "disable_addpath_rx")
_WRITTEN_OVER = ("local_role",)
"""What a member has of its own is lost on FRR 10 when its group gets another."""
_BY_DEFAULT = (
    "capability_dynamic",
    "capability_link_local",
    "capability_software_version",
    "capability_software_version_latest",
)
"""What an instance can say by default of all of its neighbors."""
FIRST_AS_ON = (9, 1)
ONE_IMPORT_MAP = (10, 4)
"""Before this version FRR takes `import vrf route-map` for `route-map vpn import` where no VRF is imported (8.4.4 and
10.3; not 10.7.1)."""


def _said(value: Any) -> set[str]:
    return value.model_fields_set if isinstance(value, BaseModel) else set()


def _with(obj: _T, changes: dict[str, Any]) -> _T:
    """Copy with the fields that really change. To pydantic, a written value and a default are equal."""
    real = {
        name: value
        for name, value in changes.items()
        if getattr(obj, name) != value or _said(getattr(obj, name)) != _said(value)
    }
    return obj.model_copy(update=real) if real else obj


def _with_imported(router: Router) -> Router:
    """Add the VRFs that an instance imports and nobody names: FRR makes an empty instance of the same AS for each."""
    instances = [bgp for bgp in (router.bgp, *(vrf.bgp for vrf in router.vrfs.values())) if bgp is not None]
    imported = {
        name: Vrf(bgp=Bgp(asn=bgp.asn))
        for bgp in instances
        for family in FAMILIES
        for name in getattr(bgp, family).vrf_leaking.import_vrf
        if name != "default" and router.bgp_of(name) is None
    }
    if not imported:
        return router
    held = {
        name: router.vrfs[name].model_copy(update={"bgp": vrf.bgp})
        for name, vrf in imported.items()
        if name in router.vrfs
    }
    return router.model_copy(update={"vrfs": {**router.vrfs, **imported, **held}})


def _with_shared_distances(router: Router) -> Router:
    """Return the first instance the distances of all: FRR has them once, and shows them in each."""
    held = {"": router.bgp, **{name: vrf.bgp for name, vrf in router.vrfs.items()}}
    instances = {name: bgp for name, bgp in held.items() if bgp is not None}
    if not any(getattr(bgp, family).distances for bgp in instances.values() for family in FAMILIES):
        return router
    changes: dict[str, Bgp] = {}
    for first, name in enumerate(instances):
        parts = {
            family: {}
            if first
            else {k: v for bgp in instances.values() for k, v in getattr(bgp, family).distances.items()}
            for family in FAMILIES
        }
        bgp = instances[name]
        changes[name] = _with(
            bgp, {family: _with(getattr(bgp, family), {"distances": parts[family]}) for family in FAMILIES}
        )
    vrfs = {name: _with(vrf, {"bgp": changes[name]}) if name in changes else vrf for name, vrf in router.vrfs.items()}
    return router.model_copy(update={"bgp": changes.get(""), "vrfs": vrfs})


def canonical(router: Router, beside: Router | None = None, box: Profile | None = None) -> Router:
    """Return the router in canonical form, by its own FRR version. Names of the box itself are left out of it.

    `beside` is the router that it is to be compared with: whether a family is active by default is taken from there,
    for FRR keeps what is active when only the default changes. `box` is the profile by which FRR hides defaults; None:
    the router's own.
    """
    router = _with_shared_distances(_with_imported(router))
    box = box or router.defaults
    other = router if beside is None else beside
    changes: dict[str, Any] = {"hostname": None, "defaults": "traditional", "log": _log(router)}
    for family in ("ip", "ipv6"):
        field = f"{family}_nht_resolve_via_default"
        if getattr(router, field) == router.resolves_via_default:
            changes[field] = None
    if router.bgp is not None:
        changes["bgp"] = _bgp(router.bgp, router, other.bgp or router.bgp, box)
    if any(_places_deletes(entry) for route_map in router.route_maps.values() for entry in route_map.entries):
        changes["route_maps"] = {
            name: _with(route_map, {"entries": tuple(_any_place(entry) for entry in route_map.entries)})
            for name, route_map in router.route_maps.items()
        }
    changes["vrfs"] = {
        name: vrf if vrf.bgp is None else _with(vrf, {"bgp": _bgp(vrf.bgp, router, other.bgp_of(name) or vrf.bgp, box)})
        for name, vrf in router.vrfs.items()
    }
    return _with(router, changes)


def _with_one_switch(bgp: Bgp) -> Bgp:
    """Return the instance with both options that are one switch to FRR 10.7."""
    if not (bgp.bestpath.use_imported_attributes or bgp.default_capability_software_version_latest):
        return bgp
    bestpath = _with(bgp.bestpath, {"use_imported_attributes": True})
    return _with(bgp, {"default_capability_software_version_latest": True, "bestpath": bestpath})


def _log(router: Router) -> Log:
    """Forget what FRR takes for none: a level at which everything is logged, and whole seconds."""
    hidden: dict[str, Any] = {
        name: None for name in ("syslog_level", "file_level") if getattr(router.log, name) == "debugging"
    }
    if router.log.timestamp_precision == 0:
        hidden["timestamp_precision"] = None
    return _with(router.log, hidden)


def _places_deletes(entry: RouteMapEntry) -> bool:
    return entry.set.comm_list_delete_last or entry.set.large_comm_list_delete_last


def _any_place(entry: RouteMapEntry) -> RouteMapEntry:
    """Forget where `set comm-list` stands: vtysh shows the clauses sorted, whatever order they are carried out in."""
    if not _places_deletes(entry):
        return entry
    sets = {name: getattr(entry.set, name) for name in entry.set.model_fields_set if not name.endswith("_last")}
    return entry.model_copy(update={"set": Set.model_construct(**sets)})


def _bgp(bgp: Bgp, router: Router, beside: Bgp, box: Profile) -> Bgp:
    bgp, beside = _with_one_switch(bgp), _with_one_switch(beside)
    groups = {name: _options(group, name, None, (bgp, beside), router) for name, group in bgp.peer_groups.items()}
    neighbors = {
        peer: _options(neighbor, peer, bgp.group_of(neighbor), (bgp, beside), router)
        for peer, neighbor in bgp.neighbors.items()
    }
    changes: dict[str, Any] = {"peer_groups": groups, "neighbors": neighbors}
    changes["default_families"] = tuple(sorted(bgp.default_families))
    changes["l2vpn_evpn"] = _with(
        bgp.l2vpn_evpn, {"default_originate": tuple(sorted(bgp.l2vpn_evpn.default_originate))}
    )
    hidden = [name for name in ("on_startup_med", "administrative_med") if getattr(bgp.max_med, name) == _GREATEST_MED]
    if hidden:
        changes["max_med"] = _with(bgp.max_med, dict.fromkeys(hidden))
    if bgp.reject_as_sets is not None and bgp.reject_as_sets == (router.version >= AS_SETS_REJECTED):
        changes["reject_as_sets"] = None
    if bgp.update_delay is not None and bgp.update_delay.maximum == 0:
        changes["update_delay"] = None
    if router.version < ONE_IMPORT_MAP:
        changes |= {family: _one_import_map(getattr(bgp, family)) for family in FAMILIES}
    timers = bgp.timers or default_timers(router.defaults)
    changes["timers"] = None if timers == default_timers(box) else timers
    everyone = (*bgp.peer_groups.values(), *bgp.neighbors.values())
    if any(getattr(one, family).addpath_tx == "bestpath-per-AS" for one in everyone for family in SESSION_FAMILIES):
        changes["bestpath"] = _with(bgp.bestpath, {"deterministic_med": True})
    return saying_defaults(_with(bgp, changes))


def _one_import_map(family: AddressFamily) -> AddressFamily:
    leaking = family.vrf_leaking
    if leaking.import_vrf or leaking.import_vrf_route_map is None:
        return family
    maps = {"route_map_import": leaking.import_vrf_route_map, "import_vrf_route_map": None}
    return _with(family, {"vrf_leaking": _with(leaking, maps)})


_O = TypeVar("_O", Neighbor, PeerGroup)


def _options(one: _O, name: str, group: PeerGroup | None, bgps: tuple[Bgp, Bgp], router: Router) -> _O:
    changes: dict[str, Any] = {family: _family(getattr(one, family), family, one, bgps) for family in SESSION_FAMILIES}
    changes["solo"] = one.solo and group is None and isinstance(one, Neighbor)
    if group is not None:
        changes |= _as_its_group(one, group, bgps[1].group_of(one), _FOLDED)
        if router.version >= (10,):
            changes |= _written_over(group, bgps[1].group_of(one))
    changes |= _capabilities(one, group, bgps)
    if is_unnumbered(name) and isinstance(one, Neighbor) and one.capability_extended_nexthop:
        changes["capability_extended_nexthop"] = None
    if one.enforce_first_as is not None and one.enforce_first_as == (router.version >= FIRST_AS_ON):
        changes["enforce_first_as"] = None
    return _with(one, changes)


def _capabilities(one: Neighbor | PeerGroup, group: PeerGroup | None, bgps: tuple[Bgp, Bgp]) -> dict[str, Any]:
    """Return what a neighbor says of its capabilities beyond what its group or the instance says beside.

    As with families, FRR keeps what a neighbor has when only the default changes.
    """
    changes: dict[str, Any] = {}
    group_beside = bgps[1].group_of(one)
    for name in _BY_DEFAULT:
        own, inherited = getattr(one, name), None if group is None else getattr(group, name)
        default, shown = (getattr(bgp, f"default_{name}") for bgp in bgps)
        has = default if own is None else own
        if inherited is not None:
            if group_beside is None or getattr(group_beside, name) is not None:
                changes[name] = None if own == inherited else own
                continue
            # a member that says nothing of its own loses the capability when the group does
            has = own is True and own != inherited
        changes[name] = None if has == shown else has
    return changes


def _as_its_group(part: Model, group: Model, beside: Model | None, fields: Iterable[str]) -> dict[str, Any]:
    """Return the options of a member that say no more than its group does, now and beside: they are left out."""
    return {
        name: type(part).model_fields[name].default
        for name in fields
        if getattr(part, name) == getattr(group, name) == getattr(beside or group, name)
    }


def _written_over(group: Model, beside: Model | None) -> dict[str, Any]:
    """Return the options that a member loses when its group changes: they must be sent again."""
    return {
        name: None for name in _WRITTEN_OVER if beside is not None and getattr(group, name) != getattr(beside, name)
    }


def _family(part: NeighborFamily, family: str, one: Neighbor | PeerGroup, bgps: tuple[Bgp, Bgp]) -> NeighborFamily:
    changes: dict[str, Any] = {}
    group, beside = (bgp.group_of(one) for bgp in bgps)
    if group is not None:
        beside_part = None if beside is None else getattr(beside, family)
        changes |= _as_its_group(part, getattr(group, family), beside_part, _FOLDED_IN_FAMILY)
    inherited = None if group is None else getattr(group, family).activate
    if inherited is not None:
        if part.activate == inherited:
            changes["activate"] = None
    else:
        own, shown = (bgp.is_default(family) for bgp in bgps)
        active = own if part.activate is None else part.activate
        changes["activate"] = None if active == shown else active
    unchanged = set(part.attribute_unchanged)
    if part.route_server_client and family in FAMILIES:
        unchanged.add("next-hop")
    if family not in FAMILIES and unchanged == {"next-hop"}:
        # EVPN has it by default, and FRR shows it beside another word alone
        unchanged.clear()
    changes["attribute_unchanged"] = tuple(word for word in _UNCHANGED if word in unchanged)
    return _with(part, changes)
