"""References to passwords -> the passwords, at the last moment before they are used.

`env:NAME` is a variable of the environment; `file:PATH` the first line of a file, relative to the inventory's folder.

An inventory may come from a pull request. So a file must be inside of its folder, wherever links lead; and the variable
FRRGEN_SECRETS of the environment, which the operator sets, names all references that are allowed.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from frrgen.codes import Code
from frrgen.errors import Finding, InputError, Where, cause
from frrgen.inventory.folder import opened
from frrgen.model.bgp import Bgp
from frrgen.model.cluster import Cluster
from frrgen.model.router import Router
from frrgen.model.types import Password, adapter, is_reference

_T = TypeVar("_T", bound=BaseModel)
_MOST_OCTETS: Final = 1 << 16
"""So much of a file is read for its first line."""
ALLOWED: Final = "FRRGEN_SECRETS"
"""The variable that names the references that are allowed: `env:BGP_* file:/run/secrets/*`."""
_PASSWORD: TypeAdapter[SecretStr] = adapter(Password)


def resolve(
    router: Router, folder: Path, environ: Mapping[str, str], owners: Container[tuple[str, ...]] | None = None
) -> Router:
    """Put passwords in the place of their references. Raises InputError naming each reference without a password.

    `owners`: the paths of those whose passwords are needed, None: all. The other references stay.
    """
    resolver = _Resolver(folder, environ, owners)
    resolved = resolver.router(router)
    if resolver.findings:
        raise InputError(*resolver.findings)
    return resolved


def resolve_cluster(cluster: Cluster, folder: Path, environ: Mapping[str, str]) -> Cluster:
    """Put the passwords of a cluster in the place of their references, as `resolve` does. Raises InputError."""
    resolver = _Resolver(folder, environ, None)
    resolved = resolver.cluster(cluster)
    if resolver.findings:
        raise InputError(*resolver.findings)
    return resolved


class _Resolver:
    def __init__(self, folder: Path, environ: Mapping[str, str], owners: Container[tuple[str, ...]] | None) -> None:
        self.folder = folder
        self.environ = environ
        self.owners = owners
        self.allowed = environ[ALLOWED].split() if ALLOWED in environ else None
        self.findings: list[Finding] = []

    def router(self, router: Router) -> Router:
        path = ("routers", router.name)
        changes: dict[str, Any] = {"ssh": self._with_password(router.ssh, (*path, "ssh"))}
        if router.bgp is not None:
            changes["bgp"] = self._bgp(router.bgp, (*path, "bgp"))
        if router.pfsense is not None:
            place = (*path, "pfsense")
            own = self._with_password(router.pfsense, place)
            pairs = tuple(
                self._with_password(one, (*place, "tcp_md5", str(number))) for number, one in enumerate(own.tcp_md5)
            )
            changes["pfsense"] = _with(own, {"tcp_md5": pairs})
        changes["vrfs"] = {
            name: vrf if vrf.bgp is None else _with(vrf, {"bgp": self._bgp(vrf.bgp, (*path, "vrfs", name, "bgp"))})
            for name, vrf in router.vrfs.items()
        }
        return _with(router, changes)

    def cluster(self, cluster: Cluster) -> Cluster:
        path = ("clusters", cluster.name)
        own = self._with_password(cluster, path)
        peerings = {name: self._with_password(one, (*path, "routers", name)) for name, one in own.routers.items()}
        return _with(own, {"routers": peerings})

    def _bgp(self, bgp: Bgp, path: tuple[str, ...]) -> Bgp:
        changes = {
            kind: {name: self._with_password(one, (*path, kind, name)) for name, one in getattr(bgp, kind).items()}
            for kind in ("peer_groups", "neighbors")
        }
        return _with(bgp, changes)

    def _with_password(self, one: _T, path: tuple[str, ...]) -> _T:
        secret: SecretStr | None = getattr(one, "password", None)
        if secret is None or not is_reference(secret.get_secret_value()):
            return one
        if self.owners is not None and path not in self.owners:
            return one
        return _with(one, {"password": self._lookup(secret, (*path, "password"))})

    def _is_allowed(self, scheme: str, name: str) -> bool:
        """Tell whether the operator lets a reference be read."""
        if scheme == "env":
            return self.allowed is None or any(fnmatchcase(f"env:{name}", one) for one in self.allowed)
        path, home = _path(self.folder, name), self.folder.resolve()
        if path is None:
            return False
        if self.allowed is None:
            return path.is_relative_to(home)
        files = (one.removeprefix("file:") for one in self.allowed if one.startswith("file:"))
        return any(fnmatchcase(str(path), str(home / one)) for one in files)

    def _lookup(self, secret: SecretStr, path: tuple[str, ...]) -> SecretStr:
        reference = secret.get_secret_value()
        scheme, _, name = reference.partition(":")
        where = Where(path=path)
        if not self._is_allowed(scheme, name):
            outside = self.allowed is None
            reason = "the file is outside of the inventory" if outside else "the operator allows other references"
            hint = f"{ALLOWED}='{reference}' in the environment allows it"
            self.findings.append(Finding(Code.FRR123, f"{reference} is not read: {reason}", where, hint))
            return secret
        if scheme == "env":
            found = self.environ.get(name)
            if found is None:
                self.findings.append(Finding(Code.FRR121, f"the variable {name} is not set", where, f"export {name}=…"))
                return secret
        else:
            file = self.folder / name
            try:
                found = _first_line(file)
            except (OSError, UnicodeDecodeError) as bad:
                reason = cause(bad, file) if isinstance(bad, OSError) else "not text"
                self.findings.append(Finding(Code.FRR121, f"{file} cannot be read: {reason}", where))
                return secret
        try:
            return _PASSWORD.validate_python(found)
        except ValidationError as bad:
            reason = str(bad.errors(include_url=False, include_input=False)[0].get("ctx", {}).get("error", "not valid"))
            self.findings.append(Finding(Code.FRR122, f"what {reference} leads to cannot be used: {reason}", where))
            return secret


def first_line(path: Path) -> str | None:
    """Return the first line of a file; None if it cannot be read."""
    try:
        return _first_line(path)
    except (OSError, UnicodeDecodeError):
        return None


def _path(folder: Path, name: str) -> Path | None:
    """Return the path of a file once every link is followed; None for a name that no file can have."""
    try:
        return (folder / name).resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def _first_line(path: Path) -> str:
    """Return the first line of a regular file, which has a bounded length. Raises OSError or UnicodeDecodeError."""
    with opened(path) as file:
        return file.read(_MOST_OCTETS).split(b"\n", 1)[0].decode().rstrip("\r")


def _with(one: _T, changes: dict[str, Any]) -> _T:
    real = {name: value for name, value in changes.items() if getattr(one, name) != value}
    return one.model_copy(update=real) if real else one
