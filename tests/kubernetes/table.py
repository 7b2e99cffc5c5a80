"""The tables that kubectl prints: the server makes them."""

from __future__ import annotations

from typing import Any

from tests.kubernetes.store import Object, Resource

COLUMNS = {
    "Service": ("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age"),
    "Node": ("Name", "Status", "Roles", "Age", "Version"),
}


def as_table(headers: dict[str, str], resource: Resource, answer: Object) -> Any:
    """Give the answer, as a Table if the client asked for one."""
    if "as=Table" not in headers.get("accept", ""):
        return answer
    items = answer.get("items", [answer])
    columns = COLUMNS.get(resource.kind, ("Name", "Age"))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": answer["metadata"]["resourceVersion"]},
        "columnDefinitions": [
            {
                "name": name,
                "type": "string",
                "format": "name" if name == "Name" else "",
                "description": "",
                "priority": 0,
            }
            for name in columns
        ],
        "rows": [{"cells": _cells(resource, one, len(columns)), "object": _about(resource, one)} for one in items],
    }


def _about(resource: Resource, one: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": one["metadata"]}


def _cells(resource: Resource, one: Object, count: int) -> list[str]:
    name = one["metadata"]["name"]
    if resource.kind != "Service":
        return [name, *["0s"] * (count - 1)] if count == 2 else [name, "Ready", "<none>", "0s", "v1.36.2"]
    spec = one["spec"]
    found = [one["ip"] for one in one.get("status", {}).get("loadBalancer", {}).get("ingress", []) if "ip" in one]
    pending = "<pending>" if spec["type"] == "LoadBalancer" else "<none>"
    ports = ",".join(f"{port['port']}:{port.get('nodePort', '')}/{port['protocol']}" for port in spec.get("ports", []))
    return [name, spec["type"], spec["clusterIP"], ",".join(found) or pending, ports, "0s"]
