"""What is derived of a cluster admits its pools and nothing else: real nodes offer what they should not."""

from __future__ import annotations

import itertools
import json
from ipaddress import ip_address, ip_network

import pytest

from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.model.pools import carried
from frrgen.platforms.frr.render import render
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.verify import verify
from frrgen.policy.sets.route import Route
from tests.lab import Lab, wait_for
from tests.lab.endpoint import Endpoint

EDGE4, EDGE6 = "10.98.0.254", "2001:db8:98::fe"
VERSIONS = ((4,), (6,), (4, 6))
SHAPES = list(itertools.product(VERSIONS, VERSIONS))
"""The IP versions of a node's addresses, and of its cluster's pool."""
ALIEN = ("0.0.0.0/0", "203.0.113.7/32", "::/0", "2001:db8:bad::7/128")
"""What no pool has."""


def address(number, version):
    return f"10.98.1.{number}" if version == 4 else f"2001:db8:98::1:{number}"


def pool(number, version):
    return f"10.{100 + number}.0.0/24" if version == 4 else f"fd00:{number}::/120"


def clusters(asn, *, listen):
    """Return a network: a cluster for each shape, all with one router."""
    made = {}
    for number, (node, pools) in enumerate(SHAPES, 1):
        peering = {"address": EDGE4, "ipv6_address": EDGE6}
        if listen:
            peering["listen_range"] = [f"{address(number, version)}/{32 if version == 4 else 128}" for version in node]
        made[f"k{number}"] = {
            "name": f"k{number}",
            "asn": asn,
            "nodes": {f"n{number}": {"addresses": [address(number, version) for version in node]}},
            "pools": {"p": {"prefixes": [pool(number, version) for version in pools]}},
            "routers": {"edge": peering},
            "timers_connect": 1,
        }
    return made


def parts(number, versions):
    """Return what a node announces of its pool: one address of each version."""
    return {f"{pool(number, version).split('/')[0]}/{32 if version == 4 else 128}" for version in versions}


def offered(number, own, asn=None):
    """Return the routes that a node offers from an address: parts of its pool, of another pool, and alien routes."""
    hops = {4: own, 6: own if own.version == 6 else ip_address(address(number, 6))}
    prefixes = (*parts(number, (4, 6)), *parts(number % len(SHAPES) + 1, (4, 6)), *ALIEN)
    common = {"local_preference": 100} if asn is None else {"as_path": str(asn)}
    return tuple(Route(one, next_hop=hops[one.version], **common) for one in map(ip_network, prefixes))


def accepted(router, neighbor):
    found = set()
    for family in ("ipv4", "ipv6"):
        said = json.loads(router.vtysh(f"show bgp {family} unicast neighbors {neighbor} routes json") or "{}")
        found |= set(said.get("routes", {}))
    return found


@pytest.mark.parametrize("listen", [False, True], ids=["named", "range"])
@pytest.mark.parametrize("asn", [65001, 65002], ids=["ibgp", "ebgp"])
def test_exactly_the_pools_are_admitted_whatever_the_versions_of_nodes_and_pools(frr, asn, listen):
    made = clusters(asn, listen=listen)
    router = {"name": "edge", "frr_version": frr.version, "bgp": {"asn": 65001, "router_id": "10.98.0.254"}}
    network = Network.model_validate({"routers": {"edge": router}, "clusters": made})
    derived = derive(network)
    assert not [one for one in check(network, derived) if one.severity == "error"]
    wrong = [p.text for one in verify(network, derived, list(made)) for p in one.problems]
    assert [text for text in wrong if not text.startswith("no node can announce the IPv6")] == []
    with Lab(frr=frr) as lab:
        edge, nodes = lab.router("edge"), lab.router("nodes", daemons=())
        lab.link(edge, nodes, f"{EDGE4}/16", f"{address(1, 4)}/16", (f"{EDGE6}/64", f"{address(1, 6)}/64"))
        for number in range(2, len(SHAPES) + 1):
            for version, length in ((4, 16), (6, 64)):
                nodes.run("ip", "addr", "add", f"{address(number, version)}/{length}", "dev", "eth0", "nodad")
        edge.start(render(derived.routers["edge"]))
        ends = {}
        for number, (versions, pools) in enumerate(SHAPES, 1):
            cluster = network.clusters[f"k{number}"]
            for version in versions:
                own = ip_address(address(number, version))
                spoken = carried(cluster, cluster.nodes[f"n{number}"], own)
                if not spoken:
                    continue  # without a family in common a session never comes up
                routes = offered(number, own, None if asn == 65001 else asn)
                peer = EDGE4 if version == 4 else EDGE6
                end = Endpoint(nodes, str(own), peer, asn, routes=routes, identifier=address(number, 4)).dial()
                ends[str(own)] = (parts(number, spoken), parts(number, pools), end)
        for own, (wanted, most, _) in ends.items():
            wait_for(f"the routes of {own}", lambda own=own, wanted=wanted: wanted <= accepted(edge, own), 20)
            assert accepted(edge, own) <= most, own
        assert not [own for own, (*_, end) in ends.items() if end.ended]


@pytest.mark.parametrize("activate", [None, False, True])
@pytest.mark.parametrize("default", [False, True])
def test_ipv4_of_a_dynamic_neighbor_is_active_and_open_as_the_session_tells(frr, activate, default):
    """Before FRR 10.7 `no neighbor GROUP activate` reaches no dynamic neighbor, and takes the group's maps away."""
    family = {"route_map_in": "none", "route_map_out": "none"}
    group = {"remote_as": 65001, "ipv4_unicast": family if activate is None else {**family, "activate": activate}}
    group["ipv6_unicast"] = {"activate": True}
    bgp = {"asn": 65001, "router_id": "10.98.0.254", "default_ipv4_unicast": default, "peer_groups": {"g": group}}
    bgp["listen_ranges"] = {"2001:db8:98::/64": "g"}
    maps = {"none": {"entries": [{"seq": 10, "action": "deny"}]}}
    data = {"name": "edge", "frr_version": frr.version, "bgp": bgp, "route_maps": maps}
    router = Network.model_validate({"routers": {"edge": data}}).routers["edge"]
    own = address(1, 6)
    session = Session(router, own, "in")
    with Lab(frr=frr) as lab:
        edge, nodes = lab.router("edge"), lab.router("nodes", daemons=())
        lab.link(edge, nodes, f"{EDGE6}/64", f"{own}/64")
        edge.start(render(router))
        end = Endpoint(nodes, own, EDGE6, 65001, identifier="10.98.1.1", routes=offered(1, ip_address(own))).dial()
        wait_for("the routes", lambda: "::/0" in accepted(edge, own), 20)
        said = json.loads(edge.vtysh(f"show bgp neighbors {own} json"))[own]["addressFamilyInfo"]
        assert ("ipv4Unicast" in said) == session.active("ipv4_unicast")
        is_open = session.active("ipv4_unicast") and session.attached("route_map", "ipv4_unicast")[0] is None
        assert ("0.0.0.0/0" in accepted(edge, own)) == is_open
        assert not end.ended
