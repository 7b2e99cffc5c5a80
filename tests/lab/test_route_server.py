"""What a route server changes of a route: nothing between its clients, and `explain` says so."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.outbound import behind_policy
from frrgen.policy.frr.session import Session
from frrgen.policy.sets.route import Route
from tests.lab import wait_for
from tests.lab.endpoint import Endpoint

US = "10.98.1.2"
CLIENT, OTHER, PLAIN, SOURCE = "10.98.1.11", "10.98.1.12", "10.98.1.13", "10.98.1.14"
ASNS = {CLIENT: 64501, OTHER: 64502, PLAIN: 64503, SOURCE: 64504}


@pytest.fixture
def heard(lab):
    """What a client and another neighbor hear of routes of a client and of another neighbor."""
    us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
    lab.link(us, peers, f"{US}/24", "10.98.1.1/24")
    peers.address("eth0", *(f"{one}/24" for one in ASNS))
    lines = [f" neighbor {one} remote-as {asn}\n neighbor {one} passive\n" for one, asn in ASNS.items()]
    family = "".join(f"  neighbor {one} route-server-client\n" for one in (CLIENT, OTHER))
    us.start(
        f"router bgp 64500\n no bgp ebgp-requires-policy\n{''.join(lines)}"
        f" address-family ipv4 unicast\n{family} exit-address-family\n"
    )
    ends = {}
    for number, (one, asn) in enumerate(ASNS.items(), 1):
        route = Route(ip_network(f"10.{number}.0.0/16"), as_path=str(asn), next_hop=ip_address(one), med=50)
        ends[one] = Endpoint(peers, one, US, asn, routes=(route,)).dial()
    for end in ends.values():
        wait_for(f"what {end.address} hears", lambda end=end: len(end.heard) >= 3, 20)
    router = parse(us.running_config(), name="us").router
    told = {one: behind_policy(Session.find(router, one, "out"), "ipv4_unicast") for one in ASNS}

    def of(listener, source):
        number = list(ASNS).index(source) + 1
        route = ends[listener].heard[ip_network(f"10.{number}.0.0/16")]
        return route.as_path, str(route.next_hop), route.med

    return of, told


def test_a_client_gets_path_and_next_hop_as_they_came_and_the_med_of_other_clients(heard):
    of, told = heard
    assert of(CLIENT, OTHER) == ("64502", OTHER, 50)
    path, hop, med = of(CLIENT, SOURCE)
    assert (path, med) == ("64504", None)
    assert hop == SOURCE, "of the same subnet"
    assert not any("in front of the AS path" in one for one in told[CLIENT])
    assert any("no MED" in one and "no route-server clients" in one for one in told[CLIENT])
    assert not any("next hop" in one for one in told[CLIENT])


def test_a_neighbor_that_is_no_client_gets_the_servers_own_as_in_front(heard):
    of, told = heard
    assert of(PLAIN, CLIENT) == ("64500 64501", CLIENT, None)
    assert of(PLAIN, SOURCE) == ("64500 64504", SOURCE, None)
    assert "puts its own AS in front of the AS path" in told[PLAIN]
