"""Two boxes that are a pair: the master runs FRR, the other box has the same sections, and takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.cli.outcomes import Pushing
from frrgen.platforms.pfsense.stored import normal
from frrgen.transaction.base import State
from tests.lab import Lab, wait_for
from tests.lab.endpoint import Endpoint
from tests.lab.pfsense import Pfsense, lacking
from tests.pfsense import GOLDEN

pytestmark = [
    pytest.mark.sample("10.3"),
    pytest.mark.skipif(bool(lacking()), reason=f"the stand-in for pfSense needs {lacking()}"),
]
VIP, SHARED = "_vip5f3a", "192.168.1.1"
VIRTUAL = f"""\
	<virtualip><vip><mode>carp</mode><interface>lan</interface><uniqid>5f3a</uniqid><vhid>1</vhid>
	<subnet>{SHARED}</subnet><subnet_bits>24</subnet_bits></vip></virtualip>
	<hasync><synchronizetoip>192.168.1.3</synchronizetoip></hasync>
	<installedpackages>"""
NETWORK = f"""\
groups:
  home:
    platform: pfsense
    ownership: full
    pfsense: {{carp_vip: {VIP}}}
    bgp: {{asn: 64512}}
"""
ROUTER = """\
groups: [home]
ssh: {{user: admin}}
pfsense: {{interfaces: {{lan: [192.168.1.{number}], {vip}: [{shared}]}}}}
"""
CLUSTER = f"""\
asn: 64513
nodes: {{n1: {{addresses: [192.168.1.10]}}}}
pools: {{p: {{prefixes: [192.168.10.0/24]}}}}
timers_connect: 1
routers:
  home2: {{address: {SHARED}, update_source: {VIP}}}
  home3: {{address: {SHARED}, update_source: {VIP}}}
"""


@pytest.fixture
def lab(frr, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Lab(frr=frr) as lab:
        for number, state in ((2, "MASTER"), (3, "BACKUP")):
            name = f"home{number}"
            # no box with FRR 8.4 has package 2.1
            package = "2.0.2_7" if lab.frr.numbers < (10,) else "2.1.2_1"
            box = lab.add(Pfsense(name, lab.folder / name, frr=lab.frr, package=package))
            node = lab.router(f"node{number}", daemons=())
            lab.link(box, node, f"192.168.1.{number}/24", "192.168.1.10/24")
            lab.sshd(box)
            carp(box, state)
            text = (GOLDEN / "article.xml").read_text().replace("<ipaddr>192.168.1.1<", f"<ipaddr>192.168.1.{number}<")
            text = text.replace("\t<installedpackages>", VIRTUAL)
            box.write(text.replace("<carpstatusvid>none<", f"<carpstatusvid>{VIP}<"))
            box.generate()
        lab.routers["home2"].settled()
        for file, said in (
            ("network.yaml", NETWORK),
            ("clusters/k8s.yaml", CLUSTER),
            ("routers/home2.yaml", ROUTER.format(number=2, vip=VIP, shared=SHARED) + "ha: {peer: home3}\n"),
            ("routers/home3.yaml", ROUTER.format(number=3, vip=VIP, shared=SHARED)),
        ):
            path = Path("inventory", file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(said)
        yield lab


def carp(box, state):
    """Let CARP make a box the master, or not."""
    box.run("sh", "-c", f"echo {state} > /var/db/carp-{VIP}")
    change = "add" if state == "MASTER" else "del"
    box.run("ip", "addr", change, f"{SHARED}/24", "dev", "eth0", check=False)


@pytest.fixture
def typed(lab, capsys):
    """What types a command, and returns its exit code and all that it said."""
    config = str(lab.ssh_config())

    def run(*words, config=config):
        code = main([*words, "--ssh-config", config])
        return code, "".join(capsys.readouterr())

    return run


def test_a_pair_is_pushed_one_after_the_other_and_the_other_box_takes_over_with_the_same_policy(lab, typed, capsys):
    first, second = lab.routers["home2"], lab.routers["home3"]
    assert main(["check"]) == 0, capsys.readouterr()
    capsys.readouterr()
    # to name one box is to push both, and the second only when the first is confirmed
    code, said = typed("push", "home3", "--yes", "--confirm-within", "300")
    assert code == 1, said
    assert "home3: not started: home2, the other box of its pair, is not confirmed" in said
    assert "frrgen confirm home2, then push again" in said
    assert typed("confirm", "home2")[0] == 0
    before = second.sections()
    code, said = typed("push", "home2", "--yes")
    assert code == 0, said
    assert "home2: nothing to do" in said
    assert "home3: applied and saved" in said
    assert f"the CARP address {VIP} is BACKUP here" in said
    assert second.sections() != before
    assert normal(first.sections()) == normal(second.sections())
    assert "push to both" not in said
    assert typed("push", "home2", "--yes")[0] == 0
    assert typed("diff", "home2", "home3")[0] == 0
    code, said = typed("status", "home2", "home3")
    assert code == 0
    assert "home2: at rest" in said
    assert "home3: FRR does not run here" in said
    code, said = typed("verify", "--live")
    assert code == 0, said
    assert "FRR does not run here while another box is the CARP master" in said
    assert "what one box does with a route the other does, too" in said
    assert not second.run("sh", "-c", "ls /run/frr/*.pid", check=False).stdout

    # home2 fails, and home3 is the master
    carp(first, "BACKUP")
    carp(second, "MASTER")
    second.run("sh", "-c", "/usr/local/etc/rc.d/frr.sh start >/dev/null 2>&1 </dev/null", check=False)
    node = lab.routers["node3"]
    end = Endpoint(node, "192.168.1.10", SHARED, 64513, identifier="192.168.1.10").dial()
    wait_for("the node", lambda: second.established("192.168.1.10"), seconds=20)
    assert "neighbor 192.168.1.10 update-source 192.168.1.1" in second.running_config()
    code, said = typed("diff", "home3")
    assert code == 0, said
    assert not end.ended


def test_a_pair_that_cannot_be_pushed_to_whole_stays_as_it_is(lab, typed, tmp_path):
    both = lab.routers["home2"], lab.routers["home3"]
    before = [box.sections() for box in both]
    plain = lab.ssh_config().read_text()
    for away, other in (("home3", "home2"), ("home2", "home3")):
        config = tmp_path / "unreachable"
        config.write_text(f"Host {away}\n  Port 1\n{plain}")
        code, said = typed("push", "home2", "--yes", config=str(config))
        assert code == 1, said
        assert f"{away}: " in said, said
        assert "refused" in said, said
        assert f"frrgen push {other} --alone" in said
        assert [box.sections() for box in both] == before
    code, said = typed("push", "home3", "--yes", "--alone", config=str(config))
    assert code == 0, said
    assert "push to both" in said
    assert both[0].sections() == before[0]
    # BGP is off on one box, and FRR on the other
    off = [{**both[0].sections()["frrbgp"][0], "enable": ""}]
    both[0].save("frrbgp", off)
    both[0].settled()
    both[1].save("frr", [{**both[1].sections()["frr"][0], "enable": ""}])
    code, said = typed("push", "home2", "--yes")
    assert code == 0, said
    assert "The package restarts all of FRR (bgpd is switched on)" in said
    assert normal(both[0].sections()) == normal(both[1].sections())
    assert "router bgp 64512" in both[0].running_config()


def moves(gone, come):
    """Let the CARP address go from one box to the other, and FRR with it."""
    carp(gone, "BACKUP")
    gone.run("/usr/local/etc/rc.d/frr.sh", "stop")
    carp(come, "MASTER")
    come.run("sh", "-c", "/usr/local/etc/rc.d/frr.sh start >/dev/null 2>&1 </dev/null", check=False)
    come.settled()


def expires(box):
    """Let the time of the push that waits on a box run out, and wait until the box has undone the push."""
    box.run("sh", "-c", "cd /var/db/frrgen/armed && echo 0 >next && mv next again")
    there = (
        "test -e /var/db/frrgen/armed/failed || ! { test -e /var/db/frrgen/armed || test -e /var/db/frrgen/undoing; }"
    )
    wait_for("the way back", lambda: box.run("sh", "-c", there, check=False).returncode == 0, 60)
    return box.run("tail", "-n", "1", "/var/db/frrgen/journal.jsonl").stdout


def test_a_box_that_changes_its_part_while_a_push_waits_undoes_the_push_when_its_time_runs_out(lab, typed):
    first, second = lab.routers["home2"], lab.routers["home3"]
    before = [box.sections() for box in (first, second)]
    ran = first.running_config()
    # the master has lost the address when its time runs out
    code, said = typed("push", "home2", "--alone", "--yes", "--confirm-within", "3000")
    assert code == 0, said
    assert "neighbor k8s peer-group" in first.running_config()
    moves(first, second)
    assert '"event": "rolled back"' in (told := expires(first)), told
    assert "not confirmed in time" in told
    assert "compared" not in told
    assert first.sections() == before[0]
    code, said = typed("status", "home2")
    assert "home2: FRR does not run here" in said
    moves(second, first)
    assert first.running_config() == ran
    # the other box is the master when its time runs out: it runs what was written, and then its old settings
    code, said = typed("push", "home3", "--alone", "--yes", "--confirm-within", "3000")
    assert code == 0, said
    moves(first, second)
    assert "neighbor k8s peer-group" in second.running_config()
    code, said = typed("confirm", "home3")
    assert code == 1, said
    assert "nothing was confirmed" in said
    assert '"event": "rolled back"' in (told := expires(second)), told
    assert "the box became the CARP master, and what FRR runs was not compared" in told
    assert second.sections() == before[1]
    assert "neighbor k8s" not in second.running_config()
    assert second.running_config().replace("hostname home3", "hostname home2") == ran.replace(
        "192.168.1.2", "192.168.1.3"
    )


def test_a_failover_in_the_middle_of_a_push_is_told_and_nothing_is_half_done(lab, typed, monkeypatch):
    first, second = lab.routers["home2"], lab.routers["home3"]
    before = first.sections(), second.sections()
    faults = {}

    def progress_of(pushing, router):
        tell = plain(pushing, router)

        def told(state):
            tell(state)
            if (router, state) in faults:
                faults.pop((router, state))()

        return told

    plain = Pushing.progress_of
    monkeypatch.setattr(Pushing, "progress_of", progress_of)

    # the first box loses the address when its sections are written
    faults["home2", State.APPLIED] = lambda: moves(first, second)
    code, said = typed("push", "home2", "--yes")
    assert (code, faults) == (3, {}), said
    assert f"home2: during the push another box became the CARP master: {VIP} is BACKUP here" in said
    assert (
        "home2: rolled back: it has the sections that it had, and FRR waits, for another box is the CARP master" in said
    )
    assert "home3: not started" in said
    assert (first.sections(), second.sections()) == before
    # it gets the address back while its sections are written: FRR runs there what was written, and that is told
    second.settled()
    faults["home2", State.APPLIED] = lambda: moves(second, first)
    code, said = typed("push", "home2", "--yes")
    assert (code, faults) == (0, {}), said
    assert f"home2 said: the box became the CARP master of {VIP} during the push: FRR runs what was written" in said
    assert normal(first.sections()) == normal(second.sections())
    assert "router bgp 64512" in first.running_config()
    # it loses the address while a push waits to be confirmed: the box undoes it
    sections = first.sections()
    file = Path("inventory/network.yaml")
    file.write_text(file.read_text().replace("bgp: {asn: 64512}", "bgp: {asn: 64512, log_neighbor_changes: true}"))
    code, said = typed("push", "home2", "--yes", "--confirm-within", "300")
    assert code == 1, said
    assert first.sections() != sections
    moves(first, second)
    code, said = typed("confirm", "home2")
    assert code == 1, said
    assert "FRR waits, for another box is the CARP master: nothing was confirmed" in said
    code, said = typed("rollback", "home2", "--yes")
    assert code == 0, said
    assert first.sections() == sections
