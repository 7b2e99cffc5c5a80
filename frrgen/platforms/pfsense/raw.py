"""The page Raw Config: one text that the package takes as the frr.conf, whatever its other pages say.

A router with `pfsense: {raw: true}` is written there, so it may say all that FRR can. The ticks that start the daemons
still come from the other pages, which otherwise stay as they are.
"""

from __future__ import annotations

from typing import Any, Final

from frrgen.model.neighbor import NeighborOptions
from frrgen.model.platform import Pfsense
from frrgen.model.router import Router
from frrgen.platforms.frr.diff.plan import hide, make_plan
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.platforms.frr.parse.parser import parse as parse_frr
from frrgen.platforms.frr.render import render
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.php import has, ip_version
from frrgen.platforms.pfsense.schema import COVERED, RAW_KEYS, Config, Sections, blank, decode, encode

_HEAD: Final = ("password ", "enable password ")
"""Lines of the package's own head of a file: the page Global Settings keeps the password that they say."""


def is_raw(router: Router) -> bool:
    """Tell whether a router is written to the page Raw Config."""
    return router.pfsense is not None and router.pfsense.raw


def raw_keys(sections: Sections) -> tuple[str, ...]:
    """Name the keys of the raw configuration that replace what the package would make of the sections."""
    return tuple(key for config in sections.get("frrglobalraw", [])[:1] for key in RAW_KEYS if has(config, key))


def without_raw(sections: Sections) -> Sections:
    """Return the sections without raw configurations."""
    found = dict(sections)
    if keys := raw_keys(sections):
        first, *others = sections["frrglobalraw"]
        found["frrglobalraw"] = [{key: "" if key in keys else value for key, value in first.items()}, *others]
    return found


def veiled_text(stored: str) -> str:
    """Return the text of a base64 field, as it is stored, with its passwords hidden."""
    try:
        return encode("\n".join(hide(line) for line in decode(stored).split("\n"))) if stored else ""
    except ValueError:
        return "hidden"


def read_raw(sections: Sections, box: HostFacts, *, name: str, frr_version: str | None = None) -> Parsed:
    """Read what a box's raw configuration says. Raises InputError (FRR704) if it is not base64."""
    parsed = parse_frr(frr_conf(sections, box), name=name, frr_version=frr_version)
    router = parsed.router.model_copy(update={"platform": "pfsense", "pfsense": Pfsense(raw=True)})
    return Parsed(router, tuple(one for one in parsed.leftovers if not one.line.startswith(_HEAD)))


def as_frr(router: Router, box: HostFacts) -> Router:
    """Return the router as one that runs FRR alone: its interfaces have the names and addresses that FRR knows."""
    changes: dict[str, Any] = {"platform": "frr", "pfsense": None}
    changes["static_routes"] = tuple(
        one.model_copy(update={"interface": box.devices.get(one.interface or "", one.interface)})
        for one in router.static_routes
    )
    if router.bgp is not None:
        versions: dict[str | None, set[int]] = {}
        for peer, neighbor in router.bgp.neighbors.items():
            versions.setdefault(neighbor.peer_group, set()).add(ip_version(peer))
        kinds: dict[str, Any] = {
            "neighbors": {peer: _sourced(one, box, {ip_version(peer)}) for peer, one in router.bgp.neighbors.items()},
            "peer_groups": {
                name: _sourced(one, box, versions.get(name, {4})) for name, one in router.bgp.peer_groups.items()
            },
        }
        changes["bgp"] = router.bgp.model_copy(update=kinds)
    return router.model_copy(update=changes)


def _sourced(one: NeighborOptions, box: HostFacts, versions: set[int]) -> NeighborOptions:
    """Write the interface that sessions come from as its address, or as its device where members have both versions."""
    source = one.update_source
    if source is None or source not in box.interfaces:
        return one
    address = next((text for text in box.interfaces[source] if {ip_version(text)} == versions), None)
    return one.model_copy(update={"update_source": address or box.devices.get(source, source)})


def raw_text(router: Router, box: HostFacts) -> str:
    """Return the frr.conf of a router, with passwords."""
    return render(as_frr(router, box))


def raw_sections(router: Router, box: HostFacts, current: Sections) -> tuple[Sections, tuple[str, ...]]:
    """Write a router as raw configuration over what a box has; also give the lines of the box's text that get lost.

    Where the box's own text says the same already, it stays as it is. Raises InputError if that is not base64.
    """
    first: dict[str, Config] = {}
    password = None if router.pfsense is None else router.pfsense.password
    if password is not None:
        first["frr"] = {"password": password.get_secret_value()}
    lost: tuple[str, ...] = ()
    same = False
    if raw_keys(current):
        said = read_raw(current, box, name=router.name, frr_version=router.frr_version)
        lost = tuple(str(one) for one in said.leftovers if one.context or one.line not in router.raw)
        full = as_frr(router, box).model_copy(update={"ownership": "full"})
        same = not make_plan(Parsed(as_frr(said.router, box), ()), full).changes
    if not same:
        there = _first(current, "frrglobalraw")
        raw: Config = {key: "" if key in RAW_KEYS else value for key, value in there.items()}
        first["frrglobalraw"] = raw | {"frr": encode(raw_text(router, box))}
        first["frr"] = first.get("frr", {}) | {"enable": "on"}
        first |= _ticks(router, current)
    written = {name: list(current[name]) for name in COVERED if current.get(name)}
    for name, keys in first.items():
        old = written.get(name, [])
        written[name] = [{**(old[0] if old else blank(name)), **keys}, *old[1:]]
    return written, () if same else lost


def _ticks(router: Router, current: Sections) -> dict[str, Config]:
    """Return the keys that start the daemons of a raw configuration."""
    found: dict[str, Config] = {}
    stored = _first(current, "frrbgp")
    if router.bgp is not None and not has(stored, "enable"):
        found["frrbgp"] = {"enable": "on", "asnum": stored.get("asnum") or str(router.bgp.asn)}
    if router.bfd_profiles or router.bfd_peers or _uses_bfd(router):
        found["frrbfd"] = {"enable": "on"}
    return found


def _first(sections: Sections, name: str) -> Config:
    return next((config for config in sections.get(name, []) if config), {})


def _uses_bfd(router: Router) -> bool:
    bgp = router.bgp
    return bgp is not None and any(one.bfd is not None for one in (*bgp.neighbors.values(), *bgp.peer_groups.values()))
