"""pfSense with the FRR package, as a platform."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError, Where
from frrgen.model.platform import FRR_OF_PACKAGE, Pfsense
from frrgen.model.router import Router
from frrgen.platforms.base import Found, ModelPath, Options, Platform, Source
from frrgen.platforms.files import is_xml, read_text
from frrgen.platforms.frr.diff.plan import Plan, hide
from frrgen.platforms.frr.parse.parser import Parsed
from frrgen.platforms.frr.parse.parser import parse as parse_frr
from frrgen.platforms.frr.parse.recognise import refuse_foreign
from frrgen.platforms.pfsense.dangling import as_generated, omitted, without_line
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.lint import lint
from frrgen.platforms.pfsense.parse import parse
from frrgen.platforms.pfsense.raw import is_raw, raw_keys, read_raw
from frrgen.platforms.pfsense.render import box_of, written_with_findings
from frrgen.platforms.pfsense.schema import Sections
from frrgen.platforms.pfsense.surprises import traps
from frrgen.platforms.pfsense.wanted import (
    Wanted,
    box_findings,
    foretold,
    plan_config_xml,
    plan_running,
    preview,
    read_box,
    shown_xml,
    written_xml,
)

if TYPE_CHECKING:
    from frrgen.transaction.base import Approve, Outcome, State
    from frrgen.transport.base import Keeper, Running


class PfsensePlatform:
    """The package makes an frr.conf of the sections that it stores in config.xml."""

    name = "pfsense"
    noun = "pfSense box"
    suffix = ".xml"
    pairs = True
    merges = True
    raw = True
    avoids = False
    template = False

    def lint(self, router: Router, path: ModelPath) -> Iterable[Finding]:
        """Find what the package does without being asked."""
        return () if is_raw(router) else lint(router, path)

    def losses(self, router: Router) -> Iterable[Finding]:
        """Find what the package cannot express."""
        return () if is_raw(router) else written_with_findings(router, box_of(router))[1]

    def left_out(self, router: Router) -> Mapping[ModelPath, str]:
        """Return the references to nothing whose lines the package leaves out, and what FRR does without the line."""
        paths = {} if is_raw(router) else omitted(router)
        if not paths:
            return {}
        generated = as_generated(router)
        return {path: f"pfSense's package leaves the line out, and {without_line(generated, path)}" for path in paths}

    def as_run(self, router: Router) -> Router:
        """Return the router without what the package leaves out."""
        return router if is_raw(router) else as_generated(router)

    def frr_conf(self, router: Router, templates: Path | None = None) -> str:
        """Return the frr.conf that the package would make. Raises InputError."""
        del templates
        return preview(router)

    def render(self, router: Router, *, templates: Path | None = None, secrets: bool = False) -> str:
        """Return the sections of config.xml. Raises InputError."""
        del templates
        return written_xml(router, None) if secrets else shown_xml(router)

    def merge(self, router: Router, whole: Path) -> str:
        """Return a whole config.xml with FRR's sections replaced, with passwords. Raises InputError."""
        return written_xml(router, whole)

    def recognises(self, text: str) -> bool:
        """Tell whether a text is XML."""
        return is_xml(text)

    def parse(self, text: str, file: Path, *, name: str, frr_version: str | None = None) -> Parsed:
        """Return what FRR runs of a config.xml. Raises InputError."""
        del text
        conf, version = foretold(file)
        return parse_frr(conf, name=name, frr_version=frr_version or version)

    def plan(self, router: Router, source: Source, options: Options) -> Plan:
        """Return the change of a box's sections, and of what FRR runs there. Raises DeviceError, InputError."""
        from frrgen.platforms.pfsense.device import PfsenseDevice
        from frrgen.platforms.pfsense.push import PfsensePush

        wanted = Wanted(router, prune_leftovers=options.prune_leftovers)
        if source.file is None:
            with closing(PfsenseDevice(router, ssh_config=source.ssh_config)) as box:
                raw = True if is_raw(router) else None
                return wanted.told(PfsensePush(box, wanted, clear_raw=True, raw=raw).foresee())
        text = read_text(source.file)
        if is_xml(text):
            return wanted.told(plan_config_xml(router, source.file, wanted))
        refuse_foreign((text, source.file))
        return plan_running(router, text)

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
        """Write the sections, and have the package apply them. Raises FrrgenError as Push.run does."""
        from frrgen.platforms.frr.sessions import Bounds
        from frrgen.platforms.pfsense.device import PfsenseDevice
        from frrgen.platforms.pfsense.push import PfsensePush

        if options.raw and not is_raw(router):
            place = Where(path=("routers", router.name, "pfsense"))
            hint = "write `pfsense: {raw: true}`"
            raise InputError(Finding(Code.FRR114, "--raw is for a router that wants a raw configuration", place, hint))
        wanted = Wanted(router, prune_leftovers=options.prune_leftovers)
        with closing(PfsenseDevice(router, ssh_config=source.ssh_config)) as box:
            outcome = PfsensePush(
                box,
                wanted,
                approve=None if approve is None else lambda plan: approve(wanted.told(plan)),
                progress=progress,
                stop=stop,
                clear_raw=options.clear_raw,
                raw=options.raw if is_raw(router) else None,
                paired=options.paired,
                bounds=Bounds(loss=options.allow_loss, down=options.allow_down),
                checks=router.checks,
                confirm_within=options.confirm_within,
            ).run()
            return outcome if outcome.plan is None else replace(outcome, plan=wanted.told(outcome.plan))

    def keeper(self, router: Router, source: Source) -> Keeper[Running]:
        """Return the box, logged in to when it is first asked, as the keeper of its pushes."""
        from frrgen.platforms.pfsense.device import PfsenseDevice

        return PfsenseDevice(router, ssh_config=source.ssh_config)

    def unsaved(self, running: Running) -> tuple[str, ...]:
        """Return what FRR does not run of the file that it would start with, and what it runs beside it."""
        from frrgen.platforms.pfsense.push import not_run
        from frrgen.platforms.pfsense.running import PfsenseRunning

        return tuple(map(hide, not_run("", running))) if isinstance(running, PfsenseRunning) else ()

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
        """Write the sections that were there before a push. Raises FrrgenError as Push.run does."""
        del avoid  # see `avoids`
        from frrgen.platforms.pfsense.device import PfsenseDevice
        from frrgen.platforms.pfsense.push import Restore

        with closing(PfsenseDevice(router, ssh_config=source.ssh_config)) as box:
            kept = json.loads(box.kept(id_))
            return Restore(box, lambda _: kept, approve=approve, progress=progress, stop=stop).run()

    def import_(self, source: Source, router: Router | None) -> Found:
        """Return what a config.xml or the box says. Raises DeviceError, InputError."""
        if router is not None:
            from frrgen.platforms.pfsense.device import PfsenseDevice

            with closing(PfsenseDevice(router, ssh_config=source.ssh_config)) as device:
                running = device.fetch()
            sections, box, findings = running.sections, running.box, list(traps(running.sections, running.box))
            hostname: str | None = box.hostname
        else:
            file = source.file or Path()
            stored, _ = read_box(file)
            sections, box, findings = stored.sections, stored.box, box_findings(stored)
            hostname = stored.hostname
            if stored.package is None:
                assumed = f"{box.package} with FRR {FRR_OF_PACKAGE[box.package]}"
                message = f"the file names no version of the FRR package: {assumed} is assumed"
                hint = "write pfsense.package and frr_version as System, Package Manager shows them"
                findings.append(Finding(Code.FRR708, message, Where(str(file)), hint))

        def named(name: str) -> Parsed:
            if raw_keys(sections):
                parsed = read_raw(sections, box, name=name, frr_version=FRR_OF_PACKAGE[box.package])
            else:
                parsed = _named(parse(sections, box, name=name).parsed, box)
            own = parsed.router.pfsense or Pfsense()
            return Parsed(parsed.router.model_copy(update={"pfsense": _facts(own, box)}), parsed.leftovers)

        if raw_keys(sections):
            findings += _offers(named("router"), sections, box)
        return Found(hostname, named, tuple(findings))


def _offers(parsed: Parsed, sections: Sections, box: HostFacts) -> Iterator[Finding]:
    """Tell what would be lost if a raw configuration moved to the pages: what they lack, and what was not read."""
    router = parsed.router
    own = (router.pfsense or Pfsense()).model_copy(update={"raw": False})
    paged = router.model_copy(update={"pfsense": _facts(own, box)})
    lost = [one.message for one in written_with_findings(paged, box, sections)[1] if one.severity is Severity.ERROR]
    lost = [*dict.fromkeys(lost), *(f"`{hide(str(one))}` is not read" for one in parsed.leftovers)]
    message = "all of the raw configuration can be said on the package's pages"
    if lost:
        shown = "; ".join(lost[:5]) + (f"; and {len(lost) - 5} more" if lost[5:] else "")
        message = f"the package's pages cannot hold all of the raw configuration: {shown}"
    hint = "to move it there, remove `raw: true` from the router's file, and push with --clear-raw"
    yield Finding(Code.FRR729, message, Where(path=("frrglobalraw",)), hint, Severity.INFO)


def _named(parsed: Parsed, box: HostFacts) -> Parsed:
    """Return the router with the name that the package writes as `hostname`, unless its own name says that already."""
    if box_of(parsed.router).full_name == box.full_name:
        return parsed
    try:
        hostname = Router.model_validate({"name": parsed.router.name, "hostname": box.full_name}).hostname
    except ValidationError:  # no name that FRR takes
        return parsed
    return Parsed(parsed.router.model_copy(update={"hostname": hostname}), parsed.leftovers)


def _facts(own: Pfsense, box: HostFacts) -> Pfsense:
    """Add what the box says of itself, so that the inventory stands without it."""
    interfaces = {name: addresses for name, addresses in box.interfaces.items() if addresses}
    gateways = {name: address for name, address in box.gateways.items() if address}
    facts = {"package": box.package, "interfaces": interfaces, "gateways": gateways}
    said = {name: getattr(own, name) for name in own.model_fields_set}
    return Pfsense.model_validate({**said, **{name: value for name, value in facts.items() if value}})


PFSENSE: Final[Platform] = PfsensePlatform()
