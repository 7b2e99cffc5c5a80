"""What stands in a box's sections, and does something else there than somebody meant."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding
from frrgen.platforms.pfsense.generator.bgp import rpki
from frrgen.platforms.pfsense.generator.names import Settings
from frrgen.platforms.pfsense.generator.route_maps import route_maps
from frrgen.platforms.pfsense.host import NO_CACHES, WITHOUT_CACHES, HostFacts
from frrgen.platforms.pfsense.php import has, ip_version, word
from frrgen.platforms.pfsense.ranges import refused_numbers
from frrgen.platforms.pfsense.schema import RAW_KEYS, Config, Sections

_LISTS: Final = {
    "frrbgpneighbors": {
        "peergroup": "peer group",
        "distribute_in": "frrglobalacls",
        "distribute_out": "frrglobalacls",
        "prefixfilter_in": "frrglobalprefixes",
        "prefixfilter_out": "frrglobalprefixes",
        "aspathfilter_in": "frrbgpaspaths",
        "aspathfilter_out": "frrbgpaspaths",
        "routemap_in": "frrglobalroutemaps",
        "routemap_out": "frrglobalroutemaps",
        "unsuppressmap": "frrglobalroutemaps",
    },
    "frrglobalroutemaps": {
        "call": "frrglobalroutemaps",
        "prefix_match": "frrglobalprefixes",
        "nexthop_pl": "frrglobalprefixes",
        "nexthop_acl": "frrglobalacls",
        "aspath_match": "frrbgpaspaths",
    },
}
"""By section: the keys that name something, and the section where it must be, or the line is left out."""

_ANY: Final = HostFacts()
_UNCONNECTED: Final = ("ebgpmultihop", "ttlsecurityhops", "disableconnectedcheck", "enforcemultihop")
"""The keys that let a neighbor be farther away."""


def traps(sections: Sections, box: HostFacts = _ANY) -> Iterator[Finding]:
    """Find what the package of a box would not do as it is written."""
    raw = sections.get("frrglobalraw", [])
    for config in raw:
        for key in RAW_KEYS:
            if has(config, key):
                what = "the whole configuration" if key == "frr" else f"the part of {key}"
                yield Finding.at(
                    Code.FRR729,
                    f"a raw configuration replaces {what}: nothing of it comes from the sections",
                    ("frrglobalraw", key),
                    "remove it on the page Raw Config, or push with --clear-raw",
                )
    for config in sections.get("frr", []):
        if config.get("carpstatusvid") == "":
            yield Finding.at(
                Code.FRR730,
                "the CARP VIP is empty, which is not none: the package's script ends before it starts FRR",
                ("frr", "carpstatusvid"),
                "choose a VIP or none on the page Global Settings",
            )
    for section, name in (("frrglobalroutemaps", "name"), ("frrbgpneighbors", "peer")):
        for config in sections.get(section, []):
            if not word(config.get(name, "")) and ":" not in config.get(name, ""):
                yield Finding.at(
                    Code.FRR731, f"{config.get(name)!r} is no host name: the package leaves it out", (section, name)
                )
    yield from _references(sections)
    yield from _not_connected(sections, box)
    yield from _refused(sections)
    replaced = any(config.get("frr") or config.get("bgpd") for config in raw[:1])
    yield from () if replaced else refused_numbers(sections, box)
    if not box.caches_load and not replaced and any(has(config, "enable") for config in sections.get("frrbgp", [])[:1]):
        for line in rpki(Settings(sections, box)):
            if line.startswith(" rpki cache "):
                place = ("frrbgprpkicacheservers", line.split(" ")[3])
                yield Finding.at(Code.FRR738, NO_CACHES, place, WITHOUT_CACHES)


def _refused(sections: Sections) -> Iterator[Finding]:
    """Find what FRR refuses of the lines that the package writes for the route maps."""
    entry: tuple[str, ...] = ()
    for line in route_maps(Settings(sections, _ANY)):
        if not line.startswith(" "):  # route-map NAME ACTION SEQ
            entry = tuple(line.split(" ")[1::2])
        elif line.endswith(" address "):
            yield Finding.at(
                Code.FRR738,
                f"without acl_match the package writes `{line.strip()}` with no name, and FRR refuses the whole file",
                ("frrglobalroutemaps", *entry),
                "save the entry on its page",
            )


def _not_connected(sections: Sections, box: HostFacts) -> Iterator[Finding]:
    """Find external neighbors on no network of the box, with which FRR begins no session unless an option says so."""
    networks = [ip_interface(f"{address}/{length}").network for address, length in box.lengths.items()]
    advanced = next(iter(sections.get("frrbgpadvanced", [])), {})
    own = next(iter(sections.get("frrbgp", [])), {}).get("asnum", "")
    unknown = any(not some for some in box.interfaces.values())
    if not networks or unknown or not own or has(advanced, "disableebgpconnectedroutecheck"):
        return
    entries = {config.get("peer", ""): config for config in sections.get("frrbgpneighbors", [])}
    for peer, config in entries.items():
        group = entries.get(config.get("peergroup", ""), {})
        asn = config.get("asnum") or group.get("asnum", "")
        excused = any(has(one, key) for one in (config, group) for key in _UNCONNECTED)
        excused = excused or any(one.get("ebgpmultihop") == "0" for one in (config, group))  # without a number
        if not ip_version(peer) or asn in {own, "internal", ""} or excused:
            continue
        if not any(ip_address(peer) in network for network in networks):
            yield Finding.at(
                Code.FRR226,
                f"{peer} is on no network of the box: the eBGP session does not come up",
                ("frrbgpneighbors", peer),
                "EBGP Multihop on the neighbor's page (ebgp_multihop), if it is farther than one hop",
            )


def _references(sections: Sections) -> Iterator[Finding]:
    groups = {config.get("peer", "") for config in sections.get("frrbgpneighbors", [])}
    for section, keys in _LISTS.items():
        for config in sections.get(section, []):
            for key, kind in keys.items():
                name = config.get(key, "none")
                known = groups if kind == "peer group" else _names(sections.get(kind, []))
                if name not in {"", "none"} and name not in known:
                    owner = config.get("peer") or f"{config.get('name')} {config.get('seq', '')}".strip()
                    yield Finding.at(
                        Code.FRR731,
                        f"{key} of {owner} names {name!r}, which is not there: it is left out",
                        (section, key),
                    )


def _names(configs: list[Config]) -> set[str]:
    return {config.get("name", "") for config in configs}
