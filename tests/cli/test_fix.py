"""`check --fix` mends what is certainly misspelt, and changes nothing else of a file."""

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
