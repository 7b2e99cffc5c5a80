"""Imported routers -> files of an inventory, which may be there already. Passwords go to files of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, SecretStr

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.dump import dump
from frrgen.inventory.files import load
from frrgen.inventory.secrets import first_line
from frrgen.inventory.write import write_new
from frrgen.model.cluster import Cluster
from frrgen.model.router import Router

_T = TypeVar("_T", bound=BaseModel)
_IGNORE: Final = "# passwords: never in git\n*\n!.gitignore\n"
_COMMON: Final = "# What all routers share: defaults, groups, findings.\n{}\n"
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass
class Adopted:
    """A router whose passwords are references, and the passwords that those lead to."""

    router: Router
    secrets: dict[Path, str] = field(default_factory=dict)
    """File, named from the inventory's folder on -> password."""


def adopt(router: Router, taken: Iterable[str] = ()) -> Adopted:
    """Move each password of a router to a file under secrets/. No two share a file, nor use a name that is `taken`.

    A password that was imported is never a reference, whatever it looks like.
    """
    found = Adopted(router)
    names = {name.casefold() for name in taken}

    def moved(one: Any, label: str) -> Any:
        if one.password is None:
            return one
        path = Path("secrets", _free(f"{router.name}-{label}", names))
        found.secrets[path] = one.password.get_secret_value()
        return one.model_copy(update={"password": SecretStr(f"file:{path}")})

    def instance(bgp: Any, prefix: str) -> Any:
        return bgp.model_copy(
            update={
                kind: {name: moved(one, prefix + name) for name, one in getattr(bgp, kind).items()}
                for kind in ("peer_groups", "neighbors")
                if getattr(bgp, kind)
            }
        )

    changes: dict[str, Any] = {}
    if router.bgp is not None:
        changes["bgp"] = instance(router.bgp, "")
    if router.pfsense is not None:
        pairs = tuple(moved(one, f"tcp-md5-{number}") for number, one in enumerate(router.pfsense.tcp_md5, 1))
        own = moved(router.pfsense, "pfsense")
        changes["pfsense"] = own.model_copy(update={"tcp_md5": pairs}) if pairs else own
    if router.vrfs:
        changes["vrfs"] = {
            name: vrf if vrf.bgp is None else vrf.model_copy(update={"bgp": instance(vrf.bgp, f"{name}-")})
            for name, vrf in router.vrfs.items()
        }
    found.router = router.model_copy(update=changes)
    return found


def adopt_all(routers: Iterable[Router], folder: Path) -> list[Adopted]:
    """Move the passwords of routers that are to be written into an inventory, beside those that it has already."""
    held = folder / "secrets"
    taken = [path.name for path in held.iterdir()] if held.is_dir() else []
    found = []
    for router in routers:
        found.append(adopt(router, taken))
        taken += [path.name for path in found[-1].secrets]
    return found


def write(adopted: Iterable[Adopted], folder: Path) -> list[Path]:
    """Write routers into an inventory, which is made if it is not there. Returns the new files.

    Raises InputError rather than write over a file; then nothing is written.
    """
    files: dict[Path, str] = {}
    for one in adopted:
        files |= {path: password + "\n" for path, password in one.secrets.items()}
        files[Path("routers", f"{one.router.name}.yaml")] = dump(one.router)
    return write_files(files, folder)


def write_files(files: dict[Path, str], folder: Path) -> list[Path]:
    """Write new files into an inventory, with what every inventory has. Returns the new files.

    Raises InputError rather than write over a file; then nothing is written.
    """
    if any("secrets" in path.parts for path in files):
        files[Path("secrets/.gitignore")] = _IGNORE
    files[Path("network.yaml")] = _COMMON
    shared = {path for path in files if path.name in {".gitignore", "network.yaml"} and (folder / path).exists()}
    return write_new({path: text for path, text in files.items() if path not in shared}, folder)


def adopt_cluster(cluster: Cluster, folder: Path | None) -> tuple[Cluster, dict[Path, str]]:
    """Move the passwords of a cluster to files under secrets/. Returns it and the files to write.

    A password that a file holds already stays there: both ends of a session then name one file.
    """
    held = None if folder is None else folder / "secrets"
    there = {path.name: first_line(path) for path in held.iterdir()} if held is not None and held.is_dir() else {}
    known = {text: name for name, text in there.items() if text is not None}
    made: dict[Path, str] = {}
    names = {name.casefold() for name in there}

    def moved(one: _T, label: str) -> _T:
        password: SecretStr | None = getattr(one, "password", None)
        if password is None:
            return one
        text = password.get_secret_value()
        if text not in known:
            known[text] = _free(label, names)
            made[Path("secrets", known[text])] = text + "\n"
        return one.model_copy(update={"password": SecretStr(f"file:secrets/{known[text]}")})

    own = moved(cluster, cluster.name)
    routers = {name: moved(one, f"{cluster.name}-{name}") for name, one in own.routers.items()}
    return own.model_copy(update={"routers": routers}), made


def _free(label: str, names: set[str]) -> str:
    """Return the nearest name of a file that none has, and take it."""
    name = first = _NOT_IN_A_NAME.sub("-", label)[:100]
    number = 1
    while name.casefold() in names:
        number += 1
        name = f"{first}-{number}"
    names.add(name.casefold())
    return name


def changed_by_inventory(adopted: Iterable[Adopted], folder: Path) -> list[Finding]:
    """Find what an inventory's defaults make of routers that were written into it: others than were imported."""
    try:
        known = load(folder).network.routers
    except InputError:
        text = f"{folder} has errors, so what its defaults make of the new routers is not known"
        return [Finding(Code.FRR131, text, hint="frrgen check shows them")]
    found = []
    for one in adopted:
        wanted = one.router
        loaded = known[wanted.name]
        changed = [name for name in type(wanted).model_fields if getattr(loaded, name) != getattr(wanted, name)]
        if changed:
            where = Where(str(folder / "routers" / f"{wanted.name}.yaml"), path=("routers", wanted.name))
            text = f"the defaults of network.yaml change what was imported: {', '.join(changed)}"
            hint = "put those defaults into a group that this router does not name, or overrule them in its file"
            found.append(Finding(Code.FRR131, text, where, hint))
    return found
