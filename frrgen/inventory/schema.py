"""JSON Schema of the inventory's files, for editors: one document, whose $defs are named after the files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from frrgen.inventory.describe import describe, parts
from frrgen.inventory.files import NetworkFile
from frrgen.model.cluster import Cluster
from frrgen.model.router import Router
from frrgen.platforms.frr.grammar.policy import LISTS

FILE: Final = "schema.json"
"""What the file of the schema is called: inside of an inventory, or beside it."""
_REF: Final = "#/$defs/{model}"
_BOUNDS: Final = {"minimum": "minimum", "maximum": "maximum", "ge": "minimum", "le": "maximum"}
"""Keywords of numbers, with what JSON Schema calls them."""
_YES_OR_NO: Final = ("true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "1", "0")
"""What the loader takes for a boolean as text, in small letters and large ones."""
_SWITCH: Final = "|".join("".join(f"[{letter}{letter.upper()}]" for letter in word) for word in _YES_OR_NO)
_ENTRY: Final = {"type": "string", "pattern": "^(seq [0-9]+ )?(permit|deny) .+"}


def named_in(text: str, place: str) -> str:
    """Return the text of a YAML file with the line before it that tells editors where the schema is."""
    return f"# yaml-language-server: $schema={place}\n{text}"


def schema(*, whole: bool = False) -> dict[str, Any]:
    """Return the schema: `$defs.Router` for routers/*.yaml, `$defs.Cluster`, and `$defs.NetworkFile`.

    `whole`: with the keys that a router needs, whichever of its files has them, and each value in its usual form
    alone.
    """
    _, document = models_json_schema(
        [(model, "validation") for model in (Router, Cluster, NetworkFile)], ref_template=_REF
    )
    defs = document["$defs"]
    for model in models(Router, Cluster, NetworkFile):
        for name, text in describe(model).items():
            defs[model.__name__]["properties"][name]["description"] = text
    for named in ("Router", "Cluster"):
        # the name of a router and of a cluster is the name of its file
        defs[named]["properties"].pop("name")
        defs[named]["required"] = [key for key in defs[named].get("required", ()) if key != "name"]
    defs["Router"]["properties"]["groups"] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "Groups of network.yaml that it inherits from: later groups win, and its own file over all.",
    }
    # 8.4 without quotes is a number for an editor, and text for us
    version = defs["Router"]["properties"]["frr_version"]
    version["anyOf"] = [{"type": version.pop("type")}, {"type": "number"}]
    for kind in LISTS:
        lists = defs["Router"]["properties"][kind.field]
        lists["additionalProperties"] = _short(defs, lists["additionalProperties"])
    maps = defs["Router"]["properties"]["route_maps"]
    entries = defs["RouteMap"]["properties"]["entries"]
    maps["additionalProperties"] = {"anyOf": [maps["additionalProperties"], entries]}
    for name, definition in defs.items():
        if name.endswith("Entry") and "seq" in definition.get("properties", {}):
            # numbers are given in order where they are left out
            definition["required"] = [key for key in definition.get("required", ()) if key != "seq"]
    for name in () if whole else _merged(defs, "Router"):
        # what one file leaves out defaults, a group or the router's own file may say
        defs[name].pop("required", None)
    if not whole:
        _widen(defs)
    partial = {**defs["Router"], "required": []}
    network = defs["NetworkFile"]["properties"]
    network["defaults"] = {**partial, "description": network["defaults"]["description"]}
    network["groups"] = {**network["groups"], "additionalProperties": partial}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "frrgen inventory",
        "anyOf": [{"$ref": f"#/$defs/{model}"} for model in ("Router", "Cluster", "NetworkFile")],
        "$defs": defs,
    }


def models(*roots: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Find every model of the inventory's files."""
    todo, seen = list(roots), set(roots)
    while todo:
        model = todo.pop()
        yield model
        for field in model.model_fields.values():
            for part in parts(field.annotation):
                if part not in seen:
                    seen.add(part)
                    todo.append(part)


def _short(defs: dict[str, Any], ref: dict[str, Any]) -> dict[str, Any]:
    """Let a list be the list of its entries, and an entry be text."""
    entries = defs[ref["$ref"].removeprefix("#/$defs/")]["properties"]["entries"]
    if "anyOf" not in entries["items"]:
        entries["items"] = {"anyOf": [entries["items"], _ENTRY]}
    return {"anyOf": [ref, {"type": "array", "items": entries["items"]}]}


def _widen(part: Any) -> None:
    """Take numbers and booleans in quotes, too, and AS numbers as asdot: the loader does."""
    if isinstance(part, list):
        for one in part:
            _widen(one)
        return
    if not isinstance(part, dict):
        return
    for one in list(part.values()):
        _widen(one)
    if True in part.get("enum", ()):
        part["enum"] = [*part["enum"], "true", "false", False, 1]
    if part.get("type") == "boolean":
        del part["type"]
        part["anyOf"] = [{"type": "boolean"}, {"enum": [0, 1]}, {"type": "string", "pattern": f"^({_SWITCH})$"}]
    elif part.get("type") in {"integer", "number"}:
        # pydantic calls the bounds of an AS number `ge` and `le`, for its text is read first
        dotted = "ge" in part
        kind = part.pop("type")
        bounds = {keyword: part.pop(name) for name, keyword in _BOUNDS.items() if name in part}
        part["anyOf"] = [{"type": kind, **bounds}, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}]
        # an editor takes 1.10 for a number, and we for text
        part["anyOf"] += [{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 65536}] if dotted else []


def _merged(defs: dict[str, Any], name: str) -> set[str]:
    """Return the definitions of a part and of the mappings in it, which merge key by key: those of lists do not."""
    found: set[str] = set()
    todo: list[Any] = [{"$ref": f"#/$defs/{name}"}]
    while todo:
        part = todo.pop()
        if not isinstance(part, dict):
            continue
        named = part.get("$ref", "").rpartition("/")[2]
        if named and named not in found:
            found.add(named)
            todo.append(defs[named])
        todo += [*part.get("properties", {}).values(), part.get("additionalProperties"), *part.get("anyOf", ())]
    return found
