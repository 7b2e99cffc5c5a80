"""From an event to the wire: a renamed source file, a request at the admin socket, a change of a Service.

`python -m bench.events [ROUTES...]`; the Services are as many as the routes, and 100,000 at the most.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median, quantiles

from bench.cluster import CHANGES, api_server, observer
from bench.speaker import MILLION, Process, Sink, frrgen, pair, prefix
from frrgen.speaker.process.admin import ask
from tests.lab import Lab, wait_for
from tests.lab.speaking import FRRGEN, inventory

_EVENTS = 50
_SERVICES = 100_000


def _row(what: str, held: int, asked: dict[str, float], sink: Sink) -> None:
    """Print how long it took from each event to its prefix at the sink."""
    last = list(asked)[-1]
    wait_for("the last prefix", lambda: any(line[1:2] == [last] for line in sink.lines()), 60)
    told = {line[1]: float(line[2]) for line in sink.lines() if len(line) == 3 and line[0] == "a"}
    waits = [1000 * (told[one] - when) for one, when in asked.items() if one in told]
    goal = 5 if held < MILLION else 20
    print(
        f"{what}, {held:,} held: p50 {median(waits):.1f} ms, p99 {quantiles(waits, n=100)[98]:.1f} ms of {len(waits)} "
        f"(goal p50 {goal} ms)",
        flush=True,
    )


def _renames(lab: Lab, routes: int) -> None:
    receiver, host = pair(lab, f"renames{routes}")
    sender = frrgen(host, routes)
    sink = Sink(lab, receiver, routes)
    sink.at("full")
    sender.rest()
    asked = {}
    for number in range(_EVENTS):
        more = "".join(f"  - {{prefix: 10.66.0.{one}/32}}\n" for one in range(number + 1))
        (host.folder / "new").write_text(f"announcements:\n  - prefix_file: routes.txt\n{more}")
        asked[f"10.66.0.{number}/32"] = time.monotonic()
        (host.folder / "new").rename(host.folder / "source.yaml")
        time.sleep(0.2)
    _row("a renamed file", routes, asked, sink)
    sender.end()
    sink.end()


def _announce(admin: Path, *prefixes: str) -> None:
    ask(admin, json.dumps({"announce": {"prefixes": prefixes}}).encode())


def _requests(lab: Lab, routes: int) -> None:
    receiver, host = pair(lab, f"requests{routes}")
    frrgen(host, 0).end()
    admin = host.folder / "admin"
    command = ["-i", f"{host.folder}/net", "speaker", "run", "--source", "admin", "--admin", str(admin)]
    sender = Process(host, *FRRGEN, *command, name="frrgen")
    wait_for("the admin socket", admin.exists, 60)
    for start in range(0, routes, 1000):
        _announce(admin, *(prefix(number) for number in range(start, min(routes, start + 1000))))
    sink = Sink(lab, receiver, routes)
    sink.at("full")
    sender.rest()
    asked = {}
    for number in range(_EVENTS):
        one = f"10.66.0.{number}/32"
        asked[one] = time.monotonic()
        _announce(admin, one)
        time.sleep(0.05)
    _row("a request", routes, asked, sink)
    sender.end()
    sink.end()


def _services(lab: Lab, services: int) -> None:
    receiver, host = pair(lab, f"services{services}")
    net, state = inventory(host.folder / "net", asn=65001), host.folder / "state"
    api = api_server(host, "127.0.0.1:6443", state, services)
    sender = observer(host, net, state)
    sink = Sink(lab, receiver, services)
    sink.at("full")
    sender.rest()
    (state / "go").touch()
    assert api.stdout is not None
    behind = time.time() - time.monotonic()
    changes = [json.loads(api.stdout.readline()) for _ in range(CHANGES)]
    _row("a change of a Service", services, {f"{one}/32": when - behind for one, when in changes}, sink)
    api.kill()
    api.wait()
    sender.end()
    sink.end()


def bench_events(lab: Lab, numbers: tuple[int, ...] = (MILLION // 10, MILLION)) -> None:
    """Print the figures."""
    for routes in numbers:
        _renames(lab, routes)
        _requests(lab, routes)
    _services(lab, min(_SERVICES, *numbers))


if __name__ == "__main__":
    with Lab() as the_lab:
        bench_events(the_lab, *([tuple(map(int, sys.argv[1:]))] if sys.argv[1:] else []))
