"""Lines that FRR shows of itself: they say nothing that anybody wanted, and `no` in front of them does harm."""

from __future__ import annotations

from typing import Final

_ITSELF: Final = {("router bgp", "use-underlays-nexthop-weight"): (10, 6)}
"""By context and line: since which version. This line comes with `bgp always-compare-med` or `bgp deterministic-med`,
for FRR keeps the three in the same bits; its `no` takes away the other two. Seen on 10.7.1."""


def of_itself(context: tuple[str, ...], line: str, version: tuple[int, ...]) -> bool:
    """Tell whether FRR of this version shows the line whether it was said or not."""
    since = _ITSELF.get((" ".join(context[-1].split()[:2]) if context else "", line))
    return since is not None and version >= since
