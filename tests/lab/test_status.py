"""The sessions of routers as `frrgen status` shows them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from importlib import resources

import pytest
from jsonschema import Draft202012Validator

from tests.lab.router import wait_for

SCHEMA = json.loads((resources.files("frrgen.report") / "schemas/status.json").read_text())
EDGE = """\
frr defaults traditional
ip prefix-list ONE seq 5 permit 10.2.0.0/16
route-map ALL permit 10
exit
route-map IN permit 10
 match ip address prefix-list ONE
exit
router bgp 65001
 neighbor 10.0.0.2 remote-as 65002
 neighbor 10.0.0.2 description transit
 neighbor 10.0.0.9 remote-as 65009
 address-family ipv4 unicast
  network 10.9.0.0/16
  neighbor 10.0.0.2 route-map IN in
  neighbor 10.0.0.2 soft-reconfiguration inbound
  neighbor 10.0.0.2 route-map ALL out
 exit-address-family
exit
ip route 10.9.0.0/16 blackhole
"""
OTHER = """\
route-map ALL permit 10
exit
router bgp 65002
 neighbor 10.0.0.1 remote-as 65001
 address-family ipv4 unicast
  network 10.1.0.0/16
  network 10.2.0.0/16
  neighbor 10.0.0.1 route-map ALL in
  neighbor 10.0.0.1 route-map ALL out
 exit-address-family
exit
ip route 10.1.0.0/16 blackhole
ip route 10.2.0.0/16 blackhole
"""


@pytest.fixture
def status(lab, tmp_path):
    edge, other = lab.router("edge"), lab.router("other")
    lab.lan((edge, "10.0.0.1/24"), (other, "10.0.0.2/24"))
    edge.start(EDGE)
    edge.vtysh("write")
    other.start(OTHER)
    lab.sshd(edge)
    (tmp_path / "edge.conf").write_text(edge.running_config())
    start = [sys.executable, "-c", "from frrgen.cli import main; raise SystemExit(main())"]
    words = ["import", "frr", str(tmp_path / "edge.conf"), "--name", "edge", "-o", str(tmp_path / "net")]
    subprocess.run([*start, *words], check=True, capture_output=True)

    def ask(*more, wait=True):
        command = [*start, "-i", str(tmp_path / "net"), "status", "--ssh-config", str(lab.ssh_config()), *more]
        begun = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if not wait:
            return begun
        out, err = begun.communicate(timeout=60)
        return begun.returncode, out, err

    ask.edge, ask.folder = edge, tmp_path / "net"
    return ask


@pytest.mark.sample("10.7")
def test_each_session_is_shown_with_its_prefixes_and_flaps_and_drift_is_told(status):
    wait_for("the prefix", lambda: "10.2.0.0/16" in status.edge.vtysh("show bgp ipv4 unicast"), 30)
    wait_for("what is sent", lambda: re.search(r"10.0.0.2 .* transit", sent(status)), 30)
    code, out, err = status()
    assert (code, err) == (0, "")
    head, *rows = [line for line in out.splitlines() if not line.startswith(" ")][:3]
    assert head.split() == [
        "router",
        "neighbor",
        "family",
        "state",
        "for",
        "received",
        "accepted",
        "sent",
        "flaps",
        "description",
    ]
    assert re.fullmatch(r"edge +10\.0\.0\.2 +ipv4 +up +[0-9ms ]+ +[23] +1 +[12] +0 +transit", rows[0])
    assert re.fullmatch(r"edge +10\.0\.0\.9 +ipv4 +(Active|Connect|Idle)[0-9ms ]*  0 +0 +0", rows[1])
    assert "edge: at rest" in out

    file = status.folder / "routers/edge.yaml"
    file.write_text(file.read_text().replace("transit", "upstream"))
    status.edge.vtysh("clear bgp 10.0.0.2")
    wait_for("the flap", lambda: json.loads(status("--format", "json")[1])["routers"][0]["sessions"][0]["flaps"], 30)
    code, out, _ = status("--format", "json")
    said = json.loads(out)
    Draft202012Validator(SCHEMA).validate(said)
    (router,) = said["routers"]
    assert router["drift"] == {
        "differs": True,
        "summary": "Plan: 0 to add, 1 to change, 0 to remove on edge. No session will reset.",
    }
    assert "edge: differs from the inventory: Plan: 0 to add, 1 to change" in status()[1]


def sent(status):
    return status()[1]


@pytest.mark.sample("8.4")
def test_it_is_watched_until_ctrl_c(status):
    begun = status("--watch", "1", wait=False)
    for _ in range(8):
        begun.stdout.readline()
    begun.send_signal(signal.SIGINT)
    _, err = begun.communicate(timeout=30)
    assert (begun.returncode, err) == (130, "interrupted\n")
