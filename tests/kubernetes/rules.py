"""What the fake API server adds to objects and what it refuses, as a kube-apiserver 1.36.2 of both IP versions does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address, ip_address
from typing import Any

Object = dict[str, Any]
Cause = tuple[str, str, str]
"""The field, the reason without `FieldValue`, and the text."""
LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
QUALIFIED = r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
OUTSIDE = {"LoadBalancer", "NodePort"}
FAMILIES = ["IPv4", "IPv6"]
TYPES = {"ClusterIP", "ExternalName", *OUTSIDE}
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def default(kind: str, new: Object, old: Object | None, number: Callable[[], int]) -> None:
    """Fill in what the user left out. `number` gives numbers for addresses and ports."""
    metadata = new["metadata"]
    for name in ("labels", "annotations", "finalizers"):
        if name in metadata and not metadata[name]:
            del metadata[name]
    if kind == "Namespace":
        metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata.get("name", "")
        new.setdefault("spec", {"finalizers": ["kubernetes"]})
        new.setdefault("status", {"phase": "Active"})
    if kind == "EndpointSlice":
        for one in new.get("endpoints") or ():
            conditions = one.get("conditions") or {}
            one["conditions"] = {name: value for name, value in conditions.items() if value is not None}
    if kind == "Service":
        _default_service(new, old, number)


def _default_service(new: Object, old: Object | None, number: Callable[[], int]) -> None:
    spec = new.setdefault("spec", {})
    new["status"] = {"loadBalancer": {}} | {k: v for k, v in (new.get("status") or {}).items() if v is not None}
    before = old["spec"] if old is not None else {}
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    kind = spec["type"]
    if kind != "ExternalName":
        for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if name in before:
                spec.setdefault(name, before[name])
        spec.setdefault("internalTrafficPolicy", "Cluster")
        _default_families(spec, number)
    if kind in OUTSIDE:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    elif before.get("type") in OUTSIDE and spec.get("externalTrafficPolicy") == before.get("externalTrafficPolicy"):
        spec.pop("externalTrafficPolicy", None)
    for name in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
        if kind != "LoadBalancer" and before.get("type") == "LoadBalancer" and spec.get(name) == before.get(name):
            spec.pop(name, None)
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
        if spec["externalTrafficPolicy"] == "Local":
            spec.setdefault("healthCheckNodePort", before.get("healthCheckNodePort") or 31000 + number() % 1000)
    held = {(one.get("protocol"), one["port"]): one.get("nodePort") for one in before.get("ports", [])}
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
        if kind in OUTSIDE and spec.get("allocateLoadBalancerNodePorts", True):
            port.setdefault("nodePort", held.get((port["protocol"], port.get("port"))) or 30000 + number() % 1000)
        elif kind not in OUTSIDE and port.get("nodePort") in held.values():
            port.pop("nodePort", None)
    if kind != "LoadBalancer" and before.get("type") == "LoadBalancer":
        new["status"]["loadBalancer"] = {}
    for one in new["status"]["loadBalancer"].get("ingress") or ():
        if one.get("ip"):
            one.setdefault("ipMode", "VIP")


def _default_families(spec: Object, number: Callable[[], int]) -> None:
    headless = spec.get("clusterIP") == "None"
    if headless and "ipFamilyPolicy" not in spec and not spec.get("selector"):
        spec["ipFamilyPolicy"] = "RequireDualStack"
    policy = spec.setdefault("ipFamilyPolicy", "SingleStack")
    families = spec.setdefault("ipFamilies", ["IPv4"])
    if policy != "SingleStack" and len(families) == 1:
        families.append("IPv6" if families == ["IPv4"] else "IPv4")
    if headless:
        spec["clusterIPs"] = ["None"]
    elif not spec.get("clusterIPs"):
        found = number()
        both = {"IPv4": f"10.96.{found >> 8}.{found & 255}", "IPv6": f"fd00::{found:x}"}
        spec["clusterIPs"] = [both[family] for family in families]
        spec["clusterIP"] = spec["clusterIPs"][0]


def refused(kind: str, new: Object, old: Object | None) -> list[Cause]:
    """Give what is wrong with an object."""
    found = [*_labels(new)]
    if kind == "Service":
        found += [*_name(new), *_service(new, old), *_ingress(new)]
    if kind == "EndpointSlice":
        found += _slice(new, old)
    if kind == "Lease" and new.get("spec", {}).get("leaseDurationSeconds", 1) <= 0:
        found.append(("spec.leaseDurationSeconds", "Invalid", "must be greater than 0"))
    return found


def _labels(new: Object) -> Iterator[Cause]:
    for name in new["metadata"].get("labels", {}):
        if not re.fullmatch(QUALIFIED, name):
            yield "metadata.labels", "Invalid", f'Invalid value: "{name}": a qualified name'


def _name(new: Object) -> Iterator[Cause]:
    name = new["metadata"]["name"]
    if not re.fullmatch(LABEL, name):
        yield "metadata.name", "Invalid", f'Invalid value: "{name}": a lowercase RFC 1123 label'
    if len(name) > 63:
        yield "metadata.name", "Invalid", f'Invalid value: "{name}": must be no more than 63 characters'


def _service(new: Object, old: Object | None) -> Iterator[Cause]:
    spec = new["spec"]
    kind, ports, chosen = spec["type"], spec.get("ports") or [], spec.get("loadBalancerClass")
    if kind not in TYPES:
        yield "spec.type", "NotSupported", f'Unsupported value: "{kind}"'
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        yield "spec.ports", "Required", "Required value"
    for number, port in enumerate(ports):
        if len(ports) > 1 and not port.get("name"):
            yield f"spec.ports[{number}].name", "Required", "Required value"
        if any((one["port"], one["protocol"]) == (port["port"], port["protocol"]) for one in ports[:number]):
            yield f"spec.ports[{number}]", "Duplicate", "Duplicate value"
    if chosen is not None and kind != "LoadBalancer":
        yield "spec.loadBalancerClass", "Forbidden", "Forbidden: may only be used when `type` is 'LoadBalancer'"
    elif chosen is not None and not re.fullmatch(QUALIFIED, chosen):
        yield "spec.loadBalancerClass", "Invalid", f'Invalid value: "{chosen}": a qualified name'
    both = old is not None and old["spec"]["type"] == kind == "LoadBalancer"
    if old is not None and both and old["spec"].get("loadBalancerClass") != chosen:
        yield "spec.loadBalancerClass", "Invalid", "Invalid value: may not change once set"
    policy = spec.get("externalTrafficPolicy")
    if policy is not None and kind not in OUTSIDE:
        text = f'Invalid value: "{policy}": may only be set for externally-accessible services'
        yield "spec.externalTrafficPolicy", "Invalid", text
    elif policy not in {None, "Cluster", "Local"}:
        yield "spec.externalTrafficPolicy", "NotSupported", f'Unsupported value: "{policy}"'
    families = spec.get("ipFamilies", [])
    if len(families) != len(set(families)):
        yield "spec.ipFamilies[1]", "Duplicate", f'Duplicate value: "{families[1]}"'
    elif len(families) > 1 and spec["ipFamilyPolicy"] == "SingleStack":
        yield "spec.ipFamilyPolicy", "Invalid", 'Invalid value: "SingleStack"'
    if kind == "LoadBalancer" and spec.get("clusterIP") == "None":
        yield (
            "spec.clusterIPs[0]",
            "Invalid",
            "Invalid value: \"None\": may not be set to 'None' for LoadBalancer services",
        )


def _ingress(new: Object) -> Iterator[Cause]:
    entries = new["status"]["loadBalancer"].get("ingress") or []
    if entries and new["spec"]["type"] != "LoadBalancer":
        text = "Forbidden: may only be used when `spec.type` is 'LoadBalancer'"
        yield "status.loadBalancer.ingress", "Forbidden", text
    for number, one in enumerate(entries):
        at, ip, host = f"status.loadBalancer.ingress[{number}]", one.get("ip"), one.get("hostname")
        if ip:
            yield from _address(f"{at}.ip", ip)
        elif "ipMode" in one:
            yield f"{at}.ipMode", "Forbidden", "Forbidden: may not be specified when `ip` is not set"
        if one.get("ipMode", "VIP") not in {"VIP", "Proxy"}:
            yield f"{at}.ipMode", "NotSupported", f'Unsupported value: "{one["ipMode"]}"'
        if host and _is_address(host):
            yield f"{at}.hostname", "Invalid", f'Invalid value: "{host}": must be a DNS name, not an IP address'


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _address(at: str, text: str) -> Iterator[Cause]:
    if not _is_address(text):
        yield at, "Invalid", f'Invalid value: "{text}": must be a valid IP address'
    elif isinstance(found := ip_address(text), IPv6Address) and found.ipv4_mapped is not None:
        yield at, "Invalid", f'Invalid value: "{text}": must not be an IPv4-mapped IPv6 address'


def _slice(new: Object, old: Object | None) -> Iterator[Cause]:
    kind = new.get("addressType")
    if kind is None:
        yield "addressType", "Required", "Required value"
    elif old is not None and old["addressType"] != kind:
        yield "addressType", "Invalid", f'Invalid value: "{kind}": field is immutable'
    for number, one in enumerate(new.get("endpoints") or ()):
        at = f"endpoints[{number}].addresses"
        if not one.get("addresses"):
            yield at, "Required", "Required value: must contain at least 1 address"
        elif kind in FAMILIES and any(f"IPv{ip_address(text).version}" != kind for text in one["addresses"]):
            yield at, "Invalid", f"Invalid value: must be an {kind} address"
