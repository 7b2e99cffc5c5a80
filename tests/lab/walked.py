"""What a random walk on a real FRR draws: all of the model but the fields that no walk has drawn yet."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

NOT_YET: Final = frozenset(
    {
        "AccessListEntry.destination_wildcard",
        "AddressFamily.maximum_paths_ibgp_equal_cluster_length",
        "AddressFamily.nexthop_prefer_global",
        "AddressFamily.vrf_leaking",
        "Aggregate.matching_med_only",
        # bgpd 10.3 dies of some aggregates that hold routes back, when routes inside come or go: see FRR432
        "Aggregate.summary_only",
        "Aggregate.suppress_map",
        "Bestpath.aigp",
        "Bestpath.multipath_relax_as_set",
        "Bestpath.use_imported_attributes",
        "Bfd.strict_hold_time",
        "BfdProfile.echo_receive_interval",
        "BfdProfile.echo_transmit_interval",
        "Bgp.advertisement_delay",
        "Bgp.confederation",
        "Bgp.default_originate_timer",
        "Bgp.shutdown",
        "Bgp.subgroup_packet_queue",
        "Bgp.suppress_fib_pending",
        "Bgp.suppress_fib_pending_delay",
        "Bgp.tcp_keepalive",
        "Bgp.update_delay",
        "LocalAs.dual_as",
        "Match.alias",
        "Match.as_path_count",
        "Match.community_limit",
        "Match.extcommunity_limit",
        "Match.ip_address_prefix_len",
        "Match.ip_next_hop_blackhole",
        "Match.ip_next_hop_prefix_len",
        "Match.ip_route_source",
        "Match.ip_route_source_prefix_list",
        "Match.ipv6_address_prefix_len",
        "Match.ipv6_next_hop",
        "Match.ipv6_next_hop_blackhole",
        "Match.ipv6_next_hop_prefix_list",
        "Match.rpki",
        "Match.rpki_extcommunity",
        "Match.source_vrf",
        "Match.src_peer",
        "MaxMed.administrative",
        "MaxMed.administrative_med",
        "Neighbor.aigp",
        "Neighbor.capability_extended_nexthop",
        "Neighbor.capability_link_local",
        "Neighbor.capability_software_version",
        "Neighbor.discarded_attributes",
        "Neighbor.extended_link_bandwidth",
        "Neighbor.graceful_shutdown",
        "Neighbor.local_link_id",
        "Neighbor.oad",
        "Neighbor.override_capability",
        "Neighbor.remote_link_id",
        "Neighbor.rpki_strict",
        "Neighbor.send_nexthop_characteristics",
        "Neighbor.shutdown_message",
        "Neighbor.shutdown_rtt",
        "Neighbor.strict_capability_match",
        "Neighbor.withdrawing_attributes",
        "NeighborFamily.addpath_rx_limit",
        "NeighborFamily.addpath_tx_best",
        "NeighborFamily.allowas_in_map",
        "NeighborFamily.dampening",
        "NeighborFamily.route_server_client",
        "NeighborFamily.send_community_rpki",
        "NetworkStatement.backdoor",
        "NetworkStatement.label_index",
        "PeerGroup.aigp",
        "PeerGroup.capability_extended_nexthop",
        "PeerGroup.capability_link_local",
        "PeerGroup.capability_software_version",
        "PeerGroup.disable_link_bw_encoding_ieee",
        "PeerGroup.discarded_attributes",
        "PeerGroup.extended_link_bandwidth",
        "PeerGroup.extended_optional_parameters",
        # FRR 8.4 loses a group's mode behind some lines of its members, and shows what it likes of both
        "PeerGroup.graceful_restart",
        "PeerGroup.graceful_shutdown",
        "PeerGroup.local_link_id",
        "PeerGroup.oad",
        "PeerGroup.override_capability",
        "PeerGroup.remote_link_id",
        "PeerGroup.rpki_strict",
        "PeerGroup.send_nexthop_characteristics",
        "PeerGroup.sender_as_path_loop_detection",
        "PeerGroup.shutdown_message",
        "PeerGroup.shutdown_rtt",
        "PeerGroup.strict_capability_match",
        "PeerGroup.withdrawing_attributes",
        "Router.bfd_peers",
        "Router.community_aliases",
        "Router.hostname",
        "Router.ip_forwarding",
        "Router.ipv6_forwarding",
        "Router.log",
        "Router.rpki",
        "Router.service_password_encryption",
        "Router.vrfs",
        # bgpd 8.4 dies of `no call` behind some chains of plans, which nobody has reduced yet
        "RouteMapEntry.call",
        "Set.aigp_metric",
        "Set.as_path_exclude_all",
        "Set.as_path_exclude_list",
        "Set.as_path_prepend_last_as",
        "Set.as_path_replace",
        "Set.as_path_replace_list",
        "Set.as_path_replace_with",
        "Set.comm_list_delete_last",
        "Set.extcommunity_bandwidth",
        "Set.extcommunity_color",
        "Set.extcommunity_none",
        "Set.extcommunity_nt",
        "Set.extended_comm_list_delete",
        "Set.ipv6_next_hop_local",
        "Set.large_comm_list_delete_last",
        "Set.max_metric",
        "Set.min_metric",
        "StaticRoute.color",
        "StaticRoute.label",
        "StaticRoute.nexthop_vrf",
        "StaticRoute.onlink",
        "StaticRoute.source",
        "StaticRoute.table",
    }
)
"""Fields that tests/strategies.py draws and a walk on FRR does not: what FRR refuses or hides of them is not known.
tests/lab/test_impact.py and the pairs of clauses of tests/lab/test_configuration.py try each of them alone."""


def walked(value: Any) -> Any:
    """Return a model without the fields that no walk has drawn yet."""
    if isinstance(value, BaseModel):
        kind = type(value)
        kept = [name for name in value.model_fields_set if f"{kind.__name__}.{name}" not in NOT_YET]
        return kind.model_validate({name: walked(getattr(value, name)) for name in kept})
    if isinstance(value, dict):
        return {key: walked(one) for key, one in value.items()}
    if isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
        return tuple(walked(one) for one in value)
    return value
