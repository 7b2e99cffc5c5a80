"""Routers for the tests of this folder."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

from tests.lab import Lab, missing
from tests.lab.frr import chosen, numbers
from tests.lab.wanted import wanted

HERE = Path(__file__).parent
ALL = bool(os.environ.get("FRRGEN_TEST_ALL"))
CHOSEN = bool(os.environ.get("FRRGEN_TEST_FRR") or os.environ.get("FRRGEN_TEST_FRR_ROOT"))


def pytest_generate_tests(metafunc):
    """Run a test that asks for `frr` on each FRR of the lab, but for those that its marks leave out.

    `frr(since=, before=, reason=)` says of which versions a test is true, `sample(*versions)` on which it usually runs.
    """
    if "frr" not in metafunc.fixturenames:
        return
    found = list(chosen())
    for mark in metafunc.definition.iter_markers("frr"):
        since, before = (numbers(mark.kwargs.get(name, other)) for name, other in (("since", "0"), ("before", "99")))
        assert mark.kwargs["reason"]
        found = [one for one in found if not one.measured or since <= numbers(one.measured) < before]
    sample = metafunc.definition.get_closest_marker("sample")
    if sample and not (ALL or CHOSEN):
        found = [one for one in found if any(f"{one}.".startswith(f"{version}.") for version in sample.args)]
    metafunc.parametrize("frr", found, ids=str, indirect=True, scope="session")


@pytest.fixture(scope="session")
def frr(request):
    """The FRR that the routers of this test run: `Lab(frr=frr)`."""
    version = wanted(f"FRR of Debian {request.param.release}", lambda: request.param.version)
    if request.param.newer:
        warnings.warn(f"FRR {version} is newer than what was measured, {request.param.measured}", stacklevel=1)
    return request.param


@pytest.fixture(autouse=True)
def _newer_than_measured(request):
    """What fails on an FRR that nobody has looked at yet is told, and is no fault of this change."""
    if "frr" in request.fixturenames and (one := request.getfixturevalue("frr")).newer:
        why = f"FRR {one.version} is newer than what was measured, {one.measured}"
        request.applymarker(pytest.mark.xfail(reason=why, strict=False))


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.lab)
            if missing() and not os.environ.get("FRRGEN_REQUIRE_LAB"):
                item.add_marker(pytest.mark.skip(reason=f"the lab needs {missing()}"))


@pytest.fixture
def lab(frr):
    with Lab(frr=frr) as made:
        yield made


@pytest.fixture(scope="module")
def router(frr):
    """One FRR router without links, for configuration alone."""
    with Lab(frr=frr) as made:
        one = made.router("r1")
        one.start("", options={"bgpd": ["-M", "rpki"]})
        yield one
