"""The platforms: the only place with their names."""

from __future__ import annotations

from typing import Final

PLATFORMS: Final[dict[str, str]] = {
    "frr": "frrgen.platforms.frr.platform:FRR",
    "pfsense": "frrgen.platforms.pfsense.platform:PFSENSE",
}
"""Name -> where its Platform (`base.py`) stands. It is imported when a router of the platform is met."""
