"""`--profile`: where the time of a run went, for a report of a verb that is slow."""

from __future__ import annotations

import cProfile
import pstats
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_MOST: Final = 15
"""So many modules are shown."""
_ROOT: Final = "frrgen"


@contextmanager
def profiled() -> Iterator[None]:
    """Print on standard error, behind the run, the CPU time of each module, the longest first, and the most memory."""
    profile = cProfile.Profile(time.process_time)
    begun = time.perf_counter(), time.process_time()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"profile: {wall:.2f} s, {cpu:.2f} s of CPU while it was measured, {memory:.0f} MiB", file=sys.stderr)
        stats: Any = pstats.Stats(profile)
        for module, seconds in _modules(stats.stats)[:_MOST]:
            print(f"profile: {seconds:8.2f} s  {module}", file=sys.stderr)


def _modules(stats: dict[tuple[str, int, str], tuple[int, int, float, float, Any]]) -> list[tuple[str, float]]:
    """Return the modules and the seconds in their own code. No path of the user's machine is shown."""
    spent: dict[str, float] = defaultdict(float)
    for (file, _, name), (_, _, seconds, *_) in stats.items():
        spent[_module(file, name)] += seconds
    return sorted(spent.items(), key=lambda one: -one[1])


def _module(file: str, name: str) -> str:
    parts = file.removesuffix(".py").split("/")
    if _ROOT in parts:
        at = len(parts) - 1 - parts[::-1].index(_ROOT)
        return ".".join(parts[at:])
    if file == "~":
        return f"built in: {name.strip('<>')}" if "method" not in name else "built in"
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    return f"Python: {parts[-1]}"
