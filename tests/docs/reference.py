"""The reference of the inventory, drawn from its JSON Schema."""

from __future__ import annotations

from typing import Any

from frrgen.inventory.schema import schema

FILES = {"Router": "routers/NAME.yaml", "Cluster": "clusters/NAME.yaml", "NetworkFile": "network.yaml"}


def reference() -> str:
    """Draw a table for every mapping of the inventory: the files first, the rest by name."""
    defs = schema(whole=True)["$defs"]
    parts = []
    for name in (*FILES, *sorted(defs.keys() - FILES.keys())):
        title = f"{name}: `{FILES[name]}`" if name in FILES else name
        about = " ".join(defs[name].get("description", "").split("\n\n")[0].split())
        rows = [
            _row(key, said, key in defs[name].get("required", ())) for key, said in defs[name]["properties"].items()
        ]
        parts.append("\n".join([f"### {title}", "", about, "", "| key | value | meaning |", "|---|---|---|", *rows]))
    return "\n\n".join(parts)


def _row(key: str, said: dict[str, Any], required: bool) -> str:  # noqa: FBT001
    default = said.get("default")
    shown = (
        "required"
        if required
        else ""
        if default in (None, [], "") or isinstance(default, dict)
        else f"default {_word(default)}"
    )
    value = ", ".join(filter(None, (_kind(said), shown)))
    return f"| `{key}` | {value} | {said['description'].replace('|', chr(92) + '|')} |"


def _word(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_word, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(said: dict[str, Any]) -> str:
    """Say in a few words what may stand there."""
    if "$ref" in said:
        name = said["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in said:
        return " or ".join(dict.fromkeys(_kind(one) for one in said["anyOf"] if one.get("type") != "null"))
    if "properties" in said:
        return "a part of a [Router](#router-routersnameyaml)"
    if "const" in said or "enum" in said:
        return ", ".join(f"`{_word(one)}`" for one in said.get("enum", [said.get("const")]))
    kind = said.get("type")
    if kind == "array":
        inner = said.get("items") or {"anyOf": said.get("prefixItems", [{}])}
        return f"list of {_kind(inner)}" if inner else "list"
    if kind == "object":
        inner = said.get("additionalProperties")
        return f"name -> {_kind(inner)}" if isinstance(inner, dict) and inner else "mapping"
    if kind in {"integer", "number"}:
        low = said.get("minimum", said.get("exclusiveMinimum"))
        return f"{low}-{said['maximum']}" if "maximum" in said and low is not None else "number"
    return {"boolean": "true, false", "string": "text"}.get(str(kind), "anything")
