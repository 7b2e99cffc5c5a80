"""What a cluster becomes as MetalLB's objects is the same cluster when it is read back."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from frrgen.inventory.yaml import read_all
from frrgen.metallb.frr_k8s import frr_k8s
from frrgen.metallb.objects import duration
from frrgen.metallb.parse import parse
from frrgen.metallb.refused import refused
from frrgen.metallb.render import configmap, documents, metallb
from frrgen.metallb.sessions import sessions
from tests.examples import examples
from tests.metallb.clusters import clusters, derived, same, whole

ROOT = Path(__file__).resolve().parents[2]
CRDS = next((one for up in ROOT.parents if (one := up / "shared/spec/data/crds").is_dir()), ROOT / "none")
quick = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=examples(60))


def peers_of(cluster, flavour):
    findings = []
    found = list(sessions(cluster, derived(cluster), findings))
    assert not [*findings, *refused(cluster, found, derived(cluster), flavour)]
    return found


def read_back(text):
    return parse(read_all(text.encode(), "k.yaml"), None, "unnamed", {})


def as_manifests(cluster, flavour):
    peers = peers_of(cluster, flavour)
    if flavour == "frr-k8s":
        return documents(frr_k8s(cluster, peers, derived(cluster), same), ["k"])
    if flavour == "configmap":
        return documents(configmap(cluster, peers, same), ["k"])
    return documents(metallb(cluster, peers, derived(cluster), same), ["k"])


def without_asn(cluster):
    """Leave out the AS number that the nodes expect: an import writes it only where the router has another."""
    routers = {name: one.model_copy(update={"asn": None}) for name, one in cluster.routers.items()}
    return cluster.model_copy(update={"routers": routers})


@quick
@given(clusters())
def test_the_custom_resources_of_a_cluster_are_read_back_as_the_same_cluster(cluster):
    found = read_back(as_manifests(cluster, "metallb"))
    assert found.cluster == without_asn(cluster)
    assert found.findings == []
    assert set(found.peer_asns) == set(cluster.routers)
    assert all(found.peer_asns[name] == one.asn for name, one in cluster.routers.items() if one.asn)


@quick
@given(clusters(old=True))
def test_the_configmap_of_a_cluster_is_read_back_as_the_same_cluster(cluster):
    assert read_back(as_manifests(cluster, "configmap")).cluster == without_asn(cluster)


@quick
@given(clusters().map(whole))
def test_the_frrconfigurations_of_a_cluster_are_read_back_as_the_same_cluster(cluster):
    found = read_back(as_manifests(cluster, "frr-k8s"))
    assert found.cluster == without_asn(cluster)
    assert found.findings == []
    assert set(found.peer_asns) == set(cluster.routers)


@quick
@given(clusters(plain=False))
def test_whatever_its_form_the_sessions_and_pools_are_the_same(cluster):
    found = read_back(as_manifests(cluster, "metallb"))
    asns = {name: {"asn": asn} for name, asn in found.peer_asns.items()}
    routers = {name: one.model_copy(update=asns[name]) for name, one in found.cluster.routers.items()}
    again = found.cluster.model_copy(update={"routers": routers})
    assert set(sessions(again, derived(again), [])) == set(sessions(cluster, derived(cluster), []))
    assert again.pools == cluster.pools


def schemas():
    found = {}
    for path in sorted(CRDS.glob("*.yaml")):
        crd = yaml.safe_load(path.read_text())["spec"]
        for version in crd["versions"]:
            key = (f"{crd['group']}/{version['name']}", crd["names"]["kind"])
            found[key] = closed(version["schema"]["openAPIV3Schema"])
    return found


def closed(schema):
    """Refuse fields that the schema does not know, as an API server drops them."""
    made = {key: closed(one) if isinstance(one, dict) else one for key, one in schema.items()}
    if "properties" in schema:
        made["properties"] = {key: closed(one) for key, one in schema["properties"].items()}
        made.setdefault("additionalProperties", False)
    return made


@pytest.fixture(scope="module")
def known():
    if not CRDS.is_dir():
        pytest.skip("the CRDs of MetalLB are not at ../shared/spec/data/crds")
    found = schemas()
    assert len(found) >= 7
    return found


NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


def fits(known, objects):
    """Check what an API server does: schemas, the rules in CEL for what is rendered, names and labels."""
    checked = 0
    assert len({(one["kind"], one["metadata"]["name"]) for one in objects}) == len(objects)
    for one in objects:
        assert NAME.fullmatch(one["metadata"]["name"])
        assert all(LABEL.fullmatch(value) for value in one["metadata"]["labels"].values())
        for text in re.findall(r"'connectTime': '(\w+)'", str(one)):
            assert 1 <= duration(text) <= 65535
        key = (one["apiVersion"], one["kind"])
        if key != ("v1", "Secret"):
            jsonschema.Draft202012Validator(known[key]["properties"]["spec"]).validate(one["spec"])
            checked += 1
    assert checked


@quick
@given(cluster=clusters())
def test_the_custom_resources_fit_the_schemas_of_their_definitions(known, cluster):
    text = as_manifests(cluster, "metallb")
    fits(known, list(yaml.safe_load_all(text)))


@quick
@given(cluster=clusters() | clusters().map(whole))
def test_the_frrconfigurations_fit_their_schema(known, cluster):
    peers = list(sessions(cluster, derived(cluster), []))
    fits(known, frr_k8s(cluster, peers, derived(cluster), same))
