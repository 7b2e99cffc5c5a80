"""What was not read, and what must therefore not be done: nothing is planned from half a configuration."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Path, Where
from frrgen.model.router import Router
from frrgen.platforms.frr.diff.changes import Change, Op
from frrgen.platforms.frr.diff.plan import hide
from frrgen.platforms.frr.grammar.layout import raw_lines
from frrgen.platforms.frr.parse.fates import Leftover, lost


def refuse_lost(
    leftovers: Iterable[Leftover], allowed: Collection[str], file: str = "", known: Router | None = None
) -> None:
    """Refuse a configuration with a BGP instance, neighbor, list or map that was not read.

    `allowed` names those that may be missing, as `prefix_lists.NAME`; `known` has raw lines, which need not be read.
    Raises InputError.
    """
    raw = set() if known is None else set(raw_lines(known))
    missing = lost(one for one in leftovers if (one.context, one.line) not in raw)
    if bad := [*_missing(missing, allowed, file)]:
        raise InputError(*bad)


def _missing(missing: Mapping[Path, list[Leftover]], allowed: Collection[str], file: str) -> Iterator[Finding]:
    for path, lines in missing.items():
        name = ".".join(path)
        if name in allowed:
            continue
        first = lines[0]
        more = f", and {len(lines) - 1} more of its lines" if lines[1:] else ""
        yield Finding(
            Code.FRR406,
            f"{name} is not what FRR has: {_why(first)}{more}: {hide(first.line)[:80]}",
            Where(file, first.number) if file else Where(),
            f"continue without this line: --allow-unread {name}",
        )


def _why(left: Leftover, what: str = "") -> str:
    """Tell why a line was not read: FRR refuses it, or the model lacks it."""
    if left.why:
        return f"this {what}line is not read, for {left.why}"
    return f"frrgen cannot read this {what}line"


def only_in(one: Iterable[Leftover], other: Iterable[Leftover]) -> list[Leftover]:
    """Return the leftovers of a text that another text does not have, too."""
    there = {(left.context, left.line) for left in other}
    return [left for left in one if (left.context, left.line) not in there]


def refuse_endangered(
    changes: Iterable[Change], unread: Iterable[Leftover], allowed: Collection[str], file: str
) -> None:
    """Refuse a plan that takes away what an intended line may say that was not understood. Raises InputError."""
    removed = [change for change in changes if change.op is Op.REMOVE]
    bad = []
    for left in unread:
        if str(left.number) in allowed or ".".join(left.lost) in allowed:
            continue
        in_danger = next((change for change in removed if _may_say(left, change)), None)
        if in_danger is not None:
            bad.append(
                Finding(
                    Code.FRR407,
                    f"{_why(left, 'intended ')}, and in its place {hide(in_danger.before or '')!r} would be"
                    f" taken away: {hide(left.line)[:80]}",
                    Where(file, left.number),
                    f"continue without this line: --allow-unread {left.number}",
                )
            )
    if bad:
        raise InputError(*bad)


def _may_say(left: Leftover, change: Change) -> bool:
    """Tell whether a line that was not understood may say what a change takes away."""
    words = (left.context[0] if left.context else "").split(" ")
    path = change.path
    if words[:2] == ["router", "bgp"]:
        instance = ("vrfs", words[4], "bgp") if words[3:4] == ["vrf"] else ("bgp",)
        if path[: len(instance)] != instance:
            return False
        own = left.line.removeprefix("no ").split(" ")
        if own[0] == "neighbor" and len(own) > 1:
            return own[1] in path
        family = left.context[1].removeprefix("address-family ").replace(" ", "_") if left.context[1:] else ""
        return not family or family in path
    if words[0] == "route-map":
        return path[:2] == ("route_maps", words[1])
    if words[0] == "vrf":
        return path[:2] == ("vrfs", words[1])
    if words[0] in {"bfd", "rpki"}:
        return path[0].startswith(words[0])
    if left.lost:
        return path[: len(left.lost)] == left.lost
    return not left.context and _first(change.before or "") == _first(left.line)


def _first(line: str) -> str:
    return line.removeprefix("no ").split(" ")[0]
