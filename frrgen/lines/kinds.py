"""Rules for lines of other shapes than one value in one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from frrgen.lines.form import text_of
from frrgen.lines.rule import Data, LineRule, Written, parent_of, put


class EachRule(LineRule):
    """A field that is a tuple: each element is a line of its own."""

    def written(self, obj: Any, *, canonical: bool) -> Iterator[Written]:  # noqa: ARG002
        """Write a line an element."""
        for value in self.get(obj) or ():
            yield self, (self.field, text_of(value)), self.body(value)

    def read(self, match: re.Match[str], data: Data) -> None:
        """Add the elements of a line."""
        outer = parent_of(data, self.field)
        outer.setdefault(self.field.split(".")[-1], []).extend(match["value"].split())


@dataclass(frozen=True)
class AbsentRule(LineRule):
    """A word of a tuple that is there by default: the line says that it is not."""

    word: str = ""
    words: tuple[str, ...] = ()

    def written(self, obj: Any, *, canonical: bool) -> Iterator[Written]:  # noqa: ARG002
        """Write the line where the word is missing."""
        if self.word not in self.get(obj):
            yield self, (self.field, self.word), self.form

    def read(self, match: re.Match[str], data: Data) -> None:
        """Take the word away."""
        del match
        data[self.field] = [word for word in data.get(self.field, self.words) if word != self.word]


@dataclass(frozen=True)
class PresentRule(LineRule):
    """A word of a tuple: the line says that it is there."""

    word: str = ""

    def written(self, obj: Any, *, canonical: bool) -> Iterator[Written]:  # noqa: ARG002
        """Write the line where the word is there."""
        if self.word in self.get(obj):
            yield self, (self.field, self.word), self.form

    def read(self, match: re.Match[str], data: Data) -> None:
        """Add the word."""
        del match
        data[self.field] = [*(word for word in data.get(self.field, ()) if word != self.word), self.word]


class ItemRule(LineRule):
    """A dict field: a line an item, with its key."""

    def path(self, match: re.Match[str]) -> tuple[str, ...]:
        """Return the path of the item."""
        return (*super().path(match), match["key"])

    def written(self, obj: Any, *, canonical: bool) -> Iterator[Written]:  # noqa: ARG002
        """Write a line an item."""
        for key, value in self.get(obj).items():
            yield self, (self.field, str(key)), self.body(value, str(key))

    def read(self, match: re.Match[str], data: Data) -> None:
        """Add an item."""
        groups = {name: text for name, text in match.groupdict().items() if text is not None}
        value = groups["value"] if "value" in groups else self.attributes(groups)
        data.setdefault(self.field, {})[groups["key"]] = value


@dataclass(frozen=True)
class PairRule(LineRule):
    """Two fields on one line; the second field is optional."""

    other: str = ""
    other_form: str = ""
    """With `{}` for a value, without for a flag."""

    @cached_property
    def _get_other(self) -> Callable[[Any], Any]:
        return LineRule(self.other, "").get

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression of both forms."""
        tail = re.escape(self.other_form).replace(r"\{\}", "(?P<other>.+)")
        return re.compile(f"{super().pattern.pattern}(?P<tail>{tail})?")

    def written(self, obj: Any, *, canonical: bool) -> Iterator[Written]:
        """Write the line, with the second field where it is set."""
        value, other = self.get(obj), self._get_other(obj)
        if self.is_set(value, obj, canonical=canonical):
            tail = "" if other is None or other is False else self.other_form.replace("{}", text_of(other))
            yield self, (self.field,), self.body(value) + tail

    def read(self, match: re.Match[str], data: Data) -> None:
        """Put both fields into the data."""
        put(data, self.field, match["value"] if self.has_values else self.const)
        if match["tail"]:
            put(data, self.other, match["other"] if "other" in match.groupdict() else True)


@dataclass(frozen=True)
class DeleteRule(LineRule):
    """`set comm-list NAME delete`, which FRR carries out where it stands: before or behind `set community`."""

    behind: str = ""
    """The field that it may stand behind."""
    last: bool = False

    def written(self, obj: Any, *, canonical: bool) -> Iterator[Written]:  # noqa: ARG002
        """Write the line at the place the model says."""
        name = getattr(obj, self.field)
        stands_last = getattr(obj, f"{self.field}_last") and getattr(obj, self.behind) is not None
        if name is not None and stands_last == self.last:
            yield self, (self.field, str(self.last)), self.body(name)

    def read(self, match: re.Match[str], data: Data) -> None:
        """Remember the name, and what stood before it."""
        data[self.field] = match["value"]
        if self.behind in data:
            data[f"{self.field}_last"] = True
