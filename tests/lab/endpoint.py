"""A BGP peer made by hand: it says exactly what a test wants of it, and writes down what it hears.

Nothing here comes from frrgen's own speaker: what is measured must not depend on what is tested.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

from frrgen.policy.sets.route import Route
from tests.lab.router import LabError, Router, wait_for

Prefix = IPv4Network | IPv6Network
_ORIGINS: Final = ("igp", "egp", "incomplete")
_CLONE_NEWNET: Final = 0x40000000
_TCP_MD5SIG: Final = 14
_FAMILIES: Final = {4: struct.pack("!HBB", 1, 0, 1), 6: struct.pack("!HBB", 2, 0, 1)}


@dataclass
class Endpoint:
    """One end of a session, dialled from inside a router's network, over IPv4 or IPv6.

    It offers both families, 4-octet AS numbers and, over IPv6, IPv4 prefixes with IPv6 next hops (RFC 8950).
    """

    inside: Router
    address: str
    peer: str
    asn: int
    refreshes: bool = True
    """Whether it sends everything again when it is asked to."""
    answers: threading.Event | None = None
    """Until this is set, the answer to a refresh waits; None: it does not wait."""
    routes: tuple[Route, ...] = ()
    """What it announces, and announces again."""
    extra: dict[Prefix, bytes] = field(default_factory=dict)
    """Path attributes of a route that a Route does not hold, as they stand on the wire."""
    heard: dict[Prefix, Route] = field(default_factory=dict)
    identifier: str = ""
    """Its BGP identifier; empty: its IPv4 address."""
    ended: str = ""
    """Why the session ended: the code of the NOTIFICATION that came, or what failed."""
    password: str = ""
    """The secret of TCP-MD5; empty: none."""
    ever: set[Prefix] = field(default_factory=set)
    """Every prefix that was announced to it, however short."""
    withdrawn: set[Prefix] = field(default_factory=set)
    """Every prefix that was taken away from it, however short."""
    opened: bytes = b""
    """The OPEN that came from the other end."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.up = threading.Event()
        self.updates = 0

    def dial(self, seconds: float = 30) -> Endpoint:
        """Set the session up, and announce. Raises LabError."""
        made: list[socket.socket] = []

        def attempt() -> bool:
            one = _socket_inside(self.inside, socket.AF_INET6 if ":" in self.address else socket.AF_INET)
            try:
                # as a neighbor next door: any `ttl-security hops` lets it in
                if ":" in self.peer:
                    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
                else:
                    one.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
                if self.password:
                    one.setsockopt(socket.IPPROTO_TCP, _TCP_MD5SIG, _md5_key(self.peer, self.password))
                one.bind((self.address, 0))
                one.settimeout(2)
                one.connect((self.peer, 179))
                one.sendall(self._open())
                kind, self.opened = _message(one)
                if kind != 1:
                    one.close()
                    return False
                one.sendall(_framed(4))
                if _message(one)[0] != 4:
                    one.close()
                    return False
            except (OSError, LabError):
                one.close()
                return False
            made.append(one)
            return True

        wait_for(f"a session of {self.address}", attempt, seconds, every=0.2)
        self._socket = made[0]
        self._socket.settimeout(None)
        self.ended = ""
        self.heard.clear()
        self.up.set()
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._keep_alive, args=(made[0],), daemon=True).start()
        self.announce(self.routes)
        return self

    def close(self) -> None:
        """End the session."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> bytes:
        capabilities = b"".join(
            [
                *(b"\x01\x04" + _FAMILIES[version] for version in (4, 6)),
                b"\x02\x00",
                b"\x41\x04" + struct.pack("!I", self.asn),
                b"\x05\x06" + struct.pack("!HHH", 1, 1, 2) if ":" in self.address else b"",
            ]
        )
        short = self.asn if self.asn < 65536 else 23456
        name = self.identifier or self.address
        head = struct.pack("!BHH4s", 4, short, 180, ip_address(name).packed[-4:])
        return _framed(1, head + bytes([len(capabilities) + 2, 2, len(capabilities)]) + capabilities)

    def announce(self, routes: Iterable[Route]) -> None:
        """Send routes, those of the same attributes together, and an End-of-RIB for each family."""
        messages = []
        grouped: dict[tuple[Any, ...], list[Route]] = {}
        for route in routes:
            key = (self._attributes(route), route.prefix.version, route.next_hop)
            grouped.setdefault(key, []).append(route)
        for (attributes, version, hop), same in grouped.items():
            for start in range(0, len(same), 50):
                nlri = b"".join(_nlri(route.prefix) for route in same[start : start + 50])
                if version == 4 and (hop is None or hop.version == 4):
                    messages.append(_framed(2, struct.pack("!HH", 0, len(attributes)) + attributes + nlri))
                else:
                    reach = (
                        _FAMILIES[version][:2] + b"\x01" + b"\x10" + IPv6Address(hop or "::1").packed + b"\x00" + nlri
                    )
                    whole = attributes + _attribute(0x80, 14, reach)
                    messages.append(_framed(2, struct.pack("!HH", 0, len(whole)) + whole))
        messages.append(_framed(2, struct.pack("!HH", 0, 0)))
        end = _attribute(0x80, 15, _FAMILIES[6][:2] + b"\x01")
        messages.append(_framed(2, struct.pack("!HH", 0, len(end)) + end))
        # at once: behind a message that resets the session nothing else can be sent
        self._send(*messages)

    def _attributes(self, route: Route) -> bytes:
        parts = [
            _attribute(0x40, 1, bytes([_ORIGINS.index(route.origin)])),
            _attribute(0x40, 2, _path(route.as_path)),
        ]
        if route.prefix.version == 4 and isinstance(route.next_hop, IPv4Address):
            parts.append(_attribute(0x40, 3, route.next_hop.packed))
        if route.med is not None:
            parts.append(_attribute(0x80, 4, struct.pack("!I", route.med)))
        if route.local_preference is not None:
            parts.append(_attribute(0x40, 5, struct.pack("!I", route.local_preference)))
        if route.communities:
            parts.append(_attribute(0xC0, 8, b"".join(struct.pack("!I", one) for one in sorted(route.communities))))
        if route.large_communities:
            values = b"".join(struct.pack("!III", *one) for one in sorted(route.large_communities))
            parts.append(_attribute(0xC0, 32, values))
        return b"".join(parts) + self.extra.get(route.prefix, b"")

    def _send(self, *messages: bytes) -> None:
        with self._lock:
            self.updates += sum(message[18] == 2 for message in messages)
            if self._socket is not None:
                self._socket.sendall(b"".join(messages))

    def _keep_alive(self, own: socket.socket) -> None:
        while not threading.Event().wait(20) and self._socket is own:
            try:
                self._send(_framed(4))
            except OSError:
                return

    def _listen(self) -> None:
        own = self._socket
        try:
            while own is not None:
                kind, body = _message(own)
                if kind == 2:
                    self._hear(body)
                elif kind == 3:
                    self.ended = f"{body[0]}/{body[1]}"
                    break
                elif kind == 5 and self.refreshes:
                    if self.answers is not None:
                        self.answers.wait(60)
                    self.announce(route for route in self.routes if _FAMILIES[route.prefix.version][:2] == body[:2])
        except (OSError, LabError) as bad:
            self.ended = self.ended or str(bad) or "closed"
        self.up.clear()

    def _hear(self, body: bytes) -> None:
        (gone,) = struct.unpack_from("!H", body)
        for prefix in _prefixes(body[2 : 2 + gone], 4):
            self._forget(prefix)
        (length,) = struct.unpack_from("!H", body, 2 + gone)
        attributes = _split(body[4 + gone : 4 + gone + length])
        if 15 in attributes:
            for prefix in _prefixes(attributes[15][3:], 6):
                self._forget(prefix)
        for prefix in _prefixes(body[4 + gone + length :], 4):
            self._learn(_route(prefix, attributes, attributes[3]))
        if 14 in attributes:
            size = attributes[14][3]
            for prefix in _prefixes(attributes[14][5 + size :], 6):
                self._learn(_route(prefix, attributes, attributes[14][4:20]))

    def _learn(self, route: Route) -> None:
        self.heard[route.prefix] = route
        self.ever.add(route.prefix)

    def _forget(self, prefix: Prefix) -> None:
        if self.heard.pop(prefix, None) is not None:
            self.withdrawn.add(prefix)


def _md5_key(peer: str, password: str) -> bytes:
    """Write a `struct tcp_md5sig` (tcp(7)) for the other end of a session."""
    far = ip_address(peer)
    family = socket.AF_INET if far.version == 4 else socket.AF_INET6
    body = far.packed if far.version == 4 else bytes(4) + far.packed
    secret = password.encode()
    address = struct.pack("=HH", family, 0) + body
    return address.ljust(128, b"\0") + struct.pack("=BBHi", 0, 0, len(secret), 0) + secret.ljust(80, b"\0")


def _socket_inside(router: Router, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    """Make a socket that belongs to a router's network; the thread that goes there does not come back."""
    made: list[socket.socket] = []

    def enter() -> None:
        file = os.open(f"/proc/{router.pid}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(file, _CLONE_NEWNET):
                raise LabError(os.strerror(ctypes.get_errno()))
            made.append(socket.socket(family))
        finally:
            os.close(file)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    made[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made[0]


def _framed(kind: int, body: bytes = b"") -> bytes:
    return b"\xff" * 16 + struct.pack("!HB", 19 + len(body), kind) + body


def _message(own: socket.socket) -> tuple[int, bytes]:
    head = _exactly(own, 19)
    length, kind = struct.unpack("!HB", head[16:])
    return kind, _exactly(own, length - 19)


def _exactly(own: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = own.recv(count - len(found))
        if not more:
            raise LabError("closed by the other end")
        found += more
    return found


def _attribute(flags: int, kind: int, value: bytes) -> bytes:
    return bytes([flags | 0x10, kind]) + struct.pack("!H", len(value)) + value


def _path(text: str) -> bytes:
    """Write an AS path, in which `{1,2}` is an AS_SET."""
    segments: list[tuple[int, list[int]]] = []
    for word in text.split():
        if word.startswith("{"):
            segments.append((1, [int(one) for one in word[1:-1].split(",")]))
        elif segments and segments[-1][0] == 2:
            segments[-1][1].append(int(word))
        else:
            segments.append((2, [int(word)]))
    return b"".join(bytes([kind, len(asns)]) + struct.pack(f"!{len(asns)}I", *asns) for kind, asns in segments)


def _nlri(prefix: Prefix) -> bytes:
    return bytes([prefix.prefixlen]) + prefix.network_address.packed[: (prefix.prefixlen + 7) // 8]


def _prefixes(data: bytes, version: int) -> Iterable[Prefix]:
    width = 4 if version == 4 else 16
    make: Callable[[tuple[bytes, int]], Prefix] = IPv4Network if version == 4 else IPv6Network
    while data:
        size = (data[0] + 7) // 8
        yield make((data[1 : 1 + size].ljust(width, b"\0"), data[0]))
        data = data[1 + size :]


def _split(data: bytes) -> dict[int, bytes]:
    found = {}
    while data:
        wide = bool(data[0] & 0x10)
        length = struct.unpack_from("!H", data, 2)[0] if wide else data[2]
        start = 4 if wide else 3
        found[data[1]] = data[start : start + length]
        data = data[start + length :]
    return found


def _route(prefix: Prefix, attributes: dict[int, bytes], hop: bytes) -> Route:
    words, path = [], attributes.get(2, b"")
    while path:
        asns = struct.unpack_from(f"!{path[1]}I", path, 2)
        words += ["{" + ",".join(map(str, asns)) + "}"] if path[0] == 1 else list(map(str, asns))
        path = path[2 + 4 * path[1] :]
    large = attributes.get(32, b"")
    return Route(
        ip_network(prefix),
        as_path=" ".join(words),
        next_hop=IPv4Address(hop) if len(hop) == 4 else IPv6Address(hop),
        med=int.from_bytes(attributes[4], "big") if 4 in attributes else None,
        local_preference=int.from_bytes(attributes[5], "big") if 5 in attributes else None,
        origin=_ORIGINS[attributes[1][0]],
        communities=frozenset(one for (one,) in struct.iter_unpack("!I", attributes.get(8, b""))),
        large_communities=frozenset(struct.iter_unpack("!III", large)),  # type: ignore[arg-type]
    )
