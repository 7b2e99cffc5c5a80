"""Health checks: a prefix is announced while what stands behind it answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from frrgen.speaker.process.privileges import give_up_all
from frrgen.speaker.process.sources.base import Health

Changed = Callable[[], Awaitable[None]]
"""Called when it is decided that a check passes or fails, and when that changes; the next one waits for it."""
_NAMES: Final = ThreadPoolExecutor(8, "names")
"""Look up names, which may take minutes. Nothing but checks waits for that: the loop's own threads are for all else."""
CHECKS: Final = 128
"""Health checks that run at the same time."""
_PROGRAMS: Final = ThreadPoolExecutor(CHECKS, "programs", initializer=give_up_all)
"""Start programs and wait for them: a program has the rights of the thread that starts it."""

_INHERITED: Final = {"PATH": os.defpath, "LANG": "C.UTF-8"}
"""What a program has of the speaker's environment, which may hold passwords, and the values where it has none."""


class Checker:
    """One check, over and over. It begins as failed: nothing is announced that was not seen to work."""

    def __init__(self, health: Health, few: asyncio.Semaphore) -> None:
        self.health = health
        self.passing = False
        self.detail = "not checked yet"
        self.settled = asyncio.Event()
        """It has passed often enough, or failed."""
        self._few = few
        self._last: bool | None = None
        self._streak = 0
        """How often it ended like the last time."""
        self._said: bool | None = None
        """What was decided; None: nothing yet."""
        self._changed: Changed | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, changed: Changed) -> None:
        """Check from now on; if the check runs already, add a listener."""
        self._changed = changed
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> asyncio.Task[None] | None:
        """Check no more; gives what ends once the program that was running has been ended."""
        if self._task is not None:
            self._task.cancel()
        return self._task

    async def _run(self) -> None:
        while True:
            async with self._few:
                good = await self._once()
            self._streak = self._streak + 1 if good == self._last else 1
            self._last = good
            # the first failure is one, too: nobody would know of it else
            if good != self._said and self._streak >= (self.health.rise if good else self.health.fall):
                self.passing = self._said = good
                if self._changed is not None:
                    await self._changed()
            if self.passing or not good:
                self.settled.set()
            # a thousand checks that begin together do not stay together
            await asyncio.sleep(self.health.interval * random.uniform(0.9, 1.0))  # noqa: S311

    async def _once(self) -> bool:
        try:
            async with asyncio.timeout(self.health.timeout):
                self.detail = await self._ask()
        except TimeoutError:
            self.detail = f"no answer in {self.health.timeout} s"
        except Exception as bad:  # noqa: BLE001 (whatever it is, a check that cannot be made has not passed)
            self.detail = str(getattr(bad, "strerror", None) or bad) or type(bad).__name__
        return not self.detail

    async def _ask(self) -> str:
        """Return what is wrong; "" if the check passes."""
        health = self.health
        if health.tcp is not None:
            host, _, port = health.tcp.rpartition(":")
            _, writer = await _connect(host.strip("[]"), int(port))
            writer.close()
            return ""
        if health.http is not None:
            return await _http(health.http)
        return await _command(health.command or (), dict(one.split("=", 1) for one in health.environment))


async def _connect(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first address of a host that answers. Raises OSError."""
    try:
        addresses = [str(ip_address(host))]
    except ValueError:
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(_NAMES, look_up)
        addresses = [str(one[4][0]) for one in found]
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(address, port)
    return await asyncio.open_connection(addresses[-1], port)


async def _http(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    reader, writer = await _connect(parts.hostname or "", parts.port or 80)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        line = (await reader.readline()).decode(errors="replace")
    finally:
        writer.close()
    words = line.split()
    if len(words) < 2 or not words[1].isdigit():
        return "that is not HTTP"
    return "" if 200 <= int(words[1]) < 400 else f"status {words[1]}"


async def _command(command: tuple[str, ...], variables: Mapping[str, str]) -> str:
    loop = asyncio.get_running_loop()
    # asyncio would start it in the thread of the loop, which may listen on port 179
    starting = _PROGRAMS.submit(_start, command, variables)
    try:
        process = await asyncio.wrap_future(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_end_at_once)
        raise
    try:
        status = await loop.run_in_executor(_PROGRAMS, process.wait)
    finally:
        _end(process)
        await loop.run_in_executor(_PROGRAMS, process.wait)
    return "" if status == 0 else f"it ended with {status}"


def _start(command: tuple[str, ...], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    nothing = subprocess.DEVNULL
    own = {name: os.environ.get(name, text) for name, text in _INHERITED.items()} | dict(variables)
    return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, env=own, start_new_session=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a program, and what it began and left behind: that would be one more each time."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end_at_once(starting: Future[subprocess.Popen[bytes]]) -> None:
    """Kill a program that nobody waits for any more."""
    if not starting.cancelled() and starting.exception() is None:
        _end(process := starting.result())
        process.wait()
