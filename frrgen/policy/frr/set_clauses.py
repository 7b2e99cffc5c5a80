"""What the set clauses of an entry do to a set of routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from frrgen.model.policy import RouteMapEntry, Set, SetCommunity, SetLargeCommunity
from frrgen.model.router import Router
from frrgen.model.types import community_value, large_community_value
from frrgen.policy.frr.alphabet import Alphabet
from frrgen.policy.frr.effects import Effects, Number, PathChange, untouched
from frrgen.policy.frr.lists import deleted_communities, deleted_large_communities
from frrgen.policy.frr.route_set import MORE_SETS, refuse_unmeasured_sets, refuse_unordered
from frrgen.policy.frr.session import Place, Session
from frrgen.policy.sets.communities import Atoms, Cube, Other
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.route import Route


class Sets:
    """The set clauses of one policy, for routes of one IP version."""

    def __init__(self, router: Router, session: Session, version: int, alphabet: Alphabet) -> None:
        self.router, self.session, self.version, self.alphabet = router, session, version, alphabet

    def counts_from_dropped(self, entry: RouteMapEntry, effects: Effects) -> bool:
        """Tell whether an entry moves the MED that came in, where FRR drops that of learned routes."""
        return self.session.drops_med(self.version) and isinstance(entry.set.metric, str) and effects.med is None

    def after(self, entry: RouteMapEntry, effects: Effects) -> Effects:
        """Return the effects with those of an entry behind them. Raises UndecidedError for what was not measured."""
        sets = entry.set
        refuse_unmeasured_sets(sets)
        changes: dict[str, Any] = {name: getattr(sets, name) for name in ("weight", "tag", "origin")}
        changes = {name: value for name, value in changes.items() if value is not None}
        path = effects.path
        if self.session.rewrites_paths:
            path = _excluded(sets, path)
        if sets.as_path_prepend_last_as is not None:
            path = path.prepended_last(sets.as_path_prepend_last_as)
        if sets.as_path_prepend is not None:
            path = path.prepended(sets.as_path_prepend)
        if sets.metric is not None:
            before = Number.constant(0) if self.counts_from_dropped(entry, effects) else untouched(0)
            changes["med"] = (effects.med or before).then(sets.metric)
        if sets.local_preference is not None:
            self._refuse_zero(sets, effects)
            base = untouched(self.session.set_preference)
            changes["local_preference"] = (effects.local_preference or base).then(sets.local_preference)
        changes["next_hop"] = self._next_hop(entry, effects)
        changes["beside"] = self.session.beside(entry.set, self.version) or effects.beside
        changes["said_hop"] = effects.said_hop or isinstance(entry.set.ip_next_hop, IPv4Address)
        changes["communities"] = self._communities(entry, effects)
        changes["large_communities"] = self._large(entry, effects)
        more = dict(effects.more)
        for name in MORE_SETS:
            value = getattr(sets, name)
            if value not in (None, False):
                more[name] = str(value)
        return replace(effects, path=path, more=tuple(sorted(more.items())), **changes)

    def _refuse_zero(self, sets: Set, effects: Effects) -> None:
        if not self.session.zero_is_none or isinstance(sets.local_preference, int):
            return
        before = effects.local_preference
        zero = self.session.place != Place("in", external=True) if before is None else before.low == 0
        if zero:
            raise UndecidedError("from where a relative local preference counts depends on whether it was 0")

    def _next_hop(self, entry: RouteMapEntry, effects: Effects) -> Any:
        wanted = self.session.set_next_hop(entry.set, self.version)
        return effects.next_hop if wanted is None else wanted

    def _communities(self, entry: RouteMapEntry, effects: Effects) -> Cube:
        sets, atoms = entry.set, self.alphabet.communities
        lst = self.router.community_lists.get(sets.comm_list_delete or "")

        def deleted(value: int) -> bool:
            if lst is None:
                return False
            alone = Route(_ANYWHERE, communities=frozenset({value}))
            return bool(deleted_communities(lst, alone, self.session.version))

        change = _Change.of(
            sets.community, community_value, delete_last=self.session.deletes_last(sets.comm_list_delete_last)
        )
        return _changed(effects.communities, atoms, _those(atoms, deleted), change)

    def _large(self, entry: RouteMapEntry, effects: Effects) -> Cube:
        sets, atoms = entry.set, self.alphabet.large
        lst = self.router.large_community_lists.get(sets.large_comm_list_delete or "")

        def deleted(value: tuple[int, int, int]) -> bool:
            return lst is not None and bool(
                deleted_large_communities(lst, Route(_ANYWHERE, large_communities=frozenset({value})))
            )

        change = _Change.of(
            sets.large_community,
            large_community_value,
            delete_last=self.session.deletes_last(sets.large_comm_list_delete_last),
        )
        return _changed(effects.large_communities, atoms, _those(atoms, deleted), change)


def _excluded(sets: Set, path: PathChange) -> PathChange:
    refuse_unordered(sets)
    if sets.as_path_exclude_list is not None:
        raise UndecidedError("`set as-path exclude as-path-access-list` is known of single paths alone")
    if sets.as_path_exclude_all:
        return path.emptied()
    if sets.as_path_exclude is None:
        return path
    if sets.as_path_prepend_last_as is not None:
        raise UndecidedError("one entry excludes and prepends the last AS: FRR does not show which comes first")
    return path.excluded(sets.as_path_exclude)


def _those(atoms: Atoms, which: Callable[[Any], bool]) -> set[Any]:
    return {atom for atom in atoms.all if which(atom.example if isinstance(atom, Other) else atom)}


_ANYWHERE: Final = IPv4Network("0.0.0.0/0")


def _changed(before: Cube, atoms: Atoms, gone: set[Any], change: _Change) -> Cube:
    now = dict(before)
    if not change.delete_last:
        now |= dict.fromkeys(gone, False)
    if change.values is not None:
        if not change.additive:
            now = dict.fromkeys(atoms.all, False)
        now |= dict.fromkeys(change.values, True)
    if change.delete_last:
        now |= dict.fromkeys(gone, False)
    return frozenset(now.items())


@dataclass(frozen=True, slots=True)
class _Change:
    """What an entry sets of communities."""

    values: frozenset[Any] | None
    additive: bool
    delete_last: bool

    @staticmethod
    def of(said: SetCommunity | SetLargeCommunity | None, value: Callable[[str], Any], *, delete_last: bool) -> _Change:
        if said is None:
            return _Change(None, additive=False, delete_last=delete_last)
        values = frozenset() if said.communities == "none" else frozenset(map(value, said.communities))
        return _Change(values, said.additive, delete_last)
