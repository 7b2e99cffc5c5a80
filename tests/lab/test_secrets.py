"""A secret is in nothing that pushes and looks leave behind on either side, and in no list of processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.errors import Exit
from tests.lab import wait_for
from tests.lab.speaking import Speaking, inventory, rendered
from tests.security.test_canary import forms

CANARY = f"Canary{os.getpid()}Word"
"""Another one for each process of tests: what runs beside this one is looked at, too."""
FORMS = forms(CANARY)
OLD, NEW, LOGIN = (f"{CANARY}{word}" for word in ("Old", "New", "Login"))
RUNNING = f"""\
log file /var/lib/frr/frr.log debugging
password {OLD}
router bgp 65001
 bgp router-id 10.0.0.1
 neighbor 10.0.0.9 remote-as 65009
 neighbor 10.0.0.9 password {OLD}
exit
"""
ROUTER = """\
ssh: {password: file:secrets/login}
bgp:
  asn: 65001
  router_id: 10.0.0.1
  peer_groups:
    G: {remote_as: 65002, password: file:secrets/new}
  neighbors:
    10.0.0.2: {peer_group: G}
    10.0.0.9: {remote_as: 65009, password: file:secrets/new, description: DESCRIPTION}
"""
LOOKS = [
    "status r1",
    "diff r1 --format commands",
    "diff r1 --format markdown -v",
    "diff r1 -o plan.json",
    "report --live -o page.html",
    "graph --live -o picture.svg",
    "explain r1 10.0.0.9 in 10.0.0.0/8",
    "verify --live",
    "history r1",
]
"""What asks the router, before and after a push."""


class Processes:
    """Looks at the command lines and the environments of all processes of the machine, of its routers too."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.holding: set[str] = set()
        self._end = threading.Event()
        self._looking = threading.Thread(target=self._look)

    def __enter__(self):
        self._looking.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._looking.join()

    def _look(self):
        while not self._end.wait(0.05):
            self.look()

    def look(self):
        """Look once."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line, environ = ((process / file).read_bytes() for file in ("cmdline", "environ"))
            except OSError:
                continue  # it has ended
            said = line.replace(b"\0", b" ").decode(errors="replace")
            self.seen.add(said)
            if any(form.encode() in line + environ for form in FORMS):
                self.holding.add(said)


@pytest.fixture
def edge(lab):
    router = lab.router("r1")
    router.start(RUNNING)
    router.vtysh("write")
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=LOGIN, capture_output=True, text=True, check=True
    )
    shadow = router.folder / "shadow"
    lines = [line.split(":") for line in shadow.read_text().splitlines()]
    shadow.write_text(
        "".join(
            ":".join([line[0], hashed.stdout.strip(), *line[2:]] if line[0] == "root" else line) + "\n"
            for line in lines
        )
    )
    lab.sshd(router, "PermitRootLogin yes", "PasswordAuthentication yes", "AuthenticationMethods publickey,password")
    # what is said to syslog comes to a file
    script = router.folder / "logger"
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$*" >>/var/lib/syslog\n')
    script.chmod(0o755)
    router.run("mount", "--bind", str(script), "/usr/bin/logger")
    return router


@pytest.fixture
def frrgen(lab, edge, tmp_path, monkeypatch, capsys):
    net = tmp_path / "net"
    (net / "routers").mkdir(parents=True)
    (net / "secrets").mkdir(mode=0o700)
    (net / "secrets/new").write_text(f"{NEW}\n")
    (net / "secrets/login").write_text(f"{LOGIN}\n")
    (net / "network.yaml").write_text("{}\n")
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()

    monkeypatch.chdir(tmp_path)
    for name, value in {"HOME": "home", "TMPDIR": "tmp", "FRRGEN_INVENTORY": "net"}.items():
        monkeypatch.setenv(name, str(tmp_path / value))

    def run(line):
        words = line.split()
        words += [] if words[0] == "explain" else ["--ssh-config", str(lab.ssh_config())]
        code = main(words)
        out, err = capsys.readouterr()
        assert code in {Exit.OK, Exit.CHANGES}, f"{line}: {err}"
        assert not [form for form in FORMS if form in out + err], f"{line}: {out}{err}"
        return out

    def intend(description):
        (net / "routers/r1.yaml").write_text(
            f"frr_version: {lab.frr.version}\n" + ROUTER.replace("DESCRIPTION", description)
        )

    run.intend = intend
    intend("new")
    return run


def here(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def holding(lab, *folders, run=here):
    """Find the files that hold a secret, with their modes."""
    # a list of processes would show what is looked for
    looked_for = lab.folder / "forms"
    looked_for.write_text("".join(f"{form}\n" for form in sorted(FORMS)))
    looking = ["find", *map(str, folders), "-type", "f", "-exec", "grep", "-aqFf", str(looked_for), "{}", ";"]
    said = run(*looking, "-printf", "%m %p\n")
    return {Path(path): int(mode, 8) for mode, path in (line.split(" ", 1) for line in said.splitlines())}


def only_the_owner_reads_what_holds_a_secret(lab, router):
    folders = ["/var/lib", "/etc/frr", "/run", "/root", "/home", "/var/tmp"]
    found = holding(lab, *folders, run=lambda *words: router.run(*words).stdout)
    assert found, "the router runs it, and can go back"
    for path, mode in found.items():
        # FRR's own files, and copies of them, are for its group, too; the folder of the copies is not
        others = 0o007 if path.is_relative_to("/etc/frr") or path.parent.name == "etc" else 0o077
        assert mode & others == 0, path
        assert path.is_relative_to("/etc/frr") or path.is_relative_to("/var/lib/frrgen"), path
    assert router.run("stat", "-c", "%a", "/var/lib/frrgen").stdout.strip() == "700"


@pytest.mark.sample("10.3")
def test_pushes_and_looks_leave_no_secret_where_others_can_read_it(lab, edge, frrgen, tmp_path):
    own = holding(lab, tmp_path)
    with Processes() as processes:
        for line in LOOKS:
            frrgen(line)
        frrgen("push r1 --yes --confirm-within 600")
        processes.look()  # the timer waits on the router
        only_the_owner_reads_what_holds_a_secret(lab, edge)
        frrgen("status r1 --format json")
        frrgen("rollback r1 --yes")
        frrgen("push r1 --yes --confirm-within 600")
        frrgen("confirm r1")
        frrgen.intend("newer")
        frrgen("push r1 --yes -v")
        first = json.loads(frrgen("history r1 --format json"))[0]["id"]
        frrgen(f"rollback r1 --yes --to {first}")
        processes.seen.clear()
        # a read of the router stands still while it is looked at
        daemon = edge.run("cat", "/run/frr/bgpd.pid").stdout.strip()
        edge.run("kill", "-STOP", daemon)
        begun = threading.Thread(target=frrgen, args=("diff r1",))
        begun.start()
        wait_for("a read", lambda: processes.look() or any(" frrgen look " in one for one in processes.seen))
        edge.run("kill", "-CONT", daemon)
        begun.join()
    assert processes.holding == set()
    only_the_owner_reads_what_holds_a_secret(lab, edge)
    assert "confirmed" in edge.run("cat", "/var/lib/syslog").stdout
    assert edge.run("cat", "/var/lib/frr/frr.log").stdout
    for path, mode in holding(lab, tmp_path).items():
        assert path in own or ("secrets" in path.parts and mode & 0o077 == 0), path


@pytest.mark.sample("10.3")
def test_a_speaker_tells_its_password_to_nobody(lab):
    edge, node = lab.router("edge"), lab.router("node", daemons=())
    lab.link(edge, node, "10.0.0.1/24", "10.0.0.2/24")
    net = inventory(lab.folder / "net", frr_version=lab.frr.version, more="password: file:secrets/x")
    (net / "secrets").mkdir(mode=0o700)
    (net / "secrets/x").write_text(f"{NEW}\n")
    edge.start(rendered(net).replace("<hidden>", NEW))
    with Processes() as processes, Speaking(node, net, "--metrics", "127.0.0.1:9100", "--drain", "0") as speaker:
        speaker.announce("10.1.0.1/32")
        speaker.up()
        processes.look()
        told = [json.dumps(speaker.status()), node.run("curl", "-s", "127.0.0.1:9100/metrics").stdout]
        speaker.signal(signal.SIGTERM)
        assert speaker.process.wait(20) == 0
    told.append(speaker.log.read_text())
    assert all(told)
    assert not [form for form in FORMS for one in told if form in one]
    assert processes.holding == set()
    assert {path.name for path in holding(lab, net, node.folder)} == {"x"}
