"""Follow each prefix of each node from stage to stage, and name what stops it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from frrgen.drift import seen, sent
from frrgen.model.types import FAMILIES, Prefix
from frrgen.policy.frr.session import Session
from frrgen.speaker.plan import NodePlan, PeerSettings
from frrgen.speaker.table.gate import Gate
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Key


class Stage(StrEnum):
    """How far a prefix comes."""

    SENT = "sent"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    BEST = "best"
    INSTALLED = "installed"


@dataclass(frozen=True)
class Hidden:
    """A prefix of one node that does not reach a stage on one router."""

    node: str
    stage: Stage
    """The first stage that it does not reach."""
    why: str
    lines: tuple[str, ...] = ()
    """What the router looks at, step by step."""
    wanted: bool = False
    """An operator wants it so: the node is drained."""


@dataclass
class Row:
    """One prefix on one router."""

    prefix: Prefix
    vrf: str | None
    services: tuple[str, ...] = ()
    reached: dict[Stage, list[str]] = field(default_factory=lambda: {stage: [] for stage in Stage})
    """The nodes whose path is known to have reached a stage."""
    hidden: list[Hidden] = field(default_factory=list)


@dataclass(frozen=True)
class SessionRow:
    """One session, from both ends."""

    node: str
    peer: PeerSettings
    state: str
    problem: str
    """Why it carries nothing, or what is not known of it; "": all is known."""


@dataclass
class OnRouter:
    """What became of the cluster's prefixes on one router."""

    router: str
    sessions: list[SessionRow] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    standby: bool = False

    @property
    def drifts(self) -> bool:
        """Whether something is not as it should be, or not known."""
        problems = any(one.problem for one in self.sessions)
        return problems or any(not one.wanted for row in self.rows for one in row.hidden)


def compare(
    router: str, plans: Mapping[str, NodePlan], nodes: Mapping[str, sent.NodeStatus], has: seen.Seen
) -> OnRouter:
    """Compare what nodes sent to a router with what it has."""
    found = OnRouter(router, standby=has.standby)
    if has.standby:
        return found
    ends = [
        _End(name, plan, peer, nodes[name].on(peer) if name in nodes else None, has)
        for name, plan in plans.items()
        for peer in plan.peers
        if peer.router == router
    ]
    found.sessions = [SessionRow(one.node, one.peer, one.session.state, one.problem()) for one in ends]
    services: dict[Prefix, dict[str, None]] = {}
    rows: dict[tuple[str, Prefix], Row] = {}
    for end in ends:
        for prefix in end.prefixes():
            key = (end.peer.vrf or "", prefix)
            row = rows.setdefault(key, Row(prefix, end.peer.vrf))
            end.follow(row)
            known = nodes[end.node].services if end.node in nodes else {}
            named = (name for address, name in known.items() if address.version == prefix.version and address in prefix)
            services.setdefault(prefix, {}).update(dict.fromkeys(named))
    for row in rows.values():
        row.services = tuple(services[row.prefix])
    found.rows = [rows[key] for key in sorted(rows, key=lambda one: (one[0], one[1].version, one[1]))]
    return found


class _End:
    """One session of a node with the router."""

    def __init__(
        self, node: str, plan: NodePlan, peer: PeerSettings, said: sent.SentSession | None, has: seen.Seen
    ) -> None:
        self.node = node
        self.plan = plan
        self.peer = peer
        self.said = said
        self.has = has
        self.session = has.sessions.get((peer.vrf, peer.local_address), seen.SeenSession(""))

    def problem(self) -> str:
        if not self.session.state:
            return f"the router has no neighbor {self.peer.local_address}"
        if self.session.state != "Established":
            return f"the session is {self.session.state}" + (f" ({self.session.why})" if self.session.why else "")
        if self.said is None:
            return "what the node sent is not known"
        if self.said.state != "Established":
            return f"the node says: {self.said.state}"
        return "" if self.said.whole else "not all that the node sent is known"

    def prefixes(self) -> Iterator[Prefix]:
        mine = set(self.session.accepted)
        if self.said is not None:
            mine |= self.said.prefixes | set(self.said.held)
        return iter(sorted(mine, key=lambda one: (one.version, one)))

    def follow(self, row: Row) -> None:
        """Put down how far the prefix of a row comes."""
        reached, prefix = row.reached, row.prefix
        accepted = self.session.accepted.get(prefix)
        if self.said is not None:
            if self._closed(prefix):
                return
            if prefix in self.said.held:
                row.hidden.append(Hidden(self.node, Stage.SENT, f"held back: {self.said.held[prefix]}"))
                return
            if prefix not in self.said.prefixes:
                if self.said.whole:
                    text = "the router has it, and the node does not send it"
                    row.hidden.append(Hidden(self.node, Stage.SENT, text))
                return
            reached[Stage.SENT].append(self.node)
        if accepted is None:
            row.hidden.append(self._not_accepted(row))
            return
        reached[Stage.RECEIVED].append(self.node)
        reached[Stage.ACCEPTED].append(self.node)
        paths = self.has.paths.get((self.peer.vrf, prefix), ())
        mine = next((one for one in paths if _from(one) == str(self.peer.local_address)), accepted)
        if not _best(mine):
            row.hidden.append(self._not_best(mine, paths, prefix))
            return
        reached[Stage.BEST].append(self.node)
        if why := _not_installed(mine, self.has.kernel.get((self.peer.vrf, prefix), ())):
            row.hidden.append(Hidden(self.node, Stage.INSTALLED, why))
        else:
            reached[Stage.INSTALLED].append(self.node)

    def _not_accepted(self, row: Row) -> Hidden:
        session, prefix = self.session, row.prefix
        if session.state != "Established":
            return Hidden(self.node, Stage.RECEIVED, self.problem())
        if session.received is not None and prefix not in session.received:
            return Hidden(self.node, Stage.RECEIVED, "the router did not receive it")
        if session.received is not None:
            row.reached[Stage.RECEIVED].append(self.node)
        try:
            own = Session(self.has.router, str(self.peer.local_address), "in", vrf=self.peer.vrf)
        except KeyError:
            return Hidden(self.node, Stage.ACCEPTED, f"the router has no neighbor {self.peer.local_address}")
        own.first_as = self.peer.local_asn
        gate = Gate(own, self.peer.writer(), families=self.peer.families)
        key = Key.of(prefix)
        said = self._said(key)
        verdict = gate.verdict(key, said)
        lines = tuple(gate.steps(key, said))
        if verdict.verdict == "deny":
            by = gate.ruling(Key.family(key), said).reason(Key.family(key), key) or "its policy"
            return Hidden(self.node, Stage.ACCEPTED, f"dropped by {by}", lines)
        if verdict.verdict == "undecided":
            return Hidden(self.node, Stage.ACCEPTED, f"not accepted; {verdict.undecided}", lines)
        text = "not accepted, though the policy that runs admits it: clear the session softly (`clear bgp … soft in`)"
        return Hidden(self.node, Stage.ACCEPTED, text, lines)

    def _closed(self, prefix: Prefix) -> bool:
        """Tell whether the router is not told of the prefix's pool."""
        key = Key.of(prefix)
        pools = [one for one in self.plan.pools() if one.first <= key < one.end]
        return any(one.routers and self.peer.router not in one.routers for one in pools)

    def _said(self, key: int) -> Attributes:
        return next((one.said for one in self.plan.pools() if one.first <= key < one.end), Attributes())

    def _not_best(self, mine: seen.Path, paths: Sequence[seen.Path], prefix: Prefix) -> Hidden:
        if not mine.get("valid"):
            hops = [one for one in mine.get("nexthops", ()) if not one.get("accessible")]
            shown = ", ".join(str(one.get("ip")) for one in hops) or "its next hop"
            return Hidden(self.node, Stage.BEST, f"next hop {shown} is not reachable")
        best = next((one for one in paths if one.get("bestpath", {}).get("overall")), None)
        if best is None:
            return Hidden(self.node, Stage.BEST, "the router has not chosen it")
        draining = "gracefulShutdown" in str(mine.get("community", "")) or "65535:0" in str(mine.get("community", ""))
        if why := _worse(mine, best):
            if draining:
                return Hidden(self.node, Stage.BEST, "the node is drained (GRACEFUL_SHUTDOWN)", wanted=True)
            return Hidden(self.node, Stage.BEST, f"not best: {why}; the best path is from {_from(best)}")
        return Hidden(self.node, Stage.BEST, f"no ECMP: {self._limit(mine, best, prefix)}")

    def _limit(self, mine: seen.Path, best: seen.Path, prefix: Prefix) -> str:
        """Return why one of two paths that are equally good is not used beside the other."""
        bgp = self.has.router.bgp_of(self.peer.vrf)
        assert bgp is not None  # noqa: S101 - the router has the session
        family = getattr(bgp, FAMILIES[0] if prefix.version == 4 else FAMILIES[1])
        name = "maximum-paths ibgp" if self.peer.ibgp else "maximum-paths"
        limit = family.maximum_paths_ibgp if self.peer.ibgp else family.maximum_paths
        if limit is not None and limit > 1 and _path(mine) != _path(best) and not bgp.bestpath.multipath_relax:
            paths = f"AS path {_path(mine)} is another than {_path(best)}"
            return f"{paths}, and there is no `bgp bestpath as-path multipath-relax`"
        return f"{name} is {limit if limit is not None else 'not set'}; the best path is from {_from(best)}"


def _from(path: seen.Path) -> str:
    return str(path.get("peer", {}).get("peerId", path.get("peerId", "")))


def _best(path: seen.Path) -> bool:
    best = path.get("bestpath")
    return bool(path.get("multipath") or (best.get("overall") if isinstance(best, Mapping) else best))


def _path(path: seen.Path) -> str:
    said = path.get("aspath")
    return str(said.get("string", "")) if isinstance(said, Mapping) else str(path.get("path", ""))


_ORIGINS: Final = {"IGP": 0, "EGP": 1, "incomplete": 2}


def _worse(mine: seen.Path, best: seen.Path) -> str:
    """Return by what FRR prefers the best path, as far as multipath asks for it too; "" if both are equally good."""

    def number(path: seen.Path, name: str, default: int) -> int:
        return int(path.get(name, default))

    def hops(path: seen.Path) -> int:
        return min((int(one.get("metric", 0)) for one in path.get("nexthops", ())), default=0)

    def length(path: seen.Path) -> int:
        said = path.get("aspath")
        return int(said.get("length", 0)) if isinstance(said, Mapping) else len(_path(path).split())

    def kind(path: seen.Path) -> str:
        return str(path.get("peer", {}).get("type", ""))

    def local(path: seen.Path) -> bool:
        return bool(path.get("local") or path.get("sourced"))

    weights = number(mine, "weight", 0), number(best, "weight", 0)
    preferences = number(mine, "locPrf", 100), number(best, "locPrf", 100)
    lengths = length(mine), length(best)
    origins = str(mine.get("origin", "")), str(best.get("origin", ""))
    meds = number(mine, "metric", 0), number(best, "metric", 0)
    kinds = kind(mine), kind(best)
    distances = hops(mine), hops(best)
    looks: Iterable[tuple[str, tuple[Any, Any], bool]] = (
        ("weight", weights, weights[0] < weights[1]),
        ("local preference", preferences, preferences[0] < preferences[1]),
        ("a path of its own", ("no", "yes"), local(best) and not local(mine)),
        ("AS path length", lengths, lengths[0] > lengths[1]),
        ("origin", origins, _ORIGINS.get(origins[0], 2) > _ORIGINS.get(origins[1], 2)),
        ("MED", meds, meds[0] > meds[1]),
        ("session", kinds, kinds == ("internal", "external")),
        ("metric of the next hop", distances, distances[0] > distances[1]),
    )
    return next((f"{name} {ours} against {theirs}" for name, (ours, theirs), worse in looks if worse), "")


def _not_installed(path: seen.Path, kernel: Sequence[seen.Path]) -> str:
    """Return why a path that bgpd chose is not in the kernel; "" if it is."""
    used = next((one for one in kernel if one.get("selected")), None)
    if used is None:
        return "zebra has no route for it"
    if used.get("protocol") != "bgp":
        return f"a route of {used.get('protocol')} is preferred (distance {used.get('distance')})"
    if not used.get("installed"):
        return "the kernel did not take the route"
    hops = {str(one.get("ip")) for one in path.get("nexthops", ()) if one.get("used") or one.get("accessible")}
    there = {str(one.get("ip")) for one in used.get("nexthops", ()) if one.get("active") or one.get("fib")}
    return "" if hops & there else f"the kernel's route goes by {', '.join(sorted(there)) or 'nowhere'}"
