"""What a configuration says and FRR does not do, or does only sometimes: constructs that a person reads differently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, Path
from frrgen.model.policy import RouteMap, RouteMapEntry
from frrgen.model.references import match_refs
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES
from frrgen.policy.frr.session import Session

_DROPPED: Final = (
    "ip_address_prefix_len",
    "ipv6_address_prefix_len",
    "ip_next_hop_prefix_len",
)


def traps(router: Router) -> Iterator[Finding]:
    """Find them in a router's maps and sessions."""
    place: Path = ("routers", router.name)
    inbound = set(_inbound(router))
    for name, route_map in router.route_maps.items():
        yield from _optimiser(router, route_map, (*place, "route_maps", name))
        for entry in route_map.entries:
            where = (*place, "route_maps", name, "entries", str(entry.seq))
            yield from _entry(router, entry, where, inbound=name in inbound)
    for vrf, bgp in router.instances():
        for neighbor in bgp.neighbors:
            yield from _session(Session(router, neighbor, "in", vrf=vrf), place)


def _inbound(router: Router) -> Iterator[str]:
    """Yield the maps that some session asks inbound, with those that they call."""
    for vrf, bgp in router.instances():
        for neighbor in bgp.neighbors:
            yield from Session(router, neighbor, "in", vrf=vrf).gone_through()


def _optimiser(router: Router, route_map: RouteMap, where: Path) -> Iterator[Finding]:
    if router.version < (9,) and route_map.optimization:
        text = "with its optimiser FRR 8 may go on to admit what an edited prefix list denies"
        hint = "leave optimization out: frrgen turns it off on FRR 8"
        yield Finding.at(Code.FRR327, text, (*where, "optimization"), hint)
    if router.version >= (9,) and route_map.optimization is False:
        text = "without its optimiser FRR never looks at the first entry of a map, from version 9 on"
        yield Finding.at(Code.FRR327, text, (*where, "optimization"), "leave optimization out")


def _entry(router: Router, entry: RouteMapEntry, where: Path, *, inbound: bool) -> Iterator[Finding]:
    for clause in _DROPPED:
        if getattr(entry.match, clause) is not None:
            words = clause.replace("_", " ")
            text = f"FRR drops `match {words}` without a message: the entry matches more than it says"
            yield Finding.at(Code.FRR325, text, (*where, "match", clause), "say the lengths in a prefix list")
    if entry.match.source_protocol is not None and inbound:
        text = "a route from a neighbor has no source protocol: " + (
            "FRR 8 drops the clause, and the entry matches more than it says"
            if router.version < (9,)
            else "from FRR 9 on the entry matches nothing"
        )
        yield Finding.at(Code.FRR319, text, (*where, "match", "source_protocol"), "take the clause away")
    for clause, (kind, name) in match_refs(entry.match):
        lst = getattr(router, kind).get(name)
        if lst is not None and getattr(lst, "entries", None) == ():
            text = f"the list {name!r} is empty: whether that matches nothing or everything depends on what came first"
            yield Finding.at(Code.FRR326, text, (*where, "match", clause), "give it an entry")


def _session(session: Session, place: Path) -> Iterator[Finding]:
    where = (*place, *session.path)
    if session.external and session.option("password") is None and session.option("ttl_security_hops") is None:
        yield Finding.at(Code.FRR315, "neither a password nor ttl_security_hops: anybody may pretend to be it", where)
    for family in FAMILIES:
        if not session.active(family) or not session.family_option(family, "as_override"):
            continue
        if not session.external:
            text = "as_override has no effect over iBGP"
            yield Finding.at(Code.FRR328, text, (*where, family, "as_override"), "take it away")
        elif session.family_option(family, "allowas_in") is not None:
            text = "as_override and allowas_in together: nothing keeps the neighbor's routes from going around for ever"
            yield Finding.at(Code.FRR328, text, (*where, family, "as_override"), "keep one of them")
