"""Taking entries away from lists, and giving a route map its deny, in the text of a YAML file.

All other text stays as it is. What cannot be done with certainty is not done.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

import yaml

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DASH: Final = re.compile(r"[ ]*-[ ]+")
_OTHER_BREAKS: Final = re.compile("\r(?!\n)|[\x85\u2028\u2029\ufeff]")
"""What YAML, and not we, takes for the end of a line; and a mark that shifts columns."""
_DENY: Final = "[{action: deny}]"

Place = tuple[int, int]
"""Line and column, from 1."""


def edited(text: str, drop: Collection[Place], deny: Collection[Place]) -> str | None:
    """Return a text without the entries at some places, and with a deny in the empty route maps at others.

    None if that cannot be done with certainty: a list would be empty, a comment stands among the entries of a line,
    or nothing of the kind stands in a place.
    """
    if _OTHER_BREAKS.search(text):
        return None
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        return None
    lines = _Lines(text)
    dropped: list[tuple[int, int]] = []
    count = 0
    denied: list[tuple[int, int]] = []
    for node in _collections(root):
        if isinstance(node, yaml.SequenceNode):
            gone = [number for number, item in enumerate(node.value) if _place(item) in drop]
            if gone:
                count += len(gone)
                spans = (_of_flow if node.flow_style else _of_block)(lines, node.value, gone)
                if len(gone) == len(node.value) or spans is None:
                    return None
                dropped += spans
        if _place(node) in deny and (empty := _empty(node)) is not None:
            denied.append((lines.at(empty.start_mark), lines.at(empty.end_mark)))
    if count != len(drop) or len(denied) != len(deny):
        return None
    # from behind, so that what stands before keeps its place
    for start, end, new in sorted(
        [(*span, "") for span in dropped] + [(*span, _DENY) for span in denied], reverse=True
    ):
        text = text[:start] + new + text[end:]
    return text


class _Lines:
    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]

    def at(self, mark: Any) -> int:
        """Return where a mark of YAML is in the text."""
        return int(self.starts[mark.line] + mark.column)


def _collections(root: Any) -> Iterator[Any]:
    todo = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, yaml.CollectionNode):
            yield node
            pairs = isinstance(node, yaml.MappingNode)
            todo += [part for pair in node.value for part in pair] if pairs else node.value


def _place(node: Any) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _empty(node: Any) -> Any:
    """Return the empty braces or brackets that stand for no entries: a node, or its `entries`; else None."""
    if isinstance(node, yaml.MappingNode) and node.value:
        return next((value for key, value in node.value if key.value == "entries" and value.value == []), None)
    return node if node.flow_style and not node.value else None


def _of_block(lines: _Lines, items: list[Any], gone: list[int]) -> list[tuple[int, int]] | None:
    """Return the whole lines of entries that begin with a dash, with the comments that end these lines."""
    spans = []
    for number in gone:
        item = items[number]
        first = lines.starts[item.start_mark.line]
        end = _end(item)
        if end is None or not _DASH.fullmatch(lines.text[first : lines.at(item.start_mark)]):
            return None
        spans.append((first, lines.starts[end + 1]))
    return spans


def _end(node: Any) -> int | None:
    """Return the last line of a node, from 0; None for a text of several lines, which may end anywhere."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.style in {"|", ">"} else int(node.end_mark.line)
    if node.flow_style or not node.value:
        return int(node.end_mark.line)
    parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    ends = [_end(part) for part in parts]
    return None if None in ends else max(end for end in ends if end is not None)


def _of_flow(lines: _Lines, items: list[Any], gone: list[int]) -> list[tuple[int, int]] | None:
    """Return the entries inside of brackets, with a comma each; None if a comment is among them."""
    kept = [number for number in range(len(items)) if number not in gone]
    if not kept:
        return None
    last = kept[-1]
    spans = [(lines.at(items[n].start_mark), lines.at(items[n + 1].start_mark)) for n in gone if n < last]
    if last < len(items) - 1:
        spans.append((lines.at(items[last].end_mark), lines.at(items[-1].end_mark)))
    return None if any("#" in lines.text[start:end] for start, end in spans) else spans
