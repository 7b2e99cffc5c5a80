"""The finite state machine of RFC 4271 section 8, as a table: every state and event has its row.

One machine is one TCP connection. A peer has two of them while connections collide (`peer.py`). DelayOpen and the
optional damping of section 8.1.1 are not used; growing delays between attempts (`peer.py`) take their place.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final, NamedTuple


class State(StrEnum):
    """Section 8.2.2."""

    IDLE = "Idle"
    CONNECT = "Connect"
    ACTIVE = "Active"
    OPEN_SENT = "OpenSent"
    OPEN_CONFIRM = "OpenConfirm"
    ESTABLISHED = "Established"


class Event(Enum):
    """Section 8.1; the number is the RFC's. SendHoldTimer_Expires is RFC 9687, RouteRefreshMsg RFC 2918."""

    MANUAL_START = 1
    MANUAL_STOP = 2
    MANUAL_START_PASSIVE = 4
    AUTOMATIC_STOP = 8
    CONNECT_RETRY_TIMER_EXPIRES = 9
    HOLD_TIMER_EXPIRES = 10
    KEEPALIVE_TIMER_EXPIRES = 11
    TCP_CR_ACKED = 16
    TCP_CONNECTION_CONFIRMED = 17
    TCP_CONNECTION_FAILS = 18
    BGP_OPEN = 19
    BGP_HEADER_ERR = 21
    BGP_OPEN_MSG_ERR = 22
    OPEN_COLLISION_DUMP = 23
    NOTIF_MSG_VER_ERR = 24
    NOTIF_MSG = 25
    KEEPALIVE_MSG = 26
    UPDATE_MSG = 27
    UPDATE_MSG_ERR = 28
    SEND_HOLD_TIMER_EXPIRES = 29
    ROUTE_REFRESH_MSG = 30


class Action(Enum):
    """What a row does, in its order."""

    CONNECT = "begin a TCP connection"
    START_CONNECT_RETRY = "start the ConnectRetryTimer"
    STOP_CONNECT_RETRY = "stop the ConnectRetryTimer"
    SEND_OPEN = "send OPEN; start the HoldTimer with a large value"
    SEND_KEEPALIVE = "send KEEPALIVE; start the KeepaliveTimer"
    START_HOLD = "start the HoldTimer with the agreed time"
    ESTABLISH = "the session is up"
    PROCESS = "process the message"
    NOTIFY = "send NOTIFICATION"
    DROP = "drop the TCP connection; stop all timers"


class Transition(NamedTuple):
    """Where an event leads."""

    state: State
    actions: tuple[Action, ...] = ()


_IDLE, _CONNECT, _ACTIVE, _SENT, _CONFIRM, _UP = State
_E, _A = Event, Action
_END: Final = Transition(_IDLE, (_A.DROP,))
_NOTIFIED_END: Final = Transition(_IDLE, (_A.NOTIFY, _A.DROP))
_OPENED: Final = Transition(_SENT, (_A.STOP_CONNECT_RETRY, _A.SEND_OPEN))

_WRITTEN: Final[dict[State, dict[Event, Transition]]] = {
    _IDLE: {
        _E.MANUAL_START: Transition(_CONNECT, (_A.START_CONNECT_RETRY, _A.CONNECT)),
        _E.MANUAL_START_PASSIVE: Transition(_ACTIVE, (_A.START_CONNECT_RETRY,)),
    },
    _CONNECT: {
        _E.CONNECT_RETRY_TIMER_EXPIRES: Transition(_CONNECT, (_A.DROP, _A.START_CONNECT_RETRY, _A.CONNECT)),
        _E.TCP_CR_ACKED: _OPENED,
        _E.TCP_CONNECTION_CONFIRMED: _OPENED,
    },
    _ACTIVE: {
        _E.CONNECT_RETRY_TIMER_EXPIRES: Transition(_CONNECT, (_A.START_CONNECT_RETRY, _A.CONNECT)),
        _E.TCP_CR_ACKED: _OPENED,
        _E.TCP_CONNECTION_CONFIRMED: _OPENED,
    },
    _SENT: {
        _E.BGP_OPEN: Transition(_CONFIRM, (_A.SEND_KEEPALIVE, _A.START_HOLD)),
    },
    _CONFIRM: {
        _E.KEEPALIVE_TIMER_EXPIRES: Transition(_CONFIRM, (_A.SEND_KEEPALIVE,)),
        _E.KEEPALIVE_MSG: Transition(_UP, (_A.START_HOLD, _A.ESTABLISH)),
    },
    _UP: {
        _E.KEEPALIVE_TIMER_EXPIRES: Transition(_UP, (_A.SEND_KEEPALIVE,)),
        _E.KEEPALIVE_MSG: Transition(_UP, (_A.START_HOLD,)),
        _E.UPDATE_MSG: Transition(_UP, (_A.START_HOLD, _A.PROCESS)),
        _E.ROUTE_REFRESH_MSG: Transition(_UP, (_A.START_HOLD, _A.PROCESS)),
    },
}
_SILENT: Final = frozenset({_E.TCP_CONNECTION_FAILS, _E.NOTIF_MSG, _E.NOTIF_MSG_VER_ERR, _E.SEND_HOLD_TIMER_EXPIRES})
"""These end a connection without a NOTIFICATION: there is nobody who would read it."""
_STARTS: Final = frozenset({_E.MANUAL_START, _E.MANUAL_START_PASSIVE})


def _row(state: State, event: Event) -> Transition:
    written = _WRITTEN[state].get(event)
    if written is not None:
        return written
    # a start where there is one already is ignored, and so is everything else in Idle
    if state is _IDLE or event in _STARTS:
        return Transition(state)
    if state in {_CONNECT, _ACTIVE} or event in _SILENT:
        return _END
    # a timer of connecting has no meaning any more; every other event is an error, or has one to be told
    return _NOTIFIED_END


TABLE: Final = {(state, event): _row(state, event) for state in State for event in Event}

FSM_ERROR: Final = {_SENT: 1, _CONFIRM: 2, _UP: 3}
"""The subcodes of FSM Error by state (RFC 6608)."""


def diagram() -> str:
    """Draw the table as a Mermaid state diagram; the events that end a connection everywhere are left out."""
    lines = ["stateDiagram-v2", "    [*] --> Idle"]
    for (state, event), row in TABLE.items():
        if row not in {_END, _NOTIFIED_END} and (row.state is not state or row.actions):
            done = "".join(f"<br/>{action.value}" for action in row.actions)
            lines.append(f"    {state} --> {row.state}: {event.name}{done}")
    lines += [f"    {state} --> Idle: errors, stops, and every other event" for state in list(State)[1:]]
    return "\n".join([*lines, ""])


def table() -> str:
    """Write the table in Markdown: what every event does in every state."""
    lines = [f"| event | {' | '.join(State)} |", "|---" * (1 + len(State)) + "|"]
    for event in Event:
        cells = (_cell(state, TABLE[state, event]) for state in State)
        lines.append(f"| {event.value} {event.name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _cell(state: State, row: Transition) -> str:
    if row == _NOTIFIED_END:
        return "NOTIFICATION, Idle"
    return str(row.state) if row.state is not state or row.actions else ""
