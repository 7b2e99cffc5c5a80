"""What check finds in clusters: addresses that cannot work, pools that nobody can announce."""

from __future__ import annotations

import pytest

from frrgen.codes import Severity
from frrgen.model.check import check
from frrgen.model.cluster import Network, Pool
from frrgen.model.derive import derive

NODES = {"n1": {"addresses": ["192.0.2.11"]}, "n2": {"addresses": ["192.0.2.12"]}}
POOLS = {"a": {"prefixes": ["198.51.100.0/24"]}}
ROUTERS = {"r1": {"address": "192.0.2.1"}}


def found(*, nodes=NODES, pools=POOLS, routers=ROUTERS, asn=65010):
    """Return (code, severity, last step of the path) of each finding about a cluster."""
    cluster = {"name": "k", "asn": asn, "nodes": nodes, "pools": pools, "routers": routers}
    made = {name: {"name": name, "bgp": {"asn": 65001}} for name in routers}
    network = Network.model_validate({"routers": made, "clusters": {"k": cluster}})
    return [
        (one.code, one.severity, one.where.path[2:])
        for one in check(network, derive(network))
        if one.where.path[0] == "clusters"
    ]


ERROR, WARNING = Severity.ERROR, Severity.WARNING


def test_a_sound_cluster_has_no_finding():
    assert found() == []


@pytest.mark.parametrize("owner", ["192.0.2.11", "192.0.2.1"])
@pytest.mark.parametrize("pool", ["{}/32", "192.0.2.0/24"])
def test_a_pool_holds_no_address_of_a_node_or_a_router(owner, pool):
    codes = found(pools={"a": {"prefixes": [pool.format(owner)]}})
    assert ("FRR207", ERROR, ("pools", "a", "prefixes")) in codes
    assert {code for code, _, _ in codes} == {"FRR207"}


def test_a_pool_in_the_network_that_nodes_come_from_is_doubtful():
    routers = {"r1": {"address": "192.0.2.1", "listen_range": ["192.0.2.0/24"]}}
    pools = {"a": {"prefixes": ["192.0.2.240/28"]}}
    assert found(pools=pools, routers=routers) == [("FRR222", WARNING, ("pools", "a", "prefixes"))]


def test_two_routers_have_two_addresses():
    routers = {"r1": {"address": "192.0.2.1"}, "r2": {"address": "192.0.2.1"}}
    assert found(routers=routers) == [("FRR209", ERROR, ("routers", "r2", "address"))]


@pytest.mark.parametrize(
    ("peering", "field", "severity"),
    [
        ({"address": "192.0.2.11"}, "address", ERROR),
        ({"address": "2001:db8::1", "ipv6_address": "2001:db8::2"}, "address", ERROR),
        ({"address": "192.0.2.1", "ipv6_address": "192.0.2.2"}, "ipv6_address", ERROR),
        ({"address": "192.0.2.1", "ipv6_address": "fe80::1"}, "ipv6_address", ERROR),
        ({"address": "224.0.0.5"}, "address", ERROR),
        ({"address": "0.0.0.0"}, "address", ERROR),
        ({"address": "127.0.0.1"}, "address", WARNING),
    ],
)
def test_an_address_that_no_node_can_dial_is_found(peering, field, severity):
    assert ("FRR208", severity, ("routers", "r1", field)) in found(routers={"r1": peering})


def test_an_address_that_is_not_known_in_the_version_of_a_node_is_found():
    nodes = {"n1": {"addresses": ["2001:db8::11"]}}
    assert found(nodes=nodes) == [("FRR219", WARNING, ("routers", "r1"))]


@pytest.mark.parametrize("addresses", [["192.0.2.11", "192.0.2.12"], ["2001:db8::11", "2001:db8::12", "192.0.2.11"]])
def test_a_node_has_at_most_an_address_of_each_version(addresses):
    routers = {"r1": {"address": "192.0.2.1", "ipv6_address": "2001:db8::1"}}
    assert found(nodes={"n1": {"addresses": addresses}}, routers=routers) == [
        ("FRR215", ERROR, ("nodes", "n1", "addresses"))
    ]


def test_two_nodes_have_two_identifiers():
    nodes = {**NODES, "n3": {"addresses": ["192.0.2.13"], "router_id": "192.0.2.12"}}
    assert found(nodes=nodes) == [("FRR216", ERROR, ("nodes", "n3", "router_id"))]


@pytest.mark.parametrize(("address", "severity"), [("fe80::11", ERROR), ("ff02::1", ERROR), ("127.0.0.2", WARNING)])
def test_an_address_that_no_session_comes_from_is_found(address, severity):
    routers = {"r1": {"address": "192.0.2.1", "ipv6_address": "2001:db8::1"}}
    assert ("FRR217", severity, ("nodes", "n1", "addresses")) in found(
        nodes={"n1": {"addresses": [address]}}, routers=routers
    )


def test_a_pool_of_ipv6_needs_a_node_with_an_ipv6_address():
    assert found(pools={"a": {"prefixes": ["2001:db8:1::/64"]}}) == [("FRR206", WARNING, ("pools", "a", "prefixes"))]


def test_a_node_that_can_announce_nothing_is_found_beside_nodes_that_can():
    nodes = {**NODES, "n3": {"addresses": ["2001:db8::13"]}}
    routers = {"r1": {"address": "192.0.2.1", "ipv6_address": "2001:db8::1"}}
    places = [
        path for code, _, path in found(nodes=nodes, pools={"a": {"prefixes": ["2001:db8:1::/64"]}}, routers=routers)
    ]
    assert places == [("nodes", "n1", "addresses"), ("nodes", "n2", "addresses")]


@pytest.mark.parametrize(("prefix", "field"), [("198.51.100.0/24", "ipv6_lengths"), ("2001:db8:1::/64", "lengths")])
def test_lengths_of_a_version_that_the_pool_lacks_limit_nothing(prefix, field):
    bounds = [32, 32] if field == "lengths" else [128, 128]
    assert ("FRR218", ERROR, ("pools", "a", field)) in found(pools={"a": {"prefixes": [prefix], field: bounds}})


@pytest.mark.parametrize("lengths", [[32, 24], [24, 33], [-1, 24], [8, 16]])
def test_lengths_that_no_prefix_has_are_no_pool(lengths):
    with pytest.raises(ValueError, match=r"length|short"):
        Pool.model_validate({"prefixes": ["198.51.100.0/24"], "lengths": lengths})


def test_internal_and_external_nodes_do_not_share_a_listen_range():
    nodes = {**NODES, "n3": {"addresses": ["192.0.2.13"], "asn": 65001}}
    routers = {"r1": {"address": "192.0.2.1", "listen_range": ["192.0.2.0/24"]}}
    assert found(nodes=nodes, routers=routers) == [("FRR205", ERROR, ("routers", "r1", "listen_range"))]
