"""The tables of what each version of FRR does with each line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from frrgen.errors import InputError
from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.plan import make_plan
from frrgen.platforms.frr.parse.parser import Parsed
from tests.lab.changes import INSIDE_OF, Case, cases, config, read
from tests.lab.frr import MEASURED
from tests.lab.lines import key, rows, sent
from tests.lab.live import PEERS

Row = dict[str, Any]
VERSIONS = tuple(MEASURED.values())
EXTERNAL = {"external", "ipv6", "member", "dynamic"}
INTERNAL = {"internal", "internal member", "internal dynamic"}
_NEIGHBOR = re.compile(r"((?:no )?)neighbor [^ ]+ ")
STEPS = ("set", "changed", "taken away")
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
    """Return lines as code, each once whichever neighbor has it."""
    texts = (" ".join(one.split()) for one in lines)
    parts = (part for one in texts for part in re.split(r" / (?=(?:no )?neighbor )", one))
    found = dict.fromkeys(_NEIGHBOR.sub(r"\1neighbor X ", part) for part in parts)
    return ", ".join(f"`{one}`".replace("|", "\\|") for one in found)


def resets() -> str:
    """Draw which sessions a plan says to drop when a line is set, changed and taken away."""
    by_version = {
        version: {key(case): case for case in cases(version) if case.place in {"bgp", "late"}} for version in VERSIONS
    }
    lines = [f"| line | {' | '.join(VERSIONS)} |", "|---" * (len(VERSIONS) + 1) + "|"]
    for name in dict.fromkeys(name for one in by_version.values() for name in one):
        found = {version: by_version[version].get(name) for version in VERSIONS}
        cells = [LACKS if case is None else _dropped(case, version) for version, case in found.items()]
        if any(one not in {LACKS, "none"} for one in cells):
            case = next(one for one in found.values() if one is not None)
            lines.append(
                f"| {_code([case.one])}{f', then {_code([case.other])}' if case.other else ''} | {' | '.join(cells)} |"
            )
    return "\n".join(lines)


def _dropped(case: Case, version: str) -> str:
    before = _read(config(), version)
    by_kinds: dict[str, list[str]] = {}
    for step, text in zip(STEPS, (case.one, case.other, "!"), strict=True):
        if text is None:
            continue
        after = _read(config(**{case.place: text}), version)
        try:
            plan = make_plan(before, after.router)
            told = {one.neighbor for one in plan.sessions if one.impact is Impact.RESET}
            kinds = _kinds({one.kind for one in PEERS if one.named in told})
        except InputError:
            kinds = "refused"
        before = after
        if kinds:
            by_kinds.setdefault(kinds, []).append(step)
    return "; ".join(f"{', '.join(steps)}: {kinds}" for kinds, steps in by_kinds.items()) or "none"


def _read(text: str, version: str) -> Parsed:
    found = read(text, version)
    return found._replace(router=found.router.model_copy(update={"ownership": "full"}))


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
            there = {" ".join(one.split()) for one in seen or () if not one.startswith("no more: ")}
            wanted = {" ".join(one.split()) for one in sent(place, text or "")}
            inner = {one for one in wanted if not any(other.startswith(f"{one} / ") for other in wanted)}
            if text is None or inner <= there <= wanted:
                continue
            said.append("refused" if refused and not there else _code(_bare(row, sorted(there))) or "nothing")
        return "; ".join(dict.fromkeys(said)) or "as it was sent"

    return table(cell, "as it was sent")


def _bare(row: Row, lines: Iterable[str]) -> list[str]:
    """Leave out the contexts that the line stands in."""
    head = "".join(f"{one} / " for one in INSIDE_OF[row["line"].partition(":")[0]])
    return [one.removeprefix(head) for one in lines]
