"""How FRR writes the BGP process: the rules of `router bgp`, of a neighbor, and of their address families.

Impacts were measured on sessions of every kind of FRR 8.4.4, 10.3 and 10.7.1: tests/lab/test_impact.py.
"""

from __future__ import annotations

from typing import Final

from frrgen.lines.rule import AbsentRule, EachRule, Impact, ItemRule, PairRule, Rule, Table, WordsRule

_RESET: Final = Impact.RESET
_REFRESH: Final = Impact.REFRESH
_NONE: Final = Impact.NONE
_V10: Final = (10,)

INSTANCE: Final = Table(
    Rule("router_id", "bgp router-id {}", impact=_RESET, undo="bgp router-id"),
    Rule("log_neighbor_changes", "bgp log-neighbor-changes", default=False),
    Rule("log_neighbor_changes", "bgp log-neighbor-changes", const=False, negative=True, default=False),
    Rule("default_ipv4_unicast", "bgp default ipv4-unicast", const=False, negative=True),
    Rule("default_ipv4_unicast", "bgp default ipv4-unicast", default=True),
    Rule("default_shutdown", "bgp default shutdown"),
    Rule("show_hostname", "bgp default show-hostname"),
    Rule("show_nexthop_hostname", "bgp default show-nexthop-hostname"),
    Rule("ebgp_requires_policy", "bgp ebgp-requires-policy", default=True),
    Rule("ebgp_requires_policy", "bgp ebgp-requires-policy", const=False, negative=True),
    Rule("network_import_check", "bgp network import-check", default=True),
    Rule("network_import_check", "bgp network import-check", const=False, negative=True),
    Rule("fast_external_failover", "bgp fast-external-failover", const=False, negative=True),
    Rule("fast_convergence", "bgp fast-convergence"),
    Rule("client_to_client_reflection", "bgp client-to-client reflection", const=False, negative=True),
    Rule("suppress_duplicates", "bgp suppress-duplicates", const=False, negative=True),
    Rule("hard_administrative_reset", "bgp hard-administrative-reset", const=False, negative=True),
    Rule("reject_as_sets", "bgp reject-as-sets", impact=_RESET),
    Rule("reject_as_sets", "bgp reject-as-sets", const=False, negative=True, default=False, impact=_RESET),
    Rule("graceful_shutdown", "bgp graceful-shutdown"),
    Rule("disable_ebgp_connected_route_check", "bgp disable-ebgp-connected-route-check"),
    Rule("suppress_fib_pending", "bgp suppress-fib-pending", impact_10=_RESET),
    Rule("allow_outbound_policy", "bgp route-reflector allow-outbound-policy"),
    Rule("allow_martian_nexthop", "bgp allow-martian-nexthop"),
    Rule("shutdown", "bgp shutdown", impact=_RESET),
    Rule("cluster_id", "bgp cluster-id {}", undo="bgp cluster-id", impact=_RESET, resets="internal"),
    Rule("confederation.identifier", "bgp confederation identifier {}", impact=_RESET, resets="external"),
    EachRule("confederation.peers", "bgp confederation peers {*}", impact=_RESET, resets="named"),
    Rule("bestpath.as_path_confed", "bgp bestpath as-path confed"),
    Rule("bestpath.as_path_ignore", "bgp bestpath as-path ignore"),
    Rule("bestpath.multipath_relax_as_set", "bgp bestpath as-path multipath-relax as-set"),
    Rule("bestpath.multipath_relax", "bgp bestpath as-path multipath-relax"),
    Rule("bestpath.compare_routerid", "bgp bestpath compare-routerid"),
    Rule("bestpath.med_confed", "bgp bestpath med confed"),
    Rule("bestpath.med_missing_as_worst", "bgp bestpath med missing-as-worst"),
    Rule("bestpath.bandwidth", "bgp bestpath bandwidth {}", undo="bgp bestpath bandwidth"),
    Rule("bestpath.peer_type_multipath_relax", "bgp bestpath peer-type multipath-relax"),
    Rule("bestpath.always_compare_med", "bgp always-compare-med"),
    Rule("bestpath.deterministic_med", "bgp deterministic-med"),
    Rule("graceful_restart.mode", "bgp graceful-restart", const="restart", impact_10=_RESET),
    Rule("graceful_restart.mode", "bgp graceful-restart-disable", const="disable", impact_10=_RESET),
    Rule("graceful_restart.restart_time", "bgp graceful-restart restart-time {}", default=120),
    Rule("graceful_restart.stalepath_time", "bgp graceful-restart stalepath-time {}", default=360),
    Rule("graceful_restart.rib_stale_time", "bgp graceful-restart rib-stale-time {}", default=500),
    Rule("graceful_restart.select_defer_time", "bgp graceful-restart select-defer-time {}"),
    Rule("graceful_restart.preserve_fw_state", "bgp graceful-restart preserve-fw-state"),
    Rule("graceful_restart.notification", "bgp graceful-restart notification", const=False, negative=True),
    Rule("graceful_restart.long_lived_stale_time", "bgp long-lived-graceful-restart stale-time {}"),
    Rule("default_local_preference", "bgp default local-preference {}", default=100, clear="soft"),
    Rule("minimum_holdtime", "bgp minimum-holdtime {}"),
    Rule("listen_limit", "bgp listen limit {}", default=100),
    PairRule(
        "max_med.on_startup",
        "bgp max-med on-startup {}",
        other="max_med.on_startup_med",
        other_form=" {}",
        undo="bgp max-med on-startup",
        clear="soft out",
    ),
    PairRule(
        "max_med.administrative",
        "bgp max-med administrative",
        other="max_med.administrative_med",
        other_form=" {}",
        undo="bgp max-med administrative",
        clear="soft out",
    ),
    Rule("timers", "timers bgp {keepalive} {hold}", undo="timers bgp"),
    Rule("coalesce_time", "coalesce-time {}"),
    Rule("update_delay", "update-delay {maximum}[ {establish_wait}]", undo="update-delay"),
    Rule("read_quanta", "read-quanta {}", default=10),
    Rule("write_quanta", "write-quanta {}", default=64),
    Rule("conditional_advertisement_timer", "bgp conditional-advertisement timer {}", default=60),
    always=frozenset({"ebgp_requires_policy", "network_import_check"}),
)
"""Lines of `router bgp`, without neighbors and listen ranges."""

LISTEN: Final = Table(ItemRule("listen_ranges", "bgp listen range {key} peer-group {}", undo_first=True))

NEIGHBOR: Final = Table(
    Rule("description", "description {*}", undo="description"),
    Rule("bfd", "bfd", presence=True),
    Rule("bfd.profile", "bfd profile {}"),
    Rule("bfd.check_control_plane_failure", "bfd check-control-plane-failure"),
    Rule("password", "password {*}", undo="password", impact=_RESET),
    Rule("ttl_security_hops", "ttl-security hops {}", undo_first=True, excludes=("ebgp_multihop",), impact=_RESET),
    Rule(
        "ebgp_multihop",
        "ebgp-multihop {}",
        undo="ebgp-multihop",
        undo_first=True,
        excludes=("ttl_security_hops",),
        impact=_RESET,
    ),
    Rule("ebgp_multihop", "ebgp-multihop", const=255, parse_only=True),
    Rule("disable_connected_check", "disable-connected-check", impact=_RESET),
    Rule("disable_connected_check", "enforce-multihop", parse_only=True),
    Rule("passive", "passive", impact=_RESET),
    Rule("shutdown_rtt", "shutdown rtt {rtt}[ count {count}]", undo="shutdown rtt"),
    PairRule(
        "shutdown",
        "shutdown",
        other="shutdown_message",
        other_form=" message {}",
        undo="shutdown",
        undo_first=True,
        impact=_RESET,
    ),
    Rule("shutdown", "shutdown", const=False, negative=True, parse_only=True),
    Rule("update_source", "update-source {}", undo="update-source", impact=_RESET),
    Rule("advertisement_interval", "advertisement-interval {}", undo="advertisement-interval"),
    Rule("timers", "timers {#keepalive} {#hold}", undo="timers"),
    Rule("timers_connect", "timers connect {}", undo="timers connect"),
    Rule("timers_delayopen", "timers delayopen {}", undo="timers delayopen"),
    Rule("local_as", "local-as {asn}[ no-prepend?no_prepend][ replace-as?replace_as]", undo="local-as", impact=_RESET),
    PairRule(
        "local_role",
        "local-role {}",
        other="local_role_strict",
        other_form=" strict-mode",
        undo_first=True,
        impact=_RESET,
        impact_10=_NONE,
    ),
    Rule("tcp_mss", "tcp-mss {}", undo="tcp-mss"),
    Rule("port", "port {}", undo="port", default=179, impact=_RESET),
    Rule("solo", "solo"),
    Rule("capability_dynamic", "capability dynamic", impact=_RESET, impact_10=_NONE),
    Rule("capability_extended_nexthop", "capability extended-nexthop", impact=_RESET),
    Rule(
        "capability_extended_nexthop",
        "capability extended-nexthop",
        const=False,
        negative=True,
        default=False,
        impact=_RESET,
    ),
    Rule("dont_capability_negotiate", "dont-capability-negotiate"),
    Rule("override_capability", "override-capability"),
    Rule("strict_capability_match", "strict-capability-match"),
    Rule("enforce_first_as", "enforce-first-as"),
    Rule("enforce_first_as", "enforce-first-as", const=False, negative=True),
    Rule("graceful_restart", "graceful-restart", const="restart", undo_first=True, impact_10=_RESET),
    Rule("graceful_restart", "graceful-restart-helper", const="helper", undo_first=True, impact_10=_RESET),
    Rule("graceful_restart", "graceful-restart-disable", const="disable", undo_first=True, impact_10=_RESET),
    Rule("extended_optional_parameters", "extended-optional-parameters", impact=_RESET),
    Rule("sender_as_path_loop_detection", "sender-as-path-loop-detection", impact_10=_RESET),
    Rule("disable_link_bw_encoding_ieee", "disable-link-bw-encoding-ieee"),
    Rule("graceful_shutdown", "graceful-shutdown", since=_V10),
)
"""Lines behind `neighbor X `, without the ones that make the neighbor."""

_VPN: Final = ("rd_export", "label_export", "rt_import", "rt_export", "export_vpn", "import_vpn")
_NO_VPN: Final = tuple(f"vrf_leaking.{name}" for name in _VPN)
_NO_VRF: Final = ("vrf_leaking.import_vrf",)

_COMMUNITY_KINDS: Final = ("standard", "extended", "large")

NEIGHBOR_FAMILY: Final = Table(
    Rule("activate", "activate", impact=_RESET),
    Rule("activate", "activate", const=False, negative=True, impact=_RESET),
    Rule("addpath_tx", "addpath-tx-all-paths", const="all-paths", undo_first=True, impact=_RESET),
    Rule("addpath_tx", "addpath-tx-bestpath-per-AS", const="bestpath-per-AS", undo_first=True, impact=_RESET),
    Rule("disable_addpath_rx", "disable-addpath-rx", impact=_RESET),
    Rule("capability_orf", "capability orf prefix-list {}", undo_first=True, impact=_RESET),
    Rule("route_reflector_client", "route-reflector-client", only="internal", impact=_RESET),
    Rule("next_hop_self", "next-hop-self", undo_first=True, impact=_REFRESH),
    Rule("next_hop_self", "next-hop-self force", const="force", undo_first=True, impact=_REFRESH),
    Rule(
        "remove_private_as",
        "remove-private-AS[ all?all][ replace-AS?replace]",
        undo_first=True,
        only="external",
        impact=_REFRESH,
    ),
    Rule("as_override", "as-override", only="external", impact=_REFRESH),
    *(
        AbsentRule(
            "send_community",
            "send-community" if word == "standard" else f"send-community {word}",
            negative=True,
            undo=f"send-community {word}",
            impact=_REFRESH,
            word=word,
            words=_COMMUNITY_KINDS,
        )
        for word in _COMMUNITY_KINDS
    ),
    Rule("default_originate", "default-originate[ route-map {route_map}]", undo="default-originate", impact=_REFRESH),
    Rule("soft_reconfiguration_inbound", "soft-reconfiguration inbound"),
    Rule(
        "maximum_prefix",
        "maximum-prefix {limit}[ {#threshold}][ restart {restart}][ warning-only?warning_only][ force?force]",
        undo="maximum-prefix",
    ),
    Rule("maximum_prefix_out", "maximum-prefix-out {}", undo="maximum-prefix-out"),
    Rule("route_server_client", "route-server-client", takes="attribute_unchanged", impact=_RESET),
    Rule("nexthop_local_unchanged", "nexthop-local unchanged", impact=_REFRESH),
    Rule("allowas_in", "allowas-in", const=3, parse_only=True),
    Rule("allowas_in", "allowas-in {}", undo="allowas-in", impact=_REFRESH),
    Rule("weight", "weight {}", undo="weight", lingers=True, impact=_REFRESH),
    Rule("soo", "soo {}", impact=_RESET),
    Rule("distribute_list_in", "distribute-list {} in", excludes=("prefix_list_in",), impact=_REFRESH),
    Rule("distribute_list_out", "distribute-list {} out", excludes=("prefix_list_out",), impact=_REFRESH),
    Rule("prefix_list_in", "prefix-list {} in", excludes=("distribute_list_in",), impact=_REFRESH),
    Rule("prefix_list_out", "prefix-list {} out", excludes=("distribute_list_out",), impact=_REFRESH),
    Rule("filter_list_in", "filter-list {} in", impact=_REFRESH),
    Rule("filter_list_out", "filter-list {} out", impact=_REFRESH),
    Rule("route_map_in", "route-map {} in", impact=_REFRESH),
    Rule("route_map_out", "route-map {} out", impact=_REFRESH),
    Rule("unsuppress_map", "unsuppress-map {}", impact=_REFRESH),
    Rule("advertise_map", "advertise-map {route_map} {condition} {condition_map}", undo_first=True, impact=_REFRESH),
    Rule("attribute_unchanged", "attribute-unchanged", const=("as-path", "next-hop", "med"), parse_only=True),
    WordsRule("attribute_unchanged", "attribute-unchanged {*}", undo_first=True, impact=_REFRESH),
)
"""Lines behind `neighbor X ` in an address family."""

FAMILY: Final = Table(
    ItemRule(
        "networks",
        "network {key}[ route-map {route_map}][ label-index {label_index}][ backdoor?backdoor]",
        stuck="label-index",
    ),
    ItemRule(
        "aggregates",
        "aggregate-address {key}[ as-set?as_set][ summary-only?summary_only][ route-map {route_map}]"
        "[ origin {origin}][ matching-MED-only?matching_med_only][ suppress-map {suppress_map}]",
    ),
    ItemRule(
        "redistribute",
        "redistribute {key}[ metric {metric}][ route-map {route_map}]",
        undo="redistribute {key}",
        undo_first=True,
    ),
    Rule("distance_bgp", "distance bgp {external} {internal} {local}", undo="distance bgp"),
    Rule("maximum_paths", "maximum-paths {}", undo="maximum-paths"),
    PairRule(
        "maximum_paths_ibgp",
        "maximum-paths ibgp {}",
        other="maximum_paths_ibgp_equal_cluster_length",
        other_form=" equal-cluster-length",
        undo="maximum-paths ibgp",
    ),
    Rule("table_map", "table-map {}"),
    Rule("dampening", "bgp dampening {half_life} {reuse} {suppress} {max_suppress}", undo="bgp dampening"),
    Rule("vrf_leaking.rd_export", "rd vpn export {}", undo="rd vpn export", excludes=_NO_VRF),
    Rule("vrf_leaking.label_export", "label vpn export {}", undo="label vpn export", excludes=_NO_VRF),
    WordsRule("vrf_leaking.rt_import", "rt vpn import {*}", undo="rt vpn import", undo_first=True, excludes=_NO_VRF),
    WordsRule("vrf_leaking.rt_export", "rt vpn export {*}", undo="rt vpn export", undo_first=True, excludes=_NO_VRF),
    Rule("vrf_leaking.import_vrf_route_map", "import vrf route-map {}", undo="import vrf route-map"),
    EachRule("vrf_leaking.import_vrf", "import vrf {*}", excludes=_NO_VPN),
    Rule("vrf_leaking.export_vpn", "export vpn", excludes=_NO_VRF),
    Rule("vrf_leaking.import_vpn", "import vpn", excludes=_NO_VRF),
)
"""Lines of `address-family` that are not a neighbor's."""
