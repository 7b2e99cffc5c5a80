"""What each version of FRR does with each line: what it shows, and whether another value is written over it.

python -m tests.lab.lines 10.3      measures, and writes tests/lab/read_lines/10.3.jsonl
"""

from __future__ import annotations

import contextlib
import json
import re
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
from tests.lab.live import model
from tests.lab.router import Router

DATA: Final = Path(__file__).parent / "read_lines"
Row = dict[str, Any]
_REFUSED: Final = re.compile(r"(?m)^line [0-9]+: ")


def rows(version: str) -> list[Row]:
    """Return what was measured on a version, in the order of the table of changes."""
    return [json.loads(line) for line in (DATA / f"{version}.jsonl").read_text().splitlines()]


def key(case: Case) -> str:
    """Return the name of a row."""
    return f"{case.place}: {case.one} | {case.other}"


def tried(version: str) -> list[Case]:
    """Return the lines that are measured: all but those of the kernel's forwarding, which outlives FRR."""
    return [case for case in cases(version) if "forwarding" not in case.one]


def sent(place: str, text: str) -> list[str]:
    """Return the lines of a text at a place as a running configuration has them, each behind its contexts."""
    heads = [f"{' ' * depth}{head}" for depth, head in enumerate(INSIDE_OF[place])]
    inner = [f"{' ' * len(heads)}{line}" for line in text.split(" / ")]
    there = {line.decode() for line in plain("\n".join(heads))}
    return sorted({line.decode() for line in plain("\n".join([*heads, *inner]))} - there)


def _running(router: Router) -> set[str]:
    """Return what is shown, without what is the kernel's: it keeps forwarding when FRR starts again."""
    return {line for line in map(bytes.decode, plain(router.running_config())) if not line.endswith(" forwarding")}


def _send(router: Router, place: str, text: str) -> str:
    heads = INSIDE_OF[place]
    return router.load("\n".join([*heads, *text.split(" / "), "end", ""]))


def shown(router: Router, found: Iterable[Case]) -> Iterator[Row]:
    """Give what FRR shows of each line, and of its other value behind it and alone."""
    version = router.frr.version
    start = model(config(), version)
    modules = {"bgpd": ["-M", "rpki"]}
    router.restart(render(start), options=modules)
    there = _running(router)

    def back() -> None:
        with contextlib.suppress(InputError):
            router.apply(make_plan(parse(router.running_config(), name=start.name), start).batches)
        if _running(router) != there:
            router.restart(render(start), options=modules)

    def more(text: str) -> tuple[list[str], bool]:
        said = _send(router, place, text)
        now = _running(router)
        return [*sorted(now - there), *(f"no more: {one}" for one in sorted(there - now))], bool(_REFUSED.search(said))

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


def measure(frr: Frr) -> None:
    """Measure a version, and write what was found."""
    DATA.mkdir(exist_ok=True)
    with Lab(frr=frr) as lab, (DATA / f"{frr}.jsonl").open("w") as file:
        router = lab.router("r1")
        router.start("")
        for row in shown(router, tried(frr.version)):
            file.write(f"{json.dumps(row)}\n")


if __name__ == "__main__":
    measure(next(one for one in EVERY if f"{one}.".startswith(f"{sys.argv[1]}.")))
