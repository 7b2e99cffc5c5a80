"""`make bench [ONLY=…]`: each figure beside its peer, of this run and machine.

ONLY is one of plan, policy, push, transaction, render, start, leak, fetch, ready, speaker, cluster and events.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.cluster import bench_cluster
from bench.configs import lists, maps, neighbors
from bench.events import bench_events
from bench.fetch import ROUTERS, fetch_costs
from bench.hier_config import hier_config
from bench.measure import ENVIRONMENT, FRRGEN, Cost, measure
from bench.ready import ready_cost
from bench.speaker import bench_speaker
from tests.lab import Lab, Router, wait_for

RELOAD = Path("/usr/lib/frr/frr-reload.py")


def best(command: list[str], runs: int = 5) -> Cost:
    """The cheapest of some runs: the least disturbed one."""
    return min((measure(command) for _ in range(runs)), key=lambda cost: cost.cpu)


def median(costs: list[Cost]) -> Cost:
    """The run that took neither long nor short."""
    return sorted(costs, key=lambda cost: cost.wall)[len(costs) // 2]


def report(what: str, ours: Cost, theirs: Cost, *, peer: str, goal: str, value: float) -> None:
    """Print one line of the table."""
    print(
        f"{what:<58} {ours.wall:8.2f} s {ours.cpu:7.2f} cpu {ours.memory:5.0f} MiB | {peer}: {theirs.wall:8.2f} s "
        f"{theirs.cpu:7.2f} cpu {theirs.memory:5.0f} MiB | {value:6.1f} (goal {goal})",
        flush=True,
    )


def bench_plan(lab: Lab) -> None:
    """Offline plans beside `frr-reload.py --test --input`."""
    cases = {
        "plan, 50,000 list lines, 1 % changed": (lists(50_000), lists(50_000, 0.01)),
        "plan, 1,000 route maps of 20,000 lines, 1 % changed": (maps(1000, 4), maps(1000, 4, changed=10)),
    }
    router = lab.router("plan", daemons=())
    for what, (running, intended) in cases.items():
        folder = Path(tempfile.mkdtemp(dir=lab.folder))
        folder.chmod(0o755)
        (folder / "running.conf").write_text(running)
        (folder / "intended.conf").write_text(intended)
        pair = [str(folder / "running.conf"), str(folder / "intended.conf")]
        ours = best([*FRRGEN, "plan", *pair, "--format", "commands"])
        command = [str(RELOAD), "--stdout", "--test", "--input", *pair]
        theirs = best(router.inside(*command))
        report(what, ours, theirs, peer="frr-reload --test", goal="10x", value=theirs.cpu / ours.cpu)
        if (command := hier_config(*pair)) is None:
            print(f"{what:<58} hier_config cannot be installed", flush=True)
            continue
        others = best(command, runs=2)
        report(what, ours, others, peer="hier_config", goal="-", value=others.cpu / ours.cpu)


def bench_fetch(lab: Lab) -> None:
    """`diff` of many routers over SSH: logging in, reading, planning. The peer only reads."""
    ours, theirs = fetch_costs(lab)
    what = f"diff of {ROUTERS} routers over SSH"
    report(what, ours, theirs, peer="paramiko, fetching alone", goal="3.5 s", value=ours.cpu)


def bench_ready() -> None:
    """`speaker run`, from its start until a static file is ready to be announced."""
    for prefixes in (100_000, 1_000_000):
        cost = ready_cost(prefixes)
        what = f"speaker run until {prefixes:,} prefixes are ready"
        print(f"{what:<58} {cost.wall:8.2f} s {cost.cpu:7.2f} cpu {cost.memory:5.0f} MiB (goal 1.5 s)", flush=True)


class Pusher:
    """Pushes one configuration or the other over SSH; the inventories are what `import` makes of the files."""

    def __init__(self, lab: Lab, router: Router, *texts: str) -> None:
        self.lab, self.router = lab, router
        self.folders = [Path(tempfile.mkdtemp(dir=lab.folder)) for _ in texts]
        for folder, text in zip(self.folders, texts, strict=True):
            (folder / "intended.conf").write_text(text)
            (router.folder / f"lib/{folder.name}.conf").write_text(text)
            made = ["import", "frr", str(folder / "intended.conf"), "-o", str(folder / "net"), "--name", router.name]
            subprocess.run([*FRRGEN, *made], check=True, capture_output=True)

    def push(self, number: int) -> Cost:
        """Push one of the configurations."""
        pushed = ["-i", str(self.folders[number] / "net"), "push", self.router.name, "--yes"]
        return measure([*FRRGEN, *pushed, "--ssh-config", str(self.lab.ssh_config())], (0,))

    def reload(self, number: int) -> Cost:
        """Let frr-reload.py bring one of the configurations, on the router itself."""
        file = f"/var/lib/{self.folders[number].name}.conf"
        return measure(self.router.inside(str(RELOAD), "--stdout", "--reload", file), (0, 1))

    def bare(self, number: int) -> Cost:
        """Apply lines over SSH, as `vtysh -f` takes them, and look at nothing."""
        file = f"/var/lib/bare-{number}.conf"
        return measure(["ssh", "-F", str(self.lab.ssh_config()), self.router.name, "vtysh", "-f", file], (0,))


def bench_transaction(lab: Lab) -> None:
    """A push of one description, with all that it looks at, beside the same line by `vtysh -f` over SSH."""
    texts = [
        f"router bgp 65001\n neighbor 10.0.0.1 remote-as 65002\n neighbor 10.0.0.1 description {n}\n" for n in "ab"
    ]
    router = lab.router("bare")
    router.start(texts[0])
    lab.sshd(router)
    pusher = Pusher(lab, router, *texts)
    (router.folder / "lib/bare-0.conf").write_text(texts[0])
    rounds = [(pusher.push(1), pusher.bare(0)) for _ in range(5)]
    ours, theirs = (median([one[side] for one in rounds]) for side in (0, 1))
    value = ours.wall - theirs.wall
    report(
        "push, one description: seconds over the bare apply", ours, theirs, peer="vtysh -f", goal="1.5 s", value=value
    )


def there_and_back(lab: Lab, router: Router, running: str, intended: str, rounds: int = 3) -> tuple[Cost, Cost]:
    """What a push takes from the one configuration to the other, and frr-reload.py back again: the medians."""
    pusher = Pusher(lab, router, running, intended)
    router.restart(running)
    costs = [(pusher.push(1), pusher.reload(0)) for _ in range(rounds)]
    return median([ours for ours, _ in costs]), median([theirs for _, theirs in costs])


def bench_push(lab: Lab) -> None:
    """Pushes over SSH beside `frr-reload.py --reload` on the router."""
    router = lab.router("edge")
    router.start("")
    lab.sshd(router)
    lines = int(os.environ.get("LINES", "50000"))
    cases = {
        "push, one match in 150 route maps": (maps(150, 1), maps(150, 1, changed=150), "20x"),
        f"push, 1 % of {lines} lines in lists of 10": (lists(lines, each=10), lists(lines, 0.01, each=10), "2x"),
    }
    for what, (running, intended, goal) in cases.items():
        ours, theirs = there_and_back(lab, router, running, intended)
        report(what, ours, theirs, peer="frr-reload", goal=goal, value=theirs.wall / ours.wall)


def bench_leak(lab: Lab) -> None:
    """One match and 150 descriptions, while a sender offers 50 prefixes of which policy allows one."""
    sender, edge = lab.router("sender"), lab.router("leak")
    lab.link(sender, edge, "10.0.0.1/30", "10.0.0.2/30")
    networks = "".join(f"  network 10.1.{n}.0/24\n" for n in range(50))
    sender.start(
        "router bgp 65002\n no bgp ebgp-requires-policy\n no bgp network import-check\n"
        " neighbor 10.0.0.2 remote-as 65001\n neighbor 10.0.0.2 timers connect 1\n"
        f" address-family ipv4 unicast\n{networks} exit-address-family\n"
    )
    lab.sshd(edge)
    running, intended = neighbors(150, "old", "ONE"), neighbors(150, "new", "TWO")
    pusher = Pusher(lab, edge, running, intended)
    edge.start(running)
    sender.vtysh("clear bgp *")

    def watched(run: Callable[[int], Cost], number: int) -> tuple[Cost, int, float]:
        worst, leaking, stop = 0, 0.0, threading.Event()
        allowed = {"10.1.1.0/24", "10.1.2.0/24"}

        def count() -> None:
            nonlocal worst, leaking
            while not stop.is_set():
                leaked = len(set(edge.bgp("ipv4 unicast").get("routes", {})) - allowed)
                worst, leaking = max(worst, leaked), leaking + (0.1 if leaked else 0)
                time.sleep(0.1)

        now, then = ("10.1.2.0/24", "10.1.1.0/24") if number == 0 else ("10.1.1.0/24", "10.1.2.0/24")
        wait_for("the route", lambda: set(edge.bgp("ipv4 unicast").get("routes", {})) == {now}, 90)
        watcher = threading.Thread(target=count)
        watcher.start()
        cost = run(number)
        wait_for("the other route", lambda: set(edge.bgp("ipv4 unicast").get("routes", {})) == {then}, 90)
        stop.set()
        watcher.join()
        return cost, worst, leaking

    rounds = [(watched(pusher.push, 1), watched(pusher.reload, 0)) for _ in range(3)]
    ours, theirs = (median([one[side][0] for one in rounds]) for side in (0, 1))
    what = "push, one match and 150 descriptions"
    report(what, ours, theirs, peer="frr-reload", goal="20x", value=theirs.wall / ours.wall)
    leaks = [(max(one[side][1] for one in rounds), max(one[side][2] for one in rounds)) for side in (0, 1)]
    print(
        f"{'    prefixes leaked meanwhile, the worst of 3 runs':<58} {leaks[0][0]} (for {leaks[0][1]:.1f} s) "
        f"| frr-reload: {leaks[1][0]} (for {leaks[1][1]:.1f} s) | goal 0",
        flush=True,
    )


def bench_render() -> None:
    """Rendering 1,000 routers of 20 neighbors beside jinja2 alone making the same text."""
    script = """
import sys, time
from statistics import median
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from jinja2 import Environment
texts = []
for r in range(1000):
    lines = [f"router bgp {65000 + r % 500}"]
    for n in range(20):
        peer = f"10.{r >> 8}.{r & 255}.{n}"
        lines += [f" neighbor {peer} remote-as 65001", f" neighbor {peer} description peer {n}"]
        lines += [f" neighbor {peer} timers 10 30"]
    texts.append("\\n".join(lines))
routers = [parse(text, name=f"r{n}").router for n, text in enumerate(texts)]
template = Environment().from_string('''! {{ name }}: written by frrgen from the inventory; a change made here is lost
frr defaults traditional
!
router bgp {{ bgp.asn }}
 bgp ebgp-requires-policy
 bgp network import-check
{% for peer, n in bgp.neighbors.items() %} neighbor {{ peer }} remote-as {{ n.remote_as }}
 neighbor {{ peer }} description {{ n.description }}
 neighbor {{ peer }} timers {{ n.timers.keepalive }} {{ n.timers.hold }}
{% endfor %}exit
!
end
''', )
ours, theirs = [], []
for _ in range(5):
    t = time.process_time(); done = [render(one) for one in routers]; ours.append(time.process_time() - t)
    t = time.process_time(); other = [template.render(name=one.name, bgp=one.bgp) for one in routers]
    theirs.append(time.process_time() - t)
assert [x.strip() for x in other] == [x.strip() for x in done], (other[0], done[0])
print(median(ours), median(theirs))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    ours, theirs = (float(word) for word in done.stdout.split())
    print(
        f"{'render, 1,000 routers of 20 neighbors':<58} {ours:8.2f} cpu | jinja2 alone: {theirs:8.2f} cpu "
        f"| {ours / theirs:6.1f} (goal under 3)",
        flush=True,
    )


def bench_start() -> None:
    """Start-up: seconds of CPU."""
    inventory = str(Path(__file__).resolve().parents[1] / "inventory")
    for what, args in (("frrgen --help", ["--help"]), ("frrgen check, the example", ["-i", inventory, "check"])):
        cost = best([*FRRGEN, *args], runs=5)
        print(f"{what:<58} {cost.cpu:8.2f} cpu {cost.memory:5.0f} MiB (goal under 0.4 s)", flush=True)


def one_list(lines: int, changed: int | None = None) -> str:
    """One prefix list of many lines under a route map on a neighbor; one line is another."""
    text = ["frr version 8.4.4", "frr defaults traditional"]
    for number in range(lines):
        length = 20 + number % 9
        prefix = f"{11 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.0/24"
        more = f" le {max(length, 25)}" if number % 3 else ""
        action = "deny" if (number % 7 == 0) != (number == changed) else "permit"
        text.append(f"ip prefix-list BIG seq {number + 1} {action} {prefix}{more}")
    text += ["route-map IN permit 10", " match ip address prefix-list BIG", "exit", "router bgp 65001"]
    text += [
        " neighbor 10.0.0.1 remote-as 65002",
        " address-family ipv4 unicast",
        "  neighbor 10.0.0.1 route-map IN in",
    ]
    return "\n".join([*text, " exit-address-family", "exit", "end", ""])


def bench_policy(lab: Lab) -> None:
    """Proofs: beside trying routes one by one, and beside the time that FRR takes to load the same list."""
    folder = Path(tempfile.mkdtemp(dir=lab.folder))
    lines = int(os.environ.get("LINES", "50000"))
    for name, changed in (("a", None), ("b", lines // 2)):
        (folder / f"{name}.conf").write_text(one_list(lines, changed))
    sides = [f"{folder}/{name}.conf:10.0.0.1:in" for name in "ab"]
    ours = best([*FRRGEN, "compare", *sides], runs=2)
    script = f"""
import random, time
from pathlib import Path
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.sets.route import Route
from ipaddress import IPv4Network
routers = [parse(Path("{folder}/" + name + ".conf").read_text(), name=name).router for name in "ab"]
rng = random.Random(1); differ = 0
for _ in range(200):
    n = rng.randrange({lines}); length = rng.randrange(24, 33)
    prefix = IPv4Network((f"{{11 + (n >> 16)}}.{{n >> 8 & 255}}.{{n & 255}}.0", length))
    verdicts = {{evaluate(one, "10.0.0.1", "in", Route(prefix, "65002", None)).verdict for one in routers}}
    differ += len(verdicts) > 1
print(differ)
"""
    theirs = best([sys.executable, "-c", script], runs=1)
    what = f"compare, two lists of {lines} lines, one line differs"
    report(what, ours, theirs, peer="200 routes one by one, no proof", goal="-", value=theirs.cpu / ours.cpu)
    router = lab.router("policy")
    router.start("")
    few = 2000
    (router.folder / "lib/list.conf").write_text(one_list(few))
    loaded = measure(router.inside("vtysh", "-f", "/var/lib/list.conf"))
    (folder / "few.conf").write_text(one_list(few))
    ours = best([*FRRGEN, "compare", *[f"{folder}/few.conf:10.0.0.1:in"] * 2])
    what = f"compare, two lists of {few} lines"
    report(what, ours, loaded, peer="FRR loads one of them", goal="-", value=loaded.wall / ours.wall)
    net = folder / "net"
    subprocess.run([*FRRGEN, "init", str(net)], check=True, capture_output=True)
    nodes = "".join(f"  n{n}: {{addresses: [10.7.{n >> 8}.{n & 255}]}}\n" for n in range(1, 1001))
    (net / "inventory/clusters/microk8s.yaml").write_text(
        f"asn: 64512\nnodes:\n{nodes}pools:\n  services: {{prefixes: [192.168.10.0/24], lengths: [24, 32]}}\n"
        "routers: {edge1: {address: 192.168.1.2}}\n"
    )
    at = ["-i", str(net / "inventory")]
    for what, args in (
        ("verify, 1,000 sessions", ["verify"]),
        ("check, 1,000 sessions", ["check"]),
        ("explain, one route", ["explain", "edge1", "10.7.0.1", "in", "192.168.10.1/32"]),
    ):
        cost = best([*FRRGEN, *at, *args])
        print(f"{what:<58} {cost.wall:8.2f} s {cost.cpu:7.2f} cpu {cost.memory:5.0f} MiB", flush=True)


def main() -> None:
    """Run what ONLY names, or everything."""
    only = os.environ.get("ONLY", "")
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {resource.getpagesize()} byte pages", flush=True)
    with Lab() as lab:
        if only in {"", "start"}:
            bench_start()
        if only in {"", "render"}:
            bench_render()
        if only in {"", "plan"}:
            bench_plan(lab)
        if only in {"", "push", "transaction"}:
            bench_transaction(lab)
        if only in {"", "push"}:
            bench_push(lab)
        if only in {"", "policy"}:
            bench_policy(lab)
        if only in {"", "fetch"}:
            bench_fetch(lab)
        if only in {"", "ready"}:
            bench_ready()
        if only in {"", "leak"}:
            bench_leak(lab)
        if only in {"", "speaker"}:
            bench_speaker(lab)
        if only in {"", "cluster"}:
            bench_cluster(lab)
        if only in {"", "events"}:
            bench_events(lab)


if __name__ == "__main__":
    main()
