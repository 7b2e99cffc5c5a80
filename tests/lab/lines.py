"""What each version of FRR does with each line: what it shows, whether another value is written over it, who drops.

python -m tests.lab.lines 10.3 shown
python -m tests.lab.lines 10.3 drops 1/2      the first half; it writes tests/lab/read_lines/10.3.jsonl
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from frrgen.errors import InputError
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render
from frrgen.transport.base import plain
from tests.lab import Lab
from tests.lab.changes import INSIDE_OF, Case, cases, config
from tests.lab.frr import EVERY, Frr
from tests.lab.live import PEERS, Live, model
from tests.lab.router import Router

DATA: Final = Path(__file__).parent / "read_lines"
Row = dict[str, Any]
STEPS: Final = ("set", "changed", "taken away")


def rows(version: str) -> list[Row]:
    """Return what was measured on a version, in the order of the table of changes."""
    return [json.loads(line) for line in (DATA / f"{version}.jsonl").read_text().splitlines()]


def key(case: Case) -> str:
    """Return the name of a row."""
    return f"{case.place}: {case.one} | {case.other}"


def of_sessions(case: Case) -> bool:
    """Tell whether a line stands where a session may drop of it."""
    return case.place in {"bgp", "late", "v4", "v6"}


def _running(router: Router) -> set[str]:
    return {line.decode() for line in plain(router.running_config())}


def sent(place: str, text: str) -> list[str]:
    """Return the lines of a text at a place as a running configuration has them, each behind its contexts."""
    heads = [f"{' ' * depth}{head}" for depth, head in enumerate(INSIDE_OF[place])]
    inner = [f"{' ' * len(heads)}{line}" for line in text.split(" / ")]
    there = {line.decode() for line in plain("\n".join(heads))}
    return sorted({line.decode() for line in plain("\n".join([*heads, *inner]))} - there)


def _send(router: Router, place: str, text: str) -> str:
    heads = INSIDE_OF[place]
    return router.load("\n".join([*heads, *text.split(" / "), "end", ""]))


def shown(router: Router, found: Iterable[Case]) -> Iterator[Row]:
    """Give what FRR shows of each line, and of its other value behind it and alone."""
    version = router.frr.version
    start = model(config(), version)
    router.restart(render(start))
    there = _running(router)

    def back() -> None:
        with contextlib.suppress(InputError):
            router.apply(make_plan(parse(router.running_config(), name=start.name), start).batches)
        if _running(router) != there:
            router.restart(render(start))

    def more(text: str) -> tuple[list[str], bool]:
        said = _send(router, place, text)
        now = _running(router)
        return [*sorted(now - there), *(f"no more: {one}" for one in sorted(there - now))], bool(said.strip())

    for case in found:
        place = case.place
        row: Row = {"line": key(case), "one": case.one}
        row["shown"], refused = more(case.one)
        if refused:
            row["refused"] = True
        if case.other:
            row["other"] = case.other
            behind, _ = more(case.other)
            back()
            row["other shown"], refused = more(case.other)
            if refused:
                row["other refused"] = True
            if behind != row["other shown"]:
                row["behind"] = behind
        back()
        yield row


def drops(live: Live, found: Iterable[Case]) -> Iterator[Row]:
    """Give the kinds of the sessions that drop at each line: when it is set, changed and taken away."""
    version = live.router.frr.version
    base = model(config(), version)
    live.boot(render(base))
    assert len(live.dial()) == len(PEERS)
    for case in found:
        row: Row = {"line": key(case), "drops": {}}
        for step, text in zip(STEPS, (case.one, case.other, "!"), strict=True):
            if text is None:
                continue
            live.dial_together()
            up = live.up()
            plan = live.plan(model(config(**{case.place: text}), version))
            live.push(plan)
            dropped = live.dropped(plan, up, 0.6)
            row["drops"][step] = [one.kind for one in PEERS if one in dropped]
            row.setdefault("down", {})[step] = [one.kind for one in PEERS if one not in up]
        if not any(row["down"].values()):
            del row["down"]
        if live.plan(base).commands:
            live.boot(render(base))
        live.dial(seconds=5)
        yield row


def measure(frr: Frr, what: str, part: int = 1, parts: int = 1) -> None:
    """Measure what is shown, or who drops, of a part of the lines, and keep the rest of the data of a version."""
    every = cases(frr.version)
    file = DATA / f"{frr}.jsonl"
    DATA.mkdir(exist_ok=True)
    known = {row["line"]: row for row in rows(str(frr))} if file.exists() else {}
    with Lab(frr=frr) as lab:
        if what == "shown":
            router = lab.router("r1")
            router.start("")
            found = shown(router, every[part - 1 :: parts])
        else:
            sessions = [case for case in every if of_sessions(case)]
            found = drops(Live(lab, "edge"), sessions[part - 1 :: parts])
        for row in found:
            known[row["line"]] = {**known.get(row["line"], {}), **row}
            order = [key(case) for case in every]
            file.write_text("".join(f"{json.dumps(known[name])}\n" for name in order if name in known))


if __name__ == "__main__":
    wanted, what, *rest = sys.argv[1:]
    which = [int(number) for one in rest for number in one.split("/")]
    measure(next(one for one in EVERY if f"{one}.".startswith(f"{wanted}.")), what, *which)
