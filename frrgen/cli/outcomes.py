"""Pushes under way: who is asked, what Ctrl-C does, and how each ended."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from types import FrameType, MappingProxyType, TracebackType
from typing import Any, Final, Self

from frrgen.cli.common import complain, count, worst
from frrgen.errors import Exit, Finding, visible
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.report.console import show_plan
from frrgen.report.progress import Progress
from frrgen.transaction.base import Outcome, State
from frrgen.transaction.fleet import each

_BEGUN: Final = frozenset({State.ARMED, State.APPLIED, State.VERIFIED})
_TOLD: Final = {
    State.UNCHANGED: "nothing was changed",
    State.DECLINED: "nothing was changed: you said no",
    State.INTERRUPTED: "nothing was changed: interrupted",
    State.WAITING: "applied, not saved: the router undoes it unless it is confirmed",
    State.CONFIRMED: "applied and saved",
    State.ROLLED_BACK: "rolled back",
    State.UNKNOWN: "NOT KNOWN: a person must look",
}


class Pushing:
    """Runs pushes. In its block Ctrl-C ends no push in the middle: it has what was begun undone."""

    def __init__(self, args: argparse.Namespace, routers: Sequence[str]) -> None:
        self.stop = threading.Event()
        self._args = args
        self._asking = threading.Lock()
        self._states: dict[str, State] = {}
        self._progress = Progress(routers, quiet=args.quiet)
        self._stream = sys.stderr if args.format == "json" else sys.stdout
        """Where plans are shown and asked about: standard output is for the JSON alone, if that is wanted."""
        self._old: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._old = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, bad: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.pause()
        if self._old is not None:
            signal.signal(signal.SIGINT, self._old)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        begun = [name for name, state in self._states.items() if state in _BEGUN]
        if not begun and self.stop.is_set():
            raise KeyboardInterrupt
        self.stop.set()
        # a handler may not wait for a lock that what it interrupts may hold: so no print
        what = f"interrupted: undoing what was begun on {', '.join(begun)}" if begun else "interrupted"
        os.write(2, f"\n{what}\n".encode())

    def progress_of(self, router: str) -> Callable[[State], None]:
        """Return what a push tells its states to."""

        def tell(state: State) -> None:
            self._states[router] = state
            self._progress.tell(router, state)

        return tell

    def approve(self, plan: Plan) -> bool:
        """Show a plan, and ask. Raises KeyboardInterrupt."""
        with self._asking:
            if self.stop.is_set():
                raise KeyboardInterrupt
            self._progress.pause()
            show_plan(plan, self._stream)
            return not self._args.dry_run and self._ask(f"Apply this to {plan.router}? [y/N] ")

    def _ask(self, question: str) -> bool:
        print(question, end="", flush=True, file=self._stream)
        # readline would wait on, though the push is to end
        while not select.select([sys.stdin], [], [], 0.1)[0]:
            if self.stop.is_set():
                raise KeyboardInterrupt
        answer = os.read(sys.stdin.fileno(), 1024).decode(errors="replace")
        if not answer:
            print("no", file=self._stream)
        return answer.strip().lower() in {"y", "yes"}

    def outcomes(
        self, jobs: Sequence[tuple[str, Callable[[], Outcome]]], *, after: Mapping[str, str] = MappingProxyType({})
    ) -> Exit:
        """Run the jobs, each `after` another one if it is named there; tell how each ended, and give the exit code."""
        found = []
        for outcome in each(jobs, workers=self._args.parallel, stop=self.stop, after=after):
            self._progress.pause()
            found.append(outcome)
            self._tell(outcome)
        if self._args.format == "json":
            json.dump([_as_json(outcome) for outcome in found], sys.stdout, indent=2)
            print()
        elif len(found) > 1:
            print(f"{count(len(found), 'router')}:")
            for outcome in sorted(found, key=lambda one: one.router):
                print(f"  {outcome.router}: {self._end(outcome)}")
        return worst(map(self._exit, found))

    def _tell(self, outcome: Outcome) -> None:
        if self._args.format == "json":
            return
        complain(outcome.findings)
        for note in outcome.notes:
            print(f"{outcome.router} said: {visible(note)}", file=sys.stderr)
        summary = f" {outcome.plan.summary}" if outcome.plan is not None and outcome.state is State.CONFIRMED else ""
        if not (self._args.dry_run and outcome.state is State.DECLINED):
            print(f"{outcome.router}: {self._end(outcome)}.{summary}")

    def _end(self, outcome: Outcome) -> str:
        if outcome.plan is not None and outcome.state in {State.UNCHANGED, State.DECLINED}:
            if outcome.plan.empty:
                return "nothing to do"
            if self._args.dry_run:
                return "there are changes"
        return _TOLD[outcome.state]

    def _exit(self, outcome: Outcome) -> Exit:
        return Exit.CHANGES if self._args.dry_run and outcome.state is State.DECLINED else outcome.exit


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "router": outcome.router,
        "state": str(outcome.state),
        "exit": int(outcome.exit),
        "summary": outcome.plan.summary if outcome.plan is not None else None,
        "findings": [finding_as_json(finding) for finding in outcome.findings],
        "notes": list(outcome.notes),
    }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """Return a finding about a router as data."""
    return {"code": finding.code, "message": finding.message, "hint": finding.hint}
