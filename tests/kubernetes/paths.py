"""What the paths of the fake API server mean, and what it says of itself."""

from __future__ import annotations

from tests.kubernetes.store import RESOURCES, Object, RefusedError, Resource


def route(path: str) -> tuple[Resource, str, str, str]:
    """Give what a path means: resource, namespace, name, subresource. Raises RefusedError."""
    for resource in RESOURCES:
        if not path.startswith(f"{resource.path}/"):
            continue
        words = path.removeprefix(f"{resource.path}/").split("/")
        namespace = ""
        if words[0] == "namespaces" and len(words) > 2 and resource.namespaced:
            namespace, words = words[1], words[2:]
        if words[0] == resource.plural and len(words) <= 3 and words[2:] in ([], ["status"], ["eviction"]):
            return resource, namespace, *[*words[1:], "", ""][:2]  # type: ignore[return-value]
    raise RefusedError(404, "NotFound", "the server could not find the requested resource")


def discovery(path: str) -> Object | None:
    """Answer what kubectl asks about the server itself; None: that is no such question."""
    if path == "/version":
        return {"major": "1", "minor": "36", "gitVersion": "v1.36.2", "platform": "linux/amd64"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    groups = sorted({one.group for one in RESOURCES if one.group})
    if path == "/apis":
        versions = {name: {"groupVersion": f"{name}/v1", "version": "v1"} for name in groups}
        found = [{"name": name, "versions": [one], "preferredVersion": one} for name, one in versions.items()]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}
    own = [one for one in RESOURCES if one.path == path]
    if not own:
        return None
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    resources = []
    for one in own:
        about = {"name": one.plural, "singularName": one.kind.lower(), "namespaced": one.namespaced, "kind": one.kind}
        resources.append({**about, "verbs": verbs, **({"shortNames": [one.short]} if one.short else {})})
        if one.kind == "Pod":
            eviction = {"name": "pods/eviction", "kind": "Eviction", "group": "policy", "version": "v1"}
            resources.append({**about, **eviction, "verbs": ["create"]})
        if one.status:
            resources.append({**about, "name": f"{one.plural}/status", "verbs": ["get", "patch", "update"]})
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": own[0].api_version,
        "resources": resources,
    }
