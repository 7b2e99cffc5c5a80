"""Sections -> config.xml, byte for byte as pfSense's own writer stores them; and a whole config.xml with them replaced.

The writer's rules: tabs; `<x></x>` for an empty value; XML entities, all else as UTF-8; and CDATA, whose content is
entity-encoded as well, for elements whose names begin with one of a list of words. A text that pfSense would not read
back as it was is refused. In a config.xml that is there, an element that keeps its value keeps its bytes: older
versions of pfSense write `&eacute;`, which newer ones do not decode.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.platforms.pfsense.config_xml.markup import Document, Element, entries, outline, twice
from frrgen.platforms.pfsense.schema import SCHEMA, Config, Identity, Sections, identity

_CDATA: Final = (
    *("auth_pass", "auth_prompt", "auth_user", "certca", "certname", "city", "common_name", "descr", "detail", "email"),
    *("encryption_password", "ldap_attr", "ldap_authcn", "ldap_basedn", "ldap_basedomain", "ldap_bind", "ldapbinddn"),
    *("ldapbindpass", "ldap_extended_query", "ldap_filter", "ldap_pass", "ldap_user", "login_banner", "organization"),
    *("password", "rangedescr", "state", "text", "username", "varusersusername", "varuserspassword"),
)
"""An element whose name begins so is written as CDATA: here `descr`, `password`, `password_type`, `passwordencrypt` and
`username`."""

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#039;"}
_SPECIAL: Final = re.compile(r"[&<>\"']")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NAME: Final = re.compile(r"[a-z_][a-z0-9_.-]*")
Form = Mapping[tuple[str, str], str]
"""The name and the value of an element of an entry -> how it is written in a config.xml."""
Forms = Mapping[Identity, Form]


def fragments(sections: Sections, depth: int = 2) -> str:
    """Write sections in the given order, as they stand in `<installedpackages>` of a config.xml.

    `depth` is the number of tabs before each section. An empty section is not written. Raises InputError (FRR705) for
    everything that pfSense could not store, all at once.
    """
    return _written(sections, depth, "\t", "\n", {})


def _written(sections: Sections, depth: int, tab: str, line_end: str, forms: Forms) -> str:
    faults: list[Finding] = []
    lines = [
        f"{tab * (depth + level)}{line}{line_end}"
        for name, configs in sections.items()
        if configs
        for level, line in _section(name, configs, forms, faults)
    ]
    if faults:
        raise InputError(*faults)
    return "".join(lines)


def _section(name: str, configs: list[Config], forms: Forms, faults: list[Finding]) -> Iterator[tuple[int, str]]:
    """Yield the lines of a section with their depth in it."""
    if name not in SCHEMA:
        faults.append(Finding(Code.FRR705, f"the package has no section {name!r}"))
        return
    yield 0, f"<{name}>"
    for number, config in enumerate(configs):
        yield from _list_item(
            1, "config", config, (name, str(number)), form=forms.get(identity(name, config), {}), faults=faults
        )
    yield 0, f"</{name}>"


def _list_item(
    level: int, tag: str, item: Mapping[str, Any], path: tuple[str, ...], *, form: Form, faults: list[Finding]
) -> Iterator[tuple[int, str]]:
    if not item:
        yield level, f"<{tag}></{tag}>"
        return
    yield level, f"<{tag}>"
    for key, value in item.items():
        if isinstance(value, list):
            for number, row in enumerate(value):
                yield from _list_item(level + 1, key, row, (*path, key, str(number)), form=form, faults=faults)
        else:
            yield level + 1, form.get((key, value)) or _element(key, value, (*path, key), faults)
    yield level, f"</{tag}>"


def _element(key: str, value: str, path: tuple[str, ...], faults: list[Finding]) -> str:
    cdata = key.startswith(_CDATA)
    if fault := _fault(key, value, cdata=cdata):
        faults.append(Finding(Code.FRR705, fault, Where(path=path)))
    text = _SPECIAL.sub(lambda match: _ENTITIES[match[0]], value)
    return f"<{key}><![CDATA[{text}]]></{key}>" if cdata and text else f"<{key}>{text}</{key}>"


def _fault(key: str, value: str, *, cdata: bool) -> str | None:
    """Return why pfSense would not read a value back as it was; the value itself may be a secret and is not shown."""
    if not _NAME.fullmatch(key):
        return f"{key!r} is no name of an element"
    if _CONTROL.search(value):
        return "control characters (line ends too) cannot be stored"
    if value.strip(" ") != value:
        return "blanks at the beginning or the end are not stored"
    if not cdata and not value.isascii():
        return "only ASCII can be stored here: older versions of pfSense could not read the whole file any more"
    return None


def merge(config_xml: str, sections: Sections, file: str = "config.xml") -> str:
    """Replace sections in a whole config.xml, and touch no other byte.

    A section that already says the same is left as it stands; an empty one is deleted; a new one is added at the end of
    `<installedpackages>`. Raises InputError: FRR700 and FRR701 (pfSense could not read the file), FRR705 (cannot be
    stored), FRR706 (no safe place for it).
    """
    document = outline(config_xml, file)
    packages = _packages(document)
    line_end = "\r\n" if "\r\n" in config_xml else "\n"
    tab = _indent(config_xml, packages) or "\t"
    edits: list[tuple[int, int, str]] = []
    added: list[str] = []
    for name, configs in sections.items():
        present = _one(document, packages, name)
        forms = {} if present is None else dict(_forms(config_xml, name, present))
        written = _written({name: configs}, 2, tab, line_end, forms)
        if present is None:
            added.append(written)
        elif _entries(document, present) != _kept(configs):
            edits.append(_edit(config_xml, present, written))
    if added:
        edits.append(_addition(config_xml, packages, added, tab, line_end))
    if not edits:
        return config_xml
    merged = _edited(config_xml, edits)
    _verify(merged, sections, file)
    return merged


def _forms(text: str, name: str, section: Element) -> Iterator[tuple[Identity, Form]]:
    """Yield how the entries of a section are written, as far as they would be written otherwise now, or not at all."""
    for entry, config in entries(section, lambda *_: None):
        form = {}
        for element in entry.walk():
            written = text[element.start : element.end]
            faults: list[Finding] = []
            if not element.children and (written != _element(element.name, element.value, (), faults) or faults):
                form[element.name, element.value] = written
        if form:
            yield identity(name, config), form


def _packages(document: Document) -> Element:
    root = document.roots[0] if document.roots else None
    if root is None or root.name != "pfsense" or len(document.roots) > 1:
        where = Where(document.file) if root is None else document.where(root)
        raise InputError(Finding(Code.FRR706, "not a whole config.xml: its one root is not <pfsense>", where))
    found = _one(document, root, "installedpackages")
    if found is None:
        raise InputError(
            Finding(Code.FRR706, "there are no <installedpackages>: FRR is not installed", document.where(root))
        )
    return found


def _one(document: Document, parent: Element, name: str) -> Element | None:
    found = list(parent.all(name))
    if len(found) > 1:
        code, element, message = twice(found[1])
        raise InputError(Finding(code, message, document.where(element)))
    return found[0] if found else None


def _entries(document: Document, section: Element | None) -> list[Config]:
    def refuse(code: Code, element: Element, message: str) -> None:
        lost = code if code == Code.FRR701 else Code.FRR706
        raise InputError(Finding(lost, f"it would be lost: {message}", document.where(element)))

    return [] if section is None else [config for _, config in entries(section, refuse)]


def _kept(configs: list[Config]) -> list[Config]:
    """Leave out what pfSense leaves out when it reads: empty entries and rows."""
    return [kept for config in configs if (kept := {key: value for key, value in config.items() if value != []})]


def _indent(text: str, element: Element) -> str:
    """Return the blanks before an element, if it stands first on its line."""
    begin = text.rfind("\n", 0, element.start) + 1
    before = text[begin : element.start]
    return before if before.strip(" \t") == "" else ""


def _edit(text: str, element: Element, written: str) -> tuple[int, int, str]:
    """Replace an element. The lines it stands on are replaced whole, unless something else stands on them."""
    begin = element.start - len(_indent(text, element))
    after = re.compile(r"[ \t]*(\r?\n)").match(text, element.end)
    if after is not None and (begin == 0 or text[begin - 1] == "\n"):
        return begin, after.end(), written
    return element.start, element.end, written.strip()


def _addition(text: str, packages: Element, added: list[str], tab: str, line_end: str) -> tuple[int, int, str]:
    if packages.inner == packages.end:  # <installedpackages/>
        inside = f"<installedpackages>{line_end}{''.join(added)}{tab}</installedpackages>"
        return packages.start, packages.end, inside
    begin = text.rfind("\n", 0, packages.inner_end) + 1
    if text[begin : packages.inner_end].strip(" \t") == "" and begin > packages.inner:
        return begin, begin, "".join(added)
    return packages.inner_end, packages.inner_end, "".join(map(str.strip, added))


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    parts, position = [], 0
    for begin, end, new in sorted(edits):
        parts += [text[position:begin], new]
        position = end
    return "".join([*parts, text[position:]])


def _verify(merged: str, sections: Sections, file: str) -> None:
    """Read what was made: a config.xml that does not say what it should must not leave this module."""
    document = outline(merged, file)
    packages = _packages(document)
    for name, configs in sections.items():
        if _entries(document, _one(document, packages, name)) != _kept(configs):
            raise InputError(Finding(Code.FRR706, f"<{name}> would not be read back as it was", Where(file)))
