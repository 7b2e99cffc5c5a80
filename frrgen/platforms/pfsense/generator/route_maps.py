"""Route maps: what each field of an entry is written as.

`origin_action` has no effect; the actions of a field that is not valid are silently left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from frrgen.platforms.pfsense.generator.lists import by_name, communities
from frrgen.platforms.pfsense.generator.names import Settings, chosen
from frrgen.platforms.pfsense.php import Entry, among, as_number, filled, ip_version, numeric, unsigned, within, word

_ORIGINS: Final = frozenset({"egp", "igp", "incomplete"})
_PROTOCOLS: Final = frozenset(
    {"bgp", "ospf", "ospf6", "connected", "kernel", "static", "system", "rip", "ripng", "isis"}
)


def route_maps(settings: Settings) -> Iterator[str]:
    """Write the route maps by name and number. An entry whose name is no host name is left out."""
    for entry in by_name(settings.all("frrglobalroutemaps")):
        if entry["action"] in {"permit", "deny"} and word(entry["name"]) and numeric(entry["seq"]):
            yield f"route-map {entry['name']} {entry['action']} {entry['seq']}"
            for clause in _CLAUSES:
                yield from (f" {line}" for line in clause(entry, settings))


def _description(entry: Entry, _: Settings) -> Iterator[str]:
    """Write it whole: only here it is not cut."""
    if filled(entry["descr"]):
        yield f"description {entry['descr']}"


def _flow(entry: Entry, settings: Settings) -> Iterator[str]:
    """Write the call, and where to go on: the number may be that of any route map's entry."""
    if chosen(entry["call"], settings.route_maps):
        yield f"call {entry['call']}"
    if entry["exitaction"] == "next":
        yield "on-match next"
    elif chosen(entry["exitaction"], settings.exits):
        yield f"on-match goto {entry['exitaction']}"


def _addresses(entry: Entry, settings: Settings) -> Iterator[str]:
    """Write the match on the access list, then on the prefix list.

    The family of the access list is that of the prefix list: IPv4 where there is none, even for an IPv6 list. A missing
    or empty acl_match is no `none`, and writes a line without a name, on which FRR's reload gives up.
    """
    family = next((name for name, lists in settings.prefix_lists_of.items() if among(entry["prefix_match"], lists)), "")
    if family and entry["acl_match"] != "none":
        yield f"match {family} address {entry['acl_match']}"
    if family and entry["prefix_match"] != "none":
        yield f"match {family} address prefix-list {entry['prefix_match']}"


def _next_hop(entry: Entry, settings: Settings) -> Iterator[str]:
    """Write the match or set of the next hop: a peer must be a configured neighbor; `none` writes nothing."""
    peer, action = entry["nexthop_peer"], entry["nexthop_action"]
    known = among(peer, settings.next_hops)
    if action == "match-peer" and known and (peer == "local" or ip_version(peer)):
        yield f"match peer {peer}"
    elif action == "match-acl" and chosen(entry["nexthop_acl"], settings.access_lists):
        yield f"match ip next-hop {entry['nexthop_acl']}"
    elif action == "match-pl" and chosen(entry["nexthop_pl"], settings.prefix_lists):
        yield f"match ip next-hop prefix-list {entry['nexthop_pl']}"
    elif action == "set" and known and (peer in {"peer-address", "unchanged"} or ip_version(peer)):
        yield f"set ip next-hop {peer}"


def _metric(entry: Entry, _: Settings) -> Iterator[str]:
    """Write the metric: what is set is not looked at, so that `+5` goes through."""
    action, value = entry["metric_action"], entry["metric_value"]
    if action == "match" and unsigned(value):
        yield f"match metric {value}"
    elif action in {"set", "settype1", "settype2"} and value:
        yield f"set metric {value}"
        if action != "set":
            yield f"set metric-type type-{action[-1]}"


def _weight(entry: Entry, _: Settings) -> Iterator[str]:
    if unsigned(entry["weight"]):
        yield f"set weight {entry['weight']}"


def _local_preference(entry: Entry, _: Settings) -> Iterator[str]:
    if entry["localpref_action"] in {"match", "set"} and unsigned(entry["localpref_value"]):
        yield f"{entry['localpref_action']} local-preference {entry['localpref_value']}"


def _as_path(entry: Entry, settings: Settings) -> Iterator[str]:
    """Write the as-path: `none` is offered, and written as the name of a list; what is set is not looked at."""
    action, value = entry["aspath_action"], entry["aspath_value"]
    if action == "match" and among(entry["aspath_match"], settings.as_paths):
        yield f"match as-path {entry['aspath_match']}"
    elif action in {"setexclude", "setprepend"}:
        yield f"set as-path {action[3:]} {value}"
    elif action == "setprependlast" and within(value, 1, 10):
        yield f"set as-path prepend last-as {value}"


def _community(entry: Entry, settings: Settings) -> Iterator[str]:
    """Write the community: `none` is offered, and written as the name of a list; a set line ends with a blank."""
    action, value = entry["community_action"], entry["community_set"]
    if action in {"match", "matchexact"} and among(entry["community_match"], settings.communities):
        yield f"match community {entry['community_match']}{' exact-match' if action == 'matchexact' else ''}"
    elif action == "set" and communities(value):
        yield f"set community {value} {' additive' if filled(entry['community_additive']) else ''}"


def _rest(entry: Entry, _: Settings) -> Iterator[str]:
    """Write origin, source protocol, tag and RPKI state."""
    if entry["origin_value"] in _ORIGINS:
        yield f"set origin {entry['origin_value']}"
    if entry["source_proto"] in _PROTOCOLS:
        yield f"match source-protocol {entry['source_proto']}"
    if entry["tag_action"] in {"match", "set"} and as_number(entry["tag_value"]):
        yield f"{entry['tag_action']} tag {entry['tag_value']}"
    if filled(entry["rpki_state"]) and entry["rpki_state"] != "none":
        yield f"match rpki {entry['rpki_state']}"


_CLAUSES: Final[tuple[Callable[[Entry, Settings], Iterator[str]], ...]] = (
    _description,
    _flow,
    _addresses,
    _next_hop,
    _metric,
    _weight,
    _local_preference,
    _as_path,
    _community,
    _rest,
)
"""In the order in which the package writes them."""
