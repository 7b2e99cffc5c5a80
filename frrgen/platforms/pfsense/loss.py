"""What the package cannot express, and the nearest thing that it can: never a silent loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, Path, Where
from frrgen.platforms.pfsense.php import filled, word

NEAREST: Final = {
    "advertise_map": "announce by conditions with a route map on each neighbor",
    "disable_addpath_rx": "leave ADD-PATH to the peer",
    "extended_optional_parameters": "FRR sends them by itself when they are needed",
    "graceful_shutdown": "graceful_shutdown of the instance, or the community in a route map",
    "ipv6_next_hop_global": "next_hop_self on the neighbor",
    "ipv6_next_hop_prefer_global": "next_hop_self on the neighbor",
    "large_community": "a community",
    "large_communities": "communities",
    "listen_limit": "name each neighbor",
    "listen_ranges": "name each neighbor",
    "local_preference": "a number without sign",
    "local_role": "the policy that the role stands for, as route maps",
    "maximum_paths": "nothing: FRR then uses as many paths as it was built for",
    "maximum_paths_ibgp": "nothing: FRR then uses as many paths as it was built for",
    "metric": "a number in the route map of the network",
    "port": "port 179",
    "raw": "the package's Raw Config page, which replaces everything",
    "soo": "a community",
    "tcp_mss": "the MSS clamping of the firewall's interface",
    "timers_delayopen": "timers_connect",
    "vrfs": "the main instance",
}
"""What the package has instead, by the name of the model's field."""


class Loss:
    """Collects what a router cannot be written as."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.findings: list[Finding] = []

    def add(
        self,
        code: Code,
        message: str,
        path: Iterable[str] = (),
        hint: str | None = None,
        *,
        weighed: Severity | None = None,
    ) -> None:
        """Add a finding; `path` is the path inside the router."""
        self.findings.append(Finding(code, message, Where(path=(*self.path, *path)), hint, weighed))

    def cannot(self, owner: Path, field: str, why: str = "", hint: str | None = None) -> None:
        """Record that a field (dotted, inside of its owner) has no place in the package's sections."""
        steps = field.split(".")
        nearest = hint or next((NEAREST[step] for step in reversed(steps) if step in NEAREST), None)
        self.add(
            Code.FRR720,
            f"the FRR package of pfSense has no place for {steps[-1]}{f': {why}' if why else ''}",
            (*owner, *steps),
            None if nearest is None else f"the nearest it has: {nearest}",
        )

    def name(self, name: str, what: str, path: Path) -> None:
        """Refuse a name that pfSense would leave out."""
        if not word(name):
            self.add(Code.FRR721, f"pfSense leaves out a {what} with the name {name!r}: it is no host name", path)
        elif not filled(name):
            self.add(Code.FRR721, "a page takes no list with the name 0: to PHP, 0 is nothing", path, "another name")
        elif name in {"ACCEPTFILTER", "ACCEPTFILTER6", "none", "default"}:
            self.add(Code.FRR721, f"{name!r} has a meaning of its own in the FRR package", path, "give it another name")

    def text(self, text: str | None, limit: int, path: Path, *, cdata: bool = True) -> str:
        """Return a text that pfSense stores and the package writes in full; refuse any other.

        `cdata`: its element is one of those that pfSense writes as CDATA. `limit` is in bytes of UTF-8.
        """
        if text is None:
            return ""
        if text == "0":
            self.add(Code.FRR724, "the package leaves this out: to PHP, 0 is nothing", path, "any other text")
        elif (size := len(text.encode())) > limit:
            self.add(Code.FRR724, f"the package cuts this at {limit} bytes; it has {size}", path)
        elif not cdata and not text.isascii():
            message = "before 2.8, pfSense cannot read a config.xml with this text any more: there it holds ASCII only"
            self.add(Code.FRR724, message, path, weighed=Severity.WARNING)
        return text
