"""The blocks of a configuration: which context holds which statements, in the order in which they are written.

Policy stands before `router bgp`: on FRR 8.4 a policy that follows it denies everything for the first five seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

from frrgen.grammar.bgp import FAMILY, INSTANCE, LISTEN, NEIGHBOR, NEIGHBOR_FAMILY
from frrgen.grammar.policy import ENTRY, LISTS, MATCH, SET
from frrgen.grammar.rule import Impact, Rule, Statement
from frrgen.grammar.top import BFD, GLOBAL, RPKI, VRF, bfd_peer_head, rpki_cache, static_route, wholes
from frrgen.model.bgp import FAMILIES, Bgp, Neighbor, NeighborOptions, PeerGroup
from frrgen.model.policy import RouteMap, RouteMapEntry
from frrgen.model.router import Router

Path = tuple[str, ...]
Section = Literal["globals", "vrfs", "lists", "route_maps", "bfd", "bgp", "rpki"]
SECTIONS: Final[tuple[Section, ...]] = ("globals", "vrfs", "lists", "route_maps", "bfd", "bgp", "rpki")

_DEFINE: Final = Rule("remote_as", "remote-as {}", impact=Impact.RESET)
_MEMBER: Final = Rule("peer_group", "peer-group {}", undo_first=True, impact=Impact.RESET)
_AWAKE: Final = Rule("shutdown", "shutdown", negative=True)
_GROUP: Final = Rule("", "peer-group", impact=Impact.RESET)
_INTERFACE: Final = Rule("interface", "interface {}", undo_first=True, impact=Impact.RESET)
_OPTIMIZATION: Final = Rule("optimization", "optimization")

_LEAVE: Final = {"address-family": "exit-address-family", "vrf": "exit-vrf"}


class Line(NamedTuple):
    """A statement, and the path of the model object that says it."""

    owner: Path
    statement: Statement

    @property
    def path(self) -> Path:
        """The path of what it says inside the router's model."""
        return self.owner + self.statement.slot


class Block(NamedTuple):
    """The statements of one context. `enter` are the lines that lead into it from the top level."""

    section: Section
    path: Path
    enter: tuple[str, ...]
    lines: list[Line]


def leave(enter: str) -> str:
    """Give the line that leaves a context."""
    return _LEAVE.get(enter.split(" ", 1)[0], "exit")


def is_unnumbered(peer: str) -> bool:
    """Tell whether a key of `neighbors` is an interface."""
    return ":" not in peer and not peer.replace(".", "").isdigit()


def blocks(router: Router, *, canonical: bool = False) -> Iterator[Block]:
    """Give every block of a router's configuration, in order.

    `canonical` leaves out what FRR would not show; the router should then come from `canonical()`.
    """
    yield from global_blocks(router, canonical=canonical)
    yield from vrf_blocks(router, canonical=canonical)
    yield from list_blocks(router)
    for name, route_map in router.route_maps.items():
        yield from route_map_blocks(name, route_map, router.version, canonical=canonical)
    yield from bfd_blocks(router, canonical=canonical)
    if router.bgp is not None:
        yield from bgp_blocks(router.bgp, ("bgp",), "", canonical=canonical)
    for name, vrf in router.vrfs.items():
        if vrf.bgp is not None:
            yield from bgp_blocks(vrf.bgp, ("vrfs", name, "bgp"), f" vrf {name}", canonical=canonical)
    yield from rpki_blocks(router, canonical=canonical)


def global_blocks(router: Router, *, canonical: bool = False) -> Iterator[Block]:
    """Give the block of the top level."""
    statics = wholes("static_routes", map(static_route, router.static_routes))
    raw = wholes("raw", iter(router.raw))
    yield Block("globals", (), (), at((), chain(GLOBAL.statements(router, canonical=canonical), statics, raw)))


def vrf_blocks(router: Router, *, canonical: bool = False) -> Iterator[Block]:
    """Give the blocks of the VRFs, without their BGP."""
    for name, vrf in router.vrfs.items():
        path = ("vrfs", name)
        inner = chain(
            VRF.statements(vrf, canonical=canonical),
            wholes("static_routes", map(static_route, vrf.static_routes)),
            wholes("raw", iter(vrf.raw)),
        )
        yield Block("vrfs", path, (f"vrf {name}",), at(path, inner))


def rpki_blocks(router: Router, *, canonical: bool = False) -> Iterator[Block]:
    """Give the block of `rpki`, if there is one."""
    if router.rpki is not None:
        caches = wholes("caches", (rpki_cache(cache, router.version) for cache in router.rpki.caches))
        lines = at(("rpki",), chain(RPKI.statements(router.rpki, canonical=canonical), caches))
        yield Block("rpki", ("rpki",), ("rpki",), lines)


def raw_lines(router: Router) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give every raw line of the model, with its context."""
    yield from (((), line) for line in router.raw)
    instances = [("", router.bgp), *((f" vrf {name}", vrf.bgp) for name, vrf in router.vrfs.items())]
    for name, vrf in router.vrfs.items():
        yield from (((f"vrf {name}",), line) for line in vrf.raw)
    for suffix, bgp in instances:
        if bgp is not None:
            enter = f"router bgp {bgp.asn}{suffix}"
            yield from (((enter,), line) for line in bgp.raw)
            for family in FAMILIES:
                context = (enter, f"address-family {family.replace('_', ' ')}")
                yield from ((context, line) for line in getattr(bgp, family).raw)
    for name, route_map in router.route_maps.items():
        for entry in route_map.entries:
            yield from (((f"route-map {name} {entry.action} {entry.seq}",), line) for line in entry.raw)


def at(path: Path, statements: Iterable[Statement]) -> list[Line]:
    """Give statements their paths in the model."""
    return [Line(path, statement) for statement in statements]


def list_blocks(router: Router) -> Iterator[Block]:
    """Give a block for each list."""
    for kind in LISTS:
        for name, lst in kind.of(router).items():
            path, head = (kind.field, name), kind.head(name, lst)
            lines = []
            if (note := kind.note_of(lst)) is not None:
                text = f"{head} {kind.note} {note}"
                lines.append(Line(path, Statement((kind.note,), text, f"no {head} {kind.note}", _OPTIMIZATION)))
            for entry in lst.entries:
                seq = str(entry.seq)
                text = kind.entry(head, entry)
                lines.append(Line(path, Statement((seq,), text, kind.undo_entry(head, entry), _OPTIMIZATION)))
            yield Block("lists", path, (), lines)


def optimization(route_map: RouteMap, version: tuple[int, ...]) -> bool:
    """Tell whether FRR's route-map optimiser is to be on for a map."""
    return version >= (9,) if route_map.optimization is None else route_map.optimization


def route_map_blocks(
    name: str, route_map: RouteMap, version: tuple[int, ...], *, canonical: bool = False
) -> Iterator[Block]:
    """Give the blocks of a route map: its optimiser's switch (behind it, for FRR forgets it otherwise), its entries."""
    for entry in route_map.entries:
        yield entry_block(name, entry, canonical=canonical)
    if not optimization(route_map, version):
        text = f"route-map {name} optimization"
        line = Line(("route_maps", name), Statement(("optimization",), f"no {text}", text, _OPTIMIZATION))
        yield Block("route_maps", ("route_maps", name), (), [line])


def entry_block(name: str, entry: RouteMapEntry, *, canonical: bool = False) -> Block:
    """Give the block of one route-map entry."""
    path: Path = ("route_maps", name, str(entry.seq))
    lines = at(
        path,
        chain(ENTRY.statements(entry, canonical=canonical), wholes("raw", iter(entry.raw))),
    )
    for part, table, obj in (("match", MATCH, entry.match), ("set", SET, entry.set)):
        lines += at((*path, part), table.statements(obj, canonical=canonical))
    return Block("route_maps", path, (f"route-map {name} {entry.action} {entry.seq}",), lines)


def bfd_blocks(router: Router, *, canonical: bool = False) -> Iterator[Block]:
    """Give a block for each BFD profile and peer."""
    for name, profile in router.bfd_profiles.items():
        path: Path = ("bfd_profiles", name)
        lines = at(path, BFD.statements(profile, canonical=canonical))
        yield Block("bfd", path, ("bfd", f"profile {name}"), lines)
    for peer in router.bfd_peers:
        head = bfd_peer_head(peer)
        path = ("bfd_peers", head)
        yield Block("bfd", path, ("bfd", head), at(path, BFD.statements(peer, canonical=canonical)))


def bgp_blocks(bgp: Bgp, path: Path, suffix: str, *, canonical: bool = False) -> Iterator[Block]:
    """Give the blocks of a BGP instance: itself with its neighbors, then its address families."""
    enter = f"router bgp {bgp.asn}{suffix}"
    lines = at(path, INSTANCE.statements(bgp, canonical=canonical))
    for name, group in bgp.peer_groups.items():
        lines += group_lines(name, group, path, canonical=canonical)
    for peer, neighbor in bgp.neighbors.items():
        lines += neighbor_lines(peer, neighbor, bgp, path, canonical=canonical)
    lines += at(path, LISTEN.statements(bgp, canonical=canonical))
    lines += at(path, wholes("raw", iter(bgp.raw)))
    yield Block("bgp", path, (enter,), lines)
    for family in FAMILIES:
        part = getattr(bgp, family)
        inner = at((*path, family), FAMILY.statements(part, canonical=canonical))
        for name, group in bgp.peer_groups.items():
            inner += family_lines(name, group, ("peer_groups", name), family, path, canonical=canonical)
        for peer, neighbor in bgp.neighbors.items():
            inner += family_lines(peer, neighbor, ("neighbors", peer), family, path, canonical=canonical)
        inner += at((*path, family), wholes("raw", iter(part.raw)))
        if inner:
            yield Block("bgp", (*path, family), (enter, f"address-family {family.replace('_', ' ')}"), inner)


def group_lines(name: str, group: PeerGroup, path: Path, *, canonical: bool) -> list[Line]:
    """Write a peer group's lines in `router bgp`."""
    owner, prefix = (*path, "peer_groups", name), f"neighbor {name} "
    define = [_GROUP.statement(("peer_group",), prefix, "peer-group")]
    if group.remote_as is not None:
        define.append(_DEFINE.statement(("remote_as",), prefix, f"remote-as {group.remote_as}"))
    return at(owner, chain(define, NEIGHBOR.statements(group, prefix, canonical=canonical)))


def neighbor_lines(peer: str, neighbor: Neighbor, bgp: Bgp, path: Path, *, canonical: bool) -> list[Line]:
    """Write a neighbor's lines in `router bgp`: first the one that makes it."""
    owner, prefix = (*path, "neighbors", peer), f"neighbor {peer} "
    group = neighbor.peer_group
    inherits = group is not None and group in bgp.peer_groups and bgp.peer_groups[group].remote_as is not None
    remote = None if inherits else neighbor.remote_as
    define: list[Statement] = []
    if is_unnumbered(peer):
        words = "interface v6only" if neighbor.v6only else "interface"
        if remote is not None:
            words, member = f"{words} remote-as {remote}", group
        else:
            words, member = f"{words} peer-group {group}" if group else words, None
        define.append(_DEFINE.statement(("remote_as",), prefix, words))
    else:
        member = group
        if remote is not None:
            define.append(_DEFINE.statement(("remote_as",), prefix, f"remote-as {remote}"))
    if member is not None:
        define.append(_MEMBER.statement(("peer_group",), prefix, f"peer-group {member}"))
    if neighbor.interface is not None:
        define.append(_INTERFACE.statement(("interface",), prefix, f"interface {neighbor.interface}"))
    if not canonical and starts_shut(neighbor, bgp):
        define.append(_AWAKE.statement(("shutdown",), prefix, "shutdown"))
    return at(owner, chain(define, NEIGHBOR.statements(neighbor, prefix, canonical=canonical)))


def starts_shut(neighbor: Neighbor, bgp: Bgp) -> bool:
    """Tell whether FRR shuts the neighbor down when it is made, though the model does not."""
    if not bgp.default_shutdown or neighbor.shutdown:
        return False
    group = bgp.peer_groups.get(neighbor.peer_group or "")
    return group is None or not group.shutdown


def family_lines(
    peer: str, options: NeighborOptions, owner: Path, family: str, path: Path, *, canonical: bool
) -> list[Line]:
    """Write a neighbor's or group's lines in an address family."""
    part: Any = getattr(options, family)
    if not part.model_fields_set:
        return []
    return at((*path, *owner, family), NEIGHBOR_FAMILY.statements(part, f"neighbor {peer} ", canonical=canonical))
