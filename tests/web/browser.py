"""A real browser without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.web.fetch import CACHE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a browser; skip where there is none, and say why."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing: python -m tests.web.fetch")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt install chromium")
    with sync_api.sync_playwright() as driver:
        # root may not use Chromium's sandbox, and pages of ours need none
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def of_npm(path: str) -> str:
    """Return the place of a file of an npm package; skip where it is not there."""
    found = CACHE / "node_modules" / path
    if not found.is_file():
        pytest.skip(f"{path.split('/', maxsplit=1)[0]} is missing: python -m tests.web.fetch")
    return str(found)
