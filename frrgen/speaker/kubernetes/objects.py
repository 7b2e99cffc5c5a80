"""The objects of a cluster's API, reduced to the fields that decide about announcements.

The names are those of the API (https://kubernetes.io/docs/reference/kubernetes-api/). Other fields are passed over, so
an object of a newer API reads like an object of today's. A cluster may have a hundred thousand of them, so they are
dataclasses with slots: an eighth of the memory of pydantic's models.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass

SERVICE_NAME = "kubernetes.io/service-name"
"""The label of an EndpointSlice that names its Service."""


_API: Final = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)
"""The API's names of fields; ours, too."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, config=_API)
class Metadata:
    """What every object has."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=_API)
class ApiObject:
    """An object."""

    metadata: Metadata

    @property
    def name(self) -> tuple[str, str]:
        """The namespace and the name."""
        return self.metadata.namespace, self.metadata.name


@dataclass(frozen=True, slots=True, config=_API)
class Namespace(ApiObject):
    """A Namespace (core/v1): its labels decide which pools are for its Services."""


@dataclass(frozen=True, slots=True, config=_API)
class ServicePort:
    """A port at which a Service is reached."""

    port: int = 0
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True, config=_API)
class ServiceSpec:
    """What the user wants."""

    type: str = "ClusterIP"
    load_balancer_class: str | None = None
    load_balancer_ip: str = Field(default="", alias="loadBalancerIP")
    external_traffic_policy: str = "Cluster"
    ip_family_policy: str = "SingleStack"
    ip_families: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=_API)
class Ingress:
    """An address at which the Service is reached; `hostname` instead of `ip` is for load balancers with DNS."""

    ip: str = ""
    ip_mode: str = "VIP"
    """VIP: packets arrive with this address as their destination. Proxy: with a node's address."""


@dataclass(frozen=True, slots=True, config=_API)
class LoadBalancer:
    """What a controller gave."""

    ingress: tuple[Ingress, ...] = ()


@dataclass(frozen=True, slots=True, config=_API)
class Condition:
    """One condition of an object."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


@dataclass(frozen=True, slots=True, config=_API)
class ServiceStatus:
    """What controllers say."""

    load_balancer: LoadBalancer = LoadBalancer()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, config=_API)
class Service(ApiObject):
    """A Service (core/v1)."""

    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


@dataclass(frozen=True, slots=True, config=_API)
class EndpointConditions:
    """The state of one pod behind a Service; None: true for `ready`, as `ready` for `serving`."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


@dataclass(frozen=True, slots=True, config=_API)
class Endpoint:
    """A pod behind a Service."""

    node_name: str = ""
    conditions: EndpointConditions = EndpointConditions()

    @property
    def ready(self) -> bool:
        """New connections go to it."""
        return self.conditions.ready is not False

    @property
    def serves(self) -> bool:
        """It answers: it is ready, or it is being ended and still serves."""
        return self.ready or self.conditions.serving is True


@dataclass(frozen=True, slots=True, config=_API)
class EndpointSlice(ApiObject):
    """Some endpoints of a Service, of one address family (discovery.k8s.io/v1)."""

    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def service(self) -> tuple[str, str] | None:
        """The namespace and name of its Service; None: it belongs to none."""
        name = self.metadata.labels.get(SERVICE_NAME)
        return None if name is None else (self.metadata.namespace, name)


@dataclass(frozen=True, slots=True, config=_API)
class Taint:
    """What keeps pods away from a node."""

    key: str = ""


@dataclass(frozen=True, slots=True, config=_API)
class NodeSpec:
    """What the administrator wants."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


@dataclass(frozen=True, slots=True, config=_API)
class NodeStatus:
    """What the kubelet says."""

    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, config=_API)
class ClusterNode(ApiObject):
    """A Node (core/v1)."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @staticmethod
    def unknown(name: str) -> ClusterNode:
        """Return a node that has a name, and nothing else that is known."""
        return ClusterNode(metadata=Metadata(name=name))


def read_object(kind: type[_T], data: Any) -> _T:
    """Read an object from the API's JSON. Raises pydantic.ValidationError.

    The API writes an absent field as null, too, in few objects: they cost a second attempt.
    """
    chosen: Any = kind  # mypy takes a type for unhashable
    adapter = _adapter(chosen)
    try:
        found: _T = adapter.validate_python(data)
    except ValidationError:
        found = adapter.validate_python(_without_nulls(data))
    return found


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _without_nulls(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _without_nulls(value) for name, value in data.items() if value is not None}
    return [_without_nulls(one) for one in data] if isinstance(data, list) else data
