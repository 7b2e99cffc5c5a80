"""The texts that an AS path can be: what as-path expressions are asked about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Final

from frrgen.policy.sets.automaton import found
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.witness import Literal, witness

_NUMBER: Final = (
    "(0|[1-9][0-9]{0,8}|[1-3][0-9]{9}|4[01][0-9]{8}|42[0-8][0-9]{7}|429[0-3][0-9]{6}|4294[0-8][0-9]{5}"
    "|42949[0-5][0-9]{4}|429496[0-6][0-9]{3}|4294967[01][0-9]{2}|42949672[0-8][0-9]|429496729[0-5])"
)
_SEGMENT: Final = rf"({_NUMBER}|[{{]({_NUMBER},)*{_NUMBER}[}}])"
LANGUAGE: Final = rf"(({_SEGMENT} )*{_SEGMENT})?"
"""AS numbers and AS_SETs, as FRR shows them (RFC 4271 section 4.3); confederation segments never leave theirs.

A delimiter stands behind what is repeated, so the automaton knows no first number from a later number.
"""
ALPHABET: Final = "1234567890 {},"


_SET: Final = re.compile(r"[{][0-9,]+[}]")


def in_order(path: str) -> str:
    """Return an AS path as FRR shows it: each AS number of an AS_SET once, in rising order."""
    return _SET.sub(lambda one: "{" + ",".join(map(str, sorted(set(map(int, one[0][1:-1].split(",")))))) + "}", path)


@lru_cache(maxsize=65536)
def path_with(literals: frozenset[Literal], preferred: Sequence[str] = ()) -> str | None:
    """Return an AS path for which every literal holds, one of the preferred if it does; None if there is none.

    Raises UndecidedError if that cannot be told.
    """
    ordered = sorted(literals, key=lambda one: (one.regex, one.before, sorted(one.gone), one.found))
    for text in preferred:
        if all(holds(one, text) for one in ordered):
            return text
    if not ordered:
        return ""
    found_path = witness(LANGUAGE, ordered, ALPHABET)
    if found_path is not None and in_order(found_path) != found_path:
        raise UndecidedError("the expressions ask for the order of an AS_SET, which FRR sorts")
    return found_path


def holds(literal: Literal, path: str) -> bool:
    """Tell whether a literal holds for a path."""
    words = [*literal.before.split(), *without(path.split(), literal.gone)]
    return found(literal.regex, " ".join(words)) == literal.found


def without(words: Iterable[str], gone: Collection[int]) -> list[str]:
    """Take AS numbers out of the words of a path; what is left of an AS_SET stays one."""
    return [kept for word in words if (kept := _without(word, gone))] if gone else list(words)


def _without(word: str, gone: Collection[int]) -> str:
    if not word.startswith("{"):
        return "" if int(word) in gone else word
    kept = [asn for asn in word[1:-1].split(",") if int(asn) not in gone]
    return "{" + ",".join(kept) + "}" if kept else ""
