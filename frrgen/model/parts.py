"""The models that stand inside of a model, as its fields name them."""

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel


def build_parts(model: type[BaseModel]) -> None:
    """Build the validators of the models inside of a model, unless they are there."""
    for part in _models(field.annotation for field in model.model_fields.values()):
        if not part.__pydantic_complete__:
            part.model_rebuild()


def _models(types: Iterable[Any]) -> Iterator[type[BaseModel]]:
    """Yield the models that types name."""
    for one in types:
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one
        yield from _models(get_args(one))
