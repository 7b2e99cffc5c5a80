"""What is doubtful about a policy is found, and nothing else is."""

from __future__ import annotations

import pytest

from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.parse.frr import parse
from frrgen.policy.audit import audit

PEER = "192.0.2.1"
SESSION = """\
router bgp 64496
 neighbor {peer} remote-as {asn}
 address-family ipv4 unicast
  network 198.51.100.0/24
  neighbor {peer} route-map IN in
  neighbor {peer} route-map OUT out
  neighbor {peer} maximum-prefix 1000
"""
SAFE = """\
ip prefix-list FROM seq 5 permit 8.8.0.0/16 le 24
ip prefix-list OWN seq 5 permit 198.51.100.0/24
route-map IN permit 10
 match ip address prefix-list FROM
route-map OUT permit 10
 match ip address prefix-list OWN
 match as-path LOCAL
bgp as-path access-list LOCAL seq 5 permit ^$
"""
BOTH = """\
 match ip address prefix-list FROM
 match ipv6 address prefix-list SIX
ipv6 prefix-list SIX seq 5 permit 2001:db8::/32
"""


def codes(text, asn=64500):
    router = parse(text + SESSION.format(peer=PEER, asn=asn), name="r1").router
    network = Network.model_validate({"routers": {"r1": router}})
    return [finding.code for finding in audit(network, derive(network))]


def test_a_careful_policy_has_no_finding():
    assert codes(SAFE) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("le 24\n", "le 24\nip prefix-list FROM seq 10 deny 8.8.8.0/24\n", "FRR310"),
        ("FROM seq 5", "FROM seq 4 permit 8.8.8.0/24\nip prefix-list FROM seq 5", "FRR311"),
        ("route-map OUT", "route-map IN deny 20\n match ip address prefix-list FROM\nroute-map OUT", "FRR312"),
        ("route-map OUT", f"route-map IN permit 20\n{BOTH}route-map OUT", "FRR313"),
        (" match ip address prefix-list FROM\n", "", "FRR314"),
        ("8.8.0.0/16 le 24", "8.0.0.0/6 le 24", "FRR316"),
        ("8.8.0.0/16 le 24", "0.0.0.0/0", "FRR316"),
        ("8.8.0.0/16 le 24", "8.8.0.0/16 le 25", "FRR316"),
        (" match as-path LOCAL\n", f" match as-path LOCAL\n set ip next-hop {PEER}\n", "FRR320"),
    ],
    ids=[
        "shadowed line",
        "redundant line",
        "entry never reached",
        "entry never matches",
        "permits everything",
        "a private prefix",
        "the default route",
        "too long prefixes",
        "next hop that the peer drops",
    ],
)
def test_one_mistake_is_one_finding(old, new, code):
    assert old in SAFE
    assert set(codes(SAFE.replace(old, new, 1))) == {code}


def test_a_private_as_must_not_leak_to_a_public_one():
    text = SAFE.replace(" match as-path LOCAL\n", "")
    assert codes(text) == []
    inner = SESSION.replace(
        " address-family",
        " neighbor 192.0.2.2 remote-as 64513\n neighbor 192.0.2.2 maximum-prefix 3\n address-family",
        1,
    )
    router = parse(text + inner.format(peer=PEER, asn=64500), name="r1").router
    network = Network.model_validate({"routers": {"r1": router}})
    found = [finding.code for finding in audit(network, derive(network))]
    assert "FRR317" in found
    removed = inner.replace("route-map OUT out", "route-map OUT out\n  neighbor {peer} remove-private-AS")
    router = parse(text + removed.format(peer=PEER, asn=64500), name="r1").router
    network = Network.model_validate({"routers": {"r1": router}})
    assert "FRR317" not in [finding.code for finding in audit(network, derive(network))]


def test_a_neighbor_of_a_private_as_may_announce_private_prefixes():
    assert codes(SAFE.replace("8.8.0.0/16 le 24", "10.0.0.0/8 le 32"), asn=64512) == []


def test_a_router_with_1_000_neighbors_of_one_policy_is_audited_and_each_is_told():
    group = "router bgp 64496\n neighbor G peer-group\n neighbor G remote-as 64500\n"
    members = "".join(f" neighbor 10.0.{n >> 8}.{n & 255} peer-group G\n" for n in range(1000))
    text = SAFE + group + members + " address-family ipv4 unicast\n  neighbor G route-map IN in\n"
    router = parse(text, name="r1").router
    network = Network.model_validate({"routers": {"r1": router}})
    found = [finding.code for finding in audit(network, derive(network))]
    assert found == ["FRR318"] * 1000
