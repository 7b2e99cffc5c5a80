# ruff: noqa: INP001
"""How Sphinx makes the site and the manual page of the documents: `tox -e docs`."""

from __future__ import annotations

from frrgen import __version__

project = "frrgen"
author = "the authors of frrgen"
release = version = __version__
copyright = f"2026, {author}"  # noqa: A001  # Sphinx calls it so

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
myst_fence_as_directive = ["mermaid"]
myst_enable_extensions = ["tasklist"]
myst_heading_anchors = 4
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"frrgen {version}"

man_pages = [("commands", "frrgen", "manage FRR and pfSense BGP as code", author, 1)]
