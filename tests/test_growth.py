"""The work of a verb grows as its input grows, and no faster: counted in calls of functions, not in seconds."""

from __future__ import annotations

import contextlib
import functools
import gc
import io
import math
import sys
import tempfile
from pathlib import Path

import pytest

from bench.scale import ROWS, TOO_STEEP
from frrgen.cli import main

SIZES = {
    "render one router of a fleet": (10, 40),
    "check one router of a fleet": (10, 40),
    "check a fleet": (4, 16),
    "check a list of lines": (200, 800),
    "check a router of neighbors": (20, 80),
    "verify sessions": (20, 80),
    "speaker plan of sessions": (20, 80),
    "verify clusters of 50 nodes on 10 routers": (1, 3),
    "place findings": (50, 200),
}
"""Two sizes of each row, small enough for every run of the tests."""


def forget():
    """Empty every cache of frrgen, so that each count begins with nothing known."""
    caches = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    for cache in caches:
        if cache.__module__.startswith("frrgen."):
            cache.cache_clear()


def calls(row, size):
    """Return how many functions are called while a row of the bench runs at a size."""
    counted = 0

    def count(_, event, __):
        nonlocal counted
        counted += event in {"call", "c_call"}

    with tempfile.TemporaryDirectory() as folder:
        row.make(Path(folder) / "inventory", size)
        forget()
        before = sys.getprofile()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            sys.setprofile(count)
            try:
                status = main(["-i", str(Path(folder) / "inventory"), *row.arguments])
            finally:
                sys.setprofile(before)
    assert status in row.exits
    return counted


def test_every_row_of_the_bench_has_sizes():
    assert SIZES.keys() == {row.name for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_work_of_a_row_grows_no_faster_than_its_size(row):
    small, large = SIZES[row.name]
    calls(row, small)  # what is imported at first is not counted
    exponent = math.log(calls(row, large) / calls(row, small)) / math.log(large / small)
    assert exponent < TOO_STEEP
