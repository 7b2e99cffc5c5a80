"""What is derived of a cluster for a pfSense box: its package can say it, and it admits the pools and nothing else."""

from __future__ import annotations

import contextlib
from ipaddress import ip_address

import pytest

from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.model.pools import carried
from frrgen.platforms.pfsense.device import PfsenseDevice
from frrgen.platforms.pfsense.push import PfsensePush
from frrgen.platforms.pfsense.wanted import Wanted
from frrgen.policy.questions.verify import verify
from frrgen.transaction.base import State
from tests.lab import Lab, wait_for
from tests.lab.endpoint import Endpoint
from tests.lab.pfsense import Pfsense, lacking
from tests.lab.test_clusters import EDGE4, EDGE6, SHAPES, accepted, address, clusters, offered, parts
from tests.pfsense import GOLDEN

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
]
OWN4, OWN6 = "10.98.9.1", "2001:db8:98::9:1"
"""Neighbors of the router's own file, which say nothing of families."""


def network_of(asn, package):
    router = {
        "name": "edge",
        "platform": "pfsense",
        "pfsense": {"package": package, "interfaces": {"lan": [EDGE4, EDGE6]}},
        "bgp": {
            "asn": 65001,
            "router_id": EDGE4,
            "neighbors": {OWN4: {"remote_as": 65001}, OWN6: {"remote_as": 65001, "ipv6_unicast": {"activate": True}}},
        },
        "ownership": "full",
    }
    made = clusters(asn, listen=False)
    for one in made.values():
        one["routers"]["edge"]["update_source"] = "lan"
    return Network.model_validate({"routers": {"edge": router}, "clusters": made})


@pytest.mark.parametrize("package", ["2.0", "2.1"])
@pytest.mark.parametrize("asn", [65001, 65002], ids=["ibgp", "ebgp"])
def test_exactly_the_pools_are_admitted_whatever_the_versions_of_nodes_and_pools(frr, asn, package):
    network = network_of(asn, package)
    derived = derive(network)
    assert not [one for one in check(network, derived) if one.severity == "error"]
    wrong = [p.text for one in verify(network, derived, list(network.clusters)) for p in one.problems]
    assert [text for text in wrong if not text.startswith("no node can announce the IPv6")] == []
    with Lab(frr=frr) as lab:
        version = {"2.0": "2.0.2_7", "2.1": "2.1.2_1"}[package]
        edge = lab.add(Pfsense("edge", lab.folder / "edge", frr=lab.frr, package=version))
        nodes = lab.router("nodes", daemons=())
        lab.link(edge, nodes, f"{EDGE4}/16", f"{address(1, 4)}/16", (f"{EDGE6}/64", f"{address(1, 6)}/64"))
        for number in range(2, len(SHAPES) + 1):
            for family, length in ((4, 16), (6, 64)):
                nodes.run("ip", "addr", "add", f"{address(number, family)}/{length}", "dev", "eth0", "nodad")
        lab.sshd(edge)
        text = (GOLDEN / "article.xml").read_text()
        edge.start(text.replace("192.168.1.1<", f"{EDGE4}<").replace("fd00:1::1<", f"{EDGE6}<"))
        router = derived.routers["edge"]
        ends = {}
        for half in (4, 6):
            # the IPv6 half comes to groups, and to an instance, that are there already
            pushed = _without(router, half) if half == 4 else router
            with contextlib.closing(PfsenseDevice(pushed, ssh_config=lab.ssh_config())) as device:
                assert PfsensePush(device, Wanted(pushed)).run().state is State.CONFIRMED
            ends |= _dial(network, nodes, asn, half)
            for own, (wanted, most, _) in ends.items():
                wait_for(f"the routes of {own}", lambda own=own, wanted=wanted: wanted <= accepted(edge, own), 20)
                assert accepted(edge, own) <= most, own
        with contextlib.closing(PfsenseDevice(router, ssh_config=lab.ssh_config())) as device:
            assert PfsensePush(device, Wanted(router)).run().state is State.UNCHANGED
        assert not [own for own, (*_, end) in ends.items() if end.ended]
        own = edge.bgp("neighbors")
        assert set(own[OWN4]["addressFamilyInfo"]) == {"ipv4Unicast"}
        assert set(own[OWN6]["addressFamilyInfo"]) == {"ipv4Unicast", "ipv6Unicast"}


def _without(router, version):
    bgp = router.bgp
    kept = {peer: one for peer, one in bgp.neighbors.items() if ip_address(peer).version == version}
    kept |= {peer: one for peer, one in bgp.neighbors.items() if peer in {OWN4, OWN6}}
    return router.model_copy(update={"bgp": bgp.model_copy(update={"neighbors": kept})})


def _dial(network, nodes, asn, half):
    ends = {}
    for number, (versions, pools) in enumerate(SHAPES, 1):
        cluster = network.clusters[f"k{number}"]
        for own in (ip_address(address(number, version)) for version in versions if version == half):
            spoken = carried(cluster, cluster.nodes[f"n{number}"], own)
            if spoken:
                routes = offered(number, own, None if asn == 65001 else asn)
                peer = EDGE4 if half == 4 else EDGE6
                end = Endpoint(nodes, str(own), peer, asn, routes=routes, identifier=address(number, 4)).dial()
                ends[str(own)] = (parts(number, spoken), parts(number, pools), end)
    return ends
