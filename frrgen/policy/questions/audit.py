"""What is doubtful about a policy: lines that never decide, and routes that nobody should let in or out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import chain, product
from typing import Any, Final

from frrgen.codes import Code
from frrgen.errors import Finding, Path
from frrgen.model.cluster import Network
from frrgen.model.derive import Derived
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, FAMILY_OF
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.refused import enforces_first_as, ignored_prefixes
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.symbolic import Outcome, idle, merged, outcomes
from frrgen.policy.questions.shadowed import idle_entries
from frrgen.policy.questions.surprises import traps
from frrgen.policy.questions.verify import verify
from frrgen.policy.sets.prefix_set import Permitted, PrefixSet, idle_lines, union
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.region import Region, meet, only
from frrgen.policy.sets.witness import Literal

Doubt = tuple[Code, str, str | None]
"""A code, what is wrong, and a hint."""
Find = Callable[[Session, int], Iterator[Doubt]]
_PRIVATE: Final = ((64512, 65534), (4200000000, 4294967294))
"""RFC 6996."""
_BOGONS4: Final = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
]
_BOGONS6: Final = ["::/8", "100::/64", "2001:db8::/32", "fc00::/7", "fe80::/10", "ff00::/8"]
"""RFC 6890 and RFC 7454 section 6.1: what nobody announces to the internet."""
_MOST_LINES: Final = 500
"""Of longer lists that are no prefix lists shadowed lines are not looked for: each is compared with all before it."""
_CODES: Final = {
    "too much": Code.FRR321,
    "dropped": Code.FRR322,
    "limit": Code.FRR323,
    "settings": Code.FRR324,
    "multipath": Code.FRR329,
    "undecided": Code.FRR330,
}
"""The code of each kind of Problem."""
_NODES: Final = 4
"""So many nodes are named; of more, their number."""
_LONGEST: Final = {4: 24, 6: 48}
"""RFC 7454 section 6.1.3."""


def private(asn: object) -> bool:
    """Tell whether an ASN is for private use (RFC 6996)."""
    return isinstance(asn, int) and any(low <= asn <= high for low, high in _PRIVATE)


def audit(network: Network, derived: Derived) -> Iterator[Finding]:
    """Find what is doubtful about the policies of all routers, and of the sessions of all clusters."""
    nodes = {
        (name, str(address))
        for cluster in network.clusters.values()
        for name in cluster.routers
        for node in cluster.facing(name).nodes.values()
        for address in node.addresses
    }
    for name, router in derived.routers.items():
        yield from traps(router)
        yield from _Router(router, frozenset(address for owner, address in nodes if owner == name)).findings()
    yield from reflections(derived)
    yield from _disagreements(network, derived)


def _disagreements(network: Network, derived: Derived) -> Iterator[Finding]:
    """Return what does not agree between routers and clusters: each mistake once, for all its sessions."""
    seen: dict[tuple[str, Code, str, Path], dict[str, None]] = {}
    for agreement in verify(network, derived, list(network.clusters)):
        for problem in agreement.problems:
            code = _CODES[problem.kind]
            nodes = seen.setdefault((agreement.cluster, code, problem.text, problem.path), {})
            nodes[agreement.node or f"on {agreement.router}"] = None
    for (cluster, code, text, path), nodes in seen.items():
        every = len(nodes) > 1 and nodes.keys() == network.clusters[cluster].nodes.keys()
        more = f" and {len(nodes) - _NODES} more" if len(nodes) > _NODES else ""
        who = "every node" if every else ", ".join(list(nodes)[:_NODES]) + more
        yield Finding.at(code, f"cluster {cluster}, {who}: {text}", path)


def reflections(derived: Derived) -> Iterator[Finding]:
    """Find pairs of routers that reflect each other's routes back (RFC 4456 section 8)."""
    clients: dict[tuple[str, str], Path] = {}
    names = {str(one.bgp.router_id): name for name, one in derived.routers.items() if one.bgp and one.bgp.router_id}
    for name, router in derived.routers.items():
        for neighbor in router.bgp.neighbors if router.bgp is not None else ():
            session = Session(router, neighbor, "in")
            reflects = any(session.family_option(family, "route_reflector_client") for family in FAMILIES)
            if reflects and not session.external and neighbor in names:
                clients[name, names[neighbor]] = ("routers", name, *session.path)
    for (one, other), place in clients.items():
        own, theirs = derived.routers[one].bgp, derived.routers[other].bgp
        alike = (
            own is not None
            and theirs is not None
            and own.cluster_id is not None
            and own.cluster_id == theirs.cluster_id
        )
        if one < other and (other, one) in clients and not alike:
            text = f"{one} and {other} are each other's route-reflector clients: routes go around between them"
            yield Finding.at(Code.FRR328, text, place, "let one be the other's client, or give both one cluster_id")


class _Router:
    def __init__(self, router: Router, nodes: frozenset[str]) -> None:
        self.router = router
        self.nodes = nodes
        self.path: Path = ("routers", router.name)
        self.known: dict[tuple[Any, ...], list[Doubt]] = {}
        self.lists = Permitted()

    def findings(self) -> Iterator[Finding]:
        yield from self._lists()
        yield from self._maps()
        for vrf, bgp in self.router.instances():
            for name in bgp.neighbors:
                yield from self._inbound(Session(self.router, name, "in", vrf=vrf))
                yield from self._outbound(Session(self.router, name, "out", vrf=vrf))

    def _lists(self) -> Iterator[Finding]:
        for kind in ("prefix_lists", "ipv6_prefix_lists"):
            for name, lst in getattr(self.router, kind).items():
                shadowed, redundant = idle_lines(lst)
                place = (*self.path, kind, name, "entries")
                for seq in shadowed:
                    text = f"seq {seq} never decides: earlier entries cover all of it"
                    yield Finding.at(Code.FRR310, text, (*place, str(seq)), "take it away, or put it before them")
                for seq in redundant:
                    text = f"seq {seq} changes nothing: without it later entries say the same"
                    yield Finding.at(Code.FRR311, text, (*place, str(seq)), "take it away")

        # with exact-match a line that asks for more is another; what deletes communities asks for each of them alone
        apart = {
            (f"{kind}_lists", wanted.name)
            for route_map in self.router.route_maps.values()
            for entry in route_map.entries
            for kind in ("community", "large_community")
            if (wanted := getattr(entry.match, kind)) is not None and wanted.mode is not None
        } | {
            (f"{kind}_lists", name)
            for route_map in self.router.route_maps.values()
            for entry in route_map.entries
            for kind, name in (
                ("community", entry.set.comm_list_delete),
                ("large_community", entry.set.large_comm_list_delete),
            )
        }
        for kind in ("access_lists", "ipv6_access_lists", "as_path_lists", "community_lists", "large_community_lists"):
            for name, lst in getattr(self.router, kind).items():
                if len(lst.entries) > _MOST_LINES or (kind, name) in apart:
                    continue
                try:
                    shadowed = list(idle_entries(kind, lst))
                except UndecidedError:
                    continue
                for seq in shadowed:
                    text = f"seq {seq} never decides: earlier entries cover all of it"
                    place = (*self.path, kind, name, "entries", str(seq))
                    yield Finding.at(Code.FRR310, text, place, "take it away, or put it before them")

    def _maps(self) -> Iterator[Finding]:
        every = Session.places(self.router)
        at = {place: Session.of_nobody(self.router, place) for place in set(chain.from_iterable(every.values()))}
        for (name, route_map), places in zip(self.router.route_maps.items(), every.values(), strict=True):
            sessions = [at[place] for place in places]
            policies = [Policy(session.router, session, name, lists=self.lists) for session in sessions]
            place = (*self.path, "route_maps", name, "entries")
            entries = {(name, entry.seq) for entry in route_map.entries}
            reached: set[tuple[str, int]] = set()
            matched: set[tuple[str, int]] = set()
            try:
                alphabet = Alphabet.of(*policies)
                for policy, version in product(policies, (4, 6)):
                    come, match = idle(policy, version, alphabet)
                    reached, matched = reached | come, matched | match
                    if entries <= matched:
                        break
            except UndecidedError:
                continue
            for entry in route_map.entries:
                key = (name, entry.seq)
                if key in matched:
                    continue
                alone = route_map.model_copy(update={"entries": (entry,)})
                if key not in reached or any(self._could(name, alone, one) for one in sessions):
                    text = (
                        f"route map {name} seq {entry.seq} is never reached: "
                        "earlier entries take every route that it matches"
                    )
                    yield Finding.at(Code.FRR312, text, (*place, str(entry.seq)))
                elif entry.match.source_protocol is None:
                    text = f"route map {name} seq {entry.seq} matches no route at all"
                    yield Finding.at(Code.FRR313, text, (*place, str(entry.seq), "match"))

    def _could(self, name: str, alone: object, session: Session) -> bool:
        """Tell whether an entry matches some route if it is asked about all."""
        router = session.router.model_copy(update={"route_maps": {**self.router.route_maps, name: alone}})
        policy = Policy(router, session, name, lists=self.lists)
        try:
            alphabet = Alphabet.of(policy)
            return any(matched for version in (4, 6) for matched in idle(policy, version, alphabet)[1])
        except UndecidedError:
            return True

    def _outcomes(self, session: Session, version: int) -> list[Outcome]:
        policy = Policy(self.router, session, lists=self.lists)
        try:
            return outcomes(policy, version, Alphabet.of(policy))
        except UndecidedError:
            return []

    def _inbound(self, session: Session) -> Iterator[Finding]:
        if not session.external or session.name in self.nodes:
            return
        for version, family in FAMILY_OF.items():
            if not session.active(family):
                continue
            place = (*self.path, *session.path, family)
            if session.family_option(family, "maximum_prefix") is None:
                text = "no maximum_prefix: a neighbor that leaks everything fills the router's memory (RFC 7454)"
                yield Finding.at(Code.FRR318, text, place)
            if session.has_policy(family):
                asn = session.remote if isinstance(session.remote, str) else private(session.remote)
                alike = (asn, enforces_first_as(session) and session.first_as, *session.decisive_of_any_as)
                yield from self._remembered(alike, session, version, place, self._admits)

    def _remembered(
        self, alike: tuple[Any, ...], session: Session, version: int, place: Path, find: Find
    ) -> Iterator[Finding]:
        """Ask once about the sessions that are alike, as the members of a peer group are."""
        key = (session.bgp_path, alike, version)
        if key not in self.known:
            self.known[key] = list(find(session, version))
        for code, text, hint in self.known[key]:
            yield Finding.at(code, text, place, hint)

    def _admits(self, session: Session, version: int) -> Iterator[Doubt]:
        permitted = [one for one in self._outcomes(session, version) if one.verdict == "permit"]
        admitted = union(version, (prefixes for one in permitted for prefixes in one.region.values()))
        everything = PrefixSet.everything(version)
        for prefixes, _ in ignored_prefixes(session, version):
            everything -= prefixes
        if admitted == everything and self._plain(session, version, permitted):
            yield Code.FRR314, "the inbound policy permits every route", "list what the neighbor may announce"
            return
        yield from self._refusable(session, version, admitted)

    def _plain(self, session: Session, version: int, permitted: list[Outcome]) -> bool:
        """Tell whether some way through a policy asks nothing of a route but what stands in its AS path."""
        granted = Policy(self.router, session, lists=self.lists).granted(version)
        boxes = (granted.unsaid(box) for _, _, region in merged(permitted) for box in region)
        return any(box == only("path", box.path) for box in boxes)

    def _refusable(self, session: Session, version: int, admitted: PrefixSet) -> Iterator[Doubt]:
        """Find what RFC 7454 section 6.1 says not to accept from a neighbor."""
        zero = ip_network("0.0.0.0/0" if version == 4 else "::/0")
        own = union(version, (PrefixSet.block(one, one.prefixlen, one.max_prefixlen) for one in self._own(version)))
        wrong = [("its own prefixes", own)]
        if not private(session.remote) and isinstance(session.remote, int):
            bogons = [ip_network(text) for text in (_BOGONS4 if version == 4 else _BOGONS6)]
            longest = _LONGEST[version]
            wrong += [
                ("the default route", PrefixSet.block(zero)),
                (
                    "prefixes that are never announced to the internet",
                    union(version, (PrefixSet.block(one, one.prefixlen, one.max_prefixlen) for one in bogons)),
                ),
                (f"prefixes longer than /{longest}", PrefixSet.block(zero, longest + 1, zero.max_prefixlen)),
            ]
        for what, refusable in wrong:
            accepted = admitted & refusable
            if accepted:
                text = f"accepts {what}, e.g. {accepted.witness()} (RFC 7454)"
                yield Code.FRR316, text, "deny them before what is permitted"

    def _own(self, version: int) -> list[IPv4Network | IPv6Network]:
        bgp = self.router.bgp
        family = FAMILY_OF[version]
        return [] if bgp is None else list(getattr(bgp, family).networks)

    def _outbound(self, session: Session) -> Iterator[Finding]:
        for version, family in FAMILY_OF.items():
            if not session.active(family) or not session.external:
                continue
            place = (*self.path, *session.path, family)
            for name in session.maps():
                for entry in self.router.route_maps[name].entries if name in self.router.route_maps else ():
                    hop = entry.set.ip_next_hop if version == 4 else entry.set.ipv6_next_hop_global
                    if hop is not None and str(hop) == session.name:
                        text = f"the neighbor drops routes whose next hop is itself: seq {entry.seq} sets {hop}"
                        yield Finding.at(
                            Code.FRR320, text, (*self.path, "route_maps", name, "entries", str(entry.seq), "set")
                        )
            if private(session.remote) or session.family_option(family, "remove_private_as") is not None:
                continue
            yield from self._remembered(session.decisive, session, version, place, self._leak)

    def _leak(self, session: Session, version: int) -> Iterator[Doubt]:
        inner = sorted(self._private_peers) if session.bgp is self.router.bgp else []
        if not inner or not isinstance(session.remote, int):
            return
        leaked: Region = {only("path", frozenset({Literal(f"_{inner[0]}_")})): PrefixSet.everything(version)}
        for outcome in self._outcomes(session, version):
            if outcome.verdict == "permit" and meet(outcome.region, leaked):
                text = f"the private AS {inner[0]} may be announced to AS {session.remote} (RFC 6996)"
                yield Code.FRR317, text, "set remove_private_as"
                return

    @cached_property
    def _private_peers(self) -> set[int]:
        """Return the private ASNs whose routes a session of the main instance could pass on."""
        peers = (Session(self.router, name, "in") for name in (self.router.bgp.neighbors if self.router.bgp else ()))
        return {
            peer.remote for peer in peers if peer.external and isinstance(peer.remote, int) and private(peer.remote)
        }
