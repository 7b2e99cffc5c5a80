"""One leader among the speakers of a cluster, by a Lease (coordination.k8s.io/v1).

The times are those of Kubernetes' own controllers. Clocks of nodes are not compared: a Lease is over when it has not
changed for its duration by the clock of the one who waits.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from frrgen.speaker.kubernetes.api import Api, ApiError
from frrgen.speaker.log import LOG

DURATION: Final = 15
"""Seconds after its last renewal in which a Lease is nobody else's."""
_DEADLINE: Final = 10.0
"""Seconds after its last renewal in which a leader writes. What it began then has ended before another begins."""
_RETRY: Final = 2.0
REQUEST: Final = 3.0
"""Seconds that a request of a leader takes at the most."""


class Lease:
    """The Lease, and whether it is ours."""

    def __init__(self, api: Api, namespace: str, name: str, identity: str) -> None:
        self._api = api
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._name = name
        self._identity = identity
        self._until = 0.0
        """By the monotonic clock: until then the Lease is ours."""
        self._seen: tuple[str, float] = ("", 0.0)
        """The version of the Lease that was seen last, and since when."""

    @property
    def mine(self) -> bool:
        """Tell whether this process may write now."""
        return time.monotonic() < self._until

    async def run(self, changed: Callable[[], None]) -> None:
        """Take the Lease when it is free, and renew it.

        `changed` is called when the Lease was won or lost, and when it was won again after it had run out.
        """
        before = False
        while True:
            began = time.monotonic()
            try:
                async with asyncio.timeout(REQUEST):
                    if await self._renew():
                        # what it did as a leader has ended, or is about to end, if it had run out meanwhile
                        before = before and self.mine
                        self._until = began + _DEADLINE
            except (ApiError, TimeoutError) as bad:
                LOG.debug("the Lease %s: %s", self._name, bad)
            if self.mine != before:
                before = self.mine
                LOG.info("leader: %s", "yes" if before else "no", extra={"event": "leader"})
                changed()
            await asyncio.sleep(_RETRY * random.uniform(0.9, 1.1))  # noqa: S311

    async def release(self) -> None:
        """Return the Lease back, so that another need not wait."""
        if not self.mine:
            return
        self._until = 0.0
        try:
            async with asyncio.timeout(REQUEST):
                found = await self._api.ask("GET", f"{self._path}/{self._name}")
                if found.get("spec", {}).get("holderIdentity") == self._identity:
                    found["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1}
                    await self._put(found)
        except (ApiError, TimeoutError) as bad:
            LOG.debug("the Lease %s: %s", self._name, bad)

    async def _renew(self) -> bool:
        try:
            found = await self._api.ask("GET", f"{self._path}/{self._name}")
        except ApiError as bad:
            if bad.status != 404:
                raise
            return await self._create()
        spec = found.get("spec") or {}
        holder, version = spec.get("holderIdentity") or "", str(found["metadata"].get("resourceVersion"))
        now = time.monotonic()
        if self._seen[0] != version:
            self._seen = (version, now)
        lasts = spec.get("leaseDurationSeconds") or DURATION
        if holder not in {"", self._identity} and now - self._seen[1] < lasts:
            self._until = 0.0
            return False
        if holder != self._identity:
            spec["acquireTime"] = _now()
            spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + 1
        found["spec"] = {**spec, **self._spec()}
        await self._put(found)
        return True

    def _spec(self) -> dict[str, Any]:
        return {"holderIdentity": self._identity, "leaseDurationSeconds": DURATION, "renewTime": _now()}

    async def _create(self) -> bool:
        about = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": self._name}}
        body = {**about, "spec": {**self._spec(), "acquireTime": _now(), "leaseTransitions": 0}}
        await self._api.ask("POST", self._path, body=json.dumps(body).encode())
        return True

    async def _put(self, found: dict[str, Any]) -> None:
        """Write it back; the version that was read makes it fail if somebody was faster."""
        await self._api.ask("PUT", f"{self._path}/{self._name}", body=json.dumps(found).encode())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
