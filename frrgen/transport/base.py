"""What a push needs of a router, whatever carries the text there. `device` moves text and never makes it."""

from __future__ import annotations

import getpass
import hashlib
import json
import re
import secrets
import socket
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Final, Protocol, TypeVar

from frrgen.codes import Code
from frrgen.errors import DeviceError, Finding

_NOT_CONFIGURATION: Final = re.compile(
    r"(Building configuration\.\.\.|Current configuration:).*|hostname .*| *(!.*|exit.*|end)?"
)


@lru_cache(maxsize=32)
def plain(text: str) -> tuple[bytes, ...]:
    """Return the lines of a configuration without their order, each behind the lines of its context.

    Lines that say nothing are left out. `plain` in frr.sh does the same on a router.
    """
    found: set[str] = set()
    open_: list[tuple[int, str]] = []
    for line in text.split("\n"):
        if _NOT_CONFIGURATION.fullmatch(line):
            continue
        word = line.lstrip(" ")
        depth = len(line) - len(word)
        while open_ and open_[-1][0] >= depth:
            open_.pop()
        path = f"{open_[-1][1]} / {word}" if open_ else word
        open_.append((depth, path))
        found.add(path)
    return tuple(sorted(line.encode(errors="surrogateescape") for line in found))


def new_id() -> str:
    """Name a push, by the time and something that no other has."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def owner() -> str:
    """Name who runs frrgen, and where."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def now() -> str:
    """Return the time in UTC, to the second, as journals have it (ISO 8601)."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Timer(StrEnum):
    """What became of the timer on the router that undoes a push unless it is confirmed."""

    ON = "on"
    OFF = "off"
    """It was ended from outside."""
    REBOOTED = "rebooted"
    """The router has started again, with the startup configuration of before."""
    FAILED = "failed"
    """It could not bring back what ran before."""


@dataclass(frozen=True)
class Pending:
    """A push that has begun on the router, and was neither confirmed nor undone."""

    id: str
    by: str
    since: str
    timer: Timer
    seconds: int
    """Until the timer undoes it, by the router's clock."""
    verified: str = ""
    """The digest of what was verified; "": the push did not come so far."""
    summary: str = ""
    after: tuple[str, ...] = ()
    """What must follow in exec mode for the change to be in effect."""

    def __str__(self) -> str:
        how = {
            Timer.ON: f"it is undone in {max(0, self.seconds)} s unless it is confirmed",
            Timer.OFF: "nothing undoes it: its timer is gone",
            Timer.REBOOTED: "the router has restarted since then",
            Timer.FAILED: "the router could not undo it",
        }
        return f"the push {self.id} of {self.by}, begun {self.since}, was not confirmed; {how[self.timer]}"


UP: Final = "Established"


@dataclass(frozen=True)
class Session:
    """A BGP session that is known by name, in one VRF and address family."""

    up: bool
    accepted: int
    """Prefixes that passed the policy."""


@dataclass(frozen=True)
class Peer:
    """A BGP session as its router counts it."""

    vrf: str
    family: str
    neighbor: str
    description: str
    state: str
    """As FRR names it: `Established`, `Active`, `Idle (Admin)`."""
    seconds: int
    """So long it has been in this state; 0: never in another."""
    accepted: int
    """Prefixes that passed the policy."""
    sent: int
    """Prefixes that the neighbor was sent."""
    flaps: int
    """So often the session was lost since bgpd started."""
    received: int | None = None
    """Prefixes that the neighbor sent, before the policy; None: the router does not keep what its policy drops."""


def unusable(name: str, what: str, said: str) -> DeviceError:
    """Return the error about an answer of a router's bgpd or zebra that has another form."""
    shown = " ".join(said.split())[:200] or "no answer"
    return DeviceError(Finding(Code.FRR516, f"{name}: FRR {what}: {shown}", hint="do bgpd and zebra run there?"))


Sessions = dict[tuple[str, str, str], Session]
"""By VRF, address family and neighbor."""


def read_peers(text: str) -> list[Peer]:
    """Read the answer of `show bgp vrf all summary json`. Raises ValueError where it is no such answer.

    Without sessions bgpd shows an object for each instance, and an empty one without instances.
    """
    try:
        said = json.loads(text[text.find("{") :])
        return [
            Peer(
                vrf,
                family,
                peer,
                str(facts.get("desc", "")),
                str(facts["state"]),
                int(facts.get("peerUptimeMsec", 0)) // 1000,
                int(facts.get("pfxRcd", 0)),
                int(facts.get("pfxSnt", 0)),
                int(facts.get("connectionsDropped", 0)),
            )
            for vrf, families in said.items()
            for family, table in families.items()
            for peer, facts in table["peers"].items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as bad:
        raise ValueError(f"it does not show its sessions: {' '.join(text.split())[:200] or 'no answer'}") from bad


def read_sessions(text: str) -> Sessions | None:
    """Read the answer of `show bgp vrf all summary json`; None where it is no such answer."""
    try:
        peers = read_peers(text)
    except ValueError:
        return None
    return {(one.vrf, one.family, one.neighbor): Session(one.state == UP, one.accepted) for one in peers}


@dataclass(frozen=True)
class Running:
    """The configuration that a router runs, as it shows it."""

    text: str
    frr_version: str
    per_daemon: dict[str, str] = field(default_factory=dict)
    """FRR 10 keeps lists and route maps twice, in mgmtd and in bgpd: what each of them shows."""
    daemons: frozenset[str] = frozenset()
    """The daemons that run."""
    startup: str | None = None
    """The configuration that it would start with; None: it cannot be read, or was not asked for."""
    pending: Pending | None = None
    sessions: Sessions | None = field(default_factory=dict)
    """VRF, address family and neighbor -> its session; None: bgpd runs, and does not tell."""

    @cached_property
    def digest(self) -> str:
        """Name the configuration: SHA-256 of what is in it, in whatever order."""
        return hashlib.sha256(b"".join(line + b"\n" for line in plain(self.text))).hexdigest()

    @cached_property
    def accepted(self) -> dict[tuple[str, str, str], int] | None:
        """Tell what established sessions bring: VRF ("" for the default one), family, address -> accepted prefixes.

        None: bgpd did not say.
        """
        if not self.sessions:
            return None
        families = {"ipv4Unicast": "ipv4_unicast", "ipv6Unicast": "ipv6_unicast"}
        return {
            ("" if vrf == "default" else vrf, families[family], peer): session.accepted
            for (vrf, family, peer), session in self.sessions.items()
            if family in families and session.up
        }

    @property
    def would_run(self) -> str:
        """What the router would run if it took over from another one; "" where it runs by itself."""
        return ""

    @cached_property
    def unsaved(self) -> tuple[str, ...]:
        """The lines in which what runs and what would start differ, `+` for those that only run."""
        if self.startup is None or self.text.endswith(self.startup):
            return ()
        runs, starts = set(plain(self.text)), set(plain(self.startup))
        signed = [(line, "+") for line in runs - starts] + [(line, "-") for line in starts - runs]
        return tuple(f"{sign} {line.decode(errors='surrogateescape')}" for line, sign in sorted(signed))


R = TypeVar("R", bound=Running)
R_co = TypeVar("R_co", bound=Running, covariant=True)


class Login(Protocol[R_co]):
    """What every push needs. Every method raises DeviceError when it cannot do its work within its time."""

    name: str

    def fetch(self) -> R_co:
        """Read what the router has, once nothing of ours changes it any more."""

    def lock(self) -> AbstractContextManager[None]:
        """Keep other pushes out, until the block ends or the connection does. A lock of our own is taken over."""

    def reconnect(self) -> None:
        """Log in again, after a connection was lost."""

    def close(self) -> None:
        """Log out."""


class GoneError(DeviceError):
    """The push is not armed any more: the router has undone or confirmed it."""


@dataclass(frozen=True)
class Staged:
    """All that a router needs for a push, so that it can end it without us."""

    forth: tuple[tuple[str, ...], ...]
    """Batches of configuration lines: each is done before the next begins."""
    back: tuple[tuple[str, ...], ...]
    before: Running
    after: tuple[str, ...]
    """Commands in exec mode, once the change was applied."""
    clear: tuple[str, ...]
    """Commands in exec mode, once it was undone."""
    summary: str
    restarts: tuple[str, ...] = ()
    """Commands in exec mode that restart sessions, once the change was applied; and again, once it was undone."""


def no_backup(router: str, id_: str) -> DeviceError:
    """Return the error for a router that lacks what was there before a push."""
    return DeviceError(
        Finding(
            Code.FRR530,
            f"{router}: it has no backup {id_ or 'of any push'}",
            hint=f"frrgen history {router} shows its backups",
        )
    )


class Keeper(Login[R_co], Protocol[R_co]):
    """A router that keeps a push until it is confirmed or undone, and a journal of all pushes."""

    id: str
    """Names the push on the router; to end one that another frrgen began, its id is put here."""

    def extend(self, seconds: int, verified: str = "") -> None:
        """Have the router undo the push so many seconds from now. `verified`: the digest of what may be confirmed."""

    def execute(self, commands: Sequence[str]) -> None:
        """Run commands in FRR's exec mode, such as `clear bgp …`."""

    def show(self, commands: Sequence[str], *, daemon: str = "bgpd") -> str:
        """Return what a daemon answers to commands of FRR's exec mode that change nothing."""

    def run_check(self, command: str) -> bool:
        """Run a command of the router's shell; tells whether it ended with 0."""

    def renew(self) -> None:
        """Log in again, as the next user would have to; the old login keeps the lock."""

    def confirm(self, digest: str, entry: str) -> None:
        """End the push, and keep what runs for good, if it still has this digest. Raises GoneError."""

    def undo(self, why: str) -> None:
        """End the push by what ran before. Returns when the router has looked and that runs. Raises GoneError."""

    def history(self) -> str:
        """Return the journal of pushes, a line of JSON for each event."""

    def kept(self, id_: str) -> str:
        """Return what was there before a push; "" for the last. Raises DeviceError when the router does not have it."""


class Device(Keeper[Running], Protocol):
    """One router that runs FRR."""

    def stage(self, staged: Staged) -> None:
        """Lay a push ready on the router, which checks the syntax of its lines; nothing is applied."""

    def arm(self, entry: str, seconds: int, instead: str = "") -> str:
        """Have the router undo the push after so many seconds unless it is confirmed; gives the place of its backup.

        `instead`: the id of a push that nobody takes care of any more. It ends when this one is armed, not before.
        """

    def apply(self) -> list[str]:
        """Apply what is staged, batch by batch; gives the complaints of the router. It goes on if we are cut off.

        A batch that complains is the last one.
        """

    def restart(self) -> None:
        """Restart the sessions that the staged push names. If the push is undone then, they restart again."""

    def apply_back(self, batches: Sequence[Sequence[str]]) -> None:
        """Apply other batches, to go back."""

    def settle(self) -> None:
        """Wait until nothing of the push changes the router any more, and let nothing begin. Raises GoneError."""
