"""The model -> inventory YAML, in the form that a person would write: short entries, only what is set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Final

import yaml
from pydantic import BaseModel, SecretStr

from frrgen.inventory.yaml import scalar
from frrgen.model.cluster import Cluster
from frrgen.model.router import Router
from frrgen.platforms.frr.grammar.policy import LISTS, ListKind

_OLD_WORDS: Final = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|~|")
_OLD_NUMBERS: Final = re.compile(
    r"[-+]?[0-9][0-9_,.:]*([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan|Inf|NaN|INF|NAN)|[0-9-]+[Tt ].*"
)
_ADDRESS: Final = re.compile(r"[0-9]+(\.[0-9]+){3}")
"""No reader of YAML takes an IPv4 address for a number."""


def dump(router: Router) -> str:
    """Write a router's file. Passwords are written as the model has them."""
    return _yaml(_router(router))


def dump_cluster(cluster: Cluster) -> str:
    """Write a cluster's file. Passwords are written as the model has them."""
    data = _data(cluster)
    del data["name"]
    # `{}` says that a router is there, and has nothing particular
    data["routers"] = {name: _data(one) for name, one in cluster.routers.items()}
    return _yaml(data)


def _router(router: Router) -> dict[str, Any]:
    kinds = {kind.field: kind for kind in LISTS}
    found: dict[str, Any] = {}
    for name in type(router).model_fields:
        if name == "name" or name not in router.model_fields_set:
            continue
        value = getattr(router, name)
        if name in kinds:
            found[name] = {key: _list(kinds[name], lst) for key, lst in value.items()}
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


def _yaml(data: dict[str, Any]) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=False)
