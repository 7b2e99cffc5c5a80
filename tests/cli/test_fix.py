"""`check --fix` mends what is certainly wrong, and changes nothing else of a file."""

from __future__ import annotations

import pytest

from tests.cli.test_cli import frrgen

ROUTER = """\
# the edge   of the network
bgp:
    asn:   65001          # ours
    router_id: 10.0.0.1
    neigbors:                 # who speaks to us
        "192.0.2.1": {remote_as: 65002, "descripton": 'x',   ebgp_multihp: 3}
prefix_lists:
  P:
    - {seq: 5, action: permti, prefix: 10.0.0.0/8}   # a word
"""
MENDED = (
    ROUTER.replace("neigbors", "neighbors")
    .replace("descripton", "description")
    .replace("ebgp_multihp", "ebgp_multihop")
    .replace("permti", "permit")
)


@pytest.fixture
def net(tmp_path):
    (tmp_path / "routers").mkdir()
    return tmp_path


def test_misspelt_words_are_mended_and_all_else_stays(capsys, net):
    file = net / "routers/r1.yaml"
    file.write_text(ROUTER)
    file.chmod(0o640)
    status, _, err = frrgen(capsys, "-i", net, "check", "--fix", "--yes")
    assert file.read_text() == MENDED
    assert file.stat().st_mode & 0o777 == 0o640
    assert (
        "-    neigbors:                 # who speaks to us\n+    neighbors:                 # who speaks to us\n" in err
    )
    assert [path.name for path in net.rglob("*")] == ["routers", "r1.yaml"]
    assert "error[FRR110]" not in err
    assert status in {0, 1}


def test_without_a_terminal_the_change_is_shown_and_nothing_is_written(capsys, net):
    (net / "routers/r1.yaml").write_text(ROUTER)
    status, _, err = frrgen(capsys, "-i", net, "check", "--fix")
    assert (status, "+    neighbors:" in err, "error[FRR109]" in err) == (1, True, True)
    assert (net / "routers/r1.yaml").read_text() == ROUTER


@pytest.mark.parametrize(
    "text",
    [
        "bgp: {asn: 65001, wholly_unknown: 1}\n",
        "bgp: {asn: 65001, asm: 65002}\n",
        "bgp: {asn: 65001, ruter_id: 10.0.0.2}\n",
        "bgp: {asn: 65001, neighbors: {}, neigbors: {}}\n",
        "bgp: {asn: 65001, neighbors: {192.0.2.1: {remote_as: 65002, ipv4_unicast: {route_map_i: M}}}}\n",
        "bgp: {asn: sixty}\n",
        "bgp: [\n",
    ],
)
def test_what_is_not_certain_is_left_alone(capsys, net, text):
    file = net / "routers/r1.yaml"
    file.write_text(text)
    status, _, err = frrgen(capsys, "-i", net, "check", "--fix", "--yes")
    assert (status, file.read_text()) == (1, text)
    assert "Nothing can be mended with certainty." in err


def test_a_group_that_many_use_is_mended_once(capsys, net):
    (net / "network.yaml").write_bytes(b"groups:\r\n  g: {bgp: {asn: 65001, neigbors: {}}}\r\n")
    for name in ("r1", "r2"):
        (net / f"routers/{name}.yaml").write_text("groups: [g]\n")
    _, _, err = frrgen(capsys, "-i", net, "check", "--fix", "--yes")
    assert (net / "network.yaml").read_bytes() == b"groups:\r\n  g: {bgp: {asn: 65001, neighbors: {}}}\r\n"
    assert "1 file mended." in err


def test_a_sound_inventory_has_nothing_to_mend(capsys, net):
    (net / "routers/r1.yaml").write_text("bgp: {asn: 65001, router_id: 10.0.0.1}\n")
    assert "Nothing can be mended" in frrgen(capsys, "-i", net, "check", "--fix")[2]


POLICY = """\
# the edge
bgp:
  asn: 65001
  router_id: 10.0.0.1
  neighbors:
    192.0.2.1: {remote_as: 65002, ipv4_unicast: {route_map_in: IN, route_map_out: NONE, maximum_prefix: {limit: 10}}}
prefix_lists:
  P:
    # the first of all
    - permit 10.0.0.0/8 le 32   # everything of ten
    - {seq: 10, action: permit,   prefix: 10.1.0.0/16}   # SHADOWED
    - seq: 15               # SHADOWED
      action: deny          # SHADOWED
      prefix: 10.2.0.0/16   # SHADOWED

    # what is behind
    - deny 0.0.0.0/0 le 32
  Q: [permit 10.0.0.0/8, permit 10.0.0.0/8, permit 11.0.0.0/8,   permit 11.0.0.0/8]
as_path_lists:
  A:
    - permit _65001_
    - "deny _65001_"        # SHADOWED
route_maps:
  IN:
    - {action: permit, match: {ip_address_prefix_list: P}}
    - {action: permit, match: {ip_address_prefix_list: Q, as_path: A}}
  NONE: {}   # nothing yet
"""


def said(text):
    """What stays of a text: no line that is marked, and no entry that is there twice."""
    kept = "".join(line for line in text.splitlines(keepends=True) if "SHADOWED" not in line)
    return kept.replace(
        "[permit 10.0.0.0/8, permit 10.0.0.0/8, permit 11.0.0.0/8,   permit 11.0.0.0/8]",
        "[permit 10.0.0.0/8, permit 11.0.0.0/8]",
    ).replace("NONE: {}", "NONE: [{action: deny}]")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_that_decide_nothing_go_and_a_map_without_entries_gets_its_deny(capsys, net, ending):
    file = net / "routers/r1.yaml"
    file.write_bytes(POLICY.replace("\n", ending).encode())
    status, out, err = frrgen(capsys, "-i", net, "check", "--fix", "--yes")
    assert file.read_bytes().decode() == said(POLICY).replace("\n", ending)
    assert status == 0, out
    assert not [code for code in ("FRR212", "FRR310", "FRR311") if code in out], out
    assert "-    - seq: 15               # SHADOWED" in err
    assert "+  NONE: [{action: deny}]   # nothing yet" in err


def test_policy_of_a_group_is_mended_in_the_network_s_file(capsys, net):
    body = "".join(f"    {line}" for line in POLICY.splitlines(keepends=True))
    (net / "network.yaml").write_text(f"groups:\n  g:\n{body}")
    for name in ("r1", "r2"):
        (net / f"routers/{name}.yaml").write_text("groups: [g]\n")
    assert frrgen(capsys, "-i", net, "check", "--fix", "--yes")[0] == 0
    assert (net / "network.yaml").read_text() == "groups:\n  g:\n" + "".join(
        f"    {line}" for line in said(POLICY).splitlines(keepends=True)
    )


def test_a_line_is_shown_and_not_taken_away_without_a_terminal(capsys, net):
    file = net / "routers/r1.yaml"
    file.write_text(POLICY)
    status, _, err = frrgen(capsys, "-i", net, "check", "--fix")
    assert (status, "+  NONE: [{action: deny}]" in err, file.read_text()) == (1, True, POLICY)


BGP = """\
bgp:
  asn: 65001
  router_id: 10.0.0.1
  neighbors:
    192.0.2.1: {remote_as: 65002, ipv4_unicast: {route_map_in: IN, route_map_out: IN, maximum_prefix: {limit: 10}}}
"""


@pytest.mark.parametrize(
    "policy",
    [
        # a comment stands among the entries of the line
        (
            "prefix_lists:\n  P: [permit 10.0.0.0/8, permit 10.0.0.0/8, # why\n    permit 11.0.0.0/8]\n"
            "route_maps:\n  IN: [{action: permit, match: {ip_address_prefix_list: P}}]\n"
        ),
        # a deletion asks for single communities
        (
            "community_lists:\n  C:\n    - permit 65001:1\n    - permit 65001:1 65001:2\n"
            "route_maps:\n  IN: [{action: permit, set: {comm_list_delete: C}}]\n"
        ),
        # FRR passes over the call of a map that is not defined, and does not pass over a deny
        "route_maps:\n  IN: [{action: permit, call: NONE}]\n  NONE: {}\n",
        # what is redistributed is no session
        (
            "  ipv4_unicast: {redistribute: {connected: {route_map: NONE}}}\n"
            "route_maps:\n  IN: [{action: permit, match: {tag: 7}}]\n  NONE: {}\n"
        ),
    ],
)
def test_what_is_not_proven_is_left_alone(capsys, net, policy):
    file = net / "routers/r1.yaml"
    text = BGP + policy
    file.write_text(text)
    _, _, err = frrgen(capsys, "-i", net, "check", "--fix", "--yes")
    assert "Nothing can be mended with certainty." in err
    assert file.read_text() == text
