"""The documents say what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.codes import Code
from frrgen.inventory.schema import schema
from tests.docs.drawn import DRAWN, drawn

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {path: path.read_text() for path in (ROOT / "frrgen").rglob("*.py")}
PAGES = {path.stem: path.read_text() for path in (ROOT / "docs/findings").glob("FRR*.md")}


def test_there_is_a_page_for_every_code_and_no_other():
    assert set(PAGES) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_the_page_of_a_code_has_its_head_and_says_what_to_do(code):
    assert PAGES[code].startswith(f"# {code}: {code.head}\n\n")
    assert "**What to do.**" in PAGES[code]


def test_no_two_codes_have_one_head():
    assert sorted({code.head for code in Code}) == sorted(code.head for code in Code)


@pytest.mark.parametrize("code", Code)
def test_every_code_is_used(code):
    elsewhere = (text for path, text in SOURCES.items() if path.name != "codes.py")
    assert any(re.search(rf"\b{code}\b", text) for text in elsewhere)


def test_every_code_in_the_sources_and_the_documents_is_one():
    documents = [path.read_text() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))]
    named = {code for text in (*SOURCES.values(), *documents) for code in re.findall(r"\bFRR\d{3}\b", text)}
    assert len(named) > 40
    assert named <= set(Code)


def test_every_link_between_the_documents_leads_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert len(pages) > 5
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page}: {target}"


def test_every_path_of_the_recipes_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    paths = set(re.findall(r"`((?:frrgen|tests|docs)/[\w./*-]+)`", text))
    paths -= {"frrgen/cli/NAME.py", "docs/findings/CODE.md"}
    assert len(paths) > 10
    assert sorted(path for path in paths if not list(ROOT.glob(path.rstrip("/")))) == []


def test_every_target_that_contributing_names_is_in_the_makefile():
    targets = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text()))
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert len(targets) > 4
    assert targets <= rules


def test_the_tutorial_runs_as_it_is_written(tmp_path, monkeypatch, capsys):
    """Its blocks that begin with `$ frrgen` are run in order; what they print begins with what the tutorial shows."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "docs/tutorial.md").read_text(), re.DOTALL)
    ran = 0
    for block in blocks:
        command, _, shown = block.partition("\n")
        if command.startswith("$ cd "):
            monkeypatch.chdir(tmp_path / command.removeprefix("$ cd "))
        elif command.startswith("$ cat > "):
            Path(command.split()[3]).write_text(shown)
        elif command.startswith("$ frrgen "):
            main(command.removeprefix("$ frrgen ").split())
            out, err = capsys.readouterr()
            for line in shown.strip().split("\n"):
                assert line.strip() in {"…", ""} or line in (out + err).split("\n"), f"{command}: {line}"
            ran += 1
    assert ran >= 6


def test_the_diff_that_the_readme_shows_is_what_is_printed(tmp_path, monkeypatch, capsys):
    """Of the example's edge1, when it runs without the pool's line and with another description."""
    monkeypatch.chdir(ROOT)
    main(["-i", "inventory", "render", "edge1"])
    intended = capsys.readouterr().out
    line = "ip prefix-list MetalLB_k8s seq 5 permit 192.168.10.0/24 ge 24 le 32\n"
    assert line in intended
    assert "description upstream\n" in intended
    running = tmp_path / "frr.conf"
    running.write_text(intended.replace(line, "").replace("description upstream\n", "description transit\n"))
    block = re.search(r"\$ frrgen diff edge1\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert main(["-i", "inventory", "diff", "edge1", "--running", str(running)]) == 2
    assert capsys.readouterr().out.rstrip() == block[1].rstrip()


@pytest.mark.parametrize("page", DRAWN, ids=lambda page: page.stem)
def test_what_is_drawn_from_the_code_is_current(page):
    text = page.read_text()
    assert "<!-- draw " in text
    assert drawn(text) == text, "make docs"


def test_the_schema_describes_every_key_and_the_reference_has_them_all():
    text = (ROOT / "docs/inventory.md").read_text()
    keys = [(name, key, said) for name, part in schema()["$defs"].items() for key, said in part["properties"].items()]
    assert len(keys) > 400
    assert [(name, key) for name, key, said in keys if not said.get("description")] == []
    assert {key for _, key, _ in keys} <= set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_every_mapping_that_the_reference_names_is_in_it():
    text = (ROOT / "docs/inventory.md").read_text()
    there = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.*)", text, re.MULTILINE)
    }
    named = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert len(named) > 40
    assert named <= there
