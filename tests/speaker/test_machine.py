"""What a speaker has of its machine: a lock, addresses, open files, capabilities, and those who ask it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import socket
import subprocess
import sys
import time
from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from frrgen.cli import main
from frrgen.errors import DeviceError
from frrgen.inventory.files import load
from frrgen.model.cluster import Node
from frrgen.model.derive import derive
from frrgen.speaker.plan import plan_node
from frrgen.speaker.process import listener, speaker
from frrgen.speaker.process.admin import ask_status, metrics, serve_admin, serve_metrics
from frrgen.speaker.process.lock import hold
from frrgen.speaker.process.privileges import KEPT
from frrgen.speaker.process.speaker import Options, Speaker
from tests.lab.speaking import inventory
from tests.speaker.talking import run


def made(folder, **more):
    network = load(inventory(folder / "net", **more)).network
    routers = derive(network).routers
    return Speaker(plan_node(network, routers, None), routers, Options())


def test_a_node_has_one_speaker(tmp_path, capsys):
    inventory(tmp_path / "net")
    cluster = f"k8s-{os.getpid()}"
    (tmp_path / "net/clusters/k8s.yaml").rename(tmp_path / f"net/clusters/{cluster}.yaml")
    lock = hold(cluster, "node")
    words = ["-i", str(tmp_path / "net"), "speaker", "run", "--source", "admin", "--admin", str(tmp_path / "admin")]
    assert main(words) == 1
    assert f"error[FRR605]: another speaker of node {cluster}/node runs here" in capsys.readouterr().err
    with contextlib.closing(hold(cluster, "other")), pytest.raises(DeviceError, match="FRR605"):
        hold(cluster, "other")
    lock.close()
    hold(cluster, "node").close()


@pytest.mark.parametrize("address", ["192.0.2.77", "2001:db8::77"])
def test_it_listens_on_an_address_that_is_not_there_yet(address):
    with contextlib.closing(listener._listening(ip_address(address), [])) as there:
        assert there.getsockname()[0] == address


def test_a_lack_of_files_is_a_line_a_second_without_a_traceback(tmp_path, caplog):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def live():
        one, began = made(tmp_path), time.monotonic()
        asyncio.get_running_loop().set_exception_handler(speaker._mistake)
        server = await serve_metrics(one, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        many = [socket.socket() for _ in range(50)]
        for each in many:
            each.setblocking(False)  # noqa: FBT003 (a C function)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(each.fileno() for each in many) + 1, hard))
        try:
            for each in many:
                each.connect_ex(("127.0.0.1", port))
            await asyncio.sleep(1.5)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for each in many:
                each.close()
            server.close()
        return time.monotonic() - began

    with caplog.at_level(logging.WARNING):
        seconds = run(live())
    lines = [one for one in caplog.records if "Too many open files" in one.getMessage()]
    assert 1 <= len(lines) <= seconds + 2
    assert not any(one.exc_info for one in caplog.records)


def test_many_who_ask_and_say_nothing_do_not_keep_the_status_from_others(tmp_path):
    async def live():
        one = made(tmp_path)
        server = await serve_admin(one, tmp_path / "admin")
        many = []

        async def flood():
            while True:
                reader, writer = await asyncio.open_unix_connection(str(tmp_path / "admin"))
                many.append(writer)
                await reader.read()
                writer.close()

        floods = [asyncio.create_task(flood()) for _ in range(180)]
        await asyncio.sleep(0.2)
        found = await asyncio.to_thread(ask_status, tmp_path / "admin")
        assert found["node"] == "node"
        for each in floods:
            each.cancel()
        await asyncio.gather(*floods, return_exceptions=True)
        for writer in many:
            writer.close()
        server.close()

    run(live())


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=63))
def test_an_identifier_that_is_made_of_a_name_is_one_that_a_host_can_have(name):
    from frrgen.speaker.plan import _identifier

    node = Node(addresses=("2001:db8::1",))
    found = _identifier(name, node)
    assert IPv4Address("1.0.0.0") <= found <= IPv4Address("223.255.255.255")
    assert found == _identifier(name, node)


DROPPED = """
import threading
from frrgen.speaker.process.privileges import drop_privileges
print(drop_privileges())
def show():
    print(*[line.split()[1] for line in open("/proc/thread-self/status") if line.startswith(("CapEff", "CapPrm"))])
threading.Thread(target=show).start()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone has capabilities to give up")
def test_root_gives_up_what_a_speaker_never_does():
    done = subprocess.run([sys.executable, "-c", DROPPED], capture_output=True, text=True, check=True)
    dropped, *sets = done.stdout.split()
    assert dropped == "True"
    assert [int(one, 16) & ~sum(1 << bit for bit in KEPT) for one in sets] == [0, 0]


def test_no_metric_appears_twice_though_two_sessions_have_the_same_router_address(tmp_path):
    async def live():
        one = made(tmp_path)
        one.peers.append(one.peers[0])
        names = [
            (sample.name, tuple(sorted(sample.labels.items())))
            for family in text_string_to_metric_families(metrics(one))
            for sample in family.samples
            if sample.name.startswith("metallb_")
        ]
        assert len(names) == len(set(names)) > 5

    run(live())
