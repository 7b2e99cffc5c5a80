"""How a session lives: with whom it speaks, for how long, and what it says when it ends. The sockets are real."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_address
from itertools import pairwise

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.speaker.session import connection as connections
from frrgen.speaker.session import lingering, sockets
from frrgen.speaker.session import peer as peers
from frrgen.speaker.session.backoff import IdleHold
from frrgen.speaker.session.fsm import Event, State
from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.capability import Capabilities, GracefulRestart
from frrgen.speaker.wire.error import Cease
from frrgen.speaker.wire.message import (
    KEEPALIVE,
    Notification,
    Open,
    Refresh,
    Type,
    message,
    read_notification,
    read_open,
    read_route_refresh,
    write_route_refresh,
)
from frrgen.speaker.wire.packed_prefix import Family, Key
from frrgen.speaker.wire.update import Reader
from tests.speaker.talking import OPEN, RESTARTING, SETTINGS, THEIRS, Bench, group, run

TEN = Key.parse("10.0.0.0/8")
HOP = IPv4Address("192.0.2.7")
"""The session itself is on loopback addresses, which can be no next hops."""


def route(**more):
    return Attributes(next_hop=HOP, **more)


def table(*prefixes):
    made = AnnouncementTable()
    one = route()
    for prefix in prefixes:
        made.change(Key.parse(prefix), one)
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


def test_a_session_is_reported_up_after_the_peers_keepalive_and_not_before():
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
            body = await talk.get(Type.NOTIFICATION)
            assert (body[0], body[1]) == (4, 0)
            assert time.monotonic() - began > 2.5

    run(talk())


@pytest.mark.slow
def test_keepalives_keep_it_up_and_a_byte_a_second_does_not():
    async def talk():
        async with Bench(hold_time=3) as bench:
            talk = await bench.up()
            heard = []
            for _ in range(4):
                talk.send(KEEPALIVE)
                await talk.get(Type.KEEPALIVE)
                heard.append(time.monotonic())
            assert bench.peer.session is not None
            gaps = [after - before for before, after in pairwise(heard)]
            # what is heard late makes the next gap short: a loaded machine, not the speaker
            assert sum(gaps) > 2.5, "not more than one a second (RFC 4271 section 4.4)"
            for octet in KEEPALIVE[:6]:
                await asyncio.sleep(0.9)
                talk.send(bytes([octet]))
            assert bench.peer.session is None
            assert (await talk.get(Type.NOTIFICATION))[0] == 4

    run(talk())


@pytest.mark.parametrize("octets", [b"", OPEN.write()[:8]])
def test_who_sends_no_open_is_not_waited_for(monkeypatch, octets):
    """Nor who sends it octet by octet."""
    monkeypatch.setattr(connections, "OPEN_WAIT", 0.3)

    async def talk():
        async with Bench() as bench:
            talk = await bench.talk()
            for octet in octets:
                talk.send(bytes([octet]))
                await asyncio.sleep(0.05)
            body = await talk.get(Type.NOTIFICATION)
            assert body[0] == 4

    run(talk())


def test_a_wrong_as_gets_a_notification_and_is_tried_again_ever_more_rarely():
    async def talk():
        async with Bench() as bench:
            talk, began = await bench.talk(), time.time()
            await talk.get(Type.OPEN)
            talk.send(replace(OPEN, asn=65009, capabilities=replace(THEIRS, asn=65009)).write())
            body = await talk.get(Type.NOTIFICATION)
            assert (body[0], body[1], body[2:]) == (2, 2, (65009).to_bytes(2, "big"))
            await talk.closed.wait()
            assert bench.count == 1
            assert bench.peer.counters.retry_at > began + 2.9, "a quarter less than 4 s at the most"
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


def test_a_router_that_lags_behind_still_reads_our_last_word():
    """It goes on talking meanwhile, which must not reset the connection under what it has not read yet."""

    async def talk():
        async with Bench() as bench:
            talk = await bench.up()
            talk.task.cancel()
            talk.writer.transport.pause_reading()
            made = talk.writer.transport.get_extra_info("socket").dup()
            stopping = asyncio.create_task(bench.peer.stop("the node is drained"))
            for _ in range(3):
                await asyncio.sleep(0.1)
                made.send(KEEPALIVE)
            assert made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            octets = made.recv(1 << 16)
            assert b"the node is drained" in octets
            made.close()
            talk.writer.close()
            await stopping

    run(talk())


def small_socket(settings, made_by=sockets.socket_for):
    """Make one whose kernel holds little of what a peer does not read."""
    found = made_by(settings)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    return found


def test_our_last_word_never_stands_inside_of_a_message_that_a_slow_router_has_not_read_yet(monkeypatch):
    monkeypatch.setattr(connections, "socket_for", small_socket)

    async def talk():
        made = AnnouncementTable()
        made.columns[Family.IPV4].fill([n << 8 | 32 for n in range(10 << 24, (10 << 24) + 60_000)], route())
        async with Bench(table=made, receive_buffer=4096) as bench:
            talk = await (await bench.talk()).establish()
            talk.task.cancel()
            talk.writer.transport.pause_reading()
            async with asyncio.timeout(30):
                while bench.peer.session is None or bench.peer.session.writable.is_set():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            stopping = asyncio.create_task(bench.peer.stop("the node is drained"))
            await asyncio.sleep(0.1)
            talk.writer.transport.resume_reading()
            kinds = []
            while Type.NOTIFICATION not in kinds:
                kinds += [kind for kind, _ in talk.splitter.feed(await talk.reader.read(1 << 16))]
            assert set(kinds) == {Type.UPDATE, Type.NOTIFICATION}
            talk.writer.close()
            await stopping

    run(talk())


def test_who_does_not_read_our_last_word_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(lingering, "LINGER", 0.3)

    async def talk():
        async with Bench() as bench:
            talk = await bench.up()
            talk.task.cancel()
            connection = bench.peer.session
            await bench.peer.stop("the node is drained")
            assert connection.lingering.over.done()

    run(talk())


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


@pytest.mark.parametrize("restarts", [False, True])
def test_a_change_during_the_first_announcements_is_announced_before_end_of_rib(restarts, monkeypatch):
    """At End-of-RIB, and at the end of a refresh, a router drops what it has not heard again until then."""
    monkeypatch.setattr("frrgen.speaker.table.table.BLOCK", 4)

    async def talk():
        made = table(*(f"10.{n}.0.0/16" for n in range(40)))
        other, key = route(med=7), Key.parse("10.39.0.0/16")
        async with Bench(table=made) as bench:
            send, sent = bench.peer.outbound._send, []

            async def slowly(connection, octets):
                """Change the last one as soon as the first are said."""
                if octets and connection.state is State.ESTABLISHED and not sent and changing:
                    sent.append(octets)
                    made.change(key, other)
                    bench.peer.changed(bench.made.judge([key]))
                await send(connection, octets)

            changing = restarts
            monkeypatch.setattr(bench.peer.outbound, "_send", slowly)
            monkeypatch.setattr("frrgen.speaker.table.rib.ALIKE", 4)
            talk = await bench.up(replace(OPEN, capabilities=replace(THEIRS, enhanced_refresh=True)))
            if not restarts:
                while Reader().read(await talk.get(Type.UPDATE)).end_of_rib is None:
                    pass
                bench.made.judge([key])
                changing = True
                talk.send(write_route_refresh(Family.IPV4, Refresh.REQUEST))
            said, ended = set(), False
            while not ended:
                kind, body = await talk.messages.get()
                if kind is Type.UPDATE:
                    found = Reader().read(body)
                    said.update(found.announced.get(Family.IPV4, []))
                    ended = found.end_of_rib is not None
                elif kind is Type.ROUTE_REFRESH:
                    ended = read_route_refresh(body)[1] == Refresh.END
            assert said == set(made)

    run(talk())


def test_a_refresh_that_is_cut_wrongly_is_an_error_of_its_own():
    async def talk():
        async with Bench() as bench:
            talk = await bench.up()
            wrong = message(Type.ROUTE_REFRESH, bytes([0, 1, 1, 1, 9]))
            talk.send(wrong)
            assert await talk.get(Type.NOTIFICATION) == bytes([7, 1]) + wrong

    run(talk())


def test_changes_are_announced_and_gathered():
    async def talk():
        made = table("10.0.0.0/8")
        async with Bench(table=made) as bench:
            talk = await bench.up()
            await updates(talk, 1)
            one = route(med=3)
            new = [Key.of(IPv4Network((10 << 24 | n << 8, 24))) for n in range(100)]
            for key in new:
                made.change(key, one)
                bench.peer.changed({key: True})
            made.change(TEN, None)
            bench.peer.changed({TEN: False})
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
                keys = list(made)
                slow.peer.changed(slow.made.judge(keys))
                quick.peer.changed(quick.made.judge(keys))
                await asyncio.sleep(0.02)
            assert slow.peer.session is not None
            transport = slow.peer.session._transport
            assert transport.get_write_buffer_size() < 3 << 20
            assert len(slow.peer.outbound._pending) <= len(made)
            seen = 0
            while seen < 20_000:
                seen += len(Reader().read(await other.get(Type.UPDATE)).announced.get(Family.IPV4, []))

    run(talk())


@pytest.mark.parametrize(("prefixes", "why"), [(200_000, "does not read"), (6_000, "timed out")])
def test_a_peer_that_reads_nothing_is_given_up_though_it_goes_on_talking(monkeypatch, prefixes, why):
    """Whether what it leaves lies with us or with the kernel (RFC 9687)."""
    monkeypatch.setattr(connections, "SEND_HOLD", 1.0)
    monkeypatch.setattr(connections, "socket_for", small_socket)

    async def talk():
        made = AnnouncementTable()
        one = route()
        made.columns[Family.IPV4].fill([n << 16 | 24 for n in range(prefixes)], one)
        async with Bench(table=made, hold_time=0, receive_buffer=4096) as bench:
            talk = await (await bench.talk()).establish(replace(OPEN, hold_time=0))
            talk.task.cancel()
            talk.writer.transport.pause_reading()
            async with asyncio.timeout(20):
                while not bench.peer.counters.last_error:
                    talk.send(KEEPALIVE)
                    await asyncio.sleep(0.1)
            assert why in bench.peer.counters.last_error

    run(talk())


def test_what_a_peer_announces_is_counted_and_dropped():
    async def talk():
        async with Bench() as bench:
            talk = await bench.up()
            attributes = bytes.fromhex("4001010040020602010000fdea4003040a000001")
            body = b"\0\0" + len(attributes).to_bytes(2, "big") + attributes + bytes.fromhex("080a100a01")
            talk.send(message(Type.UPDATE, body) * 5000)
            async with asyncio.timeout(30):
                while bench.peer.counters.prefixes_received < 10_000:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert bench.peer.session is not None
            assert not len(bench.made.rib.table)

    run(talk())


@pytest.mark.parametrize(
    ("ours", "theirs", "dialled_wins"), [("10.0.0.9", "10.0.0.1", True), ("10.0.0.1", "10.0.0.9", False)]
)
def test_of_two_connections_the_one_of_the_higher_identifier_stays(ours, theirs, dialled_wins):
    async def talk():
        async with Bench(identifier=IPv4Address(ours)) as bench:
            dialled = await bench.talk()
            await dialled.get(Type.OPEN)
            accepted = await bench.dial()
            await accepted.get(Type.OPEN)
            open_ = replace(OPEN, identifier=IPv4Address(theirs))
            for one in (dialled, accepted):
                one.send(open_.write())
                await asyncio.sleep(0.05)
            loser, winner = (accepted, dialled) if dialled_wins else (dialled, accepted)
            body = await loser.get(Type.NOTIFICATION)
            assert (body[0], body[1]) == (6, Cease.COLLISION)
            winner.send(KEEPALIVE)
            async with asyncio.timeout(30):
                await bench.peer.outbound.end_of_rib_sent.wait()
            assert bench.peer.session is not None
            assert bench.peer.session.dialled is dialled_wins

    run(talk())


def test_a_connection_beside_a_session_is_refused():
    async def talk():
        async with Bench() as bench:
            await bench.up()
            session = bench.peer.session
            second = await bench.dial()
            await second.get(Type.OPEN)
            second.send(OPEN.write())
            body = await second.get(Type.NOTIFICATION)
            assert (body[0], body[1]) == (6, Cease.COLLISION)
            assert bench.peer.session is session

    run(talk())


def test_a_router_that_restarts_gracefully_and_comes_again_has_lost_the_old_session():
    """It died without a word: its new connection takes the place of the one we still see (RFC 4724 section 5)."""
    theirs = replace(OPEN, capabilities=replace(THEIRS, graceful_restart=RESTARTING))

    async def talk():
        async with Bench(table=table("10.0.0.0/8")) as bench:
            first = await bench.up(theirs)
            # one that comes at once was begun at the same time, and loses
            early = await bench.dial()
            early.send(theirs.write())
            assert (await early.get(Type.NOTIFICATION))[:2] == bytes([6, Cease.COLLISION])
            assert bench.peer.counters.established == 1
            bench.peer.session.up_at -= 60
            second = await (await bench.dial()).establish(theirs)
            assert await updates(second, 1) == ([TEN], [])
            assert bench.peer.session is not None
            assert not bench.peer.session.dialled
            assert await first.get(Type.NOTIFICATION) is None
            assert bench.peer.counters.established == 2

    run(talk())


@pytest.fixture
def endless(monkeypatch):
    """Have no wait between attempts end within a test."""
    monkeypatch.setattr(IdleHold, "seconds", lambda _: 3600.0)


@pytest.mark.usefixtures("endless")
def test_a_router_whose_sessions_end_at_once_again_and_again_is_let_in_ever_more_rarely():
    async def talk():
        async with Bench() as bench:
            await bench.talk()
            ups = 0
            for _ in range(40):
                if one := await bench.dial():
                    await one.establish()
                    async with asyncio.timeout(30):
                        await bench.peer.outbound.end_of_rib_sent.wait()
                    ups += 1
                    one.writer.close()
                await asyncio.sleep(0.01)
            assert ups == 2

    run(talk())


@pytest.mark.usefixtures("endless")
def test_at_most_two_connections_of_a_router_are_waited_for_and_a_storm_of_bad_ones_is_not_answered():
    async def talk():
        async with Bench() as bench:
            await bench.talk()
            talks = [await bench.dial() for _ in range(5)]
            assert [one is not None for one in talks] == [True, True, False, False, False]
            told = 0
            for one in talks[:2]:
                one.send(bytes(19))
                told += await one.get(Type.NOTIFICATION) is not None
                await one.closed.wait()
            for _ in range(50):
                if one := await bench.dial():
                    one.send(bytes(19))
                    told += await one.get(Type.NOTIFICATION) is not None
                    await one.closed.wait()
            assert told == 2

    run(talk())


@pytest.mark.usefixtures("endless")
def test_a_router_that_we_refuse_is_not_refused_again_at_once_when_it_dials():
    async def talk():
        async with Bench() as bench:
            talk = await bench.talk()
            await talk.get(Type.OPEN)
            talk.send(replace(OPEN, asn=4200000001, capabilities=replace(THEIRS, asn=4200000001)).write())
            body = await talk.get(Type.NOTIFICATION)
            assert body == b"\2\2" + (4200000001).to_bytes(4, "big")
            await talk.closed.wait()
            assert await bench.dial() is None

    run(talk())


def test_a_session_with_hold_time_0_still_needs_its_first_keepalive_in_time(monkeypatch):
    monkeypatch.setattr(connections, "OPEN_WAIT", 0.3)

    async def talk():
        async with Bench() as bench:
            talk = await bench.talk()
            await talk.get(Type.OPEN)
            talk.send(replace(OPEN, hold_time=0).write())
            body = await talk.get(Type.NOTIFICATION)
            assert (body[0], body[1]) == (4, 0)
        monkeypatch.setattr(connections, "OPEN_WAIT", 20.0)
        async with Bench() as bench:
            await bench.up(replace(OPEN, hold_time=0))
            assert Event.HOLD_TIMER_EXPIRES not in bench.peer.session._timers._running
            assert bench.peer.session is not None

    run(talk())


def test_a_socket_that_cannot_be_made_is_reported_and_tried_again():
    async def talk():
        async with Bench(password="x" * 90) as bench:
            async with asyncio.timeout(30):
                while not bench.peer.counters.last_error:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert bench.peer.counters.last_error == "cannot connect: Invalid argument"
            assert bench.peer.counters.retry_at > 0

    run(talk())


def test_why_there_is_no_connection_is_reported_in_the_systems_words():
    async def talk():
        async with Bench() as bench:
            bench.server.close()
            async with asyncio.timeout(30):
                while not bench.peer.counters.last_error:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert bench.peer.counters.last_error == "cannot connect: Connection refused"

    run(talk())


def test_a_mistake_of_ours_ends_the_session_with_a_notification_and_it_begins_again(monkeypatch, caplog):
    async def talk():
        made = group(table("10.0.0.0/8"))
        reading, broken = made.reading, [True]

        def breaks(encoder, families):
            if broken.pop() if broken else False:
                raise RuntimeError("a bug")
            return reading(encoder, families)

        monkeypatch.setattr(made, "reading", breaks)
        async with Bench(made=made) as bench:
            talk = await (await bench.talk()).establish()
            body = await talk.get(Type.NOTIFICATION)
            assert (body[0], body[1]) == (6, Cease.OUT_OF_RESOURCES)
            again = await bench.talk()
            assert await updates(await again.establish(), 1) == ([TEN], [])
        assert "a mistake of the speaker" in caplog.text
        assert "a bug" in caplog.text

    run(talk())


def test_withdrawals_go_out_before_new_prefixes_so_that_a_limit_is_not_reached_between():
    async def talk():
        old = [Key.of(IPv4Network((10 << 24 | n << 8, 24))) for n in range(40_000)]
        new = [Key.of(IPv4Network((20 << 24 | n << 8, 24))) for n in range(40_000)]
        one, made = route(), AnnouncementTable()
        made.columns[Family.IPV4].fill(old, one)
        async with Bench(table=made) as bench:
            talk = await bench.up()
            await updates(talk, 1)
            wanted = AnnouncementTable()
            wanted.columns[Family.IPV4].fill(new, one)
            for keys in made.become(wanted):
                bench.peer.changed(bench.made.judge(keys))
            gone = came = 0
            while came < len(new):
                update = Reader().read(await talk.get(Type.UPDATE))
                gone += len(update.withdrawn.get(Family.IPV4, []))
                came += len(update.announced.get(Family.IPV4, []))
                assert not came or gone == len(old)

    run(talk())


def test_a_router_that_has_no_family_in_common_gets_a_notification():
    async def talk():
        async with Bench() as bench:
            talk, began = await bench.talk(), time.time()
            await talk.get(Type.OPEN)
            talk.send(
                Open(65002, 90, OPEN.identifier, Capabilities(asn=65002, families=frozenset({Family.IPV6}))).write()
            )
            body = await talk.get(Type.NOTIFICATION)
            assert body == bytes([2, 7, 1, 4, 0, 1, 0, 1]), "and which it is that we need (RFC 5492 section 5)"
            assert "no address family in common" in bench.peer.counters.last_error
            assert bench.peer.counters.retry_at > began + 2.9, "this is no collision, which has the same subcode"

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
        one.judge(list(made))
        async with Bench(made=one) as bench:
            talk = await bench.up()
            announced, _ = await updates(talk, 1)
            assert sorted(announced) == [TEN, Key.parse("10.1.0.0/16"), Key.parse("10.2.0.0/16")]
            held = {str(Key.prefix(key)): held.reason for key, held in one.rib.held.items()}
            assert held == {
                "10.3.0.0/16": "maximum-prefix 3 of the router is reached",
                "11.0.0.0/8": "the end of route-map IN",
            }
            # there is room again
            made.change(TEN, None)
            assert one.judge([TEN]) == {TEN: False, Key.parse("10.3.0.0/16"): True}
            assert one.rib.held.keys() == {Key.parse("11.0.0.0/8")}

    run(talk())


def test_settings_do_not_show_the_password():
    assert "hunter2" not in repr(replace(SETTINGS, password="hunter2"))


@pytest.mark.parametrize(
    ("address", "level", "ttl", "least"),
    [
        ("127.0.0.1", socket.IPPROTO_IP, socket.IP_TTL, 21),
        ("::1", socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 73),
    ],
)
def test_ttl_security_is_asked_of_the_kernel_in_both_directions(address, level, ttl, least):
    """We send 255, and take what came over so few hops (RFC 5082); a plain external peer is one hop away."""
    here = replace(SETTINGS, address=ip_address(address))
    with sockets.socket_for(replace(here, ttl_security=2)) as made:
        assert (made.getsockopt(level, ttl), made.getsockopt(level, least)) == (255, 254)
    with sockets.socket_for(here) as made:
        assert made.getsockopt(level, ttl) == 1
    with sockets.socket_for(replace(here, multihop=7)) as made:
        assert made.getsockopt(level, ttl) == 7


def test_a_restart_stands_in_the_first_open_behind_it_and_in_no_other():
    async def talk():
        async with Bench(restarted=True) as bench:
            for restarting in (True, False):
                talk = await bench.talk()
                said = read_open(await talk.get(Type.OPEN)).capabilities.graceful_restart
                assert said == GracefulRestart(120, restarting, notification=True, families=frozenset({Family.IPV4}))
                talk.send(OPEN.write() + KEEPALIVE)
                async with asyncio.timeout(30):
                    await bench.peer.outbound.end_of_rib_sent.wait()
                talk.writer.close()

    run(talk())


def test_a_router_that_never_answers_is_named_with_what_may_be_the_cause_ever_more_rarely(monkeypatch, caplog):
    """As one does that has another password: it drops what we send."""

    async def silent(*_):
        await asyncio.Event().wait()

    async def live():
        monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", silent)
        async with Bench(connect_retry=60) as bench:
            async with asyncio.timeout(30):
                while len(caplog.records) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            assert "no answer from 127.0.0.1: address, filter or password?" in caplog.text
            assert bench.peer.counters.last_error.startswith("no answer")

    monkeypatch.setattr(peers, "PATIENCE", 0.05)
    run(live())
