"""A live network becomes an inventory, which proves itself against the routers that it came from."""

from __future__ import annotations

import json

import pytest

from frrgen.cli import main
from frrgen.inventory.files import load

LEAF = """\
ip prefix-list K8S seq 5 permit 198.51.100.0/24 le 32
route-map K8S-IN permit 10
 match ip address prefix-list K8S
exit
route-map NONE deny 10
exit
router bgp {asn}
 bgp router-id 10.0.0.{number}
 neighbor FABRIC peer-group
 neighbor FABRIC remote-as external
 neighbor FABRIC password s3cret
 neighbor 10.0.9.{number} peer-group FABRIC
 neighbor 10.0.0.10 remote-as 64512
 address-family ipv4 unicast
  neighbor FABRIC route-map NONE in
  neighbor FABRIC route-map NONE out
  neighbor 10.0.0.10 route-map K8S-IN in
  neighbor 10.0.0.10 route-map NONE out
 exit-address-family
exit
"""


@pytest.fixture
def fabric(lab):
    for number in (1, 2, 3):
        router = lab.router(f"leaf{number}")
        text = LEAF.format(asn=65000 + number, number=number)
        router.start(f"hostname leaf{number}\n" + (text if number < 3 else "router bgp 65100\n"))
        router.vtysh("write")
        lab.sshd(router)
    return lab


def test_live_routers_become_one_inventory_with_groups_and_a_cluster(fabric, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    config = str(fabric.ssh_config())
    places = [f"ssh:leaf{number}" for number in (1, 2, 3)]
    assert main(["import", "frr", *places, "--ssh-config", config, "-o", "net"]) == 0
    err = capsys.readouterr().err
    assert "Proof: frrgen diff finds nothing to do on 3 routers." in err, err
    assert main(["-i", "net", "diff", "--ssh-config", config]) == 0, capsys.readouterr()
    loaded = load(tmp_path / "net")
    (cluster,) = loaded.network.clusters.values()
    assert sorted(cluster.routers) == ["leaf1", "leaf2"]
    common = (tmp_path / "net/network.yaml").read_text()
    assert "# of leaf1, leaf2\n" in common
    assert "K8S-IN:" in common
    assert "FABRIC:" in common
    assert (tmp_path / "net/secrets/FABRIC").read_text() == "s3cret\n"
    capsys.readouterr()
    main(["-i", "net", "check", "--format", "json"])
    found = [one for part in json.loads(capsys.readouterr().out)["routers"] for one in part["findings"]]
    # FRR327: the optimiser of FRR 8, which the routers have on
    assert {one["code"] for one in found if one["severity"] == "error"} <= {"FRR327"}
    main(["-i", "net", "verify"])
    assert "198.51.100.0/24 le 32 is admitted by route-map K8S-IN seq 10" in capsys.readouterr().out


def test_one_router_that_does_not_answer_stops_the_import_and_nothing_is_written(fabric, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    places = ["ssh:leaf1", "ssh:127.0.0.1:1"]
    assert main(["import", "frr", *places, "--ssh-config", str(fabric.ssh_config()), "-o", "net"]) == 1
    assert "error[" in capsys.readouterr().err
    assert not (tmp_path / "net").exists()
