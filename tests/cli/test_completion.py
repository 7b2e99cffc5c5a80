"""Completion answers as a shell asks: words of verbs and options, and names of the inventory."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cli.test_cli import EXAMPLE, frrgen

pytest.importorskip("argcomplete", reason="a dependency: pip install -e .")


def completed(line, folder=EXAMPLE.parent, **more):
    env = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\013",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "0",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "PYTHONPATH": str(EXAMPLE.parent),
        **more,
    }
    command = [sys.executable, "-c", "from frrgen.cli import main; main()"]
    # argcomplete answers on descriptor 8
    shell = 'exec "$@" 8>&1 9>/dev/null 1>/dev/null'
    done = subprocess.run(
        ["bash", "-c", shell, "bash", *command], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return {word.strip() for word in done.stdout.split("\013")}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("frrgen che", {"check"}),
        ("frrgen render ", {"edge1", "home", "microk8s"}),
        ("frrgen diff ed", {"edge1"}),
        ("frrgen -i inventory verify ", {"microk8s"}),
        ("frrgen explain edge1 ", {"203.0.113.1", "192.168.1.10"}),
        ("frrgen explain edge1 203.0.113.1 ", {"in", "out"}),
        ("frrgen compare ed", {"edge1\\:", "edge1:"}),
        ("frrgen compare edge1:UPSTREAM-I", {"edge1:UPSTREAM-IN", "UPSTREAM-IN"}),
        ("frrgen rule FRR11", {"FRR110", "FRR111"}),
        ("frrgen check --format sar", {"sarif"}),
    ],
)
def test_the_words_that_may_follow_are_offered(line, words):
    found = completed(line)
    assert found & words
    assert not words - found or line.startswith("frrgen compare"), found


def test_the_inventory_of_the_line_or_the_environment_is_asked(tmp_path):
    (tmp_path / "other/routers").mkdir(parents=True)
    (tmp_path / "other/routers/far.yaml").write_text("bgp: [\n")
    assert completed("frrgen -i other diff ", tmp_path) == {"far"}
    assert completed("frrgen diff ", tmp_path, FRRGEN_INVENTORY="other") == {"far"}
    assert completed("frrgen -i other explain far ", tmp_path) == {""}
    assert completed("frrgen diff ", tmp_path) == {""}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_text(capsys, shell):
    status, out, _ = frrgen(capsys, "completion", shell)
    assert (status, "frrgen" in out) == (0, True)


def test_init_tells_editors_where_the_schema_is(capsys, tmp_path):
    frrgen(capsys, "init", tmp_path)
    found = sorted((tmp_path / "inventory").rglob("*.yaml"))
    assert len(found) >= 4
    for path in found:
        line = path.read_text().splitlines()[0]
        target = line.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / target).resolve() == tmp_path / "schema.json"
    assert frrgen(capsys, "-i", tmp_path / "inventory", "check")[0] == 0
    assert frrgen(capsys, "schema")[1] == (tmp_path / "schema.json").read_text()
