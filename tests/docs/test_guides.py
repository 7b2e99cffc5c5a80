"""The guides say commands that exist, and files that frrgen takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.cli.arguments import parser
from frrgen.cli.refused import refuse
from frrgen.inventory.yaml import read

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/findings").glob("*.md"), ROOT / "README.md"])
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"^    (?:\$ )?(frrgen .*)$", re.MULTILINE)


def commands(text):
    """The command lines of a page: `frrgen …` alone in a line, of a block or indented."""
    inside = [body for _, kind, body in _BLOCK.findall(text) if kind in {"console", "sh", "bash", ""}]
    found = [line for body in inside for line in re.findall(r"^ *\$ (frrgen .*)$", body, re.MULTILINE)]
    outside = _BLOCK.sub("", text)
    return found + _INDENTED.findall(outside)


FOUND = [(page, line) for page in PAGES for line in commands(page.read_text())]


def test_there_are_commands():
    assert len(FOUND) > 60
    assert len({page for page, _ in FOUND}) > 10


@pytest.mark.parametrize(("page", "line"), FOUND, ids=lambda value: getattr(value, "stem", value))
def test_a_command_of_a_page_is_one_that_frrgen_takes(page, line, capsys):
    command = re.split(r" (?:\||>|&&|#) ?", line)[0].replace("…", "x")
    words = shlex.split(command)[1:]
    if any("|" in word or word.startswith("[") for word in words) or words[:1] == ["VERB"]:
        pytest.skip("a form, not a command")
    try:
        refuse(parser().parse_args(words))
    except SystemExit as ended:
        if ended.code:
            pytest.fail(f"{page.name}: {line}: {capsys.readouterr().err}")


@pytest.mark.parametrize("page", ["pfsense-pair.md", "route-server.md"])
def test_a_guide_runs_as_it_is_written(page, tmp_path, monkeypatch, capsys):
    """Its blocks of YAML are files; its commands are run in order, and print the lines that the guide shows."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / page).read_text()
    files = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert files
    for name, body in files:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(body)
    steps = [step for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL) for step in block.split("$ ")[1:]]
    assert steps
    for step in steps:
        command, *shown = step.strip().split("\n")
        main(shlex.split(command)[1:])
        out, err = capsys.readouterr()
        for line in shown:
            assert line == "…" or line in (out + err).split("\n"), f"{command}: {line}"


def test_the_yaml_of_the_guides_can_be_read():
    blocks = [(page, body) for page in PAGES for _, kind, body in _BLOCK.findall(page.read_text()) if kind == "yaml"]
    assert len(blocks) > 8
    for page, body in blocks:
        # a block may hold several files
        for file in re.split(r"^# \S+\.yaml.*$", body, flags=re.MULTILINE):
            read(file.encode(), page.name)
