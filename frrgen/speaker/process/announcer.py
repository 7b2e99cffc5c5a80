"""What is announced now: what the source wants, while its health checks pass and the routers would have it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from frrgen.errors import Finding, InputError
from frrgen.speaker.log import LOG
from frrgen.speaker.plan import NodePlan
from frrgen.speaker.process.health import CHECKS, Checker
from frrgen.speaker.process.sources.base import Health, Source, Wanted
from frrgen.speaker.session.group import Group
from frrgen.speaker.session.peer import Peer
from frrgen.speaker.table.gate import Gate
from frrgen.speaker.table.rib import AdjRibOut, steps
from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Family, Key

_LOGGED: Final = 20
_FEW: Final = 1000
"""Prefixes that are changed one by one."""
_STARTING: Final = "starting"
_END: Final = 1.0
"""Seconds in which a program of a check is gone once it was killed."""
_FIRST: Final = 15.0
"""Seconds that sessions wait at the most for the first health checks."""
Reasons = Callable[[Gate, int, Attributes], Sequence[str]]
"""Says what a router looks at, step by step, with the places."""


class Announcer:
    """The table, the sessions that announce it, and what keeps it as the source wants it."""

    def __init__(self, source: Source | None, reasons: Reasons) -> None:
        self.table = AnnouncementTable()
        self.groups: dict[tuple[object, ...], Group] = {}
        self.peers: list[Peer] = []
        self._wrong = _STARTING
        """Why what is announced is not what it should be."""
        self.checkers: list[tuple[Wanted, Checker | None]] = []
        self._source = source
        self._reasons = reasons
        self._named = 0
        """Prefixes that were dropped since the table was last changed as a whole."""
        self._few = asyncio.Semaphore(CHECKS)
        self._settled = asyncio.Event()
        """The table is what the checks said when it was made; from now on they change it."""
        self._lock = asyncio.Lock()
        self._reading = asyncio.Lock()
        if source is not None:
            source.have_routers(self.answers)

    def group(self, gate: Gate) -> Group:
        """Return the sessions whose routers have the same policy."""
        group = self.groups.get(gate.key)
        if group is None:
            group = self.groups[gate.key] = Group(AdjRibOut(self.table), gate)
        return group

    @property
    def not_ready(self) -> str:
        """Return why the announcements are wrong or may be old; "" if they are current."""
        if self._wrong == _STARTING and self._source is not None and (waits := self._source.waiting()):
            return f"{_STARTING}: {waits}"
        return self._wrong or (self._source.problem() if self._source is not None else "")

    @not_ready.setter
    def not_ready(self, why: str) -> None:
        self._wrong = why

    @property
    def ready(self) -> bool:
        """What is announced is what it should be."""
        return not self.not_ready

    # the table

    async def become(self, wanted: AnnouncementTable) -> None:
        """Announce exactly this from now on. It takes its time in small steps: no session waits for it."""
        async with self._lock:
            self._named = added = withdrawn = changed = 0
            before = len(self.table)
            for keys in self.table.become(wanted):
                more, before = len(self.table) - before, len(self.table)
                # all are new, or all are gone, or it must be looked at
                gone = max(0, -more) if abs(more) == len(keys) else sum(self.table.get(key) is None for key in keys)
                added, withdrawn, changed = added + more + gone, withdrawn + gone, changed + len(keys) - more - 2 * gone
                self._changed(keys)
                await asyncio.sleep(0)
            _log_change(added, withdrawn, changed)
            if self._named > _LOGGED:
                for group in self.groups.values():
                    if group.rib.dropped:
                        LOG.warning("%s would drop %d in all", self._names(group), len(group.rib.dropped))
            self._named = 0

    def change(self, key: int, attributes: Attributes | None) -> None:
        """Announce one prefix, or withdraw it."""
        if self.table.change(key, attributes):
            self._named = 0
            self._changed([key])

    async def rejudge(self, group: Group, before: Group | None = None) -> None:
        """Ask a gate about everything that is there: it is new.

        What does not fit into the maximum-prefix is first of all what was not announced `before` to its sessions.
        """
        await asyncio.to_thread(self._prove, [one for one, _ in self.checkers])
        for column in self.table.columns.values():
            for block in column.walk():
                group.gate.rule(group.rib, list(block.keys))
                await asyncio.sleep(0)
        for stays in (AnnouncementTable() if before is None else before.rib, ()):
            for column in self.table.columns.values():
                for block in reversed(column.blocks):
                    group.gate.keep_within(group.rib, [key for key in block.keys if key not in stays])
                    await asyncio.sleep(0)

    def forget_groups(self) -> None:
        """Drop those that no session is in any more."""
        used = {id(peer.group) for peer in self.peers}
        self.groups = {key: group for key, group in self.groups.items() if id(group) in used}

    def _changed(self, keys: Sequence[int]) -> None:
        for group in self.groups.values():
            before = len(group.rib.dropped)
            changes = group.judge(keys)
            for peer in self.peers:
                if peer.group is group:
                    peer.changed(changes)
            if len(group.rib.dropped) > before:
                self._log_dropped(group, keys)

    def _log_dropped(self, group: Group, keys: Iterable[int]) -> None:
        """Name what the router would drop: of a whole table the first ones, of single changes each."""
        names = self._names(group)
        dropped = [key for key in keys if key in group.rib.dropped and key not in group.rib.closed]
        for key in dropped[: max(0, _LOGGED - self._named)]:
            said = "is held back from" if key in group.rib.held else "would be dropped by"
            prefix, why = str(Key.prefix(key)), self.why_dropped(group, key)
            fields = {"event": "held_back", "prefix": prefix, "routers": names, "why": why}
            LOG.warning("%s %s %s: %s", prefix, said, names, why, extra=fields)
        self._named += len(dropped)

    def _names(self, group: Group) -> str:
        return ", ".join(peer.settings.name for peer in self.peers if peer.group is group)

    def why_dropped(self, group: Group, key: int) -> str:
        """Return which entry and which line drop a prefix."""
        dropped, attributes = group.rib.dropped.get(key), self.table.get(key)
        if dropped is None or attributes is None:
            return ""
        if dropped.limit:
            return dropped.reason
        return "; ".join((dropped.reason, *self._reasons(group.gate, key, attributes)))

    def answers(self, key: int, attributes: Attributes) -> dict[str, str | None]:
        """Return why each router drops a prefix that is announced with these attributes; "" where it takes the prefix.

        None stands where nobody can tell.
        Routers that this node has no session with, or that the prefix is not meant for, are not in it.
        """
        family, found = Key.family(key), dict[str, str | None]()
        for peer in self.peers:
            gate, router = peer.group.gate, peer.settings.router
            if (family in gate.elsewhere and family not in gate.families) or gate.is_closed(key):
                continue
            if (held := peer.group.rib.dropped.get(key)) is not None and held.limit:
                found[router] = held.reason
                continue
            ruling = gate.ruling(family, attributes)
            if (reason := ruling.reason(family, key)) is not None:
                found[router] = "; ".join((reason, *self._reasons(gate, key, attributes)))
            elif ruling.doubt(family, key) is not None:
                found[router] = found.get(router) or None
            else:
                found.setdefault(router, "")
        return found

    # the source

    async def load(self, plan: NodePlan) -> None:
        """Read the source, and announce what it says. Raises InputError: then all stays as it is."""
        async with self._reading:
            if self._source is not None:
                await self._take(await self._source.load(plan))
                # what is known now stays: the collector of cycles need not go through a million of it again and again
                gc.freeze()
            self.not_ready = ""

    async def reload(self, plan: NodePlan) -> bool:
        """Read the source again. Log what is wrong in it, and keep the last good state."""
        try:
            await self.load(plan)
        except InputError as bad:
            self.refuse(bad.findings)
            return False
        return True

    def refuse(self, findings: Sequence[Finding]) -> None:
        """Log what is wrong with the new announcements, and keep the old ones."""
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        self.not_ready = f"{findings[0].where}: {findings[0].message}{more}".removeprefix(": ")
        for finding in findings:
            LOG.error("%s", finding, extra={"event": "bad_input", "code": finding.code, "where": str(finding.where)})

    async def follow(self, plan: Callable[[], NodePlan]) -> None:
        """Announce what the source wants, each time that it changes; ends when it is cancelled."""
        source = self._source
        if source is None:
            await asyncio.Event().wait()
        while source is not None:
            await source.changes()
            async with self._reading:
                changes = source.take()
                if changes:
                    await self._apply(changes)
            if changes is None:
                await self.reload(plan())

    async def _apply(self, changes: Mapping[int, Attributes | None]) -> None:
        """Announce some prefixes otherwise: one change costs one change, however many are announced."""
        new = {(Key.family(key), said) for key, said in changes.items() if said is not None}
        await asyncio.to_thread(self._rule, new)
        async with self._lock:
            self._named = added = withdrawn = changed = 0
            for keys in steps(changes):
                before = len(self.table)
                gone = sum(changes[key] is None and self.table.get(key) is not None for key in keys)
                touched = [key for key in keys if self.table.change(key, changes[key])]
                came = len(self.table) - before + gone
                added, withdrawn, changed = added + came, withdrawn + gone, changed + len(touched) - came - gone
                if touched:
                    self._changed(touched)
                await asyncio.sleep(0)
            _log_change(added, withdrawn, changed)

    async def _take(self, wanted: list[Wanted]) -> None:
        if not wanted:
            LOG.info("the source announces no prefix", extra={"event": "announcements"})
        if (changes := _difference((one for one, _ in self.checkers), wanted)) is not None:
            held = {id(one): checker for one, checker in self.checkers}
            self.checkers = [(one, held.get(id(one))) for one in wanted]
            await self._apply(changes)
            return
        running: dict[Health, list[Checker]] = {}
        for _, checker in self.checkers:
            if checker is not None:
                running.setdefault(checker.health, []).append(checker)
        self._settled.clear()
        self.checkers = []
        for one in wanted:
            checker = None
            if one.health is not None:
                # a check that runs is not started again
                same = running.get(one.health)
                checker = same.pop() if same else Checker(one.health, self._few)
            self.checkers.append((one, checker))
        for checker in (checker for some in running.values() for checker in some):
            checker.stop()
        passing = [one for one, checker in self.checkers if checker is None or checker.passing]
        await asyncio.to_thread(self._prove, wanted)
        await self.become(await asyncio.to_thread(_table, passing))
        assumed = set(map(id, passing))
        self._settled.set()
        other = []
        for one, checker in self.checkers:
            if checker is not None:
                checker.start(follow := partial(self._follow, one, checker))
                if checker.passing != (id(one) in assumed):
                    other.append(follow)
        for follow in other:
            await follow()

    def _prove(self, wanted: Iterable[Wanted]) -> None:
        """Ask the gates about each set of attributes: the first answer takes long, and no session should wait."""
        self._rule({(run.family, run.said) for one in wanted for run in one.runs})

    def _rule(self, said: Iterable[tuple[Family, Attributes]]) -> None:
        for group in list(self.groups.values()):
            for family, attributes in said:
                group.gate.ruling(family, attributes)

    async def _follow(self, one: Wanted, checker: Checker) -> None:
        """Announce or withdraw what a check decides on, as it stands now, in small steps."""
        if not self._settled.is_set():
            return
        async with self._lock:
            # meanwhile all may have been read again; then this is no longer what is wanted
            if not self._settled.is_set():
                return
            passing = checker.passing
            names = ", ".join(str(Key.prefix(key)) for key in islice(one.keys(), 3))
            fields: dict[str, Any] = {"event": "health", "passing": passing}
            if passing:
                LOG.info("the health check of %s passes", names, extra=fields)
            else:
                fields["why"] = checker.detail
                LOG.warning("the health check of %s fails: %s", names, checker.detail, extra=fields)
            for run in one.runs:
                said = run.said if passing else None
                for keys in steps(run.keys):
                    if changed := [key for key in keys if self.table.change(key, said)]:
                        self._changed(changed)
                    await asyncio.sleep(0)

    @property
    def source(self) -> Source | None:
        """Where prefixes come from."""
        return self._source

    async def first_checks(self) -> None:
        """Wait until every health check has had the time to pass: sessions begin with all that is healthy."""
        checkers = [checker for _, checker in self.checkers if checker is not None]
        if not checkers:
            return
        due = [one.health for one in checkers]
        longest = max((one.rise - 1) * one.interval + one.timeout for one in due) + 1
        try:
            async with asyncio.timeout(min(_FIRST, longest)):
                await asyncio.gather(*(one.settled.wait() for one in checkers))
        except TimeoutError:
            LOG.info("not every health check has passed yet", extra={"event": "health"})

    async def stop(self) -> None:
        """End the checks, the programs that they run, and the source."""
        if self._source is not None:
            await self._source.stop()
        ending = [task for _, checker in self.checkers if checker is not None and (task := checker.stop())]
        if ending:
            await asyncio.wait(ending, timeout=_END)


def _log_change(added: int, withdrawn: int, changed: int) -> None:
    """Log how many prefixes are announced otherwise; nothing if there are none."""
    if added or withdrawn or changed:
        fields = {"event": "announcements", "added": added, "withdrawn": withdrawn, "changed": changed}
        other = f", changed {changed}" if changed else ""
        LOG.info("announcements: added %d, withdrawn %d%s", added, withdrawn, other, extra=fields)


def _difference(before: Iterable[Wanted], wanted: Iterable[Wanted]) -> dict[int, Attributes | None] | None:
    """Return what is announced otherwise where few announcements came or went; None: compare all.

    An announcement that is the same object is as it was.
    """
    old, new = {id(one): one for one in before}, {id(one): one for one in wanted}
    gone, came = [old[one] for one in old.keys() - new.keys()], [new[one] for one in new.keys() - old.keys()]
    other = [*gone, *came]
    if not old or any(one.health for one in other) or sum(len(run.keys) for one in other for run in one.runs) > _FEW:
        return None
    changes: dict[int, Attributes | None] = dict.fromkeys(key for one in gone for run in one.runs for key in run.keys)
    changes.update({key: run.said for one in came for run in one.runs for key in run.keys})
    return changes


def _table(wanted: Iterable[Wanted]) -> AnnouncementTable:
    table = AnnouncementTable()
    for one in wanted:
        for run in one.runs:
            table.columns[run.family].fill(run.keys, run.said)
    return table
