"""What deploy/ installs: the arguments exist, the rights are those that are used, the container has no privilege."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from frrgen.cli import main
from frrgen.cli.arguments import parser
from frrgen.inventory.files import load
from frrgen.model.derive import derive
from frrgen.model.selector import Selector
from frrgen.speaker.plan import plan_node

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUSTOMIZE = DEPLOY / "kustomize"


def documents(folder: str) -> list[dict]:
    files = sorted((KUSTOMIZE / folder).glob("*.yaml"))
    assert files
    found = [one for file in files for one in yaml.safe_load_all(file.read_text()) if isinstance(one, dict)]
    return [one for one in found if "kind" in one]


def daemon_set() -> dict:
    (found,) = [one for one in documents("observe") if one["kind"] == "DaemonSet"]
    return found["spec"]["template"]["spec"]


@pytest.fixture
def inventory(tmp_path):
    """The inventory as the DaemonSet mounts it."""
    (volume,) = [one for one in daemon_set()["volumes"] if one["name"] == "inventory"]
    for item in volume["configMap"]["items"]:
        path = tmp_path / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((KUSTOMIZE / "observe" / item["key"]).read_text())
    return tmp_path


def test_the_container_runs_a_command_line_that_exists():
    (container,) = daemon_set()["containers"]
    args = [one.replace("$(NODE_NAME)", "node") for one in container["args"]]
    read = parser().parse_args(args)
    assert (read.source, read.node, read.no_listen) == ("kubernetes:observe", "node", True)


def test_the_overlay_changes_the_source_and_nothing_else():
    (overlay,) = [one for one in documents("allocate") if one["kind"] == "Kustomization"]
    (change,) = yaml.safe_load(overlay["patches"][0]["patch"])
    place = int(change["path"].rpartition("/")[2])
    (container,) = daemon_set()["containers"]
    assert (container["args"][place], change["value"]) == (
        "--source=kubernetes:observe",
        "--source=kubernetes:allocate",
    )


def test_the_container_has_no_privilege():
    pod = daemon_set()
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_network_policy_is_for_the_speakers_and_lets_through_what_they_need():
    (policy,) = [one["spec"] for one in documents("observe") if one["kind"] == "NetworkPolicy"]
    (found,) = [one for one in documents("observe") if one["kind"] == "DaemonSet"]
    assert policy["podSelector"] == found["spec"]["selector"]
    (container,) = daemon_set()["containers"]
    ports = {way: {one["port"] for rule in policy[way] for one in rule["ports"]} for way in ("ingress", "egress")}
    assert ports["ingress"] == {one["containerPort"] for one in container["ports"]}
    assert ports["egress"] >= {179, 443, 6443}
    (kustomization,) = [one for one in documents("observe") if one["kind"] == "Kustomization"]
    assert "networkpolicy.yaml" in kustomization["resources"]


def test_the_pod_monitor_finds_the_speakers_and_their_port():
    (monitor,) = [one["spec"] for one in documents("podmonitor") if one["kind"] == "PodMonitor"]
    (daemons,) = [one["spec"] for one in documents("observe") if one["kind"] == "DaemonSet"]
    assert monitor["selector"] == daemons["selector"]
    (container,) = daemon_set()["containers"]
    (endpoint,) = monitor["podMetricsEndpoints"]
    assert endpoint["port"] in {port["name"] for port in container["ports"]}


def test_the_inventory_of_the_example_is_whole(inventory, capsys):
    assert main(["-i", str(inventory), "check"]) == 0
    network = load(inventory).network
    assert plan_node(network, derive(network).routers, None).peers


@pytest.mark.parametrize("folder", ["observe", "allocate"])
def test_kustomize_builds_it(folder):
    version = re.search(r'GitVersion:"v1\.(\d+)|v1\.(\d+)', _kubectl("version", "--client"))
    if version is None or int(version[1] or version[2]) < 22:
        pytest.skip("kubectl is not there, or older than 1.22: its kustomize knows no patches")
    kinds = {one["kind"] for one in yaml.safe_load_all(_kubectl("kustomize", str(KUSTOMIZE / folder)))}
    assert {"DaemonSet", "ConfigMap", "ServiceAccount", "ClusterRole"} <= kinds


def _kubectl(*words: str) -> str:
    if shutil.which("kubectl") is None:
        return ""
    return subprocess.run(["kubectl", *words], capture_output=True, text=True, check=False).stdout


def allowed(folders: list[str]):
    """Give what the roles of some folders allow: (method, path) -> True."""
    rules = [
        (one["metadata"].get("namespace"), rule)
        for folder in folders
        for one in documents(folder)
        if one["kind"] in {"Role", "ClusterRole"}
        for rule in one["rules"]
    ]
    verbs = {"GET": {"get", "list"}, "POST": {"create"}, "PUT": {"update"}, "PATCH": {"patch"}}

    def may(method: str, path: str) -> bool:
        found = re.fullmatch(
            r"/(?:api|apis/(?P<group>[^/]+))/v1(?:/namespaces/(?P<space>[^/]+))?/(?P<kind>\w+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>\w+))?",
            path,
        )
        assert found is not None, path
        kind = found["kind"] + (f"/{found['sub']}" if found["sub"] else "")
        return any(
            (found["group"] or "") in rule["apiGroups"]
            and kind in rule["resources"]
            and verbs[method] & set(rule["verbs"])
            and space in {None, found["space"]}
            and ("resourceNames" not in rule or found["name"] in rule["resourceNames"])
            for space, rule in rules
        )

    return may


EVERY = (Selector(),)


def test_the_rights_are_enough_and_those_for_observing_give_nothing(inventory, tmp_path):
    pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")
    from frrgen.speaker.kubernetes import controller
    from frrgen.speaker.kubernetes.addresses import Intervals
    from frrgen.speaker.kubernetes.allocate import CLASS
    from frrgen.speaker.kubernetes.allocate import Rules as AllocationRules
    from frrgen.speaker.kubernetes.announce import Rules
    from frrgen.speaker.process.sources.kubernetes import Allocation, KubernetesSource
    from tests.kubernetes.server import FakeApi
    from tests.kubernetes.store import RESOURCES
    from tests.kubernetes.things import endpoint, endpoint_slice, service, until
    from tests.speaker.talking import run

    network = load(inventory).network
    plan = plan_node(network, derive(network).routers, None)
    pools = {name: one.model_copy(update={"namespace_selectors": EVERY}) for name, one in plan.cluster.pools.items()}
    assert controller.MANAGER == "frrgen"

    async def scenario(folders, allocation):
        fake = FakeApi(tmp_path / "-".join(folders))
        may = allowed(folders)
        refused = []

        def forbidden(method, path):
            if not may(method, path):
                refused.append((method, path))
            return not may(method, path)

        fake.forbidden = forbidden
        fake.store.create(RESOURCES[2], "", {"metadata": {"name": "frrgen"}})
        fake.store.create(RESOURCES[0], "default", service("web", lb_class=CLASS))
        fake.store.create(RESOURCES[6], "default", endpoint_slice("web", endpoint(plan.node_name)))
        await fake.start()
        config = fake.kubeconfig()
        config.write_text(
            config.read_text().replace("cluster: fake\n    user", "cluster: fake\n    namespace: frrgen\n    user")
        )
        source = KubernetesSource(Rules(), config, allocation)
        try:
            await source.load(plan)
            if allocation is not None and "allocate" in folders:
                await until(
                    "it has an address",
                    lambda: fake.store.get(RESOURCES[0], ("default", "web"))["status"] != {"loadBalancer": {}},
                )
            await asyncio.sleep(0.1)
            return refused
        finally:
            await source.stop()
            await fake.stop()

    allocation = Allocation(lambda: (pools, Intervals([])), AllocationRules())
    assert run(scenario(["observe"], None)) == []
    assert run(scenario(["observe", "allocate"], allocation)) == []
    assert run(scenario(["observe"], allocation)) != []
