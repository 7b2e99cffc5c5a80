"""The pages of findings: docs/findings in a source tree, inside the package when installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from frrgen.codes import Code

_PACKAGE: Final = Path(__file__).resolve().parent


def page(code: Code) -> str:
    """Return the page of a code, in Markdown; its head alone, if the page is not installed."""
    for folder in (_PACKAGE / "findings_pages", _PACKAGE.parent / "docs/findings"):
        path = folder / f"{code}.md"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return f"# {code}: {code.head}\n"
