"""A name is imported from the module that defines it: no module hands on what another one makes."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text())
    for path in (ROOT / "frrgen").rglob("*.py")
}


def defined(module: ast.Module) -> set[str]:
    """Return every name that a module binds otherwise than by an import."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    stored = {one.id for one in ast.walk(module) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return stored | {one.name for one in ast.walk(module) if isinstance(one, kinds)}


def test_a_name_is_imported_from_the_module_that_defines_it():
    names = {module: defined(tree) for module, tree in SOURCES.items()}
    imports = [
        (user, one.module or "", alias.name)
        for user, tree in SOURCES.items()
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith("frrgen")
        for alias in one.names
    ]
    assert len(imports) > 1000
    handed_on = [
        f"{user}: {name} of {module}"
        for user, module, name in imports
        if name not in names.get(module, set()) and f"{module}.{name}" not in names
    ]
    assert handed_on == []
