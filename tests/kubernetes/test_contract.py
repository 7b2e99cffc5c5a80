"""What we count on of an API server: of the fake one, and of a real one if FRRGEN_TEST_KUBECONFIG names it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")

from frrgen.speaker.kubernetes.api import ApiError
from frrgen.speaker.kubernetes.objects import Service
from frrgen.speaker.kubernetes.reflector import Kind, Reflector
from frrgen.speaker.kubernetes.verdict import TYPE
from tests.kubernetes.begun import SERVERS, begun, new_namespace
from tests.kubernetes.store import RESOURCES
from tests.kubernetes.things import service, until
from tests.speaker.talking import run

APPLY = "application/apply-patch+yaml"


class Server:
    """A namespace of its own on an API server."""

    def __init__(self, api, namespace):
        self.api, self.namespace = api, namespace
        self.services = f"/api/v1/namespaces/{namespace}/services"

    async def ask(self, method, path, body=None, content_type="application/json", **params):
        return await self.api.ask(
            method, path, params, None if body is None else json.dumps(body).encode(), content_type
        )

    async def create(self, name, **more):
        made = service(name, namespace=self.namespace, **more)
        return await self.ask("POST", self.services, {"apiVersion": "v1", "kind": "Service", **made})

    async def apply_status(self, name, status, manager="frrgen", **params):
        body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "status": status}
        return await self.ask("PATCH", f"{self.services}/{name}/status", body, APPLY, fieldManager=manager, **params)

    async def refused(self, coroutine):
        with pytest.raises(ApiError) as bad:
            await coroutine
        return bad.value


@pytest.fixture(params=SERVERS)
def server(request, tmp_path):
    @asynccontextmanager
    async def begin():
        async with begun(request.param, tmp_path) as (api, _):
            namespace = await new_namespace(api)
            try:
                yield Server(api, namespace)
            finally:
                services = f"/api/v1/namespaces/{namespace}/services"
                for one in (await api.ask("GET", services))["items"]:
                    await api.ask("DELETE", f"{services}/{one['metadata']['name']}")
                await api.ask("DELETE", f"/api/v1/namespaces/{namespace}")

    return begin


def test_items_of_a_list_have_no_kind_and_the_list_has_a_version(server):
    async def scenario():
        async with server() as one:
            await one.create("a")
            found = await one.ask("GET", one.services)
            assert (found["kind"], "kind" in found["items"][0]) == ("ServiceList", False)
            assert int(found["metadata"]["resourceVersion"]) > 0

    run(scenario())


def test_a_list_is_given_in_pages(server):
    async def scenario():
        async with server() as one:
            for name in "abc":
                await one.create(name)
            first = await one.ask("GET", one.services, limit="2")
            rest = await one.ask("GET", one.services, limit="2", **{"continue": first["metadata"]["continue"]})
            assert [len(page["items"]) for page in (first, rest)] == [2, 1]
            assert first["metadata"]["resourceVersion"] == rest["metadata"]["resourceVersion"]

    run(scenario())


def test_a_list_of_a_future_version_is_refused(server):
    async def scenario():
        async with server() as one:
            assert (await one.refused(one.ask("GET", one.services, resourceVersion="999999999999"))).status == 504

    run(scenario())


def test_ingress_entries_have_a_mode_and_a_wrong_address_is_refused(server):
    async def scenario():
        async with server() as one:
            await one.create("a")
            found = await one.apply_status("a", {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})
            assert found["status"]["loadBalancer"]["ingress"] == [{"ip": "192.0.2.1", "ipMode": "VIP"}]
            bad = await one.refused(one.apply_status("a", {"loadBalancer": {"ingress": [{"ip": "192.0.2"}]}}))
            assert (bad.status, "status.loadBalancer.ingress[0].ip" in str(bad)) == (422, True)

    run(scenario())


def test_an_old_version_is_not_written_over(server):
    async def scenario():
        async with server() as one:
            old = await one.create("a")
            await one.apply_status("a", {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})
            old["metadata"]["labels"] = {"x": "y"}
            bad = await one.refused(one.ask("PUT", f"{one.services}/a", old))
            assert (bad.status, "please apply your changes to the latest version" in str(bad)) == (409, True)

    run(scenario())


def test_of_two_who_apply_other_values_the_second_gets_a_conflict(server):
    async def scenario():
        async with server() as one:
            await one.create("a")
            await one.apply_status("a", {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}, "theirs")
            ours = {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}]}}
            bad = await one.refused(one.apply_status("a", ours))
            assert (bad.status, "conflict with" in str(bad), "theirs" in str(bad)) == (409, True, True)
            forced = await one.apply_status("a", ours, force="true")
            assert forced["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.2"

    run(scenario())


def test_conditions_of_two_managers_stand_beside_each_other_and_go_with_their_manager(server):
    def condition(kind):
        time = "2026-01-01T00:00:00Z"
        return {"type": kind, "status": "True", "reason": "Tested", "message": "", "lastTransitionTime": time}

    async def scenario():
        async with server() as one:
            await one.create("a")
            await one.apply_status("a", {"conditions": [condition("example.com/Theirs")]}, "theirs")
            both = await one.apply_status("a", {"conditions": [condition("frrgen.io/RouterAccepts")]})
            kinds = {found["type"] for found in both["status"]["conditions"]}
            assert kinds == {"example.com/Theirs", "frrgen.io/RouterAccepts"}
            managers = {entry["manager"] for entry in both["metadata"]["managedFields"]}
            assert {"theirs", "frrgen"} <= managers
            left = await one.apply_status("a", {})
            assert [found["type"] for found in left["status"]["conditions"]] == ["example.com/Theirs"]

    run(scenario())


def test_addresses_and_a_condition_of_two_managers_of_ours_stay_when_each_is_applied_again(server):
    async def scenario():
        async with server() as one:
            await one.create("a")
            await one.apply_status("a", {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})
            told = {"type": TYPE, "status": "False", "reason": "routerRejects", "message": "edge drops it"}
            told["lastTransitionTime"] = "2026-01-01T00:00:00Z"
            await one.apply_status("a", {"conditions": [told]}, "frrgen-verdict", force="true")
            found = await one.apply_status("a", {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}]}})
            assert found["status"]["conditions"] == [told]
            assert found["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.2"
            without = await one.apply_status("a", {}, "frrgen-verdict", force="true")
            assert not without["status"].get("conditions")
            assert without["status"]["loadBalancer"] == found["status"]["loadBalancer"]

    run(scenario())


def test_an_event_is_found_by_what_it_is_about(server):
    async def scenario():
        async with server() as one:
            made = await one.create("a")
            about = {"apiVersion": "v1", "kind": "Service", "name": "a", "namespace": one.namespace}
            about["uid"] = made["metadata"]["uid"]
            events = f"/api/v1/namespaces/{one.namespace}/events"
            times = {"firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z", "count": 1}
            metadata = {"name": "a.1", "namespace": one.namespace}
            said = {"type": "Warning", "reason": "RouterRejects", "message": "edge drops it"}
            body = {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about, **said, **times}
            await one.ask("POST", events, {**body, "source": {"component": "frrgen-speaker", "host": "n1"}})
            found = await one.ask("GET", events, fieldSelector=f"involvedObject.uid={about['uid']}")
            assert [event["message"] for event in found["items"]] == ["edge drops it"]

    run(scenario())


def test_the_class_of_a_service_stays(server):
    async def scenario():
        async with server() as one:
            made = await one.create("a", lb_class="frrgen.io/bgp")
            made["spec"]["loadBalancerClass"] = "other.io/bgp"
            assert (await one.refused(one.ask("PUT", f"{one.services}/a", made))).status == 422

    run(scenario())


def test_a_lease_is_taken_by_one(server):
    async def scenario():
        async with server() as one:
            path = f"/apis/coordination.k8s.io/v1/namespaces/{one.namespace}/leases"
            about = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "frrgen"}}
            made = await one.ask("POST", path, {**about, "spec": {"holderIdentity": "a", "leaseDurationSeconds": 15}})
            assert (await one.refused(one.ask("POST", path, {**about, "spec": {}}))).status == 409
            await one.ask("PUT", f"{path}/frrgen", {**made, "spec": {**made["spec"], "holderIdentity": "b"}})
            late = one.ask("PUT", f"{path}/frrgen", {**made, "spec": {**made["spec"], "holderIdentity": "c"}})
            assert (await one.refused(late)).status == 409

    run(scenario())


def test_what_is_not_there_is_not_found(server):
    async def scenario():
        async with server() as one:
            assert (await one.refused(one.ask("GET", f"{one.services}/none"))).status == 404

    run(scenario())


def test_a_reflector_follows_it(server):
    async def scenario():
        async with server() as one:
            held: dict[str, Service] = {}

            def changed(name, found):
                if found is None:
                    del held[name[1]]
                else:
                    held[name[1]] = found

            await one.create("a")
            following = Reflector(one.api, Kind(one.services, Service), changed)
            task = asyncio.create_task(following.run())
            try:
                await following.synced.wait()
                assert set(held) == {"a"}
                await one.create("b")
                await until("b is there", lambda: "b" in held)
                await one.apply_status("b", {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})
                await until("it has an address", lambda: held["b"].status.load_balancer.ingress)
                await one.ask("DELETE", f"{one.services}/a")
                await until("a is gone", lambda: "a" not in held)
                assert following.problem == ""
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    run(scenario())


def test_the_fake_has_what_the_speaker_asks_for():
    assert {one.plural for one in RESOURCES} >= {"services", "nodes", "endpointslices", "leases"}
