"""`frrgen import`: an inventory of configurations, whose passwords are in files of their own and nowhere else."""

from __future__ import annotations

import re
import shlex
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "No line of configuration was there."),
        ("!\nfrr version 8.4.4\n", "No line of configuration was there."),
        ("hostname edge\n", "Everything was understood."),
    ],
)
def test_an_empty_file_is_not_called_understood(here, capsys, text, told):
    (here / "edge.conf").write_text(text)
    assert imported("edge.conf") == 0
    assert capsys.readouterr().err.endswith(f"{told}\n")


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


def test_defaults_that_change_what_was_imported_are_reported(here, capsys):
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


LEAF = """\
! the leaf of a rack
hostname leaf{number}
! bogons, as every leaf has them
ip prefix-list BOGONS seq 5 permit 10.0.0.0/8 le 32
ip prefix-list BOGONS seq 10 permit 192.168.0.0/16 le 32
ip prefix-list K8S seq 5 permit 198.51.100.0/24 le 32
router bgp 6500{number}
 bgp router-id 10.0.0.{number}
 neighbor FABRIC peer-group
 neighbor FABRIC remote-as external
 neighbor FABRIC password s3cret
 ! the first node
 neighbor 10.0.0.10 remote-as 64512
 address-family ipv4 unicast
  neighbor 10.0.0.10 prefix-list K8S in
 exit-address-family
exit
"""


@pytest.fixture
def leaves(here):
    for number in (1, 2):
        Path(f"leaf{number}.conf").write_text(LEAF.format(number=number))
    return ["leaf1.conf", "leaf2.conf"]


def test_what_routers_share_stands_once_with_its_comments(leaves, capsys):
    assert imported(*leaves, "-o", "net") == 0
    assert "Proof: frrgen diff finds nothing to do on 2 routers." in capsys.readouterr().err
    common = Path("net/network.yaml").read_text()
    assert "    # bogons, as every leaf has them\n    BOGONS:\n" in common
    assert Path("net/secrets/FABRIC").read_text() == "s3cret\n"
    assert common.count("file:secrets/FABRIC") == 1
    own = Path("net/routers/leaf1.yaml").read_text()
    assert own.startswith("# yaml-language-server: $schema=../schema.json\n# the leaf of a rack\n")
    assert "BOGONS" not in own
    assert "    # the first node\n    10.0.0.10:" in own
    assert "s3cret" not in common + own


def test_neighbors_that_may_announce_single_addresses_are_suggested_as_a_cluster(leaves, capsys):
    assert imported(*leaves, "-o", "net") == 0
    assert "info[FRR132]: 1 neighbor of leaf1, leaf2 may be the nodes" in capsys.readouterr().err
    (cluster,) = load(Path("net")).network.clusters.values()
    assert (cluster.asn, sorted(cluster.routers)) == (64512, ["leaf1", "leaf2"])


def test_plain_leaves_each_file_whole(leaves):
    assert imported(*leaves, "-o", "net", "--plain") == 0
    assert not Path("net/clusters").exists()
    assert "BOGONS" in Path("net/routers/leaf1.yaml").read_text()
    assert "defaults:" not in Path("net/network.yaml").read_text()


def test_two_files_of_one_router_are_named(leaves, capsys):
    Path("again.conf").write_text(LEAF.format(number=1))
    assert imported(*leaves, "again.conf", "-o", "net") == 1
    assert "leaf1.conf and again.conf are of a router 'leaf1'" in capsys.readouterr().err
    assert not Path("net").exists()


def test_an_inventory_whose_defaults_change_a_router_is_no_proof(leaves, capsys):
    Path("net").mkdir()
    Path("net/network.yaml").write_text("defaults: {bgp: {log_neighbor_changes: true}}\n")
    assert imported(*leaves, "-o", "net") == 0
    err = capsys.readouterr().err
    assert "the inventory would change leaf1: Plan: " in err
    assert "Proof" not in err


def test_the_whole_corpus_becomes_one_inventory_that_changes_no_router(here, capsys):
    corpus = sorted((Path(__file__).parents[1] / "lab/corpus").glob("*.conf"))
    assert len(corpus) > 60
    said = {one: re.search(r"^hostname (.*)", one.read_text(), re.MULTILINE) for one in corpus}
    named = {found[1] if found else one.stem: str(one) for one, found in said.items()}
    assert len(named) > 60
    assert imported(*named.values(), "-o", "net") == 0
    err = capsys.readouterr().err
    assert f"Proof: frrgen diff finds nothing to do on {len(named)} routers." in err


@pytest.mark.parametrize(("folder", "written"), [("net", "net"), ("my net", "'my net'")])
def test_the_next_command_is_told_and_works(leaves, capsys, folder, written):
    assert imported(*leaves, "-o", folder) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"Next: frrgen -i {written} check"
    assert main(shlex.split(last.removeprefix("Next: frrgen "))) == 0
    capsys.readouterr()
    assert imported(*leaves, "-o", f"{folder}2", "--quiet") == 0
    assert "Next" not in capsys.readouterr().err
