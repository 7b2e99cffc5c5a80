"""The model -> inventory YAML, in the form that a person would write: short entries, only what is set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import MappingProxyType
from typing import Any, Final

import yaml
from pydantic import BaseModel, SecretStr

from frrgen.inventory.yaml import scalar
from frrgen.model.cluster import Cluster
from frrgen.model.policy import RouteMap
from frrgen.model.router import Router
from frrgen.platforms.frr.grammar.policy import LISTS, ListKind

_OLD_WORDS: Final = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|~|")
_OLD_NUMBERS: Final = re.compile(
    r"[-+]?[0-9][0-9_,.:]*([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan|Inf|NaN|INF|NAN)|[0-9-]+[Tt ].*"
)
_FEW: Final = 3
"""So many keys make a mapping of one line."""
_WIDTH: Final = 110
_ADDRESS: Final = re.compile(r"[0-9]+(\.[0-9]+){3}")
"""No reader of YAML takes an IPv4 address for a number."""


Remarks = Mapping[tuple[str, ...], tuple[str, ...]]
"""The place of a part in a file -> the lines of the comment above it; (): at the head."""
NO_REMARKS: Final[Remarks] = MappingProxyType({})


def dump(router: Router) -> str:
    """Write a router's file. Passwords are written as the model has them."""
    return dump_data(data_of(router))


def dump_data(data: dict[str, Any], remarks: Remarks = NO_REMARKS) -> str:
    """Write a file of the inventory, with comments above the parts that they are about."""
    return _with_remarks(_yaml(data), remarks)


def dump_cluster(cluster: Cluster) -> str:
    """Write a cluster's file. Passwords are written as the model has them."""
    data = _data(cluster)
    del data["name"]
    # `{}` says that a router is there, and has nothing particular
    data["routers"] = {name: _data(one) for name, one in cluster.routers.items()}
    return dump_data(data)


def data_of(router: Router) -> dict[str, Any]:
    """Return what a router's file says, as data of YAML."""
    kinds = {kind.field: kind for kind in LISTS}
    found: dict[str, Any] = {}
    for name in type(router).model_fields:
        if name == "name" or name not in router.model_fields_set:
            continue
        value = getattr(router, name)
        if name in kinds:
            found[name] = {key: _list(kinds[name], lst) for key, lst in value.items()}
        elif name == "route_maps":
            found[name] = {key: _route_map(route_map) for key, route_map in value.items()}
        else:
            found[name] = _data(value)
    empty: tuple[Any, ...] = ({}, [], None)
    return {name: value for name, value in found.items() if value not in empty or _means_something(router, name)}


def _list(kind: ListKind, lst: Any) -> Any:
    entries: list[Any] = []
    last = 0
    for entry in lst.entries:
        last = (last // 5 + 1) * 5
        number = "" if entry.seq == last else f"seq {entry.seq} "
        last = entry.seq
        entries.append(f"{number}{entry.action} {kind.value(entry)}")
    extra = {} if kind.note_of(lst) is None else {kind.note: kind.note_of(lst)}
    if kind.typed and lst.kind != "standard":
        extra["kind"] = lst.kind
    return {**extra, "entries": entries} if extra else entries


def _route_map(route_map: RouteMap) -> Any:
    """Write the entries alone, and a number only where it is not the next."""
    said = _data(route_map)
    last = 0
    for entry in said.get("entries", ()):
        last = entry.pop("seq") if entry["seq"] == (last // 10 + 1) * 10 else entry["seq"]
    return said["entries"] if said.keys() == {"entries"} else said


def _data(value: Any) -> Any:
    if isinstance(value, BaseModel):
        found = {
            name: _data(getattr(value, name))
            for name in type(value).model_fields
            if name in value.model_fields_set and getattr(value, name) is not None
        }
        return {name: inner for name, inner in found.items() if inner != {} or _means_something(value, name)}
    if isinstance(value, Mapping):
        return {str(key): _data(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_data(inner) for inner in value]
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, IPv4Address | IPv6Address | IPv4Network | IPv6Network):
        return str(value)
    return value


def _means_something(model: BaseModel, name: str) -> bool:
    """Tell whether an empty mapping differs from the field's default, as `bfd: {}` does from no BFD."""
    return bool(getattr(model, name) != type(model).model_fields[name].default)


class _Line(dict[str, Any]):
    """A mapping that is written in one line."""


class _Items(list[Any]):
    """A list that is written in one line."""


def _in_lines(value: Any, depth: int, *, item: bool = False) -> Any:
    """Return data in which each small mapping and each small list is one line, as a person would write them.

    A list of texts with blanks (entries of prefix lists) keeps a line for each; `item`: the value is one of a list.
    """
    if isinstance(value, dict):
        inner = {key: _in_lines(one, depth + 1) for key, one in value.items()}
        small = item or (len(value) <= _FEW and all(_is_scalar(one) for one in value.values()))
        return _Line(inner) if depth and small and _fits(value, depth) else inner
    if isinstance(value, list):
        small = all(_is_scalar(one) and " " not in str(one) for one in value)
        if small and _fits(value, depth):
            return _Items(value)
        return [_in_lines(one, depth + 1, item=True) for one in value]
    return value


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _fits(value: Any, depth: int) -> bool:
    """Tell whether a value is short enough for one line, where each text with a colon would need quotes."""
    text = str(value)
    colons = text.count(":") - text.count("': ")
    text = text.replace("'", "")
    return bool(value) and not colons and len(text) + 2 * depth < _WIDTH


class _Dumper(yaml.SafeDumper):
    """Quotes whatever a reader of YAML 1.1 or 1.2 could take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    number = _OLD_NUMBERS.fullmatch(text) and not _ADDRESS.fullmatch(text)
    doubtful = scalar(text) != text or _OLD_WORDS.fullmatch(text) or number
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if doubtful else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(
    _Line, lambda dumper, value: dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True)
)
_Dumper.add_representer(
    _Items, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
)


def _yaml(data: dict[str, Any]) -> str:
    return yaml.dump(
        _in_lines(data, 0), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=False
    )


def _with_remarks(text: str, remarks: Remarks) -> str:
    """Write each comment above its part, or above the nearest part around it that the file has."""
    if not remarks:
        return text
    lines = text.splitlines()
    places = dict(_places(yaml.compose(text, Loader=yaml.SafeLoader), ()))
    above: dict[int, list[str]] = {}
    for steps, comment in remarks.items():
        near = next((steps[:size] for size in range(len(steps), 0, -1) if steps[:size] in places), ())
        line, column = places.get(near, (0, 0))
        above.setdefault(line, []).extend(f"{' ' * column}# {one}".rstrip() for one in comment)
    found = [one for number, line in enumerate(lines) for one in (*above.get(number, ()), line)]
    return "\n".join(found) + "\n"


def _places(node: Any, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """Yield the line and the column of each key in a mapping of block style."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        for key, value in node.value:
            inner = (*steps, str(key.value))
            yield inner, (key.start_mark.line, key.start_mark.column)
            yield from _places(value, inner)
