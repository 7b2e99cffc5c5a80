"""The inventory's folder <-> the model.

    network.yaml        defaults (under every router), groups (named partial routers), findings
    routers/NAME.yaml   a router; `groups: [A, B]` inherits
    clusters/NAME.yaml  a cluster
    nodes/NAME.yaml     the nodes of a cluster, as kubectl prints them

Layers: defaults, then the groups in the order named, then the router's own file. Mappings merge key by key; a list, and
a value, replaces.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from frrgen import limits
from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where, cause
from frrgen.inventory.folder import COMMON, Folder, mentions, no_inventory
from frrgen.inventory.node_list import listed
from frrgen.inventory.shorthand import expand
from frrgen.inventory.validate import find, validate
from frrgen.inventory.yaml import YamlNode, read
from frrgen.model.cluster import Cluster, FindingPolicy, KnownCode, Network, NodeList
from frrgen.model.router import Router
from frrgen.model.types import Model

_T = TypeVar("_T", bound=BaseModel)
Steps = tuple[str, ...]


class NetworkFile(Model):
    """What network.yaml holds. `defaults` and `groups` are partial routers, checked where they are used."""

    defaults: dict[str, Any] = {}
    """A part of a router that lies under every router."""
    groups: dict[str, dict[str, Any]] = {}
    """Name -> a part of a router, for those that name it in `groups`."""
    findings: dict[KnownCode, FindingPolicy] = {}
    """Code -> how much that finding matters here."""


@dataclass
class Loaded:
    """A network and where everything in it was written."""

    network: Network
    folder: Path
    nodes: dict[tuple[str, str], YamlNode] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    """The names of all routers that have a file, whether they were read or not."""

    def where(self, path: Sequence[str | int]) -> Where:
        """Find the place of a model path such as ("routers", "edge1", "bgp", "asn"), or of what is nearest to it."""
        steps = tuple(str(step) for step in path)
        root = self.nodes.get((steps[0], steps[1])) if len(steps) > 1 else None
        if root is None:
            return Where(path=steps)
        node, _ = find(root, path[2:])
        return Where(node.where.file, node.where.line, node.where.column, steps)

    def wrote(self, path: Sequence[str]) -> bool:
        """Tell whether somebody wrote this very part, or whether it comes from a default or a cluster."""
        root = self.nodes.get((path[0], path[1]))
        return root is not None and find(root, path[2:])[1] == len(path) - 2


class PartlyError(InputError):
    """Files are wrong; what is left of the network can still be asked what refers to what."""

    def __init__(self, findings: Sequence[Finding], loaded: Loaded, unsure: Collection[Steps]) -> None:
        """Take what is wrong, the rest, and the paths below which something that was written is not in the rest."""
        super().__init__(*findings)
        self.loaded = loaded
        self.unsure = unsure


def boxes(folder: Path) -> dict[str, set[str]]:
    """Return the other boxes of each router that is in a pair; of files that cannot be read nothing is known."""
    loader, found = _Loader(folder, [], (), rest=False), dict[str, set[str]]()
    for path in loader.there.of_kind("routers"):
        peer = _peer(loader.read(path)) if mentions(path, ("ha",), whole=True) else None
        if peer is not None:
            found.setdefault(path.stem, set()).add(peer)
            found.setdefault(peer, set()).add(path.stem)
    return found


def load(
    folder: Path,
    wanted: Collection[str] = (),
    *,
    rest: bool = False,
    boxes: Mapping[str, Collection[str]] | None = None,
) -> Loaded:
    """Read an inventory, or as much of it as some routers need. Raises InputError with everything that is wrong.

    The routers of these names are read, with their groups, the clusters that name them, and the other routers of those
    clusters; without names, everything. Mistakes in the files of other routers are not reported. `rest`: with
    what belongs to no router, too: files that nothing reads, and clusters on routers that are not there. `boxes`: what
    the function of that name returns, where it was asked before.
    """
    if (wrong := no_inventory(folder)) is not None:
        raise InputError(wrong)
    findings: list[Finding] = []
    loader = _Loader(folder, findings, wanted, rest=rest, boxes=boxes)
    loaded = loader.load()
    if findings:
        raise PartlyError(findings, loaded, loader.unsure)
    return loaded


class _Loader:
    def __init__(
        self,
        folder: Path,
        findings: list[Finding],
        wanted: Collection[str],
        *,
        rest: bool,
        boxes: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.folder = folder
        self.boxes = boxes
        self.findings = findings
        self.wanted = wanted
        self.rest = rest
        self.there = Folder(folder, findings)
        self.names: tuple[str, ...] = ()
        self.seen: dict[Path, YamlNode] = {}
        """The files that were looked into, and are not made into routers yet."""
        self.nodes: dict[tuple[str, str], YamlNode] = {}
        self.unsure: set[Steps] = set()
        self.members: dict[str, list[str]] = {}
        """The routers of each group, by their files' names."""

    def load(self) -> Loaded:
        self.there.strangers()
        file = self.there.common()
        common = self.read(file) if file is not None else None
        common = common or YamlNode({}, Where(str(file or self.folder / COMMON[0]), 1, 1))
        known = self._checked(NetworkFile, common, ("network",)) or NetworkFile()
        defaults, groups = common.value.get("defaults"), common.value.get("groups")
        self.defaults = defaults if known.defaults and defaults is not None else None
        self.groups = groups.value if known.groups and groups is not None else {}
        common_wrong = len(self.findings)
        files = {kind: self.there.of_kind(kind) for kind in ("routers", "clusters")}
        self.names = tuple(path.stem for path in files["routers"])
        if self.wanted:
            self.wanted = {*self.wanted, *self._other_boxes(files["routers"])}
            # a file that cannot be read stops who needs it
            self.findings[common_wrong:] = [
                one for one in self.findings[common_wrong:] if self._concerns(Path(one.where.file or "").stem)
            ]
            routers, clusters, cluster_wrong = self._wanted(files["routers"], files["clusters"])
        else:
            routers = self._routers(files["routers"])
            routers_wrong = len(self.findings)
            clusters = self._clusters(files["clusters"])
            cluster_wrong = len(self.findings) > routers_wrong
        if common_wrong or cluster_wrong:
            # every router may depend on these
            return Loaded(Network(), self.folder)
        if self.findings:
            left = {name: _only_with(cluster, routers) for name, cluster in clusters.items()}
            network = Network(routers=routers, clusters=left, findings=known.findings)
            return Loaded(network, self.folder, self.nodes, self.names)
        if not self.names:
            self.findings.append(
                Finding(
                    Code.FRR100, f"no routers in {self.folder / 'routers'}", hint="a router is a file NAME.yaml there"
                )
            )
        policies = {code: self._in_groups(policy) for code, policy in known.findings.items()}
        network = Network.model_validate({"routers": routers, "clusters": clusters, "findings": policies})
        return Loaded(network, self.folder, self.nodes, self.names)

    def _wanted(self, routers: list[Path], clusters: list[Path]) -> tuple[dict[str, Router], dict[str, Cluster], bool]:
        """Make the routers and the clusters that the wanted routers need, and tell whether a cluster is wrong."""
        before = len(self.findings)
        made = self._clusters([path for path in clusters if self.rest or mentions(path, self.wanted)])
        cluster_wrong = len(self.findings) > before
        needed = {*self.wanted, *(name for cluster in made.values() for name in cluster.routers)}
        found = self._routers([path for path in routers if path.stem in needed])
        others = set(_reflected(found[name] for name in self.wanted if name in found))
        found.update(self._routers([path for path in routers if path.stem not in needed and mentions(path, others)]))
        left = {name: _only_with(cluster, found, self.names) for name, cluster in made.items()}
        return found, left, cluster_wrong

    def _other_boxes(self, routers: Iterable[Path]) -> set[str]:
        """Return the other boxes of the pairs in which wanted routers are."""
        if self.boxes is not None:
            return {other for name in self.wanted for other in self.boxes.get(name, ())}
        before, found = len(self.findings), set()
        for path in routers:
            if path.stem in self.wanted or mentions(path, self.wanted):
                node = self.read(path)
                if node is not None:
                    self.seen[path] = node
                peer = _peer(node)
                if path.stem in self.wanted and peer is not None:
                    found.add(peer)
                elif peer in self.wanted:
                    found.add(path.stem)
        del self.findings[before:]
        return found

    def _clusters(self, files: Iterable[Path]) -> dict[str, Cluster]:
        """Make the clusters; those that name no wanted router are left out."""
        made = {}
        for file in files:
            node = self._with_listed(self.read(file))
            cluster = None if node is None else self._one(Cluster, "clusters", file, node)
            if cluster is not None and (not self.wanted or self._on_wanted(cluster)):
                made[cluster.name] = cluster
        return made

    def _with_listed(self, cluster: YamlNode | None) -> YamlNode | None:
        """Put the nodes of a list (`nodes_from`) below those that a cluster's file says; None if they are not known."""
        said = cluster.value.get("nodes_from") if cluster is not None and isinstance(cluster.value, dict) else None
        if cluster is None or said is None:
            return cluster
        try:
            source = validate(NodeList, said, ("clusters", Path(cluster.where.file or "").stem, "nodes_from"))
            nodes = YamlNode(listed(self.folder, source.file, source.selector), said.where, said.key)
        except InputError as bad:
            self.findings += bad.findings
            return None
        own = cluster.value.get("nodes")
        return YamlNode({**cluster.value, "nodes": _merge(nodes, own) if own is not None else nodes}, cluster.where)

    def _concerns(self, name: str) -> bool:
        """Tell whether a wrong file of this name, of a router or of a cluster, is reported."""
        return name in self.wanted or (self.rest and name not in self.names)

    def _on_wanted(self, cluster: Cluster) -> bool:
        """Tell whether a cluster is on a wanted router, or on no router that is there."""
        on = cluster.routers.keys()
        return any(name in self.wanted for name in on) or (self.rest and not any(name in self.names for name in on))

    def _routers(self, files: Iterable[Path]) -> dict[str, Router]:
        """Make the routers, as far as they can be made."""
        made = {}
        for file in files:
            before = len(self.findings)
            node = self.read(file)
            router = None if node is None else self._one(Router, "routers", file, self._layered(node))
            if router is not None:
                made[router.name] = router
            if self.wanted and file.stem not in self.wanted and len(self.findings) > before:
                del self.findings[before:]
                made.pop(file.stem, None)
        return made

    def _in_groups(self, policy: FindingPolicy) -> FindingPolicy:
        """Name the routers of a group where a policy names the group."""
        only: list[str] = []
        for one in policy.only:
            group = one.removeprefix("groups.")
            only += [one] if group == one else [f"routers.{router}" for router in self.members.get(group, ())]
        # a group without members is about nothing, and not about everything
        return policy.model_copy(update={"only": tuple(only) or policy.only})

    def read(self, path: Path) -> YamlNode | None:
        """Read a file; None if it cannot be read."""
        if path in self.seen:
            return self.seen.pop(path)
        try:
            with path.open("rb") as file:
                # of a file that is too large so much is read that `read` finds out
                return read(file.read(limits.most_bytes() + 1), str(path))
        except InputError as bad:
            self.findings.extend(bad.findings)
        except OSError as bad:
            self.findings.append(Finding(Code.FRR101, f"cannot be read: {cause(bad, path)}", Where(str(path))))
        return None

    def _checked(self, model: type[_T], node: YamlNode, prefix: tuple[str, ...]) -> _T | None:
        try:
            return validate(model, node, prefix)
        except InputError as bad:
            self.findings.extend(bad.findings)
            return self._mended(model, node, prefix, bad.findings)

    def _mended(self, model: type[_T], node: YamlNode, prefix: Steps, wrong: Sequence[Finding]) -> _T | None:
        """Make a router as if its unknown keys were not there, if nothing else is wrong with it."""
        if model is not Router or any(one.code != Code.FRR110 for one in wrong):
            return None
        rest = copy.deepcopy(node)
        for one in wrong:
            *steps, key = one.where.path[len(prefix) :]
            holder, _ = find(rest, [int(step) if step.isdigit() else step for step in steps])
            if not isinstance(holder.value, dict) or holder.value.pop(key, None) is None:
                return None
            # what stands around may be otherwise meant, and what follows from a group
            size = steps.index("peer_groups") if "peer_groups" in steps else len(steps)
            self.unsure.add((*prefix, *steps[:size]))
        try:
            return validate(model, rest, prefix)
        except InputError:
            return None

    def _layered(self, own: YamlNode) -> YamlNode:
        named = own.value.pop("groups", None)
        layers = [self.defaults] if self.defaults is not None else []
        names = named.value if named is not None and isinstance(named.value, list) else []
        if named is not None and not isinstance(named.value, list):
            self.findings.append(Finding(Code.FRR107, "groups must be a list of names", named.where))
        for name in names:
            group = self.groups.get(str(name.value))
            if group is None:
                near = difflib.get_close_matches(str(name.value), self.groups, n=1)
                hint = f"did you mean {near[0]!r}?" if near else "groups are defined in network.yaml"
                self.findings.append(Finding(Code.FRR107, f"there is no group {name.value!r}", name.where, hint))
            else:
                layers.append(group)
                self.members.setdefault(str(name.value), []).append(Path(own.where.file).stem)
        merged = YamlNode({}, own.where)
        for layer in layers:
            merged = _merge(merged, layer)
        merged = _merge(merged, own)
        return YamlNode(merged.value, own.where)

    def _one(self, model: type[_T], kind: str, file: Path, node: YamlNode) -> _T | None:
        if "name" in node.value:
            self.findings.append(
                Finding(
                    Code.FRR110,
                    "unknown key 'name'",
                    node.value["name"].key or node.where,
                    "the name is the file's name",
                )
            )
            return None
        if kind == "routers":
            self.findings.extend(expand(node))
        node.value["name"] = YamlNode(file.stem, Where(str(file), 1, 1))
        self.nodes[kind, file.stem] = node
        made = self._checked(model, node, (kind, file.stem))
        del node.value["name"]
        return made


def _peer(router: YamlNode | None) -> str | None:
    """Return the name of the other box of a pair, as a router's file says it."""
    ha = router.value.get("ha") if router is not None else None
    said = ha.value.get("peer") if ha is not None and isinstance(ha.value, dict) else None
    return str(said.value) if said is not None else None


def _only_with(cluster: Cluster, routers: Collection[str], there: Collection[str] | None = None) -> Cluster:
    """Leave out a cluster's sessions with routers that could not be made; of `there` alone, if that is given."""
    left = {k: v for k, v in cluster.routers.items() if k in routers or not (there is None or k in there)}
    if len(left) == len(cluster.routers):
        return cluster
    gone = cluster.routers.keys() - left.keys()
    pools = {
        name: pool.model_copy(update={"routers": tuple(one for one in pool.routers if one not in gone)})
        for name, pool in cluster.pools.items()
        # without routers a pool would be for all of them
        if not pool.routers or not gone.issuperset(pool.routers)
    }
    nodes = {
        name: node.model_copy(update={"uplinks": {k: v for k, v in node.uplinks.items() if k not in gone}})
        for name, node in cluster.nodes.items()
    }
    return cluster.model_copy(update={"routers": left, "pools": pools, "nodes": nodes})


def _reflected(routers: Iterable[Router]) -> Iterator[str]:
    """Yield the neighbors whose routes the routers reflect: two reflectors may be each other's clients."""
    for router in routers:
        if router.bgp is not None:
            reflects = {
                name
                for name, group in router.bgp.peer_groups.items()
                if group.ipv4_unicast.route_reflector_client or group.ipv6_unicast.route_reflector_client
            }
            for name, one in router.bgp.neighbors.items():
                families = (one.ipv4_unicast, one.ipv6_unicast)
                if one.peer_group in reflects or any(family.route_reflector_client for family in families):
                    yield name


def _merge(base: YamlNode, top: YamlNode) -> YamlNode:
    if not isinstance(base.value, dict) or not isinstance(top.value, dict):
        return top
    merged = dict(base.value)
    for key, node in top.value.items():
        merged[key] = _merge(merged[key], node) if key in merged else node
    return YamlNode(merged, top.where, top.key)
