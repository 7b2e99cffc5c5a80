"""Nodes that go and come: `kubectl drain` loses no packet, and the routers follow the list of the nodes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

import pytest

from tests.lab import Lab
from tests.lab.demo_cluster import POD, STREAM
from tests.lab.kubernetes import CLUSTER, NODES, POOL, SERVICE, Kubernetes
from tests.lab.router import die_with_parent
from tests.lab.speaking import FRRGEN, ROOT
from tests.lab.wanted import want_kubectl

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")
pytestmark = pytest.mark.sample("10.3")
CORDON = ("--drain-on", "cordon")
WEB = "192.168.10.7"
TRAP = "warning: FRR 9 and later skip the first entry"


@pytest.fixture(scope="module")
def cluster(frr, tmp_path_factory):
    want_kubectl()
    with Lab(frr=frr) as lab, Kubernetes(lab, tmp_path_factory.mktemp("cluster"), *CORDON) as one:
        one.lab = lab
        yield one


def inside(host, *words, **options):
    """Start a program in the network of a host."""
    command = ["nsenter", "-t", str(host.pid), "-n", "--", sys.executable, "-c", *words]
    return subprocess.Popen(command, preexec_fn=die_with_parent, **options)  # noqa: PLW1509


def test_kubectl_drain_evicts_a_pod_and_no_packet_is_lost(cluster):
    cluster.apply(SERVICE.format(name="web", policy="Cluster", more=""))
    cluster.pods("web", **dict.fromkeys(NODES, "ready"))
    cluster.edge.run("sysctl", "-qw", "net.ipv4.fib_multipath_hash_policy=1")
    with ExitStack() as stack:

        def start(name):
            cluster.add_pod(f"web-{name}", name)
            pod = inside(cluster.nodes[name], POD, WEB, name)
            stack.callback(pod.wait)
            stack.callback(pod.kill)
            cluster.until("the pod", lambda: WEB in cluster.nodes[name].run("ss", "-Hlun").stdout)
            return pod

        for host in cluster.nodes.values():
            host.run("ip", "address", "add", f"{WEB}/32", "dev", "lo")
        running = {name: start(name) for name in NODES}
        cluster.allocate("web", WEB)
        cluster.has(WEB, *NODES)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        stream = stack.enter_context(inside(cluster.edge, STREAM, WEB, str(len(NODES)), **pipes))
        kubectl = [
            "nsenter",
            "-t",
            str(cluster.host.pid),
            "-n",
            "--",
            "kubectl",
            "--kubeconfig",
            str(cluster.kubeconfig),
        ]
        drain = subprocess.Popen(
            [*kubectl, "drain", "n2", "--force", "--ignore-daemonsets", "--timeout=60s"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"HOME": str(cluster.folder), "PATH": "/usr/bin:/bin"},
        )
        ending = ("get", "pod", "web-n2", "-o", "jsonpath={.metadata.deletionTimestamp}")
        cluster.until("its eviction", lambda: cluster.kubectl(*ending) or drain.poll())
        assert drain.poll() is None, drain.communicate()[0]
        # the pod answers until its hook ends, which waits for the routers
        cluster.pods("web", n1="ready", n2="ending", n3="ready")
        cluster.has(WEB, "n1", "n3")
        running["n2"].kill()
        running["n2"].wait()
        cluster.kubectl("delete", "pod", "web-n2", "--grace-period=0", "--force", "--wait=false")
        said, _ = drain.communicate(timeout=60)
        assert drain.returncode == 0, said
        start("n2")
        cluster.kubectl("uncordon", "n2")
        cluster.pods("web", **dict.fromkeys(NODES, "ready"))
        cluster.has(WEB, *NODES)
        out, _ = stream.communicate("end\n", timeout=60)
    sent, lost = map(int, out.split())
    assert (lost, sent > 0) == (0, True)
    cluster.kubectl("delete", "service", "web")


def test_diff_and_push_follow_the_list_of_the_nodes(cluster):
    cluster.lab.sshd(cluster.edge)
    file, listing = cluster.net / "clusters/k8s.yaml", cluster.net / "nodes/k8s.yaml"
    before = file.read_text()
    listing.parent.mkdir()
    said = CLUSTER.format(nodes="", pool=POOL).replace("nodes: {}", "nodes_from: {file: nodes/k8s.yaml}")
    file.write_text(said)

    def frrgen(*words):
        listing.write_text(cluster.kubectl("get", "nodes", "-o", "yaml"))
        config = str(cluster.lab.ssh_config())
        command = [*FRRGEN, "-i", str(cluster.net), *words, "--ssh-config", config]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=90)
        # FRR 8 has the upgrade trap beside each plan (FRR245)
        told = [line for line in done.stdout.splitlines(keepends=True) if not line.startswith(TRAP)]
        return done.returncode, "".join(told) + done.stderr

    try:
        assert frrgen("diff", "edge") == (0, "Plan: nothing to do on edge.\n")
        cluster.kubectl("delete", "node", "n3")
        code, shown = frrgen("diff", "edge")
        assert (code, "session 192.168.1.13: reset (removed)" in shown) == (2, True), shown
        code, shown = frrgen("push", "edge", "--yes")
        assert code == 0, shown
        assert "192.168.1.13" not in cluster.edge.running_config()
        cluster.add_node("n3")
        code, shown = frrgen("diff", "edge")
        assert (code, "neighbor 192.168.1.13" in shown) == (2, True), shown
        code, shown = frrgen("push", "edge", "--yes")
        assert code == 0, shown
        cluster.speakers["n3"].up()
        assert frrgen("diff", "edge") == (0, "Plan: nothing to do on edge.\n")
    finally:
        file.write_text(before)
