"""The plan of lists: prefix lists, access lists, AS-path and community lists."""

from __future__ import annotations

from typing import Any

from frrgen.lines.rule import Impact
from frrgen.platforms.frr.diff.changes import Op
from frrgen.platforms.frr.diff.overwrite import (
    ambiguous,
    expand_any_before_edit,
    found_by,
    leaves_rest,
)
from frrgen.platforms.frr.diff.work import Work
from frrgen.platforms.frr.grammar.policy import LISTS, ListKind


def lists(work: Work) -> None:
    """Plan the lists of every kind."""
    work.phases["ending"].add((), expand_any_before_edit(work.old, work.new))
    for kind in LISTS:
        _lists_of(work, kind)


def _lists_of(work: Work, kind: ListKind) -> None:
    old, new = kind.of(work.old), kind.of(work.new)
    phase = work.phases["northbound" if kind.northbound else "bgp_lists"]
    gone = work.phases["northbound_gone" if kind.northbound else "bgp_lists_gone"]
    for name, lst in new.items():
        before = old.get(name)
        if before is lst or before == lst:
            continue
        work.changed.add((kind.field, name))
        if before is not None and getattr(before, "kind", None) != getattr(lst, "kind", None):
            phase.add((), [f"no {kind.head(name, before)}"])
            work.record.change(Op.REMOVE, (kind.field, name), kind.head(name, before), None, Impact.REFRESH)
            before = None
        phase.add((), _list_lines(work, kind, name, before, lst))
    for name, lst in old.items():
        if name not in new and name not in work.leftover_words:
            work.changed.add((kind.field, name))
            head = kind.head(name, lst)
            gone.add((), [f"no {head}"])
            work.record.change(Op.REMOVE, (kind.field, name), head, None)


def _list_lines(work: Work, kind: ListKind, name: str, before: Any, lst: Any) -> list[str]:
    head, path = kind.head(name, lst), (kind.field, name)
    old = {} if before is None else {entry.seq: entry for entry in before.entries}
    new = {entry.seq: entry for entry in lst.entries}
    first: list[str] = []
    then: list[str] = []
    last: list[str] = []
    old_note, note = (None if one is None else kind.note_of(one) for one in (before, lst))
    if note != old_note:
        text = None if note is None else f"{head} {kind.note} {note}"
        work.record.change(
            Op.REMOVE if text is None else Op.ADD if old_note is None else Op.MODIFY,
            (*path, kind.note),
            None if old_note is None else f"{head} {kind.note} {old_note}",
            text,
        )
        then.append(f"no {head} {kind.note}" if text is None else text)
    differing = {seq for seq in old.keys() | new.keys() if (a := old.get(seq)) is not (b := new.get(seq)) and a != b}
    # FRR silently ignores a value that the list has under another number: free such a value first
    wanted = {found_by(kind, new[seq]) for seq in differing if seq in new}
    if kind.field in {"access_lists", "ipv6_access_lists"}:
        # it also ignores a value that an entry has with `exact-match`: such an entry is sent again
        differing |= {seq for seq in old.keys() & new.keys() if found_by(kind, old[seq]) in wanted}
    if kind.field == "as_path_lists" and ambiguous(old, differing):
        first = [f"no {head}"]
        work.record.change(Op.REMOVE, path, head, None, Impact.REFRESH)
        old, differing = {}, set(new)
    for seq in sorted(differing):
        entry, there = new.get(seq), old.get(seq)
        text = None if entry is None else kind.entry(head, entry)
        was = None if there is None else kind.entry(head, there)
        if there is not None:
            undo = kind.undo_entry(head, there)
            rest = entry is not None and leaves_rest(kind, there, entry)
            if rest and work.version < (10,):
                # FRR 8.4 takes the two lines in one batch for a change of the entry
                work.phases["ending"].add((), [undo])
            elif rest or found_by(kind, there) in wanted:
                first.append(undo)
            elif entry is None:
                last.append(undo)
        if text is not None:
            then.append(text)
        if text == was:
            continue
        op = Op.ADD if was is None else Op.REMOVE if text is None else Op.MODIFY
        work.record.change(op, (*path, str(seq)), was, text, Impact.REFRESH if before is not None else Impact.NONE)
    return [*first, *then, *last]
