"""A picture for graphviz, and what becomes of its SVG: titles for who does not see it, colours for the dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from lxml import etree

from frrgen.report.picture import Edge, NodeKind, Picture, PictureNode, by_id, edge_ids, told, words

_SVG: Final = "{http://www.w3.org/2000/svg}"
_XLINK: Final = "{http://www.w3.org/1999/xlink}"
_SHAPES: Final = {NodeKind.ROUTER: "box", NodeKind.CLUSTER: "hexagon", NodeKind.NEIGHBOR: "ellipse"}
_FILLS: Final = {NodeKind.ROUTER: "#e8f0fe", NodeKind.CLUSTER: "#e6f4ea", NodeKind.NEIGHBOR: "#f1f3f4"}
_STATES: Final = {
    "drift": "#8a5a00",
    "reset": "#b3261e",
    "down": "#b3261e",
    "unknown": "#5f6368",
    "same": "#188038",
    "up": "#188038",
}
_PLAIN: Final = "#3c4043"
STYLE: Final = """
.node text, .edge text { fill: #202124 }
@media (prefers-color-scheme: dark) {
  .graph > polygon { fill: #202124 }
  .node text, .edge text { fill: #e8eaed }
  .node polygon, .node ellipse { stroke: #bdc1c6 }
  .edge path { stroke: #bdc1c6 }
  .router polygon { fill: #1f2f4d }
  .cluster polygon { fill: #1c3a2a }
  .neighbor ellipse { fill: #303134 }
  .drift polygon { stroke: #fdd663 }
  .reset polygon, .reset path, .down path { stroke: #f28b82 }
  .same polygon, .up path { stroke: #81c995 }
}
"""
"""Colours of the dark; those of the light are in the picture itself, for programs that read no style."""
_MOST_RANKED: Final = 400
"""Of so many edges ranks can be made; of more, a spring model shows who is near to whom."""


def program(shown: Picture) -> str:
    """Return the name of graphviz's program for a picture of this size."""
    return "dot" if len(shown.edges) <= _MOST_RANKED else "sfdp"


def dot(shown: Picture) -> str:
    """Return the picture in graphviz's language."""
    return "\n".join(_lines(shown)) + "\n"


def _lines(shown: Picture) -> Iterator[str]:
    yield "graph network {"
    yield '  graph [bgcolor="white", ranksep=0.8, nodesep=0.4, overlap=prism, outputorder=edgesfirst];'
    yield '  node [fontname="Helvetica,Arial,sans-serif", fontsize=11, style="filled", margin="0.15,0.08"];'
    yield '  edge [fontname="Helvetica,Arial,sans-serif", fontsize=9];'
    for node in shown.nodes:
        yield f"  {node.id} [{_attributes(_node(node))}];"
    for name, edge in edge_ids(shown):
        yield f"  {edge.ends[0]} -- {edge.ends[1]} [{_attributes(_edge(name, edge, labelled=shown.labelled))}];"
    yield "}"


def _node(node: PictureNode) -> dict[str, str]:
    return {
        "id": node.id,
        "class": f"{node.kind} {node.state}".strip(),
        "label": "\n".join(node.lines),
        "shape": _SHAPES[node.kind],
        "fillcolor": _FILLS[node.kind],
        "color": _STATES.get(node.state, _PLAIN),
        "penwidth": "2.5" if node.state in {"drift", "reset", "unknown"} else "1",
        # not by colour alone
        "style": "filled,dashed" if node.state in {"drift", "reset", "unknown"} else "filled",
    }


def _edge(name: str, edge: Edge, *, labelled: bool) -> dict[str, str]:
    return {
        "id": name,
        "class": f"{'ibgp' if edge.internal else 'ebgp'} {edge.state}".strip(),
        "label": "\n".join(edge.lines) if labelled else "",
        "color": _STATES.get(edge.state, _PLAIN if labelled else "#9aa0a6"),
        "style": "dashed" if edge.state in {"down", "reset"} else "solid",
        "penwidth": "0.5" if not labelled else "1" if edge.internal else "1.6",
    }


def _attributes(said: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={quoted(value)}" for name, value in said.items() if value)


def quoted(text: str) -> str:
    r"""Write a string of graphviz's language: a backslash begins an order such as `\N` in it, and `&` an entity."""
    plain = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", "\\n") + '"'


def titled(svg: str, shown: Picture, *, title: str, links: Mapping[str, str] | None = None) -> str:
    """Return graphviz's SVG as one element, with a title for each part.

    `links`: the addresses of nodes, for an element of a page, whose style holds for it.
    """
    # graphviz names a document type that nobody reads
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True
    )
    root = etree.fromstring(svg.encode(), parser)
    nodes = by_id(shown)
    texts = {name: words(node) for name, node in nodes.items()}
    texts |= {name: told(edge, nodes) for name, edge in edge_ids(shown)}
    for group in root.iter(f"{_SVG}g"):
        name = str(group.get("id"))
        if name in texts:
            _retitle(group, texts[name])
        elif group.get("class") == "graph":
            _retitle(group, title)
        if links and name in links:
            _link(group, links[name])
    root.set("aria-label", title)
    # an image has no links inside
    root.set("role", "group" if links else "img")
    if not links:
        style = etree.Element(f"{_SVG}style")
        style.text = STYLE
        root.insert(0, style)
    return etree.tostring(root, encoding="unicode")


def _retitle(group: etree._Element, text: str) -> None:
    title = group.find(f"{_SVG}title")
    if title is None:
        title = etree.Element(f"{_SVG}title")
        group.insert(0, title)
    title.text = text


def _link(group: etree._Element, target: str) -> None:
    link = etree.Element(f"{_SVG}a")
    link.set(f"{_XLINK}href", target)
    children: Iterable[etree._Element] = list(group)[1:]
    for child in children:
        link.append(child)
    group.append(link)
