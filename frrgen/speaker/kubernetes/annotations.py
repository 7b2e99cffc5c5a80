"""Annotations of a Service that change what its addresses are announced with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from frrgen.model.types import U32, AnyCommunities, AnyLargeCommunities, adapter, community_value, large_community_value
from frrgen.speaker.wire.attributes import Attributes

PREFIX: Final = "frrgen.io/"
_COMMUNITIES: Final[TypeAdapter[tuple[str, ...]]] = adapter(AnyCommunities)
_LARGE: Final[TypeAdapter[tuple[str, ...]]] = adapter(AnyLargeCommunities)
_U32: Final[TypeAdapter[int]] = adapter(U32)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _communities(text: str) -> tuple[int, ...]:
    return tuple(sorted(map(community_value, _COMMUNITIES.validate_python(_words(text)))))


def _large(text: str) -> tuple[tuple[int, int, int], ...]:
    return tuple(sorted(map(large_community_value, _LARGE.validate_python(_words(text)))))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise ValueError("must be a number")
    return _U32.validate_python(int(text))


def _prepend(text: str) -> int:
    if (number := _number(text)) > 10:
        raise ValueError("must be a number from 0 to 10")
    return number


_READ: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "communities": ("communities", _communities),
    "large-communities": ("large_communities", _large),
    "local-preference": ("local_preference", _number),
    "med": ("med", _number),
    "prepend": ("prepend", _prepend),
}


def attributes(annotations: Mapping[str, str], pool: Attributes) -> Attributes:
    """Return a pool's attributes with what the annotations `frrgen.io/…` of a Service say instead.

    Raises ValueError with the annotation's name if a value cannot be read.
    """
    changes: dict[str, Any] = {}
    for name, (field, read) in _READ.items():
        text = annotations.get(PREFIX + name)
        if text is None:
            continue
        try:
            changes[field] = read(text.strip())
        except ValidationError as bad:
            why = bad.errors()[0]["msg"].removeprefix("Value error, ")
            raise ValueError(f"{PREFIX}{name}: {why}") from bad
        except ValueError as bad:
            raise ValueError(f"{PREFIX}{name}: {bad}") from bad
    return replace(pool, **changes) if changes else pool
