"""Imported routers -> files of an inventory, which may be there already. Passwords go to files of their own."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, SecretStr

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where
from frrgen.inventory.dump import Remarks, data_of, dump_cluster, dump_data
from frrgen.inventory.files import load
from frrgen.inventory.folder import COMMON
from frrgen.inventory.schema import FILE, named_in, schema
from frrgen.inventory.secrets import first_line
from frrgen.inventory.share import Shared, share
from frrgen.inventory.write import write_new
from frrgen.model.cluster import Cluster
from frrgen.model.names import free_name
from frrgen.model.router import Router

_T = TypeVar("_T", bound=BaseModel)
_IGNORE: Final = "# passwords: never in git\n*\n!.gitignore\n"
NETWORK: Final = Path("network.yaml")
_HEAD: Final = "# What all routers share: defaults, groups, findings.\n"
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class Adopted:
    """A router whose passwords are references, and the passwords that those lead to."""

    router: Router
    secrets: dict[Path, str] = field(default_factory=dict)
    """File, named from the inventory's folder on -> password."""
    remarks: Remarks = field(default_factory=dict)
    """The comments of its file."""


def adopt(router: Router, taken: Iterable[str] = ()) -> Adopted:
    """Move each password of a router to a file under secrets/. No two share a file, nor use a name that is `taken`.

    A password that was imported is never a reference, whatever it looks like.
    """
    return _adopted(router, {name.casefold() for name in taken}, {})


def adopt_all(routers: Iterable[Router], folder: Path) -> list[Adopted]:
    """Move the passwords of routers that are to be written into an inventory, beside those that it has already.

    A password that several of them have for the same neighbor or group is in one file.
    """
    routers = list(routers)
    held = folder / "secrets"
    names = {path.name.casefold() for path in held.iterdir()} if held.is_dir() else set()
    count: Counter[tuple[str, str]] = Counter()

    def counted(label: str, password: str) -> Path:
        count[label, password] += 1
        return Path()

    for router in routers:
        _with_references(router, counted)
    common = {
        secret: Path("secrets", _free(secret[0], names))
        for secret, number in count.items()
        if number > 1 and not secret[0].startswith("tcp-md5-")
    }
    return [_adopted(router, names, common) for router in routers]


def _adopted(router: Router, names: set[str], common: Mapping[tuple[str, str], Path]) -> Adopted:
    """Move each password of a router to the file that is common to several, or to a file of its own."""
    secrets: dict[Path, str] = {}

    def placed(label: str, password: str) -> Path:
        path = common.get((label, password)) or Path("secrets", _free(f"{router.name}-{label}", names))
        secrets[path] = password
        return path

    return Adopted(_with_references(router, placed), secrets)


def _with_references(router: Router, place: Callable[[str, str], Path]) -> Router:
    """Put a reference in the place of each password; `place` returns the file for what it is for, and for its text."""

    def moved(one: Any, label: str) -> Any:
        if one.password is None:
            return one
        path = place(label, one.password.get_secret_value())
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
    return router.model_copy(update=changes)


def files_of(adopted: Iterable[Adopted], folder: Path, *, alone: bool = False) -> dict[Path, str]:
    """Return the files of routers that are to be written into an inventory, named from its folder on.

    A new inventory has what the routers share in its network.yaml. Of an inventory that is there nothing is changed,
    and the files of the routers say all; `alone`: so they do in a new inventory.
    """
    adopted = list(adopted)
    whole = {one.router.name: data_of(one.router) for one in adopted}
    files = {path: f"{password}\n" for one in adopted for path, password in one.secrets.items()}
    apart = Shared({}, whole)
    shared = apart if alone or _has_common(folder) else share(whole)
    texts = _texts(adopted, shared)
    if shared != apart and not _say(texts, [one.router for one in adopted]):
        texts = _texts(adopted, apart)
    return files | texts


def cluster_file(cluster: Cluster) -> tuple[Path, str]:
    """Return the file of a cluster that was recognised, named from the inventory's folder on."""
    text = (
        f"# Recognised by the sessions of {', '.join(cluster.routers)}: these may announce single addresses.\n"
        "# `derive: false`: the routers' own files say what the sessions are, and `frrgen verify` compares.\n"
        "# Without it frrgen derives a router's peer group, lists and maps from here: `frrgen diff` shows the change.\n"
    )
    return Path("clusters", f"{cluster.name}.yaml"), text + dump_cluster(cluster)


def _has_common(folder: Path) -> bool:
    return any(os.path.lexists(folder / name) for name in COMMON)


def _texts(adopted: Iterable[Adopted], shared: Shared) -> dict[Path, str]:
    """Return the files of routers, and of what they share, each with the comments that belong there."""
    groups = {label: group.data for label, group in shared.groups.items()}
    common = {"defaults": shared.defaults, "groups": groups}
    above: dict[tuple[str, ...], tuple[str, ...]] = {
        ("groups", label): (f"of {', '.join(group.members)}",) for label, group in shared.groups.items()
    }
    found: dict[Path, str] = {}
    for one in adopted:
        own: dict[tuple[str, ...], tuple[str, ...]] = {}
        for place, comment in one.remarks.items():
            moved = next((steps for steps in shared.places(one.router.name, place) if _has(common, steps)), None)
            if not place or moved is None or _has(shared.files[one.router.name], place):
                own[place] = comment
            else:
                above[moved] = (*above.get(moved, ()), *(line for line in comment if line not in above.get(moved, ())))
        path = Path("routers", f"{one.router.name}.yaml")
        found[path] = dump_data(shared.files[one.router.name], own)
    if said := {name: data for name, data in common.items() if data}:
        found[NETWORK] = _HEAD + dump_data(said, above)
    return found


def _has(data: Any, steps: tuple[str, ...]) -> bool:
    """Tell whether data has a part of its own at a place."""
    for step in steps:
        if not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return bool(steps)


def _say(texts: Mapping[Path, str], routers: Iterable[Router]) -> bool:
    """Tell whether files say exactly these routers, when they are read as an inventory."""
    with tempfile.TemporaryDirectory() as made:
        write_new(texts, Path(made))
        try:
            found = load(Path(made)).network.routers
        except InputError:
            return False
    return all(found[one.name] == one for one in routers)


def write_files(files: dict[Path, str], folder: Path) -> list[Path]:
    """Write new files into an inventory, with what every inventory has. Returns the new files.

    They begin with the line that tells editors where the schema is: a new inventory has one, an old one may have one.
    Raises InputError rather than write over a file; then nothing is written.
    """
    new = not any(os.path.lexists(folder / name) for name in (*COMMON, "routers", "clusters"))
    beside = [place for place in (FILE, f"../{FILE}") if (folder / place).is_file()]
    if any("secrets" in path.parts for path in files):
        files[Path("secrets/.gitignore")] = _IGNORE
    files.setdefault(NETWORK, _HEAD + "{}\n")
    there = {NETWORK} if _has_common(folder) else set()
    there |= {path for path in files if path.name == ".gitignore" and (folder / path).exists()}
    if new or beside:
        place = beside[0] if beside else FILE
        for path in [path for path in files if path.suffix == ".yaml"]:
            files[path] = named_in(files[path], "../" * (len(path.parts) - 1) + place)
    if new and not beside:
        files[Path(FILE)] = json.dumps(schema(), indent=2) + "\n"
    return write_new({path: text for path, text in files.items() if path not in there}, folder)


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
    name = free_name(_NOT_IN_A_NAME.sub("-", label)[:100], lambda one: one.casefold() in names)
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
