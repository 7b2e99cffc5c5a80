"""An entry behind a clause that cannot be decided is not called unreachable."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

import pytest

from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.model.policy import Match
from frrgen.model.router import Router
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.questions.audit import audit
from frrgen.policy.sets.route import Route

CLAUSES = (
    "match rpki invalid",
    "match probability 50",
    "match interface eth0",
    "match extcommunity E",
    "match alias A",
    "match source-vrf V",
    "match peer 192.0.2.1",
    "match ip route-source prefix-list P",
    "match community C",
    "match large-community C exact-match",
)
SETS = ("set metric rtt\n on-match next", "set as-path prepend 1\n set as-path exclude 1\n on-match next")
LISTS = """\
ip prefix-list P seq 5 permit 192.0.2.0/24 le 32
bgp community-list expanded C seq 5 permit 1:1 2:2
bgp large-community-list standard C seq 5 permit 1:1:1
bgp extcommunity-list standard E seq 5 permit rt 1:1
"""


def said(text, version):
    router = parse(text, name="d", frr_version=version).router
    network = Network(routers={"d": router})
    return [finding for finding in audit(network, derive(network)) if finding.code in {"FRR312", "FRR313"}]


@pytest.mark.parametrize("version", ["8.4.4", "10.3", "10.7.1"])
@pytest.mark.parametrize("action", ["permit", "deny"])
@pytest.mark.parametrize("clause", CLAUSES)
def test_what_is_behind_a_clause_that_cannot_be_decided_may_be_reached(clause, action, version):
    assert not said(f"{LISTS}route-map M {action} 10\n {clause}\nroute-map M permit 20\n set metric 1\n", version)


@pytest.mark.parametrize("sets", SETS)
def test_what_is_behind_a_set_that_cannot_be_decided_may_be_reached(sets):
    assert not said(f"route-map M permit 10\n {sets}\nroute-map M permit 20\n set metric 1\n", "8.4.4")


def test_what_is_behind_an_entry_that_takes_every_route_is_found():
    found = said("route-map M permit 10\nroute-map M permit 20\n set metric 1\n", "8.4.4")
    assert [finding.code for finding in found] == ["FRR312"]


VALUES = {
    "ip_address": "A",
    "ip_address_prefix_list": "P",
    "ip_address_prefix_len": 24,
    "ipv6_address": "A",
    "ipv6_address_prefix_list": "P",
    "ipv6_address_prefix_len": 64,
    "ip_next_hop": "A",
    "ip_next_hop_address": "192.0.2.7",
    "ip_next_hop_prefix_list": "P",
    "ip_next_hop_prefix_len": 32,
    "ip_next_hop_blackhole": True,
    "ipv6_next_hop": "A",
    "ipv6_next_hop_address": "2001:db8::7",
    "ipv6_next_hop_prefix_list": "P",
    "ipv6_next_hop_blackhole": True,
    "ip_route_source": "A",
    "ip_route_source_prefix_list": "P",
    "as_path": "L",
    "community": {"name": "C"},
    "large_community": {"name": "C"},
    "extcommunity": {"name": "E"},
    "local_preference": 7,
    "metric": 7,
    "tag": "untagged",
    "origin": "egp",
    "peer": "192.0.2.1",
    "interface": "eth0",
    "source_protocol": "static",
    "source_vrf": "red",
    "probability": 50,
    "rpki": "invalid",
    "alias": "A",
    "as_path_count": 3,
    "community_limit": 3,
    "extcommunity_limit": 3,
    "src_peer": "192.0.2.1",
    "rpki_extcommunity": "invalid",
    "script": "s",
    "source_instance": 3,
    "vpn_dataplane": "mpls",
}
"""A value of each match clause."""
SURE = re.compile("never|always|take it away|remove it|at all|permits everything|is not reached")


def audited(clause, shape):
    """What the audit says of a router whose map asks the clause, in a shape of map."""
    match = {clause: VALUES[clause]}
    first = {"seq": 10, "action": "deny" if shape == "deny" else "permit", "match": match}
    entries = [first, {"seq": 20, "action": "permit", "set": {"metric": 1}}]
    maps = {"M": {"entries": entries}}
    if shape == "call":
        entries[0] = {"seq": 10, "action": "permit", "call": "N", "on_match": "next"}
        maps["N"] = {"entries": [first]}
    lists = {
        "prefix_lists": {"P": {"entries": [{"seq": 5, "action": "permit", "prefix": "192.0.2.0/24", "le": 32}]}},
        "ipv6_prefix_lists": {"P": {"entries": [{"seq": 5, "action": "permit", "prefix": "2001:db8::/32", "le": 128}]}},
        "as_path_lists": {"L": {"entries": [{"seq": 5, "action": "permit", "regex": "_7_"}]}},
        "large_community_lists": {"C": {"entries": [{"seq": 5, "action": "permit", "communities": ["1:1:1"]}]}},
        "community_lists": {"C": {"entries": [{"seq": 5, "action": "permit", "communities": ["1:1"]}]}},
    }
    peer = {"remote_as": 65002, "ipv4_unicast": {"route_map_in": "M", "route_map_out": "M"}}
    data = {"name": "d", "frr_version": "10.7", "route_maps": maps, **lists}
    router = Router.model_validate({**data, "bgp": {"asn": 65001, "neighbors": {"192.0.2.1": peer}}})
    route = Route(ip_network("10.0.0.0/8"), as_path="65002", next_hop=ip_address("192.0.2.1"))
    doubt = [evaluate(router, "192.0.2.1", way, route) for way in ("in", "out")]
    network = Network(routers={"d": router})
    said = [one for one in audit(network, derive(network)) if SURE.search(f"{one.message} {one.hint}")]
    return any(one.undecided for one in doubt), [one for one in said if one.code in {"FRR312", "FRR313", "FRR314"}]


def test_every_match_clause_has_a_value_here():
    assert VALUES.keys() == Match.model_fields.keys()


@pytest.mark.parametrize("shape", ["permit", "deny", "call"])
@pytest.mark.parametrize("clause", VALUES)
def test_no_answer_is_certain_behind_an_undecided_clause(clause, shape):
    undecided, said = audited(clause, shape)
    assert not (undecided and said), said


def test_clauses_are_undecided_here():
    assert sum(audited(clause, "permit")[0] for clause in VALUES) > 8
