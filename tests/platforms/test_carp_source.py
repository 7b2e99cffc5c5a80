"""A session of a pfSense box may come from its CARP address, whose name is longer than an interface's."""

from __future__ import annotations

import pytest

from frrgen.cli import main

BOX = """\
platform: pfsense
pfsense: {carp_vip: VIP, interfaces: {lan: [192.168.1.2], VIP: [192.168.1.1, "fd00::1"]}}
bgp:
  asn: 65001
  neighbors:
    PEER: {remote_as: 65002, update_source: VIP, FAMILY: {activate: true}}
"""


SESSIONS = [("192.168.1.10", "ipv4_unicast", "192.168.1.1"), ('"fd00::10"', "ipv6_unicast", "fd00::1")]


@pytest.mark.parametrize("vip", ["_vip1", "_vip5f3a1b2c3d4e5"])
@pytest.mark.parametrize("session", SESSIONS)
def test_the_name_and_the_address_are_stored_and_frr_gets_the_address(vip, session, tmp_path, capsys):
    peer, family, address = session
    (tmp_path / "routers").mkdir()
    (tmp_path / "routers/box.yaml").write_text(BOX.replace("VIP", vip).replace("PEER", peer).replace("FAMILY", family))
    assert main(["-i", str(tmp_path), "render", "box"]) == 0
    assert f"<updatesource>{vip}|{address}</updatesource>" in capsys.readouterr().out
    assert main(["-i", str(tmp_path), "render", "box", "--target", "frr"]) == 0
    assert f"update-source {address}\n" in capsys.readouterr().out
