"""A secret is in nothing that a run prints or leaves behind, but for files that its owner alone can read."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from urllib.parse import quote

import pytest

import frrgen
from frrgen.cli import main
from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding

CANARY = "Canary0f3d9SecretZ"


def forms(secret):
    """Return a secret, and the ways in which it may hide."""
    encoded = secret.encode()
    return {secret, secret[::-1], quote(secret), base64.b64encode(encoded).decode().rstrip("="), encoded.hex()}


FORMS = forms(CANARY)
ROUTER = """\
bgp:
  asn: 65001
  router_id: 10.0.0.1
  peer_groups:
    G: {{remote_as: 65003, password: "{reference}"}}
  neighbors:
    192.0.2.1: {{remote_as: 65002, password: "{reference}"}}
    192.0.2.2: {{peer_group: G}}
ssh: {{password: "{reference}", host: 192.0.2.9}}
"""
RUNNING = f"""\
frr version 8.4.4
password {CANARY}
router bgp 65001
 bgp router-id 10.0.0.1
 neighbor 192.0.2.1 remote-as 65002
 neighbor 192.0.2.1 password {CANARY}x
 neighbor 192.0.2.3 remote-as 65009
 neighbor 192.0.2.3 password {CANARY}
exit
key chain k
 key 1
  key-string {CANARY}
router ospf
 area 0 authentication message-digest
interface eth0
 ip ospf message-digest-key 1 md5 {CANARY}
end
"""
COMMANDS = [
    "check",
    "check --format json",
    "check --format sarif",
    "render r1",
    "render r1 --explain",
    "render r1 --target frr",
    "diff r1 --running run.conf",
    "diff r1 --running run.conf -v",
    "diff r1 --running run.conf --format json",
    "diff r1 --running run.conf --format commands",
    "diff r1 --running run.conf --format markdown",
    "diff r1 --running run.conf --format junit",
    "diff r1 --running run.conf --format sarif",
    "diff r1 --running run.conf --format github",
    "diff r1 --running run.conf --format gitlab",
    "diff r1 --running run.conf -o plan.json",
    "diff r1 --running run.conf --prune-leftovers --allow-unread all",
    "diff r1 --base HEAD",
    "plan run.conf run2.conf",
    "plan run.conf run2.conf --format json",
    "import frr run.conf",
    "import frr run.conf -o taken --name r9",
    "upgrade-check run.conf --to 10.3",
    "explain r1 192.0.2.1 in 10.0.0.0/8",
    "explain r1 192.0.2.1 in 10.0.0.0/8 --running run.conf --format json",
    "compare r1:192.0.2.1:in r1:192.0.2.2:in --format json",
    "verify",
    "schema",
    "push r1 --yes --ssh-config none",
    "status r1",
    "render r1 --out out",
]


@pytest.fixture
def net(tmp_path, monkeypatch):
    (tmp_path / "inventory/routers").mkdir(parents=True)
    (tmp_path / "inventory/network.yaml").write_text("{}\n")
    (tmp_path / "run.conf").write_text(RUNNING)
    (tmp_path / "run2.conf").write_text(RUNNING.replace(f"{CANARY}x", f"{CANARY}y").replace("65009", "65010"))
    (tmp_path / "inventory/secrets").mkdir(mode=0o700)
    (tmp_path / "inventory/secrets/x").write_text(f"{CANARY}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def dead(*_args, **_options):
    raise DeviceError(Finding(Code.FRR501, "no router in this test"))


@pytest.mark.parametrize(
    ("reference", "environment"), [("file:secrets/x", {}), ("env:FRRGEN_CANARY", {"FRRGEN_CANARY": CANARY})]
)
def test_a_secret_is_in_nothing_that_a_run_prints_or_leaves_for_others(
    net, reference, environment, monkeypatch, capsys
):
    monkeypatch.setattr("frrgen.transport.ssh.Shell.connect", dead)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (net / "inventory/routers/r1.yaml").write_text(ROUTER.format(reference=reference))
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "inventory/routers", "inventory/network.yaml"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], cwd=net, check=True)
    own = set(net.rglob("*"))
    for command in COMMANDS:
        main(command.split())
        said = "".join(capsys.readouterr())
        assert said, command
        assert not [form for form in FORMS if form in said], f"{command}: {said}"
        assert "FRR199" not in said, f"{command}: {said}"
    left = [path for path in net.rglob("*") if path.is_file() and path not in own]
    assert {path.name for path in left} >= {"plan.json", "r1.conf", "r9.yaml"}
    holding = [path for path in left if any(form.encode() in path.read_bytes() for form in FORMS)]
    assert holding, "render --out and import write secrets for their owner"
    for path in holding:
        assert path.stat().st_mode & 0o077 == 0, path
        assert path.relative_to(net).parts[0] == "out" or "secrets" in path.parts, path


@pytest.mark.parametrize("fault", ["frrgen.cli.diff.plan_of", "frrgen.platforms.frr.push.parse"])
def test_a_secret_is_in_no_traceback(net, fault):
    (net / "inventory/routers/r1.yaml").write_text(ROUTER.format(reference="file:secrets/x"))
    code = (
        "import sys, importlib; from frrgen.cli import main\n"
        "module, _, name = sys.argv[1].rpartition('.')\n"
        "def broken(*a, **k): raise RuntimeError('a fault')\n"
        "import frrgen.cli.diff; setattr(importlib.import_module(module), name, broken)\n"
        "sys.exit(main(sys.argv[2:]))"
    )
    words = ["-i", "inventory", "diff", "r1", "--running", "run.conf"]
    for more in ({}, {"FRRGEN_TRACEBACK": "1"}):
        done = subprocess.run(
            [sys.executable, "-c", code, fault, *words],
            cwd=net,
            env={**os.environ, **more},
            text=True,
            capture_output=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert "RuntimeError" in said
        assert not [form for form in FORMS if form in said]


def test_the_model_shows_no_secret_when_it_is_printed(net):
    (net / "inventory/routers/r1.yaml").write_text(ROUTER.format(reference="file:secrets/x"))
    inventory = frrgen.load(net / "inventory")
    (router,) = inventory.routers(["r1"])
    resolved = inventory.resolved(router)
    for shown in (repr(resolved), str(resolved), resolved.model_dump_json(), repr(resolved.model_dump())):
        assert CANARY not in shown
    plan = frrgen.diff(inventory, "r1", RUNNING)
    assert CANARY not in str(plan.to_json()) + plan.summary
