"""Answers of the policy engine that no other fast test asks for: each was found by changing a line of the engine."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frrgen.codes import Code
from frrgen.inventory.files import load
from frrgen.model.cluster import Network, Pool
from frrgen.model.derive import derive
from frrgen.model.types import WELL_KNOWN
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Alphabet
from frrgen.policy.frr.evaluate import evaluate
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.announced import Announced, prefixes_of
from frrgen.policy.questions.audit import audit
from frrgen.policy.questions.verify import verify
from frrgen.policy.sets.interval import interval, ranges
from frrgen.policy.sets.region import Granted
from frrgen.policy.sets.route import Route
from tests.lab.speaking import inventory


@given(st.integers(0, 9), st.integers(0, 9))
def test_an_interval_has_the_numbers_of_a_range_and_is_never_a_range_without_numbers(start, end):
    made = interval(start, end)
    assert [number for low, high in ranges(made) for number in range(low, high)] == list(range(start, end))
    assert all(low < high for low, high in ranges(made))


@pytest.mark.parametrize(
    ("ibgp", "preference", "expected"),
    [(True, None, (100, 101)), (True, 7, (7, 8)), (False, None, (-1, 0)), (False, 7, (-1, 0))],
)
def test_a_node_announces_a_local_preference_over_ibgp_alone(ibgp, preference, expected):
    pool = Pool(prefixes=(ip_network("10.1.0.0/16"),), local_preference=preference)
    said = Announced("p", pool, 4, prefixes_of(pool, 4), IPv4Address("192.0.2.1"), 65001, ibgp)
    (box,) = said.region(Alphabet.of(), Granted())
    assert box.local_preference == expected
    assert said.path == ("" if ibgp else "65001")


def outbound(*lines, maps="", communities=()):
    text = f"{maps}router bgp 65000\n no bgp ebgp-requires-policy\n neighbor 192.0.2.1 remote-as 65001\n"
    text += " address-family ipv4 unicast\n" + "".join(f"  neighbor 192.0.2.1 {line}\n" for line in lines)
    route = Route(ip_network("10.0.0.0/8"), communities=frozenset(communities))
    return evaluate(parse(text, name="r1").router, "192.0.2.1", "out", route)


def test_the_trace_ends_with_the_reason_for_which_a_route_of_no_export_stays():
    verdict = outbound(communities=[0xFFFFFF01])
    assert verdict.verdict == "deny"
    assert "no-export" in verdict.trace[-1].because[0].text
    assert not verdict.trace[-1].matched


def test_a_call_of_an_undefined_map_is_a_step_that_matches():
    verdict = outbound("route-map M out", maps="route-map M permit 10\n call GONE\nexit\n")
    (step,) = [step for step in verdict.trace if any("call GONE" in reason.text for reason in step.because)]
    assert verdict.verdict == "permit"
    assert step.matched


def problems(folder, edit="", **more):
    router = "bgp:\n  asn: 65001\n  router_id: 10.0.0.1\n" + edit
    network = load(inventory(folder / "net", router=router, **more)).network
    return [one.text for found in verify(network, derive(network), ["k8s"]) for one in found.problems]


@pytest.mark.parametrize(
    ("address", "expected"),
    [("10.0.0.1", []), ("10.0.0.9", ["the nodes dial 10.0.0.1 and the router answers from 10.0.0.9"])],
)
def test_a_router_that_answers_from_another_address_than_nodes_dial_is_a_problem(tmp_path, address, expected):
    found = problems(tmp_path, f"  neighbors:\n    10.0.0.2: {{update_source: {address}}}\n")
    assert [text for text in found if "answers from" in text] == expected


def test_a_cluster_without_nodes_is_not_proven(tmp_path):
    folder = inventory(tmp_path / "net")
    file = folder / "clusters/k8s.yaml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith(("nodes:", "  node:"))]
    file.write_text("\n".join([*lines, ""]))
    network = load(folder).network
    (found,) = verify(network, derive(network), ["k8s"])
    assert ("undecided", "the cluster names no node, so no session of it is proven") in [
        (one.kind, one.text) for one in found.problems
    ]


@pytest.mark.parametrize(
    ("option", "what", "cluster", "router"),
    [
        ("timers: {keepalive: 5, hold: 15}", "timers", "keepalive=1 hold=3", "keepalive=5 hold=15"),
        ("ttl_security_hops: 3", "ttl_security_hops", "None", "3"),
        ("bfd: {profile: slow}", "bfd_profile", "None", "slow"),
        ("ebgp_multihop: 3", "ebgp_multihop", "None", "3"),
    ],
)
def test_an_option_of_one_end_alone_is_a_problem_that_names_both_ends(tmp_path, option, what, cluster, router):
    found = problems(
        tmp_path, f"  neighbors:\n    10.0.0.2: {{{option}}}\nbfd_profiles:\n  slow: {{passive_mode: true}}\n"
    )
    assert f"{what} is {cluster} at the cluster's end and {router} at the router's" in found


def test_sessions_of_which_each_must_have_another_first_as_are_audited_apart():
    text = "frr version 10.3\nbgp as-path access-list FIRST seq 5 permit ^64500_\nroute-map M permit 5\n"
    text += " match as-path FIRST\nexit\nrouter bgp 64496\n"
    peers = {"192.0.2.1": 64500, "192.0.2.2": 64501}
    text += "".join(f" neighbor {peer} remote-as {asn}\n" for peer, asn in peers.items())
    text += " address-family ipv4 unicast\n"
    for peer in peers:
        text += f"  neighbor {peer} route-map M in\n  neighbor {peer} maximum-prefix 9\n"
    network = Network.model_validate({"routers": {"r1": parse(text, name="r1").router}})
    places = [one.where.path for one in audit(network, derive(network)) if one.code is Code.FRR314]
    assert [path[4] for path in places] == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("asn", "found"), [(65001, []), (65009, ["the nodes expect AS 65009 of the router, which is AS 65001"])]
)
def test_nodes_that_expect_another_as_of_the_router_are_a_problem(tmp_path, asn, found):
    said = problems(tmp_path, peering=f"address: 10.0.0.1, asn: {asn}")
    assert [text for text in said if "expect AS" in text] == found


@pytest.mark.parametrize(("peer", "own"), [(65001, 65000), (65000, 65000), (64999, 65100)])
def test_a_router_of_a_confederation_is_its_own_as_to_the_inside_and_the_confederation_to_others(peer, own):
    text = "router bgp 65000\n bgp confederation identifier 65100\n bgp confederation peers 65001\n"
    router = parse(f"{text} neighbor 192.0.2.1 remote-as {peer}\n", name="r1").router
    assert Session(router, "192.0.2.1", "out").router_asn(peer) == own


def test_the_trace_names_the_community_that_a_graceful_shutdown_adds():
    text = (
        "router bgp 65000\n bgp graceful-shutdown\n no bgp ebgp-requires-policy\n neighbor 192.0.2.1 remote-as 65001\n"
    )
    verdict = evaluate(parse(text, name="r1").router, "192.0.2.1", "out", Route(ip_network("10.0.0.0/8")))
    assert WELL_KNOWN["graceful-shutdown"] in verdict.route.communities
    assert "graceful shutdown: the community is added" in verdict.trace[-1].because[0].text
