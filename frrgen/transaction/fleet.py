"""Many pushes side by side. After the first failure no further one is started: a mistake should meet few routers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from types import MappingProxyType

from frrgen.codes import Code
from frrgen.errors import Exit, Finding, FrrgenError
from frrgen.transaction.base import Outcome, State, fault_of_ours

Job = Callable[[], Outcome]
"""A push. Raises FrrgenError as Push.run does, KeyboardInterrupt."""


def each(
    jobs: Iterable[tuple[str, Job]],
    *,
    workers: int = 16,
    go_on: bool = False,
    stop: threading.Event | None = None,
    after: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Outcome]:
    """Run the jobs in threads and give each outcome as it is known.

    `go_on`: also after a failure. `stop`: set by who wants no further one to be started. `after`: a job -> the job that
    stands before it, and must have confirmed its router, or found nothing to do, before the job begins.
    """
    failed = threading.Event()
    futures: dict[str, Future[Outcome]] = {}

    def guarded(name: str, job: Job) -> Outcome:
        first = after.get(name)
        before = None if first is None else futures[first].result()
        if stop is not None and stop.is_set():
            return Outcome(name, State.INTERRUPTED)
        if before is not None and (waits := _not_behind(name, before)) is not None:
            return waits
        if failed.is_set():
            return Outcome(
                name,
                State.UNCHANGED,
                findings=(Finding(Code.FRR527, f"{name}: not started, since a push before it failed"),),
            )
        try:
            outcome = job()
        except FrrgenError as bad:
            states = {Exit.ROLLED_BACK: State.ROLLED_BACK, Exit.UNKNOWN: State.UNKNOWN}
            outcome = Outcome(name, states.get(bad.exit, State.UNCHANGED), findings=bad.findings)
        except KeyboardInterrupt:
            outcome = Outcome(name, State.INTERRUPTED)
        except Exception as fault:  # noqa: BLE001  # the results of the other routers are reported all the same
            outcome = Outcome(name, State.UNCHANGED, findings=(fault_of_ours(name, fault),))
        if outcome.findings and not go_on:
            failed.set()
        return outcome

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        for name, job in jobs:
            futures[name] = pool.submit(guarded, name, job)
        try:
            for future in as_completed(futures.values()):
                yield future.result()
        except BaseException:
            failed.set()
            raise


def _not_behind(name: str, before: Outcome) -> Outcome | None:
    """Return the outcome of a job that is not begun, because the job before it did not end well; None: begin it."""
    if not before.findings and before.state in {State.CONFIRMED, State.UNCHANGED}:
        return None
    first = before.router
    hint = "push again"
    if before.state is State.WAITING:
        hint = f"frrgen confirm {first}, then push again"
    elif before.findings:
        hint = for_one_box(name)
    text = f"{name}: not started: {first}, the other box of its pair, is not confirmed"
    return Outcome(name, State.UNCHANGED, findings=(Finding(Code.FRR527, text, hint=hint),))


def for_one_box(name: str) -> str:
    """Return the way out where only one box of a pair can be pushed to."""
    return f"push again when both are well; meanwhile: frrgen push {name} --alone"
