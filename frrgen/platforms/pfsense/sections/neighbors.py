"""How the FRR package of pfSense stores neighbors and peer groups: written and read.

A neighbor there has one set of options for all address families. It is active in the family of its address, and in
both with `bothaf`; the options of a peer group go into each family that has an active neighbor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any, Final

from frrgen.codes import Code
from frrgen.errors import Path
from frrgen.lines.rule import Data
from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import Neighbor, NeighborFamily, NeighborOptions, PeerGroup
from frrgen.model.types import FAMILIES
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.key import covered, lost, read_keys, write_keys
from frrgen.platforms.pfsense.keys import FAMILY_WORDS, NEIGHBOR, NEIGHBOR_FAMILY
from frrgen.platforms.pfsense.loss import Loss
from frrgen.platforms.pfsense.php import has, ip_version, originates
from frrgen.platforms.pfsense.schema import Config, Sections, blank
from frrgen.platforms.pfsense.sections.lists import Note
from frrgen.platforms.pfsense.sections.source import read_source, write_source

_UNCHANGED: Final = {"as-path": "aspath", "med": "med", "next-hop": "nexthop"}
_NOTHING_SAID: Final = NeighborFamily()
_OPTION_PATHS: Final = covered(
    NEIGHBOR, *FAMILIES, "remote_as", "peer_group", "update_source", "bfd.profile", "bfd.check_control_plane_failure"
)
_FAMILY_PATHS: Final = covered(
    NEIGHBOR_FAMILY,
    "activate",
    "default_originate",
    "send_community",
    "attribute_unchanged",
    "capability_orf",
)


def active_families(neighbor: Neighbor, bgp: Bgp) -> tuple[str, ...]:
    """Return the families that the model activates for a neighbor."""
    group = bgp.group_of(neighbor)
    return tuple(family for family in FAMILIES if bgp.activates(family, neighbor, group))


def write_neighbors(bgp: Bgp, box: HostFacts, loss: Loss) -> Iterator[Config]:
    """Write the peer groups, then the neighbors: the package takes them in this order."""
    members: dict[str, set[str]] = {}
    versions: dict[str, set[int]] = {}
    written = []
    for peer, neighbor in bgp.neighbors.items():
        if not ip_version(peer):
            hint = "the address of the neighbor"
            loss.cannot(("bgp", "neighbors", peer), "interface", "an unnumbered neighbor becomes a peer group", hint)
            continue
        config, families = _neighbor(peer, neighbor, bgp, box, loss)
        members.setdefault(neighbor.peer_group or "", set()).update(families)
        versions.setdefault(neighbor.peer_group or "", set()).add(ip_version(peer))
        written.append(config)
    for name, group in bgp.peer_groups.items():
        path = ("bgp", "peer_groups", name)
        loss.name(name, "peer group", path)
        config = _options(name, group, box, path, loss, versions=versions.get(name, set()))
        # the page demands an AS number; other text is stored, and not written
        config["asnum"] = str(group.remote_as) if group.remote_as is not None else "none"
        families = [family for family in FAMILIES if family in members.get(name, ())]
        _write_families(config, group, families or _said_in(group), path, loss)
        yield config
    yield from written


def _neighbor(peer: str, neighbor: Neighbor, bgp: Bgp, box: HostFacts, loss: Loss) -> tuple[Config, list[str]]:
    path = ("bgp", "neighbors", peer)
    config = _options(peer, neighbor, box, path, loss, versions={ip_version(peer)})
    of_group = bgp.group_of(neighbor)
    remote = neighbor.remote_as or (of_group.remote_as if of_group is not None else None)
    config["asnum"] = "" if remote is None else str(remote)
    if remote is None:
        loss.add(Code.FRR739, "the package's page demands an AS number", path, "remote_as")
    config["peergroup"] = neighbor.peer_group or "none"
    families = _both(config, peer, neighbor, bgp, loss)
    _write_families(config, neighbor, families, path, loss)
    return config, families


def _said_in(one: NeighborOptions) -> list[str]:
    return [family for family in FAMILIES if getattr(one, family) != _NOTHING_SAID][:1] or [FAMILIES[0]]


def _both(config: Config, peer: str, neighbor: Neighbor, bgp: Bgp, loss: Loss) -> list[str]:
    """Write `bothaf`; give the families whose options the package writes for this neighbor."""
    own = "ipv6_unicast" if ":" in peer else "ipv4_unicast"
    other = FAMILIES[1 - FAMILIES.index(own)]
    path = ("bgp", "neighbors", peer)
    active = active_families(neighbor, bgp)
    if own not in active:
        silent = getattr(neighbor, own).activate is None
        hint = f"{own}: {{activate: true}}, if that is meant" if silent else "shutdown: true"
        loss.cannot((*path, own), "activate", f"it activates every neighbor in {own}", hint)
    implied = other == "ipv4_unicast" and bgp.default_ipv4_unicast
    if other not in active:
        if implied:
            hint = "default_ipv4_unicast: false of the instance"
            loss.cannot((*path, other), "activate", "FRR activates it by default", hint)
        return [own]
    group = bgp.group_of(neighbor)
    # the block of the family, where the group's options stand, is only there if a neighbor is activated in it
    written = (
        group is None or getattr(group, other) == _NOTHING_SAID or any(ip_version(one) == 4 for one in bgp.neighbors)
    )
    if implied and written and not getattr(neighbor, other).model_fields_set - {"activate"}:
        return [own]
    config["bothaf"] = "on"
    return [own, other]


def _options(name: str, one: NeighborOptions, box: HostFacts, path: Path, loss: Loss, *, versions: set[int]) -> Config:
    config = blank("frrbgpneighbors") | {"peer": name}
    write_keys(NEIGHBOR, one, config, loss, path)
    config["descr"] = loss.text(one.description, 80, (*path, "description"))
    loss.text(one.shutdown_message, 128, (*path, "shutdown_message"), cdata=False)
    if one.password is not None:
        config["password_type"] = "both"  # noqa: S105
    write_source(config, one.update_source, box, path, loss, versions=versions)
    if one.bfd is not None:
        config["bfdenable"] = "on"
        config["bfd_check_control_plane_failure"] = "on" if one.bfd.check_control_plane_failure else ""
        config["bfd_peer"] = name if isinstance(one, Neighbor) else ""
    for field in lost(one, _OPTION_PATHS):
        loss.cannot(path, field)
    return config


def _write_families(config: Config, one: NeighborOptions, families: Iterable[str], path: Path, loss: Loss) -> None:
    families = list(families)
    written = [_family(getattr(one, family), (*path, family), loss) for family in families]
    for family in FAMILIES:
        part = getattr(one, family)
        silent = {"activate": None, **({"default_originate": None} if isinstance(one, PeerGroup) else {})}
        told = part.model_copy(update=silent)
        # what a group says in both families holds in each that comes to have an active member
        alike = isinstance(one, PeerGroup) and any(
            told == getattr(one, own).model_copy(update=silent) for own in families
        )
        if family not in families and not alike and told != _NOTHING_SAID:
            said = next(name for name in part.model_fields_set if name not in silent)
            loss.cannot((*path, family), said, f"nothing of it is active in {family}")
    for second in written[1:]:
        for key, value in second.items():
            if value != written[0][key]:
                said = next((one.path for one in NEIGHBOR_FAMILY if one.key == key), key)
                loss.cannot((*path, families[1]), said, f"{families[0]} says otherwise", "the same in both families")
    config |= written[0] if written else {}
    # it is written outside of the families, where FRR takes it for ipv4 unicast
    config["capability_orf"] = one.ipv4_unicast.capability_orf or "disabled"
    if one.ipv6_unicast.capability_orf is not None:
        loss.cannot((*path, "ipv6_unicast"), "capability_orf", "it is for ipv4_unicast alone")
    originated = {
        family: getattr(one, family).default_originate
        for family in FAMILIES
        if family in families or isinstance(one, PeerGroup)
    }
    config["defaultoriginate"] = FAMILY_WORDS[tuple(family for family, said in originated.items() if said is not None)]
    maps = {said.route_map for said in originated.values() if said is not None}
    if len(maps) > 1:
        loss.cannot((*path, FAMILIES[1]), "default_originate", "one route map for both families")
    config["defaultoriginateroutemap"] = next(iter(maps - {None}), None) or "none"


def _family(part: NeighborFamily, path: Path, loss: Loss) -> Config:
    config: Config = {}
    write_keys(NEIGHBOR_FAMILY, part, config, loss, path)
    if "large" not in part.send_community or "extended" not in part.send_community:
        loss.cannot(path, "send_community", "", "all communities, or all but standard communities")
    config["sendcommunity"] = "enabled" if "standard" in part.send_community else "disabled"
    unchanged = part.attribute_unchanged
    config["attributeunchanged"] = "on" if unchanged else ""
    for word, name in _UNCHANGED.items():
        config[f"attributeunchanged_{name}"] = "on" if word in unchanged else ""
    config["removeprivateas"] = "" if part.remove_private_as is None else "on"
    for field in lost(part, _FAMILY_PATHS):
        loss.cannot(path, field)
    return config


def read_neighbors(sections: Sections, data: Data, box: HostFacts, note: Any) -> None:
    """Read the neighbors and peer groups into the data of the instance. `note` takes the peer, too."""
    groups: Data = {}
    neighbors: Data = {}
    configs = sections.get("frrbgpneighbors", [])
    ipv4_by_default = data.get("default_ipv4_unicast", True)
    active_of_group: dict[str, set[str]] = {}
    versions: dict[str, set[int]] = {}
    for config in configs:
        peer = config.get("peer", "")
        if ip_version(peer):
            group = config.get("peergroup", "none")
            active_of_group.setdefault(group, set()).update(_written_families(peer, config))
            versions.setdefault(group, set()).add(ip_version(peer))
    for config in configs:
        peer = config.get("peer", "")

        def noted(key: str, value: str, peer: str = peer) -> None:
            note(peer, key, value)

        own = {ip_version(peer)} if ip_version(peer) else versions.get(peer, set())
        one = _read_options(config, box, own, noted)
        if not ip_version(peer):
            families = [family for family in FAMILIES if family in active_of_group.get(peer, ())]
            one |= _read_families(config, families or ["ipv4_unicast"], noted)
            if config.get("asnum") in {"internal", "external"} or config.get("asnum", "").isdecimal():
                one["remote_as"] = config["asnum"]
            groups[peer] = one
            continue
        families = _written_families(peer, config)
        one |= _read_families(config, families, noted)
        for family in families:
            if not (family == "ipv4_unicast" and ipv4_by_default and ":" not in peer):
                one.setdefault(family, {})["activate"] = True
        if config.get("peergroup", "none") not in {"", "0", "none"}:
            one["peer_group"] = config["peergroup"]
        if config.get("asnum"):
            one["remote_as"] = config["asnum"]
        neighbors[str(ip_address(peer))] = one
    for one in neighbors.values():
        if one.get("peer_group") not in groups:
            continue
        if groups[one["peer_group"]].get("remote_as") == one.get("remote_as"):
            one.pop("remote_as", None)
    data |= {"peer_groups": groups, "neighbors": neighbors}


def _written_families(peer: str, config: Config) -> list[str]:
    own = "ipv6_unicast" if ":" in peer else "ipv4_unicast"
    return list(FAMILIES) if has(config, "bothaf") else [own]


def _read_options(config: Config, box: HostFacts, versions: set[int], note: Note) -> Data:
    data: Data = {}
    for key in read_keys(NEIGHBOR, config, data):
        note(key, config[key])
    if config.get("ebgpmultihop") == "0":
        data["ebgp_multihop"] = 255
    if has(config, "enforcemultihop"):
        data["disable_connected_check"] = True
    if "password" in data and config.get("password_type", "none").split("-")[0] not in {"both", "frr", "setkey"}:
        del data["password"]
        note("password", "stored, and not used")
    if not data.get("shutdown") and data.pop("shutdown_message", None) is not None:
        note("shutdownmessage", config["shutdownmessage"])
    if "rtt" not in data.get("shutdown_rtt", {"rtt": ""}):
        del data["shutdown_rtt"]
    source = config.get("updatesource", "default")
    if source not in {"", "default"}:
        found = read_source(config, source, box, versions)
        if found:
            data["update_source"] = found
        else:
            note("updatesource", source)
    if has(config, "bfdenable"):
        data["bfd"] = {"check_control_plane_failure": has(config, "bfd_check_control_plane_failure")}
        if config.get("bfd_peer", "") not in {"", "0", "default", config.get("peer")}:
            note("bfd_peer", config["bfd_peer"])
    if has(config, "maximumprefix_force"):
        note("maximumprefix_force", config["maximumprefix_force"])
    return data


def _read_families(config: Config, families: list[str], note: Note) -> Data:
    found: Data = {}
    for family in families:
        part: Data = {}
        wrong = list(read_keys(NEIGHBOR_FAMILY, config, part))
        if family == families[0]:
            for key in wrong:
                note(key, config[key])
        if config.get("allowasin") == "enabled":
            part["allowas_in"] = 3
        if config.get("sendcommunity") == "disabled":
            part["send_community"] = ["extended", "large"]
        if has(config, "attributeunchanged"):
            words = [word for word, name in _UNCHANGED.items() if has(config, f"attributeunchanged_{name}")]
            part["attribute_unchanged"] = words or list(_UNCHANGED)
        if has(config, "removeprivateas"):
            part.setdefault("remove_private_as", {})
        else:
            part.pop("remove_private_as", None)
        if "limit" not in part.get("maximum_prefix", {"limit": ""}):
            del part["maximum_prefix"]
        if config.get("capability_orf", "disabled") not in {"", "disabled"}:
            if family == "ipv4_unicast":
                part["capability_orf"] = config["capability_orf"]
            elif families == ["ipv6_unicast"]:
                note("capability_orf", config["capability_orf"])
        if part:
            found[family] = part
    # a peer group's goes into the family it names, also where no member is active there
    for family in families if ip_version(config.get("peer", "")) else FAMILIES:
        if originates(config.get("defaultoriginate", "no"), family[:4]):
            name = config.get("defaultoriginateroutemap", "none")
            originate = {} if name in {"", "0", "none"} else {"route_map": name}
            found.setdefault(family, {})["default_originate"] = originate
    return found
