"""What bgpd refuses or keeps back on a session for its prefix, path or communities, whatever its policy says."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import NamedTuple

from frrgen.model.bgp import AS_SETS_REJECTED
from frrgen.model.types import WELL_KNOWN
from frrgen.policy.frr.ignored import ignored
from frrgen.policy.frr.session import Session
from frrgen.policy.sets.prefix_set import PrefixSet


class PathRule(NamedTuple):
    """A route is refused in whose AS path these expressions are found, or not; and why."""

    conditions: tuple[tuple[str, bool], ...]
    why: str


def ignored_prefixes(session: Session, version: int) -> Iterator[tuple[PrefixSet, str]]:
    """Yield the prefixes of an IP version that bgpd passes over before any inbound policy, and why.

    From FRR 10.7 on the router's own addresses are among them, as far as they are known here (seen on 10.7.1).
    """
    yield from ignored(version, session.version)
    if session.version >= (10, 7):
        for address in session.own_addresses:
            if address.version == version:
                host = ip_network(address)
                yield PrefixSet.block(host), f"{host} is an address of the router itself: bgpd ignores it"


def kept_back(session: Session) -> list[tuple[int, str]]:
    """Return the communities with which FRR announces a route to nobody like this neighbor, and why (RFC 1997)."""
    names = ["no-advertise", "no-export", "local-AS"] if session.external else ["no-advertise"]
    return [(WELL_KNOWN[name], f"it has the community {name}: it is not announced") for name in names]


def path_rules(session: Session, family: str) -> list[PathRule]:
    """Return what FRR refuses of AS paths before any inbound policy (RFC 4271 section 9.1.2, RFC 7607, RFC 9774)."""
    own = session.bgp.asn
    allowed = session.family_option(family, "allowas_in") or 0
    why = f"AS {own}, our own, is in the path"
    rules: list[PathRule] = []
    sets = session.bgp.reject_as_sets
    if sets:
        text = "an AS_SET is in the path: with reject_as_sets FRR ends the session over it"
        rules.append(
            PathRule((("[{]", True),), text if session.version < (10,) else "an AS_SET is in the path (RFC 9774)")
        )
    elif sets is None and session.version >= AS_SETS_REJECTED:
        rules.append(PathRule((("[{]", True),), "an AS_SET is in the path (RFC 9774)"))
    local = session.option("local_as")
    if local is not None:
        times = allowed if isinstance(allowed, int) and allowed else 0 if local.no_prepend else 1
        why_local = f"AS {local.asn}, our local one, is in the path"
        rules.append(PathRule(((f"_{local.asn}_" + f"(.*_)?{local.asn}_" * times, True),), why_local))
    if allowed == "origin":
        rules.append(PathRule(((f"_{own}_", True), (f"_{own}[}}]?$", False)), why))
    else:
        rules.append(PathRule(((f"_{own}_" + f"(.*_)?{own}_" * int(allowed), True),), why))
    rules.append(PathRule((("_0_", True),), "AS 0 is in the path (RFC 7607)"))
    if enforces_first_as(session):
        # FRR looks before it puts its `local-as` in front, and an AS_SET in front is no first AS
        front = f"{session.prepended_local_as}_" if session.prepended_local_as else ""
        if session.first_as is not None:
            why = f"the path does not begin with AS {session.first_as} (enforce-first-as)"
            rules.append(PathRule(((f"^{front}{session.first_as}_", False),), why))
        else:
            why = "the path does not begin with the neighbor's AS (enforce-first-as)"
            rules.append(PathRule(((f"^{front}[0-9]", False),), why))
    return rules


def enforces_first_as(session: Session) -> bool:
    """Tell whether FRR refuses paths that do not begin with the neighbor's AS: by default from FRR 9.1 on."""
    wanted = session.option("enforce_first_as")
    return session.external and bool(session.version >= (9, 1) if wanted is None else wanted)
