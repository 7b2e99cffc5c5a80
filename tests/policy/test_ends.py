"""Which session is meant: by name, in a VRF, or inside a listen range; and what decides beside maps."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from frrgen.cli import main
from frrgen.model.cluster import Network
from frrgen.model.derive import derive
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import parse
from frrgen.policy.frr.alphabet import Policy
from frrgen.policy.frr.evaluate import evaluate, judge
from frrgen.policy.frr.session import Session
from frrgen.policy.questions.compare import compare
from frrgen.policy.questions.verify import verify
from frrgen.policy.sets.route import Route

TEXT = """\
ip prefix-list P seq 5 permit 10.0.0.0/8 le 32
route-map IN permit 10
 match ip address prefix-list P
route-map SHUT deny 10
router bgp 65001
 neighbor NODES peer-group
 neighbor NODES remote-as 65002
 neighbor OTHERS peer-group
 neighbor OTHERS remote-as 65003
 bgp listen range 192.0.2.0/24 peer-group NODES
 bgp listen range 192.0.2.128/25 peer-group OTHERS
 neighbor 192.0.2.9 remote-as 65009
 address-family ipv4 unicast
  neighbor NODES route-map IN in
  neighbor OTHERS route-map SHUT in
  neighbor 192.0.2.9 route-map SHUT in
exit
vrf RED
exit
router bgp 65001 vrf RED
 neighbor 198.51.100.1 remote-as 65005
 address-family ipv4 unicast
  neighbor 198.51.100.1 route-map IN in
"""


def route(prefix="10.1.0.0/16", path="65002", **more):
    return Route(ip_network(prefix), as_path=path, next_hop=ip_address("192.0.2.5"), **more)


@pytest.mark.parametrize(
    ("neighbor", "verdict"),
    [("192.0.2.5", "permit"), ("192.0.2.200", "deny"), ("192.0.2.9", "deny"), ("198.51.100.1", "permit")],
    ids=["listen range", "the more specific listen range", "named, though in a range", "in a VRF"],
)
def test_explain_finds_the_session_that_frr_would_make(capsys, tmp_path, neighbor, verdict):
    file = tmp_path / "frr.conf"
    file.write_text(TEXT)
    args = ["explain", "r", neighbor, "in", "10.1.0.0/16", "--running", str(file), "--format", "json"]
    assert main(args) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == verdict
    assert all(step["where"].startswith(f"{file}:") for step in found["trace"])


def test_the_trace_names_the_line_of_the_entry_and_of_the_list(capsys, tmp_path):
    file = tmp_path / "frr.conf"
    file.write_text(TEXT)
    main(["explain", "r", "192.0.2.5", "in", "10.1.0.0/16", "--running", str(file)])
    out = capsys.readouterr().out
    assert f"ip address prefix list P: seq 5 permits ({file}:1); permitted   ({file}:2)" in out


def test_who_is_in_no_listen_range_is_no_neighbor():
    router = parse(TEXT, name="r").router
    with pytest.raises(KeyError):
        Session.find(router, "203.0.113.1", "in")


def test_a_cluster_of_a_listen_range_is_verified_like_one_of_named_neighbors():
    network = Network.model_validate(
        {
            "routers": {"r": {"name": "r", "bgp": {"asn": 65001}}},
            "clusters": {
                "k8s": {
                    "name": "k8s",
                    "asn": 65002,
                    "nodes": {"a": {"addresses": ["192.0.2.5"]}, "b": {"addresses": ["203.0.113.5"]}},
                    "pools": {"p": {"prefixes": ["10.1.0.0/16"], "lengths": [24, 26]}},
                    "routers": {"r": {"address": "192.0.2.1", "listen_range": ["192.0.2.0/24"]}},
                }
            },
        }
    )
    found = {one.neighbor: one for one in verify(network, derive(network), ["k8s"])}
    assert not found["192.0.2.5"].problems, found
    assert any("is admitted by route-map k8s-in seq 10" in text for text in found["192.0.2.5"].proof)
    (problem,) = found["203.0.113.5"].problems
    assert problem.text == "the router has no such neighbor: it refuses the session"


@pytest.mark.parametrize(
    ("clause", "right"),
    [("match peer 192.0.2.5", {"192.0.2.5"}), ("match ip next-hop address 192.0.2.6", {"192.0.2.6"})],
)
def test_sessions_are_proven_apart_where_the_map_asks_who_they_are(clause, right):
    """One proof for all members of a group would be wrong."""
    text = f"""\
route-map IN permit 10
 match ip address prefix-list P
 {clause}
ip prefix-list P seq 5 permit 10.1.0.0/16 ge 24
"""
    maps = parse(text, name="r").router
    cluster = {
        "name": "k8s",
        "asn": 65002,
        "nodes": {"a": {"addresses": ["192.0.2.5"]}, "b": {"addresses": ["192.0.2.6"]}},
        "pools": {"p": {"prefixes": ["10.1.0.0/16"], "lengths": [24, 32]}},
        "routers": {"r": {"address": "192.0.2.1", "route_map_in": "IN"}},
    }
    router = {"name": "r", "bgp": {"asn": 65001}, "route_maps": maps.route_maps, "prefix_lists": maps.prefix_lists}
    network = Network.model_validate({"routers": {"r": router}, "clusters": {"k8s": cluster}})
    found = list(verify(network, derive(network), ["k8s"]))
    dropped = {one.neighbor for one in found if any(problem.kind == "dropped" for problem in one.problems)}
    assert dropped == {"192.0.2.5", "192.0.2.6"} - right


def one(bgp_lines, family_lines="", maps="route-map ALL permit 10\nexit\n", remote=65002):
    text = (
        f"{maps}router bgp 65001\n neighbor 192.0.2.5 remote-as {remote}\n{bgp_lines} address-family ipv4 unicast\n"
        f"  neighbor 192.0.2.5 route-map ALL in\n  neighbor 192.0.2.5 route-map ALL out\n{family_lines}"
    )
    return parse(text, name="r").router


def test_over_ebgp_blackhole_gets_no_export_and_graceful_shutdown_gets_preference_0():
    """RFC 7999 section 3.2 and RFC 8326 section 4.2, after whatever the policy says."""
    black = route(communities=frozenset({0xFFFF029A}))
    assert evaluate(one(""), "192.0.2.5", "in", black).route.community_string == "blackhole no-export"
    assert evaluate(one("", remote=65001), "192.0.2.5", "in", black).route.community_string == "blackhole"
    shut = route(communities=frozenset({0xFFFF0000}))
    maps = "route-map ALL permit 10\n set local-preference 300\nexit\n"
    assert evaluate(one("", maps=maps), "192.0.2.5", "in", shut).route.local_preference == 0
    assert evaluate(one("", maps=maps), "192.0.2.5", "in", route()).route.local_preference == 300


@pytest.mark.parametrize("community", [0xFFFFFF01, 0xFFFFFF02, 0xFFFFFF03])
def test_what_its_community_keeps_back_is_not_announced(community):
    kept = route(communities=frozenset({community}))
    assert evaluate(one(""), "192.0.2.5", "out", kept).verdict == "deny"
    inner = evaluate(one("", remote=65001), "192.0.2.5", "out", kept).verdict
    assert inner == ("deny" if community == 0xFFFFFF02 else "permit")


def test_local_as_stands_in_front_of_what_comes_in_and_policy_sees_it():
    maps = "bgp as-path access-list L seq 5 permit ^64999_65002$\nroute-map ALL permit 10\n match as-path L\nexit\n"
    router = one(" neighbor 192.0.2.5 local-as 64999\n", maps=maps)
    assert evaluate(router, "192.0.2.5", "in", route()).route.as_path == "64999 65002"
    bare = one(" neighbor 192.0.2.5 local-as 64999 no-prepend\n", maps=maps)
    assert evaluate(bare, "192.0.2.5", "in", route()).verdict == "deny"


def test_frr_8_takes_private_ases_away_before_the_map_looks_and_frr_10_behind_the_map():
    """Held against real FRR by tests/lab/test_policy_outbound.py."""
    maps = (
        "bgp as-path access-list P seq 5 permit _64512_\nroute-map ALL permit 10\n match as-path P\n"
        " set community 65001:1\nexit\nroute-map ALL permit 20\nexit\n"
    )
    router = one("", "  neighbor 192.0.2.5 remove-private-AS all\n", maps, remote=3000)
    seen = {}
    for version in ("8.4", "9.1", "10.3"):
        verdict = evaluate(router.of_version(version), "192.0.2.5", "out", route(path="3356 64512"))
        seen[version] = verdict.verdict, verdict.route.as_path, verdict.route.community_string
    assert seen["8.4"] == ("permit", "3356", "")
    assert seen["9.1"][0] == "undecided"
    assert seen["10.3"] == ("permit", "3356", "65001:1")


def test_each_as_of_an_as_set_stands_there_once_and_in_order_as_frr_has_it():
    maps = "bgp as-path access-list L seq 5 permit _7,65010_$\nroute-map ALL permit 10\n match as-path L\nexit\n"
    came = evaluate(one("", maps=maps), "192.0.2.5", "in", route(path="65002 {65010,7,65010}"))
    assert (came.verdict, came.route.as_path) == ("permit", "65002 {7,65010}")


def test_explain_asks_where_a_route_that_is_reflected_came_from(capsys, tmp_path):
    file = tmp_path / "frr.conf"
    file.write_text(
        "route-map SET permit 10\n set metric 9\nexit\nrouter bgp 65001\n neighbor 192.0.2.5 remote-as 65001\n"
        " neighbor 192.0.2.6 remote-as 65001\n neighbor 192.0.2.7 remote-as 65001\n address-family ipv4 unicast\n"
        "  neighbor 192.0.2.5 route-reflector-client\n  neighbor 192.0.2.5 route-map SET out\n"
        "  neighbor 192.0.2.6 route-map SET out\n"
    )

    def told(neighbor, *more, verdict):
        ends = ["explain", "r", neighbor, "out", "10.1.0.0/16", "--running", str(file), *more]
        assert main(ends) == 0
        text = capsys.readouterr().out
        assert f"to {neighbor}: {verdict}" in text
        return text

    assert "med 9" in told("192.0.2.5", verdict="permit")
    assert "as it is" in (text := told("192.0.2.5", "--from", "192.0.2.6", verdict="permit"))
    assert "med 9" not in text
    assert "neither is a route-reflector client" in told("192.0.2.6", "--from", "192.0.2.7", verdict="deny")
    assert main(["explain", "r", "192.0.2.5", "in", "10.1.0.0/16", "--running", str(file), "--from", "192.0.2.6"]) == 1
    assert "FRR302" in capsys.readouterr().err


@pytest.mark.parametrize(
    "lines",
    [" bgp confederation identifier 65100\n", " neighbor 192.0.2.5 local-role customer\n"],
)
def test_what_has_not_been_measured_is_undecided(lines):
    verdict = judge(Session(one(lines), "192.0.2.5", "out"), route())
    assert verdict.verdict == "undecided"
    assert verdict.undecided


def test_of_the_default_route_nothing_is_known_where_the_router_announces_its_own():
    router = one("", "  neighbor 192.0.2.5 default-originate\n")
    assert evaluate(router, "192.0.2.5", "out", route("0.0.0.0/0")).verdict == "undecided"
    assert evaluate(router, "192.0.2.5", "out", route("10.0.0.0/8")).verdict == "permit"
    session = Session(router, "192.0.2.5", "out")
    result = compare(Policy(router, session), Policy(router, session), (4,))
    assert not result.equal
    assert "default_originate" in result.undecided[0]


def doors_network(**router):
    own = {"name": "edge", "bgp": {"asn": 65001, **router}}
    cluster = {
        "name": "k8s",
        "asn": 65001,
        "nodes": {"n1": {"addresses": ["10.98.1.1"]}, "n2": {"addresses": ["10.98.1.2"]}},
        "pools": {"p": {"prefixes": ["10.101.0.0/24"]}},
        "routers": {"edge": {}},
    }
    return Network.model_validate({"routers": {"edge": own}, "clusters": {"k8s": cluster}})


def problems_of(network, *leftovers):
    found = verify(network, derive(network), ["k8s"], {"edge": leftovers})
    return [(one.node, problem.kind, problem.text) for one in found for problem in one.problems]


@pytest.mark.parametrize(
    ("context", "line", "nodes"),
    [
        (("router bgp 65001", "address-family ipv6 labeled-unicast"), "neighbor 10.98.1.1 activate", ["n1"]),
        (("router bgp 65001", "address-family ipv4 vpn"), "neighbor k8s activate", ["n1", "n2"]),
        (("router bgp 65001",), "neighbor k8s odd hunter2", ["n1", "n2"]),
        (("router bgp 65001", "address-family ipv4 vpn"), "no neighbor k8s activate", []),
        (("router bgp 65001", "address-family ipv4 vpn"), "neighbor 10.98.1.9 activate", []),
        (("router bgp 65001 vrf RED", "address-family ipv4 vpn"), "neighbor k8s activate", []),
    ],
)
def test_a_line_of_a_session_that_is_not_understood_leaves_what_it_admits_undecided(context, line, nodes):
    found = problems_of(doors_network(), Leftover(context, line))
    assert [node for node, _, _ in found] == nodes
    assert {kind for _, kind, _ in found} <= {"undecided"}
    assert "hunter2" not in str(found)


def test_a_raw_line_that_turns_on_a_family_of_a_session_is_no_proof():
    raw = {"raw_families": {"ipv6 labeled-unicast": ["neighbor k8s activate"]}}
    ((first, kind, text), (second, _, _)) = problems_of(doors_network(**raw))
    assert (first, second, kind) == ("n1", "n2", "undecided")
    assert "address-family ipv6 labeled-unicast / neighbor k8s activate" in text
    network = doors_network(**raw)
    proofs = [one.proof for one in verify(network, derive(network), ["k8s"]) if one.node]
    assert not any("nothing else is admitted" in proof for proof in proofs)


def test_a_list_with_a_line_that_is_not_understood_is_no_proof():
    text = "ip prefix-list k8s-p seq 1 permit 0.0.0.0/0 le 32 odd\n"
    ((node, kind, said),) = problems_of(doors_network(), *parse(text, name="edge").leftovers)
    assert (node, kind) == ("", "undecided")
    assert said.startswith("prefix_lists.k8s-p is not what FRR has")


def test_a_router_without_an_instance_for_the_cluster_holds_nothing():
    network = doors_network()
    derived = derive(network)
    without = derived.routers["edge"].model_copy(update={"bgp": None})
    (found,) = verify(network, replace(derived, routers={"edge": without}), ["k8s"])
    assert [one.text for one in found.problems] == ["the router has no bgp, and no session"]
    assert not found.proof
