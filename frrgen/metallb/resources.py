"""The custom resources of MetalLB -> a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.validate import validate
from frrgen.metallb.assemble import DialledRouter, ImportedCluster, assemble, beyond
from frrgen.metallb.objects import (
    AdvertisementSpec,
    BfdProfileSpec,
    BgpAdvertisementSpec,
    BgpPeerSpec,
    CommunitySpec,
    IpAddressPoolSpec,
    L2AdvertisementSpec,
    LabelSelector,
    Spec,
)
from frrgen.metallb.parts import Names, bfd_profile, pool, router_name, timers
from frrgen.metallb.passwords import Passwords
from frrgen.metallb.read import KubernetesNode, Manifest
from frrgen.metallb.render import ROUTER
from frrgen.model.cluster import Pool
from frrgen.model.types import Address

_SPECS: Final[Mapping[str, type[Spec]]] = {
    "BGPPeer": BgpPeerSpec,
    "IPAddressPool": IpAddressPoolSpec,
    "BGPAdvertisement": BgpAdvertisementSpec,
    "L2Advertisement": L2AdvertisementSpec,
    "Community": CommunitySpec,
    "BFDProfile": BfdProfileSpec,
}
KINDS: Final = frozenset(_SPECS)
"""The custom resources of MetalLB that are read."""
_STATUS: Final = frozenset({"ServiceL2Status", "ServiceBGPStatus", "ConfigurationState"})
"""Kinds that MetalLB writes itself."""


class Resources:
    """The custom resources."""

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
        self.findings: list[Finding] = []
        self.passwords = Passwords(secrets)
        self.doubts = self.passwords.doubts
        self.router_of: dict[str, str] = {}
        """BGPPeer -> its router."""
        self.specs: dict[str, dict[str, tuple[Manifest, Any]]] = {kind: {} for kind in _SPECS}
        for one in found:
            if one.kind in _STATUS:
                continue
            if (model := _SPECS.get(one.kind)) is None:
                hint = f"frrgen reads {', '.join(_SPECS)}"
                self.findings.append(beyond(f"the kind {one.kind} of {one.version} is not read", one.where, hint))
                continue
            if one.name in self.specs[one.kind]:
                self.findings.append(Finding(Code.FRR621, f"the {one.kind} {one.name} stands twice", one.where))
            try:
                self.specs[one.kind][one.name] = (one, validate(model, one.part("spec"), (one.kind, one.name, "spec")))
            except InputError as bad:
                self.findings += bad.findings

    def imported(self) -> ImportedCluster:
        """Make the cluster. Raises InputError."""
        if self.findings:
            raise InputError(*self.findings)
        peers = list(self._peers())
        pools = dict(self._pools())
        if self.findings:
            raise InputError(*self.findings)
        made = assemble(self.name, peers, pools, self.nodes, self.where)
        made.findings += [*self.doubts, *self._missing()]
        made.unknown_passwords = frozenset(self.passwords.unknown)
        made.bfd_profiles = {name: bfd_profile(spec) for name, (_, spec) in self.specs["BFDProfile"].items()}
        return made

    def _peers(self) -> Iterator[DialledRouter]:
        routers: dict[Address, str] = {}
        for name, (one, spec) in self.specs["BGPPeer"].items():
            where = one.where
            lost: list[tuple[object, str, str]] = [
                (spec.interface, "an unnumbered session", "write peerAddress"),
                (spec.peer_port != 179, f"the port {spec.peer_port} of a router", "let the router listen at 179"),
                (spec.disable_mp, "disableMP", "leave it out: MetalLB itself has given it up"),
            ]
            self.findings += [beyond(f"the model cannot say {what}", where, hint) for bad, what, hint in lost if bad]
            if spec.interface:
                continue
            address = spec.peer_address
            router = self.names.get(address) or one.labels.get(ROUTER) or routers.get(address) or name
            routers.setdefault(address, router)
            self.router_of[name] = router_name(router)
            if spec.bfd_profile is not None and spec.bfd_profile not in self.specs["BFDProfile"]:
                self.findings.append(Finding(Code.FRR621, f"there is no BFDProfile {spec.bfd_profile}", where))
            yield DialledRouter(
                router=router_name(router),
                address=address,
                asn=spec.local_asn or spec.my_asn,
                peer_asn=spec.my_asn if spec.dynamic_asn == "internal" else spec.peer_asn,
                source=spec.source_address,
                router_id=spec.router_id,
                password=self.passwords.of(spec.password, spec.password_secret.name, router, where),
                timers=timers(spec.hold_time, spec.keepalive_time),
                connect=spec.connect_time,
                bfd_profile=spec.bfd_profile,
                multihop=spec.ebgp_multi_hop,
                restart=spec.enable_graceful_restart,
                selectors=spec.node_selectors,
                device=spec.vrf,
                where=where,
            )

    def _missing(self) -> Iterator[Finding]:
        """Find advertisements of pools that are not in the files: an export may lack them."""
        for kind in ("BGPAdvertisement", "L2Advertisement"):
            for name, (one, spec) in self.specs[kind].items():
                for missing in set(spec.ip_address_pools) - set(self.specs["IPAddressPool"]):
                    text = f"the {kind} {name} is for the pool {missing}, which is not in the files"
                    hint = "add its IPAddressPool, or remove the name"
                    yield Finding(Code.FRR621, text, one.where, hint, Severity.WARNING)

    def _pools(self) -> Iterator[tuple[str, Pool]]:
        values = {c.name: c.value for _, spec in self.specs["Community"].values() for c in spec.communities}
        for name, (one, spec) in self.specs["IPAddressPool"].items():
            data: dict[str, Any] = {"auto_assign": spec.auto_assign, "avoid_buggy_ips": spec.avoid_buggy_ips}
            allocation = spec.service_allocation
            data |= {"priority": allocation.priority, "namespaces": allocation.namespaces}
            data["namespace_selectors"] = tuple(selector.model_dump() for selector in allocation.namespace_selectors)
            data["allocation_selectors"] = tuple(selector.model_dump() for selector in allocation.service_selectors)
            layer2 = list(self._of(one, "L2Advertisement"))
            bgp = list(self._of(one, "BGPAdvertisement"))
            for ad, preferring in layer2:
                if preferring.preferred_node_selectors:
                    how = beyond(f"pool {name} prefers some nodes, and the model cannot say that", ad.where, "")
                    hint = "no router has to do with it"
                    self.doubts.append(Finding(how.code, how.message, how.where, hint, Severity.WARNING))
            if bool(layer2) == bool(bgp):
                text = f"pool {name} is announced by BGP and by layer 2" if bgp else f"pool {name} is never announced"
                hint = "write a BGPAdvertisement or an L2Advertisement for it"
                self.findings.append(beyond(text, one.where, hint))
                continue
            if layer2 and all(ad[1].interfaces for ad in layer2):
                data["interfaces"] = tuple(dict.fromkeys(name for ad in layer2 for name in ad[1].interfaces))
            data |= self._selection(name, bgp or layer2)
            said = [(ad[0].where, ad[1].communities, ad[1].local_pref or None) for ad in bgp]
            lengths = [(ad[1].aggregation_length, ad[1].aggregation_length_v6) for ad in bgp]
            yield from self._pool(name, spec.addresses, data, said, lengths, values, one.where)

    def _pool(  # noqa: PLR0917
        self,
        name: str,
        texts: tuple[str, ...],
        data: dict[str, Any],
        said: Sequence[tuple[Where, tuple[str, ...], int | None]],
        lengths: Sequence[tuple[int, int]],
        values: Mapping[str, str],
        where: Where,
    ) -> Iterator[tuple[str, Pool]]:
        try:
            made = pool(texts, data, said, lengths, values, where)
        except InputError as bad:
            self.findings += bad.findings
        else:
            yield name, made

    def _of(self, pool: Manifest, kind: str) -> Iterator[tuple[Manifest, Any]]:
        """Yield the advertisements of a kind that select a pool."""
        for one, spec in self.specs[kind].values():
            everything = not spec.ip_address_pools and not spec.ip_address_pool_selectors
            chosen = any(selector.matches(pool.labels) for selector in spec.ip_address_pool_selectors)
            if everything or chosen or pool.name in spec.ip_address_pools:
                yield one, spec

    def _selection(self, name: str, ads: Sequence[tuple[Manifest, Any]]) -> dict[str, Any]:
        """Return which nodes, Services and routers the advertisements of a pool are for."""
        found = [self._chosen(*ad) for ad in ads]
        if any(one != found[0] for one in found):
            text = f"the advertisements of pool {name} are for different nodes, Services or peers"
            hint = "write them alike, or give each a pool of its own"
            self.findings.append(beyond(text, ads[0][0].where, hint))
        return found[0]

    def _chosen(self, one: Manifest, spec: AdvertisementSpec) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if spec.node_selectors and not self._everywhere(spec.node_selectors):
            found["node_selectors"] = [selector.model_dump() for selector in spec.node_selectors]
        if spec.service_selectors:
            found["service_selectors"] = [selector.model_dump() for selector in spec.service_selectors]
        peers = set(getattr(spec, "peers", ()))
        if peers and peers != set(self.specs["BGPPeer"]):
            routers = dict.fromkeys(router for peer, router in self.router_of.items() if peer in peers)
            if peers != {peer for peer, router in self.router_of.items() if router in routers}:
                text = f"the advertisement {one.name} names some of the peers of a router"
                self.findings.append(beyond(text, one.where, "name each peer with the router's address, or none"))
            found["routers"] = tuple(routers)
        return found

    def _everywhere(self, selectors: Sequence[LabelSelector]) -> bool:
        return bool(self.nodes) and all(any(s.matches(one.labels) for s in selectors) for one in self.nodes.values())
