"""A node of a cluster, with an API server that the tests change, and the announcer that follows it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from frrgen.inventory.files import load
from frrgen.model.derive import derive
from frrgen.speaker.plan import plan_node
from frrgen.speaker.process.announcer import Announcer
from frrgen.speaker.table.gate import Gate
from tests.kubernetes.server import FakeApi
from tests.kubernetes.store import RESOURCES
from tests.kubernetes.things import node
from tests.lab.speaking import inventory

SERVICES, NODES, EVENTS, SLICES = (RESOURCES[number] for number in (0, 1, 5, 6))


class Cluster:
    """The API server of a cluster, and the plan of its node."""

    def __init__(self, folder):
        network = load(inventory(folder / "net")).network
        self.plan = plan_node(network, derive(network).routers, None)
        self.fake = FakeApi(folder / "api")
        self.fake.store.create(NODES, "", node())
        self.announcer: Announcer

    @asynccontextmanager
    async def followed(self, source, routers=None):
        """Announce what a source says, while the API server serves. `routers` answers in the place of the gate."""
        self.announcer = Announcer(source, Gate.steps)
        if routers is not None:
            source.have_routers(routers)
        await self.announcer.load(self.plan)
        task = asyncio.create_task(self.announcer.follow(lambda: self.plan))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.announcer.stop()
            await self.fake.stop()
