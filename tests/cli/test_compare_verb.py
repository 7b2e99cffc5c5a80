"""`frrgen compare` as a user meets it: 0 is a proof, 2 a difference with a route that `explain` confirms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frrgen.cli import main

EXAMPLE = Path(__file__).resolve().parents[2] / "inventory"
CONF = """\
ip prefix-list P seq 5 permit 10.0.0.0/8 le {le}
route-map A permit 10
 match ip address prefix-list P
 set local-preference 200
exit
router bgp 65001
 neighbor 192.0.2.1 remote-as 65002
 address-family ipv4 unicast
  neighbor 192.0.2.1 route-map A in
"""


def frrgen(capsys, *args):
    status = main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def files(tmp_path):
    for le in (24, 32):
        (tmp_path / f"{le}.conf").write_text(CONF.format(le=le))
    return tmp_path


def test_a_policy_equals_itself_and_that_is_a_proof(capsys, files):
    status, out, _ = frrgen(capsys, "compare", f"{files}/24.conf:A", f"{files}/24.conf:192.0.2.1:in")
    assert status == 2, "the session refuses loops, which the map alone does not"
    status, out, _ = frrgen(capsys, "compare", f"{files}/24.conf:A", f"{files}/24.conf:A")
    assert (status, out) == (0, f"{files}/24.conf:A and {files}/24.conf:A do the same with every route.\n")


def test_each_difference_has_a_route_that_explain_confirms_on_both_sides(capsys, files):
    sides = [f"{files}/24.conf:192.0.2.1:in", f"{files}/32.conf:192.0.2.1:in"]
    status, out, _ = frrgen(capsys, "compare", *sides, "--format", "json")
    found = json.loads(out)
    assert (status, found["equal"], found["undecided"]) == (2, False, [])
    (one,) = found["differences"]
    assert one.keys() == {"route", "a", "b", "space"}
    assert one["space"].startswith("10.0.0.0/8 ge 25 le 32")
    for side, le in (("a", 24), ("b", 32)):
        route = one["route"]
        args = [route["prefix"], "--as-path", route["as_path"], "--next-hop", route["next_hop"]]
        running = ["--running", files / f"{le}.conf", "--format", "json"]
        _, out, _ = frrgen(capsys, "explain", "r", "192.0.2.1", "in", *args, *running)
        explained = json.loads(out)
        assert explained["verdict"] == one[side]["verdict"]
        assert explained["verdict"] != "permit" or explained["route"] == one[side]["route"]


def test_in_words_it_says_where_and_what(capsys, files):
    _, out, _ = frrgen(capsys, "compare", f"{files}/24.conf:A", f"{files}/32.conf:A")
    assert "They differ for 10.0.0.0/8 ge 25 le 32" in out
    assert "permit by route-map A seq 10, with local preference 200" in out


def test_an_inventory_and_what_runs_can_be_compared(capsys, tmp_path):
    _, text, _ = frrgen(capsys, "-i", EXAMPLE, "render", "edge1")
    (tmp_path / "edge1.conf").write_text(text)
    sides = ["edge1:203.0.113.1:in", f"{tmp_path}/edge1.conf:203.0.113.1:in"]
    assert frrgen(capsys, "-i", EXAMPLE, "compare", *sides)[0] == 0


@pytest.mark.parametrize(
    ("side", "code"),
    [("nonsense", "FRR303"), ("edge1:NO-MAP", "FRR304"), ("edge1:192.0.2.77:in", "FRR301"), ("nobody:X", "FRR108"),
     ("./nowhere.conf:X", "FRR403")],
)  # fmt: skip
def test_what_names_no_policy_is_an_error(capsys, side, code):
    status, out, err = frrgen(capsys, "-i", EXAMPLE, "compare", "edge1:UPSTREAM-IN", side)
    assert (status, out) == (1, "")
    assert f"error[{code}]" in err


def test_what_is_permitted_by_default_and_unchanged_is_described_in_words(capsys, tmp_path):
    both = "router bgp 65001\n no bgp ebgp-requires-policy\n neighbor 192.0.2.1 remote-as 65002\n"
    (tmp_path / "a.conf").write_text(both)
    family = " address-family {0} unicast\n  neighbor 192.0.2.1 activate\n  neighbor 192.0.2.1 route-map A in\n exit\n"
    text = "route-map A permit 10\n set as-path prepend 7\n" + both + family.format("ipv6")
    (tmp_path / "b.conf").write_text(text)
    (tmp_path / "a.conf").write_text(both + " address-family ipv6 unicast\n  neighbor 192.0.2.1 activate\n")
    _, out, _ = frrgen(capsys, "compare", f"{tmp_path}/a.conf:192.0.2.1:in", f"{tmp_path}/b.conf:192.0.2.1:in")
    assert "a.conf:192.0.2.1:in: permit by default (nothing more is attached), as it came\n" in out
    assert "b.conf:192.0.2.1:in: permit by route-map A seq 10, with as path 7 " in out
    assert "next hop 2001:db8::1" in out


def test_a_map_that_leads_to_the_router_itself_lets_nothing_in(capsys, tmp_path):
    text = (
        "route-map A permit 10\n set ip next-hop 192.0.2.9\nrouter bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n"
        " neighbor 192.0.2.1 update-source 192.0.2.9\n neighbor 192.0.2.1 route-map A in\n"
    )
    (tmp_path / "a.conf").write_text(text)
    (tmp_path / "b.conf").write_text(text.replace("A permit", "A deny"))
    assert frrgen(capsys, "compare", f"{tmp_path}/a.conf:192.0.2.1:in", f"{tmp_path}/b.conf:192.0.2.1:in")[0] == 0
