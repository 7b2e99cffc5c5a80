"""`frrgen verify` as a user meets it: a proof for each session, or the line that is to blame."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from frrgen.cli import main

EXAMPLE = Path(__file__).resolve().parents[2] / "inventory"


@pytest.fixture
def network(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "net")
    return tmp_path / "net"


def verify(capsys, network, *args):
    status = main(["-i", str(network), "verify", *args])
    out, err = capsys.readouterr()
    return status, out, err


def changed(network, file, old, new):
    path = network / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_the_example_agrees_and_each_session_has_its_proof(capsys):
    status, out, _ = verify(capsys, EXAMPLE)
    assert status == 0
    assert "pool services: 192.168.10.0/24 le 32 is admitted by route-map MetalLB_k8s seq 10" in out
    assert out.count("nothing else is admitted") == 2
    assert out.endswith("2 sessions verified: all hold.\n")


def test_without_a_cluster_nothing_is_called_proven(capsys, tmp_path):
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/r1.yaml").write_text("bgp: {asn: 65001}\n")
    status, out, _ = verify(capsys, tmp_path)
    assert (status, out) == (0, "Nothing was verified: there is no session of a cluster.\n")


OWN = "prefix_lists:\n  MetalLB_k8s:\n    - permit {}\n"
EDGE = "routers/edge1.yaml"


@pytest.mark.parametrize(
    ("prefix", "kind", "said"),
    [
        ("192.168.10.0/25 le 32", "dropped", "e.g. 192.168.10.0/24"),
        ("192.168.0.0/16 ge 24 le 32", "too much", "admits what is in no pool"),
    ],
)
def test_a_router_that_says_otherwise_is_found_out_with_a_witness(capsys, network, prefix, kind, said):
    changed(network, EDGE, "prefix_lists:\n", OWN.format(prefix))
    status, out, _ = verify(capsys, network, "--format", "json")
    found = json.loads(out)
    assert (status, found["agree"]) == (2, False)
    problems = [
        problem for router in found["routers"] for session in router["sessions"] for problem in session["problems"]
    ]
    assert {problem["kind"] for problem in problems} == {kind}
    assert all(said in problem["text"] and problem["where"] and problem["route"] for problem in problems)


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("      timers: {keepalive: 3, hold: 9}\n", "timers is"),
        ("      shutdown: true\n", "shut down"),
        ("      remote_as: 64999\n", "the node is AS 64512"),
        ("      ipv4_unicast: {maximum_prefix: {limit: 10}}\n", "maximum_prefix 10 does not suffice for the 511"),
        ("      ipv4_unicast: {activate: false}\n", "not activated"),
    ],
)
def test_settings_of_the_two_ends_are_compared(capsys, network, yaml, said):
    changed(network, EDGE, "  neighbors:\n", "  neighbors:\n    192.168.1.10:\n" + yaml)
    status, out, _ = verify(capsys, network)
    assert status == 2
    assert "does not hold: " in out
    assert said in out
    assert "inventory" in out or "edge1.yaml" in out


def test_a_limit_of_paths_below_the_number_of_nodes_is_found(capsys, network):
    changed(network, "clusters/microk8s.yaml", "nodes:\n", "nodes:\n  two:\n    addresses: [192.168.1.11]\n")
    changed(network, EDGE, "  ipv4_unicast:\n    networks", "  ipv4_unicast:\n    maximum_paths_ibgp: 1\n    networks")
    status, out, _ = verify(capsys, network)
    assert status == 2
    assert "maximum_paths_ibgp is 1, so not all of 2 nodes carry traffic" in out


def test_a_cluster_that_is_not_there_is_an_error(capsys):
    status, _, err = verify(capsys, EXAMPLE, "nothing")
    assert (status, "error[FRR305]" in err) == (1, True)


DUAL_STACK = """\
asn: {asn}
nodes:
  a: {{addresses: [192.168.1.10, "fd00::10"]}}
  b: {{addresses: [192.168.1.11, "fd00::11"]}}
  c: {{addresses: [192.168.1.12, "fd00::12"]}}
pools:
  services: {{prefixes: [192.168.10.0/24, "fd00:10::/112"], lengths: [32, 32], ipv6_lengths: [128, 128]}}
routers:
  home: {{address: 192.168.1.1, ipv6_address: "fd00::1"}}
  edge1: {{address: 192.168.1.2, ipv6_address: "fd00::2"}}
"""


@pytest.mark.parametrize("asn", [64512, 64999])
def test_a_cluster_of_three_nodes_and_both_ip_versions_works_on_each_platform(capsys, network, asn):
    (network / "clusters/microk8s.yaml").write_text(DUAL_STACK.format(asn=asn))
    for verb in (["check"], ["render", "home"], ["render", "edge1"], ["verify"]):
        assert main(["-i", str(network), *verb]) == 0, verb
    assert "12 sessions verified: all hold.\n" in capsys.readouterr().out
