"""The verbs about pushes, as a person uses them: each call is another frrgen."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

from tests.lab import wait_for

BASE = "router bgp 65001\n neighbor 10.0.0.1 remote-as 65002\n"


@pytest.fixture
def edge(lab):
    router = lab.router("r1")
    router.start(BASE)
    router.vtysh("write")
    lab.sshd(router)
    return router


@pytest.fixture
def frrgen(lab, edge, tmp_path):
    inventory = tmp_path / "inventory"
    (inventory / "routers").mkdir(parents=True)
    (inventory / "network.yaml").write_text("")

    def command(*words):
        start = "from frrgen.cli import main; raise SystemExit(main())"
        return [sys.executable, "-c", start, "-i", str(inventory), *map(str, words)]

    def run(verb, *words):
        extra = ["--ssh-config", str(lab.ssh_config())]
        return subprocess.run(command(verb, *words, *extra), capture_output=True, text=True, check=False)

    def intend(description):
        (inventory / "routers/r1.yaml").write_text(
            "bgp:\n  asn: 65001\n  neighbors:\n    10.0.0.1:\n      remote_as: 65002\n"
            + (f"      description: {description}\n" if description else "")
        )

    run.command, run.intend, run.ssh_config = command, intend, lab.ssh_config
    intend("new")
    return run


def startup(edge):
    return (edge.folder / "etc/frr.conf").read_text()


def test_a_push_waits_for_a_person_and_is_confirmed_by_another_frrgen(frrgen, edge):
    done = frrgen("push", "r1", "--yes", "--confirm-within", 60)
    assert done.returncode == 0, done.stderr
    assert "the router undoes it unless it is confirmed" in done.stdout
    assert "description new" in edge.running_config()
    assert "description new" not in startup(edge)
    status = frrgen("status", "r1")
    assert status.returncode == 2
    assert "unless it is confirmed" in status.stdout
    assert frrgen("diff", "r1").returncode == 2
    again = frrgen("push", "r1", "--yes")
    assert (again.returncode, "FRR529" in again.stderr) == (1, True)
    assert frrgen("confirm", "r1").returncode == 0
    assert "description new" in startup(edge)
    assert frrgen("status", "r1").returncode == 0
    assert frrgen("confirm", "r1").returncode == 1
    events = json.loads(frrgen("history", "r1", "--format", "json").stdout)
    assert [event["event"] for event in events] == ["armed", "confirmed"]


def test_a_push_that_nobody_confirms_is_undone_by_its_router(frrgen, edge):
    before = edge.running_config()
    assert frrgen("push", "r1", "--yes", "--confirm-within", 3).returncode == 0
    wait_for("the way back", lambda: edge.running_config() == before)
    wait_for("rest", lambda: frrgen("status", "r1").returncode == 0)
    assert "description new" not in startup(edge)
    assert "not confirmed in time" in frrgen("history", "r1").stdout


def test_rollback_undoes_what_waits_and_otherwise_brings_back_what_ran_before_a_push(frrgen, edge):
    before = edge.running_config()
    assert frrgen("push", "r1", "--yes", "--confirm-within", 60).returncode == 0
    done = frrgen("rollback", "r1", "--yes")
    assert (done.returncode, "rolled back" in done.stdout) == (0, True)
    assert edge.running_config() == before
    assert frrgen("push", "r1", "--yes").returncode == 0
    frrgen.intend("newer")
    assert frrgen("push", "r1", "--yes").returncode == 0
    assert "description newer" in startup(edge)
    first = json.loads(frrgen("history", "r1", "--format", "json").stdout)[2]["id"]
    done = frrgen("rollback", "r1", "--yes", "--to", first)
    assert done.returncode == 0, done.stderr
    assert edge.running_config() == before
    assert "description" not in startup(edge)
    unknown = frrgen("rollback", "r1", "--yes", "--to", "never")
    assert (unknown.returncode, "FRR530" in unknown.stderr) == (1, True)


def test_a_plan_that_was_reviewed_is_what_runs_or_nothing_does(frrgen, edge, tmp_path):
    plan = tmp_path / "plan.json"
    assert frrgen("diff", "r1", "-o", plan).returncode == 2
    edge.load("router bgp 65001\n neighbor 10.0.0.9 remote-as 65009\n")
    refused = frrgen("push", plan)
    assert (refused.returncode, "FRR532" in refused.stderr) == (1, True)
    assert frrgen("diff", "r1", "-o", plan).returncode == 2
    frrgen.intend("another")
    assert "FRR532" in frrgen("push", plan).stderr
    frrgen.intend("new")
    dry = frrgen("push", plan, "--dry-run", "--format", "json")
    assert (dry.returncode, json.loads(dry.stdout)[0]["state"], "description new" in dry.stderr) == (
        2,
        "declined",
        True,
    )
    assert "description new" not in startup(edge)
    assert frrgen("push", plan).returncode == 0
    assert "description new" in startup(edge)


class Asked:
    """A push at a terminal that waits for an answer."""

    def __init__(self, frrgen):
        self.terminal, end = pty.openpty()
        words = frrgen.command("push", "r1", "--ssh-config", frrgen.ssh_config())
        self.process = subprocess.Popen(words, stdin=end, stdout=end, stderr=end, start_new_session=True)
        os.close(end)
        self.said = b""
        wait_for("the question", lambda: b"[y/N]" in self._read())

    def _read(self):
        self.said += os.read(self.terminal, 4096)
        return self.said

    def end(self):
        try:
            while True:
                self._read()
        except OSError:
            return self.process.wait(), self.said.decode()


def test_ctrl_c_at_the_question_ends_at_once_and_nothing_is_changed(frrgen, edge):
    asked = Asked(frrgen)
    os.kill(asked.process.pid, signal.SIGINT)
    status, said = asked.end()
    assert (status, "interrupted" in said) == (130, True)
    assert "description new" not in edge.running_config()


@pytest.mark.parametrize("answer", [b"n\n", b"\x04", b"\n"])
def test_any_answer_but_yes_changes_nothing_and_the_push_says_so(frrgen, edge, answer):
    asked = Asked(frrgen)
    os.write(asked.terminal, answer)
    status, said = asked.end()
    assert (status, "nothing was changed: you said no" in said) == (1, True)
    assert "description new" not in edge.running_config()


def test_ctrl_c_behind_the_point_of_no_return_undoes_and_says_so(frrgen, edge, tmp_path):
    before = edge.running_config()
    reached, go_on = tmp_path / "reached", tmp_path / "go-on"
    check = f"touch {reached}; until [ -e {go_on} ]; do sleep 0.1; done"
    intended = tmp_path / "inventory/routers/r1.yaml"
    intended.write_text(f"{intended.read_text()}checks:\n  - command: {json.dumps(check)}\n")
    words = frrgen.command("push", "r1", "--yes", "--ssh-config", frrgen.ssh_config())
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        # the push waits for its check until the signal is there, so it cannot have come to its end
        wait_for("the check of the inventory", reached.exists)
        os.kill(process.pid, signal.SIGINT)
        told = next(line for line in process.stderr if "interrupted" in line)
    finally:
        go_on.touch()
        out, err = process.communicate()
    assert told == "interrupted: undoing what was begun on r1\n"
    assert (process.returncode, "rolled back" in out) == (3, True), err
    assert edge.running_config() == before


def test_of_several_routers_each_is_told_and_errors_name_the_router(frrgen, lab, edge, tmp_path):
    gone = tmp_path / "inventory/routers/r2.yaml"
    gone.write_text("ssh: {host: 127.0.0.1, port: 1}\nbgp: {asn: 65001}\n")
    done = frrgen("push", "r1", "r2", "--yes", "--parallel", 2)
    assert done.returncode == 1
    assert "r2: " in done.stderr
    assert "2 routers:\n" in done.stdout
    said = json.loads(frrgen("push", "r1", "r2", "--yes", "--format", "json").stdout)
    assert {one["router"] for one in said} == {"r1", "r2"}
    assert any(one["findings"] for one in said if one["router"] == "r2")
    plans = json.loads(frrgen("diff", "--format", "json").stdout)["routers"]
    assert [bool(one.get("findings")) for one in plans] == [False, True]


@pytest.mark.frr(before="9", reason="a later FRR reads its own lines as it did")
def test_upgrade_check_reads_what_a_router_runs_and_what_it_starts_with(frrgen, edge):
    trap = "route-map A permit 10\nexit\nno route-map A optimization\n"
    edge.load(f"{trap}end\n")
    edge.vtysh("write")
    edge.load("route-map B permit 10\nexit\nno route-map B optimization\nend\n")
    done = frrgen("upgrade-check", "r1", "--to", "10.3")
    assert done.returncode == 2, done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith("error[FRR450]")]
    places = [line.strip() for line in done.stdout.splitlines() if "r1 (" in line]
    assert sum("`no route-map A optimization`" in line for line in told) == 2, done.stdout
    assert sum("`no route-map B optimization`" in line for line in told) == 1, done.stdout
    assert any("r1 (startup)" in line for line in places)
    assert any("r1 (running)" in line for line in places)
    same = frrgen("upgrade-check", "r1", "--to", "8.4.4")
    assert (same.returncode, same.stderr) == (0, "")
