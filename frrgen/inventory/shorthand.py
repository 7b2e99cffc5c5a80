"""Short forms in the inventory, written out: `permit 192.0.2.0/24 le 32` for an entry, a list of entries for a list."""

from __future__ import annotations

import re
from typing import Final

from frrgen.codes import Code
from frrgen.errors import Finding
from frrgen.inventory.yaml import YamlNode
from frrgen.platforms.frr.grammar.entries import entry_data
from frrgen.platforms.frr.grammar.policy import LISTS, ListKind

_ENTRY: Final = re.compile(r"(?:seq (?P<seq>[0-9]{1,10}) )?(?P<action>permit|deny) (?P<value>.+)")
_FORMS: Final = {
    "prefix_lists": "permit 192.0.2.0/24 ge 24 le 32",
    "ipv6_prefix_lists": "permit 2001:db8::/32 le 48",
    "access_lists": "permit 192.0.2.0/24",
    "ipv6_access_lists": "permit 2001:db8::/32",
    "as_path_lists": "permit ^65001_",
    "community_lists": "permit 65000:10 no-export",
    "large_community_lists": "permit 65000:1:1",
    "extcommunity_lists": "permit rt 65000:1",
}


def expand(router: YamlNode) -> list[Finding]:
    """Write out every short form of a router, in place. Gives what cannot be read."""
    findings: list[Finding] = []
    for kind in LISTS:
        lists = router.value.get(kind.field)
        if lists is None or not isinstance(lists.value, dict):
            continue
        for lst in lists.value.values():
            _expand_list(kind, lst, findings)
    maps = router.value.get("route_maps")
    if maps is not None and isinstance(maps.value, dict):
        for route_map in maps.value.values():
            _whole(route_map)
            if isinstance(route_map.value, dict) and (entries := route_map.value.get("entries")) is not None:
                _number(entries, step=10)
    return findings


def _whole(node: YamlNode) -> None:
    if isinstance(node.value, list):
        node.value = {"entries": YamlNode(node.value, node.where)}


def _expand_list(kind: ListKind, lst: YamlNode, findings: list[Finding]) -> None:
    _whole(lst)
    entries = lst.value.get("entries") if isinstance(lst.value, dict) else None
    if entries is None or not isinstance(entries.value, list):
        return
    list_type = None
    if kind.typed:
        said = lst.value.get("kind")
        list_type = "standard" if said is None else said.value
    entries.value = [
        entry
        for entry in entries.value
        if not isinstance(entry.value, str) or _expand_entry(kind, list_type, entry, findings)
    ]
    _number(entries, step=5)


def _expand_entry(kind: ListKind, list_type: str | None, entry: YamlNode, findings: list[Finding]) -> bool:
    """Write out an entry, in place; tell whether it can be read."""
    match = _ENTRY.fullmatch(entry.value)
    data = entry_data(kind, list_type, match["value"]) if match is not None else None
    if match is None or data is None:
        findings.append(
            Finding(
                Code.FRR113,
                f"not an entry: {entry.value[:60]!r}",
                entry.where,
                f"write for example: {_FORMS[kind.field]}",
            )
        )
        return False
    if match["seq"] is not None:
        data["seq"] = int(match["seq"])
    data["action"] = match["action"]
    entry.value = {name: _node(value, entry) for name, value in data.items()}
    return True


def _node(value: object, entry: YamlNode) -> YamlNode:
    if isinstance(value, list):
        return YamlNode([YamlNode(item, entry.where) for item in value], entry.where)
    return YamlNode(value, entry.where)


def _number(entries: YamlNode, step: int) -> None:
    """Return entries without a number the next one: `step` behind the one before."""
    last = 0
    if not isinstance(entries.value, list):
        return
    for entry in entries.value:
        if not isinstance(entry.value, dict):
            continue
        said = entry.value.get("seq")
        if said is None:
            last = (last // step + 1) * step
            entry.value["seq"] = YamlNode(last, entry.where)
        elif isinstance(said.value, int):
            last = said.value
