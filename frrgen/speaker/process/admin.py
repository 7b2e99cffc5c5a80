"""How a speaker is asked: a Unix socket that gives its status as JSON, and HTTP for metrics and probes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding, cause
from frrgen.speaker.process.requests import answer
from frrgen.speaker.process.status import Metrics

if TYPE_CHECKING:
    from frrgen.speaker.process.speaker import Speaker

_WAIT: Final = 5.0
_LONGEST: Final = 8192
_AGAIN: Final = 0.05
"""Seconds until a client comes again that got no answer."""
_QUIET: Final = 0.5
"""Seconds in which a request begins."""
_LONGEST_REQUEST: Final = 1 << 20
_MOST: Final = 64
"""Who ask for metrics at the same time: more would take the files that sessions need."""
_MOST_OWN: Final = 512
"""Who ask at the admin socket at the same time; only the owner can."""
_BACKLOG: Final = 1024


def default_socket() -> Path:
    """Return the default socket of a speaker's status: in the user's runtime folder."""
    own = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path("/run") if os.geteuid() == 0 else Path(own) if own else Path.home()
    return folder / "frrgen-speaker.sock"


async def serve_admin(speaker: Speaker, path: Path) -> asyncio.AbstractServer:
    """Listen on a Unix socket that only its owner may use. Raises OSError, DeviceError."""

    async def reply(reader: asyncio.StreamReader) -> bytes:
        return json.dumps(await answer(speaker, await _request(reader))).encode()

    _clear(path)
    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(_serving(reply, _MOST_OWN), str(path), backlog=_BACKLOG)
    finally:
        os.umask(before)


async def _request(reader: asyncio.StreamReader) -> bytes:
    """Read a request to its end. Who connects and writes nothing wants the status. Raises LimitOverrunError."""
    request = b""
    try:
        async with asyncio.timeout(_QUIET):
            request = await reader.read(_LONGEST_REQUEST)
    except TimeoutError:
        return b""
    while not reader.at_eof():
        request += await reader.read(_LONGEST_REQUEST)
        if len(request) > _LONGEST_REQUEST:
            raise asyncio.LimitOverrunError("the request is too long", 0)
    return request


def _serving(
    answer: Callable[[asyncio.StreamReader], Awaitable[bytes]], most: int
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Answer one request. Slow clients are cut off, and only so many are served at a time.

    A client that comes when all places are taken gets that of the one who has been there longest.
    """
    asking: dict[asyncio.StreamWriter, None] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(asking) >= most:
            longest = next(iter(asking))
            del asking[longest]
            longest.transport.abort()
        asking[writer] = None
        try:
            async with asyncio.timeout(_WAIT):
                said = await answer(reader)
                if writer in asking:
                    writer.write(said)
                    writer.close()
                    await writer.wait_closed()
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            asking.pop(writer, None)

    return serve


def _clear(path: Path) -> None:
    """Take away the socket of a speaker that is no more. Raises DeviceError if there is one, or something else."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise DeviceError(Finding(Code.FRR605, f"{path} is not a socket"))
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_WAIT)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        else:
            raise DeviceError(
                Finding(Code.FRR605, f"another speaker listens on {path}", hint="each has its own --admin")
            )


def ask_status(path: Path) -> dict[str, Any]:
    """Return the status of a running speaker. Raises DeviceError."""
    return ask(path, b"")


def ask(path: Path, request: bytes) -> dict[str, Any]:
    """Return a running speaker's answer to a request. Raises DeviceError."""

    async def once() -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(path))
        try:
            writer.write(request)
            writer.write_eof()
            return await reader.read()
        finally:
            writer.close()

    async def asked() -> bytes:
        async with asyncio.timeout(_WAIT):
            while True:
                # many may ask at the same time: who is sent away without an answer comes again
                with contextlib.suppress(BlockingIOError, ConnectionResetError, BrokenPipeError):
                    if said := await once():
                        return said
                await asyncio.sleep(_AGAIN)

    try:
        found: dict[str, Any] = json.loads(asyncio.run(asked()))
    except (OSError, ValueError) as bad:
        reason = cause(bad, path) if isinstance(bad, OSError) and bad.errno else "it does not answer"
        raise DeviceError(
            Finding(Code.FRR606, f"no speaker at {path}: {reason}", hint="frrgen speaker run --admin SOCKET")
        ) from bad
    return found


async def serve_metrics(speaker: Speaker, host: str, port: int) -> asyncio.AbstractServer:
    """Serve /metrics (Prometheus' text format), /healthz and /readyz. Raises OSError."""

    async def answer(reader: asyncio.StreamReader) -> bytes:
        # all that is asked is read: to leave some of it would reset the connection under the answer
        request = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0].split()
        path = request[1].decode(errors="replace").partition("?")[0] if len(request) > 1 else ""
        status, text = _page(speaker, path)
        body = text.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}"
        return f"{head}\r\nConnection: close\r\n\r\n".encode() + body

    return await asyncio.start_server(_serving(answer, _MOST), host, port, limit=_LONGEST)


def _page(speaker: Speaker, path: str) -> tuple[str, str]:
    if path == "/metrics":
        return "200 OK", metrics(speaker)
    if path == "/healthz":
        return "200 OK", "ok\n"
    if path == "/readyz":
        return (
            ("200 OK", "ok\n")
            if speaker.announcer.ready
            else ("503 Service Unavailable", f"{speaker.announcer.not_ready}\n")
        )
    return "404 Not Found", "there are /metrics, /healthz and /readyz\n"


def metrics(speaker: Speaker) -> str:
    """Write the metrics in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    from frrgen.speaker.process.metallb_metrics import MetallbMetrics

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Metrics(speaker))
    registry.register(MetallbMetrics(speaker))
    return generate_latest(registry).decode()
