"""Ending a push that waits on its router, whoever began it; and going back to what ran before an earlier one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.platforms.frr.parse.parser import Parsed, parse
from frrgen.platforms.frr.push import Transaction, way_back
from frrgen.push.base import Outcome, State
from frrgen.push.journal import entry
from frrgen.transport.base import Device, Pending, Running, Timer, plain


def confirm(device: Device) -> Outcome:
    """Confirm the push that waits on a router. Raises DeviceError."""
    with device.lock():
        now = device.fetch()
        pending = _waiting(device, now)
        if not pending.verified:
            raise DeviceError(
                Finding(
                    Code.FRR528,
                    f"{device.name}: {pending}; and it never came so far that it could be",
                    hint=f"frrgen rollback {device.name}",
                )
            )
        device.confirm(pending.verified, entry("confirmed", id=pending.id, after=pending.verified))
    return Outcome(device.name, State.CONFIRMED)


def undo(device: Device) -> Outcome:
    """Undo the push that waits on a router. Raises DeviceError."""
    with device.lock():
        _waiting(device, device.fetch())
        device.settle()
        device.undo("asked for")
    return Outcome(device.name, State.ROLLED_BACK)


def _waiting(device: Device, now: Running) -> Pending:
    pending = now.pending
    if pending is None or pending.timer is Timer.REBOOTED:
        raise DeviceError(Finding(Code.FRR528, f"{device.name}: no push waits to be confirmed"))
    device.id = pending.id
    return pending


def events(device: Device) -> list[dict[str, str]]:
    """Give what the router's journal says of pushes, oldest first; lines that were cut off are left out."""
    found = []
    for line in device.history().splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict):
            found.append({str(key): str(value) for key, value in said.items()})
    return found


@dataclass
class Restore(Transaction):
    """A push of what ran before an earlier push, lines that the model lacks included."""

    text: str = field(default="", kw_only=True)

    def _plan(self, running: Running) -> Plan:
        return way_back(parse(running.text, name=self.device.name, frr_version=running.frr_version), self._foreseen())

    def _foreseen(self) -> Parsed:
        return parse(self.text, name=self.device.name)

    def _differences(self, now: Running) -> list[str]:
        wanted, runs = set(plain(self.text)), set(plain(now.text))
        found = [f"lost: {_text(line)}" for line in wanted - runs] + [f"new: {_text(line)}" for line in runs - wanted]
        return sorted(found)


def _text(line: bytes) -> str:
    return line.decode(errors="surrogateescape")
