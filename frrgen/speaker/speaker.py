"""The speaker of one node: its sessions, what they are told, and its life from start to drain."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from frrgen.errors import DeviceError, InputError, error
from frrgen.model.router import Router
from frrgen.policy.session import Session
from frrgen.speaker.attributes import Attributes
from frrgen.speaker.connection import secure
from frrgen.speaker.gate import Gate, Mode
from frrgen.speaker.health import Checker
from frrgen.speaker.key import Key
from frrgen.speaker.peer import Group, Peer
from frrgen.speaker.plan import NodePlan
from frrgen.speaker.rib import AdjRibOut, Table
from frrgen.speaker.source import Wanted, read_static

LOG: Final = logging.getLogger("frrgen.speaker")
RESTARTED: Final = "FRRGEN_SPEAKER_RESTARTED"
"""In the environment of a speaker that takes over from itself."""
_WATCH: Final = 1.0
_LOGGED: Final = 20
_REFUSED: Final = 0.01
"""Seconds for which a connection that is refused keeps others waiting: a flood of them costs nobody else anything."""


@dataclass
class Options:
    """How a speaker runs."""

    source: Path | None = None
    admin: Path | None = None
    metrics: tuple[str, int] | None = None
    gate: Mode = "enforce"
    listen: bool = True
    drain_seconds: float = 3.0
    """How long routes are announced with GRACEFUL_SHUTDOWN before they are withdrawn."""
    restarted: bool = field(default_factory=lambda: os.environ.get(RESTARTED) == "1")


class Speaker:
    """All sessions of a node."""

    def __init__(self, plan: NodePlan, routers: Mapping[str, Router], options: Options) -> None:
        self.plan = plan
        self.options = options
        self.table = Table()
        self.ready = False
        self.not_ready = "starting"
        self.peers: list[Peer] = []
        self.groups: dict[tuple[object, ...], Group] = {}
        for settings in plan.peers:
            session = Session(routers[settings.router], str(settings.local_address), "in", vrf=settings.vrf)
            gate = Gate(session, settings.writer(extended_next_hop=settings.address.version == 6), options.gate)
            group = self.groups.setdefault(gate.key(), Group(AdjRibOut(self.table), gate))
            self.peers.append(Peer(settings, group, restarted=options.restarted))
        self._wanted: list[Wanted] = []
        self._checkers: list[tuple[Wanted, Checker | None]] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._checks: list[asyncio.Task[None]] = []
        self._servers: list[asyncio.AbstractServer] = []
        self._stopping = asyncio.Event()
        self._stop_as: Callable[[], Awaitable[None]] = self.drain
        self._seen: tuple[int, int, int] | None = None
        self._apply_lock = asyncio.Lock()

    # what is announced

    async def announce(self, wanted: Mapping[int, Attributes]) -> None:
        """Announce exactly this from now on. It takes its time in small steps: no session waits for it."""
        async with self._apply_lock:
            for keys in self.table.set(wanted):
                if keys:
                    self._changed(keys)
                await asyncio.sleep(0)
            self._limit()

    def change(self, key: int, attributes: Attributes | None) -> None:
        """Announce one prefix, or withdraw it."""
        if self.table.change(key, attributes):
            self._changed({key})
            self._limit()

    def _changed(self, keys: set[int]) -> None:
        for group in self.groups.values():
            before = len(group.rib.held)
            group.gate.judge(group.rib, keys)
            group.changed()
            if len(group.rib.held) != before:
                self._log_held(group, keys)
        for peer in self.peers:
            peer.changed(keys)

    def _limit(self) -> None:
        for group in self.groups.values():
            moved = group.gate.limit(group.rib)
            if moved:
                group.changed()
                for peer in self.peers:
                    if peer.group is group:
                        peer.changed(moved)

    def _log_held(self, group: Group, keys: set[int]) -> None:
        held = [key for key in keys if key in group.rib.held]
        names = ", ".join(peer.settings.name for peer in self.peers if peer.group is group)
        for key in held[:_LOGGED]:
            LOG.warning("%s is held back from %s: %s", Key.prefix(key), names, self.why_held(group, key))
        if len(held) > _LOGGED:
            LOG.warning("%d more are held back from %s", len(held) - _LOGGED, names)

    def why_held(self, group: Group, key: int) -> str:
        """Say which entry and which line drop a prefix."""
        held = group.rib.held.get(key) or group.gate.warnings.get(key)
        attributes = self.table.routes.get(key)
        if held is None or attributes is None:
            return ""
        if held.reason.startswith("maximum-prefix"):
            return f"{held.reason} is reached"
        return "; ".join((held.reason, *reasons(group.gate, key, attributes)))

    # the source

    async def reload(self) -> bool:
        """Read the source again. What is wrong in it is said, and the last good state stays."""
        if self.options.source is None:
            return True
        try:
            wanted = read_static(self.options.source, self.plan)
        except InputError as bad:
            self.ready, self.not_ready = False, str(bad.findings[0].message)
            for finding in bad.findings:
                LOG.error("%s", finding)  # noqa: TRY400 (a Finding says it all)
            return False
        for task in self._checks:
            task.cancel()
        known = {one.health: checker.passing for one, checker in self._checkers if one.health and checker}
        self._checks, self._checkers = [], []
        for one in wanted:
            checker = None
            if one.health is not None:
                checker = Checker(one.health, self._health_changed)
                # a check that passed goes on passing while it is looked at again
                checker.passing = known.get(one.health, False)
                self._checks.append(asyncio.get_running_loop().create_task(checker.run()))
            self._checkers.append((one, checker))
        await self._announce_healthy()
        self.ready, self.not_ready = True, ""
        return True

    def _health_changed(self, passing: bool) -> None:  # noqa: FBT001
        LOG.info("a health check %s", "passes" if passing else "fails")
        self._tasks.append(asyncio.get_running_loop().create_task(self._announce_healthy()))
        self._tasks = [task for task in self._tasks if not task.done()]

    async def _announce_healthy(self) -> None:
        wanted: dict[int, Attributes] = {}
        for one, checker in self._checkers:
            if checker is None or checker.passing:
                wanted.update(zip(one.keys, one.attributes, strict=True))
        await self.announce(wanted)

    async def _watch(self) -> None:
        source = self.options.source
        while source is not None:
            await asyncio.sleep(_WATCH)
            now = _stamp(source)
            if now is not None and now != self._seen:
                self._seen = now
                await self.reload()

    # life

    async def run(self) -> None:
        """Run until a signal: TERM and INT drain, HUP reads the source again, USR1 restarts without a gap.

        Raises InputError if the source is wrong at the start, DeviceError if the admin socket cannot be had.
        """
        from frrgen.speaker.admin import serve_admin, serve_metrics

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        loop.add_signal_handler(signal.SIGINT, self.stop)
        loop.add_signal_handler(signal.SIGUSR1, partial(self.stop, restart=True))
        loop.add_signal_handler(signal.SIGHUP, self._hup)
        if self.options.source is not None:
            self._seen = _stamp(self.options.source)
            read_static(self.options.source, self.plan)
            await self.reload()
        try:
            if self.options.admin is not None:
                self._servers.append(await serve_admin(self, self.options.admin))
            if self.options.metrics is not None:
                self._servers.append(await serve_metrics(self, *self.options.metrics))
        except OSError as bad:
            raise DeviceError(error("FRR605", f"cannot listen: {bad.strerror or bad}")) from bad
        await self._first_checks()
        self.ready, self.not_ready = True, ""
        self.start()
        self._tasks.append(loop.create_task(self._watch()))
        await self._stopping.wait()
        await self._stop_as()
        for task in (*self._tasks, *self._checks):
            task.cancel()
        for server in self._servers:
            server.close()

    async def _first_checks(self) -> None:
        """Wait until every health check has had the time to pass: sessions begin with all that is healthy."""
        due = [one.health for one, checker in self._checkers if one.health is not None and checker is not None]
        if due:
            await asyncio.sleep(min(15, max((one.rise - 1) * one.interval + 0.2 for one in due)))

    def start(self) -> None:
        """Begin all sessions, and take those that routers begin."""
        if self.options.listen:
            self._listen()
        for peer in self.peers:
            peer.start()

    def stop(self, *, restart: bool = False) -> None:
        """End `run`: drained, or so that this process can begin anew in its own place."""
        self._stop_as = self.restart if restart else self.drain
        self._stopping.set()

    def _hup(self) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(self.reload()))

    async def drain(self) -> None:
        """Ask routers to prefer other nodes (RFC 8326), wait, withdraw, and end the sessions with a text (RFC 9003)."""
        self.ready, self.not_ready = False, "draining"
        up = [peer for peer in self.peers if peer.session is not None]
        if up and self.table.routes:
            for peer in up:
                peer.draining = True
                peer.changed(peer.group.rib.announced())
            await asyncio.sleep(self.options.drain_seconds)
            await self.announce({})
            await asyncio.sleep(0.1)
        text = f"frrgen speaker on {self.plan.node_name} stops"
        await asyncio.gather(*(peer.stop(text) for peer in self.peers))

    async def restart(self) -> None:
        """Leave without a word and become a new process: routers keep the routes meanwhile (RFC 4724)."""
        await asyncio.gather(*(peer.abandon() for peer in self.peers))
        LOG.info("restarting")
        for server in self._servers:
            server.close()
        os.environ[RESTARTED] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606

    # connections that routers make

    def _listen(self) -> None:
        for address in {peer.settings.local_address for peer in self.peers}:
            peers = {peer.settings.address: peer for peer in self.peers if peer.settings.local_address == address}
            made = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
            made.setblocking(False)  # noqa: FBT003
            try:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                for peer in peers.values():
                    if peer.settings.password is not None:
                        secure(made, peer.settings)
                made.bind((str(address), next(iter(peers.values())).settings.port))
                made.listen(16)
            except OSError as bad:
                made.close()
                what = errno.errorcode.get(bad.errno or 0, "")
                LOG.warning("cannot listen on %s (%s %s): we dial, and are not dialled", address, what, bad.strerror)
                continue
            self._tasks.append(asyncio.get_running_loop().create_task(self._accept(made, peers)))

    async def _accept(self, listener: socket.socket, peers: Mapping[Any, Peer]) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    made, (host, *_) = await loop.sock_accept(listener)
                except OSError as bad:
                    # of this connection, or of us: too many files are open. Neither may end the listening
                    _RARELY.warning("cannot accept a connection: %s", bad.strerror or bad)
                    await asyncio.sleep(_REFUSED)
                    continue
                peer = peers.get(ip_address(host.partition("%")[0]))
                if peer is None:
                    # whoever that is, he gets no answer, and one line a second at the most
                    _RARELY.warning("a connection from %s, which is no peer", host)
                if peer is None or not await self._take(made, peer):
                    made.close()
                    await asyncio.sleep(_REFUSED)
        finally:
            listener.close()

    async def _take(self, made: socket.socket, peer: Peer) -> bool:
        connection = peer.incoming()
        if connection is None:
            return False
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secure(made, peer.settings)
            await asyncio.get_running_loop().create_connection(lambda: connection, sock=made)
        except OSError as bad:
            connection.abandon(f"the router's connection broke: {bad.strerror or bad}")
            return False
        return True

    # what it tells of itself

    def status(self) -> dict[str, Any]:
        """Give the state of everything, as JSON data."""
        return {
            "node": self.plan.node_name,
            "ready": self.ready,
            "reason": self.not_ready,
            "announced": len(self.table.routes),
            "sessions": [self._session_status(peer) for peer in self.peers],
            "health": [
                {
                    "prefixes": [str(Key.prefix(key)) for key in one.keys[:10]],
                    "passing": checker.passing,
                    "detail": checker.detail,
                }
                for one, checker in self._checkers
                if checker is not None
            ],
        }

    def _session_status(self, peer: Peer) -> dict[str, Any]:
        group, counters = peer.group, peer.counters
        held = {**group.rib.held, **group.gate.warnings}
        return {
            "router": peer.settings.router,
            "peer": str(peer.settings.address),
            "peer_asn": peer.settings.peer_asn,
            "state": str(peer.state),
            "since": counters.up_since if peer.session is not None else None,
            "last_error": counters.last_error,
            "families": sorted(map(str, peer.settings.families)),
            "adj_rib_out": len(group.rib),
            "announced": [str(Key.prefix(key)) for key in group.rib.announced()[:1000]],
            "held_back": [
                {"prefix": str(Key.prefix(key)), "why": self.why_held(group, key)} for key in list(held)[:1000]
            ],
            "not_sayable": [
                {"prefix": str(Key.prefix(key)), "why": why}
                for key, why in list((peer.encoder.refused if peer.encoder is not None else {}).items())[:1000]
            ],
            "undecided": list(group.gate.undecided),
            "gate": group.gate.mode,
            "prefixes_received": counters.prefixes_received,
            "updates_malformed": counters.updates_malformed,
            "refreshes": counters.refreshes,
            "octets_sent": counters.octets_sent,
            "established": counters.established,
        }


def reasons(gate: Gate, key: int, attributes: Attributes) -> list[str]:
    """Give what the router looks at when it judges a prefix, in order."""
    verdict = gate.verdict(key, attributes)
    return [
        f"{f'{step.route_map} seq {step.seq}: ' if step.seq is not None and step.route_map else ''}{step.why}"
        for step in verdict.trace
    ]


class _Rarely:
    """Logs a line at most once a second, with how many were left out."""

    def __init__(self) -> None:
        self._next = 0.0
        self._left_out = 0

    def warning(self, text: str, *args: object) -> None:
        """Log, or count."""
        now = asyncio.get_running_loop().time()
        if now < self._next:
            self._left_out += 1
            return
        LOG.warning("%s (and %d like it)", text % args, self._left_out)
        self._next, self._left_out = now + 1, 0


_RARELY: Final = _Rarely()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    with contextlib.suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None
