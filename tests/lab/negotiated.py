"""What a session has: what both ends said in their OPEN, the timers, and the options of its TCP connection."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tests.lab.live import Live, Peer

_PASSING: Final = re.compile(
    r"messageStats|TimerUp|LastRead|LastWrite|ElapsedTime|[lL]astReset|lastNotification|lastError|lastUpdate|TimerMsecs|"
    r"TimerRemaining|ExpireIn|connections(Established|Dropped)|estimatedRtt|portForeign|portLocal|nexthopLocal|hostLocal|"
    r"updateGroupId|subGroupId|packetQueueLength|Counter$|prefixStats|mraiInterval|softwareVersion$|eorReceived|endOfRib|"
    r"bgpTimerConfigured|bgpTcpMss|Thread|hostName|receivedPrefix|"
    r"default(Not)?Sent|unchangedNextHopPropogatedToNbr|UntilConditionalAdvertisements|advertiseStatus"
)
"""What changes from moment to moment, by the name of its key, or what is configured and says nothing of the session."""
_GRACEFUL_RESTART: Final = 64
_HOST_NAME: Final = 73


def negotiated(live: Live, peers: Iterable[Peer]) -> dict[Peer, dict[str, Any]]:
    """Return what the session of each peer has, key by key."""
    shown = json.loads(live.bgpd.ask("show bgp neighbors json"))
    sockets = re.sub(r"\n\s+", " ", live.router.run("ss", "-tnoiH", "state", "established").stdout).splitlines()
    found = {}
    for one in peers:
        keys = {key: value for key, value in _flat(shown.get(one.address, {})) if not _PASSING.search(key)}
        keys |= _opened(live.ends[one].opened)
        for line in sockets:
            if f" {one.address}:" in line or f"[{one.address}]:" in line:
                keys["mss"] = re.search(r" mss:(\d+)|$", line)[1]
                keys["tcp keepalive"] = "timer:(keepalive" in line
        found[one] = keys
    return found


def differing(live: Live, other: Live, peers: Iterable[Peer]) -> dict[Peer, dict[str, tuple[Any, Any]]]:
    """Return what the sessions of two routers do not have in common, by peer and key."""
    peers = list(peers)
    mine, theirs = negotiated(live, peers), negotiated(other, peers)
    found = {}
    for one in peers:
        pairs = {key: (mine[one].get(key), theirs[one].get(key)) for key in {**mine[one], **theirs[one]}}
        if unlike := {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}:
            found[one] = unlike
    return found


def _flat(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(data, dict):
        yield path, data
        return
    for key, value in data.items():
        yield from _flat(value, f"{path}.{key}" if path else key)


def _opened(body: bytes) -> dict[str, Any]:
    """Read the OPEN that the router sent (RFC 4271, RFC 5492, RFC 9072)."""
    extended = body[9:11] == b"\xff\xff"
    found: dict[str, Any] = {"hold": int.from_bytes(body[3:5], "big"), "long parameters": extended}
    rest, width = (body[13:], 2) if extended else (body[10:], 1)
    while rest:
        kind, size = rest[0], int.from_bytes(rest[1 : 1 + width], "big")
        value, rest = rest[1 + width : 1 + width + size], rest[1 + width + size :]
        while kind == 2 and value:
            code, inside = value[0], value[2 : 2 + value[1]]
            value = value[2 + value[1] :]
            if code == _HOST_NAME:
                continue
            if code == _GRACEFUL_RESTART:
                # whether the router has just restarted says nothing of the configuration
                inside = bytes([inside[0] & 0x7F]) + inside[1:]
            found.setdefault(f"capability {code}", []).append(inside.hex())
    return found
