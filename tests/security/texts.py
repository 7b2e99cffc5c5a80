"""The texts of the inventory's schema: which fields hold text, and where a network holds which."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from frrgen.inventory.files import NetworkFile
from frrgen.inventory.schema import models
from frrgen.model.cluster import Cluster
from frrgen.model.router import Router

Text = tuple[str, str, str]
"""A model, its field, and whether the text is a value of the field or a key in it."""
Place = tuple[tuple[str, Any], ...]
"""The steps to a text in plain data: `in` a mapping or a list; the last may be a `key`."""

_NO_TEXTS = (int, float, type(None), BaseModel)


def texts() -> set[Text]:
    """Find every text that a person may write into an inventory, whatever is done with it."""
    return {
        (model.__name__, name, role)
        for model in models(Router, Cluster, NetworkFile)
        for name, field in model.model_fields.items()
        for role in _roles(field.annotation)
    }


def _roles(annotation: Any, role: str = "value") -> Iterator[str]:
    """Tell whether a type has texts (names, addresses, passwords): words of a fixed choice are none."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _roles(inner[0], role)
    elif origin in {Union, types.UnionType, tuple}:
        for one in set(inner) - {Ellipsis}:
            yield from _roles(one, role)
    elif origin is not None and len(inner) == 2 and origin is not Literal:
        yield from _roles(inner[0], "key")
        yield from _roles(inner[1], role)
    elif origin is None and not (isinstance(annotation, type) and issubclass(annotation, _NO_TEXTS)):
        yield role


def held(model: BaseModel, path: Place = ()) -> Iterator[tuple[Text, Place]]:
    """Find the texts of a model, and where they stand in its plain data."""
    for name, field in type(model).model_fields.items():
        if name in model.model_fields_set:
            owner = (type(model).__name__, name)
            yield from _held(getattr(model, name), (*path, ("in", field.alias or name)), owner)


def _held(value: Any, path: Place, owner: tuple[str, str]) -> Iterator[tuple[Text, Place]]:
    if isinstance(value, BaseModel):
        yield from held(value, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, int):
                yield (*owner, "key"), (*path, ("key", str(key)))
            yield from _held(inner, (*path, ("in", str(key))), owner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _held(inner, (*path, ("in", number)), owner)
    elif value is not None and not isinstance(value, bool | int | float):
        yield (*owner, "value"), path


def replaced(node: Any, path: Place, text: str) -> Any:
    """Return plain data with another text at a place."""
    if not path:
        return text
    (kind, step), *rest = path
    if isinstance(node, list):
        return [replaced(one, tuple(rest), text) if number == step else one for number, one in enumerate(node)]
    if kind == "key":
        return {text if key == step else key: inner for key, inner in node.items()}
    return {key: replaced(inner, tuple(rest), text) if key == step else inner for key, inner in node.items()}
