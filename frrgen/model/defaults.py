"""What FRR does by default, by version and by profile (`frr defaults`).

Measured on 8.4.4, 10.3 and 10.7.1 for both profiles, and for the versions that a line `frr version` can name.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, TypeVar

from frrgen.model.bgp import Bgp
from frrgen.model.neighbor import Timers
from frrgen.model.types import Model

Profile = Literal["traditional", "datacenter"]
Version = tuple[int, ...]
_M = TypeVar("_M", bound=Model)


class _Case(NamedTuple):
    word: Literal["on", "off"]
    profile: Profile | None = None
    """Only under this profile."""
    before: Version = ()
    """Only before this version."""


_DATACENTER: Final = (_Case("on", "datacenter"), _Case("off"))
_TABLE: Final[dict[str, tuple[_Case, ...]]] = {
    "ebgp_requires_policy": (_Case("off", "datacenter"), _Case("off", before=(7, 4)), _Case("on")),
    "network_import_check": (_Case("off", "traditional", (7, 4)), _Case("on")),
    "suppress_duplicates": (_Case("off", before=(7, 6)), _Case("on")),
    "hard_administrative_reset": (_Case("off", before=(8, 3)), _Case("on")),
    "graceful_restart.notification": (_Case("off", before=(8, 3)), _Case("on")),
    "log_neighbor_changes": _DATACENTER,
    "show_hostname": _DATACENTER,
    "show_nexthop_hostname": _DATACENTER,
    "bestpath.deterministic_med": _DATACENTER,
}
"""By the field of an instance: the first case that holds counts."""


def default_timers(profile: Profile) -> Timers:
    """Return the timers of an instance that says none."""
    return Timers(keepalive=3, hold=9) if profile == "datacenter" else Timers(keepalive=60, hold=180)


def defaults(version: Version, profile: Profile) -> dict[str, bool]:
    """Return the defaults of an instance by the path of the field, for those that are not always the same."""
    return {field: _value(cases, version, profile) for field, cases in _TABLE.items()}


def _value(cases: tuple[_Case, ...], version: Version, profile: Profile) -> bool:
    return next(
        case.word == "on"
        for case in cases
        if case.profile in {None, profile} and (not case.before or version < case.before)
    )


def changed_defaults(old: tuple[Version, Profile], new: tuple[Version, Profile]) -> Iterator[tuple[str, bool]]:
    """Return the defaults that an instance made under the old version and profile has, and the new ones do not."""
    there = defaults(*new)
    return ((field, value) for field, value in defaults(*old).items() if there[field] != value)


def with_defaults(bgp: Bgp, version: Version, profile: Profile) -> Bgp:
    """Return an instance in which each option has the value that FRR gives it; what was not said stays not said."""
    for field, value in defaults(version, profile).items():
        bgp = _unsaid(bgp, field.split("."), value)
    return bgp


def saying_defaults(bgp: Bgp) -> Bgp:
    """Return an instance that says each option which has another default elsewhere."""
    return bgp.model_copy(update={name: getattr(bgp, name) for name in {field.split(".")[0] for field in _TABLE}})


def _unsaid(model: _M, path: list[str], value: Any) -> _M:
    field, rest = path[0], path[1:]
    said = field in model.model_fields_set
    there = getattr(model, field)
    if rest:
        value = _unsaid(there, rest, value)
    elif said and there is not None:
        return model
    if value is there or (not rest and value == there):
        return model
    changed = model.model_copy()
    changed.__dict__[field] = value
    return changed
