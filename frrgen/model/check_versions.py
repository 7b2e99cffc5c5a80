"""What a router says that its version of FRR does not have yet, or refuses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from frrgen.codes import Code
from frrgen.errors import Finding, Path, Where
from frrgen.model.bgp import NUMBERED_TABLES, TABLES_DIRECT
from frrgen.model.router import Router
from frrgen.model.since import Since
from frrgen.model.types import FAMILIES

_PARTS: Final = ("bgp", "vrfs", "route_maps")
"""The fields of a router that hold something with a version of its own."""
_INSTEAD: Final = {"graceful_shutdown": "set the community graceful-shutdown in its route maps"}


_NO_NEXT_HOPS: Final = tuple(
    (ip_network(prefix), since, until)
    for prefix, since, until in (
        ("0.0.0.0/32", (8,), (99,)),
        ("0.0.0.0/8", (10,), (99,)),
        ("127.0.0.0/8", (10,), (99,)),
        ("224.0.0.0/4", (8,), (99,)),
        ("240.0.0.0/4", (8,), (10, 7)),
        ("::/127", (8,), (99,)),
        ("ff00::/8", (8,), (99,)),
        ("fe80::/10", (8,), (99,)),
        ("::ffff:0:0/96", (8,), (9,)),
    )
)
"""What `set ip next-hop` and `set ipv6 next-hop global` do not take, from which FRR on, and until which.

FRR refuses all that is in the same transaction: in one batch, or in the file at a start.
"""
_LINK_LOCAL: Final = IPv6Network("fe80::/10")
_NEXT_HOPS: Final = {
    "ip_next_hop": "next hop",
    "ipv6_next_hop_global": "global next hop",
    "ipv6_next_hop_local": "link-local next hop",
}


def check_versions(router: Router, path: Path) -> Iterator[Finding]:
    """Yield a finding for each field, and each value, that the router's FRR lacks or refuses."""
    for name in _PARTS:
        yield from _inside(getattr(router, name), router, (*path, name))
    yield from _tables(router, path)
    for name, route_map in router.route_maps.items():
        for entry in route_map.entries:
            place = (*path, "route_maps", name, "entries", str(entry.seq), "set")
            if entry.set.distance == 0 and router.version >= (10,):
                yield Finding.at(Code.FRR234, "FRR 10 refuses a distance of 0", (*place, "distance"), "1 to 255")
            for field, words in _NEXT_HOPS.items():
                hop = getattr(entry.set, field)
                if not takes_next_hop(hop, router.version, local=field == "ipv6_next_hop_local"):
                    text = f"FRR {router.frr_version} refuses the {words} {hop}"
                    yield Finding.at(Code.FRR234, text, (*place, field))


def _tables(router: Router, path: Path) -> Iterator[Finding]:
    """Yield a finding for each kernel table that FRR does not redistribute."""
    for vrf, bgp in router.instances():
        for family in FAMILIES:
            for source in getattr(bgp, family).redistribute:
                word = source.split(" ")[0]
                refused = f"FRR {router.frr_version} refuses `redistribute {word}`"
                if source == "table" and router.version >= NUMBERED_TABLES:
                    text = f"{refused} without the number of the table"
                elif word == "table-direct" and router.version < TABLES_DIRECT:
                    text = refused
                elif word == "table-direct" and vrf is not None and family == "ipv6_unicast":
                    text = f"{refused} for IPv6 in a VRF: the main instance alone takes it"
                else:
                    continue
                instance = ("bgp",) if vrf is None else ("vrfs", vrf, "bgp")
                yield Finding.at(Code.FRR234, text, (*path, *instance, family, "redistribute", source))


def takes_next_hop(address: object, version: tuple[int, ...], *, local: bool = False) -> bool:
    """Tell whether FRR takes `set ip next-hop ADDRESS`, `set ipv6 next-hop global ADDRESS` or, `local`, the third.

    Seen on 8.4.4, 10.3 and 10.7.1; a version between them is taken for the older.
    """
    if local and isinstance(address, IPv6Address):
        return address in _LINK_LOCAL
    return not isinstance(address, IPv4Address | IPv6Address) or not any(
        address in prefix and since <= version < until for prefix, since, until in _NO_NEXT_HOPS
    )


def _inside(value: Any, router: Router, path: Path) -> Iterator[Finding]:
    if isinstance(value, BaseModel):
        written = value.model_fields_set
        for name, field in type(value).model_fields.items():
            if name in written:
                said = getattr(value, name)
                yield from _too_new(field, name, said, router, (*path, name))
                yield from _inside(said, router, (*path, name))
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _inside(one, router, (*path, str(key)))
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            if isinstance(one, BaseModel):
                yield from _inside(one, router, (*path, str(getattr(one, "seq", number))))


def _too_new(field: FieldInfo, name: str, said: Any, router: Router, path: Path) -> Iterator[Finding]:
    if said is None or said == field.default:
        return
    since = next(
        (
            one
            for one in field.metadata
            if isinstance(one, Since) and router.version < one.version and (not one.values or said in one.values)
        ),
        None,
    )
    if since is None:
        return
    what = f"{name} {said}" if since.values else name
    version = ".".join(map(str, since.version))
    yield Finding(
        Code.FRR234,
        f"{what} needs FRR {version}; this is {router.frr_version}",
        Where(path=path),
        _INSTEAD.get(name),
    )
