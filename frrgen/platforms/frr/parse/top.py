"""The lines of the top level, of VRFs, `bfd` and `rpki` -> the data of a router."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pydantic import TypeAdapter, ValidationError

from frrgen.lines.rule import Data, RuleTable
from frrgen.model.router import BfdPeer, RpkiCache, StaticRoute
from frrgen.model.types import VrfName, adapter
from frrgen.platforms.frr.grammar.entries import masked
from frrgen.platforms.frr.grammar.top import BFD, GLOBAL, RPKI, VRF, read_bfd_peer, read_rpki_cache, read_static_route
from frrgen.platforms.frr.parse.contexts import Context, opens_nothing, reads_nothing
from frrgen.platforms.frr.parse.fates import Fates, Owner

_VRF: Final[TypeAdapter[str]] = adapter(VrfName)


@lru_cache(maxsize=1 << 12)
def is_vrf(name: str) -> bool:
    """Tell whether the model takes the name of a VRF."""
    try:
        _VRF.validate_python(name)
    except ValidationError:
        return False
    return True


class Top:
    """Reads what is neither BGP nor policy."""

    def __init__(self, fates: Fates) -> None:
        """Begin with nothing said."""
        self.fates = fates
        self.owner = Owner(())
        self.vrfs: dict[str, Owner] = {}
        self.profiles: dict[str, Owner] = {}
        self.bfd_peers: dict[str, Owner] = {}
        self.rpki: Owner | None = None

    def open(self, line: str) -> Context | None:
        """Open a VRF, `bfd` or `rpki`."""
        words = line.split(" ")
        if words[0] == "vrf" and len(words) == 2:
            if words[1] == "default":
                return Context((line,), self._read_default_vrf, opens_nothing)
            return self._open_vrf(line, words[1]) if is_vrf(words[1]) else None
        if line == "bfd":
            return Context((line,), reads_nothing, self._open_bfd)
        if line == "rpki":
            self.rpki = rpki = self.rpki or Owner((line,))
            return Context((line,), lambda inner: self._read_rpki(inner, rpki), opens_nothing)
        return None

    def vrf(self, name: str) -> Owner:
        """Return a VRF, made where it is new."""
        return self.vrfs.setdefault(name, Owner((f"vrf {name}",)))

    def _open_vrf(self, line: str, name: str) -> Context:
        owner = self.vrf(name)
        return Context(
            (line,), lambda inner: self._static(inner, owner) or self._table(VRF, inner, owner), opens_nothing
        )

    def _read_default_vrf(self, line: str) -> bool:
        return self._static(line, self.owner) or self._table(VRF, line, self.owner)

    def _open_bfd(self, line: str) -> Context | None:
        words = line.split(" ")
        if words[0] == "profile" and len(words) == 2:
            owner = self.profiles.setdefault(words[1], Owner(("bfd", line)))
        elif (data := read_bfd_peer(line)) is not None:
            if self._excludes(data, line):
                return None
            owner = self.bfd_peers.setdefault(line, Owner(("bfd", line)))
            owner.data |= data
        else:
            return None
        owner.said(("",), line, self.fates.number)
        profile = words[0] == "profile"  # has none of its own: the next one ends it

        def read(inner: str) -> bool:
            if inner.startswith("echo-interval "):
                # an old form, which FRR still reads, for both
                one, other = (inner.replace("-interval", f" {way}-interval") for way in ("transmit", "receive"))
                return self._table(BFD, one, owner) and self._table(BFD, other, owner)
            return not (profile and inner.startswith("profile ")) and self._table(BFD, inner, owner)

        return Context(owner.context, read, opens_nothing)

    def _excludes(self, data: Data, line: str) -> bool:
        """Tell whether FRR refuses a peer beside those that were read."""
        try:
            peer = BfdPeer.model_validate(data)
            there = [BfdPeer.model_validate(one.data) for head, one in self.bfd_peers.items() if head != line]
        except ValidationError:
            return False
        return any(peer.excludes(other) for other in there)

    def read(self, line: str) -> bool:
        """Read a line of the top level."""
        return self._static(line, self.owner) or self._table(GLOBAL, line, self.owner)

    def _table(self, table: RuleTable, line: str, owner: Owner) -> bool:
        path = table.read(line, owner.data)
        return path is not None and owner.said(path, line, self.fates.number)

    def _static(self, line: str, owner: Owner) -> bool:
        if not line.startswith(("ip route ", "ipv6 route ")):
            return False
        if line.split(" ")[-2:-1] == ["vrf"] and owner is self.owner:
            line, _, vrf = line.rpartition(" vrf ")
            if not is_vrf(vrf) and vrf != "default":
                return False
            owner = owner if vrf == "default" else self.vrf(vrf)
        data = read_static_route(line)
        if data is None:
            return False
        data["prefix"] = masked(data["prefix"])
        try:
            route = StaticRoute.model_validate(data)
        except ValidationError:
            return False
        owner.data.setdefault("static_routes", []).append(route)
        return True

    def _read_rpki(self, line: str, owner: Owner) -> bool:
        data = read_rpki_cache(line)
        if data is None:
            return self._table(RPKI, line, owner)
        try:
            owner.data.setdefault("caches", []).append(RpkiCache.model_validate(data))
        except ValidationError:
            return False
        return True
