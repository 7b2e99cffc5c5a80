"""Lines that FRR refuses of some version on, or up to one, or in a VRF: they are never read as if FRR had them.

Each was loaded into FRR 8.4.4, 10.3 and 10.7.1 (`tests/lab/test_upgrade.py`); what FRR refuses in a VRF alone was swept
(`tests/lab/test_only_default.py`). What FRR has no command for at all was measured, too (`words.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from frrgen.model.bgp import NUMBERED_TABLES, TABLES_DIRECT
from frrgen.platforms.frr.parse.words import lacks

Version = tuple[int, ...]


class Trap(NamedTuple):
    """A form of a line that some versions refuse, or take for something else."""

    line: re.Pattern[str]
    since: Version
    """The first version that does."""
    example: str
    """A line of the form, with its contexts before it, each behind ` / `."""
    becomes: str = "is refused"
    """What an upgrade makes of it."""
    hint: str | None = None
    until: Version = (99,)
    """The first version that does not any more."""
    within: re.Pattern[str] = re.compile(".*")
    """The contexts around it, joined by ` / `."""
    where: str = ""
    """The contexts in words."""
    mild: bool = False
    """Whether routes fare as before without it."""


def trap(line: str, since: Version, example: str, becomes: str = "is refused", hint: str | None = None) -> Trap:
    """Make a trap out of the regular expression of its lines."""
    return Trap(re.compile(line), since, example, becomes, hint)


BY_VERSION: Final = (
    trap("set distance 0", (10,), "route-map A permit 10 / set distance 0", hint="1 to 255"),
    trap(
        r"rpki cache (?!tcp |ssh ).+",
        (10,),
        "rpki / rpki cache 192.0.2.1 3323 preference 1",
        "is refused, and every route becomes `notfound`",
        "FRR 10 wants `rpki cache tcp HOST PORT preference N`",
    ),
    trap(
        r"bgp community-list (standard \S+|[1-9][0-9]?) (seq [0-9]+ )?(permit|deny) (.* )?internet( .*)?",
        (10,),
        "bgp community-list standard A permit internet",
        "is refused: the list is without this entry",
        "FRR 10 has no community of that name",
    ),
    trap(
        r"set community (.* )?internet( .*)?",
        (10,),
        "route-map A permit 10 / set community internet",
        "is refused: the entry sets no community",
        "FRR 10 has no community of that name",
    ),
    trap(
        r"redistribute table( (metric|route-map) .*)?",
        NUMBERED_TABLES,
        "router bgp 65001 / address-family ipv4 unicast / redistribute table",
        "is refused: the routes of the table are no longer announced",
        "say the number of the table",
    ),
    trap("ip multicast rpf-lookup-mode .+", (10,), "ip multicast rpf-lookup-mode mrib-only")._replace(mild=True),
)
"""Lines that older versions take."""

OTHERS: Final = (
    trap("set metric (igp|aigp)", (0,), "route-map A permit 10 / set metric igp")._replace(until=(8, 5)),
    trap(
        "redistribute table-direct [0-9]+( .*)?",
        TABLES_DIRECT,
        "vrf red / exit / router bgp 65001 / exit / router bgp 65001 vrf red / address-family ipv6 unicast"
        " / redistribute table-direct 7",
    )._replace(within=re.compile("router bgp [^ ]+ vrf (?!default /).* / address-family ipv6.*"), where=" in a VRF"),
)
"""Lines that only later versions take, or only the main instance."""


def why_refused(context: Sequence[str], line: str, version: Version) -> str | None:
    """Tell why FRR of a version surely refuses a line in these contexts; None where it takes it, or nobody knows."""
    around, shown = " / ".join(context), ".".join(map(str, version))
    for one in (*BY_VERSION, *OTHERS):
        if one.since <= version < one.until and one.line.fullmatch(line) and one.within.fullmatch(around):
            return f"FRR {shown} refuses it{one.where}"
    return f"FRR {shown} has no such command" if lacks(context, line, version) else None
