"""Neighbors: what each field is written as, before the address families and in them.

Neighbors come in the order of the page, so that a group must stand before its members. A group's options are written in
both address families, a peer's in those it is active in. Here and there a line has a blank too few or too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from frrgen.platforms.pfsense.generator.bgp import GeneratedFamily, message
from frrgen.platforms.pfsense.generator.names import Settings, chosen
from frrgen.platforms.pfsense.generator.rules import LineWriter, flag, number
from frrgen.platforms.pfsense.php import Entry, as_number, cut, filled, ip_version, originates, unsigned, within, word


def neighbors(settings: Settings, families: tuple[GeneratedFamily, ...]) -> Iterator[str]:
    """Write the neighbors' lines before the address families, and put the others into these."""
    entries = settings.all("frrbgpneighbors")
    for entry in entries:
        yield from _neighbor(entry, settings, families)
    if entries:
        yield " !"


def _neighbor(entry: Entry, settings: Settings, families: tuple[GeneratedFamily, ...]) -> Iterator[str]:
    """Write one. What is neither an address nor a host name is left out; an interface's name becomes a group."""
    peer = entry["peer"]
    own = ip_version(peer)
    if own:
        active = [family for family in families if family.version == own or filled(entry["bothaf"])]
        if filled(entry["peergroup"]) and chosen(entry["peergroup"], settings.groups):
            yield f" neighbor {peer} peer-group {entry['peergroup']}"
        for family in active:
            family.head.append(f"  neighbor {peer} activate")
    elif word(peer):
        active = list(families)
        yield f" neighbor {peer} peer-group"
    else:
        return
    for rule in _GENERAL:
        yield from (f" {line}" for line in rule(entry, settings))
    for family in active:
        for family_rule in _FAMILY:
            family.tail += (f" {line}" for line in family_rule(entry, settings, family.name))
        yield from (f" {line}" for line in _interval(entry, settings))  # once more for each family


FamilyRule = Callable[[Entry, Settings, str], Iterator[str]]


def _remote_as(entry: Entry, _: Settings) -> Iterator[str]:
    if as_number(entry["asnum"]) or entry["asnum"] in {"internal", "external"}:
        yield f"neighbor {entry['peer']} remote-as {entry['asnum']}"


def _description(entry: Entry, _: Settings) -> Iterator[str]:
    if filled(entry["descr"]):
        yield f"neighbor {entry['peer']} description {cut(entry['descr'], 80)}"


def _shutdown(entry: Entry, _: Settings) -> Iterator[str]:
    if filled(entry["shutdown"]):
        yield f"neighbor {entry['peer']} shutdown{message(entry)}"
    if filled(entry["shutdownautortt"]):
        count = entry["shutdownautokeepalive"] if filled(entry["shutdownautokeepalive"]) else "1"
        yield f"neighbor {entry['peer']} shutdown rtt {entry['shutdownautortt']} count {count}"


def _graceful_restart(entry: Entry, _: Settings) -> Iterator[str]:
    mode = {"restart": "", "helper": "-helper", "disable": "-disable"}.get(entry["grmode"])
    if mode is not None:
        yield f" neighbor {entry['peer']} graceful-restart{mode}"


def _update_source(entry: Entry, settings: Settings) -> Iterator[str]:
    """Write the address that the interface has at this moment."""
    if source := settings.source(entry["updatesource"], entry["updatesource_type"]):
        yield f"neighbor {entry['peer']} update-source {source}"


def _password(entry: Entry, _: Settings) -> Iterator[str]:
    """Write it where FRR is to know it; `setkey` alone tells the kernel only."""
    if filled(entry["password"]) and entry["password_type"].split("-", 1)[0] in {"frr", "both"}:
        yield f"neighbor {entry['peer']} password {entry['password']}"


def _timers(entry: Entry, _: Settings) -> Iterator[str]:
    """Write them; the hold time only with the other, though FRR takes them only together."""
    if within(entry["timers_keepalive"], 0, 65535):
        hold = f" {entry['timers_holdtime']}" if within(entry["timers_holdtime"], 0, 65535) else ""
        yield f"neighbor {entry['peer']} timers {entry['timers_keepalive']}{hold}"


_interval: Final = number(
    "advertisementinterval", 0, 600, "neighbor {peer} advertisement-interval {advertisementinterval}"
)


def _bfd(entry: Entry, _: Settings) -> Iterator[str]:
    """Write BFD for the BFD peer that is chosen, which may be another neighbor than this one."""
    if filled(entry["bfdenable"]):
        other = entry["bfd_peer"]
        peer = other if filled(other) and other != "default" else entry["peer"]
        yield f"neighbor {peer} bfd"
        if filled(entry["bfd_check_control_plane_failure"]):
            yield f"neighbor {peer} bfd check-control-plane-failure"


def _orf(entry: Entry, _: Settings) -> Iterator[str]:
    if entry["capability_orf"] in {"send", "receive", "both"}:
        yield f"neighbor {entry['peer']} capability orf prefix-list {entry['capability_orf']}"


def _multihop(entry: Entry, _: Settings) -> Iterator[str]:
    """Write it with its number; `0` stands for none."""
    hops = entry["ebgpmultihop"]
    if within(hops, 1, 255) or hops == "0":
        yield f"neighbor {entry['peer']} ebgp-multihop{'' if hops == '0' else f' {hops}'}"


def _local_as(entry: Entry, _: Settings) -> Iterator[str]:
    if as_number(entry["localas_num"]):
        words = [entry["localas_num"]]
        if filled(entry["localas_noprepend"]):
            words += ["no-prepend", *(["replace-as"] if filled(entry["localas_replaceas"]) else [])]
        yield f"neighbor {entry['peer']} local-as {' '.join(words)}"


_GENERAL: Final[tuple[LineWriter, ...]] = (
    _remote_as,
    _description,
    _shutdown,
    _graceful_restart,
    _update_source,
    _password,
    _timers,
    number("timers_connect", 1, 65535, "neighbor {peer} timers connect {timers_connect}"),
    flag("passive", "neighbor {peer} passive"),
    _interval,
    _bfd,
    flag("capability", "neighbor {peer} capability dynamic"),
    flag("capability_nexthop", "neighbor {peer} capability extended-nexthop"),
    _orf,
    flag("dontcapabilitynegotiate", "neighbor {peer} dont-capability-negotiate"),
    flag("overridecapability", "neighbor {peer} override-capability"),
    number("ttlsecurityhops", 1, 254, "neighbor {peer} ttl-security hops {ttlsecurityhops}"),
    flag("disableconnectedcheck", "neighbor {peer} disable-connected-check"),
    _multihop,
    flag("enforcemultihop", "neighbor {peer} enforce-multihop"),
    _local_as,
    flag("solo", "neighbor {peer} solo"),
)


def _in_family(rule: LineWriter) -> FamilyRule:
    def indented(entry: Entry, settings: Settings, _: str) -> Iterator[str]:
        return (f" {line}" for line in rule(entry, settings))

    return indented


def _with_words(key: str, text: str, **words: str) -> FamilyRule:
    """Make a rule for a box with boxes of its own: two blanks before each word, and at the end."""

    def rule(entry: Entry, _: Settings, __: str) -> Iterator[str]:
        if filled(entry[key]):
            said = "".join(f"  {one}" for more, one in words.items() if filled(entry[f"{key}_{more}"]))
            yield f" neighbor {entry['peer']} {text}{said}  "

    return rule


def _list(key: str, text: str, names: Callable[[Settings], frozenset[str]]) -> FamilyRule:
    """Make a rule for a reference: silently left out if the reference does not exist."""

    def rule(entry: Entry, settings: Settings, _: str) -> Iterator[str]:
        if chosen(entry[key], names(settings)):
            yield f" neighbor {entry['peer']} {text.format(entry[key])}"

    return rule


def _default_originate(entry: Entry, settings: Settings, family: str) -> Iterator[str]:
    choice, name = entry["defaultoriginate"], entry["defaultoriginateroutemap"]
    if originates(choice, family):
        policy = f" route-map {name}" if filled(name) and chosen(name, settings.route_maps) else ""
        yield f" neighbor {entry['peer']} default-originate{policy}  "


def _send_community(entry: Entry, _: Settings, __: str) -> Iterator[str]:
    """Yield the line, on or off: what the page calls disabled is FRR's default turned off."""
    choice = entry["sendcommunity"]
    if choice == "disabled":
        yield f" no neighbor {entry['peer']} send-community"
    elif choice == "enabled":
        yield f" neighbor {entry['peer']} send-community"
    elif choice in {"standard", "extended", "both"}:
        yield f" neighbor {entry['peer']} send-community {choice}"


def _maximum_prefix(entry: Entry, _: Settings, __: str) -> Iterator[str]:
    """Write both limits, a blank short."""
    if unsigned(entry["maximumprefix_num"], 1):
        words = [entry["maximumprefix_num"]]
        if within(entry["maximumprefix_threshold"], 1, 100):
            words.append(entry["maximumprefix_threshold"])
        if filled(entry["maximumprefix_warnonly"]):
            words.append("warning-only")
        elif within(entry["maximumprefix_restart"], 1, 65535):
            words.append(f"restart {entry['maximumprefix_restart']}")
        if filled(entry["maximumprefix_force"]):
            words.append("force")
        yield f"neighbor {entry['peer']} maximum-prefix {' '.join(words)}"
    if unsigned(entry["maximumprefixout_num"], 1):
        yield f"neighbor {entry['peer']} maximum-prefix-out {entry['maximumprefixout_num']}"


def _next_hop_self(entry: Entry, _: Settings, __: str) -> Iterator[str]:
    if entry["nexthopself"] in {"enabled", "force"}:
        yield f" neighbor {entry['peer']} next-hop-self{' force' if entry['nexthopself'] == 'force' else ''}"


def _allow_as_in(entry: Entry, _: Settings, __: str) -> Iterator[str]:
    choice = entry["allowasin"]
    if filled(choice) and choice != "disabled":
        often = f"  {choice}" if choice == "origin" or within(choice, 1, 10) else ""
        yield f" neighbor {entry['peer']} allowas-in{often}  "


def _access_lists(settings: Settings) -> frozenset[str]:
    return settings.access_lists


def _prefix_lists(settings: Settings) -> frozenset[str]:
    return settings.prefix_lists


def _as_paths(settings: Settings) -> frozenset[str]:
    return settings.as_paths


def _route_maps(settings: Settings) -> frozenset[str]:
    return settings.route_maps


_FAMILY: Final[tuple[FamilyRule, ...]] = (
    _default_originate,
    _send_community,
    _maximum_prefix,
    _next_hop_self,
    _in_family(flag("softreconfigurationinbound", "neighbor {peer} soft-reconfiguration inbound")),
    _list("distribute_in", "distribute-list {} in", _access_lists),
    _list("distribute_out", "distribute-list {} out", _access_lists),
    _list("prefixfilter_in", "prefix-list {} in", _prefix_lists),
    _list("prefixfilter_out", "prefix-list {} out", _prefix_lists),
    _list("aspathfilter_in", "filter-list {} in", _as_paths),
    _list("aspathfilter_out", "filter-list {} out", _as_paths),
    _list("routemap_in", "route-map {} in", _route_maps),
    _list("routemap_out", "route-map {} out", _route_maps),
    _list("unsuppressmap", "unsuppress-map {}", _route_maps),
    _in_family(number("weight", 0, 65535, "neighbor {peer} weight {weight}")),
    _in_family(flag("addpathtxallpaths", "neighbor {peer} addpath-tx-all-paths")),
    _in_family(flag("addpathtxbestpathperas", "neighbor {peer} addpath-tx-bestpath-per-AS")),
    _allow_as_in,
    _in_family(flag("asoverride", "neighbor {peer} as-override")),
    _with_words("attributeunchanged", "attribute-unchanged", aspath="as-path", med="med", nexthop="next-hop"),
    _with_words("removeprivateas", "remove-private-AS", all="all", replace="replace-AS"),
    _in_family(flag("routeclient_reflector", "neighbor {peer} route-reflector-client")),
    _in_family(flag("routeclient_server", "neighbor {peer} route-server-client")),
)
