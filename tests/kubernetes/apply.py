"""Server-side apply and managedFields, as the fake API server does them (structured-merge-diff, in small)."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

from tests.kubernetes.store import Object, RefusedError, Resource

Path = tuple[str, ...]
KEYS = {"conditions": ("type",), "ports": ("port", "protocol"), "taints": ("key", "effect")}
"""Lists whose items have an identity; all others are replaced as a whole."""
OURS = {"name", "namespace", "uid", "resourceVersion", "managedFields", "creationTimestamp", "generation"}
"""Parts of the metadata that nobody owns."""


def leaves(value: Any, at: Path = (), name: str = "") -> dict[Path, Any]:
    """Give the fields that can be owned, with their values."""
    if isinstance(value, dict) and value:
        found: dict[Path, Any] = {}
        for key, one in value.items():
            found |= leaves(one, (*at, f"f:{key}"), key)
        return found
    if isinstance(value, list) and name in KEYS:
        found = {}
        for one in value:
            identity = {key: one.get(key, "TCP") for key in KEYS[name]}
            step = f"k:{json.dumps(identity, separators=(',', ':'))}"
            found |= {(*at, step, f"f:{key}"): part for key, part in one.items()}
        return found
    return {at: value}


def owned(resource: Resource, one: Object, subresource: str) -> dict[Path, Any]:
    """Give the fields of an object that a write to it, or to its status, is about."""
    metadata = {key: value for key, value in one.get("metadata", {}).items() if key not in OURS}
    about = {"metadata": metadata, **{key: one[key] for key in one if key not in {"apiVersion", "kind", "metadata"}}}
    if resource.status:
        about = {"status": about.get("status", {})} if subresource == "status" else {**about, "status": {}}
    return {path: value for path, value in leaves(about).items() if value != {} and path}


def _identity(step: str) -> str:
    return ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(step[2:]).items())


def _tree(paths: set[Path]) -> Object:
    tree: Object = {}
    for path in sorted(paths):
        at = tree
        for step in path:
            at = at.setdefault(step, {})
    return tree


def _paths(tree: Object, at: Path = ()) -> set[Path]:
    if not tree:
        return {at} if at else set()
    return {path for step, below in tree.items() for path in _paths(below, (*at, step))}


def _entry(resource: Resource, manager: str, operation: str, subresource: str, paths: set[Path]) -> Object:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": resource.api_version,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fieldsType": "FieldsV1",
        "fieldsV1": _tree(paths),
        **({"subresource": subresource} if subresource else {}),
    }


def _set(one: Any, path: Path, value: Any) -> None:
    """Write a field; None with `...` as the value takes it away."""
    step, rest = path[0], path[1:]
    if step.startswith("k:"):
        identity = json.loads(step[2:])
        found = next((item for item in one if all(item.get(k, "TCP") == v for k, v in identity.items())), None)
        if found is None and value is not ...:
            one.append(found := dict(identity))
        if found is not None:
            _set(found, rest, value)
            if value is ... and set(found) <= set(identity) and rest[0][2:] in identity:
                one.remove(found)
        return
    name = step[2:]
    if not rest:
        if value is ...:
            one.pop(name, None)
        else:
            one[name] = copy.deepcopy(value)
        return
    if name not in one and value is ...:
        return
    _set(one.setdefault(name, [] if rest[0].startswith("k:") else {}), rest, value)


def apply(
    resource: Resource, old: Object | None, applied: Object, *, manager: str, subresource: str = "", force: bool = False
) -> Object:
    """Give the object behind an apply. Raises RefusedError: another manager says otherwise."""
    new = copy.deepcopy(old) if old is not None else {"metadata": {}, "status": {}}
    wanted = owned(resource, applied, subresource)
    there = owned(resource, new, subresource)
    entries = new["metadata"].get("managedFields", [])
    ours = [one for one in entries if (one["manager"], one["operation"]) == (manager, "Apply")]
    ours = [one for one in ours if one.get("subresource", "") == subresource]
    others = [one for one in entries if one not in ours]
    causes = []
    for entry in others:
        for path in sorted(_paths(entry["fieldsV1"]) & set(wanted)):
            if there.get(path) != wanted[path]:
                field = "".join("." + step[2:] if step[0] == "f" else f"[{_identity(step)}]" for step in path)
                message = f'conflict with "{entry["manager"]}"'
                if entry.get("subresource"):
                    message += f' with subresource "{entry["subresource"]}"'
                if entry["operation"] == "Update":
                    message += f" using {resource.api_version}"
                causes.append({"reason": "FieldManagerConflict", "message": message, "field": field})
    if causes and not force:
        message = f"Apply failed with {len(causes)} conflict{'s' if len(causes) > 1 else ''}: {causes[0]['message']}"
        raise RefusedError(409, "Conflict", f"{message}: {causes[0]['field']}", {"causes": causes})
    kept = set().union(*(_paths(one["fieldsV1"]) for one in others)) if others else set()
    before = set().union(*(_paths(one["fieldsV1"]) for one in ours)) if ours else set()
    # the identity of an item goes last
    for path in sorted(before - set(wanted) - kept, key=lambda one: one[-1] == "f:type"):
        _set(new, path, ...)
    for path, value in wanted.items():
        _set(new, path, value)
    asked = applied.get("metadata", {})
    for name in ("name", "namespace", "resourceVersion"):
        if name in asked:
            new["metadata"][name] = asked[name]
    for entry in others:
        lost = {path for path in _paths(entry["fieldsV1"]) & set(wanted) if there.get(path) != wanted[path]}
        entry["fieldsV1"] = _tree(_paths(entry["fieldsV1"]) - lost)
    ours = [_entry(resource, manager, "Apply", subresource, set(wanted))] if wanted else []
    new["metadata"]["managedFields"] = [*(one for one in others if one["fieldsV1"]), *ours]
    return new


def own_update(resource: Resource, old: Object | None, new: Object, manager: str, subresource: str) -> Object:
    """Give a written object with its managedFields: who writes a field owns it."""
    new = copy.deepcopy(new)
    metadata = new.setdefault("metadata", {})
    entries = copy.deepcopy(old["metadata"].get("managedFields", [])) if old is not None else []
    before, after = owned(resource, old or {}, subresource), owned(resource, new, subresource)
    written = {path for path, value in after.items() if before.get(path, ...) != value}
    gone = set(before) - set(after)
    same = (manager, "Update", subresource)
    kept = []
    for entry in entries:
        paths = _paths(entry["fieldsV1"]) - written - gone
        if (entry["manager"], entry["operation"], entry.get("subresource", "")) == same:
            written |= paths
        elif paths:
            kept.append({**entry, "fieldsV1": _tree(paths)})
    if written:
        kept.append(_entry(resource, manager, "Update", subresource, written))
    metadata["managedFields"] = kept
    return new
