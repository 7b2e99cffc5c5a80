"""Prefixes that a person or a program announces and withdraws through the admin socket, with no file behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final

from pydantic import Field

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.inventory.validate import validate
from frrgen.inventory.yaml import YamlNode
from frrgen.model.types import Model, Prefix
from frrgen.speaker.plan import NodePlan
from frrgen.speaker.process.sources.announcement import Announcement, attributed, in_runs
from frrgen.speaker.process.sources.base import Numbers, Wanted
from frrgen.speaker.table.gate import Answers
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Key

MOST: Final = 1000
"""Prefixes of a request."""


class Withdrawal(Model):
    """Prefixes that are announced no more."""

    prefixes: Annotated[tuple[Prefix, ...], Field(min_length=1)]


class AdminSource:
    """What was announced since the process began, and not withdrawn."""

    def __init__(self) -> None:
        self._said: dict[int, Announcement] = {}
        self._plan: NodePlan | None = None
        self._changes: dict[int, Attributes | None] = {}
        self._changed = asyncio.Event()
        self._applied = asyncio.Condition()
        self._asked = self._taken = self._done = 0
        """Requests so far; those whose changes were taken; those whose changes the sessions know."""

    async def announce(self, request: YamlNode) -> list[int]:
        """Announce prefixes, and return them once the sessions know. Raises InputError, and changes nothing."""
        one = validate(Announcement, request, ())
        if one.health is not None or one.prefix_file is not None:
            raise InputError(Finding(Code.FRR607, "health and prefix_file are for a file", hint="--source static:FILE"))
        keys = [Key.of(prefix) for prefix in (one.prefixes if one.prefix is None else (one.prefix,))]
        _refuse_many(keys)
        said = dict.fromkeys(keys, one)
        self._said.update(said)
        await self._tell(self._attributes(said))
        return list(said)

    async def withdraw(self, request: YamlNode) -> list[int]:
        """Withdraw prefixes, and return those that were announced. Raises InputError, and changes nothing."""
        keys = [Key.of(prefix) for prefix in validate(Withdrawal, request, ()).prefixes]
        _refuse_many(keys)
        gone = [key for key in dict.fromkeys(keys) if self._said.pop(key, None) is not None]
        await self._tell(dict.fromkeys(gone))
        return gone

    async def _tell(self, changes: Mapping[int, Attributes | None]) -> None:
        self._changes.update(changes)
        self._asked += 1
        own = self._asked
        self._changed.set()
        async with self._applied:
            await self._applied.wait_for(lambda: self._done >= own)

    def _attributes(self, said: Mapping[int, Announcement]) -> dict[int, Attributes]:
        """Return what is announced with prefixes: what the request says, and else what their pools say."""
        pools = self._plan.pools() if self._plan is not None else []
        shared: dict[Attributes, Attributes] = {}
        alike: dict[int, tuple[Announcement, list[int]]] = {}
        for key, one in said.items():
            alike.setdefault(id(one), (one, []))[1].append(key)
        return {
            key: run.said
            for one, keys in alike.values()
            for run in attributed(in_runs(keys), one, pools, shared)
            for key in run.keys
        }

    # as a Source

    async def load(self, plan: NodePlan) -> list[Wanted]:
        """Return all that is announced: another plan may have other pools."""
        self._plan = plan
        self._changes.clear()
        alike: dict[Attributes, list[int]] = {}
        for key, said in self._attributes(self._said).items():
            alike.setdefault(said, []).append(key)
        return [Wanted(tuple(replace(run, said=said) for run in in_runs(keys))) for said, keys in alike.items()]

    def have_routers(self, answers: Answers) -> None:
        """Ask nobody: the session's own status says what routers drop."""

    async def changes(self) -> None:
        """Wait for a request. Those before are done: what was taken is announced."""
        async with self._applied:
            self._done = self._taken
            self._applied.notify_all()
        await self._changed.wait()

    def take(self) -> Mapping[int, Attributes | None]:
        """Return what was announced and withdrawn since the last time."""
        changes, self._changes = self._changes, {}
        self._taken = self._asked
        self._changed.clear()
        return changes

    def problem(self) -> str:
        """Return "": nothing can be old."""
        return ""

    def waiting(self) -> str:
        """Return "": nothing is waited for."""
        return ""

    def must_be_current(self) -> None:
        """Raise InputError if something is announced: a new process would not know of it, and withdraw it."""
        if self._said:
            text = f"{len(self._said)} prefixes of the admin socket would be withdrawn by a restart"
            raise InputError(Finding(Code.FRR607, text, hint="withdraw them first, or let a file say them"))

    def withheld(self) -> list[dict[str, str]]:
        """Return nothing: the source announces what `speaker announce` asks for."""
        return []

    def served(self) -> list[tuple[str, str]]:
        """Return nothing: there are prefixes, and no Services."""
        return []

    def numbers(self) -> Numbers:
        """Return zeros: there is no cluster."""
        return Numbers()

    def age(self) -> float:
        """Return 0: there is nothing to be heard of."""
        return 0.0

    async def stop(self) -> None:
        """Take no more requests: nothing has to be ended."""


def _refuse_many(keys: list[int]) -> None:
    if len(keys) > MOST:
        raise InputError(
            Finding(Code.FRR607, f"{len(keys)} prefixes are too many for a request", hint=f"at most {MOST}")
        )
