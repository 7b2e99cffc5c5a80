"""The lines of lists and route maps -> their data, each entry checked as it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from frrgen.errors import Path
from frrgen.lines.rule import Data
from frrgen.model.lists import (
    AccessListEntry,
    AsPathListEntry,
    CommunityListEntry,
    ExtCommunityListEntry,
    LargeCommunityListEntry,
    PrefixListEntry,
)
from frrgen.model.policy import RouteMapEntry
from frrgen.model.types import BgpListName, Description, MapName, Name, adapter, is_number
from frrgen.platforms.frr.grammar.entries import entry_data
from frrgen.platforms.frr.grammar.policy import ENTRY, LISTS, MATCH, SET, ListKind
from frrgen.platforms.frr.parse.contexts import Context, opens_nothing
from frrgen.platforms.frr.parse.fates import Fates, Owner, build

_WORDS: Final = (
    r"(?P<words>(?:ip|ipv6) prefix-list|(?:ipv6 )?access-list|bgp (?:as-path access|(?:large-|ext)?community)-list"
    r"(?: (?:standard|expanded))?) (?P<name>[^ ]+)"
)
_ENTRY: Final = re.compile(_WORDS + r"(?: seq (?P<seq>[0-9]{1,10}))? (?P<action>permit|deny) (?P<value>.+)")
_LINE: Final = re.compile(_WORDS + " .*")
_NOTE: Final = re.compile(_WORDS + " (?:description|remark) (?P<text>.+)")
_MAP: Final = re.compile(r"route-map ([^ ]+) (permit|deny) ([0-9]{1,10})")
_MAP_LINE: Final = re.compile(r"route-map ([^ ]+) (?:permit|deny)(?: .*)?")
_UNOPTIMIZED: Final = re.compile(r"no route-map ([^ ]+) optimization")
_PREFIX_ENTRY: Final = re.compile(
    r"(ip|ipv6) prefix-list ([^ ]+) seq ([0-9]{1,10}) (permit|deny) ([^ ]+/[0-9]+)"
    r"(?: ge ([0-9]{1,3}))?(?: le ([0-9]{1,3}))?"
)
"""The line that long configurations are made of, read by a short cut."""
_PREFIX_WORDS: Final = ("ip prefix-list ", "ipv6 prefix-list ")
_KINDS: Final = {kind.words: kind for kind in LISTS}
_NORTHBOUND: Final = frozenset(kind.field for kind in LISTS if kind.northbound)
_ENTRY_MODELS: Final[dict[str, type[BaseModel]]] = {
    "prefix_lists": PrefixListEntry,
    "ipv6_prefix_lists": PrefixListEntry,
    "access_lists": AccessListEntry,
    "ipv6_access_lists": AccessListEntry,
    "as_path_lists": AsPathListEntry,
    "community_lists": CommunityListEntry,
    "large_community_lists": LargeCommunityListEntry,
    "extcommunity_lists": ExtCommunityListEntry,
}
_MAP_NAME: Final[TypeAdapter[str]] = adapter(MapName)
_NAME: Final[TypeAdapter[str]] = adapter(Name)
_BGP_LIST_NAME: Final[TypeAdapter[str]] = adapter(BgpListName)


@lru_cache(maxsize=1 << 12)
def _is_name(kind: str, name: str) -> bool:
    return _fits(_MAP_NAME if kind == "route_maps" else _NAME if kind in _NORTHBOUND else _BGP_LIST_NAME, name)


def _value(entry: BaseModel) -> tuple[object, ...]:
    """Return what a list of bgpd has but once, whatever its number: the action, and the expression or communities."""
    return tuple(getattr(entry, name, None) for name in ("action", "regex", "communities"))


def _fits(type_: TypeAdapter[str], text: str) -> bool:
    try:
        type_.validate_python(text)
    except ValidationError:
        return False
    return True


def _is_kind(words: str) -> bool:
    """Tell whether the words before a name are those of a kind of list; some are followed by standard or expanded."""
    kind = _KINDS.get(words) or _KINDS.get(words.rpartition(" ")[0])
    return kind is not None and (kind.typed or words in _KINDS)


@dataclass
class _List:
    """What is read of a list."""

    entries: dict[int, BaseModel] = field(default_factory=dict)
    values: dict[tuple[object, ...], int] = field(default_factory=dict)
    """The number of each entry of a list of bgpd, by what it permits or denies."""
    options: Data = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    """The numbers of its lines."""


class PolicyReader:
    """Reads lists and route maps."""

    def __init__(self, fates: Fates, version: tuple[int, ...]) -> None:
        """Begin with none, for a version of FRR."""
        self.fates = fates
        self.version = version
        self.lists: dict[str, dict[str, _List]] = {}
        self.maps: dict[str, dict[int, Owner]] = {}
        self.unoptimized: set[str] = set()

    def short_cut(self, raw: str) -> bool:
        """Read a numbered entry of a prefix list, the line that long configurations are made of."""
        if not raw.startswith(_PREFIX_WORDS) or (found := _prefix_entry(raw)) is None:
            return False
        kind, name, entry = found
        lst = self._list(kind, name)
        lst.entries[entry.seq] = entry
        lst.lines.append(self.fates.number)
        return True

    def _list(self, kind: str, name: str) -> _List:
        lists = self.lists.setdefault(kind, {})
        lst = lists.get(name)
        if lst is None:
            lst = lists[name] = _List()
        return lst

    def lost(self, line: str) -> Path:
        """Return the list or map that is not what FRR has without a line."""
        if (found := _LINE.fullmatch(line)) is not None and _is_kind(found["words"]):
            return self._kind(found)[0].field, found["name"]
        if (entry := _MAP_LINE.fullmatch(line)) is not None:
            return "route_maps", entry[1]
        return self._begun(line.split(" "))

    @staticmethod
    def _begun(words: list[str]) -> Path:
        """Return the list whose line begins with abbreviations of its words."""
        for kind in LISTS:
            head = kind.words.split(" ")
            names = words[len(head) :]
            if all(one.startswith(word) for one, word in zip(head, words, strict=False)) and len(names) > 1:
                if kind.typed and len(names[0]) > 1 and "standard expanded".find(names[0]) in {0, 9}:
                    del names[0]
                return kind.field, names[0]
        return ()

    def read(self, line: str) -> bool:
        """Read a line of a list, or of a map that stands outside of its entries."""
        if (entry := _ENTRY.fullmatch(line)) is not None and _is_kind(entry["words"]):
            return self._entry(entry)
        if (note := _NOTE.fullmatch(line)) is not None and note["words"] in _KINDS:
            return self._note(_KINDS[note["words"]], note)
        if (off := _UNOPTIMIZED.fullmatch(line)) is not None:
            self.unoptimized.add(off[1])
            return True
        return False

    @staticmethod
    def _kind(match: re.Match[str]) -> tuple[ListKind, str | None]:
        """Return the kind of a list, and whether the line calls it standard or expanded."""
        words, name = match["words"], match["name"]
        kind = _KINDS.get(words)
        if kind is None:
            words, _, said = words.rpartition(" ")
            return _KINDS[words], said
        if kind.typed:
            return kind, "standard" if is_number(name) and int(name) < 100 else "expanded"
        return kind, None

    def _note(self, kind: ListKind, match: re.Match[str]) -> bool:
        if not kind.note or not _is_name(kind.field, match["name"]) or not _fits(_DESCRIPTION, match["text"]):
            return False
        lst = self._list(kind.field, match["name"])
        lst.options[kind.note] = match["text"]
        lst.lines.append(self.fates.number)
        return True

    def _entry(self, match: re.Match[str]) -> bool:
        kind, list_type = self._kind(match)
        name = match["name"]
        if not _is_name(kind.field, name):
            return False
        there = self.lists.get(kind.field, {}).get(name)
        numbers = there.entries if there is not None else {}
        seq = int(match["seq"]) if match["seq"] else (max(numbers, default=0) // 5) * 5 + 5
        if there is not None and list_type is not None and there.options.get("kind", list_type) != list_type:
            return False
        data = entry_data(kind, list_type, match["value"])
        if data is None:
            return False
        version = 6 if kind.field.startswith("ipv6_") else 4
        try:
            entry = _ENTRY_MODELS[kind.field].model_validate({"seq": seq, "action": match["action"], **data})
        except ValidationError:
            return False
        if kind.northbound and getattr(entry, "prefix", None) is not None and entry.prefix.version != version:  # type: ignore[attr-defined]
            return False
        value = _value(entry)
        if not kind.northbound and there is not None and there.values.get(value, seq) != seq:
            return self.fates.ignore(match[0], "the list has it already, under another number")
        lst = self._list(kind.field, name)
        if seq in numbers:
            lst.values.pop(_value(numbers[seq]), None)
        lst.values[value] = seq
        if list_type is not None:
            lst.options["kind"] = list_type
        lst.entries[seq] = entry
        lst.lines.append(self.fates.number)
        return True

    def open(self, line: str) -> Context | None:
        """Open an entry of a route map."""
        match = _MAP.fullmatch(line)
        if match is None or not _is_name("route_maps", match[1]) or not 1 <= int(match[3]) <= 65535:
            return None
        name, seq = match[1], int(match[3])
        entries = self.maps.setdefault(name, {})
        owner = entries.setdefault(seq, Owner((line,), lost=("route_maps", name)))
        owner.data |= {"seq": seq, "action": match[2]}
        owner.said(("action",), line, self.fates.number)

        def read(inner: str) -> bool:
            if inner == "continue":
                return self.fates.ignore(inner, "without a number it does nothing")
            if inner == f"call {name}":
                # FRR refuses a map that calls itself
                return False
            for part, table in (("", ENTRY), ("match", MATCH), ("set", SET)):
                data = owner.data.setdefault(part, {}) if part else owner.data
                if (path := table.read(inner, data)) is not None:
                    return owner.said((part, *path) if part else path, inner, self.fates.number)
            return False

        return Context((line,), read, opens_nothing, itself=("route_maps", name))

    def data(self) -> Data:
        """Return the router's fields that hold lists and maps."""
        data: Data = {}
        for kind in LISTS:
            if found := self.lists.get(kind.field):
                data[kind.field] = {
                    name: {**lst.options, "entries": tuple(lst.entries.values())} for name, lst in found.items()
                }
        maps: Data = {}
        for name, entries in self.maps.items():
            built = [one for owner in entries.values() if (one := build(RouteMapEntry, owner, self.fates)) is not None]
            if not built:
                continue
            off = name in self.unoptimized
            # the model's default is: off on FRR 8, on from 9
            maps[name] = {"entries": built, **({"optimization": not off} if off == (self.version >= (9,)) else {})}
        if maps:
            data["route_maps"] = maps
        return data


_DESCRIPTION: Final[TypeAdapter[str]] = adapter(Description)


@lru_cache(maxsize=1 << 17)
def _prefix_entry(line: str) -> tuple[str, str, PrefixListEntry] | None:
    """Read a numbered prefix-list entry: kind, list and entry. A push reads the same lines before and after it."""
    match = _PREFIX_ENTRY.fullmatch(line)
    if match is None:
        return None
    words, name, seq, action, prefix, ge, le = match.groups()
    kind, network = ("prefix_lists", IPv4Network) if words == "ip" else ("ipv6_prefix_lists", IPv6Network)
    if not _is_name(kind, name):
        return None
    try:
        entry = PrefixListEntry(seq=seq, action=action, prefix=network(prefix), ge=ge, le=le)
    except ValueError:
        return None
    return kind, name, entry
