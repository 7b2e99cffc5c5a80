"""What a push needs of a router, whatever carries the text there. `device` moves text and never makes it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Protocol, TypeVar

_NOT_CONFIGURATION: Final = re.compile(r"(Building configuration\.\.\.|Current configuration:|hostname .*|!.*|\s*)")


@dataclass(frozen=True)
class Running:
    """The configuration that a router runs, as it shows it."""

    text: str
    frr_version: str
    per_daemon: dict[str, str] = field(default_factory=dict)
    """FRR 10 keeps lists and route maps twice, in mgmtd and in bgpd: what each of them shows."""

    @cached_property
    def digest(self) -> str:
        """Name the configuration: SHA-256 of its lines, without those that say nothing."""
        lines = [line for line in self.text.split("\n") if not _NOT_CONFIGURATION.fullmatch(line)]
        return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


R = TypeVar("R", bound=Running)


class Login(Protocol[R]):
    """What every push needs. Every method raises DeviceError when it cannot do its work within its time."""

    name: str

    def fetch(self) -> R:
        """Read what the router has."""

    def lock(self) -> AbstractContextManager[None]:
        """Keep other pushes out, until the block ends or the connection does."""

    def backup(self, running: R) -> str:
        """Keep a copy of what it has on the router; gives its place."""

    def record(self, entry: str) -> None:
        """Add a line to the router's journal of pushes."""

    def reconnect(self) -> None:
        """Log in again, after a connection was lost."""

    def close(self) -> None:
        """Log out."""


class Device(Login[Running], Protocol):
    """One router that runs FRR."""

    def check(self, commands: Sequence[str]) -> None:
        """Have the router check the syntax of configuration lines; nothing is applied."""

    def apply(self, batches: Sequence[Sequence[str]]) -> list[str]:
        """Apply batches of configuration lines, one after the other; gives the complaints of the router.

        A batch that complains is the last one. It goes on if we are cut off.
        """

    def execute(self, commands: Sequence[str]) -> None:
        """Run commands in exec mode, such as `clear bgp …`."""

    def save(self) -> None:
        """Save the running configuration as the startup configuration."""
