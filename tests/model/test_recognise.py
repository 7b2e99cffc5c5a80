"""Clusters are recognised by what routers let their neighbors announce; `verify` then holds them to it."""

from __future__ import annotations

import pytest

from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.model.recognise import recognise
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render

BASE = """\
hostname r1
ip prefix-list POOL seq 5 permit 198.51.100.0/24 ge 32
ip prefix-list POOL seq 10 permit 203.0.113.0/28 ge 32
ipv6 prefix-list POOL6 seq 5 permit 2001:db8:1::/112 le 128
ip prefix-list CUSTOMER seq 5 permit 192.0.2.0/24
ip prefix-list ALL seq 5 permit 0.0.0.0/0 le 32
router bgp 65000
 neighbor K8S peer-group
 neighbor K8S remote-as 64512
 neighbor K8S update-source 10.0.0.1
 neighbor 10.0.0.10 peer-group K8S
 neighbor 10.0.0.10 description Worker One
 neighbor 10.0.0.11 peer-group K8S
 neighbor 2001:db8::10 remote-as 64512
 neighbor 2001:db8::10 description Worker One
 neighbor 10.0.0.99 remote-as 64999
 address-family ipv4 unicast
  neighbor K8S route-map IN in
  neighbor 10.0.0.99 prefix-list CUSTOMER in
 exit-address-family
exit
route-map IN permit 10
 match ip address prefix-list POOL
route-map IN permit 20
 match ipv6 address prefix-list POOL6
route-map IN deny 30
"""


def seen(text):
    return {one.name: one for one in recognise([parse(text, name="r1").router])}


def test_the_neighbors_of_a_group_that_may_announce_single_addresses_are_a_cluster():
    (cluster,) = seen(BASE).values()
    assert (cluster.name, cluster.asn) == ("k8s", 64512)
    assert {name: [str(one) for one in node.addresses] for name, node in cluster.nodes.items()} == {
        "worker-one": ["10.0.0.10"],
        "node-10-0-0-11": ["10.0.0.11"],
    }
    pools = {
        name: ([str(one) for one in pool.prefixes], pool.lengths, pool.ipv6_lengths)
        for name, pool in cluster.pools.items()
    }
    assert pools == {
        "POOL": (["198.51.100.0/24", "203.0.113.0/28"], (32, 32), None),
        "POOL6": (["2001:db8:1::/112"], None, None),
    }
    assert str(cluster.routers["r1"].address) == "10.0.0.1"
    assert not cluster.routers["r1"].derive


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("match ip address prefix-list POOL\n", "match ip address prefix-list CUSTOMER\n"),
        ("match ip address prefix-list POOL\n", "match ip address prefix-list ALL\n"),
        ("match ip address prefix-list POOL\n", "match ip address prefix-list NOWHERE\n"),
        ("match ip address prefix-list POOL\n", "match ip address prefix-list POOL\n call OTHER\n"),
        ("match ip address prefix-list POOL\n", "match ip address prefix-list POOL\n on-match next\n"),
        ("match ip address prefix-list POOL\n", "match community C\n"),
        ("route-map IN deny 30\n", "route-map IN permit 30\n"),
        ("POOL seq 5 permit", "POOL seq 5 deny"),
        ("POOL seq 5 permit 198.51.100.0/24 ge 32", "POOL seq 5 permit 198.51.100.0/24 le 31"),
        ("remote-as 64512", "remote-as external"),
    ],
)
def test_neighbors_that_may_announce_something_else_are_no_cluster(old, new):
    assert old in BASE
    assert seen(BASE.replace(old, new)) == {}


def test_pools_that_overlap_are_no_cluster():
    assert seen(BASE.replace("203.0.113.0/28", "198.51.100.0/25")) == {}


def test_nodes_of_both_families_with_one_description_are_one_node():
    text = BASE.replace("neighbor 2001:db8::10 remote-as 64512", "neighbor 2001:db8::10 peer-group K8S")
    (cluster,) = seen(text).values()
    assert [str(one) for one in cluster.nodes["worker-one"].addresses] == ["10.0.0.10", "2001:db8::10"]


def test_a_prefix_list_on_the_neighbor_is_a_pool_and_routers_with_the_same_nodes_have_one_cluster():
    text = BASE.replace("CUSTOMER in", "POOL in").replace("hostname r1\n", "")
    routers = [parse(text, name=name).router for name in ("r1", "r2")]
    clusters = recognise(routers, taken=["k8s"])
    assert {one.name: sorted(one.routers) for one in clusters} == {"k8s-2": ["r1", "r2"], "pool": ["r1", "r2"]}


def test_what_is_derived_from_a_cluster_is_recognised_as_that_cluster():
    network = Network.model_validate(
        {
            "routers": {"r1": {"name": "r1", "bgp": {"asn": 65000}}},
            "clusters": {
                "k8s": {
                    "name": "k8s",
                    "asn": 64512,
                    "nodes": {"n1": {"addresses": ["10.0.0.10"]}, "n2": {"addresses": ["10.0.0.11"]}},
                    "pools": {"a": {"prefixes": ["198.51.100.0/24"], "lengths": [28, 32]}},
                    "routers": {"r1": {}},
                }
            },
        }
    )
    router = derive(network).routers["r1"]
    (cluster,) = recognise([parse(render(router), name="r1").router])
    assert (cluster.name, cluster.asn) == ("k8s", 64512)
    assert [node.addresses for node in cluster.nodes.values()] == [
        node.addresses for node in network.clusters["k8s"].nodes.values()
    ]
    assert [(pool.prefixes, pool.lengths) for pool in cluster.pools.values()] == [
        (pool.prefixes, pool.lengths) for pool in network.clusters["k8s"].pools.values()
    ]
