"""Two pfSense boxes that stand for each other: what must be alike in them, and what their CARP address asks for.

pfSense copies many settings from one box of a pair to the other (XMLRPC sync), but none of the FRR package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, Path, Where
from frrgen.model.bgp import Bgp
from frrgen.model.cluster import Cluster, Network
from frrgen.model.neighbor import NeighborOptions
from frrgen.model.platform import Pfsense
from frrgen.model.router import Router

_OWN: Final[frozenset[Path]] = frozenset(
    {
        *(("name",), ("description",), ("platform",), ("frr_version",), ("ssh",), ("checks",), ("ha",)),
        *(("hostname",), ("router_id",)),
        *(("pfsense", "interfaces"), ("pfsense", "gateways"), ("pfsense", "password"), ("pfsense", "tcp_md5")),
        ("bgp", "router_id"),
    }
)
"""What each box has for itself."""
_FOLLOW: Final = "pfsense: {carp_vip: _vip…}, so that FRR runs on the master alone"
_SHOWN: Final = 5
"""The most differences of a pair that are shown one by one."""


@dataclass(frozen=True)
class Pair:
    """Two boxes. `first` is the box that names the other, and is pushed to first."""

    first: Router
    second: Router


def pairs(routers: Mapping[str, Router]) -> Iterator[Pair]:
    """Yield the pairs whose boxes are both there, each once."""
    told: set[str] = set()
    for router in routers.values():
        other = routers.get(router.ha.peer) if router.ha is not None else None
        if other is not None and other.name != router.name and not told & {router.name, other.name}:
            told |= {router.name, other.name}
            yield Pair(router, other)


def stand_ins(cluster: Cluster, routers: Mapping[str, Router]) -> frozenset[str]:
    """Return the routers of a cluster that nodes do not dial, for they dial the CARP address that the first box has."""
    found = set()
    for pair in pairs(routers):
        first, second = (cluster.routers.get(one.name) for one in (pair.first, pair.second))
        if first is None or second is None or (first.address, first.ipv6_address) == (None, None):
            continue
        if (first.address, first.ipv6_address) == (second.address, second.ipv6_address):
            found.add(pair.second.name)
    return frozenset(found)


def check_pairs(
    network: Network, routers: Mapping[str, Router], may_pair: Callable[[Router], bool]
) -> Iterator[Finding]:
    """Find what is wrong with pairs. `routers` are the derived routers; `may_pair` asks for a router's platform."""
    boxes = {name for name, router in routers.items() if may_pair(router)}
    for name, router in routers.items():
        if router.ha is not None:
            yield from _named(name, router.ha.peer, routers, boxes)
    paired: set[str] = set()
    for pair in pairs(routers):
        if {pair.first.name, pair.second.name} <= boxes:
            paired |= {pair.first.name, pair.second.name}
            yield from _alike(pair)
    for name, router in routers.items():
        # who follows a CARP address is one of a pair, whether the inventory has the other box or not
        if name in paired or (name in boxes and _options(router).carp_vip not in {None, "none"}):
            yield from _addresses(router, network)
        elif name in boxes:
            yield from _alone(router)


def _named(name: str, peer: str, routers: Mapping[str, Router], boxes: AbstractSet[str]) -> Iterator[Finding]:
    path: Path = ("routers", name, "ha", "peer")
    other = routers.get(peer)
    if peer == name:
        yield Finding.at(Code.FRR241, f"{name} cannot be the other box of its own pair", path)
    elif other is None:
        yield Finding.at(Code.FRR241, f"there is no router {peer!r}", path, f"write routers/{peer}.yaml")
    elif not {name, peer} <= boxes:
        stranger = peer if name in boxes else name
        yield Finding.at(Code.FRR241, f"{stranger} is no pfSense box: only they form pairs", path)
    elif other.ha is not None and other.ha.peer != name:
        yield Finding.at(Code.FRR241, f"{peer} is in a pair with {other.ha.peer}", path)


def _alike(pair: Pair) -> Iterator[Finding]:
    found = list(differences(pair.first, pair.second))
    for number, path in enumerate(found[:_SHOWN], 1):
        more = f", and in {len(found) - _SHOWN} places more" if number == _SHOWN < len(found) else ""
        yield Finding.at(
            Code.FRR242,
            f"{pair.first.name} and {pair.second.name} are a pair, and differ in {'.'.join(path)}{more}",
            ("routers", pair.first.name, *path),
            "write what both have in a group of network.yaml, and name both boxes in each cluster",
        )


def differences(one: Router, other: Router) -> Iterator[Path]:
    """Yield the paths in which two boxes differ that should do the same with every route.

    What each box has for itself is left out. An address that sessions come from counts as the interface that has it.
    """
    yield from _differing(_comparable(one), _comparable(other), ())


def _comparable(router: Router) -> dict[str, Any]:
    """Return the fields of a router that both boxes have alike, with the sources of sessions as interfaces."""
    names = {str(address): name for name, some in _options(router).interfaces.items() for address in some}
    found: dict[str, Any] = {name: getattr(router, name) for name in Router.model_fields}
    found["pfsense"] = _options(router)
    if router.bgp is not None:
        found["bgp"] = router.bgp.model_copy(update=_sources(router.bgp, names))
    return found


def in_place_of(pair: Pair) -> Router:
    """Return the second box with what the first box has for itself, to be compared with what FRR runs there."""
    first, second = pair.first, pair.second
    own: dict[str, Any] = {name: getattr(first, name) for name in ("name", "frr_version", "hostname", "router_id")}
    if first.bgp is not None and second.bgp is not None:
        ours, theirs = _options(first).interfaces, _options(second).interfaces
        addresses = {
            str(one): str(other)
            for name, some in theirs.items()
            for one, other in zip(some, ours.get(name, ()), strict=False)
        }
        bgp = {"router_id": first.bgp.router_id, **_sources(second.bgp, addresses)}
        own["bgp"] = second.bgp.model_copy(update=bgp)
    return second.model_copy(update={**own, "ownership": "full"})


def _sources(bgp: Bgp, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the neighbors and the groups with the sources of their sessions under other names."""
    return {
        kind: {peer: _sourced(one, names) for peer, one in getattr(bgp, kind).items()}
        for kind in ("neighbors", "peer_groups")
    }


def _sourced(one: NeighborOptions, names: Mapping[str, str]) -> NeighborOptions:
    source = one.update_source or ""
    return one.model_copy(update={"update_source": names.get(source, one.update_source)})


def _differing(one: Any, other: Any, path: Path) -> Iterator[Path]:
    if path in _OWN or one == other:
        return
    if isinstance(one, BaseModel) and isinstance(other, BaseModel) and type(one) is type(other):
        one, other = ({name: getattr(each, name) for name in type(each).model_fields} for each in (one, other))
    if not isinstance(one, dict) or not isinstance(other, dict):
        yield path
        return
    for key in dict.fromkeys([*one, *other]):
        yield from _differing(one.get(key), other.get(key), (*path, str(key)))


def _options(router: Router) -> Pfsense:
    return router.pfsense or Pfsense()


def _shared(own: Pfsense) -> frozenset[str]:
    """Return the addresses that a box has only while it is the CARP master, as far as they are known."""
    return frozenset(str(one) for name, some in own.interfaces.items() if name.startswith("_vip") for one in some)


def _sessions(router: Router) -> dict[Path, tuple[str, str | None]]:
    """Return the sources of the main instance's sessions by the places that say them, each with its neighbors."""
    found: dict[Path, tuple[str, str | None]] = {}
    bgp = router.bgp
    for peer, one in {} if bgp is None else bgp.neighbors.items():
        group = None if bgp is None else bgp.group_of(one)
        place: Path = ("routers", router.name, "bgp", "neighbors", peer, "update_source")
        source = one.update_source
        if source is None and group is not None and group.update_source is not None:
            place, source = (*place[:3], "peer_groups", one.peer_group or "", "update_source"), group.update_source
        found[place] = (f"{found[place][0]}, {peer}" if place in found else peer, source)
    return found


def _alone(router: Router) -> Iterator[Finding]:
    """Find sessions of a box without a pair that come from a virtual address, which may be a CARP address."""
    shared = _shared(_options(router))
    for place, (_, source) in _sessions(router).items():
        if source is not None and (source.startswith("_vip") or source in shared):
            text = f"if {source} is a CARP address, no session comes up from it while another box is the CARP master"
            yield Finding(Code.FRR243, text, Where(path=place), _FOLLOW, weighed=Severity.WARNING)


def _addresses(router: Router, network: Network) -> Iterator[Finding]:
    """Find sessions and nodes that do not fit to the address that the master has."""
    own = _options(router)
    path: Path = ("routers", router.name)
    vip = own.carp_vip
    if vip is None:
        text = f"{router.name} is one of a pair: does FRR run on the CARP master alone, or on both boxes?"
        hint = "pfsense: {carp_vip: _vip…} for the master alone, or none"
        yield Finding.at(Code.FRR243, text, (*path, "pfsense"), hint)
        return
    if vip != "none" and own.interfaces and vip not in own.interfaces:
        text = f"{router.name} follows {vip}, whose address is not known"
        yield Finding.at(Code.FRR243, text, (*path, "pfsense", "carp_vip"), f"name it in pfsense.interfaces: {vip}")
    shared = _shared(own)
    for place, (peer, source) in _sessions(router).items():
        moves = source is not None and (source.startswith("_vip") or source in shared)
        if vip == "none" and moves:
            yield Finding.at(
                Code.FRR243,
                f"FRR runs on both boxes, and {router.name} has {source} only while it is the CARP master: "
                f"the session with {peer} cannot come up on the other box",
                place,
                _FOLLOW,
            )
        elif vip != "none" and not moves:
            shown = f"from {source}" if source is not None else "from an address of the box"
            yield Finding.at(
                Code.FRR244,
                f"FRR runs on the CARP master alone, and the session with {peer} comes {shown}, which the other box "
                "does not take over",
                place,
                f"update_source: {vip}",
            )
    for cluster in network.clusters.values():
        peering = cluster.routers.get(router.name)
        dialled = () if peering is None or vip != "none" else (peering.address, peering.ipv6_address)
        for address in dialled:
            if address is not None and str(address) in shared:
                yield Finding.at(
                    Code.FRR243,
                    f"the nodes dial {address}, which only the CARP master has, and FRR runs on both boxes",
                    ("clusters", cluster.name, "routers", router.name),
                    _FOLLOW,
                )
