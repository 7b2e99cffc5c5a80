"""The two rules that most fields follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from frrgen.platforms.pfsense.generator.names import Settings
from frrgen.platforms.pfsense.php import Entry, filled, within

LineWriter = Callable[[Entry, Settings], Iterator[str]]
"""Yields the lines of an entry for one field, or for some that belong together."""


def flag(key: str, form: str) -> LineWriter:
    """Make the rule of a checkbox: the form, with the entry's values in it, if it is ticked."""

    def rule(entry: Entry, _: Settings) -> Iterator[str]:
        if filled(entry[key]):
            yield form.format_map(entry)

    return rule


def number(key: str, low: int, high: int, form: str) -> LineWriter:
    """Make the rule of a number: the form, with the entry's values in it, if it is in the range and not zero."""

    def rule(entry: Entry, _: Settings) -> Iterator[str]:
        if within(entry[key], low, high):
            yield form.format_map(entry)

    return rule
