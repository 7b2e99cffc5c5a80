"""The objects of a cluster's API, reduced to the fields that decide about announcements.

The names are those of the API (https://kubernetes.io/docs/reference/kubernetes-api/). Other fields are passed over, so
an object of a newer API reads like an object of today's.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

SERVICE_NAME = "kubernetes.io/service-name"
"""The label of an EndpointSlice that names its Service."""


class ApiModel(BaseModel):
    """A part of an object."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _absent(cls, data: Any) -> Any:
        """Take null for an absent field: the API writes both."""
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


class Metadata(ApiModel):
    """What every object has."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class ApiObject(ApiModel):
    """An object."""

    metadata: Metadata

    @property
    def name(self) -> tuple[str, str]:
        """The namespace and the name."""
        return self.metadata.namespace, self.metadata.name


class Namespace(ApiObject):
    """A Namespace (core/v1): its labels decide which pools are for its Services."""


class ServicePort(ApiModel):
    """A port at which a Service is reached."""

    port: int = 0
    protocol: str = "TCP"


class ServiceSpec(ApiModel):
    """What the user wants."""

    type: str = "ClusterIP"
    load_balancer_class: str | None = None
    load_balancer_ip: str = Field("", alias="loadBalancerIP")
    external_traffic_policy: str = "Cluster"
    ip_family_policy: str = "SingleStack"
    ip_families: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] = {}


class Ingress(ApiModel):
    """An address at which the Service is reached; `hostname` instead of `ip` is for load balancers with DNS."""

    ip: str = ""
    ip_mode: str = "VIP"
    """VIP: packets arrive with this address as their destination. Proxy: with a node's address."""


class LoadBalancer(ApiModel):
    """What a controller gave."""

    ingress: tuple[Ingress, ...] = ()


class Condition(ApiModel):
    """One condition of an object."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


class ServiceStatus(ApiModel):
    """What controllers say."""

    load_balancer: LoadBalancer = LoadBalancer()
    conditions: tuple[Condition, ...] = ()


class Service(ApiObject):
    """A Service (core/v1)."""

    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class EndpointConditions(ApiModel):
    """The state of one pod behind a Service; None: true for `ready`, as `ready` for `serving`."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(ApiModel):
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


class EndpointSlice(ApiObject):
    """Some endpoints of a Service, of one address family (discovery.k8s.io/v1)."""

    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def service(self) -> tuple[str, str] | None:
        """The namespace and name of its Service; None: it belongs to none."""
        name = self.metadata.labels.get(SERVICE_NAME)
        return None if name is None else (self.metadata.namespace, name)


class Taint(ApiModel):
    """What keeps pods away from a node."""

    key: str = ""


class NodeSpec(ApiModel):
    """What the administrator wants."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeStatus(ApiModel):
    """What the kubelet says."""

    conditions: tuple[Condition, ...] = ()


class ClusterNode(ApiObject):
    """A Node (core/v1)."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @classmethod
    def unknown(cls, name: str) -> Self:
        """Return a node that has a name, and nothing else that is known."""
        return cls(metadata=Metadata(name=name))
