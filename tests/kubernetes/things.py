"""Objects of a cluster, as YAML would give them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

Object = dict[str, Any]


def service(
    name: str = "web",
    *ips: str,
    namespace: str = "default",
    policy: str = "Cluster",
    lb_class: str | None = None,
    annotations: dict[str, str] | None = None,
    ip_mode: str = "VIP",
    kind: str = "LoadBalancer",
) -> Object:
    spec: Object = {"type": kind, "externalTrafficPolicy": policy, "ports": [{"port": 80, "protocol": "TCP"}]}
    if lb_class is not None:
        spec["loadBalancerClass"] = lb_class
    ingress = [{"ip": ip, "ipMode": ip_mode} for ip in ips]
    metadata = {"name": name, "namespace": namespace, "annotations": annotations or {}}
    return {"metadata": metadata, "spec": spec, "status": {"loadBalancer": {"ingress": ingress} if ips else {}}}


def endpoint(node: str, *, ready: bool | None = True, serving: bool | None = None, terminating: bool = False) -> Object:
    conditions = {"ready": ready, "serving": serving, "terminating": terminating}
    return {"nodeName": node, "conditions": conditions, "addresses": ["10.9.0.1"]}


def endpoint_slice(
    of: str, *endpoints: Object, namespace: str = "default", family: str = "IPv4", number: int = 1
) -> Object:
    metadata = {
        "name": f"{of}-{family.lower()}-{number}",
        "namespace": namespace,
        "labels": {"kubernetes.io/service-name": of},
    }
    return {"metadata": metadata, "addressType": family, "endpoints": list(endpoints), "ports": []}


def node(name: str = "node", **more: Any) -> Object:
    metadata = {"name": name, "labels": more.get("labels", {}), "annotations": more.get("annotations", {})}
    spec = {"unschedulable": more.get("unschedulable", False), "taints": more.get("taints", [])}
    return {"metadata": metadata, "spec": spec, "status": {"conditions": more.get("conditions", [])}}


async def until(what: str, true: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until something is so. Raises AssertionError."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        await asyncio.sleep(0.005)
