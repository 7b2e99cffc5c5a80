"""What a cluster means for the routers it peers with."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from frrgen.codes import Severity
from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.model.pools import announced_lengths
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render


def network(cluster, router=None, **more):
    router = {"name": "r1", "bgp": {"asn": 65001}, **(router or {})}
    cluster = {"name": "k", "asn": 65010, "routers": {"r1": {}}, **cluster}
    return Network.model_validate({"routers": {"r1": router}, "clusters": {"k": cluster}, **more})


def derived(cluster, router=None):
    made = derive(network(cluster, router))
    assert made.findings == ()
    return made.routers["r1"]


NODES = {"nodes": {"n1": {"addresses": ["192.0.2.11"]}, "n2": {"addresses": ["192.0.2.12", "2001:db8::12"]}}}
POOL_A, POOL_B = {"prefixes": ["198.51.100.0/24"]}, {"prefixes": ["2001:db8:1::/64"], "ipv6_lengths": [64, 64]}
POOLS = {"pools": {"a": POOL_A, "b": POOL_B}}


def test_each_address_of_each_node_is_a_neighbor_in_the_clusters_group():
    bgp = derived({**NODES, **POOLS}).bgp
    assert set(bgp.neighbors) == {"192.0.2.11", "192.0.2.12", "2001:db8::12"}
    assert {neighbor.peer_group for neighbor in bgp.neighbors.values()} == {"k"}
    assert bgp.peer_groups["k"].remote_as == 65010


def test_the_inbound_map_admits_the_pools_by_their_lists_and_ends_in_a_deny():
    router = derived({**NODES, **POOLS})
    entries = router.route_maps["k-in"].entries
    assert [entry.action for entry in entries] == ["permit", "permit", "deny"]
    assert entries[0].match.ip_address_prefix_list == "k-a"
    assert entries[1].match.ipv6_address_prefix_list == "k-b"
    assert entries[2].match.model_fields_set == set()
    group = router.bgp.peer_groups["k"]
    for family in (group.ipv4_unicast, group.ipv6_unicast):
        assert (family.activate, family.route_map_in, family.route_map_out) == (True, "k-in", "k-out")
    assert [entry.action for entry in router.route_maps["k-out"].entries] == ["deny"]


def _v4(number, length):
    return str(ip_network((number, length), strict=False))


def _v6(number, length):
    return f"2001:db8:{number:x}::/{length}"


prefixes = st.one_of(
    st.builds(_v4, st.integers(2**24, 2**32 - 1), st.integers(8, 32)),
    st.builds(_v6, st.integers(1, 0xFFFF), st.integers(48, 128)),
)


@given(prefixes, st.data())
def test_the_list_of_a_pool_admits_exactly_its_prefixes_in_the_announced_lengths(prefix, data):
    pool = ip_network(prefix)
    low = data.draw(st.integers(max(pool.prefixlen, 1), pool.max_prefixlen))
    high = data.draw(st.integers(low, pool.max_prefixlen))
    name = "lengths" if pool.version == 4 else "ipv6_lengths"
    made = network({"pools": {"a": {"prefixes": [prefix], name: [low, high]}}})
    router = derive(made).routers["r1"]
    lists = router.prefix_lists if pool.version == 4 else router.ipv6_prefix_lists
    (entry,) = lists["k-a"].entries
    assert entry.prefix == pool
    shortest = entry.ge or pool.prefixlen
    longest = entry.le or (pool.max_prefixlen if entry.ge else pool.prefixlen)
    assert (shortest, longest) == (low, high) == announced_lengths(made.clusters["k"].pools["a"], pool)


@given(st.integers(20, 32), st.integers(0, 4))
def test_the_prefix_limit_is_what_the_pools_can_announce(length, more):
    assume(length + more <= 32)
    pool = {"prefixes": [str(ip_network((0x0A000000, length)))], "lengths": [length, length + more]}
    router = derived({"pools": {"a": pool}})
    limit = router.bgp.peer_groups["k"].ipv4_unicast.maximum_prefix.limit
    assert limit == sum(2**step for step in range(more + 1))


def test_a_layer2_pool_is_announced_to_nobody():
    router = derived({**NODES, "pools": {"a": {"prefixes": ["198.51.100.0/24"], "protocol": "layer2"}}})
    assert router.prefix_lists == {}
    assert router.bgp.peer_groups["k"].ipv4_unicast.activate is False
    assert [entry.action for entry in router.route_maps["k-in"].entries] == ["deny"]


@pytest.mark.parametrize("asn", [65010, 65001])
def test_multipath_needs_no_warning_for_frr_uses_every_node_by_itself(asn):
    family = derived({**NODES, **POOLS, "asn": asn}).bgp.ipv4_unicast
    assert (family.maximum_paths, family.maximum_paths_ibgp) == (None, None)


def test_the_two_lists_of_a_pool_with_both_versions_have_two_names():
    both = {"prefixes": ["198.51.100.0/24", "2001:db8:1::/64"]}
    router = derived({**NODES, "pools": {"a": both}, "exports": ["203.0.113.0/24", "2001:db8:2::/64"]})
    assert (set(router.prefix_lists), set(router.ipv6_prefix_lists)) == (
        {"k-a", "k-exports"},
        {"k-a-v6", "k-exports-v6"},
    )
    entries = router.route_maps["k-in"].entries
    assert entries[0].match.ip_address_prefix_list == "k-a"
    assert entries[1].match.ipv6_address_prefix_list == "k-a-v6"


@pytest.mark.parametrize(("lengths", "bounds"), [([32, 32], (32, None)), ([31, 32], (31, None)), ([30, 32], (30, 32))])
def test_bounds_are_written_as_the_page_of_pfsense_saves_them_too(lengths, bounds):
    router = derived({**NODES, "pools": {"a": {"prefixes": ["198.51.100.0/24"], "lengths": lengths}}})
    entry = router.prefix_lists["k-a"].entries[0]
    assert (entry.ge, entry.le) == bounds


def test_a_pools_preference_is_set_by_the_router_only_where_the_session_cannot_carry_it():
    pools = {"pools": {"a": {"prefixes": ["198.51.100.0/24"], "local_preference": 150}}}
    assert derived(pools).route_maps["k-in"].entries[0].set.local_preference == 150
    assert derived({**pools, "asn": 65001}).route_maps["k-in"].entries[0].set.local_preference is None


def test_a_listen_range_takes_the_place_of_the_neighbors():
    routers = {"routers": {"r1": {"listen_range": ["192.0.2.0/24"]}}}
    bgp = derived({**NODES, **POOLS, **routers}).bgp
    assert bgp.neighbors == {}
    assert {str(prefix): group for prefix, group in bgp.listen_ranges.items()} == {"192.0.2.0/24": "k"}
    assert bgp.listen_limit == 2, "sessions whose addresses the range holds, not nodes"


def test_the_listen_limit_counts_the_sessions_of_all_clusters():
    both = {"nodes": {"n1": {"addresses": ["192.0.2.11", "2001:db8::11"]}, "n2": {"addresses": ["192.0.2.12"]}}}
    ranges = {"r1": {"listen_range": ["192.0.2.0/24", "2001:db8::/64"]}}
    clusters = {
        name: {"name": name, "asn": 65010, "routers": ranges, **both, "pools": {"p": {"prefixes": [pool]}}}
        for name, pool in (("a", "198.51.100.0/25"), ("b", "198.51.100.128/25"))
    }
    routers = {"r1": {"name": "r1", "bgp": {"asn": 65001}}}
    made = derive(Network.model_validate({"routers": routers, "clusters": clusters}))
    assert made.routers["r1"].bgp.listen_limit == 6


@pytest.mark.parametrize(("asn", "other", "second"), [(65001, 65003, "k-external"), (65010, 65001, "k-internal")])
def test_internal_and_external_nodes_have_a_group_each(asn, other, second):
    nodes = {"nodes": {"n1": {"addresses": ["192.0.2.11"]}, "n2": {"addresses": ["192.0.2.12"], "asn": other}}}
    bgp = derived({**nodes, **POOLS, "asn": asn}).bgp
    assert {name: group.remote_as for name, group in bgp.peer_groups.items()} == {"k": asn, second: other}
    assert {name: one.peer_group for name, one in bgp.neighbors.items()} == {"192.0.2.11": "k", "192.0.2.12": second}
    assert {group.ipv4_unicast.route_map_in for group in bgp.peer_groups.values()} == {"k-in"}


def test_dynamic_neighbors_have_the_maps_in_ipv4_though_no_pool_is_of_ipv4():
    """FRR activates IPv4 for them, whatever the group says."""
    routers = {"routers": {"r1": {"listen_range": ["2001:db8::/64"]}}}
    group = derived({**NODES, "pools": {"b": POOL_B}, **routers}).bgp.peer_groups["k"]
    assert (group.ipv4_unicast.activate, group.ipv4_unicast.route_map_in) == (True, "k-in")
    closed = derived(
        {**NODES, "pools": {"b": POOL_B}, **routers}, {"bgp": {"asn": 65001, "default_ipv4_unicast": False}}
    )
    assert closed.bgp.peer_groups["k"].ipv4_unicast.activate is False


def test_nodes_with_an_asn_of_their_own_say_it_themselves():
    nodes = {"nodes": {"n1": {"addresses": ["192.0.2.11"]}, "n2": {"addresses": ["192.0.2.12"], "asn": 65099}}}
    bgp = derived({**nodes, **POOLS}).bgp
    assert bgp.peer_groups["k"].remote_as is None
    assert [neighbor.remote_as for neighbor in bgp.neighbors.values()] == [65010, 65099]


def test_what_somebody_wrote_wins_field_by_field():
    own = {
        "bgp": {
            "asn": 65001,
            "peer_groups": {"k": {"timers": {"keepalive": 3, "hold": 9}, "ipv4_unicast": {"route_map_in": "MINE"}}},
            "neighbors": {"192.0.2.11": {"description": "the first"}},
        },
        "prefix_lists": {"k-a": {"entries": [{"seq": 5, "action": "deny", "prefix": "0.0.0.0/0"}]}},
    }
    router = derived({**NODES, **POOLS}, own)
    group = router.bgp.peer_groups["k"]
    assert (group.timers.hold, group.remote_as) == (9, 65010)
    assert (group.ipv4_unicast.route_map_in, group.ipv4_unicast.route_map_out) == ("MINE", "k-out")
    assert router.bgp.neighbors["192.0.2.11"].description == "the first"
    assert router.bgp.neighbors["192.0.2.11"].peer_group == "k"
    assert router.prefix_lists["k-a"].entries[0].action == "deny"


def test_a_vrf_gets_its_part():
    router = {"vrfs": {"red": {"bgp": {"asn": 65001}}}}
    made = derived({**NODES, **POOLS, "routers": {"r1": {"vrf": "red"}}}, router)
    assert made.bgp.neighbors == {}
    assert len(made.vrfs["red"].bgp.neighbors) == 3


@pytest.mark.parametrize("asn", [65001, 65010])
def test_a_derived_router_is_sound_and_reads_back_as_it_is(asn):
    made = network({**NODES, **POOLS, "asn": asn, "exports": ["203.0.113.0/24", "2001:db8:9::/48"]})
    result = derive(made)
    assert [one for one in check(made, result) if one.severity is Severity.ERROR] == []
    parsed = parse(render(result.routers["r1"]), name="r1")
    assert parsed.leftovers == ()
    assert render(parsed.router) == render(result.routers["r1"])


def test_every_derived_part_knows_where_it_comes_from():
    origins = derive(network({**NODES, **POOLS})).origins["r1"]
    assert origins["prefix_lists", "k-a"] == ("clusters", "k", "pools", "a")
    assert origins["bgp", "neighbors", "192.0.2.12"] == ("clusters", "k", "nodes", "n2")
    assert origins["bgp", "peer_groups", "k"] == ("clusters", "k")


def test_a_cluster_without_its_router_or_its_bgp_is_a_finding():
    made = network({"routers": {"r9": {}, "r1": {"vrf": "none"}}})
    assert [one.code for one in derive(made).findings] == ["FRR201", "FRR202"]


def test_findings_are_judged_by_the_inventory():
    lists = {"route_maps": {"OLD": {"entries": [{"seq": 10, "action": "permit"}]}}}
    off = {"findings": {"FRR240": {"severity": "off", "reason": "later"}}}
    loud = {"findings": {"FRR240": {"severity": "error", "reason": "clean"}}}
    for more, expected in (({}, [Severity.WARNING]), (off, []), (loud, [Severity.ERROR])):
        made = network({"routers": {}}, lists, **more)
        assert [one.severity for one in check(made, derive(made)) if one.code == "FRR240"] == expected


def _two(ours, theirs, **second):
    def cluster(name, number, prefixes, **peering):
        nodes = {f"n{number}": {"addresses": [f"192.0.2.{number}"]}}
        return {
            "name": name,
            "asn": 65010 + number,
            "nodes": nodes,
            "pools": {f"p{number}": {"prefixes": prefixes}},
            "routers": {"r1": peering},
        }

    clusters = {"a": cluster("a", 1, ours), "b": cluster("b", 2, theirs, **second)}
    router = {"name": "r1", "bgp": {"asn": 65001}, "vrfs": {"red": {"bgp": {"asn": 65001}}}}
    found = Network.model_validate({"routers": {"r1": router}, "clusters": clusters})
    return [one for one in check(found, derive(found)) if one.code == "FRR204"]


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (["10.1.0.0/24"], ["10.1.0.0/24"], "10.1.0.0/24 overlaps 10.1.0.0/24 of pool p1 of cluster a"),
        (["10.1.0.0/16"], ["10.9.0.0/24", "10.1.7.0/24"], "10.1.7.0/24 overlaps 10.1.0.0/16 of pool p1 of cluster a"),
        (["2001:db8::/64"], ["2001:db8::/48"], "2001:db8::/64 overlaps 2001:db8::/48 of pool p2 of cluster b"),
    ],
)
def test_pools_of_two_clusters_on_one_router_that_overlap_are_a_warning(ours, theirs, said):
    (finding,) = _two(ours, theirs)
    assert finding.severity is Severity.WARNING
    assert finding.message.startswith(f"{said}, and r1 hears both")
    assert finding.where.path[0] == "clusters"
    assert finding.hint


def test_pools_that_are_apart_or_heard_in_different_vrfs_are_no_finding():
    assert _two(["10.1.0.0/24", "2001:db8::/64"], ["10.1.1.0/24", "2001:db8:0:1::/64"]) == []
    assert _two(["10.1.0.0/24"], ["10.1.0.0/24"], vrf="red") == []


@given(st.lists(st.tuples(st.integers(0, 31), st.integers(24, 30)), min_size=2, max_size=12))
def test_every_overlap_of_two_clusters_is_found_and_no_other(drawn):
    blocks = [ip_network((0x0A000000 + number * 8, length), strict=False) for number, length in drawn]

    def apart(some):
        found = []
        for block in some:
            if not any(block.overlaps(other) for other in found):
                found.append(block)
        return found

    half = len(blocks) // 2
    ours, theirs = apart(blocks[:half]), apart(blocks[half:])
    wanted = sum(one.overlaps(other) for one in ours for other in theirs)
    assert len(_two([str(one) for one in ours], [str(one) for one in theirs])) == wanted


@pytest.mark.parametrize("pool", [POOL_A, POOL_B])
@pytest.mark.parametrize("addresses", [["192.0.2.11"], ["2001:db8::11"], ["192.0.2.11", "2001:db8::11"]])
def test_a_node_with_ipv6_alone_and_ipv4_pools_says_them_with_next_hops_of_ipv6(pool, addresses):
    bgp = derived({"nodes": {"n": {"addresses": addresses}}, "pools": {"p": pool}}).bgp
    extended = {address for address, one in bgp.neighbors.items() if one.capability_extended_nexthop}
    assert extended == ({"2001:db8::11"} if pool is POOL_A and addresses == ["2001:db8::11"] else set())
    ranges = {"routers": {"r1": {"listen_range": ["2001:db8::/64"]}}}
    (group,) = derived(
        {"nodes": {"n": {"addresses": addresses}}, "pools": {"p": pool}, **ranges}
    ).bgp.peer_groups.values()
    assert bool(group.capability_extended_nexthop) is bool(extended)


@pytest.mark.parametrize(
    ("pool", "line"),
    [
        ({"prefixes": ["0.0.0.0/0"]}, "ip prefix-list k-p seq 5 permit any"),
        ({"prefixes": ["0.0.0.0/0"], "lengths": [0, 0]}, "ip prefix-list k-p seq 5 permit 0.0.0.0/0"),
        ({"prefixes": ["0.0.0.0/0"], "lengths": [0, 24]}, "ip prefix-list k-p seq 5 permit 0.0.0.0/0 le 24"),
        ({"prefixes": ["0.0.0.0/0"], "lengths": [32, 32]}, "ip prefix-list k-p seq 5 permit 0.0.0.0/0 ge 32"),
        ({"prefixes": ["::/0"]}, "ipv6 prefix-list k-p seq 5 permit any"),
    ],
)
def test_the_list_of_a_pool_of_everything(pool, line):
    lists = [one for one in render(derived({**NODES, "pools": {"p": pool}})).split("\n") if "prefix-list k" in one]
    assert line in lists
