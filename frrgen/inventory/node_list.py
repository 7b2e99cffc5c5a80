"""What `kubectl get nodes -o yaml` prints -> the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from frrgen import limits
from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where, cause
from frrgen.inventory.folder import opened
from frrgen.inventory.yaml import YamlNode, read_all
from frrgen.model.selector import Selector
from frrgen.model.types import is_address

HOSTNAME: Final = "kubernetes.io/hostname"
"""The label of a Node that holds its name."""


def listed(folder: Path, name: str, selector: Selector) -> dict[str, YamlNode]:
    """Return the nodes of a file by name, as an inventory would say them, with the places in that file.

    Raises InputError if the file cannot be read, is outside of the inventory's folder, or holds no Node.
    """
    path = folder / name
    try:
        if path.exists() and not path.resolve().is_relative_to(folder.resolve()):
            message = "is not read: it is outside of the inventory"
            raise InputError(Finding(Code.FRR101, message, Where(str(path)), "copy it there"))
        with opened(path) as file:
            documents = read_all(file.read(limits.most_bytes() + 1), str(path))
    except OSError as bad:
        hint = f"kubectl get nodes -o yaml > {path}"
        raise InputError(Finding(Code.FRR101, f"cannot be read: {cause(bad, path)}", Where(str(path)), hint)) from bad
    found: dict[str, YamlNode] = {}
    some = False
    for one in (each for document in documents for each in _objects(document)):
        some = True
        metadata = _plain(one, "metadata")
        labels = {str(key): str(value) for key, value in (metadata.get("labels") or {}).items()}
        name = str(metadata.get("name", ""))
        if selector.matches({HOSTNAME: name, **labels}):
            parts = {
                "addresses": YamlNode(
                    [YamlNode(address, one.where) for address in _addresses(one)], one.where, one.where
                ),
                "labels": YamlNode(
                    {key: YamlNode(value, one.where) for key, value in labels.items()}, one.where, one.where
                ),
            }
            found[name] = YamlNode(parts, one.where, one.where)
    if not some:
        hint = f"kubectl get nodes -o yaml > {path}"
        raise InputError(Finding(Code.FRR101, "it holds no Node of Kubernetes", Where(str(path)), hint))
    return found


def _objects(document: YamlNode) -> Iterator[YamlNode]:
    if not isinstance(document.value, dict):
        return
    kind = document.value.get("kind")
    items = document.value.get("items")
    if items is not None and isinstance(items.value, list):
        typed = kind is not None and kind.value == "NodeList"
        yield from (one for one in items.value if isinstance(one.value, dict) and (typed or _is_node(one)))
    elif _is_node(document):
        yield document


def _is_node(one: YamlNode) -> bool:
    kind = one.value.get("kind")
    return kind is not None and kind.value == "Node"


def _plain(one: YamlNode, key: str) -> dict[str, Any]:
    said = one.value.get(key)
    found = said.plain() if said is not None else None
    return found if isinstance(found, dict) else {}


def _addresses(one: YamlNode) -> list[str]:
    """Return the first InternalIP of each family."""
    entries = _plain(one, "status").get("addresses")
    said = entries if isinstance(entries, list) else []
    internal = [
        str(each.get("address")) for each in said if isinstance(each, dict) and each.get("type") == "InternalIP"
    ]
    first: dict[int, str] = {}
    for text in internal:
        if is_address(text):
            first.setdefault(ip_address(text).version, text)
    return list(first.values())
