r"""A push to one router: applied as a whole, or undone.

    staged -> checked -> armed -> applied -> verified -> confirmed
                                     \-> rolled back, or unknown: a person must look

Nothing is believed that was not read back: the router runs what is intended when its configuration, fetched anew,
leaves nothing to plan. What went wrong before `armed` has changed nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from frrgen.device.base import Device, Running
from frrgen.diff.changes import Commands
from frrgen.diff.plan import Plan, hide, make_plan, with_routes
from frrgen.errors import (
    DeviceError,
    Exit,
    Finding,
    FrrgenError,
    RolledBackError,
    UnknownStateError,
    error,
)
from frrgen.model.router import Router
from frrgen.parse.frr import Leftover, Parsed, parse
from frrgen.push.journal import entry

_RETRIES: Final = (0.0, 1.0, 3.0, 9.0, 27.0)
"""Seconds before each new login, when the connection was lost after something may have been applied."""


class State(StrEnum):
    """How far a push has come."""

    UNCHANGED = "unchanged"
    STAGED = "staged"
    CHECKED = "checked"
    ARMED = "armed"
    APPLIED = "applied"
    VERIFIED = "verified"
    CONFIRMED = "confirmed"
    ROLLED_BACK = "rolled back"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """How a push ended. `notes` are what the router said though all is well."""

    router: str
    state: State
    plan: Plan | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit(self) -> Exit:
        """The exit code for this router."""
        if self.state is State.ROLLED_BACK:
            return Exit.ROLLED_BACK
        if self.state is State.UNKNOWN:
            return Exit.UNKNOWN
        return Exit.ERROR if self.findings else Exit.OK


def plan_for(running: Running, intended: Router, *, prune_leftovers: bool = False) -> Plan:
    """Plan the change of what a router runs, by the rules of the FRR version that it runs."""
    version = {"frr_version": running.frr_version} if running.frr_version else {}
    parsed = parse(running.text, name=intended.name, frr_version=running.frr_version or intended.frr_version)
    judged = intended.model_copy(update=version)
    return with_routes(make_plan(parsed, judged, prune_leftovers=prune_leftovers), parsed, judged)


Progress = Callable[[State], None]
Approve = Callable[[Plan], bool]


def _silent(state: State) -> None:
    del state


@dataclass
class Transaction:
    """One push. `approve` is shown the plan and decides; None: go ahead."""

    device: Device
    intended: Router
    approve: Approve | None = None
    prune_leftovers: bool = False
    progress: Progress = _silent
    sleep: Callable[[float], None] = time.sleep
    before: Running | None = field(default=None, init=False)
    plan: Plan | None = field(default=None, init=False)
    backup: str = field(default="", init=False)
    armed: bool = field(default=False, init=False)

    def run(self) -> Outcome:
        """Push. Raises DeviceError when nothing was changed, RolledBackError, UnknownStateError."""
        shown: Running | None = None
        if self.approve is not None:
            shown = self.device.fetch()
            plan = self._plan(shown)
            if plan.empty or not self.approve(plan):
                return Outcome(self.device.name, State.UNCHANGED, plan)
        problem: FrrgenError
        try:
            with self.device.lock():
                outcome = self._stage(shown)
                if outcome is not None:
                    return outcome
                try:
                    return self._apply()
                except (DeviceError, KeyboardInterrupt) as bad:
                    problem = _problem(self.device.name, bad)
                    return self._roll_back(problem)
        except (DeviceError, KeyboardInterrupt) as bad:
            if not self.armed:
                raise
            problem = _problem(self.device.name, bad)
        return self._recover(problem)

    def _plan(self, running: Running) -> Plan:
        return plan_for(running, self.intended, prune_leftovers=self.prune_leftovers)

    def _stage(self, shown: Running | None) -> Outcome | None:
        name = self.device.name
        self.before = before = self.device.fetch()
        if shown is not None and shown.digest != before.digest:
            raise DeviceError(
                error(
                    "FRR521",
                    f"{name}: its configuration has changed since the plan was shown; nothing was done",
                    hint="run the push again to see the plan as it is now",
                )
            )
        self.plan = plan = self._plan(before)
        if plan.empty:
            return Outcome(name, State.UNCHANGED, plan)
        self.progress(State.STAGED)
        self.device.check(plan.commands)
        self.progress(State.CHECKED)
        self.backup = self.device.backup(before)
        self.device.record(entry("armed", before=before.digest, summary=plan.summary, backup=self.backup))
        self.armed = True
        self.progress(State.ARMED)
        return None

    def _apply(self) -> Outcome:
        plan = self._planned
        said = self.device.apply(plan.commands)
        self.progress(State.APPLIED)
        return self._verify(said)

    @property
    def _planned(self) -> Plan:
        if self.plan is None:
            raise RuntimeError("nothing is staged")
        return self.plan

    def _verify(self, said: Sequence[str]) -> Outcome:
        plan, now = self._planned, self.device.fetch()
        if problems := self._differences(now):
            raise DeviceError(*_not_as_intended(self.device.name, problems, said))
        self.progress(State.VERIFIED)
        if plan.after:
            self.device.execute(plan.after)
        self.device.save()
        self.progress(State.CONFIRMED)
        self._record("confirmed", now)
        return Outcome(self.device.name, State.CONFIRMED, plan, notes=tuple(hide(line) for line in said))

    def _differences(self, now: Running) -> list[str]:
        left = self._plan(now)
        found = [str(line) for line in left.shown_commands]
        if not self.prune_leftovers and set(left.leftovers) != set(self._planned.leftovers):
            found += [f"lost: {hide(line)}" for line in set(self._planned.leftovers) - set(left.leftovers)]
            found += [f"new: {hide(line)}" for line in set(left.leftovers) - set(self._planned.leftovers)]
        for daemon, text in now.per_daemon.items():
            found += [f"{daemon} alone: {name}" for name in _policy_differences(text, now)]
        return found

    def _roll_back(self, problem: FrrgenError) -> Outcome:
        """Bring back what ran before. Raises RolledBackError when it runs again, DeviceError when that fails."""
        if self.before is None:
            raise RuntimeError("nothing to go back to")
        before = parse(self.before.text, name=self.intended.name, frr_version=self.before.frr_version)
        for _ in range(2):
            now = self.device.fetch()
            commands = _undo(now, before)
            if not commands:
                break
            self.device.apply(commands)
        now = self.device.fetch()
        if left := _undo(now, before):
            shown = "; ".join(hide(line.strip()) for line in left[:5])
            raise DeviceError(error("FRR523", f"{self.device.name}: cannot go back: still to do: {shown}"))
        self.progress(State.ROLLED_BACK)
        self._record("rolled back", now)
        raise RolledBackError(
            *problem.findings,
            error("FRR524", f"{self.device.name}: rolled back: it runs what it ran before, and nothing was saved"),
        )

    def _recover(self, problem: FrrgenError) -> Outcome:
        """Log in anew after a lost connection or a failed way back, and bring the router to one state or the other."""
        last = problem
        for pause in _RETRIES:
            self.sleep(pause)
            try:
                self.device.reconnect()
                with self.device.lock():
                    if not self._differences(self.device.fetch()):
                        return self._verify(())
                    return self._roll_back(problem)
            except DeviceError as bad:
                last = bad
            except KeyboardInterrupt:
                break
        self.progress(State.UNKNOWN)
        raise UnknownStateError(
            *problem.findings,
            *(last.findings if last is not problem else ()),
            error(
                "FRR525",
                f"{self.device.name}: what it runs now is not known: a person must look",
                hint=f"what it ran before is on the router in {self.backup}; frrgen diff shows where it stands",
            ),
        )

    def _record(self, event: str, now: Running) -> None:
        try:
            self.device.record(entry(event, after=now.digest, summary=self._planned.summary))
        except DeviceError:
            # the change itself is done or undone; a full disk must not turn that into a failure
            return


def _undo(now: Running, before: Parsed) -> tuple[str, ...]:
    """Give the lines that bring back what was there before, the lines that we do not model included."""
    parsed = parse(now.text, name=before.router.name, frr_version=now.frr_version)
    commands = Commands()
    for leftover in _beyond(before.leftovers, parsed.leftovers):
        commands.add(leftover.context, [leftover.line])
    for leftover in _beyond(parsed.leftovers, before.leftovers):
        line = leftover.line
        commands.add(leftover.context, [line.removeprefix("no ") if line.startswith("no ") else f"no {line}"])
    whole = before.router.model_copy(update={"ownership": "full"})
    return (*make_plan(parsed, whole).commands, *commands.lines())


def _beyond(some: Sequence[Leftover], others: Sequence[Leftover]) -> list[Leftover]:
    known = {(leftover.context, leftover.line) for leftover in others}
    return [leftover for leftover in some if (leftover.context, leftover.line) not in known]


def _policy_differences(text: str, now: Running) -> list[str]:
    """Compare the lists and route maps that one daemon shows with what all show together (FRR 10)."""
    alone = parse(text, frr_version=now.frr_version).router
    together = parse(now.text, frr_version=now.frr_version).router
    fields = ("prefix_lists", "ipv6_prefix_lists", "access_lists", "ipv6_access_lists", "route_maps")
    return [
        f"{kind}.{name}"
        for kind in fields
        for name in {**getattr(alone, kind), **getattr(together, kind)}
        if getattr(alone, kind).get(name) != getattr(together, kind).get(name)
    ]


def _not_as_intended(name: str, problems: Sequence[str], said: Sequence[str]) -> list[Finding]:
    shown = "; ".join(line.strip() for line in problems[:5]) + (
        f"; and {len(problems) - 5} more" if problems[5:] else ""
    )
    found = [error("FRR522", f"{name}: after the push the router still does not run what is intended: {shown}")]
    if said:
        found.append(error("FRR522", f"{name} said: {'; '.join(hide(line) for line in said[:5])}"))
    return found


def _problem(name: str, bad: BaseException) -> FrrgenError:
    if isinstance(bad, FrrgenError):
        return bad
    return DeviceError(error("FRR526", f"{name}: interrupted while the change was applied"))
