"""An frr.conf, or what `show running-config` prints -> a Router and Leftovers.

It reads as FRR does: a line is tried in the context it stands in, then in the ones around it. What the model
lacks, or what its types refuse, is kept as Leftovers: shown, and never touched unless asked. Of a context that the
model lacks every line is left over, under the path of all contexts that it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from frrgen.lines.rule import Data, Table
from frrgen.model.bgp import Bgp
from frrgen.model.policy import (
    AccessListEntry,
    AsPathListEntry,
    CommunityListEntry,
    ExtCommunityListEntry,
    LargeCommunityListEntry,
    PrefixListEntry,
    RouteMapEntry,
)
from frrgen.model.router import BfdPeer, BfdProfile, Router, Rpki, StaticRoute
from frrgen.platforms.frr.grammar.bgp import FAMILY, INSTANCE, LISTEN, NEIGHBOR, NEIGHBOR_FAMILY
from frrgen.platforms.frr.grammar.entries import entry_data, masked
from frrgen.platforms.frr.grammar.policy import ENTRY, LISTS, MATCH, SET, ListKind
from frrgen.platforms.frr.grammar.top import BFD, GLOBAL, RPKI, VRF, read_bfd_peer, read_rpki_cache, read_static_route
from frrgen.platforms.frr.parse.beyond import ended_by, may_open, opens
from frrgen.platforms.frr.parse.itself import of_itself

DEFAULT_VERSION: Final = "8.4"


class Leftover(NamedTuple):
    """A line that the model does not hold, the contexts it stands in, and its number in the text."""

    context: tuple[str, ...]
    line: str
    number: int = 0

    def __str__(self) -> str:
        return " / ".join([*self.context, self.line])


class Parsed(NamedTuple):
    """What a text says."""

    router: Router
    leftovers: tuple[Leftover, ...]


_ALWAYS: Final = re.compile(
    r"Building configuration\.\.\.|Current configuration:|frr version .*|"
    r"service integrated-vtysh-config|configure( terminal)?|enable|hostname [^ ]+"
)
"""Lines that say nothing to the model."""
_PEER: Final = re.compile(r"(no )?neighbor ([^ ]+) (.*)")
_ENTRY: Final = re.compile(
    r"(?P<words>(?:ip|ipv6) prefix-list|(?:ipv6 )?access-list|bgp (?:as-path access|(?:large-|ext)?community)-list"
    r"(?: (?:standard|expanded))?) (?P<name>[^ ]+)(?: seq (?P<seq>[0-9]+))? (?P<action>permit|deny) (?P<value>.+)"
)
_PREFIX_ENTRY: Final = re.compile(
    r"(ip|ipv6) prefix-list ([^ ]+) seq ([0-9]+) (permit|deny) ([^ ]+/[0-9]+)(?: ge ([0-9]+))?(?: le ([0-9]+))?"
)
"""The line that long configurations are made of, read by a short cut."""
_PREFIX_WORDS: Final = ("ip prefix-list ", "ipv6 prefix-list ")
_ONLY_TOP: Final = (*(f"{kind.words} " for kind in LISTS), "ip route ", "ipv6 route ", "no route-map ")
"""What stands at the top level only, so that it ends whatever context is open."""
_NOTE: Final = re.compile(
    r"(?P<words>(?:ip|ipv6) prefix-list|(?:ipv6 )?access-list) (?P<name>[^ ]+) (?:description|remark) (?P<text>.+)"
)
_KINDS: Final = {kind.words: kind for kind in LISTS}
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
_T = TypeVar("_T", bound=BaseModel)


@dataclass
class _Context:
    """A context that is open: its enter line, what reads a line in it, what is called when a line opens one inside."""

    enter: tuple[str, ...]
    read: Callable[[str], bool]
    open: Callable[[str], _Context | None]
    beyond: bool = False
    """Whether the model lacks it: none of its lines is read."""
    indent: int = 0
    """How far in its enter line stands."""
    inferred: bool = False
    """Whether only the indentation says that it is a context."""
    indented: bool = False
    """Whether its lines stand further in than its enter line."""


@dataclass
class _Owner:
    """The data of one model object, and which line said which part of it."""

    context: tuple[str, ...]
    data: Data = field(default_factory=dict)
    lines: dict[tuple[str, ...], list[tuple[str, int]]] = field(default_factory=dict)

    def said(self, path: tuple[str, ...], line: str, number: int) -> None:
        """Remember the line that said what is at a path of the data."""
        self.lines.setdefault(path, []).append((line, number))


class Parser:
    """Reads one text. Use `parse`."""

    def __init__(self, name: str, frr_version: str | None) -> None:
        self.name = name
        self.version = frr_version
        self.number = 0
        self.indent = 0
        self.last_left: int | None = None
        self.leftovers: list[Leftover] = []
        self.router: Data = {}
        self.globals = _Owner(())
        self.lists: dict[str, dict[str, Data]] = {}
        self.maps: dict[str, dict[int, _Owner]] = {}
        self.unoptimized: set[str] = set()
        self.bgps: dict[str, _Owner] = {}
        self.vrfs: dict[str, _Owner] = {}
        self.profiles: dict[str, _Owner] = {}
        self.bfd_peers: dict[str, _Owner] = {}
        self.rpki: _Owner | None = None
        self.memo: dict[tuple[str, str, str], BaseModel | None] = {}
        self.top = _Context((), self._read_top, self._open_top)

    def read(self, lines: Iterable[tuple[int, str]]) -> None:
        """Read every line, given with its number."""
        stack = [self.top]
        for number, raw in lines:
            if not raw or raw == "!":
                continue
            self.number = number
            if raw.startswith(_PREFIX_WORDS) and (found := _prefix_entry(raw)) is not None:
                kind, name, entry = found
                self.lists.setdefault(kind, {}).setdefault(name, {}).setdefault("entries", {})[entry.seq] = entry
                del stack[1:]
                self.last_left = None
                continue
            line = " ".join(raw.split())
            if not line or line[0] in "!#":
                continue
            self.indent = len(raw) - len(raw.lstrip(" \t"))
            if line in {"end", "exit", "quit"} or line.startswith("exit-"):
                self._leave(line, stack)
            elif not self._beyond(line, stack) and not _ALWAYS.fullmatch(line):
                self._line(line, stack)

    def _leave(self, line: str, stack: list[_Context]) -> None:
        self.last_left = None
        if line == "end":
            del stack[1:]
        elif line in {"exit", "quit"}:
            while stack[-1].inferred and self.indent < stack[-1].indent:
                stack.pop()
            del stack[max(1, len(stack) - 1) :]
        elif (depth := ended_by(line, [context.enter[-1] for context in stack[1:]])) is not None:
            del stack[depth + 1 :]

    def _line(self, line: str, stack: list[_Context]) -> None:
        for depth in range(len(stack) - 1, -1, -1):
            context = stack[depth]
            if self._opened(line, stack, depth):
                return
            if context.read(line):
                del stack[depth + 1 :]
                return
        if not self.indent:
            del stack[1:]
        self._leave_over(line, stack)

    def _opened(self, line: str, stack: list[_Context], depth: int) -> bool:
        """Open the context that a line opens in one that is open."""
        inner = stack[depth].open(line)
        if inner is not None:
            inner.indent = self.indent
            stack[depth + 1 :] = [inner]
        return inner is not None

    def _beyond(self, line: str, stack: list[_Context]) -> bool:
        """Keep a line that stands in a context that the model lacks; False if it stands in none."""
        self._infer(stack)
        while (top := stack[-1]).beyond:
            if self.indent < top.indent or (top.indented and self.indent == top.indent):
                stack.pop()
                continue
            if self.indent > top.indent:
                top.indented = True
                outermost = len(stack) - 1
            elif not self.indent and (line.startswith(_ONLY_TOP) or _ALWAYS.fullmatch(line)):
                del stack[1:]
                return False
            else:
                # nothing but words says where it ends
                outermost = 0
            if line.startswith("address-family ") and top.enter[-1].startswith("address-family "):
                outermost = 0
            if not any(self._opened(line, stack, depth) for depth in range(len(stack) - 1, outermost - 1, -1)):
                self._leave_over(line, stack)
            return True
        return False

    def _infer(self, stack: list[_Context]) -> None:
        """Open the context that the line before must have opened, for this one stands further in."""
        indent, self.last_left = self.last_left, None
        if indent is None or self.indent <= indent:
            return
        before = self.leftovers[-1]
        if before.context != stack[-1].enter or not (stack[-1].beyond or len(stack) == 1) or not may_open(before.line):
            return
        self.leftovers.pop()
        inner = _lacked((*before.context, before.line))
        inner.indent, inner.inferred = indent, True
        stack.append(inner)

    def _leave_over(self, line: str, stack: list[_Context]) -> None:
        self._left(stack[-1].enter, line, self.number)
        self.last_left = self.indent

    def _left(self, context: tuple[str, ...], line: str, number: int) -> None:
        self.leftovers.append(Leftover(context, line, number))

    # the contexts

    def _open_top(self, line: str) -> _Context | None:
        words = line.split(" ")
        if words[0] == "route-map" and len(words) == 4 and words[2] in {"permit", "deny"} and words[3].isdigit():
            return self._open_entry(line, words)
        if words[:2] == ["router", "bgp"] and len(words) in {3, 5} and (len(words) == 3 or words[3] == "vrf"):
            vrf = words[4] if len(words) == 5 else ""
            owner = self.bgps.setdefault(vrf, _Owner((line,)))
            owner.data["asn"] = words[2]
            return _Context(
                (line,), lambda inner: self._read_bgp(inner, owner), lambda inner: self._open_bgp(inner, owner)
            )
        if words[0] == "vrf" and len(words) == 2:
            owner = self.vrfs.setdefault(words[1], _Owner((line,)))
            return _Context((line,), lambda inner: self._read_vrf(inner, owner), _opens_nothing)
        if line == "bfd":
            return _Context((line,), _reads_nothing, self._open_bfd)
        if line == "rpki":
            self.rpki = rpki = self.rpki or _Owner((line,))
            return _Context((line,), lambda inner: self._read_rpki(inner, rpki), _opens_nothing)
        return _lacked((line,)) if opens((), line) else None

    def _open_entry(self, line: str, words: list[str]) -> _Context:
        entries = self.maps.setdefault(words[1], {})
        owner = entries.setdefault(int(words[3]), _Owner((line,)))
        owner.data |= {"seq": words[3], "action": words[2]}

        def read(inner: str) -> bool:
            if inner == "continue":
                # FRR 8.4 ignores it without a number
                return True
            if inner == f"call {words[1]}":
                # FRR refuses a map that calls itself
                return False
            for part, table in (("", ENTRY), ("match", MATCH), ("set", SET)):
                data = owner.data.setdefault(part, {}) if part else owner.data
                if (rule := table.read(inner, data)) is not None:
                    owner.said((part, rule.field) if part else (rule.field,), inner, self.number)
                    return True
            return False

        return _Context((line,), read, _opens_nothing)

    def _open_bgp(self, line: str, owner: _Owner) -> _Context | None:
        if line in {"address-family ipv4", "address-family ipv6"}:
            line = f"{line} unicast"
        if line in {"address-family ipv4 unicast", "address-family ipv6 unicast"}:
            family = line.removeprefix("address-family ").replace(" ", "_")
            return _Context(
                (*owner.context, line), lambda inner: self._read_family(inner, owner, family), _opens_nothing
            )
        return _lacked((*owner.context, line)) if opens(owner.context, line) else None

    def _open_bfd(self, line: str) -> _Context | None:
        words = line.split(" ")
        if words[0] == "profile" and len(words) == 2:
            owner = self.profiles.setdefault(words[1], _Owner(("bfd", line)))
        elif (data := read_bfd_peer(line)) is not None:
            owner = self.bfd_peers.setdefault(line, _Owner(("bfd", line)))
            owner.data |= data
        else:
            return None
        profile = words[0] == "profile"  # has none of its own: the next one ends it

        def read(inner: str) -> bool:
            return not (profile and inner.startswith("profile ")) and self._table(BFD, inner, owner)

        return _Context(owner.context, read, _opens_nothing)

    # the lines

    def _table(self, table: Table, line: str, owner: _Owner) -> bool:
        rule = table.read(line, owner.data)
        if rule is not None:
            owner.said(tuple(rule.field.split(".")), line, self.number)
        return rule is not None

    def _read_top(self, line: str) -> bool:
        if (entry := _ENTRY.fullmatch(line)) is not None:
            return self._list_entry(entry)
        if (note := _NOTE.fullmatch(line)) is not None:
            kind = _KINDS[note["words"]]
            self.lists.setdefault(kind.field, {}).setdefault(note["name"], {})[kind.note] = note["text"]
            return True
        if line.startswith("no route-map ") and line.endswith(" optimization"):
            self.unoptimized.add(line.split(" ")[2])
            return True
        return self._static(line, self.globals) or self._table(GLOBAL, line, self.globals)

    def _static(self, line: str, owner: _Owner) -> bool:
        if (
            line.startswith(("ip route ", "ipv6 route "))
            and line.split(" ")[-2:-1] == ["vrf"]
            and owner is self.globals
        ):
            line, _, vrf = line.rpartition(" vrf ")
            owner = self.vrfs.setdefault(vrf, _Owner((f"vrf {vrf}",)))
        data = read_static_route(line)
        if data is None:
            return False
        data["prefix"] = masked(data["prefix"])
        try:
            owner.data.setdefault("static_routes", []).append(StaticRoute.model_validate(data))
        except ValidationError:
            return False
        return True

    def _read_vrf(self, line: str, owner: _Owner) -> bool:
        return self._static(line, owner) or self._table(VRF, line, owner)

    def _read_rpki(self, line: str, owner: _Owner) -> bool:
        cache = read_rpki_cache(line)
        if cache is not None:
            owner.data.setdefault("caches", []).append(cache)
            owner.said(("caches",), line, self.number)
            return True
        return self._table(RPKI, line, owner)

    def _read_bgp(self, line: str, owner: _Owner) -> bool:
        peer = _PEER.fullmatch(line)
        if peer is not None:
            return self._neighbor(line, owner, peer)
        if line.startswith("bgp route-map delay-timer "):
            return self._table(GLOBAL, line, self.globals)
        if line.startswith("bgp cluster-id ") and line.rsplit(" ", maxsplit=1)[-1].isdigit():
            line = f"bgp cluster-id {ip_address(int(line.rsplit(' ', maxsplit=1)[-1]))}"
        if line.startswith("bgp bestpath med ") and len(line.split(" ")) == 5:
            words = line.split(" ")
            return all(self._table(INSTANCE, f"bgp bestpath med {word}", owner) for word in words[3:])
        if line.startswith("bgp shutdown message "):
            # FRR does not show the message, so the model has none
            line = "bgp shutdown"
        if line.startswith("bgp listen range "):
            words = line.split(" ")
            words[3] = masked(words[3])
            return self._table(LISTEN, " ".join(words), owner)
        # without an address family in the text, FRR means ipv4 unicast
        return self._table(INSTANCE, line.removesuffix(" no-as-set"), owner) or self._read_family(
            line, owner, "ipv4_unicast"
        )

    def _neighbor(self, line: str, owner: _Owner, match: re.Match[str]) -> bool:
        negated, peer, rest = match[1] or "", match[2], match[3]
        peer = _canonical_address(peer)
        groups, neighbors = owner.data.setdefault("peer_groups", {}), owner.data.setdefault("neighbors", {})
        words = rest.split(" ")
        key = ("neighbors", peer)
        if not negated and rest == "peer-group":
            groups.setdefault(peer, {})
            return self._said(owner, ("peer_groups", peer), line)
        if not negated and words[0] == "interface":
            if peer[:1].isdigit() or ":" in peer:
                if len(words) != 2 or words[1] == "v6only":
                    # to FRR this is an unnumbered neighbor whose interface is called like an address
                    return False
                neighbors.setdefault(peer, {})["interface"] = words[-1]
                return self._said(owner, key, line)
            data = neighbors.setdefault(peer, {})
            if "v6only" in words:
                data["v6only"] = True
            for word, name in (("remote-as", "remote_as"), ("peer-group", "peer_group")):
                if word in words[:-1]:
                    data[name] = words[words.index(word) + 1]
            return self._said(owner, key, line)
        if not negated and words[0] in {"remote-as", "peer-group"} and len(words) == 2:
            data = groups[peer] if peer in groups else neighbors.setdefault(peer, {})
            data[words[0].replace("-", "_")] = words[1]
            return self._said(owner, ("peer_groups", peer) if peer in groups else key, line)
        data = groups.get(peer, neighbors.get(peer))
        if data is None:
            return False
        if not negated and rest in {"ebgp-multihop 1", "tcp-mss 0"}:
            # the one is the default; the other FRR 8.4 shows for a member whose group has an MSS
            return True
        if not negated and words[0] == "bfd":
            data.setdefault("bfd", {})
            if len(words) == 4 and all(word.isdigit() for word in words[1:]):
                return rest == "bfd 3 300 300"
        if not negated and words[0] == "update-source":
            rest = f"update-source {_canonical_address(words[-1])}"
        key = ("peer_groups", peer) if peer in groups else key
        if (rule := NEIGHBOR.read(negated + rest, data)) is not None:
            return self._said(owner, (*key, *rule.field.split(".")), line)
        # without an address family in the text, FRR means ipv4 unicast
        if _refused_beside(data.get("ipv4_unicast", {}), rest) or (peer in groups and rest.startswith("soo ")):
            return False
        rule = NEIGHBOR_FAMILY.read(negated + rest, data.setdefault("ipv4_unicast", {}))
        return rule is not None and self._said(owner, (*key, "ipv4_unicast", rule.field), line)

    def _said(self, owner: _Owner, path: tuple[str, ...], line: str) -> bool:
        owner.said(path, line, self.number)
        return True

    def _read_family(self, line: str, owner: _Owner, family: str) -> bool:
        peer = _PEER.fullmatch(line)
        if peer is None:
            words = line.split(" ")
            if words[0] in {"network", "aggregate-address"} and len(words) > 1:
                words = _with_mask(words)
                line = " ".join(words)
            if words[:3] == ["rt", "vpn", "both"]:
                data = owner.data.setdefault(family, {}).setdefault("vrf_leaking", {})
                data["rt_import"] = data["rt_export"] = words[3:]
                return True
            if (
                words[0] == "redistribute"
                and len(words) > 2
                and words[1] in {"table", "table-direct", "ospf"}
                and words[2].isdigit()
            ):
                return self._redistribute_table(words, owner, family)
            if words[:2] == ["bgp", "dampening"]:
                defaults = ["15", "750", "2000", "60"]
                if len(words) == 3:
                    defaults[0] = words[2]
                line = line if len(words) == 6 else f"bgp dampening {' '.join(defaults)}"
            rule = FAMILY.read(_reordered(line), owner.data.setdefault(family, {}))
            return rule is not None and self._said(owner, (family, *rule.field.split(".")), line)
        name = _canonical_address(peer[2])
        groups, neighbors = owner.data.setdefault("peer_groups", {}), owner.data.setdefault("neighbors", {})
        data = groups.get(name, neighbors.get(name))
        if data is None:
            return False
        rest = peer[3]
        if rest == "send-community standard" and peer[1]:
            rest = "send-community"
        if rest == "send-community all" and peer[1]:
            data.setdefault(family, {})["send_community"] = ()
            return True
        if not peer[1] and rest.split(" ")[0] == "send-community" and rest != "send-community extended rpki":
            return True
        if _refused_beside(data.get(family, {}), rest) or (name in groups and rest.startswith("soo ")):
            # the model refuses `soo` on a group
            return False
        rule = NEIGHBOR_FAMILY.read((peer[1] or "") + rest, data.setdefault(family, {}))
        owner_path = ("peer_groups" if name in groups else "neighbors", name, family)
        return rule is not None and self._said(owner, (*owner_path, rule.field), line)

    def _redistribute_table(self, words: list[str], owner: _Owner, family: str) -> bool:
        line = " ".join([words[0], f"{words[1]}\x00{words[2]}", *words[3:]])
        data: Data = {}
        if FAMILY.read(line, data) is None:
            return False
        ((key, value),) = data["redistribute"].items()
        owner.data.setdefault(family, {}).setdefault("redistribute", {})[key.replace("\x00", " ")] = value
        return self._said(owner, (family, "redistribute"), " ".join(words))

    def _list_entry(self, match: re.Match[str]) -> bool:
        words, name, action, value = match["words"], match["name"], match["action"], match["value"]
        typed = words.rsplit(" ", maxsplit=1)[-1]
        kind = _KINDS.get(words)
        list_type = None
        if kind is None:
            kind, list_type = _KINDS[words.rsplit(" ", maxsplit=1)[0]], typed
        elif kind.typed:
            list_type = "standard" if name.isdigit() and int(name) < 100 else "expanded"
        lists = self.lists.setdefault(kind.field, {})
        lst = lists.get(name)
        if lst is None:
            lst = lists[name] = {"entries": {}}
        entries = lst.setdefault("entries", {})
        seq = int(match["seq"]) if match["seq"] else (max(entries, default=0) // 5) * 5 + 5
        if list_type is not None and lst.setdefault("kind", list_type) != list_type:
            return False
        entry = self._entry(kind, list_type, seq, action, value)
        if entry is None:
            if not entries:
                del lists[name]
            return False
        entries[seq] = entry
        return True

    def _entry(self, kind: ListKind, list_type: str | None, seq: int, action: str, value: str) -> BaseModel | None:
        data = entry_data(kind, list_type, value)
        if data is None:
            return None
        try:
            return _ENTRY_MODELS[kind.field].model_validate({"seq": seq, "action": action, **data})
        except ValidationError:
            return None

    # the end

    def finish(self) -> Parsed:
        """Make the Router of what was read."""
        data = self.router
        for kind in LISTS:
            if found := self.lists.get(kind.field):
                data[kind.field] = {
                    name: {**lst, "entries": tuple(lst.get("entries", {}).values())} for name, lst in found.items()
                }
        maps: Data = {}
        for name, entries in self.maps.items():
            built = [entry for owner in entries.values() if (entry := self._build(RouteMapEntry, owner)) is not None]
            maps[name] = {"entries": built, **self._optimization(name)}
        if maps:
            data["route_maps"] = maps
        profiles = {name: self._build(BfdProfile, owner) for name, owner in self.profiles.items()}
        if profiles := {name: profile for name, profile in profiles.items() if profile is not None}:
            data["bfd_profiles"] = profiles
        peers = [peer for owner in self.bfd_peers.values() if (peer := self._build(BfdPeer, owner)) is not None]
        if peers:
            data["bfd_peers"] = peers
        if self.rpki is not None:
            data["rpki"] = self._build(Rpki, self.rpki)
        vrfs: Data = {name: dict(owner.data) for name, owner in self.vrfs.items()}
        for vrf, owner in self.bgps.items():
            bgp = self._build(Bgp, owner)
            if bgp is None:
                continue
            if vrf:
                vrfs.setdefault(vrf, {})["bgp"] = bgp
            else:
                data["bgp"] = bgp
        if vrfs:
            data["vrfs"] = vrfs
        data |= self.globals.data
        data["name"] = self.name
        if self.version is not None:
            data["frr_version"] = self.version
        whole = _Owner((), data, self.globals.lines)
        router = self._build(Router, whole)
        if router is None:
            router = Router(name=self.name)
        left = [one for one in self.leftovers if not of_itself(one.context, one.line, router.version)]
        return Parsed(router, tuple(sorted(left, key=lambda leftover: leftover.number)))

    def _optimization(self, name: str) -> Data:
        version = tuple(int(part) for part in (self.version or DEFAULT_VERSION).split("."))
        off = name in self.unoptimized
        if version >= (9,):
            return {"optimization": False} if off else {}
        return {} if off else {"optimization": True}

    def _build(self, model: type[_T], owner: _Owner) -> _T | None:
        """Validate; a part that the types refuse goes to the Leftovers, with every line that said it."""
        for _ in range(1000):
            try:
                return model.model_validate(owner.data)
            except ValidationError as bad:
                dropped = [self._drop(owner, error["loc"]) for error in bad.errors(include_url=False)]
                if not any(dropped):
                    break
        for lines in owner.lines.values():
            for line, number in lines:
                self._left(owner.context, line, number)
        return None

    def _drop(self, owner: _Owner, loc: Iterable[str | int]) -> bool:
        """Take what is refused out of the data: the smallest part that lines are known for."""
        path = tuple(str(part) for part in loc)
        while path and path not in owner.lines:
            path = path[:-1]
        if not path:
            return False
        inside = [key for key in owner.lines if key[: len(path)] == path]
        for key in inside:
            for line, number in owner.lines.pop(key):
                self._left(owner.context, line, number)
        data = owner.data
        for part in path[:-1]:
            data = data.get(part, {})
        data.pop(path[-1], None)
        return True


@lru_cache(maxsize=1 << 17)
def _prefix_entry(line: str) -> tuple[str, str, PrefixListEntry] | None:
    """Read a numbered prefix-list entry: kind, list and entry. A push reads the same lines before and after it."""
    match = _PREFIX_ENTRY.fullmatch(line)
    if match is None:
        return None
    words, name, seq, action, prefix, ge, le = match.groups()
    network = IPv4Network if words == "ip" else IPv6Network
    try:
        entry = PrefixListEntry(seq=seq, action=action, prefix=network(prefix), ge=ge, le=le)
    except ValueError:
        return None
    return ("prefix_lists" if words == "ip" else "ipv6_prefix_lists"), name, entry


def _refused_beside(family: Data, line: str) -> bool:
    """Tell whether FRR refuses a line, for a neighbor has a prefix list or a distribute list, not both."""
    words = line.split(" ")
    beside = {"prefix-list": "distribute_list", "distribute-list": "prefix_list"}.get(words[0])
    return beside is not None and f"{beside}_{words[-1]}" in family


def _reads_nothing(line: str) -> bool:
    del line
    return False


def _opens_nothing(line: str) -> _Context | None:
    del line
    return None


def _lacked(enter: tuple[str, ...]) -> _Context:
    """Make a context that the model lacks, in which others may stand."""
    return _Context(
        enter, _reads_nothing, lambda line: _lacked((*enter, line)) if opens(enter, line) else None, beyond=True
    )


def _canonical_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _with_mask(words: list[str]) -> list[str]:
    """Write `network A.B.C.D mask M`, `A.B.C.D M` and classful `A.B.C.D` with a prefix length."""
    rest = words[2:]
    prefix = words[1]
    if "/" not in prefix:
        if rest[:1] == ["mask"]:
            prefix, rest = f"{prefix}/{rest[1]}", rest[2:]
        elif rest and re.fullmatch(r"[0-9.]+", rest[0]):
            prefix, rest = f"{prefix}/{rest[0]}", rest[1:]
        elif prefix.split(".")[0].isdigit():
            first = int(prefix.split(".")[0])
            prefix = f"{prefix}/{8 if first < 128 else 16 if first < 192 else 24}"
    return [words[0], masked(prefix), *rest]


_ORDERED: Final = {
    "aggregate-address": ("as-set", "summary-only", "route-map", "origin", "matching-MED-only", "suppress-map"),
    "redistribute": ("metric", "route-map"),
    "network": ("route-map", "label-index", "backdoor"),
}
_WITH_VALUE: Final = frozenset({"route-map", "origin", "suppress-map", "metric", "label-index"})


def _reordered(line: str) -> str:
    """Put the options of a line into the order in which FRR shows them."""
    words = line.split(" ")
    order = _ORDERED.get(words[0])
    if order is None or len(words) < 3:
        return line
    options: dict[str, str] = {}
    rest = iter(words[2:])
    for word in rest:
        if word not in order:
            return line
        options[word] = f"{word} {next(rest, '')}" if word in _WITH_VALUE else word
    return " ".join([*words[:2], *(options[word] for word in order if word in options)])


def said_version(text: str) -> str | None:
    """Give the version in the text's `frr version` line."""
    said = re.search(r"^frr version (\d{1,2}(?:\.\d{1,3}){0,2})", text, re.MULTILINE)
    return said[1] if said else None


def parse(text: str, *, name: str = "router", frr_version: str | None = None) -> Parsed:
    """Read an frr.conf or the output of `show running-config`. Never raises: what is not understood is left over.

    `frr_version` None: from the text's `frr version` line, else 8.4.
    """
    # only a newline ends a line: descriptions may hold other separators
    return parse_lines(enumerate(text.split("\n"), 1), name=name, frr_version=frr_version or said_version(text))


def parse_lines(lines: Iterable[tuple[int, str]], *, name: str, frr_version: str | None) -> Parsed:
    """Read lines that are given with their numbers, as `parse` does."""
    parser = Parser(name, frr_version)
    parser.read(lines)
    return parser.finish()
