"""Health checks: a prefix is announced while what stands behind it answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from typing import Protocol
from urllib.parse import urlsplit

from frrgen.speaker.source import Health


class Changed(Protocol):
    """Called when a check that failed passes, or the other way round."""

    def __call__(self, *, passing: bool) -> None:
        """Know it."""


class Checker:
    """One check, over and over. It begins as failed: nothing is announced that was not seen to work."""

    def __init__(self, health: Health, few: asyncio.Semaphore) -> None:
        self.health = health
        self.passing = False
        self.detail = "not checked yet"
        self.settled = asyncio.Event()
        """It has passed often enough, or failed."""
        self._few = few
        self._streak = 0
        self._changed: Changed | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, changed: Changed) -> None:
        """Check from now on; or, if it runs already, tell somebody else."""
        self._changed = changed
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Check no more."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            async with self._few:
                good = await self._once()
            self._streak = self._streak + 1 if good != self.passing else 0
            if self._streak >= (self.health.rise if good else self.health.fall):
                self.passing, self._streak = good, 0
                if self._changed is not None:
                    self._changed(passing=good)
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
        except (OSError, ValueError) as bad:
            self.detail = str(getattr(bad, "strerror", None) or bad)
        return not self.detail

    async def _ask(self) -> str:
        """Give what is wrong, "" if nothing is."""
        health = self.health
        if health.tcp is not None:
            host, _, port = health.tcp.rpartition(":")
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            return ""
        if health.http is not None:
            return await _http(health.http)
        return await _command(health.command or ())


async def _http(url: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname:
        return "the URL names no host"
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        line = (await reader.readline()).decode(errors="replace")
    finally:
        writer.close()
    words = line.split()
    if len(words) < 2 or not words[1].isdigit():
        return "that is not HTTP"
    return "" if 200 <= int(words[1]) < 400 else f"status {words[1]}"


async def _command(command: tuple[str, ...]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        status = await process.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            # the program and all that it began
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    return "" if status == 0 else f"it ended with {status}"
