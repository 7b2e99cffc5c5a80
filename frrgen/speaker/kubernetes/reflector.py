"""A copy of one list of the API, kept up to date: list, watch, and list again where the watch lost something.

An error of the API changes nothing in the copy: an object goes only when the server says that it is gone.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import ValidationError

from frrgen.speaker.kubernetes.api import Api, ApiError, BrokenLineError, GoneError
from frrgen.speaker.kubernetes.backoff import Backoff
from frrgen.speaker.kubernetes.objects import ApiObject, read_object
from frrgen.speaker.log import LOG

_T = TypeVar("_T", bound=ApiObject)
Name = tuple[str, str]
_PAGE: Final = 500
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 30.0
_LASTS: Final = 5.0
"""Seconds after which a watch counts as a success without an event."""
_RELIST: Final = 3600.0
"""Seconds after which all is listed again, even while the watch works: a proxy in between may lose lines."""
_STEP: Final = 100
"""Objects that are read at a time: some milliseconds."""


@dataclass(frozen=True)
class Kind(Generic[_T]):
    """What to follow."""

    path: str
    """Such as `/api/v1/services`."""
    model: type[_T]
    field_selector: str = ""
    label_selector: str = ""

    @property
    def selectors(self) -> dict[str, str]:
        """The parameters of a list of them."""
        selectors = {"fieldSelector": self.field_selector, "labelSelector": self.label_selector}
        return {name: text for name, text in selectors.items() if text}


class Reflector(Generic[_T]):
    """The copy. `changed` is called for each object that is another than before, with None for one that is gone."""

    def __init__(self, api: Api, kind: Kind[_T], changed: Callable[[Name, _T | None], None]) -> None:
        self.synced = asyncio.Event()
        """All was listed once."""
        self.problem = ""
        self.updates = 0
        """Objects that were taken, changed or gone."""
        self.errors = 0
        """Answers of the server that were errors, and requests without an answer."""
        """Why the copy is not being kept up to date; "" while it is."""
        self.current = time.monotonic()
        """When the copy was last known to be up to date, by the monotonic clock."""
        self.lists = 0
        """How often all was listed."""
        self._api = api
        self._kind = kind
        self._changed = changed
        self._objects: dict[Name, _T] = {}
        self._version: str | None = None
        """Where the watch goes on; None: all must be listed."""
        self._listed = 0.0
        self._backoff = Backoff()
        """An event that brings the copy forward is a success, and so is a watch that lasts."""
        self._unread: dict[Name, str] = {}

    def __len__(self) -> int:
        return len(self._objects)

    @property
    def unread(self) -> str:
        """Return which object cannot be read, and is kept as it was; "" if none."""
        return next((f"{'/'.join(name).strip('/')}: {why}" for name, why in self._unread.items()), "")

    @property
    def age(self) -> float:
        """Seconds since the copy was last known to be up to date; 0 while a watch is open."""
        return 0.0 if not self.problem and self.synced.is_set() else time.monotonic() - self.current

    async def run(self) -> None:
        """Follow the list until cancelled."""
        while True:
            try:
                if self._version is None or time.monotonic() - self._listed > _RELIST:
                    await self._list()
                await self._watch()
            except ApiError as bad:
                await self._wait(bad)
            except Exception as bad:  # noqa: BLE001 (whatever it is, the copy must be followed)
                LOG.exception("a mistake of the speaker")
                self._version = None
                await self._wait(ApiError(f"{type(bad).__name__}: {bad}"))

    async def _wait(self, bad: ApiError) -> None:
        """Wait before the next attempt: longer with each failure in a row, and as long as the server asks."""
        if isinstance(bad, GoneError | BrokenLineError):
            self._version = None
        wait = self._backoff.failed(_FIRST_WAIT, _LONGEST_WAIT, bad.retry_after)
        if self._backoff.failures == 1 and isinstance(bad, GoneError):
            # nothing is wrong: the server has forgotten that version, so all is listed at once
            return
        if not self.problem:
            LOG.warning("%s: %s", self._kind.path, bad, extra={"event": "api", "why": str(bad)})
        self.problem = str(bad)
        self.errors += 1
        await asyncio.sleep(wait)

    def _answered(self) -> None:
        if self.problem:
            LOG.info("%s: followed again", self._kind.path, extra={"event": "api"})
        self.problem, self.current = "", time.monotonic()

    # all of it

    async def _list(self) -> None:
        """List all, page by page, and tell what is another than in the copy, what is gone included."""
        found: dict[Name, _T | None] = {}
        params = {**self._kind.selectors, "limit": str(_PAGE)}
        version = ""
        while True:
            page = await self._api.ask("GET", self._kind.path, params)
            metadata = page.get("metadata")
            metadata = metadata if isinstance(metadata, dict) else {}
            version = str(metadata.get("resourceVersion") or "")
            items = page.get("items") or []
            for start in range(0, len(items), _STEP):
                for item in items[start : start + _STEP]:
                    name, one = self._read(item)
                    held = self._objects.get(name)
                    # an equal object is not held twice until the end of the list
                    found[name] = held if held == one else one
                await asyncio.sleep(0)
            if not (more := metadata.get("continue")):
                break
            params["continue"] = str(more)
        if not version:
            raise ApiError("the list has no resourceVersion")
        for name in [name for name in self._objects if name not in found]:
            self._put(name, None)
        for name, one in found.items():
            if one is not None:
                self._put(name, one)
        self._version, self._listed = version, time.monotonic()
        self.lists += 1
        self._answered()
        self.synced.set()

    def _read(self, item: Any) -> tuple[Name, _T | None]:
        """Read an object; None: it cannot be read, and the copy keeps it as it was. Raises ApiError without a name."""
        metadata = item.get("metadata") if isinstance(item, dict) else None
        if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
            raise BrokenLineError("an object without a name")
        name = (str(metadata.get("namespace") or ""), metadata["name"])
        try:
            one = read_object(self._kind.model, item)
        except ValidationError as bad:
            first = bad.errors()[0]
            self._unread[name] = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            LOG.warning("%s %s cannot be read: %s", self._kind.path, name, self._unread[name], extra={"event": "api"})
            return name, None
        self._unread.pop(name, None)
        return name, one

    def _put(self, name: Name, one: _T | None) -> None:
        self.updates += 1
        before = self._objects.get(name)
        if one is None:
            self._unread.pop(name, None)
            if self._objects.pop(name, None) is not None:
                self._changed(name, None)
        elif before is None or before != one:
            self._objects[name] = one
            self._changed(name, one)

    # what changes

    async def _watch(self) -> None:
        """Follow the changes until the server ends the watch, or something goes wrong."""
        seconds = random.randint(240, 480)  # noqa: S311
        params = {**self._kind.selectors, "resourceVersion": self._version or ""}
        began, any_event = time.monotonic(), False
        try:
            async with self._api.watch(self._kind.path, params, seconds) as events:
                self._answered()
                async for event in events:
                    before = self._version
                    self._take(event)
                    any_event, self.current = True, time.monotonic()
                    if self._version != before:
                        self._backoff.succeeded()
        finally:
            if time.monotonic() - began > _LASTS:
                self._backoff.succeeded()
        if not (any_event or time.monotonic() - began > _LASTS):
            raise ApiError("the watch ended at once")

    def _take(self, event: dict[str, Any]) -> None:
        kind, item = event.get("type"), event["object"]
        metadata = item.get("metadata")
        version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
        if not isinstance(version, str) or not version:
            raise BrokenLineError("an event without a resourceVersion")
        if kind in {"ADDED", "MODIFIED", "DELETED"}:
            name, one = self._read(item)
            if kind == "DELETED" or one is not None:
                self._put(name, None if kind == "DELETED" else one)
        elif kind != "BOOKMARK":
            raise BrokenLineError(f"an event of the type {kind!r}")
        self._version = version
