"""Route maps of a pfSense box, written and read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frrgen.codes import Code
from frrgen.lines.rule import Data
from frrgen.model.policy import RouteMapEntry
from frrgen.model.router import Router
from frrgen.platforms.pfsense.key import covered, lost, read_keys, write_keys
from frrgen.platforms.pfsense.keys import CHOICES, ENTRY
from frrgen.platforms.pfsense.loss import Loss
from frrgen.platforms.pfsense.php import has, unsigned
from frrgen.platforms.pfsense.schema import Config, Sections, blank
from frrgen.platforms.pfsense.sections.lists import Note, read_community, stored_community

_ENTRY_PATHS: Final = covered(
    ENTRY,
    *(key.path for choice in CHOICES for _, key in choice.ways),
    "match.ip_address_prefix_list",
    "match.ipv6_address_prefix_list",
    "match.ipv6_address",
    "match.community",
    "set.community",
    "raw",
)


def write_route_maps(router: Router, loss: Loss) -> Iterator[Config]:
    """Write an entry a <config>, by name and number, as the package sorts them."""
    exits = {entry.seq for route_map in router.route_maps.values() for entry in route_map.entries}
    for name in sorted(router.route_maps):
        path = ("route_maps", name)
        loss.name(name, "route map", path)
        for entry in router.route_maps[name].entries:
            place = (*path, "entries", str(entry.seq))
            if isinstance(entry.on_match, int) and entry.on_match not in exits:
                after = [one.seq for one in router.route_maps[name].entries if one.seq > entry.on_match]
                hint = f"on_match: {after[0]}, which means the same" if after else "an entry with this number"
                message = f"pfSense leaves on-match out: no entry has the number {entry.on_match}"
                loss.add(Code.FRR736, message, (*place, "on_match"), hint)
            yield _route_map_entry(router, name, entry, place, loss)


def _route_map_entry(router: Router, name: str, entry: RouteMapEntry, path: tuple[str, ...], loss: Loss) -> Config:
    config = blank("frrglobalroutemaps") | {"name": name}
    write_keys(ENTRY, entry, config, loss, path)
    config["descr"] = loss.text(entry.description, 200, (*path, "description"))
    for choice in CHOICES:
        choice.write(entry, config, loss, path)
    if entry.set.local_preference is not None and not str(entry.set.local_preference).isdecimal():
        loss.cannot(path, "set.local_preference")
    _match_lists(config, entry, path, loss)
    peers = router.bgp.neighbors if router.bgp is not None else {}
    peer = config["nexthop_peer"]
    place = ("match", "peer") if config["nexthop_action"] == "match-peer" else ("set", "ip_next_hop")
    if peer not in {"none", "local", "unchanged", "peer-address"} and peer not in peers:
        loss.add(Code.FRR737, f"pfSense leaves this clause out: {peer} is no neighbor", (*path, *place))
    _communities(config, entry, path, loss)
    for field in lost(entry, _ENTRY_PATHS):
        loss.cannot(path, field)
    return config


def _match_lists(config: Config, entry: RouteMapEntry, path: tuple[str, ...], loss: Loss) -> None:
    """Write the lists of prefixes: the package finds the family by the prefix list's, and takes it for both."""
    match = entry.match
    config["prefix_match"] = match.ip_address_prefix_list or match.ipv6_address_prefix_list or "none"
    if match.ip_address_prefix_list is not None and match.ipv6_address_prefix_list is not None:
        loss.cannot(path, "match.ipv6_address_prefix_list", "one prefix list is all that an entry can match")
    ipv6 = match.ip_address_prefix_list is None and match.ipv6_address_prefix_list is not None
    if ipv6 and match.ip_address is not None:
        loss.cannot(path, "match.ip_address", "beside an IPv6 prefix list it would become match ipv6 address")
    if match.ipv6_address is not None:
        if ipv6 and match.ip_address is None:
            config["acl_match"] = match.ipv6_address
        else:
            loss.cannot(
                path,
                "match.ipv6_address",
                "it would become match ip address",
                "the nearest it has: an IPv6 prefix list",
            )


def _communities(config: Config, entry: RouteMapEntry, path: tuple[str, ...], loss: Loss) -> None:
    found, sets = entry.match.community, entry.set.community
    if found is not None:
        config["community_match"] = found.name
        config["community_action"] = "match" if found.mode is None else "matchexact"
        if found.mode == "any":
            loss.cannot(path, "match.community", "mode any")
    if sets is not None:
        if found is not None:
            loss.cannot(path, "set.community", "an entry can match communities or set them")
        if sets.communities == "none":
            loss.cannot(path, "set.community", "none is no community to it")
            return
        config["community_action"] = "set"
        config["community_set"] = " ".join(map(stored_community, sets.communities))
        config["community_additive"] = "on" if sets.additive else ""


def read_route_map_entry(config: Config, sections: Sections, note: Note) -> Data:
    """Return the data of an entry."""
    data: Data = {"match": {}, "set": {}}
    for key in read_keys(ENTRY, config, data):
        note(key, config[key])
    for choice in CHOICES:
        if not choice.read(config, data):
            note(choice.action, config[choice.action])
    if "local_preference" in data["set"] and not unsigned(config["localpref_value"]):
        note("localpref_value", data["set"].pop("local_preference"))
    if config.get("nexthop_action") in {"match-peer", "set"}:
        _peer_words(config, data, note)
    name = config.get("prefix_match", "")
    if not name and "ip_address" in data["match"]:
        # the package finds the family of the access list by the prefix list, which may be `none`, but not nothing
        note("acl_match", data["match"].pop("ip_address"))
    ipv6 = name != "none" and name in _names(sections, "frrglobalprefixes", "ipv6")
    if name not in {"", "none"}:
        data["match"]["ipv6_address_prefix_list" if ipv6 else "ip_address_prefix_list"] = name
    if ipv6 and "ip_address" in data["match"]:
        data["match"]["ipv6_address"] = data["match"].pop("ip_address")
    action = config.get("community_action", "none")
    if action in {"match", "matchexact"}:
        if config.get("community_match", "none") in {"", "none"}:
            # the package writes `match community none`, and no list has that name
            note("community_action", action)
        else:
            mode = {"mode": "exact-match"} if action == "matchexact" else {}
            data["match"]["community"] = {"name": config["community_match"], **mode}
    elif action == "set" and config.get("community_set"):
        values = [read_community(one) for one in config["community_set"].split()]
        data["set"]["community"] = {"communities": values, "additive": has(config, "community_additive")}
    return data


def _peer_words(config: Config, data: Data, note: Note) -> None:
    """Take away the peer that the package does not write for this action: then the clause says nothing."""
    word = config.get("nexthop_peer", "none")
    wrong = {"match-peer": {"unchanged", "peer-address"}, "set": {"local"}}[config["nexthop_action"]]
    if word in wrong:
        part, field = ("match", "peer") if config["nexthop_action"] == "match-peer" else ("set", "ip_next_hop")
        data[part].pop(field, None)
        note("nexthop_peer", word)


def _names(sections: Sections, section: str, family: str) -> set[str]:
    return {one.get("name", "") for one in sections.get(section, []) if one.get("iptype", "").lower() == family}
