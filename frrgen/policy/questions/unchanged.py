"""Do lists and route maps of a router that were written otherwise still do the same? A proof, or no."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from frrgen.model.references import Ref, affected_maps, direct_refs, instance_refs
from frrgen.model.router import Router
from frrgen.model.types import SESSION_FAMILIES
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.policy.frr.alphabet import Policy
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.change import route_effects
from frrgen.policy.questions.compare import compare_wherever
from frrgen.policy.sets.prefix_set import access_permitted, permitted

_PERMITTED: Final[dict[str, Any]] = {
    "prefix_lists": permitted,
    "ipv6_prefix_lists": permitted,
    "access_lists": access_permitted,
    "ipv6_access_lists": access_permitted,
}
"""What says which prefixes a list of a kind permits."""
_KINDS: Final = (*_PERMITTED, "as_path_lists", "community_lists", "large_community_lists", "route_maps")
_OF_SESSIONS: Final = frozenset({"route_map_in", "route_map_out"})
"""Where a route map that FRR does not hold lets nothing through, as one with a deny alone does."""


def same_policy(before: Router, after: Router) -> bool:
    """Tell whether it is proven that two routers do the same, but for the text of their lists and route maps.

    Between them lists lost entries, and route maps without entries, which FRR does not hold, got a deny.
    """
    if before == after:
        return True
    parts = {kind: getattr(after, kind) for kind in _KINDS}
    if before.model_copy(update=parts) != after:
        return False
    changed = set()
    for kind, now in parts.items():
        was = getattr(before, kind)
        if was.keys() != now.keys():
            return False
        changed |= {(kind, name) for name in now if was[name] != now[name]}
    return all(_mended(before, after, *ref) for ref in changed) and _same_routes(before, after, changed)


def _mended(before: Router, after: Router, kind: str, name: str) -> bool:
    was, now = getattr(before, kind)[name], getattr(after, kind)[name]
    if kind == "route_maps":
        return not was.entries and (kind, name) not in _beyond_sessions(after)
    if not now.entries or was.model_copy(update={"entries": now.entries}) != now:
        return False
    left, lost = _lost(was.entries, now.entries)
    if left:
        return False
    if kind in _PERMITTED:
        sets = [(_PERMITTED[kind](was, version), _PERMITTED[kind](now, version)) for version in (4, 6)]
        return all(one is not None and one == other for one, other in sets)
    # some clauses ask for a single line of a list: that a like line stands before it holds for all of them
    return all(any(_asked(one) == _asked(other) for other in was.entries if other.seq < one.seq) for one in lost)


def _lost(was: tuple[Any, ...], now: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    """Return the entries that are there now and were not, and those that are gone, whatever their numbers."""
    left, lost = list(now), []
    for one in was:
        if left and one.model_copy(update={"seq": left[0].seq}) == left[0]:
            del left[0]
        else:
            lost.append(one)
    return left, lost


def _asked(entry: Any) -> Any:
    """Return what an entry asks for, whatever its number and what it does."""
    return entry.model_copy(update={"seq": 1, "action": "permit"})


def _beyond_sessions(router: Router) -> Iterator[Ref]:
    """Yield the lists and maps that decide on more than what sessions receive and announce."""
    for _, bgp in router.instances():
        for family in SESSION_FAMILIES:
            yield from (ref for _, ref in instance_refs(getattr(bgp, family)))
            for one in (*bgp.peer_groups.values(), *bgp.neighbors.values()):
                named = direct_refs(getattr(one, family), family)
                yield from (ref for field, ref in named if field not in _OF_SESSIONS)


def _same_routes(before: Router, after: Router, changed: set[Ref]) -> bool:
    """Compare every session and every route map that the changed lists and maps can reach."""
    maps = {name: one for name, one in before.route_maps.items() if one.entries}
    held = before.model_copy(update={"route_maps": maps})
    if route_effects(Parsed(held, ()), after):
        return False
    names = {name for kind, name in affected_maps(after, changed) if kind == "route_maps" and name in maps}
    return all(compare_wherever(_alone(held, name), _alone(after, name)).equal for name in names)


def _alone(router: Router, name: str) -> Policy:
    return Policy(router, Session.of_nobody(router, Session.places(router)[name][0]), name)
