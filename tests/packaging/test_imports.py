"""A name is imported from the module that defines it, and each module can be the first that is imported."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter

from tests.packaging.sources import name, trees


@cache
def sources() -> dict[str, ast.Module]:
    """Return the syntax tree of each module of frrgen, by its name."""
    return {name(path): tree for path, tree in trees().items()}


def defined(module: ast.Module) -> set[str]:
    """Return every name that a module binds otherwise than by an import."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    stored = {one.id for one in ast.walk(module) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return stored | {one.name for one in ast.walk(module) if isinstance(one, kinds)}


def test_a_name_is_imported_from_the_module_that_defines_it():
    names = {module: defined(tree) for module, tree in sources().items()}
    imports = [
        (user, one.module or "", alias.name)
        for user, tree in sources().items()
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith("frrgen")
        for alias in one.names
    ]
    assert len(imports) > 1000
    handed_on = [
        f"{user}: {bound} of {module}"
        for user, module, bound in imports
        if bound not in names.get(module, set()) and f"{module}.{bound}" not in names
    ]
    assert handed_on == []


def imported(tree: ast.Module) -> set[str]:
    """Return the modules of frrgen that a module needs before it is whole: neither for types nor inside a function."""
    found: set[str] = set()
    todo: list[ast.AST] = [tree]
    while todo:
        match todo.pop():
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass
            case ast.ImportFrom(module=str(module), names=names):
                found |= {f"{module}.{one.name}" if f"{module}.{one.name}" in sources() else module for one in names}
            case ast.Import(names=names):
                found |= {one.name for one in names}
            case node:
                todo += ast.iter_child_nodes(node)
    return {one for one in found if one in sources()}


def test_each_module_can_be_imported_alone_for_no_imports_go_in_a_circle():
    needs = {module: imported(tree) - {module} for module, tree in sources().items()}
    assert sum(map(len, needs.values())) > 800
    order = list(TopologicalSorter(needs).static_order())  # raises CycleError, which names the circle
    assert len(order) == len(sources())
