"""FRR on Linux, as a platform. What talks to a router is imported when it is needed: start-up time counts."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from frrgen.errors import Finding
from frrgen.model.router import Router
from frrgen.platforms.base import Found, ModelPath, Options, Platform, Source
from frrgen.platforms.files import is_xml, read_text
from frrgen.platforms.frr.diff.plan import Plan, hide
from frrgen.platforms.frr.diff.traps import traps
from frrgen.platforms.frr.foreign import foreign_sources
from frrgen.platforms.frr.parse.parser import Parsed, parse, said_version
from frrgen.platforms.frr.parse.recognise import refuse_foreign
from frrgen.platforms.frr.parse.remarks import remarks
from frrgen.platforms.frr.render import render

if TYPE_CHECKING:
    from frrgen.transaction.base import Approve, Outcome, State
    from frrgen.transport.base import Keeper, Running


class FrrPlatform:
    """FRR reads what the model says, so nothing is lost and nothing is left out."""

    name = "frr"
    noun = "router with FRR"
    suffix = ".conf"
    pairs = False
    merges = False
    raw = False
    avoids = True
    template = True

    def lint(self, router: Router, path: ModelPath) -> Iterable[Finding]:
        """Return what only FRR on Linux asks for; other doubts about FRR hold everywhere (`model/check.py`)."""
        return (*foreign_sources(router, path), *traps(router, path))

    def losses(self, router: Router) -> Iterable[Finding]:
        """Return nothing: the model says no more than FRR can."""
        del router
        return ()

    def left_out(self, router: Router) -> Mapping[ModelPath, str]:
        """Return nothing: FRR takes references to nothing."""
        del router
        return {}

    def as_run(self, router: Router) -> Router:
        """Return the router itself."""
        return router

    def frr_conf(self, router: Router, templates: Path | None = None) -> str:
        """Return the frr.conf, with passwords. Raises InputError if a template is wrong."""
        return render(router, templates=templates)

    def render(self, router: Router, *, templates: Path | None = None, secrets: bool = False) -> str:
        """Return the frr.conf. Raises InputError if a template is wrong."""
        text = self.frr_conf(router, templates)
        return text if secrets else hide(text)

    def merge(self, router: Router, whole: Path) -> str:
        """Return the frr.conf: it holds nothing but FRR's configuration."""
        del whole
        return self.frr_conf(router)

    def recognises(self, text: str) -> bool:
        """Tell whether a text is not XML; `parse` looks closer."""
        return not is_xml(text)

    def parse(self, text: str, file: Path, *, name: str, frr_version: str | None = None) -> Parsed:
        """Return what an frr.conf, or what `show running-config` prints, says. Raises InputError."""
        refuse_foreign((text, file))
        return parse(text, name=name, frr_version=frr_version)

    def plan(self, router: Router, source: Source, options: Options) -> Plan:
        """Return the change of what runs. Raises DeviceError, InputError."""
        from frrgen.platforms.frr.push import plan_for
        from frrgen.transport.base import Running

        if source.file is None:
            running = fetch(router, source.ssh_config)
        else:
            text = read_text(source.file)
            refuse_foreign((text, source.file))
            running = Running(text, said_version(text) or "")
        return plan_for(
            running,
            router,
            prune_leftovers=options.prune_leftovers,
            allow_unread=options.allow_unread,
            avoid=options.avoid,
        )

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
        """Apply the intended configuration. Raises FrrgenError as Push.run does."""
        from frrgen.platforms.frr.device import FrrDevice
        from frrgen.platforms.frr.push import Transaction
        from frrgen.platforms.frr.sessions import Bounds

        with closing(FrrDevice(router, ssh_config=source.ssh_config)) as device:
            return Transaction(
                device,
                router,
                approve=approve,
                progress=progress,
                stop=stop,
                prune_leftovers=options.prune_leftovers,
                allow_unread=options.allow_unread,
                bounds=Bounds(loss=options.allow_loss, down=options.allow_down),
                confirm_within=options.confirm_within,
                avoid=options.avoid,
            ).run()

    def keeper(self, router: Router, source: Source) -> Keeper[Running]:
        """Return the router, logged in to when it is first asked, as the keeper of its pushes."""
        from frrgen.platforms.frr.device import FrrDevice

        return FrrDevice(router, ssh_config=source.ssh_config)

    def unsaved(self, running: Running) -> tuple[str, ...]:
        """Return the lines in which what runs and what would start differ."""
        from frrgen.platforms.frr.push import unsaved

        return unsaved(running)

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
        """Apply what ran before an earlier push, line by line. Raises FrrgenError as Push.run does."""
        from frrgen.platforms.frr.device import FrrDevice
        from frrgen.platforms.frr.restore import Restore

        with closing(FrrDevice(router, ssh_config=source.ssh_config)) as device:
            text = device.kept(id_)
            return Restore(device, router, text=text, approve=approve, progress=progress, stop=stop, avoid=avoid).run()

    def import_(self, source: Source, router: Router | None) -> Found:
        """Return what an frr.conf or the router says. Raises DeviceError, InputError."""
        if router is not None:
            running = fetch(router, source.ssh_config)
            text, version = running.text, running.frr_version or None
        else:
            file = source.file or Path()
            text, version = read_text(file), None
            refuse_foreign((text, file))
        said = re.search(r"^hostname ([^ \n]+)", text, re.MULTILINE)
        return Found(
            said[1] if said else None,
            lambda name: parse(text, name=name, frr_version=version),
            remarks=remarks(text) if router is None else {},
        )


def fetch(router: Router, ssh_config: Path | None) -> Running:
    """Return what a router runs. Raises DeviceError."""
    from frrgen.platforms.frr.device import FrrDevice

    with closing(FrrDevice(router, ssh_config=ssh_config)) as device:
        return device.fetch()


FRR: Final[Platform] = FrrPlatform()
