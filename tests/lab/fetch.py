"""Fetches the FRRs of the lab and their peers, so that no test waits for the network: `python -m tests.lab.fetch`."""

from __future__ import annotations

import os
import sys

from tests.lab.debian import UnavailableError
from tests.lab.frr import chosen
from tests.lab.peers import Bird, Gobgp


def main() -> None:
    """Fetch what is not there yet, and tell what cannot be had: its tests are skipped, or fail where it is required."""
    bad = []
    for frr in chosen():
        try:
            print(f"FRR {frr.version}: {frr.unpacked.root if frr.unpacked else 'installed'}", flush=True)
            for peer in (Bird, Gobgp):
                peer.program("", frr)
        except UnavailableError as error:
            bad.append(f"what is of Debian {frr.release} cannot be had: {error}")
    print("\n".join(bad))
    if bad and os.environ.get("FRRGEN_REQUIRE_LAB"):
        sys.exit(1)


if __name__ == "__main__":
    main()
