"""pydantic's errors -> Findings in plain words, each at its line, with a hint where one is certain."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_interface, ip_network
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.yaml import YamlNode
from frrgen.model.types import PlacedError

_T = TypeVar("_T", bound=BaseModel)
_SECRET: Final = frozenset({"password"})
_WHOLES: Final = (dict, list)
Loc = tuple[str | int, ...]


def validate(model: type[_T], node: YamlNode, prefix: tuple[str, ...]) -> _T:
    """Make a model object of a Node that stands at `prefix` in the network. Raises InputError with every finding."""
    try:
        made = model.model_validate(node.plain())
    except ValidationError as bad:
        raise InputError(*_findings(model, node, prefix, bad)) from None
    if twice := list(_said_twice(node, prefix)):
        raise InputError(*twice)
    return made


def _said_twice(node: YamlNode, path: tuple[str, ...]) -> Iterator[Finding]:
    """Find keys that are the same address or prefix in other words: one would silently win."""
    if isinstance(node.value, list):
        for number, inner in enumerate(node.value):
            if isinstance(inner.value, _WHOLES):
                yield from _said_twice(inner, (*path, str(number)))
    if not isinstance(node.value, dict):
        return
    seen: dict[str, str] = {}
    for key, inner in node.value.items():
        if (key[:1].isdigit() or ":" in key) and (first := seen.setdefault(_canonical(key), key)) != key:
            line = (node.value[first].key or node.value[first].where).line
            message = f"the key {key!r} is given twice: it is {first!r} of line {line}"
            yield Finding(Code.FRR105, message, _where(inner.key or inner.where, (*path, key)))
        if isinstance(inner.value, _WHOLES):
            yield from _said_twice(inner, (*path, key))


def _canonical(key: str) -> str:
    try:
        return str(ip_network(key) if "/" in key else ip_address(key))
    except ValueError:
        return key


def find(node: YamlNode, path: Sequence[str | int]) -> tuple[YamlNode, int]:
    """Walk down a Node as far as the path goes: the node there, and how many steps were taken."""
    steps = 0
    for step in path:
        inner: YamlNode | None = None
        if isinstance(node.value, dict):
            inner = node.value.get(str(step))
            entries = node.value.get("entries")
            if inner is None and entries is not None and isinstance(entries.value, list):
                inner = _item(entries.value, step)
        elif isinstance(node.value, list):
            inner = _item(node.value, step)
        if inner is None:
            break
        node, steps = inner, steps + 1
    return node, steps


def _item(items: list[YamlNode], step: str | int) -> YamlNode | None:
    """Find an item of a list by its index, or an entry by the `seq` that names it in a model path."""
    if isinstance(step, int):
        return items[step] if 0 <= step < len(items) else None
    for item in items:
        if isinstance(item.value, dict) and (seq := item.value.get("seq")) is not None and str(seq.value) == step:
            return item
    return None


def _findings(
    model: type[BaseModel], root: YamlNode, prefix: tuple[str, ...], bad: ValidationError
) -> Iterator[Finding]:
    by_place: dict[tuple[Loc, str], list[tuple[ErrorDetails, YamlNode]]] = {}
    for detail in bad.errors(include_url=False):
        said = detail.get("ctx", {}).get("error")
        loc = (*detail["loc"], *said.path) if isinstance(said, PlacedError) else detail["loc"]
        node, steps = find(root, loc)
        place = loc[:steps]
        kind = detail["type"] if detail["type"] in {"missing", "extra_forbidden"} else ""
        key = (detail["loc"] if detail["type"] == "missing" else place, kind)
        by_place.setdefault(key, []).append((detail, node))
    for (loc, kind), found in by_place.items():
        yield _finding(model, (*prefix, *loc), loc, kind, found)


def _finding(
    model: type[BaseModel], path: Loc, loc: Loc, kind: str, found: list[tuple[ErrorDetails, YamlNode]]
) -> Finding:
    detail, node = found[0]
    where = _where(node.key if kind == "extra_forbidden" and node.key is not None else node.where, path)
    if kind == "extra_forbidden":
        word = str(loc[-1])
        near = _near(word, _keys(model, loc[:-1]))
        return Finding(Code.FRR110, f"unknown key {word!r}", where, _suggested(near), mending=_certain(word, near))
    if kind == "missing" and isinstance(detail["loc"][-1], int):
        # the only lists of fixed length are pairs of lengths
        return Finding(Code.FRR111, _PAIR, _where(node.where, path[:-1]))
    if kind == "missing":
        return Finding(Code.FRR112, f"the key {str(detail['loc'][-1])!r} is missing", _where(node.where, path[:-1]))
    spoken = [one for one, _ in found if one["type"] in {"value_error", "assertion_error"}]
    details = spoken[:1] or [one for one, _ in found]
    messages = list(dict.fromkeys(_message(one) for one in details))
    text = " or ".join([messages[0], *(message.removeprefix("must be ") for message in messages[1:])])
    if not spoken:
        text += _shown(node, loc)
    hints = [hint for one in details if (hint := _hint(one, node)) is not None]
    return Finding(Code.FRR111, text, where, hints[0] if hints else None, mending=_respelt(details, node))


def _where(place: Where, path: Loc) -> Where:
    return Where(place.file, place.line, place.column, tuple(str(step) for step in path))


def _shown(node: YamlNode, loc: Loc) -> str:
    """Return the value for a message: short, visible, and never a secret."""
    if any(str(step) in _SECRET for step in loc) or isinstance(node.value, dict | list):
        return ""
    text = (
        repr(node.value)
        if isinstance(node.value, str)
        else "nothing"
        if node.value is None
        else str(node.value).lower()
    )
    return f", not {text if len(text) <= 60 else text[:57] + '...'}"


_PAIR: Final = "must be two numbers, the shortest and the longest length: [24, 32]"
_PLAIN: Final = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "ip_v4_address": "must be an IPv4 address",
    "ip_v6_address": "must be an IPv6 address",
    "ip_any_address": "must be an IP address",
    "ip_v4_network": "must be an IPv4 prefix",
    "ip_v6_network": "must be an IPv6 prefix",
    "ip_any_network": "must be a prefix",
    "string_pattern_mismatch": "does not have the right form",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "too_long": _PAIR,
}
_FORMS: Final = {
    "SetCommunity": 'set: {community: {communities: ["64512:1"], additive: true}}',
    "SetLargeCommunity": 'set: {large_community: {communities: ["64512:1:1"]}}',
    "CommunityMatch": "match: {community: {name: LIST}}",
    "ExtCommunityMatch": "match: {extcommunity: {name: LIST}}",
    "RouteMapEntry": "- {action: deny}",
    "Timers": "timers: {keepalive: 3, hold: 9}",
    "Bfd": "bfd: {}, or bfd: {profile: NAME}",
    "LocalAs": "local_as: {asn: 64512}",
    "DefaultOriginate": "default_originate: {}, or default_originate: {route_map: NAME}",
    "RemovePrivateAs": "remove_private_as: {all: true}",
    "StaticRoute": "- {prefix: 192.0.2.0/24, via: 198.51.100.1}",
}
"""How a person writes the mapping, where another form is near."""
_BOUNDS: Final = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}


def _message(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in {"value_error", "assertion_error"}:
        return str(context["error"])
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"must be {words} {context[key]}"
    if kind == "literal_error":
        return f"must be {context['expected'].replace('True', 'true')}"
    return _PLAIN.get(kind) or detail["msg"]


def _hint(detail: ErrorDetails, node: YamlNode) -> str | None:
    kind = detail["type"]
    if kind == "literal_error" and isinstance(node.value, str):
        return _suggested(_near(node.value, _expected(detail)))
    if kind in {"model_type", "model_attributes_type"} and (form := _FORMS.get(detail["ctx"]["class_name"])):
        return f"write for example: {form}"
    if kind == "string_type" and isinstance(node.value, int | bool):
        return f'put it in quotes: "{node.value}"'
    if kind.endswith("_network") and isinstance(node.value, str):
        try:
            return f"without host bits it is {ip_interface(node.value).network}"
        except ValueError:
            return None
    return None


def _expected(detail: ErrorDetails) -> list[str]:
    """Return the words that may stand in a place."""
    return re.findall(r"'([^']*)'", detail["ctx"]["expected"])


def _near(word: str, known: Sequence[str]) -> list[str]:
    """Return the nearest known words, at most two."""
    cutoff = 0.75 if len(word) > 4 else 0.6
    return difflib.get_close_matches(word.lower().replace("-", "_"), known, n=2, cutoff=cutoff)


def _suggested(near: Sequence[str]) -> str | None:
    return f"did you mean {near[0]!r}?" if near else None


def _certain(word: str, near: Sequence[str]) -> tuple[str, str] | None:
    """Return the word and the only one that is near."""
    return (word, near[0]) if len(near) == 1 else None


def _respelt(details: Sequence[ErrorDetails], node: YamlNode) -> tuple[str, str] | None:
    """Return a value and the word that was certainly meant, where only certain words may stand."""
    if len(details) != 1 or details[0]["type"] != "literal_error" or not isinstance(node.value, str):
        return None
    return _certain(node.value, _near(node.value, _expected(details[0])))


def _keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """Return the keys that the model knows at a place."""
    found: list[Any] = [model]
    for step in loc:
        found = [inner for one in found for inner in _inside(one, step)]
    return [field.alias or name for one in found if _is_model(one) for name, field in one.model_fields.items()]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _inside(kind: Any, step: str | int) -> Iterator[Any]:
    if _is_model(kind):
        fields = kind.model_fields.items()
        field = next((field for name, field in fields if str(step) in {name, field.alias}), None)
        if field is not None:
            yield from _choices(field.annotation)
    elif get_origin(kind) is dict:
        yield from _choices(get_args(kind)[1])
    elif get_origin(kind) is tuple:
        yield from _choices(get_args(kind)[0])


def _choices(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _choices(get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for one in get_args(annotation):
            yield from _choices(one)
    elif origin is not Literal:
        yield annotation
