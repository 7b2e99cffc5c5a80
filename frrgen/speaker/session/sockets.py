"""Sockets of BGP sessions: TTL security and TCP MD5."""

from __future__ import annotations

import socket
import struct
from typing import Any, Final

from frrgen.speaker.plan import PeerSettings

_TCP_MD5SIG: Final = 14
_IPV6_MINHOPCOUNT: Final = 73
_IP_MINTTL: Final = 21


def socket_for(settings: PeerSettings) -> socket.socket:
    """Make a socket to dial a peer, with MD5 (RFC 2385) and TTL security (RFC 5082) as the settings say."""
    made = socket.socket(socket.AF_INET if settings.address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    made.setblocking(False)  # noqa: FBT003 (a C function)
    try:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bind_to(made, settings.device)
        secure(made, settings)
    except OSError:
        made.close()
        raise
    return made


def bind_to(made: socket.socket, device: str | None) -> None:
    """Bind a socket to a VRF device or an interface, if there is one (SO_BINDTODEVICE). Raises OSError."""
    if device is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")


def secure(made: socket.socket, settings: PeerSettings) -> None:
    """Set what protects a session on its socket. Raises OSError where the kernel refuses."""
    if settings.password is not None:
        made.setsockopt(socket.IPPROTO_TCP, _TCP_MD5SIG, md5_key(settings.address, settings.password))
    if settings.address.version == 4:
        level, ttl, least = socket.IPPROTO_IP, socket.IP_TTL, _IP_MINTTL
    else:
        level, ttl, least = socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, _IPV6_MINHOPCOUNT
    if settings.ttl_security is not None:
        made.setsockopt(level, ttl, 255)
        made.setsockopt(level, least, 256 - settings.ttl_security)
    elif not settings.ibgp:
        made.setsockopt(level, ttl, settings.multihop or 1)


def md5_key(address: Any, password: str) -> bytes:
    """Pack struct tcp_md5sig (linux/tcp.h): whose packets are signed, and with what."""
    key = password.encode()
    if address.version == 4:
        peer = struct.pack("=HH4s120x", socket.AF_INET, 0, address.packed)
    else:
        peer = struct.pack("=HHI16sI100x", socket.AF_INET6, 0, 0, address.packed, 0)
    return peer + struct.pack("=BBHI80s", 0, 0, len(key), 0, key)
