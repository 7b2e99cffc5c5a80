"""The modules of frrgen, parsed once for all tests that look into them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


@cache
def trees() -> dict[Path, ast.Module]:
    """Return the syntax tree of each module of frrgen."""
    return {path: ast.parse(path.read_text()) for path in sorted((ROOT / "frrgen").rglob("*.py"))}


def name(path: Path) -> str:
    """Return the name under which a module is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
