"""The route that people describe by its attributes; all mistakes come in one error."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Final, Literal, TypeVar

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.model.check_sessions import MEASURED
from frrgen.model.types import U32_MAX, Prefix, community_value, large_community_value
from frrgen.policy.frr.session import Session
from frrgen.policy.sets.route import Route

_PATH: Final = re.compile(r"(?:\d{1,10}|\{\d{1,10}(?:,\d{1,10})*\})(?: (?:\d{1,10}|\{\d{1,10}(?:,\d{1,10})*\}))*")
_VERSION: Final = re.compile(r"\d{1,2}(?:\.\d{1,3}){0,2}")
_T = TypeVar("_T")


def checked_version(text: str | None) -> str | None:
    """Return a version of FRR as it was written, if it is one whose ways are known. Raises InputError."""
    if text is None:
        return None
    if not _VERSION.fullmatch(text):
        raise InputError(Finding(Code.FRR306, f"{text!r} is no version of FRR", hint="write it as 8.4 or 10.1.2"))
    if not MEASURED[0] <= tuple(map(int, text.split("."))) < MEASURED[1]:
        raise InputError(Finding(Code.FRR306, f"how FRR {text} judges is not known", hint="known are 8.4 to 10"))
    return text


@dataclass(frozen=True)
class RouteOptions:
    """A route in words: what is None is left to the session."""

    prefix: str
    as_path: str | None = None
    from_asn: str | None = None
    """A path of this AS alone."""
    communities: Sequence[str] = ()
    large_communities: Sequence[str] = ()
    next_hop: str | None = None
    med: str | None = None
    local_preference: str | None = None
    origin: Literal["igp", "egp", "incomplete"] = "igp"
    tag: str | None = None
    rpki: Literal["valid", "invalid", "notfound"] | None = None


def route_of(said: RouteOptions, session: Session) -> Route:
    """Return the route that comes over a session. Raises InputError with all that is wrong."""
    wrong: list[Finding] = []

    def tried(what: str, make: Callable[[], _T], otherwise: _T) -> _T:
        try:
            return make()
        except ValueError as bad:
            wrong.append(Finding(Code.FRR302, f"{what}: {bad}"))
            return otherwise

    prefix = tried("PREFIX", lambda: _prefix(said.prefix), ip_network("0.0.0.0/0"))
    peer = session.peer_address()
    hop = peer if session.direction == "in" and peer is not None and peer.version == prefix.version else None
    next_hop = said.next_hop
    own = tried("--from-asn", lambda: _number(said.from_asn, 1, U32_MAX), None)
    route = Route(
        prefix,
        as_path=tried("--as-path", lambda: _path(said.as_path, own, session), ""),
        next_hop=hop if next_hop is None else tried("--next-hop", lambda: ip_address(next_hop), None),
        med=tried("--med", lambda: _number(said.med, 0, U32_MAX), None),
        local_preference=tried("--local-pref", lambda: _number(said.local_preference, 0, U32_MAX), None),
        origin=said.origin,
        communities=tried("--community", lambda: frozenset(map(community_value, said.communities)), frozenset()),
        large_communities=tried(
            "--large-community", lambda: frozenset(map(large_community_value, said.large_communities)), frozenset()
        ),
        rpki=said.rpki,
        tag=tried("--tag", lambda: _number(said.tag, 0, U32_MAX), None) or 0,
    )
    if wrong:
        raise InputError(*wrong)
    return route


def attributes(route: Route) -> dict[str, str]:
    """Return the attributes that a route has, in words; a weight and a tag of 0 are none."""
    found = {name: value for name, value in route.to_json().items() if name != "prefix" and value not in (None, "", [])}
    return {
        name.replace("_", " "): " ".join(value) if isinstance(value, list) else str(value)
        for name, value in found.items()
        if value or name not in {"weight", "tag"}
    }


def _prefix(text: str) -> Prefix:
    prefix = ip_network(text)
    if "/" not in text:
        raise ValueError(f"{text} has no length: write {prefix} if this one address is meant")
    return prefix


def _number(text: str | None, low: int, high: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
        raise ValueError(f"{text!r} is not a whole number from {low} to {high}")
    return int(text)


def _path(path: str | None, own: int | None, session: Session) -> str:
    if path is None:
        if own is None and session.direction == "in" and session.external and isinstance(session.remote, int):
            own = session.remote
        return "" if own is None else str(own)
    asns: list[Any] = re.findall(r"\d+", path)
    if path and (not _PATH.fullmatch(path) or any(int(asn) > U32_MAX for asn in asns)):
        raise ValueError(f"{path!r} is not AS numbers with blanks between them, an AS_SET as {{1,2}}")
    return path
