"""Documents of YAML -> the objects of Kubernetes in them, also those of Lists."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.node_list import HOSTNAME
from frrgen.inventory.yaml import YamlNode
from frrgen.model.types import Address

GROUP: Final = "metallb.io/"


@dataclass(frozen=True)
class Manifest:
    """An object, and where it stands."""

    version: str
    kind: str
    name: str
    """"" without a name."""
    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    node: YamlNode

    @property
    def where(self) -> Where:
        """Its place in the file."""
        return self.node.where

    def part(self, key: str) -> YamlNode:
        """Return a part of it; an empty one if there is none."""
        found: YamlNode = self.node.value.get(key) or YamlNode({}, self.where)
        return YamlNode({}, found.where) if found.value is None else without_nulls(found)


def without_nulls(node: YamlNode) -> YamlNode:
    """Leave out keys without a value: to Kubernetes they are not there."""
    if isinstance(node.value, dict):
        held = {key: without_nulls(one) for key, one in node.value.items() if one.value is not None}
        return YamlNode(held, node.where, node.key)
    if isinstance(node.value, list):
        return YamlNode([without_nulls(one) for one in node.value], node.where, node.key)
    return node


@dataclass(frozen=True)
class KubernetesNode:
    """A Node of Kubernetes."""

    labels: Mapping[str, str]
    addresses: tuple[Address, ...]
    """Its InternalIPs."""


def manifests(documents: Iterable[YamlNode]) -> Iterator[Manifest]:
    """Yield the objects of documents. Raises InputError for what is no object."""
    for document in documents:
        if document.value is not None:
            yield from _objects(document, None, "")


def _objects(node: YamlNode, kind: str | None, version: str) -> Iterator[Manifest]:
    if not isinstance(node.value, dict):
        raise InputError(Finding(Code.FRR621, "a manifest is a mapping with a kind", node.where))
    said = node.value.get("kind")
    kind = str(said.value) if said is not None else kind
    version = str(node.value["apiVersion"].value) if "apiVersion" in node.value else version
    if kind is None:
        raise InputError(Finding(Code.FRR621, "the key 'kind' is missing: it is no manifest", node.where))
    items = node.value.get("items")
    if kind.endswith("List") and items is not None and isinstance(items.value, list):
        for item in items.value:
            # the items of a typed list have no kind of their own
            yield from _objects(item, kind.removesuffix("List") or None, version)
        return
    metadata = node.value.get("metadata")
    plain: Any = metadata.plain() if metadata is not None else {}
    plain = plain if isinstance(plain, dict) else {}
    name, namespace = (str(plain.get(key) or "") for key in ("name", "namespace"))
    yield Manifest(version, kind, name, namespace, _texts(plain, "labels"), _texts(plain, "annotations"), node)


def _texts(metadata: Mapping[str, Any], key: str) -> dict[str, str]:
    found = metadata.get(key)
    return {name: str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def passwords(found: Iterable[Manifest]) -> dict[str, str]:
    """Return the passwords of the Secrets, by their names. Raises InputError for data that is not base64."""
    known: dict[str, str] = {}
    for one in found:
        if one.kind != "Secret":
            continue
        texts: Any = one.part("stringData").plain()
        data: Any = one.part("data").plain()
        if isinstance(texts, dict) and isinstance(texts.get("password"), str):
            known[one.name] = texts["password"]
        elif isinstance(data, dict) and isinstance(data.get("password"), str):
            try:
                known[one.name] = base64.b64decode(data["password"], validate=True).decode().rstrip("\n")
            except (binascii.Error, ValueError) as bad:
                text = f"the password of the Secret {one.name} is not base64"
                raise InputError(Finding(Code.FRR621, text, one.where)) from bad
    return known


def machines(found: Iterable[Manifest]) -> dict[str, KubernetesNode]:
    """Return the Nodes of Kubernetes. Raises InputError for an invalid address."""
    known: dict[str, KubernetesNode] = {}
    for one in found:
        if one.kind != "Node":
            continue
        status: Any = one.part("status").plain()
        entries = status.get("addresses") if isinstance(status, dict) else None
        pairs = [entry for entry in entries or () if isinstance(entry, dict)] if isinstance(entries, list) else []
        try:
            own = tuple(ip_address(str(entry.get("address"))) for entry in pairs if entry.get("type") == "InternalIP")
        except ValueError as bad:
            raise InputError(Finding(Code.FRR621, f"an address of the Node {one.name}: {bad}", one.where)) from bad
        known[one.name] = KubernetesNode({HOSTNAME: one.name, **one.labels}, own)
    return known
