"""The speaker of a node beside a real router: how it ends, restarts, and holds back what FRR would drop."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from frrgen.speaker.process.privileges import KEPT
from tests.lab import wait_for
from tests.lab.peers import Frr
from tests.lab.router import die_with_parent
from tests.lab.speaking import ROUTER, Speaking, rendered
from tests.lab.world import World


def test_the_end_is_orderly_routes_are_marked_then_withdrawn_then_the_text(lab):
    with World(lab, Frr, "--drain", "2") as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")
        world.speaker.signal(signal.SIGTERM)
        wait_for("the mark", lambda: "gracefulShutdown" in str(world.edge.bgp("ipv4 unicast", "10.1.0.1/32")), 20)
        assert world.speaker.process.wait(30) == 0
        assert world.daemon.routes() == {}
        assert "Hard Reset" in world.edge.vtysh("show bgp neighbors 10.0.0.2")


ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.1.0.1", 7777))
while True:
    data, who = s.recvfrom(100); s.sendto(data, who)
"""
COUNT = """
import pathlib, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.connect(("10.1.0.1", 7777))
while True:
    try:
        s.send(b"0")
        if s.recv(100) == b"0":
            break
    except OSError:
        time.sleep(0.1)
pathlib.Path(sys.argv[1] + "-begun").touch()
lost = sent = 0
while sent <= 100 or not pathlib.Path(sys.argv[1]).exists():
    sent += 1
    try:
        s.send(b"%d" % sent)
        while s.recv(100) != b"%d" % sent:
            pass
    except OSError:
        lost += 1
    time.sleep(0.005)
print(lost)
"""


@pytest.mark.parametrize("how", [signal.SIGUSR1, signal.SIGKILL, signal.SIGTERM])
def test_a_restart_loses_no_packet(lab, how):
    """A client speaks to the service through the router while the speaker becomes a new process, dies, or leaves."""
    with World(lab, Frr, "--on-term", "keep", more="graceful_restart_time: 30") as world:
        client = lab.router("client", daemons=())
        lab.link(client, world.edge, "10.9.0.1/24", "10.9.0.2/24")
        client.run("ip", "route", "add", "default", "via", "10.9.0.2")
        world.node.run("ip", "route", "add", "default", "via", "10.0.0.1")
        world.node.run("ip", "address", "add", "10.1.0.1/32", "dev", "lo")
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        wait_for("the route", lambda: "10.1.0.1" in world.edge.run("ip", "route").stdout)
        stop = lab.folder / "enough"

        def inside(router, script):
            command = ["nsenter", "-t", str(router.pid), "-n", "--", sys.executable, "-c", script, str(stop)]
            return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)  # noqa: PLW1509

        def sessions():
            return world.edge.bgp("neighbors")["10.0.0.2"]["connectionsEstablished"]

        before = sessions()
        with inside(world.node, ECHO) as echo:
            counting = inside(client, COUNT)
            wait_for("the first answer", Path(f"{stop}-begun").exists, 20)
            time.sleep(0.5)
            world.speaker.signal(how)
            if how is not signal.SIGUSR1:
                world.speaker.process.wait()
                world.speaker = Speaking(world.node, lab.folder / "net")
            wait_for("a new session", lambda: sessions() > before, 30)
            world.speaker.up()
            world.sees("10.1.0.1/32")
            time.sleep(1)
            stop.touch()
            lost = int(counting.communicate(timeout=60)[0])
            echo.kill()
        assert lost == 0
        assert ("restarting" in world.speaker.log.read_text()) is (how is signal.SIGUSR1)


@pytest.mark.parametrize("wait", [0, 0.2, 0.4])
def test_an_end_in_the_middle_of_a_restart_is_one_at_the_router_too(lab, wait):
    """Which would else keep the routes of a node that is gone."""
    with World(lab, Frr, "--drain", "0", more="graceful_restart_time: 60") as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")
        world.speaker.signal(signal.SIGUSR1)
        time.sleep(wait)
        world.speaker.signal(signal.SIGTERM)
        assert world.speaker.process.wait(30) == 0
        world.sees()


@pytest.mark.parametrize("limit", [3, 200_000])
def test_a_restart_with_other_prefixes_does_not_reach_the_routers_maximum(lab, limit):
    """FRR counts what it keeps of the time before and what it is told behind it, until End-of-RIB."""
    with World(
        lab, Frr, peering=f"address: 10.0.0.1, maximum_prefix: {limit}", more="graceful_restart_time: 30"
    ) as world:
        before, after = ([f"10.1.{n}.{host}/32" for host in range(3)] for n in range(2))
        world.speaker.announce(*before)
        world.speaker.up()
        world.sees(*before)
        world.speaker.process.kill()
        world.speaker.process.wait()
        wait_for("the end at the router", lambda: not world.edge.established("10.0.0.2"), 20)
        assert world.daemon.routes().keys() == set(before), "they are kept"
        world.speaker.announce(*after)
        world.speaker = Speaking(world.node, lab.folder / "net")
        world.speaker.up()
        world.sees(*after)
        assert world.session()["established"] == 1


def test_a_hangup_takes_a_changed_inventory_without_a_new_session(lab):
    """The router's policy and the pool's community change; the router is told by an UPDATE, not by a new session."""
    with World(lab, Frr) as world:
        world.speaker.announce("10.1.0.1/32", "10.3.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")
        cluster = lab.folder / "net/clusters/k8s.yaml"
        text = cluster.read_text().replace("64999:1", "64999:9").replace("10.2.0.0/16", "10.3.0.0/16")
        cluster.write_text(text)
        # the router first, as one would: it admits more before more is announced
        world.edge.load(rendered(lab.folder / "net").replace("<hidden>", ""))
        world.speaker.signal(signal.SIGHUP)
        found = world.sees("10.1.0.1/32", "10.3.0.1/32")
        assert {tuple(one["communities"]) for one in found.values()} == {("64999:9",)}
        assert world.session()["established"] == 1


def test_the_gate_holds_back_what_real_frr_would_drop(lab):
    """What the gate lets through FRR takes, and what it holds back FRR denies: FRR is asked both."""
    with World(lab, Frr) as world:
        world.speaker.announce("10.1.0.1/32", "10.2.0.0/16", "10.3.0.1/32", "10.0.0.0/8")
        status = world.speaker.up()
        held = {one["prefix"]: one["why"] for one in status["sessions"][0]["held_back"]}
        assert held.keys() == {"10.3.0.1/32", "10.0.0.0/8"}
        assert all("k8s-services: no entry matches" in why and "k8s.yaml:" in why for why in held.values())
        world.sees("10.1.0.1/32", "10.2.0.0/16")
        world.speaker.__exit__()
        world.speaker = Speaking(world.node, lab.folder / "net", "--gate", "off")
        world.speaker.up()
        wait_for("all sent", lambda: world.session()["adj_rib_out"] == 4)
        time.sleep(1)
        world.sees("10.1.0.1/32", "10.2.0.0/16")


def test_an_ipv6_transport_carries_ipv4_routes_by_rfc_8950(lab):
    peering = "ipv6_address: '2001:db8::1'"
    with World(lab, Frr, addresses="'2001:db8::2'", peering=peering) as world:
        world.speaker.announce("10.1.0.1/32", "2001:db8:1::1/128")
        world.speaker.up(40)
        found = world.sees("10.1.0.1/32", "2001:db8:1::1/128")
        assert found["10.1.0.1/32"]["next_hop"] == "2001:db8::2"
        wait_for("the route", lambda: "10.1.0.1 " in world.edge.run("ip", "route").stdout)


def test_an_internal_router_takes_a_route_with_preference_and_the_next_of_a_filter_that_changes(lab):
    """And one that is old: it says nothing of itself (no capabilities), and is spoken to as to one of 1995."""
    with World(lab, Frr, "--gate", "off", node_asn=65001) as world:
        world.speaker.announce("10.1.0.1/32", "10.3.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")
        path = world.edge.bgp("ipv4", "unicast", "10.1.0.1/32")["paths"][0]
        assert (path["locPrf"], path["aspath"]["length"], path["addpathRxId"]) == (100, 0, 1)
        world.edge.vtysh("conf t", "ip prefix-list k8s-services seq 99 permit 10.3.0.0/16 le 32")
        world.sees("10.1.0.1/32", "10.3.0.1/32")
        assert world.session()["refreshes"] >= 1, "the router asked, and was answered"
        assert world.session()["established"] == 1
        quiet = "neighbor 10.0.0.2 dont-capability-negotiate"
        world.edge.vtysh("conf t", "router bgp 65001", quiet, "end", "clear bgp 10.0.0.2")
        wait_for("a session without capabilities", lambda: world.session()["established"] >= 2)
        world.sees("10.1.0.1/32", "10.3.0.1/32")
        path = world.edge.bgp("ipv4", "unicast", "10.1.0.1/32")["paths"][0]
        assert path.get("addpathRxId", 0) == 0


def test_a_role_is_agreed_with_frr_and_routes_carry_only_to_customer(lab):
    """FRR, our customer, insists on a role, and finds our AS number in the attribute (RFC 9234)."""
    router = ROUTER + "  neighbors:\n    10.0.0.2: {local_role: customer, local_role_strict: true}\n"
    with World(lab, Frr, router=router) as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")
        assert world.edge.bgp("ipv4", "unicast", "10.1.0.1/32")["paths"][0]["otc"] == 65002
        assert "Remote Role: provider" in world.edge.vtysh("show bgp neighbors 10.0.0.2")


def test_ttl_security_keeps_the_session_up(lab):
    with World(lab, Frr, peering="address: 10.0.0.1, ttl_security_hops: 1") as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")


def test_connections_of_strangers_are_dropped_and_do_no_harm(lab):
    with World(lab, Frr) as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        stranger = lab.router("stranger", daemons=())
        lab.link(stranger, world.node, "10.8.0.1/24", "10.8.0.2/24")
        script = "for n in $(seq 300); do echo x | timeout 1 bash -c 'cat > /dev/tcp/10.0.0.2/179'; done"
        stranger.run("ip", "route", "add", "10.0.0.0/24", "via", "10.8.0.2")
        world.node.run("ip", "route", "add", "default", "via", "10.8.0.1")
        stranger.run("bash", "-c", script, check=False)
        assert world.session()["state"] == "Established"
        assert world.speaker.log.read_text().count("which is no peer") < 30


def test_a_source_that_becomes_bad_withdraws_nothing_and_readiness_says_why(lab):
    with World(lab, Frr, "--metrics", "127.0.0.1:9342") as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")

        def ready():
            ask = "exec 3<>/dev/tcp/127.0.0.1/9342; printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
            return world.node.run("bash", "-c", ask).stdout

        assert " 200 " in ready()
        world.speaker.source.write_text("announcements: [{prefix: nonsense}]\n")
        world.speaker.signal(signal.SIGHUP)
        wait_for("not ready", lambda: " 503 " in ready())
        world.sees("10.1.0.1/32")
        assert not world.speaker.status()["ready"]


def test_a_router_that_knows_the_nodes_by_a_range_alone_has_the_routes(lab):
    with World(lab, Frr, peering="address: 10.0.0.1, listen_range: [10.0.0.0/24]") as world:
        world.speaker.announce("10.1.0.1/32", "10.9.0.1/32")
        status = world.speaker.up()
        assert [one["prefix"] for one in status["sessions"][0]["held_back"]] == ["10.9.0.1/32"]
        world.sees("10.1.0.1/32")


def test_a_dual_stack_node_says_each_family_over_its_own_session(lab):
    peering = "address: 10.0.0.1, ipv6_address: '2001:db8::1'"
    addresses, pools = "10.0.0.2, '2001:db8::2'", "10.1.0.0/16, '2001:db8:1::/64'"
    with World(lab, Frr, addresses=addresses, pools=pools, peering=peering) as world:
        world.speaker.announce("10.1.0.1/32", "2001:db8:1::1/128")
        sessions = world.speaker.up(40)["sessions"]
        assert [one["peer"] for one in sessions] == ["10.0.0.1", "2001:db8::1"]
        world.sees("10.1.0.1/32", "2001:db8:1::1/128")
        sessions = world.speaker.status()["sessions"]
        assert [one["to_announce"] for one in sessions] == [["10.1.0.1/32"], ["2001:db8:1::1/128"]]
        assert [(one["adj_rib_out"], one["held"], one["dropped"]) for one in sessions] == [(1, 0, 0)] * 2
        assert "held back" not in world.speaker.log.read_text()


def test_what_the_router_does_not_activate_is_not_claimed_to_be_announced(lab):
    router = ROUTER + "  neighbors:\n    10.0.0.2: {ipv6_unicast: {activate: false}}\n"
    with World(lab, Frr, router=router) as world:
        world.speaker.source.write_text(
            "announcements: [{prefix: 10.1.0.1/32}, {prefix: '2001:db8:1::1/128', next_hop: '2001:db8::2'}]"
        )
        world.speaker.up()
        world.sees("10.1.0.1/32")
        session = wait_for("all told", lambda: (one := world.session())["all_told"] and one)
        assert (session["to_announce"], session["adj_rib_out"]) == (["10.1.0.1/32"], 1)


def test_a_session_of_a_family_without_a_pool_is_never_begun(lab):
    peering = "address: 10.0.0.1, ipv6_address: '2001:db8::1'"
    with World(lab, Frr, addresses="10.0.0.2, '2001:db8::2'", pools="10.1.0.0/16", peering=peering) as world:
        world.speaker.announce("10.1.0.1/32")
        (session,) = world.speaker.up(40)["sessions"]
        assert session["peer"] == "10.0.0.1"
        world.sees("10.1.0.1/32")


@pytest.mark.sample("8.4")
def test_a_node_with_two_uplinks_dials_each_router_from_its_own_and_listens_on_addresses_that_come_later(lab, tmp_path):
    edges = [lab.router("edge"), lab.router("edge2")]
    host = lab.router("node", daemons=())
    lab.link(edges[0], host, "10.0.0.1/24", "10.0.0.2/24")
    lab.link(edges[1], host, "10.0.5.1/24", "192.0.2.1/24")
    net = tmp_path / "net"
    (net / "routers").mkdir(parents=True)
    (net / "clusters").mkdir()
    (net / "network.yaml").write_text("")
    for name, asn in (("edge", 65001), ("edge2", 65005)):
        (net / f"routers/{name}.yaml").write_text(f"frr_version: {lab.frr.version}\nbgp: {{asn: {asn}}}\n")
    (net / "clusters/k8s.yaml").write_text(
        "asn: 65002\npools: {p: {prefixes: [10.1.0.0/16]}}\ntimers_connect: 1\n"
        "nodes: {node: {addresses: [10.0.0.2], uplinks: {edge2: {addresses: [10.0.5.2], device: eth1}}}}\n"
        "routers: {edge: {address: 10.0.0.1}, edge2: {address: 10.0.5.1}}\n"
    )
    for edge in edges:
        edge.start(rendered(net, edge.name))
    with Speaking(host, net) as speaker:
        speaker.announce("10.1.0.1/32")
        first = "the first session"
        wait_for(
            first, lambda: [one["state"] for one in speaker.status().get("sessions", [])][:1] == ["Established"], 20
        )
        caps = [
            int(line.split()[1], 16)
            for task in Path(f"/proc/{speaker.process.pid}/task").iterdir()
            for line in (task / "status").read_text().splitlines()
            if line.startswith("CapEff")
        ]
        assert [one & ~sum(1 << bit for bit in KEPT) for one in caps] == [0] * len(caps)
        dial = "import socket; socket.create_connection(('10.0.5.2', 179), 2)"
        assert edges[1].run("python3", "-c", dial, check=False).returncode != 0
        host.address("eth1", "10.0.5.2/24")
        wait_for("it listens", lambda: edges[1].run("python3", "-c", dial, check=False).returncode == 0, 20)
        speaker.up()
        for edge, hop in zip(edges, ("10.0.0.2", "10.0.5.2"), strict=True):
            wait_for("the route", lambda: hop in edge.run("ip", "route", "show", "10.1.0.1").stdout, 20)  # noqa: B023
