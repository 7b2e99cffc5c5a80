"""The speaker and daemons that are not ours: each works with it as with any router, and outlasts the same mishaps."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.lab import wait_for
from tests.lab.peers import Bird, Exabgp, Frr, Gobgp
from tests.lab.router import die_with_parent
from tests.lab.speaking import Speaking, inventory, rendered

DAEMONS = [Frr, Bird, Gobgp, Exabgp]
POOLS = "10.1.0.0/16, 10.2.0.0/16, '2001:db8:1::/48'"
SIX = ", next_hop: '2001:db8::2'"


def named(daemon):
    return daemon.__name__.lower()


class World:
    """A router with some daemon, and a node with our speaker."""

    def __init__(self, lab, daemon, *options, password=None, node_asn=65002, speak=True, **more):
        self.edge, self.node = lab.router("edge"), lab.router("node", daemons=())
        lab.link(self.edge, self.node, "10.0.0.1/24", "10.0.0.2/24", ("2001:db8::1/64", "2001:db8::2/64"))
        if password:
            more["more"] = more.get("more", "") + "\npassword: env:SECRET"
        net = inventory(lab.folder / "net", asn=node_asn, pools=POOLS, **more)
        if daemon is Frr:
            Frr.config = rendered(net).replace("<hidden>", password or "")
        self.daemon = daemon(self.edge, node_asn=node_asn, password=password)
        self.speaker = (
            Speaking(self.node, net, *options, environ={"SECRET": password} if password else None) if speak else None
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.speaker is not None:
            self.speaker.__exit__()
        self.daemon.stop()

    def sees(self, *prefixes, seconds=20):
        wait_for(
            f"{prefixes}, there are {list(self.daemon.routes())[:5]}",
            lambda: self.daemon.routes().keys() == set(prefixes),
            seconds,
        )
        return self.daemon.routes()

    def session(self):
        return wait_for("a status", lambda: self.speaker.status().get("sessions"))[0]


@pytest.mark.parametrize("daemon", DAEMONS, ids=named)
def test_announce_change_and_withdraw_in_both_families(lab, daemon):
    with World(lab, daemon) as world:
        world.speaker.announce("10.1.0.1/32", "10.2.0.0/24")
        world.speaker.up()
        found = world.sees("10.1.0.1/32", "10.2.0.0/24")
        assert found["10.1.0.1/32"] == {
            "next_hop": "10.0.0.2",
            "med": 0,
            "communities": ["64999:1"],
            "path": "65002",
        }
        world.speaker.announce("10.1.0.1/32", more=", med: 77, communities: [64999:2, 64999:3], prepend: 2")
        world.sees("10.1.0.1/32")
        wait_for("the new attributes", lambda: world.daemon.routes()["10.1.0.1/32"]["med"] == 77)
        changed = world.daemon.routes()["10.1.0.1/32"]
        assert (changed["communities"], changed["path"]) == (["64999:2", "64999:3"], "65002 65002 65002")
        world.speaker.source.with_suffix(".new").write_text(
            f"announcements:\n  - {{prefix: 10.1.0.1/32}}\n  - {{prefix: '2001:db8:1::1/128'{SIX}}}\n"
        )
        world.speaker.source.with_suffix(".new").rename(world.speaker.source)
        found = world.sees("10.1.0.1/32", "2001:db8:1::1/128")
        assert found["2001:db8:1::1/128"]["next_hop"] == "2001:db8::2"
        world.speaker.announce()
        world.sees()
        assert world.session()["established"] == 1, "no change may cost the session"


@pytest.mark.parametrize("daemon", DAEMONS, ids=named)
def test_md5_and_as_numbers_of_four_octets(lab, daemon):
    with World(lab, daemon, password="s3cret-of-lab", node_asn=4200000002) as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        assert world.sees("10.1.0.1/32")["10.1.0.1/32"]["path"] == "4200000002"
        assert "s3cret" not in world.speaker.log.read_text()


@pytest.mark.parametrize("daemon", DAEMONS, ids=named)
def test_a_wrong_password_is_no_session_and_no_loop(lab, daemon):
    with World(lab, daemon, password="right", speak=False) as world:
        world.speaker = Speaking(world.node, lab.folder / "net", environ={"SECRET": "wrong"})
        time.sleep(4)
        assert world.session()["state"] != "Established"


@pytest.mark.parametrize("daemon", [Frr, Bird], ids=named)
def test_a_refresh_is_answered(lab, daemon):
    with World(lab, daemon) as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")
        world.daemon.refresh()
        wait_for("the refresh", lambda: world.session()["refreshes"] >= 1)
        world.sees("10.1.0.1/32")


@pytest.mark.parametrize("daemon", DAEMONS, ids=named)
def test_a_peer_that_restarts_is_told_again(lab, daemon):
    with World(lab, daemon) as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")
        world.daemon.restart()
        wait_for("a second session", lambda: world.session()["established"] >= 2, 60)
        world.sees("10.1.0.1/32", seconds=30)


@pytest.mark.parametrize("daemon", DAEMONS, ids=named)
def test_a_frozen_peer_is_given_up_by_the_hold_timer_and_found_again(lab, daemon):
    with World(lab, daemon) as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        world.daemon.signal(signal.SIGSTOP)
        wait_for("the end", lambda: world.session()["state"] != "Established", 15)
        assert "hold timer expired" in world.speaker.log.read_text()
        world.daemon.signal(signal.SIGCONT)
        world.speaker.up(60)
        world.sees("10.1.0.1/32")


@pytest.mark.parametrize("daemon", [Frr, Bird, Gobgp], ids=named)
def test_a_shutdown_with_a_text_is_read(lab, daemon):
    with World(lab, daemon) as world:
        world.speaker.up()
        world.daemon.shut_down("maintenance")
        wait_for("the end", lambda: world.session()["state"] != "Established", 15)
        log = world.speaker.log.read_text()
        assert "administrative shutdown" in log
        assert log.rstrip().endswith("maintenance")


@pytest.mark.parametrize("daemon", DAEMONS, ids=named)
def test_a_wrong_as_number_ends_in_a_few_attempts_a_minute(lab, daemon):
    with World(lab, daemon, speak=False) as world:
        net = inventory(lab.folder / "net", asn=65009, pools=POOLS)
        world.speaker = Speaking(world.node, net, "--no-listen")
        wait_for("the refusal", lambda: "2/2" in world.session()["last_error"], 20)
        time.sleep(8)
        assert world.speaker.log.read_text().count("2/2") <= 4
        assert world.session()["state"] != "Established"


@pytest.mark.parametrize("daemon", DAEMONS, ids=named)
def test_a_hundred_thousand_prefixes(lab, daemon):
    with World(
        lab, daemon, more="graceful_restart_time: 60", peering="address: 10.0.0.1, maximum_prefix: 200000"
    ) as world:
        prefixes = "".join(
            f"      - 10.1.{n >> 8}.{n & 255}/32\n      - 10.2.{n >> 8}.{n & 255}/32\n" for n in range(50_000)
        )
        world.speaker.source.write_text(f"announcements:\n  - prefixes:\n{prefixes}")
        world.speaker.up(60)
        wait_for(
            f"100,000 prefixes, there are {world.daemon.count()}", lambda: world.daemon.count() == 100_000, 120, 0.5
        )
        assert world.session()["established"] <= 2


def test_the_end_is_orderly_routes_are_marked_then_withdrawn_then_the_text(lab):
    with World(lab, Frr, "--drain", "2") as world:
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        world.sees("10.1.0.1/32")
        world.speaker.signal(signal.SIGTERM)
        wait_for("the mark", lambda: "gracefulShutdown" in str(world.edge.bgp("ipv4 unicast", "10.1.0.1/32")), 5)
        assert world.speaker.process.wait(15) == 0
        assert world.daemon.routes() == {}
        assert "Hard Reset" in world.edge.vtysh("show bgp neighbors 10.0.0.2")


ECHO = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.1.0.1", 7777))
while True:
    data, who = s.recvfrom(100); s.sendto(data, who)
"""
COUNT = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.5); s.connect(("10.1.0.1", 7777))
lost = 0
for n in range(500):
    try:
        s.send(b"%d" % n)
        while s.recv(100) != b"%d" % n:
            pass
    except OSError:
        lost += 1
    time.sleep(0.01)
print(lost)
"""


def test_a_restart_loses_no_packet(lab):
    """A client speaks to the service through the router while the speaker becomes a new process."""
    with World(lab, Frr, more="graceful_restart_time: 30") as world:
        client = lab.router("client", daemons=())
        lab.link(client, world.edge, "10.9.0.1/24", "10.9.0.2/24")
        client.run("ip", "route", "add", "default", "via", "10.9.0.2")
        world.node.run("ip", "route", "add", "default", "via", "10.0.0.1")
        world.node.run("ip", "address", "add", "10.1.0.1/32", "dev", "lo")
        world.speaker.announce("10.1.0.1/32")
        world.speaker.up()
        wait_for("the route", lambda: "10.1.0.1" in world.edge.run("ip", "route").stdout)

        def inside(router, script):
            command = ["nsenter", "-t", str(router.pid), "-n", "--", sys.executable, "-c", script]
            return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)  # noqa: PLW1509

        with inside(world.node, ECHO) as echo:
            time.sleep(0.5)
            counting = inside(client, COUNT)
            time.sleep(1)
            world.speaker.signal(signal.SIGUSR1)
            lost, _ = counting.communicate(timeout=300)
            echo.kill()
        assert lost == "0\n"
        assert "restarting" in world.speaker.log.read_text()
        world.speaker.up()
        assert world.sees("10.1.0.1/32")


def test_the_gate_holds_back_what_real_frr_would_drop(lab):
    """What the gate lets through FRR takes, and what it holds back FRR denies: FRR is asked both."""
    with World(lab, Frr) as world:
        world.speaker.announce("10.1.0.1/32", "10.2.0.0/16", "10.3.0.1/32", "10.0.0.0/8")
        status = world.speaker.up()
        assert {one["prefix"] for one in status["sessions"][0]["held_back"]} == {"10.3.0.1/32", "10.0.0.0/8"}
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
        world.edge.vtysh("conf t", "router bgp 65001", "neighbor 2001:db8::2 capability extended-nexthop")
        world.speaker.announce("10.1.0.1/32", "2001:db8:1::1/128")
        world.speaker.up(40)
        found = world.sees("10.1.0.1/32", "2001:db8:1::1/128")
        assert found["10.1.0.1/32"]["next_hop"] == "2001:db8::2"


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
