"""Static routes, and the filter that keeps routes out of the kernel (ACCEPTFILTER)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_interface

from frrgen.platforms.pfsense.generator.names import Settings
from frrgen.platforms.pfsense.php import filled, ip_version, subnet_version


def static_routes(settings: Settings) -> Iterator[str]:
    """Write the null routes, then the others. A target that cannot be resolved writes nothing."""
    rows = settings.first("frr").rows
    for row in rows:
        if "nullroute" in row and subnet_version(row["routevalue"]):
            yield f"{_keyword(row['routevalue'])} route {row['routevalue']} Null0"
    for row in rows:
        if "nullroute" not in row and subnet_version(row["routevalue"]):
            target = _target(settings, row["routetarget"], subnet_version(row["routevalue"]))
            if filled(target):
                yield f"{_keyword(row['routevalue'])} route {row['routevalue']} {target}"


def _keyword(subnet: str) -> str:
    return "ip" if subnet_version(subnet) == 4 else "ipv6"


def _target(settings: Settings, chosen: str, family: int) -> str:
    kind, _, name = chosen.partition("|")
    if kind == "gw":
        address = settings.box.gateways.get(name, "")
        return address.replace("%", " ") if family == 6 else address
    if kind == "if":
        return settings.box.devices.get(name, "")
    return name if kind == "bgp" else ""


def accept_filters(settings: Settings) -> Iterator[str]:
    """Write the lists, route maps and `ip protocol` lines that keep the marked networks out of the kernel.

    Networks of OSPF's interfaces come first, but nothing is written unless the page has rows. What is not IPv4 counts
    as IPv6, even what is no network at all.
    """
    rows = settings.first("frr").rows
    if not rows:
        return
    marked = [row["routevalue"] for row in rows if "acceptfilter" in row]
    denied = [*_of_interfaces(settings), *(value for value in marked if subnet_version(value) == 4)]
    yield from _filter("ip", "ACCEPTFILTER", "ospf", denied)
    yield from _filter("ipv6", "ACCEPTFILTER6", "ospf6", [value for value in marked if subnet_version(value) != 4])


def _of_interfaces(settings: Settings) -> Iterator[str]:
    for interface in settings.all("frrospfdinterfaces"):
        address = settings.source(interface["interface"], "ipv4")
        length = settings.box.lengths.get(address)
        if filled(interface["acceptfilter"]) and ip_version(address) and length is not None:
            yield str(ip_interface(f"{address}/{30 if length == 32 else length}").network)
            yield f"{address}/32"


def _filter(keyword: str, name: str, protocol: str, denied: list[str]) -> Iterator[str]:
    if not denied:
        return
    for number, network in enumerate(denied, 1):
        yield f"{keyword} prefix-list {name} seq {number * 10} deny {network}"
    yield f"{keyword} prefix-list {name} seq {len(denied) * 10 + 10} permit any"
    yield "!"
    yield f"route-map {name} permit 10"
    yield f" match {keyword} address prefix-list {name}"
    yield "!"
    for one in ("bgp", protocol):
        yield f"{keyword} protocol {one} route-map {name}"
        yield "!"
