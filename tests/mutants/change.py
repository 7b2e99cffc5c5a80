"""The small changes of a module that a test should notice, one at a time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

_COMPARED = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_CALCULATED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift}
_QUIET = {"debug", "info", "warning"}
"""Methods of loggers: what they write is for people."""


class Mutant(NamedTuple):
    """A change of one line: what was there, what stands there now, and the whole module with it."""

    line: int
    was: str
    now: str
    source: str


def count(source: str) -> int:
    """Return how many mutants a module has."""
    return sum(1 for _ in _places(ast.parse(source)))


def mutant(source: str, number: int) -> Mutant:
    """Return a mutant of a module, by its number from 0."""
    tree = ast.parse(source)
    node, field, index, new = next(islice(_places(tree), number, None))
    old = getattr(node, field)
    was = old if index is None else old[index]
    operator = isinstance(was, ast.operator | ast.cmpop | ast.boolop)
    line = getattr(was, "lineno", getattr(node, "lineno", 0))
    shown = ast.unparse(node if operator else was).split("\n")[0]
    if index is None:
        setattr(node, field, new)
    else:
        old[index] = new
    now = ast.unparse(node if operator else new).split("\n")[0]
    return Mutant(line, shown, now, ast.unparse(ast.fix_missing_locations(tree)))


_Place = tuple[ast.AST, str, int | None, ast.AST]
"""A node, its field (and the index in it), and what to put there."""


def _places(tree: ast.AST) -> Iterator[_Place]:
    for node, field, index, child in _children(tree):
        yield from ((node, field, index, new) for new in _instead(child))
        yield from _places(child)
        if isinstance(child, ast.Compare):
            yield from ((child, "ops", at, _COMPARED[type(op)]()) for at, op in enumerate(child.ops))
        elif isinstance(child, ast.BoolOp):
            yield child, "op", None, ast.Or() if isinstance(child.op, ast.And) else ast.And()
        elif isinstance(child, ast.BinOp) and type(child.op) in _CALCULATED and not _text(child):
            yield child, "op", None, _CALCULATED[type(child.op)]()


def _children(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yield what may change below a node: no annotation, decorator, docstring or import for types."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "bases", "keywords"} and not isinstance(node, ast.Call):
            continue
        if isinstance(value, list):
            for index, child in enumerate(value):
                if isinstance(child, ast.AST) and not _passed_over(child):
                    yield node, field, index, child
        elif isinstance(value, ast.AST) and not _passed_over(value):
            yield node, field, None, value


def _passed_over(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom() | ast.JoinedStr():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.Raise() | ast.Assert():
            return True
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name[:1].isupper()  # a name for a type
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))):
            return name in _QUIET
        case _:
            return False


def _text(node: ast.BinOp) -> bool:
    """Tell whether texts or types are joined: a `-` there fails in any test."""
    return any(isinstance(one, ast.JoinedStr | ast.Constant) for one in (node.left, node.right)) and not any(
        isinstance(one, ast.Constant) and type(one.value) is int for one in (node.left, node.right)
    )


def _instead(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        # a returned True or False is turned into its opposite: None would be another False
        case ast.Return(value=ast.AST() as value) if not (
            isinstance(value, ast.Constant) and (value.value is None or isinstance(value.value, bool))
        ):
            yield ast.Return(ast.Constant(None))
        case (
            ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign() | ast.Continue() | ast.Break()
        ):
            yield ast.Pass()
        case ast.If() | ast.While() if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        case ast.Delete():
            yield ast.Pass() if not all(isinstance(one, ast.Name) for one in node.targets) else node
