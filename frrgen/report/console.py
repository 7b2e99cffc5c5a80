"""Plans and progress for people. Colour only on a terminal, and never with NO_COLOR."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, TypeVar

from frrgen.errors import visible
from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.changes import Op
from frrgen.platforms.frr.diff.plan import Plan, hide

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_T = TypeVar("_T")
_SIGNS: Final = {Op.ADD: "+", Op.MODIFY: "~", Op.REMOVE: "-"}
_STYLES: Final = {Op.ADD: "green", Op.MODIFY: "yellow", Op.REMOVE: "red"}
_MOST: Final = 200
"""Changes shown of one router; the rest is counted."""
_MOST_ROUTES: Final = 40


def console(stream: IO[str]) -> Console | None:
    """Return a rich console when the stream is a terminal that wants colour."""
    if not stream.isatty() or os.environ.get("NO_COLOR") is not None or os.environ.get("TERM") == "dumb":
        return None
    from rich.console import Console

    return Console(file=stream, highlight=False, soft_wrap=True)


@contextmanager
def live(show: Callable[[_T], None], draw: Callable[[_T, str], RenderableType]) -> Iterator[Callable[[_T, str], None]]:
    """Return what shows a thing, with a title, in the place of the last one; below it where there is no terminal.

    `show`: prints the thing; `draw`: makes of it, and of the title, what a terminal shows.
    """
    rich = console(sys.stdout)
    if rich is None:

        def below(thing: _T, title: str) -> None:
            print(title)
            show(thing)
            sys.stdout.flush()

        yield below
        return
    from rich.live import Live

    with Live(console=rich, auto_refresh=False, screen=False) as screen:
        yield lambda thing, title: screen.update(draw(thing, title), refresh=True)


def under_title(lines: Sequence[str], title: str) -> Text:
    """Return lines below a title, as a terminal shows them."""
    from rich.text import Text

    return Text("\n".join((title, *(visible(line, 1000) for line in lines))))


def show_plan(plan: Plan, stream: IO[str] | None = None) -> None:
    """Write a plan: the changes, the sessions, what is left over, the summary."""
    stream = stream or sys.stdout
    rich = console(stream)
    for line, style in plan_lines(plan):
        shown = visible(line, 1000)
        if rich is None:
            print(shown, file=stream)
        else:
            rich.print(shown, style=style or None, markup=False)


def plan_lines(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the lines of a plan, each with its style."""
    for change in plan.changes[:_MOST]:
        impact = "" if change.impact is Impact.NONE else f"   ({change.impact})"
        path = ".".join(change.path)
        yield f"{_SIGNS[change.op]} {path}{impact}", _STYLES[change.op]
        if change.before is not None:
            yield f"    - {hide(change.before)}", "red"
        if change.after is not None:
            yield f"    + {hide(change.after)}", "green"
    if len(plan.changes) > _MOST:
        yield f"  … and {len(plan.changes) - _MOST} more changes", ""
    for session in plan.sessions:
        if session.impact is not Impact.NONE:
            vrf = f" vrf {session.vrf}" if session.vrf else ""
            style = "bold red" if session.impact is Impact.RESET else ""
            yield f"session {session.neighbor}{vrf}: {session.impact} ({', '.join(session.because)})", style
    told = [line for effect in plan.routes or () for line in effect.lines()]
    for line in told[:_MOST_ROUTES]:
        yield f"{plan.router} {line}", ""
    if len(told) > _MOST_ROUTES:
        yield f"  … and {len(told) - _MOST_ROUTES} more about routes", ""
    for line in [line for effect in plan.beyond for line in effect.lines()][:_MOST_ROUTES]:
        yield f"beyond the inventory, by lines that are left unchanged: {plan.router} {line}", "bold red"
    for command in (*plan.after, *plan.restarts):
        yield f"then: {command}", ""
    for warning in plan.warnings:
        yield f"warning: {warning}", "yellow"
    if plan.leftovers:
        yield f"left unchanged, not in the model ({len(plan.leftovers)}):", ""
        for line in plan.leftovers[:20]:
            yield f"    {visible(hide(line))}", ""
        if len(plan.leftovers) > 20:
            yield f"    … and {len(plan.leftovers) - 20} more", ""
    yield plan.summary, "bold"
