"""What a cluster is derived to, verifies; and what its nodes speak, the routers have active: of both IP versions."""

from __future__ import annotations

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from frrgen.codes import Severity
from frrgen.model.check import check
from frrgen.model.check_clusters import unannounced
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.model.neighbor import PeerGroup
from frrgen.model.types import FAMILIES
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.audit import audit
from frrgen.policy.questions.verify import verify
from frrgen.speaker.plan import plan_node
from frrgen.speaker.wire.packed_prefix import Family
from tests.examples import examples

NODE = {"addresses": ["10.0.0.11", "2001:db8::11"]}
BOTH = {"prefixes": ["10.20.0.0/24", "2001:db8:a::/120"]}


def network(nodes, pools, asn=65010, **peering):
    peering = {"address": "10.0.0.1", "ipv6_address": "2001:db8::1", **peering}
    cluster = {"name": "a", "asn": asn, "nodes": nodes, "pools": pools, "routers": {"r1": peering}}
    router = {"name": "r1", "bgp": {"asn": 65001}}
    return Network.model_validate({"routers": {"r1": router}, "clusters": {"a": cluster}})


def problems(found):
    return [problem.text for one in verify(found, derive(found), ["a"]) for problem in one.problems]


def addresses(number):
    both = [f"10.0.0.{number}", f"2001:db8::{number}"]
    return st.sampled_from([both, both[:1], both[1:], both[::-1]])


@st.composite
def networks(draw):
    nodes = {f"n{number}": {"addresses": draw(addresses(number))} for number in range(2, draw(st.integers(3, 6)))}
    pools = {}
    for number in range(draw(st.integers(1, 3))):
        v4, v6 = (
            f"10.{20 + number}.0.0/{draw(st.integers(16, 32))}",
            f"2001:db8:{number + 1}::/{draw(st.integers(48, 128))}",
        )
        pools[f"p{number}"] = {"prefixes": draw(st.sampled_from([[v4], [v6], [v4, v6]]))}
    listen = draw(st.sampled_from([(), ("10.0.0.0/24", "2001:db8::/64")]))
    found = network(nodes, pools, draw(st.sampled_from([65001, 65010])), listen_range=listen)
    assume(not list(unannounced(found.clusters["a"])))
    return found


@given(networks())
@settings(max_examples=examples(60), deadline=None)
def test_what_is_derived_verifies_and_has_no_finding_whatever_the_nodes_and_pools_are(found):
    derived = derive(found)
    assert problems(found) == []
    assert [one for one in check(found, derived) if one.severity is Severity.ERROR] == []
    assert {one.code for one in audit(found, derived)} & {"FRR321", "FRR322", "FRR323", "FRR324", "FRR330"} == set()
    active = 0
    for name in found.clusters["a"].nodes:
        for peer in plan_node(found, derived.routers, name).peers:
            session = Session(derived.routers["r1"], str(peer.local_address), "in")
            spoken = {FAMILIES[0] if one is Family.IPV4 else FAMILIES[1] for one in peer.families}
            assert spoken
            assert all(session.active(family) for family in spoken), "without a common family a session never comes up"
            active += 1
    event(f"{active} sessions")


def test_a_pool_of_both_versions_verifies_on_a_node_with_an_address_of_each():
    found = network({"n": NODE}, {"p": BOTH})
    assert problems(found) == []
    proof = {one.neighbor: one.proof for one in verify(found, derive(found), ["a"])}
    for neighbor, other in (("10.0.0.11", "ipv6_unicast"), ("2001:db8::11", "ipv4_unicast")):
        assert f"{other} is active, too, and admits nothing beyond the pools" in proof[neighbor]


def test_what_is_in_no_pool_is_still_found_on_a_session_of_the_other_version():
    found = network({"n": NODE}, {"p": BOTH})
    derived = derive(found)
    router = derived.routers["r1"]
    lists = dict(router.ipv6_prefix_lists)
    (entry,) = lists["a-p-v6"].entries
    wider = entry.model_copy(update={"prefix": entry.prefix.supernet(new_prefix=100)})
    lists["a-p-v6"] = lists["a-p-v6"].model_copy(update={"entries": (wider,)})
    derived.routers["r1"] = router.model_copy(update={"ipv6_prefix_lists": lists})
    texts = {
        one.neighbor: [problem.text for problem in one.problems] for one in verify(found, derived, ["a"]) if one.node
    }
    assert all("admits what is in no pool" in text for (text,) in texts.values()), texts
    assert len(texts) == 2


def test_over_a_session_without_a_pool_of_its_version_nothing_is_spoken():
    found = network({"n": NODE}, {"p": {"prefixes": ["10.20.0.0/24"]}})
    (peer,) = plan_node(found, derive(found).routers, "n").peers
    assert (str(peer.address), peer.families) == ("10.0.0.1", frozenset({Family.IPV4}))
    assert problems(found) == []


def test_of_a_pool_that_nobody_announces_address_by_address_no_limit_is_too_small():
    pool = {"prefixes": ["2001:db8:a::/48"]}
    assert problems(network({"n": NODE}, {"p": pool})) == []
    assert problems(network({"n": NODE}, {"p": pool}, maximum_prefix=1000)) == [], "somebody said so"


def test_a_limit_below_the_derived_one_is_too_small_for_a_large_pool():
    found = network({"n": NODE}, {"p": {"prefixes": ["2001:db8:a::/48"]}})
    own = {"peer_groups": {"a": {"ipv6_unicast": {"maximum_prefix": {"limit": 50}}}}}
    router = {"name": "r1", "bgp": {"asn": 65001, **own}}
    found = Network.model_validate({"routers": {"r1": router}, "clusters": found.model_dump()["clusters"]})
    (text, *_) = problems(found)
    assert text == "maximum_prefix 50 does not suffice for the 2417851639229258349412351 prefixes that may be announced"


def test_ipv4_of_dynamic_neighbors_is_open_where_frr_ignores_that_the_group_is_not_activated():
    found = network({"n": {"addresses": ["2001:db8::11"]}}, {"p": {"prefixes": ["2001:db8:a::/120"]}}, 65001)
    data = found.model_dump()
    data["clusters"]["a"]["routers"]["r1"]["listen_range"] = ["2001:db8::/64"]
    network_ = Network.model_validate(data)
    assert problems(network_) == []
    router = network_.routers["r1"]
    group = PeerGroup.model_validate({"ipv4_unicast": {"activate": False}})
    for version, texts in (("8.4", 1), ("10.3", 1), ("10.7", 0)):
        bgp = router.bgp.model_copy(update={"peer_groups": {"a": group}})
        mine = router.model_copy(update={"bgp": bgp, "frr_version": version})
        wrong = problems(network_.model_copy(update={"routers": {"r1": mine}}))
        assert len([text for text in wrong if "admits what is in no pool" in text]) == texts, version


def test_a_listen_limit_below_the_sessions_of_the_nodes_is_a_problem():
    found = network({"n": NODE}, {"p": BOTH}, listen_range=["10.0.0.0/24", "2001:db8::/64"])
    router = found.routers["r1"]
    low = router.model_copy(update={"bgp": router.bgp.model_copy(update={"listen_limit": 1})})
    assert problems(found.model_copy(update={"routers": {"r1": low}})) == [
        "listen_limit 1 does not suffice for the 2 sessions of the nodes"
    ]


def test_what_no_neighbor_can_send_is_no_witness():
    found = network({"n": NODE}, {"p": BOTH})
    entries = [
        {"action": "permit", "match": {"tag": 5}},
        {"action": "permit", "match": {"local_preference": 100}},
        {"action": "permit", "match": {"ip_address_prefix_list": "a-p"}},
        {"action": "permit", "match": {"ipv6_address_prefix_list": "a-p-v6"}},
    ]
    maps = {"a-in": {"entries": [{"seq": 10 * number, **one} for number, one in enumerate(entries, 1)]}}
    router = {"name": "r1", "bgp": {"asn": 65001}, "route_maps": maps}
    clusters = found.model_dump()["clusters"]
    assert problems(Network.model_validate({"routers": {"r1": router}, "clusters": clusters})) == []


def test_a_proof_is_shared_only_where_no_clause_asks_who_the_neighbor_is():
    nodes = {"n1": {"addresses": ["2001:db8::1"]}, "n2": {"addresses": ["2001:db8::2"]}}
    found = network(nodes, {"p": {"prefixes": ["2001:db8:a::/120"]}}, ipv6_address="2001:db8::fe")
    match = {"ipv6_address_prefix_list": "a-p", "ipv6_next_hop_address": "2001:db8::1"}
    maps = {"a-in": {"entries": [{"seq": 10, "action": "permit", "match": match}]}}
    router = {"name": "r1", "bgp": {"asn": 65001}, "route_maps": maps}
    clusters = found.model_dump()["clusters"]
    (text,) = problems(Network.model_validate({"routers": {"r1": router}, "clusters": clusters}))
    assert "is dropped by the end of route-map a-in" in text


def test_of_a_pool_of_everything_only_what_bgpd_ignores_is_dropped():
    for whole in ("0.0.0.0/0", "::/0"):
        found = problems(network({"n": NODE}, {"p": {"prefixes": [whole]}}))
        assert found
        assert all("bgpd ignores it" in text for text in found)
    assert problems(network({"n": NODE}, {"p": {"prefixes": ["0.0.0.0/0"], "lengths": [0, 0]}})) == []
