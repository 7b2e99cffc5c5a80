"""Services from files, and what would become of them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

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
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
        documents = list(yaml.load_all(data, _LOADER))
    except OSError as bad:
        raise InputError(Finding(Code.FRR612, f"{path} cannot be read: {cause(bad, path)}")) from bad
    except (yaml.YAMLError, ValueError, RecursionError) as bad:
        mark = getattr(bad, "problem_mark", None)
        where = Where(str(path), mark.line + 1, mark.column + 1) if mark is not None else Where(str(path))
        raise InputError(Finding(Code.FRR612, f"it is no YAML: {getattr(bad, 'problem', None) or bad}", where)) from bad
    said = [one for one in documents if one is not None]
    if not said or not all(isinstance(one, dict) and isinstance(one.get("kind"), str) for one in said):
        hint = "give manifests, or what kubectl get services -A -o yaml prints"
        raise InputError(Finding(Code.FRR612, "it holds no objects of Kubernetes", Where(str(path)), hint))
    found = [_read(path, one, Service) for document in documents for one in _objects(document, "Service")]
    namespaces = [_read(path, one, Namespace) for document in documents for one in _objects(document, "Namespace")]
    for kind, objects in (("Service", found), ("Namespace", namespaces)):
        counted = Counter("/".join(one.name).strip("/") for one in objects)
        if twice := next((name for name, count in counted.items() if count > 1), None):
            raise InputError(Finding(Code.FRR612, f"the {kind} {twice} stands twice", Where(str(path))))
    return Manifests(tuple(found), {one.metadata.name: one.metadata.labels for one in namespaces})


def _objects(document: Any, wanted: str) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict):
        return
    kind, items = document.get("kind"), document.get("items")
    if kind == wanted:
        yield document
    elif isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        # the items of a typed list have no kind
        of = wanted if kind == f"{wanted}List" else None
        for one in items:
            if isinstance(one, dict) and one.get("kind", of) == wanted:
                yield one


def _read(path: Path, one: dict[str, Any], kind: type[_T]) -> _T:
    metadata = one.get("metadata")
    if isinstance(metadata, dict) and kind is Service and not metadata.get("namespace"):
        one = {**one, "metadata": {**metadata, "namespace": "default"}}
    try:
        return read_object(kind, one)
    except ValidationError as bad:
        first = bad.errors()[0]
        name = metadata.get("name") if isinstance(metadata, dict) else "without a name"
        text = f"the {kind.__name__} {name}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError(Finding(Code.FRR612, text, Where(str(path)))) from bad


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
