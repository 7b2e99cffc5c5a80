"""Fetches the FRRs of the lab, so that no test waits for the network: `python -m tests.lab.fetch`."""

from __future__ import annotations

import sys

from tests.lab.debian import UnavailableError
from tests.lab.frr import chosen


def main() -> None:
    """Fetch what is not there yet, and tell where it is."""
    for frr in chosen():
        try:
            place = frr.unpacked.root if frr.unpacked else "installed"
            print(f"FRR {frr.version}: {place}", flush=True)
        except UnavailableError as bad:
            sys.exit(f"FRR of Debian {frr.release} cannot be had: {bad}")


if __name__ == "__main__":
    main()
