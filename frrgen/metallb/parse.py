"""MetalLB's manifests -> a cluster: custom resources, or the ConfigMap of MetalLB 0.11."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final

from pydantic import SecretStr, ValidationError

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.validate import validate
from frrgen.inventory.yaml import Node, read_all
from frrgen.metallb.assemble import Imported, Said, assemble, beyond, invalid
from frrgen.metallb.objects import (
    AdvertisementSpec,
    BfdProfileSpec,
    BgpAdvertisementSpec,
    BgpPeerSpec,
    CommunitySpec,
    IpAddressPoolSpec,
    L2AdvertisementSpec,
    OldAdvertisement,
    OldConfig,
    OldPool,
    Selector,
    Spec,
    addresses,
)
from frrgen.metallb.read import GROUP, Machine, Manifest, machines, manifests, passwords, without_nulls
from frrgen.metallb.render import CLUSTER, ROUTER, ROUTERS
from frrgen.model.cluster import Pool
from frrgen.model.neighbor import Timers
from frrgen.model.router import BfdProfile
from frrgen.model.types import Address, community_value

_SPECS: Final[Mapping[str, type[Spec]]] = {
    "BGPPeer": BgpPeerSpec,
    "IPAddressPool": IpAddressPoolSpec,
    "BGPAdvertisement": BgpAdvertisementSpec,
    "L2Advertisement": L2AdvertisementSpec,
    "Community": CommunitySpec,
    "BFDProfile": BfdProfileSpec,
}
_STATUS: Final = frozenset({"ServiceL2Status", "ServiceBGPStatus", "ConfigurationState"})
"""Kinds that MetalLB writes itself."""
Names = Mapping[Address, str]


def parse(documents: Iterable[Node], name: str | None, default: str, names: Names) -> Imported:
    """Make a cluster of manifests. Raises InputError.

    Its name is `name`, else the one that the manifests have of frrgen, else `default`. `names` are routers by the
    addresses that the nodes dial.
    """
    found = list(manifests(documents))
    where = found[0].where if found else Where()
    ours = [one for one in found if one.version.startswith(GROUP)]
    old = [one for one in found if one.kind == "ConfigMap" and _config(one) is not None]
    if len(old) + bool(ours) != 1:
        text = "the files hold no object of MetalLB" if not old and not ours else "the files hold two configurations"
        hint = "give the custom resources, or the ConfigMap `config` of MetalLB 0.12 and before"
        raise InputError(Finding(Code.FRR621, text, where, hint))
    labels = (one.labels[CLUSTER] for one in (*ours, *old) if CLUSTER in one.labels)
    chosen = name or next(labels, default)
    if old:
        return _old(old[0], chosen, names, machines(found))
    return _Resources(ours, chosen, names, machines(found), passwords(found)).imported()


class _Resources:
    """The custom resources."""

    def __init__(
        self,
        found: Sequence[Manifest],
        name: str,
        names: Names,
        nodes: Mapping[str, Machine],
        secrets: Mapping[str, str],
    ) -> None:
        self.name, self.names, self.nodes, self.secrets = name, names, nodes, secrets
        self.where = found[0].where
        self.findings: list[Finding] = []
        self.doubts: list[Finding] = []
        self.unknown_passwords = set[str]()
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

    def imported(self) -> Imported:
        """Make the cluster. Raises InputError."""
        if self.findings:
            raise InputError(*self.findings)
        peers = list(self._peers())
        pools = dict(self._pools())
        if self.findings:
            raise InputError(*self.findings)
        made = assemble(self.name, peers, pools, self.nodes, self.where)
        made.findings += [*self.doubts, *self._missing()]
        made.unknown_passwords = frozenset(self.unknown_passwords)
        made.bfd_profiles = {name: _bfd(spec) for name, (_, spec) in self.specs["BFDProfile"].items()}
        return made

    def _peers(self) -> Iterator[Said]:
        routers: dict[Address, str] = {}
        for name, (one, spec) in self.specs["BGPPeer"].items():
            where = one.where
            lost: list[tuple[object, str, str]] = [
                (spec.interface, "an unnumbered session", "write peerAddress"),
                (spec.peer_port != 179, f"the port {spec.peer_port} of a router", "let the router listen at 179"),
                (spec.vrf, "a VRF of the nodes", "leave vrf out"),
                (spec.disable_mp, "disableMP", "leave it out: MetalLB itself has given it up"),
            ]
            self.findings += [beyond(f"the model cannot say {what}", where, hint) for bad, what, hint in lost if bad]
            if spec.interface:
                continue
            address = spec.peer_address
            router = self.names.get(address) or one.labels.get(ROUTER) or routers.get(address) or name
            routers.setdefault(address, router)
            if spec.bfd_profile is not None and spec.bfd_profile not in self.specs["BFDProfile"]:
                self.findings.append(Finding(Code.FRR621, f"there is no BFDProfile {spec.bfd_profile}", where))
            yield Said(
                router=router_name(router),
                address=address,
                asn=spec.local_asn or spec.my_asn,
                peer_asn=spec.my_asn if spec.dynamic_asn == "internal" else spec.peer_asn,
                source=spec.source_address,
                router_id=spec.router_id,
                password=self._password(spec, router, where),
                timers=timers(spec.hold_time, spec.keepalive_time),
                connect=spec.connect_time,
                bfd_profile=spec.bfd_profile,
                multihop=spec.ebgp_multi_hop,
                restart=spec.enable_graceful_restart,
                selectors=spec.node_selectors,
                where=where,
            )

    def _password(self, spec: BgpPeerSpec, router: str, where: Where) -> SecretStr | None:
        if spec.password:
            return SecretStr(spec.password)
        secret = spec.password_secret.name
        if secret is None:
            return None
        if secret not in self.secrets:
            hint = f"add what `kubectl get secret {secret} -o yaml` prints to the files"
            text = f"the password of the sessions with {router} is in the Secret {secret}, which is not in the files"
            self.doubts.append(Finding(Code.FRR624, text, where, hint))
            self.unknown_passwords.add(router_name(router))
            return None
        return SecretStr(self.secrets[secret])

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
            labels = [selector.match_labels for selector in allocation.service_selectors]
            fits = len(labels) <= 1 and not any(one.match_expressions for one in allocation.service_selectors)
            if allocation.namespace_selectors or not fits:
                text = f"the Services of pool {name} are selected in a way that the model cannot say"
                self.findings.append(beyond(text, one.where, "write namespaces, and one selector with matchLabels"))
            data["service_labels"] = labels[0] if labels else {}
            layer2 = [ad for ad in self._of(one, "L2Advertisement") if self._whole(ad, name)]
            bgp = [ad for ad in self._of(one, "BGPAdvertisement") if self._whole(ad, name)]
            if bool(layer2) == bool(bgp):
                text = f"pool {name} is announced by BGP and by layer 2" if bgp else f"pool {name} is never announced"
                hint = "write a BGPAdvertisement or an L2Advertisement for it"
                self.findings.append(beyond(text, one.where, hint))
                continue
            if layer2 and all(ad[1].interfaces for ad in layer2):
                data["interfaces"] = tuple(dict.fromkeys(name for ad in layer2 for name in ad[1].interfaces))
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

    def _whole(self, ad: tuple[Manifest, AdvertisementSpec], pool: str) -> bool:
        """Find what an advertisement leaves out, which the model cannot say; it counts all the same."""
        one, spec = ad
        text = f"pool {pool} is not announced {{}}, and the model cannot say that"
        if spec.service_selectors:
            hint = "leave serviceSelectors out, or give those Services a pool of their own"
            self.findings.append(beyond(text.format("for every Service"), one.where, hint))
        if isinstance(spec, L2AdvertisementSpec):
            if spec.node_selectors or spec.preferred_node_selectors:
                how = beyond(text.format("from every node"), one.where, "no router has to do with it")
                self.doubts.append(Finding(how.code, how.message, how.where, how.hint, Severity.WARNING))
            return True
        if spec.node_selectors and not self._everywhere(spec.node_selectors):
            hint = "leave nodeSelectors out, or write clusters for the sets of nodes"
            self.findings.append(beyond(text.format("from every node"), one.where, hint))
        peers = getattr(spec, "peers", ())
        if peers and set(peers) != set(self.specs["BGPPeer"]):
            hint = "leave peers out, or write clusters for the sets of routers"
            self.findings.append(beyond(text.format("to every router"), one.where, hint))
        return True

    def _everywhere(self, selectors: Sequence[Selector]) -> bool:
        return bool(self.nodes) and all(any(s.matches(one.labels) for s in selectors) for one in self.nodes.values())


def pool(  # noqa: PLR0917
    texts: tuple[str, ...],
    data: dict[str, Any],
    said: Sequence[tuple[Where, tuple[str, ...], int | None]],
    lengths: Sequence[tuple[int, int]],
    values: Mapping[str, str],
    where: Where,
) -> Pool:
    """Make a pool of its addresses and its BGP advertisements. Raises InputError."""
    try:
        made = Pool.model_validate({"prefixes": addresses(texts)})
    except ValidationError as bad:
        raise InputError(invalid(bad, where)) from None
    except ValueError as bad:
        raise InputError(Finding(Code.FRR621, str(bad), where)) from None
    data = {name: value for name, value in data.items() if value != Pool.model_fields[name].default}
    data |= {"prefixes": made.prefixes}
    data |= {} if said else {"protocol": "layer2"}
    if len({(communities, preference) for _, communities, preference in said}) > 1:
        text = "the advertisements of a pool carry different communities or local preferences"
        raise InputError(beyond(text, said[1][0], "write them alike, or a pool for each"))
    for place, communities, preference in said[:1]:
        told = [_community(text, values, place) for text in communities]
        plain, large = [one for one in told if one.count(":") != 2], [one for one in told if one.count(":") == 2]
        data |= {"communities": plain} if plain else {}
        data |= {"large_communities": large} if large else {}
        data |= {} if preference is None else {"local_preference": preference}
    for number, key, version in ((0, "lengths", 4), (1, "ipv6_lengths", 6)):
        some = sorted({one[number] for one in lengths})
        own = [prefix for prefix in made.prefixes if prefix.version == version]
        if some and own:
            data[key] = (some[0], some[-1])
            if short := [prefix for prefix in own if prefix.prefixlen > some[0]]:
                text = f"the aggregation length {some[0]} is shorter than {short[0]} of the pool"
                raise InputError(Finding(Code.FRR621, text, said[0][0], "write a longer one"))
    try:
        return Pool.model_validate(data)
    except ValidationError as bad:
        raise InputError(invalid(bad, where)) from None


def _community(text: str, values: Mapping[str, str], where: Where) -> str:
    """Return a community as the model has it: a name stands for its value. Raises InputError."""
    value = values.get(text, text)
    large = value.removeprefix("large:")
    try:
        if large == value:
            if ":" not in value:
                raise ValueError("a name that no Community has, nor AA:NN")  # noqa: TRY301
            community_value(value)
    except ValueError as bad:
        raise InputError(Finding(Code.FRR621, f"the community {text!r} is {bad}", where)) from None
    return large


def timers(hold: int | None, keepalive: int | None) -> Timers | None:
    """Return the timers. The time that is not said comes from the other: a hold time is three keepalive times."""
    if hold is None and keepalive is None:
        return None
    if hold is None:
        hold = 3 * (keepalive or 0)
    return Timers(keepalive=hold // 3 if keepalive is None or not hold else keepalive, hold=hold)


def _bfd(spec: BfdProfileSpec) -> BfdProfile:
    said = spec.model_dump(exclude_none=True)
    echo = said.pop("echo_interval", None)
    return BfdProfile.model_validate(said | ({} if echo is None else {"echo_transmit_interval": echo}))


def router_name(text: str) -> str:
    """Return the nearest name that a router of an inventory may have."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:63].strip("._-") or "router"


def _config(one: Manifest) -> Node | None:
    """Return the text of the configuration in a ConfigMap; None if there is none."""
    data = one.part("data").value
    found: Node | None = data.get("config") if isinstance(data, dict) else None
    return found


def _old(one: Manifest, name: str, names: Names, nodes: Mapping[str, Machine]) -> Imported:
    """Read the ConfigMap, as strictly as MetalLB 0.11 did."""
    config = _config(one) or Node({}, one.where)
    text = config.value
    if not isinstance(text, str):
        raise InputError(Finding(Code.FRR621, "data.config is a text: write `config: |`", config.where))
    documents = read_all(text.encode(errors="surrogateescape"), config.where.file, config.where.line)
    root = without_nulls(documents[0]) if documents else Node({}, config.where)
    if len(documents) > 1:
        raise InputError(Finding(Code.FRR621, "data.config is a single document", documents[1].where))
    if not isinstance(root.value, dict):
        raise InputError(Finding(Code.FRR621, "data.config is a mapping of peers and pools", config.where))
    read = validate(OldConfig, root, ("ConfigMap", one.name, "config"))
    named = dict(names)
    for pair in filter(None, one.annotations.get(ROUTERS, "").split(",")):
        address, _, router = pair.partition("=")
        try:
            named.setdefault(ip_address(address), router)
        except ValueError:
            raise InputError(Finding(Code.FRR621, f"{ROUTERS} is ADDRESS=NAME, not {pair!r}", one.where)) from None
    findings: list[Finding] = []
    place = _places(root)
    if any(peer in read.peers[:number] for number, peer in enumerate(read.peers)):
        findings.append(Finding(Code.FRR621, "a peer stands twice", root.value["peers"].where))
    peers = [
        Said(
            router=router_name(named.get(peer.peer_address) or f"router-{peer.peer_address}".replace(":", "-")),
            address=peer.peer_address,
            asn=peer.my_asn,
            peer_asn=peer.peer_asn,
            source=peer.source_address,
            router_id=peer.router_id,
            password=SecretStr(peer.password) if peer.password else None,
            timers=timers(peer.hold_time, None),
            connect=None,
            bfd_profile=None,
            multihop=False,
            restart=False,
            selectors=peer.node_selectors,
            where=place("peers", number),
        )
        for number, peer in enumerate(read.peers)
    ]
    for number, peer in enumerate(read.peers):
        if peer.peer_port not in {0, 179}:
            text = f"the model cannot say the port {peer.peer_port} of a router"
            findings.append(beyond(text, place("peers", number), "let the router listen at 179"))
    pools: dict[str, Pool] = {}
    for number, own in enumerate(read.address_pools):
        where = place("address-pools", number)
        if own.name in pools:
            findings.append(Finding(Code.FRR621, f"the pool {own.name} stands twice", where))
        try:
            pools[own.name] = _old_pool(own, read.bgp_communities, where)
        except InputError as bad:
            findings += bad.findings
    if findings:
        raise InputError(*findings)
    return assemble(name, peers, pools, nodes, one.where)


def _places(root: Node) -> Callable[[str, int], Where]:
    def place(key: str, number: int) -> Where:
        where: Where = root.value[key].value[number].where
        return where

    return place


def _old_pool(own: OldPool, communities: Mapping[str, str], where: Where) -> Pool:
    # of a BGP pool without advertisements each address is announced
    ads = own.bgp_advertisements or ((OldAdvertisement(),) if own.protocol == "bgp" else ())
    data = {"auto_assign": own.auto_assign, "avoid_buggy_ips": own.avoid_buggy_ips}
    said = [(where, ad.communities, ad.localpref) for ad in ads]
    return pool(own.addresses, data, said, [(ad.aggregation_length, 128) for ad in ads], communities, where)
