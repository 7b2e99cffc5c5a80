"""Lines that FRR shows of itself: they say nothing that anybody wanted, and `no` in front of them does harm."""

from __future__ import annotations

import re
from typing import Final

_ITSELF: Final = (
    # comes with `bgp always-compare-med` or `bgp deterministic-med`, for FRR keeps the three in the same bits; its `no`
    # takes away the other two (10.7.1)
    ("router bgp", re.compile("use-underlays-nexthop-weight"), (10, 6)),
    # of members of a group that has the option no longer (10.3, 10.7.1)
    ("router bgp", re.compile("neighbor [^ ]+ (addpath-rx-paths-limit|(local|remote)-link-id) 0"), (10,)),
)
"""By context and line: since which version."""


def of_itself(context: tuple[str, ...], line: str, version: tuple[int, ...]) -> bool:
    """Tell whether FRR of this version shows the line whether it was said or not."""
    head = " ".join(context[0].split()[:2]) if context else ""
    return any(head == where and form.fullmatch(line) and version >= since for where, form, since in _ITSELF)
