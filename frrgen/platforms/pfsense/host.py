"""What the FRR package looks at beside its sections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class HostFacts:
    """What else than the sections decides the configuration that the package makes of them: the rest of config.xml."""

    package: str = "2.1"
    """Major and minor version of pfSense-pkg-frr: "1.0" (FRR 7), "2.0" (FRR 9) or "2.1" (FRR 10)."""
    hostname: str = "pfSense"
    domain: str = "home.arpa"
    interfaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """lan, wan, optN, ovpns1, _vipID … that are enabled -> their addresses, without lengths; () where not known."""
    devices: Mapping[str, str] = field(default_factory=dict)
    """lan, wan, optN … -> the device, e.g. vtnet1."""
    gateways: Mapping[str, str] = field(default_factory=dict)
    """Name of a gateway -> its address; "" where it is not known (DHCP)."""
    lengths: Mapping[str, int] = field(default_factory=dict)
    """Address of an interface -> its prefix length."""

    @property
    def caches_load(self) -> bool:
        """Whether the package's FRR takes the package's lines for RPKI caches.

        The package writes `rpki cache HOST PORT`; FRR 10, which package 2.1 brings, wants `rpki cache tcp HOST PORT`.
        """
        return self.package != "2.1"

    @property
    def full_name(self) -> str:
        """The name that the package writes as `hostname`."""
        return f"{self.hostname}.{self.domain}"


NO_CACHES: Final = (
    "package 2.1 writes `rpki cache HOST PORT`, FRR 10 wants `rpki cache tcp HOST PORT`: FRR refuses the whole file, "
    "and none of it is loaded"
)
WITHOUT_CACHES: Final = "write `pfsense: {raw: true}`: the raw configuration says `tcp`; or take RPKI away"


SERIES: Final = ("1.0", "2.0", "2.1")
"""The series of the package that write one frr.conf; 0.6 and older wrote a file for each daemon."""


def series(version: str) -> str | None:
    """Tell the series of a version as `pkg query %v pfSense-pkg-frr` says it (2.1.2_1); None if older than all."""
    match = re.match(r"(\d{1,9})(?:\.(\d{1,9}))?", version)
    found = (int(match[1]), int(match[2] or 0)) if match else (0, 0)
    return next((name for name in reversed(SERIES) if found >= tuple(map(int, name.split(".")))), None)
