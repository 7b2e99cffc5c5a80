"""How the FRR package of pfSense stores lists: written and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, ip_interface
from typing import Any, Final

from frrgen.codes import Code
from frrgen.lines.rule import Data
from frrgen.model.lists import AccessListEntry, PrefixListEntry
from frrgen.model.router import Router
from frrgen.model.types import community_value
from frrgen.platforms.frr.grammar.entries import masked
from frrgen.platforms.pfsense.loss import Loss
from frrgen.platforms.pfsense.pages import savable_bounds
from frrgen.platforms.pfsense.php import has, subnet_version
from frrgen.platforms.pfsense.schema import Config, blank

Note = Callable[[str, Any], None]
"""Takes what the model lacks: the key, and the text or the row that is stored there."""

_KNOWN_COMMUNITIES: Final = {"no-export": "no-export", "no-advertise": "no-advertise", "internet": "internet"}
"""The names that the package takes; the line of any other is left out, so the others are written as numbers."""
_EVERYTHING: Final = {4: ("0.0.0.0/0", 32), 6: ("::/0", 128)}


# prefix lists


def write_prefix_lists(router: Router, loss: Loss) -> Iterator[Config]:
    """Write the prefix lists of both families. Names are looked up without the family, so they must differ."""
    for field, family in (("prefix_lists", "IPv4"), ("ipv6_prefix_lists", "IPv6")):
        for name, lst in getattr(router, field).items():
            path = (field, name)
            loss.name(name, "prefix list", path)
            if family == "IPv6" and name in router.prefix_lists:
                loss.add(Code.FRR732, f"pfSense finds lists by name alone: {name!r} is an IPv4 list, too", path)
            if lst.description is not None and not lst.entries:
                loss.cannot(path, "description", "without an entry its line would stop FRR's reload", "an entry")
            rows = [_prefix_row(entry, (*path, "entries", str(entry.seq)), loss) for entry in lst.entries]
            yield blank("frrglobalprefixes") | {
                "iptype": family,
                "name": name,
                "descr": loss.text(lst.description, 80, (*path, "description")),
                "row": rows,
            }


def _prefix_row(entry: PrefixListEntry, path: tuple[str, ...], loss: Loss) -> dict[str, str]:
    everything, longest = _EVERYTHING[entry.prefix.version]
    row = {"seq": str(entry.seq), "action": entry.action}
    if str(entry.prefix) == everything and entry.ge is None and entry.le == longest:
        return row | {"source": "", "any": "ON", "ge": "", "le": ""}
    if not savable_bounds(entry.ge, entry.le):
        if entry.ge is None:
            hint = "the nearest it has: an entry without le for each prefix"
        elif entry.le == longest:
            hint = f"the nearest it has: ge {entry.ge} alone, which means the same"
        elif entry.ge == entry.le == entry.prefix.prefixlen:
            hint = "the nearest it has: neither ge nor le, which means the same"
        else:
            hint = f"the nearest it has: le at least {entry.ge + 2}, or an entry for each prefix"
        said = f"le {entry.le}" if entry.ge is None else f"ge {entry.ge} le {entry.le}"
        loss.add(Code.FRR723, f"pfSense does not save {said}: le must be at least {(entry.ge or 0) + 2}", path, hint)
    bounds = {"ge": entry.ge, "le": entry.le}
    return row | {"source": str(entry.prefix)} | {key: "" if n is None else str(n) for key, n in bounds.items()}


def read_prefix_list(config: Config, note: Note) -> tuple[str, Data]:
    """Return the field of the Router that a list belongs to, and its data."""
    field = "ipv6_prefix_lists" if config.get("iptype", "").lower() == "ipv6" else "prefix_lists"
    everything, longest = _EVERYTHING[6 if field.startswith("ipv6") else 4]
    entries = []
    for row in _rows(config, note, lambda row: bool(row.get("source")) or has(row, "any")):
        data: Data = {"seq": row.get("seq"), "action": row.get("action")}
        if has(row, "any"):
            data |= {"prefix": everything, "le": longest}
        else:
            data["prefix"] = masked(row["source"])
            data |= {key: row[key] for key in ("ge", "le") if row.get(key) not in (None, "", "0")}
        entries.append(data)
    return field, {"entries": entries} | _said("description", config)


# access lists


def write_access_lists(router: Router, loss: Loss) -> Iterator[Config]:
    """Write the access lists of both families. A number says what kind a list is; a word is of kind zebra."""
    for field, family in (("access_lists", "IPv4"), ("ipv6_access_lists", "IPv6")):
        for name, lst in getattr(router, field).items():
            path = (field, name)
            kind = access_list_type(name)
            loss.name(name, "access list", path)
            if kind == "":
                loss.add(
                    Code.FRR721, f"no access list of pfSense has the number {name}", path, "1-99, 100-199 or a word"
                )
            if family == "IPv6" and name in router.access_lists:
                loss.add(Code.FRR732, f"pfSense finds lists by name alone: {name!r} is an IPv4 list, too", path)
            if family == "IPv6" and (kind != "zebra" or not lst.entries):
                # the package then writes none of the IPv6 lists that come after it
                loss.add(Code.FRR720, "an IPv6 access list of pfSense has a word for a name, and an entry", path)
            rows = []
            for entry in lst.entries:
                row = _access_row(entry, kind)
                if row is None:
                    where = (*path, "entries", str(entry.seq))
                    loss.add(
                        Code.FRR720, f"an access list of type {kind} of pfSense cannot hold this entry", where, _ACCESS
                    )
                else:
                    rows.append(row)
            yield blank("frrglobalacls") | {
                "type": kind,
                "iptype": family,
                "name": name,
                "descr": loss.text(lst.remark, 100, (*path, "remark")),
                "row": rows,
            }


_ACCESS: Final = (
    "the nearest it has: prefixes in a list with a word for a name; hosts and wildcards in one with a number"
)


_TYPES: Final = frozenset({"standard", "extended", "zebra"})


def access_list_type(name: str) -> str:
    """Return the package's type of an access list of this name; empty if it has none."""
    if not name.isdecimal():
        return "zebra"
    value = number(name)
    if 1 <= value <= 99 or 1300 <= value <= 1999:
        return "standard"
    return "extended" if 100 <= value <= 199 or 2000 <= value <= 2699 else ""


def _access_row(entry: AccessListEntry, kind: str) -> dict[str, str] | None:
    row = {"seq": str(entry.seq), "action": entry.action}
    everything = entry.prefix is not None and entry.prefix.prefixlen == 0 and not entry.exact
    if kind == "zebra" and entry.prefix is not None:
        if everything:
            return row | {"source": "", "sourceany": "ON", "destination": ""}
        row |= {"source": str(entry.prefix), "destination": ""}
        return row | ({"exactmatch": "ON"} if entry.exact else {})
    if kind == "standard" and everything and entry.prefix is not None and entry.prefix.version == 4:
        return row | {"source": "", "sourceany": "ON", "destination": ""}
    if kind == "standard" and entry.destination is None and entry.source is not None:
        source = _host(entry.source, entry.wildcard)
        return None if source is None else row | {"source": source, "destination": ""}
    if kind == "extended" and entry.source is not None and entry.destination is not None:
        for key, address, wildcard in (
            ("source", entry.source, entry.wildcard),
            ("destination", entry.destination, entry.destination_wildcard),
        ):
            text = "" if address == "any" else _host(address, wildcard)
            if text is None:
                return None
            row[key] = text
            if address == "any":
                row[f"{key}any"] = "ON"
        return row
    return None


def _host(address: IPv4Address | str, wildcard: IPv4Address | None) -> str | None:
    """Write the network that a host or a wildcard without holes stands for: the page saves no address alone."""
    if wildcard is None:
        return f"{address}/32"
    mask = int(wildcard) ^ 0xFFFFFFFF
    if (int(wildcard) + 1) & int(wildcard):
        return None
    network = IPv4Network((int(IPv4Address(address)) & mask, mask.bit_count()))
    return str(network) if str(network.network_address) == str(address) else None


def read_access_list(config: Config, note: Note) -> tuple[str, Data]:
    """Return the field of the Router that a list belongs to, and its data."""
    field = "ipv6_access_lists" if config.get("iptype", "").lower() == "ipv6" else "access_lists"
    kind = config.get("type", "zebra")
    if kind not in _TYPES:
        note("type", kind)  # the package writes none of its rows
    everything, _ = _EVERYTHING[6 if field.startswith("ipv6") else 4]
    entries = []
    for row in _rows(config, note, lambda row: bool(row.get("source")) or has(row, "sourceany")):
        data: Data = {"seq": row.get("seq"), "action": row.get("action")}
        if kind == "extended":
            data |= _address("source", "wildcard", row.get("source", ""), whole=has(row, "sourceany"))
            to, whole = row.get("destination", ""), has(row, "destinationany")
            data |= _address("destination", "destination_wildcard", to, whole=whole)
        elif has(row, "sourceany"):
            data["prefix"] = everything
            if kind == "zebra" and "exactmatch" in row:
                note("row", row)  # FRR refuses `any exact-match`
        elif kind == "zebra":
            if not subnet_version(row["source"]):
                note("row", row)  # the package leaves the row out
            data["prefix"] = masked(row["source"])
            data["exact"] = "exactmatch" in row
        else:
            data |= _address("source", "wildcard", row["source"], whole=False)
        entries.append(data)
    return field, {"entries": entries} | _said("remark", config)


def _address(name: str, wildcard: str, text: str, *, whole: bool) -> Data:
    if whole:
        return {name: "any"}
    if "/" not in text:
        return {name: text}
    try:
        network = ip_interface(text).network
    except ValueError:
        return {name: text}
    return {name: str(network.network_address), wildcard: str(network.hostmask)}


# as-path and community lists


def write_as_path_lists(router: Router, loss: Loss) -> Iterator[Config]:
    """Write the as-path lists."""
    for name, lst in router.as_path_lists.items():
        loss.name(name, "as-path list", ("as_path_lists", name))
        rows = [{"seq": str(entry.seq), "action": entry.action, "regex": entry.regex} for entry in lst.entries]
        yield blank("frrbgpaspaths") | {"name": name, "row": rows}


def read_as_path_list(config: Config, note: Note) -> tuple[str, Data]:
    """Return the data of an as-path list."""
    rows = _rows(config, note, lambda row: bool(row.get("regex")))
    return "as_path_lists", {"entries": [{key: row.get(key) for key in ("seq", "action", "regex")} for row in rows]}


def write_community_lists(router: Router, loss: Loss) -> Iterator[Config]:
    """Write the community lists; the package has none for large and extended communities."""
    for field in ("large_community_lists", "extcommunity_lists"):
        for name in getattr(router, field):
            loss.add(Code.FRR720, f"the FRR package of pfSense has no {field}", (field, name), "use communities AA:NN")
    for name, lst in router.community_lists.items():
        loss.name(name, "community list", ("community_lists", name))
        rows = []
        for entry in lst.entries:
            value = entry.regex if entry.communities is None else " ".join(map(stored_community, entry.communities))
            rows.append({"seq": str(entry.seq), "action": entry.action, "community": value or ""})
        yield blank("frrbgpcommunities") | {"name": name, "listtype": lst.kind, "row": rows}


def stored_community(text: str) -> str:
    """Write a community so that the package's own check lets its line through."""
    if text in _KNOWN_COMMUNITIES:
        return text
    value = community_value(text)
    return f"{value >> 16}:{value & 0xFFFF}"


def read_community(text: str) -> str:
    """Return a community as the model writes it."""
    return "local-AS" if text == "local-as" else text


def read_community_list(config: Config, note: Note) -> tuple[str, Data]:
    """Return the data of a community list; a number says its kind."""
    name = config.get("name", "")
    kind = (
        ("standard" if number(name) < 100 else "expanded") if name.isdecimal() else config.get("listtype", "standard")
    )
    entries = []
    for row in _rows(config, note, lambda row: bool(row.get("community"))):
        text = row["community"]
        value = {"regex": text} if kind == "expanded" else {"communities": sorted(map(read_community, text.split()))}
        entries.append({"seq": row.get("seq"), "action": row.get("action"), **value})
    return "community_lists", {"kind": kind, "entries": entries}


READ_LISTS: Final[dict[str, Callable[[Config, Note], tuple[str, Data]]]] = {
    "frrglobalprefixes": read_prefix_list,
    "frrglobalacls": read_access_list,
    "frrbgpaspaths": read_as_path_list,
    "frrbgpcommunities": read_community_list,
}
"""How each section of lists is read: gives the field of the Router, and the data of the list."""


# route maps


# what is common


def _rows(config: Config, note: Note, said: Callable[[dict[str, str]], bool]) -> Iterable[dict[str, str]]:
    """Return the rows that the package writes; the first seq after the last where one has none, as FRR numbers them."""
    last = 0
    for row in config.get("row") or []:
        if not said(row):
            if any(row.get(key) for key in row if key not in {"seq", "action"}):
                note("row", row)
            continue
        text = row.get("seq") or str(last // 5 * 5 + 5)
        last = number(text) or last
        yield row | {"seq": text}


def number(text: str) -> int:
    """Read a number; 0 for what is none, or longer than any that means something."""
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def _said(field: str, config: Config) -> Data:
    return {field: config["descr"]} if has(config, "descr") else {}
