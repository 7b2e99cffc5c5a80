"""What frrgen needs of a platform. A platform is a folder here and a line in `registry.py`."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from frrgen.errors import Finding
from frrgen.model.router import Router
from frrgen.platforms.files import read_text
from frrgen.platforms.frr.diff.plan import Plan
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.platforms.registry import PLATFORMS

if TYPE_CHECKING:
    from frrgen.transaction.base import Approve, Outcome, State
    from frrgen.transport.base import Keeper, Running

ModelPath = tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """What a router has, as far as it is known: a file with it, or the router itself over SSH."""

    file: Path | None = None
    ssh_config: Path | None = None


@dataclass(frozen=True)
class Options:
    """What a user may ask of a plan or a push."""

    prune_leftovers: bool = False
    """Also remove running lines that the model lacks."""
    clear_raw: bool = False
    """Give up a raw configuration that replaces all else."""
    raw: bool = False
    """Let a raw configuration replace all else where there is none yet."""
    allow_unread: Collection[str] = ()
    """What of the running configuration need not be understood, as FRR406 names it."""
    allow_loss: float = 50.0
    """Undo a push if a session brings so many per cent fewer prefixes than before."""
    allow_down: bool = False
    """Sessions that were up may stay down."""
    paired: bool = False
    """The other router of its pair is pushed to, too."""
    confirm_within: int | None = None
    """Seconds after which the router undoes a push that nobody confirms; None: it is saved at once."""
    avoid: bool = False
    """Restart or shut sessions rather than have FRR do wrong. Only where the platform `avoids`."""


@dataclass(frozen=True)
class Found:
    """A configuration to import: the name in it, and what is doubtful about it."""

    hostname: str | None
    parse: Callable[[str], Parsed]
    """Return the Router of this name, and what was not understood."""
    findings: tuple[Finding, ...] = ()
    remarks: Mapping[ModelPath, tuple[str, ...]] = field(default_factory=dict)
    """The comments of a file -> the part of the router that each is about; (): the whole."""


class Platform(Protocol):
    """One kind of router."""

    name: str
    noun: str
    """What users call such a router: `pfSense box`."""
    suffix: str
    """What the names of its files end in: `.conf`."""
    pairs: bool
    """Two routers may stand for each other, with an address that the master of both has."""
    merges: bool
    """FRR's configuration is a part of a larger file, in which `merge` replaces it."""
    raw: bool
    """It may hold a raw configuration of FRR, which replaces all else that it has for FRR."""
    avoids: bool
    """A push can restart or shut sessions where FRR would else do wrong."""
    template: bool
    """frrgen writes the frr.conf itself, from a template, and knows where each line comes from."""

    def lint(self, router: Router, path: ModelPath) -> Iterable[Finding]:
        """Find what is doubtful because the router is of this platform. `path` is the router's in the network."""

    def losses(self, router: Router) -> Iterable[Finding]:
        """Find what the platform cannot express."""

    def left_out(self, router: Router) -> Mapping[ModelPath, str]:
        """Return the references to nothing that the platform leaves out, by path, and what follows."""

    def as_run(self, router: Router) -> Router:
        """Return the router as its FRR gets to see it; policy is judged by that."""

    def frr_conf(self, router: Router, templates: Path | None = None) -> str:
        """Return the frr.conf that the router's FRR reads, with passwords. Raises InputError."""

    def render(self, router: Router, *, templates: Path | None = None, secrets: bool = False) -> str:
        """Return the configuration in the platform's own format. Raises InputError."""

    def merge(self, router: Router, whole: Path) -> str:
        """Return a whole configuration with only FRR's part replaced, with passwords. Raises InputError."""

    def recognises(self, text: str) -> bool:
        """Tell whether a text may be a configuration in the platform's own format."""

    def parse(self, text: str, file: Path, *, name: str, frr_version: str | None = None) -> Parsed:
        """Return what FRR runs of a configuration. Raises InputError if it is none."""

    def plan(self, router: Router, source: Source, options: Options) -> Plan:
        """Return the change from what the router has to what is intended. Raises DeviceError, InputError."""

    def push(
        self,
        router: Router,
        source: Source,
        options: Options,
        *,
        approve: Approve | None,
        progress: Callable[[State], None],
        stop: threading.Event,
    ) -> Outcome:
        """Apply the intended configuration. Raises FrrgenError as Push.run does, KeyboardInterrupt at `stop`."""

    def keeper(self, router: Router, source: Source) -> Keeper[Running]:
        """Return the router, logged in to when it is first asked, as the keeper of its pushes."""

    def unsaved(self, running: Running) -> tuple[str, ...]:
        """Return the difference between the router's behavior now and after a restart, with secrets hidden."""

    def restore(
        self,
        router: Router,
        source: Source,
        id_: str,
        *,
        approve: Approve | None,
        progress: Callable[[State], None],
        stop: threading.Event,
        avoid: bool = False,
    ) -> Outcome:
        """Apply what was there before an earlier push, "" for the last one. Raises as `push`."""

    def import_(self, source: Source, router: Router | None) -> Found:
        """Return what a file or the router has. Raises DeviceError, InputError."""


@cache
def platform(name: str) -> Platform:
    """Return the platform of this name."""
    module, _, attribute = PLATFORMS[name].partition(":")
    found: Platform = getattr(importlib.import_module(module), attribute)
    return found


def of(router: Router) -> Platform:
    """Return a router's platform."""
    return platform(router.platform)


def that_reads(text: str) -> Platform:
    """Return the platform that a configuration is of; the first one if none recognises it, which then says why."""
    known = (platform(name) for name in PLATFORMS)
    first = next(known)
    return first if first.recognises(text) else next((one for one in known if one.recognises(text)), first)


def parse_file(path: Path, *, name: str, frr_version: str | None = None) -> Parsed:
    """Read what FRR runs of a configuration file of any platform. Raises InputError."""
    text = read_text(path)
    return that_reads(text).parse(text, path, name=name, frr_version=frr_version)
