"""What is wrong or doubtful about a network, beyond what one value can tell: references, and what FRR does with it.

Every code has a page in docs/findings/. Policy itself is judged elsewhere.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, Path
from frrgen.model.bgp import LONGEST_STALE_TIME, Bgp
from frrgen.model.check_bfd import check_bfd
from frrgen.model.check_clusters import check_clusters
from frrgen.model.check_sessions import check_sessions
from frrgen.model.check_versions import check_versions
from frrgen.model.cluster import Network
from frrgen.model.derive import Derived
from frrgen.model.lists import AccessListEntry, PrefixList
from frrgen.model.neighbor import Neighbor, NeighborOptions, PeerGroup
from frrgen.model.pairs import check_pairs
from frrgen.model.passwords import plain_password
from frrgen.model.policy import RouteMapEntry, call_circle, calls
from frrgen.model.pools import announced_pools
from frrgen.model.references import NOUNS, Ref, direct_refs, instance_refs, match_refs, set_refs
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, SESSION_FAMILIES, Prefix, is_number

_WHERE_WANTED: Final = frozenset({Code.FRR315})
"""Findings that count only where the inventory asks for them, with a severity."""
_LISTS: Final = tuple(kind for kind in NOUNS if kind.endswith("_lists"))
_UNDEFINED_EFFECT: Final = {
    "call": "FRR permits everything that reaches the call",
    "match": "the clause never matches",
    "alias": "FRR refuses the clause, and starts with an entry that has its other clauses alone",
    "unsuppress_map": "FRR announces nothing of what an aggregate holds back",
    "advertise_map": "there is no condition, and FRR announces what the policy admits",
    "default_originate": "FRR announces no default route",
    "networks": "FRR does not bring the prefix in",
    "redistribute": "FRR brings none of these routes in",
    "aggregates": "FRR makes no such aggregate",
    "suppress_map": "FRR holds nothing back",
    "distances": "no route gets the distance",
}
"""What FRR does then, as seen on 8.4.4, 10.3 and 10.7.1; elsewhere FRR denies every route."""
_DENIED: Final = "FRR denies every route"


class RunsOn(Protocol):
    """What a router's platform says about it."""

    @property
    def pairs(self) -> bool:
        """Two routers of this platform may stand for each other."""

    def lint(self, router: Router, path: Path) -> Iterable[Finding]:
        """Find what is doubtful because the router is of this platform."""

    def left_out(self, router: Router) -> Mapping[Path, str]:
        """Return the references to nothing that the platform leaves out, by path, and what follows."""


def check(network: Network, derived: Derived, of: Callable[[Router], RunsOn] | None = None) -> list[Finding]:
    """Find everything. A Finding's place is its path in the network; the inventory knows the line.

    `of` gives a router's platform; without it nothing is found that depends on a platform.
    """
    found = list(derived.findings)
    nodes = {
        str(one) for each in network.clusters.values() for node in each.nodes.values() for one in node.every_address()
    }
    for name, router in derived.routers.items():
        path = ("routers", name)
        on = None if of is None else of(router)
        left_out = {} if on is None else on.left_out(router)
        found.extend(_Router(router, path, left_out, derived.origins.get(name, {})).findings())
        found.extend(() if on is None else on.lint(router, path))
        found.extend(check_versions(router, path))
        found.extend(check_sessions(router, path, nodes))
    found.extend(check_bfd(derived.routers))
    found.extend(_clusters(network))
    found.extend(check_clusters(network, derived))
    found.extend(_shared_addresses(network))
    if of is not None:
        found.extend(check_pairs(network, derived.routers, lambda router: of(router).pairs))
    return [weighed for one in found if (weighed := judged(network, one)) is not None]


def judged(network: Network, one: Finding) -> Finding | None:
    """Return a Finding the severity that the inventory wants for it; None if it wants none of them."""
    policy = network.findings.get(one.code)
    if policy is None or not policy.is_about(one.where.path):
        return None if one.code in _WHERE_WANTED else one
    if policy.severity == "off":
        return None
    return replace(one, weighed=Severity(policy.severity))


def _clusters(network: Network) -> Iterator[Finding]:
    seen: dict[tuple[str, str], str] = {}
    for cluster in network.clusters.values():
        if all(one.password is not None for one in cluster.routers.values()):
            # else a derived neighbor has the password, with its own finding
            yield from plain_password(cluster.name, cluster.password, ("clusters", cluster.name, "password"))
        for node_name, node in cluster.nodes.items():
            for router in cluster.routers:
                for address in node.facing(router).addresses:
                    path = ("clusters", cluster.name, "nodes", node_name)
                    owner = f"{cluster.name} {node_name}"
                    first = seen.setdefault((router, str(address)), owner)
                    if first != owner:
                        yield Finding.at(Code.FRR203, f"{address} is the address of {first} too", path)


def _shared_addresses(network: Network) -> Iterator[Finding]:
    """Find pools of two clusters that overlap where one router hears both."""
    heard: dict[tuple[str, str | None], list[tuple[int, int, int, str, str, Prefix]]] = {}
    for cluster in network.clusters.values():
        for router, peering in cluster.routers.items():
            own = heard.setdefault((router, peering.vrf), [])
            for name, pool in announced_pools(cluster):
                for prefix in pool.prefixes:
                    first, last = int(prefix.network_address), int(prefix.broadcast_address)
                    own.append((prefix.version, first, -last, cluster.name, name, prefix))
    routers: dict[tuple[str, str, Prefix, str, str, Prefix], list[str]] = {}
    for (router, _), pools in heard.items():
        # prefixes are inside one another or apart; those of one cluster are always apart
        around: list[tuple[int, int, int, str, str, Prefix]] = []
        for one in sorted(pools, key=lambda pool: pool[:5]):
            while around and (around[-1][0] != one[0] or -around[-1][2] < one[1]):
                around.pop()
            for other in around:
                routers.setdefault((*one[3:], *other[3:]), []).append(router)
            around.append(one)
    for (cluster_name, pool_name, prefix, other_cluster, other_pool, theirs), names in routers.items():
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        yield Finding.at(
            Code.FRR204,
            f"{prefix} overlaps {theirs} of pool {other_pool} of cluster {other_cluster}, and {shown} hears both:"
            " either cluster can take the other's service addresses",
            ("clusters", cluster_name, "pools", pool_name, "prefixes"),
            "give each cluster addresses of its own",
        )


class _Router:
    def __init__(
        self, router: Router, path: Path, left_out: Mapping[Path, str], origins: Collection[Path] = ()
    ) -> None:
        self.router = router
        self.path = path
        self.left_out = left_out
        self.origins = origins
        self.used: set[Ref] = set()

    def findings(self) -> Iterator[Finding]:
        yield from self._route_maps()
        yield from self._lists()
        yield from self._instance(self.router.bgp, ("bgp",))
        for name, vrf in self.router.vrfs.items():
            yield from self._instance(vrf.bgp, ("vrfs", name, "bgp"))
        yield from self._bfd()
        yield from self._unused()
        yield from plain_password("the login", self.router.ssh.password, (*self.path, "ssh", "password"))

    def _defined(self, ref: Ref, path: Path, effect: str) -> Iterator[Finding]:
        kind, name = ref
        self.used.add(ref)
        known = getattr(self.router, kind)
        if name in known:
            return
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
        hint = f"did you mean {near[0]!r}?" if near else None
        effect = self.left_out.get(path, effect)
        yield Finding.at(Code.FRR210, f"the {NOUNS[kind]} {name!r} is not defined: {effect}", (*self.path, *path), hint)

    # route maps and lists

    def _route_maps(self) -> Iterator[Finding]:
        maps = self.router.route_maps
        if circle := call_circle(calls(maps)):
            yield Finding.at(
                Code.FRR211,
                f"route maps call each other in a circle, which kills FRR: {' -> '.join(circle)}",
                (*self.path, "route_maps", circle[0]),
            )
        for name, route_map in maps.items():
            if not route_map.entries:
                yield Finding.at(
                    Code.FRR212, f"the route map {name!r} has no entries", (*self.path, "route_maps", name)
                )
            for entry in route_map.entries:
                yield from self._entry(entry, ("route_maps", name, "entries", str(entry.seq)))

    def _entry(self, entry: RouteMapEntry, path: Path) -> Iterator[Finding]:
        for field, ref in match_refs(entry.match):
            effect = _UNDEFINED_EFFECT.get(field, _UNDEFINED_EFFECT["match"])
            yield from self._defined(ref, (*path, "match", field), effect)
        for field, ref in set_refs(entry.set):
            yield from self._defined(ref, (*path, "set", field), "nothing is deleted")
        if entry.call is not None:
            yield from self._defined(("route_maps", entry.call), (*path, "call"), _UNDEFINED_EFFECT["call"])
        place = (*self.path, *path)
        if entry.match.rpki is not None and self.router.rpki is None:
            yield Finding.at(
                Code.FRR213,
                "match rpki without an rpki section: no route has a validation state",
                (*place, "match", "rpki"),
            )
        if entry.set.comm_list_delete_last or entry.set.large_comm_list_delete_last:
            text = "FRR writes set clauses sorted: after its next restart it deletes before it sets communities"
            if self.router.version >= (10,):
                text = "FRR 10 deletes before it sets communities, in whatever order the lines stand"
            yield Finding.at(
                Code.FRR214,
                text,
                (*place, "set"),
                "delete in one entry, and set in the next entry, with on_match: next",
            )

    def _lists(self) -> Iterator[Finding]:
        router = self.router
        for name, lst in router.community_lists.items():
            if is_number(name):
                number, standard = int(name), lst.kind == "standard"
                if not (1 <= number <= 99 if standard else 100 <= number <= 500):
                    yield Finding.at(
                        Code.FRR220,
                        f"a {lst.kind} community list with a number has one of {'1-99' if standard else '100-500'}",
                        (*self.path, "community_lists", name),
                    )
        for kind in ("large_community_lists", "extcommunity_lists"):
            for name in getattr(router, kind):
                if is_number(name):
                    yield Finding.at(Code.FRR220, "give the list a name that is not a number", (*self.path, kind, name))
        for kind in _LISTS:
            for name, lst in getattr(router, kind).items():
                yield from self._said_again(lst, (*self.path, kind, name))

    def _said_again(self, lst: Any, path: Path) -> Iterator[Finding]:
        """Find entries that FRR silently leaves out, for the list has the value under another number.

        FRR 9 and 10 do so, too, but for prefix lists. Of an access list, an entry with `exact-match`
        stands for the same without.
        """
        if self.router.version >= (9,) and isinstance(lst, PrefixList):
            return
        seen: dict[object, int] = {}
        for entry in lst.entries:
            first = seen.setdefault(_value(entry), entry.seq)
            if isinstance(entry, AccessListEntry) and entry.exact:
                seen.setdefault(_value(entry.model_copy(update={"exact": False})), entry.seq)
            if first != entry.seq:
                yield Finding.at(
                    Code.FRR221,
                    f"seq {entry.seq} has the value of seq {first}: FRR drops it silently",
                    (*path, "entries", str(entry.seq)),
                )

    # bgp

    def _instance(self, bgp: Bgp | None, path: Path) -> Iterator[Finding]:
        if bgp is None:
            return
        stale = bgp.graceful_restart.long_lived_stale_time
        if stale is not None and stale > LONGEST_STALE_TIME and self.router.version >= (10,):
            yield Finding.at(
                Code.FRR234,
                f"FRR 10 refuses a long_lived_stale_time of more than {LONGEST_STALE_TIME} seconds",
                (*self.path, *path, "graceful_restart", "long_lived_stale_time"),
            )
        for name, group in bgp.peer_groups.items():
            yield from self._options(name, group, bgp, (*path, "peer_groups", name))
        for peer, neighbor in bgp.neighbors.items():
            place = (*path, "neighbors", peer)
            of_group = bgp.group_of(neighbor)
            if neighbor.peer_group is not None and of_group is None:
                near = difflib.get_close_matches(neighbor.peer_group, bgp.peer_groups, n=1, cutoff=0.7)
                yield Finding.at(
                    Code.FRR210,
                    f"the peer group {neighbor.peer_group!r} is not defined",
                    (*self.path, *place, "peer_group"),
                    f"did you mean {near[0]!r}?" if near else None,
                )
            elif neighbor.remote_as is None and (of_group is None or of_group.remote_as is None):
                yield Finding.at(Code.FRR230, "has no remote_as, of its own or from a peer group", (*self.path, *place))
            yield from self._options(peer, neighbor, bgp, place)
            yield from self._policy(neighbor, bgp, place)
        for prefix, name in bgp.listen_ranges.items():
            if name not in bgp.peer_groups:
                yield Finding.at(
                    Code.FRR210,
                    f"the peer group {name!r} is not defined",
                    (*self.path, *path, "listen_ranges", str(prefix)),
                )
        for family in SESSION_FAMILIES:
            for prefix in getattr(bgp, family).aggregates if family in FAMILIES else ():
                if prefix.prefixlen == prefix.max_prefixlen:
                    yield Finding.at(
                        Code.FRR238,
                        f"{prefix} is one address: FRR refuses it as an aggregate",
                        (*self.path, *path, family, "aggregates", str(prefix)),
                    )
            if family == "ipv4_unicast" and getattr(bgp, family).nexthop_prefer_global:
                yield Finding.at(
                    Code.FRR235,
                    "nexthop_prefer_global is for ipv6_unicast only: FRR refuses it here",
                    (*self.path, *path, family, "nexthop_prefer_global"),
                )
            for inner, ref in instance_refs(getattr(bgp, family)):
                effect = _UNDEFINED_EFFECT.get(inner[-1]) or _UNDEFINED_EFFECT.get(inner[0], _DENIED)
                yield from self._defined(ref, (*path, family, *inner), effect)

    def _options(self, name: str, one: NeighborOptions, bgp: Bgp, path: Path) -> Iterator[Finding]:
        place = (*self.path, *path)
        if one.ipv4_unicast.nexthop_local_unchanged:
            yield Finding.at(
                Code.FRR235,
                "nexthop_local_unchanged is for ipv6_unicast only: FRR refuses it here",
                (*place, "ipv4_unicast", "nexthop_local_unchanged"),
            )
        evpn = one.l2vpn_evpn
        if evpn.next_hop_self and set(evpn.attribute_unchanged) == {"next-hop"}:
            yield Finding.at(
                Code.FRR248,
                "in EVPN next_hop_self and attribute_unchanged next-hop contradict each other: FRR shows the first "
                "alone, and obeys the line that came last",
                (*place, "l2vpn_evpn", "attribute_unchanged"),
                "keep one of them",
            )
        for family in SESSION_FAMILIES:
            for field, ref in direct_refs(getattr(one, family), family):
                yield from self._defined(ref, (*path, family, field), _UNDEFINED_EFFECT.get(field, _DENIED))
                entries = getattr(getattr(self.router, ref[0]).get(ref[1]), "entries", None)
                if entries == () and ref[0] != "route_maps":
                    yield Finding.at(
                        Code.FRR231,
                        f"the {NOUNS[ref[0]]} {ref[1]!r} is empty: on a neighbor FRR permits everything then",
                        (*place, family, field),
                    )
        if one.bfd is not None and one.bfd.profile is not None:
            yield from self._defined(
                ("bfd_profiles", one.bfd.profile), (*path, "bfd", "profile"), "FRR uses its default timers"
            )
        if one.local_as is not None and one.local_as.asn == bgp.asn:
            yield Finding.at(Code.FRR232, "local_as is the router's own ASN, which FRR refuses", (*place, "local_as"))
        yield from plain_password(name, one.password, (*place, "password"))
        if one.solo and (isinstance(one, PeerGroup) or (isinstance(one, Neighbor) and one.peer_group is not None)):
            yield Finding.at(
                Code.FRR237,
                "FRR shows no solo of a peer group and its members, and loses it at a restart: frrgen leaves it out",
                (*place, "solo"),
                "a neighbor that is in no group may have it",
            )

    def _policy(self, neighbor: Neighbor, bgp: Bgp, path: Path) -> Iterator[Finding]:
        group = bgp.group_of(neighbor)
        remote = neighbor.remote_as or (group.remote_as if group is not None else None)
        place = (*self.path, *path)
        if remote is None:
            return
        internal = remote in ("internal", bgp.asn)
        for family in FAMILIES:
            parts = [getattr(one, family) for one in bgp.with_group(neighbor)]
            if not bgp.activates(family, neighbor, group):
                continue
            if internal and family == "ipv4_unicast" and neighbor.ebgp_multihop is not None:
                yield Finding.at(
                    Code.FRR235,
                    "ebgp_multihop is for eBGP only: FRR forgets it here",
                    (*place, "ebgp_multihop"),
                )
            if not internal and any(part.route_reflector_client for part in parts):
                yield Finding.at(
                    Code.FRR235,
                    "route_reflector_client is for iBGP only: FRR refuses it here",
                    (*place, family, "route_reflector_client"),
                )
            if internal or not bgp.ebgp_requires_policy:
                continue
            for direction in ("in", "out"):
                if not any(has_policy(part, direction) for part in parts):
                    word = "accepts" if direction == "in" else "announces"
                    yield Finding.at(
                        Code.FRR236,
                        f"no policy {direction}: FRR {word} nothing on an eBGP session without one (RFC 8212)",
                        (*place, family),
                        f"attach a route map with route_map_{direction}",
                    )

    def _bfd(self) -> Iterator[Finding]:
        for number, peer in enumerate(self.router.bfd_peers):
            if peer.profile is not None:
                path = ("bfd_peers", str(number), "profile")
                yield from self._defined(("bfd_profiles", peer.profile), path, "FRR uses its default timers")

    def _unused(self) -> Iterator[Finding]:
        for kind, words in NOUNS.items():
            for name in getattr(self.router, kind):
                derived = (kind, name) in self.origins
                if (kind, name) not in self.used and kind != "community_aliases" and not derived:
                    yield Finding.at(
                        Code.FRR240,
                        f"the {words} {name!r} is defined and not used",
                        (*self.path, kind, name),
                        "attach it, or remove it",
                    )


def _value(entry: Any) -> object:
    """Return that by which FRR finds that a list has an entry already."""
    return tuple({**vars(entry), "seq": None}.values())


def has_policy(part: Any, direction: str) -> bool:
    """Tell whether a neighbor's or group's family has any policy of its own in this direction."""
    kinds = ("route_map", "prefix_list", "filter_list", "distribute_list")
    return any(getattr(part, f"{kind}_{direction}") is not None for kind in kinds)
