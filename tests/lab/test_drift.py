"""What became of the prefixes of a cluster on a real router: `frrgen status CLUSTER`."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.lab.router import wait_for
from tests.lab.speaking import FRRGEN, ROOT, Speaking, rendered

pytestmark = pytest.mark.sample("8.4")
NODES = {"n1": "10.0.0.2", "n2": "10.0.0.3"}
CLUSTER = """\
asn: 65002
nodes: {n1: {addresses: [10.0.0.2]}, n2: {addresses: [10.0.0.3]}}
pools: {services: {prefixes: [10.1.0.0/16, 10.2.0.0/16]}}
routers: {edge: {address: 10.0.0.1}}
timers: {keepalive: 1, hold: 9}
timers_connect: 1
"""


@pytest.fixture
def cluster(lab, tmp_path):
    edge = lab.router("edge")
    hosts = [lab.router(name, daemons=()) for name in NODES]
    lab.lan((edge, "10.0.0.1/24"), *((host, f"{NODES[host.name]}/24") for host in hosts))
    (tmp_path / "routers").mkdir()
    (tmp_path / "clusters").mkdir()
    (tmp_path / "network.yaml").write_text("")
    (tmp_path / "routers/edge.yaml").write_text(f"frr_version: {lab.frr.version}\nbgp: {{asn: 65001}}\n")
    (tmp_path / "clusters/k8s.yaml").write_text(CLUSTER)
    edge.start(rendered(tmp_path))
    lab.sshd(edge)
    speakers = [Speaking(host, tmp_path, "--node", host.name) for host in hosts]

    def status(*more):
        sent = [str(one.admin) for one in speakers]
        words = ["-i", str(tmp_path), "status", "k8s", "--ssh-config", str(lab.ssh_config()), "--sent", *sent, *more]
        return subprocess.run([*FRRGEN, *words], capture_output=True, text=True, check=False, cwd=ROOT)

    try:
        yield edge, speakers, status
    finally:
        for one in speakers:
            one.__exit__()


def agrees(status):
    """Wait for rest: a session that came up this moment has not told everything yet."""
    return wait_for("agreement", lambda: (done := status()).returncode == 0 and done.stdout, 30, every=0.5)


def test_each_prefix_that_gets_lost_is_named_with_what_stops_it(cluster):
    edge, speakers, status = cluster
    for one in speakers:
        one.announce("10.1.0.1/32", "10.1.0.2/32", "10.2.0.1/32")
        one.up()
    assert "2 sessions, 3 of 3 prefixes" in agrees(status)

    edge.vtysh("configure terminal", "no ip prefix-list k8s-services seq 10", "ip route 10.1.0.2/32 blackhole")
    edge.vtysh("clear bgp ipv4 unicast * soft in")
    wait_for("the drop", lambda: "10.2.0.1/32" not in edge.vtysh("show bgp ipv4 unicast"), 20)
    speakers[0].announce("10.1.0.1/32", "10.1.0.2/32", "10.2.0.1/32", "10.1.0.9/32, next_hop: 203.0.113.9")
    wait_for("the new prefix", lambda: "10.1.0.9/32" in edge.vtysh("show bgp ipv4 unicast"), 20)
    edge.vtysh("configure terminal", "router bgp 65001", "address-family ipv4 unicast", "maximum-paths 1")
    wait_for("one next hop", lambda: "nexthop" not in edge.run("ip", "route", "show", "10.1.0.1").stdout, 20)
    wait_for("what both nodes sent", lambda: "yet" not in status().stdout, 20)
    done = status("--format", "json")
    assert done.returncode == 2, done.stderr
    found = {one["prefix"]: one for one in json.loads(done.stdout)["routers"][0]["prefixes"]}

    assert [one["stage"] for one in found["10.2.0.1/32"]["hidden"]] == ["accepted", "accepted"]
    lost = found["10.2.0.1/32"]["hidden"][0]
    assert lost["why"] == "dropped by route-map k8s-in seq 20"
    assert lost["lines"][0].startswith("k8s-in seq 10: ip address prefix list k8s-services: no entry matches")
    assert found["10.2.0.1/32"]["reached"]["sent"] == ["n1", "n2"]
    assert "a route of static is preferred (distance 1)" in str(found["10.1.0.2/32"]["hidden"])
    (unreachable,) = found["10.1.0.9/32"]["hidden"]
    assert unreachable["why"] == "next hop 203.0.113.9 is not reachable"
    (second,) = found["10.1.0.1/32"]["hidden"]
    assert second["why"].startswith("no ECMP: maximum-paths is 1")
    assert len(found["10.1.0.1/32"]["reached"]["installed"]) == 1

    text = status().stdout
    assert "10.2.0.1/32: hidden\n    n1, n2: not accepted: dropped by route-map k8s-in seq 20\n" in text
    # a router keeps the routes of a speaker that dies (RFC 4724): until it is back its session is told
    speakers[1].__exit__()
    done = status()
    assert (done.returncode, "no speaker at" in done.stderr) == (2, True)
    assert "  n2 10.0.0.3: " in done.stdout


@pytest.mark.sample("10.3")
def test_frr_10_answers_the_same_questions(cluster):
    edge, speakers, status = cluster
    for one in speakers:
        one.announce("10.1.0.1/32", "10.2.0.1/32")
        one.up()
    assert "2 sessions, 2 of 2 prefixes" in agrees(status)
    edge.vtysh("configure terminal", "no ip prefix-list k8s-services seq 10")
    edge.vtysh("clear bgp ipv4 unicast * soft in")
    wait_for("the drop", lambda: "10.2.0.1/32" not in edge.vtysh("show bgp ipv4 unicast"), 20)
    wait_for("what both nodes sent", lambda: "yet" not in status().stdout, 20)
    done = status()
    assert done.returncode == 2, done.stderr
    assert "10.2.0.1/32: hidden\n    n1, n2: not accepted: dropped by route-map k8s-in seq 20\n" in done.stdout
