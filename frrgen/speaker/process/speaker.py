"""The speaker of one node: its sessions, and its life from start to drain."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding, FrrgenError, InputError
from frrgen.model.router import Router
from frrgen.speaker.log import LOG, Rarely, flush
from frrgen.speaker.plan import NodePlan, PeerSettings
from frrgen.speaker.process.admin import default_socket, serve_admin, serve_metrics
from frrgen.speaker.process.announcer import Announcer, Reasons
from frrgen.speaker.process.listener import Listener
from frrgen.speaker.process.sources.base import Source
from frrgen.speaker.session.peer import Peer
from frrgen.speaker.table.gate import Gate, Mode, gates
from frrgen.speaker.table.table import AnnouncementTable

RESTARTED: Final = "FRRGEN_SPEAKER_RESTARTED"
"""In the environment of a speaker that takes over from itself."""
SIGNALS: Final = frozenset({signal.SIGHUP, signal.SIGUSR1})
"""They would end a process that has not said yet what it does with them: they are blocked until it has."""
_AGAIN: Final = 1.0
"""Seconds after a mistake of ours in which nothing is tried again."""
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_RARELY: Final = Rarely()
_FLUSH: Final = 5.0
"""Seconds that a router has to read our withdrawals before the session ends."""

Plan = tuple[NodePlan, Mapping[str, Router]]


OnTerm = Literal["drain", "keep"]


@dataclass
class Options:
    """How a speaker runs."""

    source: Source | None = None
    admin: Path | None = None
    metrics: tuple[str, int] | None = None
    gate: Mode = "enforce"
    listen: bool = True
    on_term: OnTerm = "drain"
    """What TERM does: withdraw all, or leave so that routers keep the routes for the process to come (RFC 4724)."""
    drain_seconds: float = 3.0
    """How long routes are announced with GRACEFUL_SHUTDOWN before they are withdrawn."""
    restarted: bool = field(default_factory=lambda: os.environ.get(RESTARTED) == "1")
    inventory: Callable[[], Plan] | None = None
    """Reads the inventory again; raises FrrgenError. None: it never changes."""
    reasons: Reasons = Gate.steps
    ready: Callable[[], object] = bool
    """Called once, when the sockets for status and metrics are there."""


def same_session(settings: PeerSettings) -> tuple[Any, ...]:
    """Name what cannot change while a session stays up; all else is for its next connection."""
    one = settings
    where = (one.router, one.vrf, one.address, one.port, one.local_address, one.device)
    who = (*where, one.local_asn, one.peer_asn, one.identifier)
    return (*who, one.families, one.role, one.add_path)


class Speaker:
    """All sessions of a node."""

    def __init__(self, plan: NodePlan, routers: Mapping[str, Router], options: Options) -> None:
        self.plan = plan
        self.options = options
        self.announcer = Announcer(options.source, options.reasons)
        for settings, gate in zip(plan.peers, self._gates(plan, routers), strict=True):
            self.peers.append(Peer(settings, self.announcer.group(gate), restarted=options.restarted))
        self._listener = Listener()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._servers: list[asyncio.AbstractServer] = []
        self._replanning = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()
        self._stop_as: Callable[[], Awaitable[bool]] = self.drain

    @property
    def peers(self) -> list[Peer]:
        """The sessions."""
        return self.announcer.peers

    def _gates(self, plan: NodePlan, routers: Mapping[str, Router]) -> list[Gate]:
        return list(gates(plan, routers, self.options.gate))

    # what changes while it runs

    async def reload(self, *, inventory: bool = False) -> bool:
        """Read the source again, and if asked the inventory. Log what is wrong, and keep the last good state."""
        if inventory and self.options.inventory is not None:
            async with self._replanning:
                try:
                    plan, routers = await asyncio.to_thread(self.options.inventory)
                    found = await asyncio.to_thread(self._gates, plan, routers)
                except FrrgenError as bad:
                    self.announcer.refuse(bad.findings)
                    return False
                await self._replan(plan, found)
        return await self.announcer.reload(self.plan)

    async def _replan(self, plan: NodePlan, gates: Sequence[Gate]) -> None:
        """Speak to whom the inventory says now. Sessions that may stay up do."""
        self.plan, new = plan, []
        before = {same_session(peer.settings): peer for peer in self.peers}
        groups = set(map(id, self.announcer.groups.values()))
        for settings, gate in zip(plan.peers, gates, strict=True):
            await asyncio.to_thread(gate.prove)
            group = self.announcer.group(gate)
            peer = before.pop(same_session(settings), None)
            if id(group) not in groups:
                groups.add(id(group))
                await self.announcer.rejudge(group, peer.group if peer is not None else None)
            if peer is None:
                new.append(Peer(settings, group))
            else:
                peer.settings = settings
                peer.move(group)
                peer.retry()
        for peer in before.values():
            self.peers.remove(peer)
            LOG.info("%s: no longer configured", peer.settings.name, extra={"event": "configured"})
        # a router that is the same with another number takes the new session once it knows the end of the old one
        await asyncio.gather(*(peer.stop("no longer configured", deconfigured=True) for peer in before.values()))
        for peer in new:
            self.peers.append(peer)
            peer.start()
            LOG.info("%s: new", peer.settings.name, extra={"event": "configured"})
        self.announcer.forget_groups()
        await self._listener.stop()
        self._listen()

    async def _watch(self) -> None:
        while True:
            try:
                await self.announcer.follow(lambda: self.plan)
            except Exception:  # noqa: BLE001 (whatever it is, the next change must be seen)
                LOG.exception("a mistake of the speaker")
                await asyncio.sleep(_AGAIN)
                # what was taken from the source may be lost: all is loaded again
                await self.reload()

    def _hup(self) -> None:
        if self._stopping.is_set():
            return
        self._begin(self.reload(inventory=True))

    def _begin(self, what: Any) -> None:
        task = asyncio.get_running_loop().create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            LOG.error("a mistake of the speaker", exc_info=task.exception())

    async def _end_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # life

    async def run(self) -> None:
        """Run until a signal: TERM drains or leaves, INT drains, HUP reads everything again, USR1 restarts.

        Raises InputError if the source is wrong at the start, DeviceError if an address or socket cannot be had.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, partial(self.stop, leave=self.options.on_term == "keep"))
        loop.add_signal_handler(signal.SIGINT, self.stop)
        loop.add_signal_handler(signal.SIGUSR1, partial(self.stop, restart=True))
        loop.add_signal_handler(signal.SIGHUP, self._hup)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*SIGNALS, signal.SIGTERM, signal.SIGINT})
        loop.set_exception_handler(_mistake)
        admin = await self._admin()
        try:
            if self.options.metrics is not None:
                await self._serve_metrics(*self.options.metrics)
            self.options.ready()
            await self._live()
        finally:
            await self.announcer.stop()
            for server in self._servers:
                server.close()
            if admin is not None:
                with contextlib.suppress(OSError):
                    admin.unlink(missing_ok=True)

    async def _admin(self) -> Path | None:
        """Open the admin socket: the one that is asked for, or else the usual one, if it can be had."""
        path = self.options.admin or default_socket()
        try:
            self._servers.append(await serve_admin(self, path))
        except (OSError, DeviceError) as bad:
            why = bad.findings[0].message if isinstance(bad, DeviceError) else bad.strerror or str(bad)
            if self.options.admin is None:
                LOG.warning("`speaker status` will not find this speaker at %s: %s", path, why)
                return None
            if isinstance(bad, DeviceError):
                raise
            raise DeviceError(Finding(Code.FRR605, f"cannot listen on {path}: {why}")) from bad
        return path

    async def _serve_metrics(self, host: str, port: int) -> None:
        try:
            self._servers.append(await serve_metrics(self, host, port))
        except OSError as bad:
            why = os.strerror(bad.errno) if bad.errno and bad.errno > 0 else bad.strerror or bad
            where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            raise DeviceError(Finding(Code.FRR605, f"cannot listen on {where}: {why}")) from bad

    async def _live(self) -> None:
        """Read the source, have its checks answer, then begin the sessions."""
        for group in self.announcer.groups.values():
            await asyncio.to_thread(group.gate.prove)
        first = asyncio.get_running_loop().create_task(self._know())
        stopping = asyncio.get_running_loop().create_task(self._stopping.wait())
        await asyncio.wait({first, stopping}, return_when=asyncio.FIRST_COMPLETED)
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        if not self._stopping.is_set() or self.options.restarted:
            self.start()
        if not self._stopping.is_set():
            self._begin(self._watch())
        while True:
            await self._stopping.wait()
            if await (stop_as := self._stop_as)():
                break
            # a restart that was not possible; unless the end was asked for meanwhile
            if self._stop_as == stop_as:
                self._stopping.clear()
        stopping.cancel()
        await self._end_tasks()

    async def _know(self) -> None:
        await self.announcer.load(self.plan)
        await self.announcer.first_checks()

    def start(self) -> None:
        """Begin all sessions, and take those that routers begin."""
        self._listen()
        for peer in self.peers:
            peer.start()

    def _listen(self) -> None:
        if self.options.listen:
            self._listener.start(self.peers)

    def stop(self, *, restart: bool = False, leave: bool = False) -> None:
        """End `run`: drained, or left for a process to come, or to restart this process in its place.

        A second drain ends at once; nothing is started again.
        """
        draining = self._stopping.is_set() and self._stop_as == self.drain
        if draining and not restart:
            self._at_once.set()
        if not draining:
            self._stop_as = self.restart if restart else self.leave if leave else self.drain
        self._stopping.set()

    async def drain(self) -> bool:
        """Ask routers to prefer other nodes (RFC 8326), wait, withdraw, and end the sessions with a text (RFC 9003)."""
        self.announcer.not_ready = "draining"
        LOG.info("draining for %g s", self.options.drain_seconds, extra={"event": "drain"})
        # nothing new may be announced from here on
        await self._end_tasks()
        if self.options.restarted and not any(peer.counters.established for peer in self.peers):
            # routers keep what the process before this one has told them: they must hear of the end
            await _within(_FLUSH, (peer.outbound.end_of_rib_sent.wait() for peer in self.peers))
        for peer in self.peers:
            peer.drain()
        if len(self.announcer.table) and any(peer.session is not None for peer in self.peers):
            await self._wait(self.options.drain_seconds)
            await self.announcer.stop()
            await self.announcer.become(AnnouncementTable())
            await _within(_FLUSH, (peer.advertised() for peer in self.peers))
        text = f"frrgen speaker on {self.plan.node_name} stops"
        await asyncio.gather(*(peer.stop(text) for peer in self.peers))
        await self._listener.stop()
        return True

    async def leave(self) -> bool:
        """End without a NOTIFICATION: where graceful restart is agreed, routers keep the routes (RFC 4724)."""
        self.announcer.not_ready = "leaving"
        LOG.info("leaving; routers keep the routes for the process to come", extra={"event": "leave"})
        await self._end_tasks()
        await self._abandon()
        return True

    async def _abandon(self) -> None:
        """Close the sessions as a dead process would."""
        await self._listener.stop()
        await asyncio.gather(self.announcer.stop(), *(peer.abandon() for peer in self.peers))

    async def _wait(self, seconds: float) -> None:
        await _within(seconds, [self._at_once.wait()])

    async def restart(self) -> bool:
        """Leave without a NOTIFICATION and become a new process: routers keep the routes meanwhile (RFC 4724).

        Does not, if the new process would end at once: what it would read is read first.
        """
        try:
            if self.options.source is not None:
                self.options.source.must_be_current()
        except InputError as bad:
            LOG.error("no restart: %s", bad.findings[0].message, extra={"event": "restart"})
            return False
        if not await self.reload(inventory=True):
            LOG.error("no restart: %s", self.announcer.not_ready, extra={"event": "restart"})
            return False
        if self._stop_as != self.restart:
            return False
        # those that come now are for the new process
        signal.pthread_sigmask(signal.SIG_BLOCK, {*SIGNALS, signal.SIGTERM, signal.SIGINT})
        await self._abandon()
        LOG.info("restarting", extra={"event": "restart"})
        os.environ[RESTARTED] = "1"
        flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
        return True


def _mistake(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what asyncio has to say: a lack of files or memory as a line a second, anything else with its traceback.

    asyncio tries to accept a connection again and again, and tells of each attempt.
    """
    bad = context.get("exception")
    if isinstance(bad, OSError) and bad.errno in _EXHAUSTED:
        _RARELY.warning("%s: %s", context["message"], os.strerror(bad.errno))
    else:
        LOG.error("a mistake of the speaker: %s", context["message"], exc_info=bad)


async def _within(seconds: float, all_: Iterable[Awaitable[Any]]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*all_)
