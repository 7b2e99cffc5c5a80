"""The sources of the speaker on an API server, the fake and a real one; there with the rights that `deploy/` gives."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")

from frrgen.inventory.files import load
from frrgen.model.derive import derive
from frrgen.speaker.kubernetes import lease
from frrgen.speaker.kubernetes.addresses import Intervals
from frrgen.speaker.kubernetes.allocate import CLASS
from frrgen.speaker.kubernetes.allocate import Rules as AllocationRules
from frrgen.speaker.kubernetes.announce import Rules
from frrgen.speaker.kubernetes.api import Api, ApiError
from frrgen.speaker.plan import plan_node
from frrgen.speaker.process.sources.kubernetes import Allocation, KubernetesSource
from tests.kubernetes.begun import SERVERS, begun, new_namespace
from tests.kubernetes.things import endpoint, endpoint_slice, service
from tests.lab.speaking import inventory
from tests.speaker.talking import run

DEPLOY = Path(__file__).parents[2] / "deploy" / "kustomize"
GROUPS = {"ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings", "Role": "roles"}
GROUPS |= {"RoleBinding": "rolebindings"}


async def eventually(what, ask, seconds=30):
    """Ask until the answer is true."""
    async with asyncio.timeout(seconds):
        while True:
            if found := await ask():
                return found
            await asyncio.sleep(0.1)


class Site:
    """A namespace of an API server, and the files of a speaker that works there."""

    def __init__(self, api, kubeconfig, namespace, folder):
        self.api, self.namespace, self.kubeconfig, self.folder = api, namespace, kubeconfig, folder
        self.made = []
        network = load(inventory(folder / "net")).network
        self.plan = plan_node(network, derive(network).routers, None)

    async def ask(self, method, path, body=None, **params):
        return await self.api.ask(method, path, params, None if body is None else json.dumps(body).encode())

    async def create(self, group, kind, one, *, cluster=False):
        path = group if cluster else f"{group}/namespaces/{self.namespace}"
        made = await self.ask("POST", f"{path}/{kind}", one)
        if cluster:
            self.made.append(f"{path}/{kind}/{made['metadata']['name']}")
        return made

    async def service(self, name="web"):
        found = service(name, namespace=self.namespace, lb_class=CLASS)
        await self.create("/api/v1", "services", {"apiVersion": "v1", "kind": "Service", **found})
        pods = endpoint_slice(name, endpoint(self.plan.node_name), namespace=self.namespace)
        about = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
        await self.create("/apis/discovery.k8s.io/v1", "endpointslices", {**about, **pods})

    async def status(self, name="web"):
        found = await self.ask("GET", f"/api/v1/namespaces/{self.namespace}/services/{name}")
        return found["status"]

    async def rights(self, *folders):
        """Give the roles of `deploy/` to a service account of this namespace; return the kubeconfig that it has."""
        account = "frrgen-speaker"
        about = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}}
        await self.create("/api/v1", "serviceaccounts", about)
        for folder in folders:
            for one in yaml.safe_load_all((DEPLOY / folder / "rbac.yaml").read_text()):
                if one["kind"] not in GROUPS:
                    continue
                name = one["metadata"]["name"]
                moved = json.loads(json.dumps(one).replace(f'"name": "{name}"', f'"name": "{name}-{self.namespace}"'))
                moved["metadata"].pop("namespace", None)
                for subject in moved.get("subjects", ()):
                    subject |= {"name": account, "namespace": self.namespace}
                cluster = one["kind"].startswith("Cluster")
                await self.create("/apis/rbac.authorization.k8s.io/v1", GROUPS[one["kind"]], moved, cluster=cluster)
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token"
        token = (await self.ask("POST", path, body))["status"]["token"]
        return self._config(token)

    def _config(self, token=None):
        config = yaml.safe_load(self.kubeconfig.read_text())
        config["contexts"][0]["context"]["namespace"] = self.namespace
        if token is not None:
            config["users"] = [{"name": config["contexts"][0]["context"]["user"], "user": {"token": token}}]
        path = self.folder / f"kubeconfig-{uuid.uuid4().hex[:6]}"
        path.write_text(yaml.safe_dump(config))
        return path

    @asynccontextmanager
    async def speaker(self, config=None, *, allocates=False):
        allocation = Allocation(lambda: (self.plan.cluster.pools, Intervals([])), AllocationRules())
        source = KubernetesSource(Rules(), config or self._config(), allocation if allocates else None)
        tasks: list[asyncio.Task[None]] = []

        async def follow():
            while True:
                await source.changes()
                source.take()

        async def load():
            found = await source.load(self.plan)
            tasks.append(asyncio.create_task(follow()))
            return found

        try:
            yield source, load
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await source.stop()

    async def clean(self):
        """Leave nothing: a server without controllers empties no namespace."""
        for path in (f"/api/v1/namespaces/{self.namespace}/services", *self.slices):
            for found in (await self.ask("GET", path))["items"]:
                await self.ask("DELETE", f"{path}/{found['metadata']['name']}")
        for path in (*self.made, f"/api/v1/namespaces/{self.namespace}"):
            await self.ask("DELETE", path)

    @property
    def slices(self):
        return (f"/apis/discovery.k8s.io/v1/namespaces/{self.namespace}/endpointslices",)


@pytest.fixture(params=SERVERS)
def site(request, tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "_RETRY", 0.2)

    @asynccontextmanager
    async def begin():
        async with begun(request.param, tmp_path) as (api, config):
            one = Site(api, config, await new_namespace(api), tmp_path)
            one.real = request.param == "real"
            try:
                yield one
            finally:
                await one.clean()

    return begin


def test_a_service_gets_its_address_its_condition_and_its_route(site):
    async def scenario():
        async with site() as one, one.speaker(allocates=True) as (source, load):
            source.have_routers(lambda _key, _said: {"edge": "route-map X seq 20"})
            assert await load() == []
            await one.service()

            async def told():
                return (await one.status()).get("conditions")

            (condition,) = await eventually("its condition", told)
            assert (condition["type"], condition["status"]) == ("frrgen.io/RouterAccepts", "False")
            assert (await one.status())["loadBalancer"]["ingress"] == [{"ip": "10.1.0.0", "ipMode": "VIP"}]

            async def events():
                found = await one.ask("GET", f"/api/v1/namespaces/{one.namespace}/events")
                return [event for event in found["items"] if event["reason"] == "RouterRejects"]

            assert "edge" in (await eventually("its Event", events))[0]["message"]

            async def announced():
                return (f"{one.namespace}/web", "10.1.0.0") in source.served()

            await eventually("its route", announced)
            await one.ask("DELETE", f"/api/v1/namespaces/{one.namespace}/services/web")

            async def gone():
                return not source.served()

            await eventually("no route", gone)
            assert source.problem() == ""

    run(scenario())


def test_the_leader_that_leaves_gives_the_lease_back_and_the_next_moves_no_address(site):
    async def scenario():
        async with site() as one:
            for name in "ab":
                async with one.speaker(allocates=True) as (_, load):
                    await load()
                    await one.service(name)

                    async def given(name=name):
                        return (await one.status(name))["loadBalancer"].get("ingress")

                    await eventually("an address", given)
            found = [(await one.status(name))["loadBalancer"]["ingress"][0]["ip"] for name in "ab"]
            assert found == ["10.1.0.0", "10.1.0.1"]
            path = f"/apis/coordination.k8s.io/v1/namespaces/{one.namespace}/leases/frrgen-speaker"
            assert not (await one.ask("GET", path))["spec"].get("holderIdentity")

    run(scenario())


def test_the_rights_of_deploy_are_enough_and_give_nothing_else(site):
    async def scenario():
        async with site() as one:
            if not one.real:
                pytest.skip("the fake knows no roles: tests/packaging/test_deploy.py reads them there")
            config = await one.rights("observe", "allocate")
            async with one.speaker(config, allocates=True) as (source, load):
                source.have_routers(lambda _key, _said: {"edge": ""})
                await load()
                await one.service()

                async def told():
                    return (await one.status()).get("conditions")

                await eventually("its condition", told)
                assert source.problem() == ""
            own = Api(config)
            for method, path in (
                ("GET", "/api/v1/secrets"),
                ("DELETE", f"/api/v1/namespaces/{one.namespace}/services/web"),
                ("GET", "/apis/coordination.k8s.io/v1/leases"),
            ):
                with pytest.raises(ApiError) as bad:
                    await own.ask(method, path)
                assert bad.value.status == 403
            await own.close()

    run(scenario())
