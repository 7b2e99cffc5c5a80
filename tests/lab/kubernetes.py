"""A cluster of the lab: an API server, nodes that speak to a router, and kubectl."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.lab import Lab, wait_for
from tests.lab.router import die_with_parent
from tests.lab.speaking import ROOT, Speaking, rendered

NODES = {"n1": "192.168.1.11", "n2": "192.168.1.12", "n3": "192.168.1.13"}
API = "192.168.1.9"
POOL = "192.168.10.0/24"
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: default
spec:
  type: LoadBalancer
  externalTrafficPolicy: {policy}
  selector: {{app: {name}}}{more}
  ports: [{{name: http, port: 80, targetPort: 8080}}]
"""
DENIED = "192.168.10.200"
ROUTER = f"""\
bgp: {{asn: 64512}}
prefix_lists:
  MetalLB_k8s:
    entries:
      - {{seq: 5, action: deny, prefix: {DENIED}/32}}
      - {{seq: 10, action: permit, prefix: {POOL}, le: 32}}
"""
"""The router's own list wins over the list that the cluster means."""
CLUSTER = """\
asn: 64512
nodes: {{{nodes}}}
pools:
  services: {{prefixes: [{pool}], lengths: [24, 32], avoid_buggy_ips: true, prefix_list: MetalLB_k8s}}
routers:
  edge: {{address: 192.168.1.2, route_map_in: MetalLB_k8s}}
timers: {{keepalive: 1, hold: 3}}
timers_connect: 1
"""


class Kubernetes:
    """The API server, in a namespace of its own beside the nodes and the router."""

    def __init__(self, lab: Lab, folder: Path, *options: str) -> None:
        """Take what the speakers are told beside."""
        self.folder = folder
        self.options = options
        self.edge = lab.router("edge")
        self.nodes = {name: lab.router(name, daemons=()) for name in NODES}
        self.host = lab.router("api", daemons=())
        members = [(self.nodes[name], f"{address}/24") for name, address in NODES.items()]
        lab.lan((self.edge, "192.168.1.2/24"), (self.host, f"{API}/24"), *members)
        self.net = folder / "net"
        (self.net / "routers").mkdir(parents=True)
        (self.net / "clusters").mkdir()
        (self.net / "network.yaml").write_text("")
        (self.net / "routers/edge.yaml").write_text(f"frr_version: {lab.frr.version}\n{ROUTER}")
        nodes = ", ".join(f"{name}: {{addresses: [{address}]}}" for name, address in NODES.items())
        (self.net / "clusters/k8s.yaml").write_text(CLUSTER.format(nodes=nodes, pool=POOL))
        self.edge.start(rendered(self.net))
        self.state = folder / "api"
        self.server = subprocess.Popen(
            [*self._inside(), sys.executable, "-m", "tests.kubernetes.server", f"{API}:6443", str(self.state)],
            cwd=ROOT,
            preexec_fn=die_with_parent,  # noqa: PLW1509
            stdin=subprocess.DEVNULL,
            stderr=(folder / "api.log").open("wb"),
        )
        wait_for("the API server", (self.state / "ready").exists)
        self.speakers: dict[str, Speaking] = {}

    def _inside(self) -> list[str]:
        return ["nsenter", "-t", str(self.host.pid), "-n", "--"]

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    def __enter__(self) -> Self:
        for name in NODES:
            self.add_node(name)
        for name, host in self.nodes.items():
            options = ("--node", name, "--kubeconfig", str(self.kubeconfig), *self.options)
            self.speakers[name] = Speaking(host, self.net, *options, source="kubernetes:allocate")
        for speaker in self.speakers.values():
            speaker.up()
        return self

    def __exit__(self, *_: object) -> None:
        for speaker in self.speakers.values():
            speaker.__exit__()
        self.server.kill()
        self.server.wait()

    def kubectl(self, *words: str, text: str | None = None) -> str:
        """Run kubectl beside the API server. Raises AssertionError with what it says."""
        done = subprocess.run(
            [*self._inside(), "kubectl", "--kubeconfig", str(self.kubeconfig), *words],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env={"HOME": str(self.folder), "PATH": os.environ["PATH"]},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, one: dict[str, Any] | str) -> str:
        text = one if isinstance(one, str) else json.dumps(one)
        return self.kubectl("apply", "--validate=false", "-f", "-", text=text)

    def add_node(self, name: str) -> None:
        """Do what the kubelet of a node does: say that the node is there, and its address."""
        addresses = [{"type": "InternalIP", "address": NODES[name]}, {"type": "Hostname", "address": name}]
        about = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}
        self.apply({**about, "status": {"addresses": addresses}})

    def address(self, name: str) -> str:
        """Return the address of a Service; "" if it has none."""
        return self.kubectl("get", "service", name, "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")

    def allocate(self, name: str, *ips: str) -> None:
        """Do what a controller of others does: write addresses into the status of a Service."""
        found = json.loads(self.kubectl("get", "service", name, "-o", "json"))
        found["status"] = {"loadBalancer": {"ingress": [{"ip": ip} for ip in ips]}}
        path = f"/api/v1/namespaces/default/services/{name}/status"
        self.kubectl("replace", "--validate=false", "--raw", path, "-f", "-", text=json.dumps(found))

    def add_pod(self, name: str, node: str) -> None:
        """Put a pod on a node."""
        spec = {"nodeName": node, "containers": [{"name": "c", "image": "example.com/c"}]}
        self.apply(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec}
        )

    def pods(self, service: str, **nodes: str) -> None:
        """Say where pods of a Service are: `ready`, or `ending`, which is being ended and still serves."""
        states = {
            "ready": {"ready": True, "serving": True, "terminating": False},
            "ending": {"ready": False, "serving": True, "terminating": True},
        }
        endpoints = [
            {"nodeName": node, "conditions": states[state], "addresses": ["10.9.0.1"]} for node, state in nodes.items()
        ]
        metadata = {"name": f"{service}-1", "labels": {"kubernetes.io/service-name": service}, "namespace": "default"}
        about = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata}
        self.apply({**about, "addressType": "IPv4", "endpoints": endpoints, "ports": []})

    def next_hops(self, prefix: str) -> set[str]:
        """Return the next hops that the router's kernel has for a prefix."""
        found = json.loads(self.edge.run("ip", "-j", "route", "show", prefix).stdout or "[]")
        hops = [hop for one in found for hop in one.get("nexthops", [one])]
        return {hop["gateway"] for hop in hops if "gateway" in hop}

    def has(self, prefix: str, *nodes: str, seconds: float = 20) -> None:
        """Wait until the router sends a prefix's packets to these nodes, and to no other."""
        meant = {NODES[name] for name in nodes}
        self.until(f"{prefix} by {sorted(nodes)}", lambda: self.next_hops(prefix) == meant, seconds)

    def until(self, what: str, probe: Callable[[], Any], seconds: float = 20) -> None:
        wait_for(f"{what} ({self.edge.vtysh('show bgp ipv4 unicast')})", probe, seconds)
