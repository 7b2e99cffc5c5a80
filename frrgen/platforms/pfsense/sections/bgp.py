"""How the FRR package of pfSense stores the BGP instance: written to its pages BGP and BGP Advanced, and read."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import takewhile
from typing import Any, Final

from frrgen.lines.rule import Data
from frrgen.model.bgp import Bgp
from frrgen.model.types import FAMILIES
from frrgen.platforms.pfsense.key import LEFT_OUT, covered, lost, read_keys, write_keys
from frrgen.platforms.pfsense.keys import ADVANCED, BGP, BOTH_FAMILIES, FAMILY_WORDS
from frrgen.platforms.pfsense.loss import Loss
from frrgen.platforms.pfsense.php import has
from frrgen.platforms.pfsense.schema import Config, blank
from frrgen.platforms.pfsense.sections.lists import Note

_REDISTRIBUTED: Final = {
    "connected": FAMILIES,
    "static": FAMILIES,
    "kernel": FAMILIES,
    "ospf": ("ipv4_unicast",),
    "ospf6": ("ipv6_unicast",),
    "rip": ("ipv4_unicast",),
}
"""What the package redistributes, and into which families."""
_BGP_PATHS: Final = covered(
    BGP,
    *(key.path for key in ADVANCED),
    *(f"{family}.{path}" for family in FAMILIES for path in ("networks", "aggregates", "redistribute")),
    *(f"{family}.{key.path}" for family in FAMILIES for key in BOTH_FAMILIES),
    "network_import_check",
    "max_med.administrative",
    "max_med.administrative_med",
    "neighbors",
    "peer_groups",
)


_GREATEST_MED: Final = 4294967294
"""The greatest MED that the package writes; a greater one it leaves out."""


def write_bgp(bgp: Bgp, loss: Loss) -> tuple[Config, Config]:
    """Write the pages BGP and BGP Advanced."""
    config, advanced = blank("frrbgp") | {"enable": "on"}, blank("frrbgpadvanced")
    write_keys(BGP, bgp, config, loss, ("bgp",))
    write_keys(ADVANCED, bgp, advanced, loss, ("bgp",))
    advanced["networkimportcheck"] = "on" if bgp.network_import_check else ""
    if bgp.max_med.administrative:
        value = bgp.max_med.administrative_med
        advanced["maxmedadmin" if value is None else "maxmedadminvalue"] = "on" if value is None else str(value)
    for field in ("on_startup_med", "administrative_med"):
        if (getattr(bgp.max_med, field) or 0) > _GREATEST_MED:
            loss.cannot(("bgp",), f"max_med.{field}", f"it takes {_GREATEST_MED} at most")
    if bgp.max_med.administrative_med == 0:
        loss.cannot(("bgp",), "max_med.administrative_med", LEFT_OUT)
    _families(bgp, config, advanced, loss)
    for field in lost(bgp, _BGP_PATHS):
        loss.cannot(("bgp",), field)
    return config, advanced


def _families(bgp: Bgp, config: Config, advanced: Config, loss: Loss) -> None:
    networks, aggregates = [], []
    for family in FAMILIES:
        part = getattr(bgp, family)
        for prefix, network in part.networks.items():
            path = ("bgp", family, "networks", str(prefix))
            networks.append({"distributeroutevalue": str(prefix), "distributeroutemap": network.route_map or "none"})
            for field in lost(network, frozenset({"route_map"})):
                loss.cannot(path, field)
        for prefix, aggregate in part.aggregates.items():
            path = ("bgp", family, "aggregates", str(prefix))
            flags = {"aggregateasset": aggregate.as_set, "aggregatesummaryonly": aggregate.summary_only}
            aggregates.append({"aggregateaddr": str(prefix), **{key: "ON" for key, said in flags.items() if said}})
            for field in lost(aggregate, frozenset({"as_set", "summary_only"})):
                loss.cannot(path, field)
    config["row"] = networks or config["row"]
    advanced["row"] = aggregates or advanced["row"]
    _both_families(bgp, advanced, loss)
    _redistribute(bgp, config, loss)


def _both_families(bgp: Bgp, advanced: Config, loss: Loss) -> None:
    written = [blank("frrbgpadvanced") for _ in FAMILIES]
    for family, one in zip(FAMILIES, written, strict=True):
        write_keys(BOTH_FAMILIES, getattr(bgp, family), one, loss, ("bgp", family))
    for key in BOTH_FAMILIES:
        first, second = (one[key.key] for one in written)
        advanced[key.key] = second if first == key.none else first
        if first != second:
            family = FAMILIES[0] if first != key.none else FAMILIES[1]
            loss.cannot(("bgp", family), key.path, "in one family alone", "the same in both families")


def _redistribute(bgp: Bgp, config: Config, loss: Loss) -> None:
    for protocol, families in _REDISTRIBUTED.items():
        there = {family: bgp_family for family in FAMILIES if (bgp_family := _redistributed(bgp, family, protocol))}
        maps = {one.route_map for one in there.values()}
        for family, one in there.items():
            path = ("bgp", family, "redistribute", protocol)
            if family not in families:
                loss.cannot(path, "", f"{protocol} into {family}")
            for field in lost(one, frozenset({"route_map"})):
                loss.cannot(path, field)
        if maps and maps != {None} and (len(maps) > 1 or set(there) != set(families)):
            family = next(family for family, one in there.items() if one.route_map is not None)
            loss.cannot(
                ("bgp", family, "redistribute", protocol), "route_map", "for one family alone", "it in both families"
            )
        named = next((name for name in maps if name is not None), None)
        config[f"redistribute{protocol}"] = named or FAMILY_WORDS[tuple(there)]
    for family in FAMILIES:
        for protocol in getattr(bgp, family).redistribute:
            if protocol not in _REDISTRIBUTED:
                loss.cannot(("bgp", family, "redistribute"), protocol)


def _redistributed(bgp: Bgp, family: str, protocol: str) -> Any:
    return getattr(bgp, family).redistribute.get(protocol)


def read_bgp(config: Config, advanced: Config | None, note: Note, note_advanced: Note) -> Data:
    """Return the data of the instance, without neighbors."""
    data: Data = {}
    for key in read_keys(BGP, config, data):
        note(key, config[key])
    data["network_import_check"] = has(advanced or {}, "networkimportcheck")
    for protocol, families in _REDISTRIBUTED.items():
        word = config.get(f"redistribute{protocol}", "no")
        chosen = next((some for some, one in FAMILY_WORDS.items() if one == word), None)
        into = families if chosen is None else [family for family in chosen if family in families]
        for family in into:
            if word:
                one = {"route_map": word} if chosen is None else {}
                data.setdefault(family, {}).setdefault("redistribute", {})[protocol] = one
    for row in config.get("row") or []:
        prefix = row.get("distributeroutevalue", "")
        owner = _family_of(prefix)
        if owner is None:
            if prefix:
                note("row", row)
            continue
        name = row.get("distributeroutemap", "none")
        networks = data.setdefault(owner, {}).setdefault("networks", {})
        networks[prefix] = {} if name in {"", "none"} else {"route_map": name}
    if advanced is not None:
        _read_advanced(advanced, data, note_advanced)
    return data


_DAMPENING: Final = ("half_life", "reuse", "suppress", "max_suppress")


def _family_of(prefix: str) -> str | None:
    """Return the family of a prefix; None for what the package takes for none: it wants a length."""
    address, slash, length = prefix.partition("/")
    try:
        version = ip_address(address).version
    except ValueError:
        return None
    return f"ipv{version}_unicast" if slash and length.isdecimal() else None


def _read_advanced(advanced: Config, data: Data, note: Note) -> None:
    for key in read_keys(ADVANCED, advanced, data):
        note(key, advanced[key])
    dampening = data.get("ipv4_unicast", {}).get("dampening")
    if dampening is not None:
        # the package writes each only behind those before it
        said = list(takewhile(dampening.__contains__, _DAMPENING))
        data["ipv4_unicast"]["dampening"] = {name: dampening[name] for name in said}
        if not said:
            del data["ipv4_unicast"]["dampening"]
        elif 1 < len(said) < len(_DAMPENING):
            note("dampening_halflife", advanced["dampening_halflife"])  # FRR takes the half-life alone, or all four
    if str(data.get("cluster_id", "")).isdecimal():
        data["cluster_id"] = int(data["cluster_id"])
    if has(advanced, "maxmedadmin"):
        data.setdefault("max_med", {})["administrative"] = True
    elif has(advanced, "maxmedadminvalue"):
        data.setdefault("max_med", {}).update(administrative=True, administrative_med=advanced["maxmedadminvalue"])
    for row in advanced.get("row") or []:
        prefix = row.get("aggregateaddr", "")
        if (family := _family_of(prefix)) is not None:
            flags = {"as_set": has(row, "aggregateasset"), "summary_only": has(row, "aggregatesummaryonly")}
            aggregates = data.setdefault(family, {}).setdefault("aggregates", {})
            aggregates[prefix] = {key: True for key, said in flags.items() if said}
        elif prefix:
            note("row", row)
    for family in FAMILIES:
        part: Data = {}
        for key in read_keys(BOTH_FAMILIES, advanced, part):
            note(key, advanced[key])
        if part:
            data.setdefault(family, {}).update(part)
    for key in ("distanceadmin", "distanceadminprefix", "subgrouppktqueuemax"):
        if advanced.get(key):
            note(key, advanced[key])
