"""What becomes of a test that wants something from the network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import TypeVar

import pytest

from tests.lab.debian import UnavailableError

_T = TypeVar("_T")


def wanted(what: str, get: Callable[[], _T]) -> _T:
    """Give what `get` gives. If it cannot be had the test is skipped; it fails where the lab is required."""
    try:
        return get()
    except UnavailableError as bad:
        if os.environ.get("FRRGEN_REQUIRE_LAB"):
            pytest.fail(f"{what} cannot be had: {bad}")
        pytest.skip(f"{what} cannot be had: {bad}")


def want_kubectl() -> None:
    """Skip the test where kubectl is not there, or fail it where everything is required."""

    def there() -> None:
        if shutil.which("kubectl") is None:
            raise UnavailableError("kubectl")

    wanted("kubectl (Debian's kubernetes-client)", there)
