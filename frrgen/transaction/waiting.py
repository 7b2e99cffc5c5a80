"""Pushes that wait on their router to be confirmed, also those of other users; and the journal of earlier pushes."""

from __future__ import annotations

import json

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.transaction.base import Outcome, State
from frrgen.transaction.journal import entry
from frrgen.transport.base import Keeper, Pending, R, Running, Timer


def refuse_waiting(name: str, pending: Pending | None) -> None:
    """Raise DeviceError if an earlier push waits to be confirmed or undone."""
    if pending is not None and pending.timer is Timer.ON:
        raise DeviceError(
            Finding(
                Code.FRR529,
                f"{name}: {pending}; nothing was done",
                hint=f"frrgen confirm {name}, or frrgen rollback {name}",
            )
        )


def confirm(device: Keeper[Running]) -> Outcome:
    """Confirm the push that waits on a router. Raises DeviceError."""
    with device.lock():
        pending = _waiting(device, device.fetch())
        if not pending.verified:
            raise DeviceError(
                Finding(
                    Code.FRR535,
                    f"{device.name}: {pending}; and it never came so far that it could be",
                    hint=f"frrgen rollback {device.name}",
                )
            )
        device.confirm(pending.verified, entry("confirmed", id=pending.id, after=pending.verified))
    return Outcome(device.name, State.CONFIRMED)


def undo(device: Keeper[Running]) -> Outcome:
    """Undo the push that waits on a router. Raises DeviceError."""
    with device.lock():
        _waiting(device, device.fetch())
        device.undo("asked for")
    return Outcome(device.name, State.ROLLED_BACK)


def events(device: Keeper[R]) -> list[dict[str, str]]:
    """Return what the router's journal says of pushes, oldest first; lines that were cut off are left out."""
    found = []
    for line in device.history().splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict):
            found.append({str(key): str(value) for key, value in said.items()})
    return found


def _waiting(device: Keeper[Running], now: Running) -> Pending:
    pending = now.pending
    if pending is None or pending.timer is Timer.REBOOTED:
        raise DeviceError(Finding(Code.FRR534, f"{device.name}: no push waits to be confirmed"))
    device.id = pending.id
    return pending
