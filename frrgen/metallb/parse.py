"""MetalLB's manifests -> a cluster: custom resources, FRRConfigurations, or the ConfigMap of MetalLB 0.11."""

from __future__ import annotations

from collections.abc import Iterable

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.yaml import YamlNode
from frrgen.metallb.assemble import ImportedCluster
from frrgen.metallb.configmap import cluster_of, config_of
from frrgen.metallb.configurations import FRR_K8S, Configurations
from frrgen.metallb.parts import Names
from frrgen.metallb.read import GROUP, machines, manifests, passwords
from frrgen.metallb.render import CLUSTER
from frrgen.metallb.resources import Resources


def parse(documents: Iterable[YamlNode], name: str | None, default: str, names: Names) -> ImportedCluster:
    """Make a cluster of manifests. Raises InputError.

    Its name is `name`, else the one that the manifests have of frrgen, else `default`. `names` are routers by the
    addresses that the nodes dial.
    """
    found = list(manifests(documents))
    where = found[0].where if found else Where()
    ours = [one for one in found if one.version.startswith(GROUP)]
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
