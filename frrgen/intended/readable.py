"""The routers of an inventory that can be used although others have errors: one wrong file does not hide the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from frrgen.codes import Code, Severity
from frrgen.errors import Finding, InputError
from frrgen.intended.inventory import Inventory
from frrgen.inventory.files import boxes
from frrgen.inventory.folder import names
from frrgen.model.router import Router


@dataclass(frozen=True)
class Readable:
    """An inventory, its routers that have no error, and the errors of the others by their names."""

    inventory: Inventory
    routers: list[Router]
    wrong: dict[str, InputError]


def readable(folder: Path, wanted: Sequence[str], *, over_box: bool = False) -> Readable:
    """Read the routers of these names, all of them without error; or without names those that have no error.

    Raises InputError for an error of a router that is named, for one that is about no single router, and where no
    router is left. `over_box`: as `Inventory.refuse_errors` takes it.
    """
    if wanted:
        inventory = Inventory(folder, wanted)
        routers = inventory.routers(wanted)
        inventory.refuse_errors((router.name for router in routers), over_box=over_box)
        return Readable(inventory, routers, {})
    inventory, wrong = read_files(folder)
    found = [router for router in inventory.routers(()) if router.name not in wrong]
    routers = []
    for router in found:
        try:
            inventory.refuse_errors([router.name], over_box=over_box)
            routers.append(router)
        except InputError as bad:
            if any(_router(one) != router.name for one in bad.findings):
                raise
            wrong[router.name] = bad
    if not routers:
        raise InputError(*dict.fromkeys(one for bad in wrong.values() for one in bad.findings))
    return Readable(inventory, routers, wrong)


def read_files(folder: Path) -> tuple[Inventory, dict[str, InputError]]:
    """Read an inventory without the routers whose files are wrong, and return what is wrong with each.

    Raises InputError for an error that is about no single router, and where no router is left.
    """
    try:
        return Inventory(folder), {}
    except InputError as bad:
        there = names(folder)
        wrong = _by_router(bad.findings)
        if not wrong.keys() <= set(there):
            raise
        for name, others in boxes(folder).items():
            if name not in wrong and (other := next((one for one in sorted(others) if one in wrong), None)):
                text = f"{name} is left out: its other box {other} has errors"
                wrong[name] = InputError(Finding(Code.FRR101, text))
        rest = [name for name in there if name not in wrong]
        if not rest:
            raise
        try:
            return Inventory(folder, rest), wrong
        except InputError:
            raise bad from None


def _by_router(findings: Iterable[Finding]) -> dict[str, InputError]:
    """Return the errors of each router; those that are about no single one under an empty name."""
    found: dict[str, list[Finding]] = {}
    for one in findings:
        if one.severity is Severity.ERROR:
            found.setdefault(_router(one), []).append(one)
    return {name: InputError(*every) for name, every in found.items()}


def _router(one: Finding) -> str:
    """Return the router that a finding is about: it names the router, or stands in its file."""
    if one.where.path[:1] == ("routers",) and len(one.where.path) > 1:
        return one.where.path[1]
    file = Path(one.where.file or "")
    return file.stem if file.parent.name == "routers" and not one.where.path else ""
