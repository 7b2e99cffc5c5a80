"""How a speaker is asked: a Unix socket that gives its status as JSON, and HTTP for metrics and probes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from frrgen.errors import DeviceError, error
from frrgen.speaker.fsm import State

if TYPE_CHECKING:
    from frrgen.speaker.speaker import Speaker

_WAIT: Final = 5.0
_LONGEST: Final = 8192
_STATES: Final = {str(state): number for number, state in enumerate(State, 1)}


async def serve_admin(speaker: Speaker, path: Path) -> asyncio.AbstractServer:
    """Listen on a Unix socket that only its owner may use. Raises OSError."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        with contextlib.suppress(OSError):
            writer.write(json.dumps(speaker.status()).encode())
            await writer.drain()
        writer.close()

    _clear(path)
    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(answer, str(path))
    finally:
        os.umask(before)


def _clear(path: Path) -> None:
    """Take away the socket of a speaker that is no more."""
    with contextlib.suppress(FileNotFoundError):
        if path.is_socket():
            path.unlink()


def ask_status(path: Path) -> dict[str, Any]:
    """Ask a running speaker. Raises DeviceError."""

    async def ask() -> bytes:
        async with asyncio.timeout(_WAIT):
            reader, writer = await asyncio.open_unix_connection(str(path))
            try:
                return await reader.read()
            finally:
                writer.close()

    try:
        found: dict[str, Any] = json.loads(asyncio.run(ask()))
    except (OSError, ValueError) as bad:
        why = getattr(bad, "strerror", None) or "it does not answer"
        raise DeviceError(
            error("FRR606", f"no speaker at {path}: {why}", hint="frrgen speaker run --admin SOCKET")
        ) from bad
    return found


async def serve_metrics(speaker: Speaker, host: str, port: int) -> asyncio.AbstractServer:
    """Serve /metrics (Prometheus' text format), /healthz and /readyz. Raises OSError."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_WAIT):
                request = (await reader.read(_LONGEST)).split(b"\r\n", 1)[0].split()
                path = request[1].decode(errors="replace") if len(request) > 1 else ""
                status, text = _page(speaker, path)
                body = text.encode()
                head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}"
                writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)
                await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, host, port, limit=_LONGEST)


def _page(speaker: Speaker, path: str) -> tuple[str, str]:
    if path == "/metrics":
        return "200 OK", metrics(speaker)
    if path == "/healthz":
        return "200 OK", "ok\n"
    if path == "/readyz":
        return ("200 OK", "ok\n") if speaker.ready else ("503 Service Unavailable", f"{speaker.not_ready}\n")
    return "404 Not Found", "there are /metrics, /healthz and /readyz\n"


def metrics(speaker: Speaker) -> str:
    """Write the metrics."""
    return "".join(_metrics(speaker))


def _metrics(speaker: Speaker) -> Iterator[str]:
    found: list[tuple[str, str, str, list[tuple[dict[str, str], Any]]]] = [
        (
            "frrgen_speaker_ready",
            "gauge",
            "1 if everything announced is as the source says",
            [({}, int(speaker.ready))],
        ),
        ("frrgen_speaker_prefixes", "gauge", "prefixes to be announced", [({}, len(speaker.table.routes))]),
    ]
    per_session = {
        "state": ("gauge", "1 Idle, 2 Connect, 3 Active, 4 OpenSent, 5 OpenConfirm, 6 Established"),
        "announced": ("gauge", "prefixes announced"),
        "held_back": ("gauge", "prefixes that the router would drop"),
        "established_total": ("counter", "times the session came up"),
        "octets_sent_total": ("counter", "octets of UPDATEs"),
        "prefixes_received_total": ("counter", "prefixes that the peer announced, all dropped"),
        "updates_malformed_total": ("counter", "UPDATEs with errors that the session outlasts (RFC 7606)"),
        "refreshes_total": ("counter", "ROUTE-REFRESH messages answered"),
    }
    for name, (kind, text) in per_session.items():
        rows = []
        for peer in speaker.peers:
            counters, rib = peer.counters, peer.group.rib
            value = {
                "state": _STATES[str(peer.state)],
                "announced": len(rib),
                "held_back": len(rib.held) + len(peer.group.gate.warnings),
            }.get(name)
            if value is None:
                value = getattr(counters, name.removesuffix("_total"))
            rows.append(({"router": peer.settings.router, "peer": str(peer.settings.address)}, value))
        found.append((f"frrgen_speaker_session_{name}", kind, text, rows))
    for name, kind, text, rows in found:
        yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
        for labels, value in rows:
            said = ",".join(f'{key}="{one}"' for key, one in labels.items())
            yield f"{name}{{{said}}} {value}\n" if said else f"{name} {value}\n"
