"""A speaker whose prefixes are announced and withdrawn through its admin socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from frrgen.cli import main
from frrgen.speaker.process.admin import ask
from frrgen.speaker.process.sources.admin import MOST, AdminSource
from frrgen.speaker.process.speaker import Options, Speaker
from tests.speaker.talking import run
from tests.speaker.test_life import World, keys, update


@contextlib.asynccontextmanager
async def living(folder):
    """A running speaker, and a router that its session is up with."""
    world = World(folder)
    plan, routers = world.read()
    options = Options(source=AdminSource(), admin=folder / "admin", drain_seconds=0, inventory=world.read)
    world.speaker = Speaker(plan, routers, options)
    running = asyncio.create_task(world.speaker.run())
    try:
        yield world, await world.router()
    finally:
        world.speaker.stop()
        await running


HOP = ("--next-hop", "192.0.2.7")
ASKING = ThreadPoolExecutor(40)
"""Threads of their own: the speaker needs those of its loop while it is asked."""


async def sent(folder, request):
    return await asyncio.get_running_loop().run_in_executor(ASKING, ask, folder / "admin", request)


async def asked(folder, **request):
    for one in request.values():
        one["next_hop"] = "192.0.2.7"
    return await sent(folder, json.dumps(request).encode())


async def verb(folder, *words):
    words = ["speaker", *words, "--admin", str(folder / "admin")]
    return await asyncio.get_running_loop().run_in_executor(ASKING, main, words)


def test_a_prefix_is_announced_and_withdrawn_by_the_verbs(tmp_path, capsys):
    async def live():
        async with living(tmp_path) as (_, talk):
            assert await verb(tmp_path, "announce", "10.1.0.1/32", "10.1.0.2/32", "--med", "7", *HOP) == 0
            found, octets = await update(talk)
            assert found.announced == keys("10.1.0.1/32", "10.1.0.2/32")
            # MULTI_EXIT_DISC 7 (RFC 4271 section 5.1.4)
            assert bytes.fromhex("80040400000007") in octets
            assert await verb(tmp_path, "withdraw", "10.1.0.1/32") == 0
            found, _ = await update(talk)
            assert found.withdrawn == keys("10.1.0.1/32")
            assert await verb(tmp_path, "withdraw", "10.1.0.1/32") == 1

    run(live())
    out, err = capsys.readouterr()
    assert "10.1.0.1/32: announced to edge" in out
    assert "10.1.0.1/32: withdrawn" in out
    assert "1 were not announced" in err


def test_a_prefix_that_the_router_would_drop_is_held_back_and_the_answer_names_the_line(tmp_path, capsys):
    async def live():
        async with living(tmp_path) as (world, _):
            assert await verb(tmp_path, "announce", "172.16.0.1/32", *HOP) == 1
            assert world.speaker.peers[0].announced == 0

    run(live())
    assert "172.16.0.1/32: held back from edge" in (out := capsys.readouterr().out)
    assert "prefix-list" in out or "route-map" in out or "seq" in out


def test_the_answer_comes_when_the_sessions_know_whatever_is_asked_at_the_same_time(tmp_path):
    async def live():
        async with living(tmp_path) as (world, _):
            answers = await asyncio.gather(
                *(asked(tmp_path, announce={"prefix": f"10.1.0.{number}/32"}) for number in range(1, 30)),
                world.speaker.reload(inventory=True),
            )
            assert all("errors" not in one for one in answers[:-1])
            assert len(world.speaker.announcer.table) == 29
            assert (await sent(tmp_path, b'{"withdraw": {"prefixes": ["10.1.0.1/32"]}}'))["prefixes"]
            assert len(world.speaker.announcer.table) == 28

    run(live())


@pytest.mark.parametrize(
    "request_",
    [
        b"no request",
        b"{}",
        b'{"announce": {}}',
        b'{"announce": {"prefix": "10.1.0.1/33"}}',
        b'{"announce": {"prefix": "10.1.0.1/32", "health": {"tcp": "10.0.0.1:80"}}}',
        b'{"announce": {"prefix_file": "/etc/passwd"}}',
        b'{"announce": {"prefix": "10.1.0.1/32"}, "withdraw": {"prefixes": ["10.1.0.2/32"]}}',
        b'{"withdraw": {"prefixes": []}}',
        b'{"withdraw": {"prefixes": ["10.1.0.1/32"], "more": 1}}',
        json.dumps({"announce": {"prefixes": [f"10.1.{n >> 8}.{n & 255}/32" for n in range(MOST + 1)]}}).encode(),
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_a_wrong_request_changes_nothing_and_gets_the_reason(tmp_path, request_):
    async def live():
        async with living(tmp_path) as (world, _):
            answer = await sent(tmp_path, request_)
            assert answer["errors"]
            assert all(one.startswith("error[FRR") for one in answer["errors"])
            assert len(world.speaker.announcer.table) == 0

    run(live())


def test_a_speaker_with_another_source_refuses_requests(tmp_path):
    async def live():
        world = World(tmp_path, admin=tmp_path / "admin", drain_seconds=0)
        running = asyncio.create_task(world.speaker.run())
        await world.router()
        answer = await asked(tmp_path, announce={"prefix": "10.1.0.9/32"})
        assert "another source" in answer["errors"][0]
        world.speaker.stop()
        await running

    run(live())


def test_a_restart_that_would_withdraw_what_was_announced_is_refused(tmp_path):
    async def live():
        async with living(tmp_path) as (world, _):
            await asked(tmp_path, announce={"prefix": "10.1.0.1/32"})
            assert not await world.speaker.restart()
            assert len(world.speaker.announcer.table) == 1

    run(live())


def test_who_connects_and_writes_nothing_gets_the_status(tmp_path):
    async def live():
        async with living(tmp_path):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "admin"))
            assert json.loads(await reader.read())["ready"]
            writer.close()

    run(live())
