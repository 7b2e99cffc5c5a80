"""What bgpd does with routes beside the policy that is written: `explain` says the same of them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.sets.route import Route
from tests.lab import wait_for
from tests.lab.bgpd import Bgpd
from tests.lab.endpoint import Endpoint

US, FROM, FAR, NEAR = "10.98.1.2", "10.98.1.1", "10.98.1.3", "10.98.1.4"
"""Ourselves, who announces to us over eBGP, and who is announced to, over eBGP and over iBGP."""
ASNS = {FROM: 65001, FAR: 65003, NEAR: 65002}
INSIDE, OUTSIDE = (
    Route(ip_network(text), as_path="65001", next_hop=ip_address(FROM)) for text in ("10.1.1.0/24", "10.2.0.0/24")
)
AS_SET = Route(ip_network("10.3.0.0/24"), as_path="65001 {65010,65011}", next_hop=ip_address(FROM))


class Sessions:
    """A bgpd with a policy, and its three neighbors."""

    def __init__(self, lab, maps="", options="", family="", routes=(INSIDE, OUTSIDE)):
        # with zebra: what has no valid next hop is announced to nobody
        self.us, peers = lab.router("us", daemons=("zebra", "bgpd")), lab.router("peers", daemons=())
        lab.link(self.us, peers, f"{US}/24", f"{FROM}/24")
        peers.address("eth0", f"{FAR}/24", f"{NEAR}/24")
        neighbors = "".join(f" neighbor {one} remote-as {asn}\n neighbor {one} passive\n" for one, asn in ASNS.items())
        self.us.start(
            f"{maps}router bgp 65002\n no bgp ebgp-requires-policy\n{options}{neighbors}"
            f" address-family ipv4 unicast\n{family} exit-address-family\n"
        )
        self.peers = {
            one: Endpoint(peers, one, US, asn, routes=routes if one == FROM else ()) for one, asn in ASNS.items()
        }
        for peer in self.peers.values():
            peer.dial()
        self.bgpd = Bgpd(self.us)

    def explained(self, neighbor, direction, route):
        """Judge by the running configuration."""
        return evaluate(parse(self.us.running_config(), name="us").router, neighbor, direction, route)

    def announced(self, route, neighbor):
        """Judge a route that was let in by what goes out."""
        came = self.explained(FROM, "in", route)
        assert came.verdict == "permit"
        return self.explained(neighbor, "out", came.route)

    def hears(self, neighbor, *prefixes):
        """Wait until a neighbor has heard exactly these."""
        heard = self.peers[neighbor].heard
        wait_for(f"what {neighbor} hears", lambda: set(heard) == {ip_network(text) for text in prefixes}, 20)
        return heard


def said(route):
    """Give what a graceful shutdown changes."""
    return route.community_string, route.local_preference


@pytest.mark.frr(before="10", reason="from FRR 10 on the route alone is dropped")
def test_an_as_set_ends_the_session_if_as_sets_are_rejected(lab):
    """With `Update Message Error, Invalid Network Field` (3/10): what it announced else goes with it."""
    one = Sessions(lab, options=" bgp reject-as-sets\n", routes=(OUTSIDE, AS_SET))
    wait_for("the end", lambda: one.peers[FROM].ended)
    assert one.peers[FROM].ended == "3/10"
    wait_for("its routes to go", lambda: not one.bgpd.paths())
    verdict = one.explained(FROM, "in", AS_SET)
    assert verdict.verdict == "deny"
    assert "ends the session" in str(verdict.trace[-1].why)
    assert one.explained(FROM, "in", OUTSIDE).verdict == "permit"


@pytest.mark.frr(since="10", reason="FRR 8.4 ends the session")
def test_an_as_set_is_dropped_alone_if_as_sets_are_rejected(lab):
    one = Sessions(lab, options=" bgp reject-as-sets\n", routes=(AS_SET, OUTSIDE))
    wait_for("the other", lambda: set(one.bgpd.paths()) == {str(OUTSIDE.prefix)})
    assert not one.peers[FROM].ended
    verdict = one.explained(FROM, "in", AS_SET)
    assert verdict.verdict == "deny"
    assert "ends the session" not in str(verdict.trace[-1].because)


@pytest.mark.frr(before="10.5", reason="later FRRs reject AS_SETs unasked")
def test_an_as_set_is_let_in_if_nothing_is_said_of_it(lab):
    one = Sessions(lab, routes=(OUTSIDE, AS_SET))
    wait_for("both", lambda: set(one.bgpd.paths()) == {str(OUTSIDE.prefix), str(AS_SET.prefix)})
    assert one.explained(FROM, "in", AS_SET).verdict == "permit"


def test_a_graceful_shutdown_is_told_to_everybody_behind_their_policy(lab):
    """The maps take the community away and set another preference, and it is there all the same."""
    one = Sessions(
        lab,
        maps="route-map OUT permit 10\n set community none\n set local-preference 200\nexit\n",
        options=" bgp graceful-shutdown\n",
        family="".join(
            f"  neighbor {peer} route-map OUT {to}\n" for peer, to in ((FROM, "in"), (FAR, "out"), (NEAR, "out"))
        ),
    )
    both = [str(route.prefix) for route in (INSIDE, OUTSIDE)]
    far, near = one.hears(FAR, *both)[OUTSIDE.prefix], one.hears(NEAR, *both)[OUTSIDE.prefix]
    came = one.bgpd.paths()[str(OUTSIDE.prefix)]
    assert said(one.explained(FROM, "in", OUTSIDE).route) == (came["community"]["string"], came["locPrf"])
    # no local preference crosses the border of an AS
    assert said(replace(one.announced(OUTSIDE, FAR).route, local_preference=None)) == said(far)
    assert said(one.announced(OUTSIDE, NEAR).route) == said(near)
    assert said(far) == ("graceful-shutdown", None)
    assert said(near) == ("", 0)
    assert (came["community"]["string"], came["locPrf"]) == ("graceful-shutdown", 0)


def test_what_is_inside_of_an_aggregate_is_withheld_and_explain_does_not_call_it_announced(lab):
    one = Sessions(lab, family="  aggregate-address 10.1.0.0/16 summary-only\n")
    for neighbor in (FAR, NEAR):
        one.hears(neighbor, "10.1.0.0/16", str(OUTSIDE.prefix))
        withheld = one.announced(INSIDE, neighbor)
        assert withheld.verdict == "undecided"
        assert "summary_only of the aggregate 10.1.0.0/16" in withheld.undecided
        assert one.announced(OUTSIDE, neighbor).verdict == "permit"
    assert str(INSIDE.prefix) in one.bgpd.paths()


@pytest.mark.parametrize("neighbor", [NEAR, FAR], ids=["ibgp", "ebgp"])
def test_outbound_a_preference_that_is_absent_is_the_default_one_within_the_as_and_0_at_its_border(lab, neighbor):
    """Each entry lets one of the two preferences pass, and tells which by a community."""
    one = Sessions(
        lab,
        maps=(
            "route-map OUT permit 10\n match local-preference 150\n set community 65002:150\nexit\n"
            "route-map OUT permit 20\n match local-preference 100\n set community 65002:100\nexit\n"
            "route-map OUT permit 30\n match local-preference 0\n set community 65002:0\nexit\n"
        ),
        options=" bgp default local-preference 150\n",
        family=f"  neighbor {neighbor} route-map OUT out\n",
        routes=(OUTSIDE,),
    )
    heard = one.hears(neighbor, str(OUTSIDE.prefix))[OUTSIDE.prefix]
    assert heard.community_string == ("65002:150" if neighbor == NEAR else "65002:0")
    assert one.announced(OUTSIDE, neighbor).route.community_string == heard.community_string
