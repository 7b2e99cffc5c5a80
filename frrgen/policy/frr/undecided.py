"""What FRR does to routes on a session that the policy engine does not follow: there it gives no verdict."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from frrgen.model.types import FAMILIES
from frrgen.policy.frr import options
from frrgen.policy.frr.session import Session
from frrgen.policy.sets.prefix_set import PrefixSet
from frrgen.policy.sets.regex import UndecidedError


def refuse_unmeasured(session: Session, family: str) -> None:
    """Raise UndecidedError for what decides on routes and is not modelled."""
    if session.bgp.confederation is not None:
        raise UndecidedError("what a confederation does to routes has not been measured")
    if session.option("graceful_shutdown"):
        raise UndecidedError("what graceful_shutdown of one neighbor does to routes has not been measured")
    if session.remote == "auto":
        raise UndecidedError("with remote_as auto the neighbor says whether the session is external")
    if session.option("oad"):
        raise UndecidedError("what oad makes of an external session has not been measured")
    local_as = session.option("local_as")
    if local_as is not None and local_as.dual_as:
        raise UndecidedError("with dual_as the neighbor says which AS number is in the path")
    if session.direction == "in":
        for name in ("discarded_attributes", "withdrawing_attributes"):
            if session.option(name):
                raise UndecidedError(f"what {name} does to routes has not been measured")
        if session.family_option(family, "allowas_in_map") is not None:
            raise UndecidedError("what the map of allowas_in lets in has not been measured")
        if session.family_option(family, "dampening") is not None:
            raise UndecidedError("dampening holds routes back by what they did before")
        return
    if session.family_option(family, "advertise_map") is not None:
        raise UndecidedError("advertise_map announces what it names only while other routes are there, or are not")
    if session.option("local_role") is not None:
        raise UndecidedError("local_role holds back what has the attribute OTC, which a route here does not say")
    if session.family_option(family, "soo") is not None:
        raise UndecidedError("soo holds back what is from the same site, which a route here does not say")
    if session.option("sender_as_path_loop_detection"):
        raise UndecidedError("what sender_as_path_loop_detection holds back has not been measured")


def refuse_rewrites(session: Session, family: str) -> None:
    """Raise UndecidedError where FRR rewrites AS paths beside a route map: a proof follows no such path."""
    if session.direction == "in" or session.attached("route_map", family)[0] is None:
        return
    for name in ("remove_private_as", "as_override"):
        if session.family_option(family, name):
            raise UndecidedError(f"{name} changes the AS path beside the route map: no proof follows such a path")


def originated(session: Session, family: str) -> Iterator[tuple[PrefixSet, str]]:
    """Return the prefixes that nothing is known of on this session, and why."""
    if session.direction == "in":
        return
    if session.family_option(family, "default_originate") is not None:
        default = ip_network("0.0.0.0/0" if family == FAMILIES[0] else "::/0")
        why = "default_originate announces a default route of the router's own, beside what the policy admits"
        yield PrefixSet.block(default), why
    for prefix, aggregate in getattr(session.bgp, family).aggregates.items():
        held = "summary_only" if aggregate.summary_only else "suppress_map" if aggregate.suppress_map else ""
        length, most = prefix.prefixlen, prefix.max_prefixlen
        if held and length < most:
            why = f"{held} of the aggregate {prefix} holds back what is inside of it"
            yield PrefixSet.block(prefix, length + 1, most), why


def outbound_rewrites(session: Session, family: str) -> dict[str, Any]:
    """Return the options that change routes behind policy or keep some back, and those that nobody has measured."""
    unmeasured: dict[str, Any] = {
        **{name: session.family_option(family, name) for name in sorted(options.FAMILY_UNDECIDED)},
        **{name: session.option(name) for name in sorted(options.NEIGHBOR_UNDECIDED)},
        **{name: getattr(session.bgp, name) for name in sorted(options.INSTANCE_UNDECIDED)},
        **{name: getattr(getattr(session.bgp, family), name) for name in sorted(options.ADDRESS_FAMILY_UNDECIDED)},
    }
    if session.direction == "in":
        return unmeasured
    shapes = {name: session.family_option(family, name) for name in options.FAMILY_SHAPING}
    return {**shapes, **unmeasured, "local_as": session.option("local_as"), "remote_as": session.external}
