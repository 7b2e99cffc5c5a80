"""What `ownership: managed` leaves as it runs: BGP that the inventory does not name, and what it stands on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from frrgen.model.bgp import Bgp
from frrgen.model.references import Ref, direct_refs, entry_refs, instance_refs
from frrgen.model.router import Router
from frrgen.model.types import SESSION_FAMILIES


def with_unowned(running: Router, intended: Router) -> Router:
    """Add to what is intended the BGP of the main instance and of VRFs that only runs, unless ownership is full.

    With it come the lists, maps and BFD that it uses, where the inventory has none of that name; for what decides on
    the routes of a session must not go while the session stays.
    """
    if intended.ownership == "full":
        return intended
    changes: dict[str, Any] = {}
    kept: list[Bgp] = []
    strangers = set()
    if intended.bgp is None and running.bgp is not None:
        kept.append(running.bgp)
        changes["bgp"] = running.bgp
    vrfs = dict(intended.vrfs)
    for name, vrf in running.vrfs.items():
        if name not in vrfs:
            strangers.add(name)
            vrfs[name] = vrf
        elif vrfs[name].bgp is None and vrf.bgp is not None:
            vrfs[name] = vrfs[name].model_copy(update={"bgp": vrf.bgp})
        else:
            continue
        if vrf.bgp is not None:
            kept.append(vrf.bgp)
    changes["vrfs"] = vrfs
    for field, name in _all_refs(kept, running):
        theirs = getattr(running, field)
        held = changes.setdefault(field, dict(getattr(intended, field)))
        if name in theirs:
            held.setdefault(name, theirs[name])
    peers = tuple(one for one in running.bfd_peers if one.vrf in strangers and one not in intended.bfd_peers)
    changes["bfd_peers"] = (*intended.bfd_peers, *peers)
    return intended.model_copy(update={name: one for name, one in changes.items() if getattr(intended, name) != one})


def _all_refs(instances: Iterable[Bgp], running: Router) -> set[Ref]:
    """Return what instances use, and what the route maps among that use, and so on."""
    todo = [ref for bgp in instances for ref in _refs(bgp)]
    found: set[Ref] = set()
    while todo:
        ref = todo.pop()
        if ref in found:
            continue
        found.add(ref)
        if ref[0] == "route_maps" and ref[1] in running.route_maps:
            todo += [one for entry in running.route_maps[ref[1]].entries for one in entry_refs(entry)]
    return found


def _refs(bgp: Bgp) -> Iterator[Ref]:
    for one in (*bgp.peer_groups.values(), *bgp.neighbors.values()):
        for family in SESSION_FAMILIES:
            yield from (ref for _, ref in direct_refs(getattr(one, family), family))
        if one.bfd is not None and one.bfd.profile is not None:
            yield "bfd_profiles", one.bfd.profile
    for family in SESSION_FAMILIES:
        yield from (ref for _, ref in instance_refs(getattr(bgp, family)))
