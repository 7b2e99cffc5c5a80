"""What a start of FRR, or a later FRR, makes of the file that a router has saved: findings, and warnings of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from frrgen.codes import Code
from frrgen.errors import Finding, Path
from frrgen.model.router import Router
from frrgen.platforms.frr.grammar.layout import optimization


def traps(router: Router, path: Path = ()) -> Iterator[Finding]:
    """Yield a finding for each thing that a router has and the next start with its saved file loses or turns."""
    yield from _optimization(router, path)
    yield from _aliases(router, path)
    yield from _strict_roles(router, path)


def _optimization(router: Router, path: Path) -> Iterator[Finding]:
    """Tell what FRR 9 and later make of the route maps in the file that FRR 8 saves.

    FRR 8 saves `no route-map NAME optimization`, and FRR 9 skips the first entry of such a map.
    """
    maps = sum(not optimization(one, router.version) for one in router.route_maps.values())
    if router.version >= (9,) or not maps:
        return
    named = f"{maps} route map{'s' if maps > 1 else ''} of {router.name}"
    saved = f"the file that FRR {router.frr_version} has saved"
    yield Finding.at(
        Code.FRR245,
        f"FRR 9 and later skip the first entry of {named} when they start with {saved}",
        (*path, "route_maps"),
        f"before FRR is upgraded: frrgen upgrade-check {router.name} --to 10.3",
    )


def _aliases(router: Router, path: Path) -> Iterator[Finding]:
    """Tell what FRR 10 loses of route maps when it starts.

    It saves `bgp community alias` behind the route maps, and a start refuses `match alias` with an alias that is not
    there yet (seen on 10.3 and 10.7.1; 8.4.4 saves aliases first).
    """
    found = [
        f"{name} seq {entry.seq}"
        for name, one in router.route_maps.items()
        for entry in one.entries
        if entry.match.alias is not None
    ]
    if router.version >= (10,) and found:
        yield Finding.at(
            Code.FRR246,
            f"when FRR {router.frr_version} starts with the file that it has saved, it loses `match alias` of "
            f"{_shown(found)}: the entry then decides about every route that its other clauses match",
            (*path, "route_maps"),
            "match the community itself, with a community list",
        )


def _strict_roles(router: Router, path: Path) -> Iterator[Finding]:
    """Tell that FRR forgets `strict-mode` of a group when it makes the group, also at a start (8.4.4, 10.3, 10.7.1)."""
    for vrf, bgp in router.instances():
        found = [name for name, group in bgp.peer_groups.items() if group.local_role_strict]
        if found:
            instance = ("bgp",) if vrf is None else ("vrfs", vrf, "bgp")
            yield Finding.at(
                Code.FRR247,
                f"FRR forgets local_role_strict of a peer group when it makes the group, also when it starts: members "
                f"of {_shown(found)} that say no role are admitted then",
                (*path, *instance, "peer_groups", found[0], "local_role_strict"),
                "give local_role_strict to neighbors that are in no group"
                if router.version < (10,)
                else "give local_role_strict to each neighbor of the group",
            )


def _shown(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
