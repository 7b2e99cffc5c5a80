r"""What a push is for every platform: applied as a whole, or undone.

    staged -> checked -> armed -> applied -> verified -> confirmed
                                     \-> rolled back, or unknown: a person must look

Nothing is believed that was not read back. What went wrong before `armed` has changed nothing. How a change is
planned, applied, found to be there and undone differs from platform to platform: `transaction`, `pfsense`.
"""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event
from typing import Final, Generic

from frrgen.codes import Code
from frrgen.errors import DeviceError, Exit, Finding, FrrgenError, RolledBackError, UnknownStateError
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.transport.base import Login, R

_RETRIES: Final = (0.0, 1.0, 3.0, 9.0, 27.0)
"""Seconds before each new login, when the connection was lost after something may have been applied."""


class State(StrEnum):
    """How far a push has come."""

    UNCHANGED = "unchanged"
    DECLINED = "declined"
    INTERRUPTED = "interrupted"
    STAGED = "staged"
    CHECKED = "checked"
    ARMED = "armed"
    APPLIED = "applied"
    VERIFIED = "verified"
    WAITING = "waiting to be confirmed"
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
        if self.state is State.INTERRUPTED:
            return Exit.INTERRUPTED
        return Exit.ERROR if self.findings or self.state is State.DECLINED else Exit.OK


Progress = Callable[[State], None]
Approve = Callable[[Plan], bool]


def _silent(state: State) -> None:
    del state


@dataclass
class Push(ABC, Generic[R]):
    """One push. `approve` is shown the plan and decides; None: go ahead."""

    device: Login[R]
    approve: Approve | None = field(default=None, kw_only=True)
    progress: Progress = field(default=_silent, kw_only=True)
    sleep: Callable[[float], None] = field(default=time.sleep, kw_only=True)
    before: R | None = field(default=None, init=False)
    plan: Plan | None = field(default=None, init=False)
    backup: str = field(default="", init=False)
    armed: bool = field(default=False, init=False)
    """Something may have been changed."""
    hold: int = field(default=120, kw_only=True)
    """Seconds after which the router undoes the push by itself, if nothing more is heard of it."""
    stop: Event = field(default_factory=Event, kw_only=True)
    """Set by who wants the push to end: nothing more is begun, and what was begun is undone."""

    def run(self) -> Outcome:
        """Push. Raises DeviceError when nothing was changed, RolledBackError, UnknownStateError.

        Whatever else goes wrong, also in ourselves, is undone like a failure of the router. KeyboardInterrupt gets out
        only when nothing was changed.
        """
        shown: R | None = None
        if self.approve is not None:
            shown = self.device.fetch()
            plan = self._plan(shown)
            if plan.empty:
                return Outcome(self.device.name, State.UNCHANGED, plan)
            if not self.approve(plan):
                return Outcome(self.device.name, State.DECLINED, plan)
        try:
            with self.device.lock():
                outcome = self._stage(shown)
                if outcome is not None:
                    return outcome
                try:
                    return self._apply()
                except BaseException as bad:  # noqa: BLE001
                    return self._roll_back(self._problem(bad))
        except BaseException as bad:  # noqa: BLE001
            problem = self._problem(bad)
        return self._recover(problem)

    def _problem(self, bad: BaseException) -> FrrgenError:
        """Return the problem for which the push is undone. Raises it if none must be undone."""
        if not self.armed or isinstance(bad, RolledBackError | UnknownStateError):
            raise bad
        return _problem(self.device.name, bad)

    def foresee(self) -> Plan:
        """Plan, and change nothing. Raises DeviceError."""
        return self._plan(self.device.fetch())

    @abstractmethod
    def _plan(self, running: R) -> Plan:
        """Plan the change of what the router has."""

    @abstractmethod
    def _check(self) -> None:
        """Have the router check what is planned; nothing is applied. Raises DeviceError."""

    @abstractmethod
    def _arm(self) -> None:
        """Lay ready on the router what is needed to go back. Raises DeviceError; then nothing was changed."""

    @abstractmethod
    def _apply(self) -> Outcome:
        """Apply the plan, and verify it. Raises DeviceError when the router does not run what is intended."""

    @abstractmethod
    def _resume(self, now: R) -> Outcome | None:
        """After a lost connection: end well if what is intended is there; None: it must be undone."""

    @abstractmethod
    def _roll_back(self, problem: FrrgenError) -> Outcome:
        """Bring back what was there before. Raises RolledBackError when it is there, DeviceError when that fails."""

    def _stage(self, shown: R | None) -> Outcome | None:
        name = self.device.name
        self.before = before = self.device.fetch()
        if shown is not None and shown.digest != before.digest:
            raise DeviceError(
                Finding(
                    Code.FRR521,
                    f"{name}: its configuration has changed since the plan was shown; nothing was done",
                    hint="run the push again to see the plan as it is now",
                )
            )
        self.plan = plan = self._plan(before)
        if plan.empty:
            return Outcome(name, State.UNCHANGED, plan)
        self._tell(State.STAGED)
        self._check()
        self._tell(State.CHECKED)
        self._arm()
        self.armed = True
        self._tell(State.ARMED)
        return None

    @property
    def _planned(self) -> Plan:
        if self.plan is None:
            raise RuntimeError("nothing is staged")
        return self.plan

    @property
    def _old(self) -> R:
        if self.before is None:
            raise RuntimeError("nothing to go back to")
        return self.before

    def _recover(self, problem: FrrgenError) -> Outcome:
        """Log in again after a lost connection or a failed way back, and bring the router to one state or the other."""
        last = problem
        for pause in _RETRIES:
            self.sleep(pause)
            try:
                self.device.reconnect()
                with self.device.lock():
                    return self._resume(self.device.fetch()) or self._roll_back(problem)
            except (RolledBackError, UnknownStateError):
                raise
            except KeyboardInterrupt:
                break
            except Exception as bad:  # noqa: BLE001  # a fault of ours is no reason to leave a router as it is
                last = _problem(self.device.name, bad)
        self._end(State.UNKNOWN)
        raise UnknownStateError(
            *problem.findings,
            *(last.findings if last is not problem else ()),
            Finding(
                Code.FRR525,
                f"{self.device.name}: what it runs now is unknown: a person must look",
                hint=self._way_out(),
            ),
        )

    def _way_out(self) -> str:
        return (
            f"unless it restarts, the router itself undoes the push within {self.hold} s; frrgen diff shows "
            f"where it stands; its configuration of before is in {self.backup}"
        )

    def _tell(self, state: State) -> None:
        """Tell of progress. Raises KeyboardInterrupt if the push is to end."""
        self.progress(state)
        if self.stop.is_set():
            raise KeyboardInterrupt

    def _end(self, state: State) -> None:
        """Report how the push ended. A failure of the listener changes nothing."""
        self.armed = False
        with contextlib.suppress(Exception):
            self.progress(state)


def _problem(name: str, bad: BaseException) -> FrrgenError:
    if isinstance(bad, FrrgenError):
        return bad
    if isinstance(bad, KeyboardInterrupt):
        return DeviceError(Finding(Code.FRR526, f"{name}: interrupted while the change was applied"))
    return DeviceError(fault_of_ours(name, bad))


def fault_of_ours(name: str, bad: BaseException) -> Finding:
    """Return the Finding for a fault of frrgen itself at a router."""
    return Finding(Code.FRR199, f"{name}: a fault of frrgen itself: {type(bad).__name__}", hint="please report it")
