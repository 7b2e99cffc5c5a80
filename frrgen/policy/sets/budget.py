"""The end of a proof that needs more than it may take. The clock is the caller's, and stands around the proof."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Final

_PLACE: Final[ContextVar[object]] = ContextVar("place", default="the lists")
Bounded = Callable[[], AbstractContextManager[None]]
"""Makes the context of one proof, which may raise SpentError at any time."""


class SpentError(Exception):
    """The budget of a proof is spent; the message says which part of the budget, and where."""


def at(place: object) -> None:
    """Remember the place of the proof, for the message when the budget is spent."""
    _PLACE.set(place)


def place() -> str:
    """Return the place of the proof."""
    return str(_PLACE.get())
