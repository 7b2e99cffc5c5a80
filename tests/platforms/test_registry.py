"""A platform is a folder and a line in the registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from frrgen.cli import main
from frrgen.inventory.schema import schema
from frrgen.model.router import Router
from frrgen.platforms.base import Platform, platform
from frrgen.platforms.registry import PLATFORMS

ROOT = Path(__file__).resolve().parents[2]
TEXT = "toy\nas 64512\npeer 192.0.2.1 as 64513\n"


@pytest.fixture
def inventory(tmp_path, monkeypatch):
    """An inventory of a router of a platform that the registry was told of in one line."""
    monkeypatch.setitem(PLATFORMS, "toy", "tests.platforms.toy:TOY")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r1.toy").write_text(TEXT)
    assert main(["import", "toy", "r1.toy", "-o", "inventory"]) == 0
    return tmp_path


def test_what_another_platform_renders_is_what_was_imported(inventory, capsys):
    capsys.readouterr()
    assert main(["render", "r1"]) == 0
    assert capsys.readouterr().out == TEXT


def test_another_platform_is_compared_with_what_runs(inventory, capsys):
    assert main(["diff", "r1", "--running", "r1.toy"]) == 0
    Path("r1.toy").write_text(TEXT.replace("64513", "64514"))
    capsys.readouterr()
    assert main(["diff", "r1", "--running", "r1.toy"]) == 2
    assert "neighbor 192.0.2.1 remote-as 64513" in capsys.readouterr().out


def test_a_platform_that_is_not_registered_is_refused_with_the_names_of_those_that_are():
    with pytest.raises(ValueError, match="'frr' or 'pfsense'"):
        Router.model_validate({"name": "r1", "platform": "toy"})


def test_the_schema_names_the_platforms_of_the_registry():
    assert schema()["$defs"]["Router"]["properties"]["platform"]["enum"] == list(PLATFORMS)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_has_all_that_is_asked_of_it_and_the_name_that_it_is_registered_by(name):
    found = platform(name)
    wanted = {one for one in vars(Platform) | Platform.__annotations__ if not one.startswith("_")}
    assert len(wanted) > 10
    assert {one for one in wanted if not hasattr(found, one)} == set()
    assert found.name == name


def test_no_module_outside_a_platform_asks_for_its_name():
    asked = re.compile(r"platform\)? (?:==|!=|in|not in) [\"'({]|\.platform\b.*== ")
    files = [path for path in (ROOT / "frrgen").rglob("*.py") if "platforms" not in path.parts]
    assert len(files) > 80
    assert [path.name for path in files if asked.search(path.read_text())] == []
