"""What each option of a BGP instance, a neighbor and an address family has to do with routes.

Each option stands in exactly one set, and a test holds the sets to the fields of the model. A new option whose effect
on routes is not measured goes into UNDECIDED: then no proof is given for sessions that differ in it.
"""

from __future__ import annotations

from typing import Final

INSTANCE_DECIDING: Final = frozenset(
    {
        "allow_martian_nexthop",
        "asn",
        "confederation",
        "default_ipv4_unicast",
        "default_ipv6_unicast",
        "default_local_preference",
        "ebgp_requires_policy",
        "graceful_shutdown",
        "ipv4_unicast",
        "ipv6_unicast",
        "reject_as_sets",
        "router_id",
    }
)
"""They let a route in, keep it out, or change it on its way in. `router_id` is an address of the router itself."""
INSTANCE_NEITHER: Final = frozenset(
    {
        "bestpath",
        "coalesce_time",
        "conditional_advertisement_timer",
        "default_capability_dynamic",
        "default_shutdown",
        "disable_ebgp_connected_route_check",
        "fast_convergence",
        "fast_external_failover",
        "graceful_restart",
        "hard_administrative_reset",
        "l2vpn_evpn",
        "listen_limit",
        "listen_ranges",
        "log_neighbor_changes",
        "minimum_holdtime",
        "neighbors",
        "peer_groups",
        "read_quanta",
        "show_hostname",
        "show_nexthop_hostname",
        "shutdown",
        "suppress_duplicates",
        "tcp_keepalive",
        "timers",
        "update_delay",
        "write_quanta",
    }
)
"""They are about sessions, timing, logging, or the choice between routes that policy has let in."""
INSTANCE_UNDECIDED: Final = frozenset(
    {
        "advertisement_delay",
        "allow_outbound_policy",
        "client_to_client_reflection",
        "cluster_id",
        "default_capability_link_local",
        "default_capability_software_version",
        "default_capability_software_version_latest",
        "default_families",
        "default_originate_timer",
        "max_med",
        "network_import_check",
        "raw",
        "raw_families",
        "subgroup_packet_queue",
        "suppress_fib_pending",
        "suppress_fib_pending_delay",
    }
)

NEIGHBOR_DECIDING: Final = (
    "enforce_first_as",
    "local_as",
    "local_role",
    "graceful_shutdown",
    "sender_as_path_loop_detection",
    "capability_extended_nexthop",
)
"""In the order in which they distinguish sessions."""
NEIGHBOR_IDENTITY: Final = frozenset({"interface", "ipv4_unicast", "ipv6_unicast", "peer_group", "remote_as"})
"""They say who the neighbor is and where the rest of its options stands; `Session` reads them itself."""
NEIGHBOR_NEITHER: Final = frozenset(
    {
        "advertisement_interval",
        "bfd",
        "capability_dynamic",
        "description",
        "disable_connected_check",
        "ebgp_multihop",
        "extended_optional_parameters",
        "graceful_restart",
        "l2vpn_evpn",
        "local_role_strict",
        "passive",
        "password",
        "port",
        "shutdown",
        "shutdown_message",
        "shutdown_rtt",
        "solo",
        "tcp_mss",
        "timers",
        "timers_connect",
        "timers_delayopen",
        "ttl_security_hops",
        "update_source",
        "v6only",
    }
)
"""They decide whether and how the session comes up, not what it carries."""
NEIGHBOR_UNDECIDED: Final = frozenset(
    {
        "aigp",
        "capability_link_local",
        "capability_software_version",
        "capability_software_version_latest",
        "disable_link_bw_encoding_ieee",
        "discarded_attributes",
        "dont_capability_negotiate",
        "extended_link_bandwidth",
        "local_link_id",
        "oad",
        "override_capability",
        "remote_link_id",
        "rpki_strict",
        "send_nexthop_characteristics",
        "strict_capability_match",
        "withdrawing_attributes",
    }
)

FAMILY_DECIDING: Final = frozenset(
    {
        "activate",
        "allowas_in",
        "default_originate",
        "distribute_list_in",
        "distribute_list_out",
        "filter_list_in",
        "filter_list_out",
        "prefix_list_in",
        "prefix_list_out",
        "route_map_in",
        "route_map_out",
        "weight",
    }
)
FAMILY_SHAPING: Final = (
    "unsuppress_map",
    "next_hop_self",
    "nexthop_local_unchanged",
    "route_reflector_client",
    "route_server_client",
    "maximum_prefix_out",
    "send_community",
    "addpath_tx",
    "as_override",
    "attribute_unchanged",
    "remove_private_as",
)
"""They change what goes out, behind all policy, or keep some of it."""
FAMILY_NEITHER: Final = frozenset({"disable_addpath_rx", "maximum_prefix", "soft_reconfiguration_inbound"})
"""`maximum_prefix` ends the session; it drops no route."""
FAMILY_UNDECIDED: Final = frozenset(
    {
        "addpath_rx_limit",
        "addpath_tx_best",
        "advertise_map",
        "allowas_in_map",
        "capability_orf",
        "dampening",
        "send_community_rpki",
        "soo",
    }
)

ADDRESS_FAMILY_DECIDING: Final = frozenset({"aggregates", "networks", "redistribute"})
"""They make routes, or hold back what is inside of an aggregate."""
ADDRESS_FAMILY_NEITHER: Final = frozenset(
    {
        "distance_bgp",
        "distances",
        "maximum_paths",
        "maximum_paths_ibgp",
        "maximum_paths_ibgp_equal_cluster_length",
        "table_map",
    }
)
"""They are about the kernel's routes and the choice between routes."""
ADDRESS_FAMILY_UNDECIDED: Final = frozenset(
    {
        "dampening",
        "nexthop_prefer_global",
        "raw",
        "vrf_leaking",
    }
)
