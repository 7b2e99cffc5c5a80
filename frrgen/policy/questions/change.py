"""What a change of a router's configuration does to the routes of its sessions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from frrgen.model.references import Ref, affected_maps, uses
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, Prefix
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.policy.frr.alphabet import Policy
from frrgen.policy.frr.attached import Direction
from frrgen.policy.frr.partial_entries import Unread, unread_entries
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.compare import Comparison, Difference, compare
from frrgen.policy.questions.describe import described
from frrgen.policy.sets.prefix_set import union

_KINDS: Final = (
    "prefix_lists",
    "ipv6_prefix_lists",
    "access_lists",
    "ipv6_access_lists",
    "as_path_lists",
    "community_lists",
    "large_community_lists",
    "extcommunity_lists",
    "community_aliases",
    "route_maps",
)
_TRIED: Final = 1000
"""How many addresses of a listen range are looked at for one that no neighbor has."""
_DIRECTIONS: Final[tuple[Direction, ...]] = ("in", "out")


@dataclass(frozen=True, slots=True)
class RouteEffect:
    """What becomes of the routes of one session in one direction."""

    neighbor: str
    vrf: str | None
    direction: Direction
    permitted: tuple[Difference, ...]
    """Newly accepted, or announced."""
    denied: tuple[Difference, ...]
    """No longer so."""
    altered: tuple[Difference, ...]
    """Still so, with other attributes."""
    undecided: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the effect in words."""
        verbs = ("accept", "reject", "from") if self.direction == "in" else ("announce", "withhold", "to")
        yes, no, way = verbs
        who = f"{way} {self.neighbor}" + (f" in vrf {self.vrf}" if self.vrf else "")
        for verb, found in ((f"newly {yes}", self.permitted), (f"newly {no}", self.denied), ("change", self.altered)):
            if not found:
                continue
            spaces = [
                described(union(version, same))
                for version in (4, 6)
                if (same := [one.prefixes for one in found if one.prefixes.version == version])
            ]
            more = " (for some attributes)" * any(
                one.space != described(one.prefixes) for one in found if verb != "change"
            )
            yield f"will {verb} {'; '.join(spaces)}{more} {who}, e.g. {found[0].route.prefix}"
        for reason in self.undecided:
            yield f"undecided what it does to routes {who}: {reason}"

    def to_json(self) -> dict[str, Any]:
        """Return the effect as JSON data."""
        return {
            "neighbor": self.neighbor,
            "vrf": self.vrf,
            "direction": self.direction,
            **{
                name: [{"space": one.space, "example": one.route.to_json()} for one in found]
                for name, found in (("permits", self.permitted), ("denies", self.denied), ("alters", self.altered))
            },
            "undecided": list(self.undecided),
        }


def route_effects(running: Parsed, intended: Router) -> list[RouteEffect]:
    """Compare each session's policy before and after. What is not intended but runs stays defined.

    A session that is new is compared with a session that lets nothing through. Neighbors that come by a listen range
    are shown as the range: one of its addresses stands for all.
    """
    before = running.router.of_version(intended.frr_version)
    kept = {kind: {**getattr(before, kind), **getattr(intended, kind)} for kind in _KINDS}
    after = intended.model_copy(update=kept)
    unread = unread_entries(running.leftovers)
    changed: set[Ref] = {
        (kind, name) for kind in _KINDS for name, now in kept[kind].items() if getattr(before, kind).get(name) != now
    }
    changed |= affected_maps(after, changed)
    return list(_Effects(before, after, unread, changed).found())


class _Effects:
    def __init__(self, before: Router, after: Router, unread: Unread, changed: set[Ref]) -> None:
        self.before, self.after, self.unread, self.changed = before, after, unread, changed
        self.known: dict[tuple[Any, ...], Comparison] = {}

    def found(self) -> Iterator[RouteEffect]:
        for vrf, bgp in self.after.instances():
            touched = {use.neighbor for use in uses(bgp) if use.ref in self.changed}
            for name in bgp.neighbors:
                yield from self._effects(name, name, vrf, touched=name in touched, known=True)
            had = self._listened(vrf)
            for prefix, group in bgp.listen_ranges.items():
                stranger = next(
                    (str(one) for one in islice(prefix.hosts(), _TRIED) if str(one) not in bgp.neighbors), None
                )
                if stranger is not None:
                    yield from self._effects(
                        stranger, f"listen range {prefix}", vrf, touched=group in touched, known=prefix in had
                    )

    def _listened(self, vrf: str | None) -> Collection[Prefix]:
        had = self.before.vrfs.get(vrf) if vrf is not None else self.before
        return had.bgp.listen_ranges if had is not None and had.bgp is not None else ()

    def _effects(self, name: str, shown: str, vrf: str | None, *, touched: bool, known: bool) -> Iterator[RouteEffect]:
        for direction in _DIRECTIONS:
            effect = self._session(name, vrf, direction, touched=touched, known=known)
            if effect is not None:
                yield replace(effect, neighbor=shown)

    def _session(
        self, name: str, vrf: str | None, direction: Direction, *, touched: bool, known: bool
    ) -> RouteEffect | None:
        now = Session(self.after, name, direction, vrf=vrf)
        was = (self._was(name, vrf, direction) if known else None) or _closed(now)
        if not touched and was.decisive == now.decisive:
            return None
        # sessions that share what decides, as the members of a peer group do, are compared once
        key = (direction, was.decisive, now.decisive)
        if key not in self.known:
            self.known[key] = compare(
                Policy(was.router, was, unread=self.unread), Policy(now.router, now, unread=self.unread)
            )
        result = self.known[key]
        if result.equal:
            return None

        def kind(a: str, b: str) -> tuple[Difference, ...]:
            return tuple(one for one in result.differences if (one.a.verdict, one.b.verdict) == (a, b))

        return RouteEffect(
            name,
            vrf,
            direction,
            kind("deny", "permit"),
            kind("permit", "deny"),
            kind("permit", "permit"),
            result.undecided,
        )

    def _was(self, name: str, vrf: str | None, direction: Direction) -> Session | None:
        try:
            return Session(self.before, name, direction, vrf=vrf)
        except KeyError:
            return None


def _closed(session: Session) -> Session:
    """Return the session as it is before there is one: it exchanges nothing."""
    families = {family: getattr(session.neighbor, family).model_copy(update={"activate": False}) for family in FAMILIES}
    closed = copy(session)
    closed.neighbor = session.neighbor.model_copy(update=families)
    return closed
