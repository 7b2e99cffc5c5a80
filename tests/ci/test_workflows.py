"""The workflows that are there to be copied: each command in them is one that frrgen takes."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from frrgen.cli import main
from frrgen.cli.arguments import parser

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted((ROOT / "deploy/ci").glob("*.yaml")), ROOT / ".pre-commit-hooks.yaml"]


def scripts(node):
    """Yield the shell scripts of a workflow."""
    if isinstance(node, list):
        for one in node:
            yield from scripts(one)
    if isinstance(node, dict):
        for key, inner in node.items():
            if key in {"run", "entry"}:
                yield inner
            elif key in {"script", "before_script"}:
                yield "\n".join(inner)
            else:
                yield from scripts(inner)


def test_there_are_workflows():
    assert len(FILES) == 4


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_each_script_is_one_that_bash_reads_and_each_command_one_that_frrgen_takes(file):
    found = list(scripts(yaml.safe_load(file.read_text())))
    commands = [line for script in found for line in script.splitlines() if re.match(r"\s*frrgen ", line)]
    assert commands
    for script in found:
        subprocess.run(["bash", "-n", "-c", script], check=True)
    for command in commands:
        words = re.split(r" > | \|\| ", command)[0]
        parser().parse_args(shlex.split(words)[1:])


def test_the_hook_checks_an_inventory(tmp_path, monkeypatch, capsys):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language", "files"} <= hook.keys()
    assert re.search(hook["files"], "inventory/routers/edge1.yaml")
    words = shlex.split(hook["entry"])[1:]
    main(["init", str(tmp_path)])
    monkeypatch.chdir(tmp_path)
    assert main(words) == 0
    (tmp_path / "inventory/routers/bad.yaml").write_text("foo: 1\n")
    assert main(words) == 1
    capsys.readouterr()
