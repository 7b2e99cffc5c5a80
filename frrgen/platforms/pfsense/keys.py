"""Which key of a pfSense section stands for which field of the model: from one row come writing and reading.

A row's `path` is dotted, inside the model object that a <config> stands for. Reading gives the data of such an object,
nested by path, for pydantic to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel

from frrgen.errors import Path
from frrgen.lines.form import text_of
from frrgen.lines.rule import Data
from frrgen.model.bgp import FAMILIES
from frrgen.platforms.pfsense.loss import Loss

_NOTHING: Final = object()
FAMILY_WORDS: Final = {(): "no", ("ipv4_unicast",): "ipv4", ("ipv6_unicast",): "ipv6", FAMILIES: "yes"}
"""How the pages say into which families something goes."""
_LEFT_OUT: Final = "it leaves 0 out, as if nothing were there"


@dataclass(frozen=True)
class Key:
    """One key: how a value of the model is stored there."""

    key: str
    path: str
    none: str = ""
    """What is stored when there is nothing to say."""
    default: Any = None
    """The model's value that means the same as nothing."""
    words: Mapping[Any, str] = field(default_factory=dict)
    """Values that are stored as another word than their text."""
    zero: bool = False
    """Whether the package writes a 0: PHP takes it for nothing where it is not asked for its length."""

    @cached_property
    def _steps(self) -> list[str]:
        return self.path.split(".")

    @cached_property
    def _meaning(self) -> dict[str, Any]:
        return {word: value for value, word in self.words.items()}

    def of(self, obj: Any) -> Any:
        """Get the field's value; None where a part of the path is None."""
        for step in self._steps:
            if obj is None:
                return None
            obj = getattr(obj, step)
        return obj

    def write(self, obj: Any) -> str:
        """Give what is stored for an object. Raises KeyError if the package has no word for the value."""
        value = self.of(obj)
        if value is None or value in ((), self.default):
            return self.none
        if self.words:
            return self.words[value]
        text = text_of(value)
        if text == "0" and not self.zero:
            raise KeyError(text)
        return text

    def read(self, text: str, data: Data) -> bool:
        """Put what is stored into the data; False if it is a word that the model lacks."""
        value = self.meaning(text)
        if value is not _NOTHING:
            put(data, self._steps, value)
        return value is not _NOTHING or text in {self.none, "", "0"}

    def says(self, text: str) -> bool:
        """Tell whether what is stored says anything to the model."""
        return self.meaning(text) is not _NOTHING

    def meaning(self, text: str) -> Any:
        """Give the model's value for what is stored; a marker of our own if there is none."""
        if text in {self.none, ""} or (text == "0" and not self.zero):
            return _NOTHING
        return self._meaning.get(text, _NOTHING) if self.words else text


class Switch(Key):
    """A checkbox: `on`, or an empty element. PHP takes whatever is not empty and not 0 for ticked."""

    def write(self, obj: Any) -> str:
        """Give `on` where the value is not the default."""
        value = self.of(obj)
        return "" if value is None or bool(value) == bool(self.default) else "on"

    def meaning(self, text: str) -> Any:
        """Tick or not."""
        return _NOTHING if text in {"", "0"} else not self.default


@dataclass(frozen=True)
class Joined(Key):
    """A tuple, stored with blanks."""

    def meaning(self, text: str) -> Any:
        """Give the words."""
        return text.split() or _NOTHING


def put(data: Data, steps: Iterable[str], value: Any) -> None:
    """Put a value into nested data."""
    *parents, last = steps
    for step in parents:
        data = data.setdefault(step, {})
    data[last] = value


def write_keys(keys: Iterable[Key], obj: Any, config: Data, loss: Loss, path: Path) -> None:
    """Write keys into a config, and say what the package has no word for. `path` is the object's."""
    for key in keys:
        try:
            config[key.key] = key.write(obj)
        except KeyError as lacking:
            loss.cannot(path, key.path, _LEFT_OUT if lacking.args == ("0",) else "")


def read_keys(keys: Iterable[Key], config: Data, data: Data) -> Iterator[str]:
    """Read keys out of a config into data; give those that say what the model lacks."""
    for key in keys:
        text = config.get(key.key, "")
        if isinstance(text, str) and not key.read(text, data):
            yield key.key


def lost(obj: BaseModel, covered: frozenset[str], path: str = "") -> Iterator[str]:
    """Give the dotted paths of an object that say something, and that no key covers."""
    for name, info in type(obj).model_fields.items():
        here = f"{path}.{name}" if path else name
        if here in covered:
            continue
        value = getattr(obj, name)
        if value is None or value == info.get_default(call_default_factory=True):
            continue
        if isinstance(value, BaseModel) and any(one.startswith(f"{here}.") for one in covered):
            yield from lost(value, covered, here)
        else:
            yield here


def covered(keys: Iterable[Key], *more: str) -> frozenset[str]:
    """Give the paths that keys cover, and further ones that are written otherwise."""
    return frozenset([*(key.path for key in keys), *more])


@dataclass(frozen=True)
class Choice:
    """A select that says which of several fields the value is for: at most one of them can be set."""

    action: str
    """The key of the select, `none` for nothing."""
    ways: tuple[tuple[str, Key], ...]
    """The select's word, and where the value goes then."""

    def write(self, obj: Any, config: Data, loss: Loss, path: Path) -> None:
        """Write what is set, and say what cannot be written beside it."""
        config[self.action] = "none"
        there = [(word, key) for word, key in self.ways if key.of(obj) not in {None, ()}]
        for word, key in there[:1]:
            config[self.action] = word
            write_keys([key], obj, config, loss, path)
        for _, key in there[1:]:
            loss.cannot(path, key.path, "one of this kind is all that an entry of pfSense can say")

    def read(self, config: Data, data: Data) -> bool:
        """Read; False if the select has a word that the model lacks, or one for which nothing is stored."""
        word = config.get(self.action, "none")
        for one, key in self.ways:
            if one == word:
                text = config.get(key.key, "")
                return key.says(text) and key.read(text, data)
        return word in {"none", ""}

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that the select has to do with."""
        return (self.action, *dict.fromkeys(key.key for _, key in self.ways))


def _reference(key: str, path: str) -> Key:
    return Key(key, path, none="none")


ON: Final = {True: "on"}
_NHT: Final = {(False, False): "none", (True, False): "ipv4", (False, True): "ipv6", (True, True): "both"}

GLOBAL: Final = (
    Key("routerid", "router_id"),
    Key("password", "pfsense.password"),
    Switch("passwordencrypt", "service_password_encryption", default=False),
    Switch("logging", "log.syslog", default=False),
)
"""Section frr, of a Router."""

BGP: Final = (
    Key("adjacencylog", "log_neighbor_changes", default=False, words=ON),
    Key("asnum", "asn"),
    Key("routerid", "router_id"),
    Key("timers_keepalive", "timers.keepalive"),
    Key("timers_holdtime", "timers.hold"),
    Key("timers_updatedelay", "update_delay.maximum"),
    Key("timers_peerwait", "update_delay.establish_wait"),
    Switch("nodefipv4unicast", "default_ipv4_unicast", default=True),
    Switch("shutdown", "shutdown", default=False),
    Key("grglobaldisable", "graceful_restart.mode", words={"disable": "on"}),
    Switch("disablepreservefwstate", "graceful_restart.preserve_fw_state", default=False),
    Key("grstalepathtime", "graceful_restart.stalepath_time"),
    Key("grrestarttimetime", "graceful_restart.restart_time"),
    Key("grselectdefertime", "graceful_restart.select_defer_time"),
    Key("grribstaletime", "graceful_restart.rib_stale_time"),
    Switch("gsenable", "graceful_shutdown", default=False),
)
"""Section frrbgp, of a Bgp."""

RPKI: Final = (
    Key("rpkipollingperiod", "polling_period", default=3600),
    Key("rpkiexpireinterval", "expire_interval", default=7200),
    Key("rpkiretryinterval", "retry_interval", default=600),
)
"""Section frrbgp, of an Rpki."""

ADVANCED: Final = (
    Key("default_localpref", "default_local_preference"),
    Key("timers_coalesce", "coalesce_time"),
    Key("dampening_halflife", "ipv4_unicast.dampening.half_life"),
    Key("dampening_reuse", "ipv4_unicast.dampening.reuse"),
    Key("dampening_suppress", "ipv4_unicast.dampening.suppress"),
    Key("dampening_suppressduration", "ipv4_unicast.dampening.max_suppress"),
    Switch("fastexternalfailover", "fast_external_failover", default=True),
    Key("rejcectassetasconfedset", "reject_as_sets", default=False, words=ON),
    Switch("routereflectorallowoutboundpolicy", "allow_outbound_policy", default=False),
    Key("routereflectorclusterid", "cluster_id"),
    Switch("routereflectorclienttoclient", "client_to_client_reflection", default=True),
    Switch("meddeterministic", "bestpath.deterministic_med", default=False),
    Switch("medalwayscompare", "bestpath.always_compare_med", default=False),
    Key("maxmedstartup", "max_med.on_startup"),
    Key("maxmedstartupvalue", "max_med.on_startup_med"),
    Key("confedas", "confederation.identifier"),
    Joined("confedpeers", "confederation.peers"),
    Switch("bgpbestpathasconfed", "bestpath.as_path_confed", default=False),
    Switch("bgpbestpathasignore", "bestpath.as_path_ignore", default=False),
    Switch("bgpbestpathasmulti", "bestpath.multipath_relax", default=False),
    Switch("bgpbestpathasmultigenasset", "bestpath.multipath_relax_as_set", default=False),
    Switch("bgpbestpathcomparerouterid", "bestpath.compare_routerid", default=False),
    Switch("bgpbestpathmedconfed", "bestpath.med_confed", default=False),
    Switch("bgpbestpathmedmissing", "bestpath.med_missing_as_worst", default=False),
    Switch("disableebgpconnectedroutecheck", "disable_ebgp_connected_route_check", default=False),
    Switch("disableebgprequirepolicy", "ebgp_requires_policy", default=True),
    Key("writequanta", "write_quanta"),
)
"""Section frrbgpadvanced, of a Bgp."""

ROUTE_MAP_DELAY: Final = Key("timers_routemapdelay", "route_map_delay_timer")
"""Section frrbgpadvanced, of a Router."""

BOTH_FAMILIES: Final = (
    Key("tablemap", "table_map", none="none"),
    Key("bgpdistanceext", "distance_bgp.external"),
    Key("bgpdistanceint", "distance_bgp.internal"),
    Key("bgpdistancelocal", "distance_bgp.local"),
)
"""Section frrbgpadvanced, of an AddressFamily: what the package writes into each of them."""

NEIGHBOR: Final = (
    Key("descr", "description"),
    Key("password", "password"),
    Switch("shutdown", "shutdown", default=False),
    Key("shutdownmessage", "shutdown_message"),
    Key("shutdownautortt", "shutdown_rtt.rtt"),
    Key("shutdownautokeepalive", "shutdown_rtt.count", default=1),
    Key("timers_keepalive", "timers.keepalive"),
    Key("timers_holdtime", "timers.hold"),
    Key("timers_connect", "timers_connect"),
    Key("grmode", "graceful_restart", none="default", words={one: one for one in ("restart", "helper", "disable")}),
    Switch("passive", "passive", default=False),
    Key("advertisementinterval", "advertisement_interval"),
    Switch("capability", "capability_dynamic", default=False),
    Key("capability_nexthop", "capability_extended_nexthop", default=False, words=ON),
    Switch("dontcapabilitynegotiate", "dont_capability_negotiate", default=False),
    Switch("overridecapability", "override_capability", default=False),
    Key("ttlsecurityhops", "ttl_security_hops"),
    Switch("disableconnectedcheck", "disable_connected_check", default=False),
    Key("ebgpmultihop", "ebgp_multihop"),
    Key("localas_num", "local_as.asn"),
    Switch("localas_noprepend", "local_as.no_prepend", default=False),
    Switch("localas_replaceas", "local_as.replace_as", default=False),
    Switch("solo", "solo", default=False),
)
"""Section frrbgpneighbors, of a Neighbor or a PeerGroup."""

NEIGHBOR_FAMILY: Final = (
    Key("nexthopself", "next_hop_self", none="disabled", words={True: "enabled", "force": "force"}),
    Switch("softreconfigurationinbound", "soft_reconfiguration_inbound", default=False),
    _reference("distribute_in", "distribute_list_in"),
    _reference("distribute_out", "distribute_list_out"),
    _reference("prefixfilter_in", "prefix_list_in"),
    _reference("prefixfilter_out", "prefix_list_out"),
    _reference("aspathfilter_in", "filter_list_in"),
    _reference("aspathfilter_out", "filter_list_out"),
    _reference("routemap_in", "route_map_in"),
    _reference("routemap_out", "route_map_out"),
    _reference("unsuppressmap", "unsuppress_map"),
    Key("weight", "weight"),
    Key("addpathtxallpaths", "addpath_tx", words={"all-paths": "on", "bestpath-per-AS": ""}),
    Key("addpathtxbestpathperas", "addpath_tx", words={"all-paths": "", "bestpath-per-AS": "on"}),
    Key("allowasin", "allowas_in", none="disabled"),
    Switch("asoverride", "as_override", default=False),
    Key("maximumprefix_num", "maximum_prefix.limit"),
    Key("maximumprefix_threshold", "maximum_prefix.threshold", default=75),
    Switch("maximumprefix_warnonly", "maximum_prefix.warning_only", default=False),
    Key("maximumprefix_restart", "maximum_prefix.restart"),
    Key("maximumprefixout_num", "maximum_prefix_out"),
    Switch("removeprivateas_all", "remove_private_as.all", default=False),
    Switch("removeprivateas_replace", "remove_private_as.replace", default=False),
    Switch("routeclient_reflector", "route_reflector_client", default=False),
    Switch("routeclient_server", "route_server_client", default=False),
)
"""Section frrbgpneighbors, of a NeighborFamily."""

ENTRY: Final = (
    Key("descr", "description"),
    Key("action", "action"),
    Key("seq", "seq"),
    _reference("call", "call"),
    Key("exitaction", "on_match", none="none"),
    _reference("acl_match", "match.ip_address"),
    Key("weight", "set.weight"),
    _reference("origin_value", "set.origin"),
    _reference("source_proto", "match.source_protocol"),
    _reference("rpki_state", "match.rpki"),
)
"""Section frrglobalroutemaps, of a RouteMapEntry: what one key says alone."""

BFD: Final = (
    Key("detectmultiplier", "detect_multiplier"),
    Key("receiveinterval", "receive_interval"),
    Key("transmitinterval", "transmit_interval"),
    Switch("echomode", "echo_mode", default=False),
    Switch("shutdown", "shutdown", default=False),
)
"""Sections frrbfdprofiles and frrbfdpeers, of BfdTimers."""

BFD_PROFILE: Final = (
    *BFD,
    Switch("passive", "passive_mode", default=False),
    Key("minimumttl", "minimum_ttl"),
)

CACHE: Final = (Key("cacheserver", "host"), Key("port", "port"), Key("preference", "preference"))
"""Section frrbgprpkicacheservers, of an RpkiCache."""


def nht_word(ipv4: bool, ipv6: bool) -> str:  # noqa: FBT001
    """Give the word for which families resolve next hops by the default route."""
    return _NHT[ipv4, ipv6]


def nht_flags(word: str) -> tuple[bool, bool] | None:
    """Give what the word means; None if the package has no such word."""
    return next((flags for flags, one in _NHT.items() if one == word), None)


CHOICES: Final = (
    Choice(
        "nexthop_action",
        (
            ("match-peer", _reference("nexthop_peer", "match.peer")),
            ("match-acl", _reference("nexthop_acl", "match.ip_next_hop")),
            ("match-pl", _reference("nexthop_pl", "match.ip_next_hop_prefix_list")),
            ("set", _reference("nexthop_peer", "set.ip_next_hop")),
        ),
    ),
    Choice(
        "metric_action",
        (("match", Key("metric_value", "match.metric")), ("set", Key("metric_value", "set.metric", zero=True))),
    ),
    Choice(
        "localpref_action",
        (
            ("match", Key("localpref_value", "match.local_preference")),
            ("set", Key("localpref_value", "set.local_preference")),
        ),
    ),
    Choice(
        "aspath_action",
        (
            ("match", _reference("aspath_match", "match.as_path")),
            ("setexclude", Joined("aspath_value", "set.as_path_exclude")),
            ("setprepend", Joined("aspath_value", "set.as_path_prepend")),
            ("setprependlast", Key("aspath_value", "set.as_path_prepend_last_as")),
        ),
    ),
    Choice("tag_action", (("match", Key("tag_value", "match.tag")), ("set", Key("tag_value", "set.tag")))),
)
"""Section frrglobalroutemaps, of a RouteMapEntry: one thing of each kind, matched or set."""
