"""What a router says that its version of FRR does not have yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from frrgen.codes import Code
from frrgen.errors import Finding, Path, Where
from frrgen.model.router import Router
from frrgen.model.types import Since

_PARTS: Final = ("bgp", "vrfs", "route_maps")
"""The fields of a router that hold something with a version of its own."""
_INSTEAD: Final = {"graceful_shutdown": "set the community graceful-shutdown in its route maps"}


def check_versions(router: Router, path: Path) -> Iterator[Finding]:
    """Yield a finding for each field, and each value, that came with a later FRR than the router's."""
    for name in _PARTS:
        yield from _inside(getattr(router, name), router, (*path, name))


def _inside(value: Any, router: Router, path: Path) -> Iterator[Finding]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if name in value.model_fields_set:
                said = getattr(value, name)
                yield from _too_new(value, name, said, router, (*path, name))
                yield from _inside(said, router, (*path, name))
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _inside(one, router, (*path, str(key)))
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            if isinstance(one, BaseModel):
                yield from _inside(one, router, (*path, str(getattr(one, "seq", number))))


def _too_new(owner: BaseModel, name: str, said: Any, router: Router, path: Path) -> Iterator[Finding]:
    field = type(owner).model_fields[name]
    if said is None or said == field.default:
        return
    since = next(
        (
            one
            for one in field.metadata
            if isinstance(one, Since) and router.version < one.version and (not one.values or said in one.values)
        ),
        None,
    )
    if since is None:
        return
    what = f"{name} {said}" if since.values else name
    version = ".".join(map(str, since.version))
    yield Finding(
        Code.FRR234,
        f"{what} needs FRR {version}; this is {router.frr_version}",
        Where(path=path),
        _INSTEAD.get(name),
    )
