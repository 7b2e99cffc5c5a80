"""Pages, messages, docstrings and comments keep to docs/style.md."""

from __future__ import annotations

import ast
import re
import tokenize
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
SOURCES = sorted((ROOT / "frrgen").rglob("*.py"))
RIDDLES_OF_CODE = re.compile(re.sub(r"(nobody|somebody|that is none)\|", "", RIDDLES.pattern), re.IGNORECASE)
"""Docstrings and comments may say `nobody`: whom they mean is clear from the code."""
NO_ACTION = frozenset({"give", "say", "know", "give,", "only", "frr"})
"""First words of docstrings that tell neither what a function returns nor what it does."""


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


def prose(module):
    """Yield the docstrings, the texts below fields and the comments of a module, with their lines."""
    with module.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def test_docstrings_and_comments_have_no_riddles():
    found = [(module, *one) for module in SOURCES for one in prose(module)]
    assert len(found) > 3000
    assert [(path.name, line, text) for path, line, text in found if RIDDLES_OF_CODE.search(text)] == []


def test_first_lines_of_functions_are_imperatives():
    lines = [
        (module.name, text.split("\n")[0])
        for module in SOURCES
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (text := ast.get_docstring(node)) is not None
        and not any("property" in ast.dump(one) for one in node.decorator_list)
    ]
    assert len(lines) > 1000
    assert [one for one in lines if one[1].split()[0].lower() in NO_ACTION] == []
