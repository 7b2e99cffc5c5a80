"""What holds for all tests."""

import gc
import os

from hypothesis import HealthCheck, settings

from tests.draws import without_local_constants
from tests.examples import examples

# a test says what is true, not how fast the machine is; and the same commit gets the same answer each time
settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    max_examples=examples(100),
)
settings.register_profile("curious", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if os.environ.get("FRRGEN_CURIOUS"):
    settings.load_profile("curious")
else:
    settings.load_profile("patient")
    without_local_constants()


def pytest_collection_finish():
    """Leave what was collected out of the garbage collector's rounds: seven thousand tests stay to the end anyway."""
    gc.collect()
    gc.freeze()
