"""A push to one router that runs FRR: one batch of lines, and their inverse when it goes wrong."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding, FrrgenError, RolledBackError, UnknownStateError
from frrgen.lines.rule import Impact
from frrgen.model.router import Router
from frrgen.platforms.frr.daemons import lacks
from frrgen.platforms.frr.diff.avoid import restarted
from frrgen.platforms.frr.diff.changes import Commands
from frrgen.platforms.frr.diff.owned import with_unowned
from frrgen.platforms.frr.diff.plan import Plan, SessionImpact, hide, make_plan, with_routes, with_trap
from frrgen.platforms.frr.diff.unread import refuse_lost
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import Parsed, parse
from frrgen.platforms.frr.sessions import Bounds, overdue, refuse_untold, unmet
from frrgen.transaction.base import Outcome, Push, State
from frrgen.transaction.journal import entry
from frrgen.transaction.waiting import refuse_waiting
from frrgen.transport.base import Device, GoneError, Pending, Running, Staged, Timer

_OF_THE_SYSTEM: Final = re.compile(
    r"(no )?(frr (version|defaults)|hostname|service integrated-vtysh-config|ip(v6)? forwarding|log syslog)\b"
)
"""How lines begin that FRR shows though nobody has written them."""
P = TypeVar("P", bound=Plan)
_EVERY: Final = 1.0
"""Seconds between looks at the sessions."""


def plan_for(
    running: Running,
    intended: Router,
    *,
    prune_leftovers: bool = False,
    routes: bool = True,
    unfinished: bool = True,
    allow_unread: Collection[str] = (),
    avoid: bool = False,
) -> Plan:
    """Plan the change of what a router runs, by the rules of the FRR version that it runs.

    `routes`: also what it does to routes, which may take a while. `unfinished`: also what an earlier change has left.
    `avoid`: restart or shut sessions rather than have FRR do wrong.
    Raises InputError if a BGP instance, a neighbor, a list or a map of what runs is not understood, unless it is named
    in `allow_unread`.
    """
    parsed = parse(running.text, name=intended.name, frr_version=running.frr_version or intended.frr_version)
    refuse_lost(parsed.leftovers, allow_unread, known=intended)
    judged = intended.of_version(running.frr_version) if running.frr_version else intended
    plan = make_plan(parsed, judged, prune_leftovers=prune_leftovers, accepted=running.accepted, avoid=avoid)
    plan = with_trap(plan, judged)
    if unfinished and (running.pending is not None or running.unsaved):
        plan = _unfinished(plan, running, parsed)
    return replace(with_routes(plan, parsed, judged), basis=_basis(running, judged)) if routes else plan


def _basis(running: Running, intended: Router) -> str:
    ran = replace(running, text=hide(running.text)).digest
    return hashlib.sha256(f"{ran} {intended.model_dump_json()}".encode()).hexdigest()


def _unfinished(plan: Plan, running: Running, parsed: Parsed) -> Plan:
    """Add to a plan what an earlier change has left to be done."""
    plan = with_pending(plan, running.pending)
    if lines := unsaved(running, parsed):
        shown = "; ".join(lines[:3]) + ("; …" if lines[3:] else "")
        plan = replace(plan, unfinished=(*plan.unfinished, f"what it runs is not saved: {shown}"))
    return plan


def with_pending(plan: P, pending: Pending | None) -> P:
    """Add to a plan what is left to be done of a push that was neither confirmed nor undone."""
    if pending is None:
        return plan
    left = () if pending.timer is Timer.REBOOTED else pending.after
    hard = [command for command in left if any(restarted([command]))]
    resets = {(one.vrf or "", one.neighbor): one for one in plan.sessions}
    for vrf, name in restarted(hard):
        if (there := resets.get((vrf, name))) is None or there.impact is not Impact.RESET:
            resets[vrf, name] = SessionImpact(name, vrf or None, Impact.RESET, ("left by an earlier push",))
    return replace(
        plan,
        unfinished=(*plan.unfinished, str(pending)),
        after=tuple(dict.fromkeys((*plan.after, *(command for command in left if command not in hard)))),
        restarts=tuple(dict.fromkeys((*plan.restarts, *hard))),
        sessions=tuple(one for _, one in sorted(resets.items())),
    )


def unsaved(running: Running, parsed: Parsed | None = None) -> tuple[str, ...]:
    """Return the lines that are not saved, if they make a difference: people write files in other forms than FRR.

    Their secrets are hidden. `parsed` is what runs, if it was read before.
    """
    if not running.unsaved or running.startup is None:
        return ()
    version = running.frr_version
    runs = parsed if parsed is not None and version else parse(running.text, frr_version=version)
    starts = parse(running.startup, name=runs.router.name, frr_version=version)
    plan = way_back(starts, runs)
    lines = tuple(hide(one) for one in running.unsaved if not _OF_THE_SYSTEM.match(one[2:]))
    return lines if any(not _OF_THE_SYSTEM.match(line.strip()) for line in plan.commands) else ()


@dataclass
class Transaction(Push[Running]):
    """One push of the intended router."""

    device: Device
    intended: Router
    prune_leftovers: bool = field(default=False, kw_only=True)
    allow_unread: Collection[str] = field(default=(), kw_only=True)
    """What of the running configuration need not be understood."""
    bounds: Bounds | None = field(default=None, kw_only=True)
    """What must be so of sessions before the change is believed; None: nothing is asked of them."""
    confirm_within: int | None = field(default=None, kw_only=True)
    """Seconds in which a person must confirm; None: the push confirms itself."""
    avoid: bool = field(default=False, kw_only=True)
    """Whether sessions restart or are shut rather than have FRR do wrong."""

    def _plan(self, running: Running) -> Plan:
        shown = self.approve is not None and self.before is None
        prune, unread = self.prune_leftovers, self.allow_unread
        return plan_for(
            running, self.intended, prune_leftovers=prune, routes=shown, allow_unread=unread, avoid=self.avoid
        )

    def _check(self) -> None:
        before, plan = self._old, self._planned
        refuse_waiting(self.device.name, before.pending)
        refuse_untold(self.device.name, before, self.bounds)
        back = way_back(self._foreseen(), self._parsed_before(), avoid=self.avoid)
        self.device.stage(
            Staged(
                forth=plan.batches,
                back=(*back.batches, plan.reopened),
                before=before,
                after=plan.after,
                restarts=plan.restarts,
                clear=tuple(dict.fromkeys((*back.after, *plan.after))),
                summary=plan.summary,
            )
        )

    def _arm(self) -> None:
        facts = {"before": self._old.digest, "summary": self._planned.summary}
        # what an earlier push has left to be done stands there until it stands with this one
        instead = "" if self._old.pending is None else self._old.pending.id
        line = entry("armed", id=self.device.id, **facts, **({"instead": instead} if instead else {}))
        try:
            self.backup = self.device.arm(line, self.hold, instead)
        except BaseException:
            # nothing is applied yet: the router need not wait for us
            with contextlib.suppress(Exception):
                self.device.undo("could not be armed")
            raise

    def _apply(self) -> Outcome:
        said = self.device.apply()
        self._tell(State.APPLIED)
        self.device.renew()
        return self._verify(said)

    def _resume(self, now: Running) -> Outcome | None:
        try:
            self.device.settle()
        except GoneError:
            return self._ended_without_us(now)
        return None if self._differences(now) else self._verify(())

    def _ended_without_us(self, now: Running) -> Outcome:
        """Tell how the router has ended the push. Raises RolledBackError, UnknownStateError."""
        if now.digest == self._old.digest:
            raise self._rolled_back(DeviceError())
        if not self._differences(now) and not now.unsaved:
            return self._ended(State.CONFIRMED, ())
        raise UnknownStateError(
            Finding(
                Code.FRR525,
                f"{self.device.name}: it has ended the push, and runs neither what was there nor what is intended",
            )
        )

    def _verify(self, said: Sequence[str]) -> Outcome:
        plan, now = self._planned, self.device.fetch()
        if problems := self._differences(now):
            raise DeviceError(*_not_as_intended(self.device.name, problems, said))
        if plan.after:
            self.device.execute(plan.after)
        if plan.restarts:
            self.device.restart()
        if self.bounds is not None or self.intended.checks:
            now = self.device.fetch() if plan.restarts else now
            now = self._await(self.bounds or Bounds(loss=100, down=True), now)
        self._tell(State.VERIFIED)
        if self.confirm_within is not None:
            self.device.extend(self.confirm_within, now.digest)
            return self._ended(State.WAITING, said)
        line = entry("confirmed", id=self.device.id, after=now.digest, summary=plan.summary)
        self.device.confirm(now.digest, line)
        return self._ended(State.CONFIRMED, said)

    def _await(self, bounds: Bounds, now: Running) -> Running:
        """Wait until sessions and checks are what they should be. Raises DeviceError if that takes too long."""
        waited, heard = 0.0, 0.0
        while missing := unmet(self.device, self._old, now, bounds, self.intended.checks):
            if waited > bounds.seconds:
                raise overdue(self.device.name, bounds, missing)
            if waited >= heard:
                self.device.extend(self.hold)
                heard = waited + self.hold / 4
            self._tell(State.APPLIED)
            self.sleep(_EVERY)
            waited += _EVERY
            now = self.device.fetch()
        if problems := self._differences(now):
            raise DeviceError(*_not_as_intended(self.device.name, problems, ()))
        return now

    def _ended(self, state: State, said: Sequence[str]) -> Outcome:
        self._end(state)
        return Outcome(self.device.name, state, self._planned, notes=tuple(hide(line) for line in said))

    def _differences(self, now: Running) -> list[str]:
        planned = self._planned
        left = plan_for(
            now,
            self.intended,
            prune_leftovers=self.prune_leftovers,
            routes=False,
            unfinished=False,
            allow_unread=self.allow_unread,
            avoid=self.avoid,
        )
        found = [str(line) for line in left.shown_commands]
        if not self.prune_leftovers and set(left.leftovers) != set(planned.leftovers):
            found += [f"lost: {hide(line)}" for line in set(planned.leftovers) - set(left.leftovers)]
            found += [f"new: {hide(line)}" for line in set(left.leftovers) - set(planned.leftovers)]
        found += [f"{daemon} does not run any more" for daemon in sorted(self._old.daemons - now.daemons)]
        return [*found, *map(hide, lacks(now))]

    def _roll_back(self, problem: FrrgenError) -> Outcome:
        """Bring back what ran before. Raises RolledBackError when it runs again, DeviceError when that fails.

        First by what is found there now; the router has the last word: it goes back by its own batch if that was not
        enough, looks at the text, and puts the startup file back.
        """
        with contextlib.suppress(GoneError):
            self.device.settle()
        # what we cannot read, or make of it, is no reason not to go back
        with contextlib.suppress(Exception):
            before = self._parsed_before()
            for _ in range(2):
                now = self.device.fetch()
                batches = way_back(_parsed(now, before), before, avoid=self.avoid).batches
                if now.digest == self._old.digest or not batches:
                    break
                self.device.apply_back(batches)
        try:
            self.device.undo("; ".join(finding.message for finding in problem.findings)[:300])
        except GoneError:
            if self.device.fetch().digest != self._old.digest:
                raise
        raise self._rolled_back(problem)

    def _rolled_back(self, problem: FrrgenError) -> RolledBackError:
        self._end(State.ROLLED_BACK)
        return RolledBackError(
            *problem.findings,
            Finding(Code.FRR524, f"{self.device.name}: rolled back: it runs what it ran before, and nothing was saved"),
        )

    def _parsed_before(self) -> Parsed:
        return parse(self._old.text, name=self.intended.name, frr_version=self._old.frr_version)

    def _foreseen(self) -> Parsed:
        """Tell what the router will run, if it does all that is planned."""
        before = self._parsed_before()
        kept = set(self._planned.leftovers)
        leftovers = tuple(one for one in before.leftovers if not self.prune_leftovers or str(one) in kept)
        judged = self.intended.of_version(self._old.frr_version or self.intended.frr_version)
        return before._replace(router=with_unowned(before.router, judged), leftovers=leftovers)


def _parsed(now: Running, before: Parsed) -> Parsed:
    return parse(now.text, name=before.router.name, frr_version=now.frr_version)


def way_back(now: Parsed, before: Parsed, *, avoid: bool = False) -> Plan:
    """Plan how to bring back what was there before; `avoid` as in `plan_for`.

    Lines that the model lacks are taken away and brought back, too: in this order, for where FRR has one line it is
    the last one that counts.
    """
    strange = now._replace(leftovers=tuple(_beyond(now.leftovers, before.leftovers)))
    plan = make_plan(strange, before.router.model_copy(update={"ownership": "full"}), prune_leftovers=True, avoid=avoid)
    lost = Commands()
    for leftover in _beyond(before.leftovers, now.leftovers):
        lost.add(leftover.context, [leftover.line])
    return replace(plan, batches=(*plan.batches, tuple(lost.lines()))) if lost else plan


def _beyond(some: Sequence[Leftover], others: Sequence[Leftover]) -> list[Leftover]:
    known = {(leftover.context, leftover.line) for leftover in others}
    return [leftover for leftover in some if (leftover.context, leftover.line) not in known]


def _not_as_intended(name: str, problems: Sequence[str], said: Sequence[str]) -> list[Finding]:
    shown = "; ".join(line.strip() for line in problems[:5]) + (
        f"; and {len(problems) - 5} more" if problems[5:] else ""
    )
    found = [Finding(Code.FRR522, f"{name}: after the push the router still does not run what is intended: {shown}")]
    if said:
        found.append(Finding(Code.FRR522, f"{name} said: {'; '.join(hide(line) for line in said[:5])}"))
    return found
