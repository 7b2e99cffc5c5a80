"""The exit codes of the verbs, for help and documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from frrgen.errors import Exit

MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.OK: "nothing to do, or done",
    Exit.ERROR: "an error, or you said no; nothing was changed",
    Exit.CHANGES: "there are changes, or differences (diff, plan, compare, verify)",
    Exit.ROLLED_BACK: "a push failed and was rolled back",
    Exit.UNKNOWN: "a push failed and the state of a router is unknown: a person must look",
    Exit.UNDECIDED: "explain: what FRR does with the route is undecided",
    Exit.INTERRUPTED: "Ctrl-C, before anything was changed",
}
"""Exit code -> its meaning, the same for every verb."""

_LOOKS: Final = frozenset({Exit.OK, Exit.ERROR, Exit.INTERRUPTED})
_COMPARES: Final = _LOOKS | {Exit.CHANGES}
_PUSHES: Final = _COMPARES | {Exit.ROLLED_BACK, Exit.UNKNOWN}

OF_VERBS: Final[Mapping[str, frozenset[Exit]]] = {
    "init": _LOOKS,
    "check": _LOOKS,
    "render": _LOOKS,
    "diff": _COMPARES,
    "push": _PUSHES,
    "confirm": _PUSHES - {Exit.CHANGES},
    "rollback": _PUSHES,
    "history": _LOOKS,
    "status": _COMPARES,
    "plan": _COMPARES,
    "upgrade-check": _COMPARES,
    "explain": _LOOKS | {Exit.UNDECIDED},
    "compare": _COMPARES,
    "verify": _COMPARES,
    "graph": _LOOKS,
    "report": _LOOKS,
    "import": _LOOKS,
    "speaker": _LOOKS,
    "rule": _LOOKS,
    "completion": _LOOKS,
    "schema": _LOOKS,
}
"""Verb -> the exit codes that it can end with."""


def epilog() -> str:
    """Return the table of exit codes, as `--help` shows it."""
    lines = [f"  {code:d}  {meaning}" for code, meaning in MEANINGS.items()]
    return "\n".join(["exit codes:", *lines, "Over several routers an error outranks a difference.", ""])
