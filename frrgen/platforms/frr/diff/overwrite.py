"""What FRR cannot write over, though it shows the new thing: it goes first, in a batch of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.model.lists import AccessListEntry
from frrgen.model.policy import RouteMapEntry, call_circle, calls
from frrgen.model.references import Ref, direct_refs, instance_refs, set_refs
from frrgen.model.router import Router
from frrgen.model.types import SESSION_FAMILIES
from frrgen.platforms.frr.grammar.layout import ObjectPart, optimization
from frrgen.platforms.frr.grammar.policy import LISTS, MATCH, ListKind

_OPTIMISED: Final = {"ip_address_prefix_list": "prefix_lists", "ipv6_address_prefix_list": "ipv6_prefix_lists"}
"""What the optimiser of route maps remembers: the lists of these clauses."""
Placed = tuple[tuple[str, ...], list[str]]
"""Lines, with their contexts."""
Lines = list[Placed]


# lists


def expand_any_before_edit(old: Router, new: Router) -> list[str]:
    """Rewrite `any` before something else is written over it: FRR 8.4 keeps half of it, and hides that.

    `any` overwritten by 10.0.0.0/8 goes on to mean `10.0.0.0/8 le 32` in a prefix list, and nothing at all in an
    access list, while the running config shows the new entry. The same prefix written out can be overwritten.
    """
    ended: list[str] = []
    for kind in LISTS:
        wanted = kind.of(new)
        for name, lst in kind.of(old).items() if kind.northbound else ():
            if name not in wanted or wanted[name] == lst:
                continue
            entries = {entry.seq: entry for entry in wanted[name].entries}
            head = kind.head(name, lst)
            for entry in lst.entries:
                if entry.seq not in entries or entries[entry.seq] == entry:
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
    return ended


def found_by(kind: ListKind, entry: Any) -> str:
    """Return the key by which FRR 8.4 finds a value in a list: in an access list it sees the source only."""
    if kind.field in {"access_lists", "ipv6_access_lists"}:
        return str(entry.prefix or entry.source)
    return kind.value(entry)


def leaves_rest(kind: ListKind, there: Any, entry: Any) -> bool:
    """Tell whether FRR keeps a part of an entry of an access list that another entry is written over.

    It keeps `exact-match`, wildcards and destinations that the new entry does not have (8.4.4, 10.3, 10.7.1).
    """
    if kind.field not in {"access_lists", "ipv6_access_lists"}:
        return False
    return bool(there.exact) or _parts(there) != _parts(entry)


def _parts(entry: AccessListEntry) -> list[object]:
    """Return what an entry of an access list has, by field, and where it is `any`."""
    values = (entry.prefix, entry.source, entry.wildcard, entry.destination, entry.destination_wildcard)
    return [value if value in {None, "any"} else True for value in values]


def ambiguous(entries: dict[int, Any], differing: set[int]) -> bool:
    """Tell whether entries of an AS path list that differ have an expression that another has, too.

    FRR 8.4 removes the first entry with the same expression, whatever its number and action.
    """
    values = Counter(entry.regex for entry in entries.values())
    return any(values[entries[seq].regex] > 1 for seq in differing if seq in entries)


# route maps


def remove_calls_first(old: Router, new: Router) -> Lines:
    """Take calls away before anything else, where FRR would die of them, now or later.

    Maps that call each other in a circle kill it, for however short a moment; and an entry that is removed with
    its call leaves a trace that makes such a circle of a later, harmless call. Raises InputError if the intended
    maps are such a circle.
    """
    before, after = calls(old.route_maps), calls(new.route_maps)
    if circle := call_circle(after):
        raise InputError(
            Finding(Code.FRR431, f"route maps call each other in a circle, which kills FRR: {' -> '.join(circle)}")
        )
    both = {name: before.get(name, set()) | after.get(name, set()) for name in {**old.route_maps, **new.route_maps}}
    turning = bool(call_circle(both))
    ended: Lines = []
    for name, route_map in old.route_maps.items():
        wanted = new.route_maps.get(name)
        kept = {} if wanted is None else {entry.seq: entry.call for entry in wanted.entries}
        for entry in route_map.entries:
            if entry.call is None or kept.get(entry.seq) == entry.call:
                continue
            if wanted is not None and entry.seq not in kept:
                # without its call it would permit more: it denies until it goes; with on-match FRR refuses that
                action = entry.action if entry.on_match is not None else "deny"
                ended.append(((f"route-map {name} {action} {entry.seq}",), ["no call"]))
            elif turning:
                ended.append(((f"route-map {name} {entry.action} {entry.seq}",), ["no call"]))
    return ended


def end_clauses(old: Router, new: Router) -> dict[tuple[str, int], Placed]:
    """Take a clause away before one that FRR 8.4 cannot write over it: it would lose both, and hide that.

    The running config shows the new one, bgpd holds neither, and sending it once more does not heal it. Given are the
    lines that do so, by map and number of the entry.
    """
    if new.version >= (10,):
        return {}
    ended: dict[tuple[str, int], Placed] = {}
    for name, route_map in old.route_maps.items():
        if name not in new.route_maps or new.route_maps[name].entries == route_map.entries:
            continue
        kept = {entry.seq: entry for entry in new.route_maps[name].entries}
        for entry in route_map.entries:
            if entry.seq in kept and (undone := list(_lost(entry, kept[entry.seq]))):
                ended[name, entry.seq] = ((f"route-map {name} {entry.action} {entry.seq}",), undone)
    return ended


def end_exclusions(old: Router, new: Router) -> dict[tuple[str, int], Placed]:
    """Take `set as-path exclude as-path-access-list L` away before L is edited, made or removed.

    FRR 10 loses the tie between the two with each line of L, and dies when the clause is written over later (10.3 and
    10.7.1). Given are the lines that undo it, by map and number of the entry.
    """
    ended: dict[tuple[str, int], Placed] = {}
    for name, route_map in old.route_maps.items():
        for entry in route_map.entries:
            lst = entry.set.as_path_exclude_list
            if lst is not None and old.as_path_lists.get(lst) != new.as_path_lists.get(lst):
                ended[name, entry.seq] = ((f"route-map {name} {entry.action} {entry.seq}",), [f"no {excluding(lst)}"])
    return ended


def tied_anew(old: Router, new: Router, ended: Collection[tuple[str, int]]) -> list[str]:
    """Return a line of each list that a `set as-path exclude as-path-access-list` is about to name, to be sent again.

    FRR 10 destroys what ties clauses to a list with each line of it that is removed, and dies of the next clause that
    names it; a line that comes, even if it is there already, makes that again (10.3 and 10.7.1).
    """
    before = {
        (name, entry.seq): entry.set.as_path_exclude_list
        for name, route_map in old.route_maps.items()
        for entry in route_map.entries
    }
    named = {
        lst: None
        for name, route_map in new.route_maps.items()
        for entry in route_map.entries
        if (lst := entry.set.as_path_exclude_list) is not None
        and ((name, entry.seq) in ended or before.get((name, entry.seq)) != lst)
    }
    (kind,) = (kind for kind in LISTS if kind.field == "as_path_lists")
    lists = {lst: new.as_path_lists[lst] for lst in named if lst in old.as_path_lists and lst in new.as_path_lists}
    return [kind.entry(kind.head(name, lst), lst.entries[-1]) for name, lst in lists.items() if lst.entries]


def excluding(name: str) -> str:
    """Write the clause that takes the AS numbers of a list out of AS paths."""
    return f"set as-path exclude as-path-access-list {name}"


def _lost(was: RouteMapEntry, now: RouteMapEntry) -> Iterator[str]:
    """Yield what undoes the clauses that FRR 8.4 loses when these stand in the same entry after them."""
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


def refresh_cached_prefix_lists(old: Router, new: Router, changed: set[Ref]) -> tuple[Lines, Lines]:
    """Name edited prefix lists again where FRR 8's optimiser is on: it forgets the edits.

    The same line again changes nothing, so another stands there for one transaction, by which no more is let in:
    what is permitted asks for a list that is not there, and what is denied is everything.
    """
    instead: Lines = []
    again: Lines = []
    if new.version >= (9,):
        return instead, again
    for name, route_map in new.route_maps.items():
        if not optimization(route_map, new.version) or name not in old.route_maps:
            continue
        for entry in route_map.entries:
            edited = [
                line.statement
                for line in ObjectPart((), MATCH.written(entry.match, canonical=True)).lines
                if (_OPTIMISED.get(field := line.statement.rule.field), getattr(entry.match, field)) in changed
            ]
            if not edited:
                continue
            enter = (f"route-map {name} {entry.action} {entry.seq}",)
            denies = entry.action == "deny"
            instead.append((enter, [one.undo if denies else _asking_for_nothing(one.text) for one in edited]))
            again.append((enter, [one.text for one in edited]))
    return instead, again


def _asking_for_nothing(line: str) -> str:
    """Name a list that is not there instead: then nothing matches."""
    return f"{line.rpartition(' ')[0]} frrgen-is-at-work"


def silent_maps(old: Router, new: Router, changed: set[Ref]) -> set[Ref]:
    """Return the route maps that change without an event in FRR: the routes that are there keep the old verdict.

    So it is where `on-match` is set, changed or taken away, and where a list of `set comm-list` changes.
    """
    found: set[Ref] = set()
    for name, route_map in new.route_maps.items():
        before = old.route_maps.get(name)
        if before is None:
            continue
        was = {entry.seq: entry.on_match for entry in before.entries}
        for entry in route_map.entries:
            if was.get(entry.seq) != entry.on_match or any(ref in changed for _, ref in set_refs(entry.set)):
                found.add(("route_maps", name))
    return found


def settle_removed_maps(old: Router, new: Router) -> list[str]:
    """Return the lines that have bgpd forget a removed map before a map of its name comes, while a statement names it.

    bgpd keeps the removed map for such a statement until `bgp route-map delay-timer` ends. A new map of the name frees
    it, and bgpd dies when it applies the statement before that: seen on FRR 10.3 in a random walk, 0.1 s after the map
    went. A timer of 0 ends at once; where it is 0 already there is nothing to end.
    """
    wait = old.route_map_delay_timer
    named = {
        ref
        for _, bgp in old.instances()
        for family in SESSION_FAMILIES
        for ref in (
            *(ref for _, ref in instance_refs(getattr(bgp, family))),
            *(
                ref
                for one in (*bgp.peer_groups.values(), *bgp.neighbors.values())
                for _, ref in direct_refs(getattr(one, family), family)
            ),
        )
    }
    back = {("route_maps", name) for name in new.route_maps.keys() - old.route_maps.keys()}
    delay = "bgp route-map delay-timer"
    return [f"{delay} 0", f"{delay} {5 if wait is None else wait}"] if wait != 0 and back & named else []
