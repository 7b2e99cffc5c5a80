"""The lines of a neighbor and a peer group, and of each address family on them.

Impacts were measured on sessions of every kind of FRR 8.4.4, 10.3 and 10.7.1: tests/lab/test_impact.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from frrgen.lines.kinds import AbsentRule, PairRule
from frrgen.lines.rule import Data, Impact, LineRule, RuleTable, WordsRule, Written

_RESET: Final = Impact.RESET
_REFRESH: Final = Impact.REFRESH
_NEXT: Final = Impact.NEXT
_NONE: Final = Impact.NONE


class AllowedRule(LineRule):
    """`allowas-in [route-map NAME] N`."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression of the line, with the map and without."""
        return re.compile("allowas-in(?: route-map (?P<map>[^ ]+))?(?: (?P<value>[^ ]+))?")

    def written(self, obj: Any, *, canonical: bool) -> Iterator[Written]:
        """Write the line, with the map where there is one."""
        for rule, slot, body in super().written(obj, canonical=canonical):
            name = obj.allowas_in_map
            yield rule, slot, body if name is None else body.replace("allowas-in", f"allowas-in route-map {name}")

    def read(self, match: re.Match[str], data: Data) -> None:
        """Read the number, 3 if there is none, and the map."""
        data["allowas_in"] = match["value"] or 3
        if match["map"]:
            data["allowas_in_map"] = match["map"]


NEIGHBOR: Final = RuleTable(
    LineRule("description", "description {*}", undo="description", impact=_NONE),
    LineRule("bfd", "bfd", presence=True, impact=_NONE),
    LineRule("bfd.profile", "bfd profile {}", impact=_NONE),
    LineRule("bfd.check_control_plane_failure", "bfd check-control-plane-failure", impact=_NONE),
    LineRule("bfd.strict_hold_time", "bfd strict", const=30, impact=_NEXT),
    LineRule("bfd.strict_hold_time", "bfd strict hold-time {}", undo="bfd strict", but=30, impact=_NEXT),
    LineRule("password", "password {*}", undo="password", impact=_RESET),
    LineRule("ttl_security_hops", "ttl-security hops {}", undo_first=True, excludes=("ebgp_multihop",), impact=_RESET),
    LineRule(
        "ebgp_multihop",
        "ebgp-multihop {}",
        undo="ebgp-multihop",
        undo_first=True,
        excludes=("ttl_security_hops",),
        impact=_RESET,
    ),
    LineRule("ebgp_multihop", "ebgp-multihop", const=255, parse_only=True),
    LineRule("disable_connected_check", "disable-connected-check", impact=_RESET),
    LineRule("disable_connected_check", "enforce-multihop", parse_only=True),
    LineRule("passive", "passive", impact=_RESET),
    # FRR keeps a count that is not said
    LineRule("shutdown_rtt", "shutdown rtt {rtt} count {count}", undo="shutdown rtt", impact=_NONE),
    LineRule("shutdown_rtt", "shutdown rtt {rtt}", parse_only=True),
    PairRule(
        "shutdown",
        "shutdown",
        other="shutdown_message",
        other_form=" message {}",
        undo="shutdown",
        undo_first=True,
        impact=_RESET,
    ),
    LineRule("shutdown", "shutdown", const=False, negative=True, parse_only=True),
    LineRule("update_source", "update-source {}", undo="update-source", impact=_RESET),
    LineRule("advertisement_interval", "advertisement-interval {}", undo="advertisement-interval", impact=_NONE),
    LineRule("timers", "timers {#keepalive} {#hold}", undo="timers", impact=_NEXT),
    LineRule("timers_connect", "timers connect {}", undo="timers connect", impact=_NONE),
    LineRule("timers_delayopen", "timers delayopen {}", undo="timers delayopen", impact=_NONE),
    LineRule(
        "local_as",
        "local-as {asn}[ no-prepend?no_prepend][ replace-as?replace_as][ dual-as?dual_as]",
        undo="local-as",
        impact=_RESET,
    ),
    PairRule(
        "local_role",
        "local-role {}",
        other="local_role_strict",
        other_form=" strict-mode",
        undo_first=True,
        only="external",
        impact=_RESET,
        impact_10=_NEXT,
    ),
    LineRule("tcp_mss", "tcp-mss {}", undo="tcp-mss", impact=_NONE),
    LineRule("port", "port {}", undo="port", default=179, impact=_RESET),
    LineRule("solo", "solo", impact=_NONE),
    LineRule("capability_dynamic", "capability dynamic", impact=_RESET, impact_10=_NEXT),
    LineRule("capability_dynamic", "capability dynamic", const=False, negative=True, impact=_RESET, impact_10=_NEXT),
    LineRule("capability_extended_nexthop", "capability extended-nexthop", impact=_RESET),
    LineRule(
        "capability_extended_nexthop",
        "capability extended-nexthop",
        const=False,
        negative=True,
        default=False,
        impact=_RESET,
    ),
    LineRule("dont_capability_negotiate", "dont-capability-negotiate", impact=_NEXT),
    LineRule("override_capability", "override-capability", excludes=("strict_capability_match",), impact=_NEXT),
    LineRule("strict_capability_match", "strict-capability-match", excludes=("override_capability",), impact=_NEXT),
    LineRule("enforce_first_as", "enforce-first-as", impact=_NONE),
    LineRule("enforce_first_as", "enforce-first-as", const=False, negative=True, impact=_NONE),
    LineRule("graceful_restart", "graceful-restart", const="restart", undo_first=True, impact_10=_RESET, impact=_NEXT),
    LineRule(
        "graceful_restart", "graceful-restart-helper", const="helper", undo_first=True, impact_10=_RESET, impact=_NEXT
    ),
    LineRule(
        "graceful_restart", "graceful-restart-disable", const="disable", undo_first=True, impact_10=_RESET, impact=_NEXT
    ),
    LineRule("extended_optional_parameters", "extended-optional-parameters", impact=_RESET),
    LineRule("sender_as_path_loop_detection", "sender-as-path-loop-detection", impact_10=_RESET, impact=_NONE),
    LineRule("disable_link_bw_encoding_ieee", "disable-link-bw-encoding-ieee", impact=_NONE),
    LineRule("graceful_shutdown", "graceful-shutdown", impact=_NONE),
    LineRule("aigp", "aigp", impact=_NONE),
    LineRule("oad", "oad", impact=_NEXT),
    LineRule("rpki_strict", "rpki strict", impact=_NONE),
    LineRule("capability_link_local", "capability link-local", impact=_NEXT),
    LineRule("capability_link_local", "capability link-local", const=False, negative=True, impact=_NEXT),
    LineRule("capability_software_version", "capability software-version", impact=_NEXT),
    LineRule("capability_software_version", "capability software-version", const=False, negative=True, impact=_NEXT),
    LineRule("capability_software_version_latest", "capability software-version latest-encoding", impact=_NEXT),
    LineRule(
        "capability_software_version_latest",
        "capability software-version latest-encoding",
        const=False,
        negative=True,
        impact=_NEXT,
    ),
    LineRule("extended_link_bandwidth", "extended-link-bandwidth", impact=_NONE),
    LineRule("send_nexthop_characteristics", "send-nexthop-characteristics", impact=_NONE),
    LineRule("local_link_id", "local-link-id {}", undo="local-link-id", impact=_NONE),
    LineRule("remote_link_id", "remote-link-id {}", undo="remote-link-id", impact=_NONE),
    WordsRule(
        "discarded_attributes",
        "path-attribute discard {*}",
        undo="path-attribute discard",
        undo_first=True,
        impact=_NONE,
    ),
    WordsRule("withdrawing_attributes", "path-attribute treat-as-withdraw {*}", undo_first=True, impact=_NONE),
)
"""Lines behind `neighbor X `, without the ones that make the neighbor."""


_COMMUNITY_KINDS: Final = ("standard", "extended", "large")


NEIGHBOR_FAMILY: Final = RuleTable(
    LineRule("activate", "activate", impact=_RESET),
    LineRule("activate", "activate", const=False, negative=True, impact=_RESET),
    LineRule(
        "addpath_tx",
        "addpath-tx-all-paths",
        const="all-paths",
        undo_first=True,
        excludes=("addpath_tx_best",),
        impact=_RESET,
    ),
    LineRule(
        "addpath_tx",
        "addpath-tx-bestpath-per-AS",
        const="bestpath-per-AS",
        undo_first=True,
        excludes=("addpath_tx_best",),
        impact=_RESET,
    ),
    LineRule(
        "addpath_tx_best",
        "addpath-tx-best-selected {}",
        undo_first=True,
        excludes=("addpath_tx",),
        impact=_RESET,
        once=True,
    ),
    LineRule("addpath_rx_limit", "addpath-rx-paths-limit {}", undo="addpath-rx-paths-limit", impact=_NONE),
    LineRule("disable_addpath_rx", "disable-addpath-rx", impact=_RESET),
    LineRule("dampening", "dampening[ {half_life}][ {*limits}]", undo="dampening", undo_first=True, impact=_NONE),
    LineRule("capability_orf", "capability orf prefix-list {}", undo_first=True, impact=_RESET),
    LineRule("route_reflector_client", "route-reflector-client", only="internal", impact=_RESET),
    LineRule("next_hop_self", "next-hop-self", undo_first=True, impact=_REFRESH),
    LineRule("next_hop_self", "next-hop-self force", const="force", undo_first=True, impact=_REFRESH),
    LineRule(
        "remove_private_as",
        "remove-private-AS[ all?all][ replace-AS?replace]",
        undo_first=True,
        only="external",
        impact=_REFRESH,
    ),
    LineRule("as_override", "as-override", only="external", impact=_REFRESH),
    *(
        AbsentRule(
            "send_community",
            "send-community" if word == "standard" else f"send-community {word}",
            negative=True,
            undo=f"send-community {word}",
            takes="send_community_rpki",
            impact=_REFRESH,
            word=word,
            words=_COMMUNITY_KINDS,
        )
        for word in _COMMUNITY_KINDS
    ),
    LineRule("send_community_rpki", "send-community extended rpki", impact=_NONE),
    LineRule(
        "default_originate", "default-originate[ route-map {route_map}]", undo="default-originate", impact=_REFRESH
    ),
    LineRule("soft_reconfiguration_inbound", "soft-reconfiguration inbound", impact=_NONE),
    LineRule(
        "maximum_prefix",
        "maximum-prefix {limit}[ {#threshold}][ restart {restart}][ warning-only?warning_only][ force?force]",
        undo="maximum-prefix",
        impact=_NONE,
    ),
    LineRule("maximum_prefix_out", "maximum-prefix-out {}", undo="maximum-prefix-out", impact=_NONE),
    LineRule("route_server_client", "route-server-client", takes="attribute_unchanged", impact=_RESET),
    LineRule("nexthop_local_unchanged", "nexthop-local unchanged", impact=_REFRESH),
    LineRule("allowas_in", "allowas-in", const=3, parse_only=True),
    AllowedRule("allowas_in", "allowas-in {}", undo="allowas-in", impact=_REFRESH),
    LineRule("weight", "weight {}", undo="weight", lingers=True, impact=_REFRESH),
    LineRule("soo", "soo {}", impact=_RESET),
    LineRule("distribute_list_in", "distribute-list {} in", excludes=("prefix_list_in",), impact=_REFRESH),
    LineRule("distribute_list_out", "distribute-list {} out", excludes=("prefix_list_out",), impact=_REFRESH),
    LineRule("prefix_list_in", "prefix-list {} in", excludes=("distribute_list_in",), impact=_REFRESH),
    LineRule("prefix_list_out", "prefix-list {} out", excludes=("distribute_list_out",), impact=_REFRESH),
    LineRule("filter_list_in", "filter-list {} in", impact=_REFRESH),
    LineRule("filter_list_out", "filter-list {} out", impact=_REFRESH),
    LineRule("route_map_in", "route-map {} in", impact=_REFRESH),
    LineRule("route_map_out", "route-map {} out", impact=_REFRESH),
    LineRule("unsuppress_map", "unsuppress-map {}", impact=_REFRESH),
    LineRule(
        "advertise_map", "advertise-map {route_map} {condition} {condition_map}", undo_first=True, impact=_REFRESH
    ),
    LineRule("attribute_unchanged", "attribute-unchanged", const=("as-path", "next-hop", "med"), parse_only=True),
    WordsRule("attribute_unchanged", "attribute-unchanged {*}", undo_first=True, impact=_REFRESH),
)
"""Lines behind `neighbor X ` in an address family."""
