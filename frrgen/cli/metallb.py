"""`frrgen render --target metallb` and `frrgen import metallb`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from pydantic import SecretStr

from frrgen import limits
from frrgen.cli.common import complain, count
from frrgen.codes import Code
from frrgen.errors import Exit, Finding, InputError, Where, cause
from frrgen.intended.inventory import Inventory
from frrgen.inventory.adopt import Adopted, adopt_cluster, changed_by_inventory, write_files
from frrgen.inventory.dump import dump, dump_cluster
from frrgen.inventory.files import load
from frrgen.inventory.secrets import resolve_cluster
from frrgen.inventory.yaml import YamlNode, read_all
from frrgen.metallb import render as manifests
from frrgen.metallb.assemble import ImportedCluster
from frrgen.metallb.frr_k8s import frr_k8s
from frrgen.metallb.parse import parse
from frrgen.metallb.parts import router_name
from frrgen.metallb.refused import refused
from frrgen.metallb.sessions import sessions
from frrgen.model.bgp import Bgp
from frrgen.model.cluster import Cluster, Peering
from frrgen.model.router import Router
from frrgen.model.types import Address, is_address
from frrgen.platforms.files import STDIN, is_xml, write_private
from frrgen.platforms.frr.parse.recognise import foreign


def render(args: argparse.Namespace) -> Exit:
    """Print manifests, with passwords hidden; or write files, with passwords, for the owner's eyes only."""
    if args.merge is not None or args.explain or args.templates is not None:
        raise InputError(Finding(Code.FRR114, "--merge, --explain and --templates do not go with --target metallb"))
    inventory = Inventory(args.inventory)
    clusters = inventory.clusters(args.routers)
    if not clusters:
        hint = "a cluster is a file clusters/NAME.yaml; frrgen import metallb makes one of MetalLB's manifests"
        raise InputError(Finding(Code.FRR305, f"{args.inventory} has no cluster", hint=hint))
    inventory.refuse_errors(name for cluster in clusters for name in cluster.routers)
    texts: dict[Path, str] = {}
    for cluster in clusters:
        if args.out is None:
            print(_text(inventory, cluster, args.flavour or "metallb"), end="")
            continue
        try:
            resolved = resolve_cluster(cluster, inventory.loaded.folder, os.environ)
        except InputError as bad:
            raise InputError(*inventory.placed(bad.findings)) from None
        suffix = "frrconfiguration" if args.flavour == "frr-k8s" else args.flavour or "metallb"
        texts[args.out / f"{cluster.name}.{suffix}.yaml"] = _text(inventory, resolved, args.flavour or "metallb", _open)
    for path, text in texts.items():
        write_private(path, text)
        print(path)
    return Exit.OK


def import_(args: argparse.Namespace) -> Exit:
    """Write or print the cluster of manifests; the report goes to stderr."""
    documents = [one for file in args.files for one in _documents(file)]
    routers = _routers_of(args.output)
    names = {one: name for name, router in routers.items() for one in _addresses(router)}
    said = _said(args.router)
    imported = parse(documents, args.name, "cluster", names | said)
    guessed = _by_neighbors(imported.cluster, routers)
    if guessed:
        imported = parse(documents, args.name, "cluster", names | guessed | said)
    cluster, made = _beside(imported, routers)
    cluster, files = adopt_cluster(cluster, args.output or Path())
    unknown = {name: SecretStr(f"file:secrets/{cluster.name}-{name}") for name in imported.unknown_passwords}
    peerings = {
        name: one.model_copy(update={"password": unknown[name]}) if name in unknown else one
        for name, one in cluster.routers.items()
    }
    cluster = cluster.model_copy(update={"routers": peerings})
    if args.output is None:
        print(dump_cluster(cluster), end="")
        if files:
            shown = ", ".join(map(str, files))
            print(f"Not shown: {count(len(files), 'password')}, for {shown} (or: -o DIR).", file=sys.stderr)
    else:
        files[Path("clusters", f"{cluster.name}.yaml")] = dump_cluster(cluster)
        files |= {Path("routers", f"{one.name}.yaml"): dump(one) for one in made}
        for path in write_files(files, args.output):
            print(path)
        complain(changed_by_inventory(map(Adopted, made), args.output))
    for address, name in guessed.items():
        print(
            f"{address} is taken for {name}, which has the nodes as neighbors (--router says otherwise).",
            file=sys.stderr,
        )
    parts = (
        count(len(cluster.nodes), "node"),
        count(len(cluster.pools), "pool"),
        count(len(cluster.routers), "router"),
    )
    print(f"{cluster.name}: {', '.join(parts)} understood.", file=sys.stderr)
    complain(imported.findings)
    return Exit.OK


def _documents(file: str) -> list[YamlNode]:
    """Read the objects of a file. Raises InputError; of a file of another kind it names the kind."""
    data = _bytes(file)
    text = data.decode(errors="replace")
    if is_xml(text):
        hint = "pfSense's config.xml is read by `frrgen import pfsense FILE`"
        raise InputError(Finding(Code.FRR621, "this is XML, and no manifest of Kubernetes", Where(file), hint))
    found = read_all(data, file)
    if found and not any(isinstance(one.value, dict) for one in found) and foreign(text, file) is None:
        hint = "it is read by `frrgen import frr FILE`"
        raise InputError(Finding(Code.FRR621, "this is a configuration of FRR, and no manifest", Where(file), hint))
    return found


def _bytes(file: str) -> bytes:
    try:
        if file == STDIN:
            return sys.stdin.buffer.read(limits.most_bytes() + 1)
        with Path(file).open("rb") as opened:
            return opened.read(limits.most_bytes() + 1)
    except OSError as bad:
        raise InputError(Finding(Code.FRR403, f"{file} cannot be read: {cause(bad, Path(file))}")) from bad


def _routers_of(folder: Path | None) -> Mapping[str, Router]:
    """Return the routers that an inventory has already. Raises InputError if it cannot be read."""
    if folder is None or not (folder / "routers").is_dir() or not any((folder / "routers").iterdir()):
        return {}
    return load(folder).network.routers


def _said(pairs: list[str]) -> dict[Address, str]:
    found: dict[Address, str] = {}
    for pair in pairs:
        address, _, name = pair.partition("=")
        if not is_address(address) or not name or router_name(name) != name:
            text = f"--router takes ADDRESS=NAME, not {pair!r}"
            raise InputError(Finding(Code.FRR114, text, hint="--router 192.0.2.1=home"))
        found[ip_address(address)] = name
    return found


def _addresses(router: Router) -> set[Address]:
    """Return the addresses that a router's file says are its own."""
    instances = [bgp for _, bgp in router.instances()]
    ends = [one for bgp in instances for one in (*bgp.neighbors.values(), *bgp.peer_groups.values())]
    texts = [one.update_source for one in ends if one.update_source is not None]
    texts += [str(one) for one in (router.router_id, *(bgp.router_id for bgp in instances)) if one is not None]
    texts += [router.ssh.host] if router.ssh.host is not None else []
    return {ip_address(text) for text in texts if is_address(text)} | set(router.slot.known_addresses(None))


def _by_neighbors(cluster: Cluster, routers: Mapping[str, Router]) -> dict[Address, str]:
    """Find the router of the inventory that has the nodes as its neighbors, where only one can be meant."""
    strangers = [one for name, one in cluster.routers.items() if name not in routers]
    candidates = [name for name, router in routers.items() if name not in cluster.routers and _knows(router, cluster)]
    if len(strangers) != 1 or len(candidates) != 1:
        return {}
    (peering,) = strangers
    return {one: candidates[0] for one in (peering.address, peering.ipv6_address) if one is not None}


def _knows(router: Router, cluster: Cluster) -> list[str | None]:
    """Return the VRFs (None: the main instance) where a router has sessions with nodes: neighbors, or a range."""
    nodes = [address for node in cluster.nodes.values() for address in node.addresses]

    def has(bgp: Bgp, address: Address) -> bool:
        ranges = (one for one in bgp.listen_ranges if one.version == address.version)
        return str(address) in bgp.neighbors or any(address in one for one in ranges)

    return [vrf for vrf, bgp in router.instances() if any(has(bgp, one) for one in nodes)]


def _beside(imported: ImportedCluster, routers: Mapping[str, Router]) -> tuple[Cluster, list[Router]]:
    """Fit a cluster to the routers of an inventory: what those say of the sessions stays. Returns it, and new routers.

    Raises InputError for a router that is not known.
    """
    peerings: dict[str, Peering] = {}
    made: list[Router] = []
    for name, peering in imported.cluster.routers.items():
        asn = imported.peer_asns[name]
        if name in routers:
            places = _knows(routers[name], imported.cluster)
            vrf = next(iter(places), None)
            bgp = routers[name].bgp_of(vrf)
            changes: dict[str, object] = {} if vrf is None else {"vrf": vrf}
            if places or not imported.cluster.nodes:
                changes["derive"] = False
            if asn is not None and bgp is not None and asn != bgp.asn:
                changes["asn"] = asn
            peerings[name] = peering.model_copy(update=changes)
            continue
        if asn is None:
            hint = f"import the router first, or name it: --router {peering.address or peering.ipv6_address}=NAME"
            raise InputError(Finding(Code.FRR622, f"the AS number of {name} is not known", hint=hint))
        used = peering.bfd_profile
        profiles = {used: imported.bfd_profiles[used]} if used is not None else {}
        data = {"name": name, "bgp": {"asn": asn}} | ({"bfd_profiles": profiles} if profiles else {})
        made.append(Router.model_validate(data))
        peerings[name] = peering
    return imported.cluster.model_copy(update={"routers": peerings}), made


def _hidden(secret: SecretStr) -> str:
    del secret
    return "<hidden>"


def _open(secret: SecretStr) -> str:
    return secret.get_secret_value()


def _text(inventory: Inventory, cluster: Cluster, flavour: str, secret: manifests.Secret = _hidden) -> str:
    """Write the manifests of a cluster. Raises InputError for what MetalLB cannot say."""
    routers = inventory.generated.routers
    findings: list[Finding] = []
    peers = list(sessions(cluster, routers, findings))
    findings += refused(cluster, peers, routers, flavour)
    if findings:
        raise InputError(*inventory.placed(findings))
    if flavour == "configmap":
        objects = manifests.configmap(cluster, peers, secret)
    elif flavour == "frr-k8s":
        objects = frr_k8s(cluster, peers, routers, secret)
    else:
        objects = manifests.metallb(cluster, peers, routers, secret)
    comments = [f"cluster {cluster.name}, by frrgen"]
    if flavour != "frr-k8s":
        comments += manifests.notes(cluster, peers, old=flavour == "configmap")
    return manifests.documents(objects, comments)
