"""Pages and modules that are written by docs/style.md stay so. A new page or module belongs into the lists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RIDDLES = re.compile(
    r"\b(of which|that is none|for nothing|what is said|is said|are said|said of|whoever|whatever the|such as are|"
    r"nobody|somebody|is told|are told|leads? nowhere|without a word|in silence|foretold|anew)\b",
    re.IGNORECASE,
)
"""Words in the place of a noun, and words that another word says more plainly."""
DRAWN = re.compile(r"<!-- draw .*?<!-- end -->", re.DOTALL)
QUOTED = re.compile(r'`[^`]*`|"[^"\n]*"')
PAGES = [
    page
    for folder in ("*.md", "docs/*.md", "docs/decisions/*.md", "docs/findings/*.md")
    for page in sorted(ROOT.glob(folder))
    if page.name != "architecture.md"
]
MESSAGES = {"Finding", "error", "ValueError", "UndecidedError", "warning"}
"""Calls that carry a text to a user."""
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
    assert len(PAGES) > 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_no_riddles(page):
    assert RIDDLES.findall(QUOTED.sub("", DRAWN.sub("", page.read_text()))) == []


def messages(module):
    """Yield the texts that a module hands to users, with their lines."""
    for call in ast.walk(ast.parse(module.read_text())):
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in MESSAGES:
            for part in ast.walk(call):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.lineno, part.value


def test_a_message_has_no_riddles():
    found = [(path, *one) for path in sorted((ROOT / "frrgen").rglob("*.py")) for one in messages(path)]
    assert len(found) > 500
    assert [(path.name, line, text) for path, line, text in found if RIDDLES.search(text)] == []


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
