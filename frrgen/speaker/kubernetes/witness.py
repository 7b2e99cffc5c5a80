"""The leader writes on each Service whether routers take its route: a condition, and an Event where they do not."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from frrgen.speaker.kubernetes.announce import Announcements, Name, Reason
from frrgen.speaker.kubernetes.api import OF_THE_OBJECT, Api, ApiError
from frrgen.speaker.kubernetes.backoff import Backoff
from frrgen.speaker.kubernetes.lease import REQUEST
from frrgen.speaker.kubernetes.objects import Service
from frrgen.speaker.kubernetes.verdict import TYPE, Acceptance, acceptance
from frrgen.speaker.log import LOG
from frrgen.speaker.table.gate import Answers

MANAGER: Final = "frrgen-verdict"
"""The field manager of the condition: not that of addresses, which would give up what it does not apply again."""
_COMPONENT: Final = "frrgen-speaker"
_APPLY: Final = "application/apply-patch+yaml"
_ALL_AGAIN: Final = 60.0
"""Seconds after which all Services are looked at again: what routers do may have changed, and nobody told."""
_TOGETHER: Final = 0.5
"""Seconds that changes are gathered: a Service that is new has its address by then."""
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 30.0
_TOLD_AGAIN: Final = 3000.0
"""Seconds after which an Event is written again: the API server forgets Events after an hour."""


class Witness:
    """What is written about the Services that one node knows, while that node leads."""

    def __init__(self, api: Api, node: str, found: Announcements, ask: Answers, refusal: Callable[[Name], str]) -> None:
        self._api = api
        self._node = node
        self._found = found
        self._ask = ask
        self._refusal = refusal
        self._again: dict[Name, None] = {}
        self._dirty = asyncio.Event()
        self._told: dict[Name, tuple[Acceptance, float]] = {}

    def judge_again(self, names: Iterable[Name]) -> None:
        """Mark these Services: their verdict may have changed."""
        self._again.update(dict.fromkeys(names))
        self._dirty.set()

    async def run(self, leads: Callable[[], bool]) -> None:
        """Write verdicts until cancelled, or until `leads` is false."""
        backoff = Backoff()
        self._told.clear()
        self._again.update(dict.fromkeys(self._found.names()))
        while True:
            await asyncio.sleep(_TOGETHER)
            self._dirty.clear()
            names, self._again = list(self._again), {}
            wait = _ALL_AGAIN
            for place, name in enumerate(names):
                if not leads():
                    return
                try:
                    async with asyncio.timeout(REQUEST):
                        await self._write(name)
                    backoff.succeeded()
                except (ApiError, TimeoutError) as bad:
                    error = bad if isinstance(bad, ApiError) else ApiError(f"no answer in {REQUEST:g} s")
                    LOG.debug("%s: its condition cannot be written: %s", "/".join(name), error)
                    if error.status in OF_THE_OBJECT:
                        # the next change of the Service, or the next look at all, tries it again
                        continue
                    wait = backoff.failed(_FIRST_WAIT, _LONGEST_WAIT, error.retry_after)
                    self._again.update(dict.fromkeys(names[place:]))
                    break
            if wait < _ALL_AGAIN:
                await asyncio.sleep(wait)
                continue
            try:
                async with asyncio.timeout(wait):
                    await self._dirty.wait()
            except TimeoutError:
                self._again.update(dict.fromkeys(self._found.names()))

    async def _write(self, name: Name) -> None:
        service = self._found.known(name)
        if service is None:
            self._told.pop(name, None)
            return
        refusal = self._refusal(name)
        wanted = acceptance(self._found.verdicts.get(name, ()), self._ask, refusal)
        there = next((one for one in service.status.conditions if one.type == TYPE), None)
        held = None if there is None else Acceptance(there.status == "True", there.reason, there.message)
        if wanted != held:
            await self._apply(name, service, wanted, there.last_transition_time if there is not None else "")
        if wanted is None:
            self._told.pop(name, None)
            return
        told, when = self._told.get(name, (None, 0.0))
        if wanted.accepted:
            before = told or held
            news = before is not None and not before.accepted
        elif wanted.reason == Reason.NO_IP and not refusal:
            # another controller may be about to give an address, and it is its matter to say why it does not
            news = False
        else:
            news = told != wanted or time.monotonic() - when > _TOLD_AGAIN
        if news:
            await self._event(name, service, wanted)
            when = time.monotonic()
        self._told[name] = (wanted, when)

    async def _apply(self, name: Name, service: Service, wanted: Acceptance | None, since: str) -> None:
        there = next((one for one in service.status.conditions if one.type == TYPE), None)
        conditions: list[dict[str, Any]] = []
        if wanted is not None:
            same = there is not None and there.status == wanted.status and since
            about = {"status": wanted.status, "reason": wanted.reason, "message": wanted.message}
            conditions = [{"type": TYPE, **about, "lastTransitionTime": since if same else _now()}]
        body = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name[1], "namespace": name[0]},
            "status": {"conditions": conditions} if conditions else {},
        }
        path = f"/api/v1/namespaces/{name[0]}/services/{name[1]}/status"
        # nobody else has a say in this condition
        params = {"fieldManager": MANAGER, "force": "true"}
        await self._api.ask("PATCH", path, params, json.dumps(body).encode(), _APPLY)

    async def _event(self, name: Name, service: Service, wanted: Acceptance) -> None:
        now, about = _now(), service.metadata
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{name[1]}.{uuid4().hex[:16]}", "namespace": name[0]},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Service",
                "name": name[1],
                "namespace": name[0],
                "uid": about.uid,
                "resourceVersion": about.resource_version,
            },
            "type": "Normal" if wanted.accepted else "Warning",
            "reason": wanted.reason[:1].upper() + wanted.reason[1:],
            "message": wanted.message,
            "source": {"component": _COMPONENT, "host": self._node},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            await self._api.ask("POST", f"/api/v1/namespaces/{name[0]}/events", None, json.dumps(body).encode())
        except ApiError as bad:
            # a namespace that is being deleted takes no Event, and needs none
            if bad.status not in {403, 404}:
                raise
            LOG.debug("%s: no Event: %s", "/".join(name), bad)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
