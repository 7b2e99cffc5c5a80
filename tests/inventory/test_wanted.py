"""Which files are read for the routers that a verb names: what they need, and nothing else."""

from __future__ import annotations

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
