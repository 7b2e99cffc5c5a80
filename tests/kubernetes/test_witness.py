"""The leader writes on each Service whether routers take its route, and why they do not."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")

from frrgen.model.selector import Selector
from frrgen.speaker.kubernetes import lease, witness
from frrgen.speaker.kubernetes.addresses import Intervals
from frrgen.speaker.kubernetes.allocate import Rules as AllocationRules
from frrgen.speaker.kubernetes.announce import Announcements, Reason, Rules, Verdict
from frrgen.speaker.kubernetes.objects import Service, read_object
from frrgen.speaker.kubernetes.verdict import TYPE, acceptance
from frrgen.speaker.process.sources.kubernetes import Allocation, KubernetesSource
from frrgen.speaker.wire.packed_prefix import Key
from tests.kubernetes.test_announce import POOL, POOLS
from tests.kubernetes.things import service, until
from tests.kubernetes.world import EVENTS, SERVICES, Cluster
from tests.speaker.talking import run


class World(Cluster):
    """A cluster, a node of it, and a router that drops what the test says."""

    def __init__(self, folder):
        super().__init__(folder)
        self.dropped = {}

    async def create(self, name, *ips, **more):
        self.fake.store.create(SERVICES, "default", service(name, **more))
        if ips:
            status = service(name, *ips)["status"]
            self.fake.store.replace(SERVICES, ("default", name), {"metadata": {}, "status": status}, "status")
        await self.fake.tell()

    def condition(self, name):
        found = self.fake.store.get(SERVICES, ("default", name))["status"].get("conditions", [])
        return next((one for one in found if one["type"] == TYPE), None)

    def events(self, name):
        return [
            (one["type"], one["reason"])
            for one in self.fake.store.objects[EVENTS].values()
            if one["involvedObject"]["name"] == name
        ]

    async def becomes(self, name, status, reason):
        def so():
            found = self.condition(name)
            return found is not None and (found["status"], found["reason"]) == (status, reason)

        await until(f"{name} is told {status} {reason} ({self.condition(name)})", so, 20)


@asynccontextmanager
async def world(folder, *, leads=True):
    one = World(folder)
    await one.fake.start()
    allocation = Allocation(lambda: (one.plan.cluster.pools, Intervals([])), AllocationRules()) if leads else None
    source = KubernetesSource(Rules(), one.fake.kubeconfig(), allocation)
    async with one.followed(source, lambda key, _said: one.dropped.get(str(Key.prefix(key)), {"edge": ""})):
        yield one


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(witness, "_ALL_AGAIN", 0.2)
    monkeypatch.setattr(witness, "_FIRST_WAIT", 0.02)
    monkeypatch.setattr(lease, "_RETRY", 0.05)


def test_a_service_shows_that_routers_take_it_and_which_router_does_not_and_why(tmp_path):
    async def scenario():
        async with world(tmp_path) as one:
            await one.create("web", "10.1.0.1")
            await one.becomes("web", "True", "routersAccept")
            since = one.condition("web")["lastTransitionTime"]
            assert one.events("web") == []
            one.dropped["10.1.0.1/32"] = {"edge": "route-map IN seq 20; no entry matches (inventory/k8s.yaml:11:5)"}
            await one.becomes("web", "False", "routerRejects")
            assert "edge drops 10.1.0.1/32: route-map IN seq 20" in one.condition("web")["message"]
            assert one.condition("web")["lastTransitionTime"] >= since
            await until("an event", lambda: one.events("web") == [("Warning", "RouterRejects")])
            one.dropped.clear()
            await one.becomes("web", "True", "routersAccept")
            await until("an event", lambda: ("Normal", "RoutersAccept") in one.events("web"))
            count = len(one.fake.requests)
            await asyncio.sleep(1)
            assert not [line for line in one.fake.requests[count:] if line.startswith(("PATCH", "POST"))]

    run(scenario())


def test_an_address_outside_of_the_pools_and_one_that_is_not_there_are_reported(tmp_path):
    async def scenario():
        async with world(tmp_path) as one:
            await one.create("outside", "203.0.113.9")
            await one.create("pending")
            await one.becomes("outside", "False", "ipNotAllowed")
            await one.becomes("pending", "False", "noIPAllocated")
            assert one.events("pending") == []
            assert one.condition("outside")["message"].startswith("203.0.113.9: ")

    run(scenario())


def test_a_service_that_is_no_longer_ours_gets_no_condition_and_the_conditions_of_others_stay(tmp_path):
    async def scenario():
        async with world(tmp_path) as one:
            await one.create("web", "10.1.0.1")
            await one.becomes("web", "True", "routersAccept")
            at = ("default", "web")
            found = one.fake.store.get(SERVICES, at)
            one.fake.store.replace(SERVICES, at, {**found, "spec": {**found["spec"], "type": "ClusterIP"}})
            await one.fake.tell()
            await until("it is gone", lambda: one.condition("web") is None)

    run(scenario())


@pytest.mark.parametrize("status", [403, 409, 429, 500])
def test_a_verdict_that_could_not_be_written_is_written_later(tmp_path, status):
    async def scenario():
        async with world(tmp_path) as one:
            one.fake.faults.only = lambda target: "frrgen-verdict" in target
            one.fake.faults.answer = [(status, {})] * 3
            await one.create("a", "10.1.0.1")
            await one.create("b", "10.1.0.2")
            await one.becomes("a", "True", "routersAccept")
            await one.becomes("b", "True", "routersAccept")
            assert one.fake.faults.answer == []

    run(scenario())


def test_who_does_not_lead_writes_nothing(tmp_path):
    async def scenario():
        async with world(tmp_path, leads=False) as one:
            await one.create("web", "10.1.0.1")
            await asyncio.sleep(0.5)
            assert one.condition("web") is None
            assert not [line for line in one.fake.requests if not line.startswith("GET")]

    run(scenario())


def test_a_verdict_names_every_address_and_is_short_enough_for_an_event():
    verdicts = [
        Verdict(("default", "web"), f"10.1.0.{number}", Reason.NO_ENDPOINTS, key=(0x0A010000 + number) << 8 | 32)
        for number in range(200)
    ]
    taken = acceptance(verdicts[:2], lambda _key, _said: {"edge": "", "home": ""})
    assert (taken.status, taken.message) == (
        "True",
        "10.1.0.0/32: taken by edge, home\n10.1.0.1/32: taken by edge, home",
    )
    dropped = acceptance(verdicts, lambda _key, _said: {"edge": "a line", "home": "another"})
    assert (dropped.status, len(dropped.message)) == ("False", 1000)
    assert dropped.message.startswith("edge drops 10.1.0.0/32: a line\nhome drops 10.1.0.0/32: another\n")
    assert acceptance([Verdict(("default", "web"), "", Reason.OTHER_CLASS)], lambda *_: {}) is None


def test_of_a_prefix_that_no_router_was_asked_about_nothing_is_said():
    """The leader may have no session with the router, or the pool may be for other routers."""
    verdicts = [
        Verdict(("default", "web"), f"10.1.0.{number}", key=(0x0A010000 + number) << 8 | 32) for number in (0, 1)
    ]
    asked = {verdicts[0].key: {"edge": ""}, verdicts[1].key: {}}
    assert acceptance(verdicts, lambda key, _said: asked[key]) is None
    asked[verdicts[0].key] = {"edge": "a line", "home": ""}
    found = acceptance(verdicts, lambda key, _said: asked[key])
    assert (found.status, found.message) == ("False", "edge drops 10.1.0.0/32: a line")
    assert acceptance(verdicts[:1], lambda *_: {"edge": None, "home": ""}) is None
    assert not acceptance(verdicts[:1], lambda *_: {"edge": None, "home": "a line"}).accepted


@pytest.mark.parametrize("mine", [True, False])
def test_a_pool_for_other_nodes_is_asked_about_with_its_own_prefix(mine):
    found = Announcements("node", Rules())
    found.have_pools([replace(one, mine=mine) for one in POOLS])
    found.service(("default", "web"), read_object(Service, service("web", "10.1.0.1")))
    found.settle()
    asked = []

    def ask(key, said):
        asked.append((str(Key.prefix(key)), said))
        return {"edge": ""}

    assert acceptance(found.verdicts["default", "web"], ask).accepted
    assert asked == [("10.1.0.1/32", POOL)]


def test_a_pool_for_other_services_is_said_to_be():
    found = Announcements("node", Rules())
    found.have_pools([replace(POOLS[0], service_selectors=(Selector(match_labels={"a": "b"}),))])
    found.service(("default", "web"), read_object(Service, service("web", "10.1.0.1")))
    found.settle()
    told = acceptance(found.verdicts["default", "web"], lambda *_: {"edge": ""})
    assert (told.status, told.reason) == ("False", "noMatchingAdvertisement")
