"""The source is read whole or not at all; health decides what is announced; a bad file changes nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from frrgen.errors import InputError
from frrgen.inventory.files import load
from frrgen.model.derive import derive
from frrgen.speaker.plan import plan_node
from frrgen.speaker.process.admin import metrics
from frrgen.speaker.process.health import Checker
from frrgen.speaker.process.sources.base import Health
from frrgen.speaker.process.sources.file import StaticSource
from frrgen.speaker.process.speaker import Options, Speaker
from frrgen.speaker.process.status import status
from frrgen.speaker.wire.packed_prefix import Key
from tests.lab.speaking import ROOT, inventory
from tests.speaker.talking import run


@pytest.fixture
def planned(tmp_path):
    net = inventory(tmp_path / "net")
    network = load(net).network
    routers = derive(network).routers
    return plan_node(network, routers, None), routers


def source(tmp_path, text):
    file = tmp_path / "source.yaml"
    file.write_text(text)
    return file


def read_static(file, plan):
    return StaticSource(file).read(plan)


def test_a_pool_says_what_an_announcement_does_not(tmp_path, planned):
    file = source(
        tmp_path,
        "announcements:\n  - prefixes: [10.1.0.1/32, 10.1.0.2/32]\n"
        "  - {prefix: 10.2.0.0/24, communities: [1:2], med: 7, next_hop: 10.0.0.9}\n",
    )
    one, other = read_static(file, planned[0])
    (run_,) = one.runs
    assert (run_.said.communities, len(run_.keys)) == ((64999 << 16 | 1,), 2)
    (run_,) = other.runs
    assert (run_.said.communities, run_.said.med, str(run_.said.next_hop)) == ((1 << 16 | 2,), 7, "10.0.0.9")


def test_an_empty_list_takes_a_pools_communities_away(tmp_path, planned):
    text = "announcements: [{prefix: 10.1.0.1/32, communities: [], large_communities: []}, {prefix: 10.1.0.2/32}]"
    none, pools = (one.runs[0].said for one in read_static(source(tmp_path, text), planned[0]))
    assert (none.communities, none.large_communities) == ((), ())
    assert pools.communities == (64999 << 16 | 1,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("announcements: [{}]", "write one of prefix, prefixes and prefix_file"),
        ("announcements: [{prefix: 10.0.0.1/8}]", "host bits"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {http: 'http://a:99999/'}}]", "Port out of range"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {http: 'https://a/'}}]", "must be a URL of HTTP"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {http: 'http:///healthz'}}]", "must be a URL of HTTP"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {}}]", "one of tcp, http and command"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {command: [a], environment: [A]}}]", "must be NAME=VALUE"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {command: [a], environment: ['1=b']}}]", "must be NAME=VALUE"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {tcp: 'a:1', environment: [A=b]}}]", "only a command"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {tcp: 10.0.0.5}}]", "must be HOST:PORT"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {tcp: '10.0.0.5:0'}}]", "must be HOST:PORT"),
        ("announcements: [{prefix: 10.1.0.1/32, health: {tcp: '10.0.0.5:70000'}}]", "must be HOST:PORT"),
        ("announcements: [{prefix: 10.1.0.1/32}, {prefix: 10.1.0.1/32}]", "announced twice"),
        ("announcments: []", "announcments"),
        ("announcements: [{prefix: 10.1.0.1/32, next_hop: nowhere}]", "next_hop"),
        ("announcements: [", "FRR102"),
        ("\n", ""),
        ("", ""),
        ("announcements:\n", "announcements"),
        ("{}", "announcements"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path, planned, text, said):
    with pytest.raises(InputError) as bad:
        read_static(source(tmp_path, text), planned[0])
    assert said in str(bad.value) or "source.yaml:1" in str(bad.value)
    assert "source.yaml" in str(bad.value)


def test_a_bad_file_keeps_the_last_good_state_and_turns_readiness_off(tmp_path, planned):
    file = source(tmp_path, "announcements: [{prefix: 10.1.0.1/32}]")

    async def live():
        speaker = Speaker(planned[0], planned[1], Options(source=StaticSource(file)))
        assert await speaker.reload()
        assert speaker.announcer.ready
        for text in ("announcements: [{prefix: nonsense}]", "\n", ""):
            file.write_text(text)
            assert not await speaker.reload()
            assert not speaker.announcer.ready
            assert [str(Key.prefix(key)) for key in speaker.announcer.table] == ["10.1.0.1/32"]
        assert "frrgen_speaker_ready 0.0\n" in metrics(speaker)
        file.write_text("announcements: []")
        assert await speaker.reload()
        assert (speaker.announcer.ready, len(speaker.announcer.table)) == (True, 0)

    run(live())


def test_metrics_and_status_name_what_is_held_back(tmp_path, planned):
    file = source(tmp_path, "announcements: [{prefix: 10.1.0.1/32}, {prefix: 10.9.0.1/32}]")

    async def live():
        speaker = Speaker(planned[0], planned[1], Options(source=StaticSource(file)))
        await speaker.reload()
        (session,) = (await status(speaker))["sessions"]
        assert (session["adj_rib_out"], session["to_announce"]) == (1, ["10.1.0.1/32"])
        (held,) = session["held_back"]
        assert held["prefix"] == "10.9.0.1/32"
        assert "k8s-in" in held["why"]
        assert "k8s-services: no entry matches" in held["why"]

    run(live())


def checking(health, seen):
    checker = Checker(health, asyncio.Semaphore(2))

    async def changed():
        seen.append(checker.passing)

    checker.start(changed)
    return checker


async def changes(health):
    """Give what a checker says first, and whatever comes soon behind that."""
    seen = []
    checker = checking(health, seen)
    async with asyncio.timeout(30):
        while not seen:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    checker.stop()
    return seen, checker


def quick(**more):
    return Health.model_construct(
        **{
            "tcp": None,
            "http": None,
            "command": None,
            "environment": (),
            "interval": 0.02,
            "timeout": 1,
            "rise": 2,
            "fall": 2,
            **more,
        }
    )


def test_a_command_decides_by_how_it_ends(tmp_path):
    flag = tmp_path / "flag"
    program = (sys.executable, "-c", f"import sys, pathlib; sys.exit(not pathlib.Path({str(flag)!r}).exists())")

    async def live():
        seen = []
        checker = checking(quick(command=program), seen)
        async with asyncio.timeout(30):
            while seen != [False]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        flag.touch()
        async with asyncio.timeout(30):
            while seen != [False, True]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        flag.unlink()
        async with asyncio.timeout(30):
            while seen != [False, True, False]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert checker.detail == "it ended with 1"
        checker.stop()

    run(live())


@pytest.mark.parametrize(
    ("answer", "good"),
    [
        (b"HTTP/1.1 204 No\r\n\r\n", True),
        (b"HTTP/1.0 503 X\r\n\r\n", False),
        (b"\xff\xfe garbage", False),
        (b"", False),
    ],
)
def test_http_and_tcp_look_at_what_answers(answer, good):
    async def live():
        async def serve(reader, writer):
            await reader.read(100)
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        seen, checker = await changes(quick(http=f"http://127.0.0.1:{port}/healthz"))
        assert seen == [good]
        assert bool(checker.detail) != good
        assert (await changes(quick(tcp=f"127.0.0.1:{port}")))[0] == [True]
        server.close()
        assert (await changes(quick(tcp=f"127.0.0.1:{port}")))[0] == [False]

    run(live())


def test_a_program_that_hangs_is_ended_and_counts_as_a_failure():
    async def live():
        seen, checker = await changes(quick(command=("sleep", "60"), timeout=0.1))
        assert seen == [False]
        assert "no answer" in checker.detail

    run(live())


def runs(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_a_program_leaves_behind_is_ended_with_it(tmp_path):
    """Else there would be one more of it at each check."""
    left = tmp_path / "left"
    script = f"sleep 60 & echo $! > {left}.new; mv {left}.new {left}"

    async def live():
        checker = checking(quick(command=("sh", "-c", script), rise=1, interval=60), [])
        await checker.settled.wait()
        number = int(left.read_text())
        async with asyncio.timeout(30):
            while runs(number):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.wait([checker.stop()])

    run(live())


def test_names_that_cannot_be_looked_up_keep_nothing_waiting_but_their_checks(monkeypatch):
    """A resolver that does not answer holds a thread for minutes: not one of those that read files."""
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(30))

    async def live():
        checkers = [checking(quick(tcp=f"name{n}.example:80", timeout=0.1), []) for n in range(50)]
        await asyncio.sleep(0.3)
        async with asyncio.timeout(30):
            assert await asyncio.to_thread(lambda: "read") == "read"
        await asyncio.wait([checker.stop() for checker in checkers])
        done.set()

    run(live())


def test_a_check_that_fails_in_a_way_nobody_thought_of_has_not_passed_and_goes_on(monkeypatch):
    async def live():
        seen = []
        checker = checking(quick(command=("true",)), seen)
        async with asyncio.timeout(30):
            while seen != [True]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            monkeypatch.setattr(subprocess, "Popen", refuse)
            while seen != [True, False]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert checker.detail == "no thread"
            monkeypatch.undo()
            while seen != [True, False, True]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.wait([checker.stop()])

    def refuse(*_, **__):
        raise RuntimeError("no thread")

    run(live())


def test_the_example_of_the_docs_is_read(tmp_path, planned):
    text = (Path(__file__).resolve().parents[2] / "docs/speaker.md").read_text()
    block = next(one for one in text.split("```yaml\n")[1:] if one.startswith("announcements:")).split("```")[0]
    assert len(read_static(source(tmp_path, block), planned[0])) == 2


CHECK = """
import asyncio, os, sys
from frrgen.speaker.process.health import Checker
from frrgen.speaker.process.sources.base import Health

async def nothing(): pass

async def live():
    os.set_inheritable(os.open("/", os.O_RDONLY), True)
    checker = Checker(Health(command=("sh", "-c", sys.argv[1]), rise=1, timeout=60), asyncio.Semaphore(1))
    checker.start(nothing)
    await checker.settled.wait()
    await asyncio.wait([checker.stop()])
    print(checker.detail, open("/proc/self/status").read())

asyncio.run(live())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can give capabilities")
@pytest.mark.parametrize("user", ["0", "65534"])
def test_a_program_inherits_no_capability_no_descriptor_and_no_blocked_signal(user):
    """Neither from root nor from a user with ambient capabilities, as systemd gives them; the speaker keeps its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        script = f"exec > {folder}/descriptors; ls /proc/$$/fd; exec > {folder}/status; cat /proc/self/status"
        given = "+net_bind_service,+dac_read_search"
        words = ["setpriv", "--reuid", user, "--clear-groups", "--inh-caps", given, "--ambient-caps", given, "--"]
        done = subprocess.run(
            [*words, sys.executable, "-c", CHECK, script], capture_output=True, text=True, check=True, cwd=ROOT
        )
        descriptors, told = ((Path(folder) / name).read_text() for name in ("descriptors", "status"))
    own, program = (
        dict(one.split(":\t", 1) for one in text.splitlines() if ":\t" in one) for text in (done.stdout, told)
    )
    assert int(own["CapAmb"], 16) == 1 << 10 | 1 << 2
    assert {int(program[f"Cap{one}"], 16) for one in ("Inh", "Prm", "Eff", "Amb")} == {0}
    assert (program["NoNewPrivs"], own["NoNewPrivs"]) == ("1", "0")
    # bits 31 and 32 are signals of glibc, which no program sets
    blocked, ignored = (int(program[name], 16) & ~(3 << 31) for name in ("SigBlk", "SigIgn"))
    assert blocked == ignored == 0
    assert descriptors.split() == ["0", "1", "2"]


def test_a_program_has_the_path_the_language_and_its_own_variables_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setenv("PASSWORD", "of the speaker")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    told = tmp_path / "told"

    async def live():
        command, own = ("cp", "/proc/self/environ", str(told)), ("PGHOST=10.0.0.5", "EMPTY=")
        checker = checking(quick(command=command, environment=own, rise=1, interval=60), [])
        await checker.settled.wait()
        await asyncio.wait([checker.stop()])

    run(live())
    found = dict(one.split("=", 1) for one in told.read_text().removesuffix("\0").split("\0"))
    assert found == {"PATH": os.environ["PATH"], "LANG": "de_DE.UTF-8", "PGHOST": "10.0.0.5", "EMPTY": ""}


def test_a_program_that_nobody_waits_for_any_more_is_ended(tmp_path, monkeypatch):
    """A check may be stopped while its program is being started."""
    begun, go = threading.Event(), threading.Event()
    started = []
    start = subprocess.Popen

    def slowly(*words, **how):
        begun.set()
        go.wait(30)
        started.append(start(*words, **how))
        return started[0]

    async def live():
        monkeypatch.setattr(subprocess, "Popen", slowly)
        checker = checking(quick(command=("sleep", "60"), timeout=60), [])
        assert await asyncio.to_thread(begun.wait, 30)
        await asyncio.wait([checker.stop()])
        assert started == []
        go.set()
        async with asyncio.timeout(30):
            while not started or runs(started[0].pid):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    run(live())
