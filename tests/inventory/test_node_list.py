"""The nodes of a cluster come from what kubectl prints."""

from __future__ import annotations

import json
import os

import pytest

from frrgen.cli import main
from frrgen.errors import InputError
from frrgen.inventory.files import load
from frrgen.model.derive import derive

CLUSTER = """\
asn: 65002
nodes_from: {file: nodes/k8s.yaml, selector: {match_expressions: [{key: role, operator: NotIn, values: [control]}]}}
nodes: {n2: {asn: 65003}}
pools: {p: {prefixes: [10.1.0.0/16]}}
routers: {edge: {address: 10.0.0.1}}
"""


def node(name, *addresses, **labels):
    status = {"addresses": [{"type": "Hostname", "address": name}]}
    status["addresses"] += [{"type": "InternalIP", "address": one} for one in addresses]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}, "status": status}


@pytest.fixture
def net(tmp_path):
    for folder in ("routers", "clusters", "nodes"):
        (tmp_path / folder).mkdir()
    (tmp_path / "network.yaml").write_text("")
    (tmp_path / "routers/edge.yaml").write_text("frr_version: 8.4\nbgp: {asn: 65001}\n")
    (tmp_path / "clusters/k8s.yaml").write_text(CLUSTER)
    return tmp_path


def nodes(net, *some):
    (net / "nodes/k8s.yaml").write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": list(some)}))


def neighbors(net):
    bgp = derive(load(net).network).routers["edge"].bgp
    return {name: one.remote_as for name, one in bgp.neighbors.items()}


def test_the_selected_nodes_of_a_list_are_neighbors_and_the_clusters_file_wins(net):
    nodes(
        net,
        node("n1", "10.0.0.2", "2001:db8::2", "10.0.0.99"),
        node("n2", "10.0.0.3"),
        node("c1", "10.0.0.9", role="control"),
    )
    cluster = load(net).network.clusters["k8s"]
    assert [str(one) for one in cluster.nodes["n1"].addresses] == ["10.0.0.2", "2001:db8::2"]
    assert set(cluster.nodes) == {"n1", "n2"}
    assert neighbors(net) == {"10.0.0.2": 65002, "10.0.0.3": 65003, "2001:db8::2": 65002}


def test_diff_shows_which_neighbors_come_and_go_with_the_nodes(net, tmp_path, capsys):
    nodes(net, node("n1", "10.0.0.2"), node("n2", "10.0.0.3"))
    assert main(["-i", str(net), "render", "edge"]) == 0
    running = tmp_path.parent / f"{tmp_path.name}-running.conf"
    running.write_text(capsys.readouterr().out)
    assert main(["-i", str(net), "diff", "edge", "--running", str(running)]) == 0
    nodes(net, node("n2", "10.0.0.3"), node("n3", "10.0.0.4"))
    capsys.readouterr()
    assert main(["-i", str(net), "diff", "edge", "--running", str(running), "--format", "commands"]) == 2
    lines = [one.strip() for one in capsys.readouterr().out.splitlines()]
    assert any(one.startswith("no neighbor 10.0.0.2") for one in lines)
    assert any(one.startswith("neighbor 10.0.0.4 peer-group k8s") for one in lines)
    assert not any("10.0.0.3 " in one for one in lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: there is no such file or folder"),
        ("kind: List\nitems: []\n", "it holds no Node of Kubernetes"),
        ("a: [", "FRR102"),
        (json.dumps(node("n1")), "n1"),
        (json.dumps(node("under_score!", "10.0.0.2")), "under_score"),
    ],
)
def test_a_list_that_says_no_node_is_an_error_with_its_place(net, text, said):
    if text is not None:
        (net / "nodes/k8s.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        load(net)
    told = "\n".join(map(str, caught.value.findings))
    assert said in told
    assert str(net) in told


@pytest.mark.parametrize("file", ["../outside.yaml", "/etc/passwd", "nodes", "nodes/pipe", "nodes/\\0"])
def test_a_list_is_a_file_of_the_inventory_that_ends(net, file):
    os.mkfifo(net / "nodes/pipe")
    (net.parent / "outside.yaml").write_text(json.dumps(node("n1", "10.0.0.2")))
    (net / "clusters/k8s.yaml").write_text(CLUSTER.replace("nodes/k8s.yaml", f'"{file}"'))
    with pytest.raises(InputError) as caught:
        load(net)
    assert {str(one.code) for one in caught.value.findings} <= {"FRR101", "FRR111"}
