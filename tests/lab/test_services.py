"""From a Service to a route: kubectl, an API server, a speaker on each node, and a real router."""

from __future__ import annotations

import re
import signal
import threading
import time

import pytest

from tests.lab import Lab, wait_for
from tests.lab.kubernetes import DENIED, SERVICE, Kubernetes
from tests.lab.wanted import want_kubectl

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")
pytestmark = pytest.mark.sample("8.4")


@pytest.fixture(scope="module")
def cluster(frr, tmp_path_factory):
    want_kubectl()
    with Lab(frr=frr) as lab, Kubernetes(lab, tmp_path_factory.mktemp("cluster")) as one:
        yield one


def test_a_service_becomes_a_route_by_each_node_and_goes_with_it(cluster):
    assert "service/web created" in cluster.apply(SERVICE.format(name="web", policy="Cluster", more=""))
    cluster.pods("web", n1="ready")
    assert "<pending>" in cluster.kubectl("get", "service", "web")
    cluster.allocate("web", "192.168.10.1", "192.168.99.1")
    assert "192.168.10.1" in cluster.kubectl("get", "service", "web")
    cluster.has("192.168.10.1", "n1", "n2", "n3")
    shown = cluster.edge.vtysh("show bgp ipv4 unicast").replace(" ", "")
    # of three equal paths any may be the best, and the prefix stands in the first line only
    assert re.search(r"^\*[>=]i192\.168\.10\.1/32", shown, re.MULTILINE)
    assert shown.count("*>i") == 1
    assert "192.168.99.1" not in shown
    (withheld,) = cluster.speakers["n1"].status()["withheld"]
    assert (withheld["address"], withheld["reason"]) == ("192.168.99.1", "ipNotAllowed")
    cluster.kubectl("delete", "service", "web")
    cluster.has("192.168.10.1")


def test_a_rollout_of_a_local_service_is_never_without_a_route(cluster):
    cluster.apply(SERVICE.format(name="local", policy="Local", more=""))
    cluster.pods("local", n1="ready")
    cluster.allocate("local", "192.168.10.2")
    cluster.has("192.168.10.2", "n1")
    seen, stop = [], threading.Event()

    def look():
        while not stop.is_set():
            seen.append(frozenset(cluster.next_hops("192.168.10.2")))
            time.sleep(0.01)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        cluster.pods("local", n1="ending", n2="ready")
        cluster.has("192.168.10.2", "n2")
        cluster.pods("local", n2="ready")
        looks = len(seen)
        wait_for("looks behind the change", lambda: len(seen) > looks + 20)
    finally:
        stop.set()
        watcher.join()
    assert frozenset() not in seen
    cluster.kubectl("delete", "service", "local")
    cluster.has("192.168.10.2")


def test_a_cordon_changes_nothing_and_a_drained_node_hands_over(cluster):
    cluster.apply(SERVICE.format(name="some", policy="Cluster", more=""))
    cluster.pods("some", n1="ready")
    cluster.allocate("some", "192.168.10.3")
    cluster.has("192.168.10.3", "n1", "n2", "n3")
    cluster.kubectl("cordon", "n2")
    cluster.kubectl("annotate", "node", "n1", "frrgen.io/drain=yes")
    cluster.has("192.168.10.3", "n2", "n3")
    assert "gracefulShutdown" in str(cluster.edge.bgp("ipv4 unicast", "192.168.10.3/32"))
    cluster.kubectl("annotate", "node", "n1", "frrgen.io/drain-")
    cluster.has("192.168.10.3", "n1", "n2", "n3")
    cluster.kubectl("delete", "service", "some")
    cluster.has("192.168.10.3")


def test_an_api_server_that_answers_nothing_withdraws_nothing(cluster):
    cluster.apply(SERVICE.format(name="stays", policy="Cluster", more=""))
    cluster.pods("stays", n1="ready")
    cluster.allocate("stays", "192.168.10.4")
    cluster.has("192.168.10.4", "n1", "n2", "n3")
    cluster.server.send_signal(signal.SIGSTOP)
    try:
        time.sleep(4)
        cluster.has("192.168.10.4", "n1", "n2", "n3")
    finally:
        cluster.server.send_signal(signal.SIGCONT)
    cluster.kubectl("delete", "service", "stays")
    cluster.has("192.168.10.4")


def test_a_service_says_why_it_has_no_route_and_that_it_has_one_again(cluster):
    ours = "\n  loadBalancerClass: frrgen.io/bgp"
    cluster.apply(SERVICE.format(name="told", policy="Cluster", more=ours))
    cluster.pods("told", n1="ready")
    cluster.kubectl("wait", "service/told", "--for=condition=frrgen.io/RouterAccepts", "--timeout=20s")
    cluster.kubectl("annotate", "service", "told", "frrgen.io/communities=nonsense")
    cluster.kubectl("wait", "service/told", "--for=condition=frrgen.io/RouterAccepts=false", "--timeout=20s")
    described = cluster.kubectl("describe", "service", "told")
    assert "InvalidAnnotation" in described
    assert "frrgen-speaker" in described
    cluster.kubectl("annotate", "service", "told", "frrgen.io/communities-")
    cluster.kubectl("wait", "service/told", "--for=condition=frrgen.io/RouterAccepts", "--timeout=20s")
    cluster.kubectl("delete", "service", "told")


def test_an_address_that_frrs_own_list_drops_has_the_condition_with_the_line(cluster):
    asked = f"\n  loadBalancerClass: frrgen.io/bgp\n  loadBalancerIP: {DENIED}"
    cluster.apply(SERVICE.format(name="denied", policy="Cluster", more=asked))
    cluster.pods("denied", n1="ready")
    cluster.until("the address", lambda: cluster.address("denied") == DENIED)
    cluster.kubectl("wait", "service/denied", "--for=condition=frrgen.io/RouterAccepts=false", "--timeout=20s")
    path = 'jsonpath={.status.conditions[?(@.type=="frrgen.io/RouterAccepts")].message}'
    said = cluster.kubectl("get", "service", "denied", "-o", path)
    assert f"edge drops {DENIED}/32: route-map MetalLB_k8s seq 20" in said
    assert "ip address prefix list MetalLB_k8s: seq 5 denies" in said
    cluster.has(DENIED)
    # bgpd itself says the same of the address, by the same line
    asked = cluster.edge.run("vtysh", "-d", "bgpd", "-c", f"debug prefix-list MetalLB_k8s match {DENIED}/32").stdout
    assert "deny" in asked.lower()
    assert "matching entry #5" in asked
    cluster.kubectl("delete", "service", "denied")


def test_the_leader_gives_the_lowest_free_address_and_another_speaker_takes_over(cluster):
    ours = "\n  loadBalancerClass: frrgen.io/bgp"
    cluster.apply(SERVICE.format(name="one", policy="Cluster", more=ours))
    cluster.pods("one", n1="ready")
    cluster.until("an address", lambda: cluster.address("one") == "192.168.10.1")
    cluster.has("192.168.10.1", "n1", "n2", "n3")
    lease = ("get", "lease", "frrgen-speaker", "-o", "jsonpath={.spec.holderIdentity}")
    leader = cluster.kubectl(*lease)
    others = set(cluster.speakers) - {leader}
    cluster.speakers[leader].signal(signal.SIGTERM)
    assert cluster.speakers[leader].process.wait(20) == 0
    cluster.has("192.168.10.1", *others)
    cluster.apply(SERVICE.format(name="another", policy="Cluster", more=ours))
    cluster.pods("another", n1="ready")
    cluster.until("an address", lambda: cluster.address("another") == "192.168.10.2")
    cluster.has("192.168.10.2", *others)
    assert cluster.address("one") == "192.168.10.1"
    assert cluster.kubectl(*lease) in others
