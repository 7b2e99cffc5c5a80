"""What `check` says where a router and a cluster do not agree: each mistake once, and at the line that makes it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from frrgen.cli import main

CLUSTER = """\
asn: 64512
nodes:
  n1: {addresses: [10.99.0.11, "fd99::11"]}
  n2: {addresses: [10.99.0.12, "fd99::12"]}
  n3: {addresses: [10.99.0.13, "fd99::13"]}
pools:
  web: {prefixes: [10.99.8.0/24, "fd99:8::/120"], prefix_list: k8s-web}
routers:
  r2: {address: 10.99.0.2, ipv6_address: "fd99::2"}
"""
ROUTER = """\
frr_version: 8.4.4
prefix_lists:
  k8s-web:
    - permit 192.0.2.0/24
    - permit 10.99.8.0/24 le 32
bgp:
  asn: 65001
  router_id: 10.99.0.2
"""
LIST = "permit 10.99.8.0/24 le 32"
POOL = "cluster k8s, every node: pool web"


@pytest.fixture
def checked(tmp_path, capsys):
    (tmp_path / "clusters").mkdir()
    (tmp_path / "routers").mkdir()
    (tmp_path / "clusters/k8s.yaml").write_text(CLUSTER)

    def check(router):
        (tmp_path / "routers/r2.yaml").write_text(router)
        main(["-i", str(tmp_path), "check"])
        lines = "".join(capsys.readouterr()).replace(f"{tmp_path}/", "").split("\n")
        pairs = pairwise(lines)
        return [(one, place.split(" ")[-1]) for one, place in pairs if one.startswith("warning[")]

    return check


def test_a_list_that_is_too_wide_is_reported_once_at_its_line(checked):
    ((text, place),) = checked(ROUTER.replace("192.0.2.0/24", "10.99.0.0/16"))
    assert text.startswith("warning[FRR321]: cluster k8s, every node: ")
    assert place == "routers/r2.yaml:4:7"


def test_a_list_that_is_too_narrow_is_reported_once_where_it_stands(checked):
    router = ROUTER.replace("    - permit 192.0.2.0/24\n", "")
    assert checked(router) == []
    ((text, place),) = checked(router.replace(LIST, "permit 10.99.8.0/25 le 32"))
    assert text.startswith(f"warning[FRR322]: {POOL}: 10.99.8.0/24, 10.99.8.128/25 le 32 is dropped")
    assert place == "routers/r2.yaml:4:5"


def test_a_line_that_denies_a_pool_is_the_one_that_is_named(checked):
    ((text, place),) = checked(ROUTER.replace("permit 192.0.2.0/24", "deny 10.99.8.0/25 le 32"))
    assert text.startswith(f"warning[FRR322]: {POOL}: 10.99.8.0/25 le 32 is dropped")
    assert place == "routers/r2.yaml:4:7"


def test_a_limit_is_named_at_the_group_or_the_neighbor_that_says_it(checked):
    router = ROUTER.replace("    - permit 192.0.2.0/24\n", "")
    group = "  peer_groups:\n    k8s:\n      ipv4_unicast: {maximum_prefix: {limit: 10}}\n"
    ((text, place),) = checked(router + group)
    assert text.startswith("warning[FRR323]: cluster k8s, every node: maximum_prefix 10 does not suffice")
    assert place == "routers/r2.yaml:10:38"
    own = "".join(
        f"    10.99.0.{n}:\n      peer_group: k8s\n      ipv4_unicast: {{maximum_prefix: {{limit: 10}}}}\n"
        for n in (12, 13)
    )
    found = checked(router + "  neighbors:\n" + own)
    assert [place for _, place in found] == ["routers/r2.yaml:11:38", "routers/r2.yaml:14:38"]
    assert [text.split(":")[1] for text, _ in found] == [" cluster k8s, n2", " cluster k8s, n3"]


def test_a_password_without_a_source_is_named_at_its_line(tmp_path, capsys, monkeypatch):
    """Of the cluster as of what stands beside it in the router's own file."""
    monkeypatch.delenv("NO_SUCH_PASSWORD", raising=False)
    for folder in ("clusters", "routers"):
        (tmp_path / folder).mkdir()
    (tmp_path / "clusters/k8s.yaml").write_text(CLUSTER + "password: env:NO_SUCH_PASSWORD\n")
    router = ROUTER.replace("    - permit 192.0.2.0/24\n", "")
    own = "  peer_groups:\n    k8s:\n      password: env:NO_SUCH_PASSWORD\n"
    for text, place in ((router, "clusters/k8s.yaml:10:11"), (router + own, "routers/r2.yaml:10:17")):
        (tmp_path / "routers/r2.yaml").write_text(text)
        assert main(["-i", str(tmp_path), "diff", "r2", "--running", "/dev/null"]) == 1
        err = capsys.readouterr().err
        assert "error[FRR121]: the variable NO_SUCH_PASSWORD is not set" in err
        assert place in err
