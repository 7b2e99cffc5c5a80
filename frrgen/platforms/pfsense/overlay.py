"""What is intended, laid over what a box has: what the model does not speak of stays as it is on the box."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from frrgen.lines.rule import Data
from frrgen.platforms.pfsense.key import Key
from frrgen.platforms.pfsense.keys import (
    ADVANCED,
    BFD,
    BFD_PROFILE,
    BGP,
    BOTH_FAMILIES,
    CACHE,
    CHOICES,
    ENTRY,
    GLOBAL,
    NEIGHBOR,
    NEIGHBOR_FAMILY,
    ROUTE_MAP_DELAY,
    RPKI,
)
from frrgen.platforms.pfsense.php import has, ip_version
from frrgen.platforms.pfsense.schema import COVERED, SCHEMA, Config, Identity, Sections, blank, identity
from frrgen.platforms.pfsense.sections.lists import (
    READ_LISTS,
    number,
)

Kept = Mapping[tuple[str, Identity], Mapping[str, list[dict[str, str]]]]
"""By section and entry: the keys of the box's sections that say what the model lacks; under `row` the rows that do."""

_SAME: Final[dict[str, tuple[frozenset[str], ...]]] = {
    "sendcommunity": (frozenset({"enabled", "both", "standard", "extended"}),),
    "password_type": (frozenset({"both", "both-bidir", "frr", "setkey", "setkey-bidir"}),),
    "allowasin": (frozenset({"enabled", "3"}),),
    "ebgpmultihop": (frozenset({"0", "255"}),),
}
"""Words that the model makes no difference between: FRR sends all communities unless told not to."""
_KEYS: Final[dict[str, dict[str, Key]]] = {
    section: {key.key: key for key in keys}
    for section, keys in {
        "frr": GLOBAL,
        "frrbgp": (*BGP, *RPKI),
        "frrbgpadvanced": (*ADVANCED, *BOTH_FAMILIES, ROUTE_MAP_DELAY),
        "frrbgpneighbors": (*NEIGHBOR, *NEIGHBOR_FAMILY),
        "frrglobalroutemaps": ENTRY,
        "frrbfdprofiles": BFD_PROFILE,
        "frrbfdpeers": BFD,
        "frrbgprpkicacheservers": CACHE,
    }.items()
}
_OF_BGP: Final = frozenset({"frrbgp", "frrbgpadvanced", "frrbgpneighbors", "frrbgprpkicacheservers"})
_OF_BFD: Final = frozenset({"frrbfd", "frrbfdprofiles", "frrbfdpeers"})
_ROW_NAMES: Final = ("distributeroutevalue", "aggregateaddr", "routevalue", "seq")
_ALWAYS_KEPT: Final = {
    "frr": {"password", "carpstatusvid", "pkgloglevel", "ignoreipsecrestart", "enablesnmpagentx"},
    "frrglobalraw": {"frr", "frrrunning", "bgpd", "ospfd", "ospf6d", "ripd", "bfdd"},
    "frrbgp": {"enablesnmpagentx", "shutdownmessage"},
    "frrbgpadvanced": {"distanceadmin", "distanceadminprefix", "distanceadminacl", "subgrouppktqueuemax"},
}
"""Keys that are the box's own unless the model says something."""


class Overlay:
    """Lays what is intended over what the box has."""

    def __init__(self, current: Sections, kept: Kept, before: Sections, *, full: bool, bgp: bool) -> None:
        self.current = current
        self.kept = kept
        self.before = {(name, identity(name, config)): config for name, configs in before.items() for config in configs}
        """What the model alone would make of `current`: an entry that is intended just so says nothing new."""
        self.full = full
        self.bgp = bgp

    def section(self, name: str, intended: list[Config]) -> list[Config]:
        """Return a section: entries that are on the box keep their place, and those that the model lacks stay."""
        current = [config for config in self.current.get(name, []) if config]
        if name in _OF_BGP and not self.bgp:
            return self._without_bgp(name, current)
        if SCHEMA[name].single:
            return [*self._single(name, intended, next(iter(current), None)), *current[1:]]
        new = {identity(name, config): config for config in intended}
        owned = {key[0] for key in new}
        there: set[Identity] = set()
        merged = []
        for config in current:
            key = identity(name, config)
            if key in new and key not in there:
                merged.append(self._entry(name, key, new[key], config))
            elif key in new and self._unread(name, key):
                continue  # what is intended stands there by now
            elif self._stays(name, key, config, owned):
                merged.append(config)
            there.add(key)
        merged += [config for key, config in new.items() if key not in there and self.before.get((name, key)) != config]
        return sorted(merged, key=_ORDER[name]) if name in _ORDER and merged != current else merged

    def _without_bgp(self, name: str, current: list[Config]) -> list[Config]:
        """Take the tick away that turns BGP on, unless it was not understood; what is stored beside it stays."""
        if name != "frrbgp" or not self.full or "enable" in self.kept.get((name, ()), {}):
            return current
        return [config | {"enable": ""} for config in current]

    def _unread(self, name: str, key: Identity) -> bool:
        """Tell whether the model could not read an entry of a route map, however often the box has it."""
        whole = (name, key) in self.before and "action" not in self.kept.get((name, key), ())
        return name == "frrglobalroutemaps" and not whole

    def _stays(self, name: str, key: Identity, config: Config, owned: set[str]) -> bool:
        """Tell whether an entry that the model does not name stays: of a route map that it owns no entry does.

        It goes even if a key of it is not understood: the rest would stay, and permit. What was not read at all, or the
        box has a second time, is not the model's.
        """
        understood = (name, key) not in self.kept or (name, key) in self.before
        if name == "frrglobalroutemaps" and key[0] in owned and understood:
            return False
        if name == "frrbfdpeers" and (name, key) not in self.kept and self._of_neighbor(config):
            return not self.bgp
        return not self.full or (name, key) in self.kept

    def _of_neighbor(self, config: Config) -> bool:
        """Tell whether a BFD peer only carries the profile of a neighbor: it goes with the neighbor's BFD."""
        default = blank("frrbfdpeers") | {
            "peer": config.get("peer", ""),
            "local_address": config.get("local_address", ""),
        }
        return {**default, **config, "profile": "none", "descr": ""} == default

    def _single(self, name: str, intended: list[Config], there: Config | None) -> list[Config]:
        if there is None:
            # the package without the page does what it does with the page as it is at first
            return [] if name == "frrbgpadvanced" and intended == [blank(name)] else intended
        if intended:
            found = self._entry(name, (), intended[0], there)
            # of all that managed ownership writes, BGP alone turns on FRR that the box has switched off
            off = name == "frr" and not self.full and not self.bgp and "enable" in self.kept.get((name, ()), {})
            return [found | {"enable": there.get("enable", "")} if off else found]
        if self.full and name == "frrglobalraw" and "row" in there:
            return [there | {"row": self._rows(name, (), blank(name)["row"], there["row"], None)}]
        if self.full and name == "frrbfd" and not self._uses_bfd():
            return [there | {"enable": ""}]
        return [there]

    def _uses_bfd(self) -> bool:
        """Tell whether something needs the BFD daemon that stays on the box: not understood, or another protocol's."""
        kept = {section for section, _ in self.kept} | {key for keys in self.kept.values() for key in keys}
        others = (config for section, some in self.current.items() if section not in COVERED for config in some)
        return not kept.isdisjoint({*_OF_BFD, "bfdenable"}) or any(has(config, "bfdenable") for config in others)

    def _entry(self, name: str, key: Identity, new: Config, there: Config) -> Config:
        """Lay one entry over another: the box's spelling stays where it means the same, and what the model lacks."""
        before = self.before.get((name, key))
        if new == before and (name != "frr" or has(there, "enable")):
            # that FRR is off is what a router cannot say
            return there
        read = READ_LISTS.get(name)
        if read is not None and read(there, _deaf) == read(new, _deaf):
            return there
        nothing = blank(name)
        alike = _alike_choices(there, new) if name == "frrglobalroutemaps" else frozenset()
        kept = () if self._unread(name, key) else self.kept.get((name, key), ())
        mine = _ALWAYS_KEPT.get(name, set()) | set(kept)
        found: Config = {}
        for field in SCHEMA[name].keys:
            old, intended = there[field] if field in there else nothing[field], new[field]
            silent = intended == nothing[field]
            if before is not None and (name, field) != ("frr", "enable"):
                silent = silent or intended == before[field]
            if field == "row":
                found[field] = self._rows(name, key, intended, old, None if before is None else before[field])
            elif field in alike or (silent and field in mine) or self._same(name, field, old, intended, new):
                found[field] = old
            else:
                found[field] = intended
        return found | {field: value for field, value in there.items() if field not in found}

    def _same(self, name: str, field: str, old: str, new: str, config: Config) -> bool:
        if old == new or any({old, new} <= words for words in _SAME.get(field, ())):
            return True
        if field in {"peer", "name", "seq"}:
            # it is the same entry, however it is spelt
            return True
        if field == "updatesource_type":
            return bool(config["updatesource"] == "default")
        if field == "descr" and not new:
            # a note of the box's own, where the model has no description
            return name in {"frrbgpaspaths", "frrbgpcommunities", "frrbfdprofiles", "frrbfdpeers"}
        if field in {"bfd_peer", "bfd_check_control_plane_failure"} and not config["bfdenable"]:
            # the package looks at them only with BFD
            return True
        if field == "local_address" and config["interface"] == "default":
            return {old, new} <= {"", "default"}
        known = _KEYS.get(name, {}).get(field)
        return known is not None and known.meaning(old) == known.meaning(new)

    def _rows(
        self, name: str, key: Identity, new: list[Data], old: list[Data], before: list[Data] | None
    ) -> list[Data]:
        """Lay rows over rows: single pages keep rows that the model does not name, lists are replaced as a whole.

        Rows that the model does not change from `before` stay where and as they are.
        """
        nothing = blank(name)["row"]
        kept = self.kept.get((name, key), {}).get("row", [])
        owned = self.full or not SCHEMA[name].single
        mine = _by_key([] if new == nothing else new)
        known = None if before is None else _by_key([] if before == nothing else before)
        flagged = [row for row in kept if "acceptfilter" in row]
        found: list[Data] = []
        for label, rows in _by_key([row for row in old if row not in nothing]).items():
            wanted = mine.pop(label, None)
            if wanted is None:
                silent = known is not None and label not in known
                found += [row for row in rows if silent or not owned or (row in kept and row not in flagged)]
                if not silent and owned:
                    # the accept filter is no part of a route, though it stands in its row
                    found += [_FILTER | {"routevalue": row["routevalue"]} for row in rows if row in flagged][:1]
            elif known is not None and known.get(label) == wanted:
                found += rows
            else:
                flag = {"acceptfilter": "ON"} if any(row in flagged for row in rows) else {}
                found += [flag | wanted[0], *wanted[1:]]
        return [*found, *(row for rows in mine.values() for row in rows)] or nothing


_FILTER: Final = {"acceptfilter": "ON", "routevalue": "", "routetarget": "none"}


def _by_key(rows: list[Data]) -> dict[str, list[Data]]:
    """Sort rows by what names them, in the order in which they come."""
    found: dict[str, list[Data]] = {}
    for row in rows:
        found.setdefault(_row_key(row), []).append(row)
    return found


def _alike_choices(there: Config, new: Config) -> frozenset[str]:
    """Return the keys of the selects that say the same in both entries, though in other words."""
    found: list[str] = []
    for choice in CHOICES:
        old_data: Data = {}
        new_data: Data = {}
        choice.read(there, old_data)
        choice.read(new, new_data)
        if old_data == new_data:
            found += choice.keys
    return frozenset(found)


def _deaf(key: str, value: object) -> None:
    del key, value


def _row_key(row: Data) -> str:
    """Name a row: the prefix of a single page's, the number of a list's."""
    return next((row[key] for key in _ROW_NAMES if key in row), str(row))


_ORDER: Final[dict[str, Callable[[Config], tuple[object, ...]]]] = {
    # the package reads peer groups before their members; its page sorts route maps when it is saved
    "frrbgpneighbors": lambda config: (ip_version(config.get("peer", "")) > 0,),
    "frrglobalroutemaps": lambda config: (config.get("name", ""), number(config.get("seq", ""))),
}
