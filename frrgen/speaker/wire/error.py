"""What ends a session: the codes of RFC 4271 section 4.5 and their later additions, and the one exception."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Code(IntEnum):
    """The error codes of NOTIFICATION."""

    HEADER = 1
    OPEN = 2
    UPDATE = 3
    HOLD_TIMER = 4
    FSM = 5
    CEASE = 6
    ROUTE_REFRESH = 7
    SEND_HOLD_TIMER = 8


class Cease(IntEnum):
    """The subcodes of Cease: RFC 4486, 8538, 9384."""

    MAXIMUM_PREFIXES = 1
    ADMINISTRATIVE_SHUTDOWN = 2
    PEER_DECONFIGURED = 3
    ADMINISTRATIVE_RESET = 4
    CONNECTION_REJECTED = 5
    OTHER_CONFIGURATION_CHANGE = 6
    COLLISION = 7
    OUT_OF_RESOURCES = 8
    HARD_RESET = 9
    BFD_DOWN = 10


NAMES: Final = {
    (1, 1): "connection not synchronized",
    (1, 2): "bad message length",
    (1, 3): "bad message type",
    (2, 0): "malformed OPEN",
    (2, 1): "unsupported version",
    (2, 2): "bad peer AS",
    (2, 3): "bad BGP identifier",
    (2, 4): "unsupported optional parameter",
    (2, 6): "unacceptable hold time",
    (2, 7): "unsupported capability",
    (2, 11): "role mismatch",
    (3, 1): "malformed attribute list",
    (3, 2): "unrecognized well-known attribute",
    (3, 3): "missing well-known attribute",
    (3, 4): "attribute flags error",
    (3, 5): "attribute length error",
    (3, 6): "invalid ORIGIN",
    (3, 8): "invalid NEXT_HOP",
    (3, 9): "optional attribute error",
    (3, 10): "invalid network field",
    (3, 11): "malformed AS_PATH",
    (4, 0): "hold timer expired",
    (5, 0): "FSM error",
    (5, 1): "unexpected message in OpenSent",
    (5, 2): "unexpected message in OpenConfirm",
    (5, 3): "unexpected message in Established",
    (6, 1): "maximum number of prefixes reached",
    (6, 2): "administrative shutdown",
    (6, 3): "peer de-configured",
    (6, 4): "administrative reset",
    (6, 5): "connection rejected",
    (6, 6): "other configuration change",
    (6, 7): "connection collision resolution",
    (6, 8): "out of resources",
    (6, 9): "hard reset",
    (6, 10): "BFD down",
    (7, 1): "invalid ROUTE-REFRESH length",
    (8, 0): "send hold timer expired",
}
"""(code, subcode) -> what it means."""


def name(code: int, subcode: int) -> str:
    """Return the meaning of a code and subcode, e.g. `2/2 bad peer AS`; never raises."""
    return f"{code}/{subcode} {NAMES.get((code, subcode), 'unknown error')}"


class BgpError(Exception):
    """What a peer did that ends the session: the NOTIFICATION to send it (RFC 4271 section 6)."""

    def __init__(self, code: int, subcode: int = 0, data: bytes = b"", reason: str = "") -> None:
        self.code = int(code)
        self.subcode = int(subcode)
        self.data = data
        self.reason = reason
        super().__init__(f"{name(code, subcode)}{f': {reason}' if reason else ''}")
