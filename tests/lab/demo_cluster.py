"""The second part of `make demo`: from `kubectl apply` to a packet, on three nodes beside real routers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import Lab, Router, wait_for
from tests.lab.router import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
NODES = {"microk8s-1": "192.168.1.10", "microk8s-2": "192.168.1.11", "microk8s-3": "192.168.1.12"}
API = "192.168.1.9"
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  loadBalancerClass: frrgen.io/bgp
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
"""
STRAY = """\
apiVersion: v1
kind: Service
metadata: {name: stray}
spec:
  type: LoadBalancer
  selector: {app: stray}
  ports: [{port: 80, targetPort: 8080}]
"""
STATIC = """\
announcements:
  - prefix: 192.168.10.1/32      # a service of the cluster
  - prefix: 192.168.99.0/24      # by mistake: it is in no pool
"""
PREFIX = "192.168.10.1/32"
WEB = "192.168.10.1"
POD = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 80))
while True:
    _, who = s.recvfrom(100)
    s.sendto(sys.argv[2].encode(), who)
"""
CLIENT = """
import socket, sys
for _ in range(60):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(2)
    s.sendto(b"who?", (sys.argv[1], 80))
    print(s.recv(100).decode(), flush=True)
"""
STREAM = """
import select, socket, sys, time
sent, lost, ended, since = 0, 0, False, set()
while not ended or len(since) < int(sys.argv[2]):
    time.sleep(0.005)
    ended = ended or bool(select.select([sys.stdin], [], [], 0)[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.sendto(b"who?", (sys.argv[1], 80))
        sent += 1
        try:
            node = s.recv(100).decode()
            if ended:
                since.add(node)
        except OSError:
            lost += 1
print(sent, lost)
"""
Show = Callable[..., None]


def inventory(folder: Path) -> Path:
    """Write the example's inventory, with three nodes in its cluster, the address x.x.x.0 left out as in the article.

    Return the folder that it stands in.
    """
    for name in ("inventory", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    path = folder / "inventory/clusters/microk8s.yaml"
    text = path.read_text()
    first = f"    addresses: [{NODES['microk8s-1']}]\n"
    more = "".join(f"  {name}:\n    addresses: [{address}]\n" for name, address in list(NODES.items())[1:])
    pool = "    lengths: [24, 32]\n"
    if first not in text or pool not in text:
        raise SystemExit("the demo failed: the example's cluster is another")
    path.write_text(text.replace(first, first + more).replace(pool, f"{pool}    avoid_buggy_ips: true\n"))
    return folder


@dataclass
class Cluster:
    """An API server, and three nodes with a speaker and a pod each."""

    lab: Lab
    host: Router
    net: Path
    frrgen: str
    show: Show
    keep: bool = False
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    pods: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """Node -> its pod of the service."""

    @property
    def state(self) -> Path:
        return self.lab.folder / "api-server"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    def admin(self, node: str) -> Path:
        """Give the admin socket of a node's speaker."""
        return self.lab.routers[node].folder / "speaker.sock"

    def begin(self) -> None:
        """Start the API server, the speakers and the pods."""
        self._run(self.host, [sys.executable, "-m", "tests.kubernetes.server", f"{API}:6443", str(self.state)], ROOT)
        wait_for("the API server", (self.state / "ready").exists)
        for name in NODES:
            self._apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        for name in NODES:
            node = self.lab.routers[name]
            source = ["--source", "kubernetes:allocate", "--kubeconfig", str(self.kubeconfig), "--drain-on", "cordon"]
            command = [self.frrgen, "speaker", "run", "--node", name, *source, "--admin", str(self.admin(name))]
            print(f"(on {name}) $ {' '.join(command)} &", flush=True)
            self._run(node, command, self.net)
            node.run("ip", "address", "add", f"{WEB}/32", "dev", "lo")
            node.run("ip", "route", "add", "default", "via", "192.168.1.2")
            self.start_pod(name)

    def start_pod(self, name: str) -> None:
        """Start the pod of a node."""
        self.pods[name] = self._run(self.lab.routers[name], [sys.executable, "-c", POD, WEB, name], ROOT)

    def end_pod(self, name: str) -> None:
        """End the pod of a node at once."""
        self.pods[name].kill()
        self.pods[name].wait(10)

    def _run(self, host: Router, command: list[str], cwd: Path) -> subprocess.Popen[bytes]:
        one = subprocess.Popen(
            ["nsenter", "-t", str(host.pid), "-n", "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(host.folder / "log/demo.log").open("ab"),
            cwd=cwd,
            preexec_fn=None if self.keep else die_with_parent,  # noqa: PLW1509
            start_new_session=self.keep,
        )
        self.running.append(one)
        return one

    def kubectl(self, *words: str, text: str | None = None, shown: bool = True) -> str:
        """Run kubectl beside the API server. SystemExit if it fails."""
        command = ["nsenter", "-t", str(self.host.pid), "-n", "--", "kubectl", "--kubeconfig", str(self.kubeconfig)]
        environ = {"HOME": str(self.lab.folder), "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [*command, *words], input=text, capture_output=True, text=True, check=False, timeout=60, env=environ
        )
        if shown:
            print(f"\n$ kubectl {' '.join(words)}\n{done.stdout}{done.stderr}", end="", flush=True)
        if done.returncode:
            raise SystemExit(f"the demo failed: kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def _apply(self, one: dict[str, object]) -> None:
        self.kubectl("apply", "--validate=false", "-f", "-", text=json.dumps(one), shown=False)

    def apply(self, name: str, manifest: str) -> None:
        """Apply a Service as a user would, and do what the cluster's own controllers do: say where its pods are."""
        path = self.lab.folder / f"{name}.yaml"
        path.write_text(manifest)
        print(f"\n{path}:\n{manifest}", end="", flush=True)
        self.kubectl("apply", "--validate=false", "-f", str(path))
        metadata = {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}}
        conditions = {"ready": True, "serving": True, "terminating": False}
        pods = [{"nodeName": node, "conditions": conditions, "addresses": ["10.1.0.1"]} for node in NODES]
        about = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata}
        self._apply({**about, "addressType": "IPv4", "endpoints": pods, "ports": []})

    def give(self, name: str, address: str) -> None:
        """Do what another controller does: write an address into the status of a Service."""
        found = json.loads(self.kubectl("get", "service", name, "-o", "json", shown=False))
        found["status"] = {"loadBalancer": {"ingress": [{"ip": address}]}}
        path = f"/api/v1/namespaces/default/services/{name}/status"
        words = ("replace", "--validate=false", "--raw", path, "-f", "-")
        self.kubectl(*words, text=json.dumps(found), shown=False)

    def end(self) -> None:
        """End what was started."""
        for one in self.running:
            one.terminate()
        for one in self.running:
            try:
                one.wait(10)
            except subprocess.TimeoutExpired:
                one.kill()


def paths(router: Router) -> set[str]:
    """Give the next hops by which a router reaches the service."""
    found = router.bgp("ipv4 unicast", PREFIX).get("paths", [])
    return {path["nexthops"][0]["ip"] for path in found if path.get("multipath") or path.get("bestpath")}


def answers(client: Router) -> Counter[str]:
    """Send 60 packets to the service from outside. Give the nodes that answered, with how often."""
    inside = ["nsenter", "-t", str(client.pid), "-n", "--"]
    done = subprocess.run([*inside, sys.executable, "-c", CLIENT, WEB], capture_output=True, text=True, check=False)
    return Counter(done.stdout.split())


def drain(cluster: Cluster, node: str, routers: tuple[Router, ...], outside: Router) -> None:
    """Cordon a node, end its pod, start it again, uncordon the node. SystemExit if a packet from outside is lost."""
    print(f"\n{node} is drained, while packets come from outside all the time:", flush=True)
    every = set(NODES.values())
    inside = ["nsenter", "-t", str(outside.pid), "-n", "--"]
    with subprocess.Popen(
        [*inside, sys.executable, "-c", STREAM, WEB, str(len(every))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as stream:
        try:
            cluster.kubectl("cordon", node)
            for router in routers:
                wait_for(f"two paths on {router.name}", lambda router=router: paths(router) == every - {NODES[node]})
                wait_for(f"two ways of {router.name}", lambda router=router: NODES[node] not in kernel(router))
            shown = f"show bgp ipv4 unicast {PREFIX}"
            print(f"\n{routers[0].name}# {shown}\n{routers[0].vtysh(shown)}", flush=True)
            cluster.end_pod(node)
            cluster.show(cluster.frrgen, "speaker", "status", "--admin", str(cluster.admin(node)))
            cluster.start_pod(node)
            wait_for("the pod", lambda: WEB in cluster.lab.routers[node].run("ss", "-Hlun").stdout)
            cluster.kubectl("uncordon", node)
            for router in routers:
                wait_for(f"three paths on {router.name}", lambda router=router: paths(router) == every)
        finally:
            out, _ = stream.communicate("end\n", timeout=30)
    sent, lost = map(int, out.split())
    print(f"{sent} packets to {WEB} while {node} was drained and came back: {lost} lost", flush=True)
    if lost:
        raise SystemExit(f"the demo failed: {lost} of {sent} packets were lost")


def kernel(router: Router) -> str:
    """Give the kernel's route of a router to the service."""
    return router.run("ip", "route", "show", PREFIX).stdout


def tell(cluster: Cluster, edge: Router, home: Router, outside: Router) -> None:
    """Tell the story. SystemExit if it has another end."""
    every = set(NODES.values())
    source = cluster.lab.folder / "services.yaml"
    source.write_text(STATIC)
    print(f"\nWhat the routers would do with two prefixes, asked before anything is announced:\n{STATIC}", flush=True)
    cluster.show(cluster.frrgen, "speaker", "plan", "--node", "microk8s-1", "--source", f"static:{source}")
    print("\nA cluster of three nodes begins to speak:", flush=True)
    cluster.begin()
    for router in (edge, home):
        wait_for(f"sessions of {router.name}", lambda router=router: router.established(*every), seconds=60)
    cluster.apply("web", SERVICE)
    cluster.kubectl("wait", "service/web", "--for=condition=frrgen.io/RouterAccepts", "--timeout=30s")
    cluster.kubectl("get", "service", "web")
    for router in (edge, home):
        wait_for(f"three paths on {router.name}", lambda router=router: paths(router) == every)
        print(f"\n{router.name}# show bgp ipv4 unicast\n{router.vtysh('show bgp ipv4 unicast')}", flush=True)
    outside.run("ip", "route", "add", "192.168.10.0/24", "via", "203.0.113.2")
    edge.run("sysctl", "-qw", "net.ipv4.fib_multipath_hash_policy=1")
    found = Counter[str]()
    wait_for("an answer of each node", lambda: found.update(answers(outside)) or len(found) == len(NODES))
    print(f"{found.total()} packets to {WEB} from outside; answered by", dict(sorted(found.items())), flush=True)
    drain(cluster, "microk8s-2", (edge, home), outside)
    print("\nEach prefix from node to kernel, on the FRR router and on the pfSense box:", flush=True)
    sent = [str(cluster.admin(name)) for name in NODES]
    status = [cluster.frrgen, "status", "microk8s", "--ssh-config", str(cluster.lab.ssh_config()), "--sent", *sent]

    def agrees() -> bool:
        return subprocess.run(status, capture_output=True, check=False, cwd=cluster.net).returncode == 0

    wait_for("agreement of nodes and routers", agrees, seconds=60, every=0.5)
    cluster.show(*status)
    print("\nAnother controller gives a Service an address that is in no pool:", flush=True)
    cluster.apply("stray", STRAY)
    cluster.give("stray", "192.168.99.1")
    cluster.kubectl("wait", "service/stray", "--for=condition=frrgen.io/RouterAccepts=false", "--timeout=30s")
    wait_for("the Event", lambda: "IpNotAllowed" in cluster.kubectl("describe", "service", "stray", shown=False))
    cluster.kubectl("describe", "service", "stray")
    cluster.show(cluster.frrgen, "speaker", "status", "--admin", str(cluster.admin("microk8s-1")))
    for router in (edge, home):
        if "192.168.99" in router.vtysh("show bgp ipv4 unicast"):
            raise SystemExit(f"the demo failed: {router.name} has a route that is in no pool")
    print("\nThe Service goes, and so does the route:", flush=True)
    cluster.kubectl("delete", "service", "web")
    for router in (edge, home):
        wait_for(f"no path on {router.name}", lambda router=router: not paths(router))
    print(f"\nedge1# show bgp ipv4 unicast {PREFIX}\n{edge.vtysh(f'show bgp ipv4 unicast {PREFIX}')}", flush=True)
