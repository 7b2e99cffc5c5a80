"""MetalLB's manifests -> a cluster: custom resources, FRRConfigurations, or the ConfigMap of MetalLB 0.11."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.yaml import YamlNode
from frrgen.metallb.assemble import ImportedCluster
from frrgen.metallb.configmap import cluster_of, config_of
from frrgen.metallb.configurations import FRR_K8S, Configurations
from frrgen.metallb.parts import Names
from frrgen.metallb.read import GROUP, Manifest, machines, manifests, passwords
from frrgen.metallb.render import CLUSTER
from frrgen.metallb.resources import KINDS, Resources

_VERSIONS: Final = {"BGPPeer": ("v1beta1", "v1beta2")}
"""The versions of the kinds that have others than v1beta1."""
_READ: Final = KINDS | {"FRRConfiguration"}


def _misplaced(found: Iterable[Manifest]) -> Iterator[Finding]:
    """Return what is wrong with groups, versions and names: the objects would be left out, or misread."""
    for one in found:
        group, slash, _ = one.version.rpartition("/")
        known = difflib.get_close_matches(group, [GROUP[:-1], FRR_K8S[:-1]], 1, 0.8)
        if not one.version and one.kind in _READ:
            yield Finding(Code.FRR621, f"the key 'apiVersion' of the {one.kind} {one.name} is missing", one.where)
        elif slash and known and group not in known:
            text = f"the {one.kind} {one.name} is of the group {group}"
            yield Finding(Code.FRR621, text, one.where, f"did you mean {known[0]}?")
        if one.kind in _READ and one.version.startswith((GROUP, FRR_K8S)):
            versions = _VERSIONS.get(one.kind, ("v1beta1",))
            if (version := one.version.rpartition("/")[2]) not in versions:
                text = f"the {one.kind} {one.name} is of the version {version}"
                yield Finding(Code.FRR622, text, one.where, f"frrgen reads {' and '.join(versions)}")
            if not one.name:
                yield Finding(Code.FRR621, f"a {one.kind} has no name", one.where, "write metadata: {name: NAME}")


def _elsewhere(ours: Sequence[Manifest]) -> Iterator[Finding]:
    """Return objects of other namespaces than the first's: MetalLB reads the objects of its own."""
    first = next((one for one in ours if one.namespace), None)
    for one in ours:
        if first is not None and one.namespace not in {"", first.namespace}:
            text = f"the {one.kind} {one.name} is in the namespace {one.namespace}, and the {first.kind} {first.name}"
            hint = "MetalLB reads one namespace: leave out the objects of others"
            yield Finding(Code.FRR621, f"{text} in {first.namespace}", one.where, hint)


def parse(documents: Iterable[YamlNode], name: str | None, default: str, names: Names) -> ImportedCluster:
    """Make a cluster of manifests. Raises InputError.

    Its name is `name`, else the one that the manifests have of frrgen, else `default`. `names` are routers by the
    addresses that the nodes dial.
    """
    found = list(manifests(documents))
    where = found[0].where if found else Where()
    ours = [one for one in found if one.version.startswith(GROUP)]
    if findings := [*_misplaced(found), *_elsewhere(ours)]:
        raise InputError(*findings)
    frr = [one for one in found if one.version.startswith(FRR_K8S)]
    old = [one for one in found if one.kind == "ConfigMap" and config_of(one) is not None]
    if len(old) + bool(ours) + bool(frr) != 1:
        text = "two configurations" if old or ours or frr else "no object of MetalLB"
        text = f"the files hold {text}"
        hint = "give custom resources, or FRRConfigurations, or the ConfigMap `config` of MetalLB 0.12 and before"
        raise InputError(Finding(Code.FRR621, text, where, hint))
    labels = (one.labels[CLUSTER] for one in (*ours, *frr, *old) if CLUSTER in one.labels)
    chosen = name or next(labels, default)
    if old:
        return cluster_of(old[0], chosen, names, machines(found))
    if frr:
        return Configurations(frr, chosen, names, machines(found), passwords(found)).imported()
    return Resources(ours, chosen, names, machines(found), passwords(found)).imported()
