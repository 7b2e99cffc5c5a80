"""What pfSense's FRR package leaves out in silence of a router that names what is not there.

FRR itself takes such lines and refuses with them, or matches nothing; without them it lets more through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from frrgen.model.bgp import FAMILIES
from frrgen.model.references import Ref, direct_refs, instance_refs, match_refs
from frrgen.model.router import Router

Path = tuple[str, ...]
_FOUND_IN: Final = {
    "prefix_lists": ("prefix_lists", "ipv6_prefix_lists"),
    "ipv6_prefix_lists": ("prefix_lists", "ipv6_prefix_lists"),
    "access_lists": ("access_lists", "ipv6_access_lists"),
    "ipv6_access_lists": ("access_lists", "ipv6_access_lists"),
}
"""The package looks lists up by name, whatever their family."""
_WRITTEN_ANYWAY: Final = frozenset({"ip_address", "ipv6_address"})
"""Access lists of an entry are not looked up: their clause goes with the prefix list's that gives its family."""


def omitted(router: Router) -> dict[Path, Ref]:
    """Give what the package leaves out, by its path in the router; nothing of a router that is no pfSense box."""
    return dict(_omitted(router)) if router.platform == "pfsense" else {}


def _omitted(router: Router) -> Iterator[tuple[Path, Ref]]:
    for name, route_map in router.route_maps.items():
        for entry in route_map.entries:
            path = ("route_maps", name, "entries", str(entry.seq))
            refs = list(match_refs(entry.match))
            lost = any(field.endswith("address_prefix_list") and not _known(router, ref) for field, ref in refs)
            for field, ref in refs:
                if lost if field in _WRITTEN_ANYWAY else not _known(router, ref):
                    yield (*path, "match", field), ref
            if entry.call is not None and not _known(router, ("route_maps", entry.call)):
                yield (*path, "call"), ("route_maps", entry.call)
    if router.bgp is None:
        return
    for kind in ("peer_groups", "neighbors"):
        for peer, one in getattr(router.bgp, kind).items():
            for family in FAMILIES:
                for field, ref in direct_refs(getattr(one, family), family):
                    if field != "advertise_map" and not _known(router, ref):
                        yield ("bgp", kind, peer, family, field), ref
    for family in FAMILIES:
        for steps, ref in instance_refs(getattr(router.bgp, family)):
            if steps[0] != "aggregates" and not _known(router, ref):
                yield ("bgp", family, *steps), ref


def _known(router: Router, ref: Ref) -> bool:
    kind, name = ref
    return any(name in getattr(router, one) for one in _FOUND_IN.get(kind, (kind,)))


def as_generated(router: Router) -> Router:
    """Give the router without what the package leaves out: what FRR on the box gets to see."""
    for path in omitted(router):
        router = _without(router, path)
    return router


def _without(owner: Any, path: Path) -> Any:
    """Take a reference away: the field itself, or the route map of a part that stays without one.

    Of a redistribution it is the whole line that goes.
    """
    if not path:
        return owner.model_copy(update={"route_map": None}) if hasattr(owner, "route_map") else None
    step, rest = path[0], path[1:]
    if step == "redistribute":
        left = {key: one for key, one in owner.redistribute.items() if key != rest[0]}
        return owner.model_copy(update={step: left})
    if isinstance(owner, BaseModel):
        return owner.model_copy(update={step: _without(getattr(owner, step), rest)})
    if isinstance(owner, tuple):
        return tuple(_without(one, rest) if str(one.seq) == step else one for one in owner)
    return {key: _without(one, rest) if str(key) == step else one for key, one in owner.items()}
