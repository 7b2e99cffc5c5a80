"""What a run of a program costs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

FRRGEN = [sys.executable, "-c", "import sys; from frrgen.cli import main; sys.exit(main())"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""A user's Python keeps what it has compiled, as pip does: without that every run would compile frrgen anew."""


@dataclass
class Cost:
    """What a run took: seconds of wall clock and of CPU, and MiB at the most."""

    wall: float
    cpu: float
    memory: float


def measure(command: list[str], accept: tuple[int, ...] = (0, 2)) -> Cost:
    """Run a program and measure it with all its children."""
    script = (
        "import resource,subprocess,sys,time\n"
        "t=time.monotonic(); d=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.PIPE)\n"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "sys.stderr.buffer.write(d.stderr[-2000:])\n"
        "print(d.returncode, time.monotonic()-t, u.ru_utime+u.ru_stime, u.ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    status, wall, cpu, memory = done.stdout.split()
    if int(status) not in accept:
        raise SystemExit(f"{' '.join(command)} ended with {status}: {done.stderr}")
    return Cost(float(wall), float(cpu), float(memory) / 1024)
