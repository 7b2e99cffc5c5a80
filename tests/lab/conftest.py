"""Routers for the tests of this folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lab import Lab, missing

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.lab)
            if missing() and not os.environ.get("FRRGEN_REQUIRE_LAB"):
                item.add_marker(pytest.mark.skip(reason=f"the lab needs {missing()}"))


@pytest.fixture
def lab():
    with Lab() as made:
        yield made


@pytest.fixture(scope="module")
def router():
    """One FRR router without links, for configuration alone."""
    with Lab() as made:
        one = made.router("r1")
        one.start("", options={"bgpd": ["-M", "rpki"]})
        yield one
