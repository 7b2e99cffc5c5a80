"""`render --target metallb` and `import metallb` as a user meets them."""

from __future__ import annotations

import re
import shutil
import stat
from pathlib import Path

import pytest
import yaml

from frrgen.cli import main
from tests.examples import part

EXAMPLE = Path(__file__).resolve().parents[2] / "inventory"
PEER = "apiVersion: metallb.io/v1beta2\nkind: BGPPeer\nmetadata: {name: home}\nspec: "
POOL = (
    "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: a}\nspec: {addresses: [192.0.2.0/28]}\n"
)
ADS = "---\napiVersion: metallb.io/v1beta1\nkind: BGPAdvertisement\nmetadata: {name: a}\n"
GOOD = PEER + "{myASN: 64512, peerASN: 64513, peerAddress: 198.51.100.1}\n" + POOL + ADS


@pytest.fixture
def network(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "net")
    return tmp_path / "net"


def run(capsys, *args):
    status = main([str(one) for one in args])
    out, err = capsys.readouterr()
    return status, out, err


def changed(network, old, new):
    path = network / "clusters/microk8s.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_the_example_renders_as_a_peer_for_each_router_a_pool_and_its_advertisement(capsys):
    status, out, _ = run(capsys, "-i", EXAMPLE, "render", "--target", "metallb", "microk8s")
    assert status == 0
    kinds = [one["kind"] for one in yaml.safe_load_all(out)]
    assert kinds == ["BGPPeer", "BGPPeer", "IPAddressPool", "BGPAdvertisement"]
    assert "# pool services: of 192.168.10.0/24 MetalLB announces /32 alone" in out


@pytest.mark.parametrize("flavour", ["metallb", "frr-k8s", "configmap"])
def test_what_is_written_is_imported_into_a_new_inventory_and_holds(capsys, tmp_path, flavour):
    args = ("render", "--target", "metallb", "--flavour", flavour, "--out", tmp_path, "microk8s")
    assert run(capsys, "-i", EXAMPLE, *args)[0] == 0
    (file,) = tmp_path.glob("microk8s.*.yaml")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run(capsys, "import", "metallb", file, "-o", tmp_path / "net")[0] == 0
    status, out, _ = run(capsys, "-i", tmp_path / "net", "verify")
    assert (status, out.splitlines()[-1]) == (0, "2 sessions verified: all hold.")


def test_a_password_is_shown_to_nobody_and_written_for_the_owner(capsys, network, tmp_path, monkeypatch):
    monkeypatch.setenv("K8S", "s3cret")
    changed(network, "# password: env:MICROK8S_BGP_PASSWORD", "password: env:K8S")
    for flavour in ("metallb", "frr-k8s", "configmap"):
        args = ("-i", network, "render", "--target", "metallb", "--flavour", flavour, "microk8s")
        status, out, _ = run(capsys, *args)
        assert (status, "s3cret" in out, "<hidden>" in out) == (0, False, True)
        assert run(capsys, *args, "--out", tmp_path)[0] == 0
        assert any("s3cret" in file.read_text() for file in tmp_path.glob("*.yaml"))
    status, out, err = run(capsys, "import", "metallb", tmp_path / "microk8s.metallb.yaml")
    assert (status, "s3cret" in out + err) == (0, False)
    assert "password: file:secrets/microk8s\n" in out


@pytest.mark.parametrize(
    ("yaml_text", "flavour", "said"),
    [
        ("    med: 5\n", "metallb", "a MED"),
        ("    prepend: 2\n", "metallb", "a longer AS path"),
        ("    reserved: [192.168.10.0/25]\n", "metallb", "write `prefixes: [192.168.10.128/25]`"),
        ('    large_communities: ["1:2:3"]\n', "configmap", "write communities, AA:NN"),
        ("    priority: 5\n", "configmap", "the priority of a pool"),
        ("    local_preference: 0\n", "metallb", "write `local_preference: 1`"),
    ],
)
def test_what_metallb_cannot_say_of_a_pool_is_an_error_with_the_nearest_thing(
    capsys, network, yaml_text, flavour, said
):
    changed(network, "    prefix_list: MetalLB_k8s\n", "    prefix_list: MetalLB_k8s\n" + yaml_text)
    args = ("-i", network, "render", "--target", "metallb", "--flavour", flavour, "microk8s")
    status, out, err = run(capsys, *args)
    assert (status, out) == (1, "")
    assert "error[FRR620]: MetalLB cannot say" in err
    assert said in err
    assert "clusters/microk8s.yaml:" in err


@pytest.mark.parametrize(
    ("old", "new", "flavour", "said"),
    [
        ("lengths: [24, 32]", "lengths: [32, 32]", "frr-k8s", "let lengths begin with 24"),
        ("keepalive: 30", "keepalive: 20", "configmap", "write `timers: {keepalive: 30, hold: 90}`"),
        ("address: 192.168.1.2", "address: 192.168.1.2\n    ttl_security_hops: 1", "metallb", "TTL security"),
        ("timers:", "graceful_restart_time: 60\ntimers:", "metallb", "write `graceful_restart_time: 120`"),
        ("  services:", "  Services:", "metallb", "name it services"),
    ],
)
def test_what_metallb_cannot_say_of_sessions_is_an_error_too(capsys, network, old, new, flavour, said):  # noqa: PLR0917
    changed(network, old, new)
    args = ("-i", network, "render", "--target", "metallb", "--flavour", flavour, "microk8s")
    status, out, err = run(capsys, *args)
    assert (status, out) == (1, "")
    assert "error[FRR620]" in err
    assert said in err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("peerASN: 64513", "peerAsn: 64513", "FRR110"),
        ("myASN: 64512, ", "", "FRR112"),
        ("peerASN: 64513", "peerASN: 64513, holdTime: 2s", "a hold time is 0s, or 3s"),
        ("peerASN: 64513", "peerASN: 64513, holdTime: 90", "FRR111"),
        ("peerASN: 64513", "peerASN: 64512, ebgpMultiHop: true", "no ebgpMultiHop"),
        ("peerASN: 64513", "peerASN: 64513, peerPort: 1179", "FRR622"),
        ("peerASN: 64513", "peerASN: 64513, bfdProfile: fast", "there is no BFDProfile fast"),
        ("peerAddress: 198.51.100.1", "interface: eth0", "an unnumbered session"),
        (ADS, "", "pool a is never announced"),
        (ADS, ADS + "spec: {peers: [other]}\n", "FRR622"),
        (ADS, ADS + "spec: {communities: [strange]}\n", "a name that no Community has"),
        (ADS, ADS + "spec: {aggregationLength: 24}\n", "shorter than 192.0.2.0/28"),
        (ADS, ADS + ADS, "stands twice"),
        (ADS, ADS + ADS.replace("name: a", "name: b") + "spec: {communities: ['1:2']}\n", "different communities"),
        ("192.0.2.0/28", "192.0.2.9", "not '192.0.2.9'"),
        ("192.0.2.0/28", "192.0.2.9-192.0.2.3", "the range 192.0.2.9-192.0.2.3 does not go"),
        ("192.0.2.0/28", "'192.0.2.9-2001:db8::1'", "of the same family"),
        ("192.0.2.0/28", "192.0.2.0/28, 192.0.2.4/30", "overlaps"),
        ("peerASN: 64513", "peerASN: 1.10", "decimal digits"),
        ("peerASN: 64513", "peerASN: 64513.0", "decimal digits"),
        ("kind: IPAddressPool", "kind: ipaddresspool", "the kind ipaddresspool"),
        ("kind: IPAddressPool", "kind: AddressPool", "the kind AddressPool"),
        (GOOD, "kind: ConfigMap\n", "no object of MetalLB"),
        (GOOD, "- a\n", "FRR621"),
        (GOOD, "{", "FRR102"),
    ],
)
def test_a_manifest_that_metallb_or_the_model_refuses_is_an_error_with_its_place(capsys, tmp_path, old, new, said):
    assert old in GOOD
    (tmp_path / "k.yaml").write_text(GOOD.replace(old, new, 1))
    status, out, err = run(capsys, "import", "metallb", tmp_path / "k.yaml", "-o", tmp_path / "net")
    assert (status, out) == (1, "")
    assert said in err
    assert "k.yaml:" in err
    assert not (tmp_path / "net").exists()


OLD = """\
kind: ConfigMap
metadata: {name: config}
data:
  config: |
    peers:
    - {my-asn: 64512, peer-asn: 64513, peer-address: 198.51.100.1}
    bgp-communities: {mine: "64512:7"}
    address-pools:
    - name: a
      protocol: bgp
      addresses: [192.0.2.0/28]
      bgp-advertisements: [{aggregation-length: 32, localpref: 100, communities: [mine, no-export]}]
"""


@pytest.mark.parametrize(
    ("old", "new", "said", "line"),
    [
        ("my-asn: 64512, ", "", "FRR112", 6),
        ("peer-asn:", "peer_asn:", "unknown key 'peer_asn'", 6),
        ("198.51.100.1}", "198.51.100.1, hold-time: 2s}", "a hold time is 0s", 6),
        ("198.51.100.1}", "198.51.100.1, keepalive-time: 2s}", "unknown key", 6),
        ("protocol: bgp", "protocol: ospf", "must be 'bgp' or 'layer2'", 10),
        ("protocol: bgp", "protocol: layer2", "no bgp-advertisements", 12),
        ("aggregation-length: 32", "aggregation-length: 33", "at most 32", 12),
        ("no-export", "theirs", "a name that no Community has", 9),
        ("no-export", '"64512:99999"', "the community", 9),
        ("      protocol: bgp\n", "", "FRR112", 9),
        ("peers:", "peerz:", "unknown key 'peerz'", 5),
        ('"64512:7"', "seven", "a community is AA:NN, not 'seven'", 7),
        ('"64512:7"', '"64512:70000"', "a community is AA:NN", 5),
        ("192.0.2.0/28", "192.0.2.7-192.0.2.7", "does not go up", 11),
        ("192.0.2.0/28", '"2001:db8::/126"', "no IPv6 by BGP", 11),
        ("192.0.2.0/28", "192.0.2.0/28, 192.0.2.8/30", "overlaps", 1),
    ],
)
def test_the_configmap_is_read_as_strictly_as_metallb_0_11_did(capsys, tmp_path, old, new, said, line):  # noqa: PLR0917
    good = OLD.replace(", no-export", "")
    text = OLD if "no-export" in old else good
    assert old in text
    (tmp_path / "k.yaml").write_text(text.replace(old, new, 1))
    status, _, err = run(capsys, "import", "metallb", tmp_path / "k.yaml")
    assert status == 1
    assert said in err
    assert f"k.yaml:{line}:" in err
    (tmp_path / "k.yaml").write_text(good)
    status, out, _ = run(capsys, "import", "metallb", tmp_path / "k.yaml")
    assert status == 0
    assert 'communities:\n    - "64512:7"\n    local_preference: 100\n' in out


@pytest.mark.parametrize("kind", ["BGPPeer", "IPAddressPool", "BGPAdvertisement"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.pop("apiVersion"), "'apiVersion'"),
        (lambda one: one.update(apiVersion="metallb.oi/v1beta1"), "did you mean metallb.io?"),
        (lambda one: one.update(apiVersion="metallb.io/v1beta3"), "of the version v1beta3"),
        (lambda one: one.update(apiVersion="metallb.io/v1alpha1"), "of the version v1alpha1"),
        (lambda one: one.update(metadata={}), "has no name"),
        (lambda one: one["metadata"].update(name=None), "has no name"),
        (lambda one: one["metadata"].update(namespace="other"), "in the namespace"),
    ],
)
def test_no_object_is_left_out_because_of_how_it_is_called(capsys, tmp_path, kind, change, said):
    objects = list(yaml.safe_load_all(GOOD))
    for one in objects:
        one["metadata"]["namespace"] = "metallb-system"
    (chosen,) = [one for one in objects if one["kind"] == kind]
    change(chosen)
    (tmp_path / "k.yaml").write_text(yaml.safe_dump_all(objects))
    status, _, err = run(capsys, "import", "metallb", tmp_path / "k.yaml", "-o", tmp_path / "net")
    assert status == 1
    assert said in err
    assert re.search(r"k\.yaml:\d+:\d+", err)


def test_objects_of_others_with_the_same_kinds_are_passed_over(capsys, tmp_path):
    calico = "---\napiVersion: crd.projectcalico.org/v1\nkind: BGPPeer\nmetadata: {name: c}\nspec: {asNumber: 1}\n"
    (tmp_path / "k.yaml").write_text(GOOD + calico)
    status, _, err = run(capsys, "import", "metallb", tmp_path / "k.yaml", "-o", tmp_path / "net")
    assert status == 0, err


def test_a_name_of_rfc_1997_is_none_to_metallb(capsys, tmp_path):
    (tmp_path / "k.yaml").write_text(OLD)
    status, _, err = run(capsys, "import", "metallb", tmp_path / "k.yaml")
    assert (status, "the community 'no-export'" in err) == (1, True)


def test_a_list_of_kubectl_is_read_like_documents(capsys, tmp_path):
    objects = list(yaml.safe_load_all(GOOD))
    (tmp_path / "one.yaml").write_text(GOOD)
    (tmp_path / "list.yaml").write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": objects}))
    found = [run(capsys, "import", "metallb", tmp_path / name)[:2] for name in ("one.yaml", "list.yaml")]
    assert found[0] == found[1]
    assert found[0][0] == 0
    assert "asn: 64512\n" in found[0][1]


@pytest.mark.parametrize(
    ("said", "keepalive", "hold"),
    [("holdTime: 1m30s", 30, 90), ("keepaliveTime: 20s", 20, 60), ("holdTime: 90s, keepaliveTime: 90s", 90, 90)],
)
def test_a_time_that_a_manifest_leaves_out_comes_from_the_other_time(capsys, tmp_path, said, keepalive, hold):
    (tmp_path / "k.yaml").write_text(GOOD.replace("peerASN:", f"{said}, peerASN:"))
    status, out, _ = run(capsys, "import", "metallb", tmp_path / "k.yaml")
    assert (status, f"timers: {{keepalive: {keepalive}, hold: {hold}}}\n" in out) == (0, True)


def test_an_advertisement_of_a_pool_that_is_not_in_the_files_is_doubtful(capsys, tmp_path):
    (tmp_path / "k.yaml").write_text(GOOD + ADS.replace("name: a", "name: b") + "spec: {ipAddressPools: [other]}\n")
    status, _, err = run(capsys, "import", "metallb", tmp_path / "k.yaml")
    assert (status, "warning[FRR621]: the BGPAdvertisement b is for the pool other" in err) == (0, True)


def test_a_key_without_a_value_is_as_good_as_none(capsys, tmp_path):
    (tmp_path / "k.yaml").write_text(GOOD.replace("peerASN:", "nodeSelectors: , holdTime: null, peerASN:"))
    assert run(capsys, "import", "metallb", tmp_path / "k.yaml")[0] == 0


def test_without_the_secret_the_password_is_reported_as_unknown(capsys, tmp_path):
    (tmp_path / "k.yaml").write_text(GOOD.replace("peerASN:", "passwordSecret: {name: s}, peerASN:"))
    status, out, err = run(capsys, "import", "metallb", tmp_path / "k.yaml")
    assert (status, "warning[FRR624]" in err, "warning[FRR623]" in err) == (0, True, True)
    assert "password: file:secrets/cluster-home" in out
    secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: czNjcmV0}\n"
    (tmp_path / "k.yaml").write_text((tmp_path / "k.yaml").read_text() + secret)
    status, _, err = run(capsys, "import", "metallb", tmp_path / "k.yaml", "-o", tmp_path / "net")
    assert (status, "FRR624" in err) == (0, False)
    assert (tmp_path / "net/secrets/cluster").read_text() == "s3cret\n"


def test_nothing_is_written_over_and_arguments_that_do_not_fit_are_refused(capsys, tmp_path):
    (tmp_path / "k.yaml").write_text(GOOD)
    assert run(capsys, "import", "metallb", tmp_path / "k.yaml", "-o", tmp_path / "net")[0] == 0
    status, _, err = run(capsys, "import", "metallb", tmp_path / "k.yaml", "-o", tmp_path / "net")
    assert (status, "error[FRR130]" in err) == (1, True)
    for args in (
        ("import", "metallb", tmp_path / "k.yaml", "--router", "home"),
        ("import", "frr", tmp_path / "k.yaml", "--router", "192.0.2.1=home"),
        ("-i", EXAMPLE, "render", "home", "--flavour", "configmap"),
        ("-i", EXAMPLE, "render", "microk8s", "--target", "metallb", "--explain"),
    ):
        status, _, err = run(capsys, *args)
        assert (status, "error[FRR114]" in err) == (1, True), args
    status, _, err = run(capsys, "-i", EXAMPLE, "render", "home", "--target", "metallb")
    assert (status, "error[FRR305]" in err) == (1, True)


CONFIGURATION = """\
apiVersion: frrk8s.metallb.io/v1beta1
kind: FRRConfiguration
metadata: {name: k, annotations: {frrgen.io/routers: 198.51.100.1=home, frrgen.io/pools: a=192.0.2.0/28}}
spec:
  nodeSelector: {matchLabels: {a: b}}
  bgp:
    routers:
    - asn: 64512
      neighbors: [{address: 198.51.100.1, asn: 64513, toAdvertise: {allowed: {mode: all}}}]
      prefixes: [192.0.2.0/28]
"""
NODE = "---\nkind: Node\nmetadata: {name: n}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.200}]}\n"


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*path, number))


def put(value, path, new):
    if not path:
        return new
    made = dict(value) if isinstance(value, dict) else list(value)
    made[path[0]] = put(value[path[0]], path[1:], new)
    return made


def test_whatever_stands_in_a_manifest_is_read_or_is_an_error(capsys, tmp_path):
    node = NODE
    secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: czNjcmV0}\n"
    more = GOOD.replace("peerASN:", "passwordSecret: {name: s}, nodeSelectors: [{matchLabels: {a: b}}], peerASN:")
    texts = (more + node + secret, OLD.replace(", no-export", "") + node, CONFIGURATION + node)
    manifests = [list(yaml.safe_load_all(text)) for text in texts]
    values = (None, [], {}, "x", 7, True, [[{"a": None}]], "é\n")
    tried = [(objects, path, new) for objects in manifests for path in places(objects) for new in values]
    assert len(tried) > 300
    for objects, path, new in part(tried):
        odd = put(objects, path, new)
        odd = odd if isinstance(odd, list) else [odd]
        (tmp_path / "k.yaml").write_text(yaml.safe_dump_all(odd, allow_unicode=True))
        status, _, err = run(capsys, "import", "metallb", tmp_path / "k.yaml")
        assert status in {0, 1}
        assert "FRR199" not in err, (path, new, err)
        assert (status == 1) == ("error[" in err)


def test_a_router_whose_sessions_are_in_a_vrf_is_found_there(capsys, tmp_path):
    (tmp_path / "net/routers").mkdir(parents=True)
    neighbor = "bgp: {asn: 64513, router_id: 198.51.100.1, neighbors: {192.0.2.200: {remote_as: 64512}}}"
    (tmp_path / "net/routers/home.yaml").write_text(f"vrfs:\n  red:\n    {neighbor}\n")
    node = NODE
    (tmp_path / "k.yaml").write_text(GOOD + node)
    assert run(capsys, "import", "metallb", tmp_path / "k.yaml", "-o", tmp_path / "net")[0] == 0
    cluster = yaml.safe_load((tmp_path / "net/clusters/cluster.yaml").read_text())
    assert cluster["routers"] == {"home": {"vrf": "red", "derive": False, "address": "198.51.100.1"}}
