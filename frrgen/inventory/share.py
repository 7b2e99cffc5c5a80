"""What imported routers have in common -> the defaults and groups of network.yaml, and what is left for each file.

Only whole parts move: a list, a route map, a peer group, a value. A part that all routers have goes to the defaults,
and a part that some have to a group. What tells a router from others (its names, addresses, neighbors) stays in its
file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from frrgen.model.names import free_name

Data = dict[str, Any]
Steps = tuple[str, ...]

_OWN: Final = frozenset({"description", "hostname", "router_id", "ha", "pfsense", "groups"})
_OWN_OF_BGP: Final = frozenset({"router_id", "neighbors", "confederation_identifier", "cluster_id"})
_FEWEST_LINES: Final = 4
"""A group that saves fewer lines than this is more to read than it saves."""
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class SharedPart:
    """A part that several routers have."""

    data: Data
    members: tuple[str, ...]
    """The names of the routers."""


@dataclass(frozen=True)
class Shared:
    """Files in which each part stands once. Merged, they are what each router had."""

    defaults: Data
    files: dict[str, Data]
    groups: dict[str, SharedPart] = field(default_factory=dict)

    def places(self, router: str, steps: Steps) -> Iterator[Steps]:
        """Yield where in network.yaml a part of a router may be."""
        yield ("defaults", *steps)
        yield from (("groups", label, *steps) for label, group in self.groups.items() if router in group.members)


def share(routers: Mapping[str, Data]) -> Shared:
    """Move what several routers have to defaults and groups. The data of `routers` is as their files have it."""
    holders: dict[tuple[Steps, str], list[str]] = defaultdict(list)
    parts: dict[tuple[Steps, str], Any] = {}
    for name, data in routers.items():
        for steps, value in _parts(data):
            holders[steps, repr(value)].append(name)
            parts[steps, repr(value)] = value
    together: dict[tuple[str, ...], list[tuple[Steps, str]]] = defaultdict(list)
    for part, holding in holders.items():
        if len(holding) > 1:
            together[tuple(holding)].append(part)
    shared = Shared({}, {name: {} for name in routers})
    taken: set[tuple[Steps, str]] = set()
    for names, found in together.items():
        everybody = len(names) == len(routers)
        if not everybody and sum(_lines(parts[part]) for part in found) * (len(names) - 1) < _FEWEST_LINES:
            continue
        target = shared.defaults
        if not everybody:
            label = _group_name(names, [steps for steps, _ in found], shared.groups)
            target = (shared.groups.setdefault(label, SharedPart({}, names))).data
        for part in found:
            _put(target, part[0], parts[part])
            taken.add(part)
    for name, data in routers.items():
        named = [label for label, group in shared.groups.items() if name in group.members]
        if named:
            shared.files[name]["groups"] = named
        for steps, value in _parts(data, own=True):
            if (steps, repr(value)) not in taken:
                _put(shared.files[name], steps, value)
    return shared


def _parts(data: Data, *, own: bool = False) -> Iterator[tuple[Steps, Any]]:
    """Yield the parts that can move, each with its place; `own`: those that tell a router from others, too."""
    for key, value in data.items():
        if key in _OWN and not own:
            continue
        if not isinstance(value, dict) or not value:
            yield (key,), value
            continue
        for inner, part in value.items():
            if (key == "bgp" and inner in _OWN_OF_BGP and not own) or (key, inner) == ("ssh", "host"):
                if own:
                    yield (key, inner), part
            elif key == "bgp" and isinstance(part, dict) and part:
                yield from (((key, inner, name), one) for name, one in part.items())
            else:
                yield (key, inner), part


def _put(data: Data, steps: Steps, value: Any) -> None:
    for step in steps[:-1]:
        data = data.setdefault(step, {})
    data[steps[-1]] = value


def _lines(value: Any) -> int:
    """Return about how many lines of YAML a part takes."""
    if isinstance(value, Mapping):
        return 1 + sum(map(_lines, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(_lines, value))
    return 1


def _group_name(names: Sequence[str], parts: Sequence[Steps], taken: Mapping[str, Any]) -> str:
    """Return a name for a group: the word that its routers' names begin with, or the name of its first part."""
    stems = {re.split(r"[-_.]?[0-9]", name, maxsplit=1)[0] for name in names}
    found = stems.pop() if len(stems) == 1 else ""
    if not found:
        named = [steps[-1] for steps in parts if len(steps) > 1 and steps[0] not in {"ssh", "log"}]
        found = named[0].lower() if named else "common"
    return free_name(_NOT_IN_A_NAME.sub("-", found).strip("-") or "common", taken.__contains__)
