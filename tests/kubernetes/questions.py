"""Requests to an API server, one after the other, and its answers without what differs from run to run.

`python -m tests.kubernetes.questions KUBECONFIG` asks a real server, and writes its answers to `data/answers.json`.
The server must have both IP versions. Messages are not compared: their words differ between versions.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frrgen.speaker.kubernetes.api import Api
from tests.kubernetes.things import Object, endpoint, endpoint_slice

RECORD = Path(__file__).parent / "data" / "answers.json"
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
PLACE = "NAMESPACE"
CHANGING = {
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "selfLink",
}
CHANGING |= {"clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort", "nodeInfo", "daemonEndpoints"}


@dataclass(frozen=True)
class Question:
    """A request."""

    method: str
    path: str
    body: Any = None
    content_type: str = "application/json"
    params: dict[str, str] = field(default_factory=dict)
    dual: bool = False
    """It needs a server of both IP versions."""

    @property
    def text(self) -> str:
        """What is asked, and the key of its answer in the record."""
        words = [self.method, self.path, *(f"{name}={value}" for name, value in self.params.items())]
        words += [] if self.body is None else [self.content_type.split("/")[-1], json.dumps(self.body)]
        return " ".join(words)


SERVICES = f"/api/v1/namespaces/{PLACE}/services"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{PLACE}/endpointslices"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{PLACE}/leases"
EVENTS = f"/api/v1/namespaces/{PLACE}/events"
NODES = "/api/v1/nodes"


def _made(name: str, **spec: Any) -> Object:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}], "loadBalancerClass": "frrgen.io/test"} | spec
    spec = {name: value for name, value in spec.items() if value is not None}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def _condition(kind: str, status: str = "True") -> Object:
    time = "2026-01-01T00:00:00Z"
    return {"type": kind, "status": status, "reason": "R", "message": "m", "lastTransitionTime": time}


def questions() -> Iterator[Question]:
    """Give all questions, in order."""
    yield from _creating()
    yield from _replacing()
    yield from _status()
    yield from _applying()
    yield from _finding()
    yield from _nodes()
    yield from _slices()
    yield from _leases()
    yield from _events()
    yield from _deleting()


def _creating() -> Iterator[Question]:
    def create(name: str, *, dual: bool = False, **spec: Any) -> Question:
        return Question("POST", SERVICES, _made(name, **spec), dual=dual)

    plain = {"type": "ClusterIP", "loadBalancerClass": None}
    yield create("a")
    yield create("a")
    yield create("Upper")
    yield create("a" * 64)
    yield create("noports", ports=None)
    yield create("type", type="Foo", loadBalancerClass=None)
    yield create("twice", **plain, ports=[{"port": 1}, {"port": 1}])
    yield create("two", **plain, ports=[{"port": 1, "name": "x"}, {"port": 2, "name": "y", "protocol": "UDP"}])
    yield create("class", type="ClusterIP")
    yield create("class", loadBalancerClass="a b")
    yield create("policy", **plain, externalTrafficPolicy="Local")
    yield create("policy", externalTrafficPolicy="local")
    yield create("local", externalTrafficPolicy="Local")
    yield create("headless", clusterIP="None")
    yield create("headless", **plain, clusterIP="None", selector={"a": "b"})
    yield create("name", type="ExternalName", externalName="x.example", ports=None, loadBalancerClass=None)
    yield create("noport", allocateLoadBalancerNodePorts=False)
    for policy in ("SingleStack", "PreferDualStack", "RequireDualStack"):
        for families in ([], ["IPv4"], ["IPv6"], ["IPv6", "IPv4"], ["IPv4", "IPv4"]):
            name = "-".join((policy, *families)).lower()
            dual = "IPv6" in families or policy != "SingleStack"
            yield create(name, dual=dual, ipFamilyPolicy=policy, ipFamilies=families or None)
    yield Question("POST", SERVICES, {**_made("b"), "metadata": {"name": "b", "labels": {"a b": "c"}}})
    yield Question("POST", SERVICES, {**_made("b"), "kind": "Node"})
    yield Question("POST", SERVICES, {**_made("b"), "apiVersion": "v2"})
    yield Question("POST", SERVICES, _made("b", ports="x"))
    yield Question("POST", SERVICES, {**_made("b"), "metadata": {"name": "b", "namespace": "default"}})
    yield Question("POST", SERVICES.replace(PLACE, f"{PLACE}-not-there"), _made("b"))
    yield Question("POST", SERVICES, "no object")


def _replacing() -> Iterator[Question]:
    def patch(body: Object, kind: str = MERGE) -> Question:
        return Question("PATCH", f"{SERVICES}/a", body, kind)

    yield Question("GET", f"{SERVICES}/none")
    yield Question("PUT", f"{SERVICES}/byput", _made("byput"))
    yield Question("PUT", f"{SERVICES}/a", _made("b"))
    yield Question("PUT", f"{SERVICES}/a", _made("a", ports=[{"port": 81}]))
    old = _made("a")
    yield Question("PUT", f"{SERVICES}/a", {**old, "metadata": {"name": "a", "resourceVersion": "1"}})
    yield patch({"metadata": {"labels": {"x": "y", "j": "k"}}})
    yield patch({"metadata": {"labels": {"x": "y"}}})
    yield patch({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}})
    yield patch({"metadata": {"resourceVersion": "1"}})
    yield patch({"spec": {"ports": [{"port": 443, "name": "https"}]}}, STRATEGIC)
    yield patch({"spec": {"type": "ClusterIP"}})
    yield patch({"spec": {"type": "LoadBalancer", "loadBalancerClass": "x/y"}})
    yield patch({"spec": {"loadBalancerClass": None}})
    yield Question("PATCH", f"{SERVICES}/none", {"metadata": {}}, MERGE)
    yield Question("PATCH", f"{SERVICES}/a", "x", "text/plain")


def _status() -> Iterator[Question]:
    def patch(status: Object, kind: str = MERGE, name: str = "a", **more: Any) -> Question:
        return Question("PATCH", f"{SERVICES}/{name}/status", {"status": status, **more}, kind)

    for entries in (
        [{"ip": "192.0.2.1"}],
        [{"ip": "192.0.2.1", "ipMode": "Proxy"}],
        [{"ip": "192.0.2.1", "ipMode": "Other"}],
        [{"hostname": "x.example"}],
        [{"hostname": "x.example", "ipMode": "VIP"}],
        [{"hostname": "192.0.2.1"}],
        [{"ip": "192.0.2"}],
        [{"ip": "192.0.2.01"}],
        [{"ip": "::ffff:192.0.2.1"}],
        [{"ip": "192.0.2.1"}, {"ip": "192.0.2.1"}],
        [{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}],
    ):
        yield patch({"loadBalancer": {"ingress": entries}})
    yield patch({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, name="two")
    yield patch({}, metadata={"labels": {"q": "r"}, "annotations": {"n": "m"}}, spec={"type": "ClusterIP"})
    yield patch({"loadBalancer": None})
    yield patch({"conditions": [_condition("foo")]})
    yield patch({"conditions": [_condition("bar")]}, STRATEGIC)
    yield patch({"conditions": [_condition("foo", "Maybe")]}, STRATEGIC)
    yield patch({"conditions": [{"type": "foo", "$patch": "delete"}]}, STRATEGIC)


def _applying() -> Iterator[Question]:
    def apply(name: str, manager: str, sub: str = "", *, force: bool = False, **body: Any) -> Question:
        about = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}} | body
        params = ({"fieldManager": manager} if manager else {}) | ({"force": "true"} if force else {})
        return Question("PATCH", f"{SERVICES}/{name}{sub}", about, APPLY, params)

    spec = _made("new")["spec"]
    yield apply("none", "x", "/status", status={})
    yield apply("new", "x", spec=spec)
    yield apply("new", "x", spec=spec)
    yield apply("new", "y", spec={"type": "ClusterIP"})
    yield apply("new", "y", metadata={"name": "new", "resourceVersion": "1"}, spec={})
    yield apply("new", "y", metadata={"name": "new", "managedFields": []})
    yield apply("new", "y", apiVersion="v2")
    yield apply("new", "")
    yield apply("new", "f", "/status", status={"conditions": [_condition("frrgen.io/A")]})
    yield apply("new", "g", "/status", status={"conditions": [_condition("frrgen.io/A", "False")]})
    yield apply("new", "g", "/status", force=True, status={"conditions": [_condition("frrgen.io/A", "False")]})
    yield apply("new", "f", "/status", status={"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})
    yield apply("new", "g", "/status", status={"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}]}})
    yield apply("new", "f", "/status", status={})
    yield apply("new", "f", "/status", spec={"type": "ClusterIP"}, status={})


def _finding() -> Iterator[Question]:
    for labels in ("x=y", "x!=y", "x", "!x", "x in (y,z)", "x notin (y)", "x==y", "x=y,j=k", "x=", "((", "x in y"):
        yield Question("GET", SERVICES, params={"labelSelector": labels})
    some = ("metadata.name=a", "metadata.name!=a", f"metadata.namespace={PLACE}", "spec.type=LoadBalancer")
    for fields in (*some, "spec.clusterIP=None", "spec.foo=1", "metadata.name=a,spec.type=ClusterIP"):
        yield Question("GET", SERVICES, params={"fieldSelector": fields})
    for params in ({"limit": "1", "continue": "abc"}, {"resourceVersion": "abc"}, {"limit": "x"}):
        yield Question("GET", SERVICES, params=params)
    yield Question("GET", SERVICES.replace(PLACE, f"{PLACE}-not-there"))
    yield Question("GET", "/api/v1/nothing")


def _nodes() -> Iterator[Question]:
    name = f"{PLACE}-n1"
    one = f"{NODES}/{name}"
    about = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"zone": "a"}}}
    yield Question("POST", NODES, {**about, "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]}})
    yield Question("POST", NODES, about)
    yield Question("GET", NODES, params={"fieldSelector": f"metadata.name={name}"})
    for spec in ({"unschedulable": True}, {"unschedulable": None}, {"taints": [{"key": "k", "effect": "NoSchedule"}]}):
        yield Question("PATCH", one, {"spec": spec}, STRATEGIC)
        yield Question("GET", NODES, params={"fieldSelector": f"metadata.name={name},spec.unschedulable=true"})
    yield Question("PATCH", one, {"metadata": {"annotations": {"frrgen.io/drain": "yes"}}}, MERGE)
    condition = {**_condition("NetworkUnavailable"), "lastHeartbeatTime": "2026-01-01T00:00:00Z"}
    yield Question("PATCH", f"{one}/status", {"status": {"conditions": [condition]}}, STRATEGIC)
    yield Question("DELETE", one)
    yield Question("DELETE", one)


def _slices() -> Iterator[Question]:
    about = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}

    def made(*endpoints: Object, **more: Any) -> Object:
        return {**about, **endpoint_slice("a", *endpoints, namespace=PLACE, **more)}

    ending = endpoint("n1", ready=False, serving=True, terminating=True)
    yield Question("POST", SLICES, made(endpoint("n1")))
    yield Question("POST", SLICES, made(ending, number=2))
    yield Question("POST", SLICES, made(endpoint("n1"), family="IPv6"))
    yield Question("POST", SLICES, made({"addresses": []}, number=4))
    yield Question("POST", SLICES, {**made(number=6), "addressType": None})
    yield Question("GET", SLICES, params={"labelSelector": "kubernetes.io/service-name=a"})
    yield Question("PUT", f"{SLICES}/a-ipv4-1", made(endpoint("n2")))
    yield Question("PUT", f"{SLICES}/a-ipv4-1", {**made(), "addressType": "IPv6"})
    yield Question("PATCH", f"{SLICES}/a-ipv4-1", {"endpoints": []}, MERGE)


def _leases() -> Iterator[Question]:
    def lease(**spec: Any) -> Object:
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}, "spec": spec}

    yield Question("POST", LEASES, lease(leaseDurationSeconds=0))
    yield Question(
        "POST", LEASES, lease(holderIdentity="a", leaseDurationSeconds=15, renewTime="2026-01-01T00:00:00.000000Z")
    )
    yield Question("POST", LEASES, lease())
    yield Question("PUT", f"{LEASES}/l", lease(holderIdentity="b"))
    yield Question("PATCH", f"{LEASES}/l", {"spec": {"holderIdentity": "c"}}, MERGE)


def _events() -> Iterator[Question]:
    about = {"apiVersion": "v1", "kind": "Service", "name": "a", "namespace": PLACE, "uid": "u"}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "involvedObject": about, "reason": "R"}
    event |= {"type": "Warning", "message": "m", "source": {"component": "c", "host": "h"}, "count": 1}
    yield Question("POST", EVENTS, event)
    yield Question("GET", EVENTS, params={"fieldSelector": "involvedObject.uid=u,involvedObject.name=a"})
    yield Question("GET", EVENTS, params={"fieldSelector": "involvedObject.uid=v"})


def _deleting() -> Iterator[Question]:
    one = f"{SERVICES}/local"
    yield Question("PATCH", one, {"metadata": {"finalizers": ["frrgen.io/x"]}}, MERGE)
    yield Question("DELETE", one)
    yield Question("GET", one)
    yield Question("DELETE", one)
    yield Question("PATCH", one, {"metadata": {"finalizers": []}}, MERGE)
    yield Question("GET", one)
    yield Question("DELETE", f"{SERVICES}/a")
    yield Question("GET", f"{SERVICES}/a")


# answers


def plain(code: int, answer: Any, namespace: str) -> Object:
    """Give an answer without what differs from run to run, or between versions."""
    if not isinstance(answer, dict):
        return {"code": code}
    if answer.get("kind") == "Status":
        details = answer.get("details") or {}
        causes = sorted({(one.get("field", ""), one["reason"]) for one in details.get("causes") or ()})
        return {"code": code, "reason": answer.get("reason", ""), "causes": [list(one) for one in causes]}
    if "items" in answer:
        return {
            "code": code,
            "items": sorted(one["metadata"]["name"].replace(namespace, PLACE) for one in answer["items"]),
        }
    return {"code": code, "object": json.loads(json.dumps(_kept(answer), sort_keys=True).replace(namespace, PLACE))}


def _kept(value: Any) -> Any:
    """Leave out what changes, and what is empty: a server writes null, an empty list, or nothing."""
    if isinstance(value, dict):
        kept = {name: _kept(one) for name, one in value.items() if name not in CHANGING}
        return {name: one for name, one in kept.items() if one not in (None, [], {}, "")}
    if isinstance(value, list):
        return [_kept(one) for one in value]
    return value


async def answers(api: Api, asked: Iterator[Question]) -> dict[str, Object]:
    """Ask a server. Give text -> answer."""
    namespace = f"frrgen-test-{uuid.uuid4().hex[:8]}"
    client = api._client
    about = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    (await client.post("/api/v1/namespaces", json=about)).raise_for_status()
    found: dict[str, Object] = {}
    try:
        for number, one in enumerate(asked):
            content = None if one.body is None else json.dumps(one.body).replace(PLACE, namespace).encode()
            path = one.path.replace(PLACE, namespace)
            params = {name: value.replace(PLACE, namespace) for name, value in one.params.items()}
            headers = {} if content is None else {"Content-Type": one.content_type}
            answer = await client.request(one.method, path, params=params, content=content, headers=headers)
            try:
                body = answer.json()
            except ValueError:
                body = None
            found[f"{number} {one.text}"] = plain(answer.status_code, body, namespace)
    finally:
        listed = (await client.get(SERVICES.replace(PLACE, namespace))).json()
        for one in listed["items"]:
            await client.delete(f"{SERVICES.replace(PLACE, namespace)}/{one['metadata']['name']}")
        await client.delete(f"/api/v1/namespaces/{namespace}")
        await client.delete(f"{NODES}/{namespace}-n1")
    return found


async def _main(kubeconfig: Path) -> None:
    api = Api(kubeconfig)
    found = await answers(api, questions())
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(
        "".join(["{\n", ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items()), "\n}\n"])
    )
    await api.close()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
