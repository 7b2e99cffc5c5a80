"""The allocation on a cluster: the leader writes the addresses into the status of the Services."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from frrgen.model.cluster import Pool
from frrgen.speaker.kubernetes.addresses import Intervals
from frrgen.speaker.kubernetes.allocate import Name, Outcome, Refusal, Rules, allocate
from frrgen.speaker.kubernetes.api import OF_THE_OBJECT, Api, ApiError
from frrgen.speaker.kubernetes.backoff import Backoff
from frrgen.speaker.kubernetes.lease import REQUEST, Lease
from frrgen.speaker.kubernetes.namespaces import NamespaceLabels
from frrgen.speaker.kubernetes.objects import Service, read_object
from frrgen.speaker.kubernetes.reflector import Kind, Reflector
from frrgen.speaker.log import LOG

MANAGER: Final = "frrgen"
"""The field manager of server-side apply."""
_APPLY: Final = "application/apply-patch+yaml"
_TOGETHER: Final = 0.2
"""Seconds that new Services are gathered: those of one `kubectl apply` are served by name, and not by chance."""
_AGAIN: Final = 1.0
"""Seconds between two looks at what may be tried again, and the first wait after a write that failed."""
_LONGEST: Final = 30.0
"""Seconds between two attempts at the most."""
Known = Callable[[], tuple[Mapping[str, Pool], Intervals]]
"""Returns the pools, and the addresses that nobody gets."""
Leads = Callable[[], bool]
"""Tells whether this process leads still."""
Beside = Callable[[Leads], Awaitable[None]]
"""What else a leader does; it is cancelled when the Lease is lost."""


class Controller:
    """Allocates while the Lease is ours."""

    def __init__(
        self,
        api: Api,
        lease: Lease,
        known: Known,
        rules: Rules,
        beside: Beside | None = None,
    ) -> None:
        """Take the server, the Lease, the pools, the rules, and what else a leader does."""
        self._api = api
        self._lease = lease
        self._known = known
        self._rules = rules
        self._beside = beside
        self._services: dict[Name, Service] = {}
        self._dirty = asyncio.Event()
        self._basis: tuple[Mapping[str, Pool], Intervals] | None = None
        """The pools and the blocked addresses of the last round."""
        self._refused: dict[Name, Outcome] = {}
        self._foreign: dict[Name, str] = {}
        """The versions of Services whose address another controller holds: they are left alone until they change."""
        self._put_off: dict[Name, tuple[Backoff, float]] = {}
        """Services whose write failed, and when each is tried again, by the monotonic clock."""
        self._server: tuple[Backoff, float] = (Backoff(), 0.0)
        """The same for the server as a whole."""

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
        """List everything again, then serve: what the leader before wrote last is known before the first word."""
        services = self._services = {}
        self._basis, self._put_off, self._server = None, {}, (Backoff(), 0.0)

        def changed(name: Name, service: Service | None) -> None:
            self._know(services, name, service)

        reflector = Reflector(self._api, Kind("/api/v1/services", Service), changed)
        namespaces = NamespaceLabels(self._api, self._dirty.set)
        following = [asyncio.ensure_future(reflector.run())]
        if self._beside is not None:
            following.append(asyncio.ensure_future(self._beside(lambda: self._lease.mine)))
        try:
            await reflector.synced.wait()
            while self._lease.mine:
                try:
                    await self._serve(services, namespaces)
                except Exception:  # noqa: BLE001 (whatever it is, the next Service must be served)
                    LOG.exception("a mistake of the speaker")
                    self._basis = None
                    await asyncio.sleep(_AGAIN)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_AGAIN):
                        await self._dirty.wait()
                        await asyncio.sleep(_TOGETHER)
        finally:
            for one in following:
                one.cancel()
            await asyncio.gather(*following, return_exceptions=True)
            await namespaces.stop()

    def refusal(self, name: Name) -> str:
        """Return why a Service gets no address from us; "" if it gets one, or is not ours."""
        outcome = self._refused.get(name)
        if outcome is None or outcome.refusal is None:
            return ""
        return f"{outcome.refusal} ({outcome.detail})" if outcome.detail else str(outcome.refusal)

    def _know(self, services: dict[Name, Service], name: Name, service: Service | None) -> None:
        if service is None:
            services.pop(name, None)
        else:
            held = services.get(name)
            # what was written is known before the watch tells it; an older event must not undo that
            if held is None or held.metadata.uid != service.metadata.uid or _version(service) >= _version(held):
                services[name] = service
        self._dirty.set()

    async def _serve(self, services: dict[Name, Service], namespaces: NamespaceLabels) -> None:
        """Return every Service what the rule gives it, if anything has changed since the last round."""
        now, basis = time.monotonic(), self._known()
        due = [name for name, (_, when) in self._put_off.items() if when <= now]
        if self._server[1] > now or not (self._dirty.is_set() or due or basis != self._basis):
            return
        self._dirty.clear()
        self._basis = basis
        labels = await namespaces.needed_by(basis[0].values())
        outcomes = allocate(services.values(), *basis, self._rules, labels)
        self._refused = {name: outcome for name, outcome in self._refused.items() if name in outcomes}
        self._foreign = {name: version for name, version in self._foreign.items() if name in outcomes}
        self._put_off = {name: waits for name, waits in self._put_off.items() if name in outcomes}
        for name, outcome in outcomes.items():
            service = services.get(name)
            if service is None or not self._lease.mine:
                # the outcomes are of Services that are no longer so; the change makes another round
                return
            if outcome.refusal is not None and self._refused.get(name) != outcome:
                detail = f" ({outcome.detail})" if outcome.detail else ""
                LOG.warning("%s gets no address: %s%s", "/".join(name), outcome.refusal, detail)
            self._refused[name] = outcome
            if outcome.refusal is Refusal.UNKNOWN_NAMESPACE:
                continue
            held = [one.ip for one in service.status.load_balancer.ingress]
            if held == list(map(str, outcome.addresses)):
                self._put_off.pop(name, None)
            elif self._foreign.get(name) != service.metadata.resource_version and not self._waits(name):
                await self._write(services, name, service, outcome)
                if self._server[1] > time.monotonic():
                    return

    def _waits(self, name: Name) -> bool:
        return name in self._put_off and self._put_off[name][1] > time.monotonic()

    async def _write(self, services: dict[Name, Service], name: Name, service: Service, outcome: Outcome) -> None:
        """Apply the addresses. Not by force: what another controller wrote stays, and is logged.

        A write that failed is tried again for as long as it is wanted, ever more rarely.
        """
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
            self._failed(name, service, bad if isinstance(bad, ApiError) else ApiError(f"no answer in {REQUEST:g} s"))
            return
        self._server[0].succeeded()
        self._put_off.pop(name, None)
        addresses = ", ".join(map(str, outcome.addresses)) or "no address"
        LOG.info("%s gets %s", "/".join(name), addresses, extra={"event": "allocate", "service": "/".join(name)})
        self._know(services, name, read_object(Service, found))

    def _failed(self, name: Name, service: Service, bad: ApiError) -> None:
        LOG.warning("%s: its address cannot be written: %s", "/".join(name), bad, extra={"event": "allocate"})
        if "FieldManagerConflict" in bad.causes:
            self._foreign[name] = service.metadata.resource_version
            self._put_off.pop(name, None)
            return
        own, _ = self._put_off.get(name, (Backoff(), 0.0))
        now = time.monotonic()
        self._put_off[name] = (own, now + own.failed(_AGAIN, _LONGEST, bad.retry_after))
        if bad.status not in OF_THE_OBJECT:
            server, _ = self._server
            self._server = (server, now + server.failed(_AGAIN, _LONGEST, bad.retry_after))


def _version(service: Service) -> int:
    """Return a version as a number: etcd counts, and an API server of 1.35 promises it."""
    text = service.metadata.resource_version
    return int(text) if text.isascii() and text.isdigit() else 0
