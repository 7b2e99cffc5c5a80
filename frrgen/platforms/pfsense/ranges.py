"""What the pages do not look at, the package writes as it is, and FRR refuses: then it loads nothing of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from frrgen.codes import Code
from frrgen.errors import Finding
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.host import SERIES, HostFacts
from frrgen.platforms.pfsense.php import as_number, has, ip_version, subnet_version
from frrgen.platforms.pfsense.schema import Sections

_U32: Final = 4294967295
_NEWEST: Final = SERIES[-1]


class Taken(NamedTuple):
    """What FRR takes in a place, in words, and whether it takes a text there."""

    words: str
    fits: Callable[[str], bool]


class Rule(NamedTuple):
    """A line of the frr.conf with a text that neither the page nor the package looks at."""

    section: str
    taken: Taken
    line: str
    """A pattern of the line: `name` is its owner, `said` the text."""
    package: str | None = None
    """The only series of the package with whose FRR the rule holds; any where there is none."""
    secret: bool = False


def _whole(low: int, high: int) -> Taken:
    return Taken(
        f"{low} to {high}", lambda said: re.fullmatch(r"\+?[0-9]{1,20}", said) is not None and low <= int(said) <= high
    )


def _all_whole(count: int, low: int, high: int) -> Taken:
    one = _whole(low, high).fits
    return Taken(
        f"{count} numbers from {low} to {high}",
        lambda said: len(said.split(" ")) == count and all(map(one, said.split(" "))),
    )


def _as_written(pattern: str, words: str) -> Taken:
    found = re.compile(pattern)
    return Taken(words, lambda said: found.fullmatch(said) is not None)


def _network(version: int, end: str = "") -> Taken:
    def fits(said: str) -> bool:
        return said == "any" or subnet_version(said.removesuffix(end)) == version

    return Taken(f"any, or an IPv{version} network", fits)


def _hosts(said: str) -> bool:
    """Tell whether a text names networks as a list with a number does: any, a host, an address and its wildcard."""
    words = [word for word in said.split(" ") if word != "host"]
    return all(word == "any" or ip_version(word) == 4 for word in words)


def _community_list(said: str) -> bool:
    return _whole(1, 500).fits(said) or re.fullmatch(r"(?:standard|expanded) \S+", said) is not None


def _as_numbers(said: str) -> bool:
    return all(map(_whole(1, _U32).fits, said.split(" ")))


_WORD: Final = _as_written(r"\S+", "one word")
_TEXT: Final = _as_written(r"\S.*", "a text")
_ACTION: Final = _as_written("permit|deny", "permit or deny")
_NETWORK: Final = Taken("any, or a network", lambda said: said == "any" or subnet_version(said) > 0)
"""vtysh takes an IPv6 network for an IPv4 list."""
_SEQ: Final = r"(?:seq \S+ )?(?:permit|deny) "
_AS: Final = r"(?:[1-9][0-9]{0,8}|[1-3][0-9]{9}|4[01][0-9]{8}|42949672[0-8][0-9]|429496729[0-5]|[0-9]{1,5}\.[0-9]{1,5})"
_RULES: Final = (
    Rule("frr", Taken("an IPv4 address", lambda said: ip_version(said) == 4), r"router-id (?P<said>.*)"),
    Rule("frr", _WORD, r"password (?P<said>.*)", secret=True),
    Rule("frrbgpneighbors", _WORD, r" neighbor (?P<name>\S+) password (?P<said>.*)", secret=True),
    Rule("frrbgpneighbors", _whole(1, 65535), r" neighbor (?P<name>\S+) shutdown rtt (?P<said>\S+)"),
    Rule("frrbgpneighbors", _whole(1, 255), r" neighbor (?P<name>\S+) shutdown rtt \S+ count (?P<said>\S+)"),
    Rule("frrbgpneighbors", _all_whole(2, 0, 65535), r" neighbor (?P<name>\S+) timers (?!connect )(?P<said>.*)"),
    Rule("frrbgpneighbors", _WORD, r" neighbor (?P<said>.+?) bfd"),
    Rule("frrbgp", _whole(1, 86400), r" rpki polling_period (?P<said>.*)"),
    Rule("frrbgp", _whole(600, 172800), r" rpki expire_interval (?P<said>.*)"),
    Rule("frrbgp", _whole(1, 7200), r" rpki retry_interval (?P<said>.*)"),
    Rule(
        "frrbgpadvanced",
        Taken("the half-life alone, or all four numbers", lambda said: said.count(" ") in {0, 3}),
        r" bgp dampening (?P<said>.*)",
    ),
    Rule("frrbgpadvanced", _whole(1, 255), r"  distance (?P<said>\S*) \S+/\d+"),
    Rule("frrbgpadvanced", _whole(1, 64), r" write-quanta (?P<said>.*)"),
    Rule("frrglobalacls", _WORD, r"(?:ipv6 )?access-list (?P<said>.*?) (?:seq|permit|deny|remark) "),
    Rule("frrglobalacls", _whole(1, _U32), r"(?:ipv6 )?access-list (?P<name>\S+) seq (?P<said>\S+)"),
    Rule(
        "frrglobalacls",
        Taken("IPv4 addresses", _hosts),
        rf"access-list (?P<name>\S+) {_SEQ}(?:ip (?P<said>.*))",
    ),
    Rule(
        "frrglobalacls",
        Taken("IPv4 addresses", _hosts),
        rf"access-list (?P<name>\S+) {_SEQ}(?P<said>\S*:\S* .*|\S* \S*:.*)",
    ),
    Rule("frrglobalacls", _network(4, " exact-match"), rf"access-list (?P<name>\S+) {_SEQ}(?P<said>\S*/.*|any .*)"),
    Rule("frrglobalacls", _network(6, " exact-match"), rf"ipv6 access-list (?P<name>\S+) {_SEQ}(?P<said>.*)"),
    Rule("frrglobalprefixes", _WORD, r"(?:ip|ipv6) prefix-list (?P<said>.*?) (?:seq|permit|deny|description) "),
    Rule("frrglobalprefixes", _as_written("-", "a list of a family"), r" prefix-list (?P<said>.*)"),
    Rule("frrglobalprefixes", _whole(1, _U32), r"(?:ip|ipv6) prefix-list (?P<name>\S+) seq (?P<said>\S+)"),
    *(
        rule
        for family, version, bits in (("ip", 4, 32), ("ipv6", 6, 128))
        for head in (rf"{family} prefix-list (?P<name>\S+) {_SEQ}",)
        for rule in (
            Rule("frrglobalprefixes", _NETWORK if version == 4 else _network(6), rf"{head}(?P<said>\S*)"),
            Rule("frrglobalprefixes", _whole(0, bits), rf"{head}\S+ ge (?P<said>\S+)"),
            Rule("frrglobalprefixes", _whole(0, bits), rf"{head}\S+ (?:ge \S+ )?le (?P<said>\S+)"),
        )
    ),
    Rule("frrglobalroutemaps", _whole(1, 65535), r"route-map (?P<name>\S+) (?:permit|deny) (?P<said>\S+)"),
    Rule("frrglobalroutemaps", _WORD, r" match (?:ip|ipv6) address (?!prefix-list )(?P<said>.+)"),
    Rule(
        "frrglobalroutemaps",
        _as_written(r"[+-]?(?:0*[0-9]{1,9}|0*[1-3][0-9]{9}|0*4[01][0-9]{8}|rtt)|igp|429496729[0-5]", f"0 to {_U32}"),
        r" set metric (?P<said>.*)",
    ),
    *(
        Rule("frrglobalroutemaps", taken, r" set as-path (?:prepend|exclude) (?!last-as )(?P<said>.*)", package=package)
        for package, taken in (
            *((one, Taken("AS numbers", _as_numbers)) for one in SERIES[:-1]),
            (_NEWEST, _as_written(rf"{_AS}(?: {_AS})*", "AS numbers")),
        )
    ),
    Rule("frrglobalroutemaps", _as_written("valid|invalid|notfound", "a state"), r" match rpki (?P<said>.*)"),
    Rule("frrbgpaspaths", _ACTION, r"bgp as-path access-list (?P<name>\S+) (?P<said>\S*) "),
    Rule("frrbgpaspaths", _WORD, r"bgp as-path access-list (?P<said>.*?) (?:permit|deny) "),
    Rule("frrbgpaspaths", _TEXT, r"bgp as-path access-list (?P<name>\S+) (?:permit|deny) (?P<said>.*)"),
    Rule(
        "frrbgpcommunities",
        Taken("1 to 500, or a type and a word", _community_list),
        r"bgp community-list (?P<said>.*?) (?:permit|deny) ",
    ),
    Rule("frrbgpcommunities", _TEXT, r"bgp community-list (?:\S+ )?(?P<name>\S+) (?:permit|deny) (?P<said>.*)"),
    Rule("frrbgpcommunities", _ACTION, r"bgp community-list (?:(?:standard|expanded) )?(?P<name>\S+) (?P<said>\S*) "),
    Rule("frrbfdprofiles", _WORD, r" +profile (?P<said>.*)"),
    *(
        Rule(section, _as_written("[^0].*", "AS numbers without leading zeros"), line, package=_NEWEST)
        for section, line in (
            ("frrbgp", r"router bgp (?P<said>.*)"),
            ("frrbgpneighbors", r" neighbor (?P<name>\S+) (?:remote-as|local-as) (?P<said>.*)"),
            ("frrbgpadvanced", r" bgp confederation (?:identifier|peers) (?P<said>.*)"),
        )
    ),
)
"""What the package does not look at, with what FRR 8.4.4, 10.3 and 10.7.1 take."""
_FIND: Final = tuple((re.compile(rule.line), rule) for rule in _RULES)


def refused_numbers(sections: Sections, box: HostFacts) -> Iterator[Finding]:
    """Find what FRR refuses of the lines that the package writes of the sections; a raw configuration is no part."""
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
        yield from refused(line, box.package)


def refused(line: str, package: str = _NEWEST) -> Iterator[Finding]:
    """Find what FRR refuses in a line that a series of the package writes."""
    for pattern, rule in _FIND:
        found = pattern.match(line)
        if found is None or rule.taken.fits(found["said"]) or rule.package not in {None, package}:
            continue
        name = found.groupdict().get("name")
        said = f"not {found['said'][:20]!r}: it refuses the file for `{line.strip()[:80]}`"
        yield Finding.at(
            Code.FRR738,
            f"FRR takes {rule.taken.words}, {'not this password: it refuses the file' if rule.secret else said}",
            (rule.section, *([name] if name else [])),
            "correct the text on its page",
        )
