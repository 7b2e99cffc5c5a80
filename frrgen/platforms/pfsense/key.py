"""How one key of a section stands for one field of the model, in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel

from frrgen.errors import Path
from frrgen.lines.form import text_of
from frrgen.lines.rule import Data
from frrgen.platforms.pfsense.loss import Loss

_NOTHING: Final = object()


LEFT_OUT: Final = "it leaves 0 out, as if nothing were there"


@dataclass(frozen=True)
class Key:
    """One key: how a value of the model is stored there."""

    key: str
    path: str
    none: str = ""
    """What is stored when there is nothing to say."""
    default: Any = None
    """The model's value that means the same as nothing."""
    words: Mapping[Any, str] = field(default_factory=dict)
    """Values that are stored as another word than their text."""
    zero: bool = False
    """Whether the package writes a 0: PHP takes it for an empty text where the package does not ask for its length."""

    @cached_property
    def _steps(self) -> list[str]:
        return self.path.split(".")

    @cached_property
    def _meaning(self) -> dict[str, Any]:
        return {word: value for value, word in self.words.items()}

    def of(self, obj: Any) -> Any:
        """Get the field's value; None where a part of the path is None."""
        for step in self._steps:
            if obj is None:
                return None
            obj = getattr(obj, step)
        return obj

    def write(self, obj: Any) -> str:
        """Return what is stored for an object. Raises KeyError if the package has no word for the value."""
        value = self.of(obj)
        if value is None or value in ((), self.default):
            return self.none
        if self.words:
            return self.words[value]
        text = text_of(value)
        if text == "0" and not self.zero:
            raise KeyError(text)
        return text

    def read(self, text: str, data: Data) -> bool:
        """Put what is stored into the data; False if it is a word that the model lacks."""
        value = self.meaning(text)
        if value is not _NOTHING:
            put(data, self._steps, value)
        return value is not _NOTHING or text in {self.none, "", "0"}

    def says(self, text: str) -> bool:
        """Tell whether what is stored says anything to the model."""
        return self.meaning(text) is not _NOTHING

    def meaning(self, text: str) -> Any:
        """Return the model's value for what is stored; a marker of our own if there is none."""
        if text in {self.none, ""} or (text == "0" and not self.zero):
            return _NOTHING
        return self._meaning.get(text, _NOTHING) if self.words else text


class Switch(Key):
    """A checkbox: `on`, or an empty element. PHP takes whatever is not empty and not 0 for ticked."""

    def write(self, obj: Any) -> str:
        """Return `on` where the value is not the default."""
        value = self.of(obj)
        return "" if value is None or bool(value) == bool(self.default) else "on"

    def meaning(self, text: str) -> Any:
        """Tick or not."""
        return _NOTHING if text in {"", "0"} else not self.default


@dataclass(frozen=True)
class Joined(Key):
    """A tuple, stored with blanks."""

    def meaning(self, text: str) -> Any:
        """Return the words."""
        return text.split() or _NOTHING


def put(data: Data, steps: Iterable[str], value: Any) -> None:
    """Put a value into nested data."""
    *parents, last = steps
    for step in parents:
        data = data.setdefault(step, {})
    data[last] = value


def write_keys(keys: Iterable[Key], obj: Any, config: Data, loss: Loss, path: Path) -> None:
    """Write keys into a config, and say what the package has no word for. `path` is the object's."""
    for key in keys:
        try:
            config[key.key] = key.write(obj)
        except KeyError as lacking:
            loss.cannot(path, key.path, LEFT_OUT if lacking.args == ("0",) else "")


def read_keys(keys: Iterable[Key], config: Data, data: Data) -> Iterator[str]:
    """Read keys out of a config into data; give those that say what the model lacks."""
    for key in keys:
        text = config.get(key.key, "")
        if isinstance(text, str) and not key.read(text, data):
            yield key.key


def lost(obj: BaseModel, covered: frozenset[str], path: str = "") -> Iterator[str]:
    """Return the dotted paths of an object that say something, and that no key covers."""
    for name, info in type(obj).model_fields.items():
        here = f"{path}.{name}" if path else name
        if here in covered:
            continue
        value = getattr(obj, name)
        if value is None or value == info.get_default(call_default_factory=True):
            continue
        if isinstance(value, BaseModel) and any(one.startswith(f"{here}.") for one in covered):
            yield from lost(value, covered, here)
        else:
            yield here


def covered(keys: Iterable[Key], *more: str) -> frozenset[str]:
    """Return the paths that keys cover, and further ones that are written otherwise."""
    return frozenset([*(key.path for key in keys), *more])


@dataclass(frozen=True)
class Choice:
    """A select that says which of several fields the value is for: at most one of them can be set."""

    action: str
    """The key of the select; `none`: no value."""
    ways: tuple[tuple[str, Key], ...]
    """The select's word, and where the value goes then."""

    def write(self, obj: Any, config: Data, loss: Loss, path: Path) -> None:
        """Write what is set, and say what cannot be written beside it."""
        config[self.action] = "none"
        there = [(word, key) for word, key in self.ways if key.of(obj) not in {None, ()}]
        for word, key in there[:1]:
            config[self.action] = word
            write_keys([key], obj, config, loss, path)
        for _, key in there[1:]:
            loss.cannot(path, key.path, "one of this kind is all that an entry of pfSense can say")

    def read(self, config: Data, data: Data) -> bool:
        """Read; False if the select has a word that the model lacks, or one for which nothing is stored."""
        word = config.get(self.action, "none")
        for one, key in self.ways:
            if one == word:
                text = config.get(key.key, "")
                return key.says(text) and key.read(text, data)
        return word in {"none", ""}

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that the select has to do with."""
        return (self.action, *dict.fromkeys(key.key for _, key in self.ways))
