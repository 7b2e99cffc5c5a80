"""The labels of the namespaces of a cluster: some pools are for namespaces with some labels."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Final

from frrgen.model.cluster import Pool
from frrgen.speaker.kubernetes.allocate import Labels
from frrgen.speaker.kubernetes.api import Api
from frrgen.speaker.kubernetes.objects import Namespace
from frrgen.speaker.kubernetes.reflector import Kind, Reflector

_FIRST: Final = 5.0
"""Seconds that the first list may take; later the Services of unknown namespaces are left as they are."""


class NamespaceLabels:
    """The labels of each namespace. Nothing is asked of the server before a pool needs them."""

    def __init__(self, api: Api, changed: Callable[[], None]) -> None:
        """Take the server, and the function that is called after each change."""
        self._api = api
        self._told = changed
        self._labels: Labels = {}
        self._task: asyncio.Task[None] | None = None

    async def needed_by(self, pools: Iterable[Pool]) -> Labels:
        """Return namespace -> labels, as they are now known; nothing if no pool selects namespaces by labels."""
        if not any(pool.namespace_selectors for pool in pools):
            return {}
        if self._task is None:
            reflector = Reflector(self._api, Kind("/api/v1/namespaces", Namespace), self._changed)
            self._task = asyncio.get_running_loop().create_task(reflector.run())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reflector.synced.wait(), _FIRST)
        return self._labels

    async def stop(self) -> None:
        """Follow the server no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _changed(self, name: tuple[str, str], namespace: Namespace | None) -> None:
        held = dict(self._labels)
        held.pop(name[1], None)
        if namespace is not None:
            held[name[1]] = namespace.metadata.labels
        if held != self._labels:
            self._labels = held
            self._told()
