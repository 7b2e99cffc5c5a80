"""How FRR writes what stands at the top level, in a VRF, in `bfd` and in `rpki`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from frrgen.lines.kinds import ItemRule, PairRule
from frrgen.lines.rule import Data, Impact, LineRule, RuleTable, Written
from frrgen.model.router import BfdPeer, RpkiCache, StaticRoute

GLOBAL: Final = RuleTable(
    LineRule("defaults", "frr defaults {}"),
    LineRule("hostname", "hostname {}"),
    PairRule("log.syslog", "log syslog", other="log.syslog_level", other_form=" {}"),
    PairRule("log.file", "log file {}", other="log.file_level", other_form=" {}", undo="log file"),
    LineRule("log.commands", "log commands"),
    LineRule("log.timestamp_precision", "log timestamp precision {}"),
    LineRule("service_password_encryption", "service password-encryption"),
    LineRule("ip_forwarding", "ip forwarding", default=True),
    LineRule("ip_forwarding", "ip forwarding", const=False, negative=True),
    LineRule("ipv6_forwarding", "ipv6 forwarding", default=True),
    LineRule("ipv6_forwarding", "ipv6 forwarding", const=False, negative=True),
    LineRule("router_id", "ip router-id {}"),
    LineRule("router_id", "router-id {}", parse_only=True),
    LineRule("ip_nht_resolve_via_default", "ip nht resolve-via-default"),
    LineRule("ip_nht_resolve_via_default", "ip nht resolve-via-default", const=False, negative=True),
    LineRule("ipv6_nht_resolve_via_default", "ipv6 nht resolve-via-default"),
    LineRule("ipv6_nht_resolve_via_default", "ipv6 nht resolve-via-default", const=False, negative=True),
    LineRule("route_map_delay_timer", "bgp route-map delay-timer {}", default=5),
    ItemRule("community_aliases", "bgp community alias {} {key}", undo_first=True),
    always=frozenset({"defaults"}),
    impact=Impact.NONE,
)

VRF: Final = RuleTable(
    LineRule("router_id", "ip router-id {}"), LineRule("router_id", "router-id {}", parse_only=True), impact=Impact.NONE
)

BFD: Final = RuleTable(
    LineRule("detect_multiplier", "detect-multiplier {}", default=3),
    LineRule("receive_interval", "receive-interval {}", default=300),
    LineRule("transmit_interval", "transmit-interval {}", default=300),
    LineRule("echo_mode", "echo-mode"),
    LineRule("echo_transmit_interval", "echo transmit-interval {}", default=50),
    LineRule("echo_receive_interval", "echo receive-interval {}", default=50),
    LineRule("passive_mode", "passive-mode"),
    LineRule("minimum_ttl", "minimum-ttl {}", default=254),
    LineRule("shutdown", "shutdown"),
    LineRule("shutdown", "shutdown", const=False, negative=True, parse_only=True),
    LineRule("profile", "profile {}"),
    impact=Impact.NONE,
)
"""Lines of a BFD profile or peer."""

BFD_DEFAULTS: Final = {
    "detect_multiplier": "detect-multiplier 3",
    "receive_interval": "receive-interval 300",
    "transmit_interval": "transmit-interval 300",
    "echo_transmit_interval": "echo transmit-interval 50",
    "echo_receive_interval": "echo receive-interval 50",
}
"""FRR 8.4 has no `no` for these: they are overwritten with the default."""

RPKI: Final = RuleTable(
    LineRule("polling_period", "rpki polling_period {}", default=3600),
    LineRule("expire_interval", "rpki expire_interval {}", default=7200),
    LineRule("retry_interval", "rpki retry_interval {}", default=600),
    impact=Impact.NONE,
)

EXPIRES: Final = {"expire_interval": "rpki expire_interval 7200"}
"""FRR's `no` makes it twice the polling period: it is overwritten with the default."""

_WHOLE: Final = LineRule("", "")
_NEGATED: Final = LineRule("", "", negative=True)


def static_route(route: StaticRoute) -> str:
    """Write a static route as FRR shows it: `ip route PREFIX NEXTHOP [IFACE] [tag N] [DISTANCE] …`."""
    words = ["ipv6" if route.prefix.version == 6 else "ip", "route", str(route.prefix)]
    if route.source is not None:
        words += ["from", str(route.source)]
    words += [str(part) for part in (route.drop, route.via, route.interface) if part is not None]
    if route.tag is not None:
        words += ["tag", str(route.tag)]
    if route.distance != 1:
        words.append(str(route.distance))
    for name, value in (("label", route.label), ("table", route.table), ("nexthop-vrf", route.nexthop_vrf)):
        if value is not None:
            words += [name, str(value)]
    if route.onlink:
        words.append("onlink")
    if route.color is not None:
        words += ["color", str(route.color)]
    return " ".join(words)


_ROUTE: Final = re.compile(r"(?P<family>ip|ipv6) route (?P<prefix>[^ ]+)(?: from (?P<source>[^ ]+))? (?P<rest>.+)")
_MASKED: Final = re.compile(r"(?<=^ip route )([0-9.]+) (2(?:5[0-5]|[0-4][0-9])[0-9.]+|0\.0\.0\.0) ")
"""The form with a mask: it may be followed by anything but another prefix length."""
_OPTIONS: Final = {"tag": "tag", "label": "label", "table": "table", "nexthop-vrf": "nexthop_vrf", "color": "color"}
_DROPS: Final = {"blackhole": "blackhole", "reject": "reject", "null0": "Null0"}


def read_static_route(line: str) -> Data | None:
    """Read a static route; None if the line is none, or says what the model lacks."""
    match = _ROUTE.fullmatch(_MASKED.sub(r"\1/\2 ", line))
    if match is None:
        return None
    data: Data = {"prefix": match["prefix"], "source": match["source"]}
    words = match["rest"].split()
    position = 0
    while position < len(words):
        word = words[position]
        if word in _OPTIONS and position + 1 < len(words):
            data[_OPTIONS[word]] = words[position + 1]
            position += 1
        elif word == "onlink":
            data["onlink"] = True
        elif position == 0 and word.lower() in _DROPS:
            data["drop"] = _DROPS[word.lower()]
        elif position == 0 and (":" in word or re.fullmatch(r"[0-9.]+", word)):
            data["via"] = word
        elif word.isdigit() and position:
            data["distance"] = word
        elif position <= 1 and "interface" not in data:
            data["interface"] = word
        else:
            return None
        position += 1
    return data


def bfd_peer_head(peer: BfdPeer) -> str:
    """Write `peer ADDRESS …` as FRR shows it."""
    words = ["peer", str(peer.address)]
    if peer.multihop:
        words.append("multihop")
    for name, value in (("local-address", peer.local_address), ("interface", peer.interface), ("vrf", peer.vrf)):
        if value is not None:
            words += [name, str(value)]
    return " ".join(words)


def read_bfd_peer(line: str) -> Data | None:
    """Read `peer ADDRESS …`; None if the line is none."""
    words = line.split()
    if len(words) < 2 or words[0] != "peer":
        return None
    data: Data = {"address": words[1]}
    names = {"local-address": "local_address", "interface": "interface", "vrf": "vrf"}
    rest = iter(words[2:])
    for word in rest:
        if word == "multihop":
            data["multihop"] = True
        elif word in names:
            data[names[word]] = next(rest, "")
        else:
            return None
    if data.get("vrf") == "default":
        del data["vrf"]
    return data


def rpki_cache(cache: RpkiCache, version: tuple[int, ...]) -> str:
    """Write a cache server: FRR 10 wants the word tcp."""
    tcp = "tcp " if version >= (10,) else ""
    source = f" source {cache.source}" if cache.source is not None else ""
    return f"rpki cache {tcp}{cache.host} {cache.port}{source} preference {cache.preference}"


_CACHE: Final = re.compile(
    r"rpki cache (?:tcp )?(?P<host>[^ ]+) (?P<port>\d+)(?: source (?P<source>[^ ]+))? preference (?P<preference>\d+)"
)


def read_rpki_cache(line: str) -> Data | None:
    """Read a cache server; None if the line is none."""
    match = _CACHE.fullmatch(line)
    return None if match is None else match.groupdict()


def wholes(path: str, texts: Iterable[str]) -> Iterator[Written]:
    """Return texts whose slots are they themselves: nothing replaces one, it is there or not."""
    for text in texts:
        if text.startswith("no "):
            yield _NEGATED, (path, text), text[3:]
        else:
            yield _WHOLE, (path, text), text
