"""Reduce a chain of plans that kills a daemon of FRR to a few commands, by delta debugging.

python -m tests.lab.reduce --version 8.4 --seed 6 --number 26

walks to that router of the walk (tests/lab/drawn.py) and prints the batches that still kill. Or, for a file of
batches, each behind a line `# batch`: python -m tests.lab.reduce --version 8.4 --file FILE
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from frrgen.errors import InputError
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from tests.lab.drawn import SEED, drawn
from tests.lab.frr import chosen
from tests.lab.network import Lab
from tests.lab.router import Router

Batch = tuple[str, ...]
Line = tuple[int, str]
_T = TypeVar("_T")
MARK = "# batch"
OPENS = (
    "router bgp ",
    "route-map ",
    "no route-map ",
    "bfd",
    "vrf ",
    "ip ",
    "ipv6 ",
    "no ip ",
    "no ipv6 ",
    "bgp ",
    "no bgp ",
)


def reduced(items: Sequence[_T], fails: Callable[[Sequence[_T]], bool]) -> list[_T]:
    """Return as few of the items as `fails` still holds of, in their order (ddmin: Zeller and Hildebrandt, 2002)."""
    kept, parts = list(items), 2
    while len(kept) > 1:
        size = max(1, len(kept) // parts)
        for start in range(0, len(kept), size):
            rest = [*kept[:start], *kept[start + size :]]
            if rest and fails(rest):
                kept, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(len(kept), 2 * parts)
    return kept


def batches_of(lines: Sequence[Line]) -> list[Batch]:
    """Return the batches of lines that each know the number of theirs."""
    numbers = dict.fromkeys(number for number, _ in lines)
    return [tuple(line for which, line in lines if which == number) for number in numbers]


def blocks_of(batch: Batch) -> list[Batch]:
    """Return the parts of a batch, each from a line that begins a context of its own."""
    blocks: list[Batch] = []
    for line in batch:
        if not blocks or line.startswith(OPENS):
            blocks.append(())
        blocks[-1] += (line,)
    return blocks


class Killer:
    """Replays batches on a router that starts anew, and tells whether a daemon died of them."""

    def __init__(self, router: Router) -> None:
        """Count the replays of a router."""
        self.router = router
        self.replays = 0

    def kills(self, batches: Sequence[Batch], seconds: float = 0.4) -> bool:
        """Tell whether a daemon is dead behind the batches, at most so many seconds later. One that hangs is not."""
        self.replays += 1
        self.router.restart("")
        for batch in batches:
            (self.router.folder / "lib/load.conf").write_text("\n".join([*batch, "end", ""]))
            try:
                self.router.run("vtysh", "-f", "/var/lib/load.conf", check=False, seconds=5)
            except subprocess.TimeoutExpired:
                return False
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not all(self.router.alive(daemon) for daemon in self.router.daemons):
                return True
            time.sleep(0.1)
        return False

    def reduce(self, batches: Sequence[Batch]) -> list[Batch]:
        """Return the fewest batches, and the fewest lines of theirs, that still kill."""
        whole = reduced(batches, self.kills)
        blocks = [(number, block) for number, batch in enumerate(whole) for block in blocks_of(batch)]
        kept = reduced(blocks, lambda some: self.kills(batches_of([(n, line) for n, one in some for line in one])))
        lines = [(number, line) for number, block in kept for line in block]
        return batches_of(reduced(lines, lambda some: self.kills(batches_of(some))))


def walk(router: Router, version: str, seed: int, number: int) -> Iterator[Batch]:
    """Walk to a router of a seed as the test does; the batches since FRR last started."""
    router.restart("")
    since: list[Batch] = []
    for intended in drawn(version, seed, number + 1):
        try:
            plan = make_plan(parse(router.running_config(), name=intended.name), intended)
        except InputError:
            router.restart(render(intended))
            since = [tuple(render(intended).splitlines())]
            continue
        since += map(tuple, plan.batches)
        router.apply(plan.batches)
        if not router.alive("bgpd"):
            break
    yield from since


def main() -> int:
    """Reduce, and print what is left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True, help="of FRR: 8.4, 10.3, 10.7")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--number", type=int, default=0)
    parser.add_argument("--file", type=Path)
    asked = parser.parse_args()
    frr = next(one for one in chosen() if one.version.startswith(asked.version))
    with Lab(frr=frr) as lab:
        router = lab.router("r1")
        router.start("")
        if asked.file:
            batches = [
                tuple(part.strip("\n").splitlines()) for part in asked.file.read_text().split(f"{MARK}\n") if part
            ]
        else:
            batches = list(walk(router, frr.version, asked.seed, asked.number))
        killer = Killer(router)
        print(f"{len(batches)} batches, {sum(map(len, batches))} lines", file=sys.stderr)
        if not killer.kills(batches):
            print("no daemon dies of them behind a start", file=sys.stderr)
            return 1
        for batch in killer.reduce(batches):
            print("\n".join([MARK, *batch]))
        print(f"{killer.replays} replays", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
