"""The sections that a pfSense box is to have: made out of those that it has, and shown without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError
from frrgen.model.platform import FRR_OF_PACKAGE
from frrgen.model.router import Router
from frrgen.platforms.files import read_text
from frrgen.platforms.frr.diff.plan import Plan, hide
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.platforms.frr.parse.parser import Parsed, said_version
from frrgen.platforms.frr.parse.parser import parse as parse_frr
from frrgen.platforms.pfsense.config_xml.read import Stored, read
from frrgen.platforms.pfsense.config_xml.write import fragments, merge
from frrgen.platforms.pfsense.dangling import as_generated
from frrgen.platforms.pfsense.generator import frr_conf
from frrgen.platforms.pfsense.host import HostFacts
from frrgen.platforms.pfsense.parse import Read, parse
from frrgen.platforms.pfsense.plan import PfsensePlan, daemons, enabled, plan_box
from frrgen.platforms.pfsense.raw import is_raw, raw_sections, veiled_text, without_raw
from frrgen.platforms.pfsense.render import box_of, sections
from frrgen.platforms.pfsense.schema import COVERED, RAW_KEYS, SCHEMA, Sections, identity
from frrgen.platforms.pfsense.surprises import traps

if TYPE_CHECKING:
    from frrgen.platforms.pfsense.running import PfsenseRunning
    from frrgen.policy.questions.change import RouteEffect

_OFF: Final = "frr / enable=off"
"""What is left over of a box whose FRR is switched off, until it is switched on."""
_TEXTS: Final = frozenset({*RAW_KEYS, "frrrunning"})
"""Keys that hold a whole configuration."""
_SECRETS: Final = frozenset({"password", "tcpsigpw"})


def read_box(path: Path, *, name: str = "router") -> tuple[Stored, Read]:
    """Read a config.xml, or the fragments of one. Raises InputError."""
    stored = read(read_text(path), str(path))
    errors = [one for one in stored.findings if one.severity is Severity.ERROR]
    if errors:
        raise InputError(*errors)
    return stored, parse(stored.sections, stored.box, name=name)


def foretold(path: Path) -> tuple[str, str]:
    """Return the frr.conf that the package makes of a config.xml, and its version of FRR. Raises InputError."""
    stored, _ = read_box(path)
    return frr_conf(stored.sections, stored.box), FRR_OF_PACKAGE[stored.box.package]


def box_findings(stored: Stored) -> list[Finding]:
    """Find what is doubtful about what a box has."""
    return [*stored.findings, *traps(stored.sections, stored.box)]


def intended_sections(router: Router, stored: Stored | None = None) -> Sections:
    """Write a router as sections, over what a config.xml holds. Raises InputError."""
    if stored is None:
        return raw_sections(router, box_of(router), {})[0] if is_raw(router) else sections(router, box_of(router))
    return Wanted(router).over(stored.sections, stored.box)


class Wanted:
    """Makes the sections that a box is to have out of those that it has."""

    def __init__(self, router: Router, *, prune_leftovers: bool = False) -> None:
        self.router = router
        self.prune = prune_leftovers
        self.leftovers: tuple[str, ...] = ()
        """What the box's sections said that the model lacks, when they were last asked for."""
        self._frr_conf = ""
        """What the package then makes of the sections."""

    def __call__(self, running: PfsenseRunning) -> Sections:
        """Write the router over what the box has. Raises InputError."""
        return self.over(running.sections, running.box)

    def over(self, there: Sections, box: HostFacts) -> Sections:
        """Write the router over sections; what the model lacks stays, unless it is to be pruned. Raises InputError."""
        read = parse(there, box, name=self.router.name)
        self.leftovers = ()
        self._frr_conf = ""
        if is_raw(self.router):
            return self._raw(there, box)
        if self.prune:
            return sections(self.router, box, there)
        written = sections(self.router, box, there, read.kept, read.parsed.router)
        self.leftovers = tuple(map(str, _left(read.parsed.leftovers, written)))
        if enabled(written):
            self.leftovers = tuple(one for one in self.leftovers if one != _OFF)
        self.leftovers += tuple(self._strangers(written))
        if self.leftovers:
            self._frr_conf = frr_conf({**there, **written}, box)
        if self.router.hostname not in {None, box.full_name}:
            self.leftovers += (f"the box's name is {box.full_name}, which System > General Setup says: it stays",)
        return written

    def _strangers(self, written: Sections) -> Iterator[str]:
        """Name the neighbors that the inventory does not name, which `ownership: managed` leaves as they are."""
        bgp = self.router.bgp
        named = set() if bgp is None else bgp.neighbors.keys() | bgp.peer_groups.keys()
        peers = dict.fromkeys(config.get("peer") for config in written.get("frrbgpneighbors", ()))
        for peer in peers if bgp is not None else ():
            if isinstance(peer, str) and peer and peer not in named:
                yield f"frrbgpneighbors {peer}: stays, with all that it admits: the inventory does not name it"

    def _raw(self, there: Sections, box: HostFacts) -> Sections:
        written, lost = raw_sections(self.router, box, there)
        if lost and not self.prune:
            shown = "; ".join(map(hide, lost[:3])) + ("; …" if lost[3:] else "")
            raise InputError(
                Finding(
                    Code.FRR745,
                    f"the raw configuration has what frrgen does not understand, and would lose: {shown}",
                    hint="write the lines under `raw:` of the inventory, or give them up with --prune-leftovers",
                )
            )
        return written

    def told(self, plan: Plan) -> Plan:
        """Add to a plan what is left alone in the sections, and what FRR does otherwise because of that."""
        return replace(plan, leftovers=(*plan.leftovers, *self.leftovers), beyond=tuple(self._beyond()))

    def _beyond(self) -> Iterator[RouteEffect]:
        """Compare what the inventory says with what the package makes of it together with what is left alone."""
        from frrgen.policy.questions.change import route_effects

        bgp = self.router.bgp
        if not self._frr_conf or bgp is None:
            return
        version = self.router.frr_version
        foreseen = parse_frr(self._frr_conf, name=self.router.name, frr_version=version)
        said = Parsed(as_generated(self.router), foreseen.leftovers)
        yield from (one for one in route_effects(said, foreseen.router) if one.neighbor in bgp.neighbors)


def _left(leftovers: Iterable[Leftover], written: Sections) -> Iterator[Leftover]:
    """Yield the leftovers but those of entries that go."""
    there = {" ".join([name, *identity(name, config)]) for name, configs in written.items() for config in configs}
    lists = {name for name in COVERED if not SCHEMA[name].single}
    for one in leftovers:
        section, _, entry = one.context[0].partition(" ")
        if section not in lists or not entry or one.context[0] in there:
            yield one


def plan_config_xml(router: Router, path: Path, wanted: Wanted) -> PfsensePlan:
    """Plan the change of a box that has a config.xml, and runs what its package makes of it. Raises InputError."""
    stored, _ = read_box(path)
    old = stored.sections
    new = {**old, **wanted.over(old, stored.box)}
    new = new if is_raw(router) else without_raw(new)
    conf = frr_conf(old, stored.box)
    version = FRR_OF_PACKAGE[stored.box.package]
    return plan_box(
        router.name,
        conf,
        frr_conf(new, stored.box),
        generated=conf,
        old=old,
        new=new,
        frr_version=version,
        up=daemons(old, version),
    )


def plan_running(router: Router, text: str) -> PfsensePlan:
    """Plan the change of what FRR runs on a box, whose sections are not known. Raises InputError."""
    new = intended_sections(router)
    conf = frr_conf(new, box_of(router))
    version = said_version(text) or router.frr_version
    return plan_box(
        router.name,
        text,
        conf,
        generated=conf,
        old=new,
        new=new,
        frr_version=version,
        up=daemons(new, version),
    )


def written_xml(router: Router, config_xml: Path | None) -> str:
    """Write the sections, or a whole config.xml with them in it: with passwords. Raises InputError."""
    if config_xml is None:
        return fragments(intended_sections(router))
    stored, _ = read_box(config_xml)
    return merge(read_text(config_xml), intended_sections(router, stored), str(config_xml))


def shown_xml(router: Router) -> str:
    """Write the sections with the passwords hidden. Raises InputError."""
    return fragments(_veiled(intended_sections(router)))


def preview(router: Router) -> str:
    """Write the frr.conf that the package would make of the router's sections. Raises InputError."""
    return frr_conf(intended_sections(router), box_of(router))


def _veiled(some: Sections) -> Sections:
    """Hide the secrets, to be shown on a screen."""

    def hidden(key: str, text: str) -> str:
        if key in _TEXTS:
            return veiled_text(text)
        return "hidden" if key in _SECRETS and text else text

    return {
        name: [
            {
                key: [{inner: hidden(inner, text) for inner, text in row.items()} for row in value]
                if isinstance(value, list)
                else hidden(key, value)
                for key, value in config.items()
            }
            for config in configs
        ]
        for name, configs in some.items()
    }
