"""The sources `kubernetes:observe` and `kubernetes:allocate`: the addresses of the Services of a cluster."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.model.cluster import Pool
from frrgen.model.types import Address, is_address
from frrgen.speaker.kubernetes.addresses import sizes
from frrgen.speaker.kubernetes.allocate import Rules as AllocationRules
from frrgen.speaker.kubernetes.announce import Announcements, Rules, reasons
from frrgen.speaker.kubernetes.api import Api
from frrgen.speaker.kubernetes.controller import Controller, Known
from frrgen.speaker.kubernetes.lease import Lease
from frrgen.speaker.kubernetes.objects import ClusterNode, EndpointSlice, Service
from frrgen.speaker.kubernetes.reflector import Kind, Reflector
from frrgen.speaker.kubernetes.witness import Witness
from frrgen.speaker.log import LOG
from frrgen.speaker.plan import NodePlan
from frrgen.speaker.process.sources.base import Numbers, Run, Usage, Wanted
from frrgen.speaker.table.gate import Answers
from frrgen.speaker.table.table import packed
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Family, Key

_TOGETHER: Final = 0.02
"""Seconds between two looks at what changed: a change waits so long at the most, and not at all after a silence."""
_STALE: Final = 60.0
"""Seconds without an answer of the API server after which /readyz says so. What is announced stays."""
_LOGGED: Final = 20
_LEASE: Final = "frrgen-speaker"


@dataclass(frozen=True)
class Allocation:
    """How addresses are given."""

    known: Known
    rules: AllocationRules


class KubernetesSource:
    """Services, EndpointSlices and the own Node, followed on the API server."""

    def __init__(self, rules: Rules, kubeconfig: Path | None = None, allocation: Allocation | None = None) -> None:
        """Find the API server. Raises InputError. With an allocation the speaker gives the addresses, too."""
        self._rules = rules
        self._api = Api(kubeconfig)
        self._allocation = allocation
        self._found: Announcements | None = None
        self._reflectors: list[Reflector[Any]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._dirty = asyncio.Event()
        self._next = 0.0
        """When to look at changes again, by the monotonic clock."""
        self._pools: Mapping[str, Pool] = {}
        self._witness: Witness | None = None
        self._answers: Answers = lambda _key, _said: {}

    async def load(self, plan: NodePlan) -> list[Wanted]:
        """Return all that is announced. The first time, this waits until the server has listed everything."""
        found = self._begin(plan.node_name)
        for reflector in self._reflectors:
            await reflector.synced.wait()
        self._pools = plan.cluster.pools
        found.have_pools(plan.pools())
        self._settle(found)
        return list(_wanted(found.announced()))

    def have_routers(self, answers: Answers) -> None:
        """Take the function that tells what routers do with a prefix: the leader writes the verdict on the Services."""
        self._answers = answers

    async def changes(self) -> None:
        """Wait until an object changed: at once after a silence, else with those that changed in the same time."""
        await self._dirty.wait()
        await asyncio.sleep(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + _TOGETHER

    def take(self) -> Mapping[int, Attributes | None]:
        """Return the prefixes that are announced otherwise now; None: withdrawn."""
        self._dirty.clear()
        return self._settle(self._found) if self._found is not None else {}

    def problem(self) -> str:
        """Return why what is announced may be old; "" if it is not."""
        oldest = max(self._reflectors, key=lambda one: one.age, default=None)
        if oldest is not None and oldest.age > _STALE:
            return f"the API server {self._api.server} has not been heard of for {oldest.age:.0f} s: {oldest.problem}"
        return next((f"it cannot be read: {one.unread}" for one in self._reflectors if one.unread), "")

    def age(self) -> float:
        """Return the seconds since all was last known to be as the API server says."""
        return max((one.age for one in self._reflectors), default=0.0)

    def waiting(self) -> str:
        """Return what `load` waits for; "" if it does not wait."""
        return next((one.problem or "not listed yet" for one in self._reflectors if not one.synced.is_set()), "")

    def must_be_current(self) -> None:
        """Raise InputError while the API server does not answer: a new process would know nothing."""
        if any(one.problem or not one.synced.is_set() for one in self._reflectors):
            why = next((one.problem for one in self._reflectors if one.problem), "not listed yet")
            raise InputError(Finding(Code.FRR610, f"the API server {self._api.server} does not answer: {why}"))

    def withheld(self) -> list[dict[str, str]]:
        """Return the addresses that are not announced, with the reasons."""
        verdicts = self._found.verdicts if self._found is not None else {}
        return [
            {"service": "/".join(one.service), "address": one.address, "reason": str(one.reason), "detail": one.detail}
            for one in reasons(verdicts)
        ]

    def served(self) -> list[tuple[str, str]]:
        """Return the Services that this node announces: namespace/name, and the address."""
        verdicts = self._found.verdicts if self._found is not None else {}
        return [
            ("/".join(one.service), one.address) for some in verdicts.values() for one in some if one.reason is None
        ]

    def numbers(self) -> Numbers:
        """Return what was heard of the API server, and the use of the pools."""
        updates = sum(one.updates for one in self._reflectors)
        errors = sum(one.errors for one in self._reflectors)
        verdicts = self._found.verdicts if self._found is not None else {}
        ranges = [(prefix, name) for name, pool in self._pools.items() for prefix in pool.prefixes]
        used: dict[str, set[Address]] = {name: set() for name in self._pools}
        served = Counter[str]()
        for some in verdicts.values():
            addresses = [ip_address(one.address) for one in some if is_address(one.address)]
            held = [(one, pool) for one in addresses for prefix, pool in ranges if one in prefix]
            served.update({pool for _, pool in held})
            for address, pool in held:
                used[pool].add(address)
        usage = {
            name: Usage(sizes(pool), Counter(one.version for one in used[name]), served[name])
            for name, pool in self._pools.items()
        }
        return Numbers(updates, errors, usage)

    async def stop(self) -> None:
        """Follow the API server no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._api.close()

    def _begin(self, node: str) -> Announcements:
        if self._found is not None:
            return self._found
        self._found = found = Announcements(node, self._rules)
        own = f"metadata.name={node}"
        services = Kind("/api/v1/services", Service)
        slices = Kind("/apis/discovery.k8s.io/v1/endpointslices", EndpointSlice)
        nodes = Kind("/api/v1/nodes", ClusterNode, field_selector=own)
        self._reflectors = [
            Reflector(self._api, services, self._then(found.service)),
            Reflector(self._api, slices, self._then(found.endpoint_slice)),
            Reflector(self._api, nodes, self._then(found.cluster_node)),
        ]
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(one.run()) for one in self._reflectors]
        if (chosen := self._allocation) is not None:
            lease = Lease(self._api, self._api.namespace, _LEASE, node)
            controller = Controller(self._api, lease, chosen.known, chosen.rules, self._testify)
            self._witness = Witness(self._api, node, found, self._ask, controller.refusal)
            self._tasks.append(loop.create_task(controller.run()))
        return found

    async def _testify(self, leads: Callable[[], bool]) -> None:
        """Write on the Services what routers do with their routes, while this node leads."""
        if self._witness is not None:
            for reflector in self._reflectors:
                await reflector.synced.wait()
            await self._witness.run(leads)

    def _ask(self, key: int, said: Attributes) -> Mapping[str, str | None]:
        return self._answers(key, said)

    def _then(self, take: Any) -> Any:
        def changed(name: tuple[str, str], one: Any) -> None:
            take(name, one)
            self._dirty.set()

        return changed

    def _settle(self, found: Announcements) -> dict[int, Attributes | None]:
        before = {name: found.verdicts.get(name, ()) for name in found.waiting()}
        changes = found.settle()
        if self._witness is not None:
            self._witness.judge_again(before)
        told = 0
        for name, verdicts in before.items():
            now = found.verdicts.get(name, ())
            for one in now:
                if one not in verdicts and one.reason is not None and told < _LOGGED:
                    told += 1
                    fields = {"event": "withheld", "service": "/".join(name), "why": str(one.reason)}
                    detail = f" ({one.detail})" if one.detail else ""
                    LOG.info(
                        "%s %s is not announced: %s%s", "/".join(name), one.address, one.reason, detail, extra=fields
                    )
        return changes


def _wanted(announced: Mapping[int, Attributes]) -> Iterator[Wanted]:
    apart: dict[tuple[Family, Attributes], list[int]] = {}
    for key, said in announced.items():
        apart.setdefault((Key.family(key), said), []).append(key)
    for (family, said), keys in apart.items():
        yield Wanted((Run(family, said, packed(keys, family)),))
