"""How a line that the model lacks is taken away: with `no`, in its own context, as far as FRR is known to take that."""

from __future__ import annotations

import re
from typing import Final

from frrgen.platforms.frr.parse.beyond import is_known

_BARE: Final = re.compile(r"(description|area-password|domain-password|exec-timeout) .+")
"""FRR 8.4 takes `no` of these without their value only."""
_NEVER: Final = re.compile("(?:enable|password|username|tcp-md5-auth) .+")
"""What decides who may log in is never taken away; of `tcp-md5-auth` FRR 8.4 has no `no`."""
_ONLY_ADDED: Final = ("line vty", "link-params", "vnc ", "vrf-policy ")
"""Contexts of lines that FRR 8.4 has no regular `no` of."""


def undo(context: tuple[str, ...], line: str) -> str | None:
    """Return the line that takes another one away; None where that cannot be told: it must stay, and be shown."""
    if not is_known(context) or _NEVER.fullmatch(line) or any(enter.startswith(_ONLY_ADDED) for enter in context):
        return None
    if line.startswith("no "):
        return line.removeprefix("no ")
    bare = _BARE.fullmatch(line)
    return f"no {bare[1] if bare else line}"
