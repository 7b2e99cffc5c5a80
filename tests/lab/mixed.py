"""Random routers whose sessions are all there: many fields at once, each of them where a session has it.

What a field is given comes from tests/lab/sweep.py, where each field stands alone. `DRAWN` fields of a router differ
from the configuration that all start from.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from frrgen.errors import Severity
from frrgen.model.check_sessions import check_sessions
from frrgen.model.check_versions import check_versions
from frrgen.model.router import Router
from tests.lab.sweep import base, changes, valued

DRAWN: Final = (3, 6, 12, 24)
"""So many fields, or so many, …: few make a change that is seen, many meet each other."""
ALONE: Final = {
    "Neighbor.shutdown": "a session that is down shows nothing",
    "Neighbor.shutdown_message": "the same",
    "Bgp.shutdown": "the same",
    "Neighbor.password": "the peers know another one",
    "Neighbor.port": "the peers listen at no port",
    "Neighbor.local_as": "the peers ask for the other AS",
    "Set.as_path_replace_list": "10.3 and 10.7.1 replace in what comes first, and no more in what is sent again",
    "Neighbor.bfd": "the peers speak no BFD: such a session goes and comes again",
}
"""Fields that tests/lab/test_in_effect.py tries, and that would hide all others here."""


def mixed(version: str, seed: int) -> Iterator[Router]:
    """Give random routers without end, the same ones for a version and a seed."""
    dice = random.Random(seed)
    every = [
        (owner, field)
        for owner, field in changes(version)
        if not {f"{owner.model.__name__}.{field}", f"Neighbor.{field}"} & ALONE.keys()
    ]
    while True:
        made = base(version)
        for owner, field in dice.sample(every, dice.choice(DRAWN)):
            with_it = valued(made, owner, field, dice)
            if with_it is not None and not refused(with_it):
                made = with_it
        yield made


def refused(router: Router) -> bool:
    """Tell whether FRR refuses something of a router, so that `check` has an error."""
    found = (*check_versions(router, ()), *check_sessions(router, (), ()))
    return any(one.severity is Severity.ERROR for one in found)
