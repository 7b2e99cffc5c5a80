"""What keeps sessions from coming up is found once, where it stands; a finding can be silenced in one place."""

from __future__ import annotations

import pytest
import yaml

from frrgen.errors import InputError
from frrgen.intended.inventory import Inventory

HEAD = {"asn": 65000, "ebgp_requires_policy": False}


@pytest.fixture
def found(tmp_path):
    """Find everything about routers, by name, and what network.yaml says: (code, path) of each finding."""

    def check(network=None, **routers):
        (tmp_path / "routers").mkdir(exist_ok=True)
        (tmp_path / "network.yaml").write_text(yaml.safe_dump(network or {}))
        for name, router in routers.items():
            (tmp_path / f"routers/{name}.yaml").write_text(yaml.safe_dump({"frr_version": "8.4", **router}))
        return [(str(one.code), ".".join(one.where.path), str(one.severity)) for one in Inventory(tmp_path).findings]

    return check


def peers(*addresses, **more):
    return {"bgp": {**HEAD, "neighbors": {one: {"remote_as": 65001, **more} for one in addresses}}}


NOBODY = ["127.0.0.1", "224.0.0.5", "0.0.0.0", "255.255.255.255", "::1", "fe80::1", "ff02::5"]


@pytest.mark.parametrize("version", ["7.5", "8.3", "11", "11.0.1"])
def test_a_version_outside_of_what_was_measured_is_reported(found, version):
    assert found(r1={**peers("192.0.2.1"), "frr_version": version}) == [("FRR223", "routers.r1.frr_version", "warning")]


@pytest.mark.parametrize("version", ["8.4", "9.1", "10.3", "10.7.1"])
def test_a_version_that_was_measured_is_not(found, version):
    assert found(r1={**peers("192.0.2.1"), "frr_version": version}) == []


def test_bgp_that_speaks_with_nobody_is_reported(found):
    assert found(r1={"bgp": HEAD}) == [("FRR224", "routers.r1.bgp", "warning")]
    assert found(r1={"bgp": HEAD, "vrfs": {"red": peers("192.0.2.1")}}) == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "224.0.0.5", "0.0.0.0", "255.255.255.255", "::1", "fe80::1", "ff02::5"]
)
def test_an_address_that_no_session_comes_from_is_reported(found, address):
    assert found(r1=peers(address)) == [("FRR225", f"routers.r1.bgp.neighbors.{address}", "warning")]
    vrf = {"vrfs": {"red": peers(address)}}
    assert found(r1=vrf) == [("FRR225", f"routers.r1.vrfs.red.bgp.neighbors.{address}", "warning")]


def test_link_local_addresses_that_work_are_no_finding(found):
    assert found(r1=peers("169.254.10.1")) == []
    assert found(r1=peers("fe80::1", interface="eth0")) == []


def test_an_ebgp_neighbor_behind_another_router_is_reported(found):
    behind = {"static_routes": [{"prefix": "10.9.0.9/32", "via": "10.2.0.1"}]}
    assert found(r1={**behind, **peers("10.9.0.9")}) == [("FRR226", "routers.r1.bgp.neighbors.10.9.0.9", "warning")]
    for more in (
        {"ebgp_multihop": 2},
        {"disable_connected_check": True},
        {"remote_as": 65000},
        {"ttl_security_hops": 2},
    ):
        assert found(r1={**behind, **peers("10.9.0.9", **more)}) == []


def test_a_finding_is_silenced_for_a_line_a_router_or_a_group(found):
    routers = {name: peers("127.0.0.1", "::1") for name in ("r1", "r2")}
    routers["r1"]["groups"] = ["lab"]
    for only, left in (
        (["routers.r1"], {"r2"}),
        (["groups.lab"], {"r2"}),
        (["routers.r1.bgp.neighbors.127.0.0.1", "routers.r2"], {"r1"}),
        (["groups.nobody"], {"r1", "r2"}),
        (["routers.r"], {"r1", "r2"}),
    ):
        policy = {"severity": "off", "reason": "x", "only": only}
        network = {"groups": {"lab": {}, "nobody": {}}, "findings": {"FRR225": policy}}
        assert {path.split(".")[1] for _, path, _ in found(network, **routers)} == left, only
    policy = {"severity": "error", "reason": "x", "only": ["routers.r1"]}
    worse = found({"groups": {"lab": {}}, "findings": {"FRR225": policy}}, **routers)
    assert {path.split(".")[1] for _, path, severity in worse if severity == "error"} == {"r1"}


def test_an_unknown_code_is_reported_with_its_place(found):
    with pytest.raises(InputError, match=r"(?s)there is no finding 'FRR999'.*network.findings.FRR999"):
        found({"findings": {"FRR999": {"severity": "off", "reason": "x"}}}, r1=peers("192.0.2.1"))
