"""What is wrong between a cluster and a router."""

from __future__ import annotations

from dataclasses import dataclass

from frrgen.errors import Path
from frrgen.policy.sets.route import Route


@dataclass(frozen=True)
class Problem:
    """One way in which the two ends do not agree."""

    kind: str
    """`dropped`, `too much`, `limit`, `settings`, `multipath`, `live` or `undecided`."""
    text: str
    path: Path
    """Where it stands in the network."""
    route: Route | None = None
