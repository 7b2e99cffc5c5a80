"""What is to be announced, from a YAML file: read whole, or not at all.

    announcements:
      - prefix: 192.168.10.1/32           # or prefixes: [...]
        next_hop: self                    # or an address
        communities: [64512:100]          # without a word: what the prefix's pool says; so for med, prepend, ...
        health: {tcp: "10.0.0.5:80", interval: 5, timeout: 2, rise: 2, fall: 3}    # or http: URL, or command: [...]

Other sources have the same seam: `wanted()` gives prefixes with attributes, and `changed` is called when that differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from frrgen.errors import Finding, InputError, Where, error
from frrgen.inventory.validate import validate
from frrgen.inventory.yaml import Node, read
from frrgen.model.types import (
    U32,
    Address,
    Communities,
    LargeCommunities,
    Model,
    PlacedError,
    Prefix,
    community_value,
    large_community_value,
)
from frrgen.speaker.attributes import Attributes
from frrgen.speaker.key import Key
from frrgen.speaker.plan import NodePlan, pool_attributes

Seconds = Annotated[int, Field(ge=1, le=3600)]


class Health(Model):
    """A check: the prefix is announced while it passes. Exactly one of tcp, http and command."""

    tcp: Annotated[str, Field(pattern=r"^.+:[0-9]{1,5}$")] | None = None
    """HOST:PORT that must accept a connection."""
    http: Annotated[str, Field(pattern=r"^http://[^\s]+$")] | None = None
    """A URL that must answer with a status of 2xx or 3xx."""
    command: tuple[str, ...] | None = None
    """A program that must end with 0; it is not given to a shell."""
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
        return self


class Announcement(Model):
    """Prefixes that are announced alike."""

    prefix: Prefix | None = None
    prefixes: tuple[Prefix, ...] = ()
    next_hop: Literal["self"] | Address = "self"
    communities: Communities | None = None
    large_communities: LargeCommunities | None = None
    local_preference: U32 | None = None
    med: U32 | None = None
    prepend: Annotated[int, Field(ge=0, le=10)] | None = None
    health: Health | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if (self.prefix is None) == (not self.prefixes):
            raise PlacedError("write prefix, or prefixes")
        return self

    @property
    def all(self) -> tuple[Prefix, ...]:
        """Every prefix."""
        return self.prefixes if self.prefix is None else (self.prefix,)


class StaticFile(Model):
    """The file."""

    announcements: tuple[Announcement, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """One announcement, as keys and attributes."""

    keys: tuple[int, ...]
    attributes: tuple[Attributes, ...]
    """For each key: pools may say other things."""
    health: Health | None


def read_static(path: Path, plan: NodePlan) -> list[Wanted]:
    """Read the file for a node. Raises InputError with everything that is wrong in it."""
    try:
        data = path.read_bytes()
    except OSError as bad:
        raise InputError(error("FRR403", f"{path} cannot be read: {bad.strerror}")) from bad
    node = read(data, str(path))
    file = validate(StaticFile, node, ())
    findings: list[Finding] = []
    shared: dict[Attributes, Attributes] = {}
    seen: dict[int, int] = {}
    found = []
    for number, one in enumerate(file.announcements):
        said = []
        keys = [Key.of(prefix) for prefix in one.all]
        for key in keys:
            if key in seen:
                where = _where(node, number)
                text = f"{Key.prefix(key)} is announced twice"
                findings.append(error("FRR604", text, where, f"it is in announcement {seen[key] + 1}, too"))
            seen[key] = number
            attributes = _attributes(one, key, plan)
            # equal attributes are one object: routes are compared by identity first
            said.append(shared.setdefault(attributes, attributes))
        found.append(Wanted(tuple(keys), tuple(said), one.health))
    if findings:
        raise InputError(*findings)
    return found


def _where(node: Node, number: int) -> Where:
    where: Where = node.value["announcements"].value[number].where
    return where


def _attributes(one: Announcement, key: int, plan: NodePlan) -> Attributes:
    pool = plan.pool_of(key)
    base = Attributes() if pool is None else pool_attributes(pool[1])
    changes: dict[str, object] = {
        name: getattr(one, name) for name in ("local_preference", "med", "prepend") if getattr(one, name) is not None
    }
    if one.communities is not None:
        changes["communities"] = tuple(sorted(community_value(text) for text in one.communities))
    if one.large_communities is not None:
        changes["large_communities"] = tuple(sorted(large_community_value(text) for text in one.large_communities))
    if one.next_hop != "self":
        changes["next_hop"] = one.next_hop
    return replace(base, **changes)  # type: ignore[arg-type]
