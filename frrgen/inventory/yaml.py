"""YAML files read with places: every value knows its file, line and column.

Scalars are those of YAML 1.2's core schema, so that the community `65000:10` stays text; a number with a point stays
text too, for in this field it is a version or an asdot number. What we have no use for is refused: duplicate keys,
tags, anchors and aliases (groups do that, without surprises), several documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import yaml

from frrgen import limits
from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH: Final = 50
_INT: Final = re.compile(r"-?[0-9]{1,40}|0x[0-9a-fA-F]{1,32}|0o[0-7]{1,40}")
_DISPUTED: Final = re.compile(r"-?0[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
"""Numbers that readers of YAML 1.1 and 1.2 take for different ones, and that may be meant as text."""
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})

Scalar = str | int | bool | None
_T = TypeVar("_T")


@dataclass(slots=True)
class YamlNode:
    """A value and its place. `value` is a scalar, a list of Nodes, or a dict of Nodes."""

    value: Any
    where: Where
    key: Where | None = None
    """The place of its key, inside a mapping."""
    written: str | None = None
    """How a truth is spelt, such as `True`: a field of text keeps the spelling."""

    def plain(self) -> Any:
        """Return the data without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if isinstance(self.value, bool):
            # as text: where a number is wanted pydantic would take true for 1
            return self.written or ("true" if self.value else "false")
        return self.value


def scalar(text: str) -> Scalar:
    """Read a plain scalar by the core schema of YAML 1.2.

    Numbers with a point, with a plus, or not finite, stay text: `+10` is a change of a preference, not a preference.
    """
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in {"0x", "0o"} else int(text)
    return text


def read(data: bytes, file: str) -> YamlNode:
    """Read one YAML document, a mapping. An empty file is an empty mapping. Raises InputError with every finding."""
    return _reader(data, file).document()


def read_all(data: bytes, file: str, line: int = 0) -> list[YamlNode]:
    """Read every YAML document of a text that begins behind a line of a file. Raises InputError with every finding."""
    return _reader(data, file, line).documents()


def _reader(data: bytes, file: str, line: int = 0) -> _Reader:
    if len(data) > limits.most_bytes():
        text, hint = limits.too_large("the file")
        raise InputError(Finding(Code.FRR101, text, Where(file), hint))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        number = data.count(b"\n", 0, bad.start) + 1
        column = bad.start - (data.rfind(b"\n", 0, bad.start) + 1) + 1
        raise InputError(Finding(Code.FRR101, "not UTF-8 text", Where(file, line + number, column))) from bad
    return _Reader(text, file, line)


class _Reader:
    def __init__(self, text: str, file: str, line: int = 0) -> None:
        self.text = text
        self.file = file
        self.line = line
        """The lines of the file before the text."""
        self.findings: list[Finding] = []
        self.events: Iterator[Any] = iter(())

    def document(self) -> YamlNode:
        return self._guarded(self._root)

    def documents(self) -> list[YamlNode]:
        return self._guarded(self._roots)

    def _guarded(self, reading: Callable[[], _T]) -> _T:
        """Read; what is no YAML becomes a finding. Raises InputError with every finding."""
        try:
            self.events = iter(yaml.parse(self.text, Loader=_LOADER))
            found = reading()
        except yaml.MarkedYAMLError as bad:
            mark = bad.problem_mark or bad.context_mark
            problem = " ".join(part for part in (bad.problem, bad.context) if part)
            if bad.context_mark is not None and "end of stream" in problem and "quoted scalar" in problem:
                # a quote that is not closed is found at the end of the file: what is to be mended is where it begins
                mark = bad.context_mark
            hint = None if mark is None else self._syntax_hint(mark.line + 1, mark.column + 1)
            where = Where(self.file, self.line + mark.line + 1, mark.column + 1) if mark else Where(self.file)
            self.findings.append(Finding(Code.FRR102, f"not YAML: {problem}", where, hint))
            raise InputError(*self.findings) from bad
        except yaml.YAMLError as bad:
            self.findings.append(self._unreadable(bad))
            raise InputError(*self.findings) from bad
        if self.findings:
            raise InputError(*self.findings)
        return found

    def _roots(self) -> list[YamlNode]:
        return [self._node(next(self.events), 0) for event in self.events if isinstance(event, yaml.DocumentStartEvent)]

    def _syntax_hint(self, number: int, column: int) -> str | None:
        lines = self.text.split("\n")
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        if "\t" in line[: len(line) - len(line.lstrip())] or line[column - 1 : column] == "\t":
            return "indent with blanks: YAML takes no tabs"
        return None

    def _unreadable(self, bad: yaml.YAMLError) -> Finding:
        for number, line in enumerate(self.text.split("\n"), 1):
            found = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]", line)
            if found:
                what = f"control character U+{ord(found.group()):04X} is not allowed"
                return Finding(
                    Code.FRR102, f"not YAML: {what}", Where(self.file, self.line + number, found.start() + 1)
                )
        return Finding(Code.FRR102, f"not YAML: {str(bad).splitlines()[0]}", Where(self.file))

    def _root(self) -> YamlNode:
        root: YamlNode | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._say(Code.FRR103, "a second document begins here; one file is one document", self._at(event))
                    break
                root = self._node(next(self.events), 0)
        if root is None or root.value is None:
            return YamlNode({}, Where(self.file, 1, 1))
        if not isinstance(root.value, dict):
            self._say(Code.FRR103, "must be a mapping: `key: value` lines", root.where)
        return root

    def _at(self, event: Any) -> Where:
        return Where(self.file, self.line + event.start_mark.line + 1, event.start_mark.column + 1)

    def _say(self, code: Code, message: str, where: Where, hint: str | None = None) -> None:
        self.findings.append(Finding(code, message, where, hint))

    def _node(self, event: Any, depth: int) -> YamlNode:
        where = self._at(event)
        if depth > _MAX_DEPTH:
            raise InputError(*self.findings, Finding(Code.FRR103, f"nested deeper than {_MAX_DEPTH}", where))
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._say(
                Code.FRR104, "anchors and aliases are not used here", where, "share settings with groups or defaults"
            )
        if isinstance(event, yaml.AliasEvent):
            return YamlNode(None, where)
        if event.tag is not None and event.tag != "!":
            self._say(Code.FRR104, f"the tag {event.tag} is not used here", where, "put a text in quotes instead")
        if isinstance(event, yaml.ScalarEvent):
            if event.style:
                return YamlNode(event.value, where)
            if _DISPUTED.fullmatch(event.value):
                hint = f"write {scalar(event.value)} for the number, or '{event.value}' in quotes for the text"
                self._say(Code.FRR104, f"readers of YAML disagree on what {event.value} is", where, hint)
            value = scalar(event.value)
            return YamlNode(value, where, written=event.value if isinstance(value, bool) else None)
        if isinstance(event, yaml.SequenceStartEvent):
            return YamlNode(list(self._items(depth)), where)
        return YamlNode(self._mapping(depth), where)

    def _items(self, depth: int) -> Iterator[YamlNode]:
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, depth + 1)

    def _mapping(self, depth: int) -> dict[str, YamlNode]:
        found: dict[str, YamlNode] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            where = self._at(event)
            key = self._key(event, depth)
            node = self._node(next(self.events), depth + 1)
            node.key = where
            if key in found:
                first = found[key].key or where
                self._say(Code.FRR105, f"the key {key!r} is given twice, first in line {first.line}", where)
            found.setdefault(key, node)
        return found

    def _key(self, event: Any, depth: int) -> str:
        if isinstance(event, yaml.ScalarEvent):
            if event.value == "<<" and not event.style:
                self._say(Code.FRR104, "merge keys are not used here", self._at(event), "share settings with groups")
            return str(event.value)
        where = self._at(event)
        if isinstance(event, yaml.AliasEvent):
            self._say(
                Code.FRR104, "anchors and aliases are not used here", where, "share settings with groups or defaults"
            )
        else:
            self._node(event, depth + 1)
            self._say(Code.FRR103, "a key must be a single word or text", where)
        return f"?{where.line}:{where.column}"
