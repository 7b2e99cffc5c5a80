"""The lists: access lists and prefix lists by family, as-path lists, community lists."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cmp_to_key
from ipaddress import IPv4Network, ip_network

from frrgen.platforms.pfsense.generator.names import WELL_KNOWN, Settings
from frrgen.platforms.pfsense.php import Entry, compare, cut, filled, ip_version, numeric, strcmp, subnet_version, word

_FAMILIES = {"ip": "ipv4", "ipv6": "ipv6"}


def by_number(rows: list[Entry]) -> list[Entry]:
    """Sort rows by number; only the last one is asked whether it has one."""
    return sorted(rows, key=cmp_to_key(_number_order)) if rows and numeric(rows[-1]["seq"]) else rows


def _number_order(one: Entry, other: Entry) -> int:
    return compare(one["seq"], other["seq"])


def by_name(entries: list[Entry]) -> list[Entry]:
    """Sort entries by name, byte by byte, and those of one name by number (lists have none: they keep their order)."""
    return sorted(entries, key=cmp_to_key(_name_order))


def _name_order(one: Entry, other: Entry) -> int:
    first, second = one["name"], other["name"]
    same = compare(first, second) == 0 if numeric(first) and numeric(second) else first == second
    return _number_order(one, other) if same else strcmp(first, second)


def access_lists(settings: Settings, family: str) -> Iterator[str]:
    """Write the access lists of a family (`ip`, `ipv6`).

    A list of neither family is written with both. In the IPv6 run a list that writes no line as IPv6 (one of another
    type than zebra, or without rows) stops all IPv6 lists that come after it: the package keeps the word `ipv6` in the
    variable that says which family to skip.
    """
    wanted, stopped = _FAMILIES[family], False
    for acl in by_name(settings.all("frrglobalacls")):
        kind, listed = acl["type"], acl["iptype"].lower()
        if (listed != wanted and listed in _FAMILIES.values()) or (stopped and listed == "ipv6"):
            continue
        prefix = ""
        for row in by_number(acl.rows):
            if row["action"] not in {"permit", "deny"} or kind not in {"standard", "extended", "zebra"}:
                continue
            if kind == "zebra" and listed == "ipv6":
                prefix = "ipv6 "
            if hosts := _hosts(row, kind):
                number = f" seq {row['seq']}" if filled(row["seq"]) else ""
                exact = " exact-match" if kind == "zebra" and "exactmatch" in row else ""
                yield f"{prefix}access-list {acl['name']}{number} {row['action']} {hosts}{exact}"
        stopped = family == "ipv6" and not prefix
        if filled(acl["descr"]):
            yield f"{prefix}access-list {acl['name']} remark {cut(acl['descr'], 100)}"


def _hosts(row: Entry, kind: str) -> str:
    source = _host(row["source"], row["sourceany"], kind)
    if kind != "extended":
        return source
    return f"ip {source} {_host(row['destination'], row['destinationany'], kind)}"


def _host(address: str, whole: str, kind: str) -> str:
    if filled(whole):
        return "any"
    if kind == "zebra":
        return address if subnet_version(address) else ""
    if subnet_version(address):
        network = ip_network(address, strict=False)
        # the package counts the bits of an IPv6 prefix in a mask of IPv4
        return f"{network.network_address} {IPv4Network((0, min(network.prefixlen, 32))).hostmask}"
    return f"host {address}" if ip_version(address) else ""


def prefix_lists(settings: Settings, family: str) -> Iterator[str]:
    """Write the prefix lists of a family (`ip`, `ipv6`).

    The lines end with a blank; `any` hides ge and le; a prefix is not looked at. A list of neither family has only the
    lines that say `any` by that word, and the description that follows them has lost its family.
    """
    wanted = _FAMILIES[family]
    for plist in by_name(settings.all("frrglobalprefixes")):
        listed = plist["iptype"].lower()
        if listed != wanted and listed in _FAMILIES.values():
            continue
        keyword = ""
        for row in by_number(plist.rows):
            if row["action"] not in {"permit", "deny"}:
                continue
            if listed not in _FAMILIES.values() and row["source"] != "any":
                continue
            keyword = "ipv6" if listed == "ipv6" else "ip"
            yield f"{keyword} prefix-list {plist['name']} {_prefix(row)} "
        if filled(plist["descr"]):
            yield f"{keyword} prefix-list {plist['name']} description {cut(plist['descr'], 80)}"


def _prefix(row: Entry) -> str:
    whole = filled(row["any"])
    parts = [f"seq {row['seq']}"] if filled(row["seq"]) else []
    parts += [row["action"], "any" if whole else row["source"]]
    parts += [f"{key} {row[key]}" for key in ("ge", "le") if filled(row[key]) and not whole]
    return " ".join(parts)


def as_path_lists(settings: Settings) -> Iterator[str]:
    """Write the as-path lists, without numbers, in the order of the page."""
    for listed in settings.all("frrbgpaspaths"):
        for row in by_number(listed.rows):
            yield f"bgp as-path access-list {listed['name']} {row['action']} {row['regex']}"


def community_lists(settings: Settings) -> Iterator[str]:
    """Write the community lists, without numbers, in the order of the page.

    A standard list ends at the first row that is no list of communities. A list whose name is neither a number nor a
    word is written under the name of the list before it.
    """
    name = ""
    for listed in settings.all("frrbgpcommunities"):
        kind = ""
        if numeric(listed["name"]):
            name, kind = listed["name"], "standard" if 0 < float(listed["name"]) < 100 else ""
        elif word(listed["name"]):
            name, kind = f"{listed['listtype']} {listed['name']}", listed["listtype"]
        for row in by_number(listed.rows):
            if kind == "standard" and not communities(row["community"]):
                break
            yield f"bgp community-list {name} {row['action']} {row['community']}"


def communities(text: str) -> bool:
    """Tell whether the package takes a text for communities: AS:VALUE (of a third part it says nothing), or by name."""
    return all(_community(part) for part in text.split(" "))


def _community(text: str) -> bool:
    if text in WELL_KNOWN:
        return True
    high, _, low = text.partition(":")
    return all(numeric(part) and 0 <= float(part) <= 65535 for part in (high, low.partition(":")[0]))
