"""What is doubtful about a policy is found, and nothing else is."""

from __future__ import annotations

import pytest

from frrgen.model.check import judged
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.questions.audit import audit

EXACT = "route-map M permit 10\n match community L exact-match\n"
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
no route-map IN optimization
no route-map OUT optimization
"""
BOTH = """\
 match ip address prefix-list FROM
 match ipv6 address prefix-list SIX
ipv6 prefix-list SIX seq 5 permit 2001:db8::/32
"""


def codes(text, asn=64500):
    router = parse(text + SESSION.format(peer=PEER, asn=asn), name="r1").router
    network = Network.model_validate({"routers": {"r1": router}})
    return weighed(network)


def weighed(network):
    """The codes of what is found, as the inventory weighs them."""
    found = (judged(network, finding) for finding in audit(network, derive(network)))
    return [finding.code for finding in found if finding is not None]


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
        ("FROM\nroute-map OUT", "FROM\n match source-protocol bgp\nroute-map OUT", "FRR319"),
        ("FROM\nroute-map OUT", "FROM\n match ip address prefix-len 24\nroute-map OUT", "FRR325"),
        ("no route-map IN optimization\n", "", "FRR327"),
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
        "source protocol inbound",
        "a clause that FRR drops",
        "the optimiser on FRR 8",
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
    found = weighed(network)
    assert "FRR317" in found
    removed = inner.replace("route-map OUT out", "route-map OUT out\n  neighbor {peer} remove-private-AS")
    router = parse(text + removed.format(peer=PEER, asn=64500), name="r1").router
    network = Network.model_validate({"routers": {"r1": router}})
    assert "FRR317" not in weighed(network)


def test_a_neighbor_of_a_private_as_may_announce_private_prefixes():
    assert codes(SAFE.replace("8.8.0.0/16 le 24", "10.0.0.0/8 le 32"), asn=64512) == []


def test_a_router_with_1_000_neighbors_of_one_policy_is_audited_and_each_is_reported():
    group = "router bgp 64496\n neighbor G peer-group\n neighbor G remote-as 64500\n"
    members = "".join(f" neighbor 10.0.{n >> 8}.{n & 255} peer-group G\n" for n in range(1000))
    text = SAFE + group + members + " address-family ipv4 unicast\n  neighbor G route-map IN in\n"
    router = parse(text, name="r1").router
    network = Network.model_validate({"routers": {"r1": router}})
    found = weighed(network)
    assert found == ["FRR318"] * 1000


def test_an_empty_list_in_a_clause_is_found():
    text = SAFE.replace(" match ip address prefix-list FROM\n", " match ip address prefix-list E\n")
    assert "FRR326" in codes("ip prefix-list E description nothing yet\n" + text)


def test_from_frr_9_on_it_is_the_optimiser_that_must_be_on():
    router = parse(SAFE + SESSION.format(peer=PEER, asn=64500), name="r1", frr_version="10.1").router
    network = Network.model_validate({"routers": {"r1": router}})
    assert "FRR327" in weighed(network)
    found = [one for one in audit(network, derive(network)) if one.code == "FRR327"]
    assert {str(one.severity) for one in found} == {"error"}


@pytest.mark.parametrize(("options", "expected"), [("", True), (" neighbor {peer} ttl-security hops 1\n", False),
                                                   (" neighbor {peer} password x\n", False)])  # fmt: skip
def test_password_or_ttl_security_is_asked_for_where_the_inventory_wants_it(options, expected):
    session = SESSION.replace(" address-family", options + " address-family", 1)
    router = parse(SAFE + session.format(peer=PEER, asn=64500), name="r1").router
    wanted = {"FRR315": {"severity": "error", "reason": "every session has one here"}}
    assert "FRR315" not in weighed(Network.model_validate({"routers": {"r1": router}}))
    network = Network.model_validate({"routers": {"r1": router}, "findings": wanted})
    assert ("FRR315" in weighed(network)) == expected


def test_as_override_and_allowas_in_together_let_routes_go_around():
    session = SESSION + "  neighbor {peer} as-override\n"
    assert "FRR328" not in codes(SAFE + session.format(peer=PEER, asn=64500), asn=64500)
    more = session + "  neighbor {peer} allowas-in 1\n"
    router = parse(SAFE + more.format(peer=PEER, asn=64500), name="r1").router
    assert "FRR328" in weighed(Network.model_validate({"routers": {"r1": router}}))


@pytest.mark.parametrize(("more", "expected"), [("", True), (" bgp cluster-id 10.0.0.9\n", False)])
def test_two_routers_must_not_reflect_to_each_other(more, expected):
    routers = {}
    for name, own, other in (("a", "10.0.0.1", "10.0.0.2"), ("b", "10.0.0.2", "10.0.0.1")):
        text = (
            f"router bgp 65001\n bgp router-id {own}\n{more} neighbor {other} remote-as 65001\n"
            f" address-family ipv4 unicast\n  neighbor {other} route-reflector-client\n"
        )
        routers[name] = parse(text, name=name).router
    assert ("FRR328" in weighed(Network.model_validate({"routers": routers}))) == expected


@pytest.mark.parametrize(
    ("lines", "idle"),
    [
        ("access-list L seq 5 permit 10.0.0.0/8\naccess-list L seq 10 deny 10.1.0.0/16\n", [10]),
        ("access-list L seq 5 permit 10.0.0.0/8 exact-match\naccess-list L seq 10 deny 10.0.0.0/8\n", []),
        ("bgp as-path access-list L seq 5 permit _65010_\nbgp as-path access-list L seq 10 deny ^65010$\n", [10]),
        ("bgp as-path access-list L seq 5 permit ^65010$\nbgp as-path access-list L seq 10 deny _65010_\n", []),
        (
            "bgp community-list standard L seq 5 permit 1:1\nbgp community-list standard L seq 10 deny 1:1 1:2\n",
            [10],
        ),
        (
            "bgp community-list standard L seq 5 permit 1:1\nbgp community-list standard L seq 10 deny 1:1 1:2\n"
            + EXACT,
            [],
        ),
        (
            (
                "bgp community-list standard L seq 5 permit 1:1\nbgp community-list standard L seq 10 permit 1:1 1:2\n"
                "route-map M permit 10\n set comm-list L delete\n"
            ),
            [],
        ),
    ],
    ids=[
        "access list",
        "an exact one covers no longer ones",
        "as-path list",
        "as-path list, the other way",
        "community list",
        "community list that is asked for exactly",
        "community list that deletes: it is asked for each community alone",
    ],
)
def test_lines_of_every_kind_of_list_that_never_decide_are_found(lines, idle):
    router = parse(lines, name="r1").router
    network = Network.model_validate({"routers": {"r1": router}})
    found = [one.where.path[-1] for one in audit(network, derive(network)) if one.code == "FRR310"]
    assert found == [str(seq) for seq in idle]


UNDECIDABLE = {
    "rpki": "rpki invalid",
    "probability": "probability 50",
    "interface": "interface eth0",
    "extcommunity": "extcommunity X",
    "alias": "alias A",
    "source_vrf": "source-vrf V",
}
"""Match clauses of which no route alone tells whether they match."""


@pytest.mark.parametrize("action", ["permit", "deny"])
@pytest.mark.parametrize("clause", UNDECIDABLE)
def test_no_entry_is_reported_as_never_matching_behind_an_undecided_clause(clause, action):
    """A route of which the clause is undecided may go on to the next entry."""
    text = f"""\
bgp extcommunity-list standard X seq 5 permit rt 65001:1
route-map IN {action} 5
 match {UNDECIDABLE[clause]}
route-map IN permit 10
 match ip address prefix-list FROM
route-map IN deny 20
"""
    found = codes(SAFE.replace("route-map IN permit 10\n match ip address prefix-list FROM\n", text))
    assert not {"FRR312", "FRR313"} & set(found)


@pytest.mark.parametrize("version", ["8.4.4", "10.3"])
@pytest.mark.parametrize(
    "policy", [SAFE, SAFE.replace("8.8.0.0/16 le 24", "8.0.0.0/6 le 24"), "route-map IN permit 10\n"]
)
def test_neighbors_of_other_ases_are_judged_as_if_each_were_alone(version, policy):
    peers = {
        "192.0.2.1": "64600",
        "192.0.2.2": "3356",
        "192.0.2.3": "174",
        "192.0.2.4": "external",
        "192.0.2.5": "64496",
    }

    def found(*names):
        sessions = "".join(SESSION.format(peer=name, asn=peers[name]) for name in names)
        router = parse(f"frr version {version}\n{policy}{sessions}", name="r1").router
        network = Network.model_validate({"routers": {"r1": router}})
        findings = {(one.code, one.message, one.where.path) for one in audit(network, derive(network))}
        return {one for one in findings if one[2][2:4] == ("bgp", "neighbors")}

    alone = [found(name) for name in peers]
    assert found(*peers) == set().union(*alone)
    assert any(alone) or policy == SAFE
