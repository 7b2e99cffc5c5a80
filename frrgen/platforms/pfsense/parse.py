"""The sections of pfSense's FRR package -> a Router and Leftovers: the inverse of render.

What the model lacks, or its types refuse, is kept as Leftovers: `frrbgpneighbors 192.0.2.1 / key=value`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from frrgen.lines.rule import Data
from frrgen.model.bgp import Bgp
from frrgen.model.lists import AccessList, AsPathList, CommunityList, PrefixList
from frrgen.model.neighbor import Neighbor, PeerGroup
from frrgen.model.platform import FRR_OF_PACKAGE, Pfsense
from frrgen.model.policy import RouteMapEntry
from frrgen.model.router import BfdPeer, BfdProfile, Router, Rpki, RpkiCache, StaticRoute
from frrgen.model.types import FAMILIES, Model, Name, PlacedError
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.keys import ROUTE_MAP_DELAY
from frrgen.platforms.pfsense.php import has, ip_version, numeric, word
from frrgen.platforms.pfsense.schema import (
    COVERED,
    SCHEMA,
    Config,
    Identity,
    Sections,
    first_ones,
    identity,
    spelt,
    twice,
)
from frrgen.platforms.pfsense.sections.bgp import read_bgp
from frrgen.platforms.pfsense.sections.lists import READ_LISTS
from frrgen.platforms.pfsense.sections.neighbors import read_neighbors
from frrgen.platforms.pfsense.sections.route_maps import read_route_map_entry
from frrgen.platforms.pfsense.sections.top import read_bfd, read_global, read_raw, read_rpki

_T = TypeVar("_T", bound=BaseModel)
_MODELS: Final[dict[str, type[BaseModel]]] = {
    "prefix_lists": PrefixList,
    "ipv6_prefix_lists": PrefixList,
    "access_lists": AccessList,
    "ipv6_access_lists": AccessList,
    "as_path_lists": AsPathList,
    "community_lists": CommunityList,
}
_SECRET: Final = ("password", "tcpsigpw")
_PARTS: Final = frozenset({"match", "set", *FAMILIES})
"""Parts of an object: a field can be refused without the rest."""


class Read(NamedTuple):
    """What sections say."""

    parsed: Parsed
    kept: dict[tuple[str, Identity], dict[str, list[dict[str, str]]]]
    """By section and entry: the keys that hold what the model lacks; under `row` the rows that do."""


def parse(
    sections: Sections,
    box: HostFacts,
    *,
    name: str = "router",
    frr_version: str | None = None,
    enabled_only: bool = True,
) -> Read:
    """Read sections. Never raises: what is not understood is left over.

    `enabled_only`: without the tick that turns BGP on, there is no BGP; what is stored stays as it is.
    """
    return _Reader(sections, box, name, frr_version or FRR_OF_PACKAGE[box.package], enabled_only=enabled_only).read()


class _Reader:
    def __init__(self, sections: Sections, box: HostFacts, name: str, frr_version: str, *, enabled_only: bool) -> None:
        self.stored = sections
        self.sections = first_ones(sections)
        self.box = box
        self.name = name
        self.frr_version = frr_version
        self.enabled_only = enabled_only
        self.leftovers: list[Leftover] = []
        self.kept: dict[tuple[str, Identity], dict[str, list[dict[str, str]]]] = {}

    def read(self) -> Read:
        for section, entry in twice(self.stored):
            self.note(section, entry, "entry", "once more, and not considered")
        self._without_bfd()
        data = self._global()
        own = data.setdefault("pfsense", {})
        raw = self._first("frrglobalraw")
        read_raw(raw, data, partial(self.note, "frrglobalraw", ()))
        self._lists(data)
        bgp = self._first("frrbgp")
        advanced = self.sections.get("frrbgpadvanced") or None
        if has(bgp, "enable") or (bgp.get("asnum") and not self.enabled_only):
            self._bgp(data, bgp, advanced[0] if advanced else None)
            if advanced and "enforcefirstas" in advanced[0] and not has(advanced[0], "enforcefirstas"):
                own["enforce_first_as"] = False
        elif bgp.get("asnum"):
            self.note("frrbgp", (), "enable", "off")
        read_bfd(self.sections, data, self.box, self._note_bfd)
        self._parts(data)
        rpki = read_rpki(self.sections, bgp, self._note_cache)
        if rpki is not None:
            stored = self.sections["frrbgprpkicacheservers"]
            caches = [
                self._build(RpkiCache, one, "frrbgprpkicacheservers", identity("frrbgprpkicacheservers", config))
                for config, one in zip(stored, rpki["caches"], strict=True)
            ]
            rpki["caches"] = [one for one in caches if one is not None]
            data["rpki"] = self._build(Rpki, rpki, "frrbgp", ())
        if not own:
            del data["pfsense"]
        else:
            data["pfsense"] = self._build(Pfsense, own, "frr", ())
        for section in self.sections:
            if section not in COVERED and self.sections[section]:
                self.leftovers.append(Leftover((section,), f"{len(self.sections[section])} entries"))
        whole = {key: value for key, value in data.items() if value not in ({}, [], None)}
        head = {"name": self.name, "platform": "pfsense", "frr_version": self.frr_version}
        router = self._build(Router, {**head, **whole}, "frr", ())
        return Read(Parsed(router or Router.model_validate(head), tuple(self.leftovers)), self.kept)

    def _without_bfd(self) -> None:
        """Leave over all of BFD where the box has switched it off: reading it as wanted would switch it on.

        And the daemon that has no configuration: to stop it would restart all of FRR.
        """
        if has(self._first("frrbfd"), "enable"):
            neighbors = self.sections.get("frrbgpneighbors", [])
            if not any((self.sections.get("frrbfdprofiles"), self.sections.get("frrbfdpeers"))) and not any(
                has(config, "bfdenable") for config in neighbors
            ):
                self.note("frrbfd", (), "enable", "on, and nothing of BGP uses it")
            return
        for section in ("frrbfdprofiles", "frrbfdpeers"):
            for config in self.sections.pop(section, []):
                self.note(section, identity(section, config), "entry", "stored, and BFD is off")
        neighbors = []
        for config in self.sections.get("frrbgpneighbors", []):
            if has(config, "bfdenable"):
                self.note("frrbgpneighbors", identity("frrbgpneighbors", config), "bfdenable", "on, and BFD is off")
            neighbors.append({**config, "bfdenable": ""})
        if neighbors:
            self.sections["frrbgpneighbors"] = neighbors

    def note(self, section: str, entry: Identity, key: str, value: Any) -> None:
        """Remember what the model lacks. Secrets are not shown."""
        entry = tuple(map(spelt, entry))
        rows = self.kept.setdefault((section, entry), {}).setdefault(key, [])
        if isinstance(value, dict):
            rows.append(value)
            value = " ".join(f"{name}={'<hidden>' if name in _SECRET else text}" for name, text in value.items())
        elif key in _SECRET:
            value = "<hidden>" if not str(value).startswith("stored") else value
        self.leftovers.append(Leftover((" ".join([section, *entry]).strip(),), f"{key}={value}"))

    def _note_bfd(self, section: str, entry: str, key: str, value: str) -> None:
        self.note(section, (entry,), key, value)

    def _note_cache(self, section: str, entry: str, key: str, value: str) -> None:
        port = next((one.get("port", "") for one in self.sections[section] if one.get("cacheserver") == entry), "")
        self.note(section, (entry, port) if section == "frrbgprpkicacheservers" else (), key, value)

    def _first(self, section: str) -> Config:
        return next(iter(self.sections.get(section) or [{}]), {})

    def _global(self) -> Data:
        return read_global(self._first("frr"), self.box, partial(self.note, "frr", ()))

    # lists and route maps

    def _lists(self, data: Data) -> None:
        for section, read in READ_LISTS.items():
            for config in self.sections.get(section, []):
                name = config.get("name", "")
                note = partial(self.note, section, (name,))
                if "iptype" in SCHEMA[section].keys and config.get("iptype", "").lower() not in {"ipv4", "ipv6"}:
                    # nothing can name it, and the package writes of it what it happens to
                    note("iptype", config.get("iptype", ""))
                    continue
                if section == "frrbgpcommunities" and not (numeric(name) or word(name)):
                    # the package writes it under the name of the list before it
                    note("name", name)
                    continue
                field, found = read(config, note)
                entries: list[Data] = []
                for entry, row in zip(found["entries"], _said_rows(config, len(found["entries"])), strict=True):
                    probe = {**found, "entries": [*entries, entry]}
                    if _fits(_MODELS[field], probe):
                        entries.append(entry)
                    else:
                        note("row", row)
                built = self._build(_MODELS[field], {**found, "entries": entries}, section, (name,))
                if built is not None and _fits(Router, {"name": self.name, field: {name: built}}):
                    data.setdefault(field, {})[name] = built
                else:
                    note("name", name)
        maps: dict[str, list[RouteMapEntry]] = {}
        for config in self.sections.get("frrglobalroutemaps", []):
            name = config.get("name", "")
            key = (name, config.get("seq", ""))
            found = read_route_map_entry(config, self.sections, partial(self.note, "frrglobalroutemaps", key))
            entry = self._build(RouteMapEntry, found, "frrglobalroutemaps", key)
            written = _is_name(name) and word(name)
            if entry is not None and written and all(one.seq != entry.seq for one in maps.get(name, ())):
                maps.setdefault(name, []).append(entry)
            else:
                self.note("frrglobalroutemaps", key, "name", name)
        data["route_maps"] = {name: {"entries": entries} for name, entries in maps.items()}

    # bgp

    def _bgp(self, data: Data, config: Config, advanced: Config | None) -> None:
        bgp = read_bgp(config, advanced, partial(self.note, "frrbgp", ()), partial(self.note, "frrbgpadvanced", ()))
        read_neighbors(
            self.sections, bgp, self.box, lambda peer, key, value: self.note("frrbgpneighbors", (peer,), key, value)
        )
        data["bgp"] = bgp
        ROUTE_MAP_DELAY.read((advanced or {}).get("timers_routemapdelay", ""), data)

    def _parts(self, data: Data) -> None:
        """Validate what came of BFD, static routes and BGP, part by part."""
        profiles = data.pop("bfd_profiles", {})
        data["bfd_profiles"] = self._each(BfdProfile, "frrbfdprofiles", profiles.items())
        peers = (self._build(BfdPeer, one, "frrbfdpeers", (one["address"],)) for one in data.pop("bfd_peers", []))
        data["bfd_peers"] = [peer for peer in peers if peer is not None]
        routes = (self._build(StaticRoute, one, "frr", ()) for one in data.pop("static_routes", []))
        data["static_routes"] = [route for route in routes if route is not None]
        if "bgp" in data:
            bgp = data["bgp"]
            for kind, model in (("peer_groups", PeerGroup), ("neighbors", Neighbor)):
                bgp[kind] = self._each(model, "frrbgpneighbors", bgp[kind].items())
            data["bgp"] = self._build(Bgp, bgp, "frrbgp", ())

    def _each(self, model: type[_T], section: str, some: Iterable[tuple[str, Data]]) -> dict[str, _T]:
        built = {}
        for name, one in some:
            if _is_name(name) or (model is Neighbor and ip_version(name)):
                built[name] = self._build(model, one, section, (name,))
            else:
                self._refused(section, (name,), "name", name)
        return {name: one for name, one in built.items() if one is not None}

    # validation

    def _build(self, model: type[_T], data: Data, section: str, entry: Identity) -> _T | None:
        """Validate; what the types refuse is left over, and the rest is taken."""
        for _ in range(200):
            try:
                return model.model_validate(data)
            except ValidationError as bad:
                dropped = [_drop(data, _place(one)) for one in bad.errors(include_url=False)]
                for path, value in (one for one in dropped if one is not None):
                    shown = "<hidden>" if any(word in path for word in ("password", "tcp_md5")) else value
                    self._refused(section, entry, path, shown)
                if not any(dropped):
                    break
        self._refused(section, entry, "entry", "not understood")
        return None

    def _refused(self, section: str, entry: Identity, path: str, value: Any) -> None:
        """Leave over a field that the model's types refuse: every key of the entry stays as it is on the box."""
        entry = tuple(map(spelt, entry))
        for page in ("frrbgp", "frrbgpadvanced") if section == "frrbgp" else (section,):
            kept = self.kept.setdefault((page, entry), {})
            for key in SCHEMA[page].keys:
                kept.setdefault(key, [])
            if SCHEMA[page].single:
                kept["row"] = list(self._first(page).get("row") or [])
        self.leftovers.append(Leftover((" ".join([section, *entry]).strip(),), f"{path}={value}"))


def _said_rows(config: Config, count: int) -> list[dict[str, str]]:
    """Return the rows that were read, in order."""
    words = ("source", "any", "sourceany", "regex", "community")
    rows = [row for row in config.get("row") or [] if any(row.get(word) for word in words)]
    return rows[:count]


def _fits(model: type[BaseModel], data: Data) -> bool:
    try:
        model.model_validate(data)
    except ValidationError:
        return False
    return True


def _is_name(name: str) -> bool:
    return _fits(_Named, {"name": name})


class _Named(Model):
    """A name that FRR and the model take."""

    name: Name


def _place(detail: ErrorDetails) -> tuple[int | str, ...]:
    """Tell what is wrong: a validator of the whole names the part itself."""
    raised = detail.get("ctx", {}).get("error")
    return (*detail["loc"], *raised.path) if isinstance(raised, PlacedError) else detail["loc"]


def _drop(data: Data, loc: tuple[int | str, ...]) -> tuple[str, Any] | None:
    """Take what is refused out of the data: the field, or the field of a part; gives its path and value."""
    steps = [str(step) for step in loc]
    if not steps:
        return None
    outer = data
    if steps[0] in _PARTS and len(steps) > 1 and isinstance(data.get(steps[0]), dict):
        outer = data[steps[0]]
        inner = steps[1]
    else:
        inner = steps[0]
    if inner not in outer:
        return None
    return ".".join(steps[:2] if outer is not data else steps[:1]), outer.pop(inner)
