"""config.xml as text: where its elements stand, and what pfSense reads in them.

lxml decides whether the text is well formed; the places are then found by the tags alone, for libxml2 does not say
where an element ends, nor its line beyond 65,535. The text is checked inside an element of ours: a document type, and
with it every entity, external or not, is a syntax error there.

pfSense reads with PHP's SAX parser, and these are its rules (`xmlparse.inc`): names in lower case; each run of
characters (an entity is a run of its own) loses tabs and line ends on both sides and is then decoded as HTML once more;
content of CDATA is stored entity-encoded, so that it too is decoded.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.entities import name2codepoint
from typing import Final

from lxml import etree

from frrgen import limits
from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.platforms.pfsense.schema import Config

_BYTES_OF_ELEMENT: Final = 64
"""A text of the greatest size has elements of at least so many bytes: an element takes ten times as much memory."""


@dataclass(slots=True)
class Element:
    """One element: what it says, and its place as offsets in the text."""

    name: str
    """In lower case, as pfSense takes it."""
    start: int
    inner: int
    """Where its content begins; `inner_end` where it ends. The same place for `<x/>`: after it."""
    inner_end: int = 0
    end: int = 0
    value: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children of this name."""
        return (child for child in self.children if child.name == name)

    def child(self, *path: str) -> Element | None:
        """Find the first element along a path."""
        found: Element | None = self
        for name in path:
            found = None if found is None else next(found.all(name), None)
        return found

    def within(self, *path: str) -> list[Element]:
        """Return the children of the first element along a path; none if there is none."""
        found = self.child(*path)
        return [] if found is None else found.children

    def walk(self) -> Iterator[Element]:
        """Yield the element and all that it holds."""
        stack = [self]
        while stack:
            one = stack.pop()
            yield one
            stack.extend(one.children)

    def text(self, *path: str) -> str:
        """Read the value of the first element along a path; "" if there is none."""
        found = self.child(*path)
        return "" if found is None else found.value


@dataclass(frozen=True)
class Document:
    """A text of XML, with its outermost elements."""

    text: str
    file: str
    roots: tuple[Element, ...]

    @cached_property
    def _lines(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    def where(self, element: Element) -> Where:
        """Tell the line and column of an element."""
        line = bisect_right(self._lines, element.start - 1) if element.start else 0
        column = element.start - (self._lines[line - 1] if line else -1)
        return Where(self.file, line + 1, column)


_DECLARATION: Final = re.compile(r"\ufeff?<\?xml\s.*?\?>", re.DOTALL)
_ENCODING: Final = re.compile(r"encoding\s*=\s*[\"']([^\"']*)")
_TOKEN: Final = re.compile(
    r"[\t\n\r]+(?=<)|(?P<text>[^<]+)"  # the indentation, which is dropped, is most of a file
    r"|<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!--.*?-->|<\?.*?\?>"
    r"|<(?P<close>/?)(?P<name>[^\s/>]+)(?:[^>\"']|\"[^\"]*\"|'[^']*')*?(?P<empty>/?)>",
    re.DOTALL,
)
_WRAPPER: Final = "<x>"


def outline(text: str, file: str = "config.xml") -> Document:
    """Read a text of one or more elements. Raises InputError if pfSense could not read it as XML."""
    start = match.end() if (match := _DECLARATION.match(text)) else 0
    _check(text, start, file)
    document = Document(text, file, tuple(_elements(text, start)))
    if stray := [element for root in document.roots for element in root.walk() if element.children and element.value]:
        raise InputError(
            *(
                Finding(Code.FRR709, f"<{element.name}> has text beside its elements", document.where(element))
                for element in stray
            )
        )
    return document


def _check(text: str, start: int, file: str) -> None:
    """Let lxml judge. Nothing is fetched or expanded, and libxml2's own limits of depth and length hold."""
    if len(text) > limits.most_bytes():
        said, hint = limits.too_large("the config.xml")
        raise InputError(Finding(Code.FRR710, said, Where(file), hint))
    if text.count("</") + text.count("/>") > limits.most_bytes() // _BYTES_OF_ELEMENT:
        said = f"more than {limits.most_bytes() // _BYTES_OF_ELEMENT} elements"
        raise InputError(Finding(Code.FRR710, said, Where(file), limits.too_large("")[1]))
    if text.startswith("---- BEGIN config.xml ----"):
        hint = "download it again without encryption (Diagnostics > Backup & Restore)"
        raise InputError(Finding(Code.FRR711, "this backup is encrypted", Where(file, 1), hint))
    declared = _ENCODING.search(text, 0, start)
    if declared and declared[1].lower() not in {"utf-8", "utf8", "us-ascii", "ascii"} and not text.isascii():
        message = f"the file says that it is {declared[1]!r}; frrgen reads UTF-8"
        raise InputError(Finding(Code.FRR712, message, Where(file, 1)))
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    lines = text.count("\n", 0, start)
    try:
        etree.fromstring((_WRAPPER + text[start:] + "</x>").encode(), parser)
    except etree.XMLSyntaxError as fault:
        line, column = fault.position
        column = column - len(_WRAPPER) + start - (text.rfind("\n", 0, start) + 1) if line == 1 else column
        said = str(fault.msg).partition(", line ")[0].strip()
        # libxml2 has no words for a control character, nor for a DOCTYPE that stands inside our wrapper
        wrong = (
            "a character that XML does not allow"
            if re.search("Unregistered|out of allowed range|invalid Char", said)
            else said
        )
        doctype = text.startswith("<!DOCTYPE", start + len(text[start:]) - len(text[start:].lstrip()))
        message = f"not XML: {'a DOCTYPE, which pfSense never writes' if doctype else wrong}"
        raise InputError(Finding(Code.FRR700, message, Where(file, line + lines, max(column, 0)))) from None
    except UnicodeEncodeError as fault:
        place = start + max(fault.start - len(_WRAPPER), 0)
        line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
        byte = 0xDC80 <= ord(text[place]) <= 0xDCFF
        message = "not UTF-8 text" if byte else "a lone surrogate, which is not a character"
        raise InputError(Finding(Code.FRR712, message, Where(file, line, column))) from None


def _elements(text: str, start: int) -> Iterator[Element]:
    """Yield the outermost elements of a text that is known to be well formed."""
    open_elements: list[Element] = []
    values: list[list[str]] = []
    for token in _TOKEN.finditer(text, start):
        kind = token.lastgroup
        if kind in {"text", "cdata"}:
            if open_elements:
                _add(values[-1], token[kind], raw=kind == "text")
        elif kind is not None and token["close"]:
            element = open_elements.pop()
            element.value = "".join(values.pop())
            element.inner_end, element.end = token.span()
            if not open_elements:
                yield element
        elif kind is not None:
            element = Element(token["name"].lower(), token.start(), token.end())
            if open_elements:
                open_elements[-1].children.append(element)
            if not token["empty"]:
                open_elements.append(element)
                values.append([])
                continue
            element.inner_end = element.end = token.end()
            if not open_elements:
                yield element


_RUNS: Final = re.compile(r"&[^;]*;|\r\n?[^&\r]*|[^&\r]+")
"""libxml2 hands over an entity, and what follows a CR, as runs of their own."""
_PREDEFINED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def _add(value: list[str], characters: str, *, raw: bool) -> None:
    """Add characters to the pieces of an element's value as PHP's handler does."""
    for run in _RUNS.findall(characters) if raw and ("&" in characters or "\r" in characters) else (characters,):
        piece = (_resolved(run) if raw and run.startswith("&") else run).strip("\t\n\r")
        if piece and (value or piece.strip(" ")):
            value.append(decode_html(piece))


def _resolved(reference: str) -> str:
    name = reference[1:-1]
    if name.startswith("#"):
        return chr(int(f"0{name[1:]}", 16) if name[1] == "x" else int(name[1:]))
    return _PREDEFINED[name]


_HTML: Final = re.compile(
    r"&(?:#(?P<decimal>[0-9]+)|#[xX](?P<hexadecimal>[0-9a-fA-F]+)|(?P<name>[a-zA-Z][a-zA-Z0-9]*));"
)


def decode_html(text: str) -> str:
    """Decode entities once, as PHP's html_entity_decode() does (HTML 4.01; and `&apos;`, which later writers use)."""
    return _HTML.sub(_decoded, text) if "&" in text else text


def _decoded(match: re.Match[str]) -> str:
    if match["name"]:
        if match["name"] == "apos":
            return "'"
        return chr(name2codepoint[match["name"]]) if match["name"] in name2codepoint else match[0]
    digits, base = (match["decimal"], 10) if match["decimal"] else (match["hexadecimal"], 16)
    number = int(digits, base) if len(digits.lstrip("0")) <= 7 else 0
    allowed = number in {9, 10, 13} or 32 <= number <= 126 or 160 <= number <= 0xD7FF or 0xE000 <= number <= 0x10FFFF
    return chr(number) if allowed else match[0]


Report = Callable[[Code, Element, str], None]
"""Takes a finding's code, the element and the message."""


def entries(section: Element, report: Report) -> list[tuple[Element, Config]]:
    """Read the `<config>` entries of a section; what has another shape than the package's is reported and left out.

    Empty entries and rows are left out, as pfSense does.
    """
    found = []
    if section.value:
        report(Code.FRR703, section, f"<{section.name}> holds a text where the package keeps <config> entries")
    for child in section.children:
        if child.name != "config":
            report(Code.FRR703, child, f"<{child.name}> in <{section.name}>, where the package keeps <config> entries")
        elif child.value:
            report(Code.FRR703, child, f"a <config> of <{section.name}> holds a text where the package keeps elements")
        elif config := _config(child, report):
            found.append((child, config))
    return found


def _config(element: Element, report: Report) -> Config:
    config: Config = {}
    for child in element.children:
        if child.name == "row":
            _add_row(config, child, report)
        else:
            _put(config, child, report)
    return config


def _add_row(config: Config, element: Element, report: Report) -> None:
    row: dict[str, str] = {}
    for child in element.children:
        _put(row, child, report)
    if element.value:
        report(Code.FRR703, element, "a <row> holds a text where the package keeps elements")
    elif row:
        config.setdefault("row", []).append(row)


def _put(data: Config, element: Element, report: Report) -> None:
    if element.children:
        report(Code.FRR703, element, f"<{element.name}> holds elements where the package keeps a text")
    elif element.name in data:
        report(*twice(element))
    else:
        data[element.name] = element.value


def twice(element: Element) -> tuple[Code, Element, str]:
    """Return the error for an element that stands twice where it may stand once."""
    return Code.FRR701, element, f"<{element.name}> stands here twice: pfSense could not read the file at all"
