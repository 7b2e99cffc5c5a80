"""The allocation on a cluster: the leader writes the addresses into the status of the Services."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Final

from frrgen.model.cluster import Pool
from frrgen.speaker.kubernetes.addresses import Intervals
from frrgen.speaker.kubernetes.allocate import Name, Outcome, Rules, allocate
from frrgen.speaker.kubernetes.api import Api, ApiError
from frrgen.speaker.kubernetes.lease import REQUEST, Lease
from frrgen.speaker.kubernetes.objects import Service
from frrgen.speaker.kubernetes.reflector import Kind, Reflector
from frrgen.speaker.log import LOG

MANAGER: Final = "frrgen"
"""The field manager of server-side apply."""
_APPLY: Final = "application/apply-patch+yaml"
_TOGETHER: Final = 0.2
"""Seconds that new Services are gathered: those of one `kubectl apply` are served by name, and not by chance."""
_AGAIN: Final = 1.0
Known = Callable[[], tuple[Mapping[str, Pool], Intervals]]
"""Returns the pools, and the addresses that nobody gets."""


class Controller:
    """Allocates while the Lease is ours."""

    def __init__(self, api: Api, lease: Lease, known: Known, rules: Rules) -> None:
        self._api = api
        self._lease = lease
        self._known = known
        self._rules = rules
        self._services: dict[Name, Service] = {}
        self._dirty = asyncio.Event()
        self._refused: dict[Name, Outcome] = {}
        self._conflicts: dict[Name, str] = {}
        """The versions of Services that somebody else writes, too: nothing is tried again until they change."""

    async def run(self) -> None:
        """Allocate until cancelled. The Lease is given back then."""
        leading: asyncio.Task[None] | None = None

        def changed() -> None:
            nonlocal leading
            if leading is not None:
                leading.cancel()
            leading = asyncio.get_running_loop().create_task(self._lead()) if self._lease.mine else None

        try:
            await self._lease.run(changed)
        finally:
            if leading is not None:
                leading.cancel()
                await asyncio.gather(leading, return_exceptions=True)
            await self._lease.release()

    async def _lead(self) -> None:
        """List everything anew, then serve: what the leader before wrote last is known before the first word."""
        self._services = {}
        reflector = Reflector(self._api, Kind("/api/v1/services", Service), self._changed)
        following = asyncio.get_running_loop().create_task(reflector.run())
        try:
            await reflector.synced.wait()
            while self._lease.mine:
                try:
                    await self._serve()
                except Exception:  # noqa: BLE001 (whatever it is, the next Service must be served)
                    LOG.exception("a mistake of the speaker")
                    self._dirty.set()
                    await asyncio.sleep(_AGAIN)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_AGAIN):
                        await self._dirty.wait()
                        await asyncio.sleep(_TOGETHER)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def _changed(self, name: Name, service: Service | None) -> None:
        if service is None:
            self._services.pop(name, None)
        else:
            held = self._services.get(name)
            # what was written is known before the watch tells it; an older event must not undo that
            if held is None or held.metadata.uid != service.metadata.uid or _version(service) >= _version(held):
                self._services[name] = service
        self._dirty.set()

    async def _serve(self) -> None:
        self._dirty.clear()
        pools, blocked = self._known()
        outcomes = allocate(self._services.values(), pools, blocked, self._rules)
        for name, outcome in outcomes.items():
            service = self._services.get(name)
            if service is None or not self._lease.mine:
                return
            if outcome.refusal is not None and self._refused.get(name) != outcome:
                detail = f" ({outcome.detail})" if outcome.detail else ""
                LOG.warning("%s gets no address: %s%s", "/".join(name), outcome.refusal, detail)
            self._refused[name] = outcome
            held = [one.ip for one in service.status.load_balancer.ingress]
            conflict = self._conflicts.get(name) == service.metadata.resource_version
            if held != list(map(str, outcome.addresses)) and not conflict:
                await self._write(name, service, outcome)
        self._conflicts = {name: version for name, version in self._conflicts.items() if name in outcomes}
        self._refused = {name: outcome for name, outcome in self._refused.items() if name in outcomes}

    async def _write(self, name: Name, service: Service, outcome: Outcome) -> None:
        """Apply the addresses. Not by force: what another controller wrote stays, and is told in the log."""
        ingress = [{"ip": str(address)} for address in outcome.addresses]
        metadata = {"name": name[1], "namespace": name[0], "resourceVersion": service.metadata.resource_version}
        status = {"loadBalancer": {"ingress": ingress} if ingress else {}}
        body = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "status": status}
        path = f"/api/v1/namespaces/{name[0]}/services/{name[1]}/status"
        try:
            async with asyncio.timeout(REQUEST):
                text = json.dumps(body).encode()
                found = await self._api.ask("PATCH", path, {"fieldManager": MANAGER}, text, _APPLY)
        except (ApiError, TimeoutError) as bad:
            if isinstance(bad, ApiError) and bad.status == 409:
                self._conflicts[name] = service.metadata.resource_version
            LOG.warning("%s: its address cannot be written: %s", "/".join(name), bad, extra={"event": "allocate"})
            return
        addresses = ", ".join(map(str, outcome.addresses)) or "no address"
        LOG.info("%s gets %s", "/".join(name), addresses, extra={"event": "allocate", "service": "/".join(name)})
        self._changed(name, Service.model_validate(found))


def _version(service: Service) -> int:
    """Return a version as a number: etcd counts, and an API server of 1.35 promises it."""
    text = service.metadata.resource_version
    return int(text) if text.isascii() and text.isdigit() else 0
