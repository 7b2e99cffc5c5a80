"""Work on many routers: a fleet is read in parts, on all cores, and no part stays in memory."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError
from frrgen.intended.inventory import Inventory
from frrgen.inventory.files import boxes

PART: Final = 25
"""So many routers are read at once."""
_MOST_JOBS: Final = 8
_T = TypeVar("_T")


@dataclass(frozen=True)
class Part:
    """What is found of some routers: in the inventory, and, if that has no error, in their policies."""

    findings: tuple[Finding, ...]
    audited: tuple[Finding, ...]


def check_part(folder: Path, names: Sequence[str], known: Mapping[str, Collection[str]], *, rest: bool) -> Part:
    """Return the findings of some routers and their clusters; `rest`: of what belongs to no router, too.

    `known`: the other boxes of routers that are in a pair.
    """
    try:
        inventory = Inventory(folder, names, rest=rest, boxes=known)
    except InputError as bad:
        return Part(bad.findings, ())
    return Part(own(inventory, names, inventory.findings), own(inventory, names, inventory.audited()))


def own(inventory: Inventory, names: Sequence[str], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings that are not about other routers, which are there for their clusters alone."""
    of_others = set(inventory.derived.routers) - set(names)
    paths = ((one, one.where.path) for one in findings)
    return tuple(one for one, path in paths if path[:1] != ("routers",) or path[1] not in of_others)


def check_fleet(
    folder: Path, names: Sequence[str], jobs: int | None = None, step: Callable[[int], None] | None = None
) -> list[Finding]:
    """Return the findings of all routers of an inventory, on as many processes as there are cores (at most 8).

    Policies are judged only where the inventory has no error, as `check` does. `step` counts the routers that were
    checked. Raises InputError if a process dies.
    """
    found = []
    for number, part in enumerate(in_parts(divided(folder, names, check_part), jobs)):
        found.append(part)
        if step is not None:
            step(len(names[number * PART :][:PART]))
    findings = [one for part in found for one in part.findings]
    if not any(one.severity is Severity.ERROR for one in findings):
        findings += [one for part in found for one in part.audited]
    # a cluster is found in the parts of each of its routers
    return list(dict.fromkeys(findings))


def divided(folder: Path, names: Sequence[str], work: Callable[..., _T]) -> list[Callable[[], _T]]:
    """Return the parts of some work on routers: calls with a part of the names each.

    `work` takes what `check_part` takes. The first call has `rest`.
    """
    known = boxes(folder)
    return [
        partial(work, folder, list(names[at : at + PART]), known, rest=at == 0) for at in range(0, len(names), PART)
    ]


def in_parts(work: Sequence[Callable[[], _T]], jobs: int | None = None) -> Iterator[_T]:
    """Do the parts of some work on as many processes as there are cores (at most 8), and yield what each returns.

    Raises InputError if a process dies.
    """
    jobs = min(jobs or min(len(os.sched_getaffinity(0)), _MOST_JOBS), len(work))
    if jobs == 1:
        yield from (one() for one in work)
        return
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
    from multiprocessing import get_context

    # Ctrl-C ends a process that only reads at once, without a traceback of its own
    begin = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("fork"), initializer=begin)
    try:
        for one in [pool.submit(each) for each in work]:
            yield one.result()
    except BrokenProcessPool:
        hint = "the system ends processes when memory is short: name fewer routers, or give check --jobs 1"
        raise InputError(Finding(Code.FRR198, "a process that read some routers was ended", hint=hint)) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
