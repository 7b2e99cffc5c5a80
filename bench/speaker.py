"""The speaker beside other BGP daemons as senders: 1,000,000 /32 with equal attributes.

Each sender runs in a namespace of its own and loads its routes; when it has come to rest the receiver begins to listen.
The receiver is a counting sink in C (`sink.c`, compiled at hand), or FRR's bgpd. What loads slowly is asked for less by
default; FULL=1 asks everybody for everything.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from tests.lab import Lab, Router, wait_for
from tests.lab.frr import PROGRAMS
from tests.lab.router import die_with_parent
from tests.lab.speaking import FRRGEN, inventory

ROOT = Path(__file__).resolve().parents[1]
FIRST = int(IPv4Address("100.64.0.0"))
MILLION = 1_000_000
PER_UPDATE = (4096 - 43) // 5
"""A /32 takes five octets behind a header and the least attributes there can be."""
TICK = os.sysconf("SC_CLK_TCK")


def prefix(number: int) -> str:
    return f"{IPv4Address(FIRST + number)}/32"


class Process:
    """A program in a router's namespace, and what it costs."""

    def __init__(self, host: Router, *command: str, name: str, environ: dict[str, str] | None = None) -> None:
        self.out = host.folder / f"log/{name}.out"
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            ["nsenter", "-t", str(host.pid), "-n", "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=self.out.open("wb"),
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
            preexec_fn=die_with_parent,  # noqa: PLW1509
            cwd=ROOT,
        )

    @property
    def cpu(self) -> float:
        """Seconds of CPU so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self, what: str = "VmHWM") -> float:
        """MiB: VmHWM the most, VmRSS now."""
        found = re.search(rf"{what}:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def rest(self, seconds: float = 1.5, most: float = 1200) -> None:
        """Wait until it has used next to no CPU for some seconds."""
        end, before = time.monotonic() + most, -1.0
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.process.args} has ended: {self.out.read_text()[-2000:]}")
            if (now := self.cpu) - before <= 0.03 * seconds:
                return
            before = now
            time.sleep(seconds)
        raise SystemExit(f"{self.process.args} does not come to rest")

    def lines(self) -> list[list[str]]:
        # behind the last end of a line it may still be writing
        whole, _, _ = self.out.read_text(errors="replace").rpartition("\n")
        return [line.split() for line in whole.splitlines()]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Sink(Process):
    """The counting router."""

    def __init__(self, lab: Lab, host: Router, expected: int, address: str = "10.0.0.1") -> None:
        super().__init__(host, str(sink(lab)), address, "65001", str(expected), name=f"sink-{address}")

    def at(self, word: str, seconds: float = 300) -> list[str]:
        return wait_for(
            f"{word} at the sink: {self.lines()[-2:]}",
            lambda: next((line for line in self.lines()[:8] if line[0] == word), None),
            seconds,
            0.05,
        )  # type: ignore[return-value]


def sink(lab: Lab) -> Path:
    """Compile it."""
    program = lab.folder / "sink"
    if not program.exists():
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            raise SystemExit("the bench of the speaker needs gcc: its sink must cost next to nothing")
        subprocess.run([compiler, "-O2", "-w", "-o", program, ROOT / "bench/sink.c"], check=True)
    return program


# the senders: each writes its configuration for `routes` routes and gives its command


def frrgen(host: Router, routes: int, *extra: str) -> Process:
    net = inventory(
        host.folder / "net",
        pools="100.64.0.0/12, 10.66.0.0/16",
        peering="address: 10.0.0.1, maximum_prefix: 2000000",
        more="",
    )
    cluster = net / "clusters/k8s.yaml"
    cluster.write_text(cluster.read_text().replace("communities: [64999:1]", "lengths: [12, 32]"))
    (host.folder / "routes.txt").write_text("".join(f"{prefix(n)}\n" for n in range(routes)))
    (host.folder / "source.yaml").write_text(
        "announcements:\n  - prefix_file: routes.txt\n" if routes else "announcements: []\n"
    )
    source = f"static:{host.folder}/source.yaml"
    command = ["-i", str(net), "speaker", "run", "--source", source, "--admin", str(host.folder / "admin"), *extra]
    return Process(host, *FRRGEN, *command, name="frrgen")


BLOB = """
import socket, sys, time
from ipaddress import IPv4Address
from frrgen.speaker.wire.attributes import Attributes, Writer
from frrgen.speaker.wire.capability import Capabilities, agree
from frrgen.speaker.wire.packed_prefix import Family
from frrgen.speaker.wire.message import KEEPALIVE, Open
from frrgen.speaker.table.rib import Encoder
only = frozenset({Family.IPV4})
agreed = agree(*[Capabilities(asn=asn, families=only) for asn in (65002, 65001)])
encoder = Encoder(Writer(65002, 65001, IPv4Address("10.0.0.2"), None), agreed)
keys = [(int(sys.argv[1]) + n) << 8 | 32 for n in range(int(sys.argv[2]))]
octets = b"".join([*encoder.announce_alike(Family.IPV4, Attributes(), keys), *encoder.end_of_rib()])
while True:
    try:
        with socket.create_connection(("10.0.0.1", 179), timeout=1) as made:
            made.settimeout(None)
            made.sendall(Open(65002, 180, IPv4Address("10.0.0.2"), Capabilities(asn=65002, families=only)).write())
            made.recv(4096)
            made.sendall(KEEPALIVE)
            if made.recv(4096):
                made.sendall(octets)
            while made.recv(65536):
                made.sendall(KEEPALIVE)
    except OSError:
        pass
    time.sleep(0.2)
"""


def blob(host: Router, routes: int) -> Process:
    """Send UPDATEs that were made before, and nothing else: no sender can be much faster."""
    return Process(host, sys.executable, "-c", BLOB, str(FIRST), str(routes), name="blob")


def mixed(host: Router, routes: int) -> Process:
    """Ten sets of attributes, one after the other."""
    frrgen(host, routes).end()
    for number in range(10):
        names = "".join(f"{prefix(n)}\n" for n in range(number, routes, 10))
        (host.folder / f"routes{number}.txt").write_text(names)
    (host.folder / "source.yaml").write_text(
        "announcements:\n" + "".join(f"  - {{prefix_file: routes{n}.txt, med: {n}}}\n" for n in range(10))
    )
    command = ["-i", f"{host.folder}/net", "speaker", "run", "--source", f"static:{host.folder}/source.yaml"]
    return Process(host, *FRRGEN, *command, "--admin", f"{host.folder}/admin", name="frrgen")


def bird(host: Router, routes: int) -> Process:
    with (host.folder / "bird.conf").open("w") as file:
        file.write(
            "router id 10.0.0.2;\nprotocol device {}\nprotocol static { ipv4;\n"
            + "".join(f"route {prefix(n)} blackhole;\n" for n in range(routes))
            + "}\nprotocol bgp sink { local 10.0.0.2 as 65002; neighbor 10.0.0.1 as 65001; connect retry time 1;\n"
            "connect delay time 1; error wait time 1, 2; ipv4 { import none; export all; }; }\n"
        )
    program = shutil.which("bird") or "/usr/sbin/bird"
    return Process(host, program, "-f", "-c", f"{host.folder}/bird.conf", "-s", f"{host.folder}/bird.ctl", name="bird")


def frr(host: Router, routes: int) -> Process:
    config = host.folder / "lib/bgpd.conf"
    with config.open("w") as file:
        file.write(
            "router bgp 65002\n bgp router-id 10.0.0.2\n no bgp ebgp-requires-policy\n no bgp network import-check\n"
            " neighbor 10.0.0.1 remote-as 65001\n neighbor 10.0.0.1 timers connect 1\n address-family ipv4 unicast\n"
        )
        file.writelines(f"  network {prefix(n)}\n" for n in range(routes))
    config.chmod(0o644)
    own = host.folder / "run"
    own.mkdir(exist_ok=True)
    shutil.chown(own, "frr", "frr")
    places = ["-f", str(config), "-i", f"{own}/bgpd.pid", "--vty_socket", str(own), "-z", f"{own}/zebra"]
    return Process(host, str(PROGRAMS / "bgpd"), "-Z", "-u", "frr", "-g", "frr", *places, name="bgpd")


def exabgp(host: Router, routes: int) -> Process:
    with (host.folder / "exabgp.conf").open("w") as file:
        file.write(
            "neighbor 10.0.0.1 { router-id 10.0.0.2; local-address 10.0.0.2; local-as 65002; peer-as 65001;\n"
            " family { ipv4 unicast; } static {\n"
        )
        file.writelines(f"route {prefix(n)} next-hop 10.0.0.2;\n" for n in range(routes))
        file.write("} }\n")
    program = str(Path(sys.executable).with_name("exabgp"))
    environ = {"exabgp_daemon_user": "root", "exabgp_daemon_drop": "false", "exabgp_api_cli": "false"}
    return Process(host, program, "server", f"{host.folder}/exabgp.conf", name="exabgp", environ=environ)


def gobgp(host: Router, routes: int) -> Process:
    (host.folder / "gobgpd.toml").write_text(
        '[global.config]\nas = 65002\nrouter-id = "10.0.0.2"\n[[neighbors]]\n[neighbors.config]\n'
        'neighbor-address = "10.0.0.1"\npeer-as = 65001\n[neighbors.timers.config]\nconnect-retry = 1\n'
        "idle-hold-time-after-reset = 1\n[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\n"
        'afi-safi-name = "ipv4-unicast"\n'
    )
    # what `gobgp mrt inject` is given last it loses: some more than are wanted, of which the sink needs no more
    table = host.folder / "table.mrt"
    table.write_bytes(b"".join(_mrt(routes + 2000)))
    made = Process(host, "gobgpd", "-t", "toml", "-f", f"{host.folder}/gobgpd.toml", name="gobgpd")
    time.sleep(2)
    command = ["nsenter", "-t", str(host.pid), "-n", "--", "gobgp", "mrt", "inject", "global", str(table)]
    subprocess.run(command, check=True, capture_output=True, timeout=900)
    return made


def _mrt(routes: int) -> Iterator[bytes]:
    """Write a TABLE_DUMP_V2 (RFC 6396)."""
    peers = struct.pack("!IHH", 0x0A000002, 0, 1) + struct.pack("!BIII", 2, 0x0A000003, 0x0A000003, 65003)
    yield struct.pack("!IHHI", 0, 13, 1, len(peers)) + peers
    attributes = bytes.fromhex("40010100 400200 400304 0a000002")
    for number in range(routes):
        entry = struct.pack("!HIH", 0, 0, len(attributes)) + attributes
        body = struct.pack("!IBIH", number, 32, FIRST + number, 1) + entry
        yield struct.pack("!IHHI", 0, 13, 2, len(body)) + body


@dataclass
class Sent:
    """What sending took."""

    routes: int
    seconds: float
    cpu: float
    memory: float
    updates: int
    load: float
    load_cpu: float

    def row(self, name: str) -> str:
        least = -(-self.routes // PER_UPDATE)
        return (
            f"{name:<22} {self.routes:>9,} {self.seconds:9.3f} s {self.cpu:7.2f} cpu {self.memory:6.0f} MiB "
            f"{self.updates:6,} UPDATEs ({self.updates / least:.3f}) | before: {self.load:5.1f} s "
            f"{self.load_cpu:5.1f} cpu"
        )


def pair(lab: Lab, name: str) -> tuple[Router, Router]:
    """A sender's host and a receiver's."""
    receiver, sender = lab.router(f"{name}-to", daemons=()), lab.router(f"{name}-from", daemons=())
    lab.link(receiver, sender, "10.0.0.1/24", "10.0.0.2/24")
    return receiver, sender


def to_sink(lab: Lab, name: str, begin: Callable[[Router, int], Process], routes: int) -> Sent:
    """Measure one sender."""
    receiver, host = pair(lab, f"{name}{routes}")
    sender = begin(host, routes)
    sender.rest()
    load, load_cpu = time.monotonic() - sender.began, sender.cpu
    counting = Sink(lab, receiver, routes)
    full = counting.at("full", 600)
    sender.rest()
    sent = Sent(
        routes,
        float(full[1]) - float(counting.at("established")[1]),
        sender.cpu - load_cpu,
        sender.memory(),
        int(full[2]),
        load,
        load_cpu,
    )
    sender.end()
    counting.end()
    for one in (receiver, host):
        one.stop()
    return sent


def to_frr(lab: Lab, name: str, begin: Callable[[Router, int], Process], routes: int) -> float:
    """Measure until FRR says that it has everything: seconds from Established."""
    receiver, host = pair(lab, f"{name}frr")
    sender = begin(host, routes)
    sender.rest()
    config = (
        "router bgp 65001\n bgp router-id 10.0.0.1\n no bgp ebgp-requires-policy\n neighbor 10.0.0.2 remote-as 65002\n"
        " neighbor 10.0.0.2 timers connect 1\n neighbor 10.0.0.2 passive\n"
    )
    receiver.daemons = ("zebra", "bgpd")
    receiver.start(config, options={"zebra": ["-r"]})
    up: float | None = None

    def done() -> bool:
        nonlocal up
        peer = receiver.bgp("ipv4", "unicast", "summary").get("peers", {}).get("10.0.0.2", {})
        if up is None and peer.get("state") == "Established":
            up = time.monotonic() - peer.get("peerUptimeMsec", 0) / 1000
        return int(peer.get("pfxRcd", 0)) >= routes

    wait_for("everything at FRR", done, 120, 0.1)
    seconds = time.monotonic() - (up or 0.0)
    sender.end()
    for one in (receiver, host):
        one.stop()
    return seconds


# what only we are asked


CHECKS = """
import asyncio, sys, time
said = {}
async def serve(reader, writer):
    line = await reader.readline()
    number = int(line.split()[1][1:])
    said[number] = not said.get(number, False)
    writer.write(b"HTTP/1.0 200 OK\\r\\n\\r\\n" if said[number] else b"HTTP/1.0 503 No\\r\\n\\r\\n")
    print("a" if said[number] else "w", f"10.66.0.{number}/32", f"{time.monotonic():.6f}", flush=True)
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 8080)
    await server.serve_forever()
asyncio.run(main())
"""
PROBE = """
import asyncio.events, atexit, sys, time
worst = []
run = asyncio.events.Handle._run
def timed(self):
    began, used = time.monotonic(), time.thread_time()
    run(self)
    taken, used = time.monotonic() - began, time.thread_time() - used
    if taken > 0.005:
        task = getattr(self._callback, "__self__", None)
        coroutine = task.get_coro() if hasattr(task, "get_coro") else None
        worst.append((used, taken, getattr(coroutine, "__qualname__", repr(self)[:150])))
asyncio.events.Handle._run = timed
def lag():
    worst.sort(reverse=True)
    shown = [f"{used * 1000:.0f} ({taken * 1000:.0f}) {where}" for used, taken, where in worst[:4]]
    print("blocked", ", ".join(shown) or "under 5", file=sys.stderr, flush=True)
atexit.register(lag)
from frrgen.cli import main
sys.exit(main())
"""


TIMER = """
import time
while True:
    before = time.monotonic()
    time.sleep(0.001)
    print(f"{(time.monotonic() - before) * 1000 - 1:.2f}", flush=True)
"""


def single_changes(lab: Lab, routes: int) -> tuple[list[float], list[float]]:
    """Health checks that pass and fail: milliseconds from the answer of a check to the sink.

    Beside them how late a program was in the same seconds that only sleeps: what the machine itself adds.
    """
    receiver, host = pair(lab, "changes")
    checks = Process(host, sys.executable, "-c", CHECKS, name="checks")
    wait_for("the checks", lambda: host.run("bash", "-c", "echo >/dev/tcp/127.0.0.1/8080", check=False).returncode == 0)
    (host.folder / "more.yaml").write_text("")
    sender = frrgen(host, routes)
    health = "{http: 'http://127.0.0.1:8080/%d', interval: 1, timeout: 1, rise: 1, fall: 1}"
    lines = "".join(f"  - {{prefix: 10.66.0.{n}/32, health: {health % n}}}\n" for n in range(100))
    with (host.folder / "source.yaml").open("a") as file:
        file.write(lines)
    time.sleep(8)
    counting = Sink(lab, receiver, routes)
    # what changes while the whole table is on its way is told behind it: that is another figure
    settled = float(counting.at("full")[1]) + 1
    timer = Process(host, sys.executable, "-c", TIMER, name="timer")
    time.sleep(15)
    late = sorted(float(line[0]) for line in timer.lines() if line)
    timer.end()
    answers: dict[str, list[tuple[float, str]]] = {}
    for what, one, at in (line for line in checks.lines() if len(line) == 3):
        answers.setdefault(one, []).append((float(at), what))
    found = []
    for what, one, at in (line for line in counting.lines() if len(line) == 3 and line[0] in "aw"):
        before = answers[one][: bisect_right(answers[one], (float(at), "z"))]
        # the last answer must be the one that is told; where it is not, a check was not heard in time
        if before and before[-1][1] == what and float(at) > settled:
            found.append((float(at) - before[-1][0]) * 1000)
    for one in (sender, checks, counting):
        one.end()
    return sorted(found), late


def second_peer(lab: Lab, routes: int) -> tuple[float, float]:
    """CPU seconds of a speaker with one session and with two."""
    costs = []
    for peers in (1, 2):
        receiver, host = pair(lab, f"peers{peers}")
        receiver.address("eth0", *(["10.0.0.3/24"] if peers == 2 else []))
        sender = frrgen(host, routes) if peers == 1 else _two_routers(host, routes)
        sender.rest()
        before = sender.cpu
        sinks = [Sink(lab, receiver, routes, address) for address in ("10.0.0.1", "10.0.0.3")[:peers]]
        for one in sinks:
            one.at("full")
        sender.rest()
        costs.append(sender.cpu - before)
        for one in (sender, *sinks):
            one.end()
    return costs[0], costs[1]


def _two_routers(host: Router, routes: int) -> Process:
    sender = frrgen(host, routes)
    sender.end()
    net = host.folder / "net"
    cluster = net / "clusters/k8s.yaml"
    edge = "  edge: {address: 10.0.0.1, maximum_prefix: 2000000}\n"
    cluster.write_text(
        cluster.read_text().replace(edge, edge + edge.replace("edge", "edge2").replace("0.0.1", "0.0.3"))
    )
    (net / "routers/edge2.yaml").write_text((net / "routers/edge.yaml").read_text().replace("10.0.0.1", "10.0.0.3"))
    command = ["-i", str(net), "speaker", "run", "--source", f"static:{host.folder}/source.yaml"]
    return Process(host, *FRRGEN, *command, "--admin", f"{host.folder}/admin", name="frrgen2")


def blocked(lab: Lab, routes: int) -> str:
    """How long the event loop was busy with one thing at the most: start, reloads of half the table, the end.

    Milliseconds of CPU, and of the clock beside them, in which other programs had their turn, too.
    """
    receiver, host = pair(lab, "blocked")
    frrgen(host, routes).end()
    command = ["-i", f"{host.folder}/net", "speaker", "run", "--source", f"static:{host.folder}/source.yaml"]
    sender = Process(
        host, sys.executable, "-c", PROBE, *command, "--admin", f"{host.folder}/admin", "--drain", "1", name="probed"
    )
    sender.rest()
    counting = Sink(lab, receiver, routes)
    counting.at("full")
    (host.folder / "routes.txt").write_text("".join(f"{prefix(n)}\n" for n in range(0, routes, 2)))
    time.sleep(2)
    sender.rest()
    (host.folder / "routes.txt").write_text("".join(f"{prefix(n)}\n" for n in range(routes)))
    time.sleep(2)
    sender.rest()
    sender.process.send_signal(signal.SIGTERM)
    sender.process.wait(60)
    counting.end()
    return next(" ".join(line[1:]) for line in reversed(sender.lines()) if line and line[0] == "blocked")


def idle(lab: Lab) -> float:
    """MiB of a speaker with a session, metrics and 100 services."""
    receiver, host = pair(lab, "idle")
    sender = frrgen(host, 0, "--metrics", "127.0.0.1:9342")
    (host.folder / "source.yaml").write_text(
        "announcements:\n" + "".join(f"  - {{prefix: 10.66.1.{n}/32}}\n" for n in range(100))
    )
    counting = Sink(lab, receiver, 100)
    counting.at("full")
    sender.rest()
    found = sender.memory("VmRSS")
    sender.end()
    counting.end()
    return found


def at(ordered: list[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def _there(name: str) -> bool:
    """Tell whether a sender is installed; say so, if not."""
    exabgp_there = Path(sys.executable).with_name("exabgp").exists()
    there = {
        "BIRD": shutil.which("bird", path="/usr/sbin:/usr/bin"),
        "GoBGP": shutil.which("gobgpd"),
        "ExaBGP": exabgp_there,
    }
    if there.get(name, True):
        return True
    print(f"{name}: not installed", flush=True)
    return False


def bench_speaker(lab: Lab) -> None:
    """Print the table."""
    full = bool(os.environ.get("FULL"))
    routes = int(os.environ.get("ROUTES", MILLION))
    few = routes if full else routes // 10
    seen: list[str] = []
    print("routes to a counting sink, from Established to the last; UPDATEs beside the least there can be")
    for name, begin, number in (
        ("frrgen", frrgen, routes),
        ("frrgen, 10 MEDs mixed", mixed, routes),
        ("FRR bgpd", frr, routes),
        ("BIRD", bird, routes),
        ("frrgen", frrgen, few),
        ("GoBGP", gobgp, few),
        ("ExaBGP", exabgp, few),
    ):
        if (begin is frrgen and number == few == routes and name in seen) or not _there(name):
            continue
        seen.append(name)
        print(to_sink(lab, begin.__name__, begin, number).row(name), flush=True)
    if not full:
        print(f"GoBGP and ExaBGP load slowly: {few:,} here, {routes:,} with FULL=1")
    for name, begin in (("frrgen", frrgen), ("a ready-made blob", blob), ("FRR bgpd", frr), ("BIRD", bird)):
        if not _there(name):
            continue
        seconds = to_frr(lab, begin.__name__, begin, routes)
        print(f"{name:<22} {routes:>9,} to FRR as receiver {seconds:8.1f} s", flush=True)
    one, two = second_peer(lab, routes)
    print(f"frrgen, sessions: one {one:.2f} cpu, two {two:.2f} cpu", flush=True)
    found, late = single_changes(lab, routes)
    print(
        f"frrgen, one change with {routes:,} held: {len(found)} changes, p50 {at(found, 0.5):.1f} ms, p99 "
        f"{at(found, 0.99):.1f} ms (goal 2 and 10); a sleeping program was late by p50 {at(late, 0.5):.1f} ms, "
        f"p99 {at(late, 0.99):.1f} ms",
        flush=True,
    )
    print(f"frrgen, the event loop was blocked for {blocked(lab, routes)} ms at the most (goal 50)", flush=True)
    print(f"frrgen, idle with 100 services: {idle(lab):.0f} MiB (goal 60)", flush=True)
