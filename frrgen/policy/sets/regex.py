"""FRR's regular expressions: POSIX extended ones, in which `_` stands for a delimiter or an end."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_DELIMITER: Final = "(?:^|[,{}() ]|$)"
BRACKET_CLASSES: Final = {
    "[:digit:]": "0-9",
    "[:alpha:]": "a-zA-Z",
    "[:alnum:]": "a-zA-Z0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:space:]": " ",
    "[:blank:]": " ",
    "[:xdigit:]": "0-9a-fA-F",
}


class UndecidedError(Exception):
    """What a policy does cannot be said for certain; the message says why."""


@lru_cache(maxsize=4096)
def compiled(regex: str) -> re.Pattern[str]:
    """Translate to Python's dialect. Raises UndecidedError for what has no equal there."""
    parts: list[str] = []
    position = 0
    while position < len(regex):
        char = regex[position]
        if char == "[":
            end = regex.find("]", position + (3 if regex[position + 1 : position + 2] == "^" else 2))
            while regex[position:end].count("[:") > regex[position:end].count(":]") + 0 and end != -1:
                end = regex.find("]", end + 1)
            if end == -1:
                raise UndecidedError(f"the regular expression {regex!r} has an open bracket")
            body = regex[position : end + 1]
            for name, chars in BRACKET_CLASSES.items():
                body = body.replace(name, chars)
            if "[." in body or "[=" in body:
                raise UndecidedError(f"the regular expression {regex!r} uses a collating element")
            parts.append("[" + body[1:-1].replace("\\", "\\\\").replace("[", "\\[") + "]")
            position = end + 1
            continue
        parts.append(_DELIMITER if char == "_" else char)
        position += 1
    try:
        return re.compile("".join(parts))
    except re.error as bad:
        raise UndecidedError(f"the regular expression {regex!r} cannot be read by Python: {bad}") from bad
