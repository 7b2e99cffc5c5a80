"""Pages and modules that are written by docs/style.md stay so. A new page or module belongs into the lists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RIDDLES = re.compile(
    r"\b(of which|that is none|for nothing|what is said|is said of|whoever|whatever the|such as are)\b", re.IGNORECASE
)
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs/decisions").glob("*.md"))]
MODULES = [
    ROOT / "frrgen" / name
    for name in (
        "platforms/base.py",
        "platforms/files.py",
        "platforms/registry.py",
        "platforms/frr/platform.py",
        "platforms/pfsense/platform.py",
        "policy/frr/options.py",
    )
]
VERBS = frozenset({"add", "apply", "find", "have", "make", "read", "refuse", "return", "tell", "write"})
"""With these begin first lines of functions."""


def test_there_are_pages():
    assert len(PAGES) > 6


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_no_riddles(page):
    assert RIDDLES.findall(page.read_text()) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_first_lines_of_functions_are_imperatives_without_riddles(module):
    tree = ast.parse(module.read_text())
    lines = [
        text.split("\n")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (text := ast.get_docstring(node)) is not None
        and not any(isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list)
    ]
    assert [line for line in lines if line.split()[0].lower() not in VERBS or RIDDLES.search(line)] == []
    assert not RIDDLES.search(ast.get_docstring(tree) or "")
