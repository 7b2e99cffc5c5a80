"""Connections that come in: from routers, from strangers, too many, and when the machine has no more to give."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace

import pytest

from frrgen.inventory.files import load
from frrgen.model.derive import derive
from frrgen.speaker.plan import plan_node
from frrgen.speaker.process import listener
from frrgen.speaker.process.speaker import Options, Speaker
from frrgen.speaker.wire.message import KEEPALIVE, Type
from tests.lab.speaking import inventory
from tests.speaker.talking import OPEN, Talk, reserved, run

ROUTER, NODE, STRANGER = "127.0.0.11", "127.0.0.12", "127.0.0.13"


@pytest.fixture
def speaker(tmp_path):
    network = load(inventory(tmp_path / "net", addresses=NODE, peering=f"address: {ROUTER}")).network
    routers = derive(network).routers
    plan = plan_node(network, routers, None)
    holder, port = reserved(NODE)
    peers = tuple(replace(peer, port=port) for peer in plan.peers)
    with holder:
        yield Speaker(replace(plan, peers=peers), routers, Options()), port


async def connect(port, source):
    reader, writer = await asyncio.open_connection(NODE, port, local_addr=(source, 0))
    return Talk(reader, writer)


async def up(port):
    theirs = replace(OPEN, asn=65001, capabilities=replace(OPEN.capabilities, asn=65001))
    return await (await connect(port, ROUTER)).establish(theirs)


def test_a_flood_of_strangers_and_of_the_router_itself_delays_no_session(speaker, caplog):
    made, port = speaker

    async def talk():
        made.start()
        router = await up(port)
        beats, stop = [], asyncio.Event()

        async def beat():
            while not stop.is_set():
                router.send(KEEPALIVE)
                await asyncio.sleep(0.005)
                beats.append(router.closed.is_set())

        beating = asyncio.create_task(beat())
        for source in (STRANGER, ROUTER):
            for _ in range(5):
                before = len(beats)
                talks = await asyncio.gather(*(connect(port, source) for _ in range(16)))
                await asyncio.gather(*(one.closed.wait() for one in talks if source == STRANGER))
                for one in talks:
                    one.writer.close()
                while len(beats) == before:  # noqa: ASYNC110
                    await asyncio.sleep(0)
        stop.set()
        await beating
        assert made.peers[0].session is not None
        assert not any(beats), "the loop went round all the while, and the session was there"
        await made.drain()
        assert await router.get(Type.NOTIFICATION) is not None

    run(talk())
    assert 1 <= caplog.text.count("which is no peer") < 40


def test_a_machine_without_free_files_goes_on_listening_when_it_has_some(speaker, monkeypatch):
    made, port = speaker

    async def talk():
        loop = asyncio.get_running_loop()
        accept, failed = loop.sock_accept, []

        async def fails(listener):
            if len(failed) < 3:
                failed.append(1)
                raise OSError(errno.EMFILE, "Too many open files")
            return await accept(listener)

        monkeypatch.setattr(loop, "sock_accept", fails)
        made.start()
        router = await up(port)
        assert len(failed) == 3
        assert made.peers[0].session is not None
        await made.drain()
        assert await router.get(Type.NOTIFICATION) is not None

    run(talk())


def test_a_connection_that_breaks_while_it_is_taken_leaves_room_for_others(speaker, monkeypatch):
    made, port = speaker

    secured, broken = listener.secure, []

    def breaks(*args):
        if not broken:
            broken.append(1)
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
        secured(*args)

    async def talk():
        monkeypatch.setattr(listener, "secure", breaks)
        made.start()
        first = await connect(port, ROUTER)
        await first.closed.wait()
        assert broken
        assert not [one for one in made.peers[0]._connections if not one.dialled]
        # what broke counts as a failure, so that the next is waited for a little
        await asyncio.sleep(1)
        router = await up(port)
        assert made.peers[0].session is not None
        await made.drain()
        assert await router.get(Type.NOTIFICATION) is not None

    run(talk())
