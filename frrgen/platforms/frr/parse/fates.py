"""What becomes of each line of a text: modelled, left over, or ignored as FRR does; and what is lost with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from frrgen.errors import Path
from frrgen.lines.kinds import PairRule
from frrgen.lines.rule import Data
from frrgen.model.types import PlacedError
from frrgen.platforms.frr.grammar.bgp import FAMILY, INSTANCE
from frrgen.platforms.frr.grammar.neighbor import NEIGHBOR, NEIGHBOR_FAMILY
from frrgen.platforms.frr.grammar.top import GLOBAL
from frrgen.platforms.frr.parse.itself import of_itself

_T = TypeVar("_T", bound=BaseModel)
_SECOND: Final = {
    rule.other.rpartition(".")[2]: rule.field.rpartition(".")[2]
    for table in (GLOBAL, INSTANCE, NEIGHBOR, NEIGHBOR_FAMILY, FAMILY)
    for rule in table.rules
    if isinstance(rule, PairRule)
}
"""The second field of lines that say two, and the first one."""
_TRIES: Final = 20
"""How many parts are taken out one by one to find the one that makes a whole wrong."""


class Leftover(NamedTuple):
    """A line that the model does not hold, the contexts it stands in, and its number in the text."""

    context: Path
    line: str
    number: int = 0
    lost: Path = ()
    """The path of the BGP instance, neighbor, list or map that is not what FRR has, for this line is missing."""

    why: str = ""
    """Why FRR has not got it, if it is known to refuse the line."""

    def __str__(self) -> str:
        return " / ".join([*self.context, self.line]) + (f"   ({self.why})" if self.why else "")


class Ignored(NamedTuple):
    """A line that FRR itself ignores, its number in the text, and why."""

    line: str
    number: int
    why: str


class Fates:
    """The fate of each line read so far. `number` is the line that is being read."""

    def __init__(self) -> None:
        self.number = 0
        self.modelled: set[int] = set()
        self.leftovers: list[Leftover] = []
        self.ignored: list[Ignored] = []

    def left(self, context: Path, line: str, lost: Path = (), number: int = 0, why: str = "") -> None:
        """Leave the line that is being read over, or the one with a number; `why` FRR refuses it, if it does."""
        self.leftovers.append(Leftover(context, line, number or self.number, lost, why))

    def ignore(self, line: str, why: str) -> bool:
        """Note that FRR ignores the line that is being read."""
        self.ignored.append(Ignored(line, self.number, why))
        return True

    def forget_itself(self, version: tuple[int, ...]) -> None:
        """Ignore what FRR of a version shows of itself."""
        itself = [one for one in self.leftovers if of_itself(one.context, one.line, version)]
        self.leftovers = [one for one in self.leftovers if one not in itself] if itself else self.leftovers
        self.ignored += [Ignored(one.line, one.number, "FRR shows it of itself") for one in itself]

    def settled(self) -> tuple[tuple[Leftover, ...], tuple[Ignored, ...]]:
        """Return what was left over and what is ignored, in the order of the text."""
        left = sorted(self.leftovers, key=lambda one: one.number)
        return tuple(left), tuple(sorted(self.ignored, key=lambda one: one.number))


@dataclass
class Owner:
    """The data of one model object, and which line said which part of it."""

    context: Path
    data: Data = field(default_factory=dict)
    lines: dict[Path, list[tuple[str, int]]] = field(default_factory=dict)
    lost: Path = ()
    """Its path, where its loss must be reported."""

    def said(self, path: Path, line: str, number: int) -> bool:
        """Remember the line that said what is at a path of the data."""
        self.lines.setdefault(path, []).append((line, number))
        return True

    def drop(self, path: Path, fates: Fates) -> None:
        """Take a part out of the data, and leave over every line that said it."""
        for key in [key for key in self.lines if key[: len(path)] == path]:
            for line, number in self.lines.pop(key):
                fates.left(self.context, line, self._loses(key), number)
        data: Any = self.data
        for part in path[:-1]:
            data = data.get(part, {}) if isinstance(data, dict) else {}
        if path and isinstance(data, dict):
            for name in (path[-1], *(other for other, first in _SECOND.items() if first == path[-1])):
                data.pop(name, None)

    def _loses(self, path: Path) -> Path:
        """Return what is lost with the lines of a path: a neighbor or group loses the line that makes it."""
        if not self.lost:
            return ()
        made = len(path) == 2 and path[0] in {"neighbors", "peer_groups"}
        return (*self.lost, *path) if made else self.lost if path in {("asn",), ("action",)} else ()


def build(model: type[_T], owner: Owner, fates: Fates) -> _T | None:
    """Make a model object; of what its types refuse the smallest part is left over that makes it valid."""
    for _ in range(1000):
        try:
            return model.model_validate(owner.data)
        except ValidationError as bad:
            wrong = [*dict.fromkeys(_places(bad))]
            tries = _TRIES if len(wrong) <= _TRIES else 0
            taken = [_take_out(model, owner, place, fates, tries) for place in wrong]
            if not any(taken):
                break
    for lines in owner.lines.values():
        for line, number in lines:
            fates.left(owner.context, line, owner.lost, number)
    return None


def _places(bad: ValidationError) -> Iterator[Path]:
    for one in bad.errors(include_url=False, include_input=False):
        inside = one.get("ctx", {}).get("error")
        yield tuple(map(str, (*one["loc"], *(inside.path if isinstance(inside, PlacedError) else ()))))


def _take_out(model: type[BaseModel], owner: Owner, place: Path, fates: Fates, tries: int) -> bool:
    if place and place[-1] in _SECOND:
        place = (*place[:-1], _SECOND[place[-1]])
    path = place
    while path and path not in owner.lines:
        path = path[:-1]
    # a whole is wrong, and no part of it: FRR refuses what comes later
    below = sorted(
        ((lines[-1][1], key) for key, lines in owner.lines.items() if lines and key != path and _is_in(place, key)),
        reverse=True,
    )
    for _, key in below[:tries]:
        if place not in _places_of(model, _without(owner.data, key)):
            owner.drop(key, fates)
            return True
    if not path:
        return False
    owner.drop(path, fates)
    return True


def _is_in(place: Path, key: Path) -> bool:
    return len(key) > len(place) and key[: len(place)] == place


def _places_of(model: type[BaseModel], data: Data) -> set[Path]:
    try:
        model.model_validate(data)
    except ValidationError as bad:
        return set(_places(bad))
    return set()


def _without(data: Data, path: Path) -> Data:
    if len(path) == 1:
        return {key: value for key, value in data.items() if key != path[0]}
    inner = data.get(path[0])
    return {**data, path[0]: _without(inner, path[1:])} if isinstance(inner, dict) else data


def lost(leftovers: Iterable[Leftover]) -> dict[Path, list[Leftover]]:
    """Return the lines without which an instance, a neighbor, a list or a map is not what FRR has, by its path."""
    found: dict[Path, list[Leftover]] = {}
    for one in leftovers:
        if one.lost:
            found.setdefault(one.lost, []).append(one)
    return found
