"""How a session lives: with whom it speaks, for how long, and what it says when it ends. The sockets are real."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from frrgen.parse.frr import parse
from frrgen.speaker import connection as connections
from frrgen.speaker.attributes import Attributes
from frrgen.speaker.capability import Capabilities
from frrgen.speaker.error import Cease
from frrgen.speaker.fsm import State
from frrgen.speaker.key import Family, Key
from frrgen.speaker.message import (
    KEEPALIVE,
    Notification,
    Open,
    Refresh,
    Type,
    message,
    read_notification,
    read_route_refresh,
    write_route_refresh,
)
from frrgen.speaker.rib import Table
from frrgen.speaker.update import Reader
from tests.speaker.talking import OPEN, RESTARTING, SETTINGS, THEIRS, Bench, Talk, group, run

TEN = Key.parse("10.0.0.0/8")
HOP = IPv4Address("192.0.2.7")
"""The session itself is on loopback addresses, which can be no next hops."""


def route(**more):
    return Attributes(next_hop=HOP, **more)


def table(*prefixes):
    made = Table()
    one = route()
    made.routes.update({Key.parse(prefix): one for prefix in prefixes})
    return made


async def updates(talk, number):
    """Read UPDATEs until End-of-RIB has come `number` times; the announced and withdrawn keys."""
    announced, withdrawn = [], []
    while number:
        update = Reader().read(await talk.get(Type.UPDATE))
        number -= update.end_of_rib is not None
        announced += update.announced.get(Family.IPV4, [])
        withdrawn += update.withdrawn.get(Family.IPV4, [])
    return announced, withdrawn


def test_up_is_said_after_the_peers_keepalive_and_not_before():
    async def talk():
        async with Bench(table=table("10.0.0.0/8")) as bench:
            talk = await bench.talk()
            await talk.get(Type.OPEN)
            talk.send(OPEN.write())
            await talk.get(Type.KEEPALIVE)
            await asyncio.sleep(0.1)
            assert bench.peer.state is State.OPEN_CONFIRM
            assert talk.messages.empty(), "no route before the session is up"
            talk.send(KEEPALIVE)
            assert await updates(talk, 1) == ([TEN], [])
            assert bench.peer.state is State.ESTABLISHED

    run(talk())


def test_a_frozen_peer_is_given_up_when_the_hold_time_is_over():
    async def talk():
        async with Bench(hold_time=3) as bench:
            talk = await bench.up()
            began = time.monotonic()
            body = await talk.get(Type.NOTIFICATION, 8)
            assert (body[0], body[1]) == (4, 0)
            assert 2.5 < time.monotonic() - began < 6

    run(talk())


def test_keepalives_keep_it_up_and_a_byte_a_second_does_not():
    async def talk():
        async with Bench(hold_time=3) as bench:
            talk = await bench.up()
            for _ in range(5):
                await asyncio.sleep(1)
                talk.send(KEEPALIVE)
            assert bench.peer.session is not None
            for octet in KEEPALIVE[:6]:
                await asyncio.sleep(0.9)
                talk.send(bytes([octet]))
            assert bench.peer.session is None
            assert (await talk.get(Type.NOTIFICATION))[0] == 4

    run(talk())


def test_who_sends_no_open_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(connections, "OPEN_WAIT", 0.3)

    async def talk():
        async with Bench() as bench:
            talk = await bench.talk()
            body = await talk.get(Type.NOTIFICATION)
            assert body[0] == 4

    run(talk())


def test_a_wrong_as_is_told_so_and_tried_again_ever_more_rarely():
    async def talk():
        async with Bench() as bench:
            talk = await bench.talk()
            await talk.get(Type.OPEN)
            talk.send(replace(OPEN, asn=65009, capabilities=replace(THEIRS, asn=65009)).write())
            body = await talk.get(Type.NOTIFICATION)
            assert (body[0], body[1], body[2:]) == (2, 2, (65009).to_bytes(2, "big"))
            await asyncio.sleep(2)
            assert bench.count == 1
            assert bench.peer.counters.retry_at > time.time()
            assert "65009" in bench.peer.counters.last_error

    run(talk())


def test_a_second_open_is_an_error_of_the_state_machine():
    async def talk():
        async with Bench() as bench:
            talk = await bench.up()
            talk.send(OPEN.write())
            body = await talk.get(Type.NOTIFICATION)
            assert (body[0], body[1]) == (5, 3)

    run(talk())


def test_the_peers_shutdown_text_is_read_and_printed_safely():
    async def talk():
        async with Bench() as bench:
            talk = await bench.up()
            talk.send(Notification(6, 2, b"\x10maintenance \x1b[2J").write())
            await talk.closed.wait()
            assert bench.peer.counters.last_error == "the peer says 6/2 administrative shutdown: maintenance \ufffd[2J"

    run(talk())


def test_our_end_is_a_cease_with_a_text_and_a_hard_reset_where_routes_would_stay():
    async def talk(theirs, expected):
        async with Bench() as bench:
            talk = await bench.up(theirs)
            await bench.peer.stop("the node is drained")
            told = read_notification(await talk.get(Type.NOTIFICATION))
            assert (told.code, told.subcode) == expected
            assert told.meaning.endswith("the node is drained") or told.meaning.endswith("the node is drained)")

    run(talk(OPEN, (6, Cease.ADMINISTRATIVE_SHUTDOWN)))
    run(talk(replace(OPEN, capabilities=replace(THEIRS, graceful_restart=RESTARTING)), (6, Cease.HARD_RESET)))


@pytest.mark.parametrize("enhanced", [False, True])
def test_a_refresh_is_answered_at_once_with_everything(enhanced):
    async def talk():
        async with Bench(table=table("10.0.0.0/8", "10.1.0.0/16")) as bench:
            talk = await bench.up(replace(OPEN, capabilities=replace(THEIRS, enhanced_refresh=enhanced)))
            await updates(talk, 1)
            talk.send(write_route_refresh(Family.IPV4, Refresh.REQUEST))
            if enhanced:
                assert read_route_refresh(await talk.get(Type.ROUTE_REFRESH)) == (Family.IPV4, Refresh.BEGIN)
            found = Reader().read(await talk.get(Type.UPDATE)).announced[Family.IPV4]
            while len(found) < 2:
                found += Reader().read(await talk.get(Type.UPDATE)).announced[Family.IPV4]
            assert set(found) == {TEN, Key.parse("10.1.0.0/16")}
            if enhanced:
                assert read_route_refresh(await talk.get(Type.ROUTE_REFRESH)) == (Family.IPV4, Refresh.END)

    run(talk())


def test_a_refresh_that_is_cut_wrongly_is_an_error_of_its_own():
    async def talk():
        async with Bench() as bench:
            talk = await bench.up()
            talk.send(message(Type.ROUTE_REFRESH, bytes([0, 1, 1, 1, 9])))
            body = await talk.get(Type.NOTIFICATION)
            assert (body[0], body[1]) == (7, 1)

    run(talk())


def test_changes_are_told_and_gathered():
    async def talk():
        made = table("10.0.0.0/8")
        async with Bench(table=made) as bench:
            talk = await bench.up()
            await updates(talk, 1)
            one = route(med=3)
            new = [Key.of(IPv4Network((10 << 24 | n << 8, 24))) for n in range(100)]
            for key in new:
                made.change(key, one)
                bench.peer.changed({key})
            made.change(TEN, None)
            bench.peer.changed({TEN})
            first = Reader().read(await talk.get(Type.UPDATE))
            second = Reader().read(await talk.get(Type.UPDATE))
            assert first.withdrawn == {Family.IPV4: [TEN]}
            assert sorted(second.announced[Family.IPV4]) == new

    run(talk())


def test_a_peer_that_does_not_read_costs_little_and_delays_nobody():
    """A hundred thousand changes while it sleeps; when it wakes it is told how things stand, once."""

    async def talk():
        made = table("10.0.0.0/8")
        async with Bench(table=made) as slow, Bench(table=made) as quick:
            sleeper, other = await slow.up(), await quick.up()
            await updates(other, 1)
            sleeper.task.cancel()
            for round_ in range(20):
                one = route(med=round_)
                for n in range(20_000):
                    made.change(Key.of(IPv4Network((11 << 24 | n << 8, 24))), one)
                keys = set(made.routes)
                slow.peer.changed(keys)
                quick.peer.changed(keys)
                slow.made.changed()
                quick.made.changed()
                await asyncio.sleep(0.02)
            assert slow.peer.session is not None
            transport = slow.peer.session._transport
            assert transport.get_write_buffer_size() < 3 << 20
            assert len(slow.peer._pending) <= len(made.routes)
            seen = 0
            while seen < 20_000:
                seen += len(Reader().read(await other.get(Type.UPDATE)).announced.get(Family.IPV4, []))

    run(talk())


def test_a_peer_that_never_reads_is_given_up_in_the_end(monkeypatch):
    monkeypatch.setattr(connections, "SEND_HOLD", 0.5)

    async def talk():
        made = Table()
        one = route()
        made.routes.update({Key.of(IPv4Network((n << 8, 24))): one for n in range(3_000_000)})
        async with Bench(table=made, hold_time=0) as bench:
            talk = await (await bench.talk()).establish(replace(OPEN, hold_time=0))
            talk.task.cancel()
            talk.writer.transport.pause_reading()
            async with asyncio.timeout(40):
                while bench.peer.counters.last_error == "":  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            assert "does not read" in bench.peer.counters.last_error

    run(talk())


def test_what_a_peer_announces_is_counted_and_dropped():
    async def talk():
        async with Bench() as bench:
            talk = await bench.up()
            attributes = bytes.fromhex("4001010040020602010000fdea4003040a000001")
            body = b"\0\0" + len(attributes).to_bytes(2, "big") + attributes + bytes.fromhex("080a100a01")
            talk.send(message(Type.UPDATE, body) * 5000)
            async with asyncio.timeout(10):
                while bench.peer.counters.prefixes_received < 10_000:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert bench.peer.session is not None
            assert not bench.made.rib.table.routes

    run(talk())


@pytest.mark.parametrize(
    ("ours", "theirs", "dialled_wins"), [("10.0.0.9", "10.0.0.1", True), ("10.0.0.1", "10.0.0.9", False)]
)
def test_of_two_connections_the_one_of_the_higher_identifier_stays(ours, theirs, dialled_wins):
    async def talk():
        async with Bench(identifier=IPv4Address(ours)) as bench:
            dialled = await bench.talk()
            await dialled.get(Type.OPEN)
            # the router dials as well
            server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
            loop = asyncio.get_running_loop()
            connection = bench.peer.incoming()
            taken = asyncio.Queue()
            listener = await asyncio.start_server(lambda r, w: taken.put_nowait(Talk(r, w)), "127.0.0.1", 0)
            await loop.create_connection(lambda: connection, "127.0.0.1", listener.sockets[0].getsockname()[1])
            accepted = await taken.get()
            await accepted.get(Type.OPEN)
            open_ = replace(OPEN, identifier=IPv4Address(theirs))
            for one in (dialled, accepted):
                one.send(open_.write())
                await asyncio.sleep(0.05)
            loser, winner = (accepted, dialled) if dialled_wins else (dialled, accepted)
            body = await loser.get(Type.NOTIFICATION)
            assert (body[0], body[1]) == (6, Cease.COLLISION)
            winner.send(KEEPALIVE)
            async with asyncio.timeout(5):
                await bench.peer.synced.wait()
            assert bench.peer.session is not None
            assert bench.peer.session.dialled is dialled_wins
            listener.close()
            server.close()

    run(talk())


def test_a_router_that_has_no_family_in_common_is_told_so():
    async def talk():
        async with Bench() as bench:
            talk = await bench.talk()
            await talk.get(Type.OPEN)
            talk.send(
                Open(65002, 90, OPEN.identifier, Capabilities(asn=65002, families=frozenset({Family.IPV6}))).write()
            )
            body = await talk.get(Type.NOTIFICATION)
            assert (body[0], body[1]) == (2, 7)

    run(talk())


LIMITED = """\
ip prefix-list P seq 5 permit 10.0.0.0/8 le 32
route-map IN permit 10
 match ip address prefix-list P
router bgp 65002
 neighbor 127.0.0.2 remote-as 65001
 address-family ipv4 unicast
  neighbor 127.0.0.2 route-map IN in
  neighbor 127.0.0.2 maximum-prefix 3
"""


def test_the_gate_holds_back_what_the_router_would_drop_and_what_is_too_much():
    async def talk():
        router = parse(LIMITED, name="r1").router
        made = table("10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "11.0.0.0/8")
        one = group(made, router)
        one.gate.judge(one.rib, list(made.routes))
        one.gate.limit(one.rib)
        async with Bench(made=one) as bench:
            talk = await bench.up()
            announced, _ = await updates(talk, 1)
            assert sorted(announced) == [TEN, Key.parse("10.1.0.0/16"), Key.parse("10.2.0.0/16")]
            held = {str(Key.prefix(key)): held.reason for key, held in one.rib.held.items()}
            assert held == {"10.3.0.0/16": "maximum-prefix 3", "11.0.0.0/8": "route-map IN the end of the map"}
            # there is room again
            made.change(TEN, None)
            one.gate.judge(one.rib, [TEN])
            moved = one.gate.limit(one.rib)
            assert moved == {Key.parse("10.3.0.0/16")}
            assert one.rib.held.keys() == {Key.parse("11.0.0.0/8")}

    run(talk())


def test_settings_do_not_show_the_password():
    assert "hunter2" not in repr(replace(SETTINGS, password="hunter2"))
