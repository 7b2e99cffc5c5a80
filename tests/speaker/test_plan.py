"""A session is planned from what the router says of it: whom it will see, and as whom it answers."""

from __future__ import annotations

import pytest

from frrgen.codes import Severity
from frrgen.errors import InputError
from frrgen.inventory.files import load
from frrgen.model.check import check
from frrgen.model.derive import derive
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.verify import verify
from frrgen.speaker.plan import plan_node
from frrgen.speaker.table.gate import Gate, gates
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Family, Key
from tests.lab.speaking import ROUTER, inventory


def planned(tmp_path, *options, router=""):
    said = "".join(f"      {option}\n" for option in options)
    neighbors = f"  neighbors:\n    10.0.0.2:\n{said}" if options else ""
    network = load(inventory(tmp_path / "net", router=ROUTER + neighbors + router)).network
    return plan_node(network, derive(network).routers, None).peers[0]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("provider", "customer"),
        ("customer", "provider"),
        ("peer", "peer"),
        ("rs-server", "rs-client"),
        ("rs-client", "rs-server"),
    ],
)
def test_our_role_is_the_counterpart_of_the_one_that_the_router_has(tmp_path, theirs, ours):
    assert planned(tmp_path, f"local_role: {theirs}").role == ours


def test_without_a_role_there_is_none(tmp_path):
    assert planned(tmp_path).role is None


@pytest.mark.parametrize(("role", "marked"), [("customer", True), ("peer", True), ("provider", False)])
def test_only_to_customer_marks_what_goes_to_customers_and_peers(tmp_path, role, marked):
    """The router is our customer, our peer or our provider (RFC 9234 section 5)."""
    written, _ = planned(tmp_path, f"local_role: {role}").writer().write(Family.IPV4, Attributes())
    assert (bytes.fromhex("c023040000fdea") in written) is marked


@pytest.mark.parametrize(
    ("options", "router", "asn"),
    [
        ((), "", 65001),
        (("local_as: {asn: 64999}",), "", 64999),
        ((), "  confederation: {identifier: 64900}\n", 64900),
        ((), "  confederation: {identifier: 64900, peers: [65002]}\n", 65001),
    ],
)
def test_the_router_is_expected_under_the_number_it_says_of_itself_to_us(tmp_path, options, router, asn):
    assert planned(tmp_path, *options, router=router).peer_asn == asn


def test_what_the_router_was_given_by_hand_holds_for_our_end_too(tmp_path):
    """Its own neighbor says more than the cluster: hops, or a password."""
    peer = planned(tmp_path, "ttl_security_hops: 2", "password: env:SECRET")
    assert (peer.ttl_security, peer.multihop, peer.password) == (2, None, "env:SECRET")
    assert planned(tmp_path, "ebgp_multihop: 5").multihop == 5


def test_a_router_that_takes_the_nodes_by_a_range_is_spoken_to_as_well(tmp_path):
    peering = "address: 10.0.0.1, listen_range: [10.0.0.0/24], password: env:SECRET"
    network = load(inventory(tmp_path / "net", peering=peering)).network
    routers = derive(network).routers
    assert "10.0.0.2" not in routers["edge"].bgp.neighbors
    (peer,) = plan_node(network, routers, None).peers
    assert (str(peer.address), peer.peer_asn, peer.password) == ("10.0.0.1", 65001, "env:SECRET")
    gate = Gate(Session(routers["edge"], "10.0.0.2", "in"), peer.writer())
    inside, outside = (Key.parse(text) for text in ("10.1.0.1/32", "10.9.0.1/32"))
    ruling = gate.ruling(Family.IPV4, Attributes())
    assert ruling.reason(Family.IPV4, inside) is None
    assert "k8s-in" in ruling.reason(Family.IPV4, outside)


@pytest.mark.parametrize("able", [True, False])
def test_ipv4_over_ipv6_is_held_back_where_the_router_refuses_it(tmp_path, able):
    """The plan, the status and the router say the same of RFC 8950."""
    own = "" if able else "  neighbors:\n    2001:db8::2: {capability_extended_nexthop: false}\n"
    made = inventory(
        tmp_path / "net", addresses="'2001:db8::2'", peering="ipv6_address: '2001:db8::1'", router=ROUTER + own
    )
    network = load(made).network
    routers = derive(network).routers
    (gate,) = gates(plan_node(network, routers, None), routers)
    reason = gate.ruling(Family.IPV4, Attributes()).reason(Family.IPV4, Key.parse("10.1.0.1/32"))
    assert reason is None if able else "RFC 8950" in reason


TWO_UPLINKS = """\
asn: 65002
nodes:
  node:
    addresses: [10.0.0.2]
    uplinks: {edge2: {addresses: [10.0.5.2], device: blue}}
  left: {addresses: [10.0.0.3], uplinks: {edge2: {addresses: []}}}
pools: {p: {prefixes: [10.1.0.0/16]}}
routers: {edge: {address: 10.0.0.1}, edge2: {address: 10.0.5.1}}
"""


def two_uplinks(folder):
    for name, asn in (("edge", 65001), ("edge2", 65005)):
        (folder / "routers").mkdir(exist_ok=True)
        (folder / f"routers/{name}.yaml").write_text(f"frr_version: 8.4\nbgp: {{asn: {asn}}}\n")
    (folder / "clusters").mkdir()
    (folder / "network.yaml").write_text("")
    (folder / "clusters/k8s.yaml").write_text(TWO_UPLINKS)
    return load(folder).network


def test_a_node_dials_each_router_from_the_address_that_faces_it(tmp_path):
    network = two_uplinks(tmp_path)
    derived = derive(network)
    plan = plan_node(network, derived.routers, "node")
    dialling = [(one.router, str(one.local_address), str(one.address), one.device) for one in plan.peers]
    assert dialling == [("edge", "10.0.0.2", "10.0.0.1", None), ("edge2", "10.0.5.2", "10.0.5.1", "blue")]
    assert {name: sorted(one.bgp.neighbors) for name, one in derived.routers.items()} == {
        "edge": ["10.0.0.2", "10.0.0.3"],
        "edge2": ["10.0.5.2"],
    }
    assert [one.router for one in plan_node(network, derived.routers, "left").peers] == ["edge"]
    assert [one.code for one in check(network, derived) if one.severity is Severity.ERROR] == []
    assert all(not one.problems for one in verify(network, derived, ["k8s"]))


def test_an_uplink_to_a_router_that_the_cluster_lacks_is_an_error(tmp_path):
    two_uplinks(tmp_path)
    file = tmp_path / "clusters/k8s.yaml"
    file.write_text(TWO_UPLINKS.replace("uplinks: {edge2: {addresses: []", "uplinks: {edge3: {addresses: []"))
    with pytest.raises(InputError, match=r"the cluster has no router 'edge3'"):
        load(tmp_path)
