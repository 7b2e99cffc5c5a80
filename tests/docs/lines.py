"""The tables of what each version of FRR does with each line, from what was measured (tests/lab/lines.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests.lab.changes import INSIDE_OF
from tests.lab.frr import MEASURED
from tests.lab.lines import STEPS, rows, sent

Row = dict[str, Any]
VERSIONS = tuple(MEASURED.values())
EXTERNAL = {"external", "ipv6", "member", "dynamic"}
INTERNAL = {"internal", "internal member", "internal dynamic"}
LACKS = "no such line"


def table(cell: Callable[[Row], str], usual: str) -> str:
    """Draw a row for each line of which some version does something else than usually, a column for each version."""
    by_version = {version: {row["line"]: row for row in rows(version)} for version in VERSIONS}
    names = dict.fromkeys(name for one in by_version.values() for name in one)
    lines = [f"| line | {' | '.join(VERSIONS)} |", "|---" * (len(VERSIONS) + 1) + "|"]
    for name in names:
        found = [by_version[version].get(name) for version in VERSIONS]
        cells = [LACKS if one is None else cell(one) for one in found]
        if any(one not in {LACKS, usual} for one in cells):
            row = next(one for one in found if one is not None)
            lines.append(f"| {_named(row)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _named(row: Row) -> str:
    place = row["line"].partition(":")[0]
    where = {"entry_in": "inbound map: ", "entry_out": "outbound map: ", "v4": "IPv4: ", "v6": "IPv6: "}.get(place, "")
    other = f", then {_code([row['other']])}" if "other" in row else ""
    return f"{where}{_code([row['one']])}{other}"


def _code(lines: Iterable[str]) -> str:
    return ", ".join(f"`{' '.join(one.split())}`".replace("|", "\\|") for one in lines)


def resets() -> str:
    """Draw which sessions drop when a line is set, changed and taken away."""

    def cell(row: Row) -> str:
        if "drops" not in row:
            return "none"
        by_kinds: dict[str, list[str]] = {}
        for step in STEPS:
            if kinds := _kinds(set(row["drops"].get(step, ()))):
                by_kinds.setdefault(kinds, []).append(step)
        return "; ".join(f"{', '.join(steps)}: {kinds}" for kinds, steps in by_kinds.items()) or "none"

    return table(cell, "none")


def _kinds(found: set[str]) -> str:
    said = []
    for name, kinds in (("eBGP", EXTERNAL), ("iBGP", INTERNAL)):
        said += [name] if kinds <= found else sorted(kinds & found)
    return ", ".join(said)


def in_place() -> str:
    """Draw what is left where another value of a line is sent over it."""

    def cell(row: Row) -> str:
        if "behind" not in row:
            return "written over"
        more = sorted({*row["behind"]} - {*row["other shown"]})
        less = sorted({*row["other shown"]} - {*row["behind"]})
        said = [f"{word} {_code(_bare(row, lines))}" for word, lines in (("also", more), ("not", less)) if lines]
        return "; ".join(said)

    return table(cell, "written over")


def shown() -> str:
    """Draw what each version shows of a line that it does not show as it was sent."""

    def cell(row: Row) -> str:
        place = row["line"].partition(":")[0]
        said = []
        for text, seen, refused in (
            (row["one"], row["shown"], row.get("refused")),
            (row.get("other"), row.get("other shown"), row.get("other refused")),
        ):
            if text is None or sorted(seen) == sent(place, text):
                continue
            said.append("refused" if refused and not seen else _code(_bare(row, seen)) or "nothing")
        return "; ".join(dict.fromkeys(said)) or "as it was sent"

    return table(cell, "as it was sent")


def _bare(row: Row, lines: Iterable[str]) -> list[str]:
    """Leave out the contexts that the line stands in."""
    head = "".join(f"{one} / " for one in INSIDE_OF[row["line"].partition(":")[0]])
    return [one.removeprefix(head) for one in lines]
