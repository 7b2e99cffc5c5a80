"""A router's model -> its frr.conf.

The grammar gives the lines of each section, and `templates/frr/frr.conf.j2` says how the file is laid out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from frrgen.grammar.layout import Block, Line, blocks, leave
from frrgen.model.router import Router
from frrgen.render.engine import fill

TEMPLATE: Final = "frr/frr.conf.j2"
_MARK: Final = "\x1f"


class RenderedLine(NamedTuple):
    """A line of the file, and where it comes from."""

    text: str
    path: tuple[str, ...]
    """Inside the router's model; empty for what the template itself says."""
    template: str


def indented(some: Iterable[Block]) -> Iterator[tuple[str, Block | Line | None]]:
    """Write blocks with the lines that enter and leave their contexts, indented as FRR does.

    Between the entries of route maps no `exit` is written: on FRR 8.4 each costs a commit.
    """
    stack: list[str] = []
    for block in some:
        shared = 0
        while shared < len(stack) and shared < len(block.enter) and stack[shared] == block.enter[shared]:
            shared += 1
        goes_on = shared == 0 and len(stack) == 1 and block.section == "route_maps" and bool(block.enter)
        if goes_on:
            stack.clear()
        while len(stack) > shared:
            yield " " * (len(stack) - 1) + leave(stack[-1]), block
            stack.pop()
        for enter in block.enter[shared:]:
            yield " " * len(stack) + enter, block
            stack.append(enter)
        margin = " " * len(stack)
        for line in block.lines:
            yield margin + line.statement.text, line
    while stack:
        yield " " * (len(stack) - 1) + leave(stack.pop()), None


def _written(router: Router) -> dict[str, list[tuple[str, Block | Line | None]]]:
    written: dict[str, list[tuple[str, Block | Line | None]]] = {}
    for section, some in groupby(blocks(router), key=lambda block: block.section):
        written.setdefault(section, []).extend(indented(some))
    return written


def render(router: Router, *, templates: Path | None = None) -> str:
    """Write the router's frr.conf. Passwords are written as the model has them: resolve references first.

    Raises InputError if a template is wrong.
    """
    written = _written(router)

    def section(name: str) -> str:
        lines = written.get(name)
        return "\n".join([text for text, _ in lines]) + "\n!\n" if lines else ""

    return fill(TEMPLATE, templates, router=router, section=section)


def render_lines(router: Router, *, templates: Path | None = None) -> list[RenderedLine]:
    """Write the router's frr.conf, and for each line tell where it comes from."""
    written = _written(router)

    def marked(name: str) -> str:
        lines = written.get(name)
        numbered = (f"{text}{_MARK}{name} {number}" for number, (text, _) in enumerate(lines or ()))
        return "\n".join(numbered) + "\n!\n" if lines else ""

    found = []
    for text in fill(TEMPLATE, templates, router=router, section=marked).split("\n"):
        line, _, mark = text.partition(_MARK)
        path: tuple[str, ...] = ()
        if mark:
            name, number = mark.split(" ")
            said = written[name][int(number)][1]
            path = () if said is None else said.path
        found.append(RenderedLine(line, path, TEMPLATE))
    return found[:-1] if found and not found[-1].text else found
