"""A picture in Mermaid's language, which GitHub and GitLab draw in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frrgen.report.picture import NodeKind, Picture, edge_ids

MOST_EDGES: Final = 500
"""Mermaid draws no more, unless the page allows more."""
_SHAPES: Final = {NodeKind.ROUTER: ("[", "]"), NodeKind.CLUSTER: ("{{", "}}"), NodeKind.NEIGHBOR: ("([", "])")}
_CLASSES: Final = (
    "classDef same stroke:#188038,stroke-width:2px",
    "classDef drift stroke:#8a5a00,stroke-width:3px,stroke-dasharray:5 3",
    "classDef reset stroke:#b3261e,stroke-width:3px,stroke-dasharray:5 3",
    "classDef unknown stroke:#5f6368,stroke-width:3px,stroke-dasharray:2 2",
)
_LINKS: Final = {
    "up": "stroke:#188038",
    "down": "stroke:#b3261e,stroke-dasharray:5 3",
    "reset": "stroke:#b3261e,stroke-dasharray:5 3",
}


def mermaid(shown: Picture) -> str:
    """Return the picture as a flowchart."""
    return "\n".join(_lines(shown)) + "\n"


def _lines(shown: Picture) -> Iterator[str]:
    yield "flowchart TB"
    for node in shown.nodes:
        before, behind = _SHAPES[node.kind]
        yield f"  {node.id}{before}{_quoted(node.lines)}{behind}"
    for edge in shown.edges:
        label = f"|{_quoted(edge.lines)}|" if shown.labelled and edge.lines else ""
        yield f"  {edge.ends[0]} {'---' if edge.internal else '==='}{label} {edge.ends[1]}"
    states = {
        state: [node.id for node in shown.nodes if node.state == state]
        for state in ("same", "drift", "reset", "unknown")
    }
    for line, (state, ids) in zip(_CLASSES, states.items(), strict=True):
        if ids:
            yield f"  {line}"
            yield f"  class {','.join(ids)} {state}"
    for number, (_, edge) in enumerate(edge_ids(shown)):
        if edge.state:
            yield f"  linkStyle {number} {_LINKS[edge.state]}"


def _quoted(lines: tuple[str, ...]) -> str:
    """Write text that Mermaid neither reads as its language nor as HTML or Markdown: as numbers of characters."""
    return '"' + "<br/>".join("".join(map(_character, line)) for line in lines) + '"'


def _character(one: str) -> str:
    return one if one.isalnum() or one in " .:/-_," else f"#{ord(one)};"
