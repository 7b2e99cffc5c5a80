"""What a later FRR reads otherwise of a text that an earlier one runs: before a router is upgraded, not after.

Everything here was measured on 8.4.4, 10.3 and 10.7.1 (`tests/lab/test_upgrade.py`); where a change came between them,
FRR's own history says with which version.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, Where
from frrgen.model.bgp import AS_SETS_REJECTED, LONGEST_STALE_TIME, Bgp
from frrgen.model.router import Router
from frrgen.platforms.frr.diff.canonical import FIRST_AS_ON
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.parse.refusals import BY_VERSION, Version, trap

OTHERWISE: Final = (
    trap(
        r"no route-map \S+ optimization",
        (9,),
        "no route-map A optimization",
        "makes FRR skip the first entry of the map, whatever it says",
        "take the line away (`route-map NAME optimization`, then `write`) right before the upgrade",
    ),
    trap(
        r"bgp community-list .*\b0:0\b.*",
        (10,),
        "bgp community-list standard A permit 0:0",
        "matches the community 0:0 alone, where FRR 8 takes it for every route",
    ),
    trap(
        r"set local-preference [+-].+",
        (10, 4),
        "route-map A permit 10 / set local-preference +10",
        "counts over eBGP from 100, where FRR 10.3 and older count from 0 (seen on 10.7.1)",
        "say the number itself",
    )._replace(mild=True),
    trap(
        "bgp allow-martian-nexthop",
        (10,),
        "router bgp 65001 / bgp allow-martian-nexthop",
        "also lets in routes whose next hop is the router itself",
    )._replace(mild=True),
    trap(
        "bgp reject-as-sets",
        (10,),
        "router bgp 65001 / bgp reject-as-sets",
        "drops a route with an AS_SET alone, where FRR 8.4 ends the session",
    )._replace(mild=True),
)
"""Lines that are taken, and mean something else."""


def upgrade(text: str, source: str, old: Version, new: Version) -> Iterator[Finding]:
    """Find what `new` reads otherwise than `old` of a configuration. `source` names it."""
    shown = ".".join(map(str, new))
    for number, said in enumerate(text.split("\n"), 1):
        line = said.strip()
        for one in (*BY_VERSION, *OTHERWISE):
            if old < one.since <= new and one.line.fullmatch(line):
                message = f"to FRR {shown} `{line}` {one.becomes}"
                yield Finding(Code.FRR452 if one.mild else Code.FRR450, message, Where(source, number), one.hint)
    router = parse(text, frr_version=".".join(map(str, old))).router
    for since, message, hint in _defaults(router):
        if old < since <= new:
            yield Finding(Code.FRR451, f"FRR {shown} {message}", Where(source), hint)


def _defaults(router: Router) -> Iterator[tuple[Version, str, str | None]]:
    """Yield what another default does to a router: since which version, what it is, and how to keep what is."""
    instances = [("", router.bgp), *((f" in VRF {name}", vrf.bgp) for name, vrf in router.vrfs.items())]
    for place, bgp in instances:
        if bgp is None:
            continue
        if peers := _external(bgp):
            named = ", ".join(peers[:5]) + (f" and {len(peers) - 5} more" if peers[5:] else "")
            yield (
                FIRST_AS_ON,
                f"drops routes{place} whose path does not begin with the neighbor's AS, from {named}",
                "`no neighbor X enforce-first-as` for a route server",
            )
        stale = bgp.graceful_restart.long_lived_stale_time
        if stale is not None and stale > LONGEST_STALE_TIME:
            yield (10,), f"refuses the long-lived stale time {stale}{place}: at most {LONGEST_STALE_TIME} seconds", None
        if bgp.reject_as_sets is None:
            yield (
                AS_SETS_REJECTED,
                f"rejects routes with AS_SETs{place} unless told otherwise",
                "`no bgp reject-as-sets` keeps them",
            )
    for family in ("ip", "ipv6"):
        if router.defaults == "traditional" and getattr(router, f"{family}_nht_resolve_via_default") is None:
            yield (
                (9, 1),
                f"reaches next hops by the default route ({family}) unless told otherwise",
                f"`no {family} nht resolve-via-default` keeps them apart",
            )


def _external(bgp: Bgp) -> list[str]:
    """Return the eBGP neighbors without a line that says whether their AS must come first."""
    found = []
    for peer, neighbor in bgp.neighbors.items():
        group = bgp.group_of(neighbor)
        remote = neighbor.remote_as or (group.remote_as if group is not None else None)
        said = neighbor.enforce_first_as is not None or (group is not None and group.enforce_first_as is not None)
        if remote not in (None, "internal", bgp.asn) and not said:
            found.append(peer)
    return found
