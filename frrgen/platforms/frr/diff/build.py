"""Building a plan: the differences of each context, put into an order in which no step leaves a hole.

The order: what is new is made before it is referred to; what is edited is edited in place; what is no longer referred
to goes last. Lists and route maps that FRR takes as one transaction stand together, before and behind `router bgp`:
on either side one block, for the cost of a transaction is that of everything loaded.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import Any, Final

from frrgen.lines.rule import Impact
from frrgen.model.policy import RouteMap
from frrgen.model.references import NOUNS, Ref, affected_maps, uses
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES
from frrgen.platforms.frr.diff.canonical import canonical
from frrgen.platforms.frr.diff.changes import Commands, Delta, Op, delta
from frrgen.platforms.frr.diff.instance import Instance
from frrgen.platforms.frr.diff.overwrite import (
    ambiguous,
    end_clauses,
    end_exclusions,
    excluding,
    expand_any_before_edit,
    found_by,
    leaves_rest,
    refresh_cached_prefix_lists,
    remove_calls_first,
    settle_removed_maps,
    silent_maps,
    tied_anew,
)
from frrgen.platforms.frr.diff.owned import with_unowned
from frrgen.platforms.frr.diff.prune import undo
from frrgen.platforms.frr.diff.record import Record
from frrgen.platforms.frr.diff.sessions import sessions
from frrgen.platforms.frr.diff.standin import StandIns
from frrgen.platforms.frr.grammar.bgp import FAMILY
from frrgen.platforms.frr.grammar.layout import (
    Block,
    Line,
    Part,
    bfd_blocks,
    entry_block,
    global_blocks,
    optimization,
    raw_lines,
    route_map_blocks,
    rpki_blocks,
    vrf_blocks,
)
from frrgen.platforms.frr.grammar.policy import LISTS, ListKind
from frrgen.platforms.frr.grammar.top import BFD_DEFAULTS, read_static_route
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import Parsed

_SETTLING: Final = ("settling",)
_ENDING: Final = ("ending",)
_BATCHES: Final = (
    _SETTLING,
    _ENDING,
    ("globals", "bgp_lists", "northbound"),
    ("again", "bgp", "northbound_gone", "bgp_lists_gone", "globals_gone"),
)
"""The phases, by the batch that they go in: a batch is a file, and what FRR keeps of it together is its transaction."""


class Builder:
    """Builds one plan: call `build`, then read the attributes."""

    def __init__(self, running: Parsed, intended: Router, *, prune_leftovers: bool = False) -> None:
        whole = with_unowned(running.router, intended)
        self.old = canonical(running.router, whole)
        self.profile = running.router.defaults
        self.new = canonical(whole, box=self.profile)
        self.version = intended.version
        self.prune = prune_leftovers
        self.full = intended.ownership == "full"
        wanted = set(raw_lines(self.new))
        there = [self._as_it_will_be(leftover) for leftover in running.leftovers]
        self.record = Record(wanted & {(one.context, one.line) for one in there})
        self.leftovers = [one for one in there if (one.context, one.line) not in wanted]
        self.raw_there = [one for one in there if (one.context, one.line) in wanted]
        around = {enter for one in self.leftovers for enter in one.context if not enter.startswith("route-map ")}
        said = chain(around, (one.line for one in self.leftovers))
        self.leftover_words = {word for line in said for word in line.split()}
        self.after: list[str] = []
        self.changed: set[Ref] = set()
        self.phases = {phase: Commands() for phases in _BATCHES for phase in phases}
        self.standins = StandIns(self.old, self.new)

    @property
    def batches(self) -> list[Commands]:
        """The phases, one behind the other, in as few batches as are safe."""
        batches = [Commands()]
        for phases in _BATCHES:
            for phase in phases:
                batches[-1].extend(self.phases[phase])
            if phases in {_SETTLING, _ENDING} or self.phases["again"]:
                batches.append(Commands())
        return [batch for batch in batches if batch]

    def build(self) -> None:
        """Find every change."""
        self._globals()
        self._lists()
        self._route_maps()
        self.phases["settling"].add((), settle_removed_maps(self.old, self.new))
        self._refresh_cached_prefix_lists()
        self._stand_in()
        self._bfd()
        self._rpki()
        self._instances()
        self._policy_sessions()
        self._prune()

    # leftovers

    def _as_it_will_be(self, leftover: Leftover) -> Leftover:
        """Give a leftover where it stands behind the change: to enter a route map's entry is to say its action."""
        words = leftover.context[0].split(" ") if leftover.context else []
        if words[:1] == ["route-map"] and (route_map := self.new.route_maps.get(words[1])) is not None:
            for entry in route_map.entries:
                if str(entry.seq) == words[3]:
                    return leftover._replace(context=(f"route-map {words[1]} {entry.action} {entry.seq}",))
        return leftover

    def _prune(self) -> None:
        if not self.prune:
            return
        gone = {line for batch in self.batches for line in batch.lines()}
        kept = []
        for leftover in self.leftovers:
            around = leftover.context[0] if leftover.context else ""
            if not gone.isdisjoint((f"no {around}", f"no {around.partition(' permit ')[0].partition(' deny ')[0]}")):
                # it goes with its context, and entering that would make it anew
                continue
            line = undo(leftover.context, leftover.line)
            if line is None:
                kept.append(leftover)
                continue
            self.phases["globals_gone"].add(leftover.context, [line])
            self.record.change(Op.REMOVE, ("leftovers", str(leftover.number)), leftover.line, None)
        self.leftovers = kept

    # globals and VRFs

    def _globals(self) -> None:
        old, new = (
            {
                block.enter: block
                for block in chain(global_blocks(router, canonical=True), vrf_blocks(router, canonical=True))
            }
            for router in (self.old, self.new)
        )
        for enter, block in new.items():
            there = old[enter].lines if enter in old else []
            found = delta(self._owned(there, block), block.lines, self.version)
            self.record.take(found)
            _free_prefixes(found)
            if enter not in old and not found:
                if self.version < (10,) and not block.raw:
                    # FRR 8.4 does not show a VRF of which nothing is said
                    continue
                self.record.change(Op.ADD, block.path, None, enter[0])
                self.phases["globals"].add(enter, [], always=True)
            self.phases["globals"].add(enter, [*found.first, *found.then])
            self.phases["globals"].add_raw(enter, self.record.raw(enter, block.path, block.raw))
            self.phases["globals_gone"].add(enter, found.last)
        for enter, block in old.items():
            if enter not in new and self.full:
                self.record.change(Op.REMOVE, block.path, enter[0], None)
                self.phases["globals_gone"].add((), [f"no {enter[0]}"])

    def _owned(self, lines: list[Line], new: Block) -> list[Line]:
        """Leave alone what frrgen does not own: without `ownership: full` only what the model speaks of."""
        spoken = {line.path for line in new.lines}
        routed = {line.statement.text.split(" ")[2] for line in new.lines if line.statement.slot[0] == "static_routes"}
        aliases = "community_aliases"
        never = {"defaults", "ip_forwarding", "ipv6_forwarding"}
        return [
            line
            for line in lines
            if line.path in spoken
            or (line.statement.slot[0] == "static_routes" and line.statement.text.split(" ")[2] in routed)
            or (self.full and line.statement.slot[0] not in never)
            or (line.statement.slot[0] == aliases and line.statement.slot[1] not in self.leftover_words)
        ]

    # lists

    def _lists(self) -> None:
        self.phases["ending"].add((), expand_any_before_edit(self.old, self.new))
        for kind in LISTS:
            self._lists_of(kind)

    def _lists_of(self, kind: ListKind) -> None:
        old, new = kind.of(self.old), kind.of(self.new)
        phase = self.phases["northbound" if kind.northbound else "bgp_lists"]
        gone = self.phases["northbound_gone" if kind.northbound else "bgp_lists_gone"]
        for name, lst in new.items():
            before = old.get(name)
            if before is lst or before == lst:
                continue
            self.changed.add((kind.field, name))
            if before is not None and getattr(before, "kind", None) != getattr(lst, "kind", None):
                phase.add((), [f"no {kind.head(name, before)}"])
                self.record.change(Op.REMOVE, (kind.field, name), kind.head(name, before), None, Impact.REFRESH)
                before = None
            phase.add((), self._list_lines(kind, name, before, lst))
        for name, lst in old.items():
            if name not in new and name not in self.leftover_words:
                self.changed.add((kind.field, name))
                head = kind.head(name, lst)
                gone.add((), [f"no {head}"])
                self.record.change(Op.REMOVE, (kind.field, name), head, None)

    def _list_lines(self, kind: ListKind, name: str, before: Any, lst: Any) -> list[str]:
        head, path = kind.head(name, lst), (kind.field, name)
        old = {} if before is None else {entry.seq: entry for entry in before.entries}
        new = {entry.seq: entry for entry in lst.entries}
        first: list[str] = []
        then: list[str] = []
        last: list[str] = []
        old_note, note = (None if one is None else kind.note_of(one) for one in (before, lst))
        if note != old_note:
            text = None if note is None else f"{head} {kind.note} {note}"
            self.record.change(
                Op.REMOVE if text is None else Op.ADD if old_note is None else Op.MODIFY,
                (*path, kind.note),
                None if old_note is None else f"{head} {kind.note} {old_note}",
                text,
            )
            then.append(f"no {head} {kind.note}" if text is None else text)
        differing = {
            seq for seq in old.keys() | new.keys() if (a := old.get(seq)) is not (b := new.get(seq)) and a != b
        }
        # FRR silently ignores a value that the list has under another number: free such a value first
        wanted = {found_by(kind, new[seq]) for seq in differing if seq in new}
        if kind.field in {"access_lists", "ipv6_access_lists"}:
            # it also ignores a value that an entry has with `exact-match`: such an entry is said anew
            differing |= {seq for seq in old.keys() & new.keys() if found_by(kind, old[seq]) in wanted}
        if kind.field == "as_path_lists" and ambiguous(old, differing):
            first = [f"no {head}"]
            self.record.change(Op.REMOVE, path, head, None, Impact.REFRESH)
            old, differing = {}, set(new)
        for seq in sorted(differing):
            entry, there = new.get(seq), old.get(seq)
            text = None if entry is None else kind.entry(head, entry)
            was = None if there is None else kind.entry(head, there)
            if there is not None:
                undo = kind.undo_entry(head, there)
                rest = entry is not None and leaves_rest(kind, there, entry)
                if rest and self.version < (10,):
                    # FRR 8.4 takes the two lines in one batch for a change of the entry
                    self.phases["ending"].add((), [undo])
                elif rest or found_by(kind, there) in wanted:
                    first.append(undo)
                elif entry is None:
                    last.append(undo)
            if text is not None:
                then.append(text)
            if text == was:
                continue
            op = Op.ADD if was is None else Op.REMOVE if text is None else Op.MODIFY
            self.record.change(op, (*path, str(seq)), was, text, Impact.REFRESH if before is not None else Impact.NONE)
        return [*first, *then, *last]

    # route maps

    def _route_maps(self) -> None:
        old, new = self.old.route_maps, self.new.route_maps
        phase, gone = self.phases["northbound"], self.phases["northbound_gone"]
        for enter, lines in remove_calls_first(self.old, self.new):
            self.phases["ending"].add(enter, lines)
        excluded = end_exclusions(self.old, self.new)
        self.undone = end_clauses(self.old, self.new) | excluded
        for enter, lines in self.undone.values():
            self.phases["ending"].add(enter, lines)
        for name, route_map in new.items():
            before = old.get(name)
            if before is None:
                self._new_map(name, route_map)
                continue
            if before.entries != route_map.entries:
                self.changed.add(("route_maps", name))
                self._map_entries(name, before, route_map)
            was, wanted = optimization(before, self.old.version), optimization(route_map, self.version)
            if was != wanted:
                texts = [f"{'' if on else 'no '}route-map {name} optimization" for on in (was, wanted)]
                self.record.change(Op.MODIFY, ("route_maps", name, "optimization"), texts[0], texts[1])
                phase.add((), texts[1:])
        self._exclude_again(excluded)
        for name in old:
            if name not in new and name not in self.leftover_words:
                self.changed.add(("route_maps", name))
                gone.add((), [f"no route-map {name}"])
                self.record.change(Op.REMOVE, ("route_maps", name), f"route-map {name}", None)

    def _exclude_again(self, ended: Collection[tuple[str, int]]) -> None:
        """Say again what stays of the exclusions that were ended."""
        self.phases["bgp_lists"].add((), tied_anew(self.old, self.new, ended))
        for name, seq in ended:
            (lst,) = (one.set.as_path_exclude_list for one in self.old.route_maps[name].entries if one.seq == seq)
            for entry in self.new.route_maps[name].entries if name in self.new.route_maps else ():
                if entry.seq == seq and lst is not None and entry.set.as_path_exclude_list == lst:
                    enter = (f"route-map {name} {entry.action} {seq}",)
                    self.phases["northbound"].add(enter, [excluding(lst)])

    def _new_map(self, name: str, route_map: RouteMap) -> None:
        self.changed.add(("route_maps", name))
        for block in route_map_blocks(name, route_map, self.version, canonical=True):
            if block.enter:
                self.record.change(Op.ADD, block.path, None, block.enter[0])
            found = delta((), block.lines, self.version)
            self.record.take(found)
            self.phases["northbound"].add(block.enter, found.then, always=bool(block.enter))
            self.phases["northbound"].add_raw(block.enter, self.record.raw(block.enter, block.path, block.raw))

    def _map_entries(self, name: str, before: RouteMap, route_map: RouteMap) -> None:
        old = {entry.seq: entry for entry in before.entries}
        new = {entry.seq: entry for entry in route_map.entries}
        phase = self.phases["northbound"]
        for seq, entry in new.items():
            there = old.get(seq)
            if there is entry or there == entry:
                continue
            block = entry_block(name, entry, canonical=True)
            was = [] if there is None else entry_block(name, there, canonical=True).lines
            found = delta(was, block.lines, self.version)
            self.record.take(found, impact=Impact.REFRESH)
            action = there is None or there.action != entry.action
            if there is None:
                self.record.change(Op.ADD, block.path, None, block.enter[0])
            elif action:
                head = f"route-map {name} {there.action} {seq}"
                self.record.change(Op.MODIFY, (*block.path, "action"), head, block.enter[0], Impact.REFRESH)
            if there is not None and any(
                change.op is Op.REMOVE and statement.rule.stays for change, statement in found.changes
            ):
                kept = [one.line for one in self.leftovers if one.context == tuple(block.enter)]
                phase.add((), [f"no route-map {name} {there.action} {seq}"])
                phase.add(block.enter, [*(line.statement.text for line in block.lines), *kept], always=True)
                continue
            _, undone = self.undone.get((name, seq), ((), []))
            first, last = ([line for line in lines if line not in undone] for lines in (found.first, found.last))
            phase.add(block.enter, [*first, *found.then, *last], always=action)
            phase.add_raw(block.enter, self.record.raw(block.enter, block.path, block.raw))
        for seq, entry in old.items():
            if seq not in new:
                head = f"route-map {name} {entry.action} {seq}"
                phase.add((), [f"no {head}"])
                self.record.change(Op.REMOVE, ("route_maps", name, str(seq)), head, None, Impact.REFRESH)

    def _refresh_cached_prefix_lists(self) -> None:
        instead, again = refresh_cached_prefix_lists(self.old, self.new, self.changed)
        for phase, part in (("northbound", instead), ("again", again)):
            for enter, lines in part:
                self.phases[phase].add(enter, lines)

    def _stand_in(self) -> None:
        for name, route_map in self.standins.maps.items():
            for block in route_map_blocks(name, route_map, self.version, canonical=True):
                lines = [line.statement.text for line in block.lines]
                self.phases["northbound"].add(block.enter, lines, always=bool(block.enter))
            self.phases["northbound_gone"].add((), [f"no route-map {name}"])

    # bfd and rpki

    def _bfd(self) -> None:
        old, new = (
            {block.enter: block for block in bfd_blocks(router, canonical=True)} for router in (self.old, self.new)
        )
        # to FRR a peer is also what has its address alone: it goes before one of the same address comes
        coming = {enter[1].split(" ")[1] for enter in new.keys() - old.keys() if enter[1].startswith("peer ")}
        early = {enter for enter in old.keys() - new.keys() if enter[1].split(" ")[1] in coming}
        for enter in old:
            if enter in early:
                self.phases["northbound"].add(enter[:1], [f"no {enter[1]}"])
        for enter, block in new.items():
            there = old.get(enter)
            found = delta([] if there is None else _overwritten(there.lines), _overwritten(block.lines), self.version)
            self.record.take(found)
            if there is None:
                self.record.change(Op.ADD, block.path, None, enter[1])
            self.phases["northbound"].add(enter, [*found.first, *found.then, *found.last], always=there is None)
        for enter, block in old.items():
            if enter not in new:
                self.record.change(Op.REMOVE, block.path, enter[1], None)
                self.phases["northbound_gone"].add(enter[:1], [] if enter in early else [f"no {enter[1]}"])

    def _rpki(self) -> None:
        old, new = (
            next((block.lines for block in rpki_blocks(router, canonical=True)), []) for router in (self.old, self.new)
        )
        found = delta(old, new, self.version)
        self.record.take(found)
        self.phases["globals"].add(("rpki",), [*found.then, *found.last])

    # BGP

    def _instances(self) -> None:
        pairs = {"": (self.old.bgp, self.new.bgp)}
        for name in {**self.new.vrfs, **self.old.vrfs}:
            pairs[name] = (self.old.bgp_of(name), self.new.bgp_of(name))
        old, new = pairs[""]
        main_goes = old is not None and (new is None or new.asn != old.asn)
        gone = [
            (vrf, old)
            for vrf, (old, new) in reversed(pairs.items())
            if old is not None and (new is None or new.asn != old.asn or main_goes)
        ]
        for vrf, old in gone:
            suffix = f" vrf {vrf}" if vrf else ""
            self.phases["bgp"].add((), [f"no router bgp {old.asn}{suffix}"])
            path = ("vrfs", vrf, "bgp") if vrf else ("bgp",)
            self.record.change(Op.REMOVE, path, f"router bgp {old.asn}{suffix}", None, Impact.RESET)
            for session in sessions(old):
                self.record.session(vrf, session.name, Impact.RESET, "router bgp removed")
        removed = {vrf for vrf, _ in gone}
        for vrf, (old, new) in pairs.items():
            if new is not None:
                before = None if vrf in removed else old
                instance = Instance(
                    self.record,
                    self.phases["bgp"],
                    self.version,
                    vrf=vrf,
                    old=before,
                    new=new,
                    standins=self.standins,
                )
                instance.build(self.profile)
                self._say_again(instance)
                if before is not None:
                    self._aggregate_again(instance)

    def _aggregate_again(self, instance: Instance) -> None:
        """Have FRR make aggregates anew whose route map changes: of a map that now denies it goes on with the old one.

        The map must be there before, and FRR 10 has it at the end of its batch (8.4.4, 10.3, 10.7.1).
        """
        affected = affected_maps(self.new, self.changed) | affected_maps(self.old, self.changed)
        for family in FAMILIES:
            old, new = (getattr(bgp, family) for bgp in (instance.old, instance.new))
            stale = {
                str(prefix)
                for prefix, one in new.aggregates.items()
                if one.route_map is not None
                and ("route_maps", one.route_map) in affected
                and old.aggregates.get(prefix) == one
            }
            holding = {str(prefix) for prefix, one in new.aggregates.items() if one.summary_only or one.suppress_map}
            lines = Part((), FAMILY.written(new, canonical=True)).lines
            texts: list[str] = []
            for line in lines:
                if line.path[0] == "aggregates" and line.path[1] in stale:
                    # what it holds back would come out, if it went: then the line alone comes again
                    texts += (
                        [line.statement.text] if line.path[1] in holding else [line.statement.undo, line.statement.text]
                    )
            self.phases["again"].add((*instance.enter, f"address-family {family.replace('_', ' ')}"), texts)

    def _say_again(self, instance: Instance) -> None:
        """Send again what the model lacks of a neighbor that is made anew: lines of other families go with it."""
        for leftover in chain(self.raw_there, () if self.prune else self.leftovers):
            words = leftover.line.removeprefix("no ").split()
            theirs = leftover.context[:1] == instance.enter and words[:1] == ["neighbor"]
            if theirs and len(words) > 1 and words[1] in instance.anew:
                self.phases["bgp"].add(leftover.context, [leftover.line])

    # what policy does to sessions

    def _policy_sessions(self) -> None:
        for vrf, how in self.record.clears:
            suffix = f"vrf {vrf} " if vrf else ""
            self.after += [f"clear bgp {suffix}{family.replace('_', ' ')} * {how}" for family in FAMILIES]
        silent = affected_maps(self.new, silent_maps(self.old, self.new, self.changed))
        affected = affected_maps(self.new, self.changed) | affected_maps(self.old, self.changed)
        for vrf, new, old in [
            ("", self.new.bgp, self.old.bgp),
            *(
                (name, vrf.bgp, self.old.vrfs[name].bgp if name in self.old.vrfs else None)
                for name, vrf in self.new.vrfs.items()
            ),
        ]:
            if new is None or old is None:
                continue
            suffix = f"vrf {vrf} " if vrf else ""
            for use in uses(new):
                if use.ref not in affected or (
                    use.neighbor not in old.neighbors and use.neighbor not in old.peer_groups
                ):
                    continue
                if use.neighbor in new.neighbors:
                    self.record.session(vrf, use.neighbor, Impact.REFRESH, f"{NOUNS[use.ref[0]]} {use.ref[1]}")
                direct = use.ref in silent if use.ref[0] == "route_maps" else use.ref in self.changed
                if (direct or self.new.route_map_delay_timer == 0) and not use.inherited:
                    who = f"peer-group {use.neighbor}" if use.neighbor in new.peer_groups else use.neighbor
                    family = use.family.replace("_", " ")
                    command = f"clear bgp {suffix}{family} {who} soft {use.direction}"
                    if command not in self.after:
                        self.after.append(command)


def _overwritten(lines: list[Line]) -> list[Line]:
    """FRR 8.4 has no `no` for BFD's numbers: undo them by their default."""
    return [
        Line(line.owner, line.statement._replace(undo=BFD_DEFAULTS.get(line.statement.slot[0], line.statement.undo)))
        for line in lines
    ]


def _free_prefixes(found: Delta) -> None:
    """Take a static route away first where FRR refuses it beside a new one: a blackhole beside a gateway."""
    coming = {(routed[0], not routed[1]) for line in found.then if (routed := _routed(line))}
    early = [line for line in found.last if line.startswith("no ip") and _routed(line[3:]) in coming]
    found.first.extend(early)
    found.last[:] = [line for line in found.last if line not in early]


def _routed(line: str) -> tuple[tuple[object, ...], bool] | None:
    """Give what a static route leads to, with its table and distance, and whether it drops; None if it is none."""
    data = read_static_route(line)
    if data is None:
        return None
    return (data["prefix"], data["source"], data.get("table"), data.get("distance")), data.get("drop") is not None
