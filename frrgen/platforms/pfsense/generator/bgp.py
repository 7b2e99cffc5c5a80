"""`router bgp` but for the neighbors, and RPKI.

The package collects the lines of each address family in two heaps: what makes the block appear (`head`: aggregates,
distances, redistribution, networks, activation), and what is only written if it does (`tail`: neighbors' options).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from frrgen.platforms.pfsense.generator.names import Settings, chosen
from frrgen.platforms.pfsense.generator.rules import LineWriter, flag, number
from frrgen.platforms.pfsense.host import SERIES, series
from frrgen.platforms.pfsense.php import Entry, among, as_number, filled, ip_version, subnet_version, unsigned, within


@dataclass
class GeneratedFamily:
    """One address family."""

    name: str
    """`ipv4` or `ipv6`."""
    version: int
    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Write the block; nothing unless its head has a line."""
        if self.head:
            yield f" address-family {self.name} unicast"
            yield from self.head
            yield from self.tail
            yield " exit-address-family"
            yield " !"


def router(settings: Settings, families: tuple[GeneratedFamily, ...]) -> Iterator[str]:
    """Write `router bgp` and what its first page says: nothing without a number, though the rest of BGP is written."""
    entry = settings.first("frrbgp")
    if not as_number(entry["asnum"]):
        return
    yield f"router bgp {entry['asnum']}"
    for rule in _ROUTER:
        yield from (f" {line}" for line in rule(entry, settings))
    for family in families:
        family.head += _advanced_head(settings, family)
        family.head += _distributed(entry, settings, family)


def _router_id(entry: Entry, settings: Settings) -> Iterator[str]:
    """Write the router id of BGP, or that of the global page."""
    for one in (entry["routerid"], settings.first("frr")["routerid"]):
        if ip_version(one) == 4:
            yield f"bgp router-id {one}"
            return


def _shutdown(entry: Entry, _: Settings) -> Iterator[str]:
    if filled(entry["shutdown"]):
        yield f"bgp shutdown{message(entry)}"


def message(entry: Entry) -> str:
    """Write the message of a shutdown, in quotes; one in the message is not escaped."""
    return f' message "{entry["shutdownmessage"]}"' if filled(entry["shutdownmessage"]) else ""


def _timers(entry: Entry, _: Settings) -> Iterator[str]:
    """Write both timers or none, and the peers' time only if it is not longer than the delay."""
    if within(entry["timers_keepalive"], 0, 65535) and within(entry["timers_holdtime"], 0, 65535):
        yield f"timers bgp {entry['timers_keepalive']} {entry['timers_holdtime']}"
    delay, wait = entry["timers_updatedelay"], entry["timers_peerwait"]
    if within(delay, 0, 3600):
        yield f"update-delay {delay}" + (f" {wait}" if within(wait, 1, 3600) and int(wait) <= int(delay) else "")


_ROUTER: Final = (
    flag("adjacencylog", "bgp log-neighbor-changes"),
    flag("nodefipv4unicast", "no bgp default ipv4-unicast"),
    _router_id,
    flag("grglobaldisable", "bgp graceful-restart-disable"),
    flag("disablepreservefwstate", "bgp graceful-restart preserve-fw-state"),
    number("grstalepathtime", 1, 4095, "bgp graceful-restart stalepath-time {grstalepathtime}"),
    number("grrestarttimetime", 1, 4095, "bgp graceful-restart restart-time {grrestarttimetime}"),
    number("grselectdefertime", 0, 3600, "bgp graceful-restart select-defer-time {grselectdefertime}"),
    number("grribstaletime", 1, 3600, "bgp graceful-restart rib-stale-time {grribstaletime}"),
    flag("gsenable", "bgp graceful-shutdown"),
    _shutdown,
    _timers,
)


def _advanced_head(settings: Settings, family: GeneratedFamily) -> Iterator[str]:
    entry = settings.first("frrbgpadvanced")
    for row in entry.rows:
        if subnet_version(row["aggregateaddr"]) == family.version:
            as_set = " as-set" if filled(row["aggregateasset"]) else ""
            summary = " summary-only" if filled(row["aggregatesummaryonly"]) else ""
            yield f"  aggregate-address {row['aggregateaddr']}{as_set}{summary}"
    prefix, distance = entry["distanceadminprefix"], entry["distanceadmin"]
    # `A && B || C`: the distance is looked at for IPv4 only.
    if subnet_version(prefix) == family.version and (within(distance, 1, 255) or family.version == 6):
        acl = entry["distanceadminacl"]
        yield f"  distance {distance} {prefix}" + (f"  {acl}" if chosen(acl, settings.access_lists) else "")
    distances = [entry[f"bgpdistance{key}"] for key in ("ext", "int", "local")]
    if all(within(one, 1, 255) for one in distances):
        yield f"  distance bgp {' '.join(distances)}"
    if chosen(entry["tablemap"], settings.route_maps):
        yield f"  table-map {entry['tablemap']}"


_SOURCES: Final = {4: ("connected", "static", "kernel", "ospf", "rip"), 6: ("connected", "static", "kernel", "ospf6")}


def _distributed(entry: Entry, settings: Settings, family: GeneratedFamily) -> Iterator[str]:
    """Write redistribution (by a route map it is for both families), then networks: a bare address is none."""
    for source in _SOURCES[family.version]:
        choice = entry[f"redistribute{source}"]
        if choice in {family.name, "yes"}:
            yield f"  redistribute {source}"
        elif choice not in {"no", "yes", "ipv4", "ipv6", "none"} and among(choice, settings.route_maps):
            yield f"  redistribute {source} route-map {choice}"
    for row in entry.rows:
        if subnet_version(row["distributeroutevalue"]) == family.version:
            name = row["distributeroutemap"]
            policy = f"  route-map {name}" if chosen(name, settings.route_maps) else ""
            yield f"  network {row['distributeroutevalue']}{policy}"


def advanced(settings: Settings) -> Iterator[str]:
    """Write the advanced page. The import check is always said, and off where the page was never saved."""
    entry = settings.first("frrbgpadvanced")
    if not entry:
        yield " no bgp network import-check"
        return
    for rule in _ADVANCED:
        yield from (f" {line}" for line in rule(entry, settings))


def _dampening(entry: Entry, _: Settings) -> Iterator[str]:
    """Write as many of the four values as are valid from the first on."""
    keys = (("halflife", 45), ("reuse", 20000), ("suppress", 20000), ("suppressduration", 255))
    values = []
    for key, high in keys:
        if not within(entry[f"dampening_{key}"], 1, high):
            break
        values.append(entry[f"dampening_{key}"])
    if values:
        yield f"bgp dampening {' '.join(values)}"


def _import_check(entry: Entry, _: Settings) -> Iterator[str]:
    yield "bgp network import-check" if filled(entry["networkimportcheck"]) else "no bgp network import-check"


def _cluster_id(entry: Entry, _: Settings) -> Iterator[str]:
    value = entry["routereflectorclusterid"]
    if unsigned(value, 1) or ip_version(value) == 4:
        yield f"bgp cluster-id {value}"


_MAX_MED: Final = 4294967294


def _max_med(entry: Entry, _: Settings) -> Iterator[str]:
    if filled(entry["maxmedadmin"]):
        yield "bgp max-med administrative"
    elif within(entry["maxmedadminvalue"], 0, _MAX_MED):
        yield f"bgp max-med administrative {entry['maxmedadminvalue']}"
    if within(entry["maxmedstartup"], 5, 86400):
        value = entry["maxmedstartupvalue"]
        yield f"bgp max-med on-startup {entry['maxmedstartup']}" + (f" {value}" if within(value, 0, _MAX_MED) else "")


def _confederation(entry: Entry, _: Settings) -> Iterator[str]:
    if as_number(entry["confedas"]):
        yield f"bgp confederation identifier {entry['confedas']}"
    if all(as_number(peer) for peer in entry["confedpeers"].split(" ")):
        yield f"bgp confederation peers {entry['confedpeers']}"


def _best_path(entry: Entry, _: Settings) -> Iterator[str]:
    if filled(entry["bgpbestpathasconfed"]):
        yield "bgp bestpath as-path confed"
    if filled(entry["bgpbestpathasignore"]):
        yield "bgp bestpath as-path ignore"
    if filled(entry["bgpbestpathasmulti"]):
        yield f"bgp bestpath as-path multipath-relax{' as-set' if filled(entry['bgpbestpathasmultigenasset']) else ''}"
    if filled(entry["bgpbestpathcomparerouterid"]):
        yield "bgp bestpath compare-routerid"
    words = {"bgpbestpathmedconfed": " confed", "bgpbestpathmedmissing": " missing-as-worst"}
    if said := [text for key, text in words.items() if filled(entry[key])]:
        yield f"bgp bestpath med{''.join(said)}"


def _first_as(entry: Entry, settings: Settings) -> Iterator[str]:
    """Write the line if the option is on.

    From 2.1 on, a missing element is on and an empty element is written as off: FRR 10 has it on.
    """
    newest = series(settings.box.package) == SERIES[-1]
    if filled(entry["enforcefirstas"]) or (newest and "enforcefirstas" not in entry):
        yield "bgp enforce-first-as"
    elif newest:
        yield "no bgp enforce-first-as"


_ADVANCED: Final[tuple[LineWriter, ...]] = (
    number("default_localpref", 0, 4294967295, "bgp default local-preference {default_localpref}"),
    number("timers_coalesce", 1, 4294967295, "coalesce-time {timers_coalesce}"),
    number("timers_routemapdelay", 0, 600, "bgp route-map delay-timer {timers_routemapdelay}"),
    _dampening,
    flag("fastexternalfailover", "no bgp fast-external-failover"),
    _import_check,
    flag("rejcectassetasconfedset", "bgp reject-as-sets"),
    flag("routereflectorallowoutboundpolicy", "bgp route-reflector allow-outbound-policy"),
    _cluster_id,
    flag("routereflectorclienttoclient", "no bgp client-to-client reflection"),
    flag("meddeterministic", "bgp deterministic-med"),
    flag("medalwayscompare", "bgp always-compare-med"),
    _max_med,
    _confederation,
    _best_path,
    flag("disableebgpconnectedroutecheck", "bgp disable-ebgp-connected-route-check"),
    _first_as,
    flag("disableebgprequirepolicy", "no bgp ebgp-requires-policy"),
    number("subgrouppktqueuemax", 20, 100, "bgp default subgroup-pkt-queue-max {subgrouppktqueuemax}"),
    number("writequanta", 1, 10000, "write-quanta {writequanta}"),
)


def rpki(settings: Settings) -> Iterator[str]:
    """Write `rpki`: nothing at all without a cache server."""
    entry, caches = settings.first("frrbgp"), settings.all("frrbgprpkicacheservers")
    if not filled(entry["enablerpki"]) or not caches:
        return
    yield "rpki"
    for key, text in (
        ("rpkipollingperiod", "polling_period"),
        ("rpkiexpireinterval", "expire_interval"),
        ("rpkiretryinterval", "retry_interval"),
    ):
        if filled(entry[key]):
            yield f" rpki {text} {entry[key]}"
    for cache in caches:
        words = [cache["cacheserver"], cache["port"]]
        words += [cache[key] for key in ("username", "privkeypath", "pubkeypath") if filled(cache[key])]
        yield f" rpki cache {' '.join(words)} preference {cache['preference']}"
