"""What stands behind `permit` or `deny` in an entry of a list, read into the data of the model."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_interface, ip_network
from typing import Any, Final

from frrgen.lines.rule import Data
from frrgen.platforms.frr.grammar.policy import ListKind

_PREFIX_VALUE: Final = re.compile(
    r"(?P<prefix>any|[^ ]+/[0-9]+)(?: ge (?P<ge>[0-9]+))?(?: le (?P<le>[0-9]+))?"
    r"(?: ge (?P<ge2>[0-9]+))?"
)
_ACCESS_VALUE: Final = re.compile(
    r"(?P<any>any)|(?P<prefix>[^ ]+/[0-9]+)(?P<exact> exact-match)?|"
    r"(?:host )?(?P<source>[0-9.]+)(?: (?P<wildcard>[0-9.]+))?|"
    r"ip (?P<from>any|host [0-9.]+|[0-9.]+ [0-9.]+) (?P<to>any|host [0-9.]+|[0-9.]+ [0-9.]+)"
)


def masked(prefix: str) -> str:
    """Write a prefix without its host bits, as FRR does; what is no prefix comes back as it is."""
    try:
        return str(ip_interface(prefix).network)
    except ValueError:
        return prefix


def entry_data(kind: ListKind, list_type: str | None, value: str) -> Data | None:
    """Read an entry's value; None if it has not the form of such a list. `list_type`: standard or expanded."""
    if kind.field in {"prefix_lists", "ipv6_prefix_lists"}:
        return _prefix_data(value, "ipv6" in kind.field)
    if kind.field in {"access_lists", "ipv6_access_lists"}:
        return _access_data(value, "ipv6" in kind.field)
    if kind.field == "as_path_lists":
        return {"regex": value}
    if list_type == "expanded":
        return {"regex": value}
    words = value.split(" ")
    if kind.field == "extcommunity_lists":
        if len(words) % 2:
            return None
        return {"communities": [f"{words[at]} {words[at + 1]}" for at in range(0, len(words), 2)]}
    return {"communities": words}


def _prefix_data(value: str, ipv6: bool) -> Data | None:  # noqa: FBT001
    if value == "any":
        return {"prefix": "::/0", "le": 128} if ipv6 else {"prefix": "0.0.0.0/0", "le": 32}
    match = _PREFIX_VALUE.fullmatch(value)
    if match is None:
        return None
    ge = match["ge"] or match["ge2"]
    data: Data = {"prefix": _network(match["prefix"])}
    # FRR keeps 0 for: not given
    if ge is not None and int(ge):
        data["ge"] = int(ge)
    if match["le"] is not None and int(match["le"]):
        data["le"] = int(match["le"])
    return data


@lru_cache(maxsize=1 << 14)
def _network(text: str) -> Any:
    """Read a prefix; lists of a fleet have many in common."""
    try:
        return ip_network(text)
    except ValueError:
        return masked(text)


def _access_data(value: str, ipv6: bool) -> Data | None:  # noqa: FBT001
    match = _ACCESS_VALUE.fullmatch(value)
    if match is None:
        return None
    if match["any"]:
        return {"prefix": "::/0" if ipv6 else "0.0.0.0/0"}
    if match["prefix"]:
        return {"prefix": masked(match["prefix"]), "exact": match["exact"] is not None}
    if match["source"]:
        return {"source": match["source"], "wildcard": match["wildcard"]}
    source, wildcard = _term(match["from"])
    destination, destination_wildcard = _term(match["to"])
    return {
        "source": source,
        "wildcard": wildcard,
        "destination": destination,
        "destination_wildcard": destination_wildcard,
    }


def _term(text: str) -> tuple[str, str | None]:
    words = text.removeprefix("host ").split(" ")
    return words[0], words[1] if len(words) > 1 else None
