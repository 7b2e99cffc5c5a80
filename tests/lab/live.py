"""A router with established sessions of every kind, and peers that offer routes which its policy must not let in.

Two of them, one pushed to and one booted, tell whether a push leads where a boot leads; what the peers hear on the
way tells whether anything came through in between.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import Any, Final, NamedTuple

from frrgen.lines.rule import Impact
from frrgen.model.router import Router as Model
from frrgen.platforms.frr.diff.plan import Plan, make_plan
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.sets.route import Route
from tests.lab import Lab, LabError, wait_for
from tests.lab.bgpd import Bgpd
from tests.lab.endpoint import Endpoint

EDGE, EDGE6 = "10.0.0.1", "2001:db8::1"


class Peer(NamedTuple):
    """One of the peers: how the router knows it, and what it is."""

    address: str
    asn: int
    kind: str
    """external, internal, ipv6, member, internal member, dynamic or internal dynamic."""
    group: str = ""

    @property
    def named(self) -> str:
        """How a plan names its session."""
        return f"dynamic neighbors of {self.group}" if "dynamic" in self.kind else self.address


PEERS: Final = (
    Peer("10.0.0.11", 65011, "external"),
    Peer("10.0.0.12", 65012, "external"),
    Peer("10.0.0.13", 65000, "internal"),
    Peer("10.0.0.14", 65000, "internal"),
    Peer("2001:db8::21", 65021, "ipv6"),
    Peer("10.0.0.31", 65031, "member", "G"),
    Peer("10.0.0.32", 65000, "internal member", "I"),
    Peer("10.0.0.65", 65065, "dynamic", "K"),
    Peer("10.0.0.81", 65000, "internal dynamic", "L"),
)
"""11 is filtered both ways by maps, 12 has a password and lists, 13 hears everything, 14 is a client of the router's
reflector; the peer of the first IPv6 session and the members are filtered by maps."""
PASSWORD: Final = "lab-secret"


def offered(peer: Peer) -> tuple[Route, ...]:
    """Give the routes that a peer offers: good ones, bad ones, and the default route."""
    number = 21 if ":" in peer.address else int(peer.address.rpartition(".")[2])
    path = "" if peer.asn == 65000 else str(peer.asn)
    hop, hop6 = ip_address("10.0.0.9" if ":" in peer.address else peer.address), ip_address("2001:db8::21")
    texts = [(f"100.{number}.{third}.0/24", third) for third in range(4)]
    texts += [(f"99.{number}.0.0/16", 9), ("0.0.0.0/0", 9)]
    v4 = [
        Route(
            ip_network(text),
            as_path=path if third != 2 else f"{path} 65100".strip(),
            next_hop=hop,
            med=10 * third,
            communities=frozenset({65000 << 16 | third, 65000 << 16 | 1}),
            large_communities=frozenset({(65000, 1, third)}),
            local_preference=100 if peer.asn == 65000 else None,
        )
        for text, third in texts
    ]
    v6 = [
        Route(
            ip_network(text),
            as_path=path,
            next_hop=hop6,
            communities=frozenset({65000 << 16 | 1}),
            local_preference=100 if peer.asn == 65000 else None,
        )
        for text in (f"2001:db8:{number}::/48", f"2001:db8:{number}:1::/64", "::/0")
    ]
    return (*v4, *v6)


class Live:
    """One router with all of its peers, whom it knows in its main instance or in that of a VRF."""

    def __init__(self, lab: Lab, name: str, *, vrf: str = "") -> None:
        self.vrf = vrf
        self.router = lab.router(name)
        self.world = lab.router(f"{name}-peers", daemons=())
        lab.link(self.router, self.world, f"{EDGE}/24", "10.0.0.9/24", (f"{EDGE6}/64", "2001:db8::9/64"))
        self.world.address("eth0", *(f"{one.address}/{64 if ':' in one.address else 24}" for one in PEERS))
        if vrf:
            # a kernel may lack VRFs, and FRR takes a network namespace for one
            self.router.run("ip", "netns", "add", vrf)
            self.router.run("ip", "link", "set", "eth0", "netns", vrf)
            for line in ("link set lo up", f"addr add {EDGE}/24 dev eth0", f"addr add {EDGE6}/64 dev eth0 nodad"):
                self.router.run("ip", "-n", vrf, *line.split())
            self.router.run("ip", "-n", vrf, "link", "set", "eth0", "up")
        self.ends = {
            one: Endpoint(
                self.world,
                one.address,
                EDGE6 if ":" in one.address else EDGE,
                one.asn,
                routes=offered(one),
                password=PASSWORD if one.address == "10.0.0.12" else "",
            )
            for one in PEERS
        }
        self.seen: set[str] = set()
        """What the router had accepted at some moment while the peers were `insisting`."""
        self._bgpd: Bgpd | None = None

    def boot(self, config: str) -> None:
        """Start FRR with a configuration. The sessions are then down: see `dial`."""
        for end in self.ends.values():
            end.close()
            end.up.clear()
        options = {"zebra": ["-n"]} if self.vrf else {}
        if self._bgpd is None:
            self.router.start(config, options=options)
        else:
            self.router.restart(config, options=options)
        self._bgpd = Bgpd(self.router)

    @property
    def _of_vrf(self) -> str:
        return f" vrf {self.vrf}" if self.vrf else ""

    def clear(self, how: str = "") -> None:
        """Clear every session, `soft` if so said."""
        self.router.vtysh(*(f"clear bgp{self._of_vrf}{family} * {how}" for family in ("", " ipv6")))

    @property
    def bgpd(self) -> Bgpd:
        """Bgpd's own socket."""
        if self._bgpd is None:
            raise LabError("not booted")
        return self._bgpd

    def dial(self, peers: Collection[Peer] = PEERS, seconds: float = 8) -> set[Peer]:
        """Set up the sessions that are down; gives those that are up then."""
        for one in [*peers, *peers]:
            # twice: a session may fall at once when the router dials at the same moment
            end = self.ends[one]
            if not end.up.is_set():
                end.close()
                with contextlib.suppress(LabError):
                    end.dial(seconds)
        return self.up()

    def dial_together(self, seconds: float = 1.5) -> set[Peer]:
        """Set up the sessions that are down, all at the same time; gives those that are up then."""

        def one(end: Endpoint) -> None:
            for _ in range(2):
                if not end.up.is_set():
                    end.close()
                    with contextlib.suppress(LabError):
                        end.dial(seconds)

        threads = [threading.Thread(target=one, args=(end,)) for end in self.ends.values() if not end.up.is_set()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.up()

    def up(self) -> set[Peer]:
        """Give the peers whose sessions are established."""
        return {one for one, end in self.ends.items() if end.up.is_set()}

    def plan(self, intended: Model, *, avoid: bool = False) -> Plan:
        """Plan from what runs now."""
        running = parse(self.router.running_config(), name=intended.name, frr_version=self.router.frr.version)
        return make_plan(running, intended, avoid=avoid)

    def push(self, plan: Plan) -> str:
        """Carry a plan out; what vtysh says."""
        said = "".join(self.router.load("\n".join([*batch, "end", ""])) for batch in plan.batches)
        for commands in (plan.after, plan.restarts):
            if commands:
                said += self.router.vtysh(*commands)
        return said

    def dropped(self, plan: Plan, up: Collection[Peer], more: float = 1.0) -> set[Peer]:
        """Give the peers of `up` whose sessions have ended: wait for those that the plan names, and `more` seconds."""
        named = {session.neighbor for session in plan.sessions if session.impact is Impact.RESET}
        with contextlib.suppress(LabError):
            wait_for("who drops", lambda: not any(one.named in named for one in set(up) & self.up()), 20)
        time.sleep(more)
        return set(up) - self.up()

    def untold(self, target: Model, plan: Plan, said: str, up: Collection[Peer]) -> Iterator[str]:
        """Give what a push has left to do, and the peers that were `up` and that it dropped without a word."""
        named = {session.neighbor for session in plan.sessions if session.impact is Impact.RESET}
        if left := self.plan(target).commands:
            yield f"left to do: {left}; {said[-300:]}"
        if denied := [one.address for one in set(up) - self.up() if one.named not in named]:
            yield f"dropped, and the plan does not say so: {denied}"

    @contextlib.contextmanager
    def insisting(self) -> Iterator[None]:
        """Have every peer offer its routes again and again, so that a filter that is away for a moment is missed."""
        stop = threading.Event()

        def offer(end: Endpoint) -> None:
            with contextlib.suppress(OSError):
                while not stop.wait(0.002):
                    end.announce(end.routes)

        def look() -> None:
            own = Bgpd(self.router)
            while not stop.is_set():
                for family in ("ipv4", "ipv6"):
                    told = json.loads(own.ask(f"show bgp{self._of_vrf} {family} unicast json") or "{}")
                    for prefix, paths in _paths(told):
                        self.seen |= {
                            f"{prefix} from {path['peerId']}"
                            for path in paths
                            if path.get("peerId", "(unspec)") != "(unspec)"
                        }

        self.seen.clear()
        threads = [threading.Thread(target=offer, args=(end,)) for end in self.ends.values() if end.up.is_set()]
        threads.append(threading.Thread(target=look))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def listen(self) -> None:
        """Forget what the peers were told and had to forget until now."""
        for end in self.ends.values():
            end.ever.clear()
            end.withdrawn.clear()

    def leaked(self, before: dict[str, dict[str, str]]) -> dict[str, list[str]]:
        """Give what was announced since `listen`, and is neither announced now nor was `before`, by peer."""
        now = self.heard(PEERS)
        ever = {one.address: {str(prefix) for prefix in end.ever} - self._own(one) for one, end in self.ends.items()}
        return {peer: found for peer in ever if (found := sorted(ever[peer] - before[peer].keys() - now[peer].keys()))}

    def lost(self, before: dict[str, dict[str, str]]) -> dict[str, list[str]]:
        """Give what was taken away since `listen`, though it was announced `before` and is announced now, by peer."""
        now = self.heard(PEERS)
        gone = {one.address: {str(prefix) for prefix in end.withdrawn} for one, end in self.ends.items()}
        return {peer: found for peer in gone if (found := sorted(gone[peer] & before[peer].keys() & now[peer].keys()))}

    def _own(self, peer: Peer) -> set[str]:
        return {str(route.prefix) for route in self.ends[peer].routes}

    def heard(self, peers: Iterable[Peer]) -> dict[str, dict[str, str]]:
        """Give what each peer was told and has not been told to forget, in words.

        Its own routes, which come back to it, are left out: their next hop depends on the order in which FRR put
        neighbors together. Of a default route it is said whether there is one: the router may originate it.
        """
        found = {}
        for one in peers:
            own = self._own(one)
            told = {prefix: route for prefix, route in dict(self.ends[one].heard).items() if str(prefix) not in own}
            found[one.address] = {str(prefix): _shown(told[prefix]) for prefix in sorted(told, key=str)} | {
                text: "a default route" for text in map(str, self.ends[one].heard) if text in {"0.0.0.0/0", "::/0"}
            }
        return found

    def accepted(self) -> dict[str, str]:
        """Give what the router has accepted from each peer, with the attributes that its policy gave it."""
        found = {}
        for family in ("ipv4", "ipv6"):
            told = json.loads(self.bgpd.ask(f"show bgp{self._of_vrf} {family} unicast json detail") or "{}")
            for prefix, paths in _paths(told):
                for path in paths:
                    if "peer" in path:
                        found[f"{prefix} from {path['peer'].get('peerId', '')}"] = _kept(path)
        return found


def _paths(told: Any) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    for prefix, paths in told.get("routes", {}).items():
        yield prefix, paths if isinstance(paths, list) else paths.get("paths", [])


def _kept(path: dict[str, Any]) -> str:
    names = ("metric", "locPrf", "weight", "origin", "tag", "originatorId", "atomicAggregate", "stale", "removed")
    words = [f"{name}={path[name]}" for name in names if name in path]
    words.append(f"path={path.get('aspath', {}).get('string')}")
    words.append(f"communities={path.get('community', {}).get('string', '')}")
    words.append(f"large={path.get('largeCommunity', {}).get('string', '')}")
    words.append(f"extended={path.get('extendedCommunity', {}).get('string', '')}")
    words.append(f"valid={path.get('valid')} best={path.get('bestpath', {}).get('overall')}")
    words.append("multipath" if path.get("multipath") and path.get("valid") else "")
    return " ".join(words)


def _shown(route: Route) -> str:
    return (
        f"path={route.as_path} hop={route.next_hop} med={route.med} pref={route.local_preference} "
        f"origin={route.origin} communities={route.community_string} large={route.large_community_string}"
    )


def settled(live: Live, other: Live, peers: set[Peer], seconds: float) -> list[str]:
    """Wait until both routers tell the peers the same and have the same; gives what differs still at the end."""
    differences: list[str] = []

    def same() -> bool:
        nonlocal differences
        differences = [*_differ(live.heard(peers), other.heard(peers))]
        names = {one.address for one in peers}
        mine, theirs = (
            {key: value for key, value in one.accepted().items() if key.split()[-1] in names or key.endswith("from ")}
            for one in (live, other)
        )
        differences += [
            f"{key}: {mine.get(key)} | {theirs.get(key)}"
            for key in {**mine, **theirs}
            if mine.get(key) != theirs.get(key)
        ]
        return not differences

    with contextlib.suppress(LabError):
        wait_for("both the same", same, seconds, every=0.2)
    return differences


def _differ(one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]) -> Iterable[str]:
    for peer, told in one.items():
        for prefix in {**told, **other[peer]}:
            if told.get(prefix) != other[peer].get(prefix):
                yield f"to {peer} {prefix}: {told.get(prefix)} | {other[peer].get(prefix)}"


def model(text: str, version: str) -> Model:
    """Read a configuration; raises LabError when something of it is not understood."""
    parsed = parse(text, name="edge", frr_version=version)
    if parsed.leftovers:
        raise LabError(f"not understood: {parsed.leftovers[:3]}")
    return parsed.router.model_copy(update={"frr_version": version, "ownership": "full"})
