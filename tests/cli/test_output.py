"""What frrgen does when it cannot write: it says so, and leaves nothing half done."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from frrgen.cli import main
from tests.cli.test_cli import EXAMPLE, RUNNING

FRRGEN = f"{shlex.quote(sys.executable)} -c 'import sys; from frrgen.cli import main; sys.exit(main())'"
FULL = "ulimit -f 0; "
"""No file can grow any more, as on a full disk."""


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell would, with its own way to say where output goes."""
    path = os.pathsep.join(filter(None, (str(EXAMPLE.parent), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(["sh", "-c", command], cwd=folder, env=env, text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Return a network that `frrgen init` has written, for copies."""
    folder = tmp_path_factory.mktemp("first")
    assert shell(f"{FRRGEN} init net", folder).returncode == 0
    (folder / "net/running.conf").write_text(RUNNING)
    return folder / "net"


@pytest.fixture
def network(first, tmp_path):
    return shutil.copytree(first, tmp_path / "net")


@pytest.mark.parametrize("verb", ["check", "render edge1", "schema"])
@pytest.mark.parametrize(("where", "why"), [("> /dev/full", "No space left on device"), (">&-", "it is closed")])
def test_output_that_cannot_be_written_is_an_error_with_the_reason(network, verb, where, why):
    done = shell(f"{FRRGEN} {verb} {where}", network)
    assert (done.returncode, done.stderr) == (1, f"error[FRR402]: standard output cannot be written: {why}\n")


def test_nothing_is_done_when_the_answer_could_not_be_shown(tmp_path):
    assert shell(f"{FRRGEN} init net >&-", tmp_path).returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_had_enough_is_no_failure(network):
    done = shell(f"{{ {FRRGEN} schema; echo $? >&2; }} | head -n 1", network)
    assert (done.stdout, done.stderr) == ("{\n", "0\n")


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        ("check", 0),
        ("render edge1", 0),
        ("diff edge1 --running running.conf", 2),
        ("diff edge1 --running running.conf --format json", 2),
        ("diff nobody", 1),
        ("verify", 0),
        ("plan running.conf /dev/null --format commands", 2),
    ],
)
def test_a_reader_that_goes_away_does_not_change_the_exit_code_of_a_verb(network, verb, status):
    assert shell(f"{FRRGEN} {verb}", network).returncode == status
    away, end = os.pipe()
    os.close(away)
    words = [sys.executable, "-m", "frrgen", *verb.split()]
    env = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent)}
    try:
        for stderr in (subprocess.DEVNULL, end):
            done = subprocess.run(words, cwd=network, env=env, stdout=end, stderr=stderr, check=False)
            assert done.returncode == status
    finally:
        os.close(end)


@pytest.mark.parametrize("folder", ["net", "deep/net", "."])
def test_init_on_a_full_disk_names_the_file_and_leaves_nothing_behind(tmp_path, folder):
    done = shell(f"{FULL}{FRRGEN} init {folder} 2>&1 | cat", tmp_path)
    assert "error[FRR402]: " in done.stdout
    assert "cannot be written: File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_import_on_a_full_disk_leaves_nothing_behind(network):
    before = sorted(network.rglob("*"))
    done = shell(f"{FULL}{FRRGEN} import frr running.conf -o taken --name r1 2>&1 | cat", network)
    assert "error[FRR402]: taken/routers/r1.yaml cannot be written: File too large" in done.stdout
    assert sorted(network.rglob("*")) == before


def test_a_plan_that_does_not_fit_on_the_disk_leaves_the_old_one_as_it_was(network):
    (network / "plan.json").write_text("the old one")
    before = sorted(network.rglob("*"))
    done = shell(f"{FULL}{FRRGEN} diff edge1 --running running.conf -o plan.json 2>&1 | cat", network)
    assert "error[FRR402]: plan.json cannot be written: File too large" in done.stdout
    assert sorted(network.rglob("*")) == before
    assert (network / "plan.json").read_text() == "the old one"


def test_commands_hold_no_orders_to_a_terminal(tmp_path, capsys):
    running = b"router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n foo \x1b]0;owned\x07\n"
    (tmp_path / "run.conf").write_bytes(running)
    (tmp_path / "new.conf").write_text("router bgp 65001\n neighbor 192.0.2.1 remote-as 65002\n")
    words = ["plan", str(tmp_path / "run.conf"), str(tmp_path / "new.conf"), "--prune-leftovers"]
    assert main([*words, "--format", "commands", "--allow-unread", "all"]) in {0, 2}
    shown = "".join(capsys.readouterr())
    assert "owned" in shown
    assert all(one.isprintable() or one == "\n" for one in shown)
