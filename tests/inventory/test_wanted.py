"""Which files are read for the routers that a verb names: what they need, and nothing else."""

from __future__ import annotations

import json
import os

import pytest

from frrgen.cli import main
from frrgen.errors import InputError
from frrgen.inventory.files import load

ROUTER = "frr_version: 8.4\nbgp: {asn: 64500, router_id: 10.0.0.%d}\n"
CLUSTER = (
    "asn: 64512\nnodes: {n1: {addresses: [10.7.0.1]}}\npools: {services: {prefixes: [192.168.10.0/24]}}\n"
    "routers: {%s}\n"
)


@pytest.fixture
def folder(tmp_path):
    for kind in ("routers", "clusters"):
        (tmp_path / kind).mkdir()
    for number in range(1, 6):
        (tmp_path / "routers" / f"r{number}.yaml").write_text(ROUTER % number)
    return tmp_path


def read(folder, *wanted):
    network = load(folder, wanted).network
    return sorted(network.routers), sorted(network.clusters)


def test_a_router_that_no_cluster_names_is_read_alone(folder):
    assert read(folder, "r3") == (["r3"], [])
    assert read(folder) == (["r1", "r2", "r3", "r4", "r5"], [])


def test_a_cluster_of_a_wanted_router_is_read_with_all_of_its_routers(folder):
    (folder / "clusters/k1.yaml").write_text(CLUSTER % "r1: {address: 10.7.0.101}, r2: {address: 10.7.0.102}")
    (folder / "clusters/k2.yaml").write_text(CLUSTER % "r4: {address: 10.7.0.104}")
    assert read(folder, "r1") == (["r1", "r2"], ["k1"])
    assert read(folder, "r4") == (["r4"], ["k2"])


def test_a_name_in_a_cluster_may_be_written_with_escapes(folder):
    (folder / "clusters/k1.yaml").write_text(CLUSTER % '"r\\x31": {address: 10.7.0.101}')
    assert read(folder, "r1") == (["r1"], ["k1"])


def test_a_reflector_that_is_a_client_of_the_wanted_router_is_read_too(folder):
    client = "\n  neighbors: {10.0.0.%d: {remote_as: internal, ipv4_unicast: {route_reflector_client: true}}}\n"
    for own, other in ((1, 2), (2, 1)):
        text = f"frr_version: 8.4\nbgp:\n  asn: 64500\n  router_id: 10.0.0.{own}" + client % other
        (folder / f"routers/r{own}.yaml").write_text(text)
    assert read(folder, "r1") == (["r1", "r2"], [])


@pytest.mark.parametrize("text", ["bgp: [", "bgp: {asn: many}\n", "unknown: 1\n", "groups: [none]\n"])
@pytest.mark.parametrize("shared", [False, True], ids=["alone", "in a cluster"])
def test_a_broken_router_stops_the_verbs_that_name_it_and_no_other(folder, capsys, text, shared):
    if shared:
        (folder / "clusters/k1.yaml").write_text(CLUSTER % "r1: {address: 10.7.0.101}, r2: {address: 10.7.0.102}")
    (folder / "routers/r2.yaml").write_text(text)
    assert main(["-i", str(folder), "render", "r1"]) == 0
    assert ("neighbor 10.7.0.1" in capsys.readouterr().out) is shared
    for names in (["r2"], ["r1", "r2"]):
        assert main(["-i", str(folder), "render", *names]) == 1
    assert "r2.yaml" in capsys.readouterr().err
    with pytest.raises(InputError):
        load(folder)


def test_a_broken_cluster_stops_the_routers_that_it_names(folder):
    (folder / "clusters/k1.yaml").write_text("routers: {r1: {address: 10.7.0.101}}\nasn: many\n")
    with pytest.raises(InputError):
        load(folder, ["r1"])
    assert read(folder, "r2") == (["r2"], [])


def test_a_pipe_among_the_files_stops_nobody_who_does_not_name_it(folder):
    os.mkfifo(folder / "routers/r9.yaml")
    assert read(folder, "r2") == (["r2"], [])
    with pytest.raises(InputError):
        load(folder, ["r9"])


def test_a_router_without_a_file_is_an_error_that_names_the_files_there_are(folder, capsys):
    assert main(["-i", str(folder), "render", "r7"]) == 1
    assert "there are: r1, r2, r3, r4, r5" in capsys.readouterr().err
    (folder / "clusters/k1.yaml").write_text(CLUSTER % "r1: {address: 10.7.0.101}, r7: {address: 10.7.0.107}")
    assert main(["-i", str(folder), "check", "r1"]) == 1
    assert "there is no router 'r7'" in capsys.readouterr().out


WRONG = [
    "bgp: [",
    "bgp: {asn: many}\n",
    "groups: [none]\n",
    ROUTER % 2 + "log: {x: 1}\n",
    ROUTER % 2 + "bfd:\n",
]
BY_THE_CHECK = "frr_version: 8.4\nbgp: {asn: 64500, router_id: 10.0.0.2, neighbors: {192.0.2.1: {}}}\n"


@pytest.mark.parametrize("text", [*WRONG, BY_THE_CHECK])
@pytest.mark.parametrize("shared", [False, True], ids=["alone", "in a cluster"])
def test_without_names_a_broken_router_does_not_stop_the_others(folder, tmp_path_factory, capsys, text, shared):
    if shared:
        (folder / "clusters/k1.yaml").write_text(CLUSTER % "r1: {address: 10.7.0.101}, r2: {address: 10.7.0.102}")
    (folder / "routers/r2.yaml").write_text(text)
    running, out = tmp_path_factory.mktemp("running"), tmp_path_factory.mktemp("out")
    for number in range(1, 6):
        (running / f"r{number}.conf").write_text("frr version 8.4\n")
    assert main(["-i", str(folder), "render"]) == 1
    said = capsys.readouterr()
    assert said.out.count("router bgp 64500") == 4
    assert "r2.yaml" in said.err
    assert main(["-i", str(folder), "render", "--out", str(out)]) == 1
    assert sorted(path.stem for path in out.iterdir()) == ["r1", "r3", "r4", "r5"]
    capsys.readouterr()
    assert main(["-i", str(folder), "diff", "--running", str(running)]) == 1
    said = capsys.readouterr()
    assert said.out.count("router bgp 64500") >= 4
    assert "r2.yaml" in said.err
    assert main(["-i", str(folder), "diff", "--running", str(running), "--format", "json"]) == 1
    found = {one["router"]: one for one in json.loads(capsys.readouterr().out)["routers"]}
    assert sorted(found) == ["r1", "r2", "r3", "r4", "r5"]
    assert found["r2"].keys() == {"router", "findings"}
    assert found["r2"]["findings"]


def test_a_running_file_is_never_compared_with_the_router_that_is_left(folder, tmp_path_factory, capsys):
    for number in (3, 4, 5):
        (folder / f"routers/r{number}.yaml").unlink()
    (folder / "routers/r2.yaml").write_text("bgp: [")
    running = tmp_path_factory.mktemp("running") / "r2.conf"
    running.write_text("frr version 8.4\n")
    assert main(["-i", str(folder), "diff", "--running", str(running)]) == 1
    said = capsys.readouterr()
    assert not said.out
    assert "r2.yaml" in said.err


@pytest.mark.parametrize("file", ["network.yaml", "clusters/k1.yaml", "routers/other.txt"])
def test_what_is_about_no_single_router_stops_all(folder, capsys, file):
    (folder / file).write_text("routers: {r1: {address: 10.7.0.101}}\nasn: many\n")
    assert main(["-i", str(folder), "render"]) == 1
    assert not capsys.readouterr().out


def test_the_other_box_of_a_broken_one_is_left_out_and_reported(folder, capsys):
    for own, other, more in ((1, 2, ""), (2, 1, "groups: [none]\n")):
        box = f"platform: pfsense\npfsense: {{carp_vip: none}}\nha: {{peer: r{other}}}\n{more}"
        text = f"bgp: {{asn: 64500, router_id: 10.0.0.{own}}}\n{box}"
        (folder / f"routers/r{own}.yaml").write_text(text)
    assert main(["-i", str(folder), "render"]) == 1
    said = capsys.readouterr()
    assert "r1 is left out" in said.err
    assert said.out.count("router bgp 64500") == 3


def test_a_wrong_router_to_which_a_pool_and_an_uplink_go_is_reported_and_no_more(folder):
    (folder / "clusters/k8s.yaml").write_text(
        "asn: 64512\nnodes: {n1: {addresses: [10.7.0.1], uplinks: {r1: {addresses: [10.7.0.1]}}}}\n"
        "pools: {services: {prefixes: [192.168.10.0/24], routers: [r1]}}\nrouters: {r1: {}, r2: {}}\n"
    )
    (folder / "routers/r1.yaml").write_text("frobnicate: 1\n")
    with pytest.raises(InputError) as caught:
        load(folder)
    assert [str(one.code) for one in caught.value.findings] == ["FRR110"]
