"""A push to a pfSense box: sections are written, and the package makes FRR run what they say.

The package reloads FRR in the background and keeps its exit code to itself: what came of it is found out by looking.
The way back is the way forth: the old sections are written through the same functions, so that what others have
changed meanwhile elsewhere stays.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding, FrrgenError, RolledBackError, UnknownStateError
from frrgen.model.router import Check
from frrgen.platforms.frr.diff.plan import hide
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.push import way_back, with_pending
from frrgen.platforms.frr.sessions import Bounds, overdue, refuse_untold, unmet
from frrgen.platforms.pfsense.answers import Applied, Watch
from frrgen.platforms.pfsense.ask import NothingChangedError
from frrgen.platforms.pfsense.device import PfsenseDevice
from frrgen.platforms.pfsense.generator import frr_conf, unforeseen
from frrgen.platforms.pfsense.plan import Effect, PfsensePlan, enabled, plan_box, waits_for
from frrgen.platforms.pfsense.raw import raw_keys, without_raw
from frrgen.platforms.pfsense.rows import in_order, without_numbers
from frrgen.platforms.pfsense.running import Armed, PfsenseRunning
from frrgen.platforms.pfsense.schema import COVERED, Sections
from frrgen.platforms.pfsense.stored import digest
from frrgen.transaction.base import Outcome, Push, State
from frrgen.transaction.journal import entry
from frrgen.transaction.waiting import refuse_waiting

_EVERY: Final = 0.5
"""Seconds between looks at the box."""
_QUIET: Final = 8.0
"""Seconds without anything reloading, after which what FRR runs is taken for final."""
_STILL: Final = 1.0
"""Seconds without anything reloading, after which frr-reload has done with lists."""
_NEITHER: Final = Code.FRR747


@dataclass
class PfsensePush(Push[PfsenseRunning]):
    """One push. `wanted` makes the sections out of what the box has."""

    device: PfsenseDevice
    wanted: Callable[[PfsenseRunning], Sections]
    clear_raw: bool = field(default=False, kw_only=True)
    """Give up a raw configuration, which the package uses instead of the sections."""
    raw: bool | None = field(default=None, kw_only=True)
    """The router is written as a raw configuration: True also where the box has none yet. None: it is not."""
    hold: int = field(default=900, kw_only=True)
    bounds: Bounds | None = field(default_factory=Bounds, kw_only=True)
    """What must be so of sessions before the change is believed; None: nothing is asked of them."""
    checks: Sequence[Check] = field(default=(), kw_only=True)
    """What the inventory wants to be so before the change is believed."""
    confirm_within: int | None = field(default=None, kw_only=True)
    """Seconds in which a person must confirm; None: the push confirms itself."""
    paired: bool = field(default=False, kw_only=True)
    """The other box of the pair is pushed to, too."""
    new: Sections = field(default_factory=dict, init=False)
    predicted: str = field(default="", init=False)
    clear: tuple[str, ...] = field(default=(), init=False)
    """What FRR is sent behind the way back."""
    found: tuple[Finding, ...] = field(default=(), init=False)
    """What went wrong beside the problem that is being dealt with."""

    def _plan(self, running: PfsenseRunning) -> PfsensePlan:
        self.new = self._sections(running)
        self.predicted = frr_conf({**running.sections, **self.new}, running.box)
        plan = plan_for_box(self.device.name, running, self.new, self.predicted, paired=self.paired)
        basis = _sha256(f"{hide(running.text)} {hide(self.predicted)}")
        return replace(with_pending(plan, running.pending), basis=basis)

    def _sections(self, running: PfsenseRunning) -> Sections:
        new = {name: configs for name, configs in self.wanted(running).items() if name in COVERED}
        if self.raw is not None:
            if not self.raw and not raw_keys(running.sections):
                raise DeviceError(
                    Finding(
                        Code.FRR745,
                        f"{self.device.name}: the inventory wants a raw configuration, which replaces what the "
                        "package's pages say; nothing was changed",
                        hint="frrgen push --raw",
                    )
                )
            return {name: new.get(name, []) for name in COVERED}
        if keys := raw_keys(new) or raw_keys(running.sections):
            if not self.clear_raw:
                raise DeviceError(
                    Finding(
                        Code.FRR745,
                        f"{self.device.name}: a raw configuration ({', '.join(keys)}) stands in for the sections: "
                        "the sections have no effect; nothing was changed",
                        hint="look at it at Services > FRR Global/Zebra > Raw Config; remove it with --clear-raw",
                    )
                )
            new = without_raw({**running.sections, **new})
        return {name: new.get(name, []) for name in COVERED}

    def _check(self) -> None:
        refuse_waiting(self.device.name, self._old.pending)
        refuse_untold(self.device.name, self._old, self.bounds)
        if enabled(self.new):
            plan = self._planned
            reload = isinstance(plan, PfsensePlan) and plan.effect is Effect.RELOAD
            self.device.check(self.predicted, reload=reload)

    def _arm(self) -> None:
        plan, old = self._planned, self._old
        self.backup = self.device.backup(old)
        facts = {"before": old.digest, "summary": plan.summary, "backup": self.backup}
        back = way_back(
            parse(self.predicted, frr_version=old.frr_version), parse(old.text, frr_version=old.frr_version)
        )
        self.clear = tuple(dict.fromkeys((*back.after, *plan.after)))
        self.device.arm(
            old,
            Armed(
                digest=digest(self.new),
                after=plan.after,
                clear=self.clear,
                summary=plan.summary,
                seconds=self.hold,
                entry=entry("armed", id=self.device.id, **facts),
            ),
        )

    def _apply(self) -> Outcome:
        try:
            applied = self._write(self.new, self._old.sections_digest, self._planned.summary)
        except NothingChangedError:
            self.armed = False
            with contextlib.suppress(DeviceError):
                self.device.disarm(entry("not applied", id=self.device.id))
            raise
        self._tell(State.APPLIED)
        if applied.complaint:
            raise DeviceError(Finding(Code.FRR743, f"{self.device.name}: {applied.complaint}"))
        self.device.renew()
        return self._verify()

    def _write(self, sections: Sections, expected: str, why: str) -> Applied:
        return self.device.apply(sections, expected, f"frrgen: {why.removeprefix('Plan: ')}", size=len(self.predicted))

    def _verify(self) -> Outcome:
        plan, now = self._planned, self._settle(digest(self.new), self._expected_file())
        if plan.after:
            self.device.execute(plan.after)
        now = self._await(now)
        self._tell(State.VERIFIED)
        if self.confirm_within is None:
            line = entry("confirmed", id=self.device.id, after=now.digest, summary=plan.summary)
            self.device.confirm(now.digest, line)
        else:
            self.device.extend(self.confirm_within, now.digest)
        state = State.CONFIRMED if self.confirm_within is None else State.WAITING
        self._end(state)
        notes = plan.notes if isinstance(plan, PfsensePlan) else ()
        return Outcome(self.device.name, state, plan, notes=(*self._imprecise(), *notes, *self._started(now)))

    def _waits(self) -> str:
        """Return the CARP address for which FRR was to wait behind the push; "" if FRR was to run, or is off."""
        return waits_for({**self._old.sections, **self.new}, self._old.carp)

    def _started(self, now: PfsenseRunning) -> tuple[str, ...]:
        """Tell that the box has become the CARP master since the plan was made."""
        vip = self._waits()
        if not vip or now.would_run:
            return ()
        runs = "FRR runs what was written, and nothing was asked of its sessions"
        return (f"the box became the CARP master of {vip} during the push: {runs}",)

    def _refuse_failover(self, now: PfsenseRunning) -> None:
        """Raise DeviceError where FRR was to run, and the box is the CARP master no more."""
        vip = waits_for(now.sections, now.carp)
        if vip and not self._waits():
            raise DeviceError(
                Finding(
                    Code.FRR522,
                    f"{self.device.name}: during the push another box became the CARP master: {vip} is "
                    f"{now.carp[vip] or 'unknown'} here, FRR does not run, and the change cannot be proven",
                    hint="push again: the plan is then for the boxes as they are",
                )
            )

    def _expected_file(self) -> str:
        return "" if self._imprecise() or not self.predicted else _sha256(self.predicted)

    def _imprecise(self) -> tuple[str, ...]:
        """Return why the file cannot be predicted: what is not in the sections, or what the old file had otherwise."""
        old = self._old
        found = unforeseen({**old.sections, **self.new}, old.box)
        if not found and old.frr_conf and frr_conf(old.sections, old.box) != old.frr_conf:
            found = ("the file that was there was not what frrgen expects of the sections",)
        return tuple(f"frr.conf could not be predicted, so only what FRR runs was compared: {why}" for why in found)

    def _settle(self, sections: str, file: str, *, back: bool = False) -> PfsenseRunning:
        """Wait until the package has ended, and FRR runs what its file says. Raises DeviceError if it does not.

        `sections` and `file` are the digests that must then be found; "": any file. `back`: on the way back FRR may
        also wait for the box to be the CARP master.
        """
        waited, quiet = 0.0, 0.0
        while True:
            watch = self.device.watch()
            if file and watch.frr_conf != file:
                raise DeviceError(Finding(Code.FRR746, f"{self.device.name}: frr.conf is not what frrgen predicted"))
            if not watch.busy:
                now = self.device.fetch()
                if now.sections_digest != sections:
                    raise DeviceError(
                        Finding(_NEITHER, f"{self.device.name}: the sections were changed by someone else")
                    )
                if not back:
                    self._refuse_failover(now)
                left = not_run(self.device.name, now)
                if not left:
                    return now
                if quiet >= _STILL and (rows := out_of_order(now)):
                    self.device.put_in_order(rows)
                if quiet >= _QUIET:
                    shown = "; ".join(left[:5]) + (f"; and {len(left) - 5} more" if left[5:] else "")
                    raise DeviceError(
                        Finding(Code.FRR522, f"{self.device.name}: FRR does not run what its frr.conf says: {shown}")
                    )
            quiet = 0.0 if watch.busy else quiet + _EVERY
            waited += _EVERY
            if waited > self.device.shell.ssh.command_timeout:
                raise DeviceError(_still_busy(self.device.name, watch))
            self.sleep(_EVERY)

    def _await(self, now: PfsenseRunning) -> PfsenseRunning:
        """Wait until sessions and checks are what they should be. Raises DeviceError if that takes too long."""
        bounds, waited = self.bounds or Bounds(), 0.0
        checks = () if now.would_run else self.checks
        while missing := unmet(self.device, self._old, now, self.bounds, checks):
            if waited > bounds.seconds:
                raise overdue(self.device.name, bounds, missing)
            if self.stop.is_set():
                raise KeyboardInterrupt
            self.sleep(_EVERY)
            waited += _EVERY
            now = self.device.fetch()
            self._refuse_failover(now)
        return self._settle(digest(self.new), self._expected_file()) if waited else now

    def _resume(self, now: PfsenseRunning) -> Outcome | None:
        if now.sections_digest != digest(self.new):
            return None
        try:
            if _sha256(now.frr_conf) != self._expected_file():
                # the sections are written, and the package was not told
                self._write(self.new, now.sections_digest, self._planned.summary)
            return self._verify()
        except DeviceError as bad:
            self.found = bad.findings
            return None

    def _roll_back(self, problem: FrrgenError) -> Outcome:
        old, now = self._old, self.device.fetch()
        if now.sections_digest not in {old.sections_digest, digest(self.new)}:
            self._end(State.UNKNOWN)
            raise UnknownStateError(
                *problem.findings,
                Finding(
                    _NEITHER,
                    f"{self.device.name}: the sections are neither as before nor as pushed: "
                    "someone else has changed them, and frrgen did nothing more",
                    hint=f"the old sections are on the box in {self.backup}, and in Diagnostics > Backup & Restore",
                ),
            )
        if now.sections_digest != old.sections_digest or now.frr_conf != old.frr_conf or now.text != old.text:
            self._write(old.sections, now.sections_digest, "rolled back")
        now = self._settle(old.sections_digest, "", back=True)
        if enabled(now.sections) and not now.would_run:
            up = now.sessions is None or any(session.up for session in now.sessions.values())
            if commands := [command for command in self.clear if " soft" in command or not up]:
                self.device.execute(commands)
        self.device.disarm(entry("rolled back", id=self.device.id, after=now.digest))
        self._end(State.ROLLED_BACK)
        runs = "FRR waits, for another box is the CARP master" if now.would_run else "FRR runs them"
        raise RolledBackError(
            *problem.findings,
            *self.found,
            Finding(Code.FRR524, f"{self.device.name}: rolled back: it has the sections that it had, and {runs}"),
        )


@dataclass
class Restore(PfsensePush):
    """A push of the sections that the box had before an earlier push, whatever stood in them."""

    def _sections(self, running: PfsenseRunning) -> Sections:
        wanted = self.wanted(running)
        return {name: wanted.get(name, []) for name in COVERED}


def plan_for_box(
    name: str, running: PfsenseRunning, new: Sections, predicted: str, *, paired: bool = False
) -> PfsensePlan:
    """Plan the writing of the covered sections `new`; the package would make the file `predicted` of them.

    `paired`: the other box of its pair is pushed to, too.
    """
    return plan_box(
        name,
        running.text,
        predicted,
        old=running.sections,
        new={**running.sections, **new},
        generated=running.frr_conf,
        frr_version=running.frr_version,
        up=running.daemons,
        hasync=running.hasync and not paired,
        carp=running.carp,
        accepted=running.accepted,
    )


def not_run(name: str, now: PfsenseRunning) -> list[str]:
    """Return what FRR does not run of the file that the package has generated, and what it runs beside it."""
    if not enabled(now.sections) or waits_for(now.sections, now.carp):
        return [f"{daemon} runs" for daemon in sorted(now.daemons - {"watchfrr"})]
    plan = plan_for_box(name, now, now.covered, now.frr_conf)  # nothing is to be written: what is left to change?
    left = [hide(change.after or f"no {change.before}").strip() for change in plan.changes]
    return left + (list(plan.because) if plan.effect is Effect.RESTART else [])


def out_of_order(now: PfsenseRunning) -> str:
    """Return the rows, in the order of a start, of the lists that FRR has otherwise; "" where there are none."""
    file, text = (parse(one, frr_version=now.frr_version or None) for one in (now.frr_conf, now.text))
    return in_order(text, file, without_numbers(now.frr_conf))


def _still_busy(name: str, watch: Watch) -> Finding:
    return Finding(Code.FRR749, f"{name}: the package is still at work: {'; '.join(watch.busy)[:200]}")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
