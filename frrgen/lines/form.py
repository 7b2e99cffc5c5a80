"""The form of a line: words, and places for values."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pydantic import SecretStr

_TOKEN: Final = re.compile(r"\[(?P<opt>[^\]]+)\]|\{(?P<name>[*#]?\w*)\}|(?P<lit>[^\[{]+)")


class Piece(NamedTuple):
    """A word or a value of a form."""

    kind: str
    """literal, value, rest, option or flag"""
    text: str
    name: str
    pattern: str = r"[^ ]+"

    @property
    def rest(self) -> bool:
        """Whether the value may hold blanks."""
        return self.pattern == ".+"


_PATTERNS: Final = {"*": ".+", "#": "[0-9]+"}


def pieces(form: str) -> list[Piece]:
    """Read a form, such as `neighbor {} port {port}`."""
    found = []
    for token in _TOKEN.finditer(form):
        if token["lit"] is not None:
            found.append(Piece("literal", token["lit"], ""))
        elif token["name"] is not None:
            found.append(Piece("value", "", token["name"].lstrip("*#"), _PATTERNS.get(token["name"][:1], "[^ ]+")))
        elif "?" in token["opt"]:
            text, name = token["opt"].split("?")
            found.append(Piece("flag", text, name))
        else:
            text, name = token["opt"].split("{")
            found.append(Piece("option", text, name.rstrip("}").lstrip("*#"), _PATTERNS.get(name[:1], "[^ ]+")))
    return found


def text_of(value: object) -> str:
    """Write a value as FRR does: tuples with blanks, secrets in clear."""
    if type(value) in {str, int}:
        return str(value)
    if isinstance(value, tuple):
        return " ".join(text_of(item) for item in value)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value)
