"""Building a plan: the differences of each context, put into an order in which no step leaves a hole.

The order: what is new is made before it is referred to; what is edited is edited in place; what is no longer referred
to goes last. Lists and route maps that FRR takes as one transaction stand together, before and behind `router bgp`:
on either side one block, for the cost of a transaction is that of everything loaded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from frrgen.diff.canonical import canonical
from frrgen.diff.changes import Change, Commands, Delta, Op, delta
from frrgen.diff.owned import with_unowned
from frrgen.diff.prune import undo
from frrgen.errors import InputError, error
from frrgen.grammar.bgp import FAMILY, INSTANCE, LISTEN
from frrgen.grammar.layout import (
    Block,
    Line,
    Part,
    Path,
    bfd_blocks,
    entry_block,
    family_part,
    global_blocks,
    group_part,
    neighbor_part,
    optimization,
    raw_lines,
    route_map_blocks,
    rpki_blocks,
    starts_shut,
    vrf_blocks,
)
from frrgen.grammar.policy import LISTS, MATCH, ListKind
from frrgen.grammar.rule import Impact
from frrgen.grammar.top import BFD_DEFAULTS, wholes
from frrgen.model.bgp import FAMILIES, Bgp, Neighbor, PeerGroup
from frrgen.model.policy import RouteMap, RouteMapEntry, call_circle, calls
from frrgen.model.references import Ref, affected_maps, uses
from frrgen.model.router import Router
from frrgen.parse.frr import Leftover, Parsed

_PHASES: Final = ("globals", "bgp_lists", "northbound", "bgp", "northbound_gone", "bgp_lists_gone", "globals_gone")
_RANK: Final = {Impact.NONE: 0, Impact.REFRESH: 1, Impact.RESET: 2}
_KIND_WORDS: Final = {
    "route_maps": "route-map",
    "prefix_lists": "prefix-list",
    "ipv6_prefix_lists": "ipv6 prefix-list",
    "access_lists": "access-list",
    "ipv6_access_lists": "ipv6 access-list",
    "as_path_lists": "as-path list",
    "community_lists": "community-list",
    "large_community_lists": "large-community-list",
    "extcommunity_lists": "extcommunity-list",
    "community_aliases": "community alias",
}
_AFTER_NEIGHBORS: Final = frozenset({"no bgp deterministic-med"})
"""FRR refuses it while a neighbor has addpath-tx-bestpath-per-AS."""
Session = tuple[str, str]


class Builder:
    """Builds one plan: call `build`, then read the attributes."""

    def __init__(self, running: Parsed, intended: Router, *, prune_leftovers: bool = False) -> None:
        whole = with_unowned(running.router, intended)
        self.old = canonical(running.router, whole)
        self.new = canonical(whole)
        self.version = intended.version
        self.prune = prune_leftovers
        self.full = intended.ownership == "full"
        self.all_leftovers = running.leftovers
        self.leftovers: list[Leftover] = []
        self.changes: list[Change] = []
        self.sessions: dict[Session, tuple[Impact, list[str]]] = {}
        self.after: list[str] = []
        self.changed: set[Ref] = set()
        self.undone: dict[tuple[str, int], frozenset[str]] = {}
        self.phases = {phase: Commands() for phase in _PHASES}

    @property
    def commands(self) -> Commands:
        """All phases, one behind the other."""
        whole = Commands()
        for phase in _PHASES:
            whole.extend(self.phases[phase])
        return whole

    def build(self) -> None:
        """Find every change."""
        self._raw()
        self._globals()
        self._end_any()
        for kind in LISTS:
            self._lists(kind)
        self._route_maps()
        self._resend_matches()
        self._bfd()
        self._rpki()
        self._instances()
        self._policy_sessions()
        self._prune()

    # what is common

    def _take(
        self, found: Delta, *, vrf: str = "", neighbors: Iterable[str] = (), impact: Impact | None = None
    ) -> None:
        """Record changes and what they do to sessions; `impact` where the context knows better than the rule."""
        for change, statement in found.changes:
            self.changes.append(change if impact is None else change._replace(impact=impact))
            if change.impact is not Impact.NONE:
                because = statement.rule.field.split(".")[-1].replace("_", "-")
                for neighbor in neighbors:
                    self._session(vrf, neighbor, change.impact, because)

    def _session(self, vrf: str, neighbor: str, impact: Impact, because: str) -> None:
        before, reasons = self.sessions.get((vrf, neighbor), (impact, []))
        if _RANK[impact] > _RANK[before]:
            reasons = []
        elif _RANK[impact] < _RANK[before]:
            return
        self.sessions[vrf, neighbor] = (impact, [*reasons, because])

    def _change(self, op: Op, path: Path, before: str | None, after: str | None, impact: Impact = Impact.NONE) -> None:
        self.changes.append(Change(op, path, before, after, impact))

    # raw lines and leftovers

    def _raw(self) -> None:
        wanted = set(raw_lines(self.new))
        there = {(leftover.context, leftover.line) for leftover in self.all_leftovers}
        self.raw_there = wanted & there
        self.leftovers = [one for one in self.all_leftovers if (one.context, one.line) not in wanted]
        around = {enter for one in self.leftovers for enter in one.context if not enter.startswith("route-map ")}
        said = chain(around, (one.line for one in self.leftovers))
        self.leftover_words = {word for line in said for word in line.split()}

    def _missing_raw(self, enter: tuple[str, ...], lines: Iterable[Line]) -> list[Line]:
        return [
            line
            for line in lines
            if line.statement.slot[0] != "raw" or (enter, " ".join(line.statement.text.split())) not in self.raw_there
        ]

    def _prune(self) -> None:
        if not self.prune:
            return
        gone = set(self.commands.lines())
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
            self._change(Op.REMOVE, ("leftovers", str(leftover.number)), leftover.line, None)
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
            lines = self._missing_raw(enter, block.lines)
            there = old[enter].lines if enter in old else []
            found = delta(self._owned(there, block), lines, self.version)
            self._take(found)
            _free_prefixes(found)
            if enter not in old and not found:
                self._change(Op.ADD, block.path, None, enter[0])
                self.phases["globals"].add(enter, [], always=True)
            self.phases["globals"].add(enter, [*found.first, *found.then])
            self.phases["globals_gone"].add(enter, found.last)
        for enter, block in old.items():
            if enter not in new and self.full:
                self._change(Op.REMOVE, block.path, enter[0], None)
                self.phases["globals_gone"].add((), [f"no {enter[0]}"])

    def _owned(self, lines: list[Line], new: Block) -> list[Line]:
        """Leave alone what frrgen does not own: without `ownership: full` only what the model speaks of."""
        spoken = {line.path for line in new.lines}
        aliases = "community_aliases"
        never = {"defaults", "ip_forwarding", "ipv6_forwarding"}
        return [
            line
            for line in lines
            if line.path in spoken
            or (self.full and line.statement.slot[0] not in never)
            or (line.statement.slot[0] == aliases and line.statement.slot[1] not in self.leftover_words)
        ]

    # lists

    def _lists(self, kind: ListKind) -> None:
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
                self._change(Op.REMOVE, (kind.field, name), kind.head(name, before), None, Impact.REFRESH)
                before = None
            phase.add((), self._list_lines(kind, name, before, lst))
        for name, lst in old.items():
            if name not in new and name not in self.leftover_words:
                self.changed.add((kind.field, name))
                head = kind.head(name, lst)
                gone.add((), [f"no {head}"])
                self._change(Op.REMOVE, (kind.field, name), head, None)

    def _end_any(self) -> None:
        """Rewrite `any` before something else is written over it: FRR 8.4 keeps half of it, and hides that.

        `any` overwritten by 10.0.0.0/8 goes on to mean `10.0.0.0/8 le 32` in a prefix list, and nothing at all in an
        access list, while the running config shows the new entry. The same prefix written out can be overwritten.
        """
        ended: list[str] = []
        for kind in LISTS:
            wanted = kind.of(self.new)
            for name, lst in kind.of(self.old).items() if kind.northbound else ():
                if name not in wanted or wanted[name] == lst:
                    continue
                new = {entry.seq: entry for entry in wanted[name].entries}
                head = kind.head(name, lst)
                for entry in lst.entries:
                    if entry.seq not in new or new[entry.seq] == entry:
                        continue
                    value = kind.entry(head, entry)
                    if "any" not in value.split():
                        continue
                    if not value.endswith(f"{entry.action} any"):
                        ended.append(kind.undo_entry(head, entry))
                        continue
                    zero, longest = ("::/0", 128) if "ipv6" in kind.field else ("0.0.0.0/0", 32)
                    within = f" le {longest}" if kind.field.endswith("prefix_lists") else ""
                    ended.append(f"{value.removesuffix('any')}{zero}{within}")
        if ended:
            # leaving a node makes it a transaction of its own
            self.phases["northbound"].add((), [*ended, "line vty", "exit"])

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
            self._change(
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
        wanted = {_same(kind, new[seq]) for seq in differing if seq in new}
        if kind.field == "as_path_lists" and _ambiguous(old, differing):
            # FRR 8.4 removes the first entry with the same expression, whatever its number and action
            first = [f"no {head}"]
            self._change(Op.REMOVE, path, head, None, Impact.REFRESH)
            old, differing = {}, set(new)
        for seq in sorted(differing):
            entry, there = new.get(seq), old.get(seq)
            text = None if entry is None else kind.entry(head, entry)
            was = None if there is None else kind.entry(head, there)
            if there is not None:
                undo = kind.undo_entry(head, there)
                if _same(kind, there) in wanted or (getattr(there, "exact", False) and entry is not None):
                    # and FRR keeps `exact-match` of an entry that is overwritten
                    first.append(undo)
                elif entry is None:
                    last.append(undo)
            if text is not None:
                then.append(text)
            op = Op.ADD if was is None else Op.REMOVE if text is None else Op.MODIFY
            self._change(op, (*path, str(seq)), was, text, Impact.REFRESH if before is not None else Impact.NONE)
        return [*first, *then, *last]

    # route maps

    def _route_maps(self) -> None:
        old, new = self.old.route_maps, self.new.route_maps
        self._end_calls()
        self._end_clauses()
        phase, gone = self.phases["northbound"], self.phases["northbound_gone"]
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
                self._change(Op.MODIFY, ("route_maps", name, "optimization"), texts[0], texts[1])
                phase.add((), texts[1:])
        for name in old:
            if name not in new and name not in self.leftover_words:
                self.changed.add(("route_maps", name))
                gone.add((), [f"no route-map {name}"])
                self._change(Op.REMOVE, ("route_maps", name), f"route-map {name}", None)

    def _end_calls(self) -> None:
        """Take calls away before anything else, where FRR 8.4 would die of them, now or later.

        Maps that call each other in a circle kill it, for however short a moment; and an entry that is removed with
        its call leaves a trace that makes such a circle of a later, harmless call.
        """
        old, new = self.old.route_maps, self.new.route_maps
        before, after = calls(old), calls(new)
        if circle := call_circle(after):
            raise InputError(
                error("FRR431", f"route maps call each other in a circle, which kills FRR: {' -> '.join(circle)}")
            )
        both = {name: before.get(name, set()) | after.get(name, set()) for name in {**old, **new}}
        turning = bool(call_circle(both))
        ended: list[str] = []
        for name, route_map in old.items():
            kept = {entry.seq: entry.call for entry in new[name].entries} if name in new else {}
            for entry in route_map.entries:
                if entry.call is None or kept.get(entry.seq) == entry.call:
                    continue
                if name in new and entry.seq not in kept:
                    # without its call it would permit more: it denies until it goes; with on-match FRR refuses that
                    action = entry.action if entry.on_match is not None else "deny"
                    ended += [f"route-map {name} {action} {entry.seq}", "no call"]
                elif turning:
                    ended += [f"route-map {name} {entry.action} {entry.seq}", "no call"]
        if ended:
            # the exit makes it a transaction of its own: within one, FRR does not keep the order of lines
            self.phases["northbound"].add((), [*ended, "exit"])

    def _end_clauses(self) -> None:
        """Take a clause away before one that FRR 8.4 cannot write over it: it would lose both, and hide that.

        The running config shows the new one, bgpd holds neither, and sending it once more does not heal it.
        """
        if self.version >= (10,):
            return
        ended: list[str] = []
        for name, route_map in self.old.route_maps.items():
            if name not in self.new.route_maps or self.new.route_maps[name].entries == route_map.entries:
                continue
            kept = {entry.seq: entry for entry in self.new.route_maps[name].entries}
            for entry in route_map.entries:
                if entry.seq in kept and (undone := list(_lost(entry, kept[entry.seq]))):
                    ended += [f"route-map {name} {entry.action} {entry.seq}", *undone]
                    self.undone[name, entry.seq] = frozenset(undone)
        if ended:
            self.phases["northbound"].add((), [*ended, "exit"])

    def _new_map(self, name: str, route_map: RouteMap) -> None:
        self.changed.add(("route_maps", name))
        for block in route_map_blocks(name, route_map, self.version, canonical=True):
            if block.enter:
                self._change(Op.ADD, block.path, None, block.enter[0])
            found = delta((), self._missing_raw(block.enter, block.lines), self.version)
            self._take(found)
            self.phases["northbound"].add(block.enter, found.then, always=bool(block.enter))

    def _map_entries(self, name: str, before: RouteMap, route_map: RouteMap) -> None:
        old = {entry.seq: entry for entry in before.entries}
        new = {entry.seq: entry for entry in route_map.entries}
        phase = self.phases["northbound"]
        for seq, entry in new.items():
            there = old.get(seq)
            if there is entry or there == entry:
                continue
            block = entry_block(name, entry, canonical=True)
            lines = self._missing_raw(block.enter, block.lines)
            was = [] if there is None else entry_block(name, there, canonical=True).lines
            found = delta(was, lines, self.version)
            self._take(found, impact=Impact.REFRESH)
            action = there is None or there.action != entry.action
            if there is None:
                self._change(Op.ADD, block.path, None, block.enter[0])
            elif action:
                head = f"route-map {name} {there.action} {seq}"
                self._change(Op.MODIFY, (*block.path, "action"), head, block.enter[0], Impact.REFRESH)
            undone = self.undone.get((name, seq), frozenset())
            last = [line for line in found.last if line not in undone]
            phase.add(block.enter, [*found.first, *found.then, *last], always=action)
        for seq, entry in old.items():
            if seq not in new:
                head = f"route-map {name} {entry.action} {seq}"
                phase.add((), [f"no {head}"])
                self._change(Op.REMOVE, ("route_maps", name, str(seq)), head, None, Impact.REFRESH)

    def _resend_matches(self) -> None:
        """FRR 8's optimiser forgets edits of prefix lists: where it is on, name the edited lists anew.

        The same line again changes nothing, so another stands there for one transaction, by which no more is let in:
        what is permitted asks for a list that is not there, and what is denied is everything.
        """
        if self.version >= (9,):
            return
        phase = self.phases["northbound"]
        again: list[tuple[tuple[str], list[str]]] = []
        for name, route_map in self.new.route_maps.items():
            if not optimization(route_map, self.version) or name not in self.old.route_maps:
                continue
            for entry in route_map.entries:
                edited = [
                    line.statement
                    for line in Part((), MATCH.written(entry.match, canonical=True)).lines
                    if (_OPTIMISED.get(field := line.statement.rule.field), getattr(entry.match, field)) in self.changed
                ]
                if not edited:
                    continue
                enter = (f"route-map {name} {entry.action} {entry.seq}",)
                denies = entry.action == "deny"
                phase.add(enter, [one.undo if denies else _asking_for_nothing(one.text) for one in edited])
                again.append((enter, [one.text for one in edited]))
        if again:
            phase.add((), ["exit"])
            for entered, lines in again:
                phase.add(entered, lines)

    # bfd and rpki

    def _bfd(self) -> None:
        old, new = (
            {block.enter: block for block in bfd_blocks(router, canonical=True)} for router in (self.old, self.new)
        )
        for enter, block in new.items():
            there = old.get(enter)
            found = delta([] if there is None else _overwritten(there.lines), _overwritten(block.lines), self.version)
            self._take(found)
            if there is None:
                self._change(Op.ADD, block.path, None, enter[1])
            self.phases["northbound"].add(enter, [*found.first, *found.then, *found.last], always=there is None)
        for enter, block in old.items():
            if enter not in new:
                self._change(Op.REMOVE, block.path, enter[1], None)
                self.phases["northbound_gone"].add(enter[:1], [f"no {enter[1]}"])

    def _rpki(self) -> None:
        old, new = (
            next((block.lines for block in rpki_blocks(router, canonical=True)), []) for router in (self.old, self.new)
        )
        found = delta(old, new, self.version)
        self._take(found)
        self.phases["globals"].add(("rpki",), [*found.then, *found.last])

    # BGP

    def _instances(self) -> None:
        pairs = {"": (self.old.bgp, self.new.bgp)}
        for name in {**self.new.vrfs, **self.old.vrfs}:
            pairs[name] = (_bgp_of(self.old, name), _bgp_of(self.new, name))
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
            self._change(Op.REMOVE, path, f"router bgp {old.asn}{suffix}", None, Impact.RESET)
            for neighbor in old.neighbors:
                self._session(vrf, neighbor, Impact.RESET, "router bgp removed")
        removed = {vrf for vrf, _ in gone}
        for vrf, (old, new) in pairs.items():
            if new is not None:
                _Instance(self, vrf, None if vrf in removed else old, new).build()

    # what policy does to sessions

    def _policy_sessions(self) -> None:
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
                    self._session(vrf, use.neighbor, Impact.REFRESH, f"{_KIND_WORDS[use.ref[0]]} {use.ref[1]}")
                direct = use.ref[0] != "route_maps" and use.ref in self.changed
                if (direct or self.new.route_map_delay_timer == 0) and not use.inherited:
                    who = f"peer-group {use.neighbor}" if use.neighbor in new.peer_groups else use.neighbor
                    family = use.family.replace("_", " ")
                    command = f"clear bgp {suffix}{family} {who} soft {use.direction}"
                    if command not in self.after:
                        self.after.append(command)


def _bgp_of(router: Router, vrf: str) -> Bgp | None:
    return router.vrfs[vrf].bgp if vrf in router.vrfs else None


def _overwritten(lines: list[Line]) -> list[Line]:
    """FRR 8.4 has no `no` for BFD's numbers: undo them by their default."""
    return [
        Line(line.owner, line.statement._replace(undo=BFD_DEFAULTS.get(line.statement.slot[0], line.statement.undo)))
        for line in lines
    ]


def _lost(was: RouteMapEntry, now: RouteMapEntry) -> Iterator[str]:
    """Give what undoes the clauses that FRR 8.4 loses when these stand in the same entry after them."""
    old, new = was.set, now.set
    if isinstance(old.metric, str) and new.metric is not None and _metric_kind(old.metric) != _metric_kind(new.metric):
        yield "no set metric"
    for name in ("community", "large_community"):
        before, after = getattr(old, name), getattr(new, name)
        if before is not None and after is not None and after.communities == "none" != before.communities:
            yield f"no set {name.replace('_', '-')}"
    prepends = (old.as_path_prepend, new.as_path_prepend_last_as), (old.as_path_prepend_last_as, new.as_path_prepend)
    if any(None not in pair for pair in prepends):
        yield "no set as-path prepend"
    if was.match.peer is not None and now.match.peer is not None and was.match.peer != now.match.peer:
        yield "no match peer"


def _metric_kind(metric: int | str) -> str:
    """Tell apart what FRR 8.4 cannot write over another: absolute, +, -, and the kinds of rtt."""
    text = str(metric)
    return text if text.endswith("rtt") else text[0] if text[0] in "+-" else "absolute"


def _same(kind: ListKind, entry: Any) -> str:
    """Give that by which FRR 8.4 finds that a list already has a value: of an access list it sees the source only."""
    if kind.field in {"access_lists", "ipv6_access_lists"}:
        return str(entry.prefix or entry.source)
    return kind.value(entry)


_OPTIMISED: Final = {"ip_address_prefix_list": "prefix_lists", "ipv6_address_prefix_list": "ipv6_prefix_lists"}
"""What the optimiser of route maps remembers: the lists of these clauses."""


def _asking_for_nothing(line: str) -> str:
    """Name a list that is not there instead: then nothing matches."""
    return f"{line.rpartition(' ')[0]} frrgen-is-at-work"


def _free_prefixes(found: Delta) -> None:
    """Take static routes away first where a prefix gets another kind: FRR refuses a blackhole beside a gateway."""
    routed = {_routed(line) for line in found.then}
    early = [line for line in found.last if line.startswith("no ip") and _routed(line[3:]) in routed]
    found.first.extend(early)
    found.last[:] = [line for line in found.last if line not in early]


def _routed(line: str) -> str:
    words = line.split(" ")
    return " ".join(words[:3]) if words[1:2] == ["route"] else ""


def _ambiguous(entries: dict[int, Any], differing: set[int]) -> bool:
    values = Counter(entry.regex for entry in entries.values())
    return any(values[entries[seq].regex] > 1 for seq in differing if seq in entries)


class _Instance:
    """The changes of one BGP instance."""

    def __init__(self, builder: Builder, vrf: str, old: Bgp | None, new: Bgp) -> None:
        self.builder = builder
        self.vrf = vrf
        self.old = Bgp(asn=new.asn) if old is None else old
        self.is_new = old is None
        self.new = new
        self.path: Path = ("vrfs", vrf, "bgp") if vrf else ("bgp",)
        self.enter = (f"router bgp {new.asn}{f' vrf {vrf}' if vrf else ''}",)
        self.commands = builder.phases["bgp"]
        self.version = builder.version

    def build(self) -> None:
        """Find the changes and write the commands, in the order that is safe."""
        builder = self.builder
        if self.is_new:
            builder._change(Op.ADD, self.path, None, self.enter[0])  # noqa: SLF001
            self.commands.add(self.enter, [], always=True)
        late = self._instance_options()
        groups, neighbors = self._rebuilt()
        for name, group in self.new.peer_groups.items():
            self._one(name, group, self.old.peer_groups.get(name), rebuild=name in groups)
        for peer, neighbor in self.new.neighbors.items():
            self._one(peer, neighbor, self.old.neighbors.get(peer), rebuild=peer in neighbors)
        listen = delta(self._listen(self.old), self._listen(self.new), self.version)
        self._take(listen)
        self.commands.add(self.enter, [*listen.first, *listen.then, *listen.last])
        for family in FAMILIES:
            self._family(family)
        for peer, gone in self.old.neighbors.items():
            if peer not in self.new.neighbors:
                self._gone(neighbor_part(peer, gone, self.old, self.path, canonical=True), peer)
        for name, gone_group in self.old.peer_groups.items():
            if name not in self.new.peer_groups:
                self._gone(group_part(name, gone_group, self.path, canonical=True), None)
        self.commands.add(self.enter, late)

    def _take(self, found: Delta, neighbors: Iterable[str] = (), *, fresh: bool = False) -> None:
        impact = Impact.NONE if fresh or self.is_new else None
        self.builder._take(found, vrf=self.vrf, neighbors=neighbors, impact=impact)  # noqa: SLF001

    def _instance_options(self) -> list[str]:
        """Give the lines that must wait until the neighbors are as intended."""
        builder = self.builder
        old, new = (Part(self.path, INSTANCE.written(bgp, canonical=True)).lines for bgp in (self.old, self.new))
        raw = Part(self.path, list(wholes("raw", self.new.raw))).lines
        found = delta(old, [*new, *builder._missing_raw(self.enter, raw)], self.version)  # noqa: SLF001
        self._take(found, [peer for peer in self.old.neighbors if peer in self.new.neighbors])
        late = [line for line in found.last if line in _AFTER_NEIGHBORS]
        early = [line for line in found.last if line not in _AFTER_NEIGHBORS]
        self.commands.add(self.enter, [*found.first, *found.then, *early])
        return late

    def _listen(self, bgp: Bgp) -> list[Line]:
        return Part(self.path, LISTEN.written(bgp, canonical=True)).lines

    def _rebuilt(self) -> tuple[set[str], set[str]]:
        """Find what must be deleted and made anew: FRR has no other way to change what makes a neighbor."""
        groups = {
            name
            for name, group in self.new.peer_groups.items()
            if name in self.old.peer_groups
            and (self.old.peer_groups[name].remote_as is None) != (group.remote_as is None)
        }
        neighbors = set()
        for peer, neighbor in self.new.neighbors.items():
            old = self.old.neighbors.get(peer)
            if old is None:
                continue
            if (
                neighbor.peer_group in groups
                or old.peer_group in groups
                or _makes(old, self.old, peer) != _makes(neighbor, self.new, peer)
            ):
                neighbors.add(peer)
        return groups, neighbors

    def _one(self, name: str, one: Neighbor | PeerGroup, old: Neighbor | PeerGroup | None, *, rebuild: bool) -> None:
        builder = self.builder
        if old is not None and not rebuild and old == one and self._same_group(one):
            return
        owner: Path = ("neighbors" if isinstance(one, Neighbor) else "peer_groups", name)
        members = self._members(name, one)
        if rebuild:
            self.commands.add(self.enter, [f"no neighbor {name}"])
            for member in members:
                builder._session(self.vrf, member, Impact.RESET, "made anew")  # noqa: SLF001
            old = None
        elif old is None:
            members = []
        found = delta(self._lines(name, old, self.old), self._lines(name, one, self.new), self.version)
        self._take(found, members, fresh=old is None)
        self.commands.add(self.enter, [*found.first, *found.then, *found.last])
        if old is None and isinstance(one, Neighbor) and starts_shut(one, self.new):
            self.commands.add(self.enter, [f"no neighbor {name} shutdown"])
        for family in FAMILIES:
            was = [] if old is None else family_part(old, owner, family, self.path, canonical=True).lines
            now = family_part(one, owner, family, self.path, canonical=True).lines
            part = delta(was, now, self.version)
            self._take(part, members, fresh=old is None)
            enter = (*self.enter, f"address-family {family.replace('_', ' ')}")
            # a family comes alive only when its policy is there
            then = sorted(part.then, key=lambda line: line.endswith(" activate") and not line.startswith("no "))
            self.commands.add(enter, [*part.first, *then, *part.last])

    def _same_group(self, one: Neighbor | PeerGroup) -> bool:
        """Tell whether the group still gives what a member's own lines depend on: a remote-as, or none."""
        if not isinstance(one, Neighbor) or one.peer_group is None:
            return True
        old, new = (bgp.peer_groups.get(one.peer_group) for bgp in (self.old, self.new))
        return (old is None or old.remote_as is None) == (new is None or new.remote_as is None)

    def _lines(self, name: str, one: Neighbor | PeerGroup | None, bgp: Bgp) -> list[Line]:
        if one is None:
            return []
        if isinstance(one, Neighbor):
            return neighbor_part(name, one, bgp, self.path, canonical=True).lines
        return group_part(name, one, self.path, canonical=True).lines

    def _members(self, name: str, one: Neighbor | PeerGroup) -> list[str]:
        if isinstance(one, Neighbor):
            return [name]
        members = [peer for peer, neighbor in self.old.neighbors.items() if neighbor.peer_group == name]
        if name in self.old.listen_ranges.values():
            members.append(f"dynamic neighbors of {name}")
        return members

    def _family(self, family: str) -> None:
        builder = self.builder
        path, enter = (*self.path, family), (*self.enter, f"address-family {family.replace('_', ' ')}")
        families = getattr(self.old, family), getattr(self.new, family)
        old, new = (Part(path, FAMILY.written(one, canonical=True)).lines for one in families)
        raw = Part(path, list(wholes("raw", families[1].raw))).lines
        found = delta(old, [*new, *builder._missing_raw(enter, raw)], self.version)  # noqa: SLF001
        self._take(found)
        self.commands.add(enter, [*found.first, *found.then, *found.last])

    def _gone(self, part: Part, peer: str | None) -> None:
        builder = self.builder
        builder._change(Op.REMOVE, part.owner, part.texts()[0], None, Impact.RESET)  # noqa: SLF001
        self.commands.add(self.enter, [f"no neighbor {part.owner[-1]}{'' if peer else ' peer-group'}"])
        if peer:
            builder._session(self.vrf, peer, Impact.RESET, "removed")  # noqa: SLF001


def _makes(neighbor: Neighbor, bgp: Bgp, peer: str) -> tuple[object, ...]:
    """Give what cannot be changed on a neighbor that exists: its group, and for an unnumbered one all that makes it."""
    group = bgp.peer_groups.get(neighbor.peer_group or "")
    from_group = group is not None and group.remote_as is not None
    unnumbered = (neighbor.remote_as, neighbor.v6only) if not peer[:1].isdigit() and ":" not in peer else ()
    return neighbor.peer_group, from_group, neighbor.interface, *unnumbered
