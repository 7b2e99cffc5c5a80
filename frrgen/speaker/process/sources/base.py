"""What a source of announcements is: it says what is wanted, all of it, and then what changes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from frrgen.model.types import Model, PlacedError
from frrgen.speaker.plan import NodePlan
from frrgen.speaker.table.gate import Answers
from frrgen.speaker.wire.attributes import Attributes
from frrgen.speaker.wire.packed_prefix import Family

Seconds = Annotated[int, Field(ge=1, le=3600)]


def _host_port(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= 65535):
        raise ValueError("must be HOST:PORT, such as 10.0.0.5:80 or [2001:db8::5]:80")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    # an invalid port is found when it is asked for
    if parts.scheme != "http" or not parts.hostname or parts.port == 0 or any(map(str.isspace, text)):
        raise ValueError("must be a URL of HTTP, such as http://10.0.0.5:8080/healthz")
    return text


def _variable(text: str) -> str:
    name, equals, _ = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or "\0" in text:
        raise ValueError("must be NAME=VALUE, such as PGHOST=10.0.0.5")
    return text


class Health(Model):
    """A check: the prefix is announced while it passes. Exactly one of tcp, http and command."""

    tcp: Annotated[str, AfterValidator(_host_port)] | None = None
    """HOST:PORT that must accept a connection."""
    http: Annotated[str, AfterValidator(_url)] | None = None
    """A URL that must answer with a status of 2xx or 3xx."""
    command: tuple[str, ...] | None = None
    """A program that must end with 0; it is not given to a shell."""
    environment: tuple[Annotated[str, AfterValidator(_variable)], ...] = ()
    """Variables of the program, as NAME=VALUE. Of the speaker's own it has PATH and LANG only."""
    interval: Seconds = 5
    timeout: Seconds = 2
    rise: Annotated[int, Field(ge=1, le=100)] = 2
    """So often it must pass, one after the other, before the prefix is announced."""
    fall: Annotated[int, Field(ge=1, le=100)] = 3
    """So often it must fail before the prefix is withdrawn."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(bool(one) for one in (self.tcp, self.http, self.command)) != 1:
            raise PlacedError("a health check is one of tcp, http and command")
        if self.environment and not self.command:
            raise PlacedError("only a command has an environment", "environment")
        return self


@dataclass(frozen=True)
class Run:
    """Prefixes of one family with the same attributes, ascending."""

    family: Family
    said: Attributes
    keys: Sequence[int]

    def __contains__(self, key: int) -> bool:
        place = bisect_left(self.keys, key)
        return place < len(self.keys) and self.keys[place] == key


@dataclass(frozen=True)
class Wanted:
    """What is announced together, while its health check passes."""

    runs: tuple[Run, ...]
    health: Health | None = None

    def keys(self) -> Iterator[int]:
        """Return every prefix."""
        return (key for run in self.runs for key in run.keys)


@dataclass(frozen=True)
class Usage:
    """The addresses of a pool by IP version: how many can be given, and how many Services have."""

    size: Mapping[int, int]
    used: Mapping[int, int]
    services: int
    """How many Services have an address of the pool."""


@dataclass(frozen=True)
class Numbers:
    """What a source of a cluster has counted."""

    updates: int = 0
    """Objects that the API server told of."""
    errors: int = 0
    """Answers that were errors."""
    pools: Mapping[str, Usage] = field(default_factory=dict)


class Source(Protocol):
    """Where prefixes come from: a file, or a cluster's API."""

    async def load(self, plan: NodePlan) -> list[Wanted]:
        """Return all that is wanted now. Raises InputError: what was wanted before stays."""

    def have_routers(self, answers: Answers) -> None:
        """Take the function that tells what routers do with a prefix."""

    async def changes(self) -> None:
        """Wait until something else is wanted than what was loaded and taken."""

    def take(self) -> Mapping[int, Attributes | None] | None:
        """Return what changed since the last `load` or `take`; None for a prefix: withdrawn; None: load all again."""

    def problem(self) -> str:
        """Return why what was loaded may be old; "" if it is not."""

    def waiting(self) -> str:
        """Return what the first `load` waits for; "" if it does not wait."""

    def must_be_current(self) -> None:
        """Raise InputError if a new process could not load what this one has."""

    def withheld(self) -> list[dict[str, str]]:
        """Return what the source itself does not announce, as `service`, `address`, `reason` and `detail`."""

    def served(self) -> Iterable[tuple[str, str]]:
        """Return the Services that are announced: namespace/name, and the address."""

    def numbers(self) -> Numbers:
        """Return what was counted of a cluster."""

    def age(self) -> float:
        """Return for how many seconds nothing was heard of where the prefixes come from."""

    async def stop(self) -> None:
        """Look for changes no more."""
