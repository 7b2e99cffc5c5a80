"""What sessions do for a change that FRR else does wrong: `--avoid`.

They restart where they would keep an old value. They are shut while the confederation of their instance changes: bgpd
of 10.3 dies beside some that are open, and the others reset anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from frrgen.lines.rule import Impact
from frrgen.model.bgp import Bgp
from frrgen.platforms.frr.diff.faults import confederation_turns, in_the_way, kept, kept_weights
from frrgen.platforms.frr.diff.sessions import dialled, dynamic, is_shut
from frrgen.platforms.frr.diff.work import Work

_RESTART: Final = re.compile(r"clear bgp (?:vrf (?P<vrf>[^ ]+) )?(?:peer-group (?P<group>[^ ]+)|(?P<peer>[^ *]+))")


def avoid(work: Work) -> tuple[str, ...]:
    """Shut the sessions in the way of the change, and return the commands that restart the others that need it."""
    _shut(work)
    wanted: dict[tuple[str, str], str] = {}
    for (vrf, field), names in work.record.waiting.items():
        wanted |= {(vrf, name): field.replace("_", "-") for name in names}
    for place, _, group, _ in kept_weights(work.old, work.new):
        wanted[place or "", dynamic(group)] = "weight"
    commands = []
    for (vrf, name), because in wanted.items():
        if work.record.sessions.get((vrf, name), (None,))[0] is Impact.RESET:
            continue
        commands.append(_command(vrf, name))
        _reset(work, vrf, name, because)
    return tuple(dict.fromkeys(commands))


def restarted(commands: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the sessions that commands restart, each with its VRF ("" for the default one)."""
    for command in commands:
        if found := _RESTART.fullmatch(command):
            yield found["vrf"] or "", found["peer"] or dynamic(found["group"])


def _command(vrf: str, name: str) -> str:
    group = dialled(name)
    return f"clear bgp {f'vrf {vrf} ' if vrf else ''}{name if group == name else f'peer-group {group}'}"


def _reset(work: Work, vrf: str, name: str, because: str) -> None:
    """Record that a session resets, and with dynamic neighbors the members of their group."""
    work.record.session(vrf, name, Impact.RESET, because)
    bgp = work.old.bgp_of(vrf or None)
    for peer in () if bgp is None else _members(bgp, dialled(name)):
        work.record.session(vrf, peer, Impact.RESET, because)


def _members(bgp: Bgp, group: str) -> list[str]:
    return [peer for peer, neighbor in bgp.neighbors.items() if neighbor.peer_group == group]


def _shut(work: Work) -> None:
    """Shut sessions while the confederation of their instance changes."""
    for vrf, before, after in kept(work.old, work.new):
        if not confederation_turns(before, after):
            continue
        resets = [
            name
            for (where, name), (impact, _) in work.record.sessions.items()
            if where == (vrf or "") and impact is Impact.RESET
        ]
        names = dict.fromkeys([*in_the_way(before, after), *map(dialled, resets)])
        enter = (f"router bgp {before.asn}{f' vrf {vrf}' if vrf else ''}",)
        for name in names:
            there = before.neighbors.get(name) or before.peer_groups.get(name)
            if there is None or is_shut(before, there):
                continue
            _reset(work, vrf or "", name if name in before.neighbors else dynamic(name), "shut meanwhile")
            work.phases["shutting"].add(enter, [f"neighbor {name} shutdown"])
            work.reopened.add(enter, [f"no neighbor {name} shutdown"])
            left = after.neighbors.get(name) or after.peer_groups.get(name)
            if left is not None and not left.shutdown:
                work.phases["opening"].add(enter, [f"no neighbor {name} shutdown"])
