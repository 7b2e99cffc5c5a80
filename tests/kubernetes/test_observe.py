"""The source `kubernetes:observe` converges to the rule, and no error of the API withdraws anything."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")

from frrgen.errors import InputError
from frrgen.speaker.kubernetes import reflector
from frrgen.speaker.kubernetes.announce import Announcements, Rules
from frrgen.speaker.kubernetes.objects import EndpointSlice, Service, read_object
from frrgen.speaker.process.announcer import Announcer
from frrgen.speaker.process.sources import kubernetes
from frrgen.speaker.process.sources.kubernetes import KubernetesSource
from frrgen.speaker.table.gate import Gate
from frrgen.speaker.wire.packed_prefix import Key
from tests.kubernetes.things import endpoint, endpoint_slice, service, until
from tests.kubernetes.world import SERVICES, SLICES, Cluster
from tests.speaker.talking import run


class World(Cluster):
    """A cluster, and what a node announces of it."""

    source: KubernetesSource

    async def put(self, resource, one):
        store = self.fake.store
        at = (one["metadata"].get("namespace", ""), one["metadata"]["name"])
        if at not in store.objects[resource]:
            store.create(resource, at[0], one)
        if resource.status and one.get("status"):
            store.replace(resource, at, {**store.get(resource, at), "status": one["status"]}, "status")
        if resource is not SERVICES:
            store.replace(resource, at, one)
        await self.fake.tell()

    async def serve(self, name, *ips, on=("node",), **more):
        await self.put(SERVICES, service(name, *ips, **more))
        await self.put(SLICES, endpoint_slice(name, *map(endpoint, on)))

    async def delete(self, resource, name):
        self.fake.store.delete(resource, ("default", name))
        await self.fake.tell()

    def announced(self):
        return {str(Key.prefix(key)) for key in self.announcer.table}


@asynccontextmanager
async def world(folder, rules=None, fill=None):
    one = World(folder)
    if fill is not None:
        await fill(one)
    await one.fake.start()
    one.source = KubernetesSource(rules or Rules(), one.fake.kubeconfig())
    async with one.followed(one.source):
        yield one


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(reflector, "_FIRST_WAIT", 0.02)
    monkeypatch.setattr(reflector, "_LONGEST_WAIT", 0.2)


def test_a_service_is_announced_once_it_has_an_address_and_a_pod_and_withdrawn_when_it_goes(tmp_path):
    async def scenario():
        async with world(tmp_path) as one:
            assert one.announced() == set()
            await one.serve("web", "10.1.0.1")
            await until("it is announced", lambda: one.announced() == {"10.1.0.1/32"})
            assert one.source.served() == [("default/web", "10.1.0.1")]
            await one.serve("web", "10.1.0.1", on=())
            await until("it is withdrawn", lambda: one.announced() == set())
            assert one.source.served() == []
            assert [held["reason"] for held in one.source.withheld()] == ["noEndpoints"]
            await one.serve("web", "10.1.0.1")
            await until("it is announced", lambda: one.announced() == {"10.1.0.1/32"})
            await one.delete(SERVICES, "web")
            await until("it is withdrawn", lambda: one.announced() == set())
            assert one.source.withheld() == []

    run(scenario())


def test_all_is_known_before_the_first_word(tmp_path):
    async def fill(one):
        for number in range(1, 50):
            await one.serve(f"s{number}", f"10.1.0.{number}")

    async def scenario():
        async with world(tmp_path, fill=fill) as one:
            assert len(one.announced()) == 49
            assert one.announcer.ready

    run(scenario())


def test_while_the_server_is_gone_everything_stays_announced_and_readiness_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(kubernetes, "_STALE", 0.2)

    async def scenario():
        async with world(tmp_path) as one:
            await one.serve("web", "10.1.0.1")
            await until("it is announced", one.announced)
            await one.fake.stop()
            await until("it is said", lambda: not one.announcer.ready)
            assert "has not been heard of" in one.announcer.not_ready
            assert one.source.age() > 0.2
            with pytest.raises(InputError, match="FRR610"):
                one.source.must_be_current()
            assert one.announced() == {"10.1.0.1/32"}
            await one.fake.start()
            await until("it is ready again", lambda: one.announcer.ready)
            one.source.must_be_current()
            assert one.announced() == {"10.1.0.1/32"}

    run(scenario())


def test_a_start_without_a_server_waits_for_it_and_says_what_for(tmp_path):
    async def scenario():
        one = World(tmp_path)
        await one.fake.start()
        config = one.fake.kubeconfig()
        await one.fake.stop()
        source = KubernetesSource(Rules(), config)
        announcer = Announcer(source, Gate.steps)
        loading = asyncio.create_task(announcer.load(one.plan))
        await until("it is said", lambda: "starting: ConnectError" in announcer.not_ready)
        await one.fake.start()
        await loading
        assert announcer.ready
        await announcer.stop()
        await one.fake.stop()

    run(scenario())


def test_changes_without_end_put_nothing_off(tmp_path):
    """A service that changes every few milliseconds: another one is announced and withdrawn all the same."""

    async def scenario():
        async with world(tmp_path) as one:
            await one.serve("noisy", "10.1.0.9")

            async def noise():
                number = 0
                while True:
                    number += 1
                    await one.put(SERVICES, service("noisy", f"10.1.9.{number % 250}"))
                    await asyncio.sleep(0.003)

            noisy = asyncio.create_task(noise())
            try:
                await one.serve("web", "10.1.0.1")
                await until("it is announced", lambda: "10.1.0.1/32" in one.announced())
                await one.delete(SERVICES, "web")
                await until("it is withdrawn", lambda: "10.1.0.1/32" not in one.announced())
            finally:
                noisy.cancel()

    run(scenario())


def test_a_reload_beside_changes_loses_none(tmp_path):
    async def scenario():
        async with world(tmp_path) as one:
            for number in range(1, 40):
                await one.serve(f"s{number}", f"10.1.0.{number}")
                if number % 3 == 0:
                    assert await one.announcer.reload(one.plan)
                if number % 4 == 0:
                    await one.delete(SERVICES, f"s{number}")
            meant = {f"10.1.0.{number}/32" for number in range(1, 40) if number % 4}
            await until("all is announced", lambda: one.announced() == meant)
            await asyncio.sleep(0.1)
            assert one.announced() == meant

    run(scenario())


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_watch_loses_or_repeats_it_converges_to_the_rule(tmp_path, seed):
    chance = random.Random(seed)

    async def scenario():
        async with world(tmp_path) as one:
            faults = one.fake.faults
            for _ in range(60):
                name, number = f"s{chance.randrange(6)}", chance.randrange(1, 9)
                what = chance.choice(["serve", "serve", "serve", "local", "gone", "fault"])
                if what == "serve":
                    await one.serve(name, f"10.1.0.{number}", on=chance.choice([("node",), ("other",), ()]))
                elif what == "local":
                    await one.put(SLICES, endpoint_slice(name, endpoint("node", ready=False, serving=True)))
                elif what == "gone" and ("default", name) in one.fake.store.objects[SERVICES]:
                    await one.delete(SERVICES, name)
                elif what == "fault":
                    fault = chance.choice(["cut", "garbage", "restart", "compact", "errors", "pages"])
                    if fault == "restart":
                        await one.fake.stop()
                        await one.fake.start()
                    elif fault == "compact":
                        one.fake.store.compact()
                    elif fault == "errors":
                        faults.answer = [(chance.choice([429, 500, 503, 410, 401]), {})] * 2
                    faults.cut_line |= fault == "cut"
                    faults.garbage |= fault == "garbage"
                    faults.expire_pages |= fault == "pages"
                await asyncio.sleep(chance.choice([0, 0.005, 0.03]))
            rule = Announcements(one.plan.node_name, Rules())
            rule.have_pools(one.plan.pools())
            for at, found in one.fake.store.objects[SERVICES].items():
                rule.service(at, read_object(Service, found))
            for at, found in one.fake.store.objects[SLICES].items():
                rule.endpoint_slice(at, read_object(EndpointSlice, found))
            rule.settle()
            await until(
                "it converges", lambda: {k: one.announcer.table.get(k) for k in one.announcer.table} == rule.announced()
            )

    run(scenario())


def test_nothing_is_asked_but_what_may_be_read(tmp_path):
    """The rights of the role for observing are enough: lists and watches of three kinds."""

    async def scenario():
        async with world(tmp_path) as one:
            await one.serve("web", "10.1.0.1")
            await until("it is announced", one.announced)
            assert {request.split("?")[0] for request in one.fake.requests} == {
                "GET /api/v1/services",
                "GET /api/v1/nodes",
                "GET /apis/discovery.k8s.io/v1/endpointslices",
            }

    run(scenario())
