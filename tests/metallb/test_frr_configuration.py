"""`import metallb` reads FRRConfigurations; what the model cannot say is an error, and nothing is lost in silence."""

from __future__ import annotations

import copy
import json

import pytest
import yaml

from frrgen.errors import InputError
from frrgen.inventory.yaml import read_all
from frrgen.metallb.parse import parse
from tests.metallb.test_round_trip import CRDS

PREFIX = "192.0.2.0/28"
NEIGHBOR = {
    "address": "198.51.100.1",
    "asn": 64513,
    "sourceaddress": "198.51.100.10",
    "toAdvertise": {"allowed": {"prefixes": [PREFIX]}},
}
SPEC = {
    "bgp": {"routers": [{"asn": 64512, "neighbors": [NEIGHBOR], "prefixes": [PREFIX]}]},
    "nodeSelector": {"matchLabels": {"kubernetes.io/hostname": "a"}},
}
SECRET = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {password: czNjcmV0}\n"


def manifest(spec, name, annotations):
    metadata = {"name": name, "annotations": dict(annotations)}
    head = {"apiVersion": "frrk8s.metallb.io/v1beta1", "kind": "FRRConfiguration", "metadata": metadata}
    return yaml.safe_dump(json.loads(json.dumps({**head, "spec": spec})))


def imported(*specs, annotations=()):
    text = "---\n".join(manifest(spec, f"k{number}", annotations) for number, spec in enumerate(specs)) + SECRET
    return parse(read_all(text.encode(), "k.yaml"), None, "unnamed", {})


def refused(*specs):
    with pytest.raises(InputError) as bad:
        imported(*specs)
    return bad.value.findings


def with_neighbor(*, prefixes=(PREFIX,), **fields):
    spec = copy.deepcopy(SPEC)
    spec["bgp"]["routers"][0]["neighbors"][0].update(fields)
    spec["bgp"]["routers"][0]["prefixes"] = list(prefixes)
    return spec


def advertising(said, *prefixes):
    return with_neighbor(prefixes=prefixes or (PREFIX,), toAdvertise=said)


def test_a_neighbor_and_its_prefixes_are_a_router_and_a_pool_that_is_announced_as_a_whole():
    found = imported(SPEC).cluster
    assert (found.asn, found.nodes["a"].addresses[0].compressed) == (64512, "198.51.100.10")
    assert found.routers["router-198.51.100.1"].address.compressed == "198.51.100.1"
    (pool,) = found.pools.values()
    assert (str(pool.prefixes[0]), pool.lengths) == (PREFIX, (28, 28))


def test_prefixes_that_are_announced_alike_are_a_pool_and_others_a_pool_of_their_own():
    said = {
        "allowed": {"mode": "all"},
        "withCommunity": [
            {"community": "64512:7", "prefixes": [PREFIX]},
            {"community": "large:1:2:3", "prefixes": [PREFIX]},
        ],
        "withLocalPref": [{"localPref": 0, "prefixes": [PREFIX]}],
    }
    one, two = imported(advertising(said, PREFIX, "203.0.113.0/25", "203.0.113.128/26")).cluster.pools.values()
    assert (one.communities, one.large_communities, one.local_preference) == (("64512:7",), ("1:2:3",), 0)
    assert (len(two.prefixes), two.lengths, two.communities) == (2, (25, 26), None)


def test_a_prefix_of_some_routers_is_a_pool_for_these():
    spec = copy.deepcopy(SPEC)
    other = {**NEIGHBOR, "address": "198.51.100.2", "toAdvertise": {}}
    spec["bgp"]["routers"][0]["neighbors"].append(other)
    (pool,) = imported(spec).cluster.pools.values()
    assert pool.routers == ("router-198.51.100.1",)


def test_ipv6_prefixes_go_over_a_session_of_ipv4_only_with_both_families():
    six = "2001:db8::/64"
    said = {"allowed": {"mode": "all"}}
    spec = advertising(said, PREFIX, six)
    assert [str(one) for pool in imported(spec).cluster.pools.values() for one in pool.prefixes] == [PREFIX]
    spec["bgp"]["routers"][0]["neighbors"][0]["dualStackAddressFamily"] = True
    assert [str(one) for pool in imported(spec).cluster.pools.values() for one in pool.prefixes] == [PREFIX, six]


def test_beside_a_session_of_each_ip_version_none_carries_both():
    spec = advertising({"allowed": {"mode": "all"}}, PREFIX, "2001:db8::/64")
    neighbors = spec["bgp"]["routers"][0]["neighbors"]
    neighbors.append({**copy.deepcopy(neighbors[0]), "address": "2001:db8::1", "sourceaddress": "2001:db8::10"})
    named = {"frrgen.io/routers": "198.51.100.1=home,2001:db8::1=home"}
    (pool,) = imported(spec, annotations=named).cluster.pools.values()
    assert {one.version for one in pool.prefixes} == {4, 6}
    for neighbor in neighbors:
        both = copy.deepcopy(spec)
        both["bgp"]["routers"][0]["neighbors"][neighbors.index(neighbor)]["dualStackAddressFamily"] = True
        with pytest.raises(InputError, match="a session of each version"):
            imported(both, annotations=named)


B = {"matchLabels": {"kubernetes.io/hostname": "b"}}
OTHER = {**with_neighbor(sourceaddress="198.51.100.11"), "nodeSelector": B}


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        ([with_neighbor(interface="eth0", address=None)], "an unnumbered session"),
        ([with_neighbor(port=1790)], "the port 1790"),
        ([with_neighbor(addressFamilies=["unicast", "l2vpn"])], "l2vpn"),
        ([with_neighbor(toReceive={"allowed": {"mode": "all"}})], "that nodes take routes"),
        ([advertising({"allowed": {"mode": "all"}, "nextHop": {"ipv4": "192.0.2.9"}})], "another next hop"),
        ([{**SPEC, "raw": {"rawConfig": "debug bgp"}}], "lines of FRR's own"),
        ([SPEC, SPEC], "stands twice"),
        (
            [SPEC, {**OTHER, "bgp": {"routers": [{"asn": 64512, "neighbors": [{**NEIGHBOR, "toAdvertise": {}}]}]}}],
            "different prefixes",
        ),
        ([SPEC, {**with_neighbor(sourceaddress="198.51.100.11", asn=64514), "nodeSelector": B}], "peerASN"),
    ],
)
def test_what_the_model_cannot_say_is_an_error_with_the_nearest_thing(specs, said):
    findings = refused(*specs)
    assert any(one.code == "FRR622" and said in one.message and one.hint and one.where.line for one in findings)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (advertising({"allowed": {"prefixes": [PREFIX, "203.0.113.0/24"]}}), "the instance has no such prefix"),
        (advertising({"withCommunity": [{"community": "1:2", "prefixes": [PREFIX]}]}), "does not hear of it"),
        (advertising({"allowed": {"mode": "all"}, "withCommunity": [{"community": "x", "prefixes": [PREFIX]}]}), "'x'"),
        (with_neighbor(bfdProfile="fast"), "no BFD profile fast"),
        (with_neighbor(dynamicASN="internal"), "either asn or dynamicASN"),
        (with_neighbor(password="x", passwordSecret={"name": "s"}), "either password or passwordSecret"),
    ],
)
def test_what_frr_k8s_itself_refuses_is_an_error(spec, said):
    assert any(said in one.message for one in refused(spec))


SAMPLES = {
    "address": "198.51.100.77", "sourceaddress": "198.51.100.78", "id": "198.51.100.79", "prefix": "203.0.113.0/24",
    "community": "64512:9", "interface": "eth0", "vrf": "red", "password": "secret", "bfdProfile": "p", "name": "s",
    "ipv4": "203.0.113.1", "ipv6": "2001:db8::1", "holdTime": "9s", "keepaliveTime": "3s", "connectTime": "7s",
    "rawConfig": "debug bgp", "operator": "Exists", "key": "zone", "namespace": "metallb-system",
}  # fmt: skip
ITEMS = {"prefixes": ["203.0.113.0/24"], "addressFamilies": ["l2vpn"], "values": ["a"]}
SILENT = {
    "raw.priority": "orders raw lines alone",
    "bgp.routers.neighbors.passwordSecret.namespace": "a Secret is found by its name",
}
"""Fields that say nothing of sessions and routes."""


def leaves(schema, path=()):
    for key, one in schema.get("properties", {}).items():
        inner = one.get("items", one)
        if "properties" in inner:
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key), one


def sample(key, schema):
    if schema["type"] == "array":
        return ITEMS.get(key, ["64512:1"])
    if schema["type"] == "object":
        return {"zone": "a"}
    if "enum" in schema:
        return next(one for one in schema["enum"] if one != schema.get("default"))
    if schema["type"] == "boolean":
        return True
    return 77 if schema["type"] == "integer" else SAMPLES.get(key, "64512:1")


def put(value, path, new):
    """Put a value at a path; of a list its first item."""
    for key in path[:-1]:
        following = value.setdefault(key, [{}] if key in LISTS else {})
        value = following[0] if isinstance(following, list) else following
    value[path[-1]] = new


LISTS = {
    "prefixes",
    "routers",
    "neighbors",
    "bfdProfiles",
    "imports",
    "l2vnis",
    "withCommunity",
    "withLocalPref",
    "matchExpressions",
}


def outcome(spec):
    """Give all that an import finds; of an error its messages."""
    try:
        found = imported(spec)
    except InputError as bad:
        return [finding.message for finding in bad.findings]
    return found.cluster, found.peer_asns, found.bfd_profiles, found.unknown_passwords


def test_every_field_of_the_definition_changes_the_cluster_or_is_an_error():
    if not CRDS.is_dir():
        pytest.skip("the CRDs of MetalLB are not at ../shared/spec/data/crds")
    crd = yaml.safe_load((CRDS / "frrk8s.metallb.io_frrconfigurations.yaml").read_text())["spec"]
    schema = crd["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    said = {
        "allowed": {"prefixes": [PREFIX, "2001:db8::/64"]},
        "withCommunity": [{"community": "1:1", "prefixes": [PREFIX]}],
        "withLocalPref": [{"localPref": 5, "prefixes": [PREFIX]}],
    }
    base = advertising(said, PREFIX, "2001:db8::/64", "203.0.113.0/24")
    before = outcome(base)
    seen, silent = 0, set()
    for path, one in leaves(schema):
        spec = copy.deepcopy(base)
        put(spec, path, sample(path[-1], one))
        after = outcome(spec)
        assert "unknown key" not in str(after), path
        if after == before:
            silent.add(".".join(path))
        seen += 1
    assert seen > 40
    assert silent == set(SILENT)
