"""Services from files: what they would get, and no traceback for any file."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from frrgen.cli import main
from frrgen.errors import InputError
from frrgen.speaker.kubernetes.manifests import read_manifests
from tests.kubernetes.things import service
from tests.lab.speaking import inventory

WEB = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, ports: [{port: 80}]}
"""


def planned(capsys, net, file, *more):
    status = main(["-i", str(net), "speaker", "plan", "--services", str(file), *more])
    return status, capsys.readouterr()


@pytest.fixture
def net(tmp_path):
    return inventory(tmp_path / "net")


def test_each_service_is_shown_with_its_address_and_its_path_on_each_router(capsys, net, tmp_path):
    other = WEB.replace("web", "far").replace("spec: {", "spec: {loadBalancerIP: 10.9.9.9, ")
    (tmp_path / "all.yaml").write_text(f"{WEB}---\n{other}---\nkind: ConfigMap\nmetadata: {{name: x}}\n")
    status, said = planned(capsys, net, tmp_path / "all.yaml")
    assert status == 0
    assert "default/web of cluster k8s: 10.1.0.0 of pool services\n" in said.out
    assert "default/far of cluster k8s: no address: requestedNotInPool (10.9.9.9)\n" in said.out
    assert "permit    10.1.0.0/32   next hop self, communities 64999:1" in said.out
    _, said = planned(capsys, net, tmp_path / "all.yaml", "--format", "json")
    assert [one["addresses"] for one in json.loads(said.out)["services"]] == [[], ["10.1.0.0"]]


def test_the_order_of_the_manifests_decides_nothing(capsys, net, tmp_path):
    some = [WEB.replace("web", name) for name in "cab"]
    shown = set()
    for number, order in enumerate((some, some[::-1])):
        (tmp_path / f"{number}.yaml").write_text("---\n".join(order))
        shown.add(planned(capsys, net, tmp_path / f"{number}.yaml")[1].out)
    assert len(shown) == 1


def test_pools_for_namespaces_with_some_labels_ask_for_the_namespaces_of_the_file(capsys, net, tmp_path):
    cluster = net / "clusters/k8s.yaml"
    chosen = "prefixes: [10.9.0.0/24], namespace_selectors: [{match_labels: {tier: front}}]"
    cluster.write_text(cluster.read_text().replace("pools:\n", f"pools:\n  front: {{{chosen}}}\n", 1))
    file = tmp_path / "web.yaml"
    file.write_text(WEB)
    assert "no address: namespaceUnknown (" in planned(capsys, net, file)[1].out
    file.write_text(f"{WEB}---\nkind: Namespace\nmetadata: {{name: default, labels: {{tier: front}}}}\n")
    assert "default/web of cluster k8s: 10.9.0.0 of pool front\n" in planned(capsys, net, file)[1].out


@pytest.mark.parametrize("kind", ["List", "ServiceList"])
def test_lists_as_kubectl_writes_them_are_read(tmp_path, kind):
    item = service("web", "10.1.0.1") | ({"kind": "Service"} if kind == "List" else {})
    (tmp_path / "list.yaml").write_text(yaml.safe_dump({"kind": kind, "items": [item]}))
    assert [one.name for one in read_manifests(tmp_path / "list.yaml").services] == [("default", "web")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: [", "it is no YAML"),
        ("a: \x00", "it is no YAML"),
        ("- a\n", "it holds no objects"),
        (WEB + "---\n" + WEB, "default/web stands twice"),
        (
            "kind: Namespace\nmetadata: {name: a}\n---\nkind: Namespace\nmetadata: {name: a}\n",
            "Namespace a stands twice",
        ),
        ("kind: Namespace\nmetadata: {name: a, labels: 5}\n", "the Namespace a: metadata.labels"),
        ("kind: Service\n", "metadata"),
        ("kind: Service\nmetadata: 5\n", "metadata"),
        ("kind: Service\nmetadata: {name: a}\nspec: {ports: 7}\n", "the Service a: spec.ports"),
    ],
)
def test_what_is_wrong_with_a_file_is_reported_with_its_place(tmp_path, text, said):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(InputError, match="FRR612") as bad:
        read_manifests(tmp_path / "bad.yaml")
    assert said in str(bad.value)
    assert re.search(r"bad\.yaml:\d+:\d+", str(bad.value))


def test_the_place_is_that_of_the_wrong_value_also_in_a_list(tmp_path):
    text = "kind: List\nitems:\n- kind: Service\n  metadata: {name: a}\n- kind: Service\n  metadata:\n    name: b\n"
    (tmp_path / "bad.yaml").write_text("kind: Pod\n---\n" + text + "    labels: {a: 1.10}\n")
    with pytest.raises(InputError, match=r"the Service b: metadata\.labels\.a") as bad:
        read_manifests(tmp_path / "bad.yaml")
    assert "bad.yaml:10:17" in str(bad.value)


@pytest.mark.parametrize("change", [str, lambda one: "\ufeff" + one, lambda one: one.replace("\n", "\r\n")])
def test_a_time_is_a_text_and_the_ends_of_lines_decide_nothing(tmp_path, change):
    text = "kind: Service\nmetadata:\n  name: a\n  creationTimestamp: 2026-01-01T00:00:00Z\n"
    (tmp_path / "web.yaml").write_bytes(change(text).encode())
    (found,) = read_manifests(tmp_path / "web.yaml").services
    assert found.metadata.creation_timestamp == "2026-01-01T00:00:00Z"


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "metadata", "name", "spec", "items", "status", "ports", "type"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(_ANY, st.sampled_from(["Service", "ServiceList", "Namespace", "NamespaceList", "List", None]))
def test_a_document_of_any_shape_is_read_or_refused(tmp_path_factory, document, kind):
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    if isinstance(document, dict) and kind is not None:
        document = {**document, "kind": kind}
    file.write_text(yaml.safe_dump(document))
    with contextlib.suppress(InputError):
        read_manifests(file)
