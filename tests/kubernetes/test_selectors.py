"""Pools for some nodes, some routers and some Services, as MetalLB's BGPAdvertisement selects them."""

from __future__ import annotations

import pytest

from frrgen.codes import Severity
from frrgen.errors import InputError
from frrgen.inventory.files import load
from frrgen.model.check import check
from frrgen.model.derive import derive
from frrgen.policy.questions.verify import verify
from frrgen.speaker.kubernetes.announce import Announcements, Reason, Rules
from frrgen.speaker.kubernetes.objects import EndpointSlice, Service, read_object
from frrgen.speaker.plan import plan_node
from frrgen.speaker.session.group import Group
from frrgen.speaker.table.gate import gates
from frrgen.speaker.table.rib import AdjRibOut
from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Key

CLUSTER = """\
asn: 65002
nodes:
  n1: {addresses: [10.0.0.2], labels: {zone: a}}
  n2: {addresses: [10.0.0.3], labels: {zone: b}}
pools:
  every: {prefixes: [10.1.0.0/24]}
  zoned: {prefixes: [10.2.0.0/24], node_selectors: [{match_labels: {zone: a}}]}
  inner: {prefixes: [10.3.0.0/24], routers: [edge]}
  shown: {prefixes: [10.4.0.0/24], service_selectors: [{match_expressions: [{key: public, operator: Exists}]}]}
routers: {edge: {address: 10.0.0.1}, edge2: {address: 10.0.0.9}}
"""


@pytest.fixture
def net(tmp_path):
    for folder in ("routers", "clusters"):
        (tmp_path / folder).mkdir()
    (tmp_path / "network.yaml").write_text("")
    for name, asn in (("edge", 65001), ("edge2", 65005)):
        (tmp_path / f"routers/{name}.yaml").write_text(f"frr_version: 8.4\nbgp: {{asn: {asn}}}\n")
    (tmp_path / "clusters/k8s.yaml").write_text(CLUSTER)
    return tmp_path


def service(ip, **labels):
    metadata = {"name": "web", "namespace": "default", "labels": labels, "uid": "1", "resourceVersion": "1"}
    status = {"loadBalancer": {"ingress": [{"ip": ip}]}}
    return read_object(Service, {"metadata": metadata, "spec": {"type": "LoadBalancer"}, "status": status})


def verdict(net, node, ip, **labels):
    network = load(net).network
    plan = plan_node(network, derive(network).routers, node)
    found = Announcements(node, Rules())
    found.have_pools(plan.pools())
    found.service(("default", "web"), service(ip, **labels))
    metadata = {"name": "web-1", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}}
    endpoints = [{"addresses": ["10.9.0.1"], "conditions": {"ready": True}}]
    about = {"metadata": metadata, "addressType": "IPv4", "endpoints": endpoints}
    found.endpoint_slice(("default", "web-1"), read_object(EndpointSlice, about))
    found.settle()
    (one,) = found.verdicts["default", "web"]
    return one.reason


def test_a_pool_is_announced_by_the_nodes_and_for_the_services_that_it_selects(net):
    assert verdict(net, "n1", "10.2.0.1") is None
    assert verdict(net, "n2", "10.2.0.1") is Reason.NOT_OWNER
    assert verdict(net, "n2", "10.1.0.1") is None
    assert verdict(net, "n1", "10.4.0.1") is Reason.NO_ADVERTISEMENT
    assert verdict(net, "n1", "10.4.0.1", public="yes") is None


@pytest.mark.parametrize("mode", ["enforce", "warn", "off"])
def test_a_pool_for_some_routers_is_admitted_by_them_and_announced_to_no_other(net, mode):
    network = load(net).network
    derived = derive(network)
    lists = {name: set(one.prefix_lists) for name, one in derived.routers.items()}
    assert lists["edge"] - lists["edge2"] == {"k8s-inner"}
    assert [one.text for one in verify(network, derived, ["k8s"]) for one in one.problems] == []
    assert [one for one in check(network, derived) if one.severity is Severity.ERROR] == []
    plan = plan_node(network, derived.routers, "n1")
    table = AnnouncementTable()
    inner, every = Key.parse("10.3.0.1/32"), Key.parse("10.1.0.1/32")
    told = {}
    for peer, gate in zip(plan.peers, gates(plan, derived.routers, mode), strict=True):
        group = Group(AdjRibOut(table), gate)
        for key in (inner, every):
            table.change(key, Attributes())
        group.judge([every, inner])
        told[peer.router] = (inner in group.rib, every in group.rib)
    assert told == {"edge": (True, True), "edge2": (False, True)}


def test_a_pool_for_a_router_that_the_cluster_lacks_is_an_error(net):
    (net / "clusters/k8s.yaml").write_text(CLUSTER.replace("routers: [edge]", "routers: [edge7]"))
    with pytest.raises(InputError, match="the cluster has no router 'edge7'"):
        load(net)
