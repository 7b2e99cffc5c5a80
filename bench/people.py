"""What people wait for: the start of each verb, completion, pages and pictures of a fleet, an import of many files.

`python -m bench.people [ROW…]` prints seconds of CPU, children included, and beside the start of a verb how many times
the start of Python with pydantic it takes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.measure import FRRGEN, measure
from bench.scale import fleet

_FEW: Final = 5
_NEIGHBOR: Final = "203.0.113.1"
_VERBS: Final = {
    "init": "init new",
    "check": "check",
    "render": "render edge1",
    "diff": "diff edge1 --running edge1.conf",
    "plan": "plan edge1.conf edge1.conf",
    "explain": f"explain edge1 {_NEIGHBOR} in 10.0.0.0/8",
    "compare": f"compare edge1:{_NEIGHBOR}:in edge1:{_NEIGHBOR}:in",
    "verify": "verify",
    "upgrade-check": "upgrade-check edge1.conf --to 10.3",
    "graph": "graph --format mermaid",
    "report": "report -o report.html",
    "import": "import frr edge1.conf",
    "speaker plan": "speaker plan --node microk8s-1",
    "rule": "rule FRR100",
    "schema": "schema",
    "completion": "completion bash",
    "--version": "--version",
    "--help": "--help",
}
"""Verb -> a run of it on the example, by which no router is dialled."""


def _median(command: list[str], folder: Path) -> float:
    """Return the seconds of CPU of the run in the middle."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        runs = []
        for _ in range(_FEW):
            shutil.rmtree(folder / "new", ignore_errors=True)
            runs.append(measure(command).cpu)
        return sorted(runs)[_FEW // 2]
    finally:
        os.chdir(before)


def start(folder: Path) -> None:
    """Print the start of each verb."""
    subprocess.run([*FRRGEN, "init", str(folder)], check=True, capture_output=True)
    done = subprocess.run([*FRRGEN, "render", "edge1"], cwd=folder, check=True, capture_output=True)
    (folder / "edge1.conf").write_bytes(done.stdout)
    bare = _median([sys.executable, "-c", "import pydantic"], folder)
    print(f"{'python -c import pydantic':<40} {bare:6.2f} s", flush=True)
    for name, words in _VERBS.items():
        cost = _median([*FRRGEN, *words.split()], folder)
        print(f"{name:<40} {cost:6.2f} s  {cost / bare:4.1f} times", flush=True)


def complete(folder: Path) -> None:
    """Print what an answer to the Tab key takes: of verbs, options and names."""
    subprocess.run([*FRRGEN, "init", str(folder)], check=True, capture_output=True)
    for line in ("frrgen re", "frrgen diff --ru", "frrgen render ed", f"frrgen explain edge1 {_NEIGHBOR[:4]}"):
        told = {
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_IFS": " ",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(folder / "answer"),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
        }
        command = ["env", *(f"{name}={value}" for name, value in told.items()), *FRRGEN]
        print(f"{line + ' <Tab>':<40} {_median(command, folder):6.2f} s", flush=True)


def look(folder: Path) -> None:
    """Print what the page and the picture of 1,000 routers take."""
    fleet(folder / "inventory", 1000)
    for name, words in (("report", "report -o report.html"), ("graph", "graph -o graph.svg")):
        cost = measure([*FRRGEN, "-i", str(folder / "inventory"), *words.replace("-o ", f"-o {folder}/").split()])
        print(f"{name + ' of 1,000 routers':<40} {cost.cpu:6.1f} s {cost.memory:5.0f} MiB", flush=True)


def adopt(folder: Path) -> None:
    """Print what the import of 40 routers takes, with the inventory's proof."""
    fleet(folder / "inventory", 40)
    out = folder / "out"
    subprocess.run(
        [*FRRGEN, "-i", str(folder / "inventory"), "render", "--out", str(out)], check=True, capture_output=True
    )
    files = sorted(map(str, out.iterdir()))
    cost = measure([*FRRGEN, "import", "frr", *files, "-o", str(folder / "net")])
    print(f"{f'import of {len(files)} routers':<40} {cost.cpu:6.1f} s {cost.memory:5.0f} MiB", flush=True)


ROWS: Final = {"start": start, "complete": complete, "import": adopt, "look": look}


def main(wanted: list[str]) -> None:
    """Measure the rows that are named, or all."""
    for name in wanted or ROWS:
        with tempfile.TemporaryDirectory() as folder:
            ROWS[name](Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
