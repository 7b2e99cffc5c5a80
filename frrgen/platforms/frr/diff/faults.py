"""What FRR itself does wrong on the way, in any order of the lines: the warnings of a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.model.bgp import Bgp
from frrgen.model.evpn import Evpn
from frrgen.model.neighbor import NeighborFamily
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, SESSION_FAMILIES
from frrgen.platforms.frr.diff.sessions import dynamic, is_shut
from frrgen.platforms.frr.grammar.bgp import LISTEN_LIMIT

_TARGETS_APART: Final = (10,)
"""From this version on `route-target both` makes two targets (seen on 10.3 and 10.7.1; 8.4.4 shares one)."""

_CAPABILITY_STAYS: Final = (10,)
"""From this version on `no … addpath-tx-best-selected` leaves the capability to send several paths (10.3, 10.7.1)."""


def faults(old: Router, new: Router, *, avoided: bool = False) -> Iterator[str]:
    """Yield a sentence for each fault of FRR that the change of one router into the other meets.

    `avoided`: without those that a plan meets by a restart of sessions.
    """
    for vrf, before, after in kept(old, new):
        where = f" of vrf {vrf}" if vrf else ""
        found = (
            *_of_instance(before, after),
            *_left_behind(before, after, new.version),
            *_several_paths(before, after, new.version),
        )
        yield from (f"router bgp {after.asn}{where}: {text}" for text in found)
    if not avoided:
        yield from _sentences_of_weights(old, new)
    yield from _aliases(old, new)
    if new.version < _TARGETS_APART:
        yield from _shared_targets(old, new)


def _shared_targets(old: Router, new: Router) -> Iterator[str]:
    """Warn of route targets that go and that may be one object to FRR 8.4: it then loses the other, or dies.

    `route-target both T` of an instance makes one object for both ways, and FRR shows the same two lines as for two.
    """
    for vrf, before in old.instances():
        after = new.bgp_of(vrf)
        kept = None if after is None or after.asn != before.asn else after.l2vpn_evpn
        shared = _imported_and_exported(before.l2vpn_evpn)
        if gone := [target for target in shared if target not in _imported_and_exported(kept)]:
            yield (
                f"router bgp {before.asn}{f' of vrf {vrf}' if vrf else ''}: FRR {new.frr_version} may die when "
                f"{gone[0]} goes, and every session with it, if `route-target both {gone[0]}` was typed since "
                "it started: save its configuration and start FRR again before"
            )


def _imported_and_exported(evpn: Evpn | None) -> list[str]:
    """Return the route targets of an instance that stand in both lists."""
    return [] if evpn is None else [one for one in evpn.route_targets_import if one in evpn.route_targets_export]


def _aliases(old: Router, new: Router) -> Iterator[str]:
    """Tell that routes keep the alias, or none, that their communities had when they came (8.4.4, 10.3, 10.7.1)."""
    changed = old.community_aliases.items() ^ new.community_aliases.items()
    turned = sorted({str(community) for _, community in changed})
    if turned and any(True for _ in kept(old, new)):
        more = f" and {len(turned) - 3} more" if len(turned) > 3 else ""
        yield (
            f"routes with {', '.join(turned[:3])}{more} keep the community alias that they had, "
            "for match alias as well, until their sessions restart: all sessions at the same time"
        )


def kept_weights(old: Router, new: Router) -> Iterator[tuple[str | None, Bgp, str, int]]:
    """Yield the groups whose dynamic neighbors keep a weight until they restart: VRF, instance, group and weight."""
    for vrf, before, after in kept(old, new):
        for name in dict.fromkeys(after.listen_ranges.values()):
            for family in FAMILIES:
                if name not in before.peer_groups or name not in after.peer_groups:
                    continue
                weight, left = (getattr(bgp.peer_groups[name], family).weight for bgp in (before, after))
                if weight is not None and left is None:
                    yield vrf, after, name, weight


def _sentences_of_weights(old: Router, new: Router) -> Iterator[str]:
    for vrf, bgp, name, weight in kept_weights(old, new):
        where = f" of vrf {vrf}" if vrf else ""
        yield f"router bgp {bgp.asn}{where}: {dynamic(name)} keep weight {weight} until their sessions restart"


def kept(old: Router, new: Router) -> Iterator[tuple[str | None, Bgp, Bgp]]:
    """Yield the instances that are there before and after the change, each with its VRF."""
    for vrf, after in new.instances():
        if (before := old.bgp_of(vrf)) is not None:
            yield vrf, before, after


def refuse_deaths(old: Router, new: Router, *, shut: bool = False) -> None:
    """Raise InputError where the change of one router into the other kills FRR (10.3; not 8.4.4 and 10.7.1).

    `shut`: the sessions that are in its way will be shut.
    """
    if not (10,) <= new.version < (10, 7):
        return
    found = [
        Finding(Code.FRR432, f"FRR {new.frr_version} dies when {what} ({where} of {new.name})", hint=hint)
        for vrf, was, now in kept(old, new)
        for where in ("bgp" if vrf is None else f"vrf {vrf}",)
        for what, hint in _deaths(was, now, shut=shut)
    ]
    if found:
        raise InputError(*found)


def _deaths(was: Bgp, now: Bgp, *, shut: bool) -> Iterator[tuple[str, str]]:
    """Yield each change that kills bgpd of FRR 10.3, with a way around it."""
    if was.graceful_shutdown != now.graceful_shutdown and _suppresses(was):
        yield "graceful_shutdown changes beside an aggregate with summary_only", "push without summary_only first"
    if not shut and was.confederation is not None and (turned := in_the_way(was, now)):
        named = ", ".join(turned)
        yield (
            f"the peers of a confederation change beside open sessions of these ASes: {named}",
            f"have frrgen shut {named} meanwhile: --avoid",
        )


def confederation_turns(was: Bgp, now: Bgp) -> bool:
    """Tell whether the confederation of an instance changes."""
    return was.asn == now.asn and was.confederation != now.confederation


def in_the_way(was: Bgp, now: Bgp) -> list[str]:
    """Name the neighbors and groups whose AS joins or leaves the confederation, and that are not shut."""
    before, after = (set(() if one.confederation is None else one.confederation.peers) for one in (was, now))
    return _open_neighbors(was, before ^ after)


def _open_neighbors(bgp: Bgp, asns: Collection[int]) -> list[str]:
    """Name the neighbors of some ASes, and the groups of those that come by listen range, that are not shut."""
    dialled = {name: bgp.peer_groups[name] for name in bgp.listen_ranges.values() if name in bgp.peer_groups}
    found = []
    for name, one in {**bgp.neighbors, **dialled}.items():
        theirs = any(each.remote_as in asns or (asns and each.remote_as == "external") for each in bgp.with_group(one))
        if theirs and not is_shut(bgp, one):
            found.append(name)
    return found


def _suppresses(bgp: Bgp) -> bool:
    aggregates = (one for family in FAMILIES for one in getattr(bgp, family).aggregates.values())
    return any(one.summary_only or one.suppress_map for one in aggregates)


def _left_behind(old: Bgp, new: Bgp, version: tuple[int, ...]) -> Iterator[str]:
    """Name the dynamic neighbors whose next sessions have an old value, too.

    The socket that listens keeps a password that goes (8.4.4, 10.3). The group keeps a role that goes (8.4.4) and the
    instance's old mode of graceful restart (10.3, 10.7.1).
    """
    modes = (old.graceful_restart.mode, new.graceful_restart.mode)
    for name in dict.fromkeys(new.listen_ranges.values()):
        before, after = old.peer_groups.get(name), new.peer_groups.get(name)
        if before is None or after is None:
            continue
        if version < (10, 7) and before.password is not None and after.password is None:
            yield f"{dynamic(name)} cannot come without the password until FRR starts again"
        if version < (9,) and before.local_role is not None and after.local_role is None:
            yield f"{dynamic(name)} keep local_role {before.local_role} until FRR starts again"
        if version >= (10,) and modes[0] != modes[1] and after.graceful_restart is None:
            yield f"{dynamic(name)} keep the graceful_restart.mode that they have until FRR starts again"


def _several_paths(old: Bgp, new: Bgp, version: tuple[int, ...]) -> Iterator[str]:
    """Name the neighbors and groups that bgpd leaves the capability of `addpath-tx-best-selected`."""
    if version < _CAPABILITY_STAYS:
        return
    for name, one in (*new.peer_groups.items(), *new.neighbors.items()):
        before = old.neighbors.get(name) or old.peer_groups.get(name)
        for family in FAMILIES if before is not None else ():
            was, now = (getattr(each, family) for each in (before, one))
            if was.addpath_tx_best is not None and now.addpath_tx_best is None and now.addpath_tx is None:
                yield (
                    f"FRR goes on to offer {name} several paths ({family.replace('_', ' ')}) until FRR starts again: "
                    "its sessions keep the capability"
                )


def _of_instance(old: Bgp, new: Bgp) -> Iterator[str]:
    if old.confederation != new.confederation:
        yield (
            "a confederation that changes on a running router is not in all what it is after a start: start FRR again"
        )
    others = {
        one
        for one in {*old.default_families} ^ {*new.default_families}
        if one.replace("-", "_") not in SESSION_FAMILIES
    }
    if others and old.neighbors.keys() & new.neighbors.keys():
        yield (
            f"neighbors that are there keep the families that they have until FRR starts again: `bgp default` of "
            f"{', '.join(sorted(others))} is for those that come"
        )
    if (new.minimum_holdtime or 0) > (old.minimum_holdtime or 0):
        yield (
            f"minimum_holdtime {new.minimum_holdtime} refuses sessions that start again with a shorter hold time: "
            "those that are up stay"
        )
    lower, higher = (bgp.listen_limit or LISTEN_LIMIT for bgp in (new, old))
    if lower < higher and old.listen_ranges and new.listen_ranges:
        yield f"listen_limit {lower} keeps out dynamic neighbors that come again: those that are there stay"
    for name, one in (*new.peer_groups.items(), *new.neighbors.items()):
        before = old.neighbors.get(name) or old.peer_groups.get(name)
        for family in FAMILIES:
            told = getattr(one, family).advertise_map
            if before is None or told is None or getattr(before, family).advertise_map == told:
                continue
            if any(_filters(getattr(each, family), told.route_map) for each in new.with_group(one)):
                yield (
                    f"while its condition holds, FRR announces to {name} ({family.replace('_', ' ')}) whatever "
                    f"{told.route_map} permits, also what other filters deny: let {told.route_map} deny it, too"
                )


def _filters(part: NeighborFamily, name: str) -> bool:
    """Tell whether anything but this route map filters what goes out."""
    lists = (part.prefix_list_out, part.distribute_list_out, part.filter_list_out)
    return any(lists) or part.route_map_out not in {None, name}
