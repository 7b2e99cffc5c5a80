"""A commit gets the same answer in every run: what Hypothesis draws does not depend on the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.examples import examples

NUMBER = examples(30)
PRINTED = """
import sys
sys.argv = ["drawn", "--version", sys.argv[1], "--number", sys.argv[2], "--seed", "3"]
from tests.lab.drawn import main
main()
"""
LOADED = (
    "import frrgen.cli, tests.boxes, tests.lab.test_policy, tests.lab.test_push, random\nNUMBERS = (123456789, 77)\n"
)


def drawn(program: str, hash_seed: str, version: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, version, str(NUMBER)],
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_a_walk_draws_the_same_routers_beside_other_modules_and_hash_seeds():
    for version in ("8.4", "10.7"):
        alone = drawn(PRINTED, "1", version)
        assert alone.count("! number ") == NUMBER
        assert drawn(LOADED + PRINTED, "2", version) == alone


@pytest.mark.slow
def test_a_seed_draws_the_same_routers_however_many_are_wanted():
    from tests.lab.drawn import drawn

    assert drawn("10.3", 4, 25)[:7] == drawn("10.3", 4, 7)
