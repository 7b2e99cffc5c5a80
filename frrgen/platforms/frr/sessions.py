"""What a change may do to sessions: those that were up must be up again, and still bring most of their prefixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding
from frrgen.model.router import Check
from frrgen.platforms.frr.parse.parser import parse
from frrgen.transport.base import Keeper, Running


@dataclass(frozen=True)
class Bounds:
    """What must be so of sessions before a change is believed."""

    seconds: float = 180.0
    """In which it must become so: FRR dials again every 120."""
    loss: float = 50.0
    """How many per cent fewer prefixes a session may bring than before."""
    down: bool = False
    """Whether sessions may stay down."""


def lost_sessions(before: Running, now: Running, bounds: Bounds) -> list[str]:
    """Return the sessions that were up and are not, or bring too few prefixes, with how many they bring.

    Sessions that the configuration does not have any more, or shuts down, are not missed.
    """
    if before.sessions is None or now.sessions is None:
        return ["bgpd does not show which sessions are up"]
    wanted = _wanted(now)
    found = []
    for (vrf, family, peer), old in sorted(before.sessions.items()):
        new = now.sessions.get((vrf, family, peer))
        if not old.up or (vrf, peer) not in wanted:
            continue
        if new is None or not new.up:
            found += [] if bounds.down else [f"{peer} ({family}) is not up"]
        elif new.accepted < old.accepted * (1 - bounds.loss / 100):
            found.append(f"{peer} ({family}) brings {new.accepted} prefixes, and brought {old.accepted}")
    return found


def refuse_untold(name: str, before: Running, bounds: Bounds | None) -> None:
    """Raise DeviceError where nobody can tell behind a change whether sessions came back."""
    if bounds is not None and before.sessions is None:
        hint = "nothing was changed; does `show bgp vrf all summary json` answer there?"
        raise DeviceError(Finding(Code.FRR516, f"{name}: bgpd does not show which sessions are up", hint=hint))


def unmet(
    device: Keeper[Running], before: Running, after: Running, bounds: Bounds | None, checks: Sequence[Check]
) -> list[str]:
    """Return the sessions that are missed, else the inventory's own checks that fail."""
    lost = [] if bounds is None else lost_sessions(before, after, bounds)
    return lost or [f"check {told(check)}" for check in checks if not device.run_check(command_of(check))]


def overdue(router: str, bounds: Bounds, missing: Sequence[str]) -> DeviceError:
    """Return what is not as it should be within the time for it."""
    shown = "; ".join(missing[:5]) + (f"; and {len(missing) - 5} more" if missing[5:] else "")
    return DeviceError(
        Finding(
            Code.FRR531,
            f"{router}: not within {bounds.seconds:g} s: {shown}",
            hint="if that is what the change is for: --allow-down, or --allow-loss PERCENT",
        )
    )


def command_of(check: Check) -> str:
    """Return the shell command that ends with 0 when a check of the inventory is met."""
    if check.prefix is not None:
        family = f"ipv{check.prefix.version}"
        return f"vtysh -d bgpd -c 'show bgp {family} unicast {check.prefix}' | grep -q '^BGP routing table entry for'"
    if check.answers is not None:
        # Linux and FreeBSD do not agree on the option that says how long to wait
        ping = "ping" if check.answers.version == 4 else '"$(command -v ping6 || echo ping)"'
        return f"timeout 3 {ping} -c 1 {check.answers}"
    return check.command or "true"


def told(check: Check) -> str:
    """Name a check for people. Its command is not shown: it may hold a secret."""
    if check.prefix is not None:
        return f"prefix {check.prefix}"
    return f"answers {check.answers}" if check.answers is not None else "command"


def _wanted(now: Running) -> set[tuple[str, str]]:
    router = parse(now.text, frr_version=now.frr_version).router
    named = {"default": router.bgp, **{name: vrf.bgp for name, vrf in router.vrfs.items()}}
    return {
        (vrf, name)
        for vrf, bgp in named.items()
        if bgp is not None and not bgp.shutdown
        for name, neighbor in bgp.neighbors.items()
        if not neighbor.shutdown
    }
