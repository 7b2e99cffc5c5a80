"""Return what keeps the sessions of a router from coming up, as far as the router itself tells."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import ip_address
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, Path, Where
from frrgen.model.bgp import Bgp
from frrgen.model.check_clusters import unusable
from frrgen.model.neighbor import Neighbor
from frrgen.model.router import Router, StaticRoute
from frrgen.model.types import FAMILIES, Address, is_address

MEASURED: Final = ((8, 4), (11,))
"""The first version of FRR whose ways were measured, and the first that is not known yet."""

_NARROW: Final = {4: 24, 6: 64}
"""The length from which on a static route's prefix is one network, and no summary that holds connected networks."""
_LOCAL_PREF: Final = 5
_INTERNAL_LOCAL_AS: Final = (9,)
"""From this version on FRR takes `local-as` over iBGP, too (8.4.4 refuses it, 10.3 takes it)."""


def check_sessions(router: Router, path: Path, nodes: Collection[str]) -> Iterator[Finding]:
    """Yield the findings of one router; `nodes` are addresses of a cluster's nodes, which are judged there."""
    if not MEASURED[0] <= router.version < MEASURED[1]:
        text = f"FRR {router.frr_version} was not measured: frrgen takes it for the nearest known version"
        yield Finding(Code.FRR223, text, Where(path=(*path, "frr_version")), "known are 8.4 to 10")
    statics = {"": router.static_routes, **{name: vrf.static_routes for name, vrf in router.vrfs.items()}}
    instances = {"": router.bgp, **{name: vrf.bgp for name, vrf in router.vrfs.items()}}
    bgp, others = router.bgp, any(one is not None for vrf, one in instances.items() if vrf)
    if bgp is not None and not others and not (bgp.neighbors or bgp.listen_ranges or bgp.raw or bgp.raw_families):
        text = "the BGP instance has no neighbor and no listen range: it has no session"
        yield Finding(Code.FRR224, text, Where(path=(*path, "bgp")), "add its neighbors, or take the instance away")
    for vrf, one in instances.items():
        place = (*path, *(("vrfs", vrf) if vrf else ()), "bgp", "neighbors")
        if one is not None:
            yield from (*_kept_attributes(one, place[:-1]), *_reflected(one, place[:-1]))
            yield from (*_of_other_kind(one, router.version, place), *_with_itself(one, place))
        for name, neighbor in {} if one is None else one.neighbors.items():
            if is_address(name) and name not in nodes and one is not None:
                yield from _neighbor(ip_address(name), neighbor, one, statics[vrf], (*place, name))


def _kept_attributes(bgp: Bgp, path: Path) -> Iterator[Finding]:
    """Find options that drop LOCAL_PREF on a session that is not external: FRR leaves the type out."""
    for kind, members in (("neighbors", bgp.neighbors), ("peer_groups", bgp.peer_groups)):
        for name, one in members.items():
            group = bgp.group_of(one)
            remote = one.remote_as or (None if group is None else group.remote_as)
            if remote is not None and remote not in ("internal", bgp.asn):
                continue
            for field in ("discarded_attributes", "withdrawing_attributes"):
                if _LOCAL_PREF in getattr(one, field):
                    text = f"type {_LOCAL_PREF}, LOCAL_PREF, is dropped on external sessions only: FRR forgets it here"
                    yield Finding(Code.FRR235, text, Where(path=(*path, kind, name, field)))


def _of_other_kind(bgp: Bgp, version: tuple[int, ...], path: Path) -> Iterator[Finding]:
    """Find options of internal neighbors that FRR takes for external ones alone (8.4.4, 10.3, 10.7.1)."""
    for name, one in bgp.neighbors.items():
        group = bgp.group_of(one)
        remote = one.remote_as or (None if group is None else group.remote_as)
        if remote not in ("internal", bgp.asn):
            continue
        refused: list[tuple[Path, str]] = []
        if one.local_role is not None:
            refused.append((("local_role",), "refuses"))
        if one.local_as is not None and version < _INTERNAL_LOCAL_AS:
            refused.append((("local_as",), "refuses"))
        if one.oad:
            refused.append((("oad",), "forgets"))
        for family in FAMILIES:
            own = getattr(one, family)
            if own.as_override:
                refused.append(((family, "as_override"), "refuses"))
            if own.remove_private_as is not None and not (own.remove_private_as.all or own.remove_private_as.replace):
                refused.append(((family, "remove_private_as"), "refuses"))
        for field, what in refused:
            text = f"{field[-1]} is for eBGP only: FRR {what} it here"
            yield Finding(Code.FRR235, text, Where(path=(*path, name, *field)))


def _reflected(bgp: Bgp, path: Path) -> Iterator[Finding]:
    """Find clients that are `internal` in a confederation: FRR knows no AS of theirs, and refuses the line."""
    if bgp.confederation is None or bgp.confederation.identifier is None:
        return
    for name, one in bgp.neighbors.items():
        for family in FAMILIES:
            if one.remote_as == "internal" and getattr(one, family).route_reflector_client:
                text = "in a confederation FRR refuses route_reflector_client for a neighbor that is `internal`"
                where = Where(path=(*path, "neighbors", name, family, "route_reflector_client"))
                yield Finding(Code.FRR235, text, where, f"write remote_as: {bgp.asn}")


def _neighbor(
    address: Address, neighbor: Neighbor, bgp: Bgp, statics: Collection[StaticRoute], path: Path
) -> Iterator[Finding]:
    why = unusable(address)
    if address.is_link_local and (address.version == 4 or neighbor.interface is not None):
        # tunnels have addresses of 169.254.0.0/16, and an interface makes a link-local one known
        why = None
    if why is not None:
        hint = "name the interface with `interface`" if address.is_link_local else None
        text = f"{address} is {why}: no session with another machine comes up"
        yield Finding(Code.FRR225, text, Where(path=path), hint)
        return
    source = _source(neighbor, bgp)
    if source is not None and source.version != address.version:
        text = f"from {source}, its update_source, no session leads to {address}: their IP versions differ"
        yield Finding(Code.FRR225, text, Where(path=path))
    elif _wants_connected(neighbor, bgp):
        for route in statics:
            behind = route.via is not None and not route.onlink and route.via not in route.prefix
            if behind and route.prefix.prefixlen >= _NARROW[address.version] and address in route.prefix:
                text = f"{address} is reached through {route.via} (static route), so FRR holds it for not connected"
                hint = "ebgp_multihop, ttl_security_hops, or disable_connected_check"
                yield Finding(Code.FRR226, f"{text}: the eBGP session does not come up", Where(path=path), hint)
                return


def _with_itself(bgp: Bgp, path: Path) -> Iterator[Finding]:
    """Find neighbors whose address is one of the router itself: it dials others from there."""
    own = {_source(one, bgp) for one in bgp.neighbors.values()}
    for name in bgp.neighbors:
        if is_address(name) and ip_address(name) in own:
            text = f"{name} is an address of this router, an update_source: FRR has no session with itself"
            yield Finding(Code.FRR225, text, Where(path=(*path, name)))


def _source(neighbor: Neighbor, bgp: Bgp) -> Address | None:
    """Return the address from which a neighbor is dialled, if the configuration says it as an address."""
    group = bgp.group_of(neighbor)
    said = neighbor.update_source or (None if group is None else group.update_source)
    return ip_address(str(said)) if said is not None and is_address(str(said)) else None


def _wants_connected(neighbor: Neighbor, bgp: Bgp) -> bool:
    """Tell whether FRR lets the session begin only with a neighbor on a connected network."""
    both = bgp.with_group(neighbor)
    remote = next((one.remote_as for one in both if one.remote_as is not None), None)
    external = remote == "external" or (isinstance(remote, int) and remote != bgp.asn)
    reaches = any(one.ebgp_multihop or one.ttl_security_hops or one.disable_connected_check for one in both)
    return external and not reaches and not bgp.disable_ebgp_connected_route_check
