"""Two pfSense boxes that stand for each other: they do the same, and their CARP address fits."""

from __future__ import annotations

import copy

import pytest

from frrgen.metallb.sessions import sessions
from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.model.pairs import differences, pairs, stand_ins
from frrgen.platforms.base import of
from frrgen.speaker.plan import plan_node

VIP, SHARED = "_vip5f3a", "192.168.1.1"
ENTRY = {"seq": 5, "action": "permit", "prefix": "10.0.0.0/8"}


def box(number, **more):
    own = {"interfaces": {"lan": [f"192.168.1.{number}"], VIP: [SHARED]}, "carp_vip": VIP}
    bgp = {
        "asn": 64512,
        "router_id": f"192.168.1.{number}",
        "neighbors": {"192.168.1.9": {"remote_as": 64512, "update_source": VIP}},
    }
    return {"name": f"home{number}", "platform": "pfsense", "pfsense": own, "bgp": bgp, **more}


def network(first=None, second=None, clusters=None):
    routers = [first or box(2, ha={"peer": "home3"}), second or box(3)]
    return Network.model_validate({"routers": {one["name"]: one for one in routers}, "clusters": clusters or {}})


def found(made):
    wanted = ("FRR241", "FRR242", "FRR243", "FRR244")
    return [(one.code, ".".join(one.where.path)) for one in check(made, derive(made), of) if one.code in wanted]


def changed(one, path, value):
    made = copy.deepcopy(one)
    *steps, last = path.split("/")
    part = made
    for step in steps:
        part = part[step]
    part[last] = value
    return made


def cluster(**routers):
    return {
        "k8s": {
            "name": "k8s",
            "asn": 64513,
            "nodes": {"n1": {"addresses": ["192.168.1.10"]}},
            "pools": {"p": {"prefixes": ["192.168.10.0/24"]}},
            "routers": routers,
        }
    }


DIALLED = {"address": SHARED, "update_source": VIP}


def test_boxes_with_their_own_names_addresses_and_router_ids_are_alike():
    assert found(network()) == []
    assert [(one.first.name, one.second.name) for one in pairs(network().routers)] == [("home2", "home3")]
    both = network(second=box(3, ha={"peer": "home2"}))
    assert found(both) == []
    assert len(list(pairs(both.routers))) == 1


@pytest.mark.parametrize(
    ("peer", "second"),
    [
        ("home2", box(3)),
        ("nobody", box(3)),
        ("home3", {"name": "home3", "platform": "frr"}),
        ("home3", box(3, ha={"peer": "home4"})),
    ],
    ids=["itself", "nobody", "no box", "another's"],
)
def test_the_other_box_is_there_and_is_of_this_pair(peer, second):
    codes = found(network(box(2, ha={"peer": peer}), second))
    assert ("FRR241", "routers.home2.ha.peer") in codes


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("bgp/asn", 64999, "bgp.asn"),
        ("bgp/neighbors/192.168.1.9/timers_connect", 5, "bgp.neighbors.192.168.1.9.timers_connect"),
        (
            "prefix_lists",
            {"L": {"entries": [{"seq": 5, "action": "permit", "prefix": "10.0.0.0/8"}]}},
            "prefix_lists.L",
        ),
        ("pfsense/enforce_first_as", False, "pfsense.enforce_first_as"),
        ("pfsense/carp_vip", "none", "pfsense.carp_vip"),
        ("ownership", "full", "ownership"),
    ],
)
def test_what_only_one_box_does_is_named(path, value, said):
    assert ("FRR242", f"routers.home2.{said}") in found(network(second=changed(box(3), path, value)))


def test_sessions_from_addresses_of_one_interface_are_alike():
    first, second = (changed(box(n), "bgp/neighbors/192.168.1.9/update_source", f"192.168.1.{n}") for n in (2, 3))
    made = network({**first, "ha": {"peer": "home3"}}, second)
    assert list(differences(*made.routers.values())) == []
    own = [code for code, _ in found(made)]
    assert own == ["FRR244", "FRR244"]  # neither box takes over the other's sessions


def test_where_frr_runs_on_both_boxes_nothing_hangs_on_the_address_of_the_master():
    first, second = (changed(box(n), "pfsense/carp_vip", "none") for n in (2, 3))
    made = network({**first, "ha": {"peer": "home3"}}, second)
    assert {code for code, _ in found(made)} == {"FRR243"}
    for one in (first, second):
        one["bgp"]["neighbors"]["192.168.1.9"]["update_source"] = "lan"
    assert found(network({**first, "ha": {"peer": "home3"}}, second)) == []
    dialled = cluster(home2={**DIALLED, "update_source": "lan"}, home3={**DIALLED, "update_source": "lan"})
    codes = found(network({**first, "ha": {"peer": "home3"}}, second, dialled))
    assert codes == [("FRR243", "clusters.k8s.routers.home2"), ("FRR243", "clusters.k8s.routers.home3")]


def test_a_box_that_follows_a_carp_address_alone_gets_a_finding_about_sessions_from_its_own_addresses():
    alone = changed(box(2), "bgp/neighbors/192.168.1.9/update_source", None)
    assert found(network(alone)) == [("FRR244", "routers.home2.bgp.neighbors.192.168.1.9.update_source")]


def test_a_pair_says_whether_frr_follows_the_master():
    silent = box(2, ha={"peer": "home3"})
    del silent["pfsense"]["carp_vip"]
    assert ("FRR243", "routers.home2.pfsense") in found(network(silent))
    unknown = changed(box(2, ha={"peer": "home3"}), "pfsense/carp_vip", "_vip999")
    assert ("FRR243", "routers.home2.pfsense.carp_vip") in found(network(unknown))


def test_a_cluster_names_both_boxes_and_its_nodes_dial_their_address_once():
    made = network(clusters=cluster(home2=DIALLED))
    assert any(code == "FRR242" for code, _ in found(made))
    made = network(clusters=cluster(home2=DIALLED, home3=DIALLED))
    assert found(made) == []
    assert stand_ins(made.clusters["k8s"], made.routers) == {"home3"}
    routers = derive(made).routers
    assert [peer.router for peer in sessions(made.clusters["k8s"], routers, [])] == ["home2"]
    assert [peer.router for peer in plan_node(made, routers, None).peers] == ["home2"]
    own = cluster(home2={**DIALLED, "address": "192.168.1.2"}, home3={**DIALLED, "address": "192.168.1.3"})
    made = network(clusters=own)
    assert stand_ins(made.clusters["k8s"], made.routers) == frozenset()
