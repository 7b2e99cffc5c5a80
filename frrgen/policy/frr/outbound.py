"""What FRR does to a route that goes out, beside the policy.

`remove-private-AS` and `as-override` change the AS path; a route reflector changes nothing (RFC 4456), and neither does
a route server between its clients (RFC 7947; seen on 8.4.4, 10.3 and 10.7.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from frrgen.policy.frr.session import Session
from frrgen.policy.sets.regex import UndecidedError

_PRIVATE: Final = ((64512, 65535), (4200000000, 4294967294))
"""The AS numbers that FRR takes for private (as seen; RFC 6996 section 5 ends the first range at 65534)."""
REFLECTED: Final = (
    "the route comes from an iBGP neighbor: without allow_outbound_policy FRR reflects it as it is, and what the route"
    " map sets does not count"
)
MAY_BE_REFLECTED: Final = (
    "what the route map sets does not count for a route that comes from an iBGP neighbor (allow_outbound_policy is off)"
)


def behind_policy(session: Session, family: str) -> tuple[str, ...]:
    """Return what FRR does, behind the policy, to a route that goes out, and a verdict does not show.

    Empty for a session of the other direction.
    """
    if session.direction == "in":
        return ()
    found = []
    unchanged = session.family_option(family, "attribute_unchanged") or ()
    client = session.external and session.family_option(family, "route_server_client")
    # FRR sets `attribute-unchanged next-hop` for a route-server client
    unchanged = (*unchanged, "next-hop") if client else unchanged
    if session.external:
        local = session.option("local_as")
        own = "its own AS" if local is None else f"AS {local.asn} (local_as)"
        found += [] if client or "as-path" in unchanged else [f"puts {own} in front of the AS path"]
        found.append("sends no local preference")
        found += (
            []
            if "med" in unchanged
            else [f"sends no MED that it learned{' of neighbors that are no route-server clients' if client else ''}"]
        )
    if session.family_option(family, "next_hop_self") or (session.external and "next-hop" not in unchanged):
        found.append("may set the next hop to an address of its own")
    sent = session.family_option(family, "send_community")
    found += ["removes all communities"] if sent is not None and "standard" not in sent else []
    found += ["removes all large communities"] if sent is not None and "large" not in sent else []
    most = session.family_option(family, "maximum_prefix_out")
    found += [] if most is None else [f"sends no more than {most} prefixes, so this prefix may stay behind"]
    return tuple(found)


def rewrites(session: Session, family: str) -> Literal["before", "behind"] | None:
    """Tell on which side of the route map FRR rewrites the AS path of what goes to a neighbor; None: it does not.

    8.4.4 rewrites before the route map, 10.3 and 10.7.1 behind it. Raises UndecidedError for FRR 9, which has not been
    measured.
    """
    if session.direction == "in" or not session.external or not any(_rewrites(session, family)):
        return None
    if (9,) <= session.version < (10,):
        raise UndecidedError("whether FRR 9 rewrites the AS path before the route map has not been measured")
    return "before" if session.version < (9,) else "behind"


def rewritten(session: Session, family: str, path: str) -> str:
    """Return the AS path as `remove-private-AS` and `as-override` of a neighbor leave it.

    FRR applies them to eBGP neighbors alone, and removes no AS number of the neighbor itself. Without `all` it
    removes AS numbers only where the whole path is private. FRR rewrites a path once for all neighbors of an update
    group, by the AS of one of them, whichever that is. Raises UndecidedError where that matters, and where the
    outcome depends on something that has not been measured.
    """
    if "{" in path:
        raise UndecidedError("what remove_private_as and as_override do to an AS_SET has not been measured")
    if session.option("local_as") is not None or not isinstance(session.remote, int):
        raise UndecidedError(
            "what remove_private_as and as_override do with local_as, or without the neighbor's AS number, has not been"
            " measured"
        )
    asns = [int(word) for word in path.split()]
    found = {_without(session, family, asns, remote) for remote in _remotes(session, family)}
    if len(found) > 1:
        raise UndecidedError(
            "remove_private_as and as_override go by the AS of the neighbor, and FRR may take that of another neighbor"
            " with the same options"
        )
    return found.pop()


def _rewrites(session: Session, family: str) -> tuple[Any, Any]:
    return session.family_option(family, "remove_private_as"), session.family_option(family, "as_override")


def _remotes(session: Session, family: str) -> Iterator[int | None]:
    """Yield the AS of the session's neighbor, and those of the neighbors that may share its update group."""
    wanted = _rewrites(session, family)
    for name in (session.name, *session.bgp.neighbors):
        other = Session(session.router, name, "out", vrf=session.vrf)
        if name == session.name or (other.external and _rewrites(other, family) == wanted):
            yield other.remote if isinstance(other.remote, int) else None


def _without(session: Session, family: str, asns: list[int], remote: int | None) -> str:
    """Return a path as it is rewritten for a neighbor of an AS; None: the AS is not known, and not in the path."""
    (removes, overrides), own = _rewrites(session, family), session.bgp.asn
    if removes and (removes.all or all(map(_private, asns))):
        asns = [
            own if removes.replace and _private(asn) and asn != remote else asn
            for asn in asns
            if removes.replace or not _private(asn) or asn == remote
        ]
    return " ".join(str(own if overrides and asn == remote else asn) for asn in asns)


def _private(asn: int) -> bool:
    return any(low <= asn <= high for low, high in _PRIVATE)


def _client(session: Session, family: str) -> bool:
    return bool(session.family_option(family, "route_reflector_client"))


def may_reflect(session: Session, family: str) -> bool:
    """Tell whether routes of some iBGP neighbor may be announced to the neighbor of a session, as they are."""
    return (
        not session.external
        and not session.bgp.allow_outbound_policy
        and any(
            _client(Session(session.router, name, "out", vrf=session.vrf), family) for name in session.bgp.neighbors
        )
    )


def keeps_reflected(session: Session) -> bool:
    """Tell whether what a route map sets counts for no route that is reflected to this iBGP neighbor.

    Seen on 8.4.4, 10.3 and 10.7.1. Raises UndecidedError with `bgp graceful-shutdown`, which sets a local preference.
    """
    if session.bgp.allow_outbound_policy:
        return False
    if session.bgp.graceful_shutdown:
        raise UndecidedError("what graceful_shutdown does to a reflected route has not been measured")
    return True


def not_reflected(session: Session, source: Session, family: str) -> str | None:
    """Return why a route of an iBGP neighbor does not go to another iBGP neighbor; None: it does (RFC 4456 section 6).

    Raises UndecidedError where clients do not get each other's routes.
    """
    clients = _client(source, family) + _client(session, family)
    if clients == 2 and not session.bgp.client_to_client_reflection:
        raise UndecidedError("what client_to_client_reflection holds back has not been measured")
    if source.name == session.name:
        raise UndecidedError("whether a neighbor gets its own route back depends on its update group")
    if clients:
        return None
    return f"the route comes from the iBGP neighbor {source.name}, and neither is a route-reflector client"
