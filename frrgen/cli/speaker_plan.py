"""`frrgen speaker plan`: what nodes would announce, and what the routers would do with it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from frrgen.cli.common import count
from frrgen.cli.speaker_desk import Desk, static
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError
from frrgen.model.pools import announced_lengths, announced_pools
from frrgen.speaker.plan import PeerSettings, find_node, pool_attributes
from frrgen.speaker.session.group import Group
from frrgen.speaker.table.gate import Gate, gates
from frrgen.speaker.table.rib import AdjRibOut
from frrgen.speaker.table.table import AnnouncementTable
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Key

if TYPE_CHECKING:
    from frrgen.model.cluster import Cluster
    from frrgen.speaker.kubernetes.manifests import Preview
    from frrgen.speaker.process.sources.base import Wanted

_SHOWN: Final = 1000
"""Prefixes of a session that are shown one by one."""


class _Answers:
    """What the router looks at for each prefix, as text: sessions that are alike share it, and nodes their pools."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._texts: dict[int, str] = {}
        self._pools: dict[str, list[tuple[int, Attributes]]] = {}
        self._known: dict[tuple[object, ...], tuple[str | None, list[str]]] = {}

    def of(self, gate: Gate, key: int, attributes: Attributes) -> tuple[str | None, list[str]]:
        """Return why the router's answer is not known (None: it is known), and what it looks at, in order."""
        asked = gate.asked(key, attributes)
        known = self._known.get(asked)
        if known is None:
            verdict = gate.verdict(key, attributes)
            known = verdict.undecided, self._desk.lines(gate, verdict)
            own = gate.session.path
            # what stands at the neighbor itself stands elsewhere for the next neighbor
            if all(path[: len(own)] != own for step in verdict.trace for path in (step.path, *step.asked)):
                self._known[asked] = known
        return known

    def pools(self, cluster: Cluster) -> list[tuple[int, Attributes]]:
        """Return the first prefix of each pool of a cluster, in its shortest and its longest form."""
        if cluster.name not in self._pools:
            self._pools[cluster.name] = [
                (Key.of(type(prefix)((prefix.network_address, length))), pool_attributes(pool))
                for _, pool in announced_pools(cluster)
                for prefix in pool.prefixes
                for length in announced_lengths(pool, prefix)
            ]
        return self._pools[cluster.name]

    def prefix(self, key: int) -> str:
        """Return a prefix as text."""
        if key not in self._texts:
            self._texts[key] = str(Key.prefix(key))
        return self._texts[key]


def plan(args: argparse.Namespace) -> Exit:
    """Show what nodes would announce, and what the routers do with it. Raises InputError."""
    desk = Desk(args)
    previews, answers = _previews(desk, args), _Answers(desk)
    sessions = [session for node in desk.nodes() for session in _planned_node(desk, answers, args, node, previews)]
    if not sessions:
        raise InputError(Finding(Code.FRR602, "there is no node in any cluster"))
    services = [one for cluster, preview in previews.items() for one in _services(cluster, preview)]
    if args.format == "json":
        print(json.dumps({"services": services, "sessions": sessions}, indent=2))
        return Exit.OK
    for one in services:
        got = ", ".join(one["addresses"]) + f" of pool {one['pool']}" if one["addresses"] else "no address"
        why = f": {one['refusal']}" + (f" ({one['detail']})" if one["detail"] else "") if one["refusal"] else ""
        print(f"{one['service']} of cluster {one['cluster']}: {got}{why}")
    for one in sessions:
        who = f"{one['cluster']}/{one['node']} (AS {one['local_asn']})"
        print(f"{who} to {one['router']} {one['peer']} (AS {one['peer_asn']}):")
        for prefix in one["prefixes"]:
            print(f"  {prefix['verdict']:9} {prefix['prefix']}   {prefix['attributes']}")
            for why in prefix["why"]:
                print(f"              {why}")
        if one["count"] > len(one["prefixes"]):
            print(f"  and {one['count'] - len(one['prefixes'])} more")
    return Exit.OK


def _previews(desk: Desk, args: argparse.Namespace) -> dict[str, Preview]:
    """Allocate for the Services of a file, in the cluster of each node that is meant."""
    if args.services is None:
        return {}
    from frrgen.speaker.kubernetes.manifests import preview, read_manifests

    manifests, network = read_manifests(args.services), desk.inventory.loaded.network
    names = dict.fromkeys(find_node(network, node)[0].name for node in desk.nodes())
    routers = desk.inventory.derived.routers.values()
    return {name: preview(manifests, network, name, routers) for name in names}


def _services(cluster: str, preview: Preview) -> Iterator[dict[str, Any]]:
    for name, outcome in preview.outcomes.items():
        yield {
            "cluster": cluster,
            "service": "/".join(name),
            "addresses": list(map(str, outcome.addresses)),
            "pool": outcome.pool or None,
            "refusal": str(outcome.refusal) if outcome.refusal is not None else None,
            "detail": outcome.detail,
        }


def _planned_node(
    desk: Desk, answers: _Answers, args: argparse.Namespace, node: str, previews: Mapping[str, Preview]
) -> Iterator[dict[str, Any]]:
    plan, routers = desk.plan(node, secrets=False)
    source = static(args.source)
    wanted, table = AnnouncementTable(), AnnouncementTable()
    if previews:
        for key, said in previews[plan.cluster.name].announced(plan).items():
            wanted.change(key, said)
    elif source is not None:
        _fill(wanted, source.read(plan))
    else:
        for key, said in answers.pools(plan.cluster):
            wanted.change(key, said)
    groups = [Group(AdjRibOut(table), gate) for gate in gates(plan, routers, proofs=desk.proofs)]
    for keys in table.become(wanted):
        for group in groups:
            group.judge(keys)
    for peer, group in zip(plan.peers, groups, strict=True):
        yield {"cluster": plan.cluster.name, "node": plan.node_name, **_planned(answers, peer, group)}


def _fill(table: AnnouncementTable, wanted: Iterable[Wanted]) -> None:
    for one in wanted:
        for part in one.runs:
            table.columns[part.family].fill(part.keys, part.said)


def _planned(answers: _Answers, peer: PeerSettings, group: Group) -> dict[str, Any]:
    gate, rib = group.gate, group.rib
    return {
        "router": peer.router,
        "peer": str(peer.address),
        "peer_asn": peer.peer_asn,
        "local_address": str(peer.local_address),
        "local_asn": peer.local_asn,
        "count": sum(len(rib.table.columns[family]) for family in rib.families),
        "dropped": len(rib.dropped),
        "prefixes": [_planned_prefix(answers, gate, rib, key) for key in islice(rib.wanted(), _SHOWN)],
    }


def _planned_prefix(answers: _Answers, gate: Gate, rib: AdjRibOut, key: int) -> dict[str, Any]:
    attributes = rib.table.get(key) or Attributes()
    dropped = rib.dropped.get(key)
    undecided, why = answers.of(gate, key, attributes)
    return {
        "prefix": answers.prefix(key),
        "verdict": "deny" if dropped is not None else "permit" if undecided is None else "undecided",
        "attributes": _shown(attributes, gate),
        "why": [*([dropped.reason] if dropped is not None and dropped.limit else []), *why]
        + ([f"undecided, so it is announced: {undecided}"] if undecided is not None else []),
    }


def _shown(attributes: Attributes, gate: Gate) -> str:
    parts = [f"next hop {attributes.next_hop or 'self'}"]
    if attributes.med is not None:
        parts.append(f"med {attributes.med}")
    if gate.writer.ibgp:
        preference = attributes.local_preference
        parts.append(f"local preference {100 if preference is None else preference}")
    elif attributes.prepend:
        parts.append(f"prepended {count(attributes.prepend, 'time')}")
    if attributes.communities:
        parts.append("communities " + " ".join(f"{one >> 16}:{one & 0xFFFF}" for one in attributes.communities))
    if attributes.large_communities:
        parts.append("large " + " ".join(":".join(map(str, one)) for one in attributes.large_communities))
    return ", ".join(parts)
