"""The tests that pages name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEFINED = {
    name for file in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)\(", file.read_text())
}
PAGES = [
    page
    for page in sorted((ROOT / "docs").rglob("*.md"))
    # the page about style makes a name up
    if page.name != "style.md" and re.search(r"`test_\w+`", page.read_text())
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page):
    named = set(re.findall(r"`(test_\w+)`", page.read_text()))
    assert named - DEFINED == set()


def test_the_speakers_page_names_its_tests():
    assert "speaker.md" in {page.name for page in PAGES}
