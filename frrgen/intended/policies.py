"""The policies that people name: of a router of the inventory, or of a configuration file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where, there_are
from frrgen.intended.inventory import Inventory, session_of
from frrgen.model.router import Router
from frrgen.platforms.base import of, parse_file
from frrgen.platforms.files import STDIN
from frrgen.platforms.frr.diff.plan import hide
from frrgen.platforms.frr.parse.fates import Leftover
from frrgen.policy.frr.alphabet import Policy
from frrgen.policy.frr.attached import Direction
from frrgen.policy.frr.partial_entries import ALL_READ, Unread, unread_entries
from frrgen.policy.frr.session import Session

_POLICY: Final = re.compile(r"(no )?((ip|ipv6) prefix-list|(ipv6 )?access-list|bgp \S*list|route-map|neighbor) ")
"""How lines begin that may decide on routes."""


class Policies:
    """The policies that texts name."""

    def __init__(self, folder: Path, version: str | None = None) -> None:
        """Take the folder of an inventory, which is read when a router is named, and a version of FRR to judge as."""
        self.folder, self.version = folder, version
        self.inventory: Inventory | None = None
        self.unread: list[Finding] = []
        """Lines about policy in files that were named, which were not understood."""

    def named(self, text: str) -> Policy:
        """Read ROUTER:ROUTE-MAP, ROUTER:NEIGHBOR:in|out, or FILE instead of ROUTER. Raises InputError."""
        direction: Direction | None = None
        rest, _, last = text.rpartition(":")
        if last == "in":
            direction = "in"
        elif last == "out":
            direction = "out"
        owner, found, name = (rest if direction else text).partition(":")
        if not found or not name:
            hint = "write ROUTER:ROUTE-MAP, ROUTER:NEIGHBOR:in, ROUTER:NEIGHBOR:out, or a file instead of ROUTER"
            raise InputError(Finding(Code.FRR303, f"{text!r} names no policy", hint=hint))
        router, unread, inventory = self._router(owner)
        if direction is not None:
            return Policy(router, session_of(router, name, direction, inventory), unread=unread)
        if name not in router.route_maps:
            hint = there_are(router.route_maps, name)
            raise InputError(Finding(Code.FRR304, f"{owner} has no route map {name!r}", hint=hint))
        session = Session.of_nobody(router, Session.places(router)[name][0])
        return Policy(router, session, name, unread)

    def _router(self, owner: str) -> tuple[Router, Unread, Inventory | None]:
        path = Path(owner)
        if owner == STDIN or path.is_file() or "/" in owner:
            parsed = parse_file(path, name="router", frr_version=self.version)
            self.unread += unread_policy(path, parsed.leftovers)
            return parsed.router, unread_entries(parsed.leftovers), None
        if self.inventory is None:
            self.inventory = Inventory(self.folder)
        router = self.inventory.routers([owner])[0]
        router = of(router).as_run(router)
        if self.version is not None:
            router = router.of_version(self.version)
        return router, ALL_READ, self.inventory


def unread_policy(file: Path, leftovers: Iterable[Leftover]) -> Iterator[Finding]:
    """Find the lines about policy that were not understood: FRR may do with them what is not considered here."""
    for one in leftovers:
        if _POLICY.match(one.line) and not (one.context and one.context[0].startswith("route-map ")):
            text = f"frrgen cannot read this line and ignores it: {hide(one.line)[:80]}"
            yield Finding(Code.FRR307, text, Where(str(file), one.number))
