"""Services from files, and what would become of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where, cause
from frrgen.model.cluster import Network
from frrgen.model.router import Router
from frrgen.speaker.kubernetes.addresses import reserved
from frrgen.speaker.kubernetes.allocate import Labels, Name, Outcome, Rules, allocate
from frrgen.speaker.kubernetes.announce import Announcements
from frrgen.speaker.kubernetes.announce import Rules as AnnounceRules
from frrgen.speaker.kubernetes.objects import (
    SERVICE_NAME,
    ApiObject,
    Endpoint,
    EndpointSlice,
    Ingress,
    LoadBalancer,
    Metadata,
    Namespace,
    Service,
    ServiceStatus,
    read_object,
)
from frrgen.speaker.plan import NodePlan
from frrgen.speaker.wire.attributes import Attributes

_T = TypeVar("_T", bound=ApiObject)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as kubectl reads it: a time is a text."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in some if tag != "tag:yaml.org,2002:timestamp"]
        for first, some in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class Manifests:
    """What a file says of a cluster."""

    services: tuple[Service, ...]
    namespaces: Labels
    """The labels of the namespaces that the file has."""


def read_manifests(path: Path) -> Manifests:
    """Read the Services and Namespaces of manifests, or of `kubectl get -o yaml`. Raises InputError."""
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        documents = list(yaml.load_all(data, _Loader))
    except OSError as bad:
        raise InputError(Finding(Code.FRR612, f"{path} cannot be read: {cause(bad, path)}")) from bad
    except (yaml.YAMLError, ValueError, RecursionError) as bad:
        text = getattr(bad, "problem", None) or getattr(bad, "reason", None) or bad
        raise InputError(Finding(Code.FRR612, f"it is no YAML: {text}", _place_of(bad, path, data))) from bad
    said = [one for one in documents if one is not None]
    if not said or not all(isinstance(one, dict) and isinstance(one.get("kind"), str) for one in said):
        hint = "give manifests, or what kubectl get services -A -o yaml prints"
        raise InputError(Finding(Code.FRR612, "it holds no objects of Kubernetes", Where(str(path), 1, 1), hint))
    place = partial(_place, path, data)
    services = [(at, _read(one, Service, partial(place, at))) for at, one in _objects(documents, "Service")]
    namespaces = [(at, _read(one, Namespace, partial(place, at))) for at, one in _objects(documents, "Namespace")]
    for found in (services, namespaces):
        known: set[Name] = set()
        for at, thing in found:
            if thing.name in known:
                text = f"the {type(thing).__name__} {'/'.join(thing.name).strip('/')} stands twice"
                raise InputError(Finding(Code.FRR612, text, place(at, ())))
            known.add(thing.name)
    return Manifests(
        tuple(one for _, one in services), {one.metadata.name: one.metadata.labels for _, one in namespaces}
    )


def _place_of(bad: Exception, path: Path, data: bytes) -> Where:
    """Return where the YAML is wrong, as far as its reader tells."""
    if isinstance(bad, yaml.reader.ReaderError):
        before = data[: bad.position]
        return Where(str(path), before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
    mark = getattr(bad, "problem_mark", None)
    return Where(str(path)) if mark is None else Where(str(path), mark.line + 1, mark.column + 1)


def _objects(documents: list[Any], wanted: str) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Yield the objects of a kind, also those of Lists, with their places."""
    for number, document in enumerate(documents):
        if not isinstance(document, dict):
            continue
        kind, items = document.get("kind"), document.get("items")
        if kind == wanted:
            yield (number,), document
        elif isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
            # the items of a typed list have no kind
            of = wanted if kind == f"{wanted}List" else None
            for place, one in enumerate(items):
                if isinstance(one, dict) and one.get("kind", of) == wanted:
                    yield (number, "items", place), one


def _read(one: dict[str, Any], kind: type[_T], place: Callable[[tuple[str | int, ...]], Where]) -> _T:
    metadata = one.get("metadata")
    if isinstance(metadata, dict) and kind is Service and not metadata.get("namespace"):
        one = {**one, "metadata": {**metadata, "namespace": "default"}}
    try:
        return read_object(kind, one)
    except ValidationError as bad:
        first = bad.errors()[0]
        name = metadata.get("name") if isinstance(metadata, dict) else "without a name"
        text = f"the {kind.__name__} {name}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError(Finding(Code.FRR612, text, place(first["loc"]))) from bad


def _place(path: Path, data: bytes, at: tuple[str | int, ...], inside: tuple[str | int, ...]) -> Where:
    """Return where a value stands, or the nearest mapping or list around it."""
    document, *keys = (*at, *inside)
    node = list(yaml.compose_all(data, _Loader))[int(document)]
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            held = {name.value: value for name, value in node.value}
            node = held.get(key, node)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
    return Where(str(path), node.start_mark.line + 1, node.start_mark.column + 1)


@dataclass(frozen=True)
class Preview:
    """What Services would get."""

    services: Mapping[Name, Service]
    outcomes: Mapping[Name, Outcome]

    def announced(self, plan: NodePlan) -> dict[int, Attributes]:
        """Return what a node would announce, if a pod of each Service answers on it."""
        found = Announcements(plan.node_name, AnnounceRules())
        found.have_pools(plan.pools())
        for name, outcome in self.outcomes.items():
            ingress = tuple(Ingress(ip=str(address)) for address in outcome.addresses)
            status = ServiceStatus(load_balancer=LoadBalancer(ingress=ingress))
            found.service(name, replace(self.services[name], status=status))
            for family in ("IPv4", "IPv6"):
                labels = {SERVICE_NAME: name[1]}
                metadata = Metadata(name=f"{name[1]}-{family}", namespace=name[0], labels=labels)
                here = Endpoint(node_name=plan.node_name)
                pods = EndpointSlice(metadata=metadata, address_type=family, endpoints=(here,))
                found.endpoint_slice(pods.name, pods)
        found.settle()
        return found.announced()


def preview(manifests: Manifests, network: Network, cluster: str, routers: Iterable[Router]) -> Preview:
    """Allocate for the Services of one cluster, with or without a class."""
    found = {one.name: one for one in manifests.services}
    pools = network.clusters[cluster].pools
    blocked = reserved(network, routers, pools.values())
    rules = Rules(default_class=True)
    return Preview(found, allocate(found.values(), pools, blocked, rules, manifests.namespaces))
