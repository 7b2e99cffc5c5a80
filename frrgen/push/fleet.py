"""Many pushes side by side. After the first failure no further one is started: a mistake should meet few routers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from frrgen.codes import Code
from frrgen.errors import Exit, Finding, FrrgenError
from frrgen.push.base import Outcome, State, fault_of_ours


def each(
    jobs: Iterable[tuple[str, Callable[[], Outcome]]],
    *,
    workers: int = 16,
    go_on: bool = False,
    stop: threading.Event | None = None,
) -> Iterator[Outcome]:
    """Run the jobs in threads and give each outcome as it is known.

    `go_on`: also after a failure. `stop`: set by who wants no further one to be started.
    """
    failed = threading.Event()

    def guarded(name: str, job: Callable[[], Outcome]) -> Outcome:
        if stop is not None and stop.is_set():
            return Outcome(name, State.INTERRUPTED)
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
        except Exception as fault:  # noqa: BLE001  # what becomes of the other routers is told all the same
            outcome = Outcome(name, State.UNCHANGED, findings=(fault_of_ours(name, fault),))
        if outcome.findings and not go_on:
            failed.set()
        return outcome

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        futures = [pool.submit(guarded, name, job) for name, job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            failed.set()
            raise
