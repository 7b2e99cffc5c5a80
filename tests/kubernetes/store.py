"""The objects of the fake API server: versions, history, patches, and what a real kube-apiserver 1.36 refuses."""

from __future__ import annotations

import asyncio
import copy
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.kubernetes.rules import Cause, Object, default, refused

Name = tuple[str, str]
OPTIMISTIC = (
    'Operation cannot be fulfilled on {kind} "{name}": the object has been modified; please apply your changes to the '
    "latest version and try again"
)


@dataclass(frozen=True)
class Resource:
    """A kind that the server has."""

    group: str
    version: str
    plural: str
    kind: str
    short: str = ""
    namespaced: bool = True
    status: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def path(self) -> str:
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


RESOURCES = (
    Resource("", "v1", "services", "Service", "svc", status=True),
    Resource("", "v1", "nodes", "Node", "no", namespaced=False, status=True),
    Resource("", "v1", "namespaces", "Namespace", "ns", namespaced=False),
    Resource("", "v1", "configmaps", "ConfigMap", "cm"),
    Resource("", "v1", "endpoints", "Endpoints", "ep"),
    Resource("", "v1", "events", "Event", "ev"),
    Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    Resource("coordination.k8s.io", "v1", "leases", "Lease"),
    Resource("events.k8s.io", "v1", "events", "Event", "ev"),
    Resource("", "v1", "pods", "Pod", "po", status=True),
    Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", status=True),
)


class RefusedError(Exception):
    """A Status that is no success."""

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, details or {}

    def status(self) -> Object:
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }


def expired(asked: int, oldest: int) -> RefusedError:
    return RefusedError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def invalid(resource: Resource, name: str, *found: Cause) -> RefusedError:
    causes = [{"reason": f"FieldValue{reason}", "message": why, "field": field} for field, reason, why in found]
    message = f'{resource.kind} "{name}" is invalid: {found[0][0]}: {found[0][2]}'
    return RefusedError(422, "Invalid", message, {"name": name, "kind": resource.kind, "causes": causes})


@dataclass(frozen=True)
class Event:
    """A change, as watches tell it."""

    version: int
    resource: Resource
    type: str
    object: Object
    before: Object | None


class Store:
    """All objects, and what happened to them."""

    def __init__(self) -> None:
        self.version = 100
        self.oldest = 0
        """Versions below are forgotten."""
        self.history: list[Event] = []
        self.objects: dict[Resource, dict[Name, Object]] = {one: {} for one in RESOURCES}
        self.changed = asyncio.Condition()
        self.before_write: Callable[[Resource, Name, str], None] = lambda *_: None
        """Called before each write: tests let somebody else be faster."""
        self._numbers = 0

    # reading

    def get(self, resource: Resource, name: Name) -> Object:
        try:
            return self.objects[resource][name]
        except KeyError:
            message = f'{resource.plural} "{name[1]}" not found'
            raise RefusedError(404, "NotFound", message, {"name": name[1], "kind": resource.plural}) from None

    def list(self, resource: Resource, namespace: str, selects: Callable[[Object], bool]) -> list[Object]:
        found = sorted(self.objects[resource].items())
        return [one for name, one in found if (not namespace or name[0] == namespace) and selects(one)]

    def since(self, resource: Resource, version: int) -> Iterator[Event]:
        """Give the changes behind a version. Raises RefusedError if they are forgotten."""
        if version < self.oldest:
            raise expired(version, self.oldest)
        return (one for one in self.history if one.resource == resource and one.version > version)

    def compact(self) -> None:
        """Forget the history, as a restarted API server has."""
        self.version += 1
        self.oldest, self.history = self.version, []

    # writing

    def _stamp(self, resource: Resource, new: Object, kind: str, before: Object | None) -> Object:
        self.version += 1
        new["metadata"]["resourceVersion"] = str(self.version)
        new.setdefault("kind", resource.kind)
        new.setdefault("apiVersion", resource.api_version)
        name = (new["metadata"].get("namespace", ""), new["metadata"]["name"])
        if kind == "DELETED":
            del self.objects[resource][name]
        else:
            self.objects[resource][name] = new
        self.history.append(Event(self.version, resource, kind, copy.deepcopy(new), before))
        return new

    def create(self, resource: Resource, namespace: str, new: Object) -> Object:
        new = copy.deepcopy(new)
        metadata = new.setdefault("metadata", {})
        if "name" not in metadata and "generateName" in metadata:
            metadata["name"] = metadata["generateName"] + uuid.uuid4().hex[:5]
        if not metadata.get("name"):
            raise invalid(
                resource, "", ("metadata.name", "Required", "Required value: name or generateName is required")
            )
        if resource.namespaced:
            metadata["namespace"] = namespace or "default"
        name = (metadata.get("namespace", ""), metadata["name"])
        self.before_write(resource, name, "create")
        if name in self.objects[resource]:
            message = f'{resource.plural} "{name[1]}" already exists'
            raise RefusedError(409, "AlreadyExists", message, {"name": name[1], "kind": resource.plural})
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if resource.kind == "Service":
            new["status"] = {}
        elif resource.status:
            new.setdefault("status", {})
        self._settle(resource, new, None)
        return self._stamp(resource, new, "ADDED", None)

    def replace(self, resource: Resource, name: Name, new: Object, subresource: str = "") -> Object:
        self.before_write(resource, name, "update")
        old = self.get(resource, name)
        new = copy.deepcopy(new)
        asked = new.get("metadata", {}).get("resourceVersion")
        if asked and asked != old["metadata"]["resourceVersion"]:
            message = OPTIMISTIC.format(kind=resource.plural, name=name[1])
            raise RefusedError(409, "Conflict", message, {"name": name[1], "kind": resource.plural})
        if resource.status:
            if subresource == "status":
                managed = new.get("metadata", {}).get("managedFields")
                about = {name: new["metadata"][name] for name in ("labels", "annotations") if name in new["metadata"]}
                new = {**copy.deepcopy(old), "status": new.get("status", {})}
                new["metadata"] |= about
                if managed is not None:
                    new["metadata"]["managedFields"] = managed
            else:
                new["status"] = old.get("status", {})
        for field in (
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "namespace",
            "name",
        ):
            if field in old["metadata"]:
                new["metadata"][field] = old["metadata"][field]
        self._settle(resource, new, old)
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        if new == old:
            return old
        if "deletionTimestamp" in new["metadata"] and not new["metadata"].get("finalizers"):
            return self._stamp(resource, new, "DELETED", old)
        return self._stamp(resource, new, "MODIFIED", old)

    def delete(self, resource: Resource, name: Name, grace: int = 0) -> Object:
        """Delete an object, or say that it is being deleted: it has finalizers, or its node must end it first."""
        old = self.get(resource, name)
        new = copy.deepcopy(old)
        if new["metadata"].get("finalizers") or grace:
            if "deletionTimestamp" in new["metadata"]:
                return old
            new["metadata"]["deletionGracePeriodSeconds"] = grace
            new["metadata"]["deletionTimestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return self._stamp(resource, new, "MODIFIED", old)
        return self._stamp(resource, new, "DELETED", old)

    # what the server itself says and refuses

    def _settle(self, resource: Resource, new: Object, old: Object | None) -> None:
        default(resource.kind, new, old, self._number)
        if causes := refused(resource.kind, new, old):
            raise invalid(resource, new["metadata"]["name"], *causes)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers


def merge_patch(old: Any, patch: Any, keys: dict[str, str] | None = None) -> Any:
    """Give the result of a merge patch (RFC 7386); with keys of lists, of a strategic one."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    new = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        if value is None:
            new.pop(name, None)
        elif isinstance(value, list) and keys and name in keys:
            new[name] = _merged_list(new.get(name, []), value, keys[name], keys)
        else:
            new[name] = merge_patch(new.get(name), value, keys)
    return new


def _merged_list(old: list[Any], patch: list[Any], key: str, keys: dict[str, str]) -> list[Any]:
    found, added = {one[key]: one for one in old}, []
    for one in patch:
        if one.get("$patch") == "delete":
            found.pop(one[key], None)
        elif one[key] in found:
            found[one[key]] = merge_patch(found[one[key]], one, keys)
        elif "$retainKeys" not in one:
            added.append(merge_patch(None, one, keys))
    return [*added, *found.values()]


STRATEGIC = {"ports": "port", "conditions": "type", "addresses": "type"}
"""Lists that a strategic merge patch merges, with their keys."""


def selector(text: str, value_of: Callable[[Object, str], str | None]) -> Callable[[Object], bool]:
    """Read a label or field selector."""
    tests: list[Callable[[Object], bool]] = []
    for part in map(str.strip, re.findall(r"(?:[^,(]|\([^)]*\)|\()+", text)):
        if found := re.fullmatch(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)", part):
            name, word, values = found[1], found[2], {one.strip() for one in found[3].split(",")}
            tests.append(lambda one, n=name, w=word, v=values: (value_of(one, n) in v) is (w == "in"))
        elif found := re.fullmatch(r"([^=!\s]+)\s*(==|=|!=)\s*(\S*)", part):
            name, word, value = found[1], found[2], found[3]
            tests.append(lambda one, n=name, w=word, v=value: (value_of(one, n) == v) is (w != "!="))
        elif re.search(r"[\s()]", part):
            raise RefusedError(400, "BadRequest", f"unable to parse requirement: {part}")
        elif part.startswith("!"):
            tests.append(lambda one, n=part[1:]: value_of(one, n) is None)
        elif part:
            tests.append(lambda one, n=part: value_of(one, n) is not None)
    return lambda one: all(test(one) for test in tests)


def label_of(one: Object, name: str) -> str | None:
    return one["metadata"].get("labels", {}).get(name)


def field_of(one: Object, path: str) -> str | None:
    found: Any = one
    if path not in FIELDS:
        raise RefusedError(400, "BadRequest", f"field label not supported: {path}")
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)


FIELDS = {f"involvedObject.{name}" for name in ("apiVersion", "kind", "name", "namespace", "uid")}
FIELDS |= {"metadata.name", "metadata.namespace", "spec.clusterIP", "spec.type", "spec.unschedulable", "type", "reason"}
FIELDS |= {"spec.nodeName", "status.phase"}
"""What a field selector may name."""
