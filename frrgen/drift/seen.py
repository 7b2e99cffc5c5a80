"""What a router has of a cluster: its sessions, what it received, accepted and chose, and what its kernel does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import cycle, islice
from typing import Any, Final

from frrgen.model.router import Router
from frrgen.model.types import Address, Prefix
from frrgen.speaker.plan import PeerSettings
from frrgen.speaker.wire.packed_prefix import Family
from frrgen.transport.base import Keeper, Running

Path = Mapping[str, Any]
"""A path, as FRR shows it as JSON."""
_TOGETHER: Final = 50
"""Commands that are asked at a time: vtysh takes longer to start than to answer."""


@dataclass(frozen=True)
class Session:
    """One session, as the router sees it."""

    state: str
    """FRR's word; "" if there is no such neighbor."""
    why: str = ""
    """Why it ended last."""
    accepted: Mapping[Prefix, Path] = field(default_factory=dict)
    received: frozenset[Prefix] | None = None
    """None: the router does not keep what its policy drops (`soft-reconfiguration inbound`)."""


@dataclass
class Seen:
    """What one router has."""

    router: Router
    """What it runs."""
    sessions: dict[tuple[str | None, Address], Session] = field(default_factory=dict)
    """By VRF, and the node's address."""
    paths: dict[tuple[str | None, Prefix], Sequence[Path]] = field(default_factory=dict)
    """All paths of a prefix in bgpd."""
    kernel: dict[tuple[str | None, Prefix], Sequence[Path]] = field(default_factory=dict)
    """The routes of a prefix in zebra, which tells what the kernel took."""
    standby: bool = False
    """FRR does not run, for another box is the master."""


def ask(device: Keeper[Running], router: Router, peers: Iterable[PeerSettings], sent: Iterable[Prefix]) -> Seen:
    """Ask a router about the sessions of nodes, and about prefixes. Raises DeviceError."""
    seen, peers, sent = Seen(router), list(peers), list(sent)
    for peer in peers:
        seen.sessions[peer.vrf, peer.local_address] = _session(device, peer)
    wanted: dict[tuple[str | None, Prefix], None] = {}
    for peer in peers:
        own = seen.sessions[peer.vrf, peer.local_address].accepted
        wanted |= dict.fromkeys((peer.vrf, prefix) for prefix in (*sent, *own))
    keys = sorted(wanted, key=lambda one: (one[0] or "", one[1].version, one[1]))
    bgp = [f"show bgp vrf {vrf or 'default'} ipv{one.version} unicast {one} json" for vrf, one in keys]
    kernel = [
        f"show {'ip' if one.version == 4 else 'ipv6'} route vrf {vrf or 'default'} {one} json" for vrf, one in keys
    ]
    for key, shown in zip(keys, _answers(device, bgp, "bgpd"), strict=True):
        seen.paths[key] = tuple(shown.get("paths", ())) if shown.get("prefix") == str(key[1]) else ()
    for key, shown in zip(keys, _answers(device, kernel, "zebra"), strict=True):
        seen.kernel[key] = tuple(shown.get(str(key[1]), ()))
    return seen


def _session(device: Keeper[Running], peer: PeerSettings) -> Session:
    place, who = f"show bgp vrf {peer.vrf or 'default'}", str(peer.local_address)
    families = ["ipv4" if one is Family.IPV4 else "ipv6" for one in peer.families]
    asked = [f"{place} neighbors {who} json"]
    asked += [f"{place} {family} unicast neighbors {who} {what} json" for family in families for what in _KINDS]
    about, *tables = _answers(device, asked, "bgpd")
    facts = about.get(who, {})
    accepted: dict[Prefix, Path] = {}
    received: set[Prefix] | None = set()
    for kind, one in zip(cycle(_KINDS), tables, strict=False):
        if kind == "routes":
            accepted |= {ip_network(prefix): paths[0] for prefix, paths in one.get("routes", {}).items() if paths}
        elif received is None or "receivedRoutes" not in one:
            # without soft-reconfiguration FRR does not know; FRR 10.3 says so in broken JSON
            received = None
        else:
            received |= set(map(ip_network, one["receivedRoutes"]))
    why = str(facts.get("lastResetDueTo", ""))
    return Session(facts.get("bgpState", ""), why, accepted, None if received is None else frozenset(received))


_KINDS: Final = ("routes", "received-routes")


def _answers(device: Keeper[Running], commands: Sequence[str], daemon: str) -> Iterator[Mapping[str, Any]]:
    """Return what each command answers; {} for what is no JSON object. Raises DeviceError."""
    left = iter(commands)
    while some := list(islice(left, _TOGETHER)):
        found = _documents(device.show(some, daemon=daemon))
        if len(found) != len(some):
            # a command answered in words, or with nothing: whose answer is whose is not known
            found = [(_documents(device.show([one], daemon=daemon)) or [{}])[0] for one in some]
        yield from (one if isinstance(one, dict) else {} for one in found)


def _documents(text: str) -> list[Any]:
    """Return the JSON documents of a text, one behind the other."""
    found, decoder, place = [], json.JSONDecoder(), 0
    while (start := text.find("{", place)) >= 0:
        try:
            one, place = decoder.raw_decode(text, start)
        except ValueError:
            return []
        found.append(one)
    return found
