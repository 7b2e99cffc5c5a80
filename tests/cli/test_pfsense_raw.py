"""Raw Config: a box whose pages are replaced by one text is imported, judged, and written as such."""

from __future__ import annotations

from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.platforms.pfsense.config_xml.read import read
from frrgen.platforms.pfsense.raw import raw_keys
from frrgen.platforms.pfsense.schema import decode, encode
from tests.pfsense import GOLDEN

ARTICLE = (GOLDEN / "article.xml").read_text()
TEXT = """\
frr defaults traditional
hostname pfSense.home.arpa
password s3cret
service integrated-vtysh-config
!
router bgp 64512
 no bgp default ipv4-unicast
 neighbor nodes peer-group
 neighbor nodes remote-as 64513
 neighbor nodes password hunter2
 bgp listen range 192.168.1.0/24 peer-group nodes
 !
 address-family ipv4 unicast
  neighbor nodes activate
  neighbor nodes route-map in in
 exit-address-family
!
ip prefix-list k8s seq 5 permit 192.168.10.0/24 le 32
route-map in permit 10
 match ip address prefix-list k8s
!
line vty
!
"""


def config_xml(text, key="frr"):
    section = f"<frrglobalraw><config><{key}>{encode(text)}</{key}></config></frrglobalraw>\n"
    return ARTICLE.replace("</installedpackages>", f"{section}</installedpackages>")


@pytest.fixture(params=["frr", "bgpd"])
def imported(request, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    part = TEXT[TEXT.index("router bgp") : TEXT.index("ip prefix-list")]
    text = TEXT if request.param == "frr" else part.replace("route-map in", "route-map MetalLB_k8s")
    Path("box.xml").write_text(config_xml(text, request.param))
    assert main(["import", "pfsense", "box.xml", "--name", "home", "-o", "inventory"]) == 0
    said = capsys.readouterr().err
    assert "info[FRR729]: the package's pages cannot hold all of the raw configuration: " in said
    assert "listen_ranges" in said
    return Path("inventory/routers/home.yaml")


def test_what_is_imported_is_no_difference_and_merged_byte_for_byte(imported, capsys):
    assert "raw: true" in imported.read_text()
    assert "192.168.1.0/24: nodes" in imported.read_text()
    assert main(["check"]) == 0, capsys.readouterr().out
    assert main(["diff", "home", "--running", "box.xml"]) == 0, capsys.readouterr().out
    assert main(["render", "home", "--merge", "box.xml", "--out", "out"]) == 0
    assert Path("out/home.config.xml").read_bytes() == Path("box.xml").read_bytes()


def test_a_change_is_written_into_the_text_and_nowhere_else(imported, capsys):
    imported.write_text(imported.read_text().replace("remote_as: 64513", "remote_as: 64514"))
    assert main(["diff", "home", "--running", "box.xml"]) == 2
    out = capsys.readouterr().out
    assert "neighbor nodes remote-as 64514" in out
    assert "hunter2" not in out
    assert main(["render", "home", "--merge", "box.xml", "--out", "out"]) == 0
    old, new = (read(Path(one).read_text()).sections for one in ("box.xml", "out/home.config.xml"))
    assert raw_keys(new) == ("frr",)
    assert "neighbor nodes remote-as 64514\n" in decode(new["frrglobalraw"][0]["frr"])
    assert "bgp listen range 192.168.1.0/24 peer-group nodes\n" in decode(new["frrglobalraw"][0]["frr"])
    assert {**old, "frrglobalraw": []} == {**new, "frrglobalraw": []}
    assert main(["diff", "home", "--running", "out/home.config.xml"]) == 0


def test_interfaces_are_written_as_what_they_are_to_frr(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("box.xml").write_text(ARTICLE)
    assert main(["import", "pfsense", "box.xml", "--name", "home", "-o", "inventory"]) == 0
    file = Path("inventory/routers/home.yaml")
    assert "update_source: lan" in file.read_text()
    file.write_text(file.read_text().replace("pfsense:\n", "pfsense:\n  raw: true\n", 1))
    assert main(["render", "home", "--merge", "box.xml", "--out", "out"]) == 0
    text = decode(read(Path("out/home.config.xml").read_text()).sections["frrglobalraw"][0]["frr"])
    assert "neighbor 192.168.1.10 update-source 192.168.1.1\n" in text


def test_no_password_is_shown(imported, capsys):
    assert main(["render", "home"]) == 0
    shown = read(f"<installedpackages>{capsys.readouterr().out}</installedpackages>").sections
    text = decode(shown["frrglobalraw"][0]["frr"])
    assert "neighbor nodes password" in text
    assert "hunter2" not in text


def test_lines_that_would_be_lost_are_named_first(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("box.xml").write_text(config_xml(TEXT + "ip multicast-of-tomorrow\n"))
    assert main(["import", "pfsense", "box.xml", "--name", "home", "-o", "inventory"]) == 0
    file = Path("inventory/routers/home.yaml")
    assert main(["diff", "home", "--running", "box.xml"]) == 0
    file.write_text(file.read_text().replace("remote_as: 64513", "remote_as: 64514"))
    capsys.readouterr()
    assert main(["diff", "home", "--running", "box.xml"]) == 1
    assert "would lose: ip multicast-of-tomorrow" in capsys.readouterr().err
    file.write_text(file.read_text() + "raw: [ip multicast-of-tomorrow]\n")
    assert main(["diff", "home", "--running", "box.xml"]) == 2


def test_a_line_that_was_not_read_is_named_among_what_the_pages_would_lose(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    plain = "router bgp 64512\n neighbor 192.168.1.10 remote-as 64512\n"
    for text, said in (
        (plain, "all of the raw configuration can be said on the package's pages"),
        (
            f"{plain} !\n address-family l2vpn evpn\n  advertise-all-vni\n exit-address-family\n",
            "no place for l2vpn_evpn",
        ),
        (f"{plain}router ospf\n network 10.0.0.0/8 area 0\n", "network 10.0.0.0/8 area 0"),
    ):
        Path("box.xml").write_text(config_xml(text))
        assert main(["import", "pfsense", "box.xml", "--name", "home"]) == 0
        (offer,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("info[FRR729]")]
        assert said in offer
        assert ("cannot hold all" in offer) is (text != plain)
