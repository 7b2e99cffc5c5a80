"""Code that nothing calls is removed: each function, class, constant and attribute is named a second time."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import Final

from tests.packaging.sources import ROOT, trees

TEXTS: Final = "\n".join(
    path.read_text() for folder in ("templates", "deploy") for path in (ROOT / folder).rglob("*") if path.is_file()
)
_ASYNCIO, _YAML, _PROMETHEUS = "asyncio's loop", "yaml.Dumper", "the registry of prometheus-client"
_PARTITION = "tests/policy/test_options.py: each field of the model stands in one set"
CALLED: Final = {
    "OF_VERBS": "docs/exit-codes.md is drawn from it",
    "_check_value": "argparse",
    "_generate_next_value_": "enum",
    "ignore_aliases": _YAML,
    "collect": _PROMETHEUS,
    "missing_host_key": "paramiko",
    **dict.fromkeys(
        ("connection_made", "connection_lost", "pause_writing", "resume_writing", "get_buffer", "buffer_updated"),
        _ASYNCIO,
    ),
    **dict.fromkeys(
        (
            *("INSTANCE_DECIDING", "INSTANCE_NEITHER", "NEIGHBOR_IDENTITY", "NEIGHBOR_NEITHER"),
            *("FAMILY_DECIDING", "FAMILY_NEITHER", "ADDRESS_FAMILY_DECIDING", "ADDRESS_FAMILY_NEITHER"),
        ),
        _PARTITION,
    ),
}
"""Names that nothing in frrgen uses -> who does."""


def defined(tree: ast.Module) -> list[tuple[str, int]]:
    """Return the functions, classes and constants of a module, and the methods of its classes, with their lines."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if not node.decorator_list or all(
                getattr(one, "id", "") in {"property", "staticmethod", "classmethod", "cached_property", "cache"}
                for one in node.decorator_list
            ):
                found.append((node.name, node.lineno))
    for node in tree.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                found.append((name, node.lineno))
    return [(name, line) for name, line in found if not re.fullmatch(r"__\w+__", name)]


def used(tree: ast.Module) -> Counter[str]:
    """Count how often a module names what it reads, calls, imports or asks for by a text."""
    names: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                names[name] += 1
            case ast.Constant(value=str(text)) if len(text) < 200:
                names.update(re.findall(r"\w+", text))
    return names


def test_everything_that_is_defined_is_used():
    names: Counter[str] = Counter(re.findall(r"\w+", TEXTS))
    for tree in trees().values():
        names += used(tree)
    definitions = [(path, *one) for path, tree in trees().items() for one in defined(tree)]
    assert len(definitions) > 2000
    dead = {name: f"{path.relative_to(ROOT)}:{line}" for path, name, line in definitions if not names[name]}
    assert dead.keys() == CALLED.keys(), dead
