"""The lines of `router bgp` and of its address families.

Impacts were measured on sessions of every kind of FRR 8.4.4, 10.3 and 10.7.1: tests/lab/test_impact.py.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from frrgen.lines.kinds import EachRule, ItemRule, PairRule, PresentRule
from frrgen.lines.rule import Impact, LineRule, RuleTable, WordsRule
from frrgen.model.bgp import DefaultFamily
from frrgen.model.instance_family import Dampening, DistanceBgp

_RESET: Final = Impact.RESET
_REFRESH: Final = Impact.REFRESH
_NEXT: Final = Impact.NEXT
_NONE: Final = Impact.NONE
LISTEN_LIMIT: Final = 100
"""Dynamic sessions of an instance, unless `bgp listen limit` says another number."""


class DampeningRule(LineRule):
    """`bgp dampening`: FRR writes the half-life alone where the rest is its default."""

    def body(self, value: Any, key: str = "") -> str:
        """Write what is not FRR's default."""
        defaults = Dampening()
        if value == defaults:
            return "bgp dampening"
        if value == defaults.model_copy(update={"half_life": value.half_life}):
            return f"bgp dampening {value.half_life}"
        return super().body(value, key)


INSTANCE: Final = RuleTable(
    LineRule("router_id", "bgp router-id {}", impact=_RESET, undo="bgp router-id"),
    LineRule("log_neighbor_changes", "bgp log-neighbor-changes", default=False, impact=_NONE),
    LineRule(
        "log_neighbor_changes", "bgp log-neighbor-changes", const=False, negative=True, default=False, impact=_NONE
    ),
    LineRule("default_ipv4_unicast", "bgp default ipv4-unicast", const=False, negative=True, impact=_NONE),
    LineRule("default_ipv4_unicast", "bgp default ipv4-unicast", default=True, impact=_NONE),
    LineRule("default_ipv6_unicast", "bgp default ipv6-unicast", impact=_NONE),
    LineRule(
        "default_ipv6_unicast", "bgp default ipv6-unicast", const=False, negative=True, default=False, impact=_NONE
    ),
    *(
        PresentRule("default_families", f"bgp default {family}", word=family, impact=_NONE)
        for family in get_args(DefaultFamily)
    ),
    LineRule("default_capability_dynamic", "bgp default dynamic-capability", impact=_NEXT),
    LineRule("default_capability_link_local", "bgp default link-local-capability", impact=_NEXT),
    LineRule("default_capability_software_version", "bgp default software-version-capability", impact=_NEXT),
    LineRule(
        "default_capability_software_version_latest",
        "bgp default software-version-capability latest-encoding",
        impact=_NEXT,
    ),
    LineRule("default_shutdown", "bgp default shutdown", impact=_NONE),
    LineRule("show_hostname", "bgp default show-hostname", impact=_NONE),
    LineRule("show_hostname", "bgp default show-hostname", const=False, negative=True, default=False, impact=_NONE),
    LineRule("show_nexthop_hostname", "bgp default show-nexthop-hostname", impact=_NONE),
    LineRule(
        "show_nexthop_hostname",
        "bgp default show-nexthop-hostname",
        const=False,
        negative=True,
        default=False,
        impact=_NONE,
    ),
    LineRule("ebgp_requires_policy", "bgp ebgp-requires-policy", default=True, impact=_NONE),
    LineRule("ebgp_requires_policy", "bgp ebgp-requires-policy", const=False, negative=True, impact=_NONE),
    LineRule("network_import_check", "bgp network import-check", default=True, impact=_NONE),
    LineRule("network_import_check", "bgp network import-check", const=False, negative=True, impact=_NONE),
    LineRule("fast_external_failover", "bgp fast-external-failover", const=False, negative=True, impact=_NONE),
    LineRule("fast_convergence", "bgp fast-convergence", impact=_NONE),
    LineRule(
        "client_to_client_reflection", "bgp client-to-client reflection", const=False, negative=True, impact=_NONE
    ),
    LineRule("suppress_duplicates", "bgp suppress-duplicates", const=False, negative=True, impact=_NONE),
    LineRule("suppress_duplicates", "bgp suppress-duplicates", parse_only=True, impact=_NONE),
    LineRule("hard_administrative_reset", "bgp hard-administrative-reset", const=False, negative=True, impact=_NONE),
    LineRule("hard_administrative_reset", "bgp hard-administrative-reset", parse_only=True, impact=_NONE),
    LineRule("reject_as_sets", "bgp reject-as-sets", impact=_RESET),
    LineRule("reject_as_sets", "bgp reject-as-sets", const=False, negative=True, impact=_RESET),
    LineRule("graceful_shutdown", "bgp graceful-shutdown", impact=_NONE),
    LineRule("disable_ebgp_connected_route_check", "bgp disable-ebgp-connected-route-check", impact=_NONE),
    PairRule(
        "suppress_fib_pending",
        "bgp suppress-fib-pending",
        other="suppress_fib_pending_delay",
        other_form=" {}",
        undo="bgp suppress-fib-pending",
        impact=_NONE,
        impact_10=_RESET,
    ),
    LineRule("allow_outbound_policy", "bgp route-reflector allow-outbound-policy", impact=_NONE),
    LineRule("allow_martian_nexthop", "bgp allow-martian-nexthop", impact=_NONE),
    LineRule("shutdown", "bgp shutdown", impact=_RESET, once=True),
    LineRule("cluster_id", "bgp cluster-id {}", undo="bgp cluster-id", impact=_RESET, resets="internal"),
    LineRule("confederation.identifier", "bgp confederation identifier {}", impact=_RESET, resets="external"),
    EachRule("confederation.peers", "bgp confederation peers {*}", impact=_RESET, resets="named"),
    LineRule("bestpath.as_path_confed", "bgp bestpath as-path confed", impact=_NONE),
    LineRule("bestpath.as_path_ignore", "bgp bestpath as-path ignore", impact=_NONE),
    PairRule(
        "bestpath.multipath_relax",
        "bgp bestpath as-path multipath-relax",
        other="bestpath.multipath_relax_as_set",
        other_form=" as-set",
        impact=_NONE,
    ),
    LineRule("bestpath.aigp", "bgp bestpath aigp", impact=_NONE),
    LineRule("bestpath.use_imported_attributes", "bgp bestpath use-imported-attributes", impact=_NONE),
    LineRule("bestpath.compare_routerid", "bgp bestpath compare-routerid", impact=_NONE),
    LineRule("bestpath.med_confed", "bgp bestpath med confed", impact=_NONE),
    LineRule("bestpath.med_missing_as_worst", "bgp bestpath med missing-as-worst", impact=_NONE),
    LineRule("bestpath.bandwidth", "bgp bestpath bandwidth {}", undo="bgp bestpath bandwidth", impact=_NONE),
    LineRule("bestpath.peer_type_multipath_relax", "bgp bestpath peer-type multipath-relax", impact=_NONE),
    LineRule("bestpath.always_compare_med", "bgp always-compare-med", impact=_NONE),
    LineRule("bestpath.deterministic_med", "bgp deterministic-med", impact=_NONE),
    LineRule(
        "bestpath.deterministic_med", "bgp deterministic-med", const=False, negative=True, default=False, impact=_NONE
    ),
    LineRule("graceful_restart.mode", "bgp graceful-restart", const="restart", impact_10=_RESET, impact=_NEXT),
    LineRule("graceful_restart.mode", "bgp graceful-restart-disable", const="disable", impact_10=_RESET, impact=_NEXT),
    LineRule("graceful_restart.restart_time", "bgp graceful-restart restart-time {}", default=120, impact=_NEXT),
    LineRule("graceful_restart.stalepath_time", "bgp graceful-restart stalepath-time {}", default=360, impact=_NONE),
    LineRule("graceful_restart.rib_stale_time", "bgp graceful-restart rib-stale-time {}", default=500, impact=_NONE),
    LineRule("graceful_restart.select_defer_time", "bgp graceful-restart select-defer-time {}", impact=_NONE),
    LineRule("graceful_restart.preserve_fw_state", "bgp graceful-restart preserve-fw-state", impact=_NONE),
    LineRule(
        "graceful_restart.notification", "bgp graceful-restart notification", const=False, negative=True, impact=_NEXT
    ),
    LineRule("graceful_restart.notification", "bgp graceful-restart notification", parse_only=True, impact=_NONE),
    LineRule("graceful_restart.long_lived_stale_time", "bgp long-lived-graceful-restart stale-time {}", impact=_NEXT),
    LineRule("default_local_preference", "bgp default local-preference {}", default=100, clear="soft", impact=_NONE),
    LineRule("minimum_holdtime", "bgp minimum-holdtime {}", impact=_NONE),
    LineRule("listen_limit", "bgp listen limit {}", default=LISTEN_LIMIT, impact=_NONE),
    PairRule(
        "max_med.on_startup",
        "bgp max-med on-startup {}",
        other="max_med.on_startup_med",
        other_form=" {}",
        undo="bgp max-med on-startup",
        clear="soft out",
        impact=_NONE,
    ),
    PairRule(
        "max_med.administrative",
        "bgp max-med administrative",
        other="max_med.administrative_med",
        other_form=" {}",
        undo="bgp max-med administrative",
        clear="soft out",
        impact=_NONE,
    ),
    LineRule("timers", "timers bgp {keepalive} {hold}", undo="timers bgp", impact=_NEXT),
    LineRule("coalesce_time", "coalesce-time {}", impact=_NONE),
    LineRule("update_delay", "update-delay {maximum}[ {establish_wait}]", undo="update-delay", impact=_NONE),
    LineRule("read_quanta", "read-quanta {}", default=10, impact=_NONE),
    LineRule("write_quanta", "write-quanta {}", default=64, impact=_NONE),
    LineRule("conditional_advertisement_timer", "bgp conditional-advertisement timer {}", default=60, impact=_NONE),
    LineRule("advertisement_delay", "advertisement-delay {}", undo="advertisement-delay", impact=_NONE),
    LineRule("default_originate_timer", "bgp default-originate timer {}", default=5, impact=_NONE),
    LineRule(
        "subgroup_packet_queue",
        "bgp default subgroup-pkt-queue-max {}",
        default=40,
        undo="bgp default subgroup-pkt-queue-max",
        impact=_NONE,
    ),
    LineRule("tcp_keepalive", "bgp tcp-keepalive {idle} {interval} {probes}", undo="bgp tcp-keepalive", impact=_NEXT),
    always=frozenset({"ebgp_requires_policy", "network_import_check"}),
)
"""Lines of `router bgp`, without neighbors and listen ranges."""

LISTEN: Final = RuleTable(
    ItemRule("listen_ranges", "bgp listen range {key} peer-group {}", undo_first=True, impact=_NONE)
)


_VPN: Final = (
    "rd_export",
    "label_export",
    "label_per_nexthop",
    "nexthop_export",
    "rt_import",
    "rt_export",
    "route_map_import",
    "route_map_export",
    "export_vpn",
    "import_vpn",
)
_NO_VPN: Final = tuple(f"vrf_leaking.{name}" for name in _VPN)
_NO_VRF: Final = ("vrf_leaking.import_vrf", "vrf_leaking.import_vrf_route_map")


FAMILY: Final = RuleTable(
    ItemRule(
        "networks",
        "network {key}[ route-map {route_map}][ label-index {label_index}][ backdoor?backdoor]",
        stuck="label-index",
        impact=_NONE,
    ),
    ItemRule(
        "aggregates",
        "aggregate-address {key}[ as-set?as_set][ summary-only?summary_only][ route-map {route_map}]"
        "[ origin {origin}][ matching-MED-only?matching_med_only][ suppress-map {suppress_map}]",
        impact=_NONE,
    ),
    ItemRule(
        "redistribute",
        "redistribute {key}[ metric {metric}][ route-map {route_map}]",
        undo="redistribute {key}",
        undo_first=True,
        impact=_NONE,
    ),
    LineRule(
        "distance_bgp",
        "distance bgp {external} {internal} {local}",
        default=DistanceBgp(external=20, internal=200, local=200),
        undo="distance bgp",
        impact=_NONE,
    ),
    ItemRule("distances", "distance {distance} {key}[ {access_list}]", undo_first=True, impact=_NONE),
    LineRule("maximum_paths", "maximum-paths {}", undo="maximum-paths", impact=_NONE),
    PairRule(
        "maximum_paths_ibgp",
        "maximum-paths ibgp {}",
        other="maximum_paths_ibgp_equal_cluster_length",
        other_form=" equal-cluster-length",
        undo="maximum-paths ibgp",
        impact=_NONE,
    ),
    LineRule("table_map", "table-map {}", impact=_NONE),
    DampeningRule(
        "dampening", "bgp dampening {half_life} {reuse} {suppress} {max_suppress}", undo="bgp dampening", impact=_NONE
    ),
    LineRule("nexthop_prefer_global", "nexthop prefer-global", impact=_NONE),
    # `no rd|rt|route-map vpn …` without the value: FRR prints "Internal CLI error" and undoes nothing
    LineRule("vrf_leaking.rd_export", "rd vpn export {}", excludes=_NO_VRF, impact=_NONE),
    LineRule(
        "vrf_leaking.label_export", "label vpn export {}", undo="label vpn export", excludes=_NO_VRF, impact=_NONE
    ),
    LineRule(
        "vrf_leaking.label_per_nexthop",
        "label vpn export allocation-mode per-nexthop",
        excludes=_NO_VRF,
        impact=_NONE,
    ),
    LineRule(
        "vrf_leaking.nexthop_export",
        "nexthop vpn export {}",
        undo="nexthop vpn export",
        excludes=_NO_VRF,
        impact=_NONE,
    ),
    LineRule(
        "vrf_leaking.route_map_import",
        "route-map vpn import {}",
        excludes=_NO_VRF,
        impact=_NONE,
    ),
    LineRule(
        "vrf_leaking.route_map_export",
        "route-map vpn export {}",
        excludes=_NO_VRF,
        impact=_NONE,
    ),
    WordsRule("vrf_leaking.redirect_import", "rt redirect import {*}", undo_first=True, impact=_NONE),
    WordsRule(
        "vrf_leaking.rt_import",
        "rt vpn import {*}",
        undo_first=True,
        excludes=_NO_VRF,
        impact=_NONE,
    ),
    WordsRule(
        "vrf_leaking.rt_export",
        "rt vpn export {*}",
        undo_first=True,
        excludes=_NO_VRF,
        impact=_NONE,
    ),
    LineRule(
        "vrf_leaking.import_vrf_route_map",
        "import vrf route-map {}",
        undo="import vrf route-map",
        excludes=_NO_VPN,
        impact=_NONE,
    ),
    EachRule("vrf_leaking.import_vrf", "import vrf {*}", excludes=_NO_VPN, impact=_NONE),
    LineRule("vrf_leaking.export_vpn", "export vpn", excludes=_NO_VRF, impact=_NONE),
    LineRule("vrf_leaking.import_vpn", "import vpn", excludes=_NO_VRF, impact=_NONE),
)
"""Lines of `address-family` that are not a neighbor's."""
