"""A speaker from its start to its end: what it reads anew, what that does to its sessions, and how it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from frrgen.cli import main
from frrgen.errors import DeviceError, InputError
from frrgen.inventory.files import load
from frrgen.model.derive import derive
from frrgen.speaker.log import JsonFormatter
from frrgen.speaker.plan import plan_node
from frrgen.speaker.process.admin import ask_status, metrics, serve_admin, serve_metrics
from frrgen.speaker.process.sources.file import StaticSource
from frrgen.speaker.process.sources.prefix_file import read_prefixes
from frrgen.speaker.process.speaker import Options, Speaker
from frrgen.speaker.process.status import status
from frrgen.speaker.wire.error import Cease
from frrgen.speaker.wire.message import Notification, Type, read_notification
from frrgen.speaker.wire.packed_prefix import Family, Key
from frrgen.speaker.wire.update import Reader
from tests.lab.router import wait_for
from tests.lab.speaking import ROOT, inventory
from tests.speaker.talking import OPEN, RESTARTING, Talk, reserved, run

ROUTER, NODE = "127.0.0.21", "127.0.0.22"
GSHUT = 0xFFFF0000
SCRIPT = "import sys; from frrgen.cli import main; sys.exit(main())"


class World:
    """A speaker with its inventory and source on disk, and its router, which dials it."""

    def __init__(self, folder, **options):
        self.folder = folder
        self.file = folder / "source.yaml"
        self.reserved, self.port = reserved(NODE)
        self.inventory()
        self.announce("10.1.0.1/32")
        self.source = StaticSource(self.file)
        plan, routers = self.read()
        options = {"drain_seconds": 0.2, "inventory": self.read, **options}
        self.speaker = Speaker(plan, routers, Options(source=self.source, **options))

    def inventory(self, *, pools="10.1.0.0/16, 10.2.0.0/16", more="", peering=""):
        inventory(self.folder / "net", addresses=NODE, peering=f"address: {ROUTER}{peering}", pools=pools, more=more)

    def announce(self, *prefixes, more=""):
        lines = "".join(f"  - {{prefix: {one}, next_hop: 192.0.2.7{more}}}\n" for one in prefixes)
        self.file.write_text(f"announcements:\n{lines}" if prefixes else "announcements: []\n")

    def read(self):
        network = load(self.folder / "net").network
        routers = derive(network).routers
        plan = plan_node(network, routers, None)
        return replace(plan, peers=tuple(replace(peer, port=self.port) for peer in plan.peers)), routers

    async def start(self):
        assert await self.speaker.reload()
        self.speaker.start()

    async def router(self, **capabilities):
        theirs = replace(OPEN.capabilities, asn=65001, **capabilities)
        async with asyncio.timeout(30):
            while True:
                try:
                    reader, writer = await asyncio.open_connection(NODE, self.port, local_addr=(ROUTER, 0))
                    talk = await Talk(reader, writer).establish(replace(OPEN, asn=65001, capabilities=theirs))
                except (OSError, AssertionError):
                    await asyncio.sleep(0.2)
                else:
                    return talk


async def update(talk):
    """Give the next UPDATE that says something, and its octets."""
    while True:
        body = await talk.get(Type.UPDATE)
        found = Reader().read(body)
        if found.announced or found.withdrawn:
            return found, body


def keys(*prefixes):
    return {Family.IPV4: [Key.parse(one) for one in prefixes]} if prefixes else {}


def test_sessions_begin_when_all_is_read_and_checked_and_say_everything_before_end_of_rib(tmp_path):
    async def live():
        world = World(tmp_path, admin=tmp_path / "admin", drain_seconds=0)
        well = tmp_path / "well"
        waits = f"until test -e {well}; do sleep 0.1; done"
        health = f", health: {{command: [sh, -c, '{waits}'], interval: 1, timeout: 60, rise: 2}}"
        world.announce("10.1.0.1/32", "10.1.0.2/32", more=health)
        running = asyncio.create_task(world.speaker.run())
        await asyncio.sleep(0.5)
        assert len(world.speaker.announcer.table) == 0, "no check has passed twice yet"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(NODE, world.port)
        assert not any(peer._connections for peer in world.speaker.peers)
        well.touch()
        talk = await world.router()
        first = Reader().read(await talk.get(Type.UPDATE))
        assert (first.announced, first.end_of_rib) == (keys("10.1.0.1/32", "10.1.0.2/32"), None)
        assert Reader().read(await talk.get(Type.UPDATE)).end_of_rib is Family.IPV4
        world.speaker.stop()
        await running
        assert not (tmp_path / "admin").exists()

    run(live())


def test_the_end_is_marked_then_withdrawn_then_told_in_this_order(tmp_path):
    async def live():
        world = World(tmp_path)
        await world.start()
        talk = await world.router()
        assert (await update(talk))[0].announced == keys("10.1.0.1/32")
        ending = asyncio.create_task(world.speaker.drain())
        marked, octets = await update(talk)
        assert marked.announced == keys("10.1.0.1/32")
        assert GSHUT.to_bytes(4, "big") in octets
        assert (await update(talk))[0].withdrawn == keys("10.1.0.1/32")
        told = read_notification(await talk.get(Type.NOTIFICATION))
        assert told.subcode == Cease.ADMINISTRATIVE_SHUTDOWN
        assert "frrgen speaker on node stops" in told.meaning
        assert await ending
        assert world.speaker.announcer.not_ready == "draining"

    run(live())


def test_what_changes_while_a_node_is_drained_is_not_announced_any_more(tmp_path):
    async def live():
        world = World(tmp_path)
        await world.start()
        world.speaker._begin(world.speaker._watch())
        talk = await world.router()
        await update(talk)
        world.speaker.options.drain_seconds = 2.5
        world.speaker.stop()
        ending = asyncio.create_task(world.speaker.drain())
        await update(talk)
        world.announce("10.1.0.1/32", "10.1.0.2/32")
        world.speaker._hup()
        assert (await update(talk))[0].withdrawn == keys("10.1.0.1/32")
        await ending
        assert not len(world.speaker.announcer.table)

    run(live())


def test_a_second_signal_ends_the_waiting(tmp_path):
    async def live():
        world = World(tmp_path, drain_seconds=3600)
        await world.start()
        talk = await world.router()
        await update(talk)
        world.speaker.stop()
        ending = asyncio.create_task(world.speaker.drain())
        await update(talk)
        world.speaker.stop()
        async with asyncio.timeout(30):
            assert await ending
        assert await talk.get(Type.NOTIFICATION) is not None

    run(live())


def test_the_end_that_is_asked_for_while_a_restart_is_prepared_is_an_end(tmp_path):
    async def live():
        world = World(tmp_path, admin=tmp_path / "admin", drain_seconds=0)
        running = asyncio.create_task(world.speaker.run())
        talk = await world.router()
        await update(talk)
        asked = asyncio.Event()
        loop, read = asyncio.get_running_loop(), world.read

        def reading():
            loop.call_soon_threadsafe(asked.set)
            return read()

        world.speaker.options.inventory = reading
        os.kill(os.getpid(), signal.SIGUSR1)
        await asked.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGUSR1)
        async with asyncio.timeout(20):
            await running
        assert await talk.get(Type.NOTIFICATION) is not None

    run(live())


def test_a_restart_that_is_not_possible_is_no_end_and_the_next_one_is(tmp_path):
    async def live():
        world = World(tmp_path, admin=tmp_path / "admin", drain_seconds=0)
        running = asyncio.create_task(world.speaker.run())
        talk = await world.router()
        await update(talk)
        world.file.write_text("nonsense")
        os.kill(os.getpid(), signal.SIGUSR1)
        async with asyncio.timeout(30):
            while world.speaker.announcer.ready or world.speaker._stopping.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert world.speaker.peers[0].session is not None
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(30):
            await running

    run(live())


def test_two_hangups_at_once_make_one_session_of_each_router(tmp_path):
    async def live():
        world = World(tmp_path)
        await world.start()
        text = (tmp_path / "net/clusters/k8s.yaml").read_text()
        (tmp_path / "net/clusters/k8s.yaml").write_text(text.replace("asn: 65002", "asn: 65077"))
        await asyncio.gather(*(world.speaker.reload(inventory=True) for _ in range(3)))
        assert [peer.settings.local_asn for peer in world.speaker.peers] == [65077]
        await world.speaker.drain()

    run(live())


@pytest.mark.slow
def test_a_hangup_tries_again_at_once_what_failed_for_long(tmp_path):
    async def live():
        world = World(tmp_path)
        with socket.create_server((ROUTER, world.port)) as refusing:
            refusing.setblocking(False)  # noqa: FBT003 (a C function)
            await world.start()
            loop, peer = asyncio.get_running_loop(), world.speaker.peers[0]
            for subcode in (2, 2, 2, 2):
                made, _ = await asyncio.wait_for(loop.sock_accept(refusing), 20)
                await loop.sock_sendall(made, Notification(2, subcode).write())
                peer.retry()
                await asyncio.sleep(0.2)
                made.close()
            assert peer._not_before[True] - loop.time() < 60
            for idle in peer._idle.values():
                idle.ended(Notification(2, 2), None)
                idle.ended(Notification(2, 2), None)
                idle.ended(Notification(2, 2), None)
            peer._not_before = dict.fromkeys(peer._idle, loop.time() + 300)
            assert await world.speaker.reload(inventory=True)
            made, _ = await asyncio.wait_for(loop.sock_accept(refusing), 20)
            made.close()
        await world.speaker.drain()

    run(live())


def test_a_session_that_comes_up_while_a_node_is_drained_is_marked_from_its_first_route_on(tmp_path):
    async def live():
        world = World(tmp_path)
        await world.start()
        talk = await world.router()
        await update(talk)
        world.speaker.options.drain_seconds = 3600
        ending = asyncio.create_task(world.speaker.drain())
        await update(talk)
        talk.writer.close()
        _, octets = await update(await world.router())
        assert GSHUT.to_bytes(4, "big") in octets
        world.speaker._at_once.set()
        await ending

    run(live())


def own_cluster(folder):
    """Give the cluster a name of its own: a node has one speaker on a machine."""
    (folder / "net/clusters/k8s.yaml").rename(folder / f"net/clusters/k8s-{os.getpid()}.yaml")


def test_signals_that_come_while_it_starts_are_answered_when_it_has(tmp_path):
    """A manager of services sends HUP when it likes; a process that has not said what that means to it would end."""
    World(tmp_path)
    own_cluster(tmp_path)
    command = ["-i", str(tmp_path / "net"), "speaker", "run", "--no-listen", "--admin", str(tmp_path / "admin")]
    command += ["--source", f"static:{tmp_path}/source.yaml"]
    with subprocess.Popen([sys.executable, "-c", SCRIPT, *command], stderr=subprocess.PIPE, text=True) as process:

        def blocked():
            mask = Path(f"/proc/{process.pid}/status").read_text().split("SigBlk:")[1].split()[0]
            return int(mask, 16) & 1 << signal.SIGHUP - 1

        wait_for("signals are blocked", lambda: blocked() or (tmp_path / "admin").exists(), 30)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        wait_for("its status", (tmp_path / "admin").exists, 30)
        assert ask_status(tmp_path / "admin")["node"] == "node"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert "Traceback" not in process.stderr.read()


def test_a_log_that_nobody_reads_stops_nothing(tmp_path):
    World(tmp_path)
    own_cluster(tmp_path)
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(theirs, b"x" * 4096):
            pass
    os.set_blocking(theirs, True)
    command = ["-i", str(tmp_path / "net"), "speaker", "run", "--no-listen", "--admin", str(tmp_path / "admin")]
    source = f"static:{tmp_path}/source.yaml"
    with subprocess.Popen([sys.executable, "-c", SCRIPT, *command, "--source", source], stderr=theirs) as process:
        try:
            wait_for("its status", (tmp_path / "admin").exists, 30)
            wait_for("what it announces", lambda: ask_status(tmp_path / "admin")["announced"] == 1, 30)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
    os.close(ours)
    os.close(theirs)


@pytest.mark.slow
def test_a_router_that_does_not_read_cannot_put_off_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr("frrgen.speaker.process.speaker._FLUSH", 0.5)

    async def live():
        world = World(tmp_path)
        (tmp_path / "many.txt").write_text(
            "".join(f"10.{1 + n // 65536}.{n >> 8 & 255}.{n & 255}/32\n" for n in range(131_072))
        )
        world.file.write_text("announcements:\n  - {prefix_file: many.txt, next_hop: 192.0.2.7}\n")
        world.inventory(peering=", maximum_prefix: 4000000")
        await world.start()
        talk = await world.router()
        talk.task.cancel()
        talk.writer.transport.pause_reading()
        await asyncio.sleep(0.3)
        async with asyncio.timeout(20):
            await world.speaker.drain()
        assert all(peer.session is None for peer in world.speaker.peers)

    run(live())


def test_a_changed_field_of_the_inventory_resets_no_session(tmp_path):
    """Another hold time, and a community of the pool: the one is for the next session, the other is announced."""

    async def live():
        world = World(tmp_path)
        await world.start()
        talk = await world.router()
        await update(talk)
        before = world.speaker.peers[0]
        path = tmp_path / "net/clusters/k8s.yaml"
        path.write_text(path.read_text().replace("64999:1", "64999:7").replace("hold: 3", "hold: 30"))
        assert await world.speaker.reload(inventory=True)
        found, octets = await update(talk)
        assert found.announced == keys("10.1.0.1/32")
        assert (64999 << 16 | 7).to_bytes(4, "big") in octets
        assert world.speaker.peers == [before]
        assert (before.counters.established, before.settings.hold_time) == (1, 30)
        assert not talk.closed.is_set()
        await world.speaker.drain()

    run(live())


def test_a_pool_that_the_router_no_longer_admits_is_withdrawn_and_a_new_one_announced(tmp_path):
    async def live():
        world = World(tmp_path)
        world.announce("10.1.0.1/32", "10.5.0.1/32")
        await world.start()
        talk = await world.router()
        assert (await update(talk))[0].announced == keys("10.1.0.1/32")
        world.inventory(pools="10.5.0.0/16")
        assert await world.speaker.reload(inventory=True)
        first, _ = await update(talk)
        second, _ = await update(talk)
        assert (first.withdrawn, second.announced) == (keys("10.1.0.1/32"), keys("10.5.0.1/32"))
        assert world.speaker.peers[0].counters.established == 1
        await world.speaker.drain()

    run(live())


def test_a_bad_inventory_changes_nothing_and_readiness_says_why(tmp_path):
    async def live():
        world = World(tmp_path)
        await world.start()
        talk = await world.router()
        await update(talk)
        path = tmp_path / "net/clusters/k8s.yaml"
        good = path.read_text()
        path.write_text(good + "nonsense: 1\n")
        assert not await world.speaker.reload(inventory=True)
        assert "k8s.yaml" in world.speaker.announcer.not_ready
        assert world.speaker.peers[0].session is not None
        assert not await world.speaker.restart(), "the new process would end at once"
        assert world.speaker.peers[0].session is not None
        path.write_text(good)
        assert await world.speaker.reload(inventory=True)
        assert world.speaker.announcer.ready
        await world.speaker.drain()

    run(live())


def test_a_router_that_is_no_longer_configured_is_left_with_a_hard_reset(tmp_path):
    async def live():
        world = World(tmp_path)
        await world.start()
        talk = await world.router(graceful_restart=RESTARTING)
        await update(talk)
        other = replace(world.read()[0].peers[0], local_asn=65099)
        plan, routers = world.read()
        world.speaker.options.inventory = lambda: (replace(plan, peers=(other,)), routers)
        assert await world.speaker.reload(inventory=True)
        told = read_notification(await talk.get(Type.NOTIFICATION))
        assert (told.subcode, told.data[1]) == (Cease.HARD_RESET, Cease.PEER_DECONFIGURED)
        assert [peer.settings.local_asn for peer in world.speaker.peers] == [65099]
        await world.speaker.drain()

    run(live())


LIMIT = 40


@pytest.mark.parametrize("seed", range(3))
def test_a_router_never_has_more_prefixes_than_its_maximum_whatever_changes(tmp_path, seed, monkeypatch):
    """Changes come faster than they are told, while the first table is still being sent, and around refreshes."""
    import random

    rng = random.Random(seed)
    # what is told at a time is little, so that much changes in between
    monkeypatch.setattr("frrgen.speaker.table.rib.BLOCK", 4)
    said = [f"10.1.0.{n}/32" for n in range(100)]

    async def live():
        world = World(tmp_path)
        world.inventory(peering=f", maximum_prefix: {LIMIT}")
        plan, routers = world.read()
        world.speaker = Speaker(plan, routers, Options(source=world.source, inventory=world.read, drain_seconds=0))
        world.announce(*rng.sample(said, 60))
        await world.start()
        talk = await world.router()
        has, most = set(), 0

        async def read():
            nonlocal most
            while (body := await talk.get(Type.UPDATE, 60)) is not None:
                found = Reader().read(body)
                has.difference_update(found.withdrawn.get(Family.IPV4, []))
                has.update(found.announced.get(Family.IPV4, []))
                most = max(most, len(has))

        reading = asyncio.create_task(read())
        table = world.speaker.announcer.table
        one = next(iter(table.alike(list(table)).values()))[0]
        for _ in range(300):
            for _ in range(rng.randrange(8)):
                key = Key.parse(rng.choice(said))
                world.speaker.announcer.change(key, None if key in table else one)
            if rng.random() < 0.1:
                world.speaker.peers[0].refresh(Family.IPV4)
            await asyncio.sleep(rng.choice([0, 0, 0.001, 0.004]))
        async with asyncio.timeout(20):
            while has != {key for key in table if key in world.speaker.peers[0].group.rib}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert most <= LIMIT
        assert len(has) == min(LIMIT, len(table))
        reading.cancel()
        await world.speaker.drain()

    run(live())


def test_what_was_announced_first_stays_when_the_maximum_is_reached(tmp_path):
    async def live():
        world = World(tmp_path)
        world.inventory(peering=", maximum_prefix: 2")
        plan, routers = world.read()
        world.speaker = Speaker(plan, routers, Options(source=world.source))
        world.announce("10.1.0.8/32", "10.1.0.9/32")
        await world.speaker.reload()
        world.announce("10.1.0.8/32", "10.1.0.9/32", "10.1.0.1/32")
        await world.speaker.reload()
        rib = world.speaker.peers[0].group.rib
        assert [str(Key.prefix(key)) for key in rib.held] == ["10.1.0.1/32"]
        assert "maximum-prefix 2" in world.speaker.announcer.why_dropped(
            world.speaker.peers[0].group, next(iter(rib.held))
        )
        world.announce("10.1.0.9/32", "10.1.0.1/32")
        await world.speaker.reload()
        assert not rib.held

    run(live())


def test_what_was_announced_stays_when_a_policy_changes_and_the_maximum_is_reached(tmp_path):
    async def live():
        world = World(tmp_path)
        world.inventory(peering=", maximum_prefix: 2")
        plan, routers = world.read()
        world.speaker = Speaker(plan, routers, Options(source=world.source, inventory=world.read))
        world.announce("10.1.0.5/32", "10.1.0.7/32")
        await world.speaker.reload()
        world.announce("10.1.0.1/32", "10.1.0.5/32", "10.1.0.7/32", "10.1.0.9/32")
        await world.speaker.reload()

        def announced():
            rib = world.speaker.peers[0].group.rib
            return [str(Key.prefix(key)) for key in rib.table if key in rib]

        assert announced() == ["10.1.0.5/32", "10.1.0.7/32"]
        before = world.speaker.peers[0].group
        world.inventory(peering=", maximum_prefix: 2", pools="10.1.0.0/16, 10.3.0.0/16")
        await world.speaker.reload(inventory=True)
        assert world.speaker.peers[0].group is not before
        assert announced() == ["10.1.0.5/32", "10.1.0.7/32"]
        world.inventory(peering=", maximum_prefix: 1", pools="10.1.0.0/16, 10.3.0.0/16")
        await world.speaker.reload(inventory=True)
        assert announced() == ["10.1.0.5/32"]

    run(live())


def test_in_warn_mode_too_a_router_is_not_brought_to_end_the_session(tmp_path):
    async def live():
        world = World(tmp_path)
        world.inventory(peering=", maximum_prefix: 1")
        plan, routers = world.read()
        world.speaker = Speaker(plan, routers, Options(source=world.source, gate="warn"))
        world.announce("10.1.0.1/32", "10.1.0.2/32", "10.9.0.1/32")
        await world.speaker.reload()
        (session,) = (await status(world.speaker))["sessions"]
        assert [one["prefix"] for one in session["held_back"]] == ["10.1.0.2/32"]
        assert [one["prefix"] for one in session["announced_though_dropped"]] == ["10.9.0.1/32"]
        assert session["to_announce"] == ["10.1.0.1/32", "10.9.0.1/32"]

    run(live())


def test_in_warn_mode_all_is_announced_and_what_will_be_dropped_is_named(tmp_path):
    async def live():
        world = World(tmp_path, gate="warn")
        world.announce("10.1.0.1/32", "10.9.0.1/32")
        await world.start()
        talk = await world.router()
        # two, for the second is of no pool and has no community
        announced = [(await update(talk))[0].announced for _ in range(2)]
        assert announced == [keys("10.1.0.1/32"), keys("10.9.0.1/32")]
        text = metrics(world.speaker)
        assert 'gate="warn"' in text
        await world.speaker.drain()

    run(live())


def test_metrics_are_what_prometheus_reads_and_count_what_each_entry_drops(tmp_path):
    async def live():
        world = World(tmp_path)
        world.announce("10.1.0.1/32", "10.9.0.1/32", "10.9.0.2/32")
        await world.speaker.reload()

        def samples():
            return {
                (sample.name, sample.labels.get("dropped_by")): sample.value
                for family in text_string_to_metric_families(metrics(world.speaker))
                for sample in family.samples
            }

        found = samples()
        assert found["frrgen_speaker_prefixes", None] == 3
        assert found["frrgen_speaker_session_announced", None] == 0, "nobody was told yet"
        (session,) = (await status(world.speaker))["sessions"]
        assert (session["adj_rib_out"], session["all_told"]) == (1, False)
        assert found["frrgen_speaker_session_established_total", None] == 0
        (dropped,) = (value for (name, by), value in found.items() if name.endswith("dropped") and "route-map" in by)
        assert dropped == 2
        world.speaker.start()
        talk = await world.router()
        await update(talk)
        await world.speaker.peers[0].advertised()
        found = samples()
        assert (found["frrgen_speaker_session_up", None], found["frrgen_speaker_session_announced", None]) == (1, 1)
        theirs = ("session_up", "announced_prefixes_total", "pending_prefixes_total")
        assert [found[f"metallb_bgp_{name}", None] for name in theirs] == [1, 1, 1]
        # one with the prefix, and End-of-RIB
        assert found["metallb_bgp_updates_total", None] == found["frrgen_speaker_session_updates_sent_total", None] == 2
        assert found["metallb_k8s_client_config_stale_bool", None] == 0
        assert (await status(world.speaker))["sessions"][0]["all_told"]
        await world.speaker.drain()
        assert samples()["frrgen_speaker_session_announced", None] == 0

    run(live())


def test_the_queries_of_the_dashboard_name_metrics_that_exist(tmp_path):
    async def live():
        world = World(tmp_path)
        families = list(text_string_to_metric_families(metrics(world.speaker)))
        # a counter is read without its end, a family without samples has its name only
        there = {name for family in families for name in (family.name, f"{family.name}_total")}
        board = json.loads((ROOT / "deploy/grafana/frrgen-speaker.json").read_text())
        queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        assert len(queries) > 10
        for query in queries:
            names = re.findall(r"\b(?:frrgen|metallb)_\w+", query)
            assert names, query
            assert set(names) <= there, query
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])

    run(live())


def test_each_change_of_what_is_announced_is_one_line_of_the_log_with_its_numbers(tmp_path, caplog):
    async def live():
        world = World(tmp_path)
        lines = []

        async def reload(*prefixes, more=""):
            world.announce(*prefixes, more=more)
            caplog.clear()
            assert await world.speaker.reload()
            lines.append([one.getMessage() for one in caplog.records if getattr(one, "event", "") == "announcements"])

        with caplog.at_level(logging.INFO):
            await reload("10.1.0.1/32", "10.1.0.2/32")
            await reload("10.1.0.2/32", "10.1.0.3/32", "10.1.0.4/32")
            await reload("10.1.0.2/32", "10.1.0.3/32", "10.1.0.4/32")
            await reload("10.1.0.2/32", "10.1.0.3/32", "10.1.0.5/32", more=", med: 5")
            await reload()
        assert lines == [
            ["announcements: added 2, withdrawn 0"],
            ["announcements: added 2, withdrawn 1"],
            [],
            ["announcements: added 1, withdrawn 1, changed 2"],
            ["the source announces no prefix", "announcements: added 0, withdrawn 3"],
        ]

    run(live())


def test_a_speaker_that_cannot_listen_names_the_place_and_leaves_no_socket_behind(tmp_path):
    async def live():
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            world = World(tmp_path, admin=tmp_path / "admin", metrics=("127.0.0.1", port))
            with pytest.raises(DeviceError, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"):
                await world.speaker.run()
            assert not (tmp_path / "admin").exists()
        nowhere = tmp_path / "no" / "admin"
        with pytest.raises(DeviceError, match=f"cannot listen on {nowhere}: No such file or directory"):
            await World(tmp_path, admin=nowhere).speaker.run()

    run(live())


def test_status_says_whose_it_is_and_that_nobody_was_told_yet(tmp_path, capsys):
    async def live():
        world = World(tmp_path)
        await world.speaker.reload()
        server = await serve_admin(world.speaker, tmp_path / "admin")
        asked = ["speaker", "status", "--admin", str(tmp_path / "admin")]
        assert await asyncio.to_thread(main, asked) == 0
        out = capsys.readouterr().out
        assert out.startswith("k8s/node: ready, 1 to announce\n")
        assert "  to announce 1: 10.1.0.1/32\n" in out
        world.speaker.start()
        talk = await world.router()
        await update(talk)
        await world.speaker.peers[0].advertised()
        assert await asyncio.to_thread(main, asked) == 0
        assert "  announced 1: 10.1.0.1/32\n" in capsys.readouterr().out
        server.close()
        await world.speaker.drain()

    run(live())


def test_the_admin_socket_is_for_its_owner_alone_and_one_speaker_has_it(tmp_path):
    async def live():
        speaker = World(tmp_path).speaker
        path = tmp_path / "admin"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        server = await serve_admin(speaker, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (await asyncio.to_thread(ask_status, path))["node"] == "node"
        with pytest.raises(DeviceError, match="another speaker"):
            await serve_admin(speaker, path)
        server.close()
        other = tmp_path / "file"
        other.write_text("mine")
        with pytest.raises(DeviceError, match="is not a socket"):
            await serve_admin(speaker, other)
        assert other.read_text() == "mine"

    run(live())


def test_the_log_for_machines_is_a_json_object_a_line():
    record = logging.LogRecord("x", logging.WARNING, "f", 1, "%s is\nheld", ("10.0.0.0/8",), None)
    record.event, record.prefix = "held_back", "10.0.0.0/8"
    text = JsonFormatter().format(record)
    assert "\n" not in text
    found = json.loads(text)
    assert (found["level"], found["message"], found["event"]) == ("warning", "10.0.0.0/8 is\nheld", "held_back")
    assert found["time"].endswith("+00:00")


def test_a_source_is_read_again_when_it_or_a_file_of_prefixes_changes(tmp_path):
    world = World(tmp_path)
    plan, _ = world.read()
    (tmp_path / "many.txt").write_text("# ours\n10.1.0.1/32\n\n 2001:db8::/48   # six\n10.1.0.3/32\n")
    world.file.write_text("announcements:\n  - {prefix_file: many.txt}\n")
    assert world.source.read(plan)
    assert not world.source.changed()
    runs = world.source.read(plan)[0].runs
    assert sorted(str(Key.prefix(key)) for run_ in runs for key in run_.keys) == [
        "10.1.0.1/32",
        "10.1.0.3/32",
        "2001:db8::/48",
    ]
    os.utime(tmp_path / "many.txt", (1, 1))
    assert [world.source.changed() for _ in range(2)] == [False, True]
    (tmp_path / "many.txt").unlink()
    with pytest.raises(InputError, match=r"source\.yaml:2"):
        world.source.read(plan)
    assert not world.source.changed()


def test_a_file_that_is_renamed_to_its_place_is_seen_at_once_and_a_file_in_writing_is_not(tmp_path, monkeypatch):
    # there is no look at an interval
    monkeypatch.setattr("frrgen.speaker.process.sources.file._WATCH", 3600)

    async def live():
        world = World(tmp_path)
        await world.source.load(world.read()[0])
        waiting = asyncio.create_task(world.source.changes())
        await asyncio.sleep(0.1)
        with world.file.open("a") as file:
            for number in range(8):
                # renames of other files are no reason to read what is written
                file.write("#\n")
                file.flush()
                (tmp_path / "new").write_text(str(number))
                (tmp_path / "new").rename(tmp_path / "other")
                await asyncio.sleep(0.01)
            assert not waiting.done()
        (tmp_path / "new").write_text("announcements: []\n")
        # within the same tick of the kernel's clock, too
        (tmp_path / "new").rename(world.file)
        await asyncio.wait_for(waiting, 30)
        await world.source.load(world.read()[0])
        # nor is a rename missed that comes before the next wait
        (tmp_path / "new").write_text("announcements: [{prefix: 10.1.0.1/32}]\n")
        (tmp_path / "new").rename(world.file)
        await asyncio.wait_for(world.source.changes(), 30)
        await world.source.stop()

    run(live())


def test_what_somebody_is_still_writing_is_not_read_by_half(tmp_path, monkeypatch):
    world = World(tmp_path)
    plan, _ = world.read()
    many = tmp_path / "many.txt"
    many.write_text("10.1.0.1/32\n")
    world.file.write_text("announcements:\n  - {prefix_file: many.txt}\n")
    assert world.source.read(plan)
    with many.open("a") as file:
        for number in range(2, 5):
            file.write(f"10.1.0.{number}/32\n")
            file.flush()
            assert not world.source.changed(), "it is another than a moment ago"
    assert world.source.changed()

    def meanwhile(path):
        found = read_prefixes(path)
        with many.open("a") as file:
            file.write("10.1.0.5/32\n")
        return found

    monkeypatch.setattr("frrgen.speaker.process.sources.file.read_prefixes", meanwhile)
    with pytest.raises(InputError, match="written while it was read"):
        world.source.read(plan)
    monkeypatch.undo()
    assert [world.source.changed() for _ in range(2)] == [False, True]
    assert len(world.source.read(plan)[0].runs[0].keys) == 5


def test_a_file_of_prefixes_that_was_cut_off_inside_of_a_line_is_refused(tmp_path):
    """10.1.0.0/2 is another prefix than 10.1.0.0/24."""
    world = World(tmp_path)
    plan, _ = world.read()
    (tmp_path / "many.txt").write_text("10.1.0.1/32\n64.0.0.0/2")
    world.file.write_text("announcements:\n  - {prefix_file: many.txt}\n")
    with pytest.raises(InputError, match=r"cut off\n.*many\.txt:2:11"):
        world.source.read(plan)


@pytest.mark.parametrize("name", ["pipe", "folder", '"a\\0b"', "missing", "/dev/zero"])
def test_what_is_no_regular_file_is_no_file_of_prefixes_and_keeps_nobody_waiting(tmp_path, name):
    world = World(tmp_path)
    plan, _ = world.read()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    world.file.write_text(f"announcements:\n  - {{prefix_file: {name}}}\n")
    with pytest.raises(InputError, match=r"source\.yaml:2:5"):
        world.source.read(plan)
    for path in (tmp_path / "pipe", tmp_path / "folder"):
        with pytest.raises(InputError, match="it is no file, but"):
            StaticSource(path).read(plan)


def test_every_wrong_line_of_a_file_of_prefixes_is_named(tmp_path):
    world = World(tmp_path)
    plan, _ = world.read()
    (tmp_path / "many.txt").write_bytes(b"10.1.0.1/32\n10.1.0.1/24\nnonsense\n10.1.0.2/99\n\xff\xfe\n")
    world.file.write_text("announcements:\n  - {prefix_file: many.txt}\n")
    with pytest.raises(InputError) as bad:
        world.source.read(plan)
    assert [(one.code, one.where.line) for one in bad.value.findings] == [("FRR608", n) for n in (2, 3, 4, 5)]


def test_prefixes_announced_twice_are_refused_with_both_places_and_nothing_is_lost_silently(tmp_path):
    world = World(tmp_path)
    plan, _ = world.read()
    world.file.write_text(
        "announcements:\n  - {prefix: 10.1.0.1/32, med: 1}\n  - {prefixes: [10.1.0.2/32, 10.1.0.1/32], med: 2}\n"
    )
    with pytest.raises(InputError) as bad:
        world.source.read(plan)
    (finding,) = bad.value.findings
    assert "10.1.0.1/32 is announced twice: first at" in finding.message
    assert "source.yaml:2" in finding.message
    assert finding.where.line == 3


def test_a_check_that_goes_on_is_not_restarted_by_a_reload(tmp_path):
    async def live():
        world = World(tmp_path)
        health = ", health: {command: ['true'], interval: 1, rise: 1}"
        world.announce("10.1.0.1/32", more=health)
        await world.speaker.reload()
        await world.speaker.announcer.first_checks()
        assert len(world.speaker.announcer.table) == 1
        (_, before) = world.speaker.announcer.checkers[0]
        world.announce("10.1.0.1/32", "10.1.0.2/32", more=health)
        await world.speaker.reload()
        checkers = [checker for _, checker in world.speaker.announcer.checkers]
        assert before in checkers
        await world.speaker.announcer.first_checks()
        assert len(world.speaker.announcer.table) == 2
        world.announce("10.1.0.2/32", more=", health: {command: ['false'], interval: 1, rise: 1, fall: 1}")
        await world.speaker.reload()
        assert len(world.speaker.announcer.table) == 0
        await world.speaker.announcer.stop()

    run(live())


def test_a_check_of_many_prefixes_is_followed_in_small_steps_and_everybody_has_his_turn(tmp_path):
    async def live():
        world = World(tmp_path)
        (tmp_path / "many").write_text("".join(f"10.1.{n >> 8}.{n & 255}/32\n" for n in range(50_000)))
        flag = tmp_path / "flag"
        world.file.write_text(
            f"announcements: [{{prefix_file: many, health: {{command: [test, -e, {flag}], interval: 1, rise: 1}}}}]"
        )
        await world.speaker.reload()
        table, seen = world.speaker.announcer.table, set()
        flag.touch()
        async with asyncio.timeout(20):
            while len(table) < 50_000:
                await asyncio.sleep(0)
                seen.add(len(table))
        assert len(seen) > 10
        await world.speaker.announcer.stop()

    run(live())


@pytest.mark.parametrize("attack", [b"", b"GET /metrics HTTP/1.1\r\n\r\n", b"\xff" * 9000])
def test_who_is_slow_at_the_metrics_or_comes_in_thousands_takes_nothing_from_others(tmp_path, monkeypatch, attack):
    """Nor a file, of which sessions need some: so many are answered at a time, and for seconds."""
    monkeypatch.setattr("frrgen.speaker.process.admin._WAIT", 1)

    def files():
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    async def ask(port, *parts):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError):
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0.05)
            return await reader.read()
        return b""

    async def live():
        world = World(tmp_path)
        await world.speaker.reload()
        server = await serve_metrics(world.speaker, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        before = files()
        many = [await asyncio.open_connection("127.0.0.1", port) for _ in range(300)]
        for _, writer in many:
            writer.write(attack)
        await asyncio.sleep(0.2)
        assert files() - before <= 300 + 64
        async with asyncio.timeout(30):
            # the first that has not been sent away again
            while not (answer := await ask(port, b"GET /rea", b"dyz?x=1 HTTP/1.1\r\nHost: x\r", b"\n\r\n")):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"ok\n")
        for _, writer in many:
            writer.close()
        server.close()

    run(live())


def test_who_asks_for_the_status_and_does_not_read_it_is_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr("frrgen.speaker.process.admin._WAIT", 0.5)

    async def live():
        world = World(tmp_path)
        world.announce(*(f"10.1.{n >> 8}.{n & 255}/32" for n in range(5000)))
        world.inventory(pools="10.9.0.0/16")
        plan, routers = world.read()
        world.speaker = Speaker(plan, routers, Options(source=world.source))
        await world.speaker.reload()
        monkeypatch.setattr(world.speaker.announcer, "why_dropped", lambda *_: "x" * 1000)
        server = await serve_admin(world.speaker, tmp_path / "admin")
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "admin"), limit=1)
        writer.transport.pause_reading()
        await asyncio.sleep(1.5)
        writer.transport.resume_reading()
        with pytest.raises(json.JSONDecodeError):
            json.loads(await reader.read())
        monkeypatch.setattr("frrgen.speaker.process.admin._WAIT", 30)
        assert len((await asyncio.to_thread(ask_status, tmp_path / "admin"))["sessions"][0]["held_back"]) == 1000
        writer.close()
        server.close()

    run(live())


def test_a_node_of_two_families_says_of_each_session_what_is_meant_for_it(tmp_path):
    async def live():
        world = World(tmp_path)
        inventory(
            tmp_path / "net",
            addresses=f"{NODE}, '2001:db8::2'",
            peering=f"address: {ROUTER}, ipv6_address: '2001:db8::1'",
            pools="10.1.0.0/16, '2001:db8:1::/64'",
        )
        world.file.write_text("announcements: [{prefixes: [10.1.0.1/32, 2001:db8:1::1/128], next_hop: self}]")
        plan, routers = world.read()
        world.speaker = Speaker(plan, routers, Options(source=world.source))
        await world.speaker.reload()
        four, six = (await status(world.speaker))["sessions"]
        assert (six["to_announce"], six["adj_rib_out"], six["held_back"]) == (["2001:db8:1::1/128"], 1, [])
        assert [one["prefix"] for one in four["held_back"]] == ["10.1.0.1/32"], "a loopback is no next hop, and no more"
        assert (four["adj_rib_out"], four["to_announce"]) == (0, [])

    run(live())


def test_what_no_session_of_a_node_carries_is_held_back_with_that_reason(tmp_path):
    async def live():
        world = World(tmp_path)
        world.file.write_text("announcements: [{prefix: '2001:db8:1::1/128', next_hop: '2001:db8::7'}]")
        await world.speaker.reload()
        (session,) = (await status(world.speaker))["sessions"]
        assert session["adj_rib_out"] == 0
        assert "no session of this node carries ipv6_unicast" in session["held_back"][0]["why"]

    run(live())


def test_what_a_router_does_not_take_is_not_counted_as_announced(tmp_path):
    """Each session negotiates what it can: the rest is neither announced there nor claimed to be."""

    async def live():
        world = World(tmp_path)
        world.inventory(pools="10.1.0.0/16, '2001:db8:1::/64'")
        announced = "{prefix: 10.1.0.1/32, next_hop: 192.0.2.7}, {prefix: '2001:db8:1::1/128', next_hop: '2001:db8::7'}"
        world.file.write_text(f"announcements: [{announced}]")
        plan, routers = world.read()
        world.speaker = Speaker(plan, routers, Options(source=world.source))
        await world.start()
        await update(await world.router())
        await world.speaker.peers[0].advertised()
        (session,) = (await status(world.speaker))["sessions"]
        assert (session["families_missing"], session["to_announce"]) == (["ipv6_unicast"], ["10.1.0.1/32"])
        assert session["adj_rib_out"] == 1
        assert 'session_announced{local="127.0.0.22",peer="127.0.0.21",router="edge"} 1.0' in metrics(world.speaker)
        await world.speaker.drain()

    run(live())
