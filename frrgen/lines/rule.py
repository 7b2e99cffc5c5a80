"""One rule says how FRR writes one field of the model; rendering, parsing and undoing are derived from it.

A form is the line without its prefix (`neighbor X `), with placeholders:

    {}          the value of the field          {name}      an attribute of the value
    {*}         the rest of the line            {*name}     an attribute, a tuple written with blanks
    {#name}     digits only
    {key}       the key of an item              [ text {a}] optional: absent when the attribute is unset
    [ word?a]   optional: present when the flag is set
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from pydantic import BaseModel

from frrgen.lines.form import Piece, pieces, text_of


class Impact(StrEnum):
    """What applying a change does to the sessions it touches."""

    NONE = "none"
    NEXT = "next"
    """A session that is up keeps what it has: the change is in effect when the session starts the next time."""
    REFRESH = "refresh"
    RESET = "reset"


class Statement(NamedTuple):
    """One line of a configuration: in its context, a later one with the same slot replaces it."""

    slot: tuple[str, ...]
    text: str
    undo: str
    rule: LineRule


Written = tuple["LineRule", tuple[str, ...], str]
"""What a rule says of a field: the rule, the slot, and the line without its prefix. A plain tuple, for speed."""
Data = dict[str, Any]


@dataclass(frozen=True)
class LineRule:
    """How one field is written."""

    field: str
    """Dotted path in the model object of the context."""
    form: str
    const: Any = True
    """For a form without placeholders: the value that the line stands for."""
    default: Any = None
    """A value that FRR does not show; a callable gets the object."""
    negative: bool = False
    """The line begins with `no `."""
    undo: str | None = None
    """What follows `no ` (and the prefix) to undo it; None: the line itself."""
    undo_first: bool = False
    """FRR does not overwrite it in place: the old line must be undone first."""
    excludes: tuple[str, ...] = ()
    """Fields that FRR refuses beside this one: whichever goes must go before the other comes."""
    only: str = ""
    """internal or external: FRR refuses it, and its undoing, for neighbors of the other kind."""
    stays: bool = False
    """Nothing undoes it: the entry of a route map that has it is removed and made again, in one transaction."""
    stuck: str = ""
    """A word of the line that FRR does not write over: a line that has it is undone before another comes."""
    takes: str = ""
    """A field that goes when this one is undone (a negated line: when the line is sent), and must be said again."""
    lingers: bool = False
    """Taken from a group, it stays with the members until it was set and undone at each of them."""
    impact: Impact | None = None
    """What the line does to sessions. A rule must say it, unless its table says it of all its rules."""
    resets: str = ""
    """internal, external, or named: it resets sessions of that kind only, or those with the AS that the line names."""
    once: bool = False
    """Only the line that comes where there was none has the impact: to change it or to take it away has none."""
    clear: str = ""
    """FRR has no event for it: `soft`, `soft in` or `soft out` of all sessions brings it into effect."""
    impact_10: Impact | None = None
    """Where FRR 10 differs."""
    presence: bool = False
    """The line stands for the mere presence of a sub-model."""
    but: Any = None
    """A value that another rule of the field writes."""
    parse_only: bool = False

    @cached_property
    def pieces(self) -> list[Piece]:
        """The parts of the form."""
        return pieces(self.form)

    @cached_property
    def get(self) -> Callable[[Any], Any]:
        """Fetch the field's value; None where a part of the path is None."""
        if "." not in self.field:
            simple: Callable[[Any], Any] = attrgetter(self.field)
            return simple
        outer, inner = self.field.split(".")

        def walk(obj: Any) -> Any:
            value = getattr(obj, outer)
            return None if value is None else getattr(value, inner)

        return walk

    @cached_property
    def has_values(self) -> bool:
        """Whether the form has any placeholder."""
        return any(piece.kind != "literal" for piece in self.pieces)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression of the form, for the parser."""
        parts = []
        for piece in self.pieces:
            value = f"(?P<{piece.name or 'value'}>{piece.pattern})"
            if piece.kind == "literal":
                parts.append(re.escape(piece.text))
            elif piece.kind == "value":
                parts.append(value)
            elif piece.kind == "option":
                parts.append(f"(?:{re.escape(piece.text)}{value})?")
            else:
                parts.append(f"(?P<{piece.name}>{re.escape(piece.text)})?")
        return re.compile("".join(parts))

    @cached_property
    def _writer(self) -> Callable[[Any], str] | None:
        """Write a form that has neither options nor a key, without looking at its pieces again."""
        if any(piece.kind not in {"literal", "value"} or piece.name == "key" for piece in self.pieces):
            return None
        form = "".join("{}" if piece.kind == "value" else piece.text.replace("{", "{{") for piece in self.pieces)
        names = [piece.name for piece in self.pieces if piece.kind == "value"]
        if not names:
            return lambda _: form
        if names == [""]:
            head, _, tail = form.partition("{}")
            return lambda value: head + (value if type(value) is str else text_of(value)) + tail
        if len(names) > 1 and all(names) and not any(piece.rest for piece in self.pieces):
            get = attrgetter(*names)
            return lambda value: form.format(*get(value))
        return None

    def body(self, value: object, key: str = "") -> str:
        """Write the form for a value (and an item's key)."""
        if self._writer is not None:
            return self._writer(value)
        parts = []
        for piece in self.pieces:
            if piece.kind == "literal":
                parts.append(piece.text)
                continue
            attribute = (key if piece.name == "key" else getattr(value, piece.name)) if piece.name else value
            if piece.kind == "value":
                parts.append(text_of(attribute))
            elif piece.kind == "flag":
                parts.append(piece.text if attribute else "")
            elif attribute is not None and attribute != () and not self._is_field_default(value, piece.name, attribute):
                parts.append(piece.text + text_of(attribute))
        return "".join(parts)

    @staticmethod
    def _is_field_default(value: object, name: str, attribute: object) -> bool:
        default = type(value).model_fields[name].default if isinstance(value, BaseModel) else None
        return bool(attribute == default)

    def is_set(self, value: object, obj: object, *, canonical: bool) -> bool:
        """Tell whether the value is to be written; `canonical` leaves out what FRR would not show."""
        if value is None or value == () or (self.but is not None and value == self.but):
            return False
        if self.presence:
            return True
        if not self.has_values and (value != self.const or (value is not self.const and isinstance(value, bool))):
            return False
        if canonical and self.default is not None:
            default = self.default(obj) if callable(self.default) else self.default
            return bool(value != default)
        return True

    def written(self, obj: Any, *, canonical: bool) -> Iterable[Written]:
        """Write the lines for this field of a model object."""
        value = self.get(obj)
        if self.is_set(value, obj, canonical=canonical):
            return ((self, self._slot, self.body(value)),)
        return ()

    @cached_property
    def emit(self) -> Callable[[Any, bool], Iterable[Written]]:
        """`written` (object, canonical), made once: most lines of most files come from here."""
        write, get, slot, but = self._writer, self.get, self._slot, self.but
        plain = type(self) in {LineRule, WordsRule} and self.has_values and not self.presence
        if write is None or not plain:
            return lambda obj, canonical: self.written(obj, canonical=canonical)
        hidden = self.default is not None

        def emitted(obj: Any, canonical: bool) -> tuple[Written, ...]:  # noqa: FBT001
            value = get(obj)
            if (not value and (value is None or value == ())) or (but is not None and value == but):
                return ()
            if hidden and canonical and not self.is_set(value, obj, canonical=True):
                return ()
            return ((self, slot, write(value)),)

        return emitted

    @cached_property
    def _slot(self) -> tuple[str, ...]:
        return (self.field,)

    def statement(self, slot: tuple[str, ...], prefix: str, body: str) -> Statement:
        """Make a statement, with the line that undoes it."""
        line = prefix + body
        plain = line if self.undo is None else prefix + self.undo.replace("{key}", slot[-1])
        if self.negative:
            return Statement(slot, f"no {line}", plain, self)
        return Statement(slot, line, f"no {plain}", self)

    def read(self, match: re.Match[str], data: Data) -> None:
        """Put what a line says into the data of its context."""
        groups = {name: text for name, text in match.groupdict().items() if text is not None}
        if self.presence:
            put(data, self.field, {}, keep=True)
        elif not self.has_values:
            put(data, self.field, self.const)
        elif (piece := self._whole) is not None:
            text = groups["value"]
            put(data, self.field, text.split() if piece.rest and self._is_tuple else text)
        else:
            put(data, self.field, self.attributes(groups))

    @cached_property
    def _whole(self) -> Piece | None:
        """The placeholder that stands for the value itself, if the form has one."""
        return next((piece for piece in self.pieces if piece.kind == "value" and not piece.name), None)

    @property
    def _is_tuple(self) -> bool:
        return False

    def path(self, match: re.Match[str]) -> tuple[str, ...]:
        """Return the path of what a line says in the data of its context."""
        del match
        return tuple(self.field.split("."))

    def attributes(self, groups: dict[str, str]) -> Data:
        """Turn the captures into the data of a sub-model."""
        found: Data = {}
        for piece in self.pieces:
            if piece.name in groups and piece.name != "key":
                text = groups[piece.name]
                found[piece.name] = True if piece.kind == "flag" else text.split() if piece.rest else text
        return found

    def impact_on(self, version: tuple[int, ...]) -> Impact:
        """Tell what a change of this field does to a session, on this FRR version."""
        return (self.impact_10 if version >= (9,) else None) or self.impact or Impact.NONE


def parent_of(data: Data, path: str) -> Data:
    """Return the mapping that holds the last word of a dotted path."""
    if "." in path:
        return data.setdefault(path.split(".", maxsplit=1)[0], {})  # type: ignore[no-any-return]
    return data


def put(data: Data, path: str, value: object, *, keep: bool = False) -> None:
    """Set the value at a dotted path; `keep`: unless there is one."""
    parent, last = parent_of(data, path), path.rsplit(".", maxsplit=1)[-1]
    if keep:
        parent.setdefault(last, value)
    else:
        parent[last] = value


def _with_impact(rule: LineRule, impact: Impact | None) -> LineRule:
    if rule.impact is not None:
        return rule
    if impact is None and not rule.parse_only:
        raise TypeError(f"the rule of {rule.field} ({rule.form}) must say what it does to sessions")
    return replace(rule, impact=impact or Impact.NONE)


class RuleTable:
    """The rules of one context, ordered as they are written, found by the first word as they are read."""

    def __init__(self, *rules: LineRule, always: frozenset[str] = frozenset(), impact: Impact | None = None) -> None:
        """Take the rules; the fields in `always` are written even where the model leaves them at their default.

        `impact` is the one of every rule that says none. Raises TypeError if a rule is left without.
        """
        self.rules = rules = tuple(_with_impact(rule, impact) for rule in rules)
        self._always = always
        self._by_word: dict[str, list[LineRule]] = {}
        for rule in rules:
            first = rule.pieces[0].text.split(" ")[0] if rule.pieces[0].kind == "literal" else ""
            self._by_word.setdefault(("no " if rule.negative else "") + first, []).append(rule)
        self._for_fields: dict[frozenset[str], list[Callable[[Any, bool], Iterable[Written]]]] = {}

    def written(self, obj: BaseModel, *, canonical: bool = False) -> list[Written]:
        """Write every line of a model object in this context."""
        said = obj.model_fields_set
        fields = frozenset(said) if canonical else self._always.union(said)
        emits = self._for_fields.get(fields)
        if emits is None:
            emits = [rule.emit for rule in self.rules if rule.field.split(".")[0] in fields and not rule.parse_only]
            self._for_fields[fields] = emits
        found: list[Written] = []
        for emit in emits:
            found += emit(obj, canonical)
        return found

    def read(self, line: str, data: Data) -> tuple[str, ...] | None:
        """Read a line (without its prefix) into the data, and give the path there; None where no rule knows it.

        A negated line is given as `no BODY`.
        """
        words = line.split(" ", 2)
        negated = words[0] == "no" and len(words) > 1
        body = line[3:] if negated else line
        first = f"no {words[1]}" if negated else words[0]
        for rule in self._by_word.get(first, ()):
            if rule.negative == negated and (match := rule.pattern.fullmatch(body)):
                rule.read(match, data)
                return rule.path(match)
        return None


class WordsRule(LineRule):
    """A field that is a tuple, written as words on one line."""

    @property
    def _is_tuple(self) -> bool:
        return True
