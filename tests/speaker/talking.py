"""A peer over loopback whose every octet the test chooses, and a speaker's session that dials it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import replace
from ipaddress import IPv4Address

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.session import Session
from frrgen.speaker.plan import PeerSettings
from frrgen.speaker.session.group import Group
from frrgen.speaker.session.peer import Peer
from frrgen.speaker.table.gate import Gate
from frrgen.speaker.table.rib import AdjRibOut
from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.capability import Capabilities, GracefulRestart
from frrgen.speaker.wire.message import KEEPALIVE, Open, Splitter, Type
from frrgen.speaker.wire.packed_prefix import Family

ROUTER = parse(
    "router bgp 65002\n no bgp ebgp-requires-policy\n neighbor 127.0.0.2 remote-as 65001\n"
    " address-family ipv4 unicast\n exit-address-family\n",
    name="r1",
).router
SETTINGS = PeerSettings(
    router="r1",
    vrf=None,
    address=IPv4Address("127.0.0.1"),
    local_address=IPv4Address("127.0.0.2"),
    local_asn=65001,
    peer_asn=65002,
    identifier=IPv4Address("10.0.0.2"),
    families=frozenset({Family.IPV4}),
    connect_retry=1,
)
THEIRS = Capabilities(asn=65002, families=frozenset({Family.IPV4}), route_refresh=True)
OPEN = Open(65002, 90, IPv4Address("10.0.0.1"), THEIRS)
RESTARTING = GracefulRestart(120, families=frozenset({Family.IPV4}))


def group(table=None, router=ROUTER, mode="enforce"):
    session = Session(router, "127.0.0.2", "in")
    return Group(AdjRibOut(AnnouncementTable() if table is None else table), Gate(session, SETTINGS.writer(), mode))


def reserved(address):
    """Reserve a port of this address: give the socket that keeps others away, and the port to listen on."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((address, 0))
    return holder, holder.getsockname()[1]


class Talk:
    """One connection, as the router sees it."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.splitter = Splitter()
        self.splitter.extended = True
        self.messages = asyncio.Queue()
        self.closed = asyncio.Event()
        self.task = asyncio.get_running_loop().create_task(self._read())

    async def _read(self):
        with contextlib.suppress(OSError):
            while data := await self.reader.read(1 << 16):
                said = list(self.splitter.feed(data))
                for message in said:
                    self.messages.put_nowait(message)
                # a router closes a connection that a NOTIFICATION has ended
                if any(kind is Type.NOTIFICATION for kind, _ in said):
                    break
        self.closed.set()
        self.writer.close()

    def send(self, octets):
        self.writer.write(octets)

    async def get(self, kind, seconds=30):
        """Give the next message of a kind, past others; None once the connection is closed."""
        async with asyncio.timeout(seconds):
            while True:
                if self.closed.is_set() and self.messages.empty():
                    return None
                getter = asyncio.create_task(self.messages.get())
                closer = asyncio.create_task(self.closed.wait())
                await asyncio.wait({getter, closer}, return_when=asyncio.FIRST_COMPLETED)
                closer.cancel()
                if not getter.done():
                    getter.cancel()
                    continue
                got, body = getter.result()
                if got is kind:
                    return body

    async def establish(self, theirs=OPEN):
        """Do what a polite router does."""
        assert await self.get(Type.OPEN) is not None
        self.send(theirs.write() + KEEPALIVE)
        assert await self.get(Type.KEEPALIVE) is not None
        return self


class Bench:
    """A listening router, and the speaker's session with it."""

    def __init__(self, settings=SETTINGS, table=None, made=None, receive_buffer=None, *, restarted=False, **changes):
        self.settings, self.made = replace(settings, **changes), made or group(table)
        self.receive_buffer, self.restarted = receive_buffer, restarted
        self.talks, self.all = asyncio.Queue(), []
        self.count = 0

    async def __aenter__(self):
        listener = socket.create_server(("127.0.0.1", 0))
        if self.receive_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.server = await asyncio.start_server(self._came, sock=listener)
        settings = replace(self.settings, port=self.server.sockets[0].getsockname()[1])
        self.peer = Peer(settings, self.made, restarted=self.restarted)
        self.peer.start()
        return self

    async def _came(self, reader, writer):
        self.count += 1
        self.all.append(Talk(reader, writer))
        self.talks.put_nowait(self.all[-1])

    async def talk(self, seconds=30):
        async with asyncio.timeout(seconds):
            return await self.talks.get()

    async def dial(self):
        """Connect to the speaker, as the router may; None if it does not want that now."""
        connection = self.peer.incoming()
        if connection is None:
            return None
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            await loop.create_connection(lambda: connection, sock=listener.accept()[0])
        return Talk(reader, writer)

    async def up(self, theirs=OPEN):
        talk = await (await self.talk()).establish(theirs)
        async with asyncio.timeout(30):
            await self.peer.outbound.end_of_rib_sent.wait()
        return talk

    async def __aexit__(self, *_):
        for talk in self.all:
            talk.writer.transport.abort()
        await self.peer.stop("the test is over")
        self.server.close()


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 120))
