"""From a change of a Service to the route in the router's kernel, with 5,000 Services; and what that costs a speaker.

`python -m bench.cluster SERVICES` does so with another number of Services, up to 100,000.
`python -m bench.cluster ADDR:PORT FOLDER SERVICES CHANGES` is the API server, which makes the changes itself.
"""

from __future__ import annotations

import asyncio
import calendar
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles

from bench.speaker import Process
from frrgen.model.cluster import Pool
from frrgen.speaker.kubernetes.addresses import Intervals
from frrgen.speaker.kubernetes.allocate import CLASS, allocate
from frrgen.speaker.kubernetes.objects import Service, read_object
from tests.kubernetes.server import FakeApi
from tests.kubernetes.store import RESOURCES
from tests.kubernetes.things import endpoint, endpoint_slice, node, service
from tests.lab import Lab, Router, wait_for
from tests.lab.router import die_with_parent
from tests.lab.speaking import FRRGEN, ROOT, inventory, rendered

SERVICES, CHANGES = 5000, 300
_ALLOCATED = 10_000
_EVERY = 0.02
"""Seconds between two changes: 50 a second."""


def _address(number: int) -> str:
    return f"10.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


async def _serve(where: str, folder: Path, services: int, changes: int) -> None:
    """Serve the API. Once FOLDER/go is there, give another address to one Service after the other."""
    host, _, port = where.rpartition(":")
    api = FakeApi(folder)
    api.store.create(RESOURCES[1], "", node())
    for number in range(services):
        name = f"s{number}"
        api.store.create(RESOURCES[0], "default", service(name))
        status = service(name, _address(number))["status"]
        api.store.replace(RESOURCES[0], ("default", name), {"metadata": {}, "status": status}, "status")
        api.store.create(RESOURCES[6], "default", endpoint_slice(name, endpoint("node")))
    api.store.compact()
    await api.start(host, int(port))
    api.kubeconfig()
    (folder / "ready").touch()
    while not (folder / "go").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    for number in range(changes):
        name, new = f"s{number}", _address(services + number)
        status = service(name, new)["status"]
        print(json.dumps([new, time.time()]), flush=True)
        api.store.replace(RESOURCES[0], ("default", name), {"metadata": {}, "status": status}, "status")
        await api.tell()
        await asyncio.sleep(_EVERY)
    while not (folder / "again").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await api.stop()
    api.store.compact()
    before = api.watches
    await api.start(host, int(port))
    # each of the three watches is refused with 410, all is listed, and each begins again
    while api.watches < before + 6:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    print(json.dumps("listed"), flush=True)
    await asyncio.Event().wait()


def _bench_allocation() -> None:
    """Print what the allocation for 10,000 Services costs."""
    services = [read_object(Service, service(f"s{number}", lb_class=CLASS)) for number in range(_ALLOCATED)]
    pools = {"p": Pool.model_validate({"prefixes": ["10.1.0.0/16"]})}
    began = time.process_time()
    outcomes = allocate(services, pools, Intervals([]))
    spent = time.process_time() - began
    assert len({one.addresses for one in outcomes.values()}) == _ALLOCATED
    print(f"allocation of {_ALLOCATED} Services: {spent:.2f} s of CPU (goal 2)", flush=True)


def _updates(edge: Router) -> int:
    """Return how many UPDATEs the router has received from the speaker."""
    found = json.loads(edge.vtysh("show bgp neighbors json"))
    return sum(one["messageStats"]["updatesRecv"] for one in found.values() if isinstance(one, dict))


def _routes(edge: Router) -> int:
    return len(json.loads(edge.run("ip", "-j", "route", "show", "proto", "bgp").stdout or "[]"))


def _monitor(edge: Router) -> subprocess.Popen[bytes]:
    """Write each change of the kernel's routes into a file, with its time."""
    return subprocess.Popen(
        ["nsenter", "-t", str(edge.pid), "-n", "--", "ip", "-ts", "-o", "monitor", "route"],
        stdout=(edge.folder / "routes.log").open("wb"),
        preexec_fn=die_with_parent,  # noqa: PLW1509
        env={"TZ": "UTC", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )


def api_server(host: Router, where: str, state: Path, services: int) -> subprocess.Popen[str]:
    """Start the API server at ADDR:PORT of a namespace, and return the process once it has the Services."""
    inside = ["nsenter", "-t", str(host.pid), "-n", "--", sys.executable, "-m", "bench.cluster"]
    api = subprocess.Popen(
        [*inside, where, str(state), str(services), str(CHANGES)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    wait_for("the API server", (state / "ready").exists, 300)
    return api


def observer(host: Router, net: Path, state: Path) -> Process:
    """Start a speaker that announces the Services of that API server."""
    source = ["--source", "kubernetes:observe", "--kubeconfig", str(state / "kubeconfig")]
    return Process(host, *FRRGEN, "-i", str(net), "speaker", "run", "--node", "node", *source, name="speaker")


def bench_cluster(lab: Lab, services: int = SERVICES) -> None:
    """Print the figures."""
    _bench_allocation()
    edge, host, server = (
        lab.router("cluster-edge"),
        lab.router("cluster-node", daemons=()),
        lab.router("api", daemons=()),
    )
    lab.lan((edge, "10.0.0.1/24"), (host, "10.0.0.2/24"), (server, "10.0.0.9/24"))
    net, state = inventory(host.folder / "net", asn=65001), server.folder / "state"
    edge.start(rendered(net))
    api = api_server(server, "10.0.0.9:6443", state, services)
    began = time.monotonic()
    speaker = observer(host, net, state)
    try:
        wait_for("all routes", lambda: _routes(edge) == services, 300)
        start = time.monotonic() - began
        speaker.rest()
        cpu, told = speaker.cpu, time.monotonic()
        monitor = _monitor(edge)
        (state / "go").touch()
        assert api.stdout is not None
        asked = dict(json.loads(api.stdout.readline()) for _ in range(CHANGES))
        spent = time.monotonic() - told
        wait_for("the last change", lambda: edge.run("ip", "route", "show", list(asked)[-1]).stdout, 60)
        load = (speaker.cpu - cpu) / spent
        monitor.kill()
        monitor.wait()
        found: dict[str, float] = {}
        for line in (edge.folder / "routes.log").read_text().splitlines():
            words = line.replace("[", "").replace("]", "").split()
            if "Deleted" not in words and words[1] in asked:
                stamp = time.strptime(words[0].split(".")[0] + "UTC", "%Y-%m-%dT%H:%M:%S%Z")
                found[words[1]] = calendar.timegm(stamp) + float("0." + words[0].split(".")[1])
        waits = sorted(1000 * (found[one] - when) for one, when in asked.items() if one in found)
        print(
            f"{services} Services: {start:.1f} s from the start to the last route, {speaker.memory():.0f} MiB; "
            f"a change to the kernel's route: p50 {median(waits):.0f} ms, p99 {quantiles(waits, n=100)[98]:.0f} ms "
            f"(goal 100, 500) of {len(waits)}; {load:.0%} of a core at {CHANGES / spent:.0f} changes a second",
            flush=True,
        )
        speaker.rest()
        cpu, updates = speaker.cpu, _updates(edge)
        (state / "again").touch()
        api.stdout.readline()
        speaker.rest()
        print(
            f"{services} Services are listed again: {speaker.cpu - cpu:.2f} s of CPU (goal 0.5 for {SERVICES}), "
            f"{_updates(edge) - updates} UPDATEs (goal 0)",
            flush=True,
        )
    finally:
        api.kill()
        api.wait()
        speaker.end()


if __name__ == "__main__":
    if len(sys.argv) == 5:
        asyncio.run(_serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
    else:
        with Lab() as the_lab:
            bench_cluster(the_lab, *map(int, sys.argv[1:]))
