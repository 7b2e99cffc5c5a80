"""How the FRR package of pfSense stores what is not BGP or policy: its first page, static routes, BFD, RPKI."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any, Final

from frrgen.codes import Code
from frrgen.errors import Path
from frrgen.lines.rule import Data
from frrgen.model.bgp import Bgp
from frrgen.model.platform import Pfsense
from frrgen.model.router import BfdPeer, BfdTimers, Router, Rpki, StaticRoute
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.key import covered, lost, read_keys, write_keys
from frrgen.platforms.pfsense.keys import BFD, BFD_PROFILE, CACHE, GLOBAL, RPKI, nht_flags, nht_word
from frrgen.platforms.pfsense.loss import Loss
from frrgen.platforms.pfsense.php import filled, has, ip_version, word
from frrgen.platforms.pfsense.schema import Config, Sections, blank
from frrgen.platforms.pfsense.sections.lists import Note
from frrgen.platforms.pfsense.sections.source import has_interface

_ROUTER_PATHS: Final = covered(
    GLOBAL,
    *("name", "description", "platform", "frr_version", "ownership", "ssh", "checks", "pfsense", "ha", "hostname"),
    "defaults",
    *("ip_nht_resolve_via_default", "ipv6_nht_resolve_via_default", "route_map_delay_timer", "static_routes"),
    *("prefix_lists", "ipv6_prefix_lists", "access_lists", "ipv6_access_lists", "as_path_lists", "community_lists"),
    *("large_community_lists", "extcommunity_lists", "route_maps", "bfd_profiles", "bfd_peers", "rpki", "bgp"),
)
_ECHO: Final = ("echo_transmit_interval", "echo_receive_interval")


# the page Global Settings


def write_global(router: Router, box: HostFacts, loss: Loss) -> Config:
    """Write the first page, with the static routes."""
    config = blank("frr") | {"enable": "on"}
    write_keys(GLOBAL, router, config, loss, ())
    config["nht"] = nht_word(bool(router.ip_nht_resolve_via_default), bool(router.ipv6_nht_resolve_via_default))
    for field in ("ip_nht_resolve_via_default", "ipv6_nht_resolve_via_default"):
        if router.resolves_via_default and getattr(router, field) is False:
            loss.cannot((), field, why="it is on unless FRR's configuration says otherwise")
    if router.pfsense is not None and router.pfsense.carp_vip is not None:
        config["carpstatusvid"] = router.pfsense.carp_vip
    if "'" in config["password"]:
        loss.add(Code.FRR739, "the page refuses a master password with a single quote", ("pfsense", "password"))
    if router.defaults != "traditional":
        loss.cannot((), "defaults", hint="traditional")
    rows = [
        row
        for number, route in enumerate(router.static_routes)
        if (row := _route_row(router, route, box, ("static_routes", str(number)), loss)) is not None
    ]
    config["row"] = rows or config["row"]
    for field in lost(router, _ROUTER_PATHS):
        loss.cannot((), field)
    return config


def _route_row(router: Router, route: StaticRoute, box: HostFacts, path: Path, loss: Loss) -> dict[str, str] | None:
    for field in lost(route, frozenset({"prefix", "via", "interface", "drop"})):
        loss.cannot(path, field)
    row = {"routevalue": str(route.prefix)}
    if route.drop == "Null0":
        return {"nullroute": "ON", **row, "routetarget": "none"}
    if route.drop is not None:
        loss.cannot(path, "drop", route.drop, "drop: Null0")
        return None
    if route.via is not None:
        if route.interface is not None:
            loss.cannot(path, "interface", "beside a gateway", "via alone")
        gateways = {**box.gateways, **{name: str(one) for name, one in _pfsense(router).gateways.items()}}
        found = next((name for name, address in gateways.items() if address == str(route.via)), None)
        if found is not None:
            return {**row, "routetarget": f"gw|{found}"}
        if router.bgp is not None and str(route.via) in router.bgp.neighbors:
            return {**row, "routetarget": f"bgp|{route.via}"}
        hint = "name the gateway in pfsense.gateways, or make one on the page System, Routing"
        loss.add(Code.FRR733, f"pfSense has no gateway with the address {route.via}", (*path, "via"), hint)
        return None
    _must_have(str(route.interface), box, path, loss)
    return {**row, "routetarget": f"if|{route.interface}"}


def _must_have(interface: str, box: HostFacts, path: Path, loss: Loss) -> None:
    """Refuse an interface that the box does not have: the package leaves out what names it."""
    if not has_interface(interface, box):
        hint = "write it as pfSense does, such as lan"
        loss.add(Code.FRR734, f"pfSense has no interface {interface}", (*path, "interface"), hint)


def _pfsense(router: Router) -> Pfsense:
    return router.pfsense or Pfsense()


def read_global(config: Config, box: HostFacts, note: Note) -> Data:
    """Return the data of the Router that the first page says."""
    data: Data = {}
    for key in read_keys(GLOBAL, config, data):
        note(key, config[key])
    flags = nht_flags(config.get("nht", "none") or "none")
    if flags is None:
        note("nht", config["nht"])
    else:
        names = ("ip_nht_resolve_via_default", "ipv6_nht_resolve_via_default")
        data |= {name: True for name, flag in zip(names, flags, strict=True) if flag}
    if config.get("carpstatusvid", "none").startswith("_vip"):
        data.setdefault("pfsense", {})["carp_vip"] = config["carpstatusvid"]
    if config and not has(config, "enable"):
        note("enable", "off")
    for key in ("ignoreipsecrestart", "enablesnmpagentx"):
        if has(config, key):
            note(key, config[key])
    routes = []
    for row in config.get("row") or []:
        route = _route(row, box)
        if "acceptfilter" in row or (route is None and row.get("routevalue")):
            note("row", row)
        if route is not None:
            routes.append(route)
    return data | ({"static_routes": routes} if routes else {})


def _route(row: dict[str, str], box: HostFacts) -> Data | None:
    try:
        prefix = ip_network(row.get("routevalue", ""), strict=False)
    except ValueError:
        return None
    if "/" not in row["routevalue"]:
        return None
    if "nullroute" in row:
        return {"prefix": str(prefix), "drop": "Null0"}
    kind, _, target = row.get("routetarget", "none").partition("|")
    if kind == "gw" and box.gateways.get(target):
        return {"prefix": str(prefix), "via": box.gateways[target]}
    if kind == "bgp":
        return {"prefix": str(prefix), "via": target}
    return {"prefix": str(prefix), "interface": target} if kind == "if" else None


# TCP MD5 by hand


def write_raw(router: Router) -> Config:
    """Write the page Raw Config: frrgen uses its rows for TCP MD5 alone."""
    config = blank("frrglobalraw")
    rows = [
        {
            "tcpsigsrc": str(one.source),
            "tcpsigdst": str(one.destination),
            "tcpsigpw": one.password.get_secret_value(),
        }
        for one in _pfsense(router).tcp_md5
    ]
    config["row"] = rows or config["row"]
    return config


def read_raw(config: Config, data: Data, note: Note) -> None:
    """Read the rows for TCP MD5; what replaces the whole configuration is the model's no more."""
    rows = [
        {"source": row["tcpsigsrc"], "destination": row["tcpsigdst"], "password": row["tcpsigpw"]}
        for row in config.get("row") or []
        if row.get("tcpsigsrc") and row.get("tcpsigdst") and row.get("tcpsigpw")
    ]
    if rows:
        data.setdefault("pfsense", {})["tcp_md5"] = rows
    for key, value in config.items():
        if key not in {"row", "frrrunning"} and value:
            note(key, "a configuration of its own")


# BFD


def write_bfd(router: Router, box: HostFacts, loss: Loss) -> Iterator[tuple[str, Config]]:
    """Write the pages of BFD: each entry with its section.

    The package writes no profile on a neighbor: a BFD peer with the neighbor's address carries it.
    """
    for name, profile in router.bfd_profiles.items():
        path = ("bfd_profiles", name)
        loss.name(name, "BFD profile", path)
        config = _timers(blank("frrbfdprofiles") | {"name": name}, BFD_PROFILE, profile, path, loss)
        yield "frrbfdprofiles", config
    explicit = set()
    for number, peer in enumerate(router.bfd_peers):
        explicit.add(str(peer.address))
        yield "frrbfdpeers", _bfd_peer(peer, box, ("bfd_peers", str(number)), loss)
    for address, carried in neighbor_profiles(router.bgp).items():
        if address in explicit:
            if carried is not None:
                loss.cannot(("bgp", "neighbors", address, "bfd"), "profile", "a BFD peer of this address is there, too")
            continue
        yield "frrbfdpeers", blank("frrbfdpeers") | {"peer": address, "profile": carried or "none", "local_address": ""}


def neighbor_profiles(bgp: Bgp | None) -> dict[str, str | None]:
    """Return the neighbors with BFD, and the profile of each; None without one."""
    if bgp is None:
        return {}
    found = {}
    for peer, neighbor in bgp.neighbors.items():
        group = bgp.group_of(neighbor)
        bfd = neighbor.bfd or (None if group is None else group.bfd)
        if bfd is not None:
            found[peer] = bfd.profile
    return found


def _timers(config: Config, keys: Any, timers: BfdTimers, path: Path, loss: Loss) -> Config:
    write_keys(keys, timers, config, loss, path)
    transmit, receive = (getattr(timers, name) for name in _ECHO)
    if transmit != receive:
        loss.cannot(path, _ECHO[0], "one interval for both directions", "the same in both directions")
    elif transmit is not None:
        config["echointerval"] = str(transmit)
    more = ("address", "multihop", "local_address", "interface", "vrf", "profile")
    for field in lost(timers, covered(keys, *_ECHO, *more)):
        loss.cannot(path, field)
    return config


def _bfd_peer(peer: BfdPeer, box: HostFacts, path: Path, loss: Loss) -> Config:
    config = blank("frrbfdpeers") | {
        "peer": str(peer.address),
        "profile": peer.profile or "none",
        "interface": peer.interface or "default",
        # the page's own `default` makes the package skip a peer with an interface
        "local_address": str(peer.local_address or ""),
    }
    if peer.multihop:
        loss.cannot(path, "multihop", "without an interface the package leaves its local address out", "a single hop")
    elif peer.local_address is not None and peer.interface is None:
        loss.cannot(path, "local_address", "without an interface", "interface and local_address")
    elif peer.local_address is not None and str(peer.local_address) not in _addresses(box, str(peer.local_address)):
        loss.cannot(path, "local_address", "of another machine", "an address of the box")
    if peer.interface is not None:
        _must_have(peer.interface, box, path, loss)
    if peer.vrf is not None:
        loss.cannot(path, "vrf")
    if peer.profile is not None:
        for field in sorted(
            peer.model_fields_set - {"address", "interface", "local_address", "profile", "multihop", "vrf"}
        ):
            if getattr(peer, field) != type(peer).model_fields[field].default:
                loss.cannot(path, field, "beside a profile", "it in the profile")
    return _timers(config, BFD, peer, path, loss)


def _addresses(box: HostFacts, otherwise: str) -> set[str]:
    """Return the addresses of a box; of a box that is not known, any."""
    return {address for addresses in box.interfaces.values() for address in addresses} or {otherwise}


def read_bfd(sections: Sections, data: Data, box: HostFacts, note: Any) -> None:
    """Read the pages of BFD. A peer that a neighbor has already, and that says no more than a profile, is its BFD."""
    for config in sections.get("frrbfdprofiles", []):
        name = config.get("name", "")
        noted = partial(note, "frrbfdprofiles", name)
        data.setdefault("bfd_profiles", {})[name] = _read_timers(config, BFD_PROFILE, noted)
    neighbors = data.get("bgp", {}).get("neighbors", {})
    groups = data.get("bgp", {}).get("peer_groups", {})
    for config in sections.get("frrbfdpeers", []):
        address = config.get("peer", "")
        if not ip_version(address):
            note("frrbfdpeers", address, "peer", address)
            continue
        peer: Data = {"address": str(ip_address(address))}
        profile = config.get("profile", "none")
        if profile not in {"", "0", "none"}:
            peer["profile"] = profile
        else:
            peer |= _read_timers(config, BFD, partial(note, "frrbfdpeers", address))
        interface, local = config.get("interface", "default"), config.get("local_address", "")
        if interface not in {"", "0", "default"}:
            if box.devices and interface not in box.devices:
                note("frrbfdpeers", address, "interface", f"{interface} is not there: the package skips this peer")
                continue
            peer["interface"] = interface
        if interface != "default" and filled(local):
            if local == "default":
                note("frrbfdpeers", address, "local_address", "default makes the package skip this peer")
                continue
            peer["local_address"] = local
        if has(config, "multihop"):
            note("frrbfdpeers", address, "multihop", config["multihop"])
        neighbor = neighbors.get(peer["address"], {})
        group = groups.get(neighbor.get("peer_group"), {})
        bfd = neighbor.get("bfd", group.get("bfd"))
        if bfd is None or not peer.keys() <= {"address", "profile"} or not word(peer.get("profile", "none")):
            data.setdefault("bfd_peers", []).append(peer)
        elif "profile" in peer:
            neighbor["bfd"] = {**bfd, "profile": peer["profile"]}


def _read_timers(config: Config, keys: Any, note: Note) -> Data:
    data: Data = {}
    for key in read_keys(keys, config, data):
        note(key, config[key])
    if has(config, "echointerval"):
        data |= dict.fromkeys(_ECHO, config["echointerval"])
    return data


# RPKI


def write_rpki(rpki: Rpki | None, config: Config, loss: Loss) -> Iterator[Config]:
    """Write RPKI into the page BGP, and give an entry a cache."""
    if rpki is None:
        return
    config["enablerpki"] = "on"
    write_keys(RPKI, rpki, config, loss, ("rpki",))
    if not rpki.caches:
        loss.cannot(("rpki",), "caches", "without a cache the package writes no RPKI lines", "a cache")
    for number, cache in enumerate(rpki.caches):
        entry = blank("frrbgprpkicacheservers")
        write_keys(CACHE, cache, entry, loss, ("rpki", "caches", str(number)))
        for field in lost(cache, covered(CACHE)):
            loss.cannot(("rpki", "caches", str(number)), field)
        yield entry


def read_rpki(sections: Sections, bgp: Config, note: Any) -> Data | None:
    """Read RPKI; None where it is off."""
    entries = sections.get("frrbgprpkicacheservers", [])
    if not has(bgp, "enablerpki") or not entries:
        for config in entries:
            note("frrbgprpkicacheservers", config.get("cacheserver", ""), "cacheserver", "stored, and not used")
        return None
    data: Data = {"caches": []}
    for key in read_keys(RPKI, bgp, data):
        note("frrbgp", "", key, bgp[key])
    for config in entries:
        cache: Data = {}
        for key in read_keys(CACHE, config, cache):
            note("frrbgprpkicacheservers", config.get("cacheserver", ""), key, config[key])
        for key in ("username", "privkeypath", "pubkeypath"):
            if has(config, key):
                note("frrbgprpkicacheservers", config.get("cacheserver", ""), key, config[key])
        data["caches"].append(cache)
    return data
