"""A push to one router that runs FRR: batches of lines, and their inverse when it goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from frrgen.device.base import Device, Running
from frrgen.diff.changes import Commands
from frrgen.diff.plan import Plan, hide, make_plan, with_routes
from frrgen.errors import DeviceError, Finding, FrrgenError, RolledBackError, error
from frrgen.model.router import Router
from frrgen.parse.frr import Leftover, Parsed, parse
from frrgen.push.base import Outcome, Push, State
from frrgen.push.daemons import lacks


def plan_for(running: Running, intended: Router, *, prune_leftovers: bool = False, routes: bool = True) -> Plan:
    """Plan the change of what a router runs, by the rules of the FRR version that it runs.

    `routes`: also what it does to routes, which may take a while.
    """
    version = {"frr_version": running.frr_version} if running.frr_version else {}
    parsed = parse(running.text, name=intended.name, frr_version=running.frr_version or intended.frr_version)
    judged = intended.model_copy(update=version)
    plan = make_plan(parsed, judged, prune_leftovers=prune_leftovers)
    return with_routes(plan, parsed, judged) if routes else plan


@dataclass
class Transaction(Push[Running]):
    """One push of the intended router."""

    device: Device
    intended: Router
    prune_leftovers: bool = field(default=False, kw_only=True)

    def _plan(self, running: Running) -> Plan:
        shown = self.approve is not None and self.before is None
        return plan_for(running, self.intended, prune_leftovers=self.prune_leftovers, routes=shown)

    def _check(self) -> None:
        self.device.check(self._planned.commands)

    def _apply(self) -> Outcome:
        said = self.device.apply(self._planned.batches)
        self.progress(State.APPLIED)
        return self._verify(said)

    def _resume(self, now: Running) -> Outcome | None:
        return None if self._differences(now) else self._verify(())

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
        return [*found, *map(hide, lacks(now))]

    def _roll_back(self, problem: FrrgenError) -> Outcome:
        """Bring back what ran before. Raises RolledBackError when it runs again, DeviceError when that fails."""
        before = parse(self._old.text, name=self.intended.name, frr_version=self._old.frr_version)
        for _ in range(2):
            now = self.device.fetch()
            batches, _ = _way_back(now, before)
            if not batches:
                break
            self.device.apply(batches)
        now = self.device.fetch()
        batches, stuck = _way_back(now, before)
        if left := (*(line for batch in batches for line in batch), *stuck):
            shown = "; ".join(hide(line.strip()) for line in left[:5])
            raise DeviceError(error("FRR523", f"{self.device.name}: cannot go back: still to do: {shown}"))
        self.progress(State.ROLLED_BACK)
        self._record("rolled back", now)
        raise RolledBackError(
            *problem.findings,
            error("FRR524", f"{self.device.name}: rolled back: it runs what it ran before, and nothing was saved"),
        )


def _way_back(now: Running, before: Parsed) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Give the batches that bring back what was there before, and the lines that are new and that none takes away.

    Lines that the model lacks are taken away and brought back, too: in this order, for where FRR has one line it is
    the last one that counts.
    """
    parsed = parse(now.text, name=before.router.name, frr_version=now.frr_version)
    strange = parsed._replace(leftovers=tuple(_beyond(parsed.leftovers, before.leftovers)))
    whole = before.router.model_copy(update={"ownership": "full"})
    plan = make_plan(strange, whole, prune_leftovers=True)
    lost = Commands()
    for leftover in _beyond(before.leftovers, parsed.leftovers):
        lost.add(leftover.context, [leftover.line])
    batches = (*plan.batches, tuple(lost.lines())) if lost else plan.batches
    return batches, tuple(f"to take away: {line}" for line in plan.leftovers)


def _beyond(some: Sequence[Leftover], others: Sequence[Leftover]) -> list[Leftover]:
    known = {(leftover.context, leftover.line) for leftover in others}
    return [leftover for leftover in some if (leftover.context, leftover.line) not in known]


def _not_as_intended(name: str, problems: Sequence[str], said: Sequence[str]) -> list[Finding]:
    shown = "; ".join(line.strip() for line in problems[:5]) + (
        f"; and {len(problems) - 5} more" if problems[5:] else ""
    )
    found = [error("FRR522", f"{name}: after the push the router still does not run what is intended: {shown}")]
    if said:
        found.append(error("FRR522", f"{name} said: {'; '.join(hide(line) for line in said[:5])}"))
    return found
