"""config.xml, or fragments of it -> the sections of the FRR package, and what else of the box decides about FRR.

What the package does not know is kept in the sections and reported; what has no place in them is reported as an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.platforms.pfsense.config_xml.markup import Document, Element, entries, outline, twice
from frrgen.platforms.pfsense.host import HostFacts, series
from frrgen.platforms.pfsense.php import ip_version
from frrgen.platforms.pfsense.schema import RAW_KEYS, SCHEMA, Config, Sections, decode

_NOT_ON_THE_PAGE: Final = {"frrglobalraw": frozenset(RAW_KEYS), "frrbgpneighbors": frozenset({"maximumprefix_force"})}
"""Elements that the package reads although no page has them: the next save of the page deletes them."""


class Stored(NamedTuple):
    """What a config.xml holds for FRR."""

    sections: Sections
    box: HostFacts
    findings: tuple[Finding, ...]
    """What could not be read (errors, left out of the sections), and what the package does not know (warnings)."""
    places: Mapping[tuple[str, int], Where]
    """(section, number of its entry) -> where the entry stands."""
    hostname: str | None
    """The box's name, where the file says one: fragments do not."""
    package: str | None
    """The series of the FRR package, where the file says its version."""


def read(text: str, file: str = "config.xml") -> Stored:
    """Read a whole config.xml, or the fragments of one.

    Raises InputError if pfSense could not read it at all.
    """
    document = outline(text, file)
    root, packages = _packages(document)
    findings: list[Finding] = []
    fatal: list[Finding] = []

    def report(code: Code, element: Element, message: str) -> None:
        (fatal if code == Code.FRR701 else findings).append(Finding(code, message, document.where(element)))

    for element in (*_repeated(root), *_repeated(packages)):
        report(*twice(element))
    sections: Sections = {}
    places: dict[tuple[str, int], Where] = {}
    for element in packages.children:
        if element.name.startswith("frr"):
            stored = entries(element, report)
            sections[element.name] = [config for _, config in stored]
            places |= {(element.name, number): document.where(entry) for number, (entry, _) in enumerate(stored)}
            findings += _unknown(document, element, sections[element.name])
    if fatal:
        raise InputError(*fatal)
    findings += _too_old(document, packages)
    kept = {name: configs for name, configs in sections.items() if configs}
    hostname = root.text("system", "hostname") or None
    return Stored(kept, _box(root, packages), tuple(findings), places, hostname, _series(packages))


_HINT: Final = "give a config.xml (Diagnostics > Backup & Restore); `frrgen import frr FILE` reads an frr.conf"


def _packages(document: Document) -> tuple[Element, Element]:
    """Find `<pfsense>` and `<installedpackages>`, or stand in for them where the text is fragments."""
    if not document.roots:
        raise InputError(Finding(Code.FRR713, "there is no element in it", Where(document.file), _HINT))
    first = document.roots[0]
    if first.name == "pfsense" and len(document.roots) == 1:
        return first, first.child("installedpackages") or Element("installedpackages", first.start, first.start)
    if first.name == "installedpackages" and len(document.roots) == 1:
        return Element("pfsense", 0, 0), first
    wrong = [element for element in document.roots if not element.name.startswith("frr")]
    if wrong:
        message = f"<{wrong[0].name}> is neither <pfsense> nor a section of the FRR package"
        raise InputError(Finding(Code.FRR713, message, document.where(wrong[0])))
    return Element("pfsense", 0, 0), Element("installedpackages", 0, 0, children=list(document.roots))


def _repeated(parent: Element) -> Iterator[Element]:
    """Yield what stands twice although it may not: sections, and what `<pfsense>` has once."""
    seen: set[str] = set()
    for child in parent.children:
        once = child.name.startswith("frr") or child.name in {"installedpackages", "system", "interfaces", "gateways"}
        if once and child.name in seen:
            yield child
        seen.add(child.name)


def _unknown(document: Document, element: Element, configs: list[Config]) -> Iterator[Finding]:
    section = SCHEMA.get(element.name)
    if section is None:
        yield Finding(Code.FRR702, f"the package has no section <{element.name}>", document.where(element))
        return
    known = {item.key for item in (*section.fields, *section.row)}
    read = _NOT_ON_THE_PAGE.get(element.name, frozenset())
    for child in _leaves(element):
        if child.name not in known:
            what = "no page has" if child.name in read else "the package does not know"
            message = f"{what} <{child.name}> of <{element.name}>: the next save of the page deletes it"
            yield Finding(Code.FRR702, message, document.where(child))
    for key in (item.key for item in section.fields if item.type == "base64"):
        for config in configs:
            try:
                decode(config.get(key, ""))
            except ValueError:
                yield Finding(Code.FRR704, f"<{key}> of <{element.name}> is not base64", document.where(element))


def _leaves(section: Element) -> Iterator[Element]:
    for config in section.all("config"):
        for child in config.children:
            yield from child.children if child.name == "row" else [child]


def _package(packages: Element) -> Element | None:
    """Find the FRR package among those that are installed: some versions of pfSense store less of it than others."""
    words = {"configurationfile": "frr.xml", "name": "frr", "internal_name": "pfSense-pkg-frr"}
    return next(
        (item for item in packages.all("package") if any(item.text(key) == word for key, word in words.items())), None
    )


def _series(packages: Element) -> str | None:
    package = _package(packages)
    return None if package is None else series(package.text("version"))


def _too_old(document: Document, packages: Element) -> Iterator[Finding]:
    package = _package(packages)
    version = package.text("version") if package is not None else ""
    if package is not None and version and series(version) is None:
        message = f"version {version} of the FRR package is too old: it writes a file for each daemon"
        yield Finding(Code.FRR707, message, document.where(package), "update the package")


def _box(root: Element, packages: Element) -> HostFacts:
    """Read what else the package looks at. Addresses that the box gets by DHCP or the like are not in config.xml."""
    interfaces: dict[str, tuple[str, ...]] = {}
    devices = {"lo0": "lo0"}
    lengths: dict[str, int] = {}
    for element in root.within("interfaces"):
        if element.child("enable") is not None:
            pairs = [(element.text(f"ipaddr{v}"), element.text(f"subnet{v}")) for v in ("", "v6")]
            interfaces[element.name] = tuple(address for address, _ in pairs if ip_version(address))
            devices[element.name] = element.text("if")
            lengths |= _lengths(*pairs)
    for vip in root.within("virtualip"):
        if vip.text("mode") in {"carp", "ipalias"} and vip.text("uniqid"):
            interfaces[f"_vip{vip.text('uniqid')}"] = (vip.text("subnet"),)
            lengths |= _lengths((vip.text("subnet"), vip.text("subnet_bits")))
    for tunnel in root.within("openvpn"):
        if tunnel.name in {"openvpn-server", "openvpn-client"} and tunnel.child("disable") is None:
            name = f"ovpn{tunnel.name[8]}{tunnel.text('vpnid')}"
            interfaces[name], devices[name] = (), name
    gateways = {
        gateway.text("name"): gateway.text("gateway") if ip_version(gateway.text("gateway")) else ""
        for gateway in root.within("gateways")
        if gateway.name == "gateway_item" and gateway.child("disabled") is None
    }
    return HostFacts(
        package=_series(packages) or HostFacts.package,
        hostname=root.text("system", "hostname") or HostFacts.hostname,
        domain=root.text("system", "domain") or HostFacts.domain,
        interfaces=interfaces,
        devices=devices,
        gateways=gateways,
        lengths=lengths,
    )


def _lengths(*pairs: tuple[str, str]) -> dict[str, int]:
    return {address: int(bits) for address, bits in pairs if ip_version(address) and bits in _BITS}


_BITS: Final = frozenset(map(str, range(129)))
