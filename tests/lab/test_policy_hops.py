"""What FRR does with a next hop that is none: before any policy, and whatever the policy says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network

import pytest

from frrgen.policy.route import Route
from tests.lab import Lab, wait_for
from tests.lab.bgpd import Bgpd
from tests.lab.endpoint import Endpoint

US = "10.98.1.2"
RESETS = (
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.1.2.3",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
)
UNREACHED = ("169.254.1.1", "203.0.113.1")
BESIDE = "10.98.1.99"
"""An address of our network that is not the peer's."""
HOPS = (*RESETS, *UNREACHED, BESIDE, US)


@pytest.fixture(scope="module")
def seen():
    """Each next hop over a session of its own: how the session ended, and the path if there is one."""
    with Lab() as lab:
        us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
        named = {hop: f"10.98.1.{10 + number}" for number, hop in enumerate(HOPS)}
        lab.link(us, peers, f"{US}/24", "10.98.1.1/24")
        peers.address("eth0", *(f"{address}/24" for address in named.values()))
        us.start(
            "\n".join(
                [
                    "router bgp 65002",
                    " no bgp ebgp-requires-policy",
                    *(f" neighbor {one} remote-as 65001\n neighbor {one} passive" for one in named.values()),
                ]
            )
        )

        def announced(number, hop):
            bad = Route(ip_network(f"172.16.{number}.0/24"), as_path="65001", next_hop=ip_address(hop))
            good = Route(ip_network(f"172.17.{number}.0/24"), as_path="65001", next_hop=ip_address(named[hop]))
            return Endpoint(peers, named[hop], US, 65001, routes=(bad, good)).dial()

        with ThreadPoolExecutor(len(HOPS)) as pool:
            ends = list(pool.map(announced, range(len(HOPS)), HOPS))
        bgpd = Bgpd(us)

        def settled():
            paths = bgpd.paths()
            good = (paths.get(f"172.17.{number}.0/24", {}) for number in range(len(HOPS)))
            return all(end.ended or path.get("valid") for end, path in zip(ends, good, strict=True))

        # the good route was sent behind the other: once it is there, so is what becomes of the other
        wait_for("all to be told", settled)
        paths = bgpd.paths()
        yield {hop: (ends[number].ended, paths.get(f"172.16.{number}.0/24")) for number, hop in enumerate(HOPS)}


@pytest.mark.parametrize("hop", RESETS)
def test_a_next_hop_that_is_no_host_resets_the_session(seen, hop):
    """With `Invalid NEXT_HOP Attribute` (RFC 4271 section 6.3), where RFC 7606 would withdraw the route alone."""
    assert seen[hop] == ("3/8", None)


@pytest.mark.parametrize("hop", UNREACHED)
def test_a_next_hop_that_nothing_leads_to_is_let_in_and_not_valid(seen, hop):
    ended, path = seen[hop]
    assert not ended
    assert not path["valid"]


def test_a_next_hop_beside_the_peer_is_valid(seen):
    ended, path = seen[BESIDE]
    assert not ended
    assert path["valid"]


def test_a_route_to_the_router_itself_is_refused_and_the_session_stays(seen):
    assert seen[US] == ("", None)
