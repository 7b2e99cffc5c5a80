"""What the pages of the package (`frr_validation.inc` of 2.1) refuse to save: nobody could edit such an entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from frrgen.platforms.pfsense.php import Entry, filled, ip_version, numeric, subnet_version, within
from frrgen.platforms.pfsense.schema import Config

Refusal = tuple[str, str]
"""The key, and what the page wants there."""
_NAME: Final = re.compile(r"[a-zA-Z0-9._-]+")
_NUMBERS: Final = {"standard": ((1, 99), (1300, 1999)), "extended": ((100, 199), (2000, 2699))}
"""The names of access lists by type; those of type zebra have a word."""
_TIMERS: Final = {
    "detectmultiplier": (2, 255),
    "receiveinterval": (10, 60000),
    "transmitinterval": (10, 60000),
    "echointerval": (10, 60000),
    "minimumttl": (1, 254),
}
_RANGES: Final[dict[str, dict[str, tuple[int, int]]]] = {
    "frrbgp": {
        "rpkipollingperiod": (1, 86400),
        "rpkiexpireinterval": (600, 172800),
        "rpkiretryinterval": (1, 7200),
    },
    "frrbgprpkicacheservers": {"port": (1, 65535), "preference": (1, 255)},
    "frrbfdpeers": _TIMERS,
    "frrbfdprofiles": _TIMERS,
}
"""By section: the numbers that the page bounds, where there is one."""


def refusals(section: str, config: Config) -> Iterator[Refusal]:
    """Yield what the page of a section refuses of an entry; nothing of a section whose page refuses nothing."""
    entry = Entry(config)
    for key, (low, high) in _RANGES.get(section, {}).items():
        if filled(entry[key]) and not within(entry[key], low, high):
            yield key, f"a number from {low} to {high}"
    yield from _PAGES.get(section, lambda _: iter(()))(entry)


def _global(entry: Entry) -> Iterator[Refusal]:
    if "'" in entry["password"]:
        yield "password", "no single quote"
    if filled(entry["routerid"]) and ip_version(entry["routerid"]) != 4:
        yield "routerid", "an IPv4 address"
    for row in entry.rows:
        if filled(row["routevalue"]) and not subnet_version(row["routevalue"]):
            yield "routevalue", "a subnet"


def _bgp(entry: Entry) -> Iterator[Refusal]:
    if filled(entry["enable"]) and not filled(entry["asnum"]):
        yield "asnum", "an AS number where BGP is enabled"
    elif filled(entry["asnum"]) and not numeric(entry["asnum"]):
        yield "asnum", "a number"
    if filled(entry["routerid"]) and not ip_version(entry["routerid"]):
        yield "routerid", "an address"


def _name(entry: Entry, *reserved: str) -> Iterator[Refusal]:
    if not filled(entry["name"]):
        yield "name", "a name: to PHP, 0 is nothing"
    elif not _NAME.fullmatch(entry["name"]):
        yield "name", "a name of a-z, A-Z, 0-9, '-', '_' and '.'"
    elif entry["name"] in reserved:
        yield "name", "another name: the package has this name for itself"


def _rows(entry: Entry, *, sources: dict[str, str]) -> Iterator[Refusal]:
    """Check the rows of a list; `sources` are the keys of its prefixes, and those that say `any`."""
    for row in entry.rows:
        if not numeric(row["seq"]):
            yield "seq", "a number"
        if row["action"] not in {"permit", "deny"}:
            yield "action", "permit or deny"
        for key, everything in sources.items():
            version = subnet_version(row[key])
            if not version and row[key] != "any" and not filled(row[everything]):
                yield key, "a subnet: an address has its length"
            elif version and entry["iptype"] != f"IPv{version}":
                yield key, f"a subnet of {entry['iptype']}"


def _access_list(entry: Entry) -> Iterator[Refusal]:
    yield from _name(entry)
    kind = entry["type"]
    if kind in _NUMBERS:
        if not any(within(entry["name"], low, high) for low, high in _NUMBERS[kind]):
            yield "name", " or ".join(f"{low}-{high}" for low, high in _NUMBERS[kind])
        if entry["iptype"] != "IPv4":
            yield "iptype", f"IPv4: there are no {kind} lists of IPv6"
    elif numeric(entry["name"]):
        yield "name", "a name that is no number"
    both = {"source": "sourceany", "destination": "destinationany"}
    yield from _rows(entry, sources=both if kind == "extended" else {"source": "sourceany"})
    if kind != "extended" and any(filled(row["destination"]) or filled(row["destinationany"]) for row in entry.rows):
        yield "destination", "nothing but in extended lists"


def _prefix_list(entry: Entry) -> Iterator[Refusal]:
    yield from _name(entry, "ACCEPTFILTER", "ACCEPTFILTER6")
    yield from _rows(entry, sources={"source": "any"})
    for row in entry.rows:
        ge, le = row["ge"], row["le"]
        for key in ("ge", "le"):
            if filled(row[key]) and not numeric(row[key]):
                yield key, "a number"
        if numeric(le) and (numeric(ge) or not filled(ge)) and not savable_bounds(_whole(ge), _whole(le)):
            yield "le", "at least two more than ge, which is 0 where there is none"


def savable_bounds(ge: int | None, le: int | None) -> bool:
    """Tell whether the page saves these bounds: `le` is at least two more than `ge`, which is 0 where there is none."""
    return le is None or (ge or 0) + 1 < le


def _whole(text: str) -> int:
    return int(float(text)) if numeric(text) else 0


_PAGES: Final[dict[str, Callable[[Any], Iterator[Refusal]]]] = {
    "frr": _global,
    "frrbgp": _bgp,
    "frrglobalacls": _access_list,
    "frrglobalprefixes": _prefix_list,
    "frrglobalroutemaps": lambda entry: _name(entry, "ACCEPTFILTER"),
}
