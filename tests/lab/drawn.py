"""Draw the random routers of a walk: the same ones for a version and a seed, in each process.

python -m tests.lab.drawn --version 10.3 --seed 6 --number 20 [--only 7]
"""

from __future__ import annotations

import argparse
import os
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings

from frrgen.model.router import Router
from frrgen.platforms.frr.render import render
from tests.draws import without_local_constants
from tests.lab.walked import walked
from tests.strategies import routers

SEED: Final = int(os.environ.get("FRRGEN_SEED", "6"))
ROUND: Final = 20
"""So many routers are drawn at once: what a seed draws does not depend on how many are wanted."""


def _round(version: str, seed_: str) -> list[Router]:
    made: list[Router] = []

    @seed(seed_)
    @settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(routers(version))
    def collect(one: Router) -> None:
        made.append(walked(one))

    collect()
    return made


def drawn(version: str, seed_: int, number: int) -> list[Router]:
    """Return so many random routers, for a version of FRR."""
    without_local_constants()
    made: list[Router] = []
    while len(made) < number:
        made += _round(version, f"{seed_}-{len(made)}")
    return made[:number]


def main() -> None:
    """Print the configurations of the routers, or of one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--number", type=int, default=ROUND)
    parser.add_argument("--only", type=int)
    chosen = parser.parse_args()
    for number, one in enumerate(drawn(chosen.version, chosen.seed, chosen.number)):
        if chosen.only in {None, number}:
            print(f"! number {number} of seed {chosen.seed}\n{render(one)}")


if __name__ == "__main__":
    main()
