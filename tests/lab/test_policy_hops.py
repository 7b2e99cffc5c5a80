"""What FRR does with a next hop that is none: before any policy, and whatever the policy says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import product

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Alphabet, Policy
from frrgen.policy.frr.evaluate import judge
from frrgen.policy.frr.session import Session
from frrgen.policy.frr.symbolic import outcomes
from frrgen.policy.sets.prefix_set import PrefixSet
from frrgen.policy.sets.region import RouteBox, meet, next_hop_number
from frrgen.policy.sets.route import Route
from frrgen.policy.sets.witness import Literal
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
RESERVED = ("240.0.0.1", "255.255.255.255")
UNREACHED = ("169.254.1.1", "203.0.113.1")
BESIDE = "10.98.1.99"
"""An address of our network that is not the peer's."""
HOPS = (*RESETS, *UNREACHED, BESIDE, US)


@pytest.fixture(scope="module")
def seen(frr):
    """Each next hop over a session of its own: how the session ended, and the path if there is one."""
    with Lab(frr=frr) as lab:
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
def test_a_next_hop_that_is_no_host_resets_the_session(seen, hop, frr):
    """With `Invalid NEXT_HOP Attribute` (RFC 4271 section 6.3); from FRR 10.7 on the route alone may go (RFC 7606)."""
    ended, path = seen[hop]
    if frr.numbers < (10, 7):
        assert (ended, path) == ("3/8", None)
    elif hop in RESERVED:
        assert not ended
        assert not path["valid"]
    else:
        assert (ended, path) == ("", None)


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


MAP = f"""
ip prefix-list AWAY seq 5 permit 172.16.1.0/24
ip prefix-list HOME seq 5 permit 172.16.2.0/24
ipv6 prefix-list AWAY seq 5 permit 2001:db8:1::/48
ipv6 prefix-list HOME seq 5 permit 2001:db8:2::/48
route-map RM permit 10
 match ip address prefix-list AWAY
 set ip next-hop {BESIDE}
route-map RM permit 20
 match ip address prefix-list HOME
 set ip next-hop {US}
route-map RM permit 30
 match ipv6 address prefix-list AWAY
 set ipv6 next-hop global 2001:db8:98::99
route-map RM permit 40
 match ipv6 address prefix-list HOME
 set ipv6 next-hop global 2001:db8:98::2
route-map RM permit 50
router bgp 65002
 bgp allow-martian-nexthop
 neighbor 10.98.1.1 remote-as 65001
 neighbor 10.98.1.1 passive
 address-family ipv4 unicast
  neighbor 10.98.1.1 route-map RM in
 address-family ipv6 unicast
  neighbor 10.98.1.1 activate
  neighbor 10.98.1.1 route-map RM in
"""


@pytest.mark.parametrize("allowed", [False, True])
def test_whether_a_route_leads_to_the_router_itself_is_asked_behind_the_policy(lab, allowed):
    """`bgp allow-martian-nexthop` changes nothing of it on 8.4, and lets all of them in from FRR 10 on."""
    us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
    lab.link(us, peers, f"{US}/24", "10.98.1.1/24", ("2001:db8:98::2/64", "2001:db8:98::1/64"))
    us.start(MAP if allowed else MAP.replace(" bgp allow-martian-nexthop\n", ""))
    near = {4: "10.98.1.1", 6: "2001:db8:98::1"}
    home = {4: US, 6: "2001:db8:98::2"}
    routes = tuple(
        Route(ip_network(prefix), as_path="65001", next_hop=ip_address(hops[4 if "." in prefix else 6]))
        for number, hops in enumerate((home, home, near, near))
        for prefix in (f"172.16.{number}.0/24", f"2001:db8:{number}::/48")
    )
    peer = Endpoint(peers, "10.98.1.1", US, 65001, routes=routes).dial()
    bgpd = Bgpd(us)
    wait_for("the updates", lambda: bgpd.updates("10.98.1.1") >= peer.updates)
    session = Session(parse(us.running_config(), name="us").router, "10.98.1.1", "in")
    session.own_addresses |= {ip_address(US), ip_address("2001:db8:98::2")}
    expected = {str(route.prefix) for route in routes if judge(session, route).verdict == "permit"}
    numbers = range(4) if allowed and lab.frr.numbers >= (10,) else (1, 3)
    texts = [text for n in numbers for text in (f"172.16.{n}.0/24", f"2001:db8:{n}::/48")]
    assert expected == {str(ip_network(text)) for text in texts}
    wait_for("the routes", lambda: set(bgpd.paths()) == expected)


NONE = ("::", "::1", "ff02::1", "ff0e::1")
RECEIVED = {
    4: (*RESETS, "10.98.1.2", "10.98.1.99", "169.254.1.1"),
    6: (*NONE, "2001:db8:98::2", "2001:db8:98::99", "fe80::99", "fec0::1", "::ffff:127.0.0.1"),
}
SET = (
    ("set ip next-hop 10.98.1.2",),
    ("set ipv6 next-hop global 2001:db8:98::2",),
    ("set ip next-hop 10.98.1.99", "set ipv6 next-hop global 2001:db8:98::2"),
    ("set ip next-hop 10.98.1.2", "set ipv6 next-hop global 2001:db8:98::99"),
    ("set ip next-hop peer-address",),
    ("set ipv6 next-hop peer-address",),
    ("set ip next-hop peer-address", "set ipv6 next-hop global 2001:db8:98::2"),
    ("set ip next-hop unchanged",),
)
MENDED = ("set ip next-hop 10.98.1.99", "set ipv6 next-hop global 2001:db8:98::99")
"""What a map sets so that the next hop is good, whatever came."""


def tries():
    """Give each next hop and each map over sessions of both versions: (address, map, next hop of a version)."""
    for version, hops in RECEIVED.items():
        for hop, clauses in product(hops, ((), MENDED)):
            # IPv4 prefixes come over IPv6 with an IPv6 next hop, too (RFC 8950)
            for carried in (4, 6) if version == 6 and not clauses else (version,):
                yield version, clauses, carried, hop
    for clauses in SET:
        for over, carried in product((4, 6), (4, 6)):
            yield over, clauses, carried, {4: "10.98.1.1", 6: "2001:db8:98::1"}[6 if over == 6 else carried]


@pytest.mark.parametrize("allowed", [False, True])
def test_the_next_hops_that_bgpd_refuses_are_those_that_explain_and_the_proofs_refuse(lab, allowed):
    """`explain` and the proofs say of each whether bgpd has the route, by each version's own rules."""
    us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
    lab.link(us, peers, f"{US}/24", "10.98.1.1/24", ("2001:db8:98::2/64", "2001:db8:98::1/64"))
    ends, text = {}, []
    for number, (over, clauses, carried, hop) in enumerate(tries(), 10):
        address = f"10.98.1.{number}" if over == 4 else f"2001:db8:98::{number:x}"
        prefix = f"172.16.{number}.0/24" if carried == 4 else f"2001:db8:{number:x}::/48"
        path = "65001"
        bad = Route(ip_network(prefix), as_path=path, next_hop=ip_address(hop))
        ends[address] = Endpoint(
            peers, address, US if over == 4 else "2001:db8:98::2", 65001, routes=(bad,), identifier=f"10.98.1.{number}"
        )
        text += [f"route-map M{number} permit 10", *(f" {one}" for one in clauses), "exit"]
        peers.address("eth0", f"{address}/{24 if over == 4 else 64}")
    text += ["router bgp 65002", *([" bgp allow-martian-nexthop"] if allowed else [])]
    for address in ends:
        text += [f" neighbor {address} remote-as 65001", f" neighbor {address} passive"]
        text += [f" neighbor {address} capability extended-nexthop"] if ":" in address else []
    for family in ("ipv4", "ipv6"):
        text.append(f" address-family {family} unicast")
        for number, address in enumerate(ends, 10):
            text += [f"  neighbor {address} activate", f"  neighbor {address} route-map M{number} in"]
        text.append(" exit-address-family")
    us.start("\n".join([*text, "exit", ""]))
    with ThreadPoolExecutor(len(ends)) as pool:
        list(pool.map(Endpoint.dial, ends.values()))
    bgpd = Bgpd(us)
    router = parse(us.running_config(), name="us", frr_version=lab.frr.version).router
    expected = {}
    for address, end in ends.items():
        session = Session(router, address, "in")
        session.own_addresses |= {ip_address(US), ip_address("2001:db8:98::2")}
        (route,) = end.routes
        verdict = judge(session, route)
        assert verdict.verdict == in_all(session, route), (address, str(route))
        if verdict.verdict == "permit":
            expected[str(route.prefix)] = verdict.route.next_hop
    assert (len(expected) < len(ends)) is not (allowed and lab.frr.numbers >= (10,))
    wait_for("the updates", lambda: all(one.ended or bgpd.updates(where) >= one.updates for where, one in ends.items()))
    wait_for("the routes", lambda: {prefix: hop_of(path) for prefix, path in bgpd.paths().items()} == expected)


def hop_of(path):
    """Return the next hop of a path as bgpd shows it."""
    hops = path["nexthops"]
    return ip_address(next(one["ip"] for one in hops if one.get("scope") != "link-local" or len(hops) == 1))


def in_all(session, route):
    """Say what the symbolic engine says of the class that holds a route."""
    policy = Policy(session.router, session)
    box = RouteBox(next_hop=(number := next_hop_number(route.next_hop), number + 1), tag=(0, 1))
    own = {replace(box, path=frozenset({Literal(f"^{route.as_path}$")})): PrefixSet.block(route.prefix)}
    found = outcomes(policy, route.prefix.version, Alphabet.of(policy))
    (verdict,) = {one.verdict for one in found if meet(own, one.region)}
    return verdict
