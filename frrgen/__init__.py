"""FRR and pfSense BGP as code: one model of a network's BGP edge, and everything that follows from it.

These functions are the public API (docs/api.md); every other name may change.
"""

from frrgen.api import check, compare, diff, explain, load, parse, push, render, verify

__version__ = "0.1.0"
__all__ = ["check", "compare", "diff", "explain", "load", "parse", "push", "render", "verify"]
