"""The FRRConfigurations of frr-k8s -> a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.validate import validate
from frrgen.metallb.assemble import DialledRouter, ImportedCluster, assemble, beyond, invalid
from frrgen.metallb.frr_objects import FrrConfigurationSpec, InstanceSpec, NeighborSpec
from frrgen.metallb.objects import LabelSelector
from frrgen.metallb.parts import Names, bfd_profile, community, named_routers, router_name, timers
from frrgen.metallb.passwords import Passwords
from frrgen.metallb.read import KubernetesNode, Manifest
from frrgen.metallb.render import POOLS
from frrgen.model.cluster import Pool
from frrgen.model.names import free_name
from frrgen.model.router import BfdProfile
from frrgen.model.types import Address, Prefix

FRR_K8S: Final = "frrk8s.metallb.io/"
_STATUS: Final = frozenset({"FRRNodeState", "BGPSessionState"})
"""Kinds that frr-k8s writes itself."""


@dataclass(frozen=True)
class _Said:
    """What the announcement of a prefix carries."""

    communities: tuple[str, ...]
    preference: int | None


@dataclass(frozen=True)
class _Session:
    """A neighbor of some nodes, and what they announce to it."""

    router: str
    nodes: LabelSelector
    address: Address
    told: Mapping[Prefix, _Said]
    where: Where


class Configurations:
    """The FRRConfigurations."""

    def __init__(
        self,
        found: Sequence[Manifest],
        name: str,
        names: Names,
        nodes: Mapping[str, KubernetesNode],
        secrets: Mapping[str, str],
    ) -> None:
        self.name, self.names, self.nodes = name, names, nodes
        self.where = found[0].where
        self.passwords = Passwords(secrets)
        self.findings: list[Finding] = []
        self.sessions: list[_Session] = []
        self.profiles: dict[str, BfdProfile] = {}
        self.pool_names: dict[str, str] = {}
        self.read: list[tuple[Manifest, FrrConfigurationSpec]] = []
        for one in found:
            if one.kind in _STATUS:
                continue
            if one.kind != "FRRConfiguration":
                hint = "frrgen reads FRRConfiguration"
                self.findings.append(beyond(f"the kind {one.kind} of {one.version} is not read", one.where, hint))
                continue
            try:
                spec = validate(FrrConfigurationSpec, one.part("spec"), (one.kind, one.name, "spec"))
            except InputError as bad:
                self.findings += bad.findings
            else:
                self.read.append((one, spec))
                self.pool_names |= _pool_names(one)

    def imported(self) -> ImportedCluster:
        """Make the cluster. Raises InputError."""
        peers = [peer for one, spec in self.read for peer in self._peers(one, spec)]
        if self.findings:
            raise InputError(*self.findings)
        pools = dict(self._pools())
        if self.findings:
            raise InputError(*self.findings)
        made = assemble(self.name, peers, pools, self.nodes, self.where)
        made.findings += self.passwords.doubts
        made.unknown_passwords = frozenset(self.passwords.unknown)
        made.bfd_profiles = self.profiles
        return made

    def _peers(self, one: Manifest, spec: FrrConfigurationSpec) -> Iterator[DialledRouter]:
        """Yield the sessions of a configuration, and note what is announced over them."""
        if spec.raw.raw_config.strip():
            text = f"the FRRConfiguration {one.name} has lines of FRR's own (raw)"
            self.findings.append(beyond(text, one.where, "write what they say in the fields of the FRRConfiguration"))
        for profile in spec.bgp.bfd_profiles:
            if self.profiles.setdefault(profile.name, bfd_profile(profile)) != bfd_profile(profile):
                text = f"the BFD profile {profile.name} differs between nodes"
                self.findings.append(beyond(text, one.where, "write it alike, or name it otherwise"))
        named = named_routers(one, self.names)
        profiles = {profile.name for profile in spec.bgp.bfd_profiles}
        for number, instance in enumerate(spec.bgp.routers):
            places = _places(one, number)
            if instance.imports or instance.evpn is not None:
                text = f"the model cannot say {'imports' if instance.imports else 'evpn'} of the nodes"
                self.findings.append(beyond(text, places(None), "leave it out: no router of the inventory sees it"))
            for index, neighbor in enumerate(instance.neighbors):
                where = places(index)
                self.findings += [beyond(f"the model cannot say {what}", where, hint) for what, hint in _lost(neighbor)]
                address = neighbor.address
                if address is None:
                    continue
                if neighbor.bfd_profile is not None and neighbor.bfd_profile not in profiles:
                    self.findings.append(Finding(Code.FRR621, f"there is no BFD profile {neighbor.bfd_profile}", where))
                router = router_name(named.get(address) or f"router-{address}".replace(":", "-"))
                self._note(router, spec.node_selector, instance, neighbor, address, where)
                asn = neighbor.local_asn or instance.asn
                yield DialledRouter(
                    router=router,
                    address=address,
                    asn=asn,
                    peer_asn=asn if neighbor.dynamic_asn == "internal" else neighbor.asn,
                    source=neighbor.source_address,
                    router_id=instance.id,
                    password=self.passwords.of(neighbor.password, neighbor.password_secret.name, router, where),
                    timers=timers(neighbor.hold_time, neighbor.keepalive_time),
                    connect=neighbor.connect_time,
                    bfd_profile=neighbor.bfd_profile,
                    multihop=neighbor.ebgp_multi_hop,
                    restart=neighbor.enable_graceful_restart,
                    selectors=() if spec.node_selector == LabelSelector() else (spec.node_selector,),
                    device=instance.vrf or None,
                    where=where,
                )

    def _note(  # noqa: PLR0917
        self,
        router: str,
        nodes: LabelSelector,
        instance: InstanceSpec,
        neighbor: NeighborSpec,
        address: Address,
        where: Where,
    ) -> None:
        told = self._told(instance, neighbor, address, where)
        for other in self.sessions:
            if (other.address, other.nodes) == (address, nodes):
                text = f"the session of the same nodes with {address} stands twice"
                self.findings.append(beyond(text, where, "write it once: frr-k8s merges the two"))
                return
        self.sessions.append(_Session(router, nodes, address, told, where))

    def _told(
        self, instance: InstanceSpec, neighbor: NeighborSpec, address: Address, where: Where
    ) -> dict[Prefix, _Said]:
        """Return the prefixes that a neighbor hears of, with what they carry."""
        said = neighbor.to_advertise
        allowed = instance.prefixes if said.allowed.mode == "all" else said.allowed.prefixes
        for prefix in dict.fromkeys(allowed):
            if prefix not in instance.prefixes:
                text = f"{prefix} is for the neighbor {address}, and the instance has no such prefix"
                self.findings.append(Finding(Code.FRR621, text, where, "add it to the `prefixes` beside `neighbors`"))
        communities: dict[Prefix, list[str]] = {}
        preferences: dict[Prefix, int] = {}
        for value in said.with_community:
            text = self._community(value.community, where)
            for prefix in value.prefixes:
                communities.setdefault(prefix, []).append(text)
        for preferred in said.with_local_pref:
            for prefix in preferred.prefixes:
                if preferences.setdefault(prefix, preferred.local_pref) != preferred.local_pref:
                    self.findings.append(Finding(Code.FRR621, f"{prefix} has two local preferences", where))
        for prefix in dict.fromkeys((*communities, *preferences)):
            if prefix not in allowed:
                text = f"{prefix} has attributes for the neighbor {address}, which does not hear of it"
                self.findings.append(Finding(Code.FRR621, text, where, "add it to the prefixes that are allowed"))
        both = neighbor.dual_stack_address_family
        return {
            prefix: _Said(tuple(sorted(set(communities.get(prefix, ())))), preferences.get(prefix))
            for prefix in allowed
            if both or prefix.version == address.version
        }

    def _community(self, text: str, where: Where) -> str:
        try:
            return community(text, {}, where)
        except InputError as bad:
            self.findings += bad.findings
            return text

    def _pools(self) -> Iterator[tuple[str, Pool]]:
        """Yield the pools: a pool for each name, or for the prefixes that are announced alike."""
        heard = self._heard()
        every = tuple(heard)
        made: dict[tuple[str | None, _Said, tuple[str, ...]], list[Prefix]] = {}
        for prefix in dict.fromkeys(prefix for one in self.sessions for prefix in one.told):
            routers = tuple(router for router in every if prefix in heard[router])
            said = {heard[router][prefix] for router in routers}
            if len(said) > 1:
                text = f"{prefix} is announced with different communities or local preferences to {', '.join(routers)}"
                self.findings.append(beyond(text, self.where, "let the inbound route maps of the routers set them"))
                continue
            key = (self.pool_names.get(str(prefix)), said.pop(), () if routers == every else routers)
            made.setdefault(key, []).append(prefix)
        names: list[str] = []
        for (name, said_of_it, to), prefixes in made.items():
            names.append(free_name(name or "announced", names.__contains__))
            try:
                yield names[-1], _pool(prefixes, said_of_it, to)
            except ValidationError as bad:
                self.findings.append(invalid(bad, self.where))

    def _heard(self) -> dict[str, Mapping[Prefix, _Said]]:
        """Return what each router hears from its nodes, which must be the same of all of them."""
        by_nodes: dict[str, dict[str, dict[Prefix, _Said]]] = {}
        for one in self.sessions:
            own = by_nodes.setdefault(one.router, {}).setdefault(one.nodes.model_dump_json(), {})
            for prefix, said in one.told.items():
                if own.setdefault(prefix, said) != said:
                    text = f"{prefix} is announced to {one.router} over two sessions with different attributes"
                    self.findings.append(beyond(text, one.where, "write them alike"))
        for one in self.sessions:
            first, own = next(iter(by_nodes[one.router].values())), by_nodes[one.router][one.nodes.model_dump_json()]
            if own != first:
                text = f"the nodes announce different prefixes to {one.router}, or with different attributes"
                hint = "write toAdvertise alike for all nodes; or import each set of nodes as a cluster of its own"
                self.findings.append(beyond(text, one.where, hint))
            beside = {
                two.address.version for two in self.sessions if (two.router, two.nodes) == (one.router, one.nodes)
            }
            if any(prefix.version in beside - {one.address.version} for prefix in one.told):
                text = (
                    f"prefixes of both IP versions go to {one.address}, and {one.router} has a session of each version"
                )
                self.findings.append(beyond(text, one.where, "leave dualStackAddressFamily out"))
        return {router: next(iter(found.values())) for router, found in by_nodes.items()}


def _lost(neighbor: NeighborSpec) -> Iterator[tuple[str, str]]:
    """Yield what the model cannot say of a neighbor, with the nearest thing that it can."""
    if neighbor.interface is not None:
        yield "an unnumbered session", "write address"
    if neighbor.port not in {0, 179}:
        yield f"the port {neighbor.port} of a router", "let the router listen at 179"
    if neighbor.disable_mp:
        yield "disableMP", "leave it out: frr-k8s itself has given it up"
    if set(neighbor.address_families) != {"unicast"}:
        yield f"the address families {', '.join(neighbor.address_families)} of a session", "write [unicast]"
    if neighbor.to_advertise.next_hop.ipv4 is not None or neighbor.to_advertise.next_hop.ipv6 is not None:
        yield "another next hop than the node", "let the router set it: `set: {next_hop: …}` in its inbound route map"
    received = neighbor.to_receive.allowed
    if received.mode == "all" or received.prefixes:
        yield "that nodes take routes", "leave toReceive out: the nodes of a cluster only announce"


def _pool(prefixes: Sequence[Prefix], said: _Said, routers: tuple[str, ...]) -> Pool:
    """Make a pool whose prefixes are announced as wholes."""
    data: dict[str, Any] = {"prefixes": [str(one) for one in prefixes]}
    for version, key in ((4, "lengths"), (6, "ipv6_lengths")):
        if lengths := [one.prefixlen for one in prefixes if one.version == version]:
            data[key] = (min(lengths), max(lengths))
    plain = [one for one in said.communities if one.count(":") != 2]
    large = [one for one in said.communities if one.count(":") == 2]
    data |= {"communities": plain} if plain else {}
    data |= {"large_communities": large} if large else {}
    data |= {} if said.preference is None else {"local_preference": said.preference}
    return Pool.model_validate(data | ({"routers": routers} if routers else {}))


def _pool_names(one: Manifest) -> dict[str, str]:
    """Return the names of pools by prefix, as frrgen wrote them: NAME=PREFIX PREFIX,NAME=PREFIX."""
    pairs = (text.rpartition("=") for text in one.annotations.get(POOLS, "").split(","))
    return {prefix: name for name, _, prefixes in pairs if name for prefix in prefixes.split()}


def _places(one: Manifest, instance: int) -> Callable[[int | None], Where]:
    """Return where a neighbor of an instance stands; None: the instance itself."""
    found = one.part("spec").value["bgp"].value["routers"].value[instance]

    def place(neighbor: int | None) -> Where:
        node = found if neighbor is None else found.value["neighbors"].value[neighbor]
        where: Where = node.where
        return where

    return place
