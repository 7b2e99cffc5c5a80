"""An API server for a test: the fake, or the real one that FRRGEN_TEST_KUBECONFIG names."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from frrgen.speaker.kubernetes.api import Api
from tests.kubernetes.server import FakeApi

REAL: Final = os.environ.get("FRRGEN_TEST_KUBECONFIG")
without_real: Final = pytest.mark.skipif(not REAL, reason="FRRGEN_TEST_KUBECONFIG")
SERVERS: Final = ["fake", pytest.param("real", marks=without_real)]
"""For the `params` of a fixture."""


class Begun(NamedTuple):
    """An API server that answers."""

    api: Api
    kubeconfig: Path


@asynccontextmanager
async def begun(kind: str, folder: Path) -> AsyncIterator[Begun]:
    """Begin the fake, or go to the real server; close the connection in the end, and stop the fake."""
    fake = FakeApi(folder / "api") if kind == "fake" else None
    if fake is not None:
        await fake.start()
    config = Path(str(REAL)) if fake is None else fake.kubeconfig()
    api = Api(config)
    try:
        yield Begun(api, config)
    finally:
        await api.close()
        if fake is not None:
            await fake.stop()


async def new_namespace(api: Api) -> str:
    """Create a namespace for one test; return its name."""
    name = f"frrgen-test-{uuid.uuid4().hex[:8]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    await api.ask("POST", "/api/v1/namespaces", None, json.dumps(body).encode())
    return name
