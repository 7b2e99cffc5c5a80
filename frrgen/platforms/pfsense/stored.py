"""Sections as the box stores them: their normal form, their digest, and the form of PHP's arrays."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from frrgen.platforms.pfsense.schema import EMPTY_COUNTS, SET_BY_PRESENCE, Config, Sections


def normal(sections: Sections) -> Sections:
    """Bring sections into the form in which two are equal exactly when pfSense makes no difference between them.

    An empty value (but of EMPTY_COUNTS), a missing key, an empty row, an empty entry and a missing section are all the
    same; a row checkbox of SET_BY_PRESENCE is `ON` however it is stored. The order of entries and of rows counts.
    """
    found = {}
    for name, configs in from_php(sections).items():
        entries = [entry for config in configs if (entry := _normal_config(config))]
        if entries:
            found[name] = entries
    return found


def _normal_config(config: Config) -> Config:
    entry: Config = {}
    for key, value in config.items():
        if isinstance(value, list):
            value = [row for item in value if (row := _normal_row(item))]  # noqa: PLW2901
        if value or key in EMPTY_COUNTS:
            entry[key] = value
    return entry


def _normal_row(row: Mapping[str, str]) -> dict[str, str]:
    return {
        key: "ON" if key in SET_BY_PRESENCE else value for key, value in row.items() if value or key in SET_BY_PRESENCE
    }


def from_php(data: object) -> Sections:
    """Make sections of what PHP's JSON of them says, whatever its arrays hold.

    Numbers become texts as PHP writes them; a list with gaps is a list; what is no entry and no row ("" for an empty
    element) is left out, as is what is no section at all.
    """
    sections = data if isinstance(data, dict) else {}
    return {
        str(name): [_entry(config) for config in _elements(configs) if isinstance(config, dict)]
        for name, configs in sections.items()
    }


def _entry(config: dict[str, Any]) -> Config:
    return {
        key: [{name: _text(one) for name, one in row.items()} for row in _elements(value) if isinstance(row, dict)]
        if isinstance(value, list | dict)
        else _text(value)
        for key, value in config.items()
    }


def _elements(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _text(value: object) -> str:
    """Write a value as PHP's (string) does."""
    if isinstance(value, str):
        return value
    return "" if value is None or value is False else "1" if value is True else str(value)


def digest(sections: Sections) -> str:
    r"""Compute the SHA-256 (hexadecimal, lower case) of the canonical JSON of `normal(sections)`.

    PHP computes the same of its arrays: take `''` and empty arrays away (but the keys of EMPTY_COUNTS; and in rows
    those of SET_BY_PRESENCE become `'ON'` first), sort all keys (`ksort(…, SORT_STRING)`), and
    `hash('sha256', json_encode((object)$sections, JSON_UNESCAPED_SLASHES))`: no blanks, ASCII, `\u00e9` in lower case.
    """
    text = json.dumps(normal(sections), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(_BEYOND_ASCII.sub(_escaped, text).encode("ascii")).hexdigest()


_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]")
"""Python's own ensure_ascii escapes DEL too, PHP does not."""


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]
