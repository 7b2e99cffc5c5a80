"""An inventory, checked: its routers with clusters written out, as FRR gets to see them, and every finding."""

from __future__ import annotations

import os
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError, Where, there_are
from frrgen.inventory.files import Loaded, PartlyError, load
from frrgen.inventory.secrets import resolve
from frrgen.model.check import check, judged
from frrgen.model.derive import Derived, derive, dialled
from frrgen.model.pairs import pairs
from frrgen.model.router import Router
from frrgen.platforms.base import of

if TYPE_CHECKING:
    from frrgen.policy.frr.attached import Direction
    from frrgen.policy.frr.session import Session
from frrgen.model.cluster import Cluster

_UNDEFINED: Final = Code.FRR210


class Inventory:
    """A loaded inventory with its clusters written out, and its findings."""

    def __init__(
        self,
        folder: Path,
        wanted: Sequence[str] = (),
        *,
        rest: bool = False,
        boxes: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Load and check: what the wanted routers need, or everything. Raises InputError if files are wrong.

        `rest`: beside the wanted routers what belongs to no router, too. `boxes`: the pairs, where they are known.
        """
        try:
            self.loaded: Loaded = load(folder, wanted, rest=rest, boxes=boxes)
        except PartlyError as bad:
            raise InputError(*bad.findings, *self._beyond(bad)) from None
        self.derived: Derived = derive(self.loaded.network)
        made = {name: of(router).as_run(router) for name, router in self.derived.routers.items()}
        self.generated: Derived = replace(self.derived, routers=made)
        """What FRR gets to see of the routers, by which policy is judged: a platform may leave lines out."""
        found = check(self.loaded.network, self.derived, of)
        wrong = {one.where.path for one in found if one.severity is Severity.ERROR}
        platform = list(self._platform_findings())
        self._of_box = {one.where.path for one in platform}
        found += [one for one in platform if one.where.path not in wrong]
        self.findings = [self._placed(one) for one in found]

    def _beyond(self, bad: PartlyError) -> Iterator[Finding]:
        """Find what else is surely wrong with the routers, where files are: no error that may follow from those."""
        self.loaded = bad.loaded
        self.derived = derive(self.loaded.network)
        for one in check(self.loaded.network, self.derived, of):
            path = one.where.path
            # what a router defines is known whatever is unknown of a neighbor
            defined = one.code == _UNDEFINED
            follows = any(path[: len(steps)] == steps for steps in bad.unsure if len(steps) == 2 or not defined)
            if one.severity is Severity.ERROR and path[:1] == ("routers",) and not follows:
                yield self._placed(one)

    def _platform_findings(self) -> Iterator[Finding]:
        """Find what the routers' platforms cannot express."""
        for router in self.derived.routers.values():
            for one in of(router).losses(router):
                weighed = judged(self.loaded.network, one) if one.severity is Severity.ERROR else None
                if weighed is not None:
                    yield weighed

    def placed(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return findings their files and lines."""
        return [self._placed(one) for one in findings]

    def _placed(self, finding: Finding) -> Finding:
        return replace(finding, where=self.place(finding.where.path))

    def audited(self) -> list[Finding]:
        """Find what is doubtful about the policies; nothing while the inventory has errors, which come first."""
        from frrgen.policy.questions.audit import audit

        if any(one.severity is Severity.ERROR for one in self.findings):
            return []
        network = self.loaded.network
        weighed = (judged(network, one) for one in audit(network, self.generated))
        return [self._placed(one) for one in weighed if one is not None]

    def place(self, steps: Sequence[str]) -> Where:
        """Find the file and line of a path in the network; of a derived part, those of its cluster."""
        where = self.loaded.where(steps)
        if steps[:1] == ("routers",) and len(steps) > 2:
            origin = self.origin(steps[1], steps[2:])
            if origin is not None:
                said = ((*origin, "routers", steps[1], steps[-1]), (*origin, steps[-1]))
                found = self.loaded.where(next((one for one in said if self.loaded.wrote(one)), origin))
                return Where(found.file, found.line, found.column, where.path)
        return where

    def origin(self, router: str, path: Sequence[str]) -> tuple[str, ...] | None:
        """Return the part of a cluster that a path in a router's model was derived from; None if it was written."""
        origins = self.derived.origins.get(router, {})
        sources = [
            origins[tuple(path[:length])] for length in range(len(path), 0, -1) if tuple(path[:length]) in origins
        ]
        if not sources or self.loaded.wrote(("routers", router, *path)):
            return None
        return sources[0]

    def routers(self, names: Sequence[str]) -> list[Router]:
        """Return the routers of these names, all without names. Raises InputError for names that are not there."""
        known = self.derived.routers
        unknown = [name for name in names if name not in known]
        if unknown:
            there = self.loaded.names
            raise InputError(
                *(Finding(Code.FRR108, f"there is no router {name!r}", hint=there_are(there, name)) for name in unknown)
            )
        return [known[name] for name in dict.fromkeys(names or known)]

    def clusters(self, names: Sequence[str]) -> list[Cluster]:
        """Return the clusters of these names, all without names. Raises InputError for names that are not there."""
        there = self.loaded.network.clusters
        if unknown := [name for name in names if name not in there]:
            raise InputError(
                *(
                    Finding(Code.FRR305, f"there is no cluster {name!r}", hint=there_are(there, name))
                    for name in unknown
                )
            )
        return [there[name] for name in dict.fromkeys(names or there)]

    def with_other_boxes(self, names: Sequence[str]) -> dict[str, str | None]:
        """Return the routers to push to in order, with the other box of each pair, and the box that goes before it.

        The box that names its peer goes first.
        """
        after = {pair.second.name: pair.first.name for pair in pairs(self.derived.routers)}
        before = {first: second for second, first in after.items()}
        found: dict[str, str | None] = {}
        for name in names:
            first = after.get(name, name)
            found[first] = None
            if first in before:
                found[before[first]] = first
        return found

    def refuse_errors(self, names: Iterable[str], *, over_box: bool = False) -> None:
        """Raise InputError if a Finding about one of these routers, or about clusters, is an error.

        `over_box`: they are written over what their pfSense boxes have, which refuses what those do not have already.
        """
        wanted = set(names)
        bad = [
            one
            for one in self.findings
            if one.severity is Severity.ERROR
            and not (over_box and one.where.path in self._of_box)
            and (one.where.path[:1] != ("routers",) or one.where.path[1] in wanted)
        ]
        if bad:
            raise InputError(*bad)

    @contextmanager
    def placing(self) -> Iterator[None]:
        """Yield what an InputError says about the inventory's routers its file and line."""
        try:
            yield
        except InputError as bad:
            own = (one.where.path[:1] == ("routers",) and not one.where.file for one in bad.findings)
            placed = [self._placed(one) if ours else one for one, ours in zip(bad.findings, own, strict=True)]
            raise InputError(*placed) from bad

    def resolved(self, router: Router, owners: Container[tuple[str, ...]] | None = None) -> Router:
        """Put a router's passwords in, all or those of some owners (paths). Raises InputError."""
        try:
            return resolve(router, self.loaded.folder, os.environ, owners)
        except InputError as bad:
            raise InputError(*map(self._placed, bad.findings)) from None

    def with_login(self, router: Router) -> Router:
        """Put in the password that a login needs, and none of a neighbor. Raises InputError."""
        return self.resolved(router, {("routers", router.name, "ssh")})


def session_of(router: Router, neighbor: str, direction: Direction, inventory: Inventory | None = None) -> Session:
    """Find a neighbor's session, in whichever VRF, named or inside a listen range. Raises InputError.

    An inventory tells more of the router's own addresses.
    """
    from frrgen.policy.frr.session import Session

    try:
        session = Session.find(router, neighbor, direction)
    except KeyError:
        known = [
            name for bgp in (router.bgp, *(vrf.bgp for vrf in router.vrfs.values())) if bgp for name in bgp.neighbors
        ]
        hint = there_are(known, neighbor) if known else "it has none"
        raise InputError(Finding(Code.FRR301, f"{router.name} has no neighbor {neighbor!r}", hint=hint)) from None
    if inventory is not None:
        session.own_addresses |= dialled(inventory.loaded.network, router.name, session.vrf)
    return session
