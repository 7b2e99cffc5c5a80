"""Connections that routers make to us."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any, Final

from frrgen.speaker.log import LOG, Rarely
from frrgen.speaker.session.peer import Peer
from frrgen.speaker.session.sockets import bind_to, secure

_REFUSED: Final = 0.01
"""Seconds for which a connection that is refused keeps others waiting: a flood of them costs nobody else anything."""
_RARELY: Final = Rarely()
_FREEBIND: Final = (socket.IPPROTO_IP, 15)
_IPV6_FREEBIND: Final = (socket.IPPROTO_IPV6, 78)
"""IP_FREEBIND and IPV6_FREEBIND (linux/in.h, linux/in6.h)."""


class Listener:
    """Listens on each of our addresses, for the routers that dial it."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, peers: Iterable[Peer]) -> None:
        """Listen for these peers. Where that is impossible, log it, and only dial."""
        by_address: dict[Any, dict[Any, Peer]] = {}
        for peer in peers:
            place = peer.settings.local_address, peer.settings.device
            by_address.setdefault(place, {})[peer.settings.address] = peer
        for (address, device), own in by_address.items():
            try:
                made = _listening(address, own.values(), device)
            except OSError as bad:
                what = errno.errorcode.get(bad.errno or 0, "")
                LOG.warning("cannot listen on %s (%s %s): we dial, and are not dialled", address, what, bad.strerror)
                continue
            self._tasks.append(asyncio.get_running_loop().create_task(_accept(made, own)))

    async def stop(self) -> None:
        """Listen no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []


def _listening(address: Any, peers: Iterable[Peer], device: str | None = None) -> socket.socket:
    """Make the socket. Raises OSError."""
    made = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        made.setblocking(False)  # noqa: FBT003 (a C function)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # an address may come later than we do: then the kernel has somebody listen as soon as it is there
        made.setsockopt(*(_FREEBIND if address.version == 4 else _IPV6_FREEBIND), 1)
        bind_to(made, device)
        port = 179
        for peer in peers:
            port = peer.settings.port
            if peer.settings.password is not None:
                secure(made, peer.settings)
        made.bind((str(address), port))
        made.listen(16)
    except OSError:
        made.close()
        raise
    return made


async def _accept(listener: socket.socket, peers: Mapping[Any, Peer]) -> None:
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
                # an unknown peer gets no answer, and at most one line of the log a second
                _RARELY.warning("a connection from %s, which is no peer", host)
            if peer is None or not await _take(made, peer):
                made.close()
                await asyncio.sleep(_REFUSED)
    finally:
        listener.close()


async def _take(made: socket.socket, peer: Peer) -> bool:
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
