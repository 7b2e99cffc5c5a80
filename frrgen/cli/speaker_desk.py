"""What `frrgen speaker` reads: the inventory, for one node or for all, and a file of prefixes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from frrgen.codes import Code
from frrgen.errors import Finding, InputError
from frrgen.intended.inventory import Inventory
from frrgen.model.router import Router
from frrgen.speaker.plan import NodePlan, find_node, password_owners, plan_node
from frrgen.speaker.table.gate import Gate, Proofs
from frrgen.speaker.wire.attributes import Attributes

if TYPE_CHECKING:
    from frrgen.policy.frr.trace import Verdict
    from frrgen.speaker.process.sources.file import StaticSource


class Desk:
    """The inventory as it was last read, to look up what it says and where."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self.inventory = Inventory(args.inventory)
        self.proofs = Proofs()

    def nodes(self) -> list[str]:
        """Return the nodes that are meant: the one that was named, or all."""
        if self._args.node is not None:
            return [self._args.node]
        clusters = self.inventory.loaded.network.clusters.values()
        return [f"{cluster.name}/{name}" for cluster in clusters for name in cluster.nodes]

    def plan(self, node: str | None, *, secrets: bool) -> tuple[NodePlan, dict[str, Router]]:
        """Plan one node. Raises InputError."""
        inventory = self.inventory
        network = inventory.loaded.network
        cluster, node_name = find_node(network, node)
        names = [name for name in cluster.routers if name in inventory.derived.routers]
        inventory.refuse_errors(names)
        found = {name: inventory.derived.routers[name] for name in names}
        if secrets:
            owners = password_owners(cluster, node_name, found)
            found = {name: inventory.resolved(router, owners) for name, router in found.items()}
        return plan_node(network, found, node), found

    def again(self) -> tuple[NodePlan, dict[str, Router]]:
        """Read the inventory again. Raises InputError, and then all stays as it is."""
        before, self.inventory = self.inventory, Inventory(self._args.inventory)
        try:
            return self.plan(self._args.node, secrets=True)
        except InputError:
            self.inventory = before
            raise

    def reasons(self, gate: Gate, key: int, attributes: Attributes) -> list[str]:
        """Return what the router looks at when it judges a prefix, in order, and where that is written."""
        return self.lines(gate, gate.verdict(key, attributes))

    def lines(self, gate: Gate, verdict: Verdict) -> list[str]:
        """Return what the router looked at for a verdict, in order, and where that is written."""
        said = []
        for step in verdict.trace:
            entry = f"{step.route_map} seq {step.seq}: " if step.seq is not None and step.route_map else ""
            places = dict.fromkeys(self._place(gate, path) for path in (step.asked or (step.path,)))
            said.append(f"{entry}{step.why} ({', '.join(places)})")
        return said

    def _place(self, gate: Gate, path: tuple[str, ...]) -> str:
        where = self.inventory.place(("routers", gate.session.router.name, *path))
        return str(where) if where.file else ".".join(path)


def static(text: str | None) -> StaticSource | None:
    """Return the file of prefixes that `static:FILE` names; None: no text. Raises InputError."""
    if text is None:
        return None
    from pathlib import Path

    from frrgen.speaker.process.sources.file import StaticSource

    kind, _, path = text.partition(":")
    if kind != "static" or not path:
        raise InputError(Finding(Code.FRR607, f"{text!r} names no source", hint="--source static:FILE"))
    return StaticSource(Path(path))
