"""Numbers of the pages that the package writes as they are, and that FRR refuses: then it loads nothing of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from frrgen.codes import Code
from frrgen.errors import Finding
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.php import as_number, has
from frrgen.platforms.pfsense.schema import Sections

_U32: Final = 4294967295
_PREFIX_LIST: Final = r"{} prefix-list (?P<name>\S+) (?:seq \S+ )?(?:permit|deny) \S+ (?:ge \S+ )?"


class Range(NamedTuple):
    """A number in a line of the frr.conf, with its least and its greatest value."""

    section: str
    low: int
    high: int
    line: str
    """A pattern of the line: `name` is its owner, `number` the number."""


RANGES: Final = tuple(
    Range(section, low, high, line + r"(?P<number>\S+)")
    for section, low, high, line in (
        ("frrglobalroutemaps", 1, 65535, r"route-map (?P<name>\S+) (?:permit|deny) "),
        ("frrglobalacls", 1, _U32, r"(?:ipv6 )?access-list (?P<name>\S+) seq "),
        ("frrglobalprefixes", 1, _U32, r"(?:ip|ipv6) prefix-list (?P<name>\S+) seq "),
        *(
            ("frrglobalprefixes", 0, bits, f"{_PREFIX_LIST.format(family)}{word} ")
            for family, bits in (("ip", 32), ("ipv6", 128))
            for word in ("ge", "le")
        ),
        ("frrbgpneighbors", 1, 65535, r" neighbor (?P<name>\S+) shutdown rtt "),
        ("frrbgpneighbors", 1, 255, r" neighbor (?P<name>\S+) shutdown rtt \S+ count "),
    )
)
"""The numbers that the package does not look at, with the ranges of FRR 8.4.4, 10.3 and 10.7.1."""
_FIND: Final = tuple((re.compile(one.line), one) for one in RANGES)


def refused_numbers(sections: Sections, box: HostFacts) -> Iterator[Finding]:
    """Find the numbers that FRR refuses in what the package writes of the sections; a raw configuration is no part."""
    shown = {**sections, "frrglobalraw": [], "frr": [{**one, "enable": "on"} for one in sections.get("frr", [{}])[:1]]}
    bgp = next(iter(sections.get("frrbgp", [])), {})
    if has(bgp, "enable") and not as_number(bgp.get("asnum", "")):
        yield Finding.at(
            Code.FRR738,
            f"{bgp.get('asnum', '')[:20]!r} is no AS number: the package writes the rest of BGP without "
            "`router bgp`, and FRR refuses the whole file",
            ("frrbgp", "asnum"),
            "correct the number on its page",
        )
    for line in dict.fromkeys(frr_conf(shown, box).splitlines()):
        yield from refused(line)


def refused(line: str) -> Iterator[Finding]:
    """Find the numbers of a line that FRR refuses."""
    for pattern, one in _FIND:
        if (found := pattern.match(line)) is None:
            continue
        number = found["number"]
        if number.isascii() and number.isdigit() and one.low <= int(number[:20]) <= one.high:
            continue
        name = found.groupdict().get("name")
        yield Finding.at(
            Code.FRR738,
            f"FRR takes {one.low} to {one.high}, not {number[:20]}: it refuses the file for `{line.strip()[:80]}`",
            (one.section, *([name] if name else [])),
            "correct the number on its page",
        )
