"""The blocks of a configuration: which context holds which statements, in the order in which they are written.

Policy stands before `router bgp`: on FRR 8.4 a policy that follows it denies everything for the first five seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from frrgen.errors import Path
from frrgen.lines.rule import Impact, LineRule, Statement, Written
from frrgen.model.bgp import Bgp
from frrgen.model.evpn import Vni
from frrgen.model.neighbor import Neighbor, NeighborOptions, PeerGroup
from frrgen.model.policy import RouteMap, RouteMapEntry
from frrgen.model.router import Router
from frrgen.model.types import SESSION_FAMILIES, is_address, looks_like_address
from frrgen.platforms.frr.grammar.bgp import INSTANCE, LISTEN
from frrgen.platforms.frr.grammar.evpn import OF_INSTANCE, OF_NEIGHBOR, VNI
from frrgen.platforms.frr.grammar.neighbor import NEIGHBOR
from frrgen.platforms.frr.grammar.policy import ENTRY, LISTS, MATCH, SET
from frrgen.platforms.frr.grammar.top import BFD, GLOBAL, RPKI, VRF, bfd_peer_head, rpki_cache, static_route, wholes

Section = Literal["globals", "vrfs", "lists", "route_maps", "bfd", "bgp", "rpki"]

_DEFINE: Final = LineRule("remote_as", "remote-as {}", impact=Impact.RESET)
_MEMBER: Final = LineRule("peer_group", "peer-group {}", undo_first=True, impact=Impact.RESET)
_AWAKE: Final = LineRule("shutdown", "shutdown", negative=True)
_GROUP: Final = LineRule("", "peer-group", impact=Impact.RESET)
_INTERFACE: Final = LineRule("interface", "interface {}", undo_first=True, impact=Impact.RESET)
_OPTIMIZATION: Final = LineRule("optimization", "optimization", negative=True)
_PLAIN: Final = LineRule("", "")
_RAW: Final = ("raw",)

_LEAVE: Final = {"address-family": "exit-address-family", "vrf": "exit-vrf", "vni": "exit-vni"}


def _place(owner: Path, slot: Path) -> Path:
    """Return the path of a slot, whose first word may be a path of its own: `log.syslog`."""
    return (*owner, *(step for word in slot[:1] for step in word.split(".")), *slot[1:])


class Line(NamedTuple):
    """A statement, and the path of the model object that says it."""

    owner: Path
    statement: Statement

    @property
    def path(self) -> Path:
        """The path of what it says inside the router's model."""
        return _place(self.owner, self.statement.slot)


class ObjectPart(NamedTuple):
    """What one model object says in a context. A renderer needs its texts alone, and only the diff its statements."""

    owner: Path
    written: list[Written]
    prefix: str = ""

    def texts(self, margin: str = "") -> list[str]:
        """Write the lines, each behind a margin."""
        line, negated = margin + self.prefix, f"{margin}no {self.prefix}"
        return [(negated if rule.negative else line) + body for rule, _, body in self.written]

    @property
    def paths(self) -> list[Path]:
        """The path of each line inside the router's model."""
        return [_place(self.owner, slot) for _, slot, _ in self.written]

    @property
    def lines(self) -> list[Line]:
        """The lines as statements."""
        return [Line(self.owner, rule.statement(slot, self.prefix, body)) for rule, slot, body in self.written]


class ContextBlock(NamedTuple):
    """What stands in one context. `enter` are the lines that lead into it from the top level."""

    section: Section
    path: Path
    enter: tuple[str, ...]
    parts: list[ObjectPart]

    @property
    def lines(self) -> list[Line]:
        """All of its lines as statements, but for raw ones."""
        return [line for part in self.parts for line in part.lines if line.statement.slot[:1] != _RAW]

    @property
    def raw(self) -> list[str]:
        """Its raw lines."""
        return [body for part in self.parts for _, slot, body in part.written if slot[:1] == _RAW]


def bare(path: Path, text: str) -> ObjectPart:
    """Make a line of its own, such as one that enters or leaves a context, which the object at `path` says."""
    return ObjectPart(path, [(_PLAIN, (), text)])


def leave(enter: str) -> str:
    """Return the line that leaves a context."""
    return _LEAVE.get(enter.split(" ", 1)[0], "exit")


def is_unnumbered(peer: str) -> bool:
    """Tell whether a key of `neighbors` is an interface: what looks like an address was read as an address before."""
    return not looks_like_address(peer) and not is_address(peer)


def blocks(router: Router, *, canonical: bool = False) -> Iterator[ContextBlock]:
    """Yield every block of a router's configuration, in order.

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


def global_blocks(router: Router, *, canonical: bool = False) -> Iterator[ContextBlock]:
    """Yield the block of the top level."""
    statics = wholes("static_routes", map(static_route, router.static_routes))
    written = [*GLOBAL.written(router, canonical=canonical), *statics, *wholes("raw", router.raw)]
    yield ContextBlock("globals", (), (), [ObjectPart((), written)])


def vrf_blocks(router: Router, *, canonical: bool = False) -> Iterator[ContextBlock]:
    """Yield the blocks of the VRFs, without their BGP."""
    for name, vrf in router.vrfs.items():
        path = ("vrfs", name)
        statics = wholes("static_routes", map(static_route, vrf.static_routes))
        written = [*VRF.written(vrf, canonical=canonical), *statics, *wholes("raw", vrf.raw)]
        yield ContextBlock("vrfs", path, (f"vrf {name}",), [ObjectPart(path, written)])


def rpki_blocks(router: Router, *, canonical: bool = False) -> Iterator[ContextBlock]:
    """Yield the block of `rpki`, if there is one."""
    if router.rpki is not None:
        caches = wholes("caches", (rpki_cache(cache, router.version) for cache in router.rpki.caches))
        written = [*RPKI.written(router.rpki, canonical=canonical), *caches]
        yield ContextBlock("rpki", ("rpki",), ("rpki",), [ObjectPart(("rpki",), written)])


def raw_lines(router: Router) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every raw line of the model, with its context."""
    yield from (((), line) for line in router.raw)
    instances = [("", router.bgp), *((f" vrf {name}", vrf.bgp) for name, vrf in router.vrfs.items())]
    for name, vrf in router.vrfs.items():
        yield from (((f"vrf {name}",), line) for line in vrf.raw)
    for suffix, bgp in instances:
        if bgp is not None:
            enter = f"router bgp {bgp.asn}{suffix}"
            yield from (((enter,), line) for line in bgp.raw)
            for family in SESSION_FAMILIES:
                context = (enter, f"address-family {family.replace('_', ' ')}")
                yield from ((context, line) for line in getattr(bgp, family).raw)
            for number, vni in bgp.l2vpn_evpn.vnis.items():
                yield from ((vni_context(enter, number), line) for line in vni.raw)
            for family, lines in bgp.raw_families.items():
                yield from (((enter, f"address-family {family}"), line) for line in lines)
    for name, route_map in router.route_maps.items():
        for entry in route_map.entries:
            yield from (((f"route-map {name} {entry.action} {entry.seq}",), line) for line in entry.raw)


def list_blocks(router: Router) -> Iterator[ContextBlock]:
    """Yield a block for each list."""
    for kind in LISTS:
        for name, lst in kind.of(router).items():
            path, head = (kind.field, name), kind.head(name, lst)
            written: list[Written] = [(_PLAIN, (str(entry.seq),), kind.entry(head, entry)) for entry in lst.entries]
            if (note := kind.note_of(lst)) is not None:
                written.insert(0, (_PLAIN, (kind.note,), f"{head} {kind.note} {note}"))
            yield ContextBlock("lists", path, (), [ObjectPart(path, written)])


def optimization(route_map: RouteMap, version: tuple[int, ...]) -> bool:
    """Tell whether FRR's route-map optimiser is to be on for a map."""
    return version >= (9,) if route_map.optimization is None else route_map.optimization


def route_map_blocks(
    name: str, route_map: RouteMap, version: tuple[int, ...], *, canonical: bool = False
) -> Iterator[ContextBlock]:
    """Yield the blocks of a route map: its optimiser's switch (behind the map, or FRR forgets it), its entries."""
    for entry in route_map.entries:
        yield entry_block(name, entry, canonical=canonical)
    if not optimization(route_map, version):
        path: Path = ("route_maps", name)
        written: list[Written] = [(_OPTIMIZATION, ("optimization",), "optimization")]
        yield ContextBlock("route_maps", path, (), [ObjectPart(path, written, f"route-map {name} ")])


def entry_block(name: str, entry: RouteMapEntry, *, canonical: bool = False) -> ContextBlock:
    """Return the block of one route-map entry."""
    path: Path = ("route_maps", name, str(entry.seq))
    parts = [
        ObjectPart(path, ENTRY.written(entry, canonical=canonical)),
        ObjectPart((*path, "match"), MATCH.written(entry.match, canonical=canonical)),
        ObjectPart((*path, "set"), SET.written(entry.set, canonical=canonical)),
        ObjectPart(path, list(wholes("raw", entry.raw))),
    ]
    return ContextBlock("route_maps", path, (f"route-map {name} {entry.action} {entry.seq}",), parts)


def bfd_blocks(router: Router, *, canonical: bool = False) -> Iterator[ContextBlock]:
    """Yield a block for each BFD profile and peer."""
    for name, profile in router.bfd_profiles.items():
        path: Path = ("bfd_profiles", name)
        part = ObjectPart(path, BFD.written(profile, canonical=canonical))
        yield ContextBlock("bfd", path, ("bfd", f"profile {name}"), [part])
    for peer in router.bfd_peers:
        head = bfd_peer_head(peer)
        path = ("bfd_peers", head)
        yield ContextBlock("bfd", path, ("bfd", head), [ObjectPart(path, BFD.written(peer, canonical=canonical))])


def bgp_blocks(bgp: Bgp, path: Path, suffix: str, *, canonical: bool = False) -> Iterator[ContextBlock]:
    """Yield the blocks of a BGP instance: itself with its neighbors, then its address families."""
    enter = f"router bgp {bgp.asn}{suffix}"
    parts = [ObjectPart(path, INSTANCE.written(bgp, canonical=canonical))]
    parts += [group_part(name, group, path, canonical=canonical) for name, group in bgp.peer_groups.items()]
    parts += [neighbor_part(peer, one, bgp, path, canonical=canonical) for peer, one in bgp.neighbors.items()]
    parts.append(ObjectPart(path, LISTEN.written(bgp, canonical=canonical)))
    yield ContextBlock("bgp", path, (enter,), parts)
    peers: list[tuple[Path, NeighborOptions]] = [
        *((("peer_groups", name), group) for name, group in bgp.peer_groups.items()),
        *(
            (("neighbors", peer), one)
            for peer, one in bgp.neighbors.items()
            if not one.model_fields_set.isdisjoint(SESSION_FAMILIES)
        ),
    ]
    for family in SESSION_FAMILIES:
        own = getattr(bgp, family)
        parts = [
            ObjectPart((*path, family), OF_INSTANCE[family].written(own, canonical=canonical)),
            *(family_part(options, owner, family, path, canonical=canonical) for owner, options in peers),
            ObjectPart((*path, family), list(wholes("raw", own.raw))),
        ]
        if any(part.written for part in parts):
            yield ContextBlock("bgp", (*path, family), (enter, f"address-family {family.replace('_', ' ')}"), parts)
    for number, vni in bgp.l2vpn_evpn.vnis.items():
        yield vni_block(number, vni, path, enter, canonical=canonical)
    yield from raw_blocks(bgp, path, enter)


def vni_context(enter: str, number: int) -> tuple[str, ...]:
    """Return the lines that enter a VNI of an instance."""
    return (enter, "address-family l2vpn evpn", f"vni {number}")


def vni_block(number: int, vni: Vni, path: Path, enter: str, *, canonical: bool = False) -> ContextBlock:
    """Return the block of a VNI: FRR keeps a VNI without lines, too."""
    path = (*path, "l2vpn_evpn", "vnis", str(number))
    parts = [ObjectPart(path, VNI.written(vni, canonical=canonical)), ObjectPart(path, list(wholes("raw", vni.raw)))]
    return ContextBlock("bgp", path, vni_context(enter, number), parts)


def raw_blocks(bgp: Bgp, path: Path, enter: str) -> Iterator[ContextBlock]:
    """Yield what the model lacks of an instance, last: its other address families, then its own lines."""
    for family, lines in bgp.raw_families.items():
        part = ObjectPart((*path, "raw_families", family), list(wholes("raw", lines)))
        yield ContextBlock("bgp", part.owner, (enter, f"address-family {family}"), [part])
    if bgp.raw:
        yield ContextBlock("bgp", path, (enter,), [ObjectPart(path, list(wholes("raw", bgp.raw)))])


def group_part(name: str, group: PeerGroup, path: Path, *, canonical: bool) -> ObjectPart:
    """Write a peer group's lines in `router bgp`."""
    written: list[Written] = [(_GROUP, ("peer_group",), "peer-group")]
    if group.remote_as is not None:
        written.append((_DEFINE, ("remote_as",), f"remote-as {group.remote_as}"))
    written += NEIGHBOR.written(group, canonical=canonical)
    return ObjectPart((*path, "peer_groups", name), written, f"neighbor {name} ")


def neighbor_part(peer: str, neighbor: Neighbor, bgp: Bgp, path: Path, *, canonical: bool) -> ObjectPart:
    """Write a neighbor's lines in `router bgp`: first the one that makes it."""
    group = neighbor.peer_group
    inherits = group is not None and group in bgp.peer_groups and bgp.peer_groups[group].remote_as is not None
    remote = None if inherits else neighbor.remote_as
    written: list[Written] = []
    if is_unnumbered(peer):
        words = "interface v6only" if neighbor.v6only else "interface"
        if remote is not None:
            words, member = f"{words} remote-as {remote}", group
        else:
            words, member = f"{words} peer-group {group}" if group else words, None
        written.append((_DEFINE, ("remote_as",), words))
    else:
        member = group
        if remote is not None:
            written.append((_DEFINE, ("remote_as",), f"remote-as {remote}"))
    if member is not None:
        written.append((_MEMBER, ("peer_group",), f"peer-group {member}"))
    if neighbor.interface is not None:
        written.append((_INTERFACE, ("interface",), f"interface {neighbor.interface}"))
    if not canonical and starts_shut(neighbor, bgp):
        written.append((_AWAKE, ("shutdown",), "shutdown"))
    written += NEIGHBOR.written(neighbor, canonical=canonical)
    return ObjectPart((*path, "neighbors", peer), written, f"neighbor {peer} ")


def starts_shut(neighbor: Neighbor, bgp: Bgp) -> bool:
    """Tell whether FRR shuts the neighbor down when it is made, though the model does not."""
    return bgp.default_shutdown and not neighbor.shutdown


def family_part(options: NeighborOptions, owner: Path, family: str, path: Path, *, canonical: bool) -> ObjectPart:
    """Write a neighbor's or group's lines in an address family; `owner` ends in its name."""
    written = OF_NEIGHBOR[family].written(getattr(options, family), canonical=canonical)
    return ObjectPart((*path, *owner, family), written, f"neighbor {owner[-1]} ")
