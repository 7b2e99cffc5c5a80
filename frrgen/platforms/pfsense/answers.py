"""What the PHP on a pfSense box answers. It comes from the network: its shape is checked."""

from __future__ import annotations

from typing import Any

from pydantic import Base64Bytes, BaseModel, ConfigDict

from frrgen.transport.base import Timer


class Answer(BaseModel):
    """What a verb answers."""

    model_config = ConfigDict(frozen=True, strict=True)


class Failed(Answer):
    """Why a verb did not do its work."""

    kind: str
    error: str
    stage: str


class Waiting(Answer):
    """A push that has begun on the box, and was neither confirmed nor undone."""

    id: str
    by: str
    since: str
    summary: str
    after: tuple[str, ...]
    timer: Timer
    seconds: int
    verified: str


class Fetched(Answer):
    """What a box has."""

    pfsense: str
    package: str
    hostname: str
    domain: str
    interfaces: dict[str, tuple[str, ...]]
    devices: dict[str, str]
    gateways: dict[str, str]
    lengths: dict[str, int]
    carp: dict[str, str]
    """A CARP address (`_vip…`) -> MASTER, BACKUP, INIT, or "" where pfSense does not know."""
    hasync: bool
    sections: dict[str, Any]
    digest: str
    frr_conf: Base64Bytes
    running: Base64Bytes
    frr: str
    """What `zebra --version` says where FRR does not run; else empty."""
    daemons: frozenset[str]
    sessions: Base64Bytes
    """What `show bgp vrf all summary json` says."""
    pending: Waiting | None


class Checked(Answer):
    """What vtysh and frr-reload say of a file."""

    status: int
    """Of vtysh."""
    tested: int
    """The status of frr-reload; 0: nothing is against the file."""
    said: Base64Bytes


class Kept(Answer):
    """Where a text is kept."""

    file: str


class Text(Answer):
    """A text that was kept."""

    there: bool
    text: Base64Bytes


class Undone(Answer):
    """Whether a push was undone, or its timer could not."""

    undone: bool


class Done(Answer):
    """What came of one command."""

    status: int
    said: Base64Bytes


class Ran(Answer):
    """What came of each command."""

    done: tuple[Done, ...]


class Applied(Answer):
    """What came of writing sections."""

    frr_conf: str
    """SHA-256 of the file that the package generated."""
    complaint: str
    """What went wrong although the sections are there."""
    backup: str
    """The box's own copy of config.xml as it was; "" if the sections were there already."""


class Watch(Answer):
    """How far the package has come."""

    frr_conf: str
    """SHA-256 of the file that the package generated last."""
    busy: tuple[str, ...]
    """The processes that are reloading or restarting FRR."""
