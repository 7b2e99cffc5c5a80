"""What changed policy does to sessions, and the clears that have bgpd apply the policy."""

from __future__ import annotations

from collections.abc import Iterator

from frrgen.lines.rule import Impact
from frrgen.model.references import NOUNS, affected_maps, uses
from frrgen.model.types import FAMILIES
from frrgen.platforms.frr.diff.overwrite import (
    silent_maps,
)
from frrgen.platforms.frr.diff.work import Work

START_AGAIN = (10,)
"""Before this version the sessions of an instance stay idle behind `no bgp shutdown`, until they are cleared."""


def clears(work: Work) -> None:
    """Tell which sessions the changed policy refreshes, and add the clears that they need."""
    for vrf, how in work.record.clears:
        suffix = f"vrf {vrf} " if vrf else ""
        work.after += [f"clear bgp {suffix}{family.replace('_', ' ')} * {how}" for family in FAMILIES]
    work.after += _started_again(work)
    silent = affected_maps(work.new, silent_maps(work.old, work.new, work.changed))
    affected = affected_maps(work.new, work.changed) | affected_maps(work.old, work.changed)
    for vrf, new, old in [
        ("", work.new.bgp, work.old.bgp),
        *(
            (name, vrf.bgp, work.old.vrfs[name].bgp if name in work.old.vrfs else None)
            for name, vrf in work.new.vrfs.items()
        ),
    ]:
        if new is None or old is None:
            continue
        suffix = f"vrf {vrf} " if vrf else ""
        for use in uses(new):
            if use.ref not in affected or (use.neighbor not in old.neighbors and use.neighbor not in old.peer_groups):
                continue
            if use.neighbor in new.neighbors:
                work.record.session(vrf, use.neighbor, Impact.REFRESH, f"{NOUNS[use.ref[0]]} {use.ref[1]}")
            direct = use.ref in silent if use.ref[0] == "route_maps" else use.ref in work.changed
            if (direct or work.new.route_map_delay_timer == 0) and not use.inherited:
                who = f"peer-group {use.neighbor}" if use.neighbor in new.peer_groups else use.neighbor
                family = use.family.replace("_", " ")
                command = f"clear bgp {suffix}{family} {who} soft {use.direction}"
                if command not in work.after:
                    work.after.append(command)


def _started_again(work: Work) -> Iterator[str]:
    """Yield the clears that start the sessions of instances that are shut down no more. Measured on 8.4.4."""
    if work.new.version >= START_AGAIN:
        return
    before = dict(work.old.instances())
    for vrf, bgp in work.new.instances():
        old = before.get(vrf)
        if old is not None and old.shutdown and not bgp.shutdown:
            yield f"clear bgp vrf {vrf} *" if vrf else "clear bgp *"
