"""Make Hypothesis draw the same examples in every process.

Hypothesis mixes in the constants of the local modules that happen to be loaded: a test would draw other examples alone,
behind others, and in each worker of pytest.
"""

from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


def without_local_constants() -> None:
    """Have Hypothesis draw no constants of the loaded modules. tests/test_draws.py holds that this is enough."""
    providers._get_local_constants = Constants
