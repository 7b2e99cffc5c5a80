"""What FRR 10 keeps twice: lists and route maps live in mgmtd, which hands them to zebra, and again in bgpd.

`vtysh` shows all that any daemon has as one. So what one of them lacks does not show there: each must be asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from frrgen.transport.base import Running

_MGMTD_ALONE: Final = re.compile(r"set src .*|match ipv?6? (?:address|next-hop) prefix-len .*|match source-instance .*")
_BOTH: Final = re.compile(
    r"set (?:metric|min-metric|max-metric|tag|sr-te color) .*|"
    r"set ip next-hop [0-9.]+|set ipv6 next-hop local .*|"
    r"match ipv?6? address .*|match ipv?6? next-hop (?!address ).*|"
    r"match (?:metric|tag|interface|source-protocol) .*|"
    r"(?:description|call|on-match) .*"
)
_LIST: Final = re.compile(r"(?:ip |ipv6 )?(?:prefix-list|access-list) .*")


def kept_by(daemon: str, clause: str) -> bool:
    """Tell whether mgmtd, or bgpd, keeps a clause of a route map. Measured on FRR 10.3 and 10.7.1."""
    if _MGMTD_ALONE.fullmatch(clause):
        return daemon == "mgmtd"
    return daemon == "bgpd" or _BOTH.fullmatch(clause) is not None


def lacks(running: Running) -> Iterator[str]:
    """Yield what a daemon should have of the lists and route maps that all show together, and has not."""
    together = set(_policy(running.text))
    for daemon, text in running.per_daemon.items():
        for around, line in sorted(together - set(_policy(text))):
            if not around or not line or kept_by(daemon, line):
                yield f"{daemon} lacks: {' / '.join(filter(None, (around, line)))}"


def _policy(text: str) -> Iterator[tuple[str, str]]:
    """Yield each line of a list, and of a route map with the entry that it stands in."""
    around = ""
    for line in text.split("\n"):
        if line.startswith("route-map "):
            around = line.rstrip()
            yield around, ""
        elif around and line.startswith(" "):
            yield around, line.strip()
        else:
            around = ""
            if _LIST.fullmatch(line):
                yield "", line.rstrip()
