"""`check` says every mistake at once, of form and of what refers to what, but none that only follows from another."""

from __future__ import annotations

import pytest

from frrgen.cli import main

R1 = """\
bgp:
  asn: 65001
  router_id: 10.0.0.1
  neighbors:
    10.99.0.1:
      remot_as: 65002
      ipv4_unicast: {prefix_list_in: NOWHERE}
    10.99.0.2: {remote_as: 65003, ipv4_unicast: {prefix_list_in: NOWHERE-EITHER}}
"""
R2 = """\
bgp:
  asn: 65002
  router_id: 10.0.0.2
  neighbors:
    10.99.0.3: {remote_as: 1, ipv4_unicast: {route_map_in: GONE}}
"""
CLUSTER = """\
asn: 64512
nodes: {n1: {addresses: [10.99.0.11]}}
pools: {web: {prefixes: [10.99.8.0/24]}}
routers: {r1: {address: 10.99.0.2}, r3: {address: 10.99.0.3}}
"""
KEY = ("FRR110", "r1.yaml:6:7")
SAME, OTHER = ("FRR210", "r1.yaml:7:38"), ("FRR210", "r1.yaml:8:66")
GONE = ("FRR210", "r2.yaml:5:60")


@pytest.fixture
def found(tmp_path, capsys):
    def check(**files):
        for folder in ("routers", "clusters"):
            (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / ("clusters" if name == "k8s" else "routers") / f"{name}.yaml").write_text(text)
        assert main(["-i", str(tmp_path), "check"]) == 1
        lines = "".join(capsys.readouterr()).split("\n")
        codes = [line[6:12] for line in lines if line.startswith("error[")]
        places = [line.rpartition("/")[2] for line in lines if line.startswith("  --> ")]
        return list(zip(codes, places, strict=True))

    return check


def test_an_unknown_key_hides_no_other_mistake_and_brings_none(found):
    assert found(r1=R1, r2=R2, k8s=CLUSTER.replace(", r3: {address: 10.99.0.3}", "")) == [KEY, SAME, OTHER, GONE]


def test_a_router_that_cannot_be_read_hides_the_mistakes_of_no_other(found):
    wrong = "bgp: {asn: x}\n"
    assert found(r1=R1, r2=R2, r3=wrong, k8s=CLUSTER) == [KEY, ("FRR111", "r3.yaml:1:12"), SAME, OTHER, GONE]


def test_what_an_unknown_key_may_have_defined_is_not_called_undefined(found):
    assert found(r1=R1.replace("remot_as", "remote_as") + "prefx_lists: {}\n", r2=R2) == [
        ("FRR110", "r1.yaml:9:1"),
        GONE,
    ]


def test_a_wrong_cluster_is_mended_first_for_routers_follow_from_it(found):
    assert found(r1=R1, r2=R2, k8s=CLUSTER.replace("asn: 64512", "asn: x")) == [KEY, ("FRR111", "k8s.yaml:1:6")]
