"""The CPU of `speaker run` from its start until all of a static file is ready to be announced."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.measure import ENVIRONMENT, FRRGEN, Cost
from bench.scale import static_file
from frrgen.errors import DeviceError
from frrgen.speaker.process.admin import ask_status

_TICK: Final = os.sysconf("SC_CLK_TCK")
_SECONDS: Final = 120.0


def ready_cost(prefixes: int) -> Cost:
    """Return what it costs until a speaker with so many prefixes is ready. Its router is out of reach."""
    with tempfile.TemporaryDirectory() as name:
        folder, admin = Path(name), Path(name) / "admin.sock"
        static_file(folder / "inventory", prefixes)
        command = [*FRRGEN, "-i", str(folder / "inventory"), "speaker", "run", "--admin", str(admin)]
        begin = time.monotonic()
        process = subprocess.Popen(
            [*command, "--source", f"static:{folder}/source.yaml"],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not _is_ready(admin):
                if process.poll() is not None or time.monotonic() > begin + _SECONDS:
                    raise SystemExit("the speaker does not become ready")
                time.sleep(0.02)
            return Cost(time.monotonic() - begin, *_used(process.pid))
        finally:
            process.kill()
            process.wait()


def _is_ready(admin: Path) -> bool:
    try:
        return bool(ask_status(admin)["ready"])
    except DeviceError:
        return False


def _used(pid: int) -> tuple[float, float]:
    """Return the seconds of CPU and the MiB at the most that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    most = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return (int(fields[11]) + int(fields[12])) / _TICK, int(most[1]) / 1024 if most else 0.0
