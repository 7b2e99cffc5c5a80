"""What CONTRIBUTING.md names is there, and what its recipes promise holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from frrgen.cli.arguments import parser
from frrgen.codes import Code
from frrgen.lines.rule import LineRule, RuleTable
from frrgen.platforms.base import Platform
from frrgen.platforms.registry import PLATFORMS

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "CONTRIBUTING.md").read_text()


def test_every_file_that_a_recipe_names_is_there():
    named = re.findall(r"`((?:frrgen|tests|docs)/[^`*]*)`", PAGE)
    assert len(named) > 12
    # NAME and CODE stand for what a contributor chooses
    assert [name for name in named if not re.search("[A-Z]{4}", name) and not (ROOT / name).exists()] == []


def test_every_command_that_the_page_names_is_there():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"make (\w+)", PAGE))
    assert {"check", "dev", "docs", "mutants", "test"} <= targets
    assert [one for one in targets if not re.search(rf"^{one}:", makefile, re.MULTILINE)] == []
    modules = re.findall(r"python -m ([\w.]+)", PAGE)
    assert modules
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def test_a_rule_must_name_its_impact():
    with pytest.raises(TypeError, match="frobnicate"):
        RuleTable(LineRule("frobnicate", "frobnicate"))


def test_a_number_of_a_finding_has_one_meaning_and_a_page():
    assert len(Code) > 150
    assert len({code.value for code in Code}) == len(Code.__members__)
    assert all((ROOT / f"docs/findings/{code}.md").read_text().startswith(f"# {code}: ") for code in Code)


def test_the_module_of_a_verb_has_its_name_and_is_imported_when_the_verb_is_used():
    (verbs,) = [one.choices for one in parser()._subparsers._group_actions if one.choices]
    assert len(verbs) > 15
    for verb in verbs:
        module = verb.replace("-", "_")
        assert any((ROOT / f"frrgen/cli/{name}.py").exists() for name in (module, f"{module}_")), verb


def test_a_platform_is_a_folder_and_a_line_in_the_registry():
    for name in PLATFORMS:
        assert (ROOT / f"frrgen/platforms/{name}/platform.py").exists()
    assert {"render", "parse", "plan", "push"} <= set(vars(Platform))
