"""A router's own configuration and MetalLB's manifests, imported beside each other: each mismatch is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frrgen.cli import main

NODES = ("192.0.2.11", "192.0.2.12", "192.0.2.13")
CONF = "".join(
    [
        "frr version 8.4.4\nfrr defaults traditional\nhostname home\n!\nrouter bgp 64513\n neighbor K8S peer-group\n",
        " neighbor K8S remote-as 64512\n neighbor K8S password s3cret\n neighbor K8S timers 30 90\n",
        " neighbor K8S ebgp-multihop 255\n neighbor K8S update-source 192.0.2.1\n",
        *(f" neighbor {node} peer-group K8S\n" for node in NODES),
        " address-family ipv4 unicast\n  neighbor K8S maximum-prefix 256\n  neighbor K8S route-map K8S in\n",
        "  neighbor K8S route-map NONE out\n  maximum-paths 4\n exit-address-family\nexit\n!\n",
        "ip prefix-list K8S seq 5 permit 198.51.100.0/24 ge 32 le 32\n!\n",
        "route-map K8S permit 10\n match ip address prefix-list K8S\nexit\n!\nroute-map NONE deny 10\nexit\n!\n",
    ]
)
PEER = """\
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {name: home, namespace: metallb-system}
spec:
  myASN: 64512
  peerASN: 64513
  peerAddress: 192.0.2.1
  holdTime: 1m30s
  keepaliveTime: 30s
  ebgpMultiHop: true
  password: s3cret
"""
POOL = """\
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: services, namespace: metallb-system}
spec:
  addresses: [198.51.100.0/24]
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: all, namespace: metallb-system}
"""
MACHINES = "---\napiVersion: v1\nkind: NodeList\nitems:\n" + "".join(
    f"- {{metadata: {{name: n{number}}}, status: {{addresses: [{{type: InternalIP, address: {address}}}]}}}}\n"
    for number, address in enumerate(NODES, 1)
)
MANIFESTS = PEER + POOL + MACHINES


@pytest.fixture
def both(tmp_path, capsys):
    """Return a function that imports both ends and verifies them."""

    def run(conf=CONF, manifests=MANIFESTS):
        (tmp_path / "home.conf").write_text(conf)
        (tmp_path / "k.yaml").write_text(manifests)
        net = str(tmp_path / "net")
        assert main(["import", "frr", str(tmp_path / "home.conf"), "-o", net]) == 0
        capsys.readouterr()
        main(["-i", net, "render", "home"])
        before = capsys.readouterr().out
        assert main(["import", "metallb", str(tmp_path / "k.yaml"), "-o", net, "--name", "k"]) == 0
        capsys.readouterr()
        main(["-i", net, "render", "home"])
        assert capsys.readouterr().out == before, "the import leaves the router as it is"
        assert "neighbor K8S" in before
        status = main(["-i", net, "verify", "--format", "json"])
        found = json.loads(capsys.readouterr().out)
        sessions = [one for router in found["routers"] for one in router["sessions"]]
        return status, [problem["text"] for one in sessions for problem in one["problems"]]

    return run


def test_two_ends_that_agree_hold(both):
    assert both() == (0, [])


def conf(old, new):
    assert old in CONF
    return {"conf": CONF.replace(old, new)}


def said(old, new):
    assert old in MANIFESTS
    return {"manifests": MANIFESTS.replace(old, new)}


ROWS = {
    "swapped ASNs": (
        said("myASN: 64512\n  peerASN: 64513", "myASN: 64513\n  peerASN: 64512"),
        "the router expects AS 64512, the node is AS 64513",
    ),
    "the nodes expect another AS": (
        said("peerASN: 64513", "peerASN: 64514"),
        "expect AS 64514 of the router, which is AS 64513",
    ),
    "no multihop at the router": (
        conf(" neighbor K8S ebgp-multihop 255\n", ""),
        "ebgp_multihop is 255 at the cluster's end and None",
    ),
    "no multihop at the cluster": (
        said("  ebgpMultiHop: true\n", ""),
        "ebgp_multihop is None at the cluster's end and 255",
    ),
    "no ECMP": (conf("maximum-paths 4", "maximum-paths 1"), "maximum_paths is 1, so not all of 3 nodes carry traffic"),
    "a pool outside of the prefix list": (
        said("addresses: [198.51.100.0/24]", "addresses: [198.51.100.0/24, 203.0.113.0/28]"),
        "203.0.113.0/28 ge 32 le 32 is dropped by",
    ),
    "the prefix list has one line for each address": (
        conf("permit 198.51.100.0/24 ge 32 le 32", "permit 198.51.100.7/32"),
        "is dropped by",
    ),
    "aggregated announcements": (
        said(
            "metadata: {name: all, namespace: metallb-system}\n",
            "metadata: {name: all}\nspec: {aggregationLength: 24}\n",
        ),
        "198.51.100.0/24 is dropped by",
    ),
    "maximum-prefix": (
        conf("maximum-prefix 256", "maximum-prefix 10"),
        "maximum_prefix 10 does not suffice for the 256",
    ),
    "another address of the peer": (
        said("peerAddress: 192.0.2.1\n", "peerAddress: 192.0.2.254\n"),
        "the nodes dial 192.0.2.254 and the router answers from 192.0.2.1",
    ),
    "a node that the router does not know": (
        said("address: 192.0.2.13", "address: 192.0.2.14"),
        "the router has no such neighbor",
    ),
    "a password at the router alone": (said("  password: s3cret\n", ""), "password differs"),
    "a password at the cluster alone": (conf(" neighbor K8S password s3cret\n", ""), "password differs"),
    "two passwords": (said("password: s3cret", "password: other"), "password differs"),
    "timers": (said("holdTime: 1m30s", "holdTime: 2m"), "timers is"),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_mismatch_of_router_and_cluster_is_named(both, row):
    changes, named = ROWS[row]
    status, problems = both(**changes)
    assert status == 2
    assert any(named in problem for problem in problems), problems


ARTICLE = Path(__file__).resolve().parents[1] / "golden/pfsense/article.xml"
CONFIGMAP = """\
apiVersion: v1
kind: ConfigMap
metadata: {{namespace: metallb-system, name: config}}
data:
  config: |
    peers:
    - peer-address: {address}
      peer-asn: 64512
      my-asn: {asn}
    address-pools:
    - name: default
      protocol: bgp
      addresses: [{pool}]
---
apiVersion: v1
kind: Node
metadata: {{name: microk8s-1}}
status: {{addresses: [{{type: InternalIP, address: 192.168.1.10}}]}}
"""


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, "has no maximum_prefix"),
        ({"address": "192.168.1.254"}, "the nodes dial 192.168.1.254, and lan of the router has 192.168.1.1"),
        ({"asn": 64513}, "the router expects AS 64512, the node is AS 64513"),
    ],
)
def test_the_articles_reader_keeps_both_ends_and_learns_of_each_mismatch(tmp_path, capsys, changes, named):
    text = CONFIGMAP.format(**{"address": "192.168.1.1", "asn": 64512, "pool": "192.168.10.0/24", **changes})
    (tmp_path / "config.yaml").write_text(text)
    net = str(tmp_path / "net")
    assert main(["import", "pfsense", str(ARTICLE), "--name", "home", "-o", net]) == 0
    assert main(["import", "metallb", str(tmp_path / "config.yaml"), "-o", net]) == 0
    capsys.readouterr()
    assert main(["-i", net, "verify"]) == 2
    assert named in capsys.readouterr().out


def test_without_the_nodes_nothing_is_proven(both):
    status, problems = both(manifests=PEER + POOL)
    assert status == 2
    assert problems == ["the cluster names no node, so no session of it is proven"]
