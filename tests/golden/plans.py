"""The plans of many changes, written down: `python -m tests.golden.plans` writes them again.

There are the pairs of `tests/lab/transitions` there and back, which the lab carries out on real FRR. And for each line
of the golden configuration there are its removal, its return, and a change of its last number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from frrgen.errors import FrrgenError
from frrgen.platforms.frr.diff.plan import Plan, make_plan
from frrgen.platforms.frr.parse.parser import Parsed, parse

HERE = Path(__file__).parent
PAIRS = HERE.parent / "lab/transitions"
GOLDEN = HERE / "plans.txt"
_FRAME = re.compile(r"\s*(!.*|exit.*|end|frr .*)?")
_NUMBER = re.compile(r"(?<![.:/\d])\d+(?![.:/\d])(?!.*\b\d+\b)")
"""The last whole number of a line."""


def plans() -> Iterator[tuple[str, Plan]]:
    """Yield each change with its plan."""
    for version in ("8.4.4", "10.3"):
        for path in sorted(PAIRS.glob("*.A.conf")):
            sides = [path, path.with_name(path.name.replace(".A.", ".B."))]
            here, there = (_read(f"frr version {version}\n{side.read_text()}") for side in sides)
            name = path.name.removesuffix(".A.conf")
            yield f"{version} {name}, there", make_plan(here, there.router)
            yield f"{version} {name}, back", make_plan(there, here.router)
    lines = (HERE / "frr/frr-golden-8.4.4.conf").read_text().split("\n")
    full = _read("\n".join(lines))
    for at, line in enumerate(lines):
        if _FRAME.fullmatch(line):
            continue
        others = {"without": [], "with another number in": [_NUMBER.sub(lambda found: str(int(found[0]) + 1), line)]}
        for how, instead in others.items():
            try:
                other = _read("\n".join([*lines[:at], *instead, *lines[at + 1 :]]))
                ways = make_plan(full, other.router), make_plan(other, full.router)
            except FrrgenError:
                continue
            if instead != [line]:
                yield f"8.4.4 {how}: {line.strip()}", ways[0]
                yield f"8.4.4 {how}, back: {line.strip()}", ways[1]


def _read(text: str) -> Parsed:
    return parse(text, name="r1")


def written() -> str:
    """Return all plans as a text."""
    return "".join(f"## {name}\n{_shown(plan)}\n" for name, plan in plans())


def _shown(plan: Plan) -> str:
    changes = [f"{one.op} {'.'.join(one.path)} {one.impact}" for one in plan.changes]
    sessions = [f"{one.vrf} {one.neighbor} {one.impact} {', '.join(one.because)}" for one in plan.sessions]
    parts = {
        "change": changes,
        "session": sessions,
        "batch": [" / ".join(batch) for batch in plan.batches],
        "after": plan.after,
        "warning": plan.warnings,
        "left": plan.leftovers,
    }
    return "".join(f"{name}: {line}\n" for name, lines in parts.items() for line in lines)


if __name__ == "__main__":
    GOLDEN.write_text(written())
