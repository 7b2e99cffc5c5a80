"""What a cluster means for a pfSense box, whose neighbors have one set of options for both families."""

from __future__ import annotations

import itertools

import pytest

from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.policy.questions.verify import verify

ADDRESSES = {4: "192.168.1.22", 6: "fd00:1::22"}
PREFIXES = {4: "192.168.10.0/24", 6: "fd00:10::/112"}
SOME = ((4,), (6,), (4, 6))


def network(nodes, pools, *, asn=64513, router=None, **peering):
    box = {"interfaces": {"lan": ["192.168.1.1", "fd00:1::1"]}}
    home = {"name": "home", "platform": "pfsense", "pfsense": box, "bfd_profiles": {"fast": {}}, "bgp": {"asn": 64512}}
    home["bgp"] |= router or {}
    cluster = {
        "name": "k",
        "asn": asn,
        "nodes": {"n": {"addresses": [ADDRESSES[one] for one in nodes]}},
        "pools": {"p": {"prefixes": [PREFIXES[one] for one in pools]}},
        "routers": {"home": {"address": "192.168.1.1", "ipv6_address": "fd00:1::1", **peering}},
    }
    return Network.model_validate({"routers": {"home": home}, "clusters": {"k": cluster}})


def errors(made):
    return [one for one in check(made, derive(made)) if one.severity == "error"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"peer_group": "all"},
        {"update_source": "lan"},
        {"bfd_profile": "fast"},
        {"maximum_prefix": 200_000},
        {"timers_connect": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("asn", [64512, 64513])
@pytest.mark.parametrize(("nodes", "pools"), list(itertools.product(SOME, SOME)))
def test_the_package_can_say_every_cluster(nodes, pools, asn, more):
    made = network(nodes, pools, asn=asn, **more)
    assert errors(made) == []
    wrong = [one.text for agreement in verify(made, derive(made), ["k"]) for one in agreement.problems]
    assert [text for text in wrong if not text.startswith("no node can announce the IPv6")] == []


def test_a_session_that_would_say_nothing_is_not_made():
    bgp = derive(network((4, 6), (4,))).routers["home"].bgp
    assert set(bgp.neighbors) == {ADDRESSES[4]}
    assert bgp.default_ipv4_unicast


def test_a_neighbor_that_carries_no_ipv4_is_kept_out_of_it_by_the_instance():
    own = {"neighbors": {"192.0.2.1": {"remote_as": 64512}, "192.0.2.2": {"remote_as": 64512, "peer_group": "g"}}}
    own["peer_groups"] = {"g": {"ipv4_unicast": {"activate": True}}}
    bgp = derive(network((6,), (6,), router=own)).routers["home"].bgp
    assert bgp.default_ipv4_unicast is False
    assert bgp.neighbors[ADDRESSES[6]].ipv4_unicast.activate is None
    assert bgp.neighbors["192.0.2.1"].ipv4_unicast.activate is True
    assert bgp.neighbors["192.0.2.2"].ipv4_unicast.activate is None


def test_where_the_routers_file_wants_ipv4_by_default_it_is_closed():
    made = network((6,), (6,), router={"default_ipv4_unicast": True})
    assert errors(made) == []
    assert [one.text for two in verify(made, derive(made), ["k"]) for one in two.problems] == []


@pytest.mark.parametrize("pools", SOME)
def test_a_listen_range_is_one_error_at_the_clusters_own_line(pools):
    (only,) = errors(network((4,), pools, listen_range=["192.168.1.0/24"]))
    assert only.where.path == ("clusters", "k", "routers", "home", "listen_range")
    assert "remove listen_range" in only.hint


@pytest.mark.parametrize("version", [4, 6])
def test_the_package_can_say_every_pair_of_lengths(version):
    longest = 32 if version == 4 else 128
    length = 24 if version == 4 else 112
    field = "lengths" if version == 4 else "ipv6_lengths"
    for low, high in itertools.combinations_with_replacement(range(length, longest + 1), 2):
        made = network((version,), (version,))
        pool = made.clusters["k"].pools["p"].model_copy(update={field: (low, high)})
        cluster = made.clusters["k"].model_copy(update={"pools": {"p": pool}})
        made = made.model_copy(update={"clusters": {"k": cluster}})
        assert errors(made) == [], (low, high)
        wrong = [one.text for two in verify(made, derive(made), ["k"]) for one in two.problems]
        assert wrong == [], (low, high)
