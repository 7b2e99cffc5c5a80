"""Each version of FRR does with each line what the data of the version says; `python -m tests.lab.lines` measures it.

Each run tries two lines of a version, which `FRRGEN_SEED` draws; `FRRGEN_LINES=0` tries all.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.lab.frr import MEASURED
from tests.lab.lines import key, rows, shown, tried

NUMBER = int(os.environ.get("FRRGEN_LINES", "2"))
SEED = int(os.environ.get("FRRGEN_SEED", "1"))
VERSIONS = tuple(MEASURED.values())


@pytest.mark.parametrize("version", VERSIONS)
def test_there_is_a_row_for_each_line_of_a_version(version):
    wanted = [key(case) for case in tried(version)]
    assert len(wanted) > 300
    assert [row["line"] for row in rows(version)] == list(dict.fromkeys(wanted))


def test_frr_shows_of_a_line_what_the_data_says(router):
    known = {row["line"]: row for row in rows(str(router.frr))}
    every = tried(router.frr.version)
    chosen = random.Random(SEED).sample(every, NUMBER or len(every))
    found = list(shown(router, chosen))
    assert [row for row in found if row != known[row["line"]]] == []
