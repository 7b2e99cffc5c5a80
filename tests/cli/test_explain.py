"""`frrgen explain` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

from frrgen.cli import main

EXAMPLE = Path(__file__).resolve().parents[2] / "inventory"
KEYS = {"prefix", "local_preference", "med", "communities", "large_communities", "as_path", "next_hop", "weight", "tag"}


def explain(capsys, *args):
    status = main(["-i", str(EXAMPLE), "explain", *args])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_service_of_the_pool_is_admitted_by_a_named_line(capsys):
    status, out, _ = explain(capsys, "edge1", "192.168.1.10", "in", "192.168.10.1/32")
    assert status == 0
    assert out.startswith("192.168.10.1/32 from 192.168.1.10: permit\n")
    assert "prefix list MetalLB_k8s: seq 5 permits" in out
    assert "clusters/microk8s.yaml:" in out


def test_a_prefix_outside_the_pool_is_denied_and_the_line_is_named(capsys):
    _, out, _ = explain(capsys, "edge1", "192.168.1.10", "in", "192.168.99.0/24")
    assert out.startswith("192.168.99.0/24 from 192.168.1.10: deny\n")
    assert "no entry matches, so it denies" in out


def test_as_json_it_has_the_agreed_keys(capsys):
    _, out, _ = explain(capsys, "edge1", "203.0.113.1", "in", "192.0.3.0/24", "--med", "5", "--format", "json")
    found = json.loads(out)
    assert found.keys() == {"verdict", "route", "trace", "undecided"}
    assert found["route"].keys() == KEYS | {"origin"}
    assert (found["verdict"], found["route"]["local_preference"], found["route"]["med"]) == ("permit", 100, 5)
    assert {key for step in found["trace"] for key in step} == {"route_map", "seq", "where", "matched", "why"}


def test_several_communities_are_said_at_once_or_one_by_one(capsys):
    said = ("--community", "1:1", "no-export", "--large-community", "1:2:3", "4:5:6", "--community", "2:2")
    _, out, _ = explain(capsys, "edge1", "203.0.113.1", "in", "192.0.3.0/24", *said, "--format", "json")
    route = json.loads(out)["route"]
    assert set(route["communities"]) == {"1:1", "2:2", "no-export"}
    assert set(route["large_communities"]) == {"1:2:3", "4:5:6"}


def test_a_running_configuration_needs_no_inventory(capsys, tmp_path):
    file = tmp_path / "frr.conf"
    file.write_text(
        "route-map IN permit 10\n match source-protocol bgp\nexit\n"
        "router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n"
        " address-family ipv4 unicast\n  neighbor 192.0.2.1 route-map IN in\n"
    )
    args = ["explain", "box", "192.0.2.1", "in", "10.0.0.0/8", "--running", str(file)]
    for version, verdict in (("8.4", "permit"), ("10.1", "deny")):
        assert main([*args, "--frr-version", version]) == 0
        assert capsys.readouterr().out.startswith(f"10.0.0.0/8 from 192.0.2.1: {verdict}\n")


def test_lines_that_are_not_understood_make_it_undecided(capsys, tmp_path):
    file = tmp_path / "frr.conf"
    file.write_text(
        "route-map IN permit 10\n match frobnication 7\nexit\nrouter bgp 65001\n"
        " neighbor 192.0.2.1 remote-as 65002\n neighbor 192.0.2.1 route-map IN in\n"
    )
    main(["explain", "box", "192.0.2.1", "in", "10.0.0.0/8", "--running", str(file)])
    assert (
        "undecided: route map IN seq 10 has what is not understood: `line 2: match frobnication 7`"
        in capsys.readouterr().out
    )


def test_what_is_no_route_and_who_is_no_neighbor_are_said(capsys):
    assert "error[FRR302]" in explain(capsys, "edge1", "192.168.1.10", "in", "10.1.2.3/8")[2]
    assert "error[FRR302]" in explain(capsys, "edge1", "192.168.1.10", "in", "10.0.0.0/8", "--community", "x")[2]
    assert "error[FRR301]" in explain(capsys, "edge1", "192.0.2.77", "in", "10.0.0.0/8")[2]


def test_a_next_hop_over_which_frr_ends_the_session_is_denied_before_any_policy(capsys):
    """Seen on FRR 8.4.4 (tests/lab/test_policy_hops.py): no policy is asked."""
    for hop in ("0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"):
        status, out, err = explain(capsys, "edge1", "192.168.1.10", "in", "192.168.10.1/32", "--next-hop", hop)
        assert (status, err) == (0, "")
        assert "deny" in out
        assert "ends the session over it" in out
    for hop in ("169.254.1.1", "203.0.113.1", "192.168.1.77"):
        assert explain(capsys, "edge1", "192.168.1.10", "in", "192.168.10.1/32", "--next-hop", hop)[0] == 0
    words = ("192.168.10.1/32", "--next-hop", "255.255.255.255", "--frr-version", "10.7")
    assert explain(capsys, "edge1", "192.168.1.10", "in", *words)[0] == 0


def test_a_prefix_without_a_length_is_an_error_that_says_how_to_write_it(capsys):
    """`8.8.8.0` is seldom the one address that it would be read as."""
    status, out, err = explain(capsys, "edge1", "192.168.1.10", "in", "8.8.8.0")
    assert (status, out) == (1, "")
    assert "error[FRR302]: PREFIX: 8.8.8.0 has no length: write 8.8.8.0/32 if this one address is meant" in err


def test_a_zero_is_a_value_that_is_shown(capsys):
    words = ("edge1", "203.0.113.1", "in", "192.0.3.0/24")
    out = explain(capsys, *words, "--community", "graceful-shutdown", "--med", "0")[1]
    assert "  as: local preference 0, med 0, communities graceful-shutdown, as path 64496, " in out
    assert "weight" not in out


def test_a_route_that_leads_to_the_router_itself_is_denied(capsys, tmp_path):
    """Its address is known from the clusters whose nodes dial it, or as the source of a session."""
    words = ("edge1", "203.0.113.1", "in", "192.0.3.0/24", "--next-hop")
    assert explain(capsys, *words, "192.168.1.3")[1].startswith("192.0.3.0/24 from 203.0.113.1: permit\n")
    assert explain(capsys, *words, "192.168.1.2")[1].startswith("192.0.3.0/24 from 203.0.113.1: deny\n")
    file = tmp_path / "frr.conf"
    file.write_text(
        "route-map IN permit 10\n match metric 5\n set ip next-hop 192.0.2.7\nexit\n"
        "route-map IN permit 20\n match metric 6\n set ip next-hop 192.0.2.9\nexit\nroute-map IN permit 30\nexit\n"
        "router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n neighbor 192.0.2.1 update-source 192.0.2.9\n"
        " neighbor 192.0.2.1 route-map IN in\n"
    )
    for hop, med, verdict in (
        ("192.0.2.9", "1", "deny"),
        ("192.0.2.8", "1", "permit"),
        ("192.0.2.9", "5", "permit"),
        ("192.0.2.8", "6", "deny"),
    ):
        args = ("r", "192.0.2.1", "in", "10.0.0.0/8", "--running", str(file), "--next-hop", hop, "--med", med)
        assert explain(capsys, *args)[1].startswith(f"10.0.0.0/8 from 192.0.2.1: {verdict}\n"), (hop, med)


def test_what_the_rpki_caches_say_decides_and_without_it_the_verdict_is_undecided(capsys, tmp_path):
    file = tmp_path / "frr.conf"
    file.write_text(
        "route-map IN deny 5\n match rpki invalid\nexit\nroute-map IN permit 10\nexit\n"
        "router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n"
        " address-family ipv4 unicast\n  neighbor 192.0.2.1 route-map IN in\n"
    )
    args = ("box", "192.0.2.1", "in", "10.0.0.0/8", "--running", str(file))
    for state, verdict in (("invalid", "deny"), ("valid", "permit"), ("notfound", "permit")):
        status, out, _ = explain(capsys, *args, "--rpki", state)
        assert status == 0
        assert out.startswith(f"10.0.0.0/8 from 192.0.2.1: {verdict}\n")
    status, out, _ = explain(capsys, *args)
    assert status == 5
    assert "undecided: route map IN seq 5: match rpki" in out
    assert json.loads(explain(capsys, *args, "--rpki", "valid", "--format", "json")[1])["route"]["rpki"] == "valid"


def test_what_frr_does_behind_the_policy_is_told_of_a_route_that_goes_out(capsys, tmp_path):
    file = tmp_path / "frr.conf"
    file.write_text(
        "route-map OUT permit 10\nexit\nrouter bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n"
        " neighbor 192.0.2.1 local-as 65009\n neighbor 192.0.2.2 remote-as 65001\n"
        " address-family ipv4 unicast\n  neighbor 192.0.2.1 route-map OUT out\n"
        "  no neighbor 192.0.2.1 send-community all\n  neighbor 192.0.2.1 maximum-prefix-out 5\n"
    )

    def said(neighbor, direction, *more):
        words = ("box", neighbor, direction, "10.0.0.0/8", "--running", str(file), *more)
        return explain(capsys, *words)[1]

    out = said("192.0.2.1", "out")
    assert "  as it is before FRR sends it: " in out
    for what in ("AS 65009 (local_as) in front", "no local preference", "no more than 5 prefixes", "its own"):
        assert what in out
    assert "removes all communities; removes all large communities" in out
    assert "then FRR" not in said("192.0.2.2", "out") + said("192.0.2.1", "in")
    assert "removes all communities" in json.loads(said("192.0.2.1", "out", "--format", "json"))["behind"]
