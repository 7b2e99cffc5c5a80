"""The work of a verb grows as its input grows, and no faster: counted in calls of functions, not in seconds."""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import multiprocessing
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.scale import ROWS, TOO_STEEP
from frrgen.cli import check, fleet, main

SMALLEST = {
    "render one router of a fleet": 10,
    "check one router of a fleet": 10,
    "diff one router of a fleet": 10,
    "check a fleet": 4,
    "render a fleet": 4,
    "plan a change of list lines": 4000,
    "plan a change of route maps": 100,
    "compare a long route map with itself": 10,
    "speaker plan of a static file": 10_000,
    "check a list of lines": 200,
    "check a router of neighbors": 20,
    "verify a cluster beside a fleet": 10,
    "verify sessions": 20,
    "speaker plan of sessions": 20,
    "verify clusters of 50 nodes on 10 routers": 1,
    "place findings": 50,
}
"""The smallest of three sizes of each row, each twice the size before: small enough for every run of the tests."""


def calls(row, size):
    """Return how many functions are called while a row of the bench runs at a size."""
    counted = 0

    def count(_, event, __):
        nonlocal counted
        counted += event in {"call", "c_call"}

    # a fleet is checked in parts here, too, and by this process
    check.PART = fleet.PART = 2
    fleet._MOST_JOBS = 1
    with tempfile.TemporaryDirectory() as folder:
        row.make(Path(folder) / "inventory", size)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            sys.setprofile(count)
            try:
                status = main(row.command(Path(folder)))
            finally:
                sys.setprofile(None)
    assert status in row.exits
    return counted


def counted(row, size):
    """Return the calls of a row at three sizes, each in a process of its own, which remembers nothing of another."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_growth", row.name, str(size)], capture_output=True, text=True, check=True
    )
    return tuple(map(int, done.stdout.split()))


def test_every_row_of_the_bench_has_sizes():
    assert SMALLEST.keys() == {row.name for row in ROWS}


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_work_of_a_row_grows_no_faster_than_its_size(row):
    size = SMALLEST[row.name]
    one, two, four = counted(row, size)
    # what every size costs, such as imports, is in neither difference
    assert math.log2((four - two) / (two - one)) < TOO_STEEP


def in_children(row, size):
    """Count in three children, which share what is imported here and nothing else."""
    importlib.import_module(f"frrgen.cli.{row.arguments[0]}")
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as children:
        return children.starmap(calls, [(row, size * times) for times in (1, 2, 4)], chunksize=1)


if __name__ == "__main__":
    print(*in_children(next(one for one in ROWS if one.name == sys.argv[1]), int(sys.argv[2])))
