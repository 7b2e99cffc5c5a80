"""What a router has of a cluster: its sessions, what it received, accepted and chose, and what its kernel does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import islice
from typing import Any, Final

from frrgen.model.router import Router
from frrgen.model.types import Address, Prefix
from frrgen.speaker.plan import PeerSettings
from frrgen.speaker.wire.packed_prefix import Family
from frrgen.transport.base import Keeper, Running, unusable

Path = Mapping[str, Any]
"""A path, as FRR shows it as JSON."""
_TOGETHER: Final = 50
"""Commands that are asked at a time: vtysh takes longer to start than to answer."""


@dataclass(frozen=True)
class SeenSession:
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
    sessions: dict[tuple[str | None, Address], SeenSession] = field(default_factory=dict)
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
        seen.sessions[peer.vrf, peer.local_address] = _session(_Answers(router.name, device), peer)
    wanted: dict[tuple[str | None, Prefix], None] = {}
    for peer in peers:
        own = seen.sessions[peer.vrf, peer.local_address].accepted
        wanted |= dict.fromkeys((peer.vrf, prefix) for prefix in (*sent, *own))
    keys = sorted(wanted, key=lambda one: (one[0] or "", one[1].version, one[1]))
    bgp = [f"show bgp vrf {vrf or 'default'} ipv{one.version} unicast {one} json" for vrf, one in keys]
    kernel = [
        f"show {'ip' if one.version == 4 else 'ipv6'} route vrf {vrf or 'default'} {one} json" for vrf, one in keys
    ]
    answers = _Answers(router.name, device)
    for key, shown in zip(keys, answers.of(bgp, "bgpd", "paths", "prefix", empty=True), strict=True):
        # without the prefix itself FRR shows one around it
        seen.paths[key] = tuple(shown["paths"]) if shown.get("prefix") == str(key[1]) else ()
    for key, shown in zip(keys, answers.of(kernel, "zebra", empty=True), strict=True):
        seen.kernel[key] = tuple(shown.get(str(key[1]), ()))
    return seen


def _session(answers: _Answers, peer: PeerSettings) -> SeenSession:
    place, who = f"show bgp vrf {peer.vrf or 'default'}", str(peer.local_address)
    families = ["ipv4" if one is Family.IPV4 else "ipv6" for one in peer.families]
    (about,) = answers.of([f"{place} neighbors {who} json"], "bgpd", who)
    facts = about.get(who, {})
    accepted: dict[Prefix, Path] = {}
    received: set[Prefix] | None = set()
    in_families = [f"{place} {family} unicast neighbors {who}" for family in families]
    for one in answers.of([f"{of_family} routes json" for of_family in in_families], "bgpd", "routes"):
        accepted |= {ip_network(prefix): paths[0] for prefix, paths in one.get("routes", {}).items() if paths}
    for one in answers.of([f"{of_family} received-routes json" for of_family in in_families], "bgpd", "receivedRoutes"):
        if received is None or "receivedRoutes" not in one:
            # without soft-reconfiguration FRR does not know
            received = None
        else:
            received |= set(map(ip_network, one["receivedRoutes"]))
    why = str(facts.get("lastResetDueTo", ""))
    return SeenSession(facts.get("bgpState", ""), why, accepted, None if received is None else frozenset(received))


@dataclass(frozen=True)
class _Answers:
    """A router's answers to `show ... json`."""

    router: str
    device: Keeper[Running]

    def of(self, commands: Sequence[str], daemon: str, *keys: str, empty: bool = False) -> Iterator[Mapping[str, Any]]:
        """Yield the answer to each command: an object with the keys, or with a warning that there is no such thing.

        Without keys the object is a table by prefix. `empty`: an empty object is an answer, too.
        Raises DeviceError for an answer in another form.
        """
        left = iter(commands)
        while some := list(islice(left, _TOGETHER)):
            found = _documents(self.device.show(some, daemon=daemon))
            if len(found) != len(some):
                # a command answered in words, or with nothing: whose answer is whose is not known
                found = [self._alone(one, daemon) for one in some]
            for command, one in zip(some, found, strict=True):
                if not (_is_answer(one, keys) if one else empty):
                    raise unusable(self.router, f"does not answer `{command}`", str(one))
                yield one

    def _alone(self, command: str, daemon: str) -> Mapping[str, Any]:
        text = self.device.show([command], daemon=daemon)
        if (said := _NOTHING.search(text)) is not None:
            # FRR 10.3 says it in broken JSON, and zebra in words
            return {"warning": said[0]}
        found = _documents(text)
        if len(found) != 1:
            raise unusable(self.router, f"does not answer `{command}`", text)
        return found[0]


_NOTHING: Final = re.compile("Inbound soft reconfiguration not enabled|VRF [^ ]+ not found")
"""What FRR says instead of an answer where there is nothing to show (8.4.4, 10.3, 10.7.1)."""


def _is_answer(one: Mapping[str, Any], keys: Sequence[str]) -> bool:
    """Tell whether an object answers: it has the keys, is a table by prefix, or says what is missing."""
    if "warning" in one or "bgpNoSuchNeighbor" in one:
        return True
    by_prefix = bool(keys) or all("/" in key for key in one)
    return by_prefix and all(isinstance(one.get(key), (dict, list, str)) for key in keys or one)


def _documents(text: str) -> list[Mapping[str, Any]]:
    """Return the JSON objects of a text, one behind the other; nothing where one of them is broken."""
    found, decoder, place = [], json.JSONDecoder(), 0
    while (start := text.find("{", place)) >= 0:
        try:
            one, place = decoder.raw_decode(text, start)
        except ValueError:
            return []
        found.append(one)
    return found
