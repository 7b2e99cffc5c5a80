"""An frr.conf, or what `show running-config` prints -> a Router, and what became of every line.

It reads as FRR does: a line is tried in the context it stands in, then in the ones around it. Each line is modelled, or
left over with its number and contexts, or ignored because FRR ignores it. What is left over is shown, and never touched
unless asked. Of a context that the model lacks every line is left over, under the path of all contexts around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from frrgen.errors import Path
from frrgen.lines.rule import Data
from frrgen.model.bgp import Bgp
from frrgen.model.defaults import Version, changed_defaults
from frrgen.model.router import BfdPeer, BfdProfile, Router, Rpki, Vrf
from frrgen.model.types import Model, is_number
from frrgen.platforms.frr.parse.beyond import opens
from frrgen.platforms.frr.parse.bgp import InstanceReader
from frrgen.platforms.frr.parse.contexts import Context, ContextReader, lacked
from frrgen.platforms.frr.parse.fates import Fates, Ignored, Leftover, Owner, build
from frrgen.platforms.frr.parse.policy import PolicyReader
from frrgen.platforms.frr.parse.top import Top, is_vrf

DEFAULT_VERSION: Final = "8.4"
_VERSION: Final = re.compile(r"frr version (\d{1,2}(?:\.\d{1,3}){0,2})(?![0-9]).*")
_BGP: Final = re.compile(r"router bgp( [0-9]+(?:\.[0-9]+)?)?(?: vrf (?P<vrf>[^ ]+))?(?P<notation> as-notation [^ ]+)?")


_M = TypeVar("_M", bound=Model)


class Parsed(NamedTuple):
    """What a text says."""

    router: Router
    leftovers: tuple[Leftover, ...]


class Account(NamedTuple):
    """What became of every line of a text."""

    parsed: Parsed
    ignored: tuple[Ignored, ...]
    """The lines that FRR ignores."""
    modelled: frozenset[int]
    """The numbers of the lines that the router holds, or that open a context."""


class Parser:
    """Reads one text. Use `parse`."""

    def __init__(self, name: str, frr_version: str | None) -> None:
        self.name = name
        self.version = frr_version
        self.numbers = _numbers(frr_version or DEFAULT_VERSION)
        self.fates = Fates()
        self.top = Top(self.fates)
        self.policy = PolicyReader(self.fates, self.numbers)
        self.bgps: dict[str, InstanceReader] = {}
        self.born: dict[str, tuple[Version, Any]] = {}
        """The version and the profile by whose defaults each instance was made."""
        self.said = self.numbers
        self.views: set[str] = set()
        """The instances that are views, which the model lacks."""

    def read(self, lines: Iterable[tuple[int, str]]) -> None:
        """Read every line, given with its number."""
        top = Context((), self._read, self._open, self._lost)
        known = self.version is not None
        ContextReader(top, self.fates, self.numbers, self.policy.short_cut, known=known).read(lines)

    def _read(self, line: str) -> bool:
        if (version := _VERSION.fullmatch(line)) is not None:
            self.said = _numbers(version[1])
            return True
        return self.policy.read(line) or self.top.read(line)

    def _open(self, line: str) -> Context | None:
        if (match := _BGP.fullmatch(line)) is not None:
            return self._open_bgp(line, match)
        if line.startswith("router bgp ") and " view " in line:
            self.views.add(line)
        context = self.policy.open(line) or self.top.open(line)
        if context is not None:
            return context
        return lacked((line,)) if opens((), line) and not line.startswith("router bgp") else None

    def _open_bgp(self, line: str, match: re.Match[str]) -> Context | None:
        vrf = match["vrf"] or ""
        vrf = "" if vrf == "default" else vrf
        if vrf and not is_vrf(vrf):
            return None
        instance = self.bgps.get(vrf)
        if match[1] is None and (instance is None or len(self.bgps) + len(self.views) > 1):
            # of several, FRR wants to know which
            return None
        if match["notation"]:
            self.fates.left((), line)
        if instance is None:
            enter = f"router bgp{match[1]}{f' vrf {vrf}' if vrf else ''}"
            lost_as = ("vrfs", vrf, "bgp") if vrf else ("bgp",)
            instance = InstanceReader(Owner((enter,), lost=lost_as), self.fates, self.top.owner, self.numbers)
            instance.owner.data["asn"] = (match[1] or "").strip()
            instance.owner.said(("asn",), line, self.fates.number)
            self.bgps[vrf] = instance
            self.born[vrf] = self.said, self.top.owner.data.get("defaults", "traditional")
        elif match[1] is not None and str(instance.owner.data["asn"]) != match[1].strip():
            # FRR goes on with the instance that is there
            return None
        return instance.context()

    def _lost(self, line: str) -> Path:
        if line.startswith("router bgp ") and " view " not in line:
            vrf = line.partition(" vrf ")[2].split(" ")[0]
            return ("vrfs", vrf, "bgp") if vrf else ("bgp",)
        return self.policy.lost(line)

    def finish(self) -> Account:
        """Make the Router of what was read."""
        data: Data = {"name": self.name, **self.policy.data(), **self.top.owner.data}
        if self.version is not None:
            data["frr_version"] = self.version
        if profiles := self._each(BfdProfile, self.top.profiles):
            data["bfd_profiles"] = profiles
        if peers := self._each(BfdPeer, self.top.bfd_peers):
            data["bfd_peers"] = [*peers.values()]
        if self.top.rpki is not None:
            data["rpki"] = self._build(Rpki, self.top.rpki)
        held = self._each(Vrf, self.top.vrfs)
        for vrf, instance in self.bgps.items():
            self._bring_defaults(vrf, instance)
            bgp = self._build(Bgp, instance.owner)
            if bgp is None:
                continue
            if vrf:
                held[vrf] = held.get(vrf, Vrf()).model_copy(update={"bgp": bgp})
            else:
                data["bgp"] = bgp
        if held:
            data["vrfs"] = held
        whole = Owner((), data, self.top.owner.lines)
        router = self._build(Router, whole) or Router(name="router")
        self.fates.forget_itself(router.version)
        leftovers, ignored = self.fates.settled()
        gone = {one.number for one in leftovers} | {one.number for one in ignored}
        return Account(Parsed(router, leftovers), ignored, frozenset(self.fates.modelled - gone))

    def _each(self, model: type[_M], owners: Mapping[str, Owner]) -> dict[str, _M]:
        return {name: one for name, owner in owners.items() if (one := self._build(model, owner)) is not None}

    def _bring_defaults(self, vrf: str, instance: InstanceReader) -> None:
        """Write out what an instance has by the defaults of another version or profile than the router's."""
        profile = self.top.owner.data.get("defaults", "traditional")
        born, now = self.born[vrf], (self.numbers, profile)
        for field, value in changed_defaults(born, now):
            outer, _, inner = field.rpartition(".")
            own = instance.owner.data.setdefault(outer, {}) if outer else instance.owner.data
            own.setdefault(inner, value)

    def _build(self, model: type[_M], owner: Owner) -> _M | None:
        return build(model, owner, self.fates)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if is_number(part))


def said_version(text: str) -> str | None:
    """Return the version in the text's `frr version` line."""
    said = re.search(r"^frr version (\d{1,2}(?:\.\d{1,3}){0,2})(?![0-9])", text, re.MULTILINE)
    return said[1] if said else None


def parse(text: str, *, name: str = "router", frr_version: str | None = None) -> Parsed:
    """Read an frr.conf or the output of `show running-config`. Never raises: what is not understood is left over.

    `frr_version` None: from the text's `frr version` line, else 8.4.
    """
    return account(text, name=name, frr_version=frr_version).parsed


def account(text: str, *, name: str = "router", frr_version: str | None = None) -> Account:
    """Read a text as `parse` does, and tell what became of each line that is neither empty, a comment nor an exit."""
    # only a newline ends a line: descriptions may hold other separators
    return _account(enumerate(text.split("\n"), 1), name, frr_version or said_version(text))


def parse_lines(lines: Iterable[tuple[int, str]], *, name: str, frr_version: str | None) -> Parsed:
    """Read lines that are given with their numbers, as `parse` does."""
    return _account(lines, name, frr_version).parsed


def _account(lines: Iterable[tuple[int, str]], name: str, frr_version: str | None) -> Account:
    parser = Parser(name, frr_version)
    parser.read(lines)
    return parser.finish()
