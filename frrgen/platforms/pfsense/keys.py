"""Which key of a pfSense section stands for which field of the model: from one row come writing and reading.

A row's `path` is dotted, inside the model object that a <config> stands for. Reading gives the data of such an object,
nested by path, for pydantic to judge.
"""

from __future__ import annotations

from typing import Final

from frrgen.model.types import FAMILIES
from frrgen.platforms.pfsense.key import Choice, Joined, Key, Switch

FAMILY_WORDS: Final = {(): "no", ("ipv4_unicast",): "ipv4", ("ipv6_unicast",): "ipv6", FAMILIES: "yes"}
"""How the pages say into which families something goes."""


def _reference(key: str, path: str) -> Key:
    """Make the key of a list or a route map by its name, which the package looks up: 0 is a name, too."""
    return Key(key, path, none="none", zero=True)


def _word(key: str, path: str) -> Key:
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
    _reference("tablemap", "table_map"),
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
    _reference("exitaction", "on_match"),
    _reference("acl_match", "match.ip_address"),
    Key("weight", "set.weight"),
    _word("origin_value", "set.origin"),
    _word("source_proto", "match.source_protocol"),
    _word("rpki_state", "match.rpki"),
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
    """Return the word for which families resolve next hops by the default route."""
    return _NHT[ipv4, ipv6]


def nht_flags(word: str) -> tuple[bool, bool] | None:
    """Return what the word means; None if the package has no such word."""
    return next((flags for flags, one in _NHT.items() if one == word), None)


CHOICES: Final = (
    Choice(
        "nexthop_action",
        (
            ("match-peer", _word("nexthop_peer", "match.peer")),
            ("match-acl", _reference("nexthop_acl", "match.ip_next_hop")),
            ("match-pl", _reference("nexthop_pl", "match.ip_next_hop_prefix_list")),
            ("set", _word("nexthop_peer", "set.ip_next_hop")),
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
