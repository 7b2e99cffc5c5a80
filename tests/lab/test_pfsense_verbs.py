"""The verbs on a pfSense box over SSH, as a user would type them."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.platforms.pfsense.schema import encode
from tests.lab import Lab, wait_for
from tests.lab.pfsense import Pfsense, lacking

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
]
ARTICLE = (Path(__file__).parents[1] / "golden/pfsense/article.xml").read_text()
PEER = "192.168.1.10"


@pytest.fixture(scope="module")
def lab(frr):
    with Lab(frr=frr) as lab:
        box, node = lab.add(Pfsense("home", lab.folder / "home", frr=lab.frr)), lab.router("node")
        lab.link(box, node, "192.168.1.1/24", f"{PEER}/24")
        node.start(
            "router bgp 64512\n bgp router-id 192.168.1.10\n neighbor 192.168.1.1 remote-as 64512\n"
            " neighbor 192.168.1.1 timers connect 1\n"
        )
        lab.sshd(box)
        yield lab


@pytest.fixture
def box(lab):
    """The article's box, with its session up."""
    box = lab.routers["home"]
    box.heal()
    box.start(ARTICLE)
    wait_for("the session", lambda: box.established(PEER), seconds=60)
    return box


@pytest.fixture
def typed(lab, box, tmp_path, monkeypatch):
    """Run a verb in a folder of one's own."""
    monkeypatch.chdir(tmp_path)
    config = str(lab.ssh_config())
    return lambda *words: main([*words, "--ssh-config", config])


def edit(*pairs):
    """Change the imported router's file."""
    path = Path("inventory/routers/home.yaml")
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_a_box_is_imported_without_a_difference_changed_and_left_as_planned(typed, box, capsys):
    """The article's reader, from what he typed to what he meant."""
    assert typed("import", "pfsense", "ssh:admin@home", "--name", "home", "-o", "inventory") == 0
    capsys.readouterr()
    before = box.config
    assert typed("diff", "home") == 0, capsys.readouterr().out
    assert typed("push", "home", "--yes") == 0
    assert box.config == before
    capsys.readouterr()

    edit(
        (", source_protocol: bgp", ""),
        ("send_community: [extended, large]", "route_map_in: MetalLB_k8s"),
    )
    assert typed("diff", "home", "--format", "json") == 2
    (plan,) = json.loads(capsys.readouterr().out)["routers"]
    assert plan["effect"] == "reload"
    assert set(plan["sections"]) == {"frrbgpneighbors", "frrglobalroutemaps"}
    assert not [one for one in plan["sessions"] if one["impact"] == "reset"]
    assert plan["leftovers"] == ["frrglobalroutemaps MetalLB_k8s 1 / nexthop_action=match-peer"]
    established = box.bgp("neighbors")[PEER]["connectionsEstablished"]
    assert typed("push", "home", "--yes") == 0
    assert typed("diff", "home") == 0
    shown = box.running_config()
    assert "neighbor 192.168.1.10 route-map MetalLB_k8s in" in shown
    assert "source-protocol" not in shown
    assert box.bgp("neighbors")[PEER]["connectionsEstablished"] == established
    assert "frrgen: " in box.config


def test_a_raw_configuration_is_refused_until_it_is_given_up(typed, box, capsys):
    assert typed("import", "pfsense", "ssh:admin@home", "--name", "home", "-o", "inventory") == 0
    raw = encode("hostname raw\nrouter bgp 64512\n neighbor 192.168.1.10 remote-as 64512\n")
    box.save("frrglobalraw", [{"row": [{"tcpsigsrc": "", "tcpsigdst": "", "tcpsigpw": ""}], "frr": raw}])
    box.settled()
    before = box.config
    edit(("description: MetalLB", "description: the node"))
    assert typed("push", "home", "--yes") == 1
    assert "FRR745" in capsys.readouterr().err
    assert box.config == before
    assert typed("push", "home", "--yes", "--clear-raw") == 0
    assert "description the node" in box.running_config()


def test_a_password_is_stored_and_never_shown(typed, box, capsys, monkeypatch):
    monkeypatch.setenv("NODE_PASSWORD", "hunter2-secret")
    assert typed("import", "pfsense", "ssh:root@home", "--name", "home", "-o", "inventory") == 0
    edit(("      description: MetalLB\n", "      description: MetalLB\n      password: env:NODE_PASSWORD\n"))
    assert typed("diff", "home") == 2
    shown = capsys.readouterr()
    assert "will reset: 192.168.1.10 (password" in shown.out
    assert "hunter2" not in shown.out + shown.err
    assert "s3cret" not in shown.out + shown.err


def test_a_box_that_is_not_there_is_an_error_in_a_sentence(typed, capsys):
    assert typed("import", "pfsense", "ssh:admin@127.0.0.1:1") == 1
    assert "error[FRR503]" in capsys.readouterr().err
    assert typed("import", "pfsense", "ssh:@:x") == 1
    assert "error[FRR116]" in capsys.readouterr().err


@pytest.fixture
def waits(typed, box, capsys):
    """Give what pushes a description that waits to be confirmed."""
    assert typed("import", "pfsense", "ssh:admin@home", "--name", "home", "-o", "inventory") == 0

    def push(seconds):
        edit(("description: MetalLB", "description: waits"))
        assert typed("push", "home", "--yes", "--confirm-within", str(seconds)) == 0
        assert "description waits" in box.running_config()
        capsys.readouterr()

    return push


def at_rest(typed, box):
    wait_for("rest", lambda: not json.loads(said(typed, "status", "home"))["routers"][0]["pending"], 60, every=1)
    return box.sections()["frrbgpneighbors"][0]["descr"]


def said(typed, *words):
    """Give what a verb prints as JSON."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        typed(*words, "--format", "json")
    return out.getvalue()


def told(typed):
    return [one["event"] for one in json.loads(said(typed, "history", "home"))][-2:]


def test_a_push_to_a_box_waits_for_a_person_and_is_confirmed_from_anywhere(typed, box, waits, capsys):
    waits(300)
    assert typed("status", "home") == 2
    assert "is undone in" in capsys.readouterr().out
    assert typed("diff", "home") == 2
    assert typed("push", "home", "--yes") == 1
    assert "FRR529" in capsys.readouterr().err
    assert typed("confirm", "home") == 0
    assert typed("status", "home") == 0
    assert typed("confirm", "home") == 1
    assert typed("diff", "home") == 0
    assert told(typed) == ["armed", "confirmed"]
    assert box.sections()["frrbgpneighbors"][0]["descr"] == "waits"


def test_a_plan_of_a_box_that_was_reviewed_is_what_is_written_or_nothing_is(typed, box, capsys):
    assert typed("import", "pfsense", "ssh:admin@home", "--name", "home", "-o", "inventory") == 0
    edit(("description: MetalLB", "description: reviewed"))
    assert typed("diff", "home", "-o", "plan.json") == 2
    edit(("description: reviewed", "description: another"))
    capsys.readouterr()
    assert typed("push", "plan.json") == 1
    assert "error[FRR532]" in capsys.readouterr().err
    edit(("description: another", "description: reviewed"))
    box.load(f"router bgp 64512\n neighbor {PEER} description meddled\nexit\n")
    assert typed("push", "plan.json") == 1
    assert "error[FRR532]" in capsys.readouterr().err
    assert box.sections()["frrbgpneighbors"][0]["descr"] == "MetalLB"
    box.load(f"router bgp 64512\n neighbor {PEER} description MetalLB\nexit\n")
    assert typed("push", "plan.json") == 0
    assert box.sections()["frrbgpneighbors"][0]["descr"] == "reviewed"
    assert f"neighbor {PEER} description reviewed" in box.running_config()
    assert typed("diff", "home") == 0


def test_a_push_that_nobody_confirms_is_undone_by_the_box(typed, box, waits):
    before = box.running_config()
    waits(2)
    assert at_rest(typed, box) == "MetalLB"
    assert box.running_config() == before
    assert told(typed) == ["armed", "rolled back"]
    assert "not confirmed in time" in said(typed, "history", "home")


def test_rollback_undoes_what_waits_on_a_box_and_otherwise_goes_back_to_an_earlier_push(typed, box, waits, capsys):
    before = box.running_config()
    waits(300)
    assert typed("rollback", "home", "--yes") == 0
    assert "rolled back" in capsys.readouterr().out
    # at once: what is told is done
    assert not json.loads(said(typed, "status", "home"))["routers"][0]["pending"]
    assert told(typed) == ["armed", "rolled back"]
    assert box.sections()["frrbgpneighbors"][0]["descr"] == "MetalLB"
    assert box.running_config() == before
    assert typed("push", "home", "--yes") == 0
    first = json.loads(said(typed, "history", "home"))[-1]["id"]
    edit(("description: waits", "description: newer"))
    assert typed("push", "home", "--yes") == 0
    assert typed("rollback", "home", "--yes", "--to", first) == 0
    assert box.running_config() == before
    assert typed("rollback", "home", "--yes", "--to", "../x") == 1
    assert "FRR530" in capsys.readouterr().err


def test_a_box_that_reboots_undoes_an_unconfirmed_push(typed, lab, box, waits):
    waits(300)
    box.reboot()
    lab.sshd(box)
    words = [*("status", "home"), "--ssh-config", str(lab.ssh_config())]
    wait_for("rest", lambda: main(words) == 0, 60, every=1)
    assert box.sections()["frrbgpneighbors"][0]["descr"] == "MetalLB"
    assert "description MetalLB" in box.running_config()
    assert "started anew" in box.run("tail", "-n", "1", "/var/db/frrgen/journal.jsonl").stdout
    assert not box.run("sh", "-c", "ls /usr/local/etc/rc.d | grep frrgen", check=False).stdout


CLUSTER = """\
asn: 64512
nodes: {n1: {addresses: [192.168.1.10]}}
pools: {p: {prefixes: [192.168.10.0/24]}}
timers_connect: 1
routers: {home: {address: 192.168.1.1, update_source: lan}}
"""


def test_the_ends_of_a_clusters_sessions_are_verified_by_what_the_bgpd_of_a_box_has(typed, box, capsys):
    assert typed("import", "pfsense", "ssh:admin@home", "--name", "home", "-o", "inventory") == 0
    file = Path("inventory/routers/home.yaml")
    file.write_text(file.read_text().split("  neighbors:")[0])
    Path("inventory/clusters").mkdir(exist_ok=True)
    Path("inventory/clusters/k8s.yaml").write_text(CLUSTER)
    assert main(["verify"]) == 0
    assert typed("verify", "--live") == 2  # not pushed yet
    assert typed("push", "home", "--yes") == 0
    capsys.readouterr()
    assert typed("verify", "--live") == 0, capsys.readouterr()
    said = capsys.readouterr().out
    assert "bgpd itself says the same of" in said
    assert "bgpd itself has the" in said
    # somebody types what no page knows: what FRR runs is asked, not config.xml
    (name,) = [one for one in box.running_config().splitlines() if one.startswith("ip prefix-list k8s")][:1]
    box.vtysh("configure terminal", f"{name.split(' seq')[0]} seq 1 permit 10.0.0.0/8 le 32")
    assert typed("verify", "--live") == 2
    assert "10." in capsys.readouterr().out
