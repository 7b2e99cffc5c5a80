"""A router's model -> its frr.conf.

The grammar gives the lines of each section, and `templates/frr/frr.conf.j2` says how the file is laid out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple

from frrgen.model.router import Router
from frrgen.platforms.frr.grammar.layout import ContextBlock, ObjectPart, bare, blocks, leave
from frrgen.platforms.templates import fill

TEMPLATE: Final = "frr/frr.conf.j2"
_MARK: Final = "\x1f"


class RenderedLine(NamedTuple):
    """A line of the file, and where it comes from."""

    text: str
    path: tuple[str, ...]
    """Inside the router's model; empty for what the template itself says."""
    template: str


def indented(some: Iterable[ContextBlock]) -> Iterator[tuple[str, list[ObjectPart]]]:
    """Yield the margin of all that blocks say, as FRR indents it, with the lines that enter and leave their contexts.

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
            left = stack.pop()
            yield " " * len(stack), [bare(block.path, leave(left))]
        for enter in block.enter[shared:]:
            yield " " * len(stack), [bare(block.path, enter)]
            stack.append(enter)
        yield " " * len(stack), block.parts
        if block.raw and stack:
            # a raw line may have led elsewhere: from anywhere FRR climbs up to the line that enters from the top
            yield "", [bare(block.path, stack[0])]
            del stack[1:]
    while stack:
        left = stack.pop()
        yield " " * len(stack), [bare((), leave(left))]


def _sections(router: Router) -> dict[str, list[tuple[str, list[ObjectPart]]]]:
    found: dict[str, list[tuple[str, list[ObjectPart]]]] = {}
    for name, some in groupby(blocks(router), key=attrgetter("section")):
        found.setdefault(name, []).extend(indented(some))
    return found


def render(router: Router, *, templates: Path | None = None) -> str:
    """Write the router's frr.conf. Passwords are written as the model has them: resolve references first.

    Raises InputError if a template is wrong.
    """
    sections = _sections(router)

    def section(name: str) -> str:
        found = sections.get(name, ())
        return _closed([text for margin, parts in found for part in parts for text in part.texts(margin)])

    return fill(TEMPLATE, templates, router=router, section=section)


def _closed(lines: list[str]) -> str:
    return "\n".join(lines) + "\n!\n" if lines else ""


def render_lines(router: Router, *, templates: Path | None = None) -> list[RenderedLine]:
    """Write the router's frr.conf, and for each line tell where it comes from."""
    sections = _sections(router)
    paths: list[tuple[str, ...]] = []

    def marked(name: str) -> str:
        lines = []
        for margin, parts in sections.get(name, ()):
            for part in parts:
                lines += [f"{text}{_MARK}{number}" for number, text in enumerate(part.texts(margin), len(paths))]
                paths.extend(part.paths)
        return _closed(lines)

    found = []
    for text in fill(TEMPLATE, templates, router=router, section=marked).split("\n"):
        line, _, mark = text.partition(_MARK)
        found.append(RenderedLine(line, paths[int(mark)] if mark else (), TEMPLATE))
    return found[:-1] if found and not found[-1].text else found
