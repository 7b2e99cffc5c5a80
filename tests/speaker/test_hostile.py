"""A peer that floods or does not read costs bounded memory, and no other session waits for it.

The speaker is a process of its own, so that its memory can be measured; its peers are threads with plain sockets.
"""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from frrgen.speaker.session.connection import Connection
from frrgen.speaker.wire.message import KEEPALIVE, Refresh, Splitter, Type, message, write_route_refresh
from frrgen.speaker.wire.packed_prefix import Family
from tests.speaker.talking import OPEN, THEIRS

ROOT = Path(__file__).resolve().parents[2]
GIGABYTES = 4
SPEAKER = """
import asyncio, sys
from dataclasses import replace
from ipaddress import IPv4Address
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.session.peer import Peer
from frrgen.speaker.table.table import AnnouncementTable
from tests.speaker.talking import SETTINGS, group

async def main():
    table = AnnouncementTable()
    one = Attributes(next_hop=IPv4Address("192.0.2.7"))
    for n in range(20_000):
        table.change(10 << 32 | n << 16 | 24, one)
    made = group(table)
    peers = [Peer(replace(SETTINGS, port=int(port), hold_time=9), made) for port in sys.argv[1:]]
    for peer in peers:
        peer.start()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        counted = [peer.counters for peer in peers]
        print(*(one.established for one in counted), *(one.updates_malformed for one in counted), flush=True)

asyncio.run(main())
"""


class Router:
    """The other side of one session."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.splitter = Splitter()
        self.splitter.extended = True
        self.waiting = []

    def establish(self):
        self.made, _ = self.listener.accept()
        self.made.settimeout(30)
        said = replace(THEIRS, extended_message=True)
        self.made.sendall(replace(OPEN, hold_time=9, capabilities=said).write() + KEEPALIVE)

    def get(self):
        while not self.waiting:
            octets = self.made.recv(1 << 16)
            assert octets, "the session ended"
            self.waiting += self.splitter.feed(octets)
        return self.waiting.pop(0)

    def whole_table(self):
        """Ask for everything, and count what comes until End-of-RIB or the last of it."""
        self.made.sendall(KEEPALIVE + write_route_refresh(Family.IPV4, Refresh.REQUEST))
        prefixes = 0
        while prefixes < 20_000:
            kind, body = self.get()
            assert kind is not Type.NOTIFICATION, body
            if kind is Type.UPDATE and len(body) > 4:
                attributes = int.from_bytes(body[2:4], "big")
                prefixes += (len(body) - 4 - attributes) // 4


@pytest.fixture
def speaking():
    hostile, other = Router(), Router()
    with (
        closing(hostile.listener),
        closing(other.listener),
        subprocess.Popen(
            [sys.executable, "-c", SPEAKER, str(hostile.port), str(other.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as process,
    ):
        try:
            hostile.establish()
            other.establish()
            other.whole_table()
            yield hostile, other, process
        finally:
            process.kill()


def memory(process) -> int:
    """The most that it ever had, in octets."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def counters(process):
    process.stdin.write("\n")
    process.stdin.flush()
    return [int(number) for number in process.stdout.readline().split()]


def beside(attack, other):
    """Run an attack in a thread, which goes on until the other session has got the whole table five times."""
    failed, enough = [], threading.Event()

    def run():
        try:
            attack(enough)
        except OSError as bad:
            failed.append(bad)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    answered = 0
    while thread.is_alive():
        other.whole_table()
        answered += 1
        if answered >= 5:
            enough.set()
    assert not failed, failed
    assert enough.is_set()


@pytest.mark.slow
def test_gigabytes_of_attributes_are_read_and_forgotten(speaking):
    hostile, other, process = speaking
    # nobody knows the attribute, and the UPDATE lacks all that it should have
    nonsense = struct.pack("!BBH", 0xD0, 99, 65_500) + bytes(65_500)
    update = message(Type.UPDATE, b"\0\0" + struct.pack("!H", len(nonsense)) + nonsense + b"\x08\x0a")
    batch = update * 16 + KEEPALIVE
    before, rounds = memory(process), GIGABYTES * (1 << 30) // len(batch) + 1

    sent = 0

    def attack(enough):
        nonlocal sent
        while sent < rounds or not enough.is_set():
            hostile.made.sendall(batch)
            sent += 1

    threading.Thread(target=_drain, args=(hostile.made,), daemon=True).start()
    beside(attack, other)
    hostile.made.sendall(KEEPALIVE)
    established = counters(process)
    assert established[:2] == [1, 1]
    deadline = time.monotonic() + 60
    while counters(process)[2] < sent * 16:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert memory(process) - before < 16 << 20


def _drain(made):
    try:
        while made.recv(1 << 16):
            pass
    except OSError:
        pass


def test_a_peer_that_asks_for_everything_again_and_again_and_reads_nothing_is_no_burden(speaking):
    hostile, other, process = speaking
    before = memory(process)
    asked = (write_route_refresh(Family.IPV4, Refresh.REQUEST) * 100 + KEEPALIVE) * 10

    def attack(enough):
        while not enough.is_set():
            hostile.made.sendall(asked)

    beside(attack, other)
    assert counters(process)[:2] == [1, 1]
    assert memory(process) - before < 16 << 20


def test_one_turn_of_the_loop_takes_64_kib_of_a_peer_and_no_more():
    assert len(Connection.get_buffer(None, 1 << 20)) == 1 << 16
