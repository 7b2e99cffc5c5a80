"""JSON Schema of the inventory's files, for editors: one document, whose $defs are named after the files."""

from __future__ import annotations

from typing import Any, Final

from pydantic.json_schema import models_json_schema

from frrgen.grammar.policy import LISTS
from frrgen.inventory.files import NetworkFile
from frrgen.model.cluster import Cluster
from frrgen.model.router import Router

_REF: Final = "#/$defs/{model}"
_ENTRY: Final = {"type": "string", "pattern": "^(seq [0-9]+ )?(permit|deny) .+"}


def schema() -> dict[str, Any]:
    """Give the schema: `$defs.Router` for routers/*.yaml, `$defs.Cluster`, and `$defs.NetworkFile`."""
    _, document = models_json_schema(
        [(model, "validation") for model in (Router, Cluster, NetworkFile)], ref_template=_REF
    )
    defs = document["$defs"]
    for model in ("Router", "Cluster"):
        # the name of a router and of a cluster is the name of its file
        defs[model]["properties"].pop("name")
        defs[model]["required"] = [key for key in defs[model].get("required", ()) if key != "name"]
    defs["Router"]["properties"]["groups"] = {"type": "array", "items": {"type": "string"}}
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
    partial = {**defs["Router"], "required": []}
    defs["NetworkFile"]["properties"]["defaults"] = partial
    defs["NetworkFile"]["properties"]["groups"] = {"type": "object", "additionalProperties": partial}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "frrgen inventory",
        "anyOf": [{"$ref": f"#/$defs/{model}"} for model in ("Router", "Cluster", "NetworkFile")],
        "$defs": defs,
    }


def _short(defs: dict[str, Any], ref: dict[str, Any]) -> dict[str, Any]:
    """Let a list be the list of its entries, and an entry be text."""
    entries = defs[ref["$ref"].removeprefix("#/$defs/")]["properties"]["entries"]
    if "anyOf" not in entries["items"]:
        entries["items"] = {"anyOf": [entries["items"], _ENTRY]}
    return {"anyOf": [ref, {"type": "array", "items": entries["items"]}]}
