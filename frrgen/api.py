"""The functions of the public API. Each imports what it needs when it is called: start-up time counts."""

from __future__ import annotations

import os
import tempfile
import threading
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from frrgen.errors import Finding
    from frrgen.intended.inventory import Inventory
    from frrgen.model.router import Router
    from frrgen.platforms.frr.diff.plan import Plan
    from frrgen.platforms.frr.parse.parser import Parsed
    from frrgen.policy.frr.trace import Verdict
    from frrgen.policy.questions.compare import Comparison
    from frrgen.policy.questions.verify import Agreement
    from frrgen.transaction.base import Outcome


def load(folder: str | os.PathLike[str] = "inventory", routers: Sequence[str] = ()) -> Inventory:
    """Read an inventory, or as much of it as some routers need. Raises FrrgenError with every mistake of its files."""
    from frrgen.intended.inventory import Inventory

    return Inventory(Path(folder), routers)


def check(inventory: Inventory) -> list[Finding]:
    """Return every finding, with its place; an inventory with an error is not to be rendered."""
    return [*inventory.findings, *inventory.audited()]


def render(inventory: Inventory, router: str, *, secrets: bool = False) -> str:
    """Return the frr.conf of a router, or the sections of config.xml of a pfSense box. Raises FrrgenError.

    `secrets`: with the passwords that the references lead to; else they are hidden.
    """
    from frrgen.platforms.base import of

    inventory.refuse_errors([router])
    (found,) = inventory.routers([router])
    return of(found).render(inventory.resolved(found) if secrets else found, secrets=secrets)


def parse(text: str, *, name: str = "router", frr_version: str | None = None) -> Parsed:
    """Return the router that an frr.conf or a config.xml describes, and the lines that were not understood.

    `frr_version`: for a text that does not say its version. Raises FrrgenError.
    """
    from frrgen.platforms.base import that_reads

    with _file(text) as path:
        return that_reads(text).parse(text, path, name=name, frr_version=frr_version)


def diff(
    inventory: Inventory,
    router: str,
    running: str | None = None,
    *,
    prune_leftovers: bool = False,
    allow_unread: Collection[str] = (),
    ssh_config: str | os.PathLike[str] | None = None,
) -> Plan:
    """Return the plan that makes a router run what is intended. Raises FrrgenError.

    `running`: its running configuration, or config.xml; None: ask the router over SSH.
    """
    from frrgen.platforms.base import Options, Source, of

    found = _resolved(inventory, router)
    options = Options(prune_leftovers, allow_unread=allow_unread)
    with inventory.placing():
        if running is None:
            return of(found).plan(found, Source(None, _path(ssh_config)), options)
        with _file(running) as path:
            return of(found).plan(found, Source(path), options)


def explain(
    inventory: Inventory,
    router: str,
    neighbor: str,
    direction: Literal["in", "out"],
    prefix: str,
    *,
    as_path: str | None = None,
    communities: Sequence[str] = (),
    large_communities: Sequence[str] = (),
    next_hop: str | None = None,
    med: int | None = None,
    local_preference: int | None = None,
    origin: Literal["igp", "egp", "incomplete"] = "igp",
    tag: int | None = None,
    rpki: Literal["valid", "invalid", "notfound"] | None = None,
) -> Verdict:
    """Return what a router's policy does with a route of a session, with each step. Raises FrrgenError."""
    from frrgen.intended.inventory import session_of
    from frrgen.intended.route import RouteOptions, route_of
    from frrgen.platforms.base import of
    from frrgen.policy.frr.evaluate import judge

    (found,) = inventory.routers([router])
    session = session_of(of(found).as_run(found), neighbor, direction, inventory)
    route = RouteOptions(
        prefix,
        as_path=as_path,
        communities=communities,
        large_communities=large_communities,
        next_hop=next_hop,
        med=_text(med),
        local_preference=_text(local_preference),
        origin=origin,
        tag=_text(tag),
        rpki=rpki,
    )
    return judge(session, route_of(route, session))


def compare(inventory: Inventory, a: str, b: str) -> Comparison:
    """Compare two policies over all routes. Raises FrrgenError.

    Each is `ROUTER:ROUTE-MAP`, `ROUTER:NEIGHBOR:in`, `ROUTER:NEIGHBOR:out`, or has a file in the place of ROUTER.
    """
    from frrgen.intended.policies import Policies
    from frrgen.policy.questions.compare import compare_wherever

    policies = Policies(inventory.loaded.folder)
    named = policies.named(a), policies.named(b)
    for one in policies.unread:
        warnings.warn(str(one), stacklevel=2)
    return compare_wherever(*named)


def verify(inventory: Inventory, clusters: Sequence[str] = ()) -> list[Agreement]:
    """Return for each session of these clusters, or of all, the proof that both ends agree, or the problems."""
    from frrgen.policy.questions.verify import verify as verified

    names = [one.name for one in inventory.clusters(clusters)]
    return list(verified(inventory.loaded.network, inventory.generated, names))


def push(
    inventory: Inventory,
    router: str,
    approve: Callable[[Plan], bool],
    *,
    prune_leftovers: bool = False,
    allow_unread: Collection[str] = (),
    confirm_within: int | None = None,
    ssh_config: str | os.PathLike[str] | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Apply what is intended, and undo it if that goes wrong. Raises FrrgenError, whose `exit` tells the state.

    `approve` is shown the plan, and decides. `confirm_within`: seconds after which the router undoes the change unless
    it is confirmed. `stop`: set it to have the push undone.
    """
    from frrgen.platforms.base import Options, Source, of

    found = _resolved(inventory, router)
    options = Options(prune_leftovers, allow_unread=allow_unread, confirm_within=confirm_within)
    with inventory.placing():
        return of(found).push(
            found,
            Source(None, _path(ssh_config)),
            options,
            approve=approve,
            progress=lambda _: None,
            stop=stop or threading.Event(),
        )


def _resolved(inventory: Inventory, router: str) -> Router:
    inventory.refuse_errors([router], over_box=True)
    (found,) = inventory.routers([router])
    return inventory.resolved(found)


def _path(said: str | os.PathLike[str] | None) -> Path | None:
    return None if said is None else Path(said)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


@contextmanager
def _file(text: str) -> Iterator[Path]:
    """Yield a text as a file that its owner alone can read, for readers that take files."""
    from frrgen.platforms.files import write_private

    with tempfile.TemporaryDirectory(prefix="frrgen-") as folder:
        path = Path(folder, "configuration")
        write_private(path, text)
        yield path
