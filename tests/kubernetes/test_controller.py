"""One leader gives the addresses; whoever else writes, no address is given twice and none is moved."""

from __future__ import annotations

import asyncio
import random

import pytest

pytest.importorskip("lightkube", reason="needs lightkube (pip install 'frrgen[kubernetes]')")

from frrgen.model.cluster import Pool
from frrgen.speaker.kubernetes import controller, lease, reflector
from frrgen.speaker.kubernetes.addresses import Intervals
from frrgen.speaker.kubernetes.allocate import CLASS, Rules
from frrgen.speaker.kubernetes.api import Api
from frrgen.speaker.kubernetes.controller import Controller
from frrgen.speaker.kubernetes.lease import Lease
from tests.examples import part
from tests.kubernetes.server import FakeApi
from tests.kubernetes.store import RESOURCES
from tests.kubernetes.things import service, until
from tests.speaker.talking import run

SERVICES, NAMESPACES, LEASES = RESOURCES[0], RESOURCES[2], RESOURCES[7]
POOLS = {"p": Pool(prefixes=["192.0.2.0/26"])}


class World:
    """An API server, and those who would allocate."""

    def __init__(self, folder):
        self.fake = FakeApi(folder / "api")
        self.tasks = {}
        self.leases = {}
        self.apis = []
        self.given = {}
        self.pools = POOLS

    async def begin(self, name):
        api = Api(self.fake.kubeconfig())
        self.apis.append(api)
        self.leases[name] = Lease(api, "default", "frrgen", name)
        one = Controller(api, self.leases[name], lambda: (self.pools, Intervals([])), Rules())
        self.tasks[name] = asyncio.create_task(one.run())

    async def end(self, name):
        self.tasks[name].cancel()
        await asyncio.gather(self.tasks.pop(name), return_exceptions=True)

    async def create(self, name):
        self.fake.store.create(SERVICES, "default", service(name, lb_class=CLASS))
        await self.fake.tell()

    def addresses(self):
        found = {}
        for (_, name), one in self.fake.store.objects[SERVICES].items():
            found[name] = [entry["ip"] for entry in one["status"].get("loadBalancer", {}).get("ingress", [])]
        return found

    def check(self):
        """No address stands twice, and none has moved since it was last looked at."""
        now = {name: some for name, some in self.addresses().items() if some}
        flat = [ip for some in now.values() for ip in some]
        assert len(flat) == len(set(flat)), now
        for name, some in now.items():
            assert self.given.setdefault(name, some) == some

    async def stop(self):
        for name in list(self.tasks):
            await self.end(name)
        for api in self.apis:
            await api.close()
        await self.fake.stop()


def in_world(tmp_path, scenario):
    async def all_of_it():
        world = World(tmp_path)
        await world.fake.start()
        try:
            await scenario(world)
        finally:
            await world.stop()

    run(all_of_it())


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """Ten times faster."""
    monkeypatch.setattr(lease, "_RETRY", 0.05)
    monkeypatch.setattr(lease, "_DEADLINE", 0.6)
    monkeypatch.setattr(lease, "DURATION", 1)
    monkeypatch.setattr(controller, "_TOGETHER", 0.02)
    monkeypatch.setattr(controller, "_AGAIN", 0.1)
    monkeypatch.setattr(controller, "_LONGEST", 3)
    monkeypatch.setattr(reflector, "_FIRST_WAIT", 0.02)
    monkeypatch.setattr(reflector, "_LONGEST_WAIT", 3)


def test_pools_by_the_labels_of_namespaces_follow_the_labels_and_move_nobody(tmp_path):
    async def scenario(world):
        front = [{"match_labels": {"tier": "front"}}]
        world.pools = {"a": Pool(prefixes=["198.51.100.0/24"], namespace_selectors=front), **POOLS}
        await world.create("a")
        await world.begin("one")
        await until("the pool for all", lambda: world.addresses() == {"a": ["192.0.2.0"]})
        found = world.fake.store.get(NAMESPACES, ("", "default"))
        changed = {**found, "metadata": {**found["metadata"], "labels": {"tier": "front"}}}
        world.fake.store.replace(NAMESPACES, ("", "default"), changed)
        await world.create("b")
        await until("the chosen pool", lambda: world.addresses()["b"] == ["198.51.100.0"])
        assert world.addresses()["a"] == ["192.0.2.0"]

    in_world(tmp_path, scenario)


def test_services_get_addresses_by_name_and_keep_them_over_a_new_leader(tmp_path):
    async def scenario(world):
        for name in "ca":
            await world.create(name)
        await world.begin("one")
        await until("both", lambda: world.addresses() == {"a": ["192.0.2.0"], "c": ["192.0.2.1"]})
        await world.end("one")
        await world.begin("two")
        await world.create("b")
        await until("the third", lambda: world.addresses()["b"] == ["192.0.2.2"])
        assert world.addresses() == {"a": ["192.0.2.0"], "c": ["192.0.2.1"], "b": ["192.0.2.2"]}
        managers = {e["manager"] for e in world.fake.store.get(SERVICES, ("default", "a"))["metadata"]["managedFields"]}
        assert "frrgen" in managers

    in_world(tmp_path, scenario)


def test_of_three_controllers_one_leads_and_another_follows_when_the_leader_dies(tmp_path):
    async def scenario(world):
        for name in ("one", "two", "three"):
            await world.begin(name)
        await until("a leader", lambda: any(one.mine for one in world.leases.values()))
        for _ in range(20):
            assert sum(one.mine for one in world.leases.values()) <= 1
            await asyncio.sleep(0.01)
        (leader,) = [name for name, one in world.leases.items() if one.mine]
        world.leases[leader].release = lambda: asyncio.sleep(0)
        await world.end(leader)
        world.leases.pop(leader)
        await until("another", lambda: any(one.mine for one in world.leases.values()))

    in_world(tmp_path, scenario)


def test_a_leader_that_cannot_renew_stops_writing(tmp_path):
    async def scenario(world):
        await world.begin("one")
        await until("a leader", lambda: world.leases["one"].mine)
        world.fake.forbidden = lambda _method, path: "leases" in path
        await until("it lets go", lambda: not world.leases["one"].mine)
        await world.create("a")
        await asyncio.sleep(0.3)
        assert world.addresses() == {"a": []}
        world.fake.forbidden = lambda *_: False
        await until("it is served", lambda: world.addresses()["a"])

    in_world(tmp_path, scenario)


def test_an_address_that_another_controller_wrote_is_not_taken_from_it_by_force(tmp_path):
    async def scenario(world):
        await world.create("a")
        store = world.fake.store
        await world.begin("one")
        await until("an address", lambda: world.addresses()["a"])
        theirs = {**store.get(SERVICES, ("default", "a"))}
        theirs["status"] = {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}
        from tests.kubernetes.apply import own_update

        own = own_update(SERVICES, store.get(SERVICES, ("default", "a")), theirs, "other", "status")
        store.replace(SERVICES, ("default", "a"), own, "status")
        await world.fake.tell()
        await asyncio.sleep(0.3)
        assert world.addresses() == {"a": ["203.0.113.9"]}

    in_world(tmp_path, scenario)


@pytest.mark.parametrize("status", part([401, 403, 404, 409, 413, 422, 429, 500, 503, 504]))
def test_a_write_that_failed_is_tried_again_although_nothing_changes(tmp_path, status):
    async def scenario(world):
        world.fake.faults.only = lambda target: "/status" in target
        world.fake.faults.answer = [(status, {})] * 3
        await world.create("a")
        await world.create("b")
        await world.begin("one")
        await until("both are served", lambda: all(world.addresses().values()), 20)
        assert world.addresses() == {"a": ["192.0.2.0"], "b": ["192.0.2.1"]}

    in_world(tmp_path, scenario)


def test_a_server_that_asks_to_wait_is_written_to_no_more_until_then(tmp_path):
    async def scenario(world):
        world.fake.faults.only = lambda target: "/status" in target
        world.fake.faults.answer = [(429, {"Retry-After": "1"})]
        for number in range(5):
            await world.create(f"s{number}")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await world.begin("one")
        await until("it is asked to wait", lambda: not world.fake.faults.answer)
        await asyncio.sleep(0.3)
        # a loaded machine may have slept for all of the second
        assert loop.time() - began > 0.9 or sum(one.startswith("PATCH") for one in world.fake.requests) == 1
        await until("all are served", lambda: all(world.addresses().values()), 20)

    in_world(tmp_path, scenario)


def test_a_lease_that_ran_out_and_was_renewed_just_then_still_has_a_leader_who_serves(tmp_path):
    """It ran out while the answer to its renewal was under way: what served has ended, and something new must serve."""

    async def scenario(world):
        await world.begin("one")
        one = world.leases["one"]
        await until("a leader", lambda: one.mine)
        renew = one._renew

        async def late():
            one._until = 0.0
            await asyncio.sleep(0.5)
            one._renew = renew
            return await renew()

        one._renew = late
        await until("it ran out", lambda: not one.mine)
        await until("it is renewed", lambda: one.mine)
        await world.create("a")
        await until("it is served", lambda: world.addresses()["a"])

    in_world(tmp_path, scenario)


def test_a_leader_without_work_does_not_think(tmp_path, monkeypatch):
    rounds = []
    real = controller.allocate
    monkeypatch.setattr(controller, "allocate", lambda *given: rounds.append(1) or real(*given))

    async def scenario(world):
        await world.create("a")
        await world.begin("one")
        await until("it is served", lambda: world.addresses()["a"])
        async with asyncio.timeout(20):
            before = -1
            while len(rounds) != before:
                before = len(rounds)
                await asyncio.sleep(0.5)

    in_world(tmp_path, scenario)


@pytest.mark.parametrize("seed", part(range(3)))
def test_no_address_is_given_twice_or_moved_while_leaders_and_servers_come_and_go(tmp_path, seed):
    chance = random.Random(seed)

    async def scenario(world):
        await world.begin("one")
        await world.begin("two")
        for number in range(40):
            what = chance.choice(["create"] * 5 + ["delete", "leader", "server", "cut", "errors"])
            names = [name for _, name in world.fake.store.objects[SERVICES]]
            if what == "create":
                await world.create(f"s{chance.randrange(1000)}x{number}")
            elif what == "delete" and names:
                gone = chance.choice(names)
                world.fake.store.delete(SERVICES, ("default", gone))
                await world.fake.tell()
                world.given.pop(gone, None)
            elif what == "leader":
                name = chance.choice(["one", "two"])
                await world.end(name)
                await world.begin(name)
            elif what == "server":
                await world.fake.stop()
                world.fake.store.compact()
                await world.fake.start()
            elif what == "errors":
                world.fake.faults.answer = [(chance.choice([409, 500, 429]), {})] * 2
            world.fake.faults.cut_line |= what == "cut"
            for _ in range(4):
                await asyncio.sleep(chance.choice([0, 0.01, 0.03]))
                world.check()
        await until("all are served", lambda: all(world.addresses().values()), 20)
        world.check()

    in_world(tmp_path, scenario)
