"""`frrgen import`: an inventory of configurations, whose passwords are in files of their own and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from frrgen.cli import main
from frrgen.inventory.adopt import adopt
from frrgen.inventory.files import load
from frrgen.inventory.secrets import resolve
from frrgen.platforms.frr.parse.parser import parse
from frrgen.platforms.frr.render import render

COLLIDING = """\
hostname r1
vrf red
exit-vrf
router bgp 65001
 neighbor red-K8S peer-group
 neighbor red-K8S remote-as 65002
 neighbor red-K8S password one
 neighbor RED-K8S peer-group
 neighbor RED-K8S password two
 neighbor fd00::1 remote-as 65002
 neighbor fd00::1 password three
 neighbor fd00--1 interface remote-as 65002
 neighbor fd00--1 password four
exit
router bgp 65001 vrf red
 neighbor K8S peer-group
 neighbor K8S remote-as 65003
 neighbor K8S password file:five
 neighbor ../../K8S peer-group
 neighbor ../../K8S password env:HOME
exit
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("r1.conf").write_text(COLLIDING)
    return tmp_path


def imported(*words):
    return main(["import", "frr", *words])


def test_each_password_has_a_file_of_its_own_and_is_rendered_again(here):
    assert imported("r1.conf", "-o", "net") == 0
    loaded = load(here / "net")
    router = resolve(loaded.network.routers["r1"], loaded.folder, {})
    text = render(router)
    lines = [line for line in COLLIDING.splitlines() if "password" in line]
    assert [line for line in lines if line not in text.splitlines()] == []
    assert text.count("password") == len(lines)


def test_nothing_is_written_outside_of_the_inventory(here):
    before = set(here.parent.rglob("*"))
    assert imported("r1.conf", "-o", "net") == 0
    assert all(path.is_relative_to(here / "net") for path in set(here.parent.rglob("*")) - before)


def test_standard_output_holds_references_and_no_placeholder(here, capsys):
    assert imported("r1.conf") == 0
    out, err = capsys.readouterr()
    router = yaml.safe_load(out)
    said = [one["password"] for kind in ("peer_groups", "neighbors") for one in router["bgp"][kind].values()]
    assert len(said) == 4
    assert all(one.startswith("file:secrets/r1-") for one in said)
    assert "hidden" not in out
    assert "Not shown: 6 passwords, for secrets/r1-" in err


def test_an_inventory_that_is_there_gets_another_router(here, capsys):
    assert imported("r1.conf", "-o", "net") == 0
    (here / "net/network.yaml").write_text("# mine\ngroups: {}\n")
    assert imported("r1.conf", "--name", "r2", "-o", "net") == 0
    assert (here / "net/network.yaml").read_text() == "# mine\ngroups: {}\n"
    assert sorted(load(here / "net").network.routers) == ["r1", "r2"]
    capsys.readouterr()
    assert imported("r1.conf", "-o", "net") == 1
    assert "error[FRR130]" in capsys.readouterr().err


def test_several_files_are_imported_all_or_none(here, capsys):
    Path("r2.conf").write_text("router bgp 65002\n neighbor 192.0.2.1 remote-as 65001\n")
    Path("other.xml").write_text("<pfsense/>")
    assert imported("r1.conf", "r2.conf", "-o", "net") == 0
    assert sorted(load(here / "net").network.routers) == ["r1", "r2"]
    for wrong in (["r2.conf", "other.xml", "-o", "b"], ["r1.conf", "r1.conf", "-o", "b"], ["r1.conf", "r2.conf"]):
        assert imported(*wrong) == 1
        assert not Path("b").exists()
    assert imported("r1.conf", "r2.conf", "--name", "r", "-o", "b") == 1
    assert capsys.readouterr().err.count("error[") == 4


def test_defaults_that_change_what_was_imported_are_told(here, capsys):
    Path("net").mkdir()
    Path("net/network.yaml").write_text("defaults: {description: ours}\n")
    assert imported("r1.conf", "-o", "net") == 0
    err = capsys.readouterr().err
    assert "warning[FRR131]" in err
    assert "description" in err


def test_a_name_in_use_is_avoided_whatever_its_case():
    router = parse(COLLIDING, name="r1").router
    names = [path.name.casefold() for path in adopt(router, ["r1-red-k8s", "R1-FD00--1"]).secrets]
    assert len(names) == len(set(names)) == 6
    assert not {"r1-red-k8s", "r1-fd00--1"} & set(names)


def test_addresses_are_written_without_quotes(here, capsys):
    Path("r2.conf").write_text(
        "router bgp 65002\n bgp router-id 192.0.2.2\n neighbor 192.0.2.1 remote-as 65001\n"
        "bgp community-list standard C permit 65000:10\n"
    )
    assert imported("r2.conf") == 0
    out = capsys.readouterr().out
    assert "router_id: 192.0.2.2" in out
    assert "    192.0.2.1: {remote_as: 65001}\n" in out
    assert '"' not in out
