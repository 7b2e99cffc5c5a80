"""Every password that stands in the inventory itself is told of (FRR233), at its own line."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from frrgen.cli import main
from frrgen.inventory.files import NetworkFile
from frrgen.inventory.schema import models
from frrgen.model.cluster import Cluster
from frrgen.model.router import Router

FILES = {
    "network.yaml": "",
    "routers/r1.yaml": """ssh:
  password: {Ssh}
bgp:
  asn: 65001
  router_id: 10.0.0.1
  peer_groups:
    G:
      password: {PeerGroup}
  neighbors:
    10.0.0.9:
      remote_as: 65001
      password: {Neighbor}
vrfs:
  red:
    bgp:
      asn: 65001
      neighbors:
        10.0.1.9:
          remote_as: 65001
          password: {VRF}
""",
    "routers/fw.yaml": """platform: pfsense
pfsense:
  password: {Pfsense}
  tcp_md5:
    - password: {TcpMd5}
      source: 10.0.0.3
      destination: 10.0.0.9
bgp:
  asn: 65001
  router_id: 10.0.0.3
  neighbors:
    10.0.0.9: {{remote_as: 65001}}
""",
    "clusters/one.yaml": """asn: 65002
password: {Cluster}
nodes: {{n1: {{addresses: [10.0.0.2]}}}}
pools: {{a: {{prefixes: [10.1.0.0/24]}}}}
routers:
  r1:
    address: 10.0.0.1
    password: {Peering}
""",
    "clusters/two.yaml": """asn: 65003
password: {derived}
nodes: {{n2: {{addresses: [10.0.0.3]}}}}
pools: {{b: {{prefixes: [10.2.0.0/24]}}}}
routers:
  r1: {{address: 10.0.0.1}}
""",
}
OWNERS = ("Ssh", "PeerGroup", "Neighbor", "VRF", "Pfsense", "TcpMd5", "Cluster", "Peering", "derived")


@pytest.fixture
def told(tmp_path, capsys):
    def told(secrets):
        for name, text in FILES.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.format(**secrets))
        main(["-i", str(tmp_path), "check", "--format", "json"])
        said = json.loads(capsys.readouterr().out)
        found = [*said["findings"], *(one for router in said["routers"] for one in router["findings"])]
        return [(one["file"], one["line"]) for one in found if one["code"] == "FRR233"]

    return told


def test_each_password_is_reported_at_its_line(told, tmp_path):
    where = told({owner: f"plain-{owner}" for owner in OWNERS})
    expected = {
        (str(tmp_path / name), number)
        for name, text in FILES.items()
        for number, line in enumerate(text.splitlines(), 1)
        if "password: {" in line
    }
    assert len(expected) == len(OWNERS)
    assert sorted(where) == sorted(expected)


def test_references_are_no_passwords(told):
    assert told(dict.fromkeys(OWNERS, "env:SECRET")) == []


def test_the_inventory_has_no_other_passwords():
    owners = {
        model.__name__
        for model in models(Router, Cluster, NetworkFile)
        for field in model.model_fields.values()
        if SecretStr.__name__ in str(field.annotation)
    }
    assert owners == {"Ssh", "PeerGroup", "Neighbor", "Pfsense", "TcpMd5", "Cluster", "Peering"}
