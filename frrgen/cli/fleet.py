"""The findings of many routers: a fleet is checked in parts, on all cores, and no part stays in memory."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from frrgen.cli.common import Inventory
from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError

PART: Final = 25
"""So many routers are read at once."""
_MOST_JOBS: Final = 8


@dataclass(frozen=True)
class Part:
    """What is found of some routers: in the inventory, and, if that has no error, in their policies."""

    findings: tuple[Finding, ...]
    audited: tuple[Finding, ...]


def check_part(folder: Path, names: Sequence[str], *, rest: bool) -> Part:
    """Return the findings of some routers and their clusters; `rest`: of what belongs to no router, too."""
    try:
        inventory = Inventory(folder, names, rest=rest)
    except InputError as bad:
        return Part(bad.findings, ())
    of_others = set(inventory.derived.routers) - set(names)

    def own(findings: Sequence[Finding]) -> tuple[Finding, ...]:
        paths = ((one, one.where.path) for one in findings)
        return tuple(one for one, path in paths if path[:1] != ("routers",) or path[1] not in of_others)

    return Part(own(inventory.findings), own(inventory.audited()))


def check_fleet(folder: Path, names: Sequence[str], jobs: int | None = None) -> list[Finding]:
    """Return the findings of all routers of an inventory, on as many processes as there are cores (at most 8).

    Policies are judged only where the inventory has no error, as `check` does. Raises InputError if a process dies.
    """
    parts = [list(names[at : at + PART]) for at in range(0, len(names), PART)]
    jobs = min(jobs or min(len(os.sched_getaffinity(0)), _MOST_JOBS), len(parts))
    work = [(part, number == 0) for number, part in enumerate(parts)]
    found = [check_part(folder, part, rest=rest) for part, rest in work] if jobs == 1 else _at_once(folder, work, jobs)
    findings = [one for part in found for one in part.findings]
    if not any(one.severity is Severity.ERROR for one in findings):
        findings += [one for part in found for one in part.audited]
    # a cluster is found in the parts of each of its routers
    return list(dict.fromkeys(findings))


def _at_once(folder: Path, work: Sequence[tuple[list[str], bool]], jobs: int) -> list[Part]:
    # Ctrl-C ends a process that only reads at once, without a traceback of its own
    begin = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("fork"), initializer=begin)
    try:
        return [one.result() for one in [pool.submit(check_part, folder, part, rest=rest) for part, rest in work]]
    except BrokenProcessPool:
        hint = "the system ends processes when memory is short: frrgen check --jobs 1"
        raise InputError(Finding(Code.FRR198, "a process that checked some routers was ended", hint=hint)) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
