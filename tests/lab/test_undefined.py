"""What FRR does with a route map that is not defined, in each place where one is named: `check` says so."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from frrgen.model.check import check
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.sets.route import Route
from tests.lab import wait_for
from tests.lab.bgpd import Bgpd
from tests.lab.endpoint import Endpoint

US = "10.98.1.2"
OPTIONS = {
    "10.98.1.10": "",
    "10.98.1.11": "unsuppress-map GONE",
    "10.98.1.12": "advertise-map GONE exist-map NEVER",
    "10.98.1.13": "advertise-map ONE exist-map GONE",
    "10.98.1.14": "advertise-map ONE non-exist-map GONE",
    "10.98.1.15": "default-originate route-map GONE",
    "10.98.1.16": "advertise-map ONE exist-map NEVER",
    "10.98.1.17": "route-map GONE out",
}
FAMILY = """\
 network 10.1.0.0/16
 network 10.2.1.0/24
 network 10.3.0.0/16 route-map GONE
 network 10.5.1.0/24
 network 10.6.1.0/24
 redistribute static route-map GONE
 aggregate-address 10.2.0.0/16 summary-only
 aggregate-address 10.5.0.0/16 route-map GONE
 aggregate-address 10.6.0.0/16 suppress-map GONE
"""
ALL = {"10.1.0.0/16", "10.2.0.0/16", "10.5.1.0/24", "10.6.0.0/16", "10.6.1.0/24", "10.8.0.0/16"}
HEARD = {
    **dict.fromkeys(OPTIONS, ALL),
    # the one condition that holds: not to be met
    "10.98.1.16": ALL - {"10.1.0.0/16"},
    "10.98.1.17": set(),
}
SAID = {
    "FRR announces nothing of what an aggregate holds back",
    "there is no condition, and FRR announces what the policy admits",
    "FRR announces no default route",
    "FRR does not bring the prefix in",
    "FRR brings none of these routes in",
    "FRR makes no such aggregate",
    "FRR holds nothing back",
    "FRR denies every route",
}


def text():
    lines = ["ip route 10.9.0.0/16 blackhole", "ip prefix-list ONE seq 5 permit 10.1.0.0/16"]
    lines += ["ip prefix-list NEVER seq 5 permit 10.77.0.0/16"]
    for name in ("ONE", "NEVER"):
        lines += [f"route-map {name} permit 10", f" match ip address prefix-list {name}", "exit"]
    lines += ["router bgp 65002", " no bgp ebgp-requires-policy", " no bgp network import-check"]
    lines.append(" bgp conditional-advertisement timer 5")
    for address in (*OPTIONS, "10.98.1.1"):
        lines += [f" neighbor {address} remote-as 65001", f" neighbor {address} passive"]
        lines.append(f" neighbor {address} advertisement-interval 0")
    lines += [" address-family ipv4 unicast", *(f" {line}" for line in FAMILY.splitlines())]
    lines += [f"  neighbor {address} {option}" for address, option in OPTIONS.items() if option]
    return "\n".join([*lines, " exit-address-family", "exit", ""])


@pytest.mark.sample("8.4")
def test_what_a_missing_route_map_does_is_what_check_says(lab):
    us, peers = lab.router("us", daemons=("zebra", "bgpd", "staticd")), lab.router("peers", daemons=())
    lab.link(us, peers, f"{US}/24", "10.98.1.1/24")
    peers.address("eth0", *(f"{address}/24" for address in OPTIONS))
    us.start(text())
    other = Route(ip_network("10.8.0.0/16"), as_path="65001 65009", next_hop=ip_address("10.98.1.1"))
    Endpoint(peers, "10.98.1.1", US, 65001, routes=(other,)).dial()
    bgpd = Bgpd(us)
    wait_for("the routes", lambda: bgpd.paths().keys() >= ALL)
    ends = {address: Endpoint(peers, address, US, 65001).dial() for address in OPTIONS}
    # behind the run of the timer every condition was asked
    wait_for(
        "the announcements",
        lambda: {address: {str(one) for one in end.heard} for address, end in ends.items()} == HEARD,
    )
    router = parse(us.running_config(), name="us", frr_version=lab.frr.version).router
    network = Network(routers={"us": router})
    found = [one.message for one in check(network, derive(network)) if one.code == "FRR210"]
    assert {one.partition(" is not defined: ")[2] for one in found} == SAID
