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
STANDING = re.compile(
    r"\bones\b|\bone (?:that|which|who|whose|without|is)\b|\bsome (?:that|which|of which|are|is|have)\b|"
    r"\b(?:is|was|are|were|as|than|being) said\b|"
    r"\b(?:another|an?|the|each|every|no|which|this|that) (?:[\w-]+ )?one\b"
    r"(?= (?:that|which|who|we|above|below|with|without|in|of|is|has|to|for|as|before|behind|where|from|by|and|or|on|"
    r"at|alone|it|the|a|cannot|may)\b|[,.;:)]|$)",
    re.IGNORECASE | re.MULTILINE,
)
"""`one`, `some` or `said` that stands alone where a noun belongs."""
DRAWN = re.compile(r"<!-- draw .*?<!-- end -->", re.DOTALL)
QUOTED = re.compile(r'`[^`]*`|"[^"\n]*"')
PAGES = [
    page
    for folder in ("*.md", "docs/*.md", "docs/decisions/*.md", "docs/findings/*.md")
    for page in sorted(ROOT.glob(folder))
    if page.name != "architecture.md"
]
SOURCES = sorted((ROOT / "frrgen").rglob("*.py"))
RIDDLES_OF_CODE = re.compile(re.sub(r"(nobody|somebody|that is none)\|", "", RIDDLES.pattern), re.IGNORECASE)
"""Docstrings and comments may say `nobody`: whom they mean is clear from the code."""
NO_ACTION = frozenset({"give", "say", "know", "give,", "only", "frr"})
"""First words of docstrings that tell neither what a function returns nor what it does."""


def test_there_are_pages():
    assert len(PAGES) > 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_no_riddles(page):
    text = QUOTED.sub("", DRAWN.sub("", page.read_text()))
    assert RIDDLES.findall(text) == []
    assert STANDING.findall(text) == []


def messages(module):
    """Yield the texts of a module that a user may see, with their lines: all but docstrings."""
    tree = ast.parse(module.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_a_message_has_no_riddles():
    found = [(path, *one) for path in SOURCES for one in messages(path)]
    assert len(found) > 5000
    wrong = [(path.name, line, text) for path, line, text in found if RIDDLES.search(text) or STANDING.search(text)]
    assert wrong == []


def test_names_of_tests_have_no_riddles():
    names = [
        node.name.replace("_", " ")
        for module in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    ]
    assert len(names) > 1500
    riddles = r"\b(that is none|whoever|anew|without a word|in silence|foretold|leads nowhere|for nothing$)\b"
    assert [name for name in names if re.search(riddles, name)] == []


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
