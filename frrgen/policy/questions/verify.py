"""Do the two ends of a cluster's sessions agree? What a node may announce, against what the router lets in: a proof.

The set of routes that a node may announce comes from the pools; the set that a router admits, from its own policy,
however that was written. Nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from typing import Any, Final

from frrgen.errors import Path
from frrgen.model.check_clusters import unannounced
from frrgen.model.cluster import Cluster, Network, Node, Peering
from frrgen.model.derive import MOST_PREFIXES, Derived
from frrgen.model.pools import announced_lengths, announced_pools, carried
from frrgen.model.references import entry_refs
from frrgen.model.router import Router
from frrgen.model.types import FAMILIES, Address, Prefix, community_value, is_address, large_community_value
from frrgen.platforms.frr.parse.fates import Leftover, lost
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.effects import Effects
from frrgen.policy.frr.lists import prefix_list
from frrgen.policy.frr.partial_entries import unread_entries
from frrgen.policy.frr.partial_sessions import lines_of, unread_raw, unread_sessions
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.symbolic import By, Outcome, merged, outcomes
from frrgen.policy.frr.trace import Verdict
from frrgen.policy.questions.announced import Announced, exactly, pool_prefixes, pool_route_boxes
from frrgen.policy.questions.capacity import listened, multipath
from frrgen.policy.questions.compare import tried
from frrgen.policy.questions.describe import described, told
from frrgen.policy.questions.problem import Problem
from frrgen.policy.sets.budget import Bounded, SpentError
from frrgen.policy.sets.prefix_set import union
from frrgen.policy.sets.regex import UndecidedError
from frrgen.policy.sets.region import EVERYTHING, RouteBox, example, meet

_SHOWN: Final = 3
"""How many lines are shown of those that were not understood."""


@dataclass(frozen=True)
class Agreement:
    """What is known of one session, or of one router if `neighbor` is empty."""

    cluster: str
    router: str
    node: str
    neighbor: str
    proof: tuple[str, ...]
    problems: tuple[Problem, ...]


def verify(
    network: Network,
    derived: Derived,
    clusters: list[str],
    leftovers: Mapping[str, Sequence[Leftover]] = MappingProxyType({}),
    bounded: Bounded = nullcontext,
) -> Iterator[Agreement]:
    """Look at each session of these clusters. Sessions with the same policy are proven once.

    `leftovers` holds, by router, the lines that were not understood. Each proof is `bounded`.
    """
    for name in clusters:
        for router_name, peering in network.clusters[name].routers.items():
            cluster = network.clusters[name].facing(router_name)
            router = derived.routers.get(router_name)
            bgp = None if router is None else router.bgp_of(peering.vrf)
            if router is None or bgp is None:
                where = "" if peering.vrf is None else f" in VRF {peering.vrf}"
                missing = Problem("settings", f"the router has no bgp{where}, and no session", ("routers", router_name))
                yield Agreement(name, router_name, "", "", (), (missing,))
                continue
            origins = derived.origins.get(router_name, {})
            proven: dict[Any, _Proof] = {}
            left = _Left(router, leftovers.get(router_name, ()))
            for node_name, node in cluster.nodes.items():
                for address in node.addresses:
                    try:
                        ends = _Ends(cluster, peering, router, node, address, left, origins)
                    except KeyError:
                        if not carried(cluster, node, address):
                            # the node has nothing to say from there, and opens no session
                            continue
                        place = ("clusters", name, "nodes", node_name)
                        missing = Problem("settings", "the router has no such neighbor: it refuses the session", place)
                        yield Agreement(name, router_name, node_name, str(address), (), (missing,))
                        continue
                    proof, problems = ends.policy(proven, bounded)
                    problems += tuple(ends.settings())
                    yield Agreement(name, router_name, node_name, str(address), proof, problems)
            proof, problems = multipath(cluster, peering, router)
            if not cluster.nodes:
                text = "the cluster names no node, so no session of it is proven"
                problems += (Problem("undecided", text, ("clusters", name, "nodes")),)
            problems += tuple(listened(network, peering, router))
            problems += tuple(left.lost())
            problems += tuple(Problem("dropped", text, path) for text, path in unannounced(cluster))
            yield Agreement(name, router_name, "", "", proof, problems)


@dataclass(frozen=True)
class _Proof:
    """What is known of one session, and holds for all that are like it."""

    place: Path
    proof: tuple[str, ...]
    problems: tuple[Problem, ...]

    def of(self, place: Path) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
        """Return the agreement of another session that stands as this session does."""
        size = len(self.place)
        moved = (
            replace(one, path=(*place, *one.path[size:])) if one.path[:size] == self.place else one
            for one in self.problems
        )
        return self.proof, tuple(moved)


class _Left:
    """The lines of a router that were not understood, by what cannot be judged because of them."""

    def __init__(self, router: Router, leftovers: Sequence[Leftover]) -> None:
        self.router, self.leftovers = router, leftovers
        self.entries = unread_entries(leftovers)
        self.sessions = (unread_sessions(leftovers), unread_raw(router))

    def of(self, session: Session) -> tuple[str, ...]:
        """Return the lines about a session."""
        group = session.neighbor.peer_group
        found = (line for some in self.sessions for line in lines_of(some, session.vrf, session.name, group))
        return tuple(dict.fromkeys(found))

    def lost(self) -> Iterator[Problem]:
        """Yield what is not what FRR has, for a line of it was not understood."""
        for path, (first, *_) in lost(self.leftovers).items():
            shown = " ".join(first.line.split(" ")[:4])
            text = f"{'.'.join(path)} is not what FRR has: a line of it is not understood: `{shown} …`"
            yield Problem("undecided", text, ("routers", self.router.name, *path))


class _Ends:
    """One session: the node's end and the router's."""

    def __init__(  # noqa: PLR0917
        self,
        cluster: Cluster,
        peering: Peering,
        router: Router,
        node: Node,
        address: Address,
        left: _Left,
        origins: Container[Path],
    ) -> None:
        self.cluster, self.peering, self.router = cluster, peering, router
        self.node, self.address, self.origins = node, address, origins
        self.session = Session(router, str(address), "in", vrf=peering.vrf)
        self.asn = node.asn or cluster.asn
        self.session.first_as = self.asn
        self.unread = left.entries
        self.strange = left.of(self.session)
        self.place: Path = ("routers", router.name, *self.session.path)
        self.announced = list(pool_route_boxes(cluster, node, address, self.asn, ibgp=self.asn == self.session.bgp.asn))

    def policy(self, proven: dict[Any, _Proof], bounded: Bounded) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
        """Prove that what is announced is admitted, and nothing else."""
        session = self.session
        key = (
            session.neighbor.model_copy(update={"description": None}).model_dump_json(),
            self.asn,
            tuple(one.version for one in self.node.addresses),
            self.address.version,
            self.address if self.session.asks_who() else None,
            self.strange,
        )
        if key not in proven:
            try:
                with bounded():
                    proven[key] = _Proof(self.place, *self._policy())
            except (UndecidedError, SpentError) as why:
                proven[key] = _Proof(self.place, (), (Problem("undecided", str(why), self.place),))
        return proven[key].of(self.place)

    def _policy(self) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
        policy = Policy(self.router, self.session, unread=self.unread)
        pools = [one.pool for one in self.announced]
        alphabet = Alphabet.of(
            policy,
            values={community_value(text) for pool in pools for text in pool.communities or ()},
            large={large_community_value(text) for pool in pools for text in pool.large_communities or ()},
        )
        proof: list[str] = []
        problems: list[Problem] = []
        if self.strange:
            shown = ", ".join(f"`{line}`" for line in self.strange[:_SHOWN])
            more = f" and {len(self.strange) - _SHOWN} more" if self.strange[_SHOWN:] else ""
            text = f"what the session admits beside is not known, for these lines are not understood: {shown}{more}"
            problems.append(Problem("undecided", text, self.place))
        for version, family in ((4, FAMILIES[0]), (6, FAMILIES[1])):
            ours = [one for one in self.announced if one.version == version]
            active = self.session.active(family)
            if not active:
                problems += [
                    Problem("dropped", f"{family} is not activated, so pool {one.pool_name} goes nowhere", self.place)
                    for one in ours
                ]
                continue
            found = outcomes(policy, version, alphabet)
            for one in ours:
                said, wrong = self._admitted(policy, one, found, alphabet)
                proof += said
                problems += wrong
            beyond = list(self._nothing_else(policy, version, found))
            problems += beyond
            if not ours and not beyond and pool_prefixes(self.cluster, version):
                proof.append(f"{family} is active, too, and admits nothing beyond the pools")
            if ours:
                said, wrong = self._limit(family, ours)
                proof += said
                problems += wrong
        if not any(one.kind in {"too much", "undecided"} for one in problems):
            proof.append("nothing else is admitted")
        return tuple(proof), tuple(problems)

    def _admitted(
        self, policy: Policy, one: Announced, outcomes: list[Outcome], alphabet: Alphabet
    ) -> tuple[list[str], list[Problem]]:
        region = one.region(alphabet, policy.granted(one.version))
        proof: list[str] = []
        problems: list[Problem] = []
        for outcome in outcomes:
            shared = meet(region, outcome.region)
            if not shared:
                continue
            prefixes = union(one.version, shared.values())
            if outcome.verdict == "permit":
                changes = _changes(outcome.effects)
                how = f" with {changes}" if changes else ""
                proof.append(f"pool {one.pool_name}: {described(prefixes)} is admitted by {outcome.by}{how}")
                continue
            if outcome.verdict == "undecided":
                problems.append(Problem("undecided", str(outcome.by), self._blamed(outcome.by)))
                continue
            box, some = next(iter(shared.items()))
            route = example(box, some, self.address, (one.path,))
            verdict = tried(policy, route)
            what = f"pool {one.pool_name}: {described(prefixes)}"
            text = f"{what} is dropped by {outcome.by}, e.g. {route.prefix} ({verdict.verdict})"
            problems.append(Problem("dropped", text, self._cause(verdict, outcome.by), route))
        return proof, problems

    def _blamed(self, by: By) -> Path:
        if by.route_map is None:
            return self.place
        entry = () if by.seq is None else ("entries", str(by.seq))
        return ("routers", self.router.name, "route_maps", by.route_map, *entry)

    def _cause(self, verdict: Verdict, by: By) -> Path:
        """Find the written part that made a verdict: what was derived from the cluster follows from that.

        A permit comes of what matched; a denial of what denied, or of what did not match before.
        """
        for step in reversed(verdict.trace):
            if step.path == self.session.path or (verdict.verdict == "permit" and not step.matched):
                continue
            for path in (*step.asked, step.path):
                if not any(path[:length] in self.origins for length in range(1, len(path) + 1)):
                    return ("routers", self.router.name, *path)
        return self._blamed(by)

    def _nothing_else(self, policy: Policy, version: int, outcomes: list[Outcome]) -> Iterator[Problem]:
        # a peer group has the families of all pools: a node may say each over whichever session it has
        wanted = pool_prefixes(self.cluster, version)
        sent = self._sent()
        for permits, by, region in merged(outcomes):
            if permits == "deny":
                continue
            for had, prefixes in region.items():
                box = had.meet(sent)
                if box is None:
                    continue
                extra = prefixes - wanted
                if not extra:
                    continue
                if permits == "undecided":
                    yield Problem("undecided", str(by), self._blamed(by))
                    break
                paths = (str(self.asn), "")
                route = example(box, extra, self.address, paths)
                verdict = tried(policy, route)
                yield Problem(
                    "too much",
                    f"{by} admits what is in no pool: {told({box: extra}, policy.granted(version))},"
                    f" e.g. {route.prefix} ({verdict.verdict})",
                    self._cause(verdict, by),
                    route,
                )
                break

    def _sent(self) -> RouteBox:
        """Return what each attribute of a route may be that a neighbor can send.

        BGP has no tag, and over eBGP no local preference (RFC 4271 section 5.1.5).
        """
        sent = replace(EVERYTHING, tag=(0, 1))
        return replace(sent, local_preference=exactly(None)) if self.session.external else sent

    def _limit(self, family: str, ours: list[Announced]) -> tuple[list[str], list[Problem]]:
        limit = self.session.family_option(family, "maximum_prefix")
        count = sum(one.prefixes.count() for one in ours)
        if limit is None:
            text = f"{family} has no maximum_prefix: a faulty node may send any number"
            return [], [Problem("limit", text, self.place)]
        if limit.limit < count:
            if count > MOST_PREFIXES and limit.limit == (self.peering.maximum_prefix or MOST_PREFIXES):
                # nobody announces so large a pool address by address: the limit is derived, or somebody chose it
                return [f"maximum_prefix {limit.limit} ends the session if more of the {count} prefixes come"], []
            text = f"maximum_prefix {limit.limit} does not suffice for the {count} prefixes that may be announced"
            return [], [
                Problem("limit", text, ("routers", self.router.name, *self.session.where(family, "maximum_prefix")))
            ]
        return [f"maximum_prefix {limit.limit} suffices for {count}"], []

    def settings(self) -> Iterator[Problem]:
        """Compare what both ends must have alike."""
        cluster, peering, session = self.cluster, self.peering, self.session
        pairs: list[tuple[str, Any, Any]] = [
            ("password", peering.password or cluster.password, session.option("password")),
            ("timers", peering.timers or cluster.timers, session.option("timers")),
            ("ttl_security_hops", peering.ttl_security_hops, session.option("ttl_security_hops")),
        ]
        if session.external:
            pairs.append(("ebgp_multihop", peering.ebgp_multihop, session.option("ebgp_multihop")))
        bfd = session.option("bfd")
        pairs.append(("bfd_profile", peering.bfd_profile, None if bfd is None else bfd.profile))
        for name, node, router in pairs:
            if node != router:
                shown = (
                    "differs" if name == "password" else f"is {node} at the cluster's end and {router} at the router's"
                )
                yield Problem("settings", f"{name} {shown}", self.place)
        expected: tuple[Any, ...] = (self.asn, "internal" if self.asn == session.bgp.asn else "external")
        if session.remote not in expected:
            yield Problem("settings", f"the router expects AS {session.remote}, the node is AS {self.asn}", self.place)
        own = session.router_asn(self.asn)
        if peering.asn not in {None, own}:
            place: Path = ("clusters", cluster.name, "routers", self.router.name, "asn")
            yield Problem("settings", f"the nodes expect AS {peering.asn} of the router, which is AS {own}", place)
        if session.option("shutdown"):
            yield Problem("settings", "the session is shut down on the router", self.place)
        dialled = peering.address if self.address.version == 4 else peering.ipv6_address
        source = session.option("update_source")
        if dialled is not None and source is not None and is_address(source) and ip_address(source) != dialled:
            text = f"the nodes dial {dialled} and the router answers from {source}"
            yield Problem("settings", text, self.place)
        interface = None if source is None or is_address(source) else source
        known = [one for one in self.router.slot.known_addresses(interface) if one.version == self.address.version]
        if dialled is not None and known and dialled not in known:
            where = interface or "the interfaces"
            text = f"the nodes dial {dialled}, and {where} of the router has {', '.join(map(str, known))}"
            yield Problem("settings", text, self.place)


def questions(cluster: Cluster, peering: Peering, router: Router) -> list[tuple[str, Prefix, str]]:
    """Return the questions to a live router: inbound prefix lists, prefixes at the edges of pools, our answers."""
    bgp = router.bgp_of(peering.vrf)
    if bgp is None:
        return []
    names: dict[tuple[str, str], None] = {}
    for node in cluster.facing(router.name).nodes.values():
        for address in node.addresses:
            with suppress(KeyError):
                session = Session(router, str(address), "in", vrf=peering.vrf)
                for entry in session.entries():
                    for ref in entry_refs(entry):
                        if ref[0] in {"prefix_lists", "ipv6_prefix_lists"}:
                            names[ref] = None
    found = []
    for kind, name in names:
        lst = getattr(router, kind).get(name)
        version = 4 if kind == "prefix_lists" else 6
        edges = _edges(cluster, version) if lst is not None else ()
        found += [(name, prefix, "permit" if prefix_list(lst, prefix).permit else "deny") for prefix in edges]
    return found


def _edges(cluster: Cluster, version: int) -> Iterator[Prefix]:
    """Yield of each pool, its first and last prefix of the least and greatest length, and what is around it."""
    everything = ip_network("0.0.0.0/0" if version == 4 else "::/0")
    yield everything
    for _, pool in announced_pools(cluster):
        for prefix in pool.prefixes:
            if prefix.version != version:
                continue
            least, greatest = announced_lengths(pool, prefix)
            for length in {least, greatest}:
                yield ip_network((prefix.network_address, length))
                yield ip_network((prefix.broadcast_address, length), strict=False)
            if prefix.prefixlen:
                yield prefix.supernet()


def _changes(effects: Effects) -> str:
    parts = [
        f"{name.replace('_', ' ')} set" for name in ("med", "local_preference") if getattr(effects, name) is not None
    ]
    if effects.local_preference is not None and effects.local_preference.low == effects.local_preference.high:
        parts[-1] = f"local preference {effects.local_preference.low}"
    parts += [
        f"{name} {getattr(effects, name)}" for name in ("weight", "tag", "origin") if getattr(effects, name) is not None
    ]
    if effects.next_hop is not None:
        parts.append(f"next hop {effects.next_hop}")
    if effects.communities:
        parts.append("communities changed")
    return ", ".join(parts)
