"""The pages of findings: docs/findings in a source tree, inside the package when installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from frrgen.codes import Code

_PACKAGE: Final = Path(__file__).resolve().parent


def page(code: Code) -> str:
    """Return the page of a code, in Markdown; its head alone, if the page is not installed."""
    path = page_file(code)
    return f"# {code}: {code.head}\n" if path is None else path.read_text(encoding="utf-8")


def page_file(code: Code) -> Path | None:
    """Return the file of a code's page; None if it is not installed."""
    folders = (_PACKAGE / "findings_pages", _PACKAGE.parent / "docs/findings")
    return next((path for folder in folders if (path := folder / f"{code}.md").is_file()), None)
