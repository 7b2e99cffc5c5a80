"""Real FRR routers in namespaces, each with its own sshd: for the tests, the benchmarks and `make demo`."""

from tests.lab.frr import Frr
from tests.lab.network import Lab
from tests.lab.router import LabError, Router, missing, wait_for

__all__ = ["Frr", "Lab", "LabError", "Router", "missing", "wait_for"]
